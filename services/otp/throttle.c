/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "services/security/token.h"

#include "throttle.h"

#define REMEMBER_S 86400	/* how long wrong ones are held against one */
#define TRIES 3

static enum xc_err
digest(const struct xc_throttle *throttle, unsigned char digest_r[32])
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%s:%lld", throttle->scope,
	    (long long)throttle->user_id);

	return xc_sha256(text, (size_t)len, digest_r);
}

static enum xc_err
take_seconds(void *ctx, const struct xc_cell *cells, size_t n)
{
	uint32_t *retry_s = ctx;

	(void)n;
	/* There is one second at least, in which the time may have come. */
	*retry_s = cells[0].integer > 0 && cells[0].integer < UINT32_MAX ?
	    (uint32_t)cells[0].integer : 1;
	return XC_OK;
}

/* XC_ERR_BUSY, with the time; or what the database says. */
static enum xc_err
wait_for(struct xc_store *store, const struct xc_throttle *throttle,
    const unsigned char *hash, uint32_t *retry_s_r)
{
	enum xc_err err;

	*retry_s_r = 1;
	err = xc_store_one(store, take_seconds, retry_s_r,
	    "SELECT CAST(CEIL(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), "
	    "COALESCE(until_at, expires_at)) / 1000000) AS SIGNED) "
	    "FROM xc_throttle WHERE scope = ? AND hash = ?",
	    XC_ARGS(xc_text(throttle->scope), xc_blob(hash, 32)));
	return err == XC_OK || err == XC_ERR_NOT_FOUND ? XC_ERR_BUSY : err;
}

/* Two that make the row at once may be in each other's way. */
static enum xc_err
count(struct xc_store *store, uint64_t *affected_r, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err = XC_ERR_BUSY;
	int i;

	for (i = 0; i < TRIES && err == XC_ERR_BUSY; i++)
		err = xc_store_exec(store, &result, sql, args, n_args);
	*affected_r = result.affected;
	return err == XC_ERR_BUSY ? XC_ERR_UNAVAILABLE : err;
}

/* MariaDB sets the columns one after the other, each by those before. */
static const char try_sql[] =
    "INSERT INTO xc_throttle (scope, hash, failures, first_at, until_at, "
    "expires_at) VALUES (?, ?, 1, UTC_TIMESTAMP(3), "
    "IF(? <= 1, UTC_TIMESTAMP(3) + INTERVAL ? SECOND, NULL), "
    "UTC_TIMESTAMP(3) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE "
    "failures = IF(until_at > UTC_TIMESTAMP(3), failures, "
    "IF(expires_at <= UTC_TIMESTAMP(3), 1, failures + 1)), "
    "first_at = IF(until_at > UTC_TIMESTAMP(3) OR failures > 1, first_at, "
    "UTC_TIMESTAMP(3)), "
    "expires_at = IF(until_at > UTC_TIMESTAMP(3), expires_at, "
    "UTC_TIMESTAMP(3) + INTERVAL ? SECOND), "
    "until_at = IF(until_at > UTC_TIMESTAMP(3), until_at, "
    "IF(failures >= ?, UTC_TIMESTAMP(3) + INTERVAL "
    "(? << LEAST(failures - ?, 4)) SECOND, NULL))";

enum xc_err
xc_throttle_try(struct xc_store *store, const struct xc_throttle *throttle,
    uint32_t *retry_s_r)
{
	const struct xc_value max = xc_int(throttle->max);
	const struct xc_value seconds = xc_int(throttle->seconds);
	const struct xc_value keep = xc_int(REMEMBER_S +
	    16 * throttle->seconds);
	unsigned char hash[XC_DIGEST_LEN];
	uint64_t affected;
	enum xc_err err;

	*retry_s_r = 0;
	err = digest(throttle, hash);
	if (err == XC_OK)
		err = count(store, &affected, try_sql,
		    XC_ARGS(xc_text(throttle->scope), xc_blob(hash, 32), max,
		    seconds, keep, keep, max, seconds, max));
	if (err != XC_OK || affected > 0)
		return err;
	return wait_for(store, throttle, hash, retry_s_r);
}

enum xc_err
xc_throttle_clear(struct xc_store *store, const struct xc_throttle *throttle)
{
	unsigned char hash[XC_DIGEST_LEN];
	uint64_t affected;
	enum xc_err err = digest(throttle, hash);

	if (err != XC_OK)
		return err;
	return count(store, &affected,
	    "DELETE FROM xc_throttle WHERE scope = ? AND hash = ?",
	    XC_ARGS(xc_text(throttle->scope), xc_blob(hash, 32)));
}

static const char rate_sql[] =
    "INSERT INTO xc_throttle (scope, hash, failures, first_at, until_at, "
    "expires_at) VALUES (?, ?, 1, UTC_TIMESTAMP(3), NULL, "
    "UTC_TIMESTAMP(3) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE "
    "failures = IF(expires_at <= UTC_TIMESTAMP(3), 1, "
    "IF(failures >= ?, failures, failures + 1)), "
    "first_at = IF(expires_at <= UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), "
    "first_at), "
    "expires_at = IF(expires_at <= UTC_TIMESTAMP(3), "
    "UTC_TIMESTAMP(3) + INTERVAL ? SECOND, expires_at)";

enum xc_err
xc_throttle_rate(struct xc_store *store, const struct xc_throttle *throttle,
    uint32_t *retry_s_r)
{
	const struct xc_value seconds = xc_int(throttle->seconds);
	unsigned char hash[XC_DIGEST_LEN];
	uint64_t affected;
	enum xc_err err;

	*retry_s_r = 0;
	err = digest(throttle, hash);
	if (err == XC_OK)
		err = count(store, &affected, rate_sql,
		    XC_ARGS(xc_text(throttle->scope), xc_blob(hash, 32),
		    seconds, xc_int(throttle->max), seconds));
	if (err != XC_OK || affected > 0)
		return err;
	return wait_for(store, throttle, hash, retry_s_r);
}

enum xc_err
xc_throttle_undo(struct xc_store *store, const struct xc_throttle *throttle)
{
	unsigned char hash[XC_DIGEST_LEN];
	uint64_t affected;
	enum xc_err err = digest(throttle, hash);

	if (err != XC_OK)
		return err;
	return count(store, &affected, "UPDATE xc_throttle SET failures = "
	    "failures - 1 WHERE scope = ? AND hash = ? AND failures > 0",
	    XC_ARGS(xc_text(throttle->scope), xc_blob(hash, 32)));
}

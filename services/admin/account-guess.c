/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "account-guess.h"
#include "admin-private.h"
#include "services/security/token.h"

#define SCOPE "password"
#define DELAY_POWER_MAX 20

struct counted {
	int64_t failures;
	int64_t wait_s;
};

static enum xc_err
take_counted(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct counted *counted = ctx;

	(void)n_cells;
	counted->failures = cells[0].integer;
	counted->wait_s = cells[1].integer;
	return XC_OK;
}

static enum xc_err
key_of(int64_t user_id, unsigned char key_r[XC_DIGEST_LEN])
{
	char text[48];

	snprintf(text, sizeof(text), "password:%lld", (long long)user_id);
	return xc_sha256(text, strlen(text), key_r);
}

static enum xc_err
refuse_wait(int64_t wait_s, struct xc_refusal *refusal_r)
{
	enum xc_err err = xc_refuse(refusal_r, XC_ERR_BUSY, 429, "too_many",
	    "too many wrong passwords; try again later");

	refusal_r->retry_s = (uint32_t)(wait_s < 1 ? 1 : wait_s);
	return err;
}

/* Seconds to wait after so many: 1, 2, 4, ... */
static int64_t
delay_after(const struct xc_auth_settings *settings, int64_t failures)
{
	int64_t over = failures - settings->login_failures;
	int64_t delay;

	if (over < 0)
		return 0;
	delay = INT64_C(1) << (over < DELAY_POWER_MAX ? over :
	    DELAY_POWER_MAX);
	return delay < settings->login_delay_max_s ? delay :
	    settings->login_delay_max_s;
}

/* Counts it as wrong before it is looked at, so that a hundred at once are no
 * more than a hundred one after the other; the row is locked meanwhile. */
struct enter {
	struct xc_admin *admin;
	const unsigned char *key;
	struct xc_refusal *refusal_r;
};

static enum xc_err
enter(struct xc_store *store, void *ctx)
{
	struct enter *enter = ctx;
	const struct xc_auth_settings *settings =
	    &enter->admin->identity.settings->auth;
	struct xc_value key = xc_blob(enter->key, XC_DIGEST_LEN);
	struct counted counted;
	enum xc_err err;

	err = xc_store_exec(store, NULL,
	    "INSERT INTO xc_throttle (scope, hash, failures, first_at,"
	    " expires_at) VALUES ('" SCOPE "', ?, 0, UTC_TIMESTAMP(3),"
	    " UTC_TIMESTAMP(3) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE"
	    " failures = IF(expires_at < UTC_TIMESTAMP(3), 0, failures)",
	    XC_ARGS(key, xc_int(settings->login_window_s)));
	if (err == XC_OK)
		err = xc_store_one(store, take_counted, &counted,
		    "SELECT failures, GREATEST(0, COALESCE(TIMESTAMPDIFF("
		    "SECOND, UTC_TIMESTAMP(3), until_at) + 1, 0)) FROM"
		    " xc_throttle WHERE scope = '" SCOPE "' AND hash = ?"
		    " FOR UPDATE", XC_ARGS(key));
	if (err != XC_OK)
		return err;
	if (counted.failures >= settings->login_failures &&
	    counted.wait_s > 0)
		return refuse_wait(counted.wait_s, enter->refusal_r);
	counted.failures++;
	return xc_store_exec(store, NULL, "UPDATE xc_throttle SET"
	    " failures = ?, until_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND,"
	    " expires_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND"
	    " WHERE scope = '" SCOPE "' AND hash = ?",
	    XC_ARGS(xc_int(counted.failures),
	    xc_int(delay_after(settings, counted.failures)),
	    xc_int(settings->login_window_s), key));
}

enum xc_err
xc_password_prove(struct xc_admin *admin, int64_t user_id, const char *phc,
    const char *password, size_t len, struct xc_refusal *refusal_r)
{
	unsigned char key[XC_DIGEST_LEN];
	struct enter counted = { .admin = admin, .key = key,
		.refusal_r = refusal_r };
	struct xc_store *store = admin->identity.store;
	enum xc_err err = key_of(user_id, key);

	if (err == XC_OK)
		err = xc_store_transaction(store, enter, &counted);
	if (err != XC_OK)
		return err;
	err = xc_password_verify(admin->identity.hasher, phc, password, len);
	if (err == XC_ERR_DENIED || err == XC_ERR_INVALID)
		return xc_refuse(refusal_r, XC_ERR_DENIED, 403,
		    "wrong_password", "this is not your password");
	if (err != XC_OK)
		return err;
	return xc_store_exec(store, NULL, "DELETE FROM xc_throttle WHERE"
	    " scope = '" SCOPE "' AND hash = ?",
	    XC_ARGS(xc_blob(key, sizeof(key))));
}

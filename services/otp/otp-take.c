/* SPDX-License-Identifier: MIT */
/* Whether a code is right; each is taken once, whoever else tries it at the
 * same time and wherever. */
#include <stdlib.h>
#include <string.h>

#include "otp-private.h"

struct attempt {
	struct xc_otp *otp;
	int64_t user_id;
	const char *purpose;
	enum xc_code_kind kind;
	char code[XC_CODE_SIZE];
	struct xc_otp_row row;
	bool enrolled;
};

static enum xc_err
exec_one(struct attempt *attempt, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err = xc_store_exec(attempt->otp->identity.store, &result,
	    sql, args, n_args);

	/* Who had to wait for another who took it too long. */
	if (err == XC_ERR_BUSY)
		return XC_ERR_UNAVAILABLE;
	return err == XC_OK && result.affected == 0 ? XC_ERR_DENIED : err;
}

/* The database compares the step and sets it in one: of several that show the
 * same code one is first.  The secret may be another one by now, as its age
 * says.  It is sealed anew with the key of today, so that one of yesterday can
 * be retired some day. */
static enum xc_err
use_step(struct attempt *attempt,
    const unsigned char secret[XC_TOTP_SECRET_LEN], uint64_t step)
{
	unsigned char *sealed = NULL;
	size_t len = 0;
	enum xc_err err = xc_otp_seal(attempt->otp, attempt->user_id, secret,
	    &sealed, &len);

	if (err == XC_OK)
		err = exec_one(attempt, "UPDATE xc_otp SET last_step = ?, "
		    "secret = ? WHERE user_id = ? "
		    "AND confirmed_at IS NOT NULL AND last_step < ? "
		    "AND created_at = ?",
		    XC_ARGS(xc_int((int64_t)step), xc_blob(sealed, len),
		    xc_int(attempt->user_id), xc_int((int64_t)step),
		    xc_text(attempt->row.created_at)));
	free(sealed);
	return err;
}

static enum xc_err
take_app(struct attempt *attempt)
{
	struct xc_otp *otp = attempt->otp;
	unsigned char secret[XC_TOTP_SECRET_LEN];
	uint64_t step;
	enum xc_err err;

	if (!attempt->enrolled)
		return XC_ERR_DENIED;
	err = xc_otp_open(otp, attempt->user_id, &attempt->row, secret);
	if (err == XC_OK)
		err = xc_totp_match(secret, otp->now(),
		    (unsigned)otp->identity.settings->otp.window,
		    attempt->code, &step);
	if (err == XC_OK)
		err = use_step(attempt, secret, step);
	xc_wipe(secret, sizeof(secret));
	return err;
}

/* One that was made before the key was changed is still good. */
static enum xc_err
take_recovery(struct attempt *attempt)
{
	const struct xc_keyring *ring = attempt->otp->identity.ring;
	unsigned char digest[XC_DIGEST_LEN];
	enum xc_err err = XC_ERR_DENIED;
	size_t n;

	if (!attempt->enrolled)
		return XC_ERR_DENIED;
	for (n = 0; err == XC_ERR_DENIED; n++) {
		err = xc_code_digest(ring, n, "recovery", attempt->user_id,
		    attempt->code, digest);
		if (err == XC_ERR_NOT_FOUND)
			return XC_ERR_DENIED;
		if (err == XC_OK)
			err = exec_one(attempt, "UPDATE xc_otp_recovery "
			    "SET used_at = UTC_TIMESTAMP(3) WHERE user_id = ? "
			    "AND hash = ? AND used_at IS NULL",
			    XC_ARGS(xc_int(attempt->user_id),
			    xc_blob(digest, sizeof(digest))));
	}
	return err;
}

static enum xc_err
take_one(struct attempt *attempt)
{
	switch (attempt->kind) {
	case XC_CODE_APP:
		return take_app(attempt);
	case XC_CODE_RECOVERY:
		return take_recovery(attempt);
	case XC_CODE_MAIL:
		return xc_otp_take_mail(attempt->otp, attempt->user_id,
		    attempt->purpose, attempt->code);
	default:
		return XC_ERR_DENIED;
	}
}

static const char *
name_of(enum xc_code_kind kind)
{
	static const char *const names[] = {
		[XC_CODE_NONE] = "a text that is no code",
		[XC_CODE_APP] = "a code of the app",
		[XC_CODE_MAIL] = "a mailed code",
		[XC_CODE_RECOVERY] = "a recovery code",
	};

	return names[kind];
}

static void
tell(const struct attempt *attempt, enum xc_err err)
{
	xc_logf(&xc_otp_log, err == XC_OK ? XC_LOG_INFO : XC_LOG_NOTICE,
	    "user %lld, %s: %s was %s", (long long)attempt->user_id,
	    attempt->purpose, name_of(attempt->kind), err == XC_OK ? "taken"
	    : err == XC_ERR_DENIED ? "wrong or used before"
	    : xc_strerror(err));
}

/* A guess counts before it is looked at. */
static enum xc_err
try(struct attempt *attempt, struct xc_refusal *refusal_r)
{
	struct xc_otp *otp = attempt->otp;
	const struct xc_throttle throttle = xc_otp_throttle(otp,
	    attempt->purpose, attempt->user_id);
	uint32_t retry_s;
	enum xc_err err;

	err = xc_throttle_try(otp->identity.store, &throttle, &retry_s);
	if (err == XC_ERR_BUSY && attempt->kind != XC_CODE_RECOVERY) {
		tell(attempt, err);
		return xc_otp_locked(refusal_r, retry_s);
	}
	if (err == XC_OK || err == XC_ERR_BUSY)
		err = take_one(attempt);
	tell(attempt, err);
	/* If it cannot be forgotten it weighs a little more, that is all. */
	if (err == XC_OK)
		(void)xc_throttle_clear(otp->identity.store, &throttle);
	if (err == XC_ERR_DENIED)
		return xc_refuse(refusal_r, err, 422, "otp_wrong",
		    "The code is wrong, or it was used before.");
	return err;
}

static enum xc_err
take_count(void *ctx, const struct xc_cell *cells, size_t n)
{
	(void)n;
	*(bool *)ctx = cells[0].integer != 0;
	return XC_OK;
}

/* XC_ERR_STATE if there is nothing that a code could be of. */
static enum xc_err
find(struct attempt *attempt)
{
	struct xc_otp *otp = attempt->otp;
	bool mailed = false;
	enum xc_err err = xc_otp_row(otp, attempt->user_id, &attempt->row);

	if (err != XC_OK && err != XC_ERR_NOT_FOUND)
		return err;
	attempt->enrolled = err == XC_OK && attempt->row.confirmed;
	if (attempt->enrolled)
		return XC_OK;
	err = xc_store_one(otp->identity.store, take_count, &mailed,
	    "SELECT COUNT(*) FROM xc_otp_mail WHERE user_id = ? AND "
	    "purpose = ?", XC_ARGS(xc_int(attempt->user_id),
	    xc_text(attempt->purpose)));
	return err == XC_OK && !mailed ? XC_ERR_STATE : err;
}

bool
xc_otp_steps_up(const char *code)
{
	char plain[XC_CODE_SIZE];
	enum xc_code_kind kind = xc_code_read(code, plain);

	xc_wipe(plain, sizeof(plain));
	return kind == XC_CODE_APP || kind == XC_CODE_RECOVERY;
}

enum xc_err
xc_otp_take(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const char *code, struct xc_refusal *refusal_r)
{
	struct attempt attempt = { .otp = otp, .user_id = user_id,
		.purpose = purpose };
	enum xc_err err = xc_otp_ring(otp, refusal_r);

	if (err != XC_OK)
		return err;
	if (!xc_otp_purpose_ok(purpose))
		return XC_ERR_INVALID;
	attempt.kind = xc_code_read(code, attempt.code);
	err = find(&attempt);
	if (err == XC_OK)
		err = try(&attempt, refusal_r);
	else if (err == XC_ERR_STATE)
		(void)xc_refuse(refusal_r, err, 409, "otp_none",
		    "There is no second factor, and no code was mailed.");
	xc_wipe(attempt.code, sizeof(attempt.code));
	return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include <liboath/oath.h>

#include "otp-private.h"

struct xc_logger xc_otp_log = XC_LOGGER("xcore.otp");

static int64_t
now(void)
{
	return (int64_t)time(NULL);
}

enum xc_err
xc_otp_new(const struct xc_identity *identity, struct xc_otp **otp_r,
    struct xc_errbuf *errbuf)
{
	struct xc_otp *otp = calloc(1, sizeof(*otp));
	struct xc_errbuf why = { .text = "" };
	enum xc_err err;

	*otp_r = NULL;
	if (otp == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (oath_init() != OATH_OK) {
		free(otp);
		return xc_fail(errbuf, XC_ERR_FAILED, "liboath does not "
		    "start");
	}
	otp->identity = *identity;
	otp->now = now;
	/* Who has an app can log in without mail. */
	err = xc_mail_open(&identity->settings->mail, &otp->mail, &why);
	if (err != XC_OK)
		xc_logf(&xc_otp_log, XC_LOG_ERROR, "no codes are mailed: %s",
		    why.text);
	*otp_r = otp;
	return XC_OK;
}

void
xc_otp_free(struct xc_otp **otp)
{
	struct xc_otp *old = *otp;

	*otp = NULL;
	if (old == NULL)
		return;
	xc_mail_close(&old->mail);
	(void)oath_done();
	free(old);
}

/* --- what is there ------------------------------------------------------- */

static enum xc_err
take_row(void *ctx, const struct xc_cell *cells, size_t n)
{
	struct xc_otp_row *row = ctx;

	(void)n;
	if (cells[0].len > sizeof(row->sealed))
		return XC_ERR_INVALID;
	memcpy(row->sealed, cells[0].data, cells[0].len);
	row->sealed_len = cells[0].len;
	row->confirmed = cells[1].integer != 0;
	snprintf(row->created_at, sizeof(row->created_at), "%s",
	    cells[2].data);
	return XC_OK;
}

enum xc_err
xc_otp_row(struct xc_otp *otp, int64_t user_id, struct xc_otp_row *row_r)
{
	memset(row_r, 0, sizeof(*row_r));
	return xc_store_one(otp->identity.store, take_row, row_r,
	    "SELECT secret, confirmed_at IS NOT NULL, created_at "
	    "FROM xc_otp WHERE user_id = ?", XC_ARGS(xc_int(user_id)));
}

enum xc_err
xc_otp_enrolled(struct xc_otp *otp, int64_t user_id, bool *enrolled_r)
{
	struct xc_otp_row row;
	enum xc_err err = xc_otp_row(otp, user_id, &row);

	*enrolled_r = err == XC_OK && row.confirmed;
	return err == XC_ERR_NOT_FOUND ? XC_OK : err;
}

/* What stands in one row: integers, in their order. */
struct numbers {
	int64_t values[2];
};

static enum xc_err
take_numbers(void *ctx, const struct xc_cell *cells, size_t n)
{
	struct numbers *numbers = ctx;
	size_t i;

	for (i = 0; i < n && i < 2; i++)
		numbers->values[i] = cells[i].integer;
	return XC_OK;
}

static void
add_name(struct json_object *list, const char *name)
{
	json_object_array_add(list, json_object_new_string(name));
}

enum xc_err
xc_otp_methods(struct xc_otp *otp, int64_t user_id,
    struct json_object **methods_r)
{
	struct numbers numbers = { { 0, 0 } };
	bool enrolled;
	enum xc_err err = xc_otp_enrolled(otp, user_id, &enrolled);

	*methods_r = NULL;
	if (err == XC_OK && enrolled)
		err = xc_store_one(otp->identity.store, take_numbers,
		    &numbers, "SELECT (SELECT COUNT(*) FROM xc_otp_recovery "
		    "WHERE user_id = ? AND used_at IS NULL), "
		    "(SELECT COUNT(*) FROM xc_user "
		    "WHERE id = ? AND email IS NOT NULL)",
		    XC_ARGS(xc_int(user_id), xc_int(user_id)));
	if (err != XC_OK)
		return err;
	*methods_r = json_object_new_array();
	if (*methods_r == NULL)
		return XC_ERR_NOMEM;
	if (enrolled)
		add_name(*methods_r, "app");
	if (numbers.values[0] > 0)
		add_name(*methods_r, "recovery");
	if (numbers.values[1] > 0 && otp->mail.ops != NULL)
		add_name(*methods_r, "mail");
	return XC_OK;
}

enum xc_err
xc_otp_forget(struct xc_store *store, int64_t user_id)
{
	static const char *const all[] = {
		"DELETE FROM xc_otp WHERE user_id = ?",
		"DELETE FROM xc_otp_recovery WHERE user_id = ?",
		"DELETE FROM xc_otp_mail WHERE user_id = ?",
	};
	enum xc_err err = XC_OK;
	size_t i;

	for (i = 0; err == XC_OK && i < sizeof(all) / sizeof(all[0]); i++)
		err = xc_store_exec(store, NULL, all[i],
		    XC_ARGS(xc_int(user_id)));
	return err;
}

/* --- for the other files ------------------------------------------------- */

enum xc_err
xc_otp_ring(const struct xc_otp *otp, struct xc_refusal *refusal_r)
{
	if (otp->identity.ring != NULL)
		return XC_OK;
	xc_logf(&xc_otp_log, XC_LOG_ERROR, "there is no key ring; make one by "
	    "\"xcorectl keys init\"");
	return xc_refuse(refusal_r, XC_ERR_UNAVAILABLE, 503, "no_keys",
	    "This site has no keys for second factors yet.");
}

enum xc_err
xc_otp_open(struct xc_otp *otp, int64_t user_id,
    const struct xc_otp_row *row, unsigned char secret_r[XC_TOTP_SECRET_LEN])
{
	unsigned char *secret = NULL;
	char context[32];
	size_t len = 0;
	enum xc_err err;

	snprintf(context, sizeof(context), "otp:%lld", (long long)user_id);
	err = xc_unseal(otp->identity.ring, context, row->sealed,
	    row->sealed_len, &secret, &len);
	if (err == XC_OK && len == XC_TOTP_SECRET_LEN)
		memcpy(secret_r, secret, len);
	else
		xc_logf(&xc_otp_log, XC_LOG_ERROR, "the OTP secret of user "
		    "%lld cannot be opened: %s; if its key is lost, the user's "
		    "second factor must be reset", (long long)user_id,
		    err == XC_ERR_DENIED ? "it was changed"
		    : err == XC_ERR_NOT_FOUND ? "its key is not in the ring"
		    : err != XC_OK ? xc_strerror(err) : "it is no secret");
	if (secret != NULL)
		xc_wipe(secret, len);
	free(secret);
	return err == XC_OK && len == XC_TOTP_SECRET_LEN ? XC_OK
	    : XC_ERR_UNAVAILABLE;
}

enum xc_err
xc_otp_seal(struct xc_otp *otp, int64_t user_id,
    const unsigned char secret[XC_TOTP_SECRET_LEN], unsigned char **sealed_r,
    size_t *len_r)
{
	char context[32];

	snprintf(context, sizeof(context), "otp:%lld", (long long)user_id);
	return xc_seal(otp->identity.ring, context, secret,
	    XC_TOTP_SECRET_LEN, sealed_r, len_r);
}

struct xc_throttle
xc_otp_throttle(const struct xc_otp *otp, const char *purpose,
    int64_t user_id)
{
	const struct xc_otp_settings *settings = &otp->identity.settings->otp;

	return (struct xc_throttle){
		.scope = strcmp(purpose, "login") == 0 ? "otp-login"
		    : strcmp(purpose, "setup") == 0 ? "otp-setup"
		    : "otp-step-up",
		.user_id = user_id,
		.max = settings->failures,
		.seconds = settings->lock_s,
	};
}

enum xc_err
xc_otp_locked(struct xc_refusal *refusal_r, uint32_t retry_s)
{
	(void)xc_refuse(refusal_r, XC_ERR_BUSY, 429, "otp_wait",
	    "Too many codes were wrong; try again in %u seconds.", retry_s);
	refusal_r->retry_s = retry_s;
	return XC_ERR_BUSY;
}

bool
xc_otp_purpose_ok(const char *purpose)
{
	return strcmp(purpose, "login") == 0 || strcmp(purpose, "step-up") == 0;
}

/* SPDX-License-Identifier: MIT */
/* The operations "otp.*": what a user does with his own second factor. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "otp-private.h"
#include "qr.h"

/* Who changes a second factor has logged in within this time. */
#define LOGIN_MAX_S 900

/* What one operation has at hand. */
struct asking {
	struct xc_otp *otp;
	struct xc_store *store;
	const struct xc_caller *caller;
	struct xc_refusal *refusal_r;
};

/* xcorectl is no user. */
static enum xc_err
begin(struct asking *asking, struct xc_otp *otp,
    const struct xc_caller *caller, struct xc_refusal *refusal_r)
{
	*asking = (struct asking){ otp, otp->identity.store, caller,
		refusal_r };
	if (caller->user_id <= 0)
		return xc_refuse(refusal_r, XC_ERR_DENIED, 401, "no_user",
		    "A second factor is a user's own; log in first.");
	return xc_otp_ring(otp, refusal_r);
}

static enum xc_err
code_of(struct json_object *args, const char **code_r,
    struct xc_refusal *refusal_r)
{
	*code_r = xc_json_string(args, "code");
	if (*code_r == NULL)
		return xc_refuse_at(refusal_r, "/code", "required",
		    "A code must be given.");
	return XC_OK;
}

/* Says of a code that is wrong where it stands. */
static enum xc_err
take(const struct asking *asking, struct json_object *args)
{
	const char *code;
	enum xc_err err = code_of(args, &code, asking->refusal_r);

	if (err == XC_OK)
		err = xc_otp_take(asking->otp, asking->caller->user_id,
		    "step-up", code, asking->refusal_r);
	if (err == XC_ERR_DENIED)
		return xc_refuse_at(asking->refusal_r, "/code", "otp_wrong",
		    "The code is wrong, or it was used before.");
	return err;
}

/* The session has shown a second factor. */
static enum xc_err
note_session(struct xc_store *store, const struct xc_caller *caller)
{
	unsigned char id[16];

	if (strlen(caller->session) != 2 * sizeof(id) ||
	    xc_hex_read(caller->session, id, sizeof(id)) != XC_OK)
		return XC_OK;
	return xc_store_exec(store, NULL, "UPDATE xc_session "
	    "SET otp_at = UTC_TIMESTAMP(3) WHERE id = ? AND user_id = ?",
	    XC_ARGS(xc_blob(id, sizeof(id)), xc_int(caller->user_id)));
}

/* --- otp.setup ----------------------------------------------------------- */

static enum xc_err
take_bool(void *ctx, const struct xc_cell *cells, size_t n)
{
	(void)n;
	*(bool *)ctx = cells[0].integer != 0;
	return XC_OK;
}

/* Else who finds a session open could put his own app in. */
static enum xc_err
check_login(const struct asking *asking)
{
	const char *session = asking->caller->session;
	struct xc_refusal *refusal_r = asking->refusal_r;
	unsigned char id[16];
	bool fresh = false;
	enum xc_err err = XC_ERR_NOT_FOUND;

	if (strlen(session) == 2 * sizeof(id) &&
	    xc_hex_read(session, id, sizeof(id)) == XC_OK)
		err = xc_store_one(asking->store, take_bool, &fresh,
		    "SELECT created_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND "
		    "FROM xc_session WHERE id = ? AND user_id = ?",
		    XC_ARGS(xc_int(LOGIN_MAX_S), xc_blob(id, sizeof(id)),
		    xc_int(asking->caller->user_id)));
	if (err != XC_OK && err != XC_ERR_NOT_FOUND)
		return err;
	if (fresh)
		return XC_OK;
	(void)xc_refuse(refusal_r, XC_ERR_DENIED, 401, "login_again",
	    "This login is too old for that; log in again first.");
	snprintf(refusal_r->challenge, sizeof(refusal_r->challenge), "Bearer "
	    "error=\"insufficient_user_authentication\", max_age=%d",
	    LOGIN_MAX_S);
	return XC_ERR_DENIED;
}

/* Takes the place of one that was not confirmed, of no other. */
static enum xc_err
put_secret(const struct asking *asking,
    const unsigned char secret[XC_TOTP_SECRET_LEN])
{
	struct xc_db_result result = { .affected = 0 };
	unsigned char *sealed = NULL;
	size_t len = 0;
	enum xc_err err;

	err = xc_otp_seal(asking->otp, asking->caller->user_id, secret,
	    &sealed, &len);
	if (err == XC_OK)
		err = xc_store_exec(asking->store, &result,
		    "INSERT INTO xc_otp (user_id, secret, created_at) "
		    "VALUES (?, ?, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE "
		    "secret = IF(confirmed_at IS NULL, VALUES(secret), "
		    "secret), "
		    "created_at = IF(confirmed_at IS NULL, "
		    "VALUES(created_at), created_at)",
		    XC_ARGS(xc_int(asking->caller->user_id),
		    xc_blob(sealed, len)));
	free(sealed);
	if (err == XC_OK && result.affected == 0)
		return xc_refuse(asking->refusal_r, XC_ERR_EXISTS, 409,
		    "otp_exists", "There is a second factor already; disable "
		    "it before another is set up.");
	return err;
}

static enum xc_err
show_secret(const struct asking *asking,
    const unsigned char secret[XC_TOTP_SECRET_LEN],
    struct json_object **result_r)
{
	const char *issuer = asking->otp->identity.settings->otp.issuer;
	char text[XC_TOTP_SECRET_TEXT] = "";
	char title[160];
	char *uri = NULL, *svg = NULL;
	struct json_object *result = NULL;
	enum xc_err err = xc_totp_text(secret, text);

	if (err == XC_OK)
		err = xc_totp_uri(issuer, asking->caller->name, text, &uri);
	snprintf(title, sizeof(title), "QR code for an authenticator app: "
	    "%.100s", issuer);
	if (err == XC_OK)
		err = xc_qr_svg(uri, title, &svg);
	if (err == XC_OK && (result = json_object_new_object()) == NULL)
		err = XC_ERR_NOMEM;
	if (err == XC_OK) {
		json_object_object_add(result, "secret",
		    json_object_new_string(text));
		json_object_object_add(result, "uri",
		    json_object_new_string(uri));
		json_object_object_add(result, "qr_svg",
		    json_object_new_string(svg));
	}
	xc_wipe(text, sizeof(text));
	if (uri != NULL)
		xc_wipe(uri, strlen(uri));
	free(uri);
	if (svg != NULL)
		xc_wipe(svg, strlen(svg));
	free(svg);
	*result_r = result;
	return err;
}

static enum xc_err
setup(void *service, const struct xc_caller *caller, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	unsigned char secret[XC_TOTP_SECRET_LEN];
	struct asking asking;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	(void)args;
	if (err == XC_OK)
		err = check_login(&asking);
	if (err == XC_OK)
		err = xc_random(secret, sizeof(secret));
	if (err == XC_OK)
		err = put_secret(&asking, secret);
	if (err == XC_OK)
		err = show_secret(&asking, secret, result_r);
	xc_wipe(secret, sizeof(secret));
	return err;
}

/* --- recovery codes ------------------------------------------------------ */

struct codes {
	const struct asking *asking;
	char text[XC_RECOVERY_CODES][XC_CODE_SIZE];
	unsigned char digests[XC_RECOVERY_CODES][XC_DIGEST_LEN];
	/* Of what is confirmed with them. */
	const struct xc_otp_row *row;
	uint64_t step;
};

static enum xc_err
make_codes(const struct asking *asking, struct codes *codes)
{
	char plain[XC_CODE_SIZE];
	enum xc_err err = XC_OK;
	size_t i;

	memset(codes, 0, sizeof(*codes));
	codes->asking = asking;
	for (i = 0; err == XC_OK && i < XC_RECOVERY_CODES; i++) {
		err = xc_code_recovery(codes->text[i]);
		if (err == XC_OK && xc_code_read(codes->text[i], plain) !=
		    XC_CODE_RECOVERY)
			err = XC_ERR_FAILED;
		if (err == XC_OK)
			err = xc_code_digest(asking->otp->identity.ring, 0,
			    "recovery", asking->caller->user_id, plain,
			    codes->digests[i]);
	}
	xc_wipe(plain, sizeof(plain));
	return err;
}

/* In a transaction. */
static enum xc_err
put_codes(struct xc_store *store, void *ctx)
{
	const struct codes *codes = ctx;
	const int64_t user_id = codes->asking->caller->user_id;
	enum xc_err err;
	size_t i;

	err = xc_store_exec(store, NULL, "DELETE FROM xc_otp_recovery "
	    "WHERE user_id = ?", XC_ARGS(xc_int(user_id)));
	for (i = 0; err == XC_OK && i < XC_RECOVERY_CODES; i++)
		err = xc_store_exec(store, NULL,
		    "INSERT INTO xc_otp_recovery (user_id, hash) "
		    "VALUES (?, ?)", XC_ARGS(xc_int(user_id),
		    xc_blob(codes->digests[i], XC_DIGEST_LEN)));
	return err;
}

static enum xc_err
show_codes(const struct codes *codes, struct json_object **result_r)
{
	struct json_object *result = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	if (result == NULL || list == NULL) {
		json_object_put(result);
		json_object_put(list);
		return XC_ERR_NOMEM;
	}
	for (i = 0; i < XC_RECOVERY_CODES; i++)
		json_object_array_add(list,
		    json_object_new_string(codes->text[i]));
	json_object_object_add(result, "recovery_codes", list);
	*result_r = result;
	return XC_OK;
}

/* --- otp.confirm --------------------------------------------------------- */

/* In a transaction: from here on it counts. */
static enum xc_err
put_confirmed(struct xc_store *store, void *ctx)
{
	struct codes *codes = ctx;
	const struct xc_caller *caller = codes->asking->caller;
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err;

	err = xc_store_exec(store, &result, "UPDATE xc_otp "
	    "SET confirmed_at = UTC_TIMESTAMP(3), last_step = ? "
	    "WHERE user_id = ? AND confirmed_at IS NULL AND secret = ?",
	    XC_ARGS(xc_int((int64_t)codes->step), xc_int(caller->user_id),
	    xc_blob(codes->row->sealed, codes->row->sealed_len)));
	if (err == XC_OK && result.affected == 0)
		return XC_ERR_STATE;
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "DELETE FROM xc_otp_mail "
		    "WHERE user_id = ?", XC_ARGS(xc_int(caller->user_id)));
	if (err == XC_OK)
		err = put_codes(store, codes);
	return err == XC_OK ? note_session(store, caller) : err;
}

static enum xc_err
match_pending(const struct asking *asking, const char *typed,
    struct codes *codes)
{
	struct xc_otp *otp = asking->otp;
	unsigned char secret[XC_TOTP_SECRET_LEN];
	char code[XC_CODE_SIZE];
	enum xc_err err = XC_ERR_DENIED;

	if (xc_code_read(typed, code) == XC_CODE_APP)
		err = xc_otp_open(otp, asking->caller->user_id, codes->row,
		    secret);
	if (err == XC_OK)
		err = xc_totp_match(secret, otp->now(),
		    (unsigned)otp->identity.settings->otp.window, code,
		    &codes->step);
	xc_wipe(secret, sizeof(secret));
	xc_wipe(code, sizeof(code));
	if (err == XC_ERR_DENIED)
		return xc_refuse_at(asking->refusal_r, "/code", "otp_wrong",
		    "The code is wrong; see that the clocks of this device "
		    "and of the app are right.");
	return err;
}

static enum xc_err
find_pending(const struct asking *asking, struct xc_otp_row *row_r)
{
	enum xc_err err = xc_otp_row(asking->otp, asking->caller->user_id,
	    row_r);

	if (err == XC_ERR_NOT_FOUND || (err == XC_OK && row_r->confirmed))
		return xc_refuse(asking->refusal_r, XC_ERR_STATE, 409,
		    "otp_none", "Nothing waits to be confirmed; set a second "
		    "factor up first.");
	return err;
}

static enum xc_err
confirm_with(const struct asking *asking, const char *code,
    struct json_object **result_r)
{
	const struct xc_throttle throttle = xc_otp_throttle(asking->otp,
	    "setup", asking->caller->user_id);
	struct xc_otp_row row;
	struct codes codes;
	uint32_t retry_s;
	enum xc_err err = make_codes(asking, &codes);

	codes.row = &row;
	if (err == XC_OK)
		err = find_pending(asking, &row);
	if (err == XC_OK) {
		err = xc_throttle_try(asking->store, &throttle, &retry_s);
		if (err == XC_ERR_BUSY)
			err = xc_otp_locked(asking->refusal_r, retry_s);
	}
	if (err == XC_OK)
		err = match_pending(asking, code, &codes);
	if (err == XC_OK) {
		err = xc_store_transaction(asking->store, put_confirmed,
		    &codes);
		if (err == XC_ERR_STATE)
			err = xc_refuse(asking->refusal_r, err, 409,
			    "otp_changed", "Another was set up meanwhile.");
	}
	if (err == XC_OK) {
		(void)xc_throttle_clear(asking->store, &throttle);
		err = show_codes(&codes, result_r);
	}
	xc_wipe(&codes, sizeof(codes));
	return err;
}

static enum xc_err
confirm(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct asking asking;
	const char *code;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	if (err == XC_OK)
		err = code_of(args, &code, refusal_r);
	if (err == XC_OK)
		err = confirm_with(&asking, code, result_r);
	if (err == XC_OK)
		xc_logf(&xc_otp_log, XC_LOG_NOTICE, "user %lld has a second "
		    "factor now", (long long)caller->user_id);
	return err;
}

/* --- otp.verify, otp.disable, otp.recovery, otp.mail --------------------- */

static enum xc_err
verify(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct asking asking;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	(void)result_r;
	if (err == XC_OK)
		err = take(&asking, args);
	return err == XC_OK ? note_session(asking.store, caller) : err;
}

static enum xc_err
forget(struct xc_store *store, void *ctx)
{
	const struct xc_caller *caller = ctx;

	return xc_otp_forget(store, caller->user_id);
}

static enum xc_err
disable(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_caller who = *caller;
	struct asking asking;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	(void)result_r;
	if (err == XC_OK)
		err = take(&asking, args);
	if (err == XC_OK)
		err = xc_store_transaction(asking.store, forget, &who);
	if (err == XC_OK)
		xc_logf(&xc_otp_log, XC_LOG_NOTICE, "user %lld has no second "
		    "factor any more", (long long)caller->user_id);
	return err;
}

static enum xc_err
recovery(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct asking asking;
	struct codes codes;
	bool enrolled = false;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	if (err == XC_OK)
		err = xc_otp_enrolled(service, caller->user_id, &enrolled);
	if (err == XC_OK && !enrolled)
		err = xc_refuse(refusal_r, XC_ERR_STATE, 409, "otp_none",
		    "There is no second factor; set one up first.");
	if (err == XC_OK)
		err = make_codes(&asking, &codes);
	if (err == XC_OK)
		err = take(&asking, args);
	if (err == XC_OK)
		err = xc_store_transaction(asking.store, put_codes, &codes);
	if (err == XC_OK)
		err = show_codes(&codes, result_r);
	xc_wipe(&codes, sizeof(codes));
	return err;
}

static enum xc_err
mail(void *service, const struct xc_caller *caller, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	struct asking asking;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	(void)args;
	(void)result_r;
	if (err != XC_OK)
		return err;
	return xc_otp_send(service, caller->user_id, "step-up", refusal_r);
}

/* --- otp.status ---------------------------------------------------------- */

struct status {
	bool pending;
	bool enrolled;
	int64_t recovery_left;
};

static enum xc_err
take_status(void *ctx, const struct xc_cell *cells, size_t n)
{
	struct status *status = ctx;

	(void)n;
	status->pending = cells[0].integer != 0;
	status->enrolled = cells[1].integer != 0;
	status->recovery_left = cells[2].integer;
	return XC_OK;
}

static enum xc_err
status(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_value id = xc_int(caller->user_id);
	struct status found = { .recovery_left = 0 };
	struct asking asking;
	enum xc_err err = begin(&asking, service, caller, refusal_r);

	(void)args;
	if (err == XC_OK)
		err = xc_store_one(asking.store, take_status, &found,
		    "SELECT (SELECT COUNT(*) FROM xc_otp WHERE user_id = ? "
		    "AND confirmed_at IS NULL), (SELECT COUNT(*) FROM xc_otp "
		    "WHERE user_id = ? AND confirmed_at IS NOT NULL), "
		    "(SELECT COUNT(*) FROM xc_otp_recovery WHERE user_id = ? "
		    "AND used_at IS NULL)", XC_ARGS(id, id, id));
	if (err != XC_OK)
		return err;
	*result_r = json_object_new_object();
	if (*result_r == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(*result_r, "enrolled",
	    json_object_new_boolean(found.enrolled));
	json_object_object_add(*result_r, "pending",
	    json_object_new_boolean(found.pending));
	json_object_object_add(*result_r, "recovery_left",
	    json_object_new_int64(found.recovery_left));
	json_object_object_add(*result_r, "mail",
	    json_object_new_boolean(asking.otp->mail.ops != NULL));
	return XC_OK;
}

const struct xc_desk_row xc_otp_rows[] = {
	{ "otp.setup", "otp", "", setup },
	{ "otp.confirm", "otp", "", confirm },
	{ "otp.verify", "otp", "", verify },
	{ "otp.disable", "otp", "", disable },
	{ "otp.recovery", "otp", "", recovery },
	{ "otp.mail", "otp", "", mail },
	{ "otp.status", "otp", "", status },
	{ .name = NULL },
};

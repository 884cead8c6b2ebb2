/* SPDX-License-Identifier: MIT */
/* Between the password and the second factor: tickets. */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#define LIFE_S 300
#define TRIES_MAX 5

static struct json_object *
tell(const char *ticket, struct json_object **methods)
{
	struct json_object *result = json_object_new_object();
	bool ok;

	ok = xc_auth_put(result, "otp_required", json_object_new_boolean(1)) &&
	    xc_auth_put(result, "ticket", json_object_new_string(ticket)) &&
	    xc_auth_put(result, "expires_in", json_object_new_int64(LIFE_S));
	if (ok) {
		ok = xc_auth_put(result, "methods", *methods);
		*methods = NULL;
	}
	if (ok)
		return result;
	json_object_put(result);
	return NULL;
}

enum xc_err
xc_ticket_make(struct xc_auth *auth, int64_t user_id,
    struct json_object **result_r)
{
	unsigned char digest[XC_DIGEST_LEN];
	struct json_object *methods = NULL;
	char ticket[XC_TOKEN_SIZE];
	enum xc_err err;

	err = xc_token_make(ticket);
	if (err == XC_OK)
		err = xc_auth_hmac(auth, 0, "ticket", ticket, digest);
	if (err == XC_OK)
		err = xc_otp_methods(auth->otp, user_id, &methods);
	if (err == XC_OK) {
		*result_r = tell(ticket, &methods);
		err = *result_r != NULL ? XC_OK : XC_ERR_NOMEM;
	}
	json_object_put(methods);
	if (err == XC_OK)
		err = xc_store_exec(auth->of.store, NULL, "INSERT INTO "
		    "xc_login (hash, user_id, tries, expires_at) VALUES "
		    "(?, ?, 0, UTC_TIMESTAMP(3) + INTERVAL ? SECOND)",
		    XC_ARGS(xc_blob(digest, sizeof(digest)), xc_int(user_id),
		    xc_int(LIFE_S)));
	if (err != XC_OK) {
		json_object_put(*result_r);
		*result_r = NULL;
	}
	xc_wipe(ticket, sizeof(ticket));
	return err;
}

struct holder {
	int64_t user_id;
	bool worn;		/* too many tries, or too late */
};

static enum xc_err
read_holder(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct holder *holder = ctx;

	(void)n_cells;
	holder->user_id = cells[0].integer;
	holder->worn = cells[1].integer != 0;
	return XC_OK;
}

static enum xc_err
refuse_ticket(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_DENIED, 401, "invalid_ticket",
	    "The ticket is not valid, or not any more; log in again.");
}

/* Whose ticket it is; digest_r is what it is found by.  XC_ERR_DENIED: there
 * is none such. */
static enum xc_err
find_ticket(struct xc_auth *auth, const char *ticket,
    unsigned char digest_r[XC_DIGEST_LEN], int64_t *user_id_r,
    struct xc_refusal *refusal_r)
{
	struct holder holder = { .user_id = 0 };
	enum xc_err err = XC_ERR_NOT_FOUND;
	size_t n;

	if (ticket == NULL || !xc_token_ok(ticket))
		return refuse_ticket(refusal_r);
	for (n = 0; n < XC_AUTH_KEYS_MAX && err == XC_ERR_NOT_FOUND; n++) {
		err = xc_auth_hmac(auth, n, "ticket", ticket, digest_r);
		if (err != XC_OK)
			break;
		err = xc_store_one(auth->of.store, read_holder, &holder,
		    "SELECT user_id, expires_at <= UTC_TIMESTAMP(3) OR "
		    "tries >= ? FROM xc_login WHERE hash = ?",
		    XC_ARGS(xc_int(TRIES_MAX),
		    xc_blob(digest_r, XC_DIGEST_LEN)));
	}
	*user_id_r = holder.user_id;
	if (err == XC_ERR_NOT_FOUND || (err == XC_OK && holder.worn))
		return refuse_ticket(refusal_r);
	return err;
}

/* Takes one of its tries; none is left: XC_ERR_DENIED. */
static enum xc_err
take_try(struct xc_auth *auth, const unsigned char digest[XC_DIGEST_LEN],
    struct xc_refusal *refusal_r)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(auth->of.store, &result, "UPDATE xc_login SET "
	    "tries = tries + 1 WHERE hash = ? AND tries < ? AND expires_at > "
	    "UTC_TIMESTAMP(3)", XC_ARGS(xc_blob(digest, XC_DIGEST_LEN),
	    xc_int(TRIES_MAX)));
	if (err == XC_OK && result.affected == 0)
		return refuse_ticket(refusal_r);
	return err;
}

/* Only one can have it. */
static enum xc_err
use_up(struct xc_auth *auth, const unsigned char digest[XC_DIGEST_LEN],
    struct xc_refusal *refusal_r)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(auth->of.store, &result, "DELETE FROM xc_login "
	    "WHERE hash = ?", XC_ARGS(xc_blob(digest, XC_DIGEST_LEN)));
	if (err == XC_OK && result.affected == 0)
		return refuse_ticket(refusal_r);
	return err;
}

static enum xc_err
take_code(struct xc_auth *auth, int64_t user_id, const char *code,
    struct xc_refusal *refusal_r)
{
	enum xc_err err;

	if (auth->otp == NULL)
		return refuse_ticket(refusal_r);
	err = xc_otp_take(auth->otp, user_id, "login",
	    code != NULL ? code : "", refusal_r);
	if (err == XC_ERR_DENIED)
		return xc_refuse(refusal_r, err, 401, "bad_code",
		    "The code is wrong, or was used before.");
	/* It was taken away since: the password alone must be shown again. */
	if (err == XC_ERR_STATE)
		return refuse_ticket(refusal_r);
	return err;
}

enum xc_err
xc_auth_do_otp(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	struct xc_session_new session = { .caller = caller };
	const char *code = xc_auth_text(args, "code");
	unsigned char digest[XC_DIGEST_LEN];
	enum xc_err err;

	(void)xc_json_bool(args, "cookie", &session.cookie);
	err = session.cookie ? xc_login_allow(caller, refusal_r) : XC_OK;
	if (err == XC_OK)
		err = find_ticket(auth, xc_auth_text(args, "ticket"), digest,
		    &session.user_id, refusal_r);
	if (err == XC_OK)
		err = take_try(auth, digest, refusal_r);
	if (err == XC_OK)
		err = take_code(auth, session.user_id, code, refusal_r);
	if (err == XC_OK)
		err = use_up(auth, digest, refusal_r);
	if (err == XC_OK) {
		session.otp = code != NULL && xc_otp_steps_up(code);
		err = xc_session_begin(auth, &session, result_r);
		if (err == XC_ERR_DENIED)
			return refuse_ticket(refusal_r);
	}
	if (session.user_id != 0)
		xc_auth_note(caller, session.user_id, err == XC_OK
		    ? "second factor right" : "second factor wrong");
	return err;
}

enum xc_err
xc_auth_do_mail_code(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	unsigned char digest[XC_DIGEST_LEN];
	int64_t user_id;
	enum xc_err err;

	(void)caller;
	(void)result_r;
	err = find_ticket(auth, xc_auth_text(args, "ticket"), digest,
	    &user_id, refusal_r);
	if (err != XC_OK)
		return err;
	if (auth->otp == NULL)
		return refuse_ticket(refusal_r);
	err = xc_otp_send(auth->otp, user_id, "login", refusal_r);
	if (err == XC_ERR_STATE)
		return xc_refuse(refusal_r, err, 409, "no_mail",
		    "Codes cannot be mailed to this account.");
	return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * Logins by name and password.  Whatever is wrong, one hash is made and the
 * same words are given: neither says whether there is such a user.
 */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/request.h>

struct user {
	int64_t id;		/* 0: there is none */
	bool active;
	int64_t devices;	/* revision of what its browsers show */
	char phc[XC_PHC_SIZE];	/* "": no password opens it */
};

static enum xc_err
read_user(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct user *user = ctx;

	(void)n_cells;
	user->id = cells[0].integer;
	user->active = strcmp(cells[1].data, "active") == 0;
	snprintf(user->phc, sizeof(user->phc), "%s", cells[2].data);
	user->devices = cells[3].integer;
	return XC_OK;
}

#define SELECT	"SELECT id, state, password, devices_revision FROM xc_user " \
		"WHERE "

/* The same statement for all names, also for one that nobody can have. */
static enum xc_err
find_user(struct xc_auth *auth, const char *name, struct user *user_r)
{
	char key[256];
	enum xc_name_kind kind = xc_name_key(name, key, sizeof(key));
	enum xc_err err;

	memset(user_r, 0, sizeof(*user_r));
	err = xc_store_one(auth->of.store, read_user, user_r,
	    kind == XC_NAME_EMAIL
	    ? SELECT "email_key = ?" : SELECT "name_key = ?",
	    XC_ARGS(xc_text(key)));
	return err == XC_ERR_NOT_FOUND ? XC_OK : err;
}

/* One hash in each case. */
static enum xc_err
check_password(struct xc_auth *auth, const struct user *user,
    const char *password, size_t len)
{
	struct xc_hasher *hasher = auth->of.hasher;
	const char *phc = user->id != 0 ? user->phc : NULL;
	enum xc_err err;

	if (len > XC_PASSWORD_MAX) {
		len = XC_PASSWORD_MAX;
		phc = NULL;
	}
	err = xc_password_verify(hasher, phc, password, len);
	if (err == XC_ERR_INVALID) {
		xc_logf(&xc_auth_logger, XC_LOG_ERROR, "the password of user "
		    "%lld is no PHC string that is allowed; give a new one "
		    "with: xcorectl user passwd", (long long)user->id);
		err = xc_password_verify(hasher, NULL, password, len);
	}
	return err == XC_OK && !user->active ? XC_ERR_DENIED : err;
}

static enum xc_err
refuse_wrong(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_DENIED, 401, "bad_credentials",
	    "The name or the password is wrong.");
}

static enum xc_err
refuse_many(struct xc_refusal *refusal_r, uint32_t retry_s)
{
	(void)xc_refuse(refusal_r, XC_ERR_BUSY, 429, "too_many_tries",
	    "Too many logins have failed; try again later.");
	refusal_r->retry_s = retry_s > 0 ? retry_s : 1;
	return XC_ERR_BUSY;
}

/* All hashes that may run at once do. */
static enum xc_err
refuse_busy(struct xc_refusal *refusal_r)
{
	(void)xc_refuse(refusal_r, XC_ERR_BUSY, 503, "busy",
	    "Too many are logging in at once; try again soon.");
	refusal_r->retry_s = 1;
	return XC_ERR_BUSY;
}

/* The parameters in force have changed since the password was hashed: this is
 * the only time that it is known.  "" if it need not be, or cannot be now. */
static void
rehash(struct xc_auth *auth, const struct user *user, const char *password,
    size_t len, char phc_r[XC_PHC_SIZE])
{
	phc_r[0] = '\0';
	if (xc_password_is_old(auth->of.hasher, user->phc) &&
	    xc_password_hash(auth->of.hasher, password, len, phc_r) != XC_OK)
		phc_r[0] = '\0';
}

/* Whether a second factor is still to be shown; a code that came with the
 * password is taken here. */
static enum xc_err
second_factor(struct xc_auth *auth, int64_t user_id, const char *code,
    bool *missing_r, bool *shown_r, struct xc_refusal *refusal_r)
{
	bool enrolled = false;
	enum xc_err err = XC_OK;

	*missing_r = *shown_r = false;
	if (auth->otp != NULL)
		err = xc_otp_enrolled(auth->otp, user_id, &enrolled);
	if (err != XC_OK || !enrolled)
		return err;
	*missing_r = code == NULL;
	if (code == NULL)
		return XC_OK;
	err = xc_otp_take(auth->otp, user_id, "login", code, refusal_r);
	*shown_r = err == XC_OK && xc_otp_steps_up(code);
	if (err == XC_ERR_DENIED)
		return xc_refuse(refusal_r, err, 401, "bad_code",
		    "The code is wrong, or was used before.");
	return err;
}

/* The password was right. */
static enum xc_err
enter(struct xc_auth *auth, struct xc_session_new *session,
    const char *code, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	bool missing;
	enum xc_err err;

	err = second_factor(auth, session->user_id, code, &missing,
	    &session->otp, refusal_r);
	if (err != XC_OK)
		return err;
	if (missing)
		return xc_ticket_make(auth, session->user_id, result_r);
	err = xc_session_begin(auth, session, result_r);
	return err == XC_ERR_DENIED ? refuse_wrong(refusal_r) : err;
}

struct login {
	const char *name;
	const char *password;
	size_t password_len;
	const char *code;
	bool cookie;
};

static bool
read_login(struct json_object *args, struct login *login)
{
	struct json_object *password = NULL;

	login->name = xc_auth_text(args, "username");
	login->code = xc_auth_text(args, "otp");
	if (!json_object_object_get_ex(args, "password", &password) ||
	    !json_object_is_type(password, json_type_string))
		return false;
	login->password = json_object_get_string(password);
	login->password_len = (size_t)json_object_get_string_len(password);
	(void)xc_json_bool(args, "cookie", &login->cookie);
	/* A name with a NUL in it is one that nobody has. */
	if (login->name == NULL &&
	    json_object_is_type(json_object_object_get(args, "username"),
	    json_type_string))
		login->name = "";
	return login->name != NULL;
}

/* What was counted as a failure was one only if it was. */
static enum xc_err
conclude(struct xc_auth *auth, const struct xc_attempt *attempt,
    const struct xc_caller *caller, enum xc_err err,
    struct xc_refusal *refusal_r)
{
	if (err == XC_OK) {
		xc_login_pass(auth, attempt);
		xc_auth_note(caller, attempt->user_id, "right");
	} else if (err == XC_ERR_DENIED) {
		xc_auth_note(caller, attempt->user_id, "wrong");
		if (refusal_r->status == 0)
			return refuse_wrong(refusal_r);
	} else {
		xc_login_undo(auth, attempt);
		if (err == XC_ERR_BUSY && refusal_r->status == 0)
			return refuse_busy(refusal_r);
	}
	return err;
}

enum xc_err
xc_login_allow(const struct xc_caller *caller, struct xc_refusal *refusal_r)
{
	const char *fault = caller->request != NULL ?
	    xc_cookie_foreign(caller->request) : NULL;

	if (fault == NULL)
		return XC_OK;
	return xc_refuse(refusal_r, XC_ERR_DENIED, 403, "cross_site", "%s",
	    fault);
}

/* Whether a browser tries that has logged in to this account before. */
static void
find_device(struct xc_auth *auth, const struct xc_caller *caller,
    const struct user *user, struct xc_device *device_r,
    struct xc_attempt *attempt)
{
	if (caller->request != NULL && user->id != 0 &&
	    xc_device_read(xc_request_header(caller->request, "Cookie"),
	    device_r) == XC_OK &&
	    xc_device_is_of(auth, device_r, user->id, user->devices))
		attempt->device = device_r->nonce;
}

enum xc_err
xc_auth_do_login(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	struct login login = { .cookie = false };
	struct xc_attempt attempt = { .address = caller->address };
	struct xc_session_new session = { .caller = caller };
	char new_phc[XC_PHC_SIZE];
	struct xc_device device;
	struct user user;
	uint32_t retry_s;
	enum xc_err err;

	xc_auth_purge(auth);
	if (!read_login(args, &login))
		return xc_refuse(refusal_r, XC_ERR_INVALID, 422, "invalid",
		    "A username and a password are needed, both text.");
	if (auth->jwt == NULL)
		return xc_auth_no_ring(auth);
	err = login.cookie ? xc_login_allow(caller, refusal_r) : XC_OK;
	if (err == XC_OK)
		err = find_user(auth, login.name, &user);
	if (err != XC_OK)
		return err;
	attempt.name = login.name;
	attempt.user_id = user.id;
	find_device(auth, caller, &user, &device, &attempt);
	err = xc_login_enter(auth, &attempt, &retry_s);
	if (err == XC_ERR_BUSY) {
		xc_auth_note(caller, user.id, "too many tries");
		return refuse_many(refusal_r, retry_s);
	}
	if (err != XC_OK)
		return err;
	err = check_password(auth, &user, login.password, login.password_len);
	if (err == XC_OK) {
		rehash(auth, &user, login.password, login.password_len,
		    new_phc);
		session.user_id = user.id;
		session.cookie = login.cookie;
		session.phc = user.phc;
		session.new_phc = new_phc[0] != '\0' ? new_phc : NULL;
		err = enter(auth, &session, login.code, result_r, refusal_r);
	}
	err = conclude(auth, &attempt, caller, err, refusal_r);
	xc_wipe(&user, sizeof(user));
	xc_wipe(new_phc, sizeof(new_phc));
	return err;
}

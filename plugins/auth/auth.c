/* SPDX-License-Identifier: MIT */
/*
 * Logins and sessions over HTTP.  What is right is decided by the service
 * behind <xcore/auth.h>; this code has no key and no connection to anything.
 */
#include <string.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#include "auth.h"

/* A text of the body; NULL if it has none of that name. */
static const char *
body_text(struct xc_request *req, const char *name)
{
	return xc_data_text(xc_data_member(xc_body(req), name), NULL);
}

static bool
body_flag(struct xc_request *req, const char *name)
{
	return xc_data_bool(xc_data_member(xc_body(req), name), false);
}

enum xc_err
reply_private(struct xc_request *req, int status, struct json_object *result)
{
	enum xc_err err = xc_reply_header(req, "Cache-Control", "no-store");

	if (err != XC_OK)
		return err;
	if (status == 204)
		return xc_reply_empty(req, status);
	return xc_reply_json(req, status, json_object_get(result));
}

static enum xc_err
take_cookie(struct xc_request *req, struct json_object *result,
    const char *member)
{
	const char *cookie = xc_json_string(result, member);
	enum xc_err err;

	if (cookie == NULL)
		return XC_OK;
	err = xc_reply_header(req, "Set-Cookie", cookie);
	json_object_object_del(result, member);
	return err;
}

/* Cookies go into their headers and nowhere else. */
static enum xc_err
take_cookies(struct xc_request *req, struct json_object *result)
{
	enum xc_err err = take_cookie(req, result, "cookie");

	return err == XC_OK ? take_cookie(req, result, "device_cookie") : err;
}

/* A session has begun, or waits for the second factor (202). */
static enum xc_err
reply_login(struct xc_request *req, struct json_object *result)
{
	bool waits = xc_json_member(result, "otp_required") != NULL;
	enum xc_err err = take_cookies(req, result);

	return err == XC_OK ? reply_private(req, waits ? 202 : 200, result)
	    : err;
}

static enum xc_err
log_in(struct xc_request *req)
{
	const char *password = body_text(req, "password");
	const struct xc_auth_login login = {
		.username = body_text(req, "username"),
		.password = password,
		.password_len = password != NULL ? strlen(password) : 0,
		.otp = body_text(req, "otp"),
		.cookie = body_flag(req, "cookie"),
	};
	struct json_object *result;
	enum xc_err err = xc_auth_login(req, &login, &result);

	return err == XC_OK ? reply_login(req, result) : err;
}

static enum xc_err
log_in_by_code(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_otp(req, body_text(req, "ticket"),
	    body_text(req, "code"), body_flag(req, "cookie"), &result);

	return err == XC_OK ? reply_login(req, result) : err;
}

static enum xc_err
mail_code(struct xc_request *req)
{
	enum xc_err err = xc_auth_mail_code(req, body_text(req, "ticket"));

	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}

static enum xc_err
refresh(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_refresh(req,
	    body_text(req, "refresh_token"), &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

static enum xc_err
log_out(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_logout(req, body_flag(req, "all"), &result);

	if (err == XC_OK)
		err = take_cookies(req, result);
	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}

static enum xc_err
show_me(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_me(req, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

static enum xc_err
list_sessions(struct xc_request *req)
{
	const struct xc_auth_page page = {
		.page = xc_param_int(req, "page"),
		.per_page = xc_param_int(req, "per_page"),
		.q = xc_param_text(req, "q"),
		.sort = xc_param_text(req, "sort"),
	};
	struct json_object *result;
	enum xc_err err = xc_auth_sessions(req, &page, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

static enum xc_err
end_session(struct xc_request *req)
{
	enum xc_err err = xc_auth_session_end(req, xc_param_text(req, "id"));

	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}

static enum xc_err
show_csrf(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_csrf(req, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

/* Public: the keys only verify. */
static enum xc_err
show_keys(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_auth_jwks(req, &result);

	if (err == XC_OK)
		err = xc_reply_header(req, "Cache-Control",
		    "public, max-age=300");
	return err == XC_OK ? xc_reply_json(req, 200,
	    json_object_get(result)) : err;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "log_in", log_in },
    { "log_in_by_code", log_in_by_code },
    { "mail_code", mail_code },
    { "refresh", refresh },
    { "log_out", log_out },
    { "show_me", show_me },
    { "list_sessions", list_sessions },
    { "end_session", end_session },
    { "show_csrf", show_csrf },
    { "show_keys", show_keys },
    { "otp_status", otp_status },
    { "otp_setup", otp_setup },
    { "otp_confirm", otp_confirm },
    { "otp_verify", otp_verify },
    { "otp_disable", otp_disable },
    { "otp_recovery", otp_recovery },
    { "otp_mail", otp_mail }));

/* SPDX-License-Identifier: MIT */
/* Users. */
#include <json-c/json.h>

#include "admin.h"

static int64_t
user_of(struct xc_request *req)
{
	return xc_param_int(req, "id");
}

enum xc_err
list_users(struct xc_request *req)
{
	struct xc_admin_page page = list_page(req);
	struct json_object *result;
	enum xc_err err = xc_admin_users(req, &page, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
show_user(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_admin_user(req, user_of(req), &result);

	return err == XC_OK ? reply_entity(req, result) : err;
}

enum xc_err
add_user(struct xc_request *req)
{
	struct json_object *user, *result;
	enum xc_err err = read_changes(req, &user);

	if (err == XC_OK)
		err = xc_admin_user_add(req, user, &result);
	return err == XC_OK ? reply_made(req, "users", result) : err;
}

enum xc_err
change_user(struct xc_request *req)
{
	struct json_object *changes, *result;
	enum xc_err err = read_changes(req, &changes);

	if (err == XC_OK)
		err = xc_admin_user_set(req, user_of(req), changes, &result);
	return err == XC_OK ? reply_entity(req, result) : err;
}

enum xc_err
remove_user(struct xc_request *req)
{
	struct json_object *revisions;
	enum xc_err err = xc_if_match(req, &revisions);

	if (err == XC_OK)
		err = xc_admin_user_remove(req, user_of(req), revisions);
	return err == XC_OK ? reply_done(req) : err;
}

enum xc_err
set_user_roles(struct xc_request *req)
{
	struct json_object *changes, *result;
	enum xc_err err = read_changes(req, &changes);

	if (err == XC_OK)
		err = xc_admin_user_roles(req, user_of(req), changes,
		    &result);
	return err == XC_OK ? reply_entity(req, result) : err;
}

static enum xc_err
set_lock(struct xc_request *req, bool locked)
{
	const char *reason = xc_data_text(xc_data_member(xc_body(req),
	    "reason"), NULL);
	struct json_object *result;
	enum xc_err err = xc_admin_user_lock(req, user_of(req), locked,
	    reason, &result);

	return err == XC_OK ? reply_entity(req, result) : err;
}

enum xc_err
lock_user(struct xc_request *req)
{
	return set_lock(req, true);
}

enum xc_err
unlock_user(struct xc_request *req)
{
	return set_lock(req, false);
}

enum xc_err
set_user_password(struct xc_request *req)
{
	struct json_object *changes;
	enum xc_err err = read_changes(req, &changes);

	if (err == XC_OK)
		err = xc_admin_user_password(req, user_of(req), changes);
	return err == XC_OK ? reply_done(req) : err;
}

enum xc_err
reset_user_otp(struct xc_request *req)
{
	enum xc_err err = xc_admin_user_otp_reset(req, user_of(req));

	return err == XC_OK ? reply_done(req) : err;
}

enum xc_err
list_user_sessions(struct xc_request *req)
{
	struct xc_admin_page page = list_page(req);
	struct json_object *result;
	enum xc_err err = xc_admin_user_sessions(req, user_of(req), &page,
	    &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

static enum xc_err
end_sessions(struct xc_request *req, const char *session)
{
	struct json_object *result;
	enum xc_err err = xc_admin_user_sessions_end(req, user_of(req),
	    session, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
end_user_sessions(struct xc_request *req)
{
	return end_sessions(req, NULL);
}

enum xc_err
end_user_session(struct xc_request *req)
{
	const char *session = xc_param_text(req, "session");

	return session != NULL ? end_sessions(req, session) : XC_ERR_NOMEM;
}

enum xc_err
explain(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_admin_explain(req, user_of(req),
	    xc_param_text(req, "permission"), &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

/* SPDX-License-Identifier: MIT */
#include <json-c/json_object.h>

#include <xcore/admin.h>

#include "desk-args.h"

static enum xc_err
list(struct xc_request *req, const char *operation, int64_t id,
    const struct xc_admin_page *page, struct json_object **result_r)
{
	static const struct xc_admin_page first;
	struct xc_desk_args args;

	if (page == NULL)
		page = &first;
	xc_desk_begin(&args, NULL);
	xc_desk_int(&args, "id", id);
	xc_desk_int(&args, "page", page->page);
	xc_desk_int(&args, "per_page", page->per_page);
	xc_desk_text(&args, "q", page->q);
	xc_desk_text(&args, "sort", page->sort);
	xc_desk_text(&args, "role", page->role);
	xc_desk_text(&args, "state", page->state);
	xc_desk_text(&args, "actor", page->actor);
	xc_desk_text(&args, "action", page->action);
	return xc_desk_send(req, operation, &args, result_r);
}

/* With an object whose reference is taken, and an id that may be 0. */
static enum xc_err
change(struct xc_request *req, const char *operation, int64_t id,
    struct json_object *changes, struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, changes);
	xc_desk_int(&args, "id", id);
	return xc_desk_send(req, operation, &args, result_r);
}

static enum xc_err
remove_one(struct xc_request *req, const char *operation, int64_t id,
    struct json_object *revision)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_int(&args, "id", id);
	xc_desk_put(&args, "revision", revision);
	return xc_desk_send(req, operation, &args, NULL);
}

enum xc_err
xc_admin_users(struct xc_request *req, const struct xc_admin_page *page,
    struct json_object **result_r)
{
	return list(req, "admin.users", 0, page, result_r);
}

enum xc_err
xc_admin_roles(struct xc_request *req, const struct xc_admin_page *page,
    struct json_object **result_r)
{
	return list(req, "admin.roles", 0, page, result_r);
}

enum xc_err
xc_admin_permissions(struct xc_request *req, const struct xc_admin_page *page,
    struct json_object **result_r)
{
	return list(req, "admin.permissions", 0, page, result_r);
}

enum xc_err
xc_admin_audit(struct xc_request *req, const struct xc_admin_page *page,
    struct json_object **result_r)
{
	return list(req, "admin.audit", 0, page, result_r);
}

enum xc_err
xc_admin_user_sessions(struct xc_request *req, int64_t id,
    const struct xc_admin_page *page, struct json_object **result_r)
{
	return list(req, "admin.user_sessions", id, page, result_r);
}

enum xc_err
xc_admin_user(struct xc_request *req, int64_t id,
    struct json_object **result_r)
{
	return change(req, "admin.user", id, NULL, result_r);
}

enum xc_err
xc_admin_user_add(struct xc_request *req, struct json_object *user,
    struct json_object **result_r)
{
	return change(req, "admin.user_add", 0, user, result_r);
}

enum xc_err
xc_admin_user_set(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r)
{
	return change(req, "admin.user_set", id, changes, result_r);
}

enum xc_err
xc_admin_user_remove(struct xc_request *req, int64_t id,
    struct json_object *revision)
{
	return remove_one(req, "admin.user_remove", id, revision);
}

enum xc_err
xc_admin_role(struct xc_request *req, int64_t id,
    struct json_object **result_r)
{
	return change(req, "admin.role", id, NULL, result_r);
}

enum xc_err
xc_admin_role_add(struct xc_request *req, struct json_object *role,
    struct json_object **result_r)
{
	return change(req, "admin.role_add", 0, role, result_r);
}

enum xc_err
xc_admin_role_set(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r)
{
	return change(req, "admin.role_set", id, changes, result_r);
}

enum xc_err
xc_admin_role_remove(struct xc_request *req, int64_t id,
    struct json_object *revision)
{
	return remove_one(req, "admin.role_remove", id, revision);
}

enum xc_err
xc_admin_user_roles(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r)
{
	return change(req, "admin.user_roles", id, changes, result_r);
}

enum xc_err
xc_admin_user_password(struct xc_request *req, int64_t id,
    struct json_object *changes)
{
	return change(req, "admin.user_password", id, changes, NULL);
}

enum xc_err
xc_admin_user_otp_reset(struct xc_request *req, int64_t id)
{
	return change(req, "admin.user_otp_reset", id, NULL, NULL);
}

enum xc_err
xc_admin_user_lock(struct xc_request *req, int64_t id, bool locked,
    const char *reason, struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_int(&args, "id", id);
	xc_desk_put(&args, "locked", json_object_new_boolean(locked));
	xc_desk_text(&args, "reason", reason);
	return xc_desk_send(req, "admin.user_lock", &args, result_r);
}

enum xc_err
xc_admin_user_sessions_end(struct xc_request *req, int64_t id,
    const char *session, struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_int(&args, "id", id);
	xc_desk_text(&args, "session", session);
	return xc_desk_send(req, "admin.user_sessions_end", &args, result_r);
}

enum xc_err
xc_admin_explain(struct xc_request *req, int64_t id, const char *permission,
    struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_int(&args, "id", id);
	xc_desk_text(&args, "permission", permission);
	return xc_desk_send(req, "admin.explain", &args, result_r);
}

/* SPDX-License-Identifier: MIT */
/*
 * What administrators do, over HTTP.  What is right is decided by the services
 * behind <xcore/admin.h> and <xcore/plugins.h>.
 */
#include <json-c/json.h>

#include "admin.h"
#include "plugins.h"

enum xc_err
reply_private(struct xc_request *req, int status, struct json_object *result)
{
	enum xc_err err = xc_reply_header(req, "Cache-Control", "no-store");

	return err == XC_OK ? xc_reply_json(req, status,
	    json_object_get(result)) : err;
}

enum xc_err
reply_entity(struct xc_request *req, struct json_object *entity)
{
	int64_t revision = 0;
	enum xc_err err;

	(void)xc_json_int(entity, "revision", &revision);
	err = xc_reply_etag(req, revision);
	return err == XC_OK ? reply_private(req, 200, entity) : err;
}

enum xc_err
reply_made(struct xc_request *req, const char *folder,
    struct json_object *entity)
{
	int64_t id = 0, revision = 0;
	const char *path;
	enum xc_err err;

	(void)xc_json_int(entity, "id", &id);
	(void)xc_json_int(entity, "revision", &revision);
	path = xc_printf(req, "%s/%s/%lld", xc_request_prefix(req), folder,
	    (long long)id);
	if (path == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_header(req, "Location", path);
	if (err == XC_OK)
		err = xc_reply_etag(req, revision);
	return err == XC_OK ? reply_private(req, 201, entity) : err;
}

enum xc_err
reply_done(struct xc_request *req)
{
	return xc_reply_empty(req, 204);
}

struct xc_admin_page
list_page(struct xc_request *req)
{
	return (struct xc_admin_page){
		.page = xc_param_int(req, "page"),
		.per_page = xc_param_int(req, "per_page"),
		.q = xc_param_text(req, "q"),
		.sort = xc_param_text(req, "sort"),
		.role = xc_param_text(req, "role"),
		.state = xc_param_text(req, "state"),
		.actor = xc_param_text(req, "actor"),
		.action = xc_param_text(req, "action"),
	};
}

enum xc_err
read_changes(struct xc_request *req, struct json_object **changes_r)
{
	struct json_object *revisions;
	enum xc_err err = xc_if_match(req, &revisions);

	if (err != XC_OK)
		return err;
	err = xc_data_json(xc_body(req), changes_r);
	if (err == XC_OK && revisions != NULL &&
	    json_object_object_add(*changes_r, "revision", revisions) != 0)
		err = XC_ERR_NOMEM;
	if (err != XC_OK) {
		json_object_put(revisions);
		return err;
	}
	json_object_get(*changes_r);
	return XC_OK;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "list_users", list_users },
    { "show_user", show_user },
    { "add_user", add_user },
    { "change_user", change_user },
    { "remove_user", remove_user },
    { "set_user_roles", set_user_roles },
    { "lock_user", lock_user },
    { "unlock_user", unlock_user },
    { "set_user_password", set_user_password },
    { "reset_user_otp", reset_user_otp },
    { "list_user_sessions", list_user_sessions },
    { "end_user_sessions", end_user_sessions },
    { "end_user_session", end_user_session },
    { "explain", explain },
    { "list_roles", list_roles },
    { "show_role", show_role },
    { "add_role", add_role },
    { "change_role", change_role },
    { "remove_role", remove_role },
    { "list_permissions", list_permissions },
    { "list_audit", list_audit },
    PLUGIN_OPERATIONS));

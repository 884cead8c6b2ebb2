/* SPDX-License-Identifier: MIT */
/* Roles, permissions and the audit log. */
#include <json-c/json.h>

#include "admin.h"

static int64_t
role_of(struct xc_request *req)
{
	return xc_param_int(req, "id");
}

static enum xc_err
list(struct xc_request *req, enum xc_err (*ask)(struct xc_request *req,
    const struct xc_admin_page *page, struct json_object **result_r))
{
	struct xc_admin_page page = list_page(req);
	struct json_object *result;
	enum xc_err err = ask(req, &page, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
list_roles(struct xc_request *req)
{
	return list(req, xc_admin_roles);
}

enum xc_err
list_permissions(struct xc_request *req)
{
	return list(req, xc_admin_permissions);
}

enum xc_err
list_audit(struct xc_request *req)
{
	return list(req, xc_admin_audit);
}

enum xc_err
show_role(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_admin_role(req, role_of(req), &result);

	return err == XC_OK ? reply_entity(req, result) : err;
}

enum xc_err
add_role(struct xc_request *req)
{
	struct json_object *role, *result;
	enum xc_err err = read_changes(req, &role);

	if (err == XC_OK)
		err = xc_admin_role_add(req, role, &result);
	return err == XC_OK ? reply_made(req, "roles", result) : err;
}

enum xc_err
change_role(struct xc_request *req)
{
	struct json_object *changes, *result;
	enum xc_err err = read_changes(req, &changes);

	if (err == XC_OK)
		err = xc_admin_role_set(req, role_of(req), changes, &result);
	return err == XC_OK ? reply_entity(req, result) : err;
}

enum xc_err
remove_role(struct xc_request *req)
{
	struct json_object *revisions;
	enum xc_err err = xc_if_match(req, &revisions);

	if (err == XC_OK)
		err = xc_admin_role_remove(req, role_of(req), revisions);
	return err == XC_OK ? reply_done(req) : err;
}

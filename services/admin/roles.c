/* SPDX-License-Identifier: MIT */
/* Roles and permissions: what is read of them. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "roles-private.h"

#define ROLE_COLUMNS							\
	"r.id, r.name, r.description, r.built_in, "			\
	XC_TIME("r.created_at") " AS created_at, "			\
	XC_TIME("r.changed_at") " AS changed_at, r.revision"

static const struct xc_sort sorts[] = {
	{ "name", "r.name", "r.name", NULL, true },
	{ "id", "r.id", "r.id", NULL, true },
	{ "created_at", "r.id", "r.id", NULL, true },
	{ NULL, NULL, NULL, NULL, false }
};

static const struct xc_sort permission_sorts[] = {
	{ "name", "p.name", "p.name", NULL, true },
	{ "plugin", "p.plugin", "p.plugin", NULL, false },
	{ NULL, NULL, NULL, NULL, false }
};

static void
make_bool(struct json_object *row, const char *name)
{
	int64_t value = 0;

	(void)xc_json_int(row, name, &value);
	json_object_object_add(row, name,
	    json_object_new_boolean(value != 0));
}

static enum xc_err
fix_role(struct json_object *row)
{
	make_bool(row, "built_in");
	return XC_OK;
}

static enum xc_err
fix_permission(struct json_object *row)
{
	make_bool(row, "everyone");
	make_bool(row, "gone");
	return XC_OK;
}

/* The one column of the rows as an array of texts. */
static enum xc_err
add_texts(struct xc_store *store, struct json_object *role, const char *name,
    const char *sql, int64_t id)
{
	struct json_object *rows, *list = json_object_new_array();
	enum xc_err err;

	if (list == NULL)
		return XC_ERR_NOMEM;
	err = xc_store_rows(store, &rows, sql, XC_ARGS(xc_int(id)));
	if (err != XC_OK) {
		json_object_put(list);
		return err;
	}
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(list, json_object_get(xc_json_member(
		    json_object_array_get_idx(rows, i), "n")));
	json_object_put(rows);
	return json_object_object_add(role, name, list) == 0 ? XC_OK :
	    XC_ERR_NOMEM;
}

enum xc_err
xc_role_json(struct xc_store *store, int64_t id, struct json_object **role_r)
{
	struct json_object *rows, *role;
	enum xc_err err;

	*role_r = NULL;
	err = xc_store_rows(store, &rows, "SELECT " ROLE_COLUMNS
	    " FROM xc_role r WHERE r.id = ?", XC_ARGS(xc_int(id)));
	if (err != XC_OK)
		return err;
	role = json_object_get(json_object_array_get_idx(rows, 0));
	json_object_put(rows);
	if (role == NULL)
		return XC_ERR_NOT_FOUND;
	err = fix_role(role);
	if (err == XC_OK)
		err = add_texts(store, role, "permissions",
		    "SELECT permission AS n FROM xc_role_permission"
		    " WHERE role_id = ? ORDER BY permission", id);
	if (err == XC_OK)
		err = add_texts(store, role, "includes",
		    "SELECT r.name AS n FROM xc_role_include i JOIN xc_role r"
		    " ON r.id = i.included_id WHERE i.role_id = ?"
		    " ORDER BY r.name", id);
	if (err == XC_OK)
		*role_r = role;
	else
		json_object_put(role);
	return err;
}

enum xc_err
xc_no_role(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404, "no_role",
	    "there is no such role");
}

enum xc_err
xc_op_role(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	enum xc_err err;
	int64_t id;

	(void)caller;
	err = xc_args_id(args, &id, refusal_r);
	if (err != XC_OK)
		return err;
	err = xc_role_json(admin->identity.store, id, result_r);
	return err == XC_ERR_NOT_FOUND ? xc_no_role(refusal_r) : err;
}

enum xc_err
xc_op_roles(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_list list = { .columns = ROLE_COLUMNS,
		.join = "JOIN xc_role r ON r.id = x.id", .from = "xc_role r",
		.id = "r.id", .sorts = sorts, .fix = fix_role, .total = -1 };
	enum xc_err err = xc_list_search(&list, args, "r.name LIKE ?", 1,
	    refusal_r);

	(void)caller;
	return err == XC_OK ? xc_list_run(service, &list, args, result_r,
	    refusal_r) : err;
}

enum xc_err
xc_op_permissions(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_list list = {
		.columns = "p.name, p.plugin, p.description, p.everyone, "
		    "p.gone",
		.join = "JOIN xc_permission p ON p.name = x.id",
		.from = "xc_permission p", .id = "p.name",
		.sorts = permission_sorts, .fix = fix_permission,
		.total = -1 };
	enum xc_err err = xc_list_search(&list, args, "p.name LIKE ?", 1,
	    refusal_r);

	(void)caller;
	return err == XC_OK ? xc_list_run(service, &list, args, result_r,
	    refusal_r) : err;
}

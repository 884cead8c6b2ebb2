/* SPDX-License-Identifier: MIT */
/* Roles: made, changed, removed. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "roles-private.h"

#define DESCRIPTION_MAX 255
/* Users from whom a removed role is taken in one transaction, and how long
 * one who waits for the answer is kept for it. */
#define STEP_USERS 1000
#define SWEEP_MS 2000

struct role {
	char name[XC_NAME_SIZE];
	const char *description;	/* NULL: as it is */
	struct json_object *permissions;	/* NULL: as they are */
	struct json_object *includes;
};

struct row {
	int64_t revision;
	char name[XC_NAME_SIZE];
	bool built_in;
};

static enum xc_err
take_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct row *row = ctx;

	(void)n_cells;
	row->revision = cells[0].integer;
	snprintf(row->name, sizeof(row->name), "%s", cells[1].data);
	row->built_in = cells[2].integer != 0;
	return XC_OK;
}

/* What of a role goes into the log. */
static enum xc_err
log_role(struct json_object *role, struct json_object **log_r)
{
	static const char *const names[] = { "name", "description",
		"permissions", "includes", NULL };

	return xc_change_log(role, names, log_r);
}

static enum xc_err
begin(struct xc_store *store, struct xc_change *change, struct row *row_r)
{
	struct json_object *role;
	enum xc_err err;

	err = xc_store_one(store, take_row, row_r, "SELECT revision, name,"
	    " built_in FROM xc_role WHERE id = ? FOR UPDATE",
	    XC_ARGS(xc_int(change->id)));
	if (err == XC_ERR_NOT_FOUND)
		return xc_no_role(change->refusal_r);
	if (err == XC_OK)
		err = xc_change_reach(store, change, xc_role_grants);
	if (err == XC_OK)
		err = xc_args_revision(change->args, row_r->revision,
		    change->refusal_r);
	if (err == XC_OK)
		err = xc_role_json(store, change->id, &role);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "role", row_r->name);
	err = log_role(role, &change->before);
	json_object_put(role);
	return err;
}

static enum xc_err
finish(struct xc_store *store, struct xc_change *change)
{
	enum xc_err err = xc_change_reach(store, change, xc_role_grants);

	if (err == XC_OK)
		err = xc_change_grants(store);
	if (err == XC_OK)
		err = xc_role_json(store, change->id, &change->result);
	return err == XC_OK ? log_role(change->result, &change->after) : err;
}

/* ---- what a role gives -------------------------------------------------- */

/* One with a "*" need not stand for anything yet; any other is a typing error
 * unless some plugin has it. */
static enum xc_err
check_permission(struct xc_store *store, const struct xc_change *change,
    const char *name, size_t i)
{
	char pointer[40];
	int64_t one;
	enum xc_err err;

	snprintf(pointer, sizeof(pointer), "/permissions/%zu", i);
	if (!xc_permission_form(name))
		return xc_refuse_at(change->refusal_r, pointer, "permission",
		    "must be plugin:resource:action, each a name or \"*\"");
	if (strchr(name, '*') != NULL)
		return XC_OK;
	err = xc_store_number(store, &one,
	    "SELECT 1 FROM xc_permission WHERE name = ?",
	    XC_ARGS(xc_text(name)));
	if (err != XC_ERR_NOT_FOUND)
		return err;
	return xc_refuse_at(change->refusal_r, pointer, "no_permission",
	    "no plugin has this permission");
}

static enum xc_err
put_permissions(struct xc_store *store, const struct xc_change *change,
    struct json_object *list)
{
	enum xc_err err = xc_store_exec(store, NULL,
	    "DELETE FROM xc_role_permission WHERE role_id = ?",
	    XC_ARGS(xc_int(change->id)));

	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(
		    json_object_array_get_idx(list, i));

		err = check_permission(store, change, name, i);
		if (err == XC_OK)
			err = xc_store_exec(store, NULL,
			    "INSERT IGNORE INTO xc_role_permission (role_id,"
			    " permission) VALUES (?, ?)",
			    XC_ARGS(xc_int(change->id), xc_text(name)));
	}
	return err;
}

/* Whether a role includes another, by itself or by those that it includes. */
static enum xc_err
reaches(struct xc_store *store, int64_t from, int64_t to, bool *reaches_r)
{
	int64_t one;
	enum xc_err err = xc_store_number(store, &one,
	    "WITH RECURSIVE r (id) AS (SELECT CAST(? AS UNSIGNED)"
	    " UNION SELECT i.included_id FROM xc_role_include i"
	    " JOIN r ON i.role_id = r.id) SELECT 1 FROM r WHERE id = ?",
	    XC_ARGS(xc_int(from), xc_int(to)));

	*reaches_r = err == XC_OK;
	return err == XC_ERR_NOT_FOUND ? XC_OK : err;
}

static enum xc_err
include(struct xc_store *store, const struct xc_change *change,
    const char *name, size_t i)
{
	char pointer[40];
	int64_t other;
	bool circle;
	enum xc_err err;

	snprintf(pointer, sizeof(pointer), "/includes/%zu", i);
	err = xc_store_number(store, &other,
	    "SELECT id FROM xc_role WHERE name = ?", XC_ARGS(xc_text(name)));
	if (err == XC_ERR_NOT_FOUND)
		return xc_refuse_at(change->refusal_r, pointer, "no_role",
		    "there is no such role");
	if (err == XC_OK)
		err = reaches(store, other, change->id, &circle);
	if (err == XC_OK && circle)
		return xc_refuse_at(change->refusal_r, pointer, "circle",
		    other == change->id ? "a role cannot include itself" :
		    "that role includes this one, itself or by others");
	if (err != XC_OK)
		return err;
	return xc_store_exec(store, NULL,
	    "INSERT IGNORE INTO xc_role_include (role_id, included_id)"
	    " VALUES (?, ?)", XC_ARGS(xc_int(change->id), xc_int(other)));
}

static enum xc_err
put_includes(struct xc_store *store, const struct xc_change *change,
    struct json_object *list)
{
	enum xc_err err = xc_store_exec(store, NULL,
	    "DELETE FROM xc_role_include WHERE role_id = ?",
	    XC_ARGS(xc_int(change->id)));

	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(list); i++)
		err = include(store, change, json_object_get_string(
		    json_object_array_get_idx(list, i)), i);
	return err;
}

static enum xc_err
put_lists(struct xc_store *store, const struct xc_change *change,
    const struct role *role)
{
	enum xc_err err = XC_OK;

	if (role->permissions != NULL)
		err = put_permissions(store, change, role->permissions);
	if (err == XC_OK && role->includes != NULL)
		err = put_includes(store, change, role->includes);
	return err;
}

static enum xc_err
read_role(struct json_object *args, struct role *role_r,
    struct xc_refusal *refusal_r)
{
	enum xc_err err = XC_OK;

	if (xc_json_member(args, "description") != NULL)
		err = xc_args_text(args, "description", DESCRIPTION_MAX,
		    &role_r->description, refusal_r);
	if (err == XC_OK)
		err = xc_args_list(args, "permissions",
		    XC_ROLE_PERMISSIONS_MAX, &role_r->permissions, refusal_r);
	if (err == XC_OK)
		err = xc_args_list(args, "includes", XC_ROLES_MAX,
		    &role_r->includes, refusal_r);
	return err;
}

/* ---- the operations ----------------------------------------------------- */

static enum xc_err
add_role(struct xc_store *store, struct xc_change *change)
{
	const struct role *role = change->data;
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(store, &result,
	    "INSERT INTO xc_role (name, description, created_at, changed_at)"
	    " VALUES (?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
	    XC_ARGS(xc_text(role->name), xc_text(role->description != NULL ?
	    role->description : "")));
	if (err == XC_ERR_EXISTS)
		return xc_refuse(change->refusal_r, err, 409, "taken",
		    "there is a role of this name");
	if (err != XC_OK)
		return err;
	change->id = (int64_t)result.last_id;
	xc_change_target(change, "role", role->name);
	err = put_lists(store, change, role);
	return err == XC_OK ? finish(store, change) : err;
}

enum xc_err
xc_op_role_add(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "name", "description",
		"permissions", "includes", NULL };
	struct role role = { .description = NULL };
	struct xc_change change = { .admin = service, .caller = caller,
		.args = args, .refusal_r = refusal_r, .action = "role.create",
		.body = add_role, .data = &role };
	enum xc_err err = xc_args_only(args, names, refusal_r);

	if (err == XC_OK)
		err = xc_args_name(args, "name", role.name, refusal_r);
	if (err == XC_OK)
		err = read_role(args, &role, refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

static enum xc_err
refuse_built_in(const struct xc_change *change)
{
	return xc_refuse(change->refusal_r, XC_ERR_STATE, 409, "built_in",
	    "this role belongs to xcore and stays as it is");
}

static enum xc_err
set_role(struct xc_store *store, struct xc_change *change)
{
	const struct role *role = change->data;
	struct row row;
	enum xc_err err = begin(store, change, &row);

	if (err != XC_OK)
		return err;
	/* What each new user gets is the site's business. */
	if (row.built_in && strcmp(row.name, "user") != 0)
		return refuse_built_in(change);
	err = xc_store_exec(store, NULL,
	    "UPDATE xc_role SET description = COALESCE(?, description),"
	    " revision = revision + 1, changed_at = UTC_TIMESTAMP(3)"
	    " WHERE id = ?", XC_ARGS(xc_text(role->description),
	    xc_int(change->id)));
	if (err == XC_OK)
		err = put_lists(store, change, role);
	return err == XC_OK ? finish(store, change) : err;
}

enum xc_err
xc_op_role_set(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "id", "description",
		"permissions", "includes", "revision", NULL };
	struct role role = { .description = NULL };
	struct xc_change change = { .admin = service, .caller = caller,
		.args = args, .refusal_r = refusal_r, .action = "role.change",
		.body = set_role, .data = &role };
	enum xc_err err = xc_args_only(args, names, refusal_r);

	if (err == XC_OK)
		err = xc_args_id(args, &change.id, refusal_r);
	if (err == XC_OK)
		err = read_role(args, &role, refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

/*
 * With these rows the role is gone, whoever had it: nothing else says what it
 * gives, no id is used twice, and what is remembered of grants is older than
 * xc_grants then.
 */
static enum xc_err
remove_rows(struct xc_store *store, int64_t id)
{
	static const char *const statements[] = {
		"UPDATE xc_role SET revision = revision + 1 WHERE id IN"
		    " (SELECT role_id FROM xc_role_include"
		    " WHERE included_id = ?)",
		"DELETE FROM xc_role_include WHERE included_id = ?",
		"DELETE FROM xc_role_include WHERE role_id = ?",
		"DELETE FROM xc_role_permission WHERE role_id = ?",
		"DELETE FROM xc_role WHERE id = ?",
		NULL
	};

	return xc_change_rows(store, statements, id);
}

static enum xc_err
remove_role(struct xc_store *store, struct xc_change *change)
{
	struct row row;
	enum xc_err err = begin(store, change, &row);

	if (err != XC_OK)
		return err;
	if (row.built_in)
		return refuse_built_in(change);
	err = remove_rows(store, change->id);
	return err == XC_OK ? xc_change_grants(store) : err;
}

/* ---- what users keep of a role that is gone ------------------------------ */

struct step {
	int64_t role;
	uint64_t done;		/* users */
};

/* Those that had it are others now. */
static enum xc_err
take_from_some(struct xc_store *store, void *ctx)
{
	static const char *const statements[] = {
		"UPDATE xc_user u JOIN (SELECT user_id FROM xc_user_role"
		    " WHERE role_id = ? ORDER BY user_id LIMIT ?) x"
		    " ON x.user_id = u.id SET u.revision = u.revision + 1",
		"DELETE FROM xc_user_role WHERE role_id = ?"
		    " ORDER BY user_id LIMIT ?"
	};
	struct step *step = ctx;
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK &&
	    i < sizeof(statements) / sizeof(statements[0]); i++)
		err = xc_store_exec(store, &result, statements[i],
		    XC_ARGS(xc_int(step->role), xc_int(STEP_USERS)));
	step->done = result.affected;
	return err;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Takes roles that are gone from the users that had them, a few at a time, so
 * that no transaction is long.  What one that is killed or out of time leaves
 * gives nobody anything; the next removal goes on with it.
 */
static void
sweep(struct xc_store *store, int64_t id, bool hurry)
{
	int64_t end_ms = now_ms() + SWEEP_MS;
	struct step step = { .role = id, .done = STEP_USERS };
	enum xc_err err;

	do {
		err = step.done == STEP_USERS ? XC_OK :
		    xc_store_number(store, &step.role,
		    "SELECT d.role_id FROM (SELECT DISTINCT role_id FROM"
		    " xc_user_role) d LEFT JOIN xc_role r ON r.id = d.role_id"
		    " WHERE r.id IS NULL LIMIT 1", XC_NO_ARGS);
		if (err == XC_OK)
			err = xc_store_transaction(store, take_from_some,
			    &step);
	} while (err == XC_OK && (!hurry || now_ms() < end_ms));
}

enum xc_err
xc_op_role_remove(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_change change = { .admin = service, .caller = caller,
		.args = args, .refusal_r = refusal_r, .action = "role.remove",
		.body = remove_role };
	enum xc_err err = xc_args_id(args, &change.id, refusal_r);

	if (err == XC_OK)
		err = xc_change_run(&change, result_r);
	if (err == XC_OK)
		sweep(change.admin->identity.store, change.id, !caller->root);
	return err;
}

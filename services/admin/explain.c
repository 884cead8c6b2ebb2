/* SPDX-License-Identifier: MIT */
/* Why a user may do something. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "admin-private.h"
#include "lib/grants.h"

#define REASONS_MAX 100
#define VIA_MAX 64

/* The roles that a user has, each once, with how one comes to it: depth first
 * seen, by which role. */
struct role {
	int64_t id;
	int64_t by;		/* 0: the user has it */
	char name[XC_NAME_SIZE];
};

struct walk {
	struct role *roles;	/* sorted by id */
	size_t n;
	size_t size;
	struct json_object *because;
	const char *permission;
};

static const char reached[] =
    "WITH RECURSIVE r (id, by_id, depth) AS ("
    "SELECT role_id, CAST(0 AS UNSIGNED), 0 FROM xc_user_role"
    " WHERE user_id = ? UNION"
    " SELECT i.included_id, i.role_id, r.depth + 1 FROM xc_role_include i"
    " JOIN r ON i.role_id = r.id WHERE r.depth < 64)"
    " SELECT r.id, r.by_id, o.name FROM r JOIN xc_role o ON o.id = r.id"
    " ORDER BY r.id, r.depth";

static enum xc_err
take_role(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct walk *walk = ctx;
	struct role *role;

	(void)n_cells;
	/* Of several ways the shortest comes first. */
	if (walk->n > 0 && walk->roles[walk->n - 1].id == cells[0].integer)
		return XC_OK;
	if (walk->n == walk->size) {
		size_t size = walk->size * 2 + 64;

		role = reallocarray(walk->roles, size, sizeof(*role));
		if (role == NULL)
			return XC_ERR_NOMEM;
		walk->roles = role;
		walk->size = size;
	}
	role = &walk->roles[walk->n++];
	role->id = cells[0].integer;
	role->by = cells[1].integer;
	strncpy(role->name, cells[2].data, sizeof(role->name) - 1);
	role->name[sizeof(role->name) - 1] = '\0';
	return XC_OK;
}

static int
compare(const void *key, const void *item)
{
	int64_t id = *(const int64_t *)key;
	const struct role *role = item;

	return id < role->id ? -1 : id > role->id;
}

static const struct role *
find(const struct walk *walk, int64_t id)
{
	return walk->n == 0 ? NULL : bsearch(&id, walk->roles, walk->n,
	    sizeof(*walk->roles), compare);
}

/* From the role that the user has down to the one that holds the grant. */
static struct json_object *
make_via(const struct walk *walk, const struct role *role)
{
	const struct role *way[VIA_MAX];
	struct json_object *via = json_object_new_array();
	size_t n = 0;

	while (role != NULL && n < VIA_MAX) {
		way[n++] = role;
		role = role->by == 0 ? NULL : find(walk, role->by);
	}
	while (via != NULL && n > 0)
		json_object_array_add(via,
		    json_object_new_string(way[--n]->name));
	return via;
}

static enum xc_err
add_reason(struct walk *walk, const char *role, struct json_object *via,
    const char *permission)
{
	struct json_object *reason = json_object_new_object();

	if (reason == NULL || via == NULL) {
		json_object_put(reason);
		json_object_put(via);
		return XC_ERR_NOMEM;
	}
	json_object_object_add(reason, "role",
	    role != NULL ? json_object_new_string(role) : NULL);
	json_object_object_add(reason, "via", via);
	json_object_object_add(reason, "permission",
	    json_object_new_string(permission));
	return json_object_array_add(walk->because, reason) == 0 ? XC_OK :
	    XC_ERR_NOMEM;
}

static enum xc_err
take_grant(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct walk *walk = ctx;
	const struct role *role = find(walk, cells[0].integer);

	(void)n_cells;
	if (role == NULL ||
	    !xc_grants_have(cells[1].data, walk->permission) ||
	    json_object_array_length(walk->because) >= REASONS_MAX)
		return XC_OK;
	return add_reason(walk, role->name, make_via(walk, role),
	    cells[1].data);
}

static enum xc_err
take_everyone(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct walk *walk = ctx;

	(void)n_cells;
	return add_reason(walk, NULL, json_object_new_array(), cells[0].data);
}

/* Grants that can match: each word is the permission's or "*". */
static enum xc_err
find_reasons(struct xc_store *store, struct walk *walk, int64_t id)
{
	enum xc_err err;

	err = xc_store_each(store, take_role, walk, reached,
	    XC_ARGS(xc_int(id)));
	if (err == XC_OK)
		err = xc_store_each(store, take_grant, walk,
		    "WITH RECURSIVE r (id) AS (SELECT role_id FROM"
		    " xc_user_role WHERE user_id = ? UNION"
		    " SELECT i.included_id FROM xc_role_include i"
		    " JOIN r ON i.role_id = r.id) SELECT p.role_id,"
		    " p.permission FROM r JOIN xc_role_permission p"
		    " ON p.role_id = r.id ORDER BY p.role_id, p.permission",
		    XC_ARGS(xc_int(id)));
	if (err == XC_OK)
		err = xc_store_each(store, take_everyone, walk,
		    "SELECT name FROM xc_permission WHERE name = ?"
		    " AND everyone = 1 AND gone = 0",
		    XC_ARGS(xc_text(walk->permission)));
	return err;
}

static enum xc_err
make_answer(struct walk *walk, const struct xc_user_row *user,
    struct json_object **result_r)
{
	struct json_object *result = json_object_new_object();

	if (result == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(result, "permission",
	    json_object_new_string(walk->permission));
	json_object_object_add(result, "allowed", json_object_new_boolean(
	    !user->locked && json_object_array_length(walk->because) > 0));
	json_object_object_add(result, "state",
	    json_object_new_string(user->locked ? "locked" : "active"));
	json_object_object_add(result, "because",
	    json_object_get(walk->because));
	*result_r = result;
	return XC_OK;
}

enum xc_err
xc_op_explain(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	struct walk walk = {
		.permission = xc_json_string(args, "permission") };
	struct xc_user_row user;
	enum xc_err err;
	int64_t id;

	(void)caller;
	err = xc_args_id(args, &id, refusal_r);
	if (err != XC_OK)
		return err;
	if (walk.permission == NULL || !xc_permission_form(walk.permission))
		return xc_refuse_at(refusal_r, "/permission", "permission",
		    "must be plugin:resource:action");
	err = xc_user_read(admin->identity.store, id, false, &user);
	if (err == XC_ERR_NOT_FOUND)
		return xc_no_user(refusal_r);
	if (err != XC_OK)
		return err;
	walk.because = json_object_new_array();
	err = walk.because == NULL ? XC_ERR_NOMEM :
	    find_reasons(admin->identity.store, &walk, id);
	if (err == XC_OK)
		err = make_answer(&walk, &user, result_r);
	json_object_put(walk.because);
	free(walk.roles);
	return err;
}

/* SPDX-License-Identifier: MIT */
/* Users: what is read of them. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "admin-private.h"

#define USER_COLUMNS							\
	"u.id, u.name, u.email, u.display, u.state, u.locked_reason,"	\
	" (SELECT GROUP_CONCAT(r.name ORDER BY r.name SEPARATOR ' ')"	\
	" FROM xc_user_role ur JOIN xc_role r ON r.id = ur.role_id"	\
	" WHERE ur.user_id = u.id) AS roles,"				\
	" u.password <> '' AS password,"				\
	" EXISTS (SELECT 1 FROM xc_otp o WHERE o.user_id = u.id"	\
	" AND o.confirmed_at IS NOT NULL) AS otp, "			\
	XC_TIME("u.created_at") " AS created_at, u.created_by, "	\
	XC_TIME("u.changed_at") " AS changed_at, "			\
	XC_TIME("u.last_login_at") " AS last_login_at, u.revision"

static const struct xc_sort sorts[] = {
	{ "id", "u.id", "u.id", "PRIMARY", true },
	/* Ids grow with time. */
	{ "created_at", "u.id", "u.id", "PRIMARY", true },
	{ "name", "u.name_key", "u.name_key", "name_key", true },
	/* Those without one stand in the index by their ids. */
	{ "email", "u.email_key", "u.email_key", "email_key", true },
	{ "last_login_at", "u.last_login_at", "u.last_login_at",
	    "last_login_at", false },
	{ NULL, NULL, NULL, NULL, false }
};

/* "a b c" as an array. */
static enum xc_err
split(struct json_object *row, const char *name)
{
	const char *text = xc_json_string(row, name);
	struct json_object *list = json_object_new_array();

	if (list == NULL)
		return XC_ERR_NOMEM;
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, " ");

		json_object_array_add(list, json_object_new_string_len(text,
		    (int)len));
		text += len;
		text += strspn(text, " ");
	}
	return json_object_object_add(row, name, list) == 0 ? XC_OK :
	    XC_ERR_NOMEM;
}

static void
make_bool(struct json_object *row, const char *name)
{
	int64_t value = 0;

	(void)xc_json_int(row, name, &value);
	json_object_object_add(row, name,
	    json_object_new_boolean(value != 0));
}

static enum xc_err
fix_user(struct json_object *row)
{
	make_bool(row, "password");
	make_bool(row, "otp");
	return split(row, "roles");
}

enum xc_err
xc_user_json(struct xc_store *store, int64_t id, struct json_object **user_r)
{
	struct json_object *rows;
	enum xc_err err;

	*user_r = NULL;
	err = xc_store_rows(store, &rows, "SELECT " USER_COLUMNS
	    " FROM xc_user u WHERE u.id = ?", XC_ARGS(xc_int(id)));
	if (err != XC_OK)
		return err;
	if (json_object_array_length(rows) == 0)
		err = XC_ERR_NOT_FOUND;
	else
		*user_r = json_object_get(json_object_array_get_idx(rows, 0));
	json_object_put(rows);
	if (err == XC_OK)
		err = fix_user(*user_r);
	return err;
}

enum xc_err
xc_user_log_json(struct json_object *user, struct json_object **log_r)
{
	static const char *const names[] = { "name", "email", "display",
		"state", "locked_reason", "roles", NULL };

	return xc_change_log(user, names, log_r);
}

enum xc_err
xc_user_log(struct xc_store *store, int64_t id, struct json_object **log_r)
{
	struct json_object *user;
	enum xc_err err = xc_user_json(store, id, &user);

	if (err != XC_OK)
		return err;
	err = xc_user_log_json(user, log_r);
	json_object_put(user);
	return err;
}

enum xc_err
xc_no_user(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404, "no_user",
	    "there is no such user");
}

static enum xc_err
take_user(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct xc_user_row *row = ctx;

	(void)n_cells;
	row->revision = cells[0].integer;
	snprintf(row->name, sizeof(row->name), "%s", cells[1].data);
	snprintf(row->email_key, sizeof(row->email_key), "%s",
	    cells[2].data);
	snprintf(row->password, sizeof(row->password), "%s", cells[3].data);
	row->locked = strcmp(cells[4].data, "active") != 0;
	return XC_OK;
}

enum xc_err
xc_user_read(struct xc_store *store, int64_t id, bool lock,
    struct xc_user_row *row_r)
{
#define READ_USER "SELECT revision, name, email_key, password, state"	\
	" FROM xc_user WHERE id = ?"

	return xc_store_one(store, take_user, row_r, lock ?
	    READ_USER " FOR UPDATE" : READ_USER, XC_ARGS(xc_int(id)));
}

/* ---- the operations ----------------------------------------------------- */

enum xc_err
xc_op_user(void *service, const struct xc_caller *caller,
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
	err = xc_user_json(admin->identity.store, id, result_r);
	return err == XC_ERR_NOT_FOUND ? xc_no_user(refusal_r) : err;
}

/* A role that is not there has no users. */
static enum xc_err
filter_role(struct xc_admin *admin, struct xc_list *list,
    struct json_object *args, struct xc_refusal *refusal_r)
{
	char name[XC_NAME_SIZE];
	int64_t role = 0;
	struct xc_value value;
	enum xc_err err;

	if (xc_json_member(args, "role") == NULL)
		return XC_OK;
	err = xc_args_name(args, "role", name, refusal_r);
	if (err != XC_OK)
		return err;
	err = xc_store_number(admin->identity.store, &role,
	    "SELECT id FROM xc_role WHERE name = ?", XC_ARGS(xc_text(name)));
	if (err != XC_OK && err != XC_ERR_NOT_FOUND)
		return err;
	value = xc_int(role);
	list->role = true;
	list->id = "ur.user_id";
	xc_list_where(list, "ur.role_id = ?", &value, 1);
	return XC_OK;
}

static enum xc_err
filter_state(struct xc_list *list, struct json_object *args,
    struct xc_refusal *refusal_r)
{
	const char *state = xc_json_string(args, "state");
	struct xc_value value = xc_text(state);

	if (xc_json_member(args, "state") == NULL)
		return XC_OK;
	if (state == NULL || (strcmp(state, "active") != 0 &&
	    strcmp(state, "locked") != 0))
		return xc_refuse_at(refusal_r, "/state", "state",
		    "must be \"active\" or \"locked\"");
	xc_list_where(list, "u.state = ?", &value, 1);
	return XC_OK;
}

#define FROM_ROLE "xc_user_role ur"
#define BEHIND_ROLE " STRAIGHT_JOIN " FROM_ROLE " ON ur.user_id = u.id"
#define FROM_ROLE_USER FROM_ROLE " STRAIGHT_JOIN xc_user u"		\
	" ON u.id = ur.user_id"

/* A few are found and then sorted; many are found on the way through all of
 * them in order.  Which is better the optimizer does not know: it guesses by
 * the LIMIT. */
static void
plan(struct xc_list *list, struct xc_sort *sort, bool many)
{
	bool by_id = strcmp(sort->column, "u.id") == 0;

	if (list->role && by_id && !list->sought) {
		sort->column = "ur.user_id";
		return;
	}
	if (list->role && !many && !list->sought) {
		snprintf(list->from, sizeof(list->from), FROM_ROLE_USER);
		return;
	}
	if (many && !list->sought)
		snprintf(list->from, sizeof(list->from), "xc_user u FORCE "
		    "INDEX FOR ORDER BY (%s)%s", sort->index,
		    list->role ? BEHIND_ROLE : "");
	else if (list->where[0] != '\0')
		snprintf(list->from, sizeof(list->from), "xc_user u IGNORE "
		    "INDEX FOR ORDER BY (PRIMARY, name_key, email_key, "
		    "last_login_at)%s", list->role ? BEHIND_ROLE : "");
	list->id = "u.id";
}

/* Of a role alone the users need not be looked at. */
static void
set_from(struct xc_list *list, bool filtered)
{
	const char *from = !list->role ? "xc_user u" : list->sought ?
	    "xc_user u" BEHIND_ROLE : filtered ? FROM_ROLE_USER : FROM_ROLE;

	snprintf(list->from, sizeof(list->from), "%s", from);
}

enum xc_err
xc_op_users(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	struct xc_list list = { .columns = USER_COLUMNS,
		.join = "JOIN xc_user u ON u.id = x.id", .id = "u.id",
		.sorts = sorts, .plan = plan, .fix = fix_user, .total = -1 };
	size_t n_args;
	char pattern[XC_PATTERN_SIZE];
	struct xc_value value;
	enum xc_err err;

	(void)caller;
	err = filter_role(admin, &list, args, refusal_r);
	n_args = list.n_args;
	if (err == XC_OK)
		err = filter_state(&list, args, refusal_r);
	if (err == XC_OK)
		err = xc_list_pattern(args, pattern, refusal_r);
	if (err == XC_OK && pattern[0] != '\0') {
		value = xc_text(pattern);
		xc_list_where(&list,
		    "(u.name_key LIKE ? OR u.email_key LIKE ?)", &value, 2);
		list.sought = true;
	}
	if (err != XC_OK)
		return err;
	set_from(&list, list.n_args > n_args);
	return xc_list_run(admin, &list, args, result_r, refusal_r);
}

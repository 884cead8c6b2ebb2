/* SPDX-License-Identifier: MIT */
/* What administrators do to users. */
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "admin-private.h"
#include "services/otp/otp.h"

#define DISPLAY_MAX 128
#define REASON_MAX 255

/* Locks the user, and sees whether the caller may change it. */
static enum xc_err
begin(struct xc_store *store, struct xc_change *change,
    struct xc_user_row *row_r)
{
	enum xc_err err = xc_user_read(store, change->id, true, row_r);

	if (err == XC_ERR_NOT_FOUND)
		return xc_no_user(change->refusal_r);
	if (err == XC_OK)
		err = xc_change_reach(store, change, xc_user_grants);
	if (err == XC_OK)
		err = xc_args_revision(change->args, row_r->revision,
		    change->refusal_r);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "user", row_r->name);
	return xc_user_log(store, change->id, &change->before);
}

/* The result is the user as it is now. */
static enum xc_err
finish(struct xc_store *store, struct xc_change *change)
{
	enum xc_err err = xc_user_json(store, change->id, &change->result);

	if (err != XC_OK)
		return err;
	return xc_user_log_json(change->result, &change->after);
}

static enum xc_err
note(struct json_object **object_r, const char *name, const char *text)
{
	*object_r = json_object_new_object();
	if (*object_r == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(*object_r, name, json_object_new_string(text));
	return XC_OK;
}

/* Runs a body on the user that args name. */
static enum xc_err
run(struct xc_change *change, struct json_object **result_r)
{
	enum xc_err err = xc_args_id(change->args, &change->id,
	    change->refusal_r);

	return err == XC_OK ? xc_change_run(change, result_r) : err;
}

#define CHANGE(action_, body_, ...)					\
	{ .admin = service, .caller = caller, .args = args,		\
	    .refusal_r = refusal_r, .action = action_, .body = body_,	\
	    __VA_ARGS__ }

/* ---- making one --------------------------------------------------------- */

struct add {
	struct xc_new_user user;
	struct json_object *roles;
};

static enum xc_err
add_user(struct xc_store *store, struct xc_change *change)
{
	struct add *add = change->data;
	enum xc_err err;

	err = xc_new_user_insert(store, change, &add->user, add->roles,
	    &change->id);
	if (err == XC_OK)
		err = xc_change_reach(store, change, xc_user_grants);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "user", add->user.name);
	return finish(store, change);
}

enum xc_err
xc_op_user_add(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "name", "email", "display",
		"password", "roles", NULL };
	struct add add = { .roles = NULL };
	struct xc_change change = CHANGE("user.create", add_user,
	    .data = &add);
	enum xc_err err;

	err = xc_args_only(args, names, refusal_r);
	if (err == XC_OK)
		err = xc_args_list(args, "roles", XC_ROLES_MAX, &add.roles,
		    refusal_r);
	if (err == XC_OK)
		err = xc_new_user_read(service, args, false, &add.user,
		    refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

/* ---- changing one ------------------------------------------------------- */

struct set {
	char name[XC_NAME_SIZE];
	char email[XC_EMAIL_SIZE];
	char email_key[XC_EMAIL_SIZE];
	const char *display;
	bool has_name;
	bool has_email;
	bool has_display;
};

static enum xc_err
set_user(struct xc_store *store, struct xc_change *change)
{
	const struct set *set = change->data;
	struct xc_user_row row;
	enum xc_err err = begin(store, change, &row);

	if (err != XC_OK)
		return err;
	err = xc_store_exec(store, NULL,
	    "UPDATE xc_user SET name = IF(?, ?, name),"
	    " name_key = IF(?, ?, name_key),"
	    " email = IF(?, NULLIF(?, ''), email),"
	    " email_key = IF(?, NULLIF(?, ''), email_key),"
	    " display = IF(?, ?, display), revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE id = ?",
	    XC_ARGS(xc_int(set->has_name), xc_text(set->name),
	    xc_int(set->has_name), xc_text(set->name),
	    xc_int(set->has_email), xc_text(set->email),
	    xc_int(set->has_email), xc_text(set->email_key),
	    xc_int(set->has_display), xc_text(set->display),
	    xc_int(change->id)));
	if (err == XC_ERR_EXISTS)
		return xc_user_taken(change->refusal_r);
	return err == XC_OK ? finish(store, change) : err;
}

enum xc_err
xc_op_user_set(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "id", "name", "email", "display",
		"revision", NULL };
	struct set set = { .has_name = xc_args_have(args, "name"),
		.has_email = xc_args_have(args, "email"),
		.has_display = xc_args_have(args, "display") };
	struct xc_change change = CHANGE("user.change", set_user,
	    .data = &set);
	enum xc_err err;

	err = xc_args_only(args, names, refusal_r);
	if (err == XC_OK && set.has_name)
		err = xc_args_name(args, "name", set.name, refusal_r);
	if (err == XC_OK)
		err = xc_args_email(args, set.email, set.email_key,
		    refusal_r);
	if (err == XC_OK)
		err = xc_args_text(args, "display", DISPLAY_MAX,
		    &set.display, refusal_r);
	return err == XC_OK ? run(&change, result_r) : err;
}

/* ---- removing one ------------------------------------------------------- */

/* Waiting logins, too, and failures that were counted by its id. */
static enum xc_err
remove_rows(struct xc_store *store, int64_t id)
{
	static const char *const statements[] = {
		"DELETE FROM xc_login WHERE user_id = ?",
		"DELETE FROM xc_user_role WHERE user_id = ?",
		"DELETE FROM xc_user WHERE id = ?",
		NULL
	};
	uint64_t n;
	enum xc_err err = xc_sessions_end(store, id, NULL, &n);

	if (err == XC_OK)
		err = xc_otp_forget(store, id);
	return err == XC_OK ? xc_change_rows(store, statements, id) : err;
}

static enum xc_err
remove_user(struct xc_store *store, struct xc_change *change)
{
	struct xc_user_row row;
	enum xc_err err = begin(store, change, &row);

	return err == XC_OK ? remove_rows(store, change->id) : err;
}

enum xc_err
xc_op_user_remove(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_change change = CHANGE("user.remove", remove_user);

	return run(&change, result_r);
}

/* ---- its roles ---------------------------------------------------------- */

static enum xc_err
put_roles(struct xc_store *store, struct xc_change *change)
{
	struct xc_user_row row;
	enum xc_err err = begin(store, change, &row);

	if (err == XC_OK)
		err = xc_user_put_roles(store, change, change->id,
		    change->data);
	if (err == XC_OK)
		err = xc_change_reach(store, change, xc_user_grants);
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "UPDATE xc_user SET"
		    " revision = revision + 1, grants_revision ="
		    " grants_revision + 1, changed_at = UTC_TIMESTAMP(3)"
		    " WHERE id = ?", XC_ARGS(xc_int(change->id)));
	return err == XC_OK ? finish(store, change) : err;
}

enum xc_err
xc_op_user_roles(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "id", "roles", "revision",
		NULL };
	struct xc_change change = CHANGE("user.roles", put_roles);
	struct json_object *roles;
	enum xc_err err;

	err = xc_args_only(args, names, refusal_r);
	if (err == XC_OK)
		err = xc_args_list(args, "roles", XC_ROLES_MAX, &roles,
		    refusal_r);
	if (err == XC_OK && roles == NULL)
		err = xc_refuse_at(refusal_r, "/roles", "required",
		    "is missing");
	if (err != XC_OK)
		return err;
	change.data = roles;
	return run(&change, result_r);
}

/* ---- lock --------------------------------------------------------------- */

struct lock {
	bool locked;
	const char *reason;
};

static enum xc_err
lock_user(struct xc_store *store, struct xc_change *change)
{
	const struct lock *lock = change->data;
	struct xc_user_row row;
	uint64_t n;
	enum xc_err err = begin(store, change, &row);

	if (err != XC_OK)
		return err;
	err = xc_store_exec(store, NULL,
	    "UPDATE xc_user SET state = ?, locked_reason = ?, revision ="
	    " revision + 1, changed_at = UTC_TIMESTAMP(3) WHERE id = ?",
	    XC_ARGS(xc_text(lock->locked ? "locked" : "active"),
	    xc_text(lock->locked ? lock->reason : ""),
	    xc_int(change->id)));
	if (err == XC_OK && lock->locked)
		err = xc_sessions_end(store, change->id, NULL, &n);
	return err == XC_OK ? finish(store, change) : err;
}

enum xc_err
xc_op_user_lock(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct lock lock = { .locked = true };
	struct xc_change change = CHANGE("user.lock", lock_user,
	    .data = &lock);
	enum xc_err err;

	err = xc_args_bool(args, "locked", &lock.locked, refusal_r);
	if (err == XC_OK)
		err = xc_args_text(args, "reason", REASON_MAX, &lock.reason,
		    refusal_r);
	if (!lock.locked)
		change.action = "user.unlock";
	return err == XC_OK ? run(&change, result_r) : err;
}

/* ---- password and second factor ----------------------------------------- */

static enum xc_err
put_password(struct xc_store *store, struct xc_change *change)
{
	const char *phc = change->data;
	struct xc_user_row row;
	uint64_t n;
	enum xc_err err = begin(store, change, &row);

	if (err == XC_OK)
		err = xc_store_exec(store, NULL,
		    "UPDATE xc_user SET password = ?, password_at ="
		    " UTC_TIMESTAMP(3), revision = revision + 1,"
		    " changed_at = UTC_TIMESTAMP(3) WHERE id = ?",
		    XC_ARGS(xc_text(phc), xc_int(change->id)));
	if (err == XC_OK)
		err = xc_sessions_end(store, change->id, NULL, &n);
	if (err != XC_OK)
		return err;
	json_object_put(change->before);
	change->before = NULL;
	return note(&change->after, "password", "set");
}

enum xc_err
xc_op_user_password(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	char phc[256];
	struct xc_change change = CHANGE("user.password", put_password,
	    .data = phc);
	struct xc_user_row row;
	const char *password;
	enum xc_err err;
	size_t len;

	err = xc_args_id(args, &change.id, refusal_r);
	if (err == XC_OK)
		err = xc_args_password(args, "password", &password, &len,
		    refusal_r);
	if (err == XC_OK && password == NULL)
		err = xc_refuse_at(refusal_r, "/password", "required",
		    "is missing");
	if (err == XC_OK)
		err = xc_user_read(admin->identity.store, change.id, false,
		    &row);
	if (err == XC_ERR_NOT_FOUND)
		return xc_no_user(refusal_r);
	if (err == XC_OK)
		err = xc_new_password(admin, password, len, row.name,
		    row.email_key[0] != '\0' ? row.email_key : NULL,
		    "/password", phc, refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

static enum xc_err
reset_otp(struct xc_store *store, struct xc_change *change)
{
	struct xc_user_row row;
	enum xc_err err = begin(store, change, &row);

	if (err == XC_OK)
		err = xc_otp_forget(store, change->id);
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "UPDATE xc_user SET"
		    " revision = revision + 1, changed_at ="
		    " UTC_TIMESTAMP(3) WHERE id = ?",
		    XC_ARGS(xc_int(change->id)));
	if (err != XC_OK)
		return err;
	json_object_put(change->before);
	change->before = NULL;
	return note(&change->after, "otp", "forgotten");
}

enum xc_err
xc_op_user_otp_reset(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_change change = CHANGE("user.otp_reset", reset_otp);

	return run(&change, result_r);
}

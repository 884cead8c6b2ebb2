/* SPDX-License-Identifier: MIT */
/* What users do to their own account: "user.*". */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "account-guess.h"
#include "admin-private.h"

#define DISPLAY_MAX 128

/* Names that a stranger may not speak under. */
static const char *const reserved[] = { "abuse", "admin", "administrator",
	"hostmaster", "nobody", "operator", "postmaster", "root", "security",
	"support", "system", "webmaster", "xcore" };

static bool
is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

/* The account as its user sees it. */
static enum xc_err
show(struct xc_store *store, int64_t id, struct json_object **user_r)
{
	static const char *const hidden[] = { "locked_reason", "state",
		"created_by", "last_login_at" };
	enum xc_err err = xc_user_json(store, id, user_r);

	for (size_t i = 0; err == XC_OK &&
	    i < sizeof(hidden) / sizeof(hidden[0]); i++)
		json_object_object_del(*user_r, hidden[i]);
	return err;
}

/* ---- registration ------------------------------------------------------- */

static enum xc_err
add_account(struct xc_store *store, struct xc_change *change)
{
	const struct xc_new_user *user = change->data;
	enum xc_err err;

	err = xc_new_user_insert(store, change, user, NULL, &change->id);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "user", user->name);
	err = show(store, change->id, &change->result);
	return err == XC_OK ? xc_user_log(store, change->id, &change->after) :
	    err;
}

enum xc_err
xc_op_register(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "name", "email", "display",
		"password", NULL };
	struct xc_admin *admin = service;
	struct xc_new_user user;
	struct xc_change change = { .admin = admin, .caller = caller,
		.args = args, .refusal_r = refusal_r, .alone = true,
		.action = "user.register", .body = add_account,
		.data = &user };
	enum xc_err err;

	if (!admin->identity.settings->auth.registration)
		return xc_refuse(refusal_r, XC_ERR_DENIED, 403,
		    "registration_off", "accounts are made by the site's "
		    "administrators");
	err = xc_args_only(args, names, refusal_r);
	if (err == XC_OK)
		err = xc_new_user_read(admin, args, true, &user, refusal_r);
	if (err == XC_OK && is_reserved(user.name))
		err = xc_user_taken(refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

/* ---- profile ------------------------------------------------------------ */

static enum xc_err
nobody(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_DENIED, 401, "no_user",
	    "this account is gone");
}

enum xc_err
xc_op_profile(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	enum xc_err err;

	(void)args;
	err = show(admin->identity.store, caller->user_id, result_r);
	return err == XC_ERR_NOT_FOUND ? nobody(refusal_r) : err;
}

struct profile {
	char email[XC_EMAIL_SIZE];
	char email_key[XC_EMAIL_SIZE];
	const char *display;
	const char *password;
	size_t password_len;
	bool has_email;
	bool has_display;
};

static enum xc_err
set_profile(struct xc_store *store, struct xc_change *change)
{
	const struct profile *profile = change->data;
	struct xc_user_row row;
	enum xc_err err = xc_user_read(store, change->id, true, &row);

	if (err == XC_ERR_NOT_FOUND)
		return nobody(change->refusal_r);
	if (err == XC_OK)
		err = xc_args_revision(change->args, row.revision,
		    change->refusal_r);
	if (err == XC_OK)
		err = xc_user_log(store, change->id, &change->before);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "user", row.name);
	err = xc_store_exec(store, NULL, "UPDATE xc_user SET"
	    " email = IF(?, NULLIF(?, ''), email),"
	    " email_key = IF(?, NULLIF(?, ''), email_key),"
	    " display = IF(?, ?, display), revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE id = ?",
	    XC_ARGS(xc_int(profile->has_email), xc_text(profile->email),
	    xc_int(profile->has_email), xc_text(profile->email_key),
	    xc_int(profile->has_display), xc_text(profile->display),
	    xc_int(change->id)));
	if (err == XC_ERR_EXISTS)
		return xc_user_taken(change->refusal_r);
	if (err == XC_OK)
		err = show(store, change->id, &change->result);
	return err == XC_OK ? xc_user_log(store, change->id, &change->after) :
	    err;
}

/* Codes are mailed to the address: a session that somebody took over must not
 * be enough to change it. */
static enum xc_err
prove(struct xc_admin *admin, const struct xc_caller *caller,
    const struct profile *profile, struct xc_refusal *refusal_r)
{
	struct xc_user_row row;
	enum xc_err err = xc_user_read(admin->identity.store,
	    caller->user_id, false, &row);

	if (err == XC_ERR_NOT_FOUND)
		return nobody(refusal_r);
	if (err != XC_OK || strcmp(row.email_key, profile->email_key) == 0)
		return err;
	if (profile->password == NULL)
		return xc_refuse_at(refusal_r, "/password", "required",
		    "is needed to change the e-mail address");
	return xc_password_prove(admin, caller->user_id, row.password,
	    profile->password, profile->password_len, refusal_r);
}

enum xc_err
xc_op_profile_set(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "email", "display", "password",
		"revision", NULL };
	struct profile profile = { .has_email = xc_args_have(args, "email"),
		.has_display = xc_args_have(args, "display") };
	struct xc_change change = { .admin = service, .caller = caller,
		.args = args, .refusal_r = refusal_r, .alone = true,
		.action = "user.profile", .body = set_profile,
		.data = &profile, .id = caller->user_id };
	enum xc_err err = xc_args_only(args, names, refusal_r);

	if (err == XC_OK)
		err = xc_args_email(args, profile.email, profile.email_key,
		    refusal_r);
	if (err == XC_OK)
		err = xc_args_text(args, "display", DISPLAY_MAX,
		    &profile.display, refusal_r);
	if (err == XC_OK)
		err = xc_args_password(args, "password", &profile.password,
		    &profile.password_len, refusal_r);
	if (err == XC_OK && profile.has_email)
		err = prove(service, caller, &profile, refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

/* ---- password ----------------------------------------------------------- */

struct passwords {
	char old[256];		/* PHC, that was proven */
	char new[256];
};

static enum xc_err
put_password(struct xc_store *store, struct xc_change *change)
{
	const struct passwords *passwords = change->data;
	struct xc_db_result result;
	struct xc_user_row row;
	uint64_t n;
	enum xc_err err = xc_user_read(store, change->id, true, &row);

	if (err == XC_ERR_NOT_FOUND)
		return nobody(change->refusal_r);
	if (err != XC_OK)
		return err;
	xc_change_target(change, "user", row.name);
	err = xc_store_exec(store, &result, "UPDATE xc_user SET password = ?,"
	    " password_at = UTC_TIMESTAMP(3), revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE id = ? AND password = ?",
	    XC_ARGS(xc_text(passwords->new), xc_int(change->id),
	    xc_text(passwords->old)));
	if (err == XC_OK && result.affected == 0)
		return xc_refuse(change->refusal_r, XC_ERR_STATE, 409,
		    "changed", "the password was changed meanwhile");
	if (err == XC_OK)
		err = xc_sessions_end(store, change->id,
		    change->caller->session, &n);
	if (err != XC_OK)
		return err;
	change->after = json_object_new_object();
	if (change->after == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(change->after, "password",
	    json_object_new_string("set"));
	return XC_OK;
}

enum xc_err
xc_op_password(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	static const char *const names[] = { "old", "new", NULL };
	struct xc_admin *admin = service;
	struct passwords passwords;
	struct xc_change change = { .admin = admin, .caller = caller,
		.args = args, .refusal_r = refusal_r, .alone = true,
		.action = "user.password", .body = put_password,
		.data = &passwords, .id = caller->user_id };
	const char *old = NULL, *new = NULL;
	struct xc_user_row row;
	size_t old_len, new_len;
	enum xc_err err = xc_args_only(args, names, refusal_r);

	if (err == XC_OK)
		err = xc_args_password(args, "old", &old, &old_len,
		    refusal_r);
	if (err == XC_OK)
		err = xc_args_password(args, "new", &new, &new_len,
		    refusal_r);
	if (err == XC_OK && (old == NULL || new == NULL))
		err = xc_refuse_at(refusal_r, old == NULL ? "/old" : "/new",
		    "required", "is missing");
	if (err == XC_OK)
		err = xc_user_read(admin->identity.store, caller->user_id,
		    false, &row);
	if (err == XC_ERR_NOT_FOUND)
		return nobody(refusal_r);
	if (err == XC_OK)
		err = xc_password_prove(admin, caller->user_id, row.password,
		    old, old_len, refusal_r);
	if (err != XC_OK)
		return err;
	memcpy(passwords.old, row.password, sizeof(passwords.old));
	err = xc_new_password(admin, new, new_len, row.name,
	    row.email_key[0] != '\0' ? row.email_key : NULL, "/new",
	    passwords.new, refusal_r);
	return err == XC_OK ? xc_change_run(&change, result_r) : err;
}

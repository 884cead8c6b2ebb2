/* SPDX-License-Identifier: MIT */
/* Users that are made, by an administrator or by themselves. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include "admin-private.h"

#define DISPLAY_MAX 128

/*
 * Whether it is the name or the address is not said: who asks could else find
 * out, with names that nobody has, who has an account here.  That something
 * is taken must be told; registration is off unless auth.registration is on.
 */
enum xc_err
xc_user_taken(struct xc_refusal *refusal_r)
{
	return xc_refuse(refusal_r, XC_ERR_EXISTS, 409, "taken",
	    "the name or the e-mail address is taken");
}

enum xc_err
xc_new_password(struct xc_admin *admin, const char *password, size_t len,
    const char *name, const char *email, const char *pointer,
    char phc_r[256], struct xc_refusal *refusal_r)
{
	const struct xc_identity *identity = &admin->identity;
	const struct xc_password_owner owner = { .name = name,
		.email = email, .site = identity->settings->otp.issuer };
	const char *fault = xc_password_fault(&identity->settings->security,
	    password, len, &owner);
	enum xc_err err;

	if (fault != NULL)
		return xc_refuse_at(refusal_r, pointer, "password", "%s",
		    fault);
	err = xc_password_hash(identity->hasher, password, len, phc_r);
	if (err == XC_ERR_BUSY)
		return xc_refuse(refusal_r, err, 503, "busy",
		    "too many passwords are being looked at; try again");
	return err;
}

enum xc_err
xc_new_user_read(struct xc_admin *admin, struct json_object *args,
    bool need_password, struct xc_new_user *user_r,
    struct xc_refusal *refusal_r)
{
	const char *password;
	enum xc_err err;
	size_t len;

	memset(user_r, 0, sizeof(*user_r));
	err = xc_args_name(args, "name", user_r->name, refusal_r);
	if (err == XC_OK)
		err = xc_args_email(args, user_r->email, user_r->email_key,
		    refusal_r);
	if (err == XC_OK)
		err = xc_args_text(args, "display", DISPLAY_MAX,
		    &user_r->display, refusal_r);
	if (err == XC_OK)
		err = xc_args_password(args, "password", &password, &len,
		    refusal_r);
	if (err != XC_OK)
		return err;
	if (password == NULL)
		return !need_password ? XC_OK : xc_refuse_at(refusal_r,
		    "/password", "required", "is missing");
	/* Before anything is looked up: what is taken takes as long. */
	return xc_new_password(admin, password, len, user_r->name,
	    user_r->email_key[0] != '\0' ? user_r->email_key : NULL,
	    "/password", user_r->password, refusal_r);
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static enum xc_err
insert_row(struct xc_store *store, const struct xc_change *change,
    const struct xc_new_user *user, int64_t *id_r)
{
	struct xc_db_result result;
	const char *by = change->caller->name;
	enum xc_err err;

	err = xc_store_exec(store, &result,
	    "INSERT INTO xc_user (name, name_key, email, email_key, display,"
	    " password, password_at, created_at, created_by, changed_at)"
	    " VALUES (?, ?, ?, ?, ?, ?, IF(? = '', NULL, UTC_TIMESTAMP(3)),"
	    " UTC_TIMESTAMP(3), LEFT(?, 128), UTC_TIMESTAMP(3))",
	    XC_ARGS(xc_text(user->name), xc_text(user->name),
	    xc_text(or_null(user->email)), xc_text(or_null(user->email_key)),
	    xc_text(user->display), xc_text(user->password),
	    xc_text(user->password),
	    xc_text(by[0] != '\0' ? by : user->name)));
	*id_r = (int64_t)result.last_id;
	return err == XC_ERR_EXISTS ? xc_user_taken(change->refusal_r) : err;
}

/* One that stands twice in the list is given once. */
static enum xc_err
give_role(struct xc_store *store, int64_t id, const char *name)
{
	return xc_store_exec(store, NULL,
	    "INSERT IGNORE INTO xc_user_role (user_id, role_id)"
	    " SELECT ?, id FROM xc_role WHERE name = ?",
	    XC_ARGS(xc_int(id), xc_text(name)));
}

static enum xc_err
take_true(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)ctx;
	(void)cells;
	(void)n_cells;
	return XC_OK;
}

static enum xc_err
check_role(struct xc_store *store, const struct xc_change *change,
    const char *name, size_t i)
{
	char pointer[40];
	enum xc_err err;

	err = xc_store_one(store, take_true, NULL,
	    "SELECT 1 FROM xc_role WHERE name = ?", XC_ARGS(xc_text(name)));
	if (err != XC_ERR_NOT_FOUND)
		return err;
	snprintf(pointer, sizeof(pointer), "/roles/%zu", i);
	return xc_refuse_at(change->refusal_r, pointer, "no_role",
	    "there is no such role");
}

enum xc_err
xc_user_put_roles(struct xc_store *store, const struct xc_change *change,
    int64_t id, struct json_object *roles)
{
	enum xc_err err = xc_store_exec(store, NULL,
	    "DELETE FROM xc_user_role WHERE user_id = ?",
	    XC_ARGS(xc_int(id)));

	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(roles); i++) {
		const char *name = json_object_get_string(
		    json_object_array_get_idx(roles, i));

		err = check_role(store, change, name, i);
		if (err == XC_OK)
			err = give_role(store, id, name);
	}
	return err;
}

enum xc_err
xc_new_user_insert(struct xc_store *store, const struct xc_change *change,
    const struct xc_new_user *user, struct json_object *roles, int64_t *id_r)
{
	enum xc_err err = insert_row(store, change, user, id_r);

	if (err != XC_OK)
		return err;
	if (roles == NULL)
		return give_role(store, *id_r, "user");
	return xc_user_put_roles(store, change, *id_r, roles);
}

/* SPDX-License-Identifier: MIT */
#include <json-c/json_object.h>

#include <xcore/account.h>

#include "desk-args.h"

enum xc_err
xc_account_register(struct xc_request *req,
    const struct xc_account_new *account, struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_text(&args, "name", account->name);
	xc_desk_text(&args, "email", account->email);
	xc_desk_text(&args, "display", account->display);
	xc_desk_bytes(&args, "password", account->password,
	    account->password_len);
	return xc_desk_send(req, "user.register", &args, result_r);
}

enum xc_err
xc_account_profile(struct xc_request *req, struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	return xc_desk_send(req, "user.profile", &args, result_r);
}

enum xc_err
xc_account_profile_set(struct xc_request *req, struct json_object *changes,
    struct json_object **result_r)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, changes);
	return xc_desk_send(req, "user.profile_set", &args, result_r);
}

enum xc_err
xc_account_set_password(struct xc_request *req,
    const struct xc_account_secret *before,
    const struct xc_account_secret *after)
{
	struct xc_desk_args args;

	xc_desk_begin(&args, NULL);
	xc_desk_bytes(&args, "old", before->text, before->len);
	xc_desk_bytes(&args, "new", after->text, after->len);
	return xc_desk_send(req, "user.password", &args, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * One's own account over HTTP.  What is right is decided by the service behind
 * <xcore/account.h>.
 */
#include <string.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

/* An account, with its revision as the ETag. */
static enum xc_err
reply_account(struct xc_request *req, int status, struct json_object *account)
{
	int64_t revision = 0;
	enum xc_err err = xc_reply_header(req, "Cache-Control", "no-store");

	(void)xc_json_int(account, "revision", &revision);
	if (err == XC_OK)
		err = xc_reply_etag(req, revision);
	return err == XC_OK ? xc_reply_json(req, status,
	    json_object_get(account)) : err;
}

static const char *
body_text(struct xc_request *req, const char *name)
{
	return xc_data_text(xc_data_member(xc_body(req), name), NULL);
}

/* A text of the body with its length. */
static struct xc_account_secret
secret(struct xc_request *req, const char *name)
{
	struct xc_account_secret got = { .text = body_text(req, name) };

	if (got.text != NULL)
		got.len = strlen(got.text);
	return got;
}

static enum xc_err
register_account(struct xc_request *req)
{
	struct xc_account_secret password = secret(req, "password");
	const struct xc_account_new account = {
		.name = body_text(req, "name"),
		.email = body_text(req, "email"),
		.display = body_text(req, "display"),
		.password = password.text,
		.password_len = password.len,
	};
	struct json_object *result;
	enum xc_err err = xc_account_register(req, &account, &result);
	const char *path;

	if (err != XC_OK)
		return err;
	path = xc_printf(req, "%s/profile", xc_request_prefix(req));
	if (path == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_header(req, "Location", path);
	return err == XC_OK ? reply_account(req, 201, result) : err;
}

static enum xc_err
show_profile(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_account_profile(req, &result);

	return err == XC_OK ? reply_account(req, 200, result) : err;
}

static enum xc_err
change_profile(struct xc_request *req)
{
	struct json_object *changes, *revision, *result;
	enum xc_err err = xc_if_match(req, &revision);

	if (err != XC_OK)
		return err;
	err = xc_data_json(xc_body(req), &changes);
	if (err != XC_OK) {
		json_object_put(revision);
		return err;
	}
	if (revision != NULL)
		json_object_object_add(changes, "revision", revision);
	err = xc_account_profile_set(req, json_object_get(changes), &result);
	return err == XC_OK ? reply_account(req, 200, result) : err;
}

static enum xc_err
change_password(struct xc_request *req)
{
	struct xc_account_secret before = secret(req, "old");
	struct xc_account_secret after = secret(req, "new");
	enum xc_err err = xc_account_set_password(req, &before, &after);

	return err == XC_OK ? xc_reply_empty(req, 204) : err;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "register", register_account },
    { "show_profile", show_profile },
    { "change_profile", change_profile },
    { "change_password", change_password }));

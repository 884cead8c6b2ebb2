/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <json-c/json_object.h>

#include <xcore/auth.h>

#include "desk.h"
#include "grants.h"
#include "request-private.h"

static const struct xc_request_head *
head_of(const struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	return (const void *)req->in.base;
}

/* A span of who sends the request; NULL for nobody. */
static const char *
text_of(const struct xc_request *req, struct xc_span span)
{
	if (head_of(req)->subject.off == 0 || span.len == 0)
		return NULL;
	return xc_block_text(&req->in, span);
}

const char *
xc_auth_subject(const struct xc_request *req)
{
	return text_of(req, head_of(req)->subject);
}

const char *
xc_auth_name(const struct xc_request *req)
{
	return text_of(req, head_of(req)->name);
}

const char *
xc_auth_session(const struct xc_request *req)
{
	return text_of(req, head_of(req)->session);
}

bool
xc_auth_may(const struct xc_request *req, const char *permission)
{
	return xc_grants_have(text_of(req, head_of(req)->grants), permission);
}

/* --- what the desk is asked for ------------------------------------------ */

/* What it is asked with; NULL when memory is out. */
struct asking {
	struct json_object *args;
};

static void
put(struct asking *asking, const char *key, struct json_object *value)
{
	if (asking->args != NULL && value != NULL &&
	    json_object_object_add(asking->args, key, value) == 0)
		return;
	json_object_put(value);
	json_object_put(asking->args);
	asking->args = NULL;
}

static void
put_text(struct asking *asking, const char *key, const char *text)
{
	if (text != NULL)
		put(asking, key, json_object_new_string(text));
}

static void
put_bool(struct asking *asking, const char *key, bool value)
{
	if (value)
		put(asking, key, json_object_new_boolean(value));
}

static struct asking
begin(void)
{
	return (struct asking){ .args = json_object_new_object() };
}

/* Without memory the desk would be asked with less than was said. */
static enum xc_err
ask(struct xc_request *req, const char *operation, struct asking asking,
    struct json_object **result_r)
{
	struct json_object *result = NULL;
	enum xc_err err = XC_ERR_NOMEM;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (asking.args != NULL)
		err = xc_desk_call(req, operation, asking.args, &result);
	if (result_r != NULL)
		*result_r = result;
	return err;
}

enum xc_err
xc_auth_login(struct xc_request *req, const struct xc_auth_login *login,
    struct json_object **result_r)
{
	struct asking asking = begin();

	put_text(&asking, "username", login->username);
	if (login->password != NULL && login->password_len <= INT32_MAX)
		put(&asking, "password", json_object_new_string_len(
		    login->password, (int)login->password_len));
	put_text(&asking, "otp", login->otp);
	put_bool(&asking, "cookie", login->cookie);
	return ask(req, "auth.login", asking, result_r);
}

enum xc_err
xc_auth_otp(struct xc_request *req, const char *ticket, const char *code,
    bool cookie, struct json_object **result_r)
{
	struct asking asking = begin();

	put_text(&asking, "ticket", ticket);
	put_text(&asking, "code", code);
	put_bool(&asking, "cookie", cookie);
	return ask(req, "auth.otp", asking, result_r);
}

enum xc_err
xc_auth_mail_code(struct xc_request *req, const char *ticket)
{
	struct asking asking = begin();

	put_text(&asking, "ticket", ticket);
	return ask(req, "auth.mail_code", asking, NULL);
}

enum xc_err
xc_auth_refresh(struct xc_request *req, const char *token,
    struct json_object **result_r)
{
	struct asking asking = begin();

	put_text(&asking, "refresh_token", token);
	return ask(req, "auth.refresh", asking, result_r);
}

enum xc_err
xc_auth_logout(struct xc_request *req, bool all,
    struct json_object **result_r)
{
	struct asking asking = begin();

	put_bool(&asking, "all", all);
	return ask(req, "auth.logout", asking, result_r);
}

enum xc_err
xc_auth_me(struct xc_request *req, struct json_object **result_r)
{
	return ask(req, "auth.me", begin(), result_r);
}

enum xc_err
xc_auth_sessions(struct xc_request *req, const struct xc_auth_page *page,
    struct json_object **result_r)
{
	struct asking asking = begin();

	if (page->page != 0)
		put(&asking, "page", json_object_new_int64(page->page));
	if (page->per_page != 0)
		put(&asking, "per_page",
		    json_object_new_int64(page->per_page));
	if (page->q != NULL)
		put_text(&asking, "q", page->q);
	if (page->sort != NULL)
		put_text(&asking, "sort", page->sort);
	return ask(req, "auth.sessions", asking, result_r);
}

enum xc_err
xc_auth_session_end(struct xc_request *req, const char *id)
{
	struct asking asking = begin();

	put_text(&asking, "id", id);
	return ask(req, "auth.session_end", asking, NULL);
}

enum xc_err
xc_auth_csrf(struct xc_request *req, struct json_object **result_r)
{
	return ask(req, "auth.csrf", begin(), result_r);
}

enum xc_err
xc_auth_jwks(struct xc_request *req, struct json_object **result_r)
{
	return ask(req, "auth.jwks", begin(), result_r);
}

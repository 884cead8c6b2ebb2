/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/log.h>
#include <xcore/reply.h>

#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "reply-private.h"
#include "status.h"

/* "errors" of a problem: the one place in the body; NULL without memory. */
static struct json_object *
errors_of(const struct xc_refusal *refusal)
{
	const struct {
		const char *key;
		const char *text;
	} members[] = {
		{ "in", "body" },
		{ "pointer", refusal->pointer },
		{ "code", refusal->code },
		{ "detail", refusal->detail },
	};
	struct json_object *list = json_object_new_array();
	struct json_object *row = json_object_new_object();

	if (list == NULL || row == NULL) {
		json_object_put(list);
		json_object_put(row);
		return NULL;
	}
	json_object_array_add(list, row);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_object_add(row, members[i].key,
		    json_object_new_string(members[i].text));
	return list;
}

static void
add_headers(struct xc_request *req, int status,
    const struct xc_refusal *refusal)
{
	const char *challenge = refusal->challenge;
	char seconds[16];

	/* RFC 9110, 15.5.2: there is always one. */
	if (status == 401)
		(void)xc_reply_header(req, "WWW-Authenticate",
		    challenge[0] != '\0' ? challenge : "Bearer");
	if (status != 503 && refusal->retry_s == 0)
		return;
	snprintf(seconds, sizeof(seconds), "%u",
	    refusal->retry_s > 0 ? refusal->retry_s : 1);
	(void)xc_reply_header(req, "Retry-After", seconds);
}

static int
status_of(enum xc_err err, const struct xc_refusal *refusal)
{
	if (refusal->status >= 400 && refusal->status <= 599)
		return refusal->status;
	return refusal->pointer[0] != '\0' ? 422 : xc_status_of(err);
}

/* Header lines that the handler has added were meant for another reply. */
static void
reply_refusal(struct xc_request *req, enum xc_err err,
    const struct xc_refusal *refusal)
{
	int status = status_of(err, refusal);
	struct xc_problem problem = { .type = "about:blank",
		.title = xc_status_text(status), .status = status,
		.detail = refusal->detail[0] != '\0' ? refusal->detail :
		xc_status_detail(err),
		.code = refusal->code[0] != '\0' ? refusal->code : NULL };
	struct json_object *errors = NULL;

	if (req->reply != XC_REPLY_NONE)
		return;
	(void)xc_reply_blank(req);
	add_headers(req, status, refusal);
	if (refusal->pointer[0] != '\0')
		errors = errors_of(refusal);
	if (errors != NULL)
		problem.errors = json_object_to_json_string_length(errors,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		    &problem.errors_len);
	if (xc_reply_problem_typed(req, &problem) != XC_OK)
		xc_log(req, XC_LOG_ERROR, "no reply could be made");
	json_object_put(errors);
}

/* Whether the plugin may ask for it, and somebody is there to ask. */
static enum xc_err
check_access(struct xc_request *req, const char *operation)
{
	const struct xc_host *host = req->host;
	const char *word = NULL;

	if (host->desk == NULL)
		return XC_ERR_UNAVAILABLE;
	if (host->desk->permission != NULL)
		word = host->desk->permission(host->desk_ctx, operation);
	if (word == NULL || xc_permit(req, req->plugin != NULL &&
	    xc_may(req->plugin, word), word))
		return XC_OK;
	return XC_ERR_DENIED;
}

static enum xc_err
ask(struct xc_request *req, const char *operation, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal)
{
	const struct xc_host *host = req->host;
	enum xc_err err = check_access(req, operation);

	if (err != XC_OK)
		return err;
	err = host->desk->ask(host->desk_ctx, req, operation, args, result_r,
	    refusal);
	if (err != XC_OK || *result_r == NULL)
		return err;
	*result_r = xc_json_own(req, *result_r);
	return *result_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

/* Of the same length it stays where it is. */
static void
wipe_text(struct json_object *value)
{
	size_t len = (size_t)json_object_get_string_len(value);
	char *blank = calloc(1, len + 1);

	if (blank != NULL)
		(void)json_object_set_string_len(value, blank, (int)len);
	free(blank);
}

bool
xc_desk_wipe(struct json_object *args)
{
	static const char *const names[] = { "password", "old", "new" };
	struct json_object *value;
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_object_object_get_ex(args, names[i], &value) &&
		    json_object_is_type(value, json_type_string)) {
			wipe_text(value);
			found = true;
		}
	return found;
}

enum xc_err
xc_desk_call(struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r)
{
	struct xc_refusal refusal = { 0 };
	enum xc_err err = XC_ERR_NOMEM;

	*result_r = NULL;
	if (args == NULL)
		args = json_object_new_object();
	if (args != NULL)
		err = ask(req, operation, args, result_r, &refusal);
	/* There are more copies of it: in a sandbox nobody else knows. */
	if (xc_desk_wipe(args))
		req->secret = true;
	json_object_put(args);
	if (err == XC_OK)
		return XC_OK;
	*result_r = NULL;
	reply_refusal(req, err, &refusal);
	return err;
}

/* SPDX-License-Identifier: MIT */
/* The services that know users, as a test's member "desk" has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "kit/fakes-private.h"

/* ---- the script --------------------------------------------------------- */

static void
copy_text(char *to, size_t size, struct json_object *row, const char *key)
{
	const char *text = xc_json_string(row, key);

	snprintf(to, size, "%s", text != NULL ? text : "");
}

/* "error" may be left out where a status says it all. */
static enum xc_err
take_refusal(struct json_object *row, size_t number,
    struct xc_desk_step *step, struct xc_errbuf *errbuf)
{
	struct xc_refusal *refusal = &step->refusal;
	const char *error = xc_json_string(row, "error");
	int64_t status = 0, retry_s = 0;

	(void)xc_json_int(row, "status", &status);
	(void)xc_json_int(row, "retry_s", &retry_s);
	if (status != 0 && (status < 400 || status > 599))
		return xc_fail(errbuf, XC_ERR_INVALID, "/desk/%zu/status: "
		    "must be 400 to 599: it is that of a refusal", number);
	if (error != NULL && !xc_fakes_error(error, &step->err))
		return xc_fail(errbuf, XC_ERR_INVALID, "/desk/%zu/error: "
		    "there is no error \"%.40s\"", number, error);
	if (error == NULL && status != 0)
		step->err = XC_ERR_FAILED;
	refusal->status = (int)status;
	refusal->retry_s = (uint32_t)retry_s;
	copy_text(refusal->code, sizeof(refusal->code), row, "code");
	copy_text(refusal->pointer, sizeof(refusal->pointer), row, "pointer");
	copy_text(refusal->detail, sizeof(refusal->detail), row, "detail");
	copy_text(refusal->challenge, sizeof(refusal->challenge), row,
	    "challenge");
	return XC_OK;
}

static enum xc_err
take_step(struct json_object *row, size_t number, struct xc_desk_step *step,
    struct xc_errbuf *errbuf)
{
	struct json_object *args = xc_json_member(row, "args");
	struct json_object *result = xc_json_member(row, "result");

	step->operation = xc_json_string(row, "call");
	if (step->operation == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "/desk/%zu/call: is "
		    "missing, for example \"auth.me\"", number);
	if (args != NULL)
		step->args = json_object_to_json_string(args);
	if (result != NULL)
		step->result = json_object_to_json_string(result);
	return take_refusal(row, number, step, errbuf);
}

void
xc_fakes_desk_close(struct xc_fakes *fakes)
{
	free(fakes->desk_steps);
	fakes->desk_steps = NULL;
	memset(&fakes->desk, 0, sizeof(fakes->desk));
}

enum xc_err
xc_fakes_desk_open(struct xc_fakes *fakes, struct json_object *script,
    struct xc_errbuf *errbuf)
{
	size_t n = script != NULL ? json_object_array_length(script) : 0;
	enum xc_err err;

	xc_fakes_desk_close(fakes);
	fakes->desk_steps = calloc(n + 1, sizeof(*fakes->desk_steps));
	if (fakes->desk_steps == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	fakes->desk.steps = fakes->desk_steps;
	fakes->desk.n = n;
	for (size_t i = 0; i < n; i++) {
		err = take_step(json_object_array_get_idx(script, i), i,
		    &fakes->desk_steps[i], errbuf);
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

enum xc_err
xc_fakes_desk_end(struct xc_fakes *fakes, struct xc_errbuf *errbuf)
{
	const struct xc_desk_fake *desk = &fakes->desk;

	if (desk->why[0] != '\0')
		return xc_fail(errbuf, XC_ERR_STATE, "desk: %s", desk->why);
	if (desk->at < desk->n)
		return xc_fail(errbuf, XC_ERR_STATE, "desk: step %zu, %s, was "
		    "not asked for", desk->at + 1,
		    desk->steps[desk->at].operation);
	return XC_OK;
}

/* ---- the calls ---------------------------------------------------------- */

static enum xc_err
ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_fakes *fakes = ctx;
	const char *permission = xc_desk_fake_ops.permission(NULL, operation);

	if (permission != NULL)
		xc_fakes_note_use(fakes, permission);
	return xc_desk_fake_ops.ask(&fakes->desk, req, operation, args,
	    result_r, refusal_r);
}

static const char *
permission_of(void *ctx, const char *operation)
{
	(void)ctx;
	return xc_desk_fake_ops.permission(NULL, operation);
}

const struct xc_desk_ops xc_fakes_desk_ops = { .ask = ask,
	.permission = permission_of };

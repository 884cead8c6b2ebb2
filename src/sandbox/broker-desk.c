/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json_object.h>

#include "lib/desk.h"
#include "lib/permit.h"
#include "sandbox/broker-private.h"

/* What a body of the largest size that these services take makes as a tree at
 * worst. */
#define TREE_MAX ((size_t)48 << 20)
#define OPERATION_MAX 64

/* A refusal is a result too: the plugin's own reply is made of it. */
static void
put_answer(struct xc_broking *call, enum xc_err err,
    struct json_object *result, const struct xc_refusal *refusal)
{
	xc_call_put_u32(&call->result, err);
	if (err == XC_OK)
		xc_call_put_json(&call->result, result);
	else
		xc_call_put_refusal(&call->result, refusal);
}

static enum xc_err
ask(struct xc_broking *call, const char *operation, struct json_object *args)
{
	const struct xc_host *host = call->host;
	struct xc_refusal refusal = { 0 };
	struct json_object *result = NULL;
	const char *word = NULL;
	enum xc_err err;

	if (operation == NULL || strlen(operation) > OPERATION_MAX ||
	    !json_object_is_type(args, json_type_object))
		return XC_ERR_INVALID;
	if (host->desk == NULL)
		return XC_ERR_UNAVAILABLE;
	if (host->desk->permission != NULL)
		word = host->desk->permission(host->desk_ctx, operation);
	if (word != NULL && !xc_may(call->plugin, word))
		return xc_broker_deny(call, XC_ERR_DENIED, word);
	err = host->desk->ask(host->desk_ctx, call->req, operation, args,
	    &result, &refusal);
	put_answer(call, err, result, &refusal);
	json_object_put(result);
	return XC_OK;
}

enum xc_err
xc_broker_desk(struct xc_broking *call)
{
	const char *operation = xc_call_get_text(&call->args);
	struct json_object *args;
	enum xc_err err = XC_ERR_INVALID;

	call->args.memory_max = TREE_MAX;
	args = xc_call_get_json(&call->args);
	if (xc_broker_args_end(call))
		err = ask(call, operation, args);
	if (xc_desk_wipe(args))
		call->req->secret = true;
	json_object_put(args);
	return err;
}

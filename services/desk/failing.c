/* SPDX-License-Identifier: MIT */
/* A desk at which every call fails. */
#include <string.h>

#include "services/desk/desk.h"

static enum xc_err
failing_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const enum xc_err *err = ctx;

	(void)req;
	(void)operation;
	(void)args;
	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	return *err;
}

const struct xc_desk_ops xc_desk_failing_ops = { .ask = failing_ask };

/* SPDX-License-Identifier: MIT */
/* An authentication that always fails. */
#include "services/auth/auth.h"

#include <string.h>

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict_r)
{
	const enum xc_err *err = ctx;

	(void)req;
	(void)need;
	memset(verdict_r, 0, sizeof(*verdict_r));
	return *err;
}

const struct xc_auth_ops xc_auth_failing_ops = { .check = check };

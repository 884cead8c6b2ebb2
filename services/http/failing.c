/* SPDX-License-Identifier: MIT */
/* Other servers that fail, at once or after some requests. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "http.h"

struct failing {
	enum xc_err err;
	unsigned good_calls;	/* still to come */
};

static enum xc_err
failing_ask(void *ctx, const struct xc_http_ask *ask,
    struct xc_http_got *got_r)
{
	static const struct xc_http_answer nothing = { .body_max = 0 };
	struct failing *failing = ctx;

	(void)ask;
	memset(got_r, 0, sizeof(*got_r));
	if (failing->good_calls == 0)
		return failing->err;
	failing->good_calls--;
	return xc_http_answer_finish(&nothing, 204, got_r);
}

static const struct xc_http_ops failing_ops = { .ask = failing_ask };

enum xc_err
xc_http_failing(enum xc_err err, unsigned good_calls,
    struct xc_http_service *service)
{
	struct failing *failing = calloc(1, sizeof(*failing));

	memset(service, 0, sizeof(*service));
	if (failing == NULL)
		return XC_ERR_NOMEM;
	failing->err = err;
	failing->good_calls = good_calls;
	service->ops = &failing_ops;
	service->ctx = failing;
	service->close = free;
	return XC_OK;
}

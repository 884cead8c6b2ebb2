/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/permit.h"
#include "lib/url.h"
#include "sandbox/broker-private.h"

/* What is left of the request's time is all that a server may take. */
static enum xc_err
cut_time(const struct xc_broker *broker, struct xc_http_ask *ask)
{
	struct timespec now;
	uint64_t now_us, left_ms;

	if (broker->end_us == 0)
		return XC_OK;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_us = (uint64_t)now.tv_sec * 1000000 +
	    (uint64_t)now.tv_nsec / 1000;
	if (now_us >= broker->end_us)
		return XC_ERR_TIMEOUT;
	left_ms = (broker->end_us - now_us) / 1000 + 1;
	if (left_ms < ask->timeout_ms)
		ask->timeout_ms = (uint32_t)left_ms;
	return XC_OK;
}

static enum xc_err
permit(struct xc_broking *call, const struct xc_url *url,
    struct xc_http_ask *ask)
{
	char permission[XC_URL_HOST_MAX + 16];

	if (!xc_may_ask(call->plugin, url, &ask->named)) {
		snprintf(permission, sizeof(permission), "http:%s:%u",
		    url->host, (unsigned)url->port);
		return xc_broker_deny(call, XC_ERR_DENIED, permission);
	}
	if (call->host->http == NULL)
		return XC_ERR_UNAVAILABLE;
	return cut_time(call->broker, ask);
}

enum xc_err
xc_broker_http(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct xc_http_got got = { 0 };
	struct xc_http_ask ask;
	struct xc_errbuf errbuf;
	struct xc_url url;
	void *memory;
	enum xc_err err = XC_ERR_INVALID;

	xc_call_get_http_ask(&call->args, &ask, &memory);
	if (!xc_broker_args_end(call))
		goto out;
	err = xc_check_ask(&ask, &url, &errbuf);
	if (err != XC_OK) {
		err = xc_broker_refuse(call, err, &errbuf);
		goto out;
	}
	err = permit(call, &url, &ask);
	/* More than the area is of no use to anyone. */
	if (ask.reply_max > call->result.cap)
		ask.reply_max = (uint32_t)call->result.cap;
	if (err == XC_OK)
		err = host->http->ask(host->http_ctx, &ask, &got);
	if (err == XC_OK)
		xc_call_put_http_got(&call->result, &got);
	free(got.memory);
out:
	free(memory);
	return err;
}

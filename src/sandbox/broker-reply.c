/* SPDX-License-Identifier: MIT */
/* A reply that a sandbox streams. */
#include "lib/reply-private.h"
#include "sandbox/broker-private.h"
#include "sandbox/reply-check.h"

/* What xc_reply_begin() would have refused, no libxcore sends. */
static bool
may_stream(const struct xc_request *req)
{
	const struct xc_reply_head *head = xc_request_reply(req);

	return head->content_type.off != 0 && head->body.len == 0 &&
	    xc_reply_may_have_body(head->status);
}

enum xc_err
xc_broker_stream_begin(struct xc_broking *call)
{
	uint32_t len = xc_call_get_u32(&call->args);
	const struct xc_host *host = call->host;
	struct xc_request *req = call->req;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	if (host->stream == NULL)
		return XC_ERR_UNSUPPORTED;
	err = xc_reply_take(req, call->channel, len);
	if (err == XC_OK && !may_stream(req)) {
		err = XC_ERR_INVALID;
		(void)xc_reply_blank(req);
	}
	if (err != XC_OK) {
		call->broken = err == XC_ERR_INVALID;
		return err;
	}
	/* From here on bytes may be out: no other reply can be made. */
	req->reply = XC_REPLY_STREAMING;
	return host->stream->begin(host->stream_ctx, req);
}

enum xc_err
xc_broker_stream_write(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const void *data;
	size_t len;

	data = xc_call_get_bytes(&call->args, &len);
	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	/* A step that is behind it has no part in it. */
	if (call->req->reply != XC_REPLY_STREAMING || call->req->behind ||
	    host->stream == NULL)
		return XC_ERR_STATE;
	if (len == 0)
		return XC_OK;
	return host->stream->write(host->stream_ctx, call->req, data, len);
}

/* SPDX-License-Identifier: MIT */
/* The site's document, for a plugin with the permission. */
#include "sandbox/broker-private.h"

/* Whether it may be served; else *err_r is what the plugin gets. */
static bool
may_serve(struct xc_broking *call, uint32_t version, enum xc_err *err_r)
{
	*err_r = XC_ERR_INVALID;
	if (!xc_broker_args_end(call))
		return false;
	if (!call->plugin->may_openapi) {
		*err_r = xc_broker_deny(call, XC_ERR_DENIED, "openapi");
		return false;
	}
	if (version != XC_OPENAPI_3_1 && version != XC_OPENAPI_3_0)
		return false;
	*err_r = XC_ERR_UNAVAILABLE;
	return call->host->site != NULL;
}

enum xc_err
xc_broker_site_info(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	uint32_t version = xc_call_get_u32(&call->args);
	struct xc_site_doc doc = { 0 };
	enum xc_err err;

	if (!may_serve(call, version, &err))
		return err;
	err = host->site->openapi(host->site_ctx, (enum xc_openapi)version,
	    &doc);
	if (err != XC_OK)
		return err;
	xc_call_put_u64(&call->result, doc.size);
	xc_call_put_text(&call->result, doc.etag);
	return XC_OK;
}

enum xc_err
xc_broker_site_read(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	uint32_t version = xc_call_get_u32(&call->args);
	uint64_t offset = xc_call_get_u64(&call->args);
	uint32_t len = xc_call_get_u32(&call->args);
	char bytes[XC_CALL_READ_MAX];
	size_t got = 0;
	enum xc_err err;

	if (!may_serve(call, version, &err))
		return err;
	len = xc_broker_read_max(call, len);
	if (len == 0)
		return XC_ERR_INVALID;
	err = host->site->read(host->site_ctx, (enum xc_openapi)version,
	    offset, bytes, len, &got);
	if (err == XC_OK)
		xc_call_put_bytes(&call->result, bytes, got);
	return err;
}

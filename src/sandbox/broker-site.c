/* SPDX-License-Identifier: MIT */
/* The site's document: not given to a sandbox. */
#include "sandbox/broker-private.h"

enum xc_err
xc_broker_site_info(struct xc_broking *call)
{
	(void)xc_call_get_u32(&call->args);
	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	return XC_ERR_UNAVAILABLE;
}

enum xc_err
xc_broker_site_read(struct xc_broking *call)
{
	(void)xc_call_get_u32(&call->args);
	(void)xc_call_get_u64(&call->args);
	(void)xc_call_get_u32(&call->args);
	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	return XC_ERR_UNAVAILABLE;
}

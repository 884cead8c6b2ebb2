/* SPDX-License-Identifier: MIT */
/* Only its document is of interest. */
#include <xcore/xcore.h>

static enum xc_err
nothing(struct xc_request *req)
{
	return xc_reply_empty(req, 204);
}

XC_PLUGIN(.operations = XC_OPERATIONS({ "read", nothing }));

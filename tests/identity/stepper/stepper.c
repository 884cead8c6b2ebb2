/* SPDX-License-Identifier: MIT */
/* Asks for a second factor that was shown lately. */
#include <xcore/xcore.h>

static enum xc_err
show_vault(struct xc_request *req)
{
	return xc_reply_text(req, 200, "text/plain", "gold", 4);
}

XC_PLUGIN(.operations = XC_OPERATIONS({ "show_vault", show_vault }));

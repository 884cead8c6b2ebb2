/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <xcore/auth.h>

#include "request-private.h"

const char *
xc_auth_subject(const struct xc_request *req)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	assert(req->magic == XC_REQUEST_MAGIC);
	return head->subject.off != 0 ? xc_block_text(&req->in, head->subject)
	    : NULL;
}

/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <xcore/log.h>
#include <xcore/reply.h>

#include "plugin-private.h"
#include "reply-private.h"
#include "status.h"

/* Replies for a handler that did not.  The header lines it added were meant
 * for another reply: a max-age or a cookie does not belong on an error. */
static void
reply_for(struct xc_request *req, enum xc_err err)
{
	int status = xc_status_of(err);

	(void)xc_reply_blank(req);
	if (status == 503)
		(void)xc_reply_header(req, "Retry-After", "1");
	/* Its room was taken when the process began. */
	if (xc_reply_problem_text(req, status,
	    xc_status_detail(err)) != XC_OK)
		xc_log(req, XC_LOG_ERROR, "no reply could be made");
}

static const char *
operation_of(const struct xc_request *req)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	return xc_block_text(&req->in, head->operation);
}

/* Whether a limit is what the handler failed by.  In a sandbox all memory is
 * limited, also what the handler did not take from the request. */
static bool
is_breach(struct xc_request *req, enum xc_err err)
{
	if (err == XC_ERR_NOMEM && req->plugin != NULL &&
	    req->plugin->host_judges)
		req->breach = XC_BREACH_MEMORY;
	return (req->breach == XC_BREACH_MEMORY && err == XC_ERR_NOMEM) ||
	    (req->breach == XC_BREACH_REPLY && err == XC_ERR_TOO_LARGE);
}

/* A service that is away has said so itself, once: not for each request. */
static bool
is_fault(enum xc_err err)
{
	int status = xc_status_of(err);

	return status >= 500 && status != 503;
}

/* The handler returned without a reply. */
static void
settle(struct xc_request *req, enum xc_err err)
{
	enum xc_log_level level = XC_LOG_ERROR;

	if (is_breach(req, err)) {
		(void)xc_breach_reply(req, req->breach);
		return;
	}
	req->breach = XC_BREACH_NONE;
	if (err == XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s returned without a reply: a "
		    "handler replies or returns an error", operation_of(req));
	else if (!is_fault(err))
		level = XC_LOG_DEBUG;
	if (err != XC_OK)
		xc_log(req, level, "%s: %s", operation_of(req),
		    xc_strerror(err));
	reply_for(req, err);
}

/* An error behind a reply: too late to say it to the client, unless it is
 * what the reply says. */
static void
complain(struct xc_request *req, enum xc_err err)
{
	bool told = req->reply == XC_REPLY_WHOLE &&
	    xc_request_reply(req)->status >= 400;

	xc_log(req, told ? XC_LOG_DEBUG : XC_LOG_WARNING,
	    "%s returned an error behind its reply%s: %s", operation_of(req),
	    req->reply == XC_REPLY_STREAMING ? ", which is cut short" : "",
	    xc_strerror(err));
}

/* A reply stands in any case then. */
static enum xc_err
finish(struct xc_request *req, enum xc_err err)
{
	if (req->reply == XC_REPLY_NONE) {
		settle(req, err);
		return err;
	}
	req->breach = XC_BREACH_NONE;
	if (err != XC_OK)
		complain(req, err);
	return err;
}

enum xc_err
xc_request_run(struct xc_request *req, xc_handler *handler)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	return finish(req, handler(req));
}

enum xc_err
xc_request_step(struct xc_request *req, xc_handler *handler)
{
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	err = handler(req);
	if (err != XC_OK || req->reply != XC_REPLY_NONE)
		return finish(req, err);
	req->breach = XC_BREACH_NONE;
	return XC_OK;
}

enum xc_err
xc_request_step_behind(struct xc_request *req, xc_handler *handler)
{
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	/* The reply has those that were added so far. */
	req->extra.used = 0;
	req->behind = true;
	err = handler(req);
	req->behind = false;
	if (!is_breach(req, err))
		req->breach = XC_BREACH_NONE;
	if (err == XC_OK)
		err = xc_reply_add_lines(req);
	req->extra.used = 0;
	if (err != XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s, a step behind the reply, which "
		    "goes out without it: %s", operation_of(req),
		    xc_strerror(err));
	return err;
}

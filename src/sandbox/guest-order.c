/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest-private.h"

/* Of the reply only its status is here. */
static enum xc_err
run_behind(struct xc_request *req, xc_handler *handler,
    const struct xc_order *order)
{
	struct xc_reply_head *head = (void *)req->out.base;
	enum xc_err err;

	head->status = (uint16_t)order->status;
	req->reply = order->step == XC_RUN_BEHIND ? XC_REPLY_WHOLE :
	    XC_REPLY_STREAMING;
	err = xc_request_step_behind(req, handler);
	req->reply = XC_REPLY_NONE;
	return err;
}

static enum xc_err
run(struct xc_request *req, xc_handler *handler,
    const struct xc_order *order)
{
	switch ((enum xc_run_as)order->step) {
	case XC_RUN_AHEAD:
		return xc_request_step(req, handler);
	case XC_RUN_BEHIND:
	case XC_RUN_BEHIND_STREAM:
		return run_behind(req, handler, order);
	default:
		return xc_request_run(req, handler);
	}
}

/* Fills in what became of it. */
static void
run_handler(struct xc_session *session, const struct xc_order *order,
    struct xc_notice *notice)
{
	struct xc_request *req = &session->req;
	enum xc_err err = run(req, session->handlers[order->operation],
	    order);

	/* A handler may return any number. */
	if ((unsigned)err >= XC_ERR__MAX)
		err = XC_ERR_FAILED;
	notice->err = err;
	notice->state = req->reply;
	notice->call = req->breach;
	notice->len = req->out.used;
}

static void
clear_reply(struct xc_channel *channel, uint32_t len)
{
	if (len > channel->sizes.reply)
		len = channel->sizes.reply;
	memset(channel->reply, 0, len);
}

void
xc_guest_run_order(struct xc_session *session, const struct xc_order *order)
{
	struct xc_channel *channel = &session->channel;
	const struct xc_request_areas areas = {
		.in = channel->request, .in_len = order->len,
		.out = channel->reply, .out_cap = channel->sizes.reply,
	};
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY,
		.seq = order->seq, .err = XC_ERR_INVALID };

	session->seq = order->seq;
	session->log_level = order->log_level;
	clear_reply(channel, order->clear);
	if (order->operation < session->n_handlers &&
	    order->len <= channel->sizes.request &&
	    xc_request_adopt(&session->req, &session->plugin, &areas) ==
	    XC_OK) {
		session->open = true;
		run_handler(session, order, &notice);
		/* What was deferred runs while the host still listens. */
		xc_request_part(&session->req);
		session->open = false;
	}
	xc_channel_send_notice(channel, &notice);
}

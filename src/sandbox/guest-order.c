/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest-private.h"

/* Fills in what became of it. */
static void
run_handler(struct xc_session *session, xc_handler *handler,
    struct xc_notice *notice)
{
	struct xc_request *req = &session->req;
	enum xc_err err = xc_request_run(req, handler);

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
		run_handler(session, session->handlers[order->operation],
		    &notice);
		/* What was deferred runs while the host still listens. */
		xc_request_part(&session->req);
		session->open = false;
	}
	xc_channel_send_notice(channel, &notice);
}

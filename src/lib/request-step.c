/* SPDX-License-Identifier: MIT */
/* A request in the hands of a step. */
#include <assert.h>
#include <string.h>

#include "request-private.h"

enum xc_err
xc_request_lendable(struct xc_request *req)
{
	enum xc_err err = XC_OK;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (req->lend_name == 0)
		err = xc_block_reserve(&req->in, XC_LEND_NAME_MAX,
		    &req->lend_name);
	if (err != XC_OK)
		return err;
	req->lend_end = req->in.used;
	return XC_OK;
}

/* The operation's name goes to its place, with its NUL. */
static struct xc_span
put_name(struct xc_request *req, const char *operation)
{
	struct xc_span span = { .off = req->lend_name,
		.len = (uint32_t)strnlen(operation, XC_LEND_NAME_MAX - 1) };
	unsigned char *to = req->in.base + span.off;

	memcpy(to, operation, span.len);
	to[span.len] = '\0';
	return span;
}

void
xc_request_lend(struct xc_request *req, struct xc_plugin *plugin,
    const char *operation, bool bare, struct xc_lent *lent_r)
{
	struct xc_request_head *head = (void *)req->in.base;

	assert(req->lend_name != 0);
	/* What whoever ran before has left open is not the step's. */
	xc_request_end_db(req);
	*lent_r = (struct xc_lent){ .head = *head, .plugin = req->plugin,
		.in_used = req->in.used, .extra_used = req->extra.used };
	xc_arena_mark(req->arena, &lent_r->mark);
	head->operation = put_name(req, operation);
	head->params = (struct xc_pairs){ 0 };
	head->args = (struct xc_tape_ref){ 0 };
	head->data = (struct xc_tape_ref){ 0 };
	head->parts = (struct xc_pairs){ 0 };
	head->body = (struct xc_span){ 0 };
	head->size = req->lend_end;
	if (bare)
		req->in.used = req->lend_end;
	req->plugin = plugin;
	req->breach = XC_BREACH_NONE;
}

void
xc_request_return(struct xc_request *req, const struct xc_lent *lent)
{
	xc_request_end_db(req);
	xc_arena_release(req->arena, &lent->mark);
	*(struct xc_request_head *)(void *)req->in.base = lent->head;
	req->in.used = lent->in_used;
	req->plugin = lent->plugin;
	req->breach = XC_BREACH_NONE;
	req->end_us = 0;
	if (req->reply == XC_REPLY_NONE)
		req->extra.used = lent->extra_used;
}

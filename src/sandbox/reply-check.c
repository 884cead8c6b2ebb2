/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lib/reply-private.h"
#include "lib/text.h"
#include "sandbox/reply-check.h"

/* As the library keeps to when it builds a reply. */
#define LINES_MAX (UINT32_C(16) * 1024)
#define TYPE_MAX UINT32_C(4096)
/* Copying so much costs more than the pages for it. */
#define FAR_MIN (UINT32_C(64) * 1024)

/* Inside the block, behind its head, with a NUL behind it. */
static bool
is_inside(const struct xc_block *block, struct xc_span span)
{
	return span.off >= sizeof(struct xc_reply_head) &&
	    span.off < block->used && span.len < block->used - span.off &&
	    block->base[span.off + span.len] == '\0';
}

static bool
is_absent(struct xc_span span)
{
	return span.off == 0 && span.len == 0;
}

static bool
is_type(const struct xc_block *block, struct xc_span span)
{
	return is_inside(block, span) && span.len > 0 &&
	    span.len <= TYPE_MAX && xc_is_plain((const char *)block->base +
	    span.off, span.len, false);
}

/* "Name: value" without its end. */
static bool
is_line(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name;

	if (!colon)
		return false;
	name = (size_t)(colon - line);
	return len - name >= 2 && colon[1] == ' ' &&
	    xc_reply_may_set(line, name, colon + 2, len - name - 2);
}

/* Lines, each ended by CR LF and with no other of these anywhere. */
static bool
are_lines_text(const char *at, const char *end)
{
	const char *cr;

	while (at < end) {
		cr = memchr(at, '\r', (size_t)(end - at));
		if (!cr || cr + 1 == end || cr[1] != '\n' ||
		    !is_line(at, (size_t)(cr - at)))
			return false;
		at = cr + 2;
	}
	return true;
}

static bool
are_lines(const struct xc_block *block, struct xc_span span)
{
	const char *at;

	if (!is_inside(block, span) || span.len > LINES_MAX)
		return false;
	at = (const char *)block->base + span.off;
	return are_lines_text(at, at + span.len);
}

/* All but the size and the body. */
static bool
is_head(const struct xc_block *block)
{
	const struct xc_reply_head *head = (const void *)block->base;

	if (head->magic != XC_REPLY_BLOCK_MAGIC ||
	    head->version != XC_BLOCK_VERSION ||
	    head->status < 200 || head->status > 599)
		return false;
	if (!is_absent(head->content_type) &&
	    !is_type(block, head->content_type))
		return false;
	return is_absent(head->head) || are_lines(block, head->head);
}

static bool
may_have_body(const struct xc_reply_head *head)
{
	return xc_reply_may_have_body(head->status) &&
	    !is_absent(head->content_type);
}

static bool
is_reply(const struct xc_block *block)
{
	const struct xc_reply_head *head = (const void *)block->base;

	if (head->size != block->used || !is_head(block))
		return false;
	if (is_absent(head->body))
		return true;
	return is_inside(block, head->body) &&
	    (head->body.len == 0 || may_have_body(head));
}

/* Whether the body, large, is the last in the block, as the library has it,
 * and may stay there.  head is our copy. */
static bool
is_far(const struct xc_request *req, const struct xc_reply_head *head,
    uint32_t len)
{
	return req->may_be_far && head->size == len &&
	    head->body.len >= FAR_MIN && head->body.len < len &&
	    head->body.off >= sizeof(*head) &&
	    head->body.off == len - 1 - head->body.len;
}

/* Takes what stands before the body, under the head that was looked at. */
static enum xc_err
take_near(struct xc_request *req, const struct xc_channel *channel,
    const struct xc_reply_head *head)
{
	struct xc_reply_head *own;
	enum xc_err err = xc_block_put(&req->out, channel->reply,
	    head->body.off);

	if (err != XC_OK)
		return err;
	own = (void *)req->out.base;
	*own = *head;
	if (!is_head(&req->out) || !may_have_body(own))
		return XC_ERR_INVALID;
	req->far_body = (const char *)channel->reply + head->body.off;
	return XC_OK;
}

enum xc_err
xc_reply_take(struct xc_request *req, const struct xc_channel *channel,
    uint32_t len)
{
	struct xc_reply_head head;
	enum xc_err err;

	if (len < sizeof(head) || len > channel->sizes.reply)
		return XC_ERR_INVALID;
	memcpy(&head, channel->reply, sizeof(head));
	/* Read once: what is checked is what is used. */
	__asm__ volatile ("" : : : "memory");
	req->out.used = 0;
	req->far_body = NULL;
	if (is_far(req, &head, len)) {
		err = take_near(req, channel, &head);
	} else {
		err = xc_block_put(&req->out, channel->reply, len);
		if (err == XC_OK && !is_reply(&req->out))
			err = XC_ERR_INVALID;
	}
	if (err == XC_OK)
		return XC_OK;
	/* There is always room for the head. */
	(void)xc_reply_blank(req);
	return err;
}

enum xc_err
xc_reply_take_lines(struct xc_request *req, const struct xc_channel *channel,
    uint32_t len)
{
	const uint32_t used = req->extra.used;
	struct xc_reply_head head;
	const char *lines;
	enum xc_err err;

	if (len < sizeof(head) || len > channel->sizes.reply)
		return XC_ERR_INVALID;
	memcpy(&head, channel->reply, sizeof(head));
	__asm__ volatile ("" : : : "memory");
	if (is_absent(head.head))
		return XC_OK;
	if (head.magic != XC_REPLY_BLOCK_MAGIC ||
	    head.version != XC_BLOCK_VERSION || head.head.len > LINES_MAX ||
	    head.head.off < sizeof(head) || head.head.off > len ||
	    head.head.len > len - head.head.off)
		return XC_ERR_INVALID;
	err = xc_block_put(&req->extra, channel->reply + head.head.off,
	    head.head.len);
	if (err != XC_OK)
		return err;
	lines = (const char *)req->extra.base + used;
	if (are_lines_text(lines, lines + head.head.len))
		return XC_OK;
	req->extra.used = used;
	return XC_ERR_INVALID;
}

/* SPDX-License-Identifier: MIT */
/* Replies that are right but for one thing. */
#include <stdlib.h>
#include <string.h>

#include <xcore/xcore.h>

#include "hostile.h"
#include "lib/request-private.h"

#define CAUGHT XC_ATTACK_CAUGHT

static void
change_magic(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->magic ^= 1;
}

static void
change_version(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->version++;
}

static void
shrink(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->size = 0;
}

static void
swell(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->size = UINT32_MAX;
}

static void
set_status(struct xc_attack_scene *scene, uint16_t status)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->status = status;
}

static void
status_0(struct xc_attack_scene *scene)
{
	set_status(scene, 0);
}

static void
status_101(struct xc_attack_scene *scene)
{
	set_status(scene, 101);
}

static void
status_600(struct xc_attack_scene *scene)
{
	set_status(scene, 600);
}

static void
status_65535(struct xc_attack_scene *scene)
{
	set_status(scene, 65535);
}

/* One without a body, with a body. */
static void
status_204(struct xc_attack_scene *scene)
{
	set_status(scene, 204);
}

static void
body_wraps(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->body.len = UINT32_MAX - reply->body.off + 1;
}

static void
body_long(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->body.len += 4096;
}

/* The reply's own head as its body: offsets and what else lies there. */
static void
body_is_head(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->body.off = 4;
}

static void
type_far(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->content_type.off = 0x7fffffff;
}

static void
type_none(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->content_type = (struct xc_span){ 0, 0 };
}

static void
type_breaks(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		memcpy((char *)reply + reply->content_type.off + 2,
		    "\r\nX-E:", 6);
}

static void
type_nul(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		((char *)reply)[reply->content_type.off + 2] = '\0';
}

/* Puts a line in the place of "X-Attack: aaaaaaaaaaaaaaaa". */
static void
set_line(struct xc_attack_scene *scene, const char *line, size_t len)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL && len <= reply->head.len)
		memcpy((char *)reply + reply->head.off, line, len);
}

/* All of them are as long as what was there. */
static void
line_status(struct xc_attack_scene *scene)
{
	set_line(scene, "Status: 200 aaaaaaaaaaaaaa", 26);
}

static void
line_length(struct xc_attack_scene *scene)
{
	set_line(scene, "Content-Length: 0000000002", 26);
}

static void
line_chunked(struct xc_attack_scene *scene)
{
	set_line(scene, "Transfer-Encoding: chunked", 26);
}

static void
line_connection(struct xc_attack_scene *scene)
{
	set_line(scene, "Connection: close, x-aaaaa", 26);
}

/* By these nginx would fetch something of its own. */
static void
line_accel(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Accel-Redirect: /aaaaaaa", 26);
}

static void
line_sendfile(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Sendfile: /etc/passwdaaa", 26);
}

static void
line_nul(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Attack: aaaa\0aaaaaaaaaaa", 26);
}

static void
line_lf(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Attack: aaaa\nX-Evil: aaa", 26);
}

static void
line_cr(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Attack: aaaa\rX-Evil: aaa", 26);
}

static void
line_folded(struct xc_attack_scene *scene)
{
	set_line(scene, "X-Attack: aaaa\r\n aaaaaaaaa", 26);
}

static void
line_space(struct xc_attack_scene *scene)
{
	set_line(scene, "X Attack: aaaaaaaaaaaaaaaa", 26);
}

static void
line_bare(struct xc_attack_scene *scene)
{
	set_line(scene, "no colon aaaaaaaaaaaaaaaaa", 26);
}

static void
line_blank(struct xc_attack_scene *scene)
{
	set_line(scene, "\r\n\r\n<html>aaaaaaaaaaaaaaaa", 26);
}

static void
line_open(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	/* Without its end, the next thing said belongs to it. */
	if (reply != NULL)
		reply->head.len -= 2;
}

static void
lines_far(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->head.off = reply->size - 2;
}

static void
no_reply(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY,
		.state = XC_REPLY_NONE };

	xc_attack_tell(scene, notice);
}

static void
unknown_state(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .len = 64,
		.state = 77 };

	xc_attack_tell(scene, notice);
}

static void
not_streaming(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .len = 64,
		.state = XC_REPLY_STREAMING };

	xc_attack_tell(scene, notice);
}

static void
unknown_error(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .len = 64,
		.state = XC_REPLY_WHOLE, .err = -7 };

	xc_attack_tell(scene, notice);
}

static void
short_reply(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .len = 3,
		.state = XC_REPLY_WHOLE };

	xc_attack_tell(scene, notice);
}

const struct xc_attack xc_hostile_replies[] = {
	{ "reply-magic", "replies with another magic", CAUGHT, change_magic },
	{ "reply-version", "replies in another version", CAUGHT,
	    change_version },
	{ "reply-size-0", "says that its reply has no size", CAUGHT, shrink },
	{ "reply-size-max", "says that its reply is huge", CAUGHT, swell },
	{ "reply-short", "replies with three bytes", CAUGHT, short_reply },
	{ "reply-none", "says that it replied, and did not", CAUGHT,
	    no_reply },
	{ "reply-state", "says that its reply is in no state", CAUGHT,
	    unknown_state },
	{ "reply-stream", "says that it streamed, and did not", CAUGHT,
	    not_streaming },
	{ "reply-error", "replies with an error that there is not", CAUGHT,
	    unknown_error },
	{ "status-0", "replies with the status 0", CAUGHT, status_0 },
	{ "status-101", "replies with 101 to change the protocol", CAUGHT,
	    status_101 },
	{ "status-204", "replies with 204 and a body", CAUGHT, status_204 },
	{ "status-600", "replies with the status 600", CAUGHT, status_600 },
	{ "status-65535", "replies with the status 65535", CAUGHT,
	    status_65535 },
	{ "body-wraps", "replies with a length that wraps around", CAUGHT,
	    body_wraps },
	{ "body-long", "replies with more than it has", CAUGHT, body_long },
	{ "body-head", "replies with its own offsets as the body", CAUGHT,
	    body_is_head },
	{ "type-far", "replies with a content type from elsewhere", CAUGHT,
	    type_far },
	{ "type-none", "replies with a body without a type", CAUGHT,
	    type_none },
	{ "type-breaks", "replies with a line break in the content type",
	    CAUGHT, type_breaks },
	{ "type-nul", "replies with a NUL in the content type", CAUGHT,
	    type_nul },
	{ "line-status", "replies with a line Status", CAUGHT, line_status },
	{ "line-length", "replies with a line Content-Length", CAUGHT,
	    line_length },
	{ "line-chunked", "replies with a line Transfer-Encoding", CAUGHT,
	    line_chunked },
	{ "line-connection", "replies with a line Connection", CAUGHT,
	    line_connection },
	{ "line-accel", "replies with a line X-Accel-Redirect", CAUGHT,
	    line_accel },
	{ "line-sendfile", "replies with a line X-Sendfile", CAUGHT,
	    line_sendfile },
	{ "line-nul", "replies with a NUL in a line", CAUGHT, line_nul },
	{ "line-lf", "replies with a LF in a line", CAUGHT, line_lf },
	{ "line-cr", "replies with a CR in a line", CAUGHT, line_cr },
	{ "line-folded", "replies with a folded line", CAUGHT, line_folded },
	{ "line-space", "replies with a blank in a name", CAUGHT, line_space },
	{ "line-bare", "replies with a line without a colon", CAUGHT,
	    line_bare },
	{ "line-blank", "replies with an empty line among the lines", CAUGHT,
	    line_blank },
	{ "line-open", "replies with a line without an end", CAUGHT,
	    line_open },
	{ "lines-far", "replies with lines from behind the reply", CAUGHT,
	    lines_far },
	{ NULL, NULL, 0, NULL }
};

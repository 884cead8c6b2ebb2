/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include <xcore/json.h>
#include <xcore/reply.h>

#include "host.h"
#include "reply-private.h"
#include "text.h"

#define LINES_MAX (UINT32_C(16) * 1024)

/* What xcore says itself, or what has an argument of its own. */
static const char *const own_headers[] = {
	"content-length",
	"transfer-encoding",
	"connection",
	"status",
	"content-type",
	/* Orders to the web server, which obeys them instead of passing them
	 * on: files and places that no client may ask for. */
	"x-accel-redirect",
	"x-sendfile",
	"x-sendfile2",
	"x-lighttpd-send-file",
	"x-reproxy-url",
};

static bool
is_own(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(own_headers) / sizeof(own_headers[0]); i++)
		if (strlen(own_headers[i]) == len &&
		    strncasecmp(own_headers[i], name, len) == 0)
			return true;
	return false;
}

bool
xc_reply_may_set(const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	return xc_is_token(name, name_len) &&
	    xc_is_plain(value, value_len, false) && !is_own(name, name_len);
}

static struct xc_reply_head *
head_of(struct xc_request *req)
{
	return (void *)req->out.base;
}

const struct xc_reply_head *
xc_request_reply(const struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	return (const void *)req->out.base;
}

const char *
xc_reply_body(const struct xc_request *req)
{
	return req->far_body != NULL ? req->far_body :
	    xc_block_text(&req->out, xc_request_reply(req)->body);
}

bool
xc_reply_done(const struct xc_request *req)
{
	return req->reply != XC_REPLY_NONE;
}

int
xc_reply_status(const struct xc_request *req)
{
	return req->reply != XC_REPLY_NONE ? xc_request_reply(req)->status :
	    0;
}

/* Whether a header may be added still. */
static bool
takes_lines(const struct xc_request *req)
{
	return req->reply == XC_REPLY_NONE ||
	    (req->behind && req->reply == XC_REPLY_WHOLE);
}

/* Appends "name: value CR LF"; on an error nothing was added. */
static enum xc_err
put_line(struct xc_block *extra, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	enum xc_err err;

	if (extra->limit != 0 && (name_len > extra->limit ||
	    value_len > extra->limit))
		return XC_ERR_TOO_LARGE;
	err = xc_block_room(extra, name_len + value_len + 4);
	if (err != XC_OK)
		return err;
	/* There is room, so none of these fails. */
	(void)xc_block_put(extra, name, name_len);
	(void)xc_block_put(extra, ": ", 2);
	(void)xc_block_put(extra, value, value_len);
	(void)xc_block_put(extra, "\r\n", 2);
	return XC_OK;
}

enum xc_err
xc_reply_header(struct xc_request *req, const char *name, const char *value)
{
	size_t name_len;
	size_t value_len;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (!takes_lines(req))
		return XC_ERR_STATE;
	if (name == NULL || value == NULL)
		return XC_ERR_INVALID;
	name_len = strlen(name);
	value_len = strlen(value);
	if (!xc_reply_may_set(name, name_len, value, value_len))
		return XC_ERR_INVALID;
	return put_line(&req->extra, name, name_len, value, value_len);
}

bool
xc_reply_may_have_body(int status)
{
	return status != 204 && status != 205 && status != 304;
}

/* Notes that the reply's limit was come to. */
static enum xc_err
note(struct xc_request *req, enum xc_err err)
{
	if (err == XC_ERR_TOO_LARGE)
		req->breach = XC_BREACH_REPLY;
	return err;
}

enum xc_err
xc_reply_open(struct xc_request *req, int status, const char *content_type)
{
	struct xc_span type = { 0 };
	struct xc_span lines = { 0 };
	struct xc_reply_head *head;
	enum xc_err err = XC_OK;
	size_t len;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	len = content_type != NULL ? strlen(content_type) : 0;
	if (status < 200 || status > 599 ||
	    (content_type != NULL && len == 0) ||
	    !xc_is_plain(content_type, len, false))
		return XC_ERR_INVALID;
	/* What an earlier try that failed has left. */
	req->out.used = sizeof(*head);
	if (content_type != NULL)
		err = xc_block_append(&req->out, content_type, len, &type);
	if (err == XC_OK && req->extra.used > 0)
		err = xc_block_append(&req->out, req->extra.base,
		    req->extra.used, &lines);
	if (err != XC_OK)
		return note(req, err);
	head = head_of(req);
	head->status = (uint16_t)status;
	head->content_type = type;
	head->head = lines;
	return XC_OK;
}

/* Both behind one another: the lines of a head have to stand together. */
static enum xc_err
join_lines(struct xc_request *req, struct xc_span lines)
{
	struct xc_span all = { .off = req->out.used,
		.len = lines.len + req->extra.used };
	enum xc_err err = xc_block_room(&req->out, all.len + 1);

	if (err != XC_OK)
		return err;
	/* There is room, so none of these fails. */
	(void)xc_block_put(&req->out, req->out.base + lines.off, lines.len);
	(void)xc_block_put(&req->out, req->extra.base, req->extra.used);
	(void)xc_block_put(&req->out, "", 1);
	head_of(req)->head = all;
	head_of(req)->size = req->out.used;
	req->extra.used = 0;
	return XC_OK;
}

enum xc_err
xc_reply_add_lines(struct xc_request *req)
{
	const struct xc_span lines = xc_request_reply(req)->head;
	const uint32_t limit = req->out.limit;
	enum xc_err err;

	if (req->extra.used == 0)
		return XC_OK;
	if (lines.len + req->extra.used > LINES_MAX)
		return XC_ERR_TOO_LARGE;
	/* That of the handler's plugin, who has not added them. */
	req->out.limit = 0;
	err = join_lines(req, lines);
	req->out.limit = limit;
	return err;
}

enum xc_err
xc_reply_bring_near(struct xc_request *req)
{
	const uint32_t limit = req->out.limit;
	struct xc_span span;
	enum xc_err err;

	if (req->far_body == NULL)
		return XC_OK;
	/* It was within its limit where it lies. */
	req->out.limit = 0;
	err = xc_block_append(&req->out, req->far_body,
	    xc_request_reply(req)->body.len, &span);
	req->out.limit = limit;
	if (err != XC_OK)
		return err;
	head_of(req)->body = span;
	head_of(req)->size = req->out.used;
	req->far_body = NULL;
	return XC_OK;
}

enum xc_err
xc_reply_close(struct xc_request *req, uint32_t body)
{
	enum xc_err err = xc_block_put(&req->out, "", 1);
	struct xc_reply_head *head;

	if (err != XC_OK) {
		xc_reply_abandon(req);
		return note(req, err);
	}
	head = head_of(req);
	head->body.off = body;
	head->body.len = req->out.used - 1 - body;
	head->size = req->out.used;
	req->reply = XC_REPLY_WHOLE;
	return XC_OK;
}

void
xc_reply_abandon(struct xc_request *req)
{
	struct xc_reply_head *head = head_of(req);

	head->status = 0;
	head->content_type = (struct xc_span){ 0 };
	head->head = (struct xc_span){ 0 };
	req->out.used = sizeof(*head);
}

enum xc_err
xc_reply_text(struct xc_request *req, int status, const char *content_type,
    const void *data, size_t len)
{
	enum xc_err err;
	uint32_t body;

	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	if (len > 0 && (content_type == NULL || data == NULL ||
	    !xc_reply_may_have_body(status)))
		return XC_ERR_INVALID;
	err = xc_reply_open(req, status, content_type);
	if (err != XC_OK)
		return err;
	body = req->out.used;
	err = xc_block_put(&req->out, data, len);
	if (err != XC_OK) {
		xc_reply_abandon(req);
		return note(req, err);
	}
	return xc_reply_close(req, body);
}

enum xc_err
xc_reply_empty(struct xc_request *req, int status)
{
	return xc_reply_text(req, status, NULL, NULL, 0);
}

enum xc_err
xc_reply_json(struct xc_request *req, int status, struct json_object *obj)
{
	const char *text = "null";
	size_t len = 4;
	enum xc_err err;

	if (obj != NULL)
		text = json_object_to_json_string_length(obj,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		    &len);
	err = text != NULL ? xc_reply_text(req, status, "application/json",
	    text, len) : XC_ERR_NOMEM;
	json_object_put(obj);
	return err;
}

enum xc_err
xc_reply_begin(struct xc_request *req, int status, const char *content_type)
{
	const struct xc_stream_ops *stream = req->host->stream;
	enum xc_err err;

	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	if (content_type == NULL || !xc_reply_may_have_body(status))
		return XC_ERR_INVALID;
	if (stream == NULL)
		return XC_ERR_UNSUPPORTED;
	err = xc_reply_open(req, status, content_type);
	if (err != XC_OK)
		return err;
	head_of(req)->size = req->out.used;
	/* From here on bytes may be out: no other reply can be made. */
	req->reply = XC_REPLY_STREAMING;
	return stream->begin(req->host->stream_ctx, req);
}

enum xc_err
xc_reply_write(struct xc_request *req, const void *data, size_t len)
{
	const struct xc_stream_ops *stream = req->host->stream;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (req->reply != XC_REPLY_STREAMING || req->behind)
		return XC_ERR_STATE;
	if (len == 0)
		return XC_OK;
	if (data == NULL)
		return XC_ERR_INVALID;
	return stream->write(req->host->stream_ctx, req, data, len);
}

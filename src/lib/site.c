/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/log.h>
#include <xcore/reply.h>
#include <xcore/request.h>
#include <xcore/site.h>

#include "desk.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"

#define TYPE "application/json"
/* A longer document is streamed, in pieces of this size. */
#define PIECE 65536
#define HOST_MAX 261		/* a name of 253 bytes, ':' and a port */
#define URL_MAX (HOST_MAX + sizeof("https://"))

/* The document that is asked for, as this client gets it. */
struct answer {
	struct xc_request *req;
	const struct xc_site_ops *ops;
	enum xc_openapi version;
	struct xc_site_doc doc;
	char etag[sizeof(((struct xc_site_doc *)NULL)->etag) + 16];
	char head[URL_MAX + 64];	/* what stands before its second byte */
	size_t head_len;
};

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* Behind the host: nothing, or ':' and digits. */
static bool
is_port(const char *text)
{
	size_t len = strlen(text);

	return len == 0 || (text[0] == ':' && len >= 2 && len <= 6 &&
	    strspn(text + 1, "0123456789") == len - 1);
}

/* A name or an address that may stand in a URL, and in JSON, as it is. */
static bool
is_host(const char *host)
{
	size_t len;

	if (*host == '[') {
		len = strspn(host + 1, "0123456789abcdefABCDEF:.");
		return len >= 2 && len <= 45 && host[len + 1] == ']' &&
		    is_port(host + len + 2);
	}
	for (len = 0; is_alnum(host[len]) || (host[len] != '\0' &&
	    strchr("-._", host[len]) != NULL); len++)
		continue;
	return len > 0 && len <= 253 && is_port(host + len);
}

/* Two hosts get two texts, so their tags differ too (FNV-1a). */
static uint32_t
sum(const char *text)
{
	uint32_t sum = 2166136261u;

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

static void
make_head(struct answer *answer)
{
	const char *host = xc_request_host(answer->req);
	size_t len = strlen(answer->doc.etag);
	char url[URL_MAX] = "/";

	if (is_host(host))
		snprintf(url, sizeof(url), "%s://%s",
		    strcmp(xc_request_scheme(answer->req), "https") == 0 ?
		    "https" : "http", host);
	snprintf(answer->head, sizeof(answer->head),
	    "{\"servers\":[{\"url\":\"%s\"}],", url);
	answer->head_len = strlen(answer->head);
	/* Before the closing quote. */
	if (len > 0)
		len--;
	snprintf(answer->etag, sizeof(answer->etag), "%.*s-%08x\"", (int)len,
	    answer->doc.etag, (unsigned)sum(url));
}

/* Whether an If-None-Match names it (RFC 9110, 13.1.2); what is no list of
 * tags names nothing from there on. */
static bool
names(const char *list, const char *etag)
{
	const char *end;

	if (strcmp(list, "*") == 0)
		return true;
	for (;;) {
		list += strspn(list, " \t,");
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (*list != '"')
			return false;
		end = strchr(list + 1, '"');
		if (end == NULL)
			return false;
		end++;
		if ((size_t)(end - list) == strlen(etag) &&
		    memcmp(list, etag, (size_t)(end - list)) == 0)
			return true;
		list = end;
	}
}

static enum xc_err
add_headers(const struct answer *answer)
{
	enum xc_err err = xc_reply_header(answer->req, "ETag", answer->etag);

	if (err == XC_OK)
		err = xc_reply_header(answer->req, "Cache-Control",
		    "no-cache");
	return err;
}

/* The bytes of the document from its second on: its first is in the head. */
static enum xc_err
read_piece(const struct answer *answer, uint64_t at, char *buf, size_t len)
{
	size_t got = 0;
	enum xc_err err = answer->ops->read(answer->req->host->site_ctx,
	    answer->version, at, buf, len, &got);

	return err == XC_OK && got != len ? XC_ERR_IO : err;
}

static enum xc_err
reply_whole(struct answer *answer)
{
	size_t rest = (size_t)answer->doc.size - 1;
	size_t len = answer->head_len + rest;
	char *text = xc_alloc(answer->req, len);
	enum xc_err err;

	if (text == NULL)
		return XC_ERR_NOMEM;
	memcpy(text, answer->head, answer->head_len);
	err = read_piece(answer, 1, text + answer->head_len, rest);
	return err == XC_OK ? xc_reply_text(answer->req, 200, TYPE, text,
	    len) : err;
}

static enum xc_err
write_pieces(struct answer *answer, char *buf)
{
	uint64_t at = 1;
	enum xc_err err;

	err = xc_reply_write(answer->req, answer->head, answer->head_len);
	while (err == XC_OK && at < answer->doc.size) {
		uint64_t left = answer->doc.size - at;
		size_t len = left < PIECE ? (size_t)left : PIECE;

		err = read_piece(answer, at, buf, len);
		if (err == XC_OK)
			err = xc_reply_write(answer->req, buf, len);
		at += len;
	}
	return err;
}

static enum xc_err
reply_streamed(struct answer *answer)
{
	char *buf = xc_alloc(answer->req, PIECE);
	enum xc_err err;

	if (buf == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_begin(answer->req, 200, TYPE);
	if (err != XC_OK || xc_request_method(answer->req) == XC_HEAD)
		return err;
	return write_pieces(answer, buf);
}

static enum xc_err
reply(struct answer *answer)
{
	const char *list = xc_request_header(answer->req, "if-none-match");
	enum xc_err err = add_headers(answer);

	if (err != XC_OK)
		return err;
	if (list != NULL && names(list, answer->etag))
		return xc_reply_empty(answer->req, 304);
	if (answer->doc.size < PIECE || answer->req->host->stream == NULL)
		return reply_whole(answer);
	return reply_streamed(answer);
}

enum xc_err
xc_reply_openapi(struct xc_request *req, enum xc_openapi version)
{
	struct answer answer = { .req = req, .version = version };
	const struct xc_host *host = req->host;
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	if (!xc_permit(req, req->plugin != NULL && req->plugin->may_openapi,
	    "openapi"))
		return XC_ERR_DENIED;
	if (version != XC_OPENAPI_3_1 && version != XC_OPENAPI_3_0)
		return XC_ERR_INVALID;
	answer.ops = host->site;
	if (answer.ops == NULL)
		return XC_ERR_UNAVAILABLE;
	err = answer.ops->openapi(host->site_ctx, version, &answer.doc);
	if (err != XC_OK)
		return err;
	if (answer.doc.size < 2)
		return XC_ERR_UNAVAILABLE;
	make_head(&answer);
	return reply(&answer);
}

enum xc_err
xc_site_health(struct xc_request *req, struct json_object **result_r)
{
	return xc_desk_call(req, "site.health", NULL, result_r);
}

/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xcore/reply.h>

#include "reply-private.h"
#include "text.h"

#define DETAIL_MAX 1024
#define INSTANCE_MAX 1024	/* bytes of a path that is worth naming */

/* The body under construction; after an error nothing more is written. */
struct body {
	struct xc_block *block;
	enum xc_err err;
};

static void
put(struct body *body, const char *text, size_t len)
{
	if (body->err == XC_OK)
		body->err = xc_block_put(body->block, text, len);
}

#define PUT(body, literal) put(body, literal, sizeof(literal) - 1)

/* Writes one byte that may not stand in a JSON string as it is. */
static void
put_escaped(struct body *body, unsigned char c)
{
	char text[8];

	if (c == '"' || c == '\\')
		snprintf(text, sizeof(text), "\\%c", c);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	put(body, text, strlen(text));
}

/* The inside of a JSON string; what is no UTF-8 becomes U+FFFD. */
static void
put_string(struct body *body, const char *text)
{
	size_t len = strlen(text);
	size_t run = 0;
	size_t valid = xc_utf8_span(text, len);
	size_t i;

	for (i = 0; i < len; i++) {
		if (i == valid) {
			put(body, text + run, i - run);
			PUT(body, "\xef\xbf\xbd");
			run = i + 1;
			valid = run + xc_utf8_span(text + run, len - run);
		} else if ((unsigned char)text[i] < 0x20 || text[i] == '"' ||
		    text[i] == '\\' || text[i] == 0x7f) {
			put(body, text + run, i - run);
			put_escaped(body, (unsigned char)text[i]);
			run = i + 1;
		}
	}
	put(body, text + run, len - run);
}

/* Whether a character stands in a path of a URI as it is. */
static bool
is_pchar(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("/-._~!$&'()*+,;=:@", c) != NULL);
}

/* The path as a URI reference. */
static void
put_uri(struct body *body, const char *path)
{
	char text[4];

	for (; *path != '\0'; path++) {
		if (is_pchar(*path)) {
			put(body, path, 1);
			continue;
		}
		snprintf(text, sizeof(text), "%%%02X", (unsigned char)*path);
		put(body, text, 3);
	}
}

static void
put_problem(struct body *body, const struct xc_request *req,
    const struct xc_problem *problem)
{
	const char *path = xc_request_path(req);
	char number[16];

	PUT(body, "{\"type\":\"");
	put_string(body, problem->type);
	PUT(body, "\",\"title\":\"");
	put_string(body, problem->title);
	PUT(body, "\",\"status\":");
	snprintf(number, sizeof(number), "%d", problem->status);
	put(body, number, strlen(number));
	if (problem->detail != NULL) {
		PUT(body, ",\"detail\":\"");
		put_string(body, problem->detail);
		PUT(body, "\"");
	}
	if (problem->code != NULL) {
		PUT(body, ",\"code\":\"");
		put_string(body, problem->code);
		PUT(body, "\"");
	}
	if (problem->errors != NULL) {
		PUT(body, ",\"errors\":");
		put(body, problem->errors, problem->errors_len);
	}
	if (!problem->no_instance && path[0] != '\0' &&
	    strlen(path) <= INSTANCE_MAX) {
		PUT(body, ",\"instance\":\"");
		put_uri(body, path);
		PUT(body, "\"");
	}
	PUT(body, ",\"request_id\":\"");
	put_string(body, xc_request_id(req));
	PUT(body, "\"}\n");
}

enum xc_err
xc_reply_problem_text(struct xc_request *req, int status, const char *detail)
{
	const struct xc_problem problem = { .type = "about:blank",
		.title = xc_status_text(status), .status = status,
		.detail = detail };

	return xc_reply_problem_typed(req, &problem);
}

enum xc_err
xc_reply_problem_typed(struct xc_request *req,
    const struct xc_problem *problem)
{
	struct body body = { .block = &req->out };
	uint32_t off;

	body.err = xc_reply_open(req, problem->status,
	    "application/problem+json");
	if (body.err != XC_OK)
		return body.err;
	off = req->out.used;
	put_problem(&body, req, problem);
	if (body.err != XC_OK) {
		xc_reply_abandon(req);
		return body.err;
	}
	return xc_reply_close(req, off);
}

enum xc_err
xc_reply_problem(struct xc_request *req, int status, const char *detail, ...)
{
	char text[DETAIL_MAX];
	va_list ap;
	int n;

	if (req->reply != XC_REPLY_NONE)
		return XC_ERR_STATE;
	if (status == 204 || status == 205 || status == 304)
		return XC_ERR_INVALID;
	if (detail == NULL)
		return xc_reply_problem_text(req, status, NULL);
	va_start(ap, detail);
	n = vsnprintf(text, sizeof(text), detail, ap);
	va_end(ap);
	return xc_reply_problem_text(req, status, n >= 0 ? text : NULL);
}

/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "host.h"
#include "text.h"
#include "url.h"

#define ARGS_MAX 65535		/* question marks that MariaDB takes */
#define KEY_MAX 1024
#define TTL_MAX (UINT32_C(30) * 24 * 3600)
#define METHOD_MAX 16
#define LINES_MAX 64
#define LINE_MAX 8192
#define EVENT_MAX 64
#define EVENT_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_.-"

static bool
is_value(const struct xc_value *value)
{
	switch (value->type) {
	case XC_VALUE_NULL:
	case XC_VALUE_INT:
	case XC_VALUE_UINT:
		return true;
	case XC_VALUE_REAL:
		return isfinite(value->real);
	case XC_VALUE_TEXT:
		return value->len == 0 || (value->data != NULL &&
		    xc_utf8_span(value->data, value->len) == value->len);
	case XC_VALUE_BLOB:
		return value->len == 0 || value->data != NULL;
	}
	return false;
}

enum xc_err
xc_check_statement(const char *sql, const struct xc_value *args,
    size_t n_args, struct xc_errbuf *errbuf)
{
	size_t i;

	if (sql == NULL || sql[0] == '\0' || n_args > ARGS_MAX ||
	    (args == NULL && n_args > 0))
		return xc_fail(errbuf, XC_ERR_INVALID, "a database call "
		    "without a statement, or with more than %d values",
		    ARGS_MAX);
	if (strnlen(sql, XC_STATEMENT_MAX + 1) > XC_STATEMENT_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "a statement of more "
		    "than 256 KiB: give what is long as values");
	for (i = 0; i < n_args; i++)
		if (!is_value(&args[i]))
			return xc_fail(errbuf, XC_ERR_INVALID, "value %zu of "
			    "the statement \"%.80s\" is no finite number, no "
			    "UTF-8, or has no data", i + 1, sql);
	return XC_OK;
}

enum xc_err
xc_check_key(const char *key, uint32_t ttl_s, struct xc_errbuf *errbuf)
{
	size_t len = key != NULL ? strnlen(key, KEY_MAX + 1) : 0;

	if (len == 0 || len > KEY_MAX || ttl_s > TTL_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID, "a cache key has 1 to "
		    "%d bytes and a value lives %u seconds at most", KEY_MAX,
		    TTL_MAX);
	return XC_OK;
}

enum xc_err
xc_check_group(const char *group, struct xc_errbuf *errbuf)
{
	size_t len = group != NULL ? strnlen(group, KEY_MAX) : 1;

	if (len == 0 || len == KEY_MAX ||
	    (group != NULL && strchr(group, '/') != NULL))
		return xc_fail(errbuf, XC_ERR_INVALID, "a group of cache keys "
		    "has 1 to %d bytes and no \"/\"", KEY_MAX - 1);
	return XC_OK;
}

/* What the client of HTTP says itself: two of it would let a server take the
 * body's end for another request's beginning. */
static bool
is_own(const char *name, size_t len)
{
	static const char *const own[] = { "connection", "content-length",
		"expect", "host", "keep-alive", "proxy-authorization",
		"proxy-connection", "te", "trailer", "transfer-encoding",
		"upgrade" };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == len && strncasecmp(own[i], name,
		    len) == 0)
			return true;
	return false;
}

/* "Name: value"; a value that is empty would be no header for libcurl. */
static bool
is_line(const char *line)
{
	size_t len = line != NULL ? strnlen(line, LINE_MAX + 1) : 0;
	const char *colon = len > 0 ? memchr(line, ':', len) : NULL;
	size_t name;

	if (len > LINE_MAX || colon == NULL)
		return false;
	name = (size_t)(colon - line);
	return xc_is_token(line, name) && !is_own(line, name) &&
	    colon[1 + strspn(colon + 1, " ")] != '\0' &&
	    xc_is_plain(colon, len - name, false);
}

static bool
is_method(const char *method)
{
	size_t len = method != NULL ? strnlen(method, METHOD_MAX + 1) : 0;

	return len <= METHOD_MAX && xc_is_token(method, len) &&
	    strcasecmp(method, "CONNECT") != 0 &&
	    strcasecmp(method, "TRACE") != 0;
}

static enum xc_err
check_lines(const struct xc_http_ask *ask, struct xc_errbuf *errbuf)
{
	size_t i;

	if (ask->n_headers > LINES_MAX ||
	    (ask->headers == NULL && ask->n_headers > 0))
		return xc_fail(errbuf, XC_ERR_INVALID, "a request to another "
		    "server with more than %d header lines", LINES_MAX);
	for (i = 0; i < ask->n_headers; i++)
		if (!is_line(ask->headers[i]))
			return xc_fail(errbuf, XC_ERR_INVALID, "header line "
			    "%zu is no \"Name: value\", is over 8 KiB, or is "
			    "one that xcore sets", i + 1);
	return XC_OK;
}

enum xc_err
xc_check_ask(const struct xc_http_ask *ask, struct xc_url *url_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_url_parse(ask->url, url_r, errbuf);

	if (err == XC_OK)
		err = check_lines(ask, errbuf);
	if (err != XC_OK)
		return err;
	if (!is_method(ask->method))
		return xc_fail(errbuf, XC_ERR_INVALID, "the method of a "
		    "request to another server is no token of 1 to %d "
		    "characters, or CONNECT or TRACE", METHOD_MAX);
	if (ask->body_len > 0 && (ask->body == NULL ||
	    strcasecmp(ask->method, "HEAD") == 0))
		return xc_fail(errbuf, XC_ERR_INVALID, "a body that is NULL "
		    "with a length, or one for HEAD");
	if (ask->body_len > XC_HTTP_BODY_MAX ||
	    ask->reply_max > XC_HTTP_REPLY_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "a body to another "
		    "server, or from it, has 8 MiB at most");
	if (ask->timeout_ms == 0 || ask->timeout_ms > XC_HTTP_TIMEOUT_MAX_MS)
		return xc_fail(errbuf, XC_ERR_INVALID, "timeout_ms of a "
		    "request to another server is %u; it is %d at most",
		    ask->timeout_ms, XC_HTTP_TIMEOUT_MAX_MS);
	return XC_OK;
}

enum xc_err
xc_check_event(const char *name, struct xc_errbuf *errbuf)
{
	size_t len = name != NULL ? strnlen(name, EVENT_MAX + 1) : 0;

	if (len == 0 || len > EVENT_MAX || strspn(name, EVENT_CHARS) != len)
		return xc_fail(errbuf, XC_ERR_INVALID, "an event's name has 1 "
		    "to %d of the characters a-z, 0-9, \".\", \"_\" and "
		    "\"-\"", EVENT_MAX);
	return XC_OK;
}

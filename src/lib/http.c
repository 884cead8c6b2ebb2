/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xcore/arena.h>
#include <xcore/http.h>
#include <xcore/log.h>

#include "check.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"
#include "url.h"

/* Whether the plugin may ask that server; says so if not. */
static enum xc_err
check_access(struct xc_request *req, const struct xc_url *url, bool *named_r)
{
	char permission[XC_URL_HOST_MAX + 16];
	bool may = req->plugin != NULL && xc_may_ask(req->plugin, url,
	    named_r);

	snprintf(permission, sizeof(permission), "http:%s:%u", url->host,
	    (unsigned)url->port);
	if (!xc_permit(req, may, permission))
		return XC_ERR_DENIED;
	if (req->host->http == NULL) {
		xc_log(req, XC_LOG_ERROR, "there are no requests to other "
		    "servers here");
		return XC_ERR_UNAVAILABLE;
	}
	return XC_OK;
}

static bool
has_header(const struct xc_http_ask *ask, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < ask->n_headers; i++)
		if (strncasecmp(ask->headers[i], name, len) == 0 &&
		    ask->headers[i][len] == ':')
			return true;
	return false;
}

/* Says which trace it is a part of, unless the plugin does itself. */
static enum xc_err
add_trace(struct xc_request *req, struct xc_http_ask *ask)
{
	const char *parent = xc_request_traceparent(req);
	const char *state = xc_request_tracestate(req), **lines;
	size_t n = ask->n_headers;

	if (parent[0] == '\0' || has_header(ask, "traceparent"))
		return XC_OK;
	lines = xc_alloc(req, (n + 2) * sizeof(*lines));
	if (lines == NULL)
		return XC_ERR_NOMEM;
	if (n > 0)
		memcpy(lines, ask->headers, n * sizeof(*lines));
	lines[n] = xc_printf(req, "traceparent: %s", parent);
	if (lines[n++] == NULL)
		return XC_ERR_NOMEM;
	if (state[0] != '\0' && !has_header(ask, "tracestate")) {
		lines[n] = xc_printf(req, "tracestate: %s", state);
		if (lines[n++] == NULL)
			return XC_ERR_NOMEM;
	}
	ask->headers = lines;
	ask->n_headers = n;
	return XC_OK;
}

static enum xc_err
prepare(struct xc_request *req, const struct xc_http_request *ask,
    struct xc_http_ask *to)
{
	struct xc_errbuf errbuf;
	struct xc_url url;
	enum xc_err err;

	*to = (struct xc_http_ask){
		.method = ask->method != NULL ? ask->method : "GET",
		.url = ask->url,
		.headers = ask->headers,
		.n_headers = ask->n_headers,
		.body = ask->body,
		.body_len = ask->body_len,
		.timeout_ms = ask->timeout_ms != 0 ? ask->timeout_ms
		    : XC_HTTP_TIMEOUT_MS,
		.reply_max = ask->reply_max != 0 ? ask->reply_max
		    : XC_HTTP_REPLY,
	};
	err = add_trace(req, to);
	if (err != XC_OK)
		return err;
	err = xc_check_ask(to, &url, &errbuf);
	if (err != XC_OK) {
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
		return err;
	}
	return check_access(req, &url, &to->named);
}

enum xc_err
xc_http(struct xc_request *req, const struct xc_http_request *ask,
    struct xc_http_response *got_r)
{
	struct xc_http_got got = { 0 };
	struct xc_http_ask to;
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	memset(got_r, 0, sizeof(*got_r));
	got_r->body = "";
	err = prepare(req, ask, &to);
	if (err == XC_OK)
		err = req->host->http->ask(req->host->http_ctx, &to, &got);
	if (err == XC_OK)
		err = xc_defer(req, free, got.memory);
	if (err != XC_OK)
		return err;
	got_r->status = got.status;
	got_r->headers = got.headers;
	got_r->n_headers = got.n_headers;
	got_r->body = got.body;
	got_r->body_len = got.body_len;
	return XC_OK;
}

enum xc_err
xc_http_get(struct xc_request *req, const char *url,
    struct xc_http_response *got_r)
{
	struct xc_http_request ask = { .url = url };

	return xc_http(req, &ask, got_r);
}

const char *
xc_http_header(const struct xc_http_response *got, const char *name)
{
	size_t len = strlen(name);
	const char *line;
	size_t i;

	for (i = 0; i < got->n_headers; i++) {
		line = got->headers[i];
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		return line + strspn(line, " ");
	}
	return NULL;
}

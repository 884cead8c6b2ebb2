/* SPDX-License-Identifier: MIT */
/*
 * Any bytes: the scan must not depend on how they are cut, nor on whether the
 * body is taken out meanwhile; and what it finds complete libfcgi must read as
 * we did, in both ways of feeding it, with the body and without.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/feed.h"
#include "worker/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
insist(bool ok)
{
	if (!ok)
		abort();
}

static struct xc_head_limits
small_limits(void)
{
	return xc_head_limits(4096, 4096);
}

/* In two parts, at a place that the input gives. */
static void
check_parts(const uint8_t *data, size_t size, const struct xc_head *whole,
    enum xc_head_result expected)
{
	struct xc_head_limits limits = small_limits();
	struct xc_head head = { .done = 0 };
	enum xc_head_result result;
	size_t cut = size > 1 ? data[size - 1] % size : 0;

	result = xc_head_scan(&head, &limits, data, cut);
	if (result == XC_HEAD_MORE)
		result = xc_head_scan(&head, &limits, data, size);
	/* What is behind the end is seen only when it has come. */
	if (result == XC_HEAD_COMPLETE && expected == XC_HEAD_BAD)
		return;
	insist(result == expected);
	insist(head.done == whole->done);
	insist(head.n_params == whole->n_params);
	insist(head.body_len == whole->body_len);
}

/* The body, or with body_len 0 none, as libfcgi reads it; the caller's to
 * free. */
static char *
check_decoding(enum xc_feed_mode mode, const uint8_t *data, size_t size,
    const struct xc_head *head, size_t body_len)
{
	FCGX_Request fcgi;
	char *body = malloc(body_len + 1);
	size_t n = 0, bytes = 0;
	const char *text;

	insist(body != NULL);
	xc_feed_open(&fcgi, 1000);
	insist(xc_feed_decode(mode, &fcgi, data, size, body, body_len) ==
	    XC_OK);
	insist(fcgi.requestId == head->request_id);
	/* The first is libfcgi's own FCGI_ROLE. */
	for (n = 0; (text = fcgi.envp[n]) != NULL; n++)
		if (n > 0)
			bytes += strlen(text) - 1;
	insist(n == head->n_params + 1);
	/* No name or value was cut: their bytes and at least two lengths
	 * each make up the whole. */
	insist(bytes + 2 * (size_t)head->n_params <= head->params_len &&
	    bytes + 8 * (size_t)head->n_params >= head->params_len);
	xc_feed_end(&fcgi);
	return body;
}

/* As a worker does it: what has come is taken out of buf from time to time.
 * body has room for all. */
static enum xc_head_result
take_out(const uint8_t *data, size_t size, unsigned char *buf,
    struct xc_head *head, unsigned char *body)
{
	struct xc_head_limits limits = small_limits();
	size_t step = size > 2 ? 1 + data[size - 2] % 64 : 1, len = 0, at = 0;
	size_t n, got = 0;
	enum xc_head_result result = XC_HEAD_MORE;
	unsigned char *content;

	while (at < size && result == XC_HEAD_MORE) {
		n = size - at < step ? size - at : step;
		memcpy(buf + len, data + at, n);
		at += n;
		len += n;
		result = xc_head_scan(head, &limits, buf, len);
		if (head->body_len == 0 || (result != XC_HEAD_MORE &&
		    result != XC_HEAD_COMPLETE))
			continue;
		content = xc_head_body(head, buf, &n);
		memcpy(body + got, content, n);
		got += n;
		insist(got == head->body_len);
		if (result == XC_HEAD_MORE)
			xc_head_take(head, buf, &len);
	}
	/* A step may end where the request does. */
	return result == XC_HEAD_COMPLETE && at < size ? XC_HEAD_BAD : result;
}

static void
check_taking(const uint8_t *data, size_t size, const struct xc_head *whole,
    enum xc_head_result expected)
{
	unsigned char *buf = malloc(size + 1), *body = malloc(size + 1);
	struct xc_head head = { .done = 0 };
	enum xc_head_result result;
	char *decoded;
	size_t len;

	insist(buf && body);
	result = take_out(data, size, buf, &head, body);
	insist(size == 0 || result == expected);
	if (result == XC_HEAD_COMPLETE && size > 0) {
		insist(head.body_len == whole->body_len);
		decoded = check_decoding(XC_FEED_DIRECT, data, size, whole,
		    whole->body_len);
		insist(memcmp(decoded, body, whole->body_len) == 0);
		free(decoded);
		len = head.body_len > 0 ? xc_head_bare(&head, buf)
					: head.done;
		free(check_decoding(XC_FEED_DIRECT, buf, len, &head, 0));
		free(check_decoding(XC_FEED_MEMFD, buf, len, &head, 0));
	}
	free(buf);
	free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct xc_head_limits limits = small_limits();
	struct xc_head head = { .done = 0 };
	enum xc_feed_mode mode;
	enum xc_head_result result;

	if (!ready)
		insist(xc_feed_init(&mode, NULL) == XC_OK);
	ready = true;
	result = xc_head_scan(&head, &limits, data, size);
	check_parts(data, size, &head, result);
	check_taking(data, size, &head, result);
	if (result != XC_HEAD_COMPLETE)
		return 0;
	insist(head.done == size);
	free(check_decoding(XC_FEED_DIRECT, data, size, &head,
	    head.body_len));
	free(check_decoding(XC_FEED_MEMFD, data, size, &head,
	    head.body_len));
	return 0;
}

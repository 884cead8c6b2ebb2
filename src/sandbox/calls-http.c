/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "calls-private.h"
#include "lib/host.h"

#define LINE_MIN 6		/* bytes of an empty text */

static void
put_lines(struct xc_call_writer *w, const char *const *lines, size_t n)
{
	if (n > UINT32_MAX) {
		w->bad = true;
		return;
	}
	xc_call_put_u32(w, (uint32_t)n);
	for (size_t i = 0; i < n && !w->bad; i++)
		xc_call_put_text(w, lines[i]);
}

void
xc_call_put_http_ask(struct xc_call_writer *w, const struct xc_http_ask *ask)
{
	xc_call_put_text(w, ask->method);
	xc_call_put_text(w, ask->url);
	xc_call_put_u32(w, ask->timeout_ms);
	xc_call_put_u32(w, ask->reply_max);
	put_lines(w, ask->headers, ask->n_headers);
	xc_call_put_bytes(w, ask->body, ask->body_len);
}

void
xc_call_put_http_got(struct xc_call_writer *w, const struct xc_http_got *got)
{
	xc_call_put_u32(w, (uint32_t)got->status);
	put_lines(w, got->headers, got->n_headers);
	xc_call_put_bytes(w, got->body, got->body_len);
}

/* How many lines follow. */
static size_t
get_count(struct xc_call_reader *r)
{
	uint32_t n = xc_call_get_u32(r);

	if (n <= xc_call_left(r) / LINE_MIN)
		return n;
	r->bad = true;
	return 0;
}

static void
get_lines(struct xc_call_reader *r, const char **lines, size_t n)
{
	for (size_t i = 0; i < n && !r->bad; i++) {
		lines[i] = xc_call_get_text(r);
		if (lines[i] == NULL)
			r->bad = true;
	}
}

void
xc_call_get_http_ask(struct xc_call_reader *r, struct xc_http_ask *ask_r,
    void **memory_r)
{
	const char **lines = NULL;
	size_t n;

	*memory_r = NULL;
	memset(ask_r, 0, sizeof(*ask_r));
	ask_r->method = xc_call_get_text(r);
	ask_r->url = xc_call_get_text(r);
	ask_r->timeout_ms = xc_call_get_u32(r);
	ask_r->reply_max = xc_call_get_u32(r);
	n = get_count(r);
	if (ask_r->method == NULL || ask_r->url == NULL)
		r->bad = true;
	if (n > 0 && xc_call_spend(r, n * sizeof(*lines))) {
		lines = calloc(n, sizeof(*lines));
		if (lines == NULL)
			r->bad = true;
	}
	get_lines(r, lines, n);
	ask_r->body = xc_call_get_bytes(r, &ask_r->body_len);
	if (r->bad) {
		free(lines);
		memset(ask_r, 0, sizeof(*ask_r));
		return;
	}
	ask_r->headers = lines;
	ask_r->n_headers = n;
	*memory_r = lines;
}

void
xc_call_get_http_got(struct xc_call_reader *r, struct xc_http_got *got_r)
{
	int status = (int)xc_call_get_u32(r);
	size_t n = get_count(r);
	size_t left = xc_call_left(r);
	struct xc_call_reader copy = { .len = left, .bad = r->bad };
	const char **lines;

	memset(got_r, 0, sizeof(*got_r));
	/* The lines' addresses, and behind them all that is left. */
	lines = malloc(n * sizeof(*lines) + left + 1);
	if (lines == NULL || r->bad) {
		free(lines);
		r->bad = true;
		return;
	}
	memcpy(lines + n, r->base + r->at, left);
	copy.base = (const unsigned char *)(lines + n);
	get_lines(&copy, lines, n);
	got_r->body = xc_call_get_bytes(&copy, &got_r->body_len);
	r->at += copy.at;
	r->bad = copy.bad;
	if (r->bad) {
		free(lines);
		memset(got_r, 0, sizeof(*got_r));
		return;
	}
	got_r->memory = lines;
	got_r->status = status;
	got_r->headers = lines;
	got_r->n_headers = n;
}

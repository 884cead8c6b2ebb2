/* SPDX-License-Identifier: MIT */
/*
 * Lines of bytes as FastCGI parameters, and what is behind an empty line as
 * the body: a refusal or a request whose strings are whole, and always a
 * reply.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "host.h"
#include "request-private.h"

#define PARAMS_MAX 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum xc_err
handle(struct xc_request *req)
{
	return xc_reply_text(req, 200, "text/plain", xc_request_path(req),
	    strlen(xc_request_path(req)));
}

/* Splits text at its newlines; returns what is behind the empty line. */
static char *
split(char *text, char *end, char **envp)
{
	size_t n = 0;
	char *next;

	while (text < end && *text != '\n' && n < PARAMS_MAX) {
		envp[n++] = text;
		next = memchr(text, '\n', (size_t)(end - text));
		text = next != NULL ? next + 1 : end;
		if (next != NULL)
			*next = '\0';
	}
	envp[n] = NULL;
	return text < end ? text + 1 : end;
}

static void
check(const struct xc_request *req)
{
	const char *const *segments;
	const char *name;
	const char *value;
	size_t n;

	n = xc_request_segments(req, &segments);
	assert(n > 0 && segments[n] == NULL);
	for (n = 0; xc_request_header_at(req, n, &name, &value); n++) {
		assert(strpbrk(value, "\r\n") == NULL);
		assert(strcmp(name, "proxy") != 0);
		assert(xc_request_header(req, name) != NULL);
	}
	for (n = 0; xc_request_query_at(req, n, &name, &value); n++)
		assert(xc_request_query(req, name) != NULL);
	assert(strpbrk(xc_request_host(req), "\r\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xc_host host;
	static struct xc_request req;
	static bool ready;
	char *envp[PARAMS_MAX + 1];
	struct xc_errbuf errbuf;
	char *text = malloc(size + 1);
	char *body;
	int status;

	assert(text != NULL);
	if (!ready)
		assert(xc_request_init(&req, &host, NULL) == XC_OK);
	ready = true;
	memcpy(text, data, size);
	text[size] = '\0';
	body = split(text, text + size, envp);
	status = xc_request_parse(&req, envp, body,
	    (size_t)(text + size - body), &errbuf);
	assert(strlen(xc_request_id(&req)) >= 8);
	if (status != 0) {
		assert(xc_reply_problem(&req, status, "%s", errbuf.text) ==
		    XC_OK);
	} else {
		check(&req);
		assert(xc_request_bind(&req, NULL, 0, "", NULL, 0) == XC_OK);
		assert(xc_request_run(&req, handle) == XC_OK);
	}
	assert(xc_request_reply(&req)->size == req.out.used);
	xc_request_reset(&req);
	free(text);
	return 0;
}

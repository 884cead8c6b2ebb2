/* SPDX-License-Identifier: MIT */
/*
 * A request to a document that has everything: the first line is its method
 * and URI, then FastCGI parameters, an empty line, and the body.  What is
 * refused has a reply that is JSON, with some faults and not too many; what is
 * not has tapes that can be walked.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/reply.h>

#include "lib/host.h"
#include "lib/plugin-private.h"

#include "contract-everything.h"
#include "contract.h"
#include "fault.h"

#define PARAMS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xc_contract *contract;
static struct xc_taker *taker;
static struct xc_request req;

/* Nobody promises the NUL at the end. */
static void
fill(char *to, size_t size, const char *text)
{
	memcpy(to, text, strnlen(text, size));
}

/* The credentials say what comes of them. */
static enum xc_err
check(void *ctx, struct xc_request *asked, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict)
{
	const char *text = xc_request_header(asked, "authorization");

	(void)ctx;
	assert(need->n > 0 && need->schemes[0].name[0] != '\0');
	if (text == NULL)
		return XC_ERR_INVALID;
	fill(verdict->subject, sizeof(verdict->subject), text);
	fill(verdict->challenge, sizeof(verdict->challenge), text);
	fill(verdict->detail, sizeof(verdict->detail), text);
	return (enum xc_err)((unsigned char)text[0] % XC_ERR__MAX);
}

static void
begin(void)
{
	static const struct xc_auth_ops auth = { .check = check };
	static const struct xc_host host = { .auth = &auth };
	static char document[sizeof(everything)];
	struct xc_errbuf errbuf;
	size_t i;

	for (i = 0; i < sizeof(everything); i++)
		document[i] = everything[i] == '\'' ? '"' : everything[i];
	if (xc_contract_compile(document, strlen(document), &contract,
	    &errbuf) != XC_OK)
		abort();
	taker = xc_taker_create();
	if (taker == NULL || xc_request_init(&req, &host, NULL) != XC_OK)
		abort();
}

/* What is refused says why. */
static void
look_at_reply(void)
{
	const struct xc_reply_head *head = xc_request_reply(&req);
	struct json_object *problem;
	struct json_object *errors;
	size_t n;

	assert(req.reply == XC_REPLY_WHOLE && head->status >= 400);
	if (xc_json_parse(xc_block_text(&req.out, head->body),
	    head->body.len, &problem, NULL, 0) != XC_OK)
		abort();
	errors = xc_json_member(problem, "errors");
	n = errors != NULL ? json_object_array_length(errors) : 0;
	assert(n <= XC_CONTRACT_FAULTS_MAX);
	assert(head->status != 422 || n > 0);
	json_object_put(problem);
}

/* The token behind one, the first inside of a container. */
static uint32_t
step(const struct xc_tape *tape, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(tape, at);

	return type == XC_TOKEN_OBJECT || type == XC_TOKEN_ARRAY
	    ? xc_tape_first(at) : xc_tape_next(tape, at);
}

static void
look_at_tape(struct xc_tape_ref ref)
{
	struct xc_tape tape;
	char pointer[64];
	uint32_t next;
	uint32_t at;

	if (ref.off == 0)
		return;
	if (!xc_tape_look(&req.in, ref, &tape))
		abort();
	for (at = 0; at < tape.n; at = next) {
		if (at < 100)
			xc_tape_pointer(&tape, at, pointer, sizeof(pointer));
		next = step(&tape, at);
		assert(next > at && next <= tape.n);
	}
}

/* As a handler that replies with what it was sent. */
static void
reply(size_t index)
{
	struct xc_errbuf errbuf = { .text = "" };
	const char *body;
	size_t len;

	body = xc_request_body(&req, &len);
	if (xc_reply_text(&req, 200, "application/json", body, len) != XC_OK)
		abort();
	if (xc_contract_reply(taker, contract, index, &req, &errbuf) !=
	    XC_OK && errbuf.text[0] == '\0')
		abort();
}

static void
serve(const struct xc_source *source)
{
	const struct xc_request_head *head;
	const struct xc_routes *routes = xc_contract_routes(contract);
	static struct xc_plugin plugin;
	struct xc_route_match match;
	const char *const *segments;
	size_t n = xc_request_segments(&req, &segments);

	if (xc_routes_find(routes, xc_request_method(&req), segments, n,
	    &match) != XC_ROUTE_MATCH)
		return;
	if (xc_request_bind(&req, &plugin, 0, xc_routes_operation(routes,
	    match.index), match.params, match.n_params) != XC_OK)
		abort();
	if (!xc_contract_take(taker, contract, match.index, &req, source)) {
		look_at_reply();
		return;
	}
	assert(req.reply == XC_REPLY_NONE);
	head = (const void *)req.in.base;
	assert(head->size <= req.in.used);
	look_at_tape(head->args);
	look_at_tape(head->data);
	reply(match.index);
}

/* Cuts the next line off; NULL at the end of all. */
static char *
next_line(char **rest)
{
	char *line = *rest;
	char *end;

	if (line == NULL)
		return NULL;
	end = strchr(line, '\n');
	if (end != NULL)
		*end++ = '\0';
	*rest = end;
	return line;
}

/* "GET /" becomes two parameters; the others are as they are. */
static void
run(char *text, const struct xc_source *source)
{
	static char method[40];
	static char uri[8192];
	char *params[PARAMS_MAX + 3] = { method, uri };
	char *line = next_line(&text);
	char *blank = strchr(line, ' ');
	size_t n = 2;

	if (blank == NULL || blank - line > 20 || strlen(blank) > 8000)
		return;
	*blank = '\0';
	strcpy(method, "REQUEST_METHOD=");
	strcat(method, line);
	strcpy(uri, "REQUEST_URI=");
	strcat(uri, blank + 1);
	while (n < PARAMS_MAX && (line = next_line(&text)) != NULL)
		params[n++] = line;
	params[n] = NULL;
	if (xc_request_parse(&req, params, NULL, source->len, NULL) == 0)
		serve(source);
	xc_request_reset(&req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const char *gap = size > 0 ? memmem(data, size, "\n\n", 2) : NULL;
	size_t len = gap != NULL ? (size_t)(gap - bytes) : size;
	struct xc_source source = { .fd = -1 };
	char *text;

	if (contract == NULL)
		begin();
	if (gap != NULL) {
		source.data = gap + 2;
		source.len = size - len - 2;
	}
	text = malloc(len + 1);
	if (text == NULL)
		return 0;
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	run(text, &source);
	free(text);
	return 0;
}

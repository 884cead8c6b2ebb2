/* SPDX-License-Identifier: MIT */
/*
 * What a contract adds to a request, in nanoseconds, and what it holds, in
 * bytes:
 *
 *	bench-contract [ROUNDS [OPENAPI.JSON...]]
 *
 * Each request is made in three ways that take turns: parsed alone; parsed,
 * routed and bound; and held to its contract besides.  What is printed is the
 * best of each and the differences.  It asserts nothing.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/host.h"
#include "lib/plugin-private.h"

#include "contract.h"

#define REQUESTS 2000
#define SEGMENTS "/app/todo"
#define N_PREFIX 2

/* A todo of some 1,000 bytes, and the schema that tests/bench/schema.sh has
 * for it. */
#define WORDS								\
"The quick brown fox jumps over the lazy dog and goes home again. "
static const char todo[] =
"{\"id\":12345,\"title\":\"Buy milk and bread for the weekend\","
"\"done\":false,\"priority\":3,\"tags\":[\"home\",\"shopping\"],"
"\"ratio\":0.25,\"due\":\"2026-12-01T10:00:00Z\",\"notes\":\"" WORDS WORDS
WORDS WORDS WORDS WORDS WORDS WORDS WORDS WORDS "\",\"owner\":{\"name\":"
"\"Ann\",\"email\":\"ann@example.org\"},\"links\":["
"\"https://example.org/a\",\"https://example.org/b\"]}";

#define TODO_SCHEMA							\
"{\"type\":\"object\",\"additionalProperties\":false,"			\
"\"required\":[\"id\",\"title\",\"done\"],\"properties\":{"		\
"\"id\":{\"type\":\"integer\",\"minimum\":1},"				\
"\"title\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200},"	\
"\"done\":{\"type\":\"boolean\"},\"priority\":{\"enum\":[1,2,3,4,5]},"	\
"\"ratio\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"		\
"\"tags\":{\"type\":\"array\",\"maxItems\":10,\"uniqueItems\":true,"	\
"\"items\":{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9-]*$\"}},"	\
"\"due\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},"	\
"\"notes\":{\"type\":\"string\",\"maxLength\":5000},"			\
"\"owner\":{\"type\":\"object\",\"required\":[\"name\"],"		\
"\"properties\":{\"name\":{\"type\":\"string\"},"			\
"\"email\":{\"type\":\"string\",\"format\":\"email\"}}},"		\
"\"links\":{\"type\":\"array\",\"items\":{\"type\":\"string\","		\
"\"format\":\"uri\"}}}}"

#define INTEGER(name, in, more)						\
"{\"name\":\"" name "\",\"in\":\"" in "\"," more			\
"\"schema\":{\"type\":\"integer\",\"minimum\":1}}"

#define ITEM(n)								\
"\"/r" n "/{id}\":{\"parameters\":[" INTEGER("id", "path",		\
"\"required\":true,") "],\"get\":{\"operationId\":\"get_" n "\","	\
"\"parameters\":[" INTEGER("page", "query", "") ","			\
INTEGER("per_page", "query", "") "]," ANSWERS "},"			\
"\"put\":{\"operationId\":\"put_" n "\"," BODY "," ANSWERS "}}"

#define ANSWERS								\
"\"responses\":{\"200\":{\"description\":\"d\",\"content\":{"		\
"\"application/json\":{\"schema\":{\"$ref\":"				\
"\"#/components/schemas/Todo\"}}}},\"default\":{\"description\":\"d\","	\
"\"content\":{\"application/problem+json\":{\"schema\":{\"type\":"	\
"\"object\"}}}}}"

#define BODY								\
"\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{" \
"\"schema\":{\"$ref\":\"#/components/schemas/Todo\"}}}}"

static const char site[] =
"{\"openapi\":\"3.1.0\",\"paths\":{\"/\":{\"get\":{\"operationId\":\"hello\","
ANSWERS "},\"post\":{\"operationId\":\"add\"," BODY "," ANSWERS "}},"
ITEM("0") "},\"components\":{\"schemas\":{\"Todo\":" TODO_SCHEMA "}}}";

/* --- requests ------------------------------------------------------------ */

struct subject {
	const char *name;
	const char *method;
	const char *uri;
	const char *body;
};

static const struct subject subjects[] = {
	{ "hello: nothing to check", "GET", SEGMENTS "/", NULL },
	{ "1 integer of the path, 2 of the query", "GET",
	    SEGMENTS "/r0/7?page=2&per_page=50", NULL },
	{ "POST of a todo of 1 KB", "POST", SEGMENTS "/", todo },
};

#define N_SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

enum way { PARSE, ROUTE, CHECK, N_WAYS };

struct bench {
	struct xc_contract *contract;
	struct xc_taker *taker;
	struct xc_request req;
	struct xc_plugin plugin;
};

static char *
param(const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	if (text == NULL)
		abort();
	snprintf(text, size, "%s=%s", name, value);
	return text;
}

/* What nginx sends; the process ends before these have to be freed. */
static char **
make_params(const struct subject *subject)
{
	static const char *const rest[][2] = {
		{ "SCRIPT_NAME", "/app/todo/" },
		{ "DOCUMENT_ROOT", "/usr/share/nginx/html" },
		{ "SERVER_PROTOCOL", "HTTP/1.1" },
		{ "REQUEST_SCHEME", "http" },
		{ "GATEWAY_INTERFACE", "CGI/1.1" },
		{ "SERVER_SOFTWARE", "nginx/1.22.1" },
		{ "REMOTE_ADDR", "127.0.0.1" },
		{ "REMOTE_PORT", "40312" },
		{ "SERVER_PORT", "8080" },
		{ "REQUEST_ID", "8f14e45fceea167a5a36dedd4bea2543" },
		{ "HTTP_HOST", "127.0.0.1:8080" },
		{ "HTTP_USER_AGENT", "Mozilla/5.0 (X11; Linux x86_64)" },
		{ "HTTP_ACCEPT", "application/json;q=0.9,*/*;q=0.8" },
		{ "HTTP_ACCEPT_ENCODING", "gzip, deflate, br" },
	};
	const size_t n_rest = sizeof(rest) / sizeof(rest[0]);
	const char *query = strchr(subject->uri, '?');
	char **params = calloc(n_rest + 6, sizeof(*params));
	size_t n = 0;

	if (params == NULL)
		abort();
	for (; n < n_rest; n++)
		params[n] = param(rest[n][0], rest[n][1]);
	params[n++] = param("REQUEST_METHOD", subject->method);
	params[n++] = param("REQUEST_URI", subject->uri);
	params[n++] = param("QUERY_STRING", query != NULL ? query + 1 : "");
	if (subject->body != NULL)
		params[n++] = param("CONTENT_TYPE", "application/json");
	return params;
}

static int
serve(struct bench *bench, const struct subject *subject, char **params,
    enum way way)
{
	const struct xc_source source = { .data = subject->body, .fd = -1,
		.len = subject->body != NULL ? strlen(subject->body) : 0 };
	const struct xc_routes *routes = xc_contract_routes(bench->contract);
	struct xc_request *req = &bench->req;
	const char *const *segments;
	struct xc_route_match match;
	size_t n;

	/* A body has to be copied also where nobody looks at it. */
	if (xc_request_parse(req, params, NULL, source.len, NULL) != 0 ||
	    (way != CHECK && source.len > 0 && xc_request_set_body(req,
	    source.data, source.len) != XC_OK))
		return -1;
	if (way != PARSE) {
		n = xc_request_segments(req, &segments) - N_PREFIX;
		if (xc_routes_find(routes, xc_request_method(req),
		    segments + N_PREFIX, n, &match) != XC_ROUTE_MATCH ||
		    xc_request_bind(req, &bench->plugin, N_PREFIX,
		    xc_routes_operation(routes, match.index), match.params,
		    match.n_params) != XC_OK)
			return -1;
	}
	if (way == CHECK && !xc_contract_take(bench->taker, bench->contract,
	    match.index, req, &source))
		return -1;
	xc_request_reset(req);
	return 0;
}

/* Nanoseconds for each; ends the process if one fails. */
static double
run_round(struct bench *bench, const struct subject *subject, char **params,
    enum way way)
{
	struct timespec start;
	struct timespec end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < REQUESTS; i++) {
		if (serve(bench, subject, params, way) == 0)
			continue;
		fprintf(stderr, "%s: refused: %s\n", subject->name,
		    xc_block_text(&bench->req.out,
		    xc_request_reply(&bench->req)->body));
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 +
	    (double)(end.tv_nsec - start.tv_nsec)) / REQUESTS;
}

static void
measure(struct bench *bench, const struct subject *subject, int rounds)
{
	char **params = make_params(subject);
	double best[N_WAYS];
	ptrdiff_t grown;
	double ns;
	int way;
	int i;

	for (way = 0; way < N_WAYS; way++)
		best[way] = run_round(bench, subject, params, (enum way)way);
	grown = (ptrdiff_t)mallinfo2().uordblks;
	for (i = 0; i < rounds; i++) {
		for (way = 0; way < N_WAYS; way++) {
			ns = run_round(bench, subject, params,
			    (enum way)way);
			if (ns < best[way])
				best[way] = ns;
		}
	}
	grown = (ptrdiff_t)mallinfo2().uordblks - grown;
	printf("%-40s %7.0f %7.0f %9.0f %8td\n", subject->name, best[PARSE],
	    best[ROUTE] - best[PARSE], best[CHECK] - best[ROUTE], grown);
}

/* --- memory -------------------------------------------------------------- */

static void
weigh(const char *name, const char *text, size_t len)
{
	size_t before = mallinfo2().uordblks;
	struct xc_contract *contract;
	struct xc_errbuf errbuf;
	struct timespec start;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (xc_contract_compile(text, len, &contract, &errbuf) != XC_OK) {
		fprintf(stderr, "%s: %s\n", name, errbuf.text);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%-40s %7zu %7zu %9zu %8.1f\n", name, len,
	    xc_contract_size(contract), mallinfo2().uordblks - before,
	    (double)(end.tv_sec - start.tv_sec) * 1e3 +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e6);
	xc_contract_free(&contract);
}

static void
weigh_file(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "rbe");
	size_t len = file != NULL ? fread(text, 1, sizeof(text), file) : 0;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	fclose(file);
	weigh(path, text, len);
}

/* 200 operations, each with a schema of its own. */
static void
weigh_large(void)
{
	static const char item[] = ITEM("%03d");
	const size_t size = 100 * (sizeof(item) + sizeof(TODO_SCHEMA) + 80);
	char *text = malloc(size);
	size_t used = 0;
	char *at;
	int i;

	if (text == NULL)
		abort();
	used += (size_t)snprintf(text, size, "{\"paths\":{");
	for (i = 0; i < 100; i++) {
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		    i > 0 ? "," : "", item);
		/* Its number, in all places. */
		while ((at = strstr(text, "%03d")) != NULL) {
			char digits[5];

			snprintf(digits, sizeof(digits), "%04d", i);
			memcpy(at, digits, 4);
		}
		while ((at = strstr(text, "schemas/Todo")) != NULL) {
			char name[13];

			snprintf(name, sizeof(name), "schemas/T%03d", i);
			memcpy(at, name, 12);
		}
	}
	used += (size_t)snprintf(text + used, size - used,
	    "},\"components\":{\"schemas\":{");
	for (i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, size - used,
		    "%s\"T%03d\":%s", i > 0 ? "," : "", i, TODO_SCHEMA);
	used += (size_t)snprintf(text + used, size - used, "}}}");
	weigh("200 operations, 100 schemas", text, used);
	free(text);
}

int
main(int argc, char **argv)
{
	static const struct xc_host host;
	int rounds = argc > 1 ? atoi(argv[1]) : 300;
	struct bench bench = { .taker = xc_taker_create() };
	struct xc_errbuf errbuf;
	size_t i;
	int arg;

	if (bench.taker == NULL ||
	    xc_request_init(&bench.req, &host, NULL) != XC_OK)
		return 1;
	if (xc_contract_compile(site, strlen(site), &bench.contract,
	    &errbuf) != XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		return 1;
	}
	printf("%-40s %7s %7s %9s %8s\n", "nanoseconds for each request",
	    "parse", "+route", "+contract", "grown B");
	for (i = 0; i < N_SUBJECTS; i++)
		measure(&bench, &subjects[i], rounds);
	printf("%-40s %7s %7s %9s %8s\n", "bytes of a contract", "text",
	    "size", "heap", "ms");
	weigh("the one above", site, strlen(site));
	weigh_large();
	for (arg = 2; arg < argc; arg++)
		weigh_file(argv[arg]);
	xc_contract_free(&bench.contract);
	xc_taker_free(&bench.taker);
	xc_request_free(&bench.req);
	return 0;
}

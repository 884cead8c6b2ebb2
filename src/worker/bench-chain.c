/* SPDX-License-Identifier: MIT */
/*
 * What the chain costs on a hello: parse, chain, bind, run and the reply
 * through a socket that is read again.  `bench-chain [ROUNDS]` prints
 * nanoseconds for each request, the median of interleaved rounds, with the
 * chain off, as it is by default, with all in use but Memcached, with 10 and
 * with 1,000 prefixes, and with a step of a plugin in this process ahead of
 * the handler, then with one behind it too.  It asserts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>
#include <xcore/reply.h>

#include "config/settings-private.h"
#include "lib/host.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "worker/worker.h"

#define REQUESTS 20000
#define ROUNDS_MAX 99

static char *const params[] = {
	(char[]){ "QUERY_STRING=name=world" },
	(char[]){ "REQUEST_METHOD=GET" },
	(char[]){ "REQUEST_URI=/app/hello/?name=world" },
	(char[]){ "SERVER_PROTOCOL=HTTP/1.1" },
	(char[]){ "REQUEST_SCHEME=https" },
	(char[]){ "REMOTE_ADDR=10.0.0.1" },
	(char[]){ "REMOTE_PORT=40312" },
	(char[]){ "SERVER_PORT=8080" },
	(char[]){ "REQUEST_ID=8f14e45fceea167a5a36dedd4bea2543" },
	(char[]){ "HTTP_HOST=127.0.0.1:8080" },
	(char[]){ "HTTP_USER_AGENT=Mozilla/5.0 (X11; Linux x86_64)" },
	(char[]){ "HTTP_ACCEPT=text/html,application/json;q=0.9,*/*;q=0.8" },
	(char[]){ "HTTP_ACCEPT_ENCODING=gzip, deflate, br" },
	(char[]){ "HTTP_ORIGIN=https://app.example.org" },
	(char[]){ "HTTP_X_FORWARDED_FOR=192.0.2.1" },
	(char[]){ "HTTP_TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-"
	    "b7ad6b7169203331-01" },
	NULL
};

static const struct {
	const char *name, *config;
	int prefixes;		/* so many beside those of config */
	size_t steps;
} ways[] = {
	{ "off", "{\"middleware\":{\"chain\":[\"auth\"]}}", 0, 0 },
	{ "default", "{}", 0, 0 },
	{ "10 prefixes", NULL, 10, 0 },
	{ "1000 prefixes", NULL, 1000, 0 },
	{ "one step", "{}", 0, 1 },
	{ "two steps", "{}", 0, 2 },
	{ "all on", "{\"middleware\":{\"request_id\":{\"trace\":\"start\"},"
	    "\"proxy\":{\"trusted\":[\"10.0.0.0/8\",\"unix\"]},"
	    "\"timing\":{\"header\":true},\"body\":{\"max\":1000},"
	    "\"cors\":{\"origins\":[\"https://app.example.org\"]},"
	    "\"rate\":[{\"limit\":1000000000}]}}", 0, 0 },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct xc_host host;
static char name[] = "hello", version[] = "1.0.0";
static struct xc_plugin plugin = { .magic = XC_PLUGIN_HANDLE_MAGIC,
	.name = name, .version = version, .logger = name, .host = &host,
	.limits = { .memory_mb = 64, .reply_kb = 1024, .timeout_ms = 10000 } };
static struct xc_worker_row row;
static struct xc_scoreboard board;
static struct xc_worker worker = { .row = &row };
static int ends[2];

/* --- what of the worker steps.c asks for ---------------------------------- */

uint64_t
xc_worker_clock(struct xc_worker *w)
{
	uint64_t now_us = xc_now_ns() / 1000, took = now_us - w->now_us;

	w->now_us = now_us;
	w->now_ms = now_us / 1000;
	return took;
}

void
xc_worker_warn(struct xc_worker *w, const char *what, const char *detail)
{
	(void)w;
	fprintf(stderr, "bench-chain: %s: %s\n", what, detail);
}

void
xc_fault(struct xc_worker *w, const struct xc_plugin *of,
    enum xc_breach breach, const char *operation, const char *request_id,
    const char *detail)
{
	(void)of;
	(void)breach;
	(void)request_id;
	xc_worker_warn(w, operation, detail);
}

enum xc_err
xc_outside_step(struct xc_request *req, const struct xc_target *target,
    bool behind)
{
	(void)req;
	(void)target;
	(void)behind;
	return XC_ERR_UNSUPPORTED;
}

/* --- requests ------------------------------------------------------------- */

static enum xc_err
look(struct xc_request *asked)
{
	return xc_request_header(asked, "x-blocked") == NULL ? XC_OK :
	    XC_ERR_DENIED;
}

static enum xc_err
tag(struct xc_request *asked)
{
	return xc_reply_header(asked, "X-Tag", "1");
}

static const struct xc_loaded_step own[] = {
	{ .name = "hello:look", .operation_name = "look", .handler = look },
	{ .name = "hello:tag", .operation_name = "tag", .handler = tag,
	    .on_reply = true },
};
static struct xc_loaded loaded = { .name = name, .version = version,
	.plugin = &plugin, .state = XC_SERVING };

static enum xc_err
hello(struct xc_request *asked)
{
	return xc_reply_text(asked, 200, "text/plain", "hello\n", 6);
}

static void
serve(struct xc_chains *chains, const struct xc_course *course)
{
	struct xc_passage *passage = &worker.passage;
	const struct xc_target target = { .loaded = &loaded,
		.operation = "hello", .course = course };
	struct xc_wire wire = { .fd = ends[0], .request_id = 1,
		.timeout_ms = 1000, .passage = passage };
	struct xc_request *req = &worker.req;
	char sink[4096];

	xc_chain_begin(chains, passage);
	if (xc_request_parse(req, params, NULL, 0, NULL) != 0)
		abort();
	if (!xc_chain_in(chains, passage, req, 0) ||
	    xc_request_bind(req, &plugin, 2, "hello", NULL, 0) != XC_OK)
		abort();
	xc_steps_begin(&worker);
	if (!xc_steps_before(&worker, req, &target) ||
	    !xc_steps_ahead(&worker, req, &target) ||
	    xc_request_run(req, hello) != XC_OK)
		abort();
	worker.steps.taken = true;
	if (course)
		xc_steps_behind(&worker, req, &target);
	if (xc_wire_reply(&wire, req) != XC_OK ||
	    read(ends[1], sink, sizeof(sink)) < 100)
		abort();
	xc_chain_out(chains, passage, req, "hello");
	xc_request_reset(req);
}

/* What the requests pass with so many steps. */
static struct xc_courses *
make_courses(const struct xc_chains *chains, size_t steps)
{
	static struct xc_loaded *rows[] = { &loaded };
	static const struct xc_table_step list[] = { { &loaded, &own[0] },
		{ &loaded, &own[1] } };
	const struct xc_table table = { .rows = rows, .n = 1, .steps = list,
		.n_steps = steps };
	const struct xc_courses_options options = { .table = &table,
		.chains = chains, .board = &board };
	struct xc_courses *courses;

	if (xc_courses_build(&options, &courses) != XC_OK)
		abort();
	return courses;
}

/* A configuration with so many prefixes. */
static const char *
with_prefixes(int n)
{
	static char text[64 * 1024];
	size_t len = (size_t)snprintf(text, sizeof(text),
	    "{\"middleware\":{\"prefixes\":{");
	int i;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s\"/app/p%d\":{\"body\":{\"max\":%d}}",
		    i > 0 ? "," : "", i, i + 1);
	(void)snprintf(text + len, sizeof(text) - len, "}}}");
	return text;
}

static struct xc_chains *
make(const char *config, struct xc_settings **settings_r)
{
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_chains *chains = NULL;
	struct xc_chains_options options = { .host = &host, .row = &row };

	*settings_r = xc_settings_new();
	if (*settings_r == NULL || xc_settings_read_text(*settings_r, "bench",
	    config, strlen(config), &errbuf) != XC_OK)
		abort();
	options.config = &(*settings_r)->middleware;
	if (xc_chains_create(&options, &chains, &errbuf) != XC_OK)
		fprintf(stderr, "bench-chain: %s\n", errbuf.text);
	return chains;
}

static double
round_of(struct xc_chains *chains, const struct xc_course *course)
{
	uint64_t began = xc_now_ns();
	int i;

	for (i = 0; i < REQUESTS; i++)
		serve(chains, course);
	return (double)(xc_now_ns() - began) / REQUESTS;
}

static int
by_size(const void *a, const void *b)
{
	const double *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 9, i;
	static double took[WAYS][ROUNDS_MAX];
	struct xc_settings *settings[WAYS];
	struct xc_courses *courses[WAYS];
	struct xc_chains *chains[WAYS];
	size_t k;

	if (rounds < 1 || rounds > ROUNDS_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
	    xc_request_init(&worker.req, &host, NULL) != XC_OK)
		return 1;
	for (k = 0; k < WAYS; k++) {
		chains[k] = make(ways[k].config ? ways[k].config :
		    with_prefixes(ways[k].prefixes), &settings[k]);
		if (chains[k] == NULL)
			return 1;
		courses[k] = make_courses(chains[k], ways[k].steps);
	}
	for (i = 0; i < rounds; i++)
		for (k = 0; k < WAYS; k++)
			took[k][i] = round_of(chains[k],
			    xc_courses_of(courses[k], 0));
	for (k = 0; k < WAYS; k++) {
		qsort(took[k], (size_t)rounds, sizeof(took[k][0]), by_size);
		printf("%-14s %7.0f ns  +%.0f\n", ways[k].name,
		    took[k][rounds / 2], took[k][rounds / 2] -
		    took[0][rounds / 2]);
		xc_courses_free(&courses[k]);
		xc_chains_free(&chains[k]);
		xc_settings_free(&settings[k]);
	}
	xc_request_free(&worker.req);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What the chain costs on a hello: parse, chain, bind, run and the reply
 * through a socket that is read again.  `bench-chain [ROUNDS]` prints
 * nanoseconds for each request, the median of interleaved rounds, with the
 * chain off, as it is by default, and with all in use but Memcached.  It
 * asserts nothing.
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
#include "worker/chain.h"
#include "worker/wire.h"

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
} ways[] = {
	{ "off", "{\"middleware\":{\"chain\":[\"auth\"]}}" },
	{ "default", "{}" },
	{ "all on", "{\"middleware\":{\"request_id\":{\"trace\":\"start\"},"
	    "\"proxy\":{\"trusted\":[\"10.0.0.0/8\",\"unix\"]},"
	    "\"timing\":{\"header\":true},\"body\":{\"max\":1000},"
	    "\"cors\":{\"origins\":[\"https://app.example.org\"]},"
	    "\"rate\":[{\"limit\":1000000000}]}}" },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct xc_host host;
static struct xc_plugin plugin;
static struct xc_request req;
static struct xc_worker_row row;
static int ends[2];

static enum xc_err
hello(struct xc_request *asked)
{
	return xc_reply_text(asked, 200, "text/plain", "hello\n", 6);
}

static void
serve(struct xc_chains *chains, struct xc_passage *passage)
{
	struct xc_wire wire = { .fd = ends[0], .request_id = 1,
		.timeout_ms = 1000, .passage = passage };
	char sink[4096];

	xc_chain_begin(chains, passage);
	if (xc_request_parse(&req, params, NULL, 0, NULL) != 0)
		abort();
	if (!xc_chain_in(chains, passage, &req, 0) ||
	    xc_request_bind(&req, &plugin, 2, "hello", NULL, 0) != XC_OK ||
	    xc_request_run(&req, hello) != XC_OK ||
	    xc_wire_reply(&wire, &req) != XC_OK ||
	    read(ends[1], sink, sizeof(sink)) < 100)
		abort();
	xc_chain_out(chains, passage, &req, "hello");
	xc_request_reset(&req);
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
round_of(struct xc_chains *chains, struct xc_passage *passage)
{
	uint64_t began = xc_now_ns();
	int i;

	for (i = 0; i < REQUESTS; i++)
		serve(chains, passage);
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
	static struct xc_passage passage;
	struct xc_settings *settings[WAYS];
	struct xc_chains *chains[WAYS];
	size_t k;

	if (rounds < 1 || rounds > ROUNDS_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
	    xc_request_init(&req, &host, NULL) != XC_OK)
		return 1;
	for (k = 0; k < WAYS; k++) {
		chains[k] = make(ways[k].config, &settings[k]);
		if (chains[k] == NULL)
			return 1;
	}
	for (i = 0; i < rounds; i++)
		for (k = 0; k < WAYS; k++)
			took[k][i] = round_of(chains[k], &passage);
	for (k = 0; k < WAYS; k++) {
		qsort(took[k], (size_t)rounds, sizeof(took[k][0]), by_size);
		printf("%-8s %7.0f ns  +%.0f\n", ways[k].name,
		    took[k][rounds / 2], took[k][rounds / 2] -
		    took[0][rounds / 2]);
		xc_chains_free(&chains[k]);
		xc_settings_free(&settings[k]);
	}
	xc_request_free(&req);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a hello costs in libxcore: parse 20 parameters, bind, run, reset.
 * `bench-request [ROUNDS]` prints nanoseconds for each request, the best and
 * the median of rounds.  It asserts nothing; see also tests/bench.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <xcore/reply.h>

#include "host.h"
#include "plugin-private.h"
#include "request-private.h"

#define REQUESTS 100000

static char *const params[] = {
	(char[]){ "QUERY_STRING=name=world" },
	(char[]){ "REQUEST_METHOD=GET" },
	(char[]){ "CONTENT_TYPE=" },
	(char[]){ "CONTENT_LENGTH=" },
	(char[]){ "SCRIPT_NAME=/app/hello/" },
	(char[]){ "REQUEST_URI=/app/hello/?name=world" },
	(char[]){ "DOCUMENT_URI=/app/hello/" },
	(char[]){ "DOCUMENT_ROOT=/usr/share/nginx/html" },
	(char[]){ "SERVER_PROTOCOL=HTTP/1.1" },
	(char[]){ "REQUEST_SCHEME=http" },
	(char[]){ "GATEWAY_INTERFACE=CGI/1.1" },
	(char[]){ "SERVER_SOFTWARE=nginx/1.22.1" },
	(char[]){ "REMOTE_ADDR=127.0.0.1" },
	(char[]){ "REMOTE_PORT=40312" },
	(char[]){ "SERVER_PORT=8080" },
	(char[]){ "REQUEST_ID=8f14e45fceea167a5a36dedd4bea2543" },
	(char[]){ "HTTP_HOST=127.0.0.1:8080" },
	(char[]){ "HTTP_USER_AGENT=Mozilla/5.0 (X11; Linux x86_64)" },
	(char[]){ "HTTP_ACCEPT=text/html,application/json;q=0.9,*/*;q=0.8" },
	(char[]){ "HTTP_ACCEPT_ENCODING=gzip, deflate, br" },
	NULL
};

static struct xc_plugin plugin;

static enum xc_err
hello(struct xc_request *req)
{
	return xc_reply_text(req, 200, "text/plain", "hello\n", 6);
}

static int
serve(struct xc_request *req)
{
	if (xc_request_parse(req, params, NULL, 0, NULL) != 0 ||
	    xc_request_bind(req, &plugin, 2, "say_hello", NULL, 0) != XC_OK ||
	    xc_request_run(req, hello) != XC_OK)
		return -1;
	xc_request_reset(req);
	return 0;
}

/* Nanoseconds for a request; below 0 if one failed. */
static double
run_round(struct xc_request *req)
{
	struct timespec start;
	struct timespec end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < REQUESTS; i++)
		if (serve(req) != 0)
			return -1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 +
	    (double)(end.tv_nsec - start.tv_nsec)) / REQUESTS;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	static const struct xc_host host;
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	struct xc_request req;
	struct mallinfo2 before;
	struct mallinfo2 after;
	double ns[101];
	int i;

	if (rounds < 1 || rounds > 101 ||
	    xc_request_init(&req, &host, NULL) != XC_OK || serve(&req) != 0)
		return 1;
	before = mallinfo2();
	for (i = 0; i < rounds; i++) {
		ns[i] = run_round(&req);
		if (ns[i] < 0)
			return 1;
	}
	after = mallinfo2();
	qsort(ns, (size_t)rounds, sizeof(ns[0]), compare);
	printf("request: best %.0f ns, median %.0f ns; heap grew %td bytes\n",
	    ns[0], ns[rounds / 2], (ptrdiff_t)(after.uordblks -
	    before.uordblks));
	xc_request_free(&req);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What it costs to find an operation:  lookup PLUGINS ROUTES
 * prints nanoseconds for each lookup, the best of five batches, in a table of
 * so many plugins of so many routes each, asked for in a random order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "worker/router.h"

#define LOOKUPS 1000000
#define ASKED 4096		/* different paths, made before */
#define BATCHES 5

struct path {
	char text[2][16];
	const char *segments[4];	/* app, plugin, route, id */
};

static struct path paths[ASKED];
static size_t found;

static void
fail(const char *what)
{
	fprintf(stderr, "lookup: %s\n", what);
	exit(1);
}

static struct xc_routes *
make_routes(size_t n)
{
	struct xc_route *rows = calloc(n, sizeof(*rows));
	struct xc_routes *routes = NULL;
	struct xc_errbuf errbuf;
	char (*text)[32] = calloc(n, sizeof(*text));

	if (!rows || !text)
		fail("out of memory");
	for (size_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "/route%zu/{id}", i);
		rows[i] = (struct xc_route){ "GET", text[i], "operation" };
	}
	if (xc_routes_compile(rows, n, &routes, &errbuf) != XC_OK)
		fail("xc_routes_compile");
	free(rows);
	free(text);
	return routes;
}

static void
make_row(struct xc_loaded *row, size_t i, size_t n_routes)
{
	char (*text)[32] = calloc(2, sizeof(*text));
	const char **segments = calloc(2, sizeof(*segments));

	if (!text || !segments)
		fail("out of memory");
	snprintf(text[0], sizeof(text[0]), "plugin%04zu", i);
	snprintf(text[1], sizeof(text[1]), "/app/plugin%04zu", i);
	segments[0] = "app";
	segments[1] = text[0];
	*row = (struct xc_loaded){ .name = text[0], .prefix = text[1],
		.segments = segments, .n_segments = 2, .state = XC_SERVING,
		.routes = make_routes(n_routes) };
}

static void
make_paths(size_t n_plugins, size_t n_routes)
{
	srandom(1);
	for (size_t i = 0; i < ASKED; i++) {
		snprintf(paths[i].text[0], sizeof(paths[i].text[0]),
		    "plugin%04zu", (size_t)random() % n_plugins % 10000);
		snprintf(paths[i].text[1], sizeof(paths[i].text[1]),
		    "route%zu", (size_t)random() % n_routes % 10000);
		paths[i].segments[0] = "app";
		paths[i].segments[1] = paths[i].text[0];
		paths[i].segments[2] = paths[i].text[1];
		paths[i].segments[3] = "7";
	}
}

static double
batch(const struct xc_router *router)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; i < LOOKUPS; i++) {
		const char *const *s = paths[i % ASKED].segments;
		const struct xc_loaded *loaded = xc_router_find(router, s, 4);
		struct xc_route_match match;

		if (loaded && xc_routes_find(loaded->routes, XC_GET,
		    s + loaded->n_segments, 4 - loaded->n_segments,
		    &match) == XC_ROUTE_MATCH)
			found++;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	    (double)(end.tv_nsec - begin.tv_nsec)) / LOOKUPS;
}

int
main(int argc, char **argv)
{
	size_t n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	size_t n_routes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct xc_loaded *rows, **list;
	struct xc_table table = { .n = n };
	struct xc_router *router;
	double best = 1e9;

	if (n == 0 || n > 10000 || n_routes == 0 || n_routes > 10000) {
		fprintf(stderr, "usage: lookup PLUGINS ROUTES"
		    " (each 1 to 10000)\n");
		return 2;
	}
	rows = calloc(n, sizeof(*rows));
	list = calloc(n, sizeof(*list));
	if (!rows || !list)
		fail("out of memory");
	for (size_t i = 0; i < n; i++) {
		make_row(&rows[i], i, n_routes);
		list[i] = &rows[i];
	}
	table.rows = list;
	if (xc_router_build(&table, NULL, &router) != XC_OK)
		fail("out of memory");
	make_paths(n, n_routes);
	for (int i = 0; i < BATCHES; i++) {
		double ns = batch(router);

		best = ns < best ? ns : best;
	}
	if (found != (size_t)BATCHES * LOOKUPS)
		fail("some paths were not found");
	printf("%.1f\n", best);
	return 0;
}

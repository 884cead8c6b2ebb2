/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/history.h"
#include "worker/router.h"

/* Rows for prefixes of which each is its own list of segments. */
static const char *const app[] = { "app" };
static const char *const app_a[] = { "app", "a" };
static const char *const app_ab[] = { "app", "ab" };
static const char *const app_a_b[] = { "app", "a", "b" };
static const char *const appa[] = { "appa" };

static struct xc_loaded rows[] = {
	{ .name = "app", .segments = app, .n_segments = 1 },
	{ .name = "a", .segments = app_a, .n_segments = 2 },
	{ .name = "ab", .segments = app_ab, .n_segments = 2 },
	{ .name = "a/b", .segments = app_a_b, .n_segments = 3 },
	{ .name = "appa", .segments = appa, .n_segments = 1 },
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static struct xc_router *
make_router(void)
{
	static struct xc_loaded *list[N_ROWS];
	struct xc_table table = { .rows = list, .n = N_ROWS };
	struct xc_router *router;
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		list[i] = &rows[i];
	assert_int_equal(xc_router_build(&table, NULL, &router), XC_OK);
	return router;
}

static const char *
find(const struct xc_router *router, const char *path)
{
	static char text[128];
	const char *segments[16];
	const struct xc_loaded *loaded;
	size_t n = 0;
	char *p;

	snprintf(text, sizeof(text), "%s", path);
	for (p = strtok(text, "/"); p; p = strtok(NULL, "/"))
		segments[n++] = p;
	loaded = xc_router_find(router, segments, n);
	return loaded ? loaded->name : "none";
}

static void
finds_the_longest(void **state)
{
	struct xc_router *router = make_router();

	(void)state;
	assert_string_equal(find(router, "/app"), "app");
	assert_string_equal(find(router, "/app/x"), "app");
	assert_string_equal(find(router, "/app/a"), "a");
	assert_string_equal(find(router, "/app/a/x/y"), "a");
	assert_string_equal(find(router, "/app/ab"), "ab");
	assert_string_equal(find(router, "/app/abc"), "app");
	assert_string_equal(find(router, "/app/a/b"), "a/b");
	assert_string_equal(find(router, "/app/a/b/c/d/e"), "a/b");
	assert_string_equal(find(router, "/app/a/bc"), "a");
	assert_string_equal(find(router, "/appa/b"), "appa");
	assert_string_equal(find(router, "/ap"), "none");
	assert_string_equal(find(router, "/x/app/a"), "none");
	assert_string_equal(find(router, "/"), "none");
	xc_router_free(&router);
	assert_null(router);
}

static void
finds_each_of_several(void **state)
{
	static const char *const docs[] = { "docs", NULL };
	static const char *const redoc[] = { "redoc", NULL };
	static const struct xc_loaded_prefix prefixes[] = {
		{ "/docs", docs, 1 }, { "/redoc", redoc, 1 },
		{ "/app/a/b", app_a_b, 3 } };
	struct xc_loaded several = { .name = "docs", .several = prefixes,
		.n_several = 3 };
	struct xc_loaded *list[] = { &several, &rows[1] };
	const struct xc_table table = { .rows = list, .n = 2 };
	struct xc_router *router;

	(void)state;
	assert_int_equal(xc_router_build(&table, NULL, &router), XC_OK);
	assert_string_equal(find(router, "/docs"), "docs");
	assert_string_equal(find(router, "/redoc/x"), "docs");
	assert_string_equal(find(router, "/app/a/b"), "docs");
	assert_string_equal(find(router, "/app/a/c"), "a");
	assert_string_equal(find(router, "/app"), "none");
	assert_string_equal(find(router, "/"), "none");
	xc_router_free(&router);
}

static void
finds_nothing_in_nothing(void **state)
{
	const struct xc_table table = { .n = 0 };
	struct xc_router *router;

	(void)state;
	assert_int_equal(xc_router_build(&table, NULL, &router), XC_OK);
	assert_string_equal(find(router, "/app/a"), "none");
	xc_router_free(&router);
}

#define MANY 1000

static void
finds_one_of_many(void **state)
{
	static struct xc_loaded many[MANY];
	static struct xc_loaded *list[MANY];
	static const char *segments[MANY][2];
	static char names[MANY][16];
	const struct xc_table table = { .rows = list, .n = MANY };
	struct xc_router *router;
	char path[32];
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "p%zu", i);
		segments[i][0] = "app";
		segments[i][1] = names[i];
		many[i].name = names[i];
		many[i].segments = segments[i];
		many[i].n_segments = 2;
		list[i] = &many[i];
	}
	assert_int_equal(xc_router_build(&table, NULL, &router), XC_OK);
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/app/p%zu/items", i);
		assert_string_equal(find(router, path), names[i]);
	}
	assert_string_equal(find(router, "/app/p1000"), "none");
	assert_string_equal(find(router, "/app"), "none");
	xc_router_free(&router);
}

static enum xc_err
one(struct xc_request *req)
{
	(void)req;
	return XC_OK;
}

static enum xc_err
two(struct xc_request *req)
{
	(void)req;
	return XC_ERR_FAILED;
}

static void
remembers_slow_runs(void **state)
{
	struct xc_history *history = calloc(1, sizeof(*history));
	int i;

	(void)state;
	assert_non_null(history);
	assert_false(xc_history_slow(history, one));
	xc_history_add(history, one, XC_HISTORY_SLOW_US);
	assert_false(xc_history_slow(history, one));
	xc_history_add(history, one, XC_HISTORY_SLOW_US + 1);
	assert_true(xc_history_slow(history, one));
	assert_false(xc_history_slow(history, two));
	for (i = 0; i < 15; i++)
		xc_history_add(history, one, 1);
	assert_true(xc_history_slow(history, one));
	xc_history_add(history, one, 1);
	assert_false(xc_history_slow(history, one));
	free(history);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_longest),
		cmocka_unit_test(finds_each_of_several),
		cmocka_unit_test(finds_nothing_in_nothing),
		cmocka_unit_test(finds_one_of_many),
		cmocka_unit_test(remembers_slow_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

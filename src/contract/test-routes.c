/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "contract/routes.h"

static const struct xc_route rows[] = {
	{ "GET", "/", "root" },
	{ "GET", "/items", "list" },
	{ "POST", "/items", "create" },
	{ "GET", "/items/{id}", "get" },
	{ "DELETE", "/items/{id}", "delete" },
	{ "POST", "/items/new", "make_new" },
	{ "GET", "/items/{id}/parts/{part}", "part" },
	{ "GET", "/items/new/parts/all", "all_parts" },
	{ "HEAD", "/own", "own_head" },
	{ "GET", "/own", "own_get" },
	{ "OPTIONS", "/own", "own_options" },
	{ "GET", "/caf%C3%A9", "cafe" },
	{ "PUT", "/{any}/b/d", "deep" },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct xc_routes *
compile(const struct xc_route *list, size_t n)
{
	struct xc_errbuf why = { "" };
	struct xc_routes *routes;

	if (xc_routes_compile(list, n, &routes, &why) != XC_OK)
		fail_msg("%s", why.text);
	return routes;
}

/* Splits "/items/7" into its segments and looks it up. */
static enum xc_route_found
find(const struct xc_routes *routes, enum xc_method method, const char *path,
    struct xc_route_match *match)
{
	static char text[256];
	const char *segments[32];
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", path);
	for (char *at = text; *at != '\0'; at++) {
		if (*at == '/') {
			*at = '\0';
			segments[n++] = at + 1;
		}
	}
	return xc_routes_find(routes, method, segments, n, match);
}

static void
expect(const struct xc_routes *routes, enum xc_method method,
    const char *path, const char *operation)
{
	struct xc_route_match match;

	assert_int_equal(find(routes, method, path, &match), XC_ROUTE_MATCH);
	assert_string_equal(xc_routes_operation(routes, match.index),
	    operation);
}

static void
test_find(void **state)
{
	struct xc_routes *routes = compile(rows, N_ROWS);
	struct xc_route_match match;

	(void)state;
	assert_int_equal(xc_routes_count(routes), N_ROWS);
	expect(routes, XC_GET, "", "root");
	expect(routes, XC_GET, "/", "root");
	expect(routes, XC_GET, "/items", "list");
	expect(routes, XC_GET, "/items/", "list");
	expect(routes, XC_POST, "/items", "create");
	expect(routes, XC_GET, "/items/7", "get");
	expect(routes, XC_GET, "/items/7/", "get");
	expect(routes, XC_DELETE, "/items/7", "delete");
	expect(routes, XC_POST, "/items/new", "make_new");
	expect(routes, XC_GET, "/items/new", "get");
	expect(routes, XC_GET, "/items/new/parts/all", "all_parts");
	expect(routes, XC_GET, "/items/new/parts/1", "part");
	expect(routes, XC_HEAD, "/items", "list");
	expect(routes, XC_HEAD, "/own", "own_head");
	expect(routes, XC_OPTIONS, "/own", "own_options");
	expect(routes, XC_GET, "/caf\xc3\xa9", "cafe");
	expect(routes, XC_PUT, "/items/b/d", "deep");

	assert_int_equal(find(routes, XC_GET, "/items/7/parts/x y", &match),
	    XC_ROUTE_MATCH);
	assert_int_equal(match.n_params, 2);
	assert_string_equal(match.params[0][0], "id");
	assert_string_equal(match.params[0][1], "7");
	assert_string_equal(match.params[1][0], "part");
	assert_string_equal(match.params[1][1], "x y");
	xc_routes_free(&routes);
	assert_null(routes);
}

static void
expect_allow(const struct xc_routes *routes, enum xc_method method,
    const char *path, const char *allow)
{
	struct xc_route_match match;
	char text[64];

	assert_int_equal(find(routes, method, path, &match),
	    XC_ROUTE_METHOD);
	xc_routes_allow(match.allow, text, sizeof(text));
	assert_string_equal(text, allow);
}

static void
test_not_found(void **state)
{
	struct xc_routes *routes = compile(rows, N_ROWS);
	struct xc_route_match match;

	(void)state;
	assert_int_equal(find(routes, XC_GET, "/nothing", &match),
	    XC_ROUTE_NONE);
	assert_int_equal(find(routes, XC_GET, "/items/7/parts", &match),
	    XC_ROUTE_NONE);
	assert_int_equal(find(routes, XC_GET, "/items//", &match),
	    XC_ROUTE_NONE);
	assert_int_equal(find(routes, XC_GET, "/a/b/c/d/e/f/g/h", &match),
	    XC_ROUTE_NONE);
	expect_allow(routes, XC_PUT, "/items", "GET, HEAD, POST, OPTIONS");
	expect_allow(routes, XC_PUT, "/items/7",
	    "GET, HEAD, DELETE, OPTIONS");
	expect_allow(routes, XC_PATCH, "/items/new",
	    "GET, HEAD, POST, DELETE, OPTIONS");
	expect_allow(routes, XC_METHOD_OTHER, "/", "GET, HEAD, OPTIONS");
	expect_allow(routes, XC_OPTIONS, "/", "GET, HEAD, OPTIONS");
	xc_routes_free(&routes);
}

static void
test_empty(void **state)
{
	struct xc_routes *routes = compile(NULL, 0);
	struct xc_route_match match;

	(void)state;
	assert_int_equal(find(routes, XC_GET, "/", &match), XC_ROUTE_NONE);
	assert_int_equal(xc_routes_count(routes), 0);
	assert_string_equal(xc_routes_operation(routes, 3), "");
	xc_routes_free(&routes);
	xc_routes_free(&routes);
}

static void
test_allow_cut(void **state)
{
	char text[12] = "x";

	(void)state;
	xc_routes_allow(1u << XC_GET | 1u << XC_HEAD | 1u << XC_POST, text,
	    sizeof(text));
	assert_string_equal(text, "GET, HEAD");
}

#define SEVENTEEN "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}" \
	"/{n}/{o}/{p}/{q}"

static void
test_bad_templates(void **state)
{
	static const char *const bad[] = { "items", "//", "/a//b", "/{id",
		"/id}", "/{}", "/{a}{b}", "/{a}.json", "/x{a}", "/{a b}",
		"/a b", "/a?b", "/a#b", "/%zz", "/%4", "/%00", "/..", "/a/./b",
		"/%2e%2e", "/{a}/{a}", "/\x01", "/a\\b",
		SEVENTEEN };
	struct xc_errbuf why;
	struct xc_routes *routes;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct xc_route row = { "GET", bad[i], "op" };

		why.text[0] = '\0';
		if (xc_routes_compile(&row, 1, &routes, &why) !=
		    XC_ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_null(routes);
		assert_true(strlen(why.text) > 5);
	}
}

static void
test_clashes(void **state)
{
	static const struct xc_route clashes[][2] = {
		{ { "GET", "/a", "x" }, { "GET", "/a", "y" } },
		{ { "GET", "/a", "x" }, { "GET", "/a/", "y" } },
		{ { "GET", "/", "x" }, { "GET", "", "y" } },
		{ { "GET", "/{a}", "x" }, { "GET", "/{b}", "y" } },
		{ { "GET", "/%61", "x" }, { "GET", "/a", "y" } },
	};
	static const struct xc_route method = { "BREW", "/", "x" };
	struct xc_errbuf why = { "" };
	struct xc_routes *routes;

	(void)state;
	for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++) {
		assert_int_equal(xc_routes_compile(clashes[i], 2, &routes,
		    &why), XC_ERR_INVALID);
		assert_non_null(strstr(why.text, "told apart"));
	}
	assert_int_equal(xc_routes_compile(&method, 1, &routes, &why),
	    XC_ERR_INVALID);
}

/* Many siblings and many routes still give each its own. */
static void
test_many(void **state)
{
	enum { N = 2000 };
	static char paths[N][24], names[N][24];
	static struct xc_route many[N];
	struct xc_routes *routes;

	(void)state;
	for (int i = 0; i < N; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/r%d/{id}", i);
		snprintf(names[i], sizeof(names[i]), "op%d", i);
		many[i] = (struct xc_route){ "GET", paths[i], names[i] };
	}
	routes = compile(many, N);
	for (int i = 0; i < N; i++) {
		char path[40];

		snprintf(path, sizeof(path), "/r%d/5", i);
		expect(routes, XC_GET, path, names[i]);
	}
	xc_routes_free(&routes);
}

static enum xc_err
read_text(const char *text, struct xc_route **list, size_t *n,
    struct xc_errbuf *why)
{
	struct json_object *json = json_tokener_parse(text);
	enum xc_err err = xc_routes_read(json, list, n, why);

	json_object_put(json);
	return err;
}

static void
test_read(void **state)
{
	struct xc_errbuf why = { "" };
	struct xc_route *list;
	size_t n;

	(void)state;
	assert_int_equal(read_text("{\"paths\":{\"/\":{\"summary\":\"s\","
	    "\"parameters\":[],\"x-y\":1,\"get\":{\"operationId\":\"a\"},"
	    "\"post\":{\"operationId\":\"b\"}},\"/{id}\":{\"patch\":"
	    "{\"operationId\":\"c\"}},\"x-more\":{}}}", &list, &n, &why),
	    XC_OK);
	assert_int_equal(n, 3);
	assert_string_equal(list[1].method, "POST");
	assert_string_equal(list[1].path, "/");
	assert_string_equal(list[1].operation, "b");
	assert_string_equal(list[2].method, "PATCH");
	assert_string_equal(list[2].path, "/{id}");
	free(list);
	assert_int_equal(read_text("{\"paths\":{}}", &list, &n, &why), XC_OK);
	assert_int_equal(n, 0);
	free(list);
}

static void
test_read_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{ "{}", "/paths" },
		{ "[]", "/paths" },
		{ "{\"paths\":[]}", "/paths" },
		{ "{\"paths\":{\"a\":{}}}", "/paths/a" },
		{ "{\"paths\":{\"/a/b\":7}}", "/paths/~1a~1b" },
		{ "{\"paths\":{\"/\":{\"get\":{}}}}", "/paths/~1/get" },
		{ "{\"paths\":{\"/\":{\"get\":null}}}", "/paths/~1/get" },
		{ "{\"paths\":{\"/\":{\"get\":{\"operationId\":7}}}}",
		    "operationId" },
		{ "{\"paths\":{\"/\":{\"get\":{\"operationId\":\"a-b\"}}}}",
		    "C identifier" },
		{ "{\"paths\":{\"/\":{\"get\":{\"operationId\":\"1a\"}}}}",
		    "C identifier" },
		{ "{\"paths\":{\"/\":{\"get\":{\"operationId\":\"\"}}}}",
		    "C identifier" },
		{ "{\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\"},"
		    "\"put\":{\"operationId\":\"a\"}}}}", "twice" },
		{ "{\"paths\":{\"/\":{\"GET\":{\"operationId\":\"a\"}}}}",
		    "small letters" },
		{ "{\"paths\":{\"/\":{\"trace\":{\"operationId\":\"a\"}}}}",
		    "TRACE" },
		{ "{\"paths\":{\"/\":{\"$ref\":\"#/x\"}}}", "in place" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct xc_errbuf why = { "" };
		struct xc_route *list;
		size_t n;

		assert_int_equal(read_text(bad[i].text, &list, &n, &why),
		    XC_ERR_INVALID);
		assert_null(list);
		if (strstr(why.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].text, why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_allow_cut),
		cmocka_unit_test(test_bad_templates),
		cmocka_unit_test(test_clashes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

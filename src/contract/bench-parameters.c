/* SPDX-License-Identifier: MIT */
/*
 * What taking parameters costs, apart from the parsing of the request.
 * `bench-parameters [ROUNDS]` prints nanoseconds for each request and for each
 * parameter, best of the rounds.  It asserts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "test-take.h"

#define REQUESTS 200000

struct scene {
	const char *name;
	unsigned n;		/* parameters that come */
	const char *parameters;
	const char *uri;
};

#define QUERY(name, schema) "{\"name\":\"" name "\",\"in\":\"query\","	\
	"\"schema\":{" schema "}}"
#define ID "{\"name\":\"id\",\"in\":\"path\",\"required\":true,"	\
	"\"schema\":{\"type\":\"integer\",\"minimum\":1}}"

static const struct scene scenes[] = {
	{ "integer in path", 1, ID, "/" },
	{ "and two in the query", 3, ID ","
	    QUERY("page", "\"type\":\"integer\",\"minimum\":1,\"default\":1")
	    "," QUERY("q", "\"type\":\"string\",\"maxLength\":100"),
	    "/?page=7&q=hello" },
	{ "their defaults", 1, ID ","
	    QUERY("page", "\"type\":\"integer\",\"minimum\":1,\"default\":1")
	    "," QUERY("done", "\"type\":\"boolean\",\"default\":false"),
	    "/?x=1" },
	{ "ten in the query", 11, ID ","
	    QUERY("a", "\"type\":\"integer\"") ","
	    QUERY("b", "\"type\":\"integer\"") ","
	    QUERY("c", "\"type\":\"number\"") ","
	    QUERY("d", "\"type\":\"boolean\"") ","
	    QUERY("e", "\"type\":\"string\"") ","
	    QUERY("f", "\"type\":\"string\"") ","
	    QUERY("g", "\"type\":\"string\",\"format\":\"date\"") ","
	    QUERY("h", "\"enum\":[\"x\",\"y\"]") ","
	    QUERY("i", "\"type\":\"string\"") ","
	    QUERY("j", "\"type\":\"integer\""),
	    "/?a=1&b=22&c=3.5&d=true&e=five&f=six&g=2026-01-02&h=y&i=nine"
	    "&j=10" },
	{ "an array of ten", 2, ID ","
	    QUERY("a", "\"type\":\"array\",\"items\":{\"type\":\"integer\"}"),
	    "/?a=1&a=2&a=3&a=4&a=5&a=6&a=7&a=8&a=9&a=10" },
};

static double
run_round(struct test_take *test, uint32_t used)
{
	struct timespec start;
	struct timespec end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < REQUESTS; i++) {
		if (xc_parameters_take(test->parameters, &test->take) !=
		    XC_OK)
			return -1;
		test->req.in.used = used;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 +
	    (double)(end.tv_nsec - start.tv_nsec)) / REQUESTS;
}

static void
run_scene(const struct scene *scene, int rounds)
{
	static const char *const params[] = { "id", "123456", NULL };
	static struct test_take test;
	struct xc_plan_node root;
	char document[4096];
	double best = 1e9;
	double ns;
	int i;

	snprintf(document, sizeof(document), "{\"parameters\":[%s]}",
	    scene->parameters);
	test_take_begin(&test, document);
	xc_plan_root(&test.plan, &root);
	if (xc_parameters_compile(&test.plan, "/{id}", NULL, &root,
	    &test.parameters) != XC_OK)
		fail_msg("%s", test.errbuf.text);
	test_take_schemas(&test, document);
	assert_int_equal(test_take_request(&test, scene->uri, NULL, params),
	    0);
	for (i = 0; i < rounds; i++) {
		ns = run_round(&test, test.req.in.used);
		if (ns >= 0 && ns < best)
			best = ns;
	}
	printf("%-22s %5.0f ns a request, %4.0f ns a parameter\n",
	    scene->name, best, best / scene->n);
	test_take_end(&test);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 7;
	size_t i;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		run_scene(&scenes[i], rounds);
	return 0;
}

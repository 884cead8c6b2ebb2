/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>

#include "arena.h"
#include "test-host.h"

static int order[8];
static unsigned n_called;

static void
called(void *data)
{
	order[n_called++] = *(int *)data;
}

static void
test_zeroed_and_aligned(void **state)
{
	struct xc_request req;
	unsigned round;
	size_t size;
	size_t i;
	char *piece;

	(void)state;
	test_begin(&req);
	for (round = 0; round < 3; round++) {
		for (size = 0; size < 40000; size = size * 2 + 1) {
			piece = xc_alloc(&req, size);
			assert_non_null(piece);
			assert_int_equal((uintptr_t)piece % 16, 0);
			for (i = 0; i < size; i++)
				assert_int_equal(piece[i], 0);
			memset(piece, 0xff, size);
		}
		xc_request_reset(&req);
	}
	test_end(&req);
}

static void
test_copies(void **state)
{
	struct xc_request req;
	char *text;

	(void)state;
	test_begin(&req);
	assert_string_equal(xc_strdup(&req, "text"), "text");
	assert_string_equal(xc_strdup(&req, ""), "");
	text = xc_memdup(&req, "a\0b", 3);
	assert_memory_equal(text, "a\0b\0", 4);
	assert_string_equal(xc_memdup(&req, NULL, 0), "");
	assert_null(xc_memdup(&req, "x", SIZE_MAX));
	assert_string_equal(xc_printf(&req, "%d-%s", 7, "x"), "7-x");
	text = xc_printf(&req, "%0*d", 100000, 1);
	assert_int_equal(strlen(text), 100000);
	test_end(&req);
}

static void
test_limit(void **state)
{
	struct xc_request_limits limits = { .arena_max = 100000 };
	struct xc_request req;
	volatile size_t huge = SIZE_MAX - 3;	/* the compiler objects */
	unsigned n = 0;

	(void)state;
	test_begin(&req);
	test_end(&req);
	assert_int_equal(xc_request_init(&req, &test_host, &limits), XC_OK);
	assert_null(xc_alloc(&req, huge));
	assert_null(xc_alloc(&req, 100001));
	assert_int_equal(test_log.level, XC_LOG_WARNING);
	while (xc_alloc(&req, 1000) != NULL)
		n++;
	assert_in_range(n, 90, 100);
	xc_request_reset(&req);
	assert_non_null(xc_alloc(&req, 90000));
	assert_null(xc_printf(&req, "%0*d", 20000, 1));
	/* What was made can still be given back. */
	n_called = 0;
	order[0] = 0;
	n = 5;
	assert_int_equal(xc_defer(&req, called, &n), XC_OK);
	xc_request_reset(&req);
	assert_int_equal(order[0], 5);
	test_end(&req);
}

static void
test_deferred_run_backwards(void **state)
{
	static int numbers[] = { 1, 2, 3 };
	struct xc_request req;
	unsigned i;

	(void)state;
	test_begin(&req);
	n_called = 0;
	for (i = 0; i < 3; i++)
		assert_int_equal(xc_defer(&req, called, &numbers[i]), XC_OK);
	xc_request_reset(&req);
	assert_int_equal(n_called, 3);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 1);
	xc_request_reset(&req);
	assert_int_equal(n_called, 3);
	/* Freeing is an end too. */
	assert_int_equal(xc_defer(&req, called, &numbers[0]), XC_OK);
	test_end(&req);
	assert_int_equal(n_called, 4);
}

static struct xc_request *again_req;

static void
call_again(void *data)
{
	assert_non_null(xc_alloc(again_req, 50000));
	assert_int_equal(xc_defer(again_req, called, data), XC_OK);
}

static void
test_deferred_may_defer(void **state)
{
	static int number = 9;
	struct xc_request req;

	(void)state;
	test_begin(&req);
	n_called = 0;
	again_req = &req;
	assert_int_equal(xc_defer(&req, call_again, &number), XC_OK);
	xc_request_reset(&req);
	assert_int_equal(n_called, 1);
	test_end(&req);
}

static bool
has(const void *base, size_t len, const char *text)
{
	return memmem(base, len, text, strlen(text)) != NULL;
}

/* Of a request with a password nothing is left where it was held. */
static void
test_secret(void **state)
{
	static const char body[] = "{\"password\":\"correct horse\"}";
	struct xc_request req;
	const char *copy;
	uint32_t used;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo");
	assert_int_equal(xc_request_set_body(&req, body, strlen(body)),
	    XC_OK);
	copy = xc_strdup(&req, body);
	assert_non_null(copy);
	used = req.in.used;
	/* It is there, so what follows is no accident. */
	assert_true(has(req.in.base, used, "correct horse"));
	req.secret = true;
	xc_request_reset(&req);
	assert_false(has(req.in.base, used, "correct horse"));
	/* The chunk is kept for the next one. */
	assert_false(has(copy, strlen(body), "correct horse"));
	assert_false(req.secret);
	test_end(&req);
}

/* ... nor in a sandbox, which does not own the blocks. */
static void
test_secret_adopted(void **state)
{
	struct xc_request_areas areas = { .out_cap = 65536 };
	struct xc_request made, req;
	const char *copy;

	(void)state;
	test_begin(&made);
	test_get(&made, "/app/todo");
	areas.in = made.in.base;
	areas.in_len = made.in.used;
	areas.out = malloc(areas.out_cap);
	assert_non_null(areas.out);
	assert_int_equal(xc_request_init(&req, &test_host, NULL), XC_OK);
	assert_int_equal(xc_request_adopt(&req, &test_plugin, &areas), XC_OK);
	copy = xc_strdup(&req, "correct horse");
	assert_non_null(copy);
	req.secret = true;
	xc_request_part(&req);
	assert_false(has(copy, 13, "correct horse"));
	assert_false(req.secret);
	xc_request_free(&req);
	free(areas.out);
	test_end(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_deferred_run_backwards),
		cmocka_unit_test(test_deferred_may_defer),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_secret_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

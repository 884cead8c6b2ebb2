/* SPDX-License-Identifier: MIT */
/* The drivers that need no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "cache.h"

static void
test_fake(void **state)
{
	struct xc_cache cache;
	uint64_t n;
	char *value;
	size_t len;

	(void)state;
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(cache.ops->set(cache.ctx, "a", "k", "v\0w", 3, 10),
	    XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "b", "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	xc_cache_fake_advance(&cache, 9);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "k", &value, &len),
	    XC_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "v\0w\0", 4);
	free(value);
	assert_int_equal(cache.ops->add(cache.ctx, "a", "k", "x", 1, 0),
	    XC_ERR_EXISTS);
	xc_cache_fake_advance(&cache, 1);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(cache.ops->add(cache.ctx, "a", "k", "x", 1, 0),
	    XC_OK);
	assert_int_equal(cache.ops->incr(cache.ctx, "a", "k", 1, 1, 0, &n),
	    XC_ERR_INVALID);
	assert_int_equal(cache.ops->incr(cache.ctx, "a", "n", 2, 7, 0, &n),
	    XC_OK);
	assert_int_equal(n, 7);
	assert_int_equal(cache.ops->incr(cache.ctx, "a", "n", 2, 7, 0, &n),
	    XC_OK);
	assert_int_equal(n, 9);
	assert_int_equal(cache.ops->del(cache.ctx, "a", "k"), XC_OK);
	xc_cache_fake_flush(&cache);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "n", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_true(xc_cache_settle(&cache));
	xc_cache_close(&cache);
	assert_null(cache.ops);
}

static void
test_failing(void **state)
{
	struct xc_cache cache;
	char *value;
	uint64_t n;
	size_t len;

	(void)state;
	assert_int_equal(xc_cache_failing(XC_ERR_UNAVAILABLE, 2, &cache),
	    XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(cache.ops->set(cache.ctx, "a", "k", "v", 1, 0),
	    XC_OK);
	assert_int_equal(cache.ops->incr(cache.ctx, "a", "k", 1, 1, 0, &n),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(cache.ops->del(cache.ctx, "a", "k"),
	    XC_ERR_UNAVAILABLE);
	xc_cache_close(&cache);
	xc_cache_close(&cache);
}

static void
test_none(void **state)
{
	struct xc_cache_settings settings = {
		.servers = json_object_new_array(), .prefix = "xcore",
		.connect_timeout_ms = 50, .timeout_ms = 100, .retry_ms = 1000,
	};
	struct xc_errbuf errbuf = { "" };
	struct xc_cache cache;
	char *value;
	size_t len;

	(void)state;
	assert_int_equal(xc_cache_open(&settings, &cache, &errbuf), XC_OK);
	assert_null(cache.ops);
	xc_cache_close(&cache);
	/* None listens there: as good as empty. */
	json_object_array_add(settings.servers,
	    json_object_new_string("/nonexistent/socket"));
	assert_int_equal(xc_cache_open(&settings, &cache, &errbuf), XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "a", "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(cache.ops->set(cache.ctx, "a", "k", "v", 1, 0),
	    XC_OK);
	assert_int_equal(cache.ops->del(cache.ctx, "a", "k"),
	    XC_ERR_UNAVAILABLE);
	assert_false(xc_cache_settle(&cache));
	xc_cache_close(&cache);
	json_object_put(settings.servers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <xcore/cache.h>

#include "test-host.h"

#define THIRTY_DAYS (30 * 24 * 3600)

static unsigned n_calls;
static enum xc_err result;
static char last_key[1100];

static void
note(const char *space, const char *key)
{
	assert_string_equal(space, "todo");
	n_calls++;
	strcpy(last_key, key);
}

static enum xc_err
fake_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	(void)ctx;
	note(space, key);
	if (result != XC_OK)
		return result;
	*value_r = malloc(4);
	assert_non_null(*value_r);
	memcpy(*value_r, "a\0b", 4);
	*len_r = 3;
	return XC_OK;
}

static enum xc_err
fake_set(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	(void)ctx;
	(void)value;
	(void)len;
	(void)ttl_s;
	note(space, key);
	return result;
}

static enum xc_err
fake_del(void *ctx, const char *space, const char *key)
{
	(void)ctx;
	note(space, key);
	return result;
}

static enum xc_err
fake_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	(void)ctx;
	(void)ttl_s;
	note(space, key);
	*value_r = initial + delta;
	return result;
}

static const struct xc_cache_ops ops = {
	.get = fake_get,
	.set = fake_set,
	.add = fake_set,
	.del = fake_del,
	.incr = fake_incr,
};

static void
begin(struct xc_request *req)
{
	n_calls = 0;
	result = XC_OK;
	test_begin(req);
	test_host.cache = &ops;
	test_get(req, "/app/todo");
}

static void
test_passes_on(void **state)
{
	struct xc_request req;
	const void *value;
	uint64_t number;
	size_t len;

	(void)state;
	begin(&req);
	assert_int_equal(xc_cache_get(&req, "k", &value, &len), XC_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "a\0b", 4);
	assert_int_equal(xc_cache_set(&req, "k", "v", 1, 0), XC_OK);
	assert_int_equal(xc_cache_set(&req, "k", NULL, 0, THIRTY_DAYS),
	    XC_OK);
	assert_int_equal(xc_cache_add(&req, "k", "v", 1, 60), XC_OK);
	assert_int_equal(xc_cache_delete(&req, "k"), XC_OK);
	assert_int_equal(xc_cache_incr(&req, "k", 1, 41, 60, &number), XC_OK);
	assert_int_equal(number, 42);
	assert_int_equal(n_calls, 6);
	assert_string_equal(last_key, "k");
	result = XC_ERR_NOT_FOUND;
	assert_int_equal(xc_cache_get(&req, "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_null(value);
	assert_int_equal(len, 0);
	result = XC_ERR_EXISTS;
	assert_int_equal(xc_cache_add(&req, "k", "v", 1, 60), XC_ERR_EXISTS);
	test_end(&req);
}

/* Each call with that key and life. */
static void
check_all(struct xc_request *req, const char *key, uint32_t ttl_s,
    enum xc_err err)
{
	const void *value;
	uint64_t number;
	size_t len;

	if (ttl_s == 0) {
		assert_int_equal(xc_cache_get(req, key, &value, &len), err);
		assert_int_equal(xc_cache_delete(req, key), err);
	}
	assert_int_equal(xc_cache_set(req, key, "v", 1, ttl_s), err);
	assert_int_equal(xc_cache_add(req, key, "v", 1, ttl_s), err);
	assert_int_equal(xc_cache_incr(req, key, 1, 1, ttl_s, &number), err);
}

static void
test_bad_arguments(void **state)
{
	struct xc_request req;
	char key[1026];

	(void)state;
	begin(&req);
	check_all(&req, "", 0, XC_ERR_INVALID);
	check_all(&req, NULL, 0, XC_ERR_INVALID);
	check_all(&req, "k", THIRTY_DAYS + 1, XC_ERR_INVALID);
	memset(key, 'k', sizeof(key));
	key[1025] = '\0';
	check_all(&req, key, 0, XC_ERR_INVALID);
	assert_int_equal(xc_cache_set(&req, "k", NULL, 1, 0), XC_ERR_INVALID);
	assert_int_equal(xc_cache_add(&req, "k", NULL, 1, 0), XC_ERR_INVALID);
	assert_int_equal(n_calls, 0);
	key[1024] = '\0';
	check_all(&req, key, 0, XC_OK);
	test_end(&req);
}

static void
test_no_permission(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	test_plugin.may_cache = false;
	check_all(&req, "k", 0, XC_ERR_UNAVAILABLE);
	assert_int_equal(test_log.n, 5);
	assert_non_null(strstr(test_log.text, "permissions"));
	assert_int_equal(n_calls, 0);
	test_end(&req);
}

/* A site without a cache: reads as empty, swallows writes. */
static void
test_no_cache(void **state)
{
	struct xc_request req;
	const void *value;
	uint64_t number;
	size_t len;

	(void)state;
	begin(&req);
	test_host.cache = NULL;
	assert_int_equal(xc_cache_get(&req, "k", &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_cache_set(&req, "k", "v", 1, 0), XC_OK);
	assert_int_equal(xc_cache_delete(&req, "k"), XC_OK);
	assert_int_equal(xc_cache_add(&req, "k", "v", 1, 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_cache_incr(&req, "k", 1, 1, 0, &number),
	    XC_ERR_UNAVAILABLE);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_on),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_no_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

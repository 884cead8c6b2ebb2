/* SPDX-License-Identifier: MIT */
/* The broker: what a sandbox asks of the cache. */
#include <string.h>

#include "sandbox/broker-fixture.h"

static uint32_t claimed;

static enum xc_err
put_item(uint32_t call, const char *key, const char *value, uint32_t ttl_s)
{
	xc_call_put_text(call_begin(), key);
	xc_call_put_bytes(&args, value, strlen(value));
	xc_call_put_u32(&args, ttl_s);
	return call_finish(call);
}

static enum xc_err
with_key(uint32_t call, const char *key)
{
	xc_call_put_text(call_begin(), key);
	return call_finish(call);
}

static enum xc_err
incr(const char *key, uint64_t delta)
{
	xc_call_put_text(call_begin(), key);
	xc_call_put_u64(&args, delta);
	xc_call_put_u64(&args, 40);
	xc_call_put_u32(&args, 60);
	return call_finish(XC_CALL_CACHE_INCR);
}

static void
test_cache(void **state)
{
	const char *value;
	size_t len;

	(void)state;
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "value", 60),
	    XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"), XC_OK);
	value = xc_call_get_bytes(&result, &len);
	assert_int_equal(len, 5);
	assert_string_equal(value, "value");
	assert_true(xc_call_end(&result));
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_EXISTS);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "l", "", 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(incr("n", 2), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 40);
	assert_int_equal(incr("n", 2), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 42);
	test_host.cache = NULL;
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v", 0), XC_OK);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"), XC_OK);
	assert_int_equal(incr("n", 2), XC_ERR_UNAVAILABLE);
}

static void
test_cache_more(void **state)
{
	(void)state;
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "n", "50", 60), XC_OK);
	xc_call_put_text(call_begin(), "n");
	xc_call_put_u64(&args, 8);
	assert_int_equal(call_finish(XC_CALL_CACHE_DECR), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 42);
	xc_call_put_text(call_begin(), "n");
	xc_call_put_u32(&args, 60);
	assert_int_equal(call_finish(XC_CALL_CACHE_TOUCH), XC_OK);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "a/1", "x", 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, "a"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "a/1"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "n"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, "a/b"),
	    XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, NULL), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "n"),
	    XC_ERR_NOT_FOUND);
}

/* Asks for n times that key; how many came. */
static unsigned
get_many(const char *key, uint32_t n, enum xc_err err)
{
	unsigned came = 0;
	size_t len;

	xc_call_put_u32(call_begin(), 0);
	xc_call_put_u32(&args, n);
	for (uint32_t i = 0; i < n; i++)
		xc_call_put_text(&args, key);
	assert_int_equal(call_finish(XC_CALL_CACHE_GET_MANY), XC_OK);
	while (!xc_call_end(&result)) {
		assert_int_equal(xc_call_get_u32(&result), err);
		assert_non_null(xc_call_get_bytes(&result, &len));
		came++;
	}
	return came;
}

static void
test_cache_many(void **state)
{
	static char large[AREA];

	(void)state;
	xc_call_put_u32(call_begin(), 2);
	xc_call_put_text(&args, "k");
	xc_call_put_bytes(&args, "v", 1);
	xc_call_put_u32(&args, 60);
	xc_call_put_text(&args, "l");
	xc_call_put_bytes(&args, "", 0);
	xc_call_put_u32(&args, 0);
	assert_int_equal(call_finish(XC_CALL_CACHE_SET_MANY), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	assert_true(xc_call_end(&result));
	assert_int_equal(get_many("k", 1000, XC_OK), 1000);
	assert_int_equal(get_many("none", 33, XC_ERR_NOT_FOUND), 33);
	/* As many as fit; one that never does. */
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "large", large,
	    1000, 0), XC_OK);
	assert_int_equal(get_many("large", 1000, XC_OK), 64);
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "large", large,
	    AREA, 0), XC_OK);
	assert_int_equal(get_many("large", 3, XC_ERR_TOO_LARGE), 1);
	xc_call_put_u32(call_begin(), 0);
	xc_call_put_u32(&args, 1001);
	assert_int_equal(call_serve(XC_CALL_CACHE_GET_MANY), XC_ERR_INVALID);
	xc_call_put_u32(call_begin(), 0);
	assert_int_equal(call_serve(XC_CALL_CACHE_SET_MANY), XC_ERR_INVALID);
	test_host.cache = NULL;
	assert_int_equal(get_many("k", 40, XC_ERR_NOT_FOUND), 40);
}

static enum xc_err
claim(const char *key, uint32_t lease_ms, uint64_t token[4])
{
	enum xc_err err;

	xc_call_put_text(call_begin(), key);
	xc_call_put_u32(&args, lease_ms);
	xc_call_put_u32(&args, 0);
	xc_call_put_u32(&args, 0);
	err = call_finish(XC_CALL_CACHE_CLAIM);
	if (err != XC_OK)
		return err;
	claimed = xc_call_get_u32(&result);
	for (size_t i = 0; i < 4; i++)
		token[i] = xc_call_get_u64(&result);
	return XC_OK;
}

static enum xc_err
fill(const uint64_t token[4], bool failed, uint32_t stale_s)
{
	xc_call_put_text(call_begin(), "k");
	for (size_t i = 0; i < 4; i++)
		xc_call_put_u64(&args, token[i]);
	xc_call_put_u32(&args, failed);
	xc_call_put_bytes(&args, "new", 3);
	xc_call_put_u32(&args, 60);
	xc_call_put_u32(&args, stale_s);
	xc_call_put_u32(&args, 0);
	return call_finish(XC_CALL_CACHE_FILL);
}

static void
test_cache_compute(void **state)
{
	uint64_t token[4] = { 0 }, other[4];
	size_t len;

	(void)state;
	assert_int_equal(claim("k", 1000, token), XC_OK);
	assert_int_equal(claimed, XC_CACHE_MINE);
	assert_int_equal(claim("k", 1000, other), XC_OK);
	assert_int_equal(claimed, XC_CACHE_WAIT);
	assert_int_equal(fill(token, true, 0), XC_OK);
	assert_int_equal(claim("k", 1000, token), XC_OK);
	assert_int_equal(claimed, XC_CACHE_MINE);
	/* A token that is made up stores nothing. */
	other[0] = ~token[0];
	assert_int_equal(fill(other, false, 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"), XC_ERR_NOT_FOUND);
	assert_int_equal(fill(token, false, 30 * 24 * 3600 + 1),
	    XC_ERR_INVALID);
	assert_int_equal(fill(token, false, 0), XC_OK);
	assert_int_equal(claim("k", 1000, other), XC_OK);
	assert_int_equal(claimed, XC_CACHE_FRESH);
	assert_string_equal(xc_call_get_bytes(&result, &len), "new");
	assert_int_equal(claim("k", 600001, other), XC_ERR_INVALID);
	test_host.cache = NULL;
	assert_int_equal(claim("k", 1000, other), XC_ERR_UNAVAILABLE);
	assert_int_equal(fill(token, false, 0), XC_OK);
}

static void
test_cache_bad(void **state)
{
	static char key[1026];

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, key), XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, ""), XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, NULL), XC_ERR_INVALID);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v",
	    30 * 24 * 3600 + 1), XC_ERR_INVALID);
	key[1024] = '\0';
	assert_int_equal(put_item(XC_CALL_CACHE_SET, key, "v", 0), XC_OK);
}

static void
test_denied(void **state)
{
	(void)state;
	test_plugin.may_cache = false;
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(incr("k", 1), XC_ERR_UNAVAILABLE);
	assert_string_equal(denied, "cache");
	assert_int_equal(n_denied, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cache),
		TEST(test_cache_more),
		TEST(test_cache_many),
		TEST(test_cache_compute),
		TEST(test_cache_bad),
		TEST(test_denied),
	};

	return cmocka_run_group_tests_name("broker-cache", tests, NULL, NULL);
}

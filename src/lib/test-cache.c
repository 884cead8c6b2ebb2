/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/cache.h>

#include "test-host.h"

#define THIRTY_DAYS (30 * 24 * 3600)

static unsigned n_calls;
static enum xc_err result;
static char last_key[1100];
static uint32_t last_local_ms;

/* Of computing. */
static unsigned n_waits, n_fills, n_made;
static enum xc_cache_state state_then;
static struct xc_cache_wish last_wish;
static struct xc_cache_fill last_fill;
static bool filled;

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

static enum xc_err
fake_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	(void)ctx;
	note(space, key);
	*value_r = 50 - delta;
	return result;
}

static enum xc_err
fake_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	(void)ctx;
	(void)ttl_s;
	note(space, key);
	return result;
}

static enum xc_err
fake_flush(void *ctx, const char *space, const char *group)
{
	(void)ctx;
	note(space, group != NULL ? group : "(all)");
	return result;
}

/* Finds all keys but "none". */
static enum xc_err
fake_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	(void)ctx;
	last_local_ms = local_ms;
	for (size_t i = 0; i < n; i++) {
		note(space, keys[i]);
		got_r[i] = (struct xc_cache_got){ .err = XC_ERR_NOT_FOUND };
		if (result == XC_OK && strcmp(keys[i], "none") != 0)
			got_r[i].err = fake_get(ctx, space, keys[i],
			    &got_r[i].value, &got_r[i].len);
	}
	return result;
}

static enum xc_err
fake_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	enum xc_err first = XC_OK;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		note(space, puts[i].key);
		puts[i].err = puts[i].len > 10 ? XC_ERR_TOO_LARGE : XC_OK;
		if (first == XC_OK)
			first = puts[i].err;
	}
	return first;
}

/* Waits n_waits times, then says what it is to say. */
static enum xc_err
fake_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	(void)ctx;
	note(space, key);
	last_wish = *wish;
	claim_r->state = XC_CACHE_WAIT;
	if (n_waits > 0) {
		n_waits--;
		return result;
	}
	claim_r->state = state_then;
	claim_r->token.words[3] = 7;
	if (result == XC_OK && (state_then == XC_CACHE_FRESH ||
	    state_then == XC_CACHE_STALE))
		return fake_get(ctx, space, key, &claim_r->value,
		    &claim_r->len);
	return result;
}

static enum xc_err
fake_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	(void)ctx;
	note(space, key);
	assert_int_equal(token->words[3], 7);
	n_fills++;
	filled = fill != NULL;
	if (fill != NULL) {
		assert_int_equal(fill->len, 3);
		assert_memory_equal(fill->value, "new", 3);
		last_fill = *fill;
	}
	return XC_ERR_TOO_LARGE;	/* is of no interest to who asks */
}

static const struct xc_cache_ops ops = {
	.get = fake_get,
	.set = fake_set,
	.add = fake_set,
	.del = fake_del,
	.incr = fake_incr,
	.decr = fake_decr,
	.touch = fake_touch,
	.flush = fake_flush,
	.get_many = fake_get_many,
	.set_many = fake_set_many,
	.claim = fake_claim,
	.fill = fake_fill,
};

static void
begin(struct xc_request *req)
{
	n_calls = n_waits = n_fills = n_made = 0;
	filled = false;
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
		assert_int_equal(xc_cache_get_near(req, key, 5, &value, &len),
		    err);
		assert_int_equal(xc_cache_delete(req, key), err);
		assert_int_equal(xc_cache_decr(req, key, 1, &number), err);
	}
	assert_int_equal(xc_cache_touch(req, key, ttl_s), err);
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
	assert_int_equal(test_log.n, 8);
	assert_non_null(strstr(test_log.text, "permissions"));
	assert_int_equal(n_calls, 0);
	test_end(&req);
}

/* What computes: gives the error that ctx points to, if it does. */
static enum xc_err
make(struct xc_request *req, void *ctx, const void **value_r, size_t *len_r)
{
	const enum xc_err *err = ctx;
	char local[] = "new";

	n_made++;
	if (err != NULL)
		return *err;
	*value_r = xc_memdup(req, local, 3);
	*len_r = 3;
	return XC_OK;
}

/* A site without a cache: reads as empty, swallows writes. */
static void
test_no_cache(void **state)
{
	struct xc_cache_item items[] = { { .key = "a" }, { .key = "b" } };
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
	assert_int_equal(xc_cache_get_near(&req, "k", 5, &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_cache_decr(&req, "k", 1, &number),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_cache_touch(&req, "k", 1), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_cache_flush(&req, NULL), XC_OK);
	assert_int_equal(xc_cache_get_many(&req, items, 2, 0), XC_OK);
	assert_int_equal(items[1].err, XC_ERR_NOT_FOUND);
	assert_int_equal(xc_cache_set_many(&req, items, 2), XC_OK);
	assert_int_equal(xc_cache_compute(&req, "k", 60, NULL, make, NULL,
	    &value, &len), XC_OK);
	assert_string_equal(value, "new");
	assert_int_equal(n_made, 1);
	test_end(&req);
}

static void
test_more(void **state)
{
	struct xc_request req;
	const void *value;
	uint64_t number;
	size_t len;

	(void)state;
	begin(&req);
	assert_int_equal(xc_cache_get_near(&req, "k", 9, &value, &len),
	    XC_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "a\0b", 4);
	assert_int_equal(last_local_ms, 9);
	assert_int_equal(xc_cache_get_near(&req, "none", 0, &value, &len),
	    XC_ERR_NOT_FOUND);
	assert_null(value);
	assert_int_equal(xc_cache_decr(&req, "k", 8, &number), XC_OK);
	assert_int_equal(number, 42);
	assert_int_equal(xc_cache_touch(&req, "k", 60), XC_OK);
	assert_int_equal(xc_cache_flush(&req, "items"), XC_OK);
	assert_string_equal(last_key, "items");
	assert_int_equal(xc_cache_flush(&req, NULL), XC_OK);
	assert_string_equal(last_key, "(all)");
	n_calls = 0;
	assert_int_equal(xc_cache_flush(&req, ""), XC_ERR_INVALID);
	assert_int_equal(xc_cache_flush(&req, "a/b"), XC_ERR_INVALID);
	assert_int_equal(n_calls, 0);
	test_end(&req);
}

static void
test_many(void **state)
{
	struct xc_cache_item items[] = { { .key = "a", .value = "1", .len = 1,
		.ttl_s = 60 }, { .key = "none", .value = "12345678901",
		.len = 11 }, { .key = "b" } };
	static struct xc_cache_item too_many[XC_CACHE_MANY_MAX + 1];
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_cache_set_many(&req, items, 3),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(items[0].err, XC_OK);
	assert_int_equal(items[1].err, XC_ERR_TOO_LARGE);
	assert_int_equal(items[2].err, XC_OK);
	assert_int_equal(xc_cache_get_many(&req, items, 3, 4), XC_OK);
	assert_int_equal(last_local_ms, 4);
	assert_int_equal(items[0].err, XC_OK);
	assert_memory_equal(items[0].value, "a\0b", 4);
	assert_int_equal(items[0].len, 3);
	assert_int_equal(items[1].err, XC_ERR_NOT_FOUND);
	assert_null(items[1].value);
	assert_int_equal(items[2].err, XC_OK);
	result = XC_ERR_NOMEM;
	assert_int_equal(xc_cache_get_many(&req, items, 3, 0), XC_ERR_NOMEM);
	assert_null(items[0].value);
	assert_int_equal(items[2].err, XC_ERR_NOMEM);
	n_calls = 0;
	assert_int_equal(xc_cache_get_many(&req, items, 0, 0), XC_OK);
	assert_int_equal(xc_cache_set_many(&req, items, 0), XC_OK);
	items[2].key = "";
	assert_int_equal(xc_cache_get_many(&req, items, 3, 0),
	    XC_ERR_INVALID);
	items[2].key = "b";
	items[2].len = 1;
	assert_int_equal(xc_cache_set_many(&req, items, 3), XC_ERR_INVALID);
	items[2].len = 0;
	items[2].ttl_s = THIRTY_DAYS + 1;
	assert_int_equal(xc_cache_set_many(&req, items, 3), XC_ERR_INVALID);
	assert_int_equal(xc_cache_get_many(&req, too_many,
	    XC_CACHE_MANY_MAX + 1, 0), XC_ERR_INVALID);
	assert_int_equal(n_calls, 0);
	test_plugin.may_cache = false;
	assert_int_equal(xc_cache_get_many(&req, items, 1, 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(items[0].err, XC_ERR_UNAVAILABLE);
	test_end(&req);
}

static enum xc_err
compute(struct xc_request *req, const struct xc_cache_options *options,
    enum xc_err *makes, const char **text_r)
{
	const void *value;
	size_t len;
	enum xc_err err;

	err = xc_cache_compute(req, "k", 60, options, make, makes, &value,
	    &len);
	assert_int_equal(value != NULL, err == XC_OK);
	assert_int_equal(len, err == XC_OK ? 3 : 0);
	*text_r = value;
	return err;
}

static void
test_compute(void **state)
{
	const struct xc_cache_options options = { .stale_s = 5,
		.local_ms = 6, .lease_ms = 7 };
	const struct xc_cache_options no_wait = { .wait_ms =
		XC_CACHE_NO_WAIT };
	enum xc_err makes = XC_ERR_BUSY;
	struct xc_request req;
	const char *text;

	(void)state;
	begin(&req);
	state_then = XC_CACHE_FRESH;
	n_waits = 2;
	assert_int_equal(compute(&req, NULL, NULL, &text), XC_OK);
	assert_memory_equal(text, "a\0b", 4);
	assert_false(last_wish.stale);
	assert_int_equal(last_wish.lease_ms, 10000);
	state_then = XC_CACHE_STALE;
	assert_int_equal(compute(&req, &options, NULL, &text), XC_OK);
	assert_memory_equal(text, "a\0b", 4);
	assert_true(last_wish.stale);
	assert_int_equal(last_wish.lease_ms, 7);
	assert_int_equal(n_made + n_fills, 0);
	state_then = XC_CACHE_MINE;
	assert_int_equal(compute(&req, &options, NULL, &text), XC_OK);
	assert_string_equal(text, "new");
	assert_int_equal(n_made, 1);
	assert_true(n_fills == 1 && filled);
	assert_int_equal(last_fill.ttl_s, 60);
	assert_int_equal(last_fill.stale_s, 5);
	assert_int_equal(last_fill.local_ms, 6);
	/* It failed: the next one may. */
	assert_int_equal(compute(&req, &options, &makes, &text), XC_ERR_BUSY);
	assert_true(n_fills == 2 && !filled);
	/* Nobody waits for ever. */
	n_waits = UINT_MAX;
	assert_int_equal(compute(&req, &no_wait, NULL, &text), XC_OK);
	assert_string_equal(text, "new");
	n_waits = 0;
	result = XC_ERR_UNAVAILABLE;
	assert_int_equal(compute(&req, NULL, NULL, &text), XC_OK);
	assert_string_equal(text, "new");
	assert_int_equal(n_fills, 2);
	test_end(&req);
}

/* Not kept: it might be rolled back. */
static void
test_compute_in_transaction(void **state)
{
	struct xc_request req;
	const char *text;

	(void)state;
	begin(&req);
	req.in_transaction = true;
	assert_int_equal(compute(&req, NULL, NULL, &text), XC_OK);
	assert_memory_equal(text, "a\0b", 4);
	result = XC_ERR_NOT_FOUND;
	assert_int_equal(compute(&req, NULL, NULL, &text), XC_OK);
	assert_string_equal(text, "new");
	assert_int_equal(n_fills, 0);
	req.in_transaction = false;
	test_end(&req);
}

static void
test_compute_bad(void **state)
{
	static const struct xc_cache_options bad[] = {
		{ .wait_ms = 60001 }, { .lease_ms = 600001 },
		{ .stale_s = THIRTY_DAYS - 59 }, { .reserved = { 0, 1 } },
	};
	struct xc_request req;
	const char *text;
	const void *value;
	size_t len;

	(void)state;
	begin(&req);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(compute(&req, &bad[i], NULL, &text),
		    XC_ERR_INVALID);
	assert_int_equal(xc_cache_compute(&req, "", 60, NULL, make, NULL,
	    &value, &len), XC_ERR_INVALID);
	assert_int_equal(n_calls + n_made, 0);
	/* It is slow and works. */
	test_plugin.may_cache = false;
	assert_int_equal(compute(&req, NULL, NULL, &text), XC_OK);
	assert_int_equal(n_calls, 0);
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
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_compute),
		cmocka_unit_test(test_compute_in_transaction),
		cmocka_unit_test(test_compute_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The drivers that need no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "cache.h"
#include "local.h"
#include "ring.h"

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

#define N_KEYS 30000

static const char *const ring_names[] = { "10.0.0.1:11211",
	"10.0.0.2:11211", "10.0.0.3:11211", "/run/memcached.sock" };

/* Which of the names each key is kept by. */
static void
spread(const char *const *names, size_t n, const char **kept_r)
{
	struct xc_cache_ring *ring = xc_cache_ring_new(names, n);
	char key[65];

	assert_non_null(ring);
	for (unsigned i = 0; i < N_KEYS; i++) {
		snprintf(key, sizeof(key), "%08x%08x", i * 2654435761u, i);
		kept_r[i] = names[xc_cache_ring_choose(ring, key,
		    strlen(key))];
	}
	xc_cache_ring_free(&ring);
	assert_null(ring);
}

/* Each has its share, and with one less only that one's keys move. */
static void
test_ring(void **state)
{
	static const char *with[N_KEYS], *without[N_KEYS], *turned[N_KEYS];
	const char *const other_way[] = { ring_names[3], ring_names[1],
		ring_names[0], ring_names[2] };

	(void)state;
	spread(ring_names, 4, with);
	spread(ring_names, 3, without);
	spread(other_way, 4, turned);
	for (size_t k = 0; k < 4; k++) {
		unsigned n = 0;

		for (size_t i = 0; i < N_KEYS; i++)
			n += with[i] == ring_names[k];
		/* A quarter, give or take a fifth of it. */
		assert_in_range(n, N_KEYS / 5, N_KEYS * 3 / 10);
	}
	for (size_t i = 0; i < N_KEYS; i++) {
		assert_ptr_equal(with[i], turned[i]);
		if (with[i] != ring_names[3])
			assert_ptr_equal(with[i], without[i]);
	}
}

static void
name_of(unsigned i, struct xc_cache_name *name_r)
{
	memset(name_r, 0, sizeof(*name_r));
	name_r->space = "todo";
	memcpy(name_r->key, &i, sizeof(i));
	name_r->grouped = i % 2 == 1;
	name_r->group[0] = (unsigned char)(i % 2);
}

static bool
has(struct xc_cache_local *local, unsigned i, uint32_t max_ms)
{
	struct xc_cache_name name;
	char *value;
	size_t len;

	name_of(i, &name);
	if (xc_cache_local_get(local, &name, max_ms, &value, &len) != XC_OK)
		return false;
	free(value);
	return true;
}

static void
put(struct xc_cache_local *local, unsigned i, size_t len, uint64_t until_ms)
{
	static const char zeros[XC_CACHE_LOCAL_VALUE + 1];
	struct xc_cache_name name;

	name_of(i, &name);
	xc_cache_local_put(local, &name, zeros, len, until_ms);
}

static void
test_local(void **state)
{
	struct xc_cache_local *local = xc_cache_local_new();
	const unsigned char group[XC_CACHE_GROUP] = { 1 };
	unsigned i, n;

	(void)state;
	assert_non_null(local);
	for (i = 0; i < XC_CACHE_LOCAL_ENTRIES; i++)
		put(local, i, 1, UINT64_MAX);
	assert_true(has(local, 0, 60000));
	put(local, i, 1, UINT64_MAX);
	/* The least used went, not the oldest. */
	assert_true(has(local, 0, 60000));
	assert_false(has(local, 1, 60000));
	assert_true(has(local, 2, 60000));
	xc_cache_local_flush(local, "todo", group);
	assert_false(has(local, 3, 60000));
	assert_true(has(local, 2, 60000));
	xc_cache_local_flush(local, "other", NULL);
	assert_true(has(local, 2, 60000));
	xc_cache_local_flush(local, "todo", NULL);
	assert_false(has(local, 2, 60000));
	for (i = n = 0; i < 20; i++)
		put(local, i, XC_CACHE_LOCAL_VALUE, UINT64_MAX);
	for (i = 0; i < 20; i++)
		n += has(local, i, 60000);
	assert_int_equal(n, XC_CACHE_LOCAL_BYTES / XC_CACHE_LOCAL_VALUE);
	put(local, 19, XC_CACHE_LOCAL_VALUE + 1, UINT64_MAX);
	assert_false(has(local, 19, 60000));
	put(local, 5, 1, 1);	/* its time was over long ago */
	assert_false(has(local, 5, 60000));
	xc_cache_local_free(&local);
	xc_cache_local_free(&local);
}

static void
test_fake_computes(void **state)
{
	const struct xc_cache_wish wish = { .lease_ms = 1000, .stale = true };
	const struct xc_cache_fill fill = { .value = "v", .len = 1,
		.ttl_s = 10, .stale_s = 10 };
	struct xc_cache_claim claim;
	struct xc_cache cache;

	(void)state;
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
#define CLAIM(wanted) do {						\
	assert_int_equal(cache.ops->claim(cache.ctx, "a", "g/k", &wish,	\
	    &claim), XC_OK);						\
	assert_int_equal(claim.state, wanted);				\
	free(claim.value);						\
} while (0)
	CLAIM(XC_CACHE_MINE);
	assert_int_equal(cache.ops->fill(cache.ctx, "a", "g/k",
	    &claim.token, &fill), XC_OK);
	CLAIM(XC_CACHE_FRESH);
	xc_cache_fake_advance(&cache, 11);
	CLAIM(XC_CACHE_MINE);
	assert_int_equal(cache.ops->fill(cache.ctx, "a", "g/k",
	    &claim.token, NULL), XC_OK);
	CLAIM(XC_CACHE_MINE);
	assert_int_equal(cache.ops->flush(cache.ctx, "a", "g"), XC_OK);
	assert_int_equal(cache.ops->fill(cache.ctx, "a", "g/k",
	    &claim.token, &fill), XC_OK);
	CLAIM(XC_CACHE_MINE);
	xc_cache_close(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_fake_computes),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}

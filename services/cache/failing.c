/* SPDX-License-Identifier: MIT */
/* A cache that fails, at once or after some calls. */
#include <stdlib.h>
#include <string.h>

#include "cache.h"

struct failing {
	enum xc_err err;
	unsigned good_calls;	/* still to come */
};

static enum xc_err
fail(struct failing *failing, enum xc_err good)
{
	if (failing->good_calls == 0)
		return failing->err;
	failing->good_calls--;
	return good;
}

static enum xc_err
failing_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	(void)space;
	(void)key;
	*value_r = NULL;
	*len_r = 0;
	return fail(ctx, XC_ERR_NOT_FOUND);
}

/* For set and for add. */
static enum xc_err
failing_put(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	(void)space;
	(void)key;
	(void)value;
	(void)len;
	(void)ttl_s;
	return fail(ctx, XC_OK);
}

static enum xc_err
failing_del(void *ctx, const char *space, const char *key)
{
	(void)space;
	(void)key;
	return fail(ctx, XC_OK);
}

static enum xc_err
failing_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	enum xc_err err = fail(ctx, XC_OK);

	(void)space;
	(void)key;
	(void)delta;
	(void)ttl_s;
	*value_r = err == XC_OK ? initial : 0;
	return err;
}

static enum xc_err
failing_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	(void)space;
	(void)key;
	(void)delta;
	*value_r = 0;
	return fail(ctx, XC_ERR_NOT_FOUND);
}

static enum xc_err
failing_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	(void)space;
	(void)key;
	(void)ttl_s;
	return fail(ctx, XC_ERR_NOT_FOUND);
}

/* One call, however many keys. */
static enum xc_err
failing_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	enum xc_err err = fail(ctx, XC_OK);

	(void)space;
	(void)keys;
	(void)local_ms;
	for (size_t i = 0; i < n; i++)
		got_r[i] = (struct xc_cache_got){
			.err = err == XC_OK ? XC_ERR_NOT_FOUND : err };
	return err;
}

static enum xc_err
failing_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	enum xc_err err = fail(ctx, XC_OK);

	(void)space;
	for (size_t i = 0; i < n; i++)
		puts[i].err = err;
	return err;
}

static enum xc_err
failing_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	(void)space;
	(void)key;
	(void)wish;
	memset(claim_r, 0, sizeof(*claim_r));
	claim_r->state = XC_CACHE_MINE;
	return fail(ctx, XC_OK);
}

static enum xc_err
failing_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *filling)
{
	(void)space;
	(void)key;
	(void)token;
	(void)filling;
	return fail(ctx, XC_OK);
}

static const struct xc_cache_ops failing_ops = {
	.get = failing_get,
	.set = failing_put,
	.add = failing_put,
	.del = failing_del,
	.incr = failing_incr,
	.decr = failing_decr,
	.touch = failing_touch,
	.flush = failing_del,
	.get_many = failing_get_many,
	.set_many = failing_set_many,
	.claim = failing_claim,
	.fill = failing_fill,
};

enum xc_err
xc_cache_failing(enum xc_err err, unsigned good_calls, struct xc_cache *cache)
{
	struct failing *failing = calloc(1, sizeof(*failing));

	memset(cache, 0, sizeof(*cache));
	if (failing == NULL)
		return XC_ERR_NOMEM;
	failing->err = err;
	failing->good_calls = good_calls;
	cache->ops = &failing_ops;
	cache->ctx = failing;
	cache->close = free;
	return XC_OK;
}

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

static const struct xc_cache_ops failing_ops = {
	.get = failing_get,
	.set = failing_put,
	.add = failing_put,
	.del = failing_del,
	.incr = failing_incr,
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

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xcore/cache.h>

#include "lib/check.h"
#include "sandbox/broker-private.h"

/* As the front door of <xcore/cache.h>. */
static enum xc_err
check(struct xc_broking *call, const char *key, uint32_t ttl_s)
{
	struct xc_errbuf errbuf;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	if (!call->plugin->may_cache)
		return xc_broker_deny(call, XC_ERR_UNAVAILABLE, "cache");
	err = xc_check_key(key, ttl_s, &errbuf);
	return err == XC_OK ? XC_OK : xc_broker_refuse(call, err, &errbuf);
}

enum xc_err
xc_broker_get(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	char *value = NULL;
	size_t len = 0;
	enum xc_err err = check(call, key, 0);

	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_NOT_FOUND;
	err = host->cache->get(host->cache_ctx, call->plugin->name, key,
	    &value, &len);
	if (err == XC_OK)
		xc_call_put_bytes(&call->result, value, len);
	free(value);
	return err;
}

/* What a call that stores brings. */
struct item {
	const char *key;
	const void *value;
	size_t len;
	uint32_t ttl_s;
};

static enum xc_err
get_item(struct xc_broking *call, struct item *item)
{
	item->key = xc_call_get_text(&call->args);
	item->value = xc_call_get_bytes(&call->args, &item->len);
	item->ttl_s = xc_call_get_u32(&call->args);
	return check(call, item->key, item->ttl_s);
}

enum xc_err
xc_broker_set(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct item item;
	enum xc_err err = get_item(call, &item);

	if (err != XC_OK || host->cache == NULL)
		return err;
	return host->cache->set(host->cache_ctx, call->plugin->name,
	    item.key, item.value, item.len, item.ttl_s);
}

enum xc_err
xc_broker_add(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct item item;
	enum xc_err err = get_item(call, &item);

	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_UNAVAILABLE;
	return host->cache->add(host->cache_ctx, call->plugin->name,
	    item.key, item.value, item.len, item.ttl_s);
}

enum xc_err
xc_broker_del(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	enum xc_err err = check(call, key, 0);

	if (err != XC_OK || host->cache == NULL)
		return err;
	return host->cache->del(host->cache_ctx, call->plugin->name, key);
}

enum xc_err
xc_broker_incr(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	uint64_t delta = xc_call_get_u64(&call->args);
	uint64_t initial = xc_call_get_u64(&call->args);
	uint32_t ttl_s = xc_call_get_u32(&call->args);
	uint64_t value = 0;
	enum xc_err err = check(call, key, ttl_s);

	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_UNAVAILABLE;
	err = host->cache->incr(host->cache_ctx, call->plugin->name, key,
	    delta, initial, ttl_s, &value);
	xc_call_put_u64(&call->result, value);
	return err;
}

enum xc_err
xc_broker_decr(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	uint64_t delta = xc_call_get_u64(&call->args);
	uint64_t value = 0;
	enum xc_err err = check(call, key, 0);

	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_UNAVAILABLE;
	err = host->cache->decr(host->cache_ctx, call->plugin->name, key,
	    delta, &value);
	xc_call_put_u64(&call->result, value);
	return err;
}

enum xc_err
xc_broker_touch(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	uint32_t ttl_s = xc_call_get_u32(&call->args);
	enum xc_err err = check(call, key, ttl_s);

	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_UNAVAILABLE;
	return host->cache->touch(host->cache_ctx, call->plugin->name, key,
	    ttl_s);
}

enum xc_err
xc_broker_flush(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *group = xc_call_get_text(&call->args);
	struct xc_errbuf errbuf;
	enum xc_err err = check(call, "all", 0);

	if (err == XC_OK && xc_check_group(group, &errbuf) != XC_OK)
		return xc_broker_refuse(call, XC_ERR_INVALID, &errbuf);
	if (err != XC_OK || host->cache == NULL)
		return err;
	return host->cache->flush(host->cache_ctx, call->plugin->name,
	    group);
}

/* Asked for at a time: a guest that names one large value a thousand times must
 * not have the worker hold them all. */
#define SLICE 32

/* As many of the values as there is room for, whether all: the guest asks again
 * for the rest.  One that is too large even alone has that for its error. */
static bool
put_got(struct xc_broking *call, const struct xc_cache_got *got, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct xc_call_writer before = call->result;

		xc_call_put_u32(&call->result, (uint32_t)got[i].err);
		xc_call_put_bytes(&call->result, got[i].value, got[i].len);
		if (!call->result.bad)
			continue;
		call->result = before;
		if (before.len > 0)
			return false;
		xc_call_put_u32(&call->result, XC_ERR_TOO_LARGE);
		xc_call_put_bytes(&call->result, NULL, 0);
		return false;
	}
	return true;
}

static enum xc_err
get_slice(struct xc_broking *call, const char **keys, size_t n,
    uint32_t local_ms, bool *more)
{
	const struct xc_host *host = call->host;
	struct xc_cache_got got[SLICE] = { 0 };
	enum xc_err err = XC_OK;

	for (size_t i = 0; i < n; i++)
		got[i].err = XC_ERR_NOT_FOUND;
	if (host->cache != NULL)
		err = host->cache->get_many(host->cache_ctx,
		    call->plugin->name, keys, n, local_ms, got);
	if (err == XC_OK)
		*more = put_got(call, got, n);
	for (size_t i = 0; i < n; i++)
		free(got[i].value);
	return err;
}

static enum xc_err
get_many(struct xc_broking *call, const char **keys, uint32_t n,
    uint32_t local_ms)
{
	bool more = true;
	enum xc_err err;

	for (uint32_t i = 0; i < n; i++)
		keys[i] = xc_call_get_text(&call->args);
	err = check(call, "all", 0);
	for (uint32_t i = 0; err == XC_OK && i < n; i++)
		err = check(call, keys[i], 0);
	for (uint32_t i = 0; err == XC_OK && more && i < n; i += SLICE)
		err = get_slice(call, keys + i, n - i < SLICE ? n - i : SLICE,
		    local_ms, &more);
	return err;
}

/* A number of items that the front door lets through. */
static bool
get_count(struct xc_broking *call, uint32_t *n_r)
{
	*n_r = xc_call_get_u32(&call->args);
	if (*n_r > 0 && *n_r <= XC_CACHE_MANY_MAX && !call->args.bad)
		return true;
	call->broken = true;
	return false;
}

enum xc_err
xc_broker_get_many(struct xc_broking *call)
{
	uint32_t local_ms = xc_call_get_u32(&call->args), n;
	const char **keys;
	enum xc_err err;

	if (!get_count(call, &n))
		return XC_ERR_INVALID;
	keys = calloc(n, sizeof(*keys));
	err = keys != NULL ? get_many(call, keys, n, local_ms) :
	    XC_ERR_NOMEM;
	free(keys);
	return err;
}

static enum xc_err
set_many(struct xc_broking *call, struct xc_cache_put *puts, uint32_t n)
{
	const struct xc_host *host = call->host;
	enum xc_err err;

	for (uint32_t i = 0; i < n; i++) {
		puts[i].key = xc_call_get_text(&call->args);
		puts[i].value = xc_call_get_bytes(&call->args, &puts[i].len);
		puts[i].ttl_s = xc_call_get_u32(&call->args);
	}
	err = check(call, "all", 0);
	for (uint32_t i = 0; err == XC_OK && i < n; i++)
		err = check(call, puts[i].key, puts[i].ttl_s);
	if (err != XC_OK)
		return err;
	/* The errors of each go back, all together they are none. */
	if (host->cache != NULL)
		(void)host->cache->set_many(host->cache_ctx,
		    call->plugin->name, puts, n);
	for (uint32_t i = 0; i < n; i++)
		xc_call_put_u32(&call->result, (uint32_t)puts[i].err);
	return XC_OK;
}

enum xc_err
xc_broker_set_many(struct xc_broking *call)
{
	struct xc_cache_put *puts;
	enum xc_err err;
	uint32_t n;

	if (!get_count(call, &n))
		return XC_ERR_INVALID;
	puts = calloc(n, sizeof(*puts));
	err = puts != NULL ? set_many(call, puts, n) : XC_ERR_NOMEM;
	free(puts);
	return err;
}

#define LEASE_MAX_MS 600000

enum xc_err
xc_broker_claim(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	struct xc_cache_claim claim = { .state = XC_CACHE_WAIT };
	struct xc_cache_wish wish;
	enum xc_err err;

	wish.lease_ms = xc_call_get_u32(&call->args);
	wish.local_ms = xc_call_get_u32(&call->args);
	wish.stale = xc_call_get_u32(&call->args) != 0;
	err = check(call, key, 0);
	if (err == XC_OK && wish.lease_ms > LEASE_MAX_MS)
		return XC_ERR_INVALID;
	if (err != XC_OK)
		return err;
	if (host->cache == NULL)
		return XC_ERR_UNAVAILABLE;
	err = host->cache->claim(host->cache_ctx, call->plugin->name, key,
	    &wish, &claim);
	if (err == XC_OK) {
		xc_call_put_u32(&call->result, claim.state);
		for (size_t i = 0; i < 4; i++)
			xc_call_put_u64(&call->result, claim.token.words[i]);
		xc_call_put_bytes(&call->result, claim.value, claim.len);
	}
	free(claim.value);
	return err;
}

enum xc_err
xc_broker_fill(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	const char *key = xc_call_get_text(&call->args);
	struct xc_cache_token token;
	struct xc_cache_fill fill;
	bool failed;
	enum xc_err err;

	for (size_t i = 0; i < 4; i++)
		token.words[i] = xc_call_get_u64(&call->args);
	failed = xc_call_get_u32(&call->args) != 0;
	fill.value = xc_call_get_bytes(&call->args, &fill.len);
	fill.ttl_s = xc_call_get_u32(&call->args);
	fill.stale_s = xc_call_get_u32(&call->args);
	fill.local_ms = xc_call_get_u32(&call->args);
	err = check(call, key, fill.ttl_s);
	if (err == XC_OK)
		err = check(call, key, fill.stale_s);
	if (err != XC_OK || host->cache == NULL)
		return err;
	return host->cache->fill(host->cache_ctx, call->plugin->name, key,
	    &token, failed ? NULL : &fill);
}

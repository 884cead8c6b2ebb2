/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

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

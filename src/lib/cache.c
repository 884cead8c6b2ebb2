/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/cache.h>
#include <xcore/log.h>

#include "check.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"

/* Whether the plugin may use the cache with that key for that long. */
static enum xc_err
check(struct xc_request *req, const char *key, uint32_t ttl_s)
{
	struct xc_errbuf errbuf;
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (!xc_permit(req, req->plugin != NULL && req->plugin->may_cache,
	    "cache"))
		return XC_ERR_UNAVAILABLE;
	err = xc_check_key(key, ttl_s, &errbuf);
	if (err != XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
	return err;
}

/* The driver; NULL, with a word in the log, if the site has no cache. */
static const struct xc_cache_ops *
driver(struct xc_request *req)
{
	if (req->host->cache == NULL)
		xc_log(req, XC_LOG_DEBUG, "there is no cache here");
	return req->host->cache;
}

/* A copy of a value in the request, and the value freed. */
static enum xc_err
keep(struct xc_request *req, char *value, size_t len, const void **value_r,
    size_t *len_r)
{
	*value_r = xc_memdup(req, value, len);
	free(value);
	if (*value_r == NULL)
		return XC_ERR_NOMEM;
	*len_r = len;
	return XC_OK;
}

enum xc_err
xc_cache_get(struct xc_request *req, const char *key, const void **value_r,
    size_t *len_r)
{
	const struct xc_cache_ops *ops;
	char *value = NULL;
	enum xc_err err;
	size_t len = 0;

	*value_r = NULL;
	*len_r = 0;
	err = check(req, key, 0);
	if (err != XC_OK)
		return err;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_NOT_FOUND;
	err = ops->get(req->host->cache_ctx, req->plugin->name, key, &value,
	    &len);
	return err == XC_OK ? keep(req, value, len, value_r, len_r) : err;
}

enum xc_err
xc_cache_get_near(struct xc_request *req, const char *key, uint32_t local_ms,
    const void **value_r, size_t *len_r)
{
	const struct xc_cache_ops *ops;
	struct xc_cache_got got = { .err = XC_ERR_NOT_FOUND };
	enum xc_err err;

	*value_r = NULL;
	*len_r = 0;
	err = check(req, key, 0);
	if (err != XC_OK)
		return err;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_NOT_FOUND;
	err = ops->get_many(req->host->cache_ctx, req->plugin->name, &key, 1,
	    local_ms, &got);
	if (err != XC_OK || got.err != XC_OK)
		return err != XC_OK ? err : got.err;
	return keep(req, got.value, got.len, value_r, len_r);
}

enum xc_err
xc_cache_set(struct xc_request *req, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	const struct xc_cache_ops *ops;
	enum xc_err err = check(req, key, ttl_s);

	if (err != XC_OK)
		return err;
	if (value == NULL && len > 0)
		return XC_ERR_INVALID;
	ops = driver(req);
	if (ops == NULL)
		return XC_OK;
	return ops->set(req->host->cache_ctx, req->plugin->name, key, value,
	    len, ttl_s);
}

enum xc_err
xc_cache_add(struct xc_request *req, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	const struct xc_cache_ops *ops;
	enum xc_err err = check(req, key, ttl_s);

	if (err != XC_OK)
		return err;
	if (value == NULL && len > 0)
		return XC_ERR_INVALID;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_UNAVAILABLE;
	return ops->add(req->host->cache_ctx, req->plugin->name, key, value,
	    len, ttl_s);
}

enum xc_err
xc_cache_delete(struct xc_request *req, const char *key)
{
	const struct xc_cache_ops *ops;
	enum xc_err err = check(req, key, 0);

	if (err != XC_OK)
		return err;
	/* Where there is no cache there is nothing stale in it either. */
	ops = driver(req);
	if (ops == NULL)
		return XC_OK;
	return ops->del(req->host->cache_ctx, req->plugin->name, key);
}

enum xc_err
xc_cache_incr(struct xc_request *req, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	const struct xc_cache_ops *ops;
	enum xc_err err;

	*value_r = 0;
	err = check(req, key, ttl_s);
	if (err != XC_OK)
		return err;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_UNAVAILABLE;
	return ops->incr(req->host->cache_ctx, req->plugin->name, key, delta,
	    initial, ttl_s, value_r);
}

enum xc_err
xc_cache_decr(struct xc_request *req, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	const struct xc_cache_ops *ops;
	enum xc_err err;

	*value_r = 0;
	err = check(req, key, 0);
	if (err != XC_OK)
		return err;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_UNAVAILABLE;
	return ops->decr(req->host->cache_ctx, req->plugin->name, key, delta,
	    value_r);
}

enum xc_err
xc_cache_touch(struct xc_request *req, const char *key, uint32_t ttl_s)
{
	const struct xc_cache_ops *ops;
	enum xc_err err = check(req, key, ttl_s);

	if (err != XC_OK)
		return err;
	ops = driver(req);
	if (ops == NULL)
		return XC_ERR_UNAVAILABLE;
	return ops->touch(req->host->cache_ctx, req->plugin->name, key,
	    ttl_s);
}

enum xc_err
xc_cache_flush(struct xc_request *req, const char *group)
{
	const struct xc_cache_ops *ops;
	struct xc_errbuf errbuf;
	enum xc_err err = check(req, "all", 0);

	if (err != XC_OK)
		return err;
	err = xc_check_group(group, &errbuf);
	if (err != XC_OK) {
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
		return err;
	}
	ops = driver(req);
	if (ops == NULL)
		return XC_OK;
	return ops->flush(req->host->cache_ctx, req->plugin->name, group);
}

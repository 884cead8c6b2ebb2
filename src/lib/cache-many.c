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

static enum xc_err
check_all(struct xc_request *req, const struct xc_cache_item *items, size_t n,
    bool values)
{
	struct xc_errbuf errbuf;
	enum xc_err err = XC_OK;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (!xc_permit(req, req->plugin != NULL && req->plugin->may_cache,
	    "cache"))
		return XC_ERR_UNAVAILABLE;
	if (n > XC_CACHE_MANY_MAX)
		err = xc_fail(&errbuf, XC_ERR_INVALID, "more than %d cache "
		    "keys at once", XC_CACHE_MANY_MAX);
	for (size_t i = 0; err == XC_OK && i < n; i++) {
		err = xc_check_key(items[i].key,
		    values ? items[i].ttl_s : 0, &errbuf);
		if (err == XC_OK && values && items[i].value == NULL &&
		    items[i].len > 0)
			err = xc_fail(&errbuf, XC_ERR_INVALID, "a value that "
			    "is NULL with a length");
	}
	if (err != XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
	return err;
}

static void
set_errors(struct xc_cache_item *items, size_t n, enum xc_err err)
{
	for (size_t i = 0; i < n; i++)
		items[i].err = err;
}

/* Copies into the request, and frees what was got. */
static enum xc_err
keep_all(struct xc_request *req, struct xc_cache_item *items, size_t n,
    struct xc_cache_got *got)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; i < n; i++) {
		items[i].err = got[i].err;
		if (got[i].err == XC_OK && err == XC_OK) {
			items[i].value = xc_memdup(req, got[i].value,
			    got[i].len);
			items[i].len = got[i].len;
			if (items[i].value == NULL)
				err = XC_ERR_NOMEM;
		}
		free(got[i].value);
	}
	for (size_t i = 0; err != XC_OK && i < n; i++) {
		items[i].value = NULL;
		items[i].len = 0;
		items[i].err = err;
	}
	return err;
}

static enum xc_err
get_all(struct xc_request *req, struct xc_cache_item *items, size_t n,
    uint32_t local_ms)
{
	struct xc_cache_got *got = calloc(n, sizeof(*got));
	const char **keys = calloc(n, sizeof(*keys));
	enum xc_err err = XC_ERR_NOMEM;

	for (size_t i = 0; keys != NULL && i < n; i++)
		keys[i] = items[i].key;
	if (got != NULL && keys != NULL)
		err = req->host->cache->get_many(req->host->cache_ctx,
		    req->plugin->name, keys, n, local_ms, got);
	if (err == XC_OK)
		err = keep_all(req, items, n, got);
	else
		set_errors(items, n, err);
	free(keys);
	free(got);
	return err;
}

enum xc_err
xc_cache_get_many(struct xc_request *req, struct xc_cache_item *items,
    size_t n, uint32_t local_ms)
{
	enum xc_err err = check_all(req, items, n, false);

	for (size_t i = 0; i < n; i++) {
		items[i].value = NULL;
		items[i].len = 0;
		items[i].err = err == XC_OK ? XC_ERR_NOT_FOUND : err;
	}
	if (err != XC_OK || n == 0 || req->host->cache == NULL)
		return err;
	return get_all(req, items, n, local_ms);
}

enum xc_err
xc_cache_set_many(struct xc_request *req, struct xc_cache_item *items,
    size_t n)
{
	enum xc_err err = check_all(req, items, n, true);
	struct xc_cache_put *puts;

	set_errors(items, n, err);
	if (err != XC_OK || n == 0 || req->host->cache == NULL)
		return err;
	puts = calloc(n, sizeof(*puts));
	if (puts == NULL) {
		set_errors(items, n, XC_ERR_NOMEM);
		return XC_ERR_NOMEM;
	}
	for (size_t i = 0; i < n; i++)
		puts[i] = (struct xc_cache_put){ .key = items[i].key,
			.value = items[i].value, .len = items[i].len,
			.ttl_s = items[i].ttl_s };
	err = req->host->cache->set_many(req->host->cache_ctx,
	    req->plugin->name, puts, n);
	for (size_t i = 0; i < n; i++)
		items[i].err = puts[i].err;
	free(puts);
	return err;
}

/* SPDX-License-Identifier: MIT */
/* What a server says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memcached-private.h"

static const struct {
	const char *name;
	size_t at;
} numbers[] = {
	{ "uptime", offsetof(struct xc_cache_figures, uptime_s) },
	{ "curr_items", offsetof(struct xc_cache_figures, items) },
	{ "bytes", offsetof(struct xc_cache_figures, bytes) },
	{ "limit_maxbytes", offsetof(struct xc_cache_figures, bytes_max) },
	{ "get_hits", offsetof(struct xc_cache_figures, hits) },
	{ "get_misses", offsetof(struct xc_cache_figures, misses) },
	{ "evictions", offsetof(struct xc_cache_figures, evictions) },
};

static memcached_return_t
see(const memcached_instance_st *instance, const char *key, size_t key_len,
    const char *value, size_t value_len, void *ctx)
{
	struct xc_cache_figures *figures = ctx;
	char text[sizeof(figures->version)];
	uint64_t number;

	(void)instance;
	if (value_len >= sizeof(text))
		return MEMCACHED_SUCCESS;
	memcpy(text, value, value_len);
	text[value_len] = '\0';
	if (key_len == 7 && memcmp(key, "version", 7) == 0)
		memcpy(figures->version, text, value_len + 1);
	number = strtoull(text, NULL, 10);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strlen(numbers[i].name) == key_len &&
		    memcmp(numbers[i].name, key, key_len) == 0)
			memcpy((char *)figures + numbers[i].at, &number,
			    sizeof(number));
	return MEMCACHED_SUCCESS;
}

enum xc_err
xc_cache_memcached_figures(void *ctx, size_t i,
    struct xc_cache_figures *figures_r)
{
	struct xc_cache_pool *pool = ctx;
	struct xc_cache_server *server;
	memcached_return_t rc;

	memset(figures_r, 0, sizeof(*figures_r));
	if (i >= pool->n_servers)
		return XC_ERR_NOT_FOUND;
	server = &pool->servers[i];
	figures_r->server = server->name;
	if (!xc_cache_server_usable(server))
		return XC_OK;
	rc = memcached_stat_execute(server->st, NULL, see, figures_r);
	/* The library takes a connection that is closed for an answer. */
	figures_r->up = xc_cache_server_judge(server, rc) == XC_OK &&
	    figures_r->version[0] != '\0';
	if (!figures_r->up)
		*figures_r = (struct xc_cache_figures){
			.server = server->name };
	return XC_OK;
}

enum xc_err
xc_cache_figures(struct xc_cache *cache, size_t i,
    struct xc_cache_figures *figures_r)
{
	memset(figures_r, 0, sizeof(*figures_r));
	return cache->figures == NULL ? XC_ERR_NOT_FOUND :
	    cache->figures(cache->ctx, i, figures_r);
}

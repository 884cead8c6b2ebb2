/* SPDX-License-Identifier: MIT */
/* The driver for Memcached. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "server.h"

#define TTL_MAX		(30u * 24 * 3600)	/* more would be a date */
#define VALUE_MAX	(1u << 20)

struct pool {
	char *prefix;
	memcached_st *ring;	/* only to choose a server; NULL for one */
	size_t n_servers;
	struct xc_cache_server servers[];
};

/* Where a key is kept. */
struct spot {
	struct xc_cache_server *server;
	struct xc_cache_space *space;
	char key[MEMCACHED_MAX_KEY];
	size_t key_len;
};

static bool
digest(const char *key, char *hex)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len, i;

	if (EVP_Digest(key, strlen(key), sum, &len, EVP_sha256(), NULL) != 1)
		return false;
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return true;
}

static struct xc_cache_server *
choose(struct pool *pool, const char *hex)
{
	uint32_t index = 0;

	if (pool->ring != NULL)
		index = memcached_generate_hash(pool->ring, hex, strlen(hex));
	return &pool->servers[index % pool->n_servers];
}

/*
 * Finds the spot of a key and makes its namespace ready.  On
 * XC_ERR_UNAVAILABLE the server and the space are known all the same.
 */
static enum xc_err
find(struct pool *pool, const char *space, const char *key, struct spot *spot)
{
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	enum xc_err err;
	int n;

	spot->space = NULL;
	if (!digest(key, hex))
		return XC_ERR_FAILED;
	spot->server = choose(pool, hex);
	spot->space = xc_cache_server_space(spot->server, space);
	if (spot->space == NULL)
		return XC_ERR_NOMEM;
	err = xc_cache_space_ready(spot->server, spot->space);
	if (err != XC_OK)
		return err;
	n = snprintf(spot->key, sizeof(spot->key), "%s:%s:%" PRIx64 ":%s",
	    pool->prefix, space, spot->space->generation, hex);
	if (n < 0 || (size_t)n >= sizeof(spot->key))
		return XC_ERR_INVALID;
	spot->key_len = (size_t)n;
	return XC_OK;
}

static enum xc_err
memcached_get_value(void *ctx, const char *space, const char *key,
    char **value_r, size_t *len_r)
{
	memcached_return_t rc;
	char *value, *larger;
	struct spot spot;
	enum xc_err err;
	uint32_t flags;

	*value_r = NULL;
	*len_r = 0;
	err = find(ctx, space, key, &spot);
	if (err == XC_OK) {
		value = memcached_get(spot.server->st, spot.key, spot.key_len,
		    len_r, &flags, &rc);
		err = xc_cache_server_judge(spot.server, rc);
		if (err == XC_OK && rc != MEMCACHED_SUCCESS)
			err = XC_ERR_NOT_FOUND;
		if (err != XC_OK) {
			free(value);
			*len_r = 0;
		}
	}
	if (err != XC_OK)
		return err == XC_ERR_UNAVAILABLE ? XC_ERR_NOT_FOUND : err;
	/* The NUL behind it; an empty value is NULL to the library. */
	larger = realloc(value, *len_r + 1);
	if (larger == NULL) {
		free(value);
		*len_r = 0;
		return XC_ERR_NOMEM;
	}
	larger[*len_r] = '\0';
	*value_r = larger;
	return XC_OK;
}

/* A write was lost: what stands there must never be served again. */
static enum xc_err
lost(struct spot *spot, enum xc_err err)
{
	if (err == XC_ERR_UNAVAILABLE && spot->space != NULL)
		spot->space->dirty = true;
	return err;
}

static enum xc_err
delete_value(struct pool *pool, const char *space, const char *key)
{
	memcached_return_t rc;
	struct spot spot;
	enum xc_err err;

	err = find(pool, space, key, &spot);
	if (err != XC_OK)
		return lost(&spot, err);
	rc = memcached_delete(spot.server->st, spot.key, spot.key_len, 0);
	err = xc_cache_server_judge(spot.server, rc);
	if (err == XC_OK && rc != MEMCACHED_SUCCESS &&
	    rc != MEMCACHED_DELETED && rc != MEMCACHED_NOTFOUND)
		err = XC_ERR_UNAVAILABLE;
	return lost(&spot, err);
}

static enum xc_err
memcached_del(void *ctx, const char *space, const char *key)
{
	return delete_value(ctx, space, key);
}

static enum xc_err
memcached_set_value(void *ctx, const char *space, const char *key,
    const void *value, size_t len, uint32_t ttl_s)
{
	memcached_return_t rc;
	struct spot spot;
	enum xc_err err;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	if (len > VALUE_MAX) {
		/* As the server does: the old value is not right either. */
		delete_value(ctx, space, key);
		return XC_ERR_TOO_LARGE;
	}
	err = find(ctx, space, key, &spot);
	if (err == XC_OK) {
		rc = memcached_set(spot.server->st, spot.key, spot.key_len,
		    value, len, (time_t)ttl_s, 0);
		err = xc_cache_server_judge(spot.server, rc);
		if (err == XC_OK && rc == MEMCACHED_E2BIG)
			return XC_ERR_TOO_LARGE;
	}
	err = lost(&spot, err);
	return err == XC_ERR_UNAVAILABLE ? XC_OK : err;
}

static enum xc_err
add_at(struct spot *spot, const void *value, size_t len, uint32_t ttl_s)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_add(spot->server->st, spot->key, spot->key_len, value,
	    len, (time_t)ttl_s, 0);
	err = xc_cache_server_judge(spot->server, rc);
	if (err != XC_OK)
		return err;
	switch (rc) {
	case MEMCACHED_SUCCESS:
	case MEMCACHED_STORED:
		return XC_OK;
	case MEMCACHED_NOTSTORED:
	case MEMCACHED_DATA_EXISTS:
		return XC_ERR_EXISTS;
	case MEMCACHED_E2BIG:
		return XC_ERR_TOO_LARGE;
	default:
		return XC_ERR_UNAVAILABLE;
	}
}

static enum xc_err
memcached_add_value(void *ctx, const char *space, const char *key,
    const void *value, size_t len, uint32_t ttl_s)
{
	struct spot spot;
	enum xc_err err;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	if (len > VALUE_MAX)
		return XC_ERR_TOO_LARGE;
	err = find(ctx, space, key, &spot);
	return err == XC_OK ? add_at(&spot, value, len, ttl_s) : err;
}

static enum xc_err
incr_at(struct spot *spot, uint64_t delta, uint64_t *value_r)
{
	memcached_return_t rc;
	enum xc_err err;

	/* The call without "by key" takes 32 bits only. */
	rc = memcached_increment_by_key(spot->server->st, spot->key,
	    spot->key_len, spot->key, spot->key_len, delta, value_r);
	err = xc_cache_server_judge(spot->server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTFOUND)
		return XC_ERR_NOT_FOUND;
	if (rc == MEMCACHED_CLIENT_ERROR)
		return XC_ERR_INVALID;	/* no number stands there */
	return rc == MEMCACHED_SUCCESS ? XC_OK : XC_ERR_UNAVAILABLE;
}

static enum xc_err
memcached_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct spot spot;
	enum xc_err err;
	char text[24];
	int n;

	*value_r = 0;
	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	err = find(ctx, space, key, &spot);
	if (err == XC_OK)
		err = incr_at(&spot, delta, value_r);
	if (err != XC_ERR_NOT_FOUND)
		return err;
	n = snprintf(text, sizeof(text), "%" PRIu64, initial);
	err = add_at(&spot, text, (size_t)n, ttl_s);
	if (err == XC_OK)
		*value_r = initial;
	if (err != XC_ERR_EXISTS)
		return err;
	/* Another one made it meanwhile. */
	err = incr_at(&spot, delta, value_r);
	return err == XC_ERR_NOT_FOUND ? XC_ERR_UNAVAILABLE : err;
}

static bool
memcached_settle(void *ctx)
{
	struct pool *pool = ctx;
	bool done = true;
	size_t i;

	for (i = 0; i < pool->n_servers; i++)
		if (!xc_cache_server_settle(&pool->servers[i]))
			done = false;
	return done;
}

static void
memcached_close(void *ctx)
{
	struct pool *pool = ctx;
	size_t i;

	for (i = 0; i < pool->n_servers; i++)
		xc_cache_server_done(&pool->servers[i]);
	if (pool->ring != NULL)
		memcached_free(pool->ring);
	free(pool->prefix);
	free(pool);
}

static const struct xc_cache_ops memcached_ops = {
	.get = memcached_get_value,
	.set = memcached_set_value,
	.add = memcached_add_value,
	.del = memcached_del,
	.incr = memcached_incr,
};

/* A ring of names that stands for the servers in their order. */
static memcached_st *
make_ring(const struct pool *pool)
{
	memcached_st *ring = memcached_create(NULL);
	char path[160];
	size_t i;

	if (ring == NULL)
		return NULL;
	memcached_behavior_set(ring, MEMCACHED_BEHAVIOR_KETAMA, 1);
	for (i = 0; i < pool->n_servers; i++) {
		/* Never connected to, so any name will do that is the same
		 * on every host; a socket's is taken as it is. */
		snprintf(path, sizeof(path), "/%.150s",
		    pool->servers[i].name);
		if (memcached_server_add_unix_socket(ring, path) !=
		    MEMCACHED_SUCCESS) {
			memcached_free(ring);
			return NULL;
		}
	}
	return ring;
}

static enum xc_err
make_pool(const struct xc_cache_settings *settings, struct pool **pool_r)
{
	size_t i, n = json_object_array_length(settings->servers);
	struct xc_cache_settings own = *settings;
	struct pool *pool;
	enum xc_err err;

	pool = calloc(1, sizeof(*pool) + n * sizeof(pool->servers[0]));
	*pool_r = pool;
	if (pool == NULL)
		return XC_ERR_NOMEM;
	pool->prefix = strdup(settings->prefix);
	if (pool->prefix == NULL)
		return XC_ERR_NOMEM;
	own.prefix = pool->prefix;
	for (i = 0; i < n; i++) {
		err = xc_cache_server_init(&pool->servers[i],
		    json_object_get_string(json_object_array_get_idx(
		    settings->servers, i)), &own);
		if (err != XC_OK)
			return err;
		pool->n_servers++;
	}
	if (n > 1) {
		pool->ring = make_ring(pool);
		if (pool->ring == NULL)
			return XC_ERR_NOMEM;
	}
	return XC_OK;
}

enum xc_err
xc_cache_open(const struct xc_cache_settings *settings,
    struct xc_cache *cache, struct xc_errbuf *errbuf)
{
	struct pool *pool;
	enum xc_err err;

	memset(cache, 0, sizeof(*cache));
	if (settings->servers == NULL ||
	    json_object_array_length(settings->servers) == 0)
		return XC_OK;
	err = make_pool(settings, &pool);
	if (err != XC_OK) {
		if (pool != NULL)
			memcached_close(pool);
		return xc_fail(errbuf, err, "the cache cannot be set up: %s",
		    xc_strerror(err));
	}
	cache->ops = &memcached_ops;
	cache->ctx = pool;
	cache->close = memcached_close;
	cache->settle = memcached_settle;
	return XC_OK;
}

bool
xc_cache_settle(struct xc_cache *cache)
{
	return cache->settle == NULL || cache->settle(cache->ctx);
}

void
xc_cache_close(struct xc_cache *cache)
{
	xc_cache_settle(cache);
	if (cache->close != NULL)
		cache->close(cache->ctx);
	memset(cache, 0, sizeof(*cache));
}

/* SPDX-License-Identifier: MIT */
/* The driver for Memcached: one key at a time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "memcached-private.h"

#define TTL_MAX		(30u * 24 * 3600)	/* more would be a date */
/* Above it the server is asked what it takes, before all that is sent. */
#define VALUE_SURE	(1u << 20)

/* What is written, for the functions below. */
struct write {
	const void *value;
	size_t len;
	uint32_t ttl_s;
	uint64_t delta;
	uint64_t *value_r;
};

typedef enum xc_err write_fn(struct xc_cache_spot *spot,
    const struct xc_cache_ask *at, const struct write *write);

/*
 * Writes, and looks whether the generations are still those it was written
 * under: what another process has flushed meanwhile is written again, or the
 * write would be lost.
 */
static enum xc_err
write_surely(struct xc_cache_spot *spot, write_fn *fn,
    const struct write *write)
{
	struct xc_cache_ask at, numbers[2];
	enum xc_err err;
	size_t n;

	for (int i = 0; i < XC_CACHE_TRIES; i++) {
		err = xc_cache_spot_ready(spot, 0);
		if (err != XC_OK)
			return err;
		xc_cache_spot_ask(spot, &at);
		err = fn(spot, &at, write);
		if (err != XC_OK)
			return err;
		n = xc_cache_spot_ask_numbers(spot, numbers);
		err = xc_cache_fetch(spot->server, numbers, n);
		if (err != XC_OK || !xc_cache_spot_moved(spot, numbers))
			return err;
	}
	return XC_ERR_UNAVAILABLE;
}

/* For what may be lost when another process flushes. */
static enum xc_err
write_once(struct xc_cache_spot *spot, write_fn *fn,
    const struct write *write)
{
	struct xc_cache_ask at;
	enum xc_err err;

	err = xc_cache_spot_ready(spot, XC_CACHE_GENERATION_MS);
	if (err != XC_OK)
		return err;
	xc_cache_spot_ask(spot, &at);
	return fn(spot, &at, write);
}

/* The spot of a key that is to be written: no copy is right any more. */
static enum xc_err
find_to_write(struct xc_cache_pool *pool, const char *space, const char *key,
    struct xc_cache_spot *spot)
{
	enum xc_err err = xc_cache_spot_find(pool, space, key, spot);

	if (err == XC_OK)
		xc_cache_local_drop(pool->local, &spot->name);
	return err;
}

static enum xc_err
memcached_get_value(void *ctx, const char *space, const char *key,
    char **value_r, size_t *len_r)
{
	struct xc_cache_spot spot;
	struct xc_cache_ask ask;
	uint64_t until_ms;
	enum xc_err err;

	*value_r = NULL;
	*len_r = 0;
	err = xc_cache_spot_find(ctx, space, key, &spot);
	if (err == XC_OK)
		err = xc_cache_spot_read(&spot, &ask);
	if (err != XC_OK)
		return err == XC_ERR_UNAVAILABLE ? XC_ERR_NOT_FOUND : err;
	err = xc_cache_open_item(&ask, &until_ms);
	if (err != XC_OK) {
		free(ask.value);
		return err;
	}
	*value_r = ask.value;
	*len_r = ask.len;
	return XC_OK;
}

static enum xc_err
delete_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	memcached_return_t rc;
	enum xc_err err;

	(void)write;
	rc = memcached_delete(spot->server->st, at->key, at->key_len, 0);
	err = xc_cache_server_judge(spot->server, rc);
	if (err == XC_OK && rc != MEMCACHED_SUCCESS &&
	    rc != MEMCACHED_DELETED && rc != MEMCACHED_NOTFOUND)
		err = XC_ERR_UNAVAILABLE;
	return err;
}

static enum xc_err
memcached_del(void *ctx, const char *space, const char *key)
{
	struct xc_cache_spot spot;
	enum xc_err err = find_to_write(ctx, space, key, &spot);

	if (err == XC_OK)
		err = write_surely(&spot, delete_at, NULL);
	return xc_cache_spot_lost(&spot, err);
}

static enum xc_err
set_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_set(spot->server->st, at->key, at->key_len,
	    write->value, write->len, (time_t)write->ttl_s, 0);
	err = xc_cache_server_judge(spot->server, rc);
	/* The server has dropped the old value then. */
	if (err == XC_OK && rc == MEMCACHED_E2BIG)
		return XC_ERR_TOO_LARGE;
	return err;
}

/* Whether it is not even to be tried. */
static bool
is_too_large(struct xc_cache_server *server, size_t len)
{
	uint64_t max;

	return len > VALUE_SURE &&
	    xc_cache_server_item_max(server, &max) == XC_OK && len > max;
}

enum xc_err
xc_cache_memcached_set(void *ctx, const char *space, const char *key,
    const void *value, size_t len, uint32_t ttl_s)
{
	const struct write write = { .value = value, .len = len,
		.ttl_s = ttl_s };
	struct xc_cache_spot spot;
	enum xc_err err;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	err = find_to_write(ctx, space, key, &spot);
	if (err == XC_OK && is_too_large(spot.server, len)) {
		/* As the server does: the old value is not right either. */
		xc_cache_spot_lost(&spot, write_surely(&spot, delete_at,
		    NULL));
		err = XC_ERR_TOO_LARGE;
	} else if (err == XC_OK) {
		err = write_surely(&spot, set_at, &write);
	}
	if (err == XC_ERR_TOO_LARGE)
		xc_cache_server_tell_large(spot.server, space, len);
	err = xc_cache_spot_lost(&spot, err);
	return err == XC_ERR_UNAVAILABLE ? XC_OK : err;
}

static enum xc_err
add_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_add(spot->server->st, at->key, at->key_len,
	    write->value, write->len, (time_t)write->ttl_s, 0);
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
	const struct write write = { .value = value, .len = len,
		.ttl_s = ttl_s };
	struct xc_cache_spot spot;
	enum xc_err err;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	err = find_to_write(ctx, space, key, &spot);
	if (err == XC_OK)
		err = is_too_large(spot.server, len) ? XC_ERR_TOO_LARGE :
		    write_once(&spot, add_at, &write);
	if (err == XC_ERR_TOO_LARGE)
		xc_cache_server_tell_large(spot.server, space, len);
	return err;
}

static enum xc_err
counted(struct xc_cache_spot *spot, memcached_return_t rc)
{
	enum xc_err err = xc_cache_server_judge(spot->server, rc);

	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTFOUND)
		return XC_ERR_NOT_FOUND;
	if (rc == MEMCACHED_CLIENT_ERROR)
		return XC_ERR_INVALID;	/* no number stands there */
	return rc == MEMCACHED_SUCCESS ? XC_OK : XC_ERR_UNAVAILABLE;
}

static enum xc_err
incr_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	/* The call without "by key" takes 32 bits only. */
	return counted(spot, memcached_increment_by_key(spot->server->st,
	    at->key, at->key_len, at->key, at->key_len, write->delta,
	    write->value_r));
}

static enum xc_err
decr_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	return counted(spot, memcached_decrement_by_key(spot->server->st,
	    at->key, at->key_len, at->key, at->key_len, write->delta,
	    write->value_r));
}

static enum xc_err
memcached_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct write write = { .delta = delta, .value_r = value_r,
		.ttl_s = ttl_s };
	struct xc_cache_spot spot;
	enum xc_err err;
	char text[24];

	*value_r = 0;
	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	err = find_to_write(ctx, space, key, &spot);
	if (err == XC_OK)
		err = write_once(&spot, incr_at, &write);
	if (err != XC_ERR_NOT_FOUND)
		return err;
	write.value = text;
	write.len = (size_t)snprintf(text, sizeof(text), "%" PRIu64,
	    initial);
	err = write_once(&spot, add_at, &write);
	if (err == XC_OK)
		*value_r = initial;
	if (err != XC_ERR_EXISTS)
		return err;
	/* Another one made it meanwhile. */
	err = write_once(&spot, incr_at, &write);
	return err == XC_ERR_NOT_FOUND ? XC_ERR_UNAVAILABLE : err;
}

static enum xc_err
memcached_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	const struct write write = { .delta = delta, .value_r = value_r };
	struct xc_cache_spot spot;
	enum xc_err err;

	*value_r = 0;
	err = find_to_write(ctx, space, key, &spot);
	return err == XC_OK ? write_once(&spot, decr_at, &write) : err;
}

static enum xc_err
touch_at(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    const struct write *write)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_touch(spot->server->st, at->key, at->key_len,
	    (time_t)write->ttl_s);
	err = xc_cache_server_judge(spot->server, rc);
	if (err == XC_OK && rc == MEMCACHED_NOTFOUND)
		return XC_ERR_NOT_FOUND;
	return err == XC_OK && rc != MEMCACHED_SUCCESS ?
	    XC_ERR_UNAVAILABLE : err;
}

static enum xc_err
memcached_touch_value(void *ctx, const char *space, const char *key,
    uint32_t ttl_s)
{
	const struct write write = { .ttl_s = ttl_s };
	struct xc_cache_spot spot;
	enum xc_err err;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	err = find_to_write(ctx, space, key, &spot);
	return err == XC_OK ? write_once(&spot, touch_at, &write) : err;
}

static enum xc_err
flush_at(struct xc_cache_server *server, const char *space,
    const unsigned char *group)
{
	struct xc_cache_space *at = xc_cache_server_space(server, space);
	struct xc_cache_group *known;

	if (at == NULL)
		return XC_ERR_NOMEM;
	if (group == NULL)
		return xc_cache_space_raise(server, at);
	known = xc_cache_space_group(at, group);
	return known != NULL ? xc_cache_group_raise(server, at, known) :
	    XC_ERR_NOMEM;
}

static enum xc_err
memcached_flush_space(void *ctx, const char *space, const char *group)
{
	struct xc_cache_pool *pool = ctx;
	unsigned char name[XC_CACHE_GROUP];
	enum xc_err err = XC_OK, first = XC_OK;

	if (group != NULL)
		err = xc_cache_group_name(pool, group, strlen(group), name);
	if (err != XC_OK)
		return err;
	xc_cache_local_flush(pool->local, space,
	    group != NULL ? name : NULL);
	for (size_t i = 0; i < pool->n_servers; i++) {
		err = flush_at(&pool->servers[i], space,
		    group != NULL ? name : NULL);
		if (first == XC_OK)
			first = err;
	}
	return first;
}

static bool
memcached_settle(void *ctx)
{
	struct xc_cache_pool *pool = ctx;
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
	struct xc_cache_pool *pool = ctx;
	size_t i;

	for (i = 0; i < pool->n_servers; i++)
		xc_cache_server_done(&pool->servers[i]);
	xc_cache_ring_free(&pool->ring);
	xc_cache_local_free(&pool->local);
	EVP_MD_CTX_free(pool->digest);
	EVP_MD_free(pool->sha256);
	free(pool->prefix);
	free(pool);
}

static const struct xc_cache_ops memcached_ops = {
	.get = memcached_get_value,
	.set = xc_cache_memcached_set,
	.add = memcached_add_value,
	.del = memcached_del,
	.incr = memcached_incr,
	.decr = memcached_decr,
	.touch = memcached_touch_value,
	.flush = memcached_flush_space,
	.get_many = xc_cache_memcached_get_many,
	.set_many = xc_cache_memcached_set_many,
	.claim = xc_cache_memcached_claim,
	.fill = xc_cache_memcached_fill,
};

static enum xc_err
make_ring(struct xc_cache_pool *pool)
{
	const char **names = calloc(pool->n_servers, sizeof(*names));

	if (names == NULL)
		return XC_ERR_NOMEM;
	for (size_t i = 0; i < pool->n_servers; i++)
		names[i] = pool->servers[i].name;
	pool->ring = xc_cache_ring_new(names, pool->n_servers);
	free(names);
	return pool->ring != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
make_pool(const struct xc_cache_settings *settings,
    struct xc_cache_pool **pool_r)
{
	size_t i, n = json_object_array_length(settings->servers);
	struct xc_cache_settings own = *settings;
	struct xc_cache_pool *pool;
	enum xc_err err;

	pool = calloc(1, sizeof(*pool) + n * sizeof(pool->servers[0]));
	*pool_r = pool;
	if (pool == NULL)
		return XC_ERR_NOMEM;
	pool->prefix = strdup(settings->prefix);
	pool->local = xc_cache_local_new();
	pool->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	pool->digest = EVP_MD_CTX_new();
	if (pool->prefix == NULL || pool->local == NULL ||
	    pool->sha256 == NULL || pool->digest == NULL)
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
	return make_ring(pool);
}

enum xc_err
xc_cache_open(const struct xc_cache_settings *settings,
    struct xc_cache *cache, struct xc_errbuf *errbuf)
{
	struct xc_cache_pool *pool;
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
	cache->figures = xc_cache_memcached_figures;
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

/* SPDX-License-Identifier: MIT */
/* Many keys at once: one round trip to each server. */
#include <stdlib.h>
#include <string.h>

#include "memcached-private.h"

/* With a key and what the server adds. */
#define ITEM_HEAD 512

/* One server's part of the keys. */
struct part {
	struct xc_cache_pool *pool;
	struct xc_cache_server *server;
	struct xc_cache_spot *spots;	/* of all keys */
	size_t *mine;			/* indices of this server's */
	size_t n;
	struct xc_cache_ask *asks;	/* room for 3 a key */
	uint32_t local_ms;
};

struct many {
	struct xc_cache_spot *spots;
	size_t *mine;
	struct xc_cache_ask *asks;
};

static void
many_free(struct many *many)
{
	free(many->spots);
	free(many->mine);
	free(many->asks);
}

static enum xc_err
many_new(size_t n, struct many *many)
{
	many->spots = calloc(n, sizeof(*many->spots));
	many->mine = calloc(n, sizeof(*many->mine));
	many->asks = calloc(3 * n, sizeof(*many->asks));
	if (many->spots != NULL && many->mine != NULL && many->asks != NULL)
		return XC_OK;
	many_free(many);
	return XC_ERR_NOMEM;
}

/* Whether the generations are asked for before this one's key: those of the
 * one before are the same mostly. */
static bool
asks_numbers(const struct part *part, size_t i)
{
	const struct xc_cache_name *name, *before;

	if (i == 0)
		return true;
	name = &part->spots[part->mine[i]].name;
	before = &part->spots[part->mine[i - 1]].name;
	return name->grouped && (!before->grouped ||
	    memcmp(name->group, before->group, XC_CACHE_GROUP) != 0);
}

static enum xc_err
part_ready(struct part *part)
{
	for (size_t i = 0; i < part->n; i++) {
		enum xc_err err = xc_cache_spot_ready(
		    &part->spots[part->mine[i]], 0);

		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

/* Puts the questions; values: for what stands at the keys too. */
static size_t
part_ask(struct part *part, bool values)
{
	size_t n = 0;

	for (size_t i = 0; i < part->n; i++) {
		const struct xc_cache_spot *spot =
		    &part->spots[part->mine[i]];

		if (asks_numbers(part, i))
			n += xc_cache_spot_ask_numbers(spot, &part->asks[n]);
		if (values)
			xc_cache_spot_ask(spot, &part->asks[n++]);
	}
	return n;
}

/* Whether any generation is another one by now. */
static bool
part_moved(struct part *part, bool values)
{
	const struct xc_cache_ask *numbers = part->asks;
	bool moved = false;
	size_t n = 0;

	for (size_t i = 0; i < part->n; i++) {
		struct xc_cache_spot *spot = &part->spots[part->mine[i]];

		if (asks_numbers(part, i)) {
			numbers = &part->asks[n];
			n += spot->name.grouped ? 2 : 1;
		}
		if (xc_cache_spot_moved(spot, numbers))
			moved = true;
		if (values)
			n++;
	}
	return moved;
}

static void
part_take(struct part *part, struct xc_cache_got *got_r)
{
	size_t n = 0;

	for (size_t i = 0; i < part->n; i++) {
		struct xc_cache_spot *spot = &part->spots[part->mine[i]];
		struct xc_cache_got *got = &got_r[part->mine[i]];
		struct xc_cache_ask *ask;
		uint64_t until_ms;

		if (asks_numbers(part, i))
			n += spot->name.grouped ? 2 : 1;
		ask = &part->asks[n++];
		if (xc_cache_open_item(ask, &until_ms) != XC_OK)
			continue;
		if (part->local_ms != 0)
			xc_cache_local_put(part->pool->local, &spot->name,
			    ask->value, ask->len, until_ms);
		got->err = XC_OK;
		got->value = ask->value;
		got->len = ask->len;
		ask->value = NULL;
	}
}

static enum xc_err
part_get(struct part *part, struct xc_cache_got *got_r)
{
	enum xc_err err;
	size_t n;

	for (int i = 0; i < XC_CACHE_TRIES; i++) {
		bool moved;

		err = part_ready(part);
		if (err != XC_OK)
			return err;
		n = part_ask(part, true);
		err = xc_cache_fetch(part->server, part->asks, n);
		if (err != XC_OK)
			return err;
		moved = part_moved(part, true);
		if (!moved)
			part_take(part, got_r);
		xc_cache_asks_free(part->asks, n);
		if (!moved)
			return XC_OK;
	}
	return XC_ERR_UNAVAILABLE;
}

/* Those that no copy here will do for. */
static void
pick(struct part *part, const struct xc_cache_got *got, size_t n)
{
	part->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (part->spots[i].server == part->server &&
		    got[i].err != XC_OK)
			part->mine[part->n++] = i;
	}
}

static enum xc_err
find_all(struct xc_cache_pool *pool, const char *space,
    const char *const *keys, size_t n, uint32_t local_ms,
    struct xc_cache_spot *spots, struct xc_cache_got *got_r)
{
	for (size_t i = 0; i < n; i++) {
		enum xc_err err = xc_cache_spot_find(pool, space, keys[i],
		    &spots[i]);

		if (err != XC_OK)
			return err;
		if (local_ms != 0)
			got_r[i].err = xc_cache_local_get(pool->local,
			    &spots[i].name, local_ms, &got_r[i].value,
			    &got_r[i].len);
	}
	return XC_OK;
}

static enum xc_err
get_all(struct xc_cache_pool *pool, struct part *part, size_t n,
    struct xc_cache_got *got_r)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; i < pool->n_servers; i++) {
		part->server = &pool->servers[i];
		pick(part, got_r, n);
		if (part->n > 0)
			err = part_get(part, got_r);
		if (err != XC_OK && err != XC_ERR_UNAVAILABLE)
			return err;
	}
	return XC_OK;
}

enum xc_err
xc_cache_memcached_get_many(void *ctx, const char *space,
    const char *const *keys, size_t n, uint32_t local_ms,
    struct xc_cache_got *got_r)
{
	struct xc_cache_pool *pool = ctx;
	struct many many;
	struct part part = { .pool = pool, .local_ms = local_ms };
	enum xc_err err;

	for (size_t i = 0; i < n; i++)
		got_r[i] = (struct xc_cache_got){ .err = XC_ERR_NOT_FOUND };
	if (n == 0)
		return XC_OK;
	err = many_new(n, &many);
	if (err != XC_OK)
		return err;
	part.spots = many.spots;
	part.mine = many.mine;
	part.asks = many.asks;
	err = find_all(pool, space, keys, n, local_ms, many.spots, got_r);
	if (err == XC_OK)
		err = get_all(pool, &part, n, got_r);
	many_free(&many);
	for (size_t i = 0; err != XC_OK && i < n; i++) {
		free(got_r[i].value);
		got_r[i] = (struct xc_cache_got){ .err = err };
	}
	return err;
}

/* Sends without waiting for answers; the question that follows is answered
 * when all that is done.  Whether all was sent. */
static enum xc_err
part_send(struct part *part, const struct xc_cache_put *puts)
{
	struct xc_cache_server *server = part->server;
	memcached_return_t rc = MEMCACHED_SUCCESS;
	struct xc_cache_ask at;

	memcached_behavior_set(server->st, MEMCACHED_BEHAVIOR_NOREPLY, 1);
	for (size_t i = 0; i < part->n && rc == MEMCACHED_SUCCESS; i++) {
		const struct xc_cache_put *put = &puts[part->mine[i]];

		xc_cache_spot_ask(&part->spots[part->mine[i]], &at);
		rc = memcached_set(server->st, at.key, at.key_len,
		    put->value, put->len, (time_t)put->ttl_s, 0);
		if (rc == MEMCACHED_BUFFERED)
			rc = MEMCACHED_SUCCESS;
	}
	memcached_behavior_set(server->st, MEMCACHED_BEHAVIOR_NOREPLY, 0);
	return rc == MEMCACHED_SUCCESS ? XC_OK :
	    xc_cache_server_judge(server, rc) != XC_OK ?
	    XC_ERR_UNAVAILABLE : XC_ERR_FAILED;
}

static enum xc_err
part_set(struct part *part, const struct xc_cache_put *puts)
{
	enum xc_err err;

	for (int i = 0; i < XC_CACHE_TRIES; i++) {
		err = part_ready(part);
		if (err == XC_OK)
			err = part_send(part, puts);
		if (err == XC_OK)
			err = xc_cache_fetch(part->server, part->asks,
			    part_ask(part, false));
		if (err != XC_OK || !part_moved(part, false))
			return err;
	}
	return XC_ERR_UNAVAILABLE;
}

/* What may be too large is set by itself, since without an answer nobody would
 * know. */
static void
pick_small(struct part *part, struct xc_cache_put *puts, size_t n)
{
	uint64_t max = 0;

	part->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (part->spots[i].server != part->server)
			continue;
		puts[i].err = XC_OK;
		if (max == 0 && xc_cache_server_item_max(part->server,
		    &max) != XC_OK)
			max = ITEM_HEAD;
		if (puts[i].len + ITEM_HEAD > max)
			puts[i].err = XC_ERR_TOO_LARGE;
		else
			part->mine[part->n++] = i;
	}
}

static void
set_all(struct xc_cache_pool *pool, struct part *part,
    struct xc_cache_put *puts, size_t n)
{
	for (size_t i = 0; i < pool->n_servers; i++) {
		enum xc_err err;

		part->server = &pool->servers[i];
		pick_small(part, puts, n);
		if (part->n == 0)
			continue;
		err = part_set(part, puts);
		if (err == XC_ERR_UNAVAILABLE) {
			xc_cache_spot_lost(&part->spots[part->mine[0]], err);
			err = XC_OK;
		}
		for (size_t k = 0; err != XC_OK && k < part->n; k++)
			puts[part->mine[k]].err = err;
	}
}

enum xc_err
xc_cache_memcached_set_many(void *ctx, const char *space,
    struct xc_cache_put *puts, size_t n)
{
	struct xc_cache_pool *pool = ctx;
	struct many many;
	struct part part = { .pool = pool };
	enum xc_err err;

	if (n == 0)
		return XC_OK;
	err = many_new(n, &many);
	if (err != XC_OK)
		return err;
	part.spots = many.spots;
	part.mine = many.mine;
	part.asks = many.asks;
	for (size_t i = 0; err == XC_OK && i < n; i++) {
		err = xc_cache_spot_find(pool, space, puts[i].key,
		    &many.spots[i]);
		if (err == XC_OK)
			xc_cache_local_drop(pool->local,
			    &many.spots[i].name);
	}
	if (err == XC_OK)
		set_all(pool, &part, puts, n);
	many_free(&many);
	for (size_t i = 0; i < n; i++) {
		if (err == XC_OK && puts[i].err == XC_ERR_TOO_LARGE)
			puts[i].err = xc_cache_memcached_set(pool, space,
			    puts[i].key, puts[i].value, puts[i].len,
			    puts[i].ttl_s);
		if (err == XC_OK)
			err = puts[i].err;
	}
	return err;
}

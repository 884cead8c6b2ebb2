/* SPDX-License-Identifier: MIT */
/*
 * Values that one computes for all.
 *
 * The first one that finds nothing adds an item that says until when it
 * computes, and reads the item's number (cas).  What it has computed is
 * stored only if the item has that number still: after a delete, a set or a
 * flush it has not, and the value, which may be of before, is thrown away.
 *
 * An item that is too old, or whose lease is over, is taken over by whoever
 * adds the item beside it (its key and ":l"), which ends by itself.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "memcached-private.h"

#define NONE_TTL_S 60		/* of the word that a value is too large */

enum { CAS, GENERATION, GROUP_GENERATION, TAKEN_OVER };

static time_t
lease_s(uint32_t lease_ms)
{
	return (time_t)((lease_ms + 999) / 1000 + 1);
}

static void
beside(struct xc_cache_ask *ask)
{
	memcpy(ask->key + ask->key_len, ":l", 2);
	ask->key_len += 2;
}

static void
make_mine(const struct xc_cache_spot *spot, const struct xc_cache_ask *ask,
    bool taken_over, struct xc_cache_claim *claim)
{
	claim->state = XC_CACHE_MINE;
	claim->token.words[CAS] = ask->cas;
	claim->token.words[GENERATION] = spot->generation;
	claim->token.words[GROUP_GENERATION] = spot->group_generation;
	claim->token.words[TAKEN_OVER] = taken_over;
}

/* Whether it was added; XC_ERR_EXISTS if there is one. */
static enum xc_err
add(struct xc_cache_server *server, const struct xc_cache_ask *at,
    const unsigned char *data, size_t len, time_t ttl_s)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_add(server->st, at->key, at->key_len,
	    (const char *)data, len, ttl_s, XC_CACHE_COMPUTED);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_SUCCESS || rc == MEMCACHED_STORED)
		return XC_OK;
	return rc == MEMCACHED_NOTSTORED || rc == MEMCACHED_DATA_EXISTS ?
	    XC_ERR_EXISTS : XC_ERR_UNAVAILABLE;
}

/* There is nothing: the lease is of whoever is first. */
static enum xc_err
begin(struct xc_cache_spot *spot, uint32_t lease_ms,
    struct xc_cache_claim *claim)
{
	struct xc_cache_envelope mine = { .kind = XC_CACHE_LEASE,
		.until_ms = xc_cache_wall_ms() + lease_ms }, seen;
	unsigned char head[XC_CACHE_ENVELOPE];
	struct xc_cache_ask ask;
	enum xc_err err;

	if (getrandom(&mine.nonce, sizeof(mine.nonce), 0) !=
	    (ssize_t)sizeof(mine.nonce))
		return XC_ERR_UNAVAILABLE;
	xc_cache_envelope_put(&mine, head);
	xc_cache_spot_ask(spot, &ask);
	err = add(spot->server, &ask, head, sizeof(head),
	    lease_s(lease_ms));
	claim->state = XC_CACHE_WAIT;
	if (err != XC_OK)
		return err == XC_ERR_EXISTS ? XC_OK : err;
	err = xc_cache_fetch(spot->server, &ask, 1);
	if (err != XC_OK)
		return err;
	/* It may have been deleted already, and another's stand there. */
	if (ask.found && xc_cache_envelope_get(ask.value, ask.len, &seen) &&
	    seen.kind == XC_CACHE_LEASE && seen.nonce == mine.nonce)
		make_mine(spot, &ask, false, claim);
	free(ask.value);
	return XC_OK;
}

static enum xc_err
take_over(struct xc_cache_spot *spot, const struct xc_cache_ask *ask,
    uint32_t lease_ms, struct xc_cache_claim *claim)
{
	struct xc_cache_ask lease = *ask;
	enum xc_err err;

	beside(&lease);
	err = add(spot->server, &lease, (const unsigned char *)"", 0,
	    lease_s(lease_ms));
	if (err == XC_OK)
		make_mine(spot, ask, true, claim);
	else
		claim->state = XC_CACHE_WAIT;
	return err == XC_ERR_EXISTS ? XC_OK : err;
}

/* The item is no value that is fresh. */
static enum xc_err
judge_old(struct xc_cache_spot *spot, struct xc_cache_ask *ask,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim)
{
	struct xc_cache_envelope envelope;
	enum xc_err err;

	if (ask->flags != XC_CACHE_COMPUTED ||
	    !xc_cache_envelope_get(ask->value, ask->len, &envelope) ||
	    envelope.kind == XC_CACHE_NONE)
		return XC_ERR_UNAVAILABLE;
	if (envelope.kind == XC_CACHE_LEASE &&
	    xc_cache_wall_ms() < envelope.until_ms) {
		claim->state = XC_CACHE_WAIT;
		return XC_OK;
	}
	err = take_over(spot, ask, wish->lease_ms, claim);
	if (err != XC_OK || claim->state != XC_CACHE_WAIT || !wish->stale ||
	    envelope.kind != XC_CACHE_VALUE)
		return err;
	claim->state = XC_CACHE_STALE;
	claim->len = ask->len - XC_CACHE_ENVELOPE;
	claim->value = ask->value;
	ask->value = NULL;
	memmove(claim->value, claim->value + XC_CACHE_ENVELOPE,
	    claim->len + 1);
	return XC_OK;
}

static enum xc_err
judge(struct xc_cache_pool *pool, struct xc_cache_spot *spot,
    struct xc_cache_ask *ask, const struct xc_cache_wish *wish,
    struct xc_cache_claim *claim)
{
	uint64_t until_ms;

	if (!ask->found)
		return begin(spot, wish->lease_ms, claim);
	if (xc_cache_open_item(ask, &until_ms) != XC_OK)
		return judge_old(spot, ask, wish, claim);
	if (wish->local_ms != 0)
		xc_cache_local_put(pool->local, &spot->name, ask->value,
		    ask->len, until_ms);
	claim->state = XC_CACHE_FRESH;
	claim->value = ask->value;
	claim->len = ask->len;
	ask->value = NULL;
	return XC_OK;
}

enum xc_err
xc_cache_memcached_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	struct xc_cache_pool *pool = ctx;
	struct xc_cache_spot spot;
	struct xc_cache_ask ask;
	enum xc_err err;

	memset(claim_r, 0, sizeof(*claim_r));
	err = xc_cache_spot_find(pool, space, key, &spot);
	if (err != XC_OK)
		return err;
	if (wish->local_ms != 0 && xc_cache_local_get(pool->local,
	    &spot.name, wish->local_ms, &claim_r->value, &claim_r->len) ==
	    XC_OK)
		return XC_OK;
	err = xc_cache_spot_read(&spot, &ask);
	if (err != XC_OK)
		return err;
	err = judge(pool, &spot, &ask, wish, claim_r);
	free(ask.value);
	return err;
}

/* Puts something in the place of what was claimed, if that is there still. */
static enum xc_err
replace(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    uint64_t cas, const unsigned char *data, size_t len, time_t ttl_s)
{
	memcached_return_t rc;
	enum xc_err err;

	rc = memcached_cas(spot->server->st, at->key, at->key_len,
	    (const char *)data, len, ttl_s, XC_CACHE_COMPUTED, cas);
	err = xc_cache_server_judge(spot->server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_E2BIG)
		return XC_ERR_TOO_LARGE;
	return rc == MEMCACHED_SUCCESS || rc == MEMCACHED_STORED ? XC_OK :
	    XC_ERR_EXISTS;
}

/* Says that there is no value: that none will be, or that another one may try
 * (until_ms of the past). */
static void
leave(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    uint64_t cas, enum xc_cache_kind kind)
{
	const struct xc_cache_envelope none = { .kind = kind };
	unsigned char head[XC_CACHE_ENVELOPE];

	xc_cache_envelope_put(&none, head);
	(void)replace(spot, at, cas, head, sizeof(head),
	    kind == XC_CACHE_NONE ? NONE_TTL_S : 1);
}

static enum xc_err
store(struct xc_cache_spot *spot, const struct xc_cache_ask *at,
    uint64_t cas, const struct xc_cache_fill *fill, uint64_t *until_ms_r)
{
	const struct xc_cache_envelope envelope = { .kind = XC_CACHE_VALUE,
		.until_ms = fill->ttl_s == 0 ? UINT64_MAX :
		    xc_cache_wall_ms() + (uint64_t)fill->ttl_s * 1000 };
	size_t len = XC_CACHE_ENVELOPE + fill->len;
	unsigned char *data;
	enum xc_err err;
	uint64_t max;

	*until_ms_r = envelope.until_ms;
	if (xc_cache_server_item_max(spot->server, &max) == XC_OK &&
	    len > max)
		return XC_ERR_TOO_LARGE;
	data = malloc(len);
	if (data == NULL)
		return XC_ERR_NOMEM;
	xc_cache_envelope_put(&envelope, data);
	if (fill->len > 0)
		memcpy(data + XC_CACHE_ENVELOPE, fill->value, fill->len);
	/* The server's second may be nearly over: the head is exact. */
	err = replace(spot, at, cas, data, len, fill->ttl_s == 0 ? 0 :
	    (time_t)fill->ttl_s + fill->stale_s + 1);
	free(data);
	return err;
}

/* Whether this process has flushed nothing of it since. */
static bool
is_current(const struct xc_cache_spot *spot)
{
	const struct xc_cache_group *group;

	if (spot->space->dirty ||
	    spot->space->number.generation != spot->generation)
		return false;
	if (!spot->name.grouped)
		return true;
	group = xc_cache_space_group(spot->space, spot->name.group);
	return group != NULL &&
	    group->number.generation == spot->group_generation;
}

enum xc_err
xc_cache_memcached_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	struct xc_cache_pool *pool = ctx;
	uint64_t cas = token->words[CAS], until_ms;
	struct xc_cache_spot spot;
	struct xc_cache_ask ask;
	enum xc_err err;

	err = xc_cache_spot_find(pool, space, key, &spot);
	if (err != XC_OK || !xc_cache_server_usable(spot.server))
		return err;
	spot.generation = token->words[GENERATION];
	spot.group_generation = token->words[GROUP_GENERATION];
	xc_cache_spot_ask(&spot, &ask);
	if (fill != NULL)
		err = store(&spot, &ask, cas, fill, &until_ms);
	else if (token->words[TAKEN_OVER] == 0)
		leave(&spot, &ask, cas, XC_CACHE_LEASE);
	if (err == XC_ERR_TOO_LARGE) {
		/* What was sent and refused is dropped by the server, but for
		 * the case that it was not sent. */
		leave(&spot, &ask, cas, XC_CACHE_NONE);
		xc_cache_server_tell_large(spot.server, space, fill->len);
	}
	/* The server has taken it under a generation that may be gone. */
	if (err == XC_OK && fill != NULL && fill->local_ms != 0 &&
	    is_current(&spot))
		xc_cache_local_put(pool->local, &spot.name, fill->value,
		    fill->len, until_ms);
	if (token->words[TAKEN_OVER] != 0 &&
	    xc_cache_server_usable(spot.server)) {
		beside(&ask);
		xc_cache_server_judge(spot.server, memcached_delete(
		    spot.server->st, ask.key, ask.key_len, 0));
	}
	return err == XC_ERR_NOMEM || err == XC_ERR_TOO_LARGE ? err : XC_OK;
}

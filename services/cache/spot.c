/* SPDX-License-Identifier: MIT */
/* Where a key is kept: server, namespace, group, generations. */
#include <stdlib.h>
#include <string.h>

#include "memcached-private.h"

static const char digits[] = "0123456789abcdef";

static enum xc_err
digest(struct xc_cache_pool *pool, const void *data, size_t len,
    unsigned char sum_r[XC_CACHE_DIGEST])
{
	unsigned n;

	if (EVP_DigestInit_ex2(pool->digest, pool->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(pool->digest, data, len) != 1 ||
	    EVP_DigestFinal_ex(pool->digest, sum_r, &n) != 1)
		return XC_ERR_FAILED;
	return XC_OK;
}

enum xc_err
xc_cache_group_name(struct xc_cache_pool *pool, const char *group,
    size_t len, unsigned char name_r[XC_CACHE_GROUP])
{
	unsigned char sum[XC_CACHE_DIGEST];
	enum xc_err err = digest(pool, group, len, sum);

	memcpy(name_r, sum, XC_CACHE_GROUP);
	return err;
}

enum xc_err
xc_cache_spot_find(struct xc_cache_pool *pool, const char *space,
    const char *key, struct xc_cache_spot *spot)
{
	const char *slash = strchr(key, '/');
	enum xc_err err;

	memset(spot, 0, sizeof(*spot));
	spot->name.space = space;
	err = digest(pool, key, strlen(key), spot->name.key);
	/* "/a" has no group. */
	if (err == XC_OK && slash != NULL && slash > key) {
		spot->name.grouped = true;
		err = xc_cache_group_name(pool, key, (size_t)(slash - key),
		    spot->name.group);
	}
	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < XC_CACHE_DIGEST; i++) {
		spot->hex[2 * i] = digits[spot->name.key[i] >> 4];
		spot->hex[2 * i + 1] = digits[spot->name.key[i] & 15];
	}
	spot->server = &pool->servers[xc_cache_ring_choose(pool->ring,
	    spot->hex, sizeof(spot->hex) - 1)];
	spot->space = xc_cache_server_space(spot->server, space);
	return spot->space != NULL ? XC_OK : XC_ERR_NOMEM;
}

enum xc_err
xc_cache_spot_ready(struct xc_cache_spot *spot, int64_t max_ms)
{
	struct xc_cache_group *group;
	enum xc_err err;

	err = xc_cache_space_ready(spot->server, spot->space, max_ms);
	if (err == XC_OK)
		spot->generation = spot->space->number.generation;
	if (err != XC_OK || !spot->name.grouped)
		return err;
	group = xc_cache_space_group(spot->space, spot->name.group);
	if (group == NULL)
		return XC_ERR_NOMEM;
	err = xc_cache_group_ready(spot->server, spot->space, group, max_ms);
	if (err == XC_OK)
		spot->group_generation = group->number.generation;
	return err;
}

static char *
put_hex(char *at, uint64_t number)
{
	int shift = 60;

	while (shift > 0 && number >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = digits[number >> shift & 15];
	return at;
}

void
xc_cache_spot_ask(const struct xc_cache_spot *spot, struct xc_cache_ask *ask)
{
	/* "prefix:space:" is how the key of the generation begins. */
	size_t head = spot->space->key_len - strlen("generation");
	char *at;

	memcpy(ask->key, spot->space->key, head);
	at = put_hex(ask->key + head, spot->generation);
	if (spot->name.grouped) {
		*at++ = '.';
		at = put_hex(at, spot->group_generation);
	}
	*at++ = ':';
	memcpy(at, spot->hex, sizeof(spot->hex) - 1);
	ask->key_len = (size_t)(at - ask->key) + sizeof(spot->hex) - 1;
	ask->is_number = false;
}

size_t
xc_cache_spot_ask_numbers(const struct xc_cache_spot *spot,
    struct xc_cache_ask *asks)
{
	memcpy(asks[0].key, spot->space->key, spot->space->key_len);
	asks[0].key_len = spot->space->key_len;
	asks[0].is_number = true;
	if (!spot->name.grouped)
		return 1;
	xc_cache_group_ask(spot->space, spot->name.group, &asks[1]);
	return 2;
}

bool
xc_cache_spot_moved(struct xc_cache_spot *spot,
    const struct xc_cache_ask *asks)
{
	struct xc_cache_number *number = &spot->space->number;
	int64_t now = xc_cache_now_ms();
	bool moved = asks[0].number != spot->generation;
	struct xc_cache_group *group;

	number->generation = asks[0].number;
	number->read_ms = now;
	if (!spot->name.grouped)
		return moved;
	group = xc_cache_space_group(spot->space, spot->name.group);
	if (group == NULL)
		return true;
	group->number.generation = asks[1].number;
	group->number.read_ms = now;
	return moved || asks[1].number != spot->group_generation;
}

enum xc_err
xc_cache_spot_read(struct xc_cache_spot *spot, struct xc_cache_ask *ask_r)
{
	struct xc_cache_ask asks[3];
	enum xc_err err;
	size_t n;

	for (int i = 0; i < XC_CACHE_TRIES; i++) {
		err = xc_cache_spot_ready(spot, 0);
		if (err != XC_OK)
			return err;
		n = xc_cache_spot_ask_numbers(spot, asks);
		xc_cache_spot_ask(spot, &asks[n]);
		err = xc_cache_fetch(spot->server, asks, n + 1);
		if (err != XC_OK)
			return err;
		if (!xc_cache_spot_moved(spot, asks)) {
			*ask_r = asks[n];
			return XC_OK;
		}
		free(asks[n].value);
	}
	return XC_ERR_UNAVAILABLE;
}

enum xc_err
xc_cache_spot_lost(struct xc_cache_spot *spot, enum xc_err err)
{
	if (err == XC_ERR_UNAVAILABLE && spot->space != NULL)
		spot->space->dirty = true;
	return err;
}

enum xc_err
xc_cache_open_item(struct xc_cache_ask *ask, uint64_t *until_ms_r)
{
	struct xc_cache_envelope envelope;

	*until_ms_r = UINT64_MAX;
	if (!ask->found)
		return XC_ERR_NOT_FOUND;
	if (ask->flags == 0)
		return XC_OK;
	if (ask->flags != XC_CACHE_COMPUTED ||
	    !xc_cache_envelope_get(ask->value, ask->len, &envelope) ||
	    envelope.kind != XC_CACHE_VALUE ||
	    xc_cache_wall_ms() >= envelope.until_ms)
		return XC_ERR_NOT_FOUND;
	*until_ms_r = envelope.until_ms;
	ask->len -= XC_CACHE_ENVELOPE;
	/* With the NUL. */
	memmove(ask->value, ask->value + XC_CACHE_ENVELOPE, ask->len + 1);
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
/* A cache in the process's own memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

#define TTL_MAX		(30u * 24 * 3600)
#define VALUE_MAX	(1u << 20)

struct item {
	struct item *next;
	char *space;
	char *key;
	char *value;		/* with a NUL behind it */
	size_t len;
	uint64_t ends_s;	/* 0: never */
	/* Of one that is computed: stale from then on (0: never), or, without
	 * a value yet, being computed until then. */
	uint64_t fresh_s;
	bool lease;
	uint64_t token;		/* of who computes it; 0 */
};

struct fake {
	struct item *items;
	uint64_t now_s;
	uint64_t last_token;
};

static void
free_item(struct item *item)
{
	free(item->space);
	free(item->key);
	free(item->value);
	free(item);
}

static void
drop(struct fake *fake, const char *space, const char *key)
{
	struct item *item, **at = &fake->items;

	while ((item = *at) != NULL) {
		if (strcmp(item->space, space) != 0 ||
		    strcmp(item->key, key) != 0) {
			at = &item->next;
			continue;
		}
		*at = item->next;
		free_item(item);
	}
}

static struct item *
find(struct fake *fake, const char *space, const char *key)
{
	struct item *item;

	for (item = fake->items; item != NULL; item = item->next)
		if (strcmp(item->space, space) == 0 &&
		    strcmp(item->key, key) == 0 &&
		    (item->ends_s == 0 || item->ends_s > fake->now_s))
			return item;
	return NULL;
}

static char *
copy(const void *value, size_t len)
{
	char *data = malloc(len + 1);

	if (data == NULL)
		return NULL;
	if (len > 0)
		memcpy(data, value, len);
	data[len] = '\0';
	return data;
}

static bool
is_fresh(const struct fake *fake, const struct item *item)
{
	return !item->lease && (item->fresh_s == 0 ||
	    item->fresh_s > fake->now_s);
}

static enum xc_err
fake_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	struct item *item = find(ctx, space, key);

	*value_r = NULL;
	*len_r = 0;
	if (item == NULL || !is_fresh(ctx, item))
		return XC_ERR_NOT_FOUND;
	*value_r = copy(item->value, item->len);
	if (*value_r == NULL)
		return XC_ERR_NOMEM;
	*len_r = item->len;
	return XC_OK;
}

static enum xc_err
fake_set(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	struct fake *fake = ctx;
	struct item *item;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	drop(fake, space, key);
	if (len > VALUE_MAX)
		return XC_ERR_TOO_LARGE;
	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return XC_ERR_NOMEM;
	item->space = strdup(space);
	item->key = strdup(key);
	item->value = copy(value, len);
	item->len = len;
	item->ends_s = ttl_s == 0 ? 0 : fake->now_s + ttl_s;
	if (item->space == NULL || item->key == NULL || item->value == NULL) {
		free_item(item);
		return XC_ERR_NOMEM;
	}
	item->next = fake->items;
	fake->items = item;
	return XC_OK;
}

static enum xc_err
fake_add(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	if (find(ctx, space, key) != NULL)
		return XC_ERR_EXISTS;
	return fake_set(ctx, space, key, value, len, ttl_s);
}

static enum xc_err
fake_del(void *ctx, const char *space, const char *key)
{
	drop(ctx, space, key);
	return XC_OK;
}

/* Puts another number in an item's place. */
static enum xc_err
renumber(struct item *item, uint64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRIu64, number);
	char *data = copy(text, (size_t)n);

	if (data == NULL)
		return XC_ERR_NOMEM;
	free(item->value);
	item->value = data;
	item->len = (size_t)n;
	return XC_OK;
}

static bool
read_number(const struct item *item, uint64_t *number_r)
{
	char *end;

	*number_r = strtoull(item->value, &end, 10);
	return end != item->value && *end == '\0';
}

static enum xc_err
fake_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct item *item = find(ctx, space, key);
	char text[24];
	int n;

	if (item != NULL) {
		if (!read_number(item, value_r))
			return XC_ERR_INVALID;
		*value_r += delta;
		return renumber(item, *value_r);
	}
	*value_r = initial;
	n = snprintf(text, sizeof(text), "%" PRIu64, initial);
	return fake_set(ctx, space, key, text, (size_t)n, ttl_s);
}

static enum xc_err
fake_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	struct item *item = find(ctx, space, key);

	*value_r = 0;
	if (item == NULL)
		return XC_ERR_NOT_FOUND;
	if (!read_number(item, value_r))
		return XC_ERR_INVALID;
	*value_r -= delta < *value_r ? delta : *value_r;
	return renumber(item, *value_r);
}

static enum xc_err
fake_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	struct item *item = find(ctx, space, key);
	const struct fake *fake = ctx;

	if (ttl_s > TTL_MAX)
		return XC_ERR_INVALID;
	if (item == NULL)
		return XC_ERR_NOT_FOUND;
	item->ends_s = ttl_s == 0 ? 0 : fake->now_s + ttl_s;
	return XC_OK;
}

static enum xc_err
fake_flush(void *ctx, const char *space, const char *group)
{
	size_t len = group != NULL ? strlen(group) : 0;
	struct fake *fake = ctx;
	struct item *item, **at = &fake->items;

	while ((item = *at) != NULL) {
		if (strcmp(item->space, space) != 0 || (group != NULL &&
		    (strncmp(item->key, group, len) != 0 ||
		    item->key[len] != '/'))) {
			at = &item->next;
			continue;
		}
		*at = item->next;
		free_item(item);
	}
	return XC_OK;
}

static enum xc_err
fake_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	(void)local_ms;
	for (size_t i = 0; i < n; i++)
		got_r[i].err = fake_get(ctx, space, keys[i],
		    &got_r[i].value, &got_r[i].len);
	return XC_OK;
}

static enum xc_err
fake_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	enum xc_err first = XC_OK;

	for (size_t i = 0; i < n; i++) {
		puts[i].err = fake_set(ctx, space, puts[i].key,
		    puts[i].value, puts[i].len, puts[i].ttl_s);
		if (first == XC_OK)
			first = puts[i].err;
	}
	return first;
}

static enum xc_err
give(const struct item *item, enum xc_cache_state state,
    struct xc_cache_claim *claim)
{
	claim->state = state;
	claim->value = copy(item->value, item->len);
	claim->len = item->len;
	return claim->value != NULL ? XC_OK : XC_ERR_NOMEM;
}

/* Nobody else can be computing in this process: a token is only taken from
 * one that has gone. */
static enum xc_err
fake_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	struct item *item = find(ctx, space, key);
	struct fake *fake = ctx;
	enum xc_err err;

	memset(claim_r, 0, sizeof(*claim_r));
	if (item != NULL && is_fresh(fake, item))
		return give(item, XC_CACHE_FRESH, claim_r);
	if (item != NULL && item->token != 0) {
		if (wish->stale && !item->lease)
			return give(item, XC_CACHE_STALE, claim_r);
		claim_r->state = XC_CACHE_WAIT;
		return XC_OK;
	}
	if (item == NULL) {
		err = fake_set(fake, space, key, "", 0,
		    wish->lease_ms / 1000 + 1);
		if (err != XC_OK)
			return err;
		item = find(fake, space, key);
		item->lease = true;
	}
	item->token = ++fake->last_token;
	claim_r->state = XC_CACHE_MINE;
	claim_r->token.words[0] = item->token;
	return XC_OK;
}

static enum xc_err
fake_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	struct item *item = find(ctx, space, key);
	struct fake *fake = ctx;
	enum xc_err err;

	if (item == NULL || item->token != token->words[0])
		return XC_OK;
	item->token = 0;
	if (fill == NULL) {
		if (item->lease)
			drop(fake, space, key);
		return XC_OK;
	}
	err = fake_set(fake, space, key, fill->value, fill->len,
	    fill->ttl_s == 0 ? 0 : fill->ttl_s + fill->stale_s);
	item = find(fake, space, key);
	if (err == XC_OK && item != NULL && fill->ttl_s != 0)
		item->fresh_s = fake->now_s + fill->ttl_s;
	return err;
}

static const struct xc_cache_ops fake_ops = {
	.get = fake_get,
	.set = fake_set,
	.add = fake_add,
	.del = fake_del,
	.incr = fake_incr,
	.decr = fake_decr,
	.touch = fake_touch,
	.flush = fake_flush,
	.get_many = fake_get_many,
	.set_many = fake_set_many,
	.claim = fake_claim,
	.fill = fake_fill,
};

static void
flush(struct fake *fake)
{
	struct item *item;

	while ((item = fake->items) != NULL) {
		fake->items = item->next;
		free_item(item);
	}
}

static void
fake_close(void *ctx)
{
	flush(ctx);
	free(ctx);
}

enum xc_err
xc_cache_fake(struct xc_cache *cache)
{
	memset(cache, 0, sizeof(*cache));
	cache->ctx = calloc(1, sizeof(struct fake));
	if (cache->ctx == NULL)
		return XC_ERR_NOMEM;
	cache->ops = &fake_ops;
	cache->close = fake_close;
	return XC_OK;
}

void
xc_cache_fake_advance(struct xc_cache *cache, uint32_t seconds)
{
	struct fake *fake = cache->ctx;

	fake->now_s += seconds;
}

void
xc_cache_fake_flush(struct xc_cache *cache)
{
	flush(cache->ctx);
}

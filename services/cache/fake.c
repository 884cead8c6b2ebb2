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
};

struct fake {
	struct item *items;
	uint64_t now_s;
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

static enum xc_err
fake_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	struct item *item = find(ctx, space, key);

	*value_r = NULL;
	*len_r = 0;
	if (item == NULL)
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

static enum xc_err
fake_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct item *item = find(ctx, space, key);
	char text[24], *data, *end;
	int n;

	*value_r = initial;
	if (item != NULL) {
		*value_r = strtoull(item->value, &end, 10) + delta;
		if (end == item->value || *end != '\0')
			return XC_ERR_INVALID;
	}
	n = snprintf(text, sizeof(text), "%" PRIu64, *value_r);
	if (item == NULL)
		return fake_set(ctx, space, key, text, (size_t)n, ttl_s);
	data = copy(text, (size_t)n);
	if (data == NULL)
		return XC_ERR_NOMEM;
	free(item->value);
	item->value = data;
	item->len = (size_t)n;
	return XC_OK;
}

static const struct xc_cache_ops fake_ops = {
	.get = fake_get,
	.set = fake_set,
	.add = fake_add,
	.del = fake_del,
	.incr = fake_incr,
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

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "local.h"

#define BUCKETS 512

struct entry {
	struct entry *chain;		/* of the bucket */
	struct entry *newer, *older;
	struct xc_cache_name name;	/* space is not set */
	int64_t made_ms;
	uint64_t until_ms;
	size_t len;
	char value[];			/* with a NUL behind it */
};

struct shelf {
	struct shelf *next;
	char *space;
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	size_t n, bytes;
};

struct xc_cache_local {
	struct shelf *shelves;
};

struct xc_cache_local *
xc_cache_local_new(void)
{
	return calloc(1, sizeof(struct xc_cache_local));
}

static struct shelf *
find_shelf(struct xc_cache_local *local, const char *space)
{
	struct shelf *shelf;

	for (shelf = local->shelves; shelf != NULL; shelf = shelf->next)
		if (strcmp(shelf->space, space) == 0)
			return shelf;
	return NULL;
}

static struct shelf *
make_shelf(struct xc_cache_local *local, const char *space)
{
	struct shelf *shelf = find_shelf(local, space);

	if (shelf != NULL)
		return shelf;
	shelf = calloc(1, sizeof(*shelf));
	if (shelf == NULL)
		return NULL;
	shelf->space = strdup(space);
	if (shelf->space == NULL) {
		free(shelf);
		return NULL;
	}
	shelf->next = local->shelves;
	local->shelves = shelf;
	return shelf;
}

/* A digest is as good as random. */
static struct entry **
bucket_of(struct shelf *shelf, const struct xc_cache_name *name)
{
	return &shelf->buckets[(name->key[0] | name->key[1] << 8) % BUCKETS];
}

static struct entry **
find(struct shelf *shelf, const struct xc_cache_name *name)
{
	struct entry **at = bucket_of(shelf, name);

	while (*at != NULL && memcmp((*at)->name.key, name->key,
	    XC_CACHE_DIGEST) != 0)
		at = &(*at)->chain;
	return at;
}

static void
unlink_age(struct shelf *shelf, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &shelf->newest) =
	    entry->older;
	*(entry->older != NULL ? &entry->older->newer : &shelf->oldest) =
	    entry->newer;
}

static void
link_newest(struct shelf *shelf, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = shelf->newest;
	*(shelf->newest != NULL ? &shelf->newest->newer : &shelf->oldest) =
	    entry;
	shelf->newest = entry;
}

static void
drop(struct shelf *shelf, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->chain;
	unlink_age(shelf, entry);
	shelf->n--;
	shelf->bytes -= entry->len;
	free(entry);
}

static void
drop_all(struct shelf *shelf)
{
	while (shelf->oldest != NULL)
		drop(shelf, find(shelf, &shelf->oldest->name));
}

void
xc_cache_local_free(struct xc_cache_local **local)
{
	struct shelf *shelf;

	if (*local == NULL)
		return;
	while ((shelf = (*local)->shelves) != NULL) {
		(*local)->shelves = shelf->next;
		drop_all(shelf);
		free(shelf->space);
		free(shelf);
	}
	free(*local);
	*local = NULL;
}

enum xc_err
xc_cache_local_get(struct xc_cache_local *local,
    const struct xc_cache_name *name, uint32_t max_ms, char **value_r,
    size_t *len_r)
{
	struct shelf *shelf = find_shelf(local, name->space);
	struct entry *entry;

	if (shelf == NULL || (entry = *find(shelf, name)) == NULL ||
	    xc_cache_now_ms() - entry->made_ms > (int64_t)max_ms ||
	    xc_cache_wall_ms() >= entry->until_ms)
		return XC_ERR_NOT_FOUND;
	*value_r = malloc(entry->len + 1);
	if (*value_r == NULL)
		return XC_ERR_NOT_FOUND;
	memcpy(*value_r, entry->value, entry->len + 1);
	*len_r = entry->len;
	unlink_age(shelf, entry);
	link_newest(shelf, entry);
	return XC_OK;
}

void
xc_cache_local_put(struct xc_cache_local *local,
    const struct xc_cache_name *name, const void *value, size_t len,
    uint64_t until_ms)
{
	struct shelf *shelf;
	struct entry *entry;

	xc_cache_local_drop(local, name);
	if (len > XC_CACHE_LOCAL_VALUE)
		return;
	shelf = make_shelf(local, name->space);
	entry = shelf != NULL ? malloc(sizeof(*entry) + len + 1) : NULL;
	if (entry == NULL)
		return;
	entry->name = *name;
	entry->made_ms = xc_cache_now_ms();
	entry->until_ms = until_ms;
	entry->len = len;
	if (len > 0)
		memcpy(entry->value, value, len);
	entry->value[len] = '\0';
	entry->chain = *bucket_of(shelf, name);
	*bucket_of(shelf, name) = entry;
	link_newest(shelf, entry);
	shelf->n++;
	shelf->bytes += len;
	while (shelf->n > XC_CACHE_LOCAL_ENTRIES ||
	    shelf->bytes > XC_CACHE_LOCAL_BYTES)
		drop(shelf, find(shelf, &shelf->oldest->name));
}

void
xc_cache_local_drop(struct xc_cache_local *local,
    const struct xc_cache_name *name)
{
	struct shelf *shelf = find_shelf(local, name->space);
	struct entry **at = shelf != NULL ? find(shelf, name) : NULL;

	if (at != NULL && *at != NULL)
		drop(shelf, at);
}

void
xc_cache_local_flush(struct xc_cache_local *local, const char *space,
    const unsigned char *group)
{
	struct shelf *shelf = find_shelf(local, space);
	struct entry *entry, *newer;

	if (shelf == NULL)
		return;
	if (group == NULL) {
		drop_all(shelf);
		return;
	}
	for (entry = shelf->oldest; entry != NULL; entry = newer) {
		newer = entry->newer;
		if (entry->name.grouped && memcmp(entry->name.group, group,
		    XC_CACHE_GROUP) == 0)
			drop(shelf, find(shelf, &entry->name));
	}
}

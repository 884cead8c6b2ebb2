/* SPDX-License-Identifier: MIT */
/* From a path to the chain of the longest prefix: one table of hashes, so
 * that a thousand prefixes cost what ten do. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "worker/chain-private.h"

#define HASH_SEED UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* FNV-1a. */
static uint64_t
mix(uint64_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * HASH_PRIME;
}

static void
put(struct xc_chain_index *index, const struct xc_chain *chain)
{
	uint64_t hash = HASH_SEED;
	size_t i;

	for (i = 0; i < chain->prefix_len; i++)
		hash = mix(hash, chain->prefix[i]);
	for (i = hash & index->mask; index->cells[i] != NULL;
	    i = (i + 1) & index->mask)
		;
	index->cells[i] = chain;
	if (chain->prefix_len > index->len_max)
		index->len_max = chain->prefix_len;
}

enum xc_err
xc_chain_index_make(struct xc_chain_index *index, const struct xc_chain *rows,
    size_t n)
{
	size_t size = 8, i;

	while (size < 2 * n)
		size *= 2;
	index->cells = calloc(size, sizeof(const struct xc_chain *));
	if (index->cells == NULL)
		return XC_ERR_NOMEM;
	index->mask = size - 1;
	/* The first is that of "", which is found by finding none. */
	for (i = 1; i < n; i++)
		put(index, &rows[i]);
	return XC_OK;
}

static bool
is_of(const char *prefix, const char *const *segments, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(segments[i]);
		if (*prefix++ != '/' || strncmp(prefix, segments[i], len) != 0)
			return false;
		prefix += len;
	}
	return true;
}

/* len: of the n segments together, with a slash before each. */
static const struct xc_chain *
look(const struct xc_chain_index *index, uint64_t hash,
    const char *const *segments, size_t n, size_t len)
{
	const struct xc_chain *chain;
	size_t i;

	for (i = hash & index->mask; (chain = index->cells[i]) != NULL;
	    i = (i + 1) & index->mask)
		if (chain->prefix_len == len &&
		    is_of(chain->prefix, segments, n))
			return chain;
	return NULL;
}

const struct xc_chain *
xc_chain_index_find(const struct xc_chain_index *index,
    const char *const *segments, size_t n)
{
	const struct xc_chain *best = NULL, *found;
	uint64_t hash = HASH_SEED;
	size_t i, len = 0;
	const char *at;

	/* Prefixes end where a segment does. */
	for (i = 0; i < n && len < index->len_max; i++) {
		hash = mix(hash, '/');
		for (at = segments[i]; *at != '\0'; at++) {
			/* No prefix has such a word. */
			if (*at == '/')
				return best;
			hash = mix(hash, *at);
		}
		len += 1 + (size_t)(at - segments[i]);
		found = look(index, hash, segments, i + 1, len);
		if (found != NULL)
			best = found;
	}
	return best;
}

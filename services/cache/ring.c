/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmemcached/memcached.h>

#include "ring.h"

struct xc_cache_ring {
	memcached_st *st;	/* only to choose; NULL for one server */
	size_t n;
};

static bool
add_names(memcached_st *st, const char *const *names, size_t n)
{
	char path[160];

	/* Weighted (all alike), because it spreads the keys more evenly. */
	memcached_behavior_set(st, MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1);
	for (size_t i = 0; i < n; i++) {
		/* Never connected to, so any name will do that is the same
		 * on every host; a socket's is taken as it is. */
		snprintf(path, sizeof(path), "/%.150s", names[i]);
		if (memcached_server_add_unix_socket_with_weight(st, path,
		    1) != MEMCACHED_SUCCESS)
			return false;
	}
	return true;
}

struct xc_cache_ring *
xc_cache_ring_new(const char *const *names, size_t n)
{
	struct xc_cache_ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		return NULL;
	ring->n = n;
	if (n < 2)
		return ring;
	ring->st = memcached_create(NULL);
	if (ring->st == NULL || !add_names(ring->st, names, n))
		xc_cache_ring_free(&ring);
	return ring;
}

void
xc_cache_ring_free(struct xc_cache_ring **ring)
{
	if (*ring == NULL)
		return;
	if ((*ring)->st != NULL)
		memcached_free((*ring)->st);
	free(*ring);
	*ring = NULL;
}

size_t
xc_cache_ring_choose(const struct xc_cache_ring *ring, const char *key,
    size_t len)
{
	return ring->st == NULL ? 0 :
	    memcached_generate_hash(ring->st, key, len) % ring->n;
}

/* SPDX-License-Identifier: MIT */
/*
 * Which of several servers keeps a key: consistent hashing by the servers'
 * names.  With one server more or fewer only its own share of the keys moves.
 */
#ifndef XC_CACHE_RING_H
#define XC_CACHE_RING_H

#include <stddef.h>

struct xc_cache_ring;

/* names are those of the settings; where they stand does not matter, but to
 * the numbers that choose() gives.  NULL: out of memory. */
struct xc_cache_ring *xc_cache_ring_new(const char *const *names, size_t n);
void xc_cache_ring_free(struct xc_cache_ring **ring);

/* The index of the server of a key. */
size_t xc_cache_ring_choose(const struct xc_cache_ring *ring,
    const char *key, size_t len);

#endif

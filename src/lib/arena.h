/* SPDX-License-Identifier: MIT */
/*
 * The memory behind <xcore/arena.h>: chunks from which pieces are cut, kept
 * for the next request, and the list of what is to be called at the end.
 */
#ifndef XC_ARENA_H
#define XC_ARENA_H

#include <stddef.h>

#include <xcore/error.h>

struct xc_arena;

/* Makes an arena that gives out at most limit bytes; NULL if memory is out.
 * The caller frees it with xc_arena_free(). */
struct xc_arena *xc_arena_create(size_t limit);

/* Another limit from now on. */
void xc_arena_limit(struct xc_arena *arena, size_t limit);

/* Calls what was deferred, then frees everything and sets *arena to NULL. */
void xc_arena_free(struct xc_arena **arena);

/*
 * size bytes aligned for any type, not zeroed; NULL if memory is out or the
 * limit would be passed.
 */
void *xc_arena_take(struct xc_arena *arena, size_t size);

/* As xc_defer().  Not counted against the limit, so that what a handler
 * made can still be given back when it has taken too much. */
enum xc_err xc_arena_defer(struct xc_arena *arena, void (*fn)(void *data),
    void *data);

/* A point that an arena can go back to. */
struct xc_arena_mark {
	struct xc_chunk *current;
	size_t used;
	size_t taken;
	struct xc_deferred *deferred;
};

void xc_arena_mark(const struct xc_arena *arena,
    struct xc_arena_mark *mark_r);

/* Calls what was deferred since, the last first, and takes back what was
 * given out since. */
void xc_arena_release(struct xc_arena *arena,
    const struct xc_arena_mark *mark);

/* Calls what was deferred, the last first; what those calls defer runs too.
 * Then takes back all pieces; chunks above a small stock are freed. */
void xc_arena_reset(struct xc_arena *arena);

/* ... and overwrites what was in them. */
void xc_arena_wipe(struct xc_arena *arena);

#endif

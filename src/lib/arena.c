/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/log.h>

#include "arena.h"
#include "request-private.h"

#define CHUNK_SIZE ((size_t)16 * 1024)
#define KEPT_CHUNKS 4		/* of CHUNK_SIZE, between requests */
#define ALIGNMENT (sizeof(max_align_t))

struct xc_chunk {
	struct xc_chunk *next;
	size_t size;		/* of data */
	size_t used;
	max_align_t data[];
};

struct xc_deferred {
	struct xc_deferred *next;
	void (*fn)(void *data);
	void *data;
};

struct xc_arena {
	struct xc_chunk *first;
	struct xc_chunk *current;	/* those before it are full */
	struct xc_deferred *deferred;
	size_t limit;
	size_t taken;
};

struct xc_arena *
xc_arena_create(size_t limit)
{
	struct xc_arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL)
		arena->limit = limit;
	return arena;
}

void
xc_arena_limit(struct xc_arena *arena, size_t limit)
{
	arena->limit = limit;
}

/* Puts a new chunk behind the current one and goes there. */
static struct xc_chunk *
add_chunk(struct xc_arena *arena, size_t size)
{
	struct xc_chunk *chunk;

	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	chunk->used = 0;
	if (arena->current == NULL) {
		chunk->next = arena->first;
		arena->first = chunk;
	} else {
		chunk->next = arena->current->next;
		arena->current->next = chunk;
	}
	arena->current = chunk;
	return chunk;
}

/* The chunk in which size bytes are free. */
static struct xc_chunk *
find_room(struct xc_arena *arena, size_t size)
{
	struct xc_chunk *chunk = arena->current;

	if (chunk == NULL && arena->first != NULL)
		chunk = arena->current = arena->first;
	while (chunk != NULL) {
		if (size <= chunk->size - chunk->used)
			return chunk;
		if (chunk->next == NULL || size > chunk->next->size)
			break;
		chunk = arena->current = chunk->next;
	}
	return add_chunk(arena, size);
}

/* size is a multiple of ALIGNMENT and not 0. */
static void *
cut(struct xc_arena *arena, size_t size)
{
	struct xc_chunk *chunk = find_room(arena, size);
	char *piece;

	if (chunk == NULL)
		return NULL;
	piece = (char *)chunk->data + chunk->used;
	chunk->used += size;
	return piece;
}

static size_t
round_up(size_t size)
{
	return size == 0 ? ALIGNMENT
	    : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void *
xc_arena_take(struct xc_arena *arena, size_t size)
{
	void *piece;

	if (size > arena->limit)
		return NULL;
	size = round_up(size);
	if (arena->taken > arena->limit ||
	    size > arena->limit - arena->taken)
		return NULL;
	piece = cut(arena, size);
	if (piece != NULL)
		arena->taken += size;
	return piece;
}

enum xc_err
xc_arena_defer(struct xc_arena *arena, void (*fn)(void *data), void *data)
{
	struct xc_deferred *row = cut(arena, round_up(sizeof(*row)));

	if (row == NULL) {
		fn(data);
		return XC_ERR_NOMEM;
	}
	row->next = arena->deferred;
	row->fn = fn;
	row->data = data;
	arena->deferred = row;
	return XC_OK;
}

/* Those in front of the one that is to stay, NULL: all. */
static void
run_deferred(struct xc_arena *arena, const struct xc_deferred *stays)
{
	struct xc_deferred *row;

	while ((row = arena->deferred) != stays) {
		arena->deferred = row->next;
		row->fn(row->data);
	}
}

void
xc_arena_mark(const struct xc_arena *arena, struct xc_arena_mark *mark_r)
{
	*mark_r = (struct xc_arena_mark){ .current = arena->current,
		.used = arena->current != NULL ? arena->current->used : 0,
		.taken = arena->taken, .deferred = arena->deferred };
}

void
xc_arena_release(struct xc_arena *arena, const struct xc_arena_mark *mark)
{
	struct xc_chunk **link = &arena->first, *chunk;

	run_deferred(arena, mark->deferred);
	if (mark->current != NULL) {
		mark->current->used = mark->used;
		link = &mark->current->next;
	}
	while ((chunk = *link) != NULL) {
		chunk->used = 0;
		if (chunk->size == CHUNK_SIZE) {
			link = &chunk->next;
			continue;
		}
		*link = chunk->next;
		free(chunk);
	}
	arena->current = mark->current;
	arena->taken = mark->taken;
}

/* Frees all chunks but the first of the usual size. */
static void
trim(struct xc_arena *arena, size_t keep)
{
	struct xc_chunk **link = &arena->first;
	struct xc_chunk *chunk;

	while ((chunk = *link) != NULL) {
		if (chunk->size == CHUNK_SIZE && keep > 0) {
			keep--;
			chunk->used = 0;
			link = &chunk->next;
			continue;
		}
		*link = chunk->next;
		free(chunk);
	}
	arena->current = NULL;
}

void
xc_arena_reset(struct xc_arena *arena)
{
	run_deferred(arena, NULL);
	trim(arena, KEPT_CHUNKS);
	arena->taken = 0;
}

void
xc_arena_wipe(struct xc_arena *arena)
{
	struct xc_chunk *chunk;

	run_deferred(arena, NULL);
	for (chunk = arena->first; chunk != NULL; chunk = chunk->next)
		explicit_bzero(chunk->data, chunk->size);
	xc_arena_reset(arena);
}

void
xc_arena_free(struct xc_arena **arena)
{
	if (*arena == NULL)
		return;
	run_deferred(*arena, NULL);
	trim(*arena, 0);
	free(*arena);
	*arena = NULL;
}

/* As xc_alloc(), not zeroed. */
static void *
take(struct xc_request *req, size_t size)
{
	void *piece = xc_arena_take(req->arena, size);

	if (piece == NULL)
		req->breach = XC_BREACH_MEMORY;
	if (piece == NULL)
		xc_log(req, XC_LOG_WARNING, "no memory for %zu bytes: out of "
		    "memory, or the request is at its limit of %zu bytes",
		    size, req->arena->limit);
	return piece;
}

void *
xc_alloc(struct xc_request *req, size_t size)
{
	void *piece = take(req, size);

	if (piece != NULL)
		memset(piece, 0, size);
	return piece;
}

char *
xc_memdup(struct xc_request *req, const void *data, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = take(req, len + 1);
	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

char *
xc_strdup(struct xc_request *req, const char *text)
{
	return xc_memdup(req, text, strlen(text));
}

char *
xc_printf(struct xc_request *req, const char *format, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	text = take(req, (size_t)n + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, format);
	vsnprintf(text, (size_t)n + 1, format, ap);
	va_end(ap);
	return text;
}

enum xc_err
xc_defer(struct xc_request *req, void (*fn)(void *data), void *data)
{
	return xc_arena_defer(req->arena, fn, data);
}

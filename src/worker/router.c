/* SPDX-License-Identifier: MIT */
#include "worker/router.h"
#include "worker/course.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "contract/contract.h"

#define HASH_SEED UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

struct cell {
	uint64_t hash;
	const struct xc_loaded *loaded;	/* NULL: empty */
	const struct xc_course *course;
	const char *const *segments;	/* of the prefix */
	size_t n;
};

struct xc_router {
	size_t depth;		/* segments of the longest prefix */
	size_t mask;
	struct cell cells[];
};

/* FNV-1a; the NUL goes in too, so that "a", "b" is not "ab". */
static uint64_t
hash_segment(uint64_t hash, const char *segment)
{
	do {
		hash ^= (unsigned char)*segment;
		hash *= HASH_PRIME;
	} while (*segment++ != '\0');
	return hash;
}

static bool
begins(const char *const *segments, const struct cell *cell)
{
	size_t i;

	for (i = 0; i < cell->n; i++)
		if (strcmp(segments[i], cell->segments[i]) != 0)
			return false;
	return true;
}

static void
put(struct xc_router *router, const struct cell *cell)
{
	uint64_t hash = HASH_SEED;
	size_t i;

	for (i = 0; i < cell->n; i++)
		hash = hash_segment(hash, cell->segments[i]);
	for (i = hash & router->mask; router->cells[i].loaded;
	    i = (i + 1) & router->mask)
		;
	router->cells[i] = *cell;
	router->cells[i].hash = hash;
	if (cell->n > router->depth)
		router->depth = cell->n;
}

static void
put_all(struct xc_router *router, const struct xc_loaded *loaded,
    const struct xc_course *course)
{
	struct cell cell = { .loaded = loaded, .course = course,
		.segments = loaded->segments, .n = loaded->n_segments };
	size_t i;

	if (loaded->n_several == 0)
		put(router, &cell);
	for (i = 0; i < loaded->n_several; i++) {
		cell.segments = loaded->several[i].segments;
		cell.n = loaded->several[i].n_segments;
		put(router, &cell);
	}
}

static size_t
count_prefixes(const struct xc_table *table)
{
	size_t n = 0, i;

	for (i = 0; i < table->n; i++)
		n += table->rows[i]->n_several > 0
		    ? table->rows[i]->n_several : 1;
	return n;
}

enum xc_err
xc_router_build(const struct xc_table *table, const struct xc_courses *courses,
    struct xc_router **router_r)
{
	struct xc_router *router;
	size_t n = count_prefixes(table), size = 8, i;

	*router_r = NULL;
	while (size < 2 * n)
		size *= 2;
	router = calloc(1, sizeof(*router) + size * sizeof(struct cell));
	if (!router)
		return XC_ERR_NOMEM;
	router->mask = size - 1;
	for (i = 0; i < table->n; i++)
		put_all(router, table->rows[i], xc_courses_of(courses, i));
	*router_r = router;
	return XC_OK;
}

void
xc_router_free(struct xc_router **router)
{
	free(*router);
	*router = NULL;
}

static const struct cell *
look(const struct xc_router *router, uint64_t hash,
    const char *const *segments, size_t n)
{
	const struct cell *cell;
	size_t i;

	for (i = hash & router->mask; router->cells[i].loaded;
	    i = (i + 1) & router->mask) {
		cell = &router->cells[i];
		if (cell->hash == hash && cell->n == n &&
		    begins(segments, cell))
			return cell;
	}
	return NULL;
}

static const struct cell *
find(const struct xc_router *router, const char *const *segments, size_t n)
{
	const struct cell *found, *best;
	uint64_t hash = HASH_SEED;
	size_t i;

	best = look(router, hash, segments, 0);
	for (i = 0; i < n && i < router->depth; i++) {
		hash = hash_segment(hash, segments[i]);
		found = look(router, hash, segments, i + 1);
		if (found)
			best = found;
	}
	return best;
}

const struct xc_loaded *
xc_router_find(const struct xc_router *router, const char *const *segments,
    size_t n)
{
	const struct cell *cell = find(router, segments, n);

	return cell ? cell->loaded : NULL;
}

bool
xc_router_hashes(const struct xc_router *router, const struct xc_request *req)
{
	struct xc_route_match match;
	const char *const *segments;
	size_t n = xc_request_segments(req, &segments);
	const struct xc_loaded *loaded = xc_router_find(router, segments, n);

	return loaded && loaded->state == XC_SERVING && loaded->contract &&
	    xc_routes_find(loaded->routes, xc_request_method(req),
	    segments + loaded->n_segments, n - loaded->n_segments,
	    &match) == XC_ROUTE_MATCH &&
	    xc_contract_hashes(loaded->contract, match.index);
}

static void
reply_unserved(struct xc_request *req, const struct xc_loaded *loaded)
{
	(void)xc_reply_header(req, "Retry-After", "10");
	(void)xc_reply_problem(req, 503,
	    loaded->state == XC_SERVING_DISABLED
	    ? "This part of the site is switched off."
	    : "This part of the site does not work at the moment.");
}

static void
reply_method(struct xc_request *req, const struct xc_route_match *match)
{
	char allow[128];

	xc_routes_allow(match->allow, allow, sizeof(allow));
	(void)xc_reply_header(req, "Allow", allow);
	if (xc_request_method(req) == XC_OPTIONS)
		(void)xc_reply_empty(req, 204);
	else
		(void)xc_reply_problem(req, 405,
		    "The method %.32s is not allowed here.",
		    xc_request_method_name(req));
}

static void
bind_target(struct xc_request *req, struct xc_target *target,
    const struct xc_route_match *match)
{
	const struct xc_loaded *loaded = target->loaded;

	target->operation = xc_routes_operation(loaded->routes, match->index);
	if (xc_request_bind(req, loaded->plugin, loaded->n_segments,
	    target->operation, match->params, match->n_params) != XC_OK) {
		(void)xc_reply_problem(req, 500, NULL);
		return;
	}
	target->index = (uint32_t)match->index;
	target->contract = loaded->contract;
	target->runner = loaded->runner;
	if (!loaded->runner)
		target->handler = loaded->handlers[match->index];
}

/* Steps look at a request that is bound. */
static void
bind_file(struct xc_request *req, struct xc_target *target,
    const struct xc_asset *asset)
{
	const struct xc_loaded *loaded = target->loaded;

	if (target->course && xc_request_bind(req, loaded->plugin,
	    loaded->n_segments, "", NULL, 0) != XC_OK) {
		(void)xc_reply_problem(req, 500, NULL);
		return;
	}
	target->file.assets = loaded->assets;
	target->file.asset = asset;
}

/* No operation has the path; a file may. */
static void
find_file(struct xc_request *req, struct xc_target *target,
    const char *const *segments, size_t n)
{
	const struct xc_assets *assets = target->loaded->assets;
	const struct xc_asset *asset = xc_assets_find(assets, segments, n);
	const struct xc_route_match methods = {
		.allow = 1u << XC_GET | 1u << XC_HEAD };

	if (!asset) {
		(void)xc_reply_problem(req, 404, NULL);
	} else if (xc_request_method(req) == XC_GET ||
	    xc_request_method(req) == XC_HEAD) {
		bind_file(req, target, asset);
	} else {
		reply_method(req, &methods);
	}
}

void
xc_router_dispatch(const struct xc_router *router, struct xc_request *req,
    struct xc_target *target_r)
{
	struct xc_route_match match;
	const char *const *segments;
	size_t n = xc_request_segments(req, &segments);
	const struct cell *cell = find(router, segments, n);
	const struct xc_loaded *loaded;

	memset(target_r, 0, sizeof(*target_r));
	if (!cell) {
		(void)xc_reply_problem(req, 404, NULL);
		return;
	}
	loaded = target_r->loaded = cell->loaded;
	target_r->course = cell->course;
	if (loaded->state != XC_SERVING) {
		reply_unserved(req, loaded);
		return;
	}
	segments += loaded->n_segments;
	n -= loaded->n_segments;
	switch (xc_routes_find(loaded->routes, xc_request_method(req),
	    segments, n, &match)) {
	case XC_ROUTE_MATCH:
		bind_target(req, target_r, &match);
		break;
	case XC_ROUTE_METHOD:
		reply_method(req, &match);
		break;
	case XC_ROUTE_NONE:
		find_file(req, target_r, segments, n);
		break;
	}
}

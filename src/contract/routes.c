/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "routes-private.h"

/*
 * A tree with a node for each segment.  The literal children of a node stand
 * side by side in one sorted array of edges; a parameter is one child more.
 * Everything is found by index, so the whole is four allocations.
 */

/* Finds the literal child of a node; 0 if there is none (0 is the root,
 * which is nobody's child). */
static uint32_t
literal_child(const struct xc_routes *routes, const struct route_node *node,
    const char *segment)
{
	size_t low = 0, high = node->n_edges;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct route_edge *edge =
		    &routes->edges[node->first_edge + mid];
		int order = strcmp(segment, edge->text);

		if (order == 0)
			return edge->node;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return 0;
}

struct search {
	const struct xc_routes *routes;
	enum xc_method method;
	const char *const *segments;
	size_t n_segments;
	const char *values[XC_ROUTE_PARAMS_MAX];
	uint32_t allow;
};

/* The index of the node's route for the method plus 1; 0 if it has none. */
static uint32_t
route_of(const struct route_node *node, enum xc_method method)
{
	if (method >= XC_METHOD_OTHER)
		return 0;
	if (node->route[method] == 0 && method == XC_HEAD)
		return node->route[XC_GET];
	return node->route[method];
}

/*
 * Walks down, literals first.  A template that has the path but not the
 * method does not end the search: "GET /items/{id}" serves /items/new where
 * only "POST /items/new" is written out.  Each node is visited once at most,
 * because the tree's paths part for good.
 */
static uint32_t
descend(struct search *search, uint32_t at, size_t depth, size_t n_params)
{
	const struct route_node *node = &search->routes->nodes[at];
	const char *segment;
	uint32_t child, found = 0;

	if (depth == search->n_segments) {
		search->allow |= node->allow;
		return route_of(node, search->method);
	}
	segment = search->segments[depth];
	child = literal_child(search->routes, node, segment);
	if (child != 0)
		found = descend(search, child, depth + 1, n_params);
	if (found == 0 && node->param != 0 && segment[0] != '\0' &&
	    n_params < XC_ROUTE_PARAMS_MAX) {
		search->values[n_params] = segment;
		found = descend(search, node->param, depth + 1, n_params + 1);
	}
	return found;
}

static void
fill_match(const struct search *search, uint32_t index,
    struct xc_route_match *match)
{
	const struct route_row *row = &search->routes->rows[index];

	match->index = index;
	match->allow = search->allow;
	match->n_params = row->n_params;
	for (size_t i = 0; i < row->n_params; i++) {
		match->params[i][0] = row->params[i];
		match->params[i][1] = search->values[i];
	}
}

enum xc_route_found
xc_routes_find(const struct xc_routes *routes, enum xc_method method,
    const char *const *segments, size_t n_segments,
    struct xc_route_match *match_r)
{
	struct search search = { .routes = routes, .method = method,
		.segments = segments, .n_segments = n_segments };
	uint32_t found;

	match_r->index = 0;
	match_r->allow = 0;
	match_r->n_params = 0;
	if (n_segments > 0 && segments[n_segments - 1][0] == '\0')
		search.n_segments--;
	/* A path that is deeper than every template matches none. */
	if (search.n_segments > routes->depth)
		return XC_ROUTE_NONE;

	found = descend(&search, 0, 0, 0);
	if (found != 0) {
		fill_match(&search, found - 1, match_r);
		return XC_ROUTE_MATCH;
	}
	match_r->allow = search.allow;
	return search.allow != 0 ? XC_ROUTE_METHOD : XC_ROUTE_NONE;
}

static const struct {
	const char *name;
	enum xc_method method;
} methods[] = {
	{ "GET", XC_GET },
	{ "HEAD", XC_HEAD },
	{ "POST", XC_POST },
	{ "PUT", XC_PUT },
	{ "PATCH", XC_PATCH },
	{ "DELETE", XC_DELETE },
	{ "OPTIONS", XC_OPTIONS },
};

#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

enum xc_method
xc_routes_method(const char *name)
{
	for (size_t i = 0; i < N_METHODS; i++) {
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	}
	return XC_METHOD_OTHER;
}

void
xc_routes_allow(uint32_t allow, char *buf, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return;
	buf[0] = '\0';
	allow |= 1u << XC_OPTIONS;
	for (size_t i = 0; i < N_METHODS; i++) {
		const char *name = methods[i].name;
		size_t comma = used > 0 ? 2 : 0;

		if ((allow & (1u << methods[i].method)) == 0)
			continue;
		if (used + comma + strlen(name) >= size)
			return;
		memcpy(buf + used, ", ", comma);
		strcpy(buf + used + comma, name);
		used += comma + strlen(name);
	}
}

const char *
xc_routes_operation(const struct xc_routes *routes, size_t index)
{
	return index < routes->n_rows ? routes->rows[index].operation : "";
}

size_t
xc_routes_count(const struct xc_routes *routes)
{
	return routes->n_rows;
}

void
xc_routes_free(struct xc_routes **routes)
{
	struct xc_routes *old = *routes;

	*routes = NULL;
	if (old == NULL)
		return;
	free(old->nodes);
	free(old->edges);
	free(old->rows);
	free(old->text);
	free(old);
}

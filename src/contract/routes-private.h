/* SPDX-License-Identifier: MIT */
/* The compiled form of routes, between its maker and its reader. */
#ifndef XC_ROUTES_PRIVATE_H
#define XC_ROUTES_PRIVATE_H

#include "routes.h"

struct route_edge {
	const char *text;	/* the literal segment, decoded */
	uint32_t node;
};

struct route_node {
	uint32_t first_edge;
	uint32_t n_edges;
	uint32_t param;		/* child that any segment leads to; 0: none */
	uint32_t allow;		/* bits of the methods that end here */
	uint32_t route[XC_METHOD_OTHER];	/* index + 1; 0: none */
};

struct route_row {
	const char *operation;
	const char *const *params;	/* names, in the order of the path */
	size_t n_params;
};

struct xc_routes {
	struct route_node *nodes;	/* the root first */
	struct route_edge *edges;
	struct route_row *rows;		/* as given */
	char *text;			/* all strings, then param tables */
	size_t n_nodes;
	size_t n_rows;
	size_t depth;			/* segments of the longest template */
};

/* The method of that name in capitals; XC_METHOD_OTHER if it is none that
 * can be served. */
enum xc_method xc_routes_method(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The routes of one plugin: method and path template to operation, compiled
 * once and immutable.  A literal segment wins over a parameter; HEAD is
 * served by GET where there is no HEAD of its own.
 */
#ifndef XC_ROUTES_H
#define XC_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/request.h>

#include "lib/errbuf.h"

#define XC_ROUTE_PARAMS_MAX 16

struct json_object;
struct xc_routes;

/* The members of a path item (OpenAPI 3.1, 4.8.9) that are operations which
 * can be served, and their methods. */
#define XC_PATH_METHODS 7
extern const struct xc_path_method {
	const char *member;	/* "get" */
	const char *method;	/* "GET" */
} xc_path_methods[XC_PATH_METHODS];

/* One operation of a document. */
struct xc_route {
	const char *method;	/* "GET" */
	const char *path;	/* "/items/{id}"; "/" and "" are the same */
	const char *operation;	/* operationId */
};

/*
 * Compiles n routes; strings are copied.  The index of a route is what a
 * match gives.  XC_ERR_INVALID with the reason for a bad template, a method
 * that is none, two routes that can never be told apart, more than
 * XC_ROUTE_PARAMS_MAX parameters.
 */
enum xc_err xc_routes_compile(const struct xc_route *routes, size_t n,
    struct xc_routes **routes_r, struct xc_errbuf *errbuf);
void xc_routes_free(struct xc_routes **routes);

/*
 * Reads "paths" of an OpenAPI document into rows.  The rows and their
 * strings are one allocation for the caller to free().  XC_ERR_INVALID with
 * the JSON Pointer of what is wrong: no paths, no operationId, an operationId
 * that is no C identifier or stands twice.
 */
enum xc_err xc_routes_read(const struct json_object *openapi,
    struct xc_route **routes_r, size_t *n_r, struct xc_errbuf *errbuf);

struct xc_route_match {
	size_t index;		/* of the route */
	uint32_t allow;		/* bit 1 << enum xc_method: methods here */
	size_t n_params;
	/* name is NUL-terminated; value is the segment given. */
	const char *params[XC_ROUTE_PARAMS_MAX][2];
};

enum xc_route_found {
	XC_ROUTE_MATCH,
	XC_ROUTE_METHOD,	/* the path is there, not the method: allow */
	XC_ROUTE_NONE
};

/*
 * Looks up the decoded segments behind the prefix ("/items/7/" gives "items",
 * "7", ""; one empty segment at the end is taken as none).  Allocates
 * nothing.
 */
enum xc_route_found xc_routes_find(const struct xc_routes *routes,
    enum xc_method method, const char *const *segments, size_t n_segments,
    struct xc_route_match *match_r);

/* Writes "GET, HEAD, POST" for an Allow header, OPTIONS always with it. */
void xc_routes_allow(uint32_t allow, char *buf, size_t size);

/* The operation's name by index. */
const char *xc_routes_operation(const struct xc_routes *routes, size_t index);
size_t xc_routes_count(const struct xc_routes *routes);

#endif

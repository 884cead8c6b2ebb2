/* SPDX-License-Identifier: MIT */
/*
 * A walk over an OpenAPI document that knows what each of its objects is, so
 * that a property called "$ref", or one in an example, is never taken for a
 * reference.
 */
#ifndef XC_COMPOSE_WALK_H
#define XC_COMPOSE_WALK_H

#include <stddef.h>

#include "lib/errbuf.h"

struct json_object;

enum xc_node {
	XC_NODE_DOCUMENT,
	XC_NODE_COMPONENTS,
	XC_NODE_PATH_ITEM,
	XC_NODE_OPERATION,
	XC_NODE_PARAMETER,	/* and headers */
	XC_NODE_BODY,
	XC_NODE_MEDIA,
	XC_NODE_ENCODING,
	XC_NODE_RESPONSE,
	XC_NODE_EXAMPLE,
	XC_NODE_LINK,
	XC_NODE_CALLBACK,
	XC_NODE_SCHEMA,		/* an object or a boolean */
	XC_NODE_SCHEME,
	XC_NODE__MAX
};

/* Where an object stands: in up, under a key or as one of an array. */
struct xc_place {
	const struct xc_place *up;	/* NULL: it is the root */
	const char *key;	/* NULL: the root, or of an array */
	size_t index;
	unsigned depth;
	enum xc_node node;
};

struct xc_walk;

/*
 * Sees each object before those in it, and may change it.  NULL: it stays;
 * else a new reference that takes its place.  Sets walk->err to end the walk.
 */
typedef struct json_object *xc_visit(struct xc_walk *walk,
    struct json_object *value, const struct xc_place *place);

struct xc_walk {
	xc_visit *visit;
	void *ctx;
	const char *base;	/* URI that references are under (by $id) */
	enum xc_err err;
	struct xc_errbuf *errbuf;
};

/* The first base; a reference that leads back to it is one to the document. */
#define XC_WALK_BASE "file:///openapi.json"

/* A replacement of the root itself is the caller's: NULL if there is none. */
struct json_object *xc_walk(struct xc_walk *walk, enum xc_node node,
    struct json_object *value);

/* The same for what stands at a place. */
struct json_object *xc_walk_at(struct xc_walk *walk,
    struct json_object *value, const struct xc_place *place);

/* The JSON Pointer of a place, malloc'ed; NULL if memory is out. */
char *xc_place_pointer(const struct xc_place *place);

/* The key of its ancestor in the root, "paths"; "" for the root itself. */
const char *xc_place_top(const struct xc_place *place);

/* Sets walk->err, with the place before the sentence; gives NULL. */
struct json_object *xc_walk_fail(struct xc_walk *walk,
    const struct xc_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

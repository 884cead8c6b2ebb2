/* SPDX-License-Identifier: MIT */
/*
 * From a path to a plugin: the longest prefix wins, on whole segments.  One
 * table of hashes for all prefixes, so that a thousand plugins cost what ten
 * do.
 */
#ifndef XC_WORKER_ROUTER_H
#define XC_WORKER_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/request-private.h"
#include "plugin/loader.h"
#include "worker/assets.h"

struct xc_course;
struct xc_courses;
struct xc_router;

/* Compiles a table, which must outlive the router, as must the courses; NULL:
 * no request passes a step.  XC_ERR_NOMEM. */
enum xc_err xc_router_build(const struct xc_table *table,
    const struct xc_courses *courses, struct xc_router **router_r);
void xc_router_free(struct xc_router **router);

/* Whether the operation that a parsed request is for computes a password's
 * hash. */
bool xc_router_hashes(const struct xc_router *router,
    const struct xc_request *req);

/* The plugin whose prefix the decoded segments begin with, or NULL. */
const struct xc_loaded *xc_router_find(const struct xc_router *router,
    const char *const *segments, size_t n);

/*
 * What is to be run for a request, or the file that it asks for.  With
 * neither of the three a reply stands already.
 */
struct xc_target {
	const struct xc_loaded *loaded;	/* NULL: no plugin has the prefix */
	xc_handler *handler;		/* in this process */
	struct xc_runner *runner;	/* ... or outside */
	uint32_t index;			/* the operation's number there */
	const char *operation;		/* its address is its own */
	const struct xc_contract *contract;	/* that the request is held
						 * to; NULL: none */
	const struct xc_course *course;	/* of steps that it passes; NULL: none */
	struct xc_asset_target file;
};

/*
 * Finds the operation and binds the request to it.  Where there is none a
 * reply stands: 404, 405 or 204 with Allow, 503 with Retry-After.
 */
void xc_router_dispatch(const struct xc_router *router,
    struct xc_request *req, struct xc_target *target_r);

#endif

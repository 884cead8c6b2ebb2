/* SPDX-License-Identifier: MIT */
/* The limits of plugin code that runs in this process. */
#ifndef XC_WORKER_WATCH_H
#define XC_WORKER_WATCH_H

#include "lib/limits.h"
#include "lib/request-private.h"

struct xc_target;
struct xc_worker;

/* The request takes no more than the plugin may have, beside what others have
 * taken of its memory; or what we need. */
void xc_watch_limit(struct xc_request *req, const struct xc_limits *limits,
    size_t taken);
void xc_watch_widen(struct xc_request *req);

/*
 * Between these the manager sees to the limits of time, counted from the
 * worker's clock as it was taken last; it also knows by them that a handler
 * ran when we die.
 */
void xc_watch_begin(struct xc_worker *worker, struct xc_request *req,
    const struct xc_limits *limits);
void xc_watch_end(struct xc_worker *worker);

/* Tells of req->breach, if there is one, as that of a target's plugin. */
void xc_watch_tell(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target);

#endif

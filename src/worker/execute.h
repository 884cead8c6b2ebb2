/* SPDX-License-Identifier: MIT */
/* One run of an operation: within its plugin's rate and limits, in this
 * process or in a sandbox. */
#ifndef XC_WORKER_EXECUTE_H
#define XC_WORKER_EXECUTE_H

#include "lib/request-private.h"
#include "worker/router.h"

struct xc_worker;

/*
 * Runs what a target names, which has a handler or a runner, for a request
 * that is bound to it.  When it returns a reply stands, or streaming was
 * begun; the run of the rescuer that it began goes on, see
 * xc_rescuer_begin().  Returns what the handler returned.
 */
enum xc_err xc_execute(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);

/*
 * Passes the steps that stand ahead of a file which has been found; a target
 * that names a file and has a course.  False: a reply stands, or was streamed
 * with what is in worker->steps.err.
 */
bool xc_execute_ahead(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);

/* Ends the request when its reply has been sent: xc_request_reset(). */
void xc_execute_finish(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);

/* Names a request in the worker's row of the scoreboard, for whoever finds
 * us dead; the worker is busy from here on. */
void xc_execute_note(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target);

#endif

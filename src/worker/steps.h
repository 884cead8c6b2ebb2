/* SPDX-License-Identifier: MIT */
/* A request passes the steps of its course (course.h). */
#ifndef XC_WORKER_STEPS_H
#define XC_WORKER_STEPS_H

#include <stdbool.h>

#include "worker/course.h"

struct xc_worker;

/* How it went; in the worker, of the request that runs. */
struct xc_step_state {
	/* What the step returned that made the reply. */
	enum xc_err err;
	/* The handler's turn came, or a step made the reply: then those behind
	 * look at it. */
	bool taken;
	uint64_t took_us;	/* so far */
};

/* Another request begins. */
void xc_steps_begin(struct xc_worker *worker);

/*
 * Passes those before authentication; those behind it, when there is nothing
 * in the request yet but what they may see.  False: a reply stands, whole or
 * begun.  Without a course both are true.
 */
bool xc_steps_before(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);
bool xc_steps_ahead(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);

/* Has those that look at replies see the one that stands, if the request got
 * that far. */
void xc_steps_behind(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);

#endif

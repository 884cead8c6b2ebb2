/* SPDX-License-Identifier: MIT */
/*
 * All sandboxes of one worker: for each version of a plugin one that works
 * and a warm spare, or a zygote with children forked ahead.
 */
#ifndef XC_SANDBOXES_H
#define XC_SANDBOXES_H

#include <stdint.h>

#include "config/settings.h"
#include "lib/host.h"
#include "loggers/logger.h"
#include "plugin/runner.h"
#include "sandbox/process.h"

struct xc_sandboxes;

struct xc_sandboxes_options {
	const struct xc_settings *settings;
	const struct xc_host *host;	/* the worker's; outlives this */
	struct xc_logger *log;
	/* A sandbox was lost, or a call ended in a breach: counts and tells
	 * the manager.  operation and request_id may be NULL. */
	void (*fault)(void *ctx, const struct xc_plugin *plugin,
	    enum xc_breach breach, const char *operation,
	    const char *request_id, const char *detail);
	void *ctx;
};

enum xc_err xc_sandboxes_create(const struct xc_sandboxes_options *options,
    struct xc_sandboxes **sandboxes_r, struct xc_errbuf *errbuf);
void xc_sandboxes_free(struct xc_sandboxes **sandboxes);

/* For the loader; ctx is the struct xc_sandboxes. */
extern const struct xc_runner_ops xc_sandboxes_runner_ops;

/* Readable (epoll) when xc_sandboxes_tend() has something to do. */
int xc_sandboxes_fd(const struct xc_sandboxes *sandboxes);

/*
 * Between requests: takes spares that have become ready, what sandboxes
 * wrote to stderr, deaths; makes what is missing (with a growing pause for a
 * version that keeps dying); recycles by count, age and growth.  Returns
 * when it wants to be called again (CLOCK_MONOTONIC, ms; 0: when readable).
 */
uint64_t xc_sandboxes_tend(struct xc_sandboxes *sandboxes, uint64_t now_ms);

/*
 * Runs an operation.  When it returns a reply stands in req, that of the
 * plugin or xc_breach_reply().  A dead sandbox is replaced by the spare at
 * once; a request is never run twice.
 */
void xc_runner_call(struct xc_runner *runner, struct xc_request *req,
    uint32_t operation, struct xc_outcome *outcome_r);

/*
 * Runs a step on a request that was lent to it, bare.  Ahead of the handler:
 * if outcome_r->breach is NONE and req->reply too, the request goes on; else a
 * reply stands as after xc_runner_call().  Behind it (on_reply): the reply
 * stays, with the header lines that the step added, whatever breach there was.
 */
void xc_runner_step(struct xc_runner *runner, struct xc_request *req,
    const struct xc_runner_step *step, struct xc_outcome *outcome_r);

/* {"pool"|"request": n ready, pids, restarts ...} for the status. */
struct json_object *xc_sandboxes_json(const struct xc_sandboxes *sandboxes);

#endif

/* SPDX-License-Identifier: MIT */
#include "worker/watch.h"

#include <stdio.h>

#include "lib/plugin-private.h"
#include "worker/fault.h"
#include "worker/worker.h"

void
xc_watch_limit(struct xc_request *req, const struct xc_limits *given,
    size_t taken)
{
	const uint32_t most_kb = UINT32_MAX >> 10;
	const uint64_t memory = ((uint64_t)given->memory_mb << 20) + taken;
	const struct xc_request_limits limits = {
		.reply_max = given->reply_kb < most_kb ?
		    given->reply_kb << 10 : UINT32_MAX,
		.arena_max = memory < UINT32_MAX ? (uint32_t)memory :
		    UINT32_MAX,
	};

	xc_request_limit(req, &limits);
}

void
xc_watch_widen(struct xc_request *req)
{
	static const struct xc_request_limits wide = {
		.reply_max = UINT32_MAX };

	xc_request_limit(req, &wide);
}

/* The manager reads run_since_ms first. */
void
xc_watch_begin(struct xc_worker *worker, struct xc_request *req,
    const struct xc_limits *limits)
{
	struct xc_worker_row *row = worker->row;

	req->end_us = limits->timeout_ms == 0 ? 0
	    : (worker->now_ms + limits->timeout_ms) * 1000;
	atomic_store_explicit(&row->timeout_ms, limits->timeout_ms,
	    memory_order_relaxed);
	atomic_store_explicit(&row->cpu_ms, limits->cpu_ms,
	    memory_order_relaxed);
	atomic_store_explicit(&row->run, atomic_load_explicit(&row->run,
	    memory_order_relaxed) + 1, memory_order_relaxed);
	atomic_store_explicit(&row->run_since_ms, worker->now_ms,
	    memory_order_release);
}

void
xc_watch_end(struct xc_worker *worker)
{
	atomic_store_explicit(&worker->row->run_since_ms, 0,
	    memory_order_release);
}

void
xc_watch_tell(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_plugin *plugin = target->loaded->plugin;
	const struct xc_limits *limits = &plugin->limits;
	char detail[128];

	if (req->breach == XC_BREACH_NONE)
		return;
	if (req->breach == XC_BREACH_MEMORY)
		snprintf(detail, sizeof(detail),
		    "memory is out, limits.memory_mb is %u",
		    limits->memory_mb);
	else
		snprintf(detail, sizeof(detail),
		    "its reply does not fit, limits.reply_kb is %u",
		    limits->reply_kb);
	xc_logf_request(&worker->sandbox_log, XC_LOG_WARNING,
	    xc_request_id(req), "%s %s, %s: %s: %s", plugin->name,
	    plugin->version, target->operation,
	    xc_breach_name(req->breach), detail);
	xc_fault(worker, plugin, req->breach, target->operation,
	    xc_request_id(req), detail);
}

/* SPDX-License-Identifier: MIT */
#include "worker/execute.h"

#include <stdio.h>
#include <string.h>

#include <xcore/reply.h>

#include "contract/contract.h"
#include "lib/plugin-private.h"
#include "worker/fault.h"
#include "worker/idempotency.h"
#include "worker/lastgasp.h"
#include "worker/course.h"
#include "worker/steps.h"
#include "worker/watch.h"
#include "worker/worker.h"

/* Reading a larger body takes so long that the handler's time is taken anew
 * behind it. */
#define LARGE_BODY 65536

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* Before the state. */
void
xc_execute_note(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target)
{
	struct xc_worker_row *row = worker->row;

	if (!target->loaded)
		row->plugin[0] = '\0';
	else if (target->loaded != worker->noted)
		snprintf(row->plugin, sizeof(row->plugin), "%s %s",
		    target->loaded->name, target->loaded->version);
	worker->noted = target->loaded;
	copy_text(row->operation, sizeof(row->operation),
	    target->operation ? target->operation : "");
	copy_text(row->request_id, sizeof(row->request_id),
	    xc_request_id(req));
	xc_worker_state(worker, XC_WORKER_BUSY);
}

static bool
admit(struct xc_worker *worker, struct xc_request *req,
    const struct xc_plugin *plugin)
{
	char detail[96];
	uint32_t wait_ms;

	if (xc_scoreboard_admit(plugin->board, plugin->limits.rate,
	    worker->now_us, &wait_ms))
		return true;
	(void)xc_breach_reply_after(req, XC_BREACH_RATE,
	    (wait_ms + 999) / 1000);
	xc_fault(worker, plugin, XC_BREACH_RATE, NULL, NULL, NULL);
	snprintf(detail, sizeof(detail), "limits.rate of %s, %u a second",
	    plugin->name, plugin->limits.rate);
	xc_worker_warn(worker, "a request was refused", detail);
	return false;
}

void
xc_execute_finish(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	/* What was deferred is the plugin's code too. */
	if (target->handler)
		xc_watch_begin(worker, req, &target->loaded->plugin->limits);
	xc_request_reset(req);
	if (target->handler)
		xc_watch_end(worker);
}

static enum xc_err
run_here(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_limits *limits = &target->loaded->plugin->limits;
	enum xc_err err;

	xc_watch_limit(req, limits, 0);
	xc_watch_begin(worker, req, limits);
	err = xc_request_run(req, target->handler);
	xc_watch_end(worker);
	xc_watch_tell(worker, req, target);
	return err;
}

static void
count(const struct xc_target *target)
{
	struct xc_plugin_row *board = target->loaded->plugin->board;

	if (board)
		atomic_fetch_add_explicit(&board->requests, 1,
		    memory_order_relaxed);
}

static bool
secure(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	uint64_t since = xc_chain_clock(&worker->passage);
	bool on = xc_contract_secure(worker->taker, target->contract,
	    target->index, req);

	xc_chain_authed(worker->chains, &worker->passage, since, !on);
	return on;
}

/* Without a contract it is that of a request with steps, which came without
 * its body. */
static bool
content(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_source *body = &worker->body;

	if (target->contract)
		return xc_contract_content(worker->taker, target->contract,
		    target->index, req, body);
	if (body->len == 0 || xc_request_set_body(req, body->data,
	    body->len) == XC_OK)
		return true;
	(void)xc_reply_problem(req, 500, NULL);
	return false;
}

/* Whether the handler may see the request; if not, a reply stands.  This is
 * our time and not that of the handler, which begins after it. */
static bool
take(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	if (!target->contract && !target->course)
		return true;
	xc_watch_widen(req);
	if (!xc_steps_before(worker, req, target))
		return false;
	if (target->contract && (!secure(worker, req, target) ||
	    !xc_chain_user(worker->chains, &worker->passage, req)))
		return false;
	if (!xc_steps_ahead(worker, req, target) ||
	    !content(worker, req, target))
		return false;
	worker->steps.taken = true;
	if (worker->body.len > LARGE_BODY)
		(void)xc_worker_clock(worker);
	return true;
}

/* In development: what the document does not say of a reply is said to the
 * one who wrote it. */
static void
look_at_reply(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_plugin *plugin = target->loaded->plugin;
	struct xc_errbuf errbuf = { .text = "" };

	if (req->breach != XC_BREACH_NONE ||
	    xc_contract_reply(worker->taker, target->contract, target->index,
	    req, &errbuf) == XC_OK)
		return;
	xc_logf_request(&worker->log, XC_LOG_WARNING, xc_request_id(req),
	    "%s %s: %s", plugin->name, plugin->version, errbuf.text);
}

static enum xc_err
run(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	if (target->handler)
		return run_here(worker, req, target);
	/* Its sandbox sees to its limits. */
	xc_watch_widen(req);
	return xc_outside_call(req, target);
}

static enum xc_err
handle(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	struct xc_history *history = &worker->history;
	struct xc_claim claim;
	enum xc_err err;
	uint64_t took_us;

	if (!admit(worker, req, target->loaded->plugin)) {
		xc_rescuer_begin(worker);
		return XC_OK;
	}
	/* It holds up nobody. */
	if (xc_history_slow(history, target->operation)) {
		xc_handover(worker, false);
		xc_handover_settle(worker);
	}
	xc_rescuer_begin(worker);
	count(target);
	if (!take(worker, req, target) ||
	    !xc_lane_enter(worker, req, target))
		return XC_OK;
	if (!xc_once_begin(worker, req, target, &claim)) {
		xc_lane_leave(worker);
		return XC_OK;
	}
	err = run(worker, req, target);
	xc_lane_leave(worker);
	xc_once_end(worker, req, target, err, &claim);
	if (target->contract && worker->settings->server.development)
		look_at_reply(worker, req, target);
	/* All since the event, of which the run is what varies. */
	took_us = xc_worker_clock(worker);
	xc_history_add(history, target->operation,
	    took_us + worker->steps.took_us);
	xc_scoreboard_took(target->loaded->plugin->board, took_us,
	    xc_request_reply(req)->status >= 500);
	worker->was_slow = took_us > XC_HISTORY_SLOW_US;
	return err;
}

enum xc_err
xc_execute(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	enum xc_err err;

	xc_steps_begin(worker);
	err = handle(worker, req, target);
	if (!target->course)
		return err;
	xc_steps_behind(worker, req, target);
	return err == XC_OK ? worker->steps.err : err;
}

bool
xc_execute_ahead(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	xc_steps_begin(worker);
	xc_watch_widen(req);
	if (xc_steps_before(worker, req, target) &&
	    xc_steps_ahead(worker, req, target))
		return true;
	xc_steps_behind(worker, req, target);
	return false;
}

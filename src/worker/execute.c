/* SPDX-License-Identifier: MIT */
#include "worker/execute.h"

#include <stdio.h>
#include <string.h>

#include "contract/contract.h"
#include "lib/plugin-private.h"
#include "worker/fault.h"
#include "worker/idempotency.h"
#include "worker/lastgasp.h"
#include "worker/worker.h"

/* Reading a larger body takes so long that the handler's time is taken anew
 * behind it. */
#define LARGE_BODY 65536

/* What the last one that ran here was limited to is not for others. */
static const struct xc_request_limits wide = { .reply_max = UINT32_MAX };

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

static void
set_limits(struct xc_request *req, const struct xc_limits *given)
{
	const uint32_t most_mb = UINT32_MAX >> 20, most_kb = UINT32_MAX >> 10;
	const struct xc_request_limits limits = {
		.reply_max = given->reply_kb < most_kb ?
		    given->reply_kb << 10 : UINT32_MAX,
		.arena_max = given->memory_mb < most_mb ?
		    given->memory_mb << 20 : UINT32_MAX,
	};

	xc_request_limit(req, &limits);
}

/* The manager sees to these: it reads run_since_ms first.  It also knows by
 * it that a handler ran when we die. */
static void
begin_watch(struct xc_worker *worker, const struct xc_limits *limits)
{
	struct xc_worker_row *row = worker->row;

	atomic_store_explicit(&row->timeout_ms, limits->timeout_ms,
	    memory_order_relaxed);
	atomic_store_explicit(&row->cpu_ms, limits->cpu_ms,
	    memory_order_relaxed);
	atomic_store_explicit(&row->run, atomic_load_explicit(&row->run,
	    memory_order_relaxed) + 1, memory_order_relaxed);
	atomic_store_explicit(&row->run_since_ms, worker->now_ms,
	    memory_order_release);
}

static void
end_watch(struct xc_worker *worker)
{
	atomic_store_explicit(&worker->row->run_since_ms, 0,
	    memory_order_release);
}

void
xc_execute_finish(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	/* What was deferred is the plugin's code too. */
	if (target->handler)
		begin_watch(worker, &target->loaded->plugin->limits);
	xc_request_reset(req);
	if (target->handler)
		end_watch(worker);
}

static void
tell_breach(struct xc_worker *worker, const struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_plugin *plugin = target->loaded->plugin;
	const struct xc_limits *limits = &plugin->limits;
	char detail[128];

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

static enum xc_err
run_here(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_limits *limits = &target->loaded->plugin->limits;
	enum xc_err err;

	set_limits(req, limits);
	req->end_us = limits->timeout_ms == 0 ? 0
	    : (worker->now_ms + limits->timeout_ms) * 1000;
	begin_watch(worker, limits);
	err = xc_request_run(req, target->handler);
	end_watch(worker);
	if (req->breach != XC_BREACH_NONE)
		tell_breach(worker, req, target);
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

/* Whether the handler may see the request; if not, a reply stands.  This is
 * our time and not that of the handler, which begins after it. */
static bool
take(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	if (!target->contract)
		return true;
	xc_request_limit(req, &wide);
	if (!secure(worker, req, target) ||
	    !xc_chain_user(worker->chains, &worker->passage, req) ||
	    !xc_contract_content(worker->taker, target->contract,
	    target->index, req, &worker->body))
		return false;
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
	xc_request_limit(req, &wide);
	return xc_outside_call(req, target);
}

enum xc_err
xc_execute(struct xc_worker *worker, struct xc_request *req,
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
	xc_history_add(history, target->operation, took_us);
	xc_scoreboard_took(target->loaded->plugin->board, took_us,
	    xc_request_reply(req)->status >= 500);
	worker->was_slow = took_us > XC_HISTORY_SLOW_US;
	return err;
}

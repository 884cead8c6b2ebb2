/* SPDX-License-Identifier: MIT */
/* How a worker ends without losing a request. */
#include "worker/worker.h"

/* A sibling that saw us before we were draining may still be sending. */
#define LEAST_MS 50
/* The last worker's connections are given this time for a request that was
 * on its way. */
#define QUIET_MS 500

void
xc_stop_begin(struct xc_worker *worker)
{
	if (worker->stopping)
		return;
	worker->stopping = true;
	worker->stop_begin_ms = worker->now_ms;
	worker->quiet_ms = worker->now_ms;
	xc_worker_forget(worker);
	xc_worker_state(worker, XC_WORKER_DRAINING);
	xc_loop_stop_listening(worker);
}

static bool
is_quiet(const struct xc_worker *worker)
{
	const struct xc_conn *conn;

	if (worker->now_ms < worker->quiet_ms + QUIET_MS)
		return false;
	for (conn = worker->conns; conn; conn = conn->next)
		if (conn->state != XC_CONN_IDLE &&
		    conn->state != XC_CONN_FRESH)
			return false;
	return true;
}

void
xc_stop_check(struct xc_worker *worker)
{
	uint64_t lasted = worker->now_ms - worker->stop_begin_ms;

	xc_handover_inbox(worker);
	worker->alone = !xc_handover_possible(worker);
	if (!worker->alone) {
		xc_handover(worker, true);
		xc_handover_settle(worker);
	} else if (!worker->swept) {
		/* Nobody comes after us for what is in the queue. */
		worker->swept = true;
		xc_loop_accept_all(worker);
	}
	if (lasted >= (uint64_t)worker->settings->server.drain_ms ||
	    (worker->alone && is_quiet(worker)))
		worker->done = true;
	else if (!worker->conns && lasted >= LEAST_MS &&
	    (!worker->alone || worker->swept))
		worker->done = true;
}

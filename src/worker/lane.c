/* SPDX-License-Identifier: MIT */
#include "worker/lane.h"

#include <xcore/reply.h>

#include "contract/contract.h"
#include "services/security/password.h"
#include "worker/worker.h"

/* Who waits looks so often whether another worker has ended. */
#define LOOK_MS 2

static bool
is_full(const struct xc_worker *worker)
{
	uint32_t half = atomic_load_explicit(&worker->board->target,
	    memory_order_relaxed) / 2;
	uint32_t most = worker->lane.places < half ? worker->lane.places
	    : half;

	return xc_scoreboard_hashing(worker->board) >= (most > 0 ? most : 1);
}

void
xc_lane_open(struct xc_worker *worker)
{
	worker->lane.places = xc_hash_places(&worker->settings->security);
}

bool
xc_lane_is_busy(const struct xc_worker *worker)
{
	return worker->lane.first || is_full(worker);
}

bool
xc_lane_has_room(const struct xc_worker *worker)
{
	return worker->lane.waiting < XC_LANE_WAITING_MAX;
}

void
xc_lane_put(struct xc_worker *worker, struct xc_conn *conn)
{
	struct xc_lane *lane = &worker->lane;

	conn->turn_ms = worker->now_ms +
	    (uint64_t)worker->settings->security.hash_wait_ms;
	conn->next_waiting = NULL;
	if (lane->last)
		lane->last->next_waiting = conn;
	else
		lane->first = conn;
	lane->last = conn;
	lane->waiting++;
	lane->due_ms = worker->now_ms + LOOK_MS;
}

void
xc_lane_remove(struct xc_worker *worker, struct xc_conn *conn)
{
	struct xc_lane *lane = &worker->lane;
	struct xc_conn *before = NULL, *at = lane->first;

	for (; at && at != conn; at = at->next_waiting)
		before = at;
	if (!at)
		return;
	if (before)
		before->next_waiting = conn->next_waiting;
	else
		lane->first = conn->next_waiting;
	if (lane->last == conn)
		lane->last = before;
	lane->waiting--;
}

void
xc_lane_tend(struct xc_worker *worker)
{
	struct xc_lane *lane = &worker->lane;
	struct xc_conn *conn = lane->first;
	/* It may be that nobody but us had no time for it. */
	bool over = conn && is_full(worker) &&
	    worker->now_ms >= conn->turn_ms;

	if (conn && (over || !is_full(worker))) {
		xc_lane_remove(worker, conn);
		lane->over = over;
		xc_conn_resume(worker, conn);
		lane->over = false;
	}
	/* Between two of them others have their turn. */
	lane->due_ms = !lane->first ? 0 : worker->now_ms +
	    (is_full(worker) ? LOOK_MS : 0);
}

bool
xc_lane_enter(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	if (!target->contract ||
	    !xc_contract_hashes(target->contract, target->index))
		return true;
	req->secret = worker->lane.secret = true;
	if (worker->lane.over) {
		(void)xc_reply_header(req, "Retry-After", "1");
		(void)xc_reply_problem(req, 503, "Too many requests of this "
		    "kind came at once. Try again in a moment.");
		return false;
	}
	xc_scoreboard_hash(worker->board, worker->heritage->worker, true);
	return true;
}

void
xc_lane_leave(struct xc_worker *worker)
{
	xc_scoreboard_hash(worker->board, worker->heritage->worker, false);
}

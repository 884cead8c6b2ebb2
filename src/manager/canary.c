/* SPDX-License-Identifier: MIT */
/*
 * All workers change over to a snapshot at once, so a plugin that ends or
 * stops a worker while it is loaded would take the whole site with it, its
 * trial notwithstanding.  Therefore an extra worker, started from the new
 * snapshot, goes before: only when it is ready are the others told.
 */
#include "manager/manager-private.h"

#define TRIES 2			/* as many deaths reject a version */
#define WAIT_MS 30000		/* for the snapshot without that version */

static void
publish(struct xc_manager *m)
{
	m->canary.held = false;
	m->apply.pending = true;
	m->apply.told = false;
	xc_pool_publish(m, m->canary.generation, m->canary.sequence);
}

static void
send_canary(struct xc_manager *m)
{
	m->canary.row = xc_pool_start_extra(m);
	/* Without room for one the snapshot's trial has to be enough. */
	if (m->canary.row == NULL)
		publish(m);
}

/* At a first start nothing serves that could be spared. */
static bool
can_try(const struct xc_manager *m)
{
	return m->phase == XC_PHASE_RUNNING ||
	    (m->inherited && m->phase != XC_PHASE_DRAINING &&
	    atomic_load(&m->pool.board->sequence) != 0);
}

void
xc_canary_take(struct xc_manager *m, uint64_t generation, uint64_t sequence)
{
	struct xc_canary *canary = &m->canary;

	m->apply.since_ms = xc_now_ms();
	canary->generation = generation;
	canary->sequence = sequence;
	canary->held = true;
	canary->deaths = 0;
	canary->wait_until = 0;
	/* One that is under way read an older snapshot, or this one. */
	xc_canary_recall(m);
	if (!can_try(m))
		publish(m);
}

void
xc_canary_pass(struct xc_manager *m, uint64_t generation, uint64_t sequence)
{
	if (m->canary.held) {
		xc_canary_take(m, generation, sequence);
		return;
	}
	m->apply.since_ms = xc_now_ms();
	m->canary.generation = generation;
	m->canary.sequence = sequence;
	publish(m);
}

void
xc_canary_recall(struct xc_manager *m)
{
	if (m->canary.row != NULL)
		xc_row_retire(m, m->canary.row);
	m->canary.row = NULL;
}

void
xc_canary_died(struct xc_manager *m, bool rejected)
{
	struct xc_canary *canary = &m->canary;

	canary->row = NULL;
	if (!canary->held)
		return;
	if (rejected) {
		canary->deaths = 0;
		canary->wait_until = xc_now_ms() + WAIT_MS;
	} else if (++canary->deaths > TRIES) {
		xc_logf(&xc_manager_log, XC_LOG_ERROR, "generation %llu is "
		    "published although %u workers that tried it ended: none "
		    "of its plugins could be told to be the cause",
		    (unsigned long long)canary->generation, canary->deaths);
		publish(m);
	}
}

void
xc_canary_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_canary *canary = &m->canary;

	if (!canary->held || !m->pool.open || !can_try(m))
		return;
	if (now < canary->wait_until) {
		xc_sooner(next, canary->wait_until);
		return;
	}
	if (canary->row == NULL) {
		send_canary(m);
		xc_sooner(next, now);
	} else if (canary->row->ready) {
		publish(m);
		xc_canary_recall(m);
		xc_sooner(next, now);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Handlers that run in a worker's own process can be stopped by nobody else:
 * the manager looks how long each has run and what it has used of the
 * processor.  A worker that is over is first told by a signal, whose handler
 * answers the client (worker/lastgasp.h); a plugin may hold that off, so
 * SIGKILL follows.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "manager/manager-private.h"
#include "worker/lastgasp.h"

#define GASP_MS 20		/* for the worker's last words */
/* Nobody tells of a run that begins: it is looked for, at half of the
 * shortest limit, but within these. */
#define PERIOD_LEAST_MS 5
#define PERIOD_MOST_MS 500

/* What a row of the board says of the handler that runs. */
struct run {
	uint64_t since_ms;
	uint32_t number;
	uint32_t timeout_ms;
	uint32_t cpu_ms;
};

/* False: none runs, or another one began while this was read. */
static bool
read_run(const struct xc_worker_row *b, struct run *run_r)
{
	run_r->since_ms = atomic_load(&b->run_since_ms);
	run_r->number = atomic_load(&b->run);
	run_r->timeout_ms = atomic_load(&b->timeout_ms);
	run_r->cpu_ms = atomic_load(&b->cpu_ms);
	return run_r->since_ms != 0 &&
	    atomic_load(&b->run_since_ms) == run_r->since_ms &&
	    atomic_load(&b->run) == run_r->number;
}

/* What all threads of a process have used; 0 if that is not known. */
static uint64_t
cpu_us(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &ts) == -1)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void
forget(struct xc_pool_row *row)
{
	if (row->over.kill_at != 0)
		row->killed_for = NULL;
	memset(&row->over, 0, sizeof(row->over));
}

static void
begin(struct xc_pool_row *row, const struct run *run)
{
	forget(row);
	row->over.run = run->number;
	row->over.cpu_us = cpu_us(row->pid);
}

static void
end_run(struct xc_manager *m, struct xc_pool_row *row,
    enum xc_breach breach, uint32_t limit_ms)
{
	struct xc_over *over = &row->over;
	struct xc_row_work work;

	xc_row_work(xc_row_board(m, row), &work);
	snprintf(over->why, sizeof(over->why),
	    "limits.%s of %s (%u ms) is over",
	    breach == XC_BREACH_CPU ? "cpu_ms" : "timeout_ms", work.plugin,
	    limit_ms);
	over->breach = breach;
	over->kill_at = xc_now_ms() + GASP_MS;
	row->killed_for = over->why;
	if (sigqueue(row->pid, XC_SIGNAL_OVER,
	    xc_gasp_word(over->run, breach)) == -1)
		over->kill_at = xc_now_ms();
}

/* What the run has used, from the rescuer's first look at it, or ours. */
static uint64_t
used_us(const struct xc_pool_row *row, const struct xc_worker_row *b)
{
	uint64_t now = cpu_us(row->pid), base = row->over.cpu_us;

	if (atomic_load(&b->run_cpu_of) == row->over.run)
		base = atomic_load(&b->run_cpu_us);
	return base != 0 && now > base ? now - base : 0;
}

static void
look_at_cpu(struct xc_manager *m, struct xc_pool_row *row,
    const struct run *run, uint64_t now, uint64_t *next)
{
	uint64_t limit = (uint64_t)run->cpu_ms * 1000;
	uint64_t used = used_us(row, xc_row_board(m, row));
	uint64_t ran = now > run->since_ms ? now - run->since_ms : 0;
	uint64_t threads = ran == 0 ? 1 : used / (ran * 1000) + 1;

	if (used >= limit)
		end_run(m, row, XC_BREACH_CPU, run->cpu_ms);
	else
		xc_sooner(next, now + (limit - used) / 1000 / threads + 1);
}

static void
look(struct xc_manager *m, struct xc_pool_row *row, const struct run *run,
    uint64_t now, uint64_t *next)
{
	if (row->over.run != run->number)
		begin(row, run);
	if (row->over.kill_at != 0) {
		if (now < row->over.kill_at)
			xc_sooner(next, row->over.kill_at);
		else if (!row->over.killed)
			xc_row_kill(row, row->over.why);
		row->over.killed = now >= row->over.kill_at;
		return;
	}
	if (run->timeout_ms != 0 && now >= run->since_ms + run->timeout_ms)
		end_run(m, row, XC_BREACH_TIMEOUT, run->timeout_ms);
	else if (run->timeout_ms != 0)
		xc_sooner(next, run->since_ms + run->timeout_ms);
	if (run->cpu_ms != 0 && row->over.kill_at == 0)
		look_at_cpu(m, row, run, now, next);
	if (row->over.kill_at != 0)
		xc_sooner(next, row->over.kill_at);
}

static uint64_t
period_of(const struct xc_manager *m)
{
	uint64_t period = atomic_load(&m->pool.board->shortest_ms) / 2;

	if (period < PERIOD_LEAST_MS)
		period = PERIOD_LEAST_MS;
	return period < PERIOD_MOST_MS ? period : PERIOD_MOST_MS;
}

void
xc_deadline_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_pool_row *row;
	struct run run;

	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		if (row->pid == 0)
			continue;
		if (read_run(xc_row_board(m, row), &run))
			look(m, row, &run, now, next);
		else if (row->over.run != 0 && !row->over.killed)
			forget(row);
	}
	if (atomic_load(&m->pool.board->shortest_ms) != 0)
		xc_sooner(next, now + period_of(m));
}

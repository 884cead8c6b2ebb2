/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "plugin/snapshot.h"
#include "services/database/breaker.h"
#include "services/security/password.h"

#define STARTING_POLL_MS 20	/* how often a starting worker is looked at */
#define LOAD_GRACE_MS 1000
#define LOOK_MS 1000		/* ... and memory, counters, dead inboxes */

void
xc_pool_init(struct xc_manager *m)
{
	struct xc_pool *pool = &m->pool;

	pool->board_fd = pool->wake_fd = pool->places_fd = -1;
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		pool->inbox[i][0] = pool->inbox[i][1] = -1;
		pool->rows[i].manager = m;
		pool->rows[i].index = i;
		pool->rows[i].report.fd = -1;
	}
}

uint32_t
xc_pool_rows_for(uint32_t target)
{
	uint32_t rows = 2 * target + 8;

	return rows < XC_WORKERS_MAX ? rows : XC_WORKERS_MAX;
}

static enum xc_err
make_inbox(struct xc_pool *pool, uint32_t index, struct xc_errbuf *errbuf)
{
	if (pool->inbox[index][0] != -1)
		return XC_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pool->inbox[index]) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	return XC_OK;
}

static void
set_target(struct xc_pool *pool, uint32_t target)
{
	if (target + XC_POOL_EXTRA > pool->n_rows) {
		xc_logf(&xc_manager_log, XC_LOG_WARNING,
		    "server.workers %u needs a restart: this xcored was "
		    "started with room for %u", target,
		    pool->n_rows - XC_POOL_EXTRA);
		target = pool->n_rows - XC_POOL_EXTRA;
	}
	pool->target = target;
	atomic_store(&pool->board->target, target);
}

enum xc_err
xc_pool_open(struct xc_manager *m, uint32_t target, struct xc_errbuf *errbuf)
{
	struct xc_pool *pool = &m->pool;
	enum xc_err err;

	xc_breaker_share();
	if (pool->board == NULL) {
		err = xc_scoreboard_create(xc_pool_rows_for(target),
		    &pool->board_fd, &pool->board, errbuf);
		if (err != XC_OK)
			return err;
	}
	pool->n_rows = pool->board->n_workers;
	pool->epoch = 1;
	set_target(pool, target);
	if (pool->wake_fd == -1)
		pool->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->wake_fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "eventfd: %s",
		    strerror(errno));
	/* Without them each worker bounds its own. */
	if (pool->places_fd == -1)
		pool->places_fd = xc_hasher_places();
	for (uint32_t i = 0; i < pool->n_rows; i++) {
		err = make_inbox(pool, i, errbuf);
		if (err != XC_OK)
			return err;
	}
	xc_snapshot_current(m->settings->server.state_dir, pool->snapshot,
	    sizeof(pool->snapshot));
	return XC_OK;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
xc_pool_close(struct xc_manager *m)
{
	struct xc_pool *pool = &m->pool;

	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		xc_row_free(m, &pool->rows[i]);
		close_fd(&pool->inbox[i][0]);
		close_fd(&pool->inbox[i][1]);
	}
	xc_scoreboard_detach(&pool->board);
	close_fd(&pool->board_fd);
	close_fd(&pool->wake_fd);
	close_fd(&pool->places_fd);
	xc_secret_free(&pool->secret);
}

/* In a child that is not a worker nothing of the pool is left. */
static void
leave_all(struct xc_pool *pool)
{
	int null;

	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++)
		close_fd(&pool->inbox[i][1]);
	close_fd(&pool->wake_fd);
	close_fd(&pool->places_fd);
	xc_scoreboard_detach(&pool->board);
	xc_secret_free(&pool->secret);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1)
		close(null);
}

void
xc_pool_leave(struct xc_manager *m, uint32_t keep)
{
	struct xc_pool *pool = &m->pool;

	close_fd(&pool->board_fd);
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		close_fd(&pool->rows[i].report.fd);
		if (i != keep)
			close_fd(&pool->inbox[i][0]);
	}
	if (keep >= XC_WORKERS_MAX)
		leave_all(pool);
}

void
xc_pool_wake(const struct xc_pool *pool)
{
	const uint64_t one = 1;
	ssize_t n;

	/* Full after 2^64 writes: then the edge was seen long ago. */
	n = write(pool->wake_fd, &one, sizeof(one));
	(void)n;
}

void
xc_pool_publish(struct xc_manager *m, uint64_t generation, uint64_t sequence)
{
	/* Workers lower it as they change over. */
	atomic_store(&m->pool.board->shortest_ms, 0);
	atomic_store(&m->pool.board->generation, generation);
	atomic_store(&m->pool.board->sequence, sequence);
	xc_pool_wake(&m->pool);
}

void
xc_pool_signal(struct xc_manager *m, int signal)
{
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		if (m->pool.rows[i].pid > 0)
			(void)kill(m->pool.rows[i].pid, signal);
	}
}

void
xc_pool_stop(struct xc_manager *m, int signal, uint64_t limit_ms)
{
	uint64_t kill_at = xc_now_ms() + limit_ms;
	struct xc_pool_row *row;

	m->pool.open = false;
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		row = &m->pool.rows[i];
		row->not_before = 0;
		if (row->pid == 0)
			continue;
		row->retired = true;
		row->kill_at = kill_at;
		(void)kill(row->pid, signal);
	}
	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		if (m->pool.strays[i].pid == 0)
			continue;
		m->pool.strays[i].kill_at = kill_at;
		(void)kill(m->pool.strays[i].pid, signal);
	}
}

bool
xc_pool_empty(const struct xc_manager *m)
{
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		if (m->pool.rows[i].pid != 0)
			return false;
	}
	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		if (m->pool.strays[i].pid != 0)
			return false;
	}
	return true;
}

void
xc_pool_adopt_stray(struct xc_manager *m, pid_t pid, uint64_t ms)
{
	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		if (m->pool.strays[i].pid == 0) {
			m->pool.strays[i].pid = pid;
			m->pool.strays[i].serves = ms == 0;
			m->pool.strays[i].kill_at =
			    ms == 0 ? 0 : xc_now_ms() + ms;
			return;
		}
	}
	(void)kill(pid, SIGKILL);
}

void
xc_pool_relieve_strays(struct xc_manager *m)
{
	struct xc_pool_stray *stray;

	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		stray = &m->pool.strays[i];
		if (stray->pid == 0 || !stray->serves)
			continue;
		stray->serves = false;
		stray->kill_at = xc_now_ms() +
		    (uint64_t)m->settings->server.drain_ms;
		(void)kill(stray->pid, SIGTERM);
	}
}

bool
xc_pool_stray_reaped(struct xc_pool *pool, pid_t pid)
{
	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		if (pool->strays[i].pid == pid) {
			pool->strays[i].pid = 0;
			return true;
		}
	}
	return false;
}

void
xc_pool_renew(struct xc_manager *m, uint32_t target)
{
	struct xc_pool *pool = &m->pool;

	set_target(pool, target);
	pool->epoch++;
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		pool->rows[i].not_before = 0;
		pool->rows[i].quick_deaths = 0;
	}
}

void
xc_pool_forget_faults(struct xc_manager *m)
{
	memset(m->pool.faults, 0, sizeof(m->pool.faults));
}

void
xc_pool_tell_faults_again(struct xc_manager *m)
{
	for (uint32_t i = 0; i < XC_POOL_FAULTS; i++)
		m->pool.faults[i].told = false;
}

void
xc_pool_count(const struct xc_manager *m, uint32_t *serving_r,
    uint32_t *applied_r, uint64_t *generation_r)
{
	const struct xc_pool *pool = &m->pool;
	const struct xc_worker_row *b;
	uint64_t wanted = atomic_load(&pool->board->sequence);
	uint64_t lowest = UINT64_MAX, generation;
	uint32_t state;

	*serving_r = *applied_r = 0;
	for (uint32_t i = 0; i < pool->n_rows; i++) {
		b = &pool->board->workers[i];
		state = atomic_load(&b->state);
		if (pool->rows[i].pid == 0 || !pool->rows[i].ready ||
		    pool->rows[i].extra ||
		    state == XC_WORKER_DRAINING || state == XC_WORKER_DEAD)
			continue;
		(*serving_r)++;
		/* Its report may come later than its word on the board. */
		if (atomic_load(&b->sequence) >= wanted &&
		    (pool->rows[i].plugins == NULL ||
		    pool->rows[i].reported >= wanted))
			(*applied_r)++;
		generation = atomic_load(&b->generation);
		if (generation < lowest)
			lowest = generation;
	}
	*generation_r = *serving_r == 0 ? 0 : lowest;
}

/* ---- what is due for each worker ---------------------------------------- */

/* Its own memory in MiB: what is not shared with the others. */
static uint64_t
private_mb(pid_t pid)
{
	unsigned long size, resident, shared;
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	n = fscanf(file, "%lu %lu %lu", &size, &resident, &shared);
	fclose(file);
	if (n != 3 || resident < shared)
		return 0;
	return (uint64_t)(resident - shared) *
	    (uint64_t)sysconf(_SC_PAGESIZE) >> 20;
}

/* Why a worker should be replaced; NULL if it should not. */
static const char *
used_up(const struct xc_manager *m, const struct xc_pool_row *row)
{
	const struct xc_server_settings *server = &m->settings->server;
	const struct xc_worker_row *b = xc_row_board(m, row);

	if (atomic_load(&b->recycle) != 0)
		return "it asked to be";
	if (server->requests_max > 0 &&
	    atomic_load(&b->requests) >= (uint64_t)server->requests_max)
		return "it has served server.requests_max requests";
	if (server->memory_max_mb > 0 &&
	    private_mb(row->pid) > (uint64_t)server->memory_max_mb)
		return "it holds more than server.memory_max_mb";
	return NULL;
}

static void
look_at_use(struct xc_manager *m, struct xc_pool_row *row)
{
	const char *reason;

	if (!row->ready || row->stale || row->retired)
		return;
	reason = used_up(m, row);
	if (reason == NULL)
		return;
	row->stale = true;
	xc_logf(&xc_manager_log, XC_LOG_INFO,
	    "worker %u, process %d, is replaced: %s", row->index,
	    (int)row->pid, reason);
}

static void
kill_if_stuck(struct xc_manager *m, struct xc_pool_row *row, uint32_t state,
    uint64_t now, uint64_t *next)
{
	/* A sandbox that hangs is ended by its worker, at that time. */
	uint64_t limit = (uint64_t)m->settings->reload.trial_timeout_ms +
	    LOAD_GRACE_MS;
	uint64_t since = atomic_load(&xc_row_board(m, row)->since_ms);

	/* Each plugin has that time; before the first there is more to do. */
	if (state == XC_WORKER_STARTING)
		limit *= 3;
	if (row->killed_for != NULL)
		return;
	if (now < since + limit)
		xc_sooner(next, since + limit);
	else
		xc_row_kill(row, "it does not come to the end of loading");
}

static void
tick_row(struct xc_manager *m, struct xc_pool_row *row, uint64_t now,
    uint64_t *next)
{
	struct xc_worker_row *b = xc_row_board(m, row);
	uint32_t state = atomic_load(&b->state);

	if (state == XC_WORKER_IDLE || state == XC_WORKER_BUSY)
		row->ready = true;
	if (!row->ready)
		xc_sooner(next, now + STARTING_POLL_MS);
	if (state == XC_WORKER_DRAINING && !row->retired) {
		row->retired = true;
		row->kill_at = now + (uint64_t)m->settings->server.drain_ms;
	}
	if (state == XC_WORKER_LOADING || state == XC_WORKER_STARTING)
		kill_if_stuck(m, row, state, now, next);
	if (row->kill_at == 0)
		return;
	if (now >= row->kill_at)
		xc_row_kill(row, "it did not end within server.drain_ms");
	else
		xc_sooner(next, row->kill_at);
}

static void
tick_strays(struct xc_pool *pool, uint64_t now, uint64_t *next)
{
	struct xc_pool_stray *stray;

	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		stray = &pool->strays[i];
		if (stray->pid == 0 || stray->kill_at == 0)
			continue;
		if (now < stray->kill_at) {
			xc_sooner(next, stray->kill_at);
			continue;
		}
		stray->kill_at = 0;
		(void)kill(stray->pid, SIGKILL);
	}
}

/* ---- how many there shall be -------------------------------------------- */

struct census {
	uint32_t fresh;		/* of this epoch, alive, to stay */
	uint32_t fresh_ready;
	uint32_t old;		/* alive, to be replaced */
	uint32_t waiting;	/* dead, to be started again in its row */
};

static bool
is_old(const struct xc_pool *pool, const struct xc_pool_row *row)
{
	return row->stale || row->epoch != pool->epoch;
}

static struct census
count_rows(const struct xc_pool *pool)
{
	struct census census = { 0 };
	const struct xc_pool_row *row;

	for (uint32_t i = 0; i < pool->n_rows; i++) {
		row = &pool->rows[i];
		if (row->pid == 0)
			census.waiting += row->not_before != 0;
		else if (row->retired || row->extra)
			continue;
		else if (is_old(pool, row))
			census.old++;
		else {
			census.fresh++;
			census.fresh_ready += row->ready;
		}
	}
	return census;
}

static void
start_row(struct xc_manager *m, struct xc_pool_row *row, uint64_t now)
{
	struct xc_errbuf errbuf;

	if (xc_row_start(m, row, false, &errbuf) == XC_OK)
		return;
	row->not_before = now + xc_child_delay(++row->quick_deaths);
	xc_logf(&xc_manager_log, XC_LOG_ERROR,
	    "worker %u cannot be started: %s", row->index, errbuf.text);
}

static struct xc_pool_row *
find_free(struct xc_pool *pool)
{
	for (uint32_t i = 0; i < pool->n_rows; i++) {
		if (pool->rows[i].pid == 0 && pool->rows[i].not_before == 0)
			return &pool->rows[i];
	}
	return NULL;
}

static struct xc_pool_row *
find_old(struct xc_pool *pool)
{
	for (uint32_t i = 0; i < pool->n_rows; i++) {
		if (pool->rows[i].pid != 0 && !pool->rows[i].retired &&
		    !pool->rows[i].extra && is_old(pool, &pool->rows[i]))
			return &pool->rows[i];
	}
	return NULL;
}

struct xc_pool_row *
xc_pool_start_extra(struct xc_manager *m)
{
	struct xc_pool_row *row = m->pool.open ? find_free(&m->pool) : NULL;
	struct xc_errbuf errbuf;

	if (row == NULL)
		return NULL;
	if (xc_row_start(m, row, true, &errbuf) != XC_OK) {
		xc_logf(&xc_manager_log, XC_LOG_ERROR,
		    "no worker to try the snapshot: %s", errbuf.text);
		return NULL;
	}
	return row;
}

static void
start_waiting(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_pool_row *row;

	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		if (row->pid != 0 || row->not_before == 0)
			continue;
		if (now >= row->not_before)
			start_row(m, row, now);
		else
			xc_sooner(next, row->not_before);
	}
}

static void
balance(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_pool *pool = &m->pool;
	struct census census;
	struct xc_pool_row *row;

	start_waiting(m, now, next);
	census = count_rows(pool);
	while (census.fresh + census.waiting < pool->target &&
	    census.fresh + census.old < pool->target + XC_POOL_EXTRA &&
	    (row = find_free(pool)) != NULL) {
		start_row(m, row, now);
		xc_sooner(next, now + STARTING_POLL_MS);
		census = count_rows(pool);
	}
	while (census.old > 0 &&
	    census.fresh_ready + census.old > pool->target &&
	    (row = find_old(pool)) != NULL) {
		xc_row_retire(m, row);
		xc_sooner(next, row->kill_at);
		census = count_rows(pool);
	}
}

void
xc_pool_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_pool *pool = &m->pool;
	bool look = now >= pool->next_look;

	if (look)
		pool->next_look = now + LOOK_MS;
	xc_sooner(next, pool->next_look);
	tick_strays(pool, now, next);
	for (uint32_t i = 0; i < pool->n_rows; i++) {
		if (pool->rows[i].pid != 0) {
			tick_row(m, &pool->rows[i], now, next);
			if (look)
				look_at_use(m, &pool->rows[i]);
		} else if (look) {
			xc_row_forward_inbox(m, i);
		}
	}
	if (pool->open)
		balance(m, now, next);
}

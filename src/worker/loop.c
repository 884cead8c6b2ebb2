/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/worker.h"

/* Time-outs are kept to this. */
#define SCAN_MS 250
/* After EMFILE: connections of ours may have ended by then. */
#define LISTEN_AGAIN_MS 200
#define MEMORY_MS 1000

bool
xc_loop_add(struct xc_worker *worker, int fd, struct xc_polled *source,
    uint32_t events)
{
	struct epoll_event event = { .events = events,
		.data.ptr = source };

	if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return true;
	xc_logf(&worker->log, XC_LOG_ERROR, "epoll_ctl: %s", strerror(errno));
	return false;
}

void
xc_loop_forget(struct xc_worker *worker, const struct xc_polled *source)
{
	unsigned i;

	for (i = worker->event; i < worker->n_events; i++)
		if (worker->events[i].data.ptr == source)
			worker->events[i].data.ptr = NULL;
}

static void
listen_on(struct xc_worker *worker)
{
	if (worker->listening || worker->stopping)
		return;
	worker->listening = xc_loop_add(worker, worker->heritage->listen_fd,
	    &worker->listener, EPOLLIN | EPOLLEXCLUSIVE);
	worker->listen_again_ms = 0;
}

static void
listen_off(struct xc_worker *worker)
{
	if (worker->listening)
		(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL,
		    worker->heritage->listen_fd, NULL);
	worker->listening = false;
	xc_loop_forget(worker, &worker->listener);
}

static void
pause_listening(struct xc_worker *worker, const char *why)
{
	listen_off(worker);
	worker->listen_again_ms = worker->now_ms + LISTEN_AGAIN_MS;
	xc_worker_warn(worker, "takes no connection for a moment", why);
}

/*
 * EPOLLEXCLUSIVE wakes who came first: he would get nearly all connections.
 * So whoever got one goes to the end of the queue.
 */
static void
requeue(struct xc_worker *worker)
{
	if (!worker->listening)
		return;
	listen_off(worker);
	listen_on(worker);
}

static void
begin_connection(struct xc_worker *worker, int fd)
{
	struct xc_conn *conn = xc_conn_open(worker, fd);
	enum xc_conn_result result;

	if (!conn)
		return;
	xc_conn_deadline(worker, conn, worker->now_ms +
	    (uint64_t)worker->settings->fastcgi.read_timeout_ms);
	/* The request is nearly always there already. */
	result = xc_conn_read(worker, conn);
	xc_conn_settle(worker, conn, result);
	if (result != XC_CONN_CLOSED)
		requeue(worker);
}

/* One at a time, so that another worker can have the next. */
static bool
accept_one(struct xc_worker *worker)
{
	int fd = accept4(worker->heritage->listen_fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		begin_connection(worker, fd);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM)
		pause_listening(worker, strerror(errno));
	/* Else another was quicker, or the peer has gone already. */
	return false;
}

static void
on_listener(struct xc_worker *worker, struct xc_polled *source,
    uint32_t events)
{
	(void)source;
	(void)events;
	if (worker->n_conns >=
	    (uint32_t)worker->settings->fastcgi.connections_max) {
		pause_listening(worker, "fastcgi.connections_max is reached");
		return;
	}
	(void)accept_one(worker);
}

void
xc_loop_accept_all(struct xc_worker *worker)
{
	while (worker->n_conns <
	    (uint32_t)worker->settings->fastcgi.connections_max &&
	    accept_one(worker))
		;
}

void
xc_loop_stop_listening(struct xc_worker *worker)
{
	listen_off(worker);
	worker->listen_again_ms = 0;
}

static void
on_wake(struct xc_worker *worker, struct xc_polled *source, uint32_t events)
{
	/* What changed is looked at after every event; never read, so that
	 * each worker sees each write. */
	(void)worker;
	(void)source;
	(void)events;
}

static void
on_inbox(struct xc_worker *worker, struct xc_polled *source, uint32_t events)
{
	(void)source;
	(void)events;
	xc_handover_inbox(worker);
}

static void
on_signal(struct xc_worker *worker, struct xc_polled *source,
    uint32_t events)
{
	struct signalfd_siginfo info;
	struct xc_errbuf errbuf;

	(void)source;
	(void)events;
	if (read(worker->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM)
		xc_stop_begin(worker);
	else if (info.ssi_signo == SIGUSR1 && xc_log_reopen(&errbuf) != XC_OK)
		xc_logf(&worker->log, XC_LOG_ERROR, "%s", errbuf.text);
}

/* Only ever an end: the manager says nothing on it. */
static void
on_manager(struct xc_worker *worker, struct xc_polled *source,
    uint32_t events)
{
	(void)source;
	if (!(events & (EPOLLHUP | EPOLLERR)))
		return;
	(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL,
	    worker->heritage->report_fd, NULL);
	xc_logf(&worker->log, XC_LOG_WARNING,
	    "the manager is gone: stops too");
	xc_stop_begin(worker);
}

/* Signals are taken between requests, so that no handler sees EINTR. */
static enum xc_err
open_signals(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		worker->signal_fd = signalfd(-1, &set,
		    SFD_CLOEXEC | SFD_NONBLOCK);
	if (worker->signal_fd < 0)
		return xc_fail(errbuf, XC_ERR_IO, "signalfd: %s",
		    strerror(errno));
	/* One that is ignored would never be queued. */
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGUSR1, SIG_DFL);
	return XC_OK;
}

static bool
add_sources(struct xc_worker *worker)
{
	const struct xc_heritage *heritage = worker->heritage;

	worker->listener.ready = on_listener;
	worker->wake.ready = on_wake;
	worker->inbox.ready = on_inbox;
	worker->signals.ready = on_signal;
	worker->manager.ready = on_manager;
	return xc_loop_add(worker, heritage->wake_fd, &worker->wake,
	    EPOLLIN | EPOLLET) &&
	    xc_loop_add(worker, heritage->inbox[heritage->worker][0],
	    &worker->inbox, EPOLLIN) &&
	    xc_loop_add(worker, worker->signal_fd, &worker->signals,
	    EPOLLIN) &&
	    xc_loop_add(worker, heritage->report_fd, &worker->manager, 0);
}

enum xc_err
xc_loop_open(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	int flags = fcntl(worker->heritage->listen_fd, F_GETFL), on = 1;
	enum xc_err err = open_signals(worker, errbuf);

	if (err != XC_OK)
		return err;
	/* EPOLLEXCLUSIVE may tell several workers: who comes late to accept(2)
	 * must not hang there. */
	if (flags < 0 || fcntl(worker->heritage->listen_fd, F_SETFL,
	    flags | O_NONBLOCK) < 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "the listen socket on descriptor %d: %s",
		    worker->heritage->listen_fd, strerror(errno));
	/* Connections inherit it; a unix socket has no use for it. */
	(void)setsockopt(worker->heritage->listen_fd, IPPROTO_TCP,
	    TCP_NODELAY, &on, sizeof(on));
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll_fd < 0)
		return xc_fail(errbuf, XC_ERR_IO, "epoll_create1: %s",
		    strerror(errno));
	if (!add_sources(worker))
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot watch what the manager handed over: %s",
		    strerror(errno));
	return XC_OK;
}

void
xc_loop_close(struct xc_worker *worker)
{
	while (worker->conns)
		xc_conn_close(worker, worker->conns);
	if (worker->epoll_fd >= 0)
		close(worker->epoll_fd);
	if (worker->signal_fd >= 0)
		close(worker->signal_fd);
	worker->epoll_fd = worker->signal_fd = -1;
}

/* Looks at the deadlines of all; at most every SCAN_MS. */
static void
scan(struct xc_worker *worker)
{
	struct xc_conn *conn, *next;

	worker->scan_ms = 0;
	for (conn = worker->conns; conn; conn = next) {
		next = conn->next;
		if (conn->deadline_ms == 0)
			continue;
		if (conn->deadline_ms <= worker->now_ms)
			xc_conn_expire(worker, conn);
		else
			xc_conn_deadline(worker, conn, conn->deadline_ms);
	}
	if (worker->scan_ms != 0 &&
	    worker->scan_ms < worker->now_ms + SCAN_MS)
		worker->scan_ms = worker->now_ms + SCAN_MS;
}

static uint64_t
rss_mb(void)
{
	unsigned long long size, resident;
	FILE *file = fopen("/proc/self/statm", "re");
	int n;

	if (!file)
		return 0;
	n = fscanf(file, "%llu %llu", &size, &resident);
	fclose(file);
	return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) >> 20 : 0;
}

/* A worker that has grown or served enough asks to be replaced. */
static void
check_age(struct xc_worker *worker)
{
	const struct xc_server_settings *server = &worker->settings->server;
	uint64_t requests = atomic_load_explicit(&worker->row->requests,
	    memory_order_relaxed);

	if (server->requests_max > 0 &&
	    requests >= (uint64_t)server->requests_max)
		atomic_store(&worker->row->recycle, 1);
	if (server->memory_max_mb <= 0 || worker->now_ms < worker->memory_ms)
		return;
	worker->memory_ms = worker->now_ms + MEMORY_MS;
	if (rss_mb() > (uint64_t)server->memory_max_mb)
		atomic_store(&worker->row->recycle, 1);
}

/* Of two times, where 0 is never. */
static uint64_t
sooner(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

static int
time_to_wait(const struct xc_worker *worker)
{
	uint64_t until = worker->scan_ms;

	until = sooner(until, worker->listen_again_ms);
	until = sooner(until, worker->settle_ms);
	until = sooner(until, worker->lane.due_ms);
	until = sooner(until, worker->faults.due_ms);
	until = sooner(until, worker->outside_ms);
	until = sooner(until, worker->outside_tell_ms);
	if (worker->stopping || worker->report)
		until = sooner(until, worker->now_ms + SCAN_MS);
	if (until == 0)
		return -1;
	return until > worker->now_ms ? (int)(until - worker->now_ms) : 0;
}

/* What is due apart from events. */
static void
tend(struct xc_worker *worker)
{
	if (worker->scan_ms != 0 && worker->now_ms >= worker->scan_ms)
		scan(worker);
	if (worker->listen_again_ms != 0 &&
	    worker->now_ms >= worker->listen_again_ms)
		listen_on(worker);
	if (atomic_load(&worker->board->sequence) != worker->sequence)
		xc_worker_apply(worker, "applied");
	if (worker->lane.due_ms != 0 && worker->now_ms >= worker->lane.due_ms)
		xc_lane_tend(worker);
	xc_outside_tend(worker);
	xc_events_deliver(worker, true);
	xc_services_tend(worker);
	xc_worker_send_report(worker);
	xc_fault_tell(worker);
	xc_outside_tell(worker);
	check_age(worker);
	if (worker->stopping)
		xc_stop_check(worker);
}

/* A new connection has no owner yet who could hand it over, and who waits for
 * the listen socket was not woken because we were. */
static void
put_listener_first(struct xc_worker *worker)
{
	struct epoll_event *events = worker->events, first = events[0];
	unsigned i;

	for (i = 1; i < worker->n_events; i++) {
		if (events[i].data.ptr != &worker->listener)
			continue;
		events[0] = events[i];
		events[i] = first;
		return;
	}
}

/* Waits for events.  Several at a time spare system calls; those whose turn
 * has not come when a handler takes long are handed over all the same. */
static void
gather(struct xc_worker *worker)
{
	int n;

	if (worker->was_slow)
		xc_rescuer_offer(worker);
	worker->was_slow = false;
	n = epoll_wait(worker->epoll_fd, worker->events, XC_WORKER_EVENTS,
	    time_to_wait(worker));
	worker->event = 0;
	worker->n_events = n > 0 ? (unsigned)n : 0;
	put_listener_first(worker);
}

static void
take_turn(struct xc_worker *worker)
{
	struct epoll_event *event = &worker->events[worker->event];
	struct xc_polled *source;

	if (worker->event == worker->n_events)
		return;
	worker->event++;
	source = event->data.ptr;
	if (source)
		source->ready(worker, source, event->events);
}

void
xc_loop_run(struct xc_worker *worker)
{
	listen_on(worker);
	while (!worker->done) {
		xc_worker_state(worker, XC_WORKER_IDLE);
		if (worker->event == worker->n_events)
			gather(worker);
		(void)xc_worker_clock(worker);
		if (atomic_load(&worker->board->sequence) != worker->sequence)
			xc_worker_apply(worker, "applied");
		take_turn(worker);
		tend(worker);
	}
}

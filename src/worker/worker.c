/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "contract/contract.h"
#include "worker/lastgasp.h"

#define WARN_MS 1000
/* Besides connections: logs, inboxes, services, what plugins open. */
#define FDS_BESIDE 512
/* Of those, files of large bodies, where there are no more. */
#define FDS_SPILLS 64

void
xc_worker_state(struct xc_worker *worker, enum xc_worker_state state)
{
	struct xc_worker_row *row = worker->row;

	if (worker->stopping)
		state = XC_WORKER_DRAINING;
	if (atomic_load_explicit(&row->state, memory_order_relaxed) ==
	    (uint32_t)state)
		return;
	atomic_store_explicit(&row->since_ms, worker->now_ms,
	    memory_order_relaxed);
	atomic_store_explicit(&row->state, state, memory_order_release);
}

void
xc_worker_forget(struct xc_worker *worker)
{
	worker->row->plugin[0] = '\0';
	worker->row->operation[0] = '\0';
	worker->row->request_id[0] = '\0';
	worker->noted = NULL;
}

uint64_t
xc_worker_clock(struct xc_worker *worker)
{
	uint64_t before = worker->now_us;
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	worker->now_us = (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
	worker->now_ms = worker->now_us / 1000;
	return worker->now_us - before;
}

void
xc_worker_warn(struct xc_worker *worker, const char *what,
    const char *detail)
{
	if (worker->warned_ms != 0 &&
	    worker->now_ms < worker->warned_ms + WARN_MS) {
		worker->warned_more++;
		return;
	}
	if (worker->warned_more > 0)
		xc_logf(&worker->log, XC_LOG_WARNING,
		    "%s: %s (and %u more warnings left out)", what, detail,
		    worker->warned_more);
	else
		xc_logf(&worker->log, XC_LOG_WARNING, "%s: %s", what, detail);
	worker->warned_ms = worker->now_ms;
	worker->warned_more = 0;
}

static void
on_quit(int number)
{
	(void)number;
	_exit(XC_WORKER_EXIT_OK);
}

/* SIGTERM and SIGUSR1 are the loop's.  A terminal's ^C goes to the manager
 * too, which tells us. */
static void
set_signals(void)
{
	/* SIGXFSZ: a body's file that grows too large is an error like any. */
	static const int ignored[] = { SIGPIPE, SIGINT, SIGHUP, SIGUSR2,
		SIGXFSZ };
	struct sigaction action;
	size_t i;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_IGN;
	for (i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		(void)sigaction(ignored[i], &action, NULL);
	action.sa_handler = on_quit;
	(void)sigaction(SIGQUIT, &action, NULL);
}

/* Whoever can reach a TCP port could pass for the web server. */
static enum xc_err
check_secret(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	const char *secret = worker->heritage->secret;

	if (getsockname(worker->heritage->listen_fd,
	    (struct sockaddr *)&address, &len) < 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "descriptor %d is no listen socket: %s",
		    worker->heritage->listen_fd, strerror(errno));
	worker->need_secret = address.ss_family != AF_UNIX ||
	    (secret && secret[0] != '\0');
	if (!worker->need_secret || (secret && secret[0] != '\0'))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "over TCP a shared secret is required: name a file that holds it "
	    "in fastcgi.secret_file, and send it as the FastCGI parameter "
	    "XCORE_SECRET, or listen on a unix socket");
}

/* Descriptors for all connections there may be, as far as we may, and for the
 * file of each one's large body. */
static void
raise_limit(struct xc_worker *worker)
{
	const rlim_t conns =
	    (rlim_t)worker->settings->fastcgi.connections_max;
	const rlim_t want = conns + FDS_BESIDE, all = want + conns;
	struct rlimit limit;

	worker->fds_max = worker->spills_max = UINT32_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < all && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = all < limit.rlim_max ? all : limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	worker->spills_max = FDS_SPILLS;
	if (limit.rlim_cur > want + FDS_SPILLS)
		worker->spills_max = (uint32_t)(limit.rlim_cur - want);
	if (limit.rlim_cur >= want)
		return;
	worker->fds_max = limit.rlim_cur > FDS_BESIDE
	    ? (uint32_t)(limit.rlim_cur - FDS_BESIDE) : 0;
	xc_logf(&worker->log, XC_LOG_WARNING,
	    "the limit of %llu descriptors is too low for "
	    "fastcgi.connections_max = %lld: raise it (LimitNOFILE=, ulimit "
	    "-n)", (unsigned long long)limit.rlim_cur,
	    (long long)worker->settings->fastcgi.connections_max);
}

/* libfcgi takes and frees 8 KiB buffers for each request, and each time glibc
 * would first tidy the small chunks that it keeps aside. */
static void
tune_malloc(void)
{
#ifdef M_MXFAST
	(void)mallopt(M_MXFAST, 0);
#endif
}

/* It serves without, only that a crash is answered by nobody. */
static void
begin_gasp(struct xc_worker *worker)
{
	struct xc_errbuf errbuf = { .text = "" };

	if (xc_gasp_open(worker->row, worker->heritage->worker,
	    worker->settings->server.state_dir, &errbuf) != XC_OK)
		xc_logf(&worker->log, XC_LOG_WARNING,
		    "no crash reports can be written: %s", errbuf.text);
}

static enum xc_err
begin(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	const struct xc_fastcgi_settings *fastcgi =
	    &worker->settings->fastcgi;
	enum xc_err err = check_secret(worker, errbuf);

	if (err != XC_OK)
		return err;
	raise_limit(worker);
	tune_malloc();
	worker->limits = xc_head_limits(fastcgi->params_max,
	    fastcgi->body_max);
	worker->body_memory = (uint32_t)fastcgi->body_memory;
	worker->scratch = malloc(XC_WORKER_SCRATCH);
	if (!worker->scratch)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_feed_init(&worker->feed, errbuf);
	if (err != XC_OK)
		return err;
	set_signals();
	begin_gasp(worker);
	err = xc_loop_open(worker, errbuf);
	if (err != XC_OK)
		return err;
	/* Before the plugins: the loader compares the threads there are. */
	err = xc_rescuer_start(worker, errbuf);
	if (err != XC_OK)
		return err;
	xc_lane_open(worker);
	return xc_services_open(worker, errbuf);
}

/* A limit may have to wait for Memcached, which is not the handler's time. */
static void
on_wait(void *ctx, enum xc_chain_wait wait)
{
	if (wait == XC_WAIT_BEGIN) {
		xc_rescuer_begin(ctx);
		return;
	}
	if (wait == XC_WAIT_END)
		xc_rescuer_end(ctx);
	(void)xc_worker_clock(ctx);
}

static enum xc_err
begin_chains(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	const struct xc_chains_options options = {
		.config = &worker->settings->middleware,
		.host = &worker->host,
		.row = worker->row,
		.wait = on_wait,
		.ctx = worker,
	};

	return xc_chains_create(&options, &worker->chains, errbuf);
}

static enum xc_err
begin_plugins(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_request_init(&worker->req, &worker->host, NULL);

	if (err != XC_OK)
		return xc_fail(errbuf, err, "cannot make a request: %s",
		    xc_strerror(err));
	worker->taker = xc_taker_create();
	if (!worker->taker)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = begin_chains(worker, errbuf);
	if (err != XC_OK)
		return err;
	/* wire.c sends it from wherever it lies. */
	worker->req.may_be_far = true;
	err = xc_loader_create(&worker->host, &worker->loader);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "cannot make the loader: %s",
		    xc_strerror(err));
	err = xc_outside_open(worker, errbuf);
	if (err != XC_OK)
		return err;
	xc_worker_apply(worker, "ready");
	return XC_OK;
}

static void
end(struct xc_worker *worker)
{
	xc_rescuer_stop(worker);
	xc_loop_close(worker);
	xc_router_free(&worker->router);
	xc_courses_free(&worker->courses);
	if (worker->loader)
		xc_loader_free(&worker->loader);
	xc_outside_close(worker);
	xc_taker_free(&worker->taker);
	xc_chains_free(&worker->chains);
	xc_request_free(&worker->req);
	xc_services_close(worker);
	xc_gasp_close();
	free(worker->report);
	free(worker->scratch);
	free(worker);
}

static struct xc_worker *
make(const struct xc_heritage *heritage)
{
	struct xc_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->heritage = heritage;
	worker->settings = heritage->settings;
	worker->board = heritage->board;
	worker->row = &heritage->board->workers[heritage->worker];
	worker->log = (struct xc_logger)XC_LOGGER("xcore.worker");
	worker->sandbox_log = (struct xc_logger)XC_LOGGER("xcore.sandbox");
	worker->epoll_fd = worker->signal_fd = -1;
	worker->next_row = heritage->worker;
	worker->body = (struct xc_source){ .data = "", .fd = -1 };
	(void)xc_worker_clock(worker);
	return worker;
}

int
xc_worker_run(const struct xc_heritage *heritage)
{
	struct xc_worker *worker = make(heritage);
	struct xc_errbuf errbuf = { .text = "out of memory" };
	enum xc_err err = worker ? begin(worker, &errbuf) : XC_ERR_NOMEM;
	struct xc_logger log = XC_LOGGER("xcore.worker");

	if (err == XC_OK)
		err = begin_plugins(worker, &errbuf);
	if (err == XC_OK)
		xc_loop_run(worker);
	else
		xc_logf(&log, XC_LOG_ERROR, "cannot start: %s", errbuf.text);
	if (worker)
		end(worker);
	return err == XC_OK ? XC_WORKER_EXIT_OK : XC_WORKER_EXIT_CONFIG;
}

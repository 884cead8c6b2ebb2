/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "manager/lock.h"
#include "manager/manager-private.h"
#include "manager/notify.h"

#define NEVER UINT64_MAX
#define FIRST_WORDS_MS 2000	/* the follower's time to be heard */
#define SAFE_POLL_MS 100
#define FIRST_WORKERS_MS 2000	/* more than one worker is waited for */
#define FAST_STOP_MS 2000
#define DRAIN_GRACE_MS 500	/* a worker keeps to server.drain_ms itself */
#define FILES_MAX 65536

struct xc_logger xc_manager_log = XC_LOGGER("xcore.manager");

void
xc_sooner(uint64_t *next, uint64_t at)
{
	if (at < *next)
		*next = at;
}

uint32_t
xc_manager_target(const struct xc_settings *settings)
{
	int64_t target = settings->server.workers;
	const int64_t most = XC_WORKERS_MAX - XC_POOL_EXTRA;

	if (target <= 0)
		target = 2 * (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
	if (target < 1)
		target = 1;
	return (uint32_t)(target < most ? target : most);
}

/* ---- start: what can fail ----------------------------------------------- */

static int
exit_code(enum xc_err err)
{
	switch (err) {
	case XC_ERR_INVALID:
		return XC_EXIT_INVALID;
	case XC_ERR_BUSY:
		return XC_EXIT_CONFLICT;
	case XC_ERR_DENIED:
		return XC_EXIT_POLICY;
	default:
		return XC_EXIT_FAILED;
	}
}

/*
 * A start that fails under spawn-fcgi has no stderr, and maybe no log yet:
 * it is told wherever somebody may look.
 */
static void
tell_failure(const struct xc_manager *m, const char *sentence)
{
	fprintf(stderr, "xcored: %s\n", sentence);
	if (m->log_open) {
		if (strcmp(m->settings->log.sink, "stderr") != 0 &&
		    !m->options->foreground)
			xc_logf(&xc_manager_log, XC_LOG_ERROR,
			    "no start: %s", sentence);
	} else if (!isatty(STDERR_FILENO)) {
		openlog("xcored", LOG_PID | LOG_NDELAY, LOG_DAEMON);
		syslog(LOG_ERR, "no start: %s", sentence);
		closelog();
	}
}

void
xc_manager_step(struct xc_manager *m, const char *name, const char *format,
    ...)
{
	uint64_t now = xc_now_ms();
	char text[600];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	xc_logf(&xc_manager_log, XC_LOG_INFO, "start: %s in %llu ms: %s",
	    name, (unsigned long long)(now - m->step_ms), text);
	m->step_ms = now;
}

enum xc_err
xc_manager_open_log(struct xc_manager *m,
    const struct xc_settings *settings, struct xc_errbuf *errbuf)
{
	struct xc_settings shown = *settings;
	enum xc_err err;

	if (m->options->foreground) {
		shown.log.sink = "stderr";
		shown.log.format = "text";
	}
	err = xc_settings_open_log(&shown, errbuf);
	if (err == XC_OK)
		m->log_open = true;
	return err;
}

/* The secret of settings, if the listen socket needs one. */
enum xc_err
xc_manager_read_secret(const struct xc_manager *m,
    const struct xc_settings *settings, char **secret_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_secret_read(settings->fastcgi.secret_file, secret_r, errbuf);
	if (err != XC_OK)
		return err;
	if (m->listen.family == AF_UNIX || (*secret_r)[0] != '\0')
		return XC_OK;
	xc_secret_free(secret_r);
	return xc_fail(errbuf, XC_ERR_DENIED, "over TCP a secret is required, "
	    "since any local user could connect: name its file in "
	    "fastcgi.secret_file and have the web server send it as "
	    "XCORE_SECRET, or listen on a unix socket");
}

/* Both folders may be one and the same. */
static enum xc_err
take_locks(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	const struct xc_server_settings *server = &m->settings->server;
	struct stat run, state;
	enum xc_err err = XC_OK;

	if (m->run_lock == -1)
		err = xc_lock_take(server->run_dir, "server.run_dir",
		    &m->run_lock, errbuf);
	if (err != XC_OK || m->state_lock != -1)
		return err;
	if (stat(server->run_dir, &run) == 0 &&
	    stat(server->state_dir, &state) == 0 &&
	    run.st_dev == state.st_dev && run.st_ino == state.st_ino)
		return XC_OK;
	return xc_lock_take(server->state_dir, "server.state_dir",
	    &m->state_lock, errbuf);
}

/* ---- signals ------------------------------------------------------------ */

static void
reap(struct xc_manager *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!xc_pool_reaped(m, pid, status) &&
		    !xc_link_reaped(m, pid, status) &&
		    !xc_spawner_reaped(m, pid, status) &&
		    !xc_watcher_reaped(m, pid, status) &&
		    !xc_act_reaped(m, pid, status))
			(void)xc_upgrade_reaped(m, pid, status);
	}
}

static void
on_reload(struct xc_manager *m)
{
	struct xc_errbuf errbuf;

	(void)xc_manager_reload(m, &errbuf);
}

static void
on_upgrade(struct xc_manager *m)
{
	struct xc_errbuf errbuf;

	(void)xc_upgrade_begin(m, &errbuf);
}

static void
take_signal(struct xc_manager *m, uint32_t number)
{
	switch (number) {
	case SIGCHLD:
		reap(m);
		break;
	case SIGTERM:
	case SIGINT:
		xc_manager_stop(m, false);
		break;
	case SIGQUIT:
		xc_manager_stop(m, true);
		break;
	case SIGHUP:
		on_reload(m);
		break;
	case SIGUSR1:
		xc_manager_reopen(m);
		break;
	case SIGUSR2:
		on_upgrade(m);
		break;
	default:
		break;
	}
}

static void
on_signals(void *ctx, uint32_t events)
{
	struct xc_manager *m = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(m->signals.fd, &info, sizeof(info)) == sizeof(info))
		take_signal(m, info.ssi_signo);
}

static enum xc_err
open_signals(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT,
		SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	m->signals = (struct xc_watch){ -1, on_signals, m };
	m->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals.fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "signalfd: %s",
		    strerror(errno));
	return xc_events_add(&m->events, &m->signals, EPOLLIN, errbuf);
}

void
xc_manager_stop(struct xc_manager *m, bool fast)
{
	uint64_t limit = fast ? FAST_STOP_MS :
	    (uint64_t)m->settings->server.drain_ms + DRAIN_GRACE_MS;

	if (m->phase == XC_PHASE_DRAINING && !fast)
		return;
	xc_logf(&xc_manager_log, XC_LOG_NOTICE, "stopping%s",
	    fast ? " at once" : "");
	xc_notify("STOPPING=1\nSTATUS=Stopping");
	m->phase = XC_PHASE_DRAINING;
	if (m->upgrade.pid != 0)
		(void)kill(m->upgrade.pid, SIGKILL);
	m->upgrade.go = false;
	/* First: nobody shall come into a backlog that is not served. */
	xc_listen_unlink(&m->listen);
	xc_pool_stop(m, fast ? SIGQUIT : SIGTERM, limit);
	xc_watcher_stop(m);
	xc_link_stop(m);
}

void
xc_manager_reopen(struct xc_manager *m)
{
	struct xc_errbuf errbuf;

	if (xc_log_reopen(&errbuf) != XC_OK)
		xc_logf(&xc_manager_log, XC_LOG_ERROR, "%s", errbuf.text);
	else
		xc_logf(&xc_manager_log, XC_LOG_INFO, "log opened anew");
	xc_pool_signal(m, SIGUSR1);
	if (m->link.pid != 0)
		(void)kill(m->link.pid, SIGUSR1);
}

/* ---- the phases of a start ---------------------------------------------- */

static void
begin_workers(struct xc_manager *m)
{
	bool known = m->link.heard || m->inherited;

	if (!known)
		known = xc_link_take_current(m);
	if (known)
		xc_manager_step(m, "snapshot", "generation %llu%s",
		    (unsigned long long)atomic_load(
			&m->pool.board->generation),
		    m->link.heard || m->inherited ? "" :
		    ", as last served here");
	else
		xc_manager_step(m, "snapshot", "none; all is answered 404 "
		    "until the registry gives one%s%s",
		    m->link.reason[0] == '\0' ? "" : ": ", m->link.reason);
	m->pool.open = true;
	m->phase = XC_PHASE_WORKERS;
	m->phase_until = xc_now_ms() + FIRST_WORKERS_MS;
}

/* While MariaDB answers, packages new to this host may be under trial. */
static void
tick_snapshot(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	uint64_t until = m->phase_until;

	if (m->link.known && m->link.reachable)
		until += (uint64_t)m->settings->reload.trial_timeout_ms;
	/* In safe mode only the follower knows what may be served. */
	if (m->options->safe && !m->link.known && !m->link.heard) {
		xc_sooner(next, now + SAFE_POLL_MS);
		return;
	}
	if (m->inherited || m->link.heard || m->link.unchanged ||
	    now >= until ||
	    (m->link.known && !m->link.reachable))
		begin_workers(m);
	xc_sooner(next, m->phase == XC_PHASE_SNAPSHOT ? until : now);
}

static uint32_t
count_ready(const struct xc_manager *m)
{
	const struct xc_pool_row *row;
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		n += row->pid != 0 && row->ready && !row->retired &&
		    row->epoch == m->pool.epoch;
	}
	return n;
}

static void
become_ready(struct xc_manager *m, uint32_t workers)
{
	struct xc_errbuf errbuf;
	char text[320];

	xc_manager_step(m, "workers", "%u serve", workers);
	if (xc_pid_file_write(m->settings->server.pid_file, getpid(),
		&errbuf) != XC_OK)
		xc_logf(&xc_manager_log, XC_LOG_ERROR, "%s", errbuf.text);
	xc_pool_relieve_strays(m);
	m->phase = XC_PHASE_RUNNING;
	xc_notify("READY=1\nMAINPID=%ld\nSTATUS=%u workers serve",
	    (long)getpid(), workers);
	xc_listen_describe(&m->listen, text, sizeof(text));
	xc_manager_step(m, "ready", "process %ld on %s", (long)getpid(),
	    text);
}

static void
tick_workers(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	uint32_t ready = count_ready(m);

	if (ready >= m->pool.target || (ready > 0 && now >= m->phase_until)) {
		become_ready(m, ready);
		xc_sooner(next, now);
	} else if (now < m->phase_until) {
		xc_sooner(next, m->phase_until);
	}
}

static void
tick_phase(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	switch (m->phase) {
	case XC_PHASE_SNAPSHOT:
		tick_snapshot(m, now, next);
		break;
	case XC_PHASE_WORKERS:
		tick_workers(m, now, next);
		break;
	case XC_PHASE_DRAINING:
		m->ended = xc_pool_empty(m) &&
		    xc_spawner_ended(m, now, next);
		break;
	default:
		break;
	}
}

static void
tick_watchdog(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	if (m->watchdog_ms == 0)
		return;
	if (now >= m->watchdog_at) {
		xc_notify("WATCHDOG=1");
		m->watchdog_at = now + m->watchdog_ms;
	}
	xc_sooner(next, m->watchdog_at);
}

static uint64_t
tick(struct xc_manager *m)
{
	uint64_t now = xc_now_ms(), next = NEVER;

	xc_deadline_tick(m, now, &next);
	xc_pool_tick(m, now, &next);
	tick_phase(m, now, &next);
	xc_link_tick(m, now, &next);
	xc_canary_tick(m, now, &next);
	xc_apply_tick(m, now, &next);
	xc_watcher_tick(m, now, &next);
	xc_spawner_tick(m, now, &next);
	xc_control_tick(m, now, &next);
	xc_act_tick(m, now, &next);
	xc_upgrade_tick(m, now, &next);
	tick_watchdog(m, now, &next);
	return next;
}

static int
timeout_until(uint64_t next)
{
	uint64_t now = xc_now_ms();

	if (next == NEVER)
		return -1;
	if (next <= now)
		return 0;
	return next - now > 60000 ? 60000 : (int)(next - now);
}

static void
serve(struct xc_manager *m)
{
	uint64_t next;

	/* Those that ended while the program was being exchanged. */
	reap(m);
	while (!m->ended) {
		next = tick(m);
		if (!m->ended)
			xc_events_turn(&m->events, timeout_until(next));
	}
}

/* ---- from begin to end -------------------------------------------------- */

static void
raise_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= FILES_MAX)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max :
	    FILES_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum xc_err
start_memory(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_manager_read_secret(m, m->settings, &m->pool.secret, errbuf);
	if (err == XC_OK)
		err = take_locks(m, errbuf);
	if (err == XC_OK)
		err = xc_events_open(&m->events, errbuf);
	if (err == XC_OK)
		err = open_signals(m, errbuf);
	if (err == XC_OK)
		err = xc_pool_open(m, xc_manager_target(m->settings),
		    errbuf);
	if (err == XC_OK)
		err = xc_control_open(m, m->inherited_control, errbuf);
	return err;
}

/* Reports of workers that a manager before us started. */
static void
watch_inherited(struct xc_manager *m)
{
	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		if (m->pool.rows[i].report.fd != -1)
			(void)xc_row_watch_report(m, &m->pool.rows[i], NULL);
	}
	if (m->inherited)
		xc_link_take_published(m);
}

static enum xc_err
start(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	uint64_t loaded;
	enum xc_err err;

	err = xc_settings_load(m->options->config, &m->settings, errbuf);
	if (err != XC_OK)
		return err;
	loaded = xc_now_ms();
	xc_child_guard(m);
	err = xc_manager_open_log(m, m->settings, errbuf);
	if (err != XC_OK)
		return err;
	xc_logf(&xc_manager_log, XC_LOG_NOTICE, "xcored %s starts%s%s",
	    m->options->version, m->options->safe ? " in safe mode" : "",
	    m->inherited ? ", taking over" : "");
	xc_logf(&xc_manager_log, XC_LOG_INFO,
	    "start: configuration in %llu ms: %s",
	    (unsigned long long)(loaded - m->step_ms), m->settings->file);
	m->step_ms = loaded;
	xc_manager_step(m, "log", "%s", m->settings->log.sink);
	err = start_memory(m, errbuf);
	if (err != XC_OK)
		return err;
	xc_manager_step(m, "shared memory", "%u rows, control socket %s",
	    m->pool.n_rows, m->settings->server.control);
	watch_inherited(m);
	if (xc_spawner_start(m) == XC_OK)
		xc_manager_step(m, "spawner", "process %ld",
		    (long)m->spawner.pid);
	err = xc_link_start(m, errbuf);
	if (err == XC_OK)
		xc_manager_step(m, "follower", "process %ld",
		    (long)m->link.pid);
	return err;
}

static void
finish(struct xc_manager *m)
{
	xc_control_close(m, m->settings != NULL);
	xc_pool_close(m);
	xc_spawner_close(m);
	xc_link_free(m);
	xc_quarantine_forget(m);
	xc_events_drop(&m->events, &m->signals);
	xc_events_close(&m->events);
	json_object_put(m->crashes.list);
	if (m->settings != NULL)
		xc_pid_file_remove(m->settings->server.pid_file, getpid());
	if (m->run_lock != -1)
		close(m->run_lock);
	if (m->state_lock != -1)
		close(m->state_lock);
	if (m->log_open)
		xc_log_close();
	xc_settings_free(&m->settings);
}

static void
init(struct xc_manager *m, const struct xc_manager_options *options)
{
	m->options = options;
	m->run_lock = m->state_lock = -1;
	m->events.epoll_fd = -1;
	m->signals.fd = -1;
	m->watcher.output.fd = -1;
	m->upgrade.output.fd = -1;
	m->phase = XC_PHASE_SNAPSHOT;
	m->started = time(NULL);
	m->started_ms = m->step_ms = xc_now_ms();
	m->watchdog_ms = xc_notify_watchdog_ms();
	xc_pool_init(m);
	xc_link_init(m);
	xc_spawner_init(m);
}

/* Large, and needed in each child after the fork: not on the stack. */
static struct xc_manager manager;

int
xc_manager_run(const struct xc_manager_options *options)
{
	struct xc_manager *m = &manager;
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	init(m, options);
	if (xc_listen_take(&m->listen, &errbuf) != XC_OK) {
		tell_failure(m, errbuf.text);
		return XC_EXIT_USAGE;
	}
	xc_handover_take(m);
	raise_files_limit();
	err = start(m, &errbuf);
	if (err != XC_OK) {
		tell_failure(m, errbuf.text);
		finish(m);
		return exit_code(err);
	}
	m->phase_until = xc_now_ms() + FIRST_WORDS_MS;
	serve(m);
	xc_logf(&xc_manager_log, XC_LOG_NOTICE, "stopped");
	finish(m);
	return XC_EXIT_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * The manager's end of the spawner, which makes the workers' sandboxes: binds
 * its socket, starts it, logs what it says.  One socket pair does for both
 * directions: what it writes are lines for the log, and that our end closes
 * tells it to end after the last worker.  So a re-execution needs nothing
 * handed over: the new program starts a spawner of its own, and the old
 * workers keep theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "sandbox/link.h"

#define QUICK_MS 5000
#define STOP_MS 1000		/* to end when the last worker has */
#define MISSING_MS 10000	/* until a missing program is looked for again */
#define LISTEN_FD 3
#define TALK_FD 4
#define FREE_FD 10		/* above all that it is given */

static struct xc_logger spawner_log = XC_LOGGER("xcore.spawner");

/* ---- what it says ------------------------------------------------------- */

static enum xc_log_level
level_of(char digit)
{
	switch (digit) {
	case '3':
		return XC_LOG_ERROR;
	case '4':
		return XC_LOG_WARNING;
	case '5':
		return XC_LOG_NOTICE;
	case '7':
		return XC_LOG_DEBUG;
	default:
		return XC_LOG_INFO;
	}
}

/* "<4>text"; what has no number comes from a library of its. */
static void
flush_line(struct xc_spawner_child *spawner)
{
	const char *text = spawner->line;
	enum xc_log_level level = XC_LOG_WARNING;

	spawner->line[spawner->len] = '\0';
	if (spawner->len >= 3 && text[0] == '<' && text[2] == '>') {
		level = level_of(text[1]);
		text += 3;
	}
	if (text[0] != '\0')
		xc_logf(&spawner_log, level, "%s", text);
	spawner->len = 0;
}

static void
on_talk(void *ctx, uint32_t events)
{
	struct xc_manager *m = ctx;
	struct xc_spawner_child *spawner = &m->spawner;
	char text[4096];
	ssize_t n = recv(spawner->talk.fd, text, sizeof(text), MSG_DONTWAIT);

	(void)events;
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n' ||
		    spawner->len == sizeof(spawner->line) - 1)
			flush_line(spawner);
		if (text[i] != '\n')
			spawner->line[spawner->len++] = text[i];
	}
	if (n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR)))
		return;
	flush_line(spawner);
	xc_events_drop(&m->events, &spawner->talk);
}

/* ---- start -------------------------------------------------------------- */

void
xc_spawner_init(struct xc_manager *m)
{
	m->spawner.listen_fd = -1;
	m->spawner.talk = (struct xc_watch){ -1, on_talk, m };
}

static void
socket_path(const struct xc_manager *m, char *path_r, size_t size)
{
	snprintf(path_r, size, "%s/spawner.sock",
	    m->settings->server.run_dir);
}

/* Without a socket workers learn at once that there is nobody. */
static void
close_socket(struct xc_manager *m)
{
	char path[PATH_MAX];

	if (m->spawner.listen_fd == -1)
		return;
	close(m->spawner.listen_fd);
	m->spawner.listen_fd = -1;
	socket_path(m, path, sizeof(path));
	(void)unlink(path);
}

static enum xc_err
open_socket(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];

	if (m->spawner.listen_fd != -1)
		return XC_OK;
	socket_path(m, path, sizeof(path));
	return xc_link_listen(path, &m->spawner.listen_fd, errbuf);
}

/*
 * What a program's own libraries need to be found and tested, and no more:
 * sandboxes inherit it.
 */
static void
clean_environment(char **envp_r, size_t max)
{
	static const char *const names[] = { "PATH", "TMPDIR", "TZ",
		"LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS",
		"UBSAN_OPTIONS" };
	const char *value;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value != NULL && n + 1 < max &&
		    asprintf(&envp_r[n], "%s=%s", names[i], value) != -1)
			n++;
	}
	envp_r[n] = NULL;
}

/* All that it has: both sockets; 0 is /dev/null already. */
static bool
place_descriptors(int listen_fd, int talk)
{
	listen_fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, FREE_FD);
	talk = fcntl(talk, F_DUPFD_CLOEXEC, FREE_FD);
	if (listen_fd == -1 || talk == -1 ||
	    dup2(listen_fd, LISTEN_FD) == -1 || dup2(talk, TALK_FD) == -1 ||
	    dup2(talk, STDOUT_FILENO) == -1 ||
	    dup2(talk, STDERR_FILENO) == -1)
		return false;
	return close_range(TALK_FD + 1, ~0U, 0) == 0;
}

static _Noreturn void
run_program(const struct xc_manager *m, char *program, int listen_fd,
    int talk)
{
	const struct xc_sandbox_settings *sandbox = &m->settings->sandbox;
	static char cgroup[] = "--cgroup", first[] = "--uid-first",
	    count[] = "--uid-count";
	char folder[PATH_MAX], first_uid[24], n_uids[24];
	char *argv[] = { program, cgroup, folder, first, first_uid, count,
		n_uids, NULL };
	char *envp[16];

	snprintf(folder, sizeof(folder), "%s", sandbox->cgroup);
	snprintf(first_uid, sizeof(first_uid), "%lld",
	    (long long)sandbox->uid_first);
	snprintf(n_uids, sizeof(n_uids), "%lld",
	    (long long)sandbox->uid_count);
	clean_environment(envp, sizeof(envp) / sizeof(envp[0]));
	/* It outlives us until its workers have ended. */
	(void)prctl(PR_SET_PDEATHSIG, 0);
	if (place_descriptors(listen_fd, talk))
		execve(program, argv, envp);
	fprintf(stderr, "<3>cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

static enum xc_err
fork_program(struct xc_manager *m, char *program, struct xc_errbuf *errbuf)
{
	struct xc_spawner_child *spawner = &m->spawner;
	int pair[2], listen_fd;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	/* The child closes what is the manager's. */
	listen_fd = fcntl(spawner->listen_fd, F_DUPFD_CLOEXEC, 0);
	spawner->pid = xc_child_fork(m, "spawner", XC_WORKERS_MAX);
	if (spawner->pid == 0)
		run_program(m, program, listen_fd, pair[1]);
	close(pair[1]);
	if (listen_fd != -1)
		close(listen_fd);
	if (spawner->pid == -1) {
		spawner->pid = 0;
		close(pair[0]);
		return xc_fail(errbuf, XC_ERR_IO, "fork: %s",
		    strerror(errno));
	}
	spawner->talk.fd = pair[0];
	return xc_events_add(&m->events, &spawner->talk, EPOLLIN, errbuf);
}

static enum xc_err
find_program(const struct xc_manager *m, char *program_r, size_t size,
    struct xc_errbuf *errbuf)
{
	snprintf(program_r, size, "%s/xcore-spawner",
	    m->settings->server.libexec_dir);
	if (access(program_r, X_OK) == 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_NOT_FOUND, "%s: %s; no plugin can run "
	    "in a sandbox (server.libexec_dir names the folder)", program_r,
	    strerror(errno));
}

enum xc_err
xc_spawner_start(struct xc_manager *m)
{
	struct xc_spawner_child *spawner = &m->spawner;
	struct xc_errbuf errbuf = { "" };
	char program[PATH_MAX];
	enum xc_err err;

	spawner->started_ms = xc_now_ms();
	spawner->not_before = 0;
	err = find_program(m, program, sizeof(program), &errbuf);
	if (err == XC_OK)
		err = open_socket(m, &errbuf);
	if (err == XC_OK)
		err = fork_program(m, program, &errbuf);
	if (err == XC_OK) {
		spawner->complained = false;
		return XC_OK;
	}
	close_socket(m);
	spawner->not_before = spawner->started_ms + MISSING_MS;
	if (!spawner->complained)
		xc_logf(&xc_manager_log, XC_LOG_ERROR,
		    "the spawner cannot be started: %s", errbuf.text);
	spawner->complained = true;
	return err;
}

void
xc_spawner_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_spawner_child *spawner = &m->spawner;

	if (spawner->pid != 0 || m->phase == XC_PHASE_DRAINING)
		return;
	if (now >= spawner->not_before)
		(void)xc_spawner_start(m);
	if (spawner->pid == 0)
		xc_sooner(next, spawner->not_before);
}

/* ---- end ---------------------------------------------------------------- */

bool
xc_spawner_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct xc_spawner_child *spawner = &m->spawner;
	uint64_t now = xc_now_ms();
	char how[64];

	if (spawner->pid != pid)
		return false;
	/* What it said last. */
	while (spawner->talk.fd != -1 && recv(spawner->talk.fd, how, 1,
		MSG_PEEK | MSG_DONTWAIT) == 1)
		on_talk(m, EPOLLIN);
	xc_events_drop(&m->events, &spawner->talk);
	spawner->pid = 0;
	if (m->phase == XC_PHASE_DRAINING)
		return true;
	if (now < spawner->started_ms + QUICK_MS)
		spawner->quick_deaths++;
	else
		spawner->quick_deaths = 0;
	spawner->restarts++;
	spawner->not_before = now + xc_child_delay(spawner->quick_deaths);
	xc_child_end_text(status, how, sizeof(how));
	xc_logf(&xc_manager_log, XC_LOG_ERROR, "the spawner, process %d, "
	    "ended by %s, and all sandboxes with it; the next one starts in "
	    "%llu ms", (int)pid, how,
	    (unsigned long long)(spawner->not_before - now));
	return true;
}

/* The one before stays with the workers that it has. */
void
xc_spawner_renew(struct xc_manager *m)
{
	xc_events_drop(&m->events, &m->spawner.talk);
	if (m->spawner.listen_fd != -1)
		close(m->spawner.listen_fd);
	m->spawner.listen_fd = -1;
	m->spawner.pid = 0;
	m->spawner.quick_deaths = 0;
	m->spawner.complained = false;
	(void)xc_spawner_start(m);
}

bool
xc_spawner_ended(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_spawner_child *spawner = &m->spawner;

	xc_events_drop(&m->events, &spawner->talk);
	if (spawner->pid == 0)
		return true;
	if (spawner->kill_at == 0)
		spawner->kill_at = now + STOP_MS;
	if (now >= spawner->kill_at)
		(void)kill(spawner->pid, SIGKILL);
	xc_sooner(next, now < spawner->kill_at ? spawner->kill_at :
	    now + STOP_MS);
	return false;
}

void
xc_spawner_close(struct xc_manager *m)
{
	xc_events_drop(&m->events, &m->spawner.talk);
	if (m->settings != NULL)
		close_socket(m);
}

void
xc_spawner_leave(struct xc_manager *m)
{
	if (m->spawner.talk.fd != -1)
		close(m->spawner.talk.fd);
	if (m->spawner.listen_fd != -1)
		close(m->spawner.listen_fd);
	m->spawner.talk.fd = m->spawner.listen_fd = -1;
}

struct json_object *
xc_spawner_json(const struct xc_manager *m)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "pid",
	    json_object_new_int64(m->spawner.pid));
	json_object_object_add(object, "restarts",
	    json_object_new_int64(m->spawner.restarts));
	return object;
}

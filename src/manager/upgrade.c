/* SPDX-License-Identifier: MIT */
/*
 * SIGUSR2: the program on disk takes the place of this one, in the same
 * process.  It is asked first whether it can read the configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/manager-private.h"

#define TEST_MS 10000
#define CLIENTS_MS 1000

extern char **environ;

static void
on_output(void *ctx, uint32_t events)
{
	struct xc_manager *m = ctx;
	struct xc_upgrade *upgrade = &m->upgrade;
	char rest[256];
	ssize_t n;

	(void)events;
	if (upgrade->len < sizeof(upgrade->words) - 1) {
		n = read(upgrade->output.fd, upgrade->words + upgrade->len,
		    sizeof(upgrade->words) - 1 - upgrade->len);
		if (n > 0)
			upgrade->len += (size_t)n;
	} else {
		n = read(upgrade->output.fd, rest, sizeof(rest));
	}
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		xc_events_drop(&m->events, &upgrade->output);
}

static _Noreturn void
run_test(const struct xc_manager *m, int output)
{
	static char name[] = "xcored", test[] = "-t", config[] = "-c";
	char path[PATH_MAX];
	char *argv[] = { name, test, config, path, NULL };

	snprintf(path, sizeof(path), "%s", m->settings->file);
	if (dup2(output, STDOUT_FILENO) != -1 &&
	    dup2(output, STDERR_FILENO) != -1)
		execv(m->options->binary, argv);
	fprintf(stderr, "%s: %s\n", m->options->binary, strerror(errno));
	_exit(127);
}

static enum xc_err
start_test(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	struct xc_upgrade *upgrade = &m->upgrade;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "pipe: %s",
		    strerror(errno));
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	upgrade->len = 0;
	upgrade->kill_at = xc_now_ms() + TEST_MS;
	upgrade->pid = xc_child_fork(m, "test", XC_WORKERS_MAX);
	if (upgrade->pid == 0)
		run_test(m, pair[1]);
	close(pair[1]);
	if (upgrade->pid == -1) {
		upgrade->pid = 0;
		close(pair[0]);
		return xc_fail(errbuf, XC_ERR_IO, "fork: %s",
		    strerror(errno));
	}
	upgrade->output = (struct xc_watch){ pair[0], on_output, m };
	return xc_events_add(&m->events, &upgrade->output, EPOLLIN, errbuf);
}

enum xc_err
xc_upgrade_begin(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (m->phase != XC_PHASE_RUNNING)
		err = xc_fail(errbuf, XC_ERR_STATE,
		    "no upgrade while xcored %s", m->phase ==
		    XC_PHASE_DRAINING ? "stops" : "starts");
	else if (m->upgrade.pid != 0 || m->upgrade.go)
		err = xc_fail(errbuf, XC_ERR_BUSY,
		    "an upgrade is under way");
	else
		err = start_test(m, errbuf);
	if (err != XC_OK)
		xc_logf(&xc_manager_log, XC_LOG_WARNING, "%s", errbuf->text);
	return err;
}

/* Returns only if the new program cannot be run. */
static void
replace_self(struct xc_manager *m)
{
	static char config[] = "-c", foreground[] = "-f", safe[] = "--safe";
	char name[PATH_MAX], path[PATH_MAX], number[16];
	char *argv[] = { name, config, path, NULL, NULL, NULL };
	int fd, argc = 3;

	/* The new program sends its own. */
	xc_canary_recall(m);
	fd = xc_handover_write(m);
	if (fd == -1) {
		xc_logf(&xc_manager_log, XC_LOG_ERROR,
		    "no upgrade: the state cannot be handed over");
		return;
	}
	/* By its path, so that it finds its own successor. */
	snprintf(name, sizeof(name), "%s", m->options->binary);
	snprintf(path, sizeof(path), "%s", m->settings->file);
	if (m->options->foreground)
		argv[argc++] = foreground;
	if (m->options->safe)
		argv[argc++] = safe;
	snprintf(number, sizeof(number), "%d", fd);
	(void)setenv("XCORE_HANDOVER", number, 1);
	xc_logf(&xc_manager_log, XC_LOG_NOTICE, "upgrade: %s takes over",
	    m->options->binary);
	execve(m->options->binary, argv, environ);
	xc_logf(&xc_manager_log, XC_LOG_ERROR, "no upgrade: %s: %s",
	    m->options->binary, strerror(errno));
	(void)unsetenv("XCORE_HANDOVER");
	close(fd);
	xc_handover_undo(m);
}

void
xc_upgrade_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_upgrade *upgrade = &m->upgrade;

	if (upgrade->pid != 0 && upgrade->kill_at != 0) {
		if (now >= upgrade->kill_at) {
			upgrade->kill_at = 0;
			(void)kill(upgrade->pid, SIGKILL);
		} else {
			xc_sooner(next, upgrade->kill_at);
		}
	}
	if (!upgrade->go)
		return;
	if (xc_act_running(m))
		return;
	if (xc_control_pause(m) && now < upgrade->go_by) {
		xc_sooner(next, upgrade->go_by);
		return;
	}
	upgrade->go = false;
	replace_self(m);
	xc_control_resume(m);
}

/* What the test said last, without the newline; it was often read only in
 * part when its end is told. */
static void
read_rest(struct xc_manager *m)
{
	struct xc_upgrade *upgrade = &m->upgrade;
	char *newline;
	ssize_t n = 0;

	if (upgrade->output.fd != -1)
		n = read(upgrade->output.fd, upgrade->words + upgrade->len,
		    sizeof(upgrade->words) - 1 - upgrade->len);
	if (n > 0)
		upgrade->len += (size_t)n;
	upgrade->words[upgrade->len] = '\0';
	newline = strchr(upgrade->words, '\n');
	if (newline != NULL)
		*newline = '\0';
	xc_events_drop(&m->events, &upgrade->output);
}

bool
xc_upgrade_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct xc_upgrade *upgrade = &m->upgrade;
	char how[64];

	if (upgrade->pid != pid)
		return false;
	upgrade->pid = 0;
	read_rest(m);
	if (m->phase != XC_PHASE_RUNNING)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		upgrade->go = true;
		upgrade->go_by = xc_now_ms() + CLIENTS_MS;
		return true;
	}
	xc_child_end_text(status, how, sizeof(how));
	xc_logf(&xc_manager_log, XC_LOG_ERROR,
	    "no upgrade: the test of %s ended by %s: %s",
	    m->options->binary, how, upgrade->words);
	return true;
}

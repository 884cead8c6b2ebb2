/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "manager/notify.h"
#include "manager/title.h"

#define DELAY_FIRST_MS 100
#define DELAY_MAX_MS 30000

/*
 * SIGUSR1, SIGUSR2 and SIGHUP are sent on to children and would kill one that
 * has not yet come to install its own handlers.
 */
static void
reset_signals(void)
{
	static const int ignored[] = { SIGUSR1, SIGUSR2, SIGHUP, SIGPIPE };
	struct sigaction action;
	sigset_t none;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)sigaction(ignored[i], &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
close_watch(struct xc_watch *watch)
{
	if (watch->fd != -1)
		close(watch->fd);
	watch->fd = -1;
}

/* The locks above all: a child that keeps a copy keeps a dead manager's. */
static void
leave(struct xc_manager *m, uint32_t keep_row)
{
	xc_events_close(&m->events);
	if (m->run_lock != -1)
		close(m->run_lock);
	if (m->state_lock != -1)
		close(m->state_lock);
	close_watch(&m->signals);
	close_watch(&m->link.watch);
	close_watch(&m->watcher.output);
	close_watch(&m->upgrade.output);
	xc_spawner_leave(m);
	xc_act_leave(m);
	xc_control_leave(m);
	xc_pool_leave(m, keep_row);
	xc_notify_forget();
}

static void
limit_core(const struct xc_manager *m)
{
	const struct rlimit none = { 0, 0 };

	if (!m->settings->server.development)
		(void)setrlimit(RLIMIT_CORE, &none);
}

/*
 * Where a host has no landlock, a sandbox that got the server's own account
 * would read all of this in /proc/PID/mem, and what is in it: passwords,
 * other requests.  A program that is executed, as the spawner, starts anew:
 * it must be open, or the accounts of its sandboxes could not be mapped.
 */
void
xc_child_guard(const struct xc_manager *m)
{
	unsigned long dumpable = m->settings->server.development ? 1 : 0;

	if (prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) != 0)
		xc_logf(&xc_manager_log, XC_LOG_WARNING,
		    "other processes can read the memory of this one: %s",
		    strerror(errno));
}

pid_t
xc_child_fork(struct xc_manager *m, const char *role, uint32_t keep_row)
{
	pid_t parent = getpid();
	char detail[16] = "";
	pid_t pid;

	pid = fork();
	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	reset_signals();
	if (keep_row < XC_WORKERS_MAX)
		snprintf(detail, sizeof(detail), "%u", keep_row);
	xc_title_set(role, detail);
	limit_core(m);
	xc_child_guard(m);
	leave(m, keep_row);
	return 0;
}

void
xc_child_end_text(int status, char *text_r, size_t size)
{
	const char *name;

	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		snprintf(text_r, size, "signal SIG%s",
		    name == NULL ? "?" : name);
	} else {
		snprintf(text_r, size, "status %d", WEXITSTATUS(status));
	}
}

uint64_t
xc_child_delay(unsigned quick_deaths)
{
	uint64_t delay = DELAY_FIRST_MS;

	if (quick_deaths == 0)
		return 0;
	while (--quick_deaths > 0 && delay < DELAY_MAX_MS)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

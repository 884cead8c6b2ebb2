/* SPDX-License-Identifier: MIT */
/*
 * In development: runs "xcore-install build --watch FOLDER..." over the
 * folders of reload.watch and logs what it says, since under spawn-fcgi
 * stderr leads nowhere.
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
#include <unistd.h>

#include "manager/manager-private.h"

#define FOLDERS_MAX 64
#define QUICK_MS 5000
#define STOP_MS 2000

static struct xc_logger watch_log = XC_LOGGER("xcore.watch");

static void
flush_line(struct xc_watcher *watcher)
{
	if (watcher->len > 0)
		xc_logf(&watch_log, XC_LOG_INFO, "%.*s", (int)watcher->len,
		    watcher->line);
	watcher->len = 0;
}

static void
take_output(struct xc_watcher *watcher, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			flush_line(watcher);
			continue;
		}
		if (watcher->len == sizeof(watcher->line))
			flush_line(watcher);
		watcher->line[watcher->len++] = text[i];
	}
}

static void
on_output(void *ctx, uint32_t events)
{
	struct xc_manager *m = ctx;
	char text[4096];
	ssize_t n;

	(void)events;
	n = read(m->watcher.output.fd, text, sizeof(text));
	if (n > 0) {
		take_output(&m->watcher, text, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		flush_line(&m->watcher);
		xc_events_drop(&m->events, &m->watcher.output);
	}
}

/* The tool beside us, in ../bin, or else where PATH has it. */
static void
find_tool(const struct xc_manager *m, char *path_r, size_t size)
{
	const char *slash = strrchr(m->options->binary, '/');
	int len = slash == NULL ? 0 : (int)(slash - m->options->binary);

	snprintf(path_r, size, "%.*s/../bin/xcore-install", len,
	    m->options->binary);
	if (access(path_r, X_OK) == 0)
		return;
	snprintf(path_r, size, "%.*s/xcore-install", len,
	    m->options->binary);
	if (access(path_r, X_OK) == 0)
		return;
	snprintf(path_r, size, "xcore-install");
}

static _Noreturn void
run_tool(struct xc_manager *m, const char *tool, int output)
{
	static char build[] = "build", watch[] = "--watch";
	struct json_object *folders = m->settings->reload.watch;
	char *argv[FOLDERS_MAX + 4] = { NULL };
	size_t n = json_object_array_length(folders), argc = 0;
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s", tool);
	argv[argc++] = name;
	argv[argc++] = build;
	argv[argc++] = watch;
	for (size_t i = 0; i < n && i < FOLDERS_MAX; i++)
		argv[argc++] = strdup(json_object_get_string(
		    json_object_array_get_idx(folders, i)));
	(void)setenv("XCORE_CONFIG_FILE", m->settings->file, 1);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(output, STDOUT_FILENO) != -1 &&
	    dup2(output, STDERR_FILENO) != -1)
		execvp(tool, argv);
	fprintf(stderr, "cannot run %s: %s\n", tool, strerror(errno));
	_exit(127);
}

static void
start(struct xc_manager *m)
{
	struct xc_watcher *watcher = &m->watcher;
	char tool[PATH_MAX];
	int pair[2];

	watcher->started_ms = xc_now_ms();
	watcher->not_before = watcher->started_ms +
	    xc_child_delay(++watcher->quick_deaths);
	if (pipe2(pair, O_CLOEXEC) == -1)
		return;
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	xc_events_drop(&m->events, &watcher->output);
	find_tool(m, tool, sizeof(tool));
	watcher->pid = xc_child_fork(m, "watcher", XC_WORKERS_MAX);
	if (watcher->pid == 0)
		run_tool(m, tool, pair[1]);
	close(pair[1]);
	if (watcher->pid == -1) {
		watcher->pid = 0;
		close(pair[0]);
		return;
	}
	watcher->output = (struct xc_watch){ pair[0], on_output, m };
	if (xc_events_add(&m->events, &watcher->output, EPOLLIN, NULL) != XC_OK) {
		close(pair[0]);
		watcher->output.fd = -1;
	}
}

static bool
is_wanted(const struct xc_manager *m)
{
	return m->settings->server.development &&
	    m->phase == XC_PHASE_RUNNING &&
	    json_object_is_type(m->settings->reload.watch,
		json_type_array) &&
	    json_object_array_length(m->settings->reload.watch) > 0;
}

void
xc_watcher_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	if (m->watcher.pid != 0 || !is_wanted(m))
		return;
	if (now < m->watcher.not_before) {
		xc_sooner(next, m->watcher.not_before);
		return;
	}
	start(m);
	xc_sooner(next, m->watcher.not_before);
}

bool
xc_watcher_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct xc_watcher *watcher = &m->watcher;
	uint64_t now = xc_now_ms();
	char how[64];

	if (watcher->pid != pid)
		return false;
	watcher->pid = 0;
	if (now >= watcher->started_ms + QUICK_MS)
		watcher->quick_deaths = 0;
	xc_child_end_text(status, how, sizeof(how));
	xc_logf(&watch_log, XC_LOG_WARNING,
	    "xcore-install build --watch ended by %s", how);
	return true;
}

void
xc_watcher_stop(struct xc_manager *m)
{
	struct xc_watcher *watcher = &m->watcher;

	xc_events_drop(&m->events, &watcher->output);
	watcher->quick_deaths = 0;
	watcher->not_before = 0;
	if (watcher->pid == 0)
		return;
	(void)kill(watcher->pid, SIGTERM);
	xc_pool_adopt_stray(m, watcher->pid, STOP_MS);
	watcher->pid = 0;
}

/* SPDX-License-Identifier: MIT */
/* What is left of a worker that ended: for the status, the log and
 * quarantine; and the reports that it wrote. */
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "worker/lastgasp.h"

#define REPORTS_KEPT 50

/* ---- reports ------------------------------------------------------------ */

static int
is_report(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* Whether it is that process's: they are named TIME-PID.json. */
static bool
is_of(const char *name, pid_t pid)
{
	const char *dash = strrchr(name, '-');
	char end[24];

	snprintf(end, sizeof(end), "-%d.json", (int)pid);
	return dash != NULL && strcmp(dash, end) == 0;
}

/* How a report begins that is not older than the worker: others may have had
 * its number before. */
static void
first_name(const struct xc_worker_row *b, char *name_r, size_t size)
{
	time_t began = time(NULL) - 1 - (time_t)((xc_now_ms() -
	    atomic_load(&b->started_ms)) / 1000);
	struct tm tm;

	gmtime_r(&began, &tm);
	strftime(name_r, size, "%Y-%m-%dT%H%M%SZ", &tm);
}

/* The process's report, a path in that buffer, or ""; the oldest of all
 * reports go. */
static void
find_report(const struct xc_manager *m, const struct xc_pool_row *row,
    char *path_r, size_t size)
{
	char folder[4096], first[32];
	struct dirent **list;
	int n, fd;

	path_r[0] = '\0';
	first_name(xc_row_board(m, row), first, sizeof(first));
	snprintf(folder, sizeof(folder), "%s/" XC_CRASHES_DIR,
	    m->settings->server.state_dir);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	n = scandirat(fd, ".", &list, is_report, alphasort);
	for (int i = 0; i < n; i++) {
		if (is_of(list[i]->d_name, row->pid) &&
		    strcmp(list[i]->d_name, first) >= 0)
			snprintf(path_r, size, "%.3800s/%s", folder,
			    list[i]->d_name);
		else if (i < n - REPORTS_KEPT)
			(void)unlinkat(fd, list[i]->d_name, 0);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	close(fd);
}

/* ---- the plugin's part -------------------------------------------------- */

/* Signals that somebody sends who has nothing to do with the plugin; and
 * the kernel, when it is out of memory. */
static bool
is_from_outside(int number)
{
	return number == SIGKILL || number == SIGTERM || number == SIGQUIT ||
	    number == SIGINT || number == SIGHUP;
}

/* How a plugin has ended the worker that it ran in; NONE if it did not. */
static enum xc_breach
breach_of(const struct xc_pool_row *row, const struct xc_worker_row *b,
    int status)
{
	if (row->over.breach != XC_BREACH_NONE)
		return row->over.breach;
	if (atomic_load(&b->run_since_ms) == 0 || row->killed_for != NULL ||
	    (WIFSIGNALED(status) && is_from_outside(WTERMSIG(status))))
		return XC_BREACH_NONE;
	return XC_BREACH_CRASH;
}

static void
count(struct xc_manager *m, const char *plugin, enum xc_breach breach)
{
	struct xc_plugin_row *row;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(plugin, " "),
	    plugin);
	row = name[0] == '\0' ? NULL :
	    xc_scoreboard_plugin(m->pool.board, name);
	if (row != NULL)
		atomic_fetch_add(&row->breaches[breach], 1);
}

/* The log line of the breach, the counter, quarantine. */
static void
blame(struct xc_manager *m, const struct xc_pool_row *row,
    const struct xc_row_work *work, enum xc_breach breach, int status,
    const char *report)
{
	char how[64], detail[256];

	xc_child_end_text(status, how, sizeof(how));
	snprintf(detail, sizeof(detail), "%s", breach == XC_BREACH_CRASH ?
	    how : row->over.why);
	xc_logf_request(&xc_manager_log, XC_LOG_WARNING, work->request_id,
	    "%s, %s: %s: %s; it took worker %u with it%s%s", work->plugin,
	    work->operation, xc_breach_name(breach), detail, row->index,
	    report[0] != '\0' ? ", see " : "", report);
	count(m, work->plugin, breach);
	xc_quarantine_fault(m, work->plugin, breach, detail);
}

/* ---- the status --------------------------------------------------------- */

static struct json_object *
now_text(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_object_new_string(text);
}

static struct json_object *
end_text(int status)
{
	char text[64];

	xc_child_end_text(status, text, sizeof(text));
	if (WIFSIGNALED(status))
		return json_object_new_string(text + strlen("signal "));
	return json_object_new_string(text);
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
remember(struct xc_manager *m, struct json_object *crash)
{
	if (m->crashes.list == NULL)
		m->crashes.list = json_object_new_array();
	json_object_array_add(m->crashes.list, crash);
	if (json_object_array_length(m->crashes.list) > XC_CRASHES_KEPT)
		json_object_array_del_idx(m->crashes.list, 0, 1);
	m->crashes.total++;
}

void
xc_crash_note(struct xc_manager *m, const struct xc_pool_row *row, int status)
{
	const struct xc_worker_row *b = xc_row_board(m, row);
	struct json_object *crash = json_object_new_object();
	enum xc_breach breach = breach_of(row, b, status);
	struct xc_row_work work;
	char report[4096];

	xc_row_work(b, &work);
	find_report(m, row, report, sizeof(report));
	json_object_object_add(crash, "when", now_text());
	json_object_object_add(crash, "worker",
	    json_object_new_int64(row->index));
	json_object_object_add(crash, "pid", json_object_new_int64(row->pid));
	/* Whether it only tried what is new; none that serves then suffered. */
	json_object_object_add(crash, "trial",
	    json_object_new_boolean(row->extra));
	add_text(crash, "state", xc_worker_state_name(atomic_load(&b->state)));
	add_text(crash, "plugin", work.plugin);
	add_text(crash, "operation", work.operation);
	add_text(crash, "request_id", work.request_id);
	json_object_object_add(crash, "signal", end_text(status));
	if (breach != XC_BREACH_NONE)
		add_text(crash, "breach", xc_breach_name(breach));
	if (row->killed_for != NULL)
		add_text(crash, "reason", row->killed_for);
	if (report[0] != '\0')
		add_text(crash, "report", report);
	remember(m, crash);
	if (breach != XC_BREACH_NONE)
		blame(m, row, &work, breach, status, report);
}

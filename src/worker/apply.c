/* SPDX-License-Identifier: MIT */
/* Changing over to a snapshot, and what the manager is told of it. */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/crash-trace.h"
#include "plugin/snapshot.h"
#include "worker/worker.h"

/* A message must fit the socket's buffer (208 KiB by default). */
#define REPORT_MAX 65536

static void
before_plugin(void *ctx, const char *what)
{
	struct xc_worker *worker = ctx;

	snprintf(worker->row->plugin, sizeof(worker->row->plugin), "%s", what);
	/* Each has its time, however many there are. */
	(void)xc_worker_clock(worker);
	atomic_store(&worker->row->since_ms, worker->now_ms);
}

static struct json_object *
copy_member(struct json_object *from, const char *key)
{
	struct json_object *value = NULL;

	if (from)
		(void)json_object_object_get_ex(from, key, &value);
	return json_object_get(value);
}

static bool
is_failed(struct json_object *plugin)
{
	struct json_object *state = NULL;

	(void)json_object_object_get_ex(plugin, "state", &state);
	return state && strcmp(json_object_get_string(state), "failed") == 0;
}

/* The failed ones of a list that is too long to be sent. */
static struct json_object *
only_failed(struct json_object *plugins)
{
	struct json_object *failed = json_object_new_array(), *plugin;
	size_t i, n = json_object_array_length(plugins);

	for (i = 0; i < n && json_object_array_length(failed) < 32; i++) {
		plugin = json_object_array_get_idx(plugins, i);
		if (is_failed(plugin))
			json_object_array_add(failed, json_object_get(plugin));
	}
	return failed;
}

static struct json_object *
make_report(const struct xc_worker *worker, const char *event, bool ok,
    const char *error)
{
	const struct xc_table *table = xc_loader_table(worker->loader);
	struct json_object *report = json_object_new_object();

	json_object_object_add(report, "event", json_object_new_string(event));
	json_object_object_add(report, "worker",
	    json_object_new_int64(worker->heritage->worker));
	json_object_object_add(report, "pid",
	    json_object_new_int64(getpid()));
	json_object_object_add(report, "generation",
	    json_object_new_int64((int64_t)table->generation));
	json_object_object_add(report, "sequence",
	    json_object_new_int64((int64_t)table->sequence));
	json_object_object_add(report, "ok", json_object_new_boolean(ok));
	if (error[0] != '\0')
		json_object_object_add(report, "error",
		    json_object_new_string(error));
	return report;
}

static char *
report_text(struct json_object *report, struct json_object *plugins)
{
	const char *text;

	if (plugins)
		json_object_object_add(report, "plugins",
		    json_object_get(plugins));
	text = json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
	if (text && strlen(text) > REPORT_MAX && plugins) {
		json_object_object_add(report, "plugins",
		    only_failed(plugins));
		json_object_object_add(report, "only_failed",
		    json_object_new_boolean(true));
		text = json_object_to_json_string_ext(report,
		    JSON_C_TO_STRING_PLAIN);
	}
	return text ? strdup(text) : NULL;
}

/* After the report, so that whoever reads these finds it sent. */
static void
publish(struct xc_worker *worker)
{
	const struct xc_table *table = xc_loader_table(worker->loader);

	atomic_store(&worker->row->generation, table->generation);
	atomic_store(&worker->row->sequence, table->sequence);
}

/* Tried again from the loop when the manager does not read just now; a
 * later report takes the place of one that waits. */
void
xc_worker_send_report(struct xc_worker *worker)
{
	ssize_t n;

	if (!worker->report)
		return;
	n = send(worker->heritage->report_fd, worker->report,
	    strlen(worker->report), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		xc_logf(&worker->log, XC_LOG_WARNING,
		    "cannot report to the manager: %s", strerror(errno));
	free(worker->report);
	worker->report = NULL;
	publish(worker);
}

static void
report(struct xc_worker *worker, const char *event, enum xc_err err,
    struct json_object *applied, const char *error)
{
	struct json_object *json = make_report(worker, event, err == XC_OK,
	    error);
	struct json_object *plugins = copy_member(applied, "plugins");

	free(worker->report);
	worker->report = report_text(json, plugins);
	json_object_put(plugins);
	json_object_put(json);
	if (worker->report)
		xc_worker_send_report(worker);
	else
		publish(worker);
}

/* The table has changed: so must what finds things in it. */
static enum xc_err
rebuild_router(struct xc_worker *worker)
{
	const struct xc_courses_options options = {
		.table = xc_loader_table(worker->loader),
		.chains = worker->chains, .board = worker->board };
	struct xc_router *router;
	struct xc_courses *courses;
	enum xc_err err = xc_courses_build(&options, &courses);

	if (err == XC_OK)
		err = xc_router_build(options.table, courses, &router);
	if (err != XC_OK) {
		xc_courses_free(&courses);
		return err;
	}
	xc_router_free(&worker->router);
	xc_courses_free(&worker->courses);
	worker->router = router;
	worker->courses = courses;
	return XC_OK;
}

/* Where each plugin is counted, and how soon the manager has to look. */
static void
note_plugins(struct xc_worker *worker)
{
	const struct xc_table *table = xc_loader_table(worker->loader);
	struct xc_plugin *plugin;

	for (size_t i = 0; i < table->n; i++) {
		plugin = table->rows[i]->plugin;
		if (table->rows[i]->state != XC_SERVING)
			continue;
		if (!plugin->board)
			plugin->board = xc_scoreboard_plugin(worker->board,
			    plugin->name);
		if (plugin->isolation != XC_ISOLATION_INPROCESS)
			continue;
		xc_scoreboard_shorten(worker->board,
		    plugin->limits.timeout_ms);
		xc_scoreboard_shorten(worker->board, plugin->limits.cpu_ms);
	}
}

static void
log_result(struct xc_worker *worker, enum xc_err err, const char *error)
{
	const struct xc_table *table = xc_loader_table(worker->loader);

	if (err == XC_OK)
		xc_logf(&worker->log, XC_LOG_INFO,
		    "serves generation %llu, sequence %llu: %zu plugins",
		    (unsigned long long)table->generation,
		    (unsigned long long)table->sequence, table->n);
	else if (err == XC_ERR_NOT_FOUND)
		xc_logf(&worker->log, XC_LOG_INFO,
		    "there is no snapshot yet: nothing is served");
	else
		xc_logf(&worker->log, XC_LOG_ERROR,
		    "cannot change over to the snapshot: %s",
		    error[0] != '\0' ? error : xc_strerror(err));
}

/* The newest file may be one that a canary still tries. */
static void
find_snapshot(const struct xc_worker *worker, char *path_r, size_t size)
{
	const struct xc_heritage *heritage = worker->heritage;
	uint64_t sequence = worker->sequence;

	if (heritage->trial > sequence)
		sequence = heritage->trial;
	if (xc_snapshot_beside(heritage->snapshot, sequence, path_r, size) !=
	    XC_OK)
		snprintf(path_r, size, "%s", heritage->snapshot);
}

/*
 * The router holds pointers into the old table, so nothing may be looked up
 * between the change and the rebuilding; out of memory there ends the
 * worker, whose successor begins anew.
 */
void
xc_worker_apply(struct xc_worker *worker, const char *event)
{
	struct xc_errbuf errbuf = { .text = "" };
	struct json_object *applied = NULL;
	enum xc_err err;
	char path[PATH_MAX];
	const char *why;

	worker->sequence = atomic_load(&worker->board->sequence);
	xc_worker_forget(worker);
	xc_worker_state(worker, XC_WORKER_LOADING);
	xc_rescuer_begin(worker);
	find_snapshot(worker, path, sizeof(path));
	err = xc_loader_apply(worker->loader, path, before_plugin,
	    worker, &applied, &errbuf);
	xc_rescuer_end(worker);
	xc_worker_forget(worker);
	(void)xc_worker_clock(worker);
	note_plugins(worker);
	xc_trace_prepare();
	if (rebuild_router(worker) != XC_OK) {
		xc_logf(&worker->log, XC_LOG_ERROR,
		    "out of memory for the table of prefixes");
		worker->done = true;
	}
	if (xc_loader_wants_recycle(worker->loader, &why)) {
		xc_logf(&worker->log, XC_LOG_NOTICE,
		    "asks to be replaced: old code of %s stays", why);
		atomic_store(&worker->row->recycle, 1);
	}
	report(worker, event, err, applied, errbuf.text);
	log_result(worker, err, errbuf.text);
	json_object_put(applied);
	xc_worker_state(worker, XC_WORKER_IDLE);
}

/* SPDX-License-Identifier: MIT */
#include "worker/fault.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "worker/worker.h"

/* The same is told at most as often. */
#define AGAIN_MS 250

static void
count(const struct xc_plugin *plugin, enum xc_breach breach)
{
	struct xc_plugin_row *row = plugin->board;

	if (row)
		atomic_fetch_add_explicit(&row->breaches[breach], 1,
		    memory_order_relaxed);
}

static bool
is_same(const struct xc_fault *fault, const struct xc_plugin *plugin,
    enum xc_breach breach)
{
	return fault->breach == breach &&
	    strcmp(fault->plugin, plugin->name) == 0 &&
	    strcmp(fault->version, plugin->version) == 0;
}

/* The row of that fault, or one that is free, or whose time is long over. */
static struct xc_fault *
find(struct xc_faults *faults, const struct xc_plugin *plugin,
    enum xc_breach breach)
{
	struct xc_fault *found = NULL, *fault;

	for (size_t i = 0; i < XC_FAULTS_MAX; i++) {
		fault = &faults->rows[i];
		if (is_same(fault, plugin, breach))
			return fault;
		if (fault->count == 0 && (!found ||
		    fault->told_ms < found->told_ms))
			found = fault;
	}
	if (!found)
		return NULL;
	memset(found, 0, sizeof(*found));
	snprintf(found->plugin, sizeof(found->plugin), "%s", plugin->name);
	snprintf(found->version, sizeof(found->version), "%s",
	    plugin->version);
	found->breach = breach;
	return found;
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* False: the manager does not read just now. */
static bool
tell(struct xc_worker *worker, const struct xc_fault *fault)
{
	struct json_object *object = json_object_new_object();
	const char *text;
	ssize_t n = 0;

	add_text(object, "event", "fault");
	add_text(object, "plugin", fault->plugin);
	add_text(object, "version", fault->version);
	add_text(object, "breach", xc_breach_name(fault->breach));
	add_text(object, "operation", fault->operation);
	add_text(object, "request_id", fault->request_id);
	add_text(object, "detail", fault->detail);
	json_object_object_add(object, "count",
	    json_object_new_int64(fault->count));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (text)
		n = send(worker->heritage->report_fd, text, strlen(text),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	json_object_put(object);
	/* One that is gone will not be told. */
	return n >= 0 || (errno != EAGAIN && errno != EINTR &&
	    errno != ENOBUFS);
}

void
xc_fault_tell(struct xc_worker *worker)
{
	struct xc_faults *faults = &worker->faults;
	struct xc_fault *fault;
	uint64_t due;

	if (faults->due_ms == 0 || worker->now_ms < faults->due_ms)
		return;
	faults->due_ms = 0;
	for (size_t i = 0; i < XC_FAULTS_MAX; i++) {
		fault = &faults->rows[i];
		if (fault->count == 0)
			continue;
		due = fault->told_ms + AGAIN_MS;
		if (worker->now_ms >= due) {
			if (tell(worker, fault))
				fault->count = 0;
			fault->told_ms = worker->now_ms;
			due = worker->now_ms + AGAIN_MS;
		}
		if (fault->count > 0 &&
		    (faults->due_ms == 0 || due < faults->due_ms))
			faults->due_ms = due;
	}
}

static void
take(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

void
xc_fault(struct xc_worker *worker, const struct xc_plugin *plugin,
    enum xc_breach breach, const char *operation, const char *request_id,
    const char *detail)
{
	struct xc_fault *fault;

	if ((unsigned)breach >= XC_BREACH__MAX)
		return;
	count(plugin, breach);
	if (!xc_breach_is_fault(breach))
		return;
	fault = find(&worker->faults, plugin, breach);
	if (!fault)
		return;
	take(fault->operation, sizeof(fault->operation), operation);
	take(fault->request_id, sizeof(fault->request_id), request_id);
	take(fault->detail, sizeof(fault->detail), detail);
	if (fault->count < UINT32_MAX)
		fault->count++;
	worker->faults.due_ms = worker->now_ms;
	xc_fault_tell(worker);
}

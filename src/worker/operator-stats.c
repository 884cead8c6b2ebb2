/* SPDX-License-Identifier: MIT */
/* "plugin.stats": what the scoreboard of this host counts of one plugin. */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "worker/desk.h"

#define STATUS_MS 2000

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

static struct xc_plugin_row *
find_row(struct xc_scoreboard *board, const char *name)
{
	for (size_t i = 0; i < XC_PLUGIN_ROWS_MAX; i++) {
		struct xc_plugin_row *row = &board->plugins[i];

		if (atomic_load(&row->claim) == 2 &&
		    strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static struct json_object *
faults_json(const struct xc_plugin_row *row)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; i < XC_BREACH__MAX; i++) {
		uint64_t n = row != NULL ? atomic_load(&row->breaches[i]) : 0;

		if (n != 0)
			add_number(object, xc_breach_name((enum xc_breach)i),
			    n);
	}
	return object;
}

/* Its steps are "PLUGIN:OPERATION". */
static struct json_object *
steps_json(struct xc_scoreboard *board, const char *plugin)
{
	struct json_object *list = json_object_new_array(), *object;
	size_t len = strlen(plugin);

	for (uint32_t i = 0; i < XC_STEP_ROWS_MAX; i++) {
		struct xc_step_row *row = xc_scoreboard_step_at(board, i);
		uint64_t samples;

		if (row == NULL || strncmp(row->name, plugin, len) != 0 ||
		    row->name[len] != ':')
			continue;
		object = json_object_new_object();
		samples = atomic_load(&row->samples);
		json_object_object_add(object, "operation",
		    json_object_new_string(row->name + len + 1));
		add_number(object, "runs", atomic_load(&row->runs));
		add_number(object, "refused", atomic_load(&row->stopped));
		add_number(object, "failed", atomic_load(&row->failed));
		json_object_object_add(object, "mean_us", samples == 0 ? NULL :
		    json_object_new_double((double)(atomic_load(&row->ns) /
		    samples) / 1000));
		json_object_array_add(list, object);
	}
	return list;
}

/* The bound under which so many of a hundred requests stayed; -1: above all
 * bounds. */
static int64_t
percentile(const uint64_t *took, uint64_t all, unsigned percent)
{
	uint64_t wanted = (all * percent + 99) / 100, n = 0;

	for (unsigned i = 0; i < XC_LATENCY__MAX - 1; i++) {
		n += took[i];
		if (n >= wanted)
			return xc_latency_bound_ms(i);
	}
	return -1;
}

static void
add_percentile(struct json_object *object, const char *key,
    const uint64_t *took, uint64_t all, unsigned percent)
{
	int64_t ms = all > 0 ? percentile(took, all, percent) : -1;

	json_object_object_add(object, key,
	    ms >= 0 ? json_object_new_int64(ms) : NULL);
}

static struct json_object *
buckets_json(const uint64_t *took)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < XC_LATENCY__MAX; i++) {
		struct json_object *bucket = json_object_new_object();
		uint32_t bound = xc_latency_bound_ms(i);

		json_object_object_add(bucket, "le_ms", bound != 0 ?
		    json_object_new_int64(bound) : NULL);
		add_number(bucket, "count", took[i]);
		json_object_array_add(list, bucket);
	}
	return list;
}

static struct json_object *
latency_json(const struct xc_plugin_row *row)
{
	struct json_object *object = json_object_new_object();
	uint64_t took[XC_LATENCY__MAX] = { 0 }, all = 0;
	double mean = 0;

	for (unsigned i = 0; row != NULL && i < XC_LATENCY__MAX; i++) {
		took[i] = atomic_load(&row->took[i]);
		all += took[i];
	}
	if (all > 0)
		mean = (double)(atomic_load(&row->time_us) / all) / 1000;
	add_number(object, "count", all);
	json_object_object_add(object, "mean_ms",
	    json_object_new_double(mean));
	add_percentile(object, "p50_ms", took, all, 50);
	add_percentile(object, "p95_ms", took, all, 95);
	add_percentile(object, "p99_ms", took, all, 99);
	json_object_object_add(object, "buckets", buckets_json(took));
	return object;
}

/* Those of one plugin in all workers, as the manager knows them. */
static void
add_sandboxes(struct json_object *list, const struct json_object *worker,
    const char *name)
{
	struct json_object *boxes = xc_json_member(xc_json_member(worker,
	    "sandboxes"), "plugins");
	size_t n = json_object_is_type(boxes, json_type_array) ?
	    json_object_array_length(boxes) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *box = json_object_array_get_idx(boxes, i);
		const char *plugin = xc_json_string(box, "plugin");

		/* Its last words may name files of the server. */
		if (plugin == NULL || strcmp(plugin, name) != 0)
			continue;
		json_object_object_del(box, "error");
		json_object_array_add(list, json_object_get(box));
	}
}

static struct json_object *
sandboxes_json(const struct xc_staff *staff, const char *name)
{
	struct json_object *list = json_object_new_array();
	struct json_object *request = json_object_new_object();
	struct json_object *status, *workers;
	struct xc_errbuf errbuf;
	int code;

	json_object_object_add(request, "command",
	    json_object_new_string("status"));
	status = xc_staff_ask_manager(staff, request, STATUS_MS, &code,
	    &errbuf);
	workers = xc_json_member(status, "workers");
	if (json_object_is_type(workers, json_type_array))
		for (size_t i = 0; i < json_object_array_length(workers); i++)
			add_sandboxes(list, json_object_array_get_idx(workers,
			    i), name);
	json_object_put(status);
	return list;
}

enum xc_err
xc_operator_stats(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_staff *staff = service;
	struct xc_plugin_row *row;
	struct json_object *result;
	const char *name;
	enum xc_err err = xc_staff_plugin(args, &name, refusal_r);

	(void)caller;
	if (err != XC_OK)
		return err;
	row = find_row(staff->board, name);
	result = json_object_new_object();
	json_object_object_add(result, "name", json_object_new_string(name));
	add_number(result, "requests", row ? atomic_load(&row->requests) : 0);
	add_number(result, "errors", row ? atomic_load(&row->errors) : 0);
	add_number(result, "restarts", row ? atomic_load(&row->restarts) : 0);
	json_object_object_add(result, "faults", faults_json(row));
	json_object_object_add(result, "latency", latency_json(row));
	json_object_object_add(result, "steps",
	    steps_json(staff->board, name));
	json_object_object_add(result, "sandboxes",
	    sandboxes_json(staff, name));
	*result_r = result;
	return XC_OK;
}

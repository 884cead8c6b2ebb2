/* SPDX-License-Identifier: MIT */
/*
 * "site.health": what is up and what is not, looked at once a second at most
 * by each worker, however often it is asked for.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/grants.h"
#include "services/cache/cache.h"
#include "worker/desk.h"

#define DETAILS "manager:health:read"
#define KEPT_MS 1000
#define STATUS_MS 1000
#define NAME_SIZE 48

/* A part of the site; detail has no path and no secret in it. */
enum state { UP, DOWN, OFF };

struct report {
	struct json_object *parts;
	struct json_object *down;
};

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
add_part(struct report *report, const char *name, enum state state,
    const char *detail)
{
	static const char *const words[] = { "up", "down", "off" };
	struct json_object *part = json_object_new_object();

	add_text(part, "name", name);
	add_text(part, "state", words[state]);
	add_text(part, "detail", detail);
	json_object_array_add(report->parts, part);
	if (state == DOWN)
		json_object_array_add(report->down,
		    json_object_new_string(name));
}

static const char *
text_of(const struct json_object *object, const char *key)
{
	const char *text = xc_json_string(object, key);

	return text != NULL ? text : "";
}

/* ---- each part ------------------------------------------------------------ */

static void
look_at_database(struct xc_staff *staff, struct report *report)
{
	struct json_object *rows = NULL;
	enum xc_err err = XC_ERR_UNAVAILABLE;

	if (staff->store != NULL)
		err = xc_store_rows(staff->store, &rows,
		    "SELECT generation FROM xc_generation WHERE id = 1",
		    XC_NO_ARGS);
	json_object_put(rows);
	add_part(report, "database", err == XC_OK ? UP : DOWN,
	    err == XC_OK ? "" : staff->store == NULL ?
	    "there is no account for it" : "MariaDB does not answer");
}

/* The same call that a counter makes. */
static void
look_at_cache(struct xc_staff *staff, struct report *report)
{
	struct json_object *servers = staff->settings->cache.servers;
	const struct xc_cache *cache = staff->cache;
	uint64_t value;
	enum xc_err err;

	if (cache->ops == NULL || servers == NULL ||
	    json_object_array_length(servers) == 0) {
		add_part(report, "cache", OFF, "no servers are named");
		return;
	}
	err = cache->ops->incr(cache->ctx, "xcore", "health", 1, 1, 60,
	    &value);
	add_part(report, "cache", err == XC_OK ? UP : DOWN,
	    err == XC_OK ? "" : "Memcached does not answer");
}

static void
look_at_keys(const struct xc_staff *staff, struct report *report)
{
	add_part(report, "keys", staff->auth != NULL ? UP : DOWN,
	    staff->auth != NULL ? "" : "nobody can be logged in: see the log, "
	    "and \"xcorectl keys init\"");
}

static void
look_at_workers(const struct xc_staff *staff, struct report *report)
{
	const struct xc_scoreboard *board = staff->board;
	unsigned serving = 0, starting = 0;
	char detail[64];

	for (uint32_t i = 0; i < board->n_workers; i++) {
		switch (atomic_load(&board->workers[i].state)) {
		case XC_WORKER_IDLE:
		case XC_WORKER_BUSY:
		case XC_WORKER_LOADING:
			serving++;
			break;
		case XC_WORKER_STARTING:
			starting++;
			break;
		default:
			break;
		}
	}
	snprintf(detail, sizeof(detail), "%u serve, %u start", serving,
	    starting);
	add_part(report, "workers", serving > 0 ? UP : DOWN, detail);
}

static void
look_at_registry(const struct json_object *status, struct report *report)
{
	struct json_object *registry = xc_json_member(status, "registry");
	bool reachable = false;

	(void)xc_json_bool(registry, "reachable", &reachable);
	add_part(report, "registry", reachable ? UP : DOWN, reachable ? "" :
	    "what was loaded last serves on");
}

static void
look_at_sandboxes(const struct json_object *status, struct report *report)
{
	struct json_object *spawner = xc_json_member(status, "spawner");
	int64_t pid = 0;

	(void)xc_json_int(spawner, "pid", &pid);
	add_part(report, "sandboxes", pid > 0 ? UP : DOWN, pid > 0 ? "" :
	    "no new ones can be made");
}

/* One that no worker serves, or that is served in an older version. */
static void
look_at_plugin(const struct json_object *row, struct report *report)
{
	const char *state = text_of(row, "state");
	char name[NAME_SIZE + 8], detail[160];

	if (strcmp(state, "serving") == 0 || strcmp(state, "disabled") == 0)
		return;
	snprintf(name, sizeof(name), "plugin:%.*s", NAME_SIZE,
	    text_of(row, "name"));
	snprintf(detail, sizeof(detail), "%.64s is not served%s%.64s",
	    text_of(row, "version"), text_of(row, "serving")[0] != '\0' ?
	    "; served is " : "", text_of(row, "serving"));
	add_part(report, name, DOWN, detail);
}

static bool
is_named(const struct json_object *down, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(down); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(
		    down, i)), name) == 0)
			return true;
	return false;
}

/* Versions that were rejected or taken off; what serves in their place is
 * their plugin's own affair. */
static void
look_at_versions(const struct json_object *status, const char *key,
    const char *what, struct report *report)
{
	struct json_object *list = xc_json_member(status, key), *row;
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
	char name[NAME_SIZE + 8], detail[160];

	for (size_t i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		snprintf(name, sizeof(name), "plugin:%.*s", NAME_SIZE,
		    text_of(row, "name"));
		if (is_named(report->down, name))
			continue;
		snprintf(detail, sizeof(detail), "%.64s %s",
		    text_of(row, "version"), what);
		add_part(report, name, DOWN, detail);
	}
}

static void
look_at_plugins(const struct json_object *status, struct report *report)
{
	struct json_object *list = xc_json_member(status, "plugins");
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		look_at_plugin(json_object_array_get_idx(list, i), report);
	look_at_versions(status, "rejected", "was rejected", report);
	look_at_versions(status, "quarantined", "is quarantined", report);
}

static void
look_at_manager(const struct xc_staff *staff, struct report *report)
{
	struct json_object *request = json_object_new_object(), *status;
	struct xc_errbuf errbuf;
	int code;

	add_text(request, "command", "status");
	status = xc_staff_ask_manager(staff, request, STATUS_MS, &code,
	    &errbuf);
	add_part(report, "manager", status != NULL ? UP : DOWN,
	    status != NULL ? "" : "the manager does not answer");
	if (status == NULL)
		return;
	look_at_registry(status, report);
	look_at_sandboxes(status, report);
	look_at_plugins(status, report);
	json_object_put(status);
}

/* ---- all of it ------------------------------------------------------------- */

static struct json_object *
look(struct xc_staff *staff)
{
	struct report report = { json_object_new_array(),
		json_object_new_array() };
	struct json_object *object = json_object_new_object();
	bool up;

	look_at_database(staff, &report);
	look_at_cache(staff, &report);
	look_at_keys(staff, &report);
	look_at_workers(staff, &report);
	look_at_manager(staff, &report);
	up = json_object_array_length(report.down) == 0;
	add_text(object, "status", up ? "up" : "degraded");
	json_object_object_add(object, "down", report.down);
	json_object_object_add(object, "parts", report.parts);
	return object;
}

static enum xc_err
health(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_staff *staff = service;
	struct xc_health *kept = &staff->health;
	struct json_object *result = NULL;

	(void)args;
	(void)refusal_r;
	if (kept->report == NULL || xc_now_ms() >= kept->until_ms) {
		json_object_put(kept->report);
		kept->report = look(staff);
		/* From its end on: a database that hangs is not asked all the
		 * time. */
		kept->until_ms = xc_now_ms() + KEPT_MS;
	}
	if (json_object_deep_copy(kept->report, &result, NULL) != 0)
		return XC_ERR_NOMEM;
	if (!caller->root && !xc_grants_have(caller->grants, DETAILS))
		json_object_object_del(result, "parts");
	*result_r = result;
	return XC_OK;
}

const struct xc_desk_row xc_health_rows[] = {
	{ "site.health", "health", NULL, health },
	{ NULL, NULL, NULL, NULL },
};

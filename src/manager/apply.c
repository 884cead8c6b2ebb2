/* SPDX-License-Identifier: MIT */
/* Follows a published snapshot until every worker serves it. */
#include <json-c/json.h>
#include <string.h>

#include "manager/manager-private.h"

#define POLL_MS 5		/* for a worker that changes over unreported */
#define SLOW_MS 1000		/* when the follower is told of those that wait */

static const char *
text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static void
add_plugin(struct json_object *byname, struct json_object *plugin)
{
	static const char *const keys[] = { "name", "version", "state",
		"reason", "isolation" };
	const char *name = text_of(plugin, "name");
	struct json_object *seen, *copy;

	if (name[0] == '\0')
		return;
	/* One worker's failure is the plugin's. */
	if (json_object_object_get_ex(byname, name, &seen) &&
	    (strcmp(text_of(seen, "state"), "failed") == 0 ||
	    strcmp(text_of(seen, "state"), "quarantined") == 0))
		return;
	copy = json_object_new_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_object_add(copy, keys[i],
		    json_object_new_string(text_of(plugin, keys[i])));
	json_object_object_add(byname, name, copy);
}

static void
add_plugins(struct json_object *byname, struct json_object *list)
{
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		add_plugin(byname, json_object_array_get_idx(list, i));
}

struct json_object *
xc_apply_plugins(const struct xc_manager *m)
{
	struct json_object *byname = json_object_new_object();
	struct json_object *list = json_object_new_array();
	uint64_t wanted = atomic_load(&m->pool.board->sequence);
	const struct xc_pool_row *row;

	add_plugins(byname, m->link.plugins);
	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		if (row->pid == 0 || row->retired || row->plugins == NULL ||
		    row->reported < wanted)
			continue;
		add_plugins(byname, row->plugins);
	}
	json_object_object_foreach(byname, name, plugin) {
		(void)name;
		json_object_array_add(list, json_object_get(plugin));
	}
	json_object_put(byname);
	return list;
}

static void
tell_follower(struct xc_manager *m, uint32_t workers, uint32_t waiting)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "event",
	    json_object_new_string("applied"));
	json_object_object_add(event, "sequence", json_object_new_int64(
	    (int64_t)atomic_load(&m->pool.board->sequence)));
	json_object_object_add(event, "workers",
	    json_object_new_int64(workers));
	json_object_object_add(event, "pending",
	    json_object_new_int64(waiting));
	json_object_object_add(event, "plugins", xc_apply_plugins(m));
	m->apply.workers = workers;
	m->apply.waiting = waiting;
	m->apply.told = xc_link_send(m, event);
}

static void
finish(struct xc_manager *m, uint64_t now, uint32_t workers)
{
	m->apply.pending = false;
	m->apply.last_ms = now - m->apply.since_ms;
	xc_logf(&xc_manager_log, XC_LOG_INFO,
	    "generation %llu applied by %u workers in %llu ms",
	    (unsigned long long)atomic_load(&m->pool.board->generation),
	    workers, (unsigned long long)m->apply.last_ms);
}

void
xc_apply_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	uint32_t serving, applied;
	uint64_t generation;

	if (m->phase != XC_PHASE_RUNNING)
		return;
	xc_pool_count(m, &serving, &applied, &generation);
	if (m->apply.pending && serving > 0 && applied == serving)
		finish(m, now, serving);
	if (m->apply.pending)
		xc_sooner(next, now + POLL_MS);
	/* The usual change-over is told once, when it is done. */
	if (serving == 0 ||
	    (m->apply.pending && now < m->apply.since_ms + SLOW_MS))
		return;
	if (!m->apply.told || m->apply.workers != serving ||
	    m->apply.waiting != serving - applied)
		tell_follower(m, serving, serving - applied);
}

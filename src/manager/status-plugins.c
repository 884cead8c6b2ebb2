/* SPDX-License-Identifier: MIT */
/* The plugins in the status: what serves, and what the scoreboard counts. */
#include <json-c/json.h>

#include "manager/manager-private.h"

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

/* Those that there have been, by name. */
static struct json_object *
breaches_json(const struct xc_plugin_row *row)
{
	struct json_object *object = json_object_new_object();
	uint64_t n;

	for (int i = 0; i < XC_BREACH__MAX; i++) {
		n = atomic_load(&row->breaches[i]);
		if (n != 0)
			add_number(object, xc_breach_name((enum xc_breach)i),
			    n);
	}
	return object;
}

static void
add_counters(const struct xc_manager *m, struct json_object *plugin)
{
	struct json_object *name;
	struct xc_plugin_row *row;

	if (!json_object_object_get_ex(plugin, "name", &name))
		return;
	row = xc_scoreboard_plugin(m->pool.board,
	    json_object_get_string(name));
	if (row == NULL)
		return;
	add_number(plugin, "requests", atomic_load(&row->requests));
	add_number(plugin, "restarts", atomic_load(&row->restarts));
	json_object_object_add(plugin, "breaches", breaches_json(row));
}

struct json_object *
xc_status_plugins(const struct xc_manager *m)
{
	struct json_object *list = xc_apply_plugins(m);
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++)
		add_counters(m, json_object_array_get_idx(list, i));
	return list;
}

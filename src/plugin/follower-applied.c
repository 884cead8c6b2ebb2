/* SPDX-License-Identifier: MIT */
/* What the workers make of a snapshot. */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/follower-private.h"
#include "plugin/registry-private.h"

/* How the workers fare with one plugin of the snapshot. */
static void
note_worker_row(struct xc_follower *follower, const struct json_object *row,
    struct json_object *failed)
{
	const char *name = xc_registry_text(row, "name");
	const char *reason = xc_registry_text(row, "reason");
	struct json_object *plugins = xc_json_member(follower->snapshot,
	    "plugins");
	struct json_object *entry = NULL, *out;

	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		entry = json_object_array_get_idx(plugins, i);
		if (strcmp(xc_registry_text(entry, "name"), name) == 0)
			break;
		entry = NULL;
	}
	if (entry == NULL ||
	    strcmp(xc_registry_text(entry, "state"), "enabled") != 0)
		return;
	if (strcmp(xc_registry_text(row, "state"), "failed") != 0 &&
	    reason[0] == '\0' && strcmp(xc_registry_text(row, "version"),
	    xc_registry_text(entry, "version")) == 0)
		return;
	out = json_object_new_object();
	json_object_object_add(out, "name", json_object_new_string(name));
	json_object_object_add(out, "version", json_object_new_string(
	    xc_registry_text(entry, "version")));
	json_object_object_add(out, "hash", json_object_new_string(
	    xc_registry_text(entry, "hash")));
	json_object_object_add(out, "reason", json_object_new_string(
	    reason[0] != '\0' ? reason : "the workers do not serve it"));
	json_object_array_add(failed, out);
}

static bool
lists(const struct json_object *rows, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		if (strcmp(xc_registry_text(json_object_array_get_idx(rows,
		    i), "name"), name) == 0)
			return true;
	}
	return false;
}

/* All workers serve the snapshot: what did not fail has proved itself. */
static void
note_good(struct xc_follower *follower)
{
	struct json_object *plugins = xc_json_member(follower->snapshot,
	    "plugins");

	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *entry = json_object_array_get_idx(
		    plugins, i);
		const char *name = xc_registry_text(entry, "name");

		if (strcmp(xc_registry_text(entry, "state"), "enabled") == 0
		    && !lists(follower->failed, name))
			json_object_object_add(follower->good, name,
			    json_object_get(entry));
	}
}

void
xc_follower_applied(struct xc_follower *follower,
    const struct json_object *message)
{
	struct json_object *plugins = xc_json_member(message, "plugins");
	uint64_t sequence = xc_registry_number(message, "sequence");
	struct json_object *failed;

	/* The snapshot may be a newer one that is being tried. */
	follower->published = sequence;
	if (follower->snapshot == NULL ||
	    sequence != xc_registry_number(follower->snapshot, "sequence"))
		return;
	follower->workers = (int64_t)xc_registry_number(message, "workers");
	follower->pending = (int64_t)xc_registry_number(message, "pending");
	failed = json_object_new_array();
	if (json_object_is_type(plugins, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(plugins);
		    i++)
			note_worker_row(follower, json_object_array_get_idx(
			    plugins, i), failed);
	}
	json_object_put(follower->failed);
	follower->failed = failed;
	if (follower->pending == 0 && follower->workers > 0) {
		follower->applied = xc_registry_number(follower->snapshot,
		    "generation");
		note_good(follower);
	}
	xc_follower_beat(follower, true);
}

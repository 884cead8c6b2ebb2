/* SPDX-License-Identifier: MIT */
/*
 * A version that ends or stops the workers which load it, while MariaDB is
 * away: the snapshot is made anew from what this host has, or none of its
 * plugins would be served.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "loggers/logger.h"
#include "plugin/follower-private.h"
#include "plugin/package.h"
#include "plugin/prefix.h"
#include "plugin/registry-private.h"
#include "plugin/snapshot.h"

static struct json_object *
find_entry(const struct json_object *plugins, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *entry = json_object_array_get_idx(
		    plugins, i);

		if (strcmp(xc_registry_text(entry, "name"), name) == 0)
			return entry;
	}
	return NULL;
}

static bool
is_free(const struct json_object *plugins, const struct json_object *entry)
{
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *other = json_object_array_get_idx(
		    plugins, i);

		if (strcmp(xc_registry_text(other, "name"),
		    xc_registry_text(entry, "name")) != 0 &&
		    xc_row_overlap(other, entry) != NULL)
			return false;
	}
	return true;
}

/* It was tried on this host when it was first written into a snapshot. */
static bool
can_serve(const struct xc_follower *follower,
    const struct json_object *plugins, const struct json_object *entry)
{
	const char *hash = xc_registry_text(entry, "hash");

	return entry != NULL &&
	    strcmp(xc_registry_text(entry, "state"), "enabled") == 0 &&
	    !json_object_object_get_ex(follower->refused, hash, NULL) &&
	    !xc_follower_is_off(follower, xc_registry_text(entry, "name"),
	    xc_registry_text(entry, "version")) &&
	    is_free(plugins, entry) && xc_store_verify(xc_registry_text(entry,
	    "dir"), hash, NULL) == XC_OK;
}

/* What served last, or else what the newest of the older snapshots has; a new
 * reference, NULL if there is nothing. */
struct json_object *
xc_follower_before(const struct xc_follower *follower,
    const struct json_object *plugins, const char *name)
{
	struct json_object *entry = xc_json_member(follower->good, name);
	struct json_object *snapshot;
	uint64_t below = UINT64_MAX;
	char path[PATH_MAX];

	if (can_serve(follower, plugins, entry))
		return json_object_get(entry);
	while (xc_snapshot_before(follower->settings->server.state_dir, below,
	    path, sizeof(path), &below) == XC_OK) {
		if (xc_snapshot_read(path, &snapshot, NULL) != XC_OK)
			continue;
		entry = find_entry(xc_json_member(snapshot, "plugins"), name);
		entry = can_serve(follower, plugins, entry) ?
		    json_object_get(entry) : NULL;
		json_object_put(snapshot);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

/* As it stands, but it serves nothing: 503 under its prefix. */
static struct json_object *
failed_entry(const struct json_object *entry, const char *reason)
{
	static const char *const keys[] = { "name", "version", "hash" };
	struct json_object *failed = json_object_new_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_object_add(failed, keys[i],
		    json_object_new_string(xc_registry_text(entry,
		    keys[i])));
	xc_row_copy_prefix(failed, entry);
	json_object_object_add(failed, "state",
	    json_object_new_string("failed"));
	json_object_object_add(failed, "reason",
	    json_object_new_string(reason));
	return failed;
}

/* In place of what was said of that plugin before. */
static void
note_rejected(struct xc_follower *follower, const struct json_object *entry,
    const char *reason)
{
	struct json_object *list = json_object_new_array();
	const char *name = xc_registry_text(entry, "name");
	struct json_object *row;

	for (size_t i = 0; i < json_object_array_length(follower->rejected);
	    i++) {
		row = json_object_array_get_idx(follower->rejected, i);
		if (strcmp(xc_registry_text(row, "name"), name) != 0)
			json_object_array_add(list, json_object_get(row));
	}
	row = failed_entry(entry, reason);
	json_object_object_del(row, "prefix");
	json_object_object_del(row, "prefixes");
	json_object_object_del(row, "state");
	json_object_array_add(list, row);
	json_object_put(follower->rejected);
	follower->rejected = list;
}

struct json_object *
xc_follower_without(struct xc_follower *follower, const char *name,
    const char *hash, const char *reason)
{
	struct json_object *now = xc_json_member(follower->snapshot,
	    "plugins");
	struct json_object *bad = find_entry(now, name);
	struct json_object *plugins, *entry;

	if (bad == NULL || strcmp(xc_registry_text(bad, "hash"), hash) != 0 ||
	    strcmp(xc_registry_text(bad, "state"), "enabled") != 0)
		return NULL;
	entry = xc_follower_before(follower, now, name);
	xc_logf(&xc_follower_log, XC_LOG_ERROR,
	    "plugin %s %s is rejected without the registry, %s%s: %s", name,
	    xc_registry_text(bad, "version"), entry == NULL ?
	    "no version before it is here" : "back to ", entry == NULL ? "" :
	    xc_registry_text(entry, "version"), reason);
	if (entry == NULL)
		entry = failed_entry(bad, reason);
	plugins = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(now); i++) {
		struct json_object *row = json_object_array_get_idx(now, i);

		json_object_array_add(plugins, json_object_get(row == bad ?
		    entry : row));
	}
	json_object_put(entry);
	note_rejected(follower, bad, reason);
	return plugins;
}

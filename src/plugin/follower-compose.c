/* SPDX-License-Identifier: MIT */
/* Composing a snapshot from the registry's rows. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "loggers/logger.h"
#include "plugin/follower-private.h"
#include "plugin/prefix.h"
#include "plugin/registry-private.h"
#include "plugin/registry-terms.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* What was said before is not said at each attempt again. */
static bool
is_news(const struct xc_follower *follower, const struct json_object *row)
{
	for (size_t i = 0; i < json_object_array_length(follower->rejected);
	    i++) {
		struct json_object *seen = json_object_array_get_idx(
		    follower->rejected, i);

		if (strcmp(xc_registry_text(seen, "name"),
		    xc_registry_text(row, "name")) == 0 &&
		    strcmp(xc_registry_text(seen, "reason"),
		    xc_registry_text(row, "reason")) == 0)
			return false;
	}
	return true;
}

static void
reject(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, const char *reason)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "name", plugin->name);
	add_text(row, "version", plugin->version);
	add_text(row, "hash", plugin->hash);
	add_text(row, "reason", reason);
	json_object_array_add(composition->rejected, row);
	if (!is_news(composition->follower, row))
		return;
	xc_logf(&xc_follower_log, XC_LOG_ERROR, "plugin %s %s is rejected: "
	    "%s", plugin->name, plugin->version, reason);
}

/* What this host serves under that name now; NULL. */
static struct json_object *
served_entry(const struct xc_follower *follower, const char *name)
{
	struct json_object *plugins = xc_json_member(follower->snapshot,
	    "plugins");

	if (plugins == NULL)
		return NULL;
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		if (strcmp(xc_registry_text(row, "name"), name) == 0)
			return row;
	}
	return NULL;
}

/* An entry stays, if it is not of the refused version itself. */
static enum xc_err
keep_entry(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, const struct json_object *entry,
    struct json_object **entry_r)
{
	struct xc_candidate candidate = { .name = plugin->name,
		.version = xc_registry_text(entry, "version"),
		.hash = xc_registry_text(entry, "hash"),
		.revision = plugin->revision, .plugin = plugin };

	if (entry == NULL ||
	    strcmp(xc_registry_text(entry, "state"), "enabled") != 0)
		return XC_ERR_NOT_FOUND;
	if (strcmp(candidate.hash, plugin->previous_hash) == 0 &&
	    plugin->previous_quarantined.at[0] != '\0')
		return XC_ERR_NOT_FOUND;
	if (strcmp(candidate.hash, plugin->previous_hash) == 0)
		candidate.package_id = plugin->previous_id;
	else if (strcmp(candidate.hash, plugin->hash) == 0 &&
	    plugin->state != XC_REGISTRY_DAMAGED)
		return XC_ERR_NOT_FOUND;
	return xc_follower_prove(composition->follower, &candidate, entry_r,
	    NULL);
}

/* What the snapshot has, which the workers may not have taken yet; else what
 * they were the last to serve. */
static enum xc_err
keep_served(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, struct json_object **entry_r)
{
	struct xc_follower *follower = composition->follower;
	enum xc_err err;

	err = keep_entry(composition, plugin,
	    served_entry(follower, plugin->name), entry_r);
	if (err == XC_OK)
		return XC_OK;
	return keep_entry(composition, plugin,
	    xc_json_member(follower->good, plugin->name), entry_r);
}

static enum xc_err
use_previous(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, struct json_object **entry_r)
{
	struct xc_candidate candidate = { .name = plugin->name,
		.version = plugin->previous_version,
		.hash = plugin->previous_hash,
		.package_id = plugin->previous_id,
		.revision = plugin->revision, .plugin = plugin };

	if (plugin->previous_id == 0 || plugin->previous_hash[0] == '\0' ||
	    plugin->previous_quarantined.at[0] != '\0')
		return XC_ERR_NOT_FOUND;
	return xc_follower_prove(composition->follower, &candidate, entry_r,
	    NULL);
}

/* Requests do not pass the steps of a plugin that has failed: where they should
 * is known still. */
static void
add_steps(struct json_object *entry, const struct xc_registry_plugin *plugin,
    struct json_object *served)
{
	struct json_object *steps = NULL;

	if (plugin->manifest != NULL)
		steps = xc_terms_steps(plugin, plugin->manifest);
	else if (served != NULL)
		steps = json_object_get(xc_json_member(served,
		    "middleware"));
	if (steps != NULL)
		json_object_object_add(entry, "middleware", steps);
}

/* An entry that serves nothing: 503 under its prefix. */
static struct json_object *
idle_entry(const struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, const char *state,
    const char *reason)
{
	struct json_object *entry = json_object_new_object();
	struct json_object *served = served_entry(composition->follower,
	    plugin->name);
	char made[64];

	snprintf(made, sizeof(made), "/app/%.32s", plugin->name);
	add_text(entry, "name", plugin->name);
	add_text(entry, "version", plugin->version);
	add_text(entry, "hash", plugin->hash);
	if (plugin->manifest != NULL)
		xc_row_set_prefix(entry, plugin->manifest);
	else if (xc_registry_text(served, "prefix")[0] != '\0')
		xc_row_copy_prefix(entry, served);
	else
		add_text(entry, "prefix", made);
	add_text(entry, "state", state);
	add_text(entry, "reason", reason);
	add_steps(entry, plugin, served);
	return entry;
}

/* Only rows edited by hand, or a fallback, can come to this. */
static const char *
taken_by(const struct xc_composition *composition,
    const struct json_object *entry, const char **prefix_r)
{
	struct json_object *plugins = composition->plugins;

	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		*prefix_r = xc_row_overlap(entry, row);
		if (*prefix_r != NULL)
			return xc_registry_text(row, "name");
	}
	return NULL;
}

/* Takes entry. */
static void
add_entry(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, struct json_object *entry)
{
	const char *prefix;
	const char *owner = taken_by(composition, entry, &prefix);
	char reason[256];

	if (owner == NULL) {
		json_object_array_add(composition->plugins, entry);
		return;
	}
	snprintf(reason, sizeof(reason),
	    "its prefix %.100s is that of plugin %s", prefix, owner);
	reject(composition, plugin, reason);
	json_object_put(entry);
}

static bool
is_away(enum xc_err err)
{
	return err == XC_ERR_UNAVAILABLE || err == XC_ERR_TIMEOUT ||
	    err == XC_ERR_UNCERTAIN || err == XC_ERR_STATE;
}

/* It cannot be served as the registry says: what else is there? */
static enum xc_err
fall_back(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, const char *reason)
{
	struct json_object *entry = NULL;
	enum xc_err err;

	reject(composition, plugin, reason);
	err = keep_served(composition, plugin, &entry);
	if (err != XC_OK && !is_away(err))
		err = use_previous(composition, plugin, &entry);
	if (is_away(err))
		return err;
	if (err == XC_OK)
		xc_logf(&xc_follower_log, XC_LOG_NOTICE,
		    "plugin %s stays at %s", plugin->name,
		    xc_registry_text(entry, "version"));
	else
		entry = idle_entry(composition, plugin,
		    xc_follower_quarantined(composition->follower,
		    plugin->hash) ? "quarantined" : "failed",
		    reason);
	add_entry(composition, plugin, entry);
	return XC_OK;
}

/*
 * Nothing is wrong with the version, only its files cannot be had anew: the
 * workers that have it loaded go on with it.
 */
static bool
stay(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, const char *reason)
{
	struct json_object *served = served_entry(composition->follower,
	    plugin->name);
	struct json_object *entry = NULL;

	if (served == NULL ||
	    strcmp(xc_registry_text(served, "state"), "enabled") != 0 ||
	    strcmp(xc_registry_text(served, "hash"), plugin->hash) != 0 ||
	    json_object_deep_copy(served, &entry, NULL) != 0)
		return false;
	reject(composition, plugin, reason);
	add_entry(composition, plugin, entry);
	return true;
}

static enum xc_err
compose_enabled(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, struct xc_errbuf *errbuf)
{
	struct xc_candidate candidate = { .name = plugin->name,
		.version = plugin->version, .hash = plugin->hash,
		.package_id = plugin->package_id,
		.revision = plugin->revision, .plugin = plugin };
	struct json_object *entry;
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_follower_prove(composition->follower, &candidate, &entry,
	    &why);
	if (is_away(err))
		return xc_fail(errbuf, err, "%s", why.text);
	if (err == XC_OK) {
		add_entry(composition, plugin, entry);
		return XC_OK;
	}
	/* A full disk may be emptied; a damaged package stays as it is. */
	if (err != XC_ERR_INVALID && err != XC_ERR_NOT_FOUND)
		composition->again = true;
	if (err != XC_ERR_INVALID && stay(composition, plugin, why.text))
		return XC_OK;
	return fall_back(composition, plugin, why.text);
}

/* One row of the snapshot's list for each version that was taken off. */
static void
add_quarantined(struct xc_composition *composition, const char *name,
    const char *version, const struct xc_quarantined *quarantined)
{
	struct json_object *row;

	if (quarantined->at[0] == '\0')
		return;
	row = json_object_new_object();
	add_text(row, "name", name);
	add_text(row, "version", version);
	add_text(row, "at", quarantined->at);
	add_text(row, "by", quarantined->by);
	add_text(row, "reason", quarantined->reason);
	json_object_array_add(composition->quarantined, row);
}

static void
note_quarantined(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin)
{
	add_quarantined(composition, plugin->name, plugin->version,
	    &plugin->quarantined);
	add_quarantined(composition, plugin->name, plugin->previous_version,
	    &plugin->previous_quarantined);
}

/* What it was served with stays, for a start without safe mode and without
 * the registry. */
static enum xc_err
compose_safe(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin)
{
	struct json_object *served = served_entry(composition->follower,
	    plugin->name);
	struct json_object *entry = NULL;

	if (plugin->state == XC_REGISTRY_ENABLED &&
	    strcmp(xc_registry_text(served, "hash"), plugin->hash) == 0)
		entry = xc_follower_safe_entry(served);
	if (entry == NULL)
		entry = idle_entry(composition, plugin, "disabled",
		    "safe mode");
	add_entry(composition, plugin, entry);
	return XC_OK;
}

static enum xc_err
compose_plugin(struct xc_composition *composition,
    const struct xc_registry_plugin *plugin, struct xc_errbuf *errbuf)
{
	if (!xc_plugin_name_ok(plugin->name)) {
		reject(composition, plugin, plugin->reason);
		return XC_OK;
	}
	json_object_object_add(composition->revisions, plugin->name,
	    json_object_new_int64((int64_t)plugin->revision));
	note_quarantined(composition, plugin);
	if (composition->follower->safe && (plugin->manifest == NULL ||
	    !plugin->manifest->core))
		return compose_safe(composition, plugin);
	switch (plugin->state) {
	case XC_REGISTRY_ENABLED:
		return compose_enabled(composition, plugin, errbuf);
	case XC_REGISTRY_QUARANTINED:
		add_entry(composition, plugin, idle_entry(composition,
		    plugin, "quarantined", plugin->quarantined.reason));
		return XC_OK;
	case XC_REGISTRY_DISABLED:
		add_entry(composition, plugin, idle_entry(composition,
		    plugin, "disabled", "it is disabled"));
		return XC_OK;
	case XC_REGISTRY_DAMAGED:
		return fall_back(composition, plugin, plugin->reason);
	}
	return XC_OK;
}

enum xc_err
xc_follower_compose(struct xc_composition *composition,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	composition->plugins = json_object_new_array();
	composition->rejected = json_object_new_array();
	composition->revisions = json_object_new_object();
	composition->quarantined = json_object_new_array();
	for (size_t i = 0; i < composition->view->n && err == XC_OK; i++)
		err = compose_plugin(composition,
		    &composition->view->plugins[i], errbuf);
	if (err == XC_OK)
		return XC_OK;
	json_object_put(composition->plugins);
	json_object_put(composition->rejected);
	json_object_put(composition->revisions);
	json_object_put(composition->quarantined);
	return err;
}

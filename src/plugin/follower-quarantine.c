/* SPDX-License-Identifier: MIT */
/*
 * A version that failed too often is taken off in two steps: from this host's
 * snapshot at once, then, in one transaction, from the registry, which all
 * hosts follow.  While MariaDB is away the second step waits; the snapshot
 * remembers it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/text.h"
#include "loggers/logger.h"
#include "plugin/follower-private.h"
#include "plugin/installer-private.h"
#include "plugin/prefix.h"
#include "plugin/registry-private.h"
#include "plugin/validate.h"

#define SETTLE_TRIES 6

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static bool
is_demotion(const struct json_object *row)
{
	struct json_object *value = xc_json_member(row, "demote");

	return json_object_is_type(value, json_type_boolean) &&
	    json_object_get_boolean(value);
}

bool
xc_follower_quarantined(const struct xc_follower *follower,
    const char *hash)
{
	struct json_object *row = xc_json_member(follower->untold, hash);

	return row != NULL && !is_demotion(row);
}

bool
xc_follower_demoted(const struct xc_follower *follower, const char *hash)
{
	struct json_object *row = xc_json_member(follower->untold, hash);

	return row != NULL && is_demotion(row);
}

/* What is shown of it. */
static struct json_object *
shown_row(const struct json_object *row)
{
	static const char *const keys[] = { "name", "version", "at", "by",
		"reason" };
	struct json_object *shown = json_object_new_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		add_text(shown, keys[i], xc_registry_text(row, keys[i]));
	return shown;
}

struct json_object *
xc_follower_quarantines(const struct xc_follower *follower)
{
	struct json_object *list = json_object_new_array();
	struct lh_entry *entry;

	for (size_t i = 0; i < json_object_array_length(
	    follower->quarantined); i++)
		json_object_array_add(list, json_object_get(
		    json_object_array_get_idx(follower->quarantined, i)));
	lh_foreach(json_object_get_object(follower->untold), entry) {
		if (!is_demotion(lh_entry_v(entry)))
			json_object_array_add(list,
			    shown_row(lh_entry_v(entry)));
	}
	return list;
}

bool
xc_follower_is_off(const struct xc_follower *follower, const char *name,
    const char *version)
{
	for (size_t i = 0; i < json_object_array_length(
	    follower->quarantined); i++) {
		struct json_object *row = json_object_array_get_idx(
		    follower->quarantined, i);

		if (strcmp(xc_registry_text(row, "name"), name) == 0 &&
		    strcmp(xc_registry_text(row, "version"), version) == 0)
			return true;
	}
	return false;
}

static bool
is_among(const struct json_object *untold, const struct json_object *row)
{
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(untold), entry) {
		struct json_object *one = lh_entry_v(entry);

		if (strcmp(xc_registry_text(one, "name"),
		    xc_registry_text(row, "name")) == 0 &&
		    strcmp(xc_registry_text(one, "version"),
		    xc_registry_text(row, "version")) == 0)
			return true;
	}
	return false;
}

void
xc_follower_recall(struct xc_follower *follower)
{
	struct json_object *list = xc_json_member(follower->snapshot,
	    "quarantined");
	struct json_object *untold = xc_json_member(follower->snapshot,
	    "untold");
	struct lh_entry *entry;

	if (json_object_is_type(untold, json_type_object)) {
		lh_foreach(json_object_get_object(untold), entry) {
			struct json_object *row = lh_entry_v(entry);

			json_object_object_add(follower->untold,
			    lh_entry_k(entry), json_object_get(row));
			if (!is_demotion(row))
				xc_follower_refuse(follower,
				    xc_registry_text(row, "hash"),
				    xc_registry_number(row, "revision"),
				    xc_registry_text(row, "reason"));
		}
	}
	for (size_t i = 0; json_object_is_type(list, json_type_array) &&
	    i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);

		if (!is_among(follower->untold, row))
			json_object_array_add(follower->quarantined,
			    json_object_get(row));
	}
}

/* ---- on this host ------------------------------------------------------- */

static struct json_object *
find_entry(const struct xc_follower *follower, const char *name)
{
	struct json_object *plugins = xc_json_member(follower->snapshot,
	    "plugins");
	size_t n = plugins == NULL ? 0 : json_object_array_length(plugins);

	for (size_t i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(
		    plugins, i);

		if (strcmp(xc_registry_text(entry, "name"), name) == 0)
			return entry;
	}
	return NULL;
}

/* The entry of that name gives way to another, whose reference is taken. */
static void
put_entry(struct xc_follower *follower, const char *name,
    struct json_object *other, bool urgent)
{
	struct json_object *now = xc_json_member(follower->snapshot,
	    "plugins");
	struct json_object *plugins = json_object_new_array();
	struct xc_errbuf errbuf = { "" };

	for (size_t i = 0; i < json_object_array_length(now); i++) {
		struct json_object *entry = json_object_array_get_idx(now, i);

		json_object_array_add(plugins, json_object_get(
		    strcmp(xc_registry_text(entry, "name"), name) == 0 ?
		    other : entry));
	}
	json_object_put(other);
	if (xc_follower_write(follower, xc_registry_number(
	    follower->snapshot, "generation"), plugins, urgent, &errbuf) !=
	    XC_OK)
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
	json_object_put(plugins);
}

/* What serves nothing: 503 under its prefix. */
static struct json_object *
silent_entry(const struct json_object *entry, const char *reason)
{
	static const char *const keys[] = { "name", "version", "hash" };
	struct json_object *silent = json_object_new_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		add_text(silent, keys[i], xc_registry_text(entry, keys[i]));
	xc_row_copy_prefix(silent, entry);
	add_text(silent, "state", "quarantined");
	add_text(silent, "reason", reason);
	return silent;
}

static void
note_untold(struct xc_follower *follower, const struct json_object *entry,
    const char *reason, bool demote)
{
	const char *name = xc_registry_text(entry, "name");
	struct json_object *row = json_object_new_object();
	time_t now = time(NULL);
	char at[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_text(row, "name", name);
	add_text(row, "version", xc_registry_text(entry, "version"));
	add_text(row, "hash", xc_registry_text(entry, "hash"));
	add_text(row, "reason", reason);
	add_text(row, "at", at);
	add_text(row, "by", xc_registry_actor());
	json_object_object_add(row, "revision", json_object_new_int64(
	    (int64_t)xc_registry_number(follower->revisions, name)));
	json_object_object_add(row, "demote",
	    json_object_new_boolean(demote));
	json_object_object_add(follower->untold,
	    xc_registry_text(entry, "hash"), row);
}

static void
demote_here(struct xc_follower *follower, struct json_object *entry)
{
	const char *name = xc_registry_text(entry, "name");
	struct json_object *other = NULL;

	if (json_object_deep_copy(entry, &other, NULL) != 0)
		return;
	add_text(other, "isolation", "pool");
	put_entry(follower, name, other, false);
}

/* Where the registry cannot be asked for the version before, this host may
 * have it. */
static void
go_back_here(struct xc_follower *follower, const char *name,
    const char *version)
{
	struct json_object *before = xc_follower_before(follower,
	    xc_json_member(follower->snapshot, "plugins"), name);

	if (before == NULL) {
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "plugin %s %s is "
		    "taken off without the registry; no version before it is "
		    "here", name, version);
		return;
	}
	xc_logf(&xc_follower_log, XC_LOG_WARNING, "plugin %s %s is taken off "
	    "without the registry, back to %s", name, version,
	    xc_registry_text(before, "version"));
	put_entry(follower, name, before, false);
}

void
xc_follower_take_off(struct xc_follower *follower,
    const struct json_object *message)
{
	const char *name = xc_registry_text(message, "name");
	const char *version = xc_registry_text(message, "version");
	const char *hash = xc_registry_text(message, "hash");
	const char *reason = xc_registry_text(message, "reason");
	struct json_object *entry = find_entry(follower, name);
	bool demote;

	/* Told twice, or of what is not in force any more. */
	if (entry == NULL || hash[0] == '\0' ||
	    strcmp(xc_registry_text(entry, "hash"), hash) != 0 ||
	    strcmp(xc_registry_text(entry, "state"), "enabled") != 0)
		return;
	demote = follower->settings->quarantine.demote &&
	    strcmp(xc_registry_text(entry, "isolation"), "inprocess") == 0;
	note_untold(follower, entry, reason, demote);
	if (demote) {
		demote_here(follower, entry);
	} else {
		xc_follower_refuse(follower, hash,
		    xc_registry_number(follower->revisions, name), reason);
		put_entry(follower, name, silent_entry(entry, reason), true);
	}
	xc_follower_look(follower);
	if (!follower->reachable && !demote)
		go_back_here(follower, name, version);
}

/* ---- in the registry ---------------------------------------------------- */

/* Whether it is still as it was when it was taken off here. */
static bool
still_holds(const struct json_object *row,
    const struct xc_registry_plugin *plugin)
{
	uint64_t revision = xc_registry_number(row, "revision");

	return plugin != NULL && plugin->state == XC_REGISTRY_ENABLED &&
	    strcmp(plugin->hash, xc_registry_text(row, "hash")) == 0 &&
	    (revision == 0 || revision == plugin->revision);
}

/* The version before must fit to the others as they are now. */
static bool
fits_site(const struct xc_follower *follower,
    const struct xc_registry_view *view, const char *name, const char *hash)
{
	struct json_object *proved = xc_json_member(follower->entries, hash);
	struct xc_installed *others = NULL;
	struct xc_manifest *manifest;
	const char *text;
	bool fits = false;
	size_t len, n;

	text = json_object_to_json_string_length(xc_json_member(proved,
	    "manifest"), JSON_C_TO_STRING_PLAIN, &len);
	if (xc_manifest_parse(text, len, &manifest, NULL) != XC_OK)
		return false;
	if (xc_installer_others(view, name, &others, &n, NULL) == XC_OK)
		fits = xc_validate_site(manifest, others, n, NULL) == XC_OK;
	free(others);
	xc_manifest_free(&manifest);
	return fits;
}

/* The package that is to serve instead; 0: there is no good one. */
static uint64_t
find_good(struct xc_follower *follower, const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	struct xc_candidate candidate = { .name = plugin->name,
		.version = plugin->previous_version,
		.hash = plugin->previous_hash,
		.package_id = plugin->previous_id,
		.revision = plugin->revision, .plugin = plugin };
	struct json_object *entry = NULL;
	bool good;

	if (plugin->previous_id == 0 || plugin->previous_hash[0] == '\0' ||
	    plugin->previous_quarantined.at[0] != '\0')
		return 0;
	good = xc_follower_prove(follower, &candidate, &entry, NULL) ==
	    XC_OK && fits_site(follower, view, plugin->name,
	    plugin->previous_hash);
	json_object_put(entry);
	return good ? plugin->previous_id : 0;
}

static void
say_settled(const struct json_object *row,
    const struct xc_registry_plugin *plugin, uint64_t instead)
{
	const char *reason = xc_registry_text(row, "reason");

	if (is_demotion(row))
		xc_logf(&xc_follower_log, XC_LOG_WARNING, "plugin %s %s runs "
		    "in a sandbox from now on (quarantine.demote): %s; take "
		    "it back with \"xcore-install enable --isolation "
		    "manifest %s\"", plugin->name, plugin->version, reason,
		    plugin->name);
	else if (instead != 0)
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "plugin %s %s is "
		    "quarantined, back to %s: %s", plugin->name,
		    plugin->version, plugin->previous_version, reason);
	else
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "plugin %s %s is "
		    "quarantined: %s; lift it with \"xcore-install enable "
		    "%s\"", plugin->name, plugin->version, reason,
		    plugin->name);
}

static enum xc_err
settle_view(struct xc_follower *follower, const struct json_object *row,
    const struct xc_registry_view *view, struct xc_errbuf *errbuf)
{
	const char *name = xc_registry_text(row, "name");
	const struct xc_registry_plugin *plugin = xc_registry_find(view,
	    name);
	struct xc_registry_change change = { .name = name,
		.generation = view->generation,
		.action = is_demotion(row) ? XC_REGISTRY_DEMOTE :
		    XC_REGISTRY_QUARANTINE,
		.reason = xc_registry_text(row, "reason") };
	char detail[250];
	uint64_t generation;
	enum xc_err err;

	if (!still_holds(row, plugin))
		return XC_OK;
	snprintf(detail, sizeof(detail), "%.60s: %.180s",
	    xc_registry_text(row, "version"), change.reason);
	detail[xc_utf8_span(detail, strlen(detail))] = '\0';
	change.detail = detail;
	change.package_id = plugin->package_id;
	if (!is_demotion(row))
		change.instead_id = find_good(follower, view, plugin);
	err = xc_registry_change(follower->registry, &change, &generation,
	    errbuf);
	if (err == XC_OK)
		say_settled(row, plugin, change.instead_id);
	return err;
}

static enum xc_err
settle_one(struct xc_follower *follower, const struct json_object *row,
    struct xc_errbuf *errbuf)
{
	struct xc_registry_view *view;
	enum xc_err err = XC_ERR_BUSY;

	/* Another host may have done it, or an operator something else. */
	for (unsigned try = 0; try < SETTLE_TRIES && err == XC_ERR_BUSY;
	    try++) {
		err = xc_registry_read(follower->registry, &view, errbuf);
		if (err != XC_OK)
			return err;
		err = settle_view(follower, row, view, errbuf);
		xc_registry_view_free(&view);
	}
	return err;
}

static bool
is_away(enum xc_err err)
{
	return err == XC_ERR_UNAVAILABLE || err == XC_ERR_TIMEOUT ||
	    err == XC_ERR_UNCERTAIN || err == XC_ERR_STATE;
}

enum xc_err
xc_follower_settle(struct xc_follower *follower, struct xc_errbuf *errbuf)
{
	struct lh_entry *entry =
	    json_object_get_object(follower->untold)->head;
	enum xc_err err;

	while (entry != NULL) {
		struct json_object *row = lh_entry_v(entry);
		const char *hash = lh_entry_k(entry);
		struct xc_errbuf why = { "" };

		entry = lh_entry_next(entry);
		err = settle_one(follower, row, &why);
		if (is_away(err))
			return xc_fail(errbuf, err, "%s", why.text);
		if (err == XC_OK)
			json_object_object_del(follower->untold, hash);
		else
			xc_logf(&xc_follower_log, XC_LOG_ERROR, "the registry "
			    "does not take that plugin %s is taken off here, "
			    "this is tried again: %s",
			    xc_registry_text(row, "name"), why.text);
	}
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * The schema at a way back to the version before.
 *
 * An update runs its migrations while the old version still serves, so the
 * old one has met the new schema; the new one has never met the old schema.
 * Therefore the way back switches first, waits until no host serves the newer
 * version, and only then undoes what it brought.  What was undone is no more
 * to be gone back to at once, not even by the quarantine: an installation,
 * which migrates, brings it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/installer-private.h"
#include "plugin/migrate-private.h"
#include "plugin/registry-private.h"

static enum xc_err
read_set(struct xc_installer *installer, uint64_t id,
    struct xc_migration_set **set_r, struct xc_errbuf *errbuf)
{
	struct xc_package *package;
	enum xc_err err;

	*set_r = NULL;
	err = xc_registry_fetch(installer->registry, id, &package, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_migration_set_of(package, set_r, errbuf);
	xc_package_free(&package);
	return err;
}

/* Why it cannot be undone, or NULL. */
static const char *
hindrance(const struct xc_migration *row, const struct json_object *seen)
{
	if (!xc_journal_is(seen, "applied"))
		return "is half done";
	if (row == NULL ||
	    strcmp(row->checksum, xc_registry_text(seen, "checksum")) != 0)
		return "is of another version";
	return row->down == NULL ? "has no down script" : NULL;
}

/* All of them or none: they stand at the end of the journal. */
static void
count(struct xc_installer *installer, struct xc_way_down *way,
    const struct xc_migration_set *older, struct json_object *journal)
{
	size_t left = json_object_array_length(journal);
	bool below = false;

	for (; left > 0; left--) {
		const struct json_object *seen =
		    json_object_array_get_idx(journal, left - 1);
		unsigned number = (unsigned)xc_registry_number(seen, "number");
		const char *why = hindrance(
		    xc_migration_find(way->set, number), seen);

		if (xc_journal_is(seen, "reverted"))
			continue;
		if (xc_migration_find(older, number) != NULL) {
			below = true;
			continue;
		}
		if (below)
			why = "stands before others that stay";
		if (why != NULL) {
			xc_installer_say(installer, true, "the schema stays "
			    "as it is: migration %s %s",
			    xc_registry_text(seen, "name"), why);
			way->n = 0;
			return;
		}
		way->n++;
	}
}

/* Whether the older version waits for something, as after a way down. */
static bool
is_behind(const struct xc_migration_set *older, struct json_object *journal)
{
	for (size_t i = 0; i < older->n; i++) {
		if (!xc_journal_is(xc_journal_find(journal,
		    older->rows[i].number), "applied"))
			return true;
	}
	return false;
}

enum xc_err
xc_installer_way_down(struct xc_installer *installer,
    const struct xc_registry_plugin *plugin, struct xc_way_down *way,
    struct xc_errbuf *errbuf)
{
	struct xc_migration_set *older = NULL;
	struct json_object *journal = NULL;
	struct xc_migrator migrator = { .registry = installer->registry,
		.scope = way->scope };
	enum xc_err err;

	xc_installer_free_way(way);
	snprintf(way->scope, sizeof(way->scope), "plugin:%s", plugin->name);
	way->newer_id = plugin->package_id;
	err = xc_journal_look(&migrator, &journal, errbuf);
	if (err == XC_OK)
		err = read_set(installer, plugin->previous_id, &older, errbuf);
	/* A damaged one has to be left all the same. */
	if (err == XC_OK && read_set(installer, plugin->package_id, &way->set,
	    NULL) != XC_OK)
		way->set = calloc(1, sizeof(*way->set));
	if (err == XC_OK && way->set == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (err == XC_OK) {
		way->behind = is_behind(older, journal);
		if (!installer->options.keep_schema)
			count(installer, way, older, journal);
	}
	if (err == XC_OK && way->n > 0)
		xc_installer_say(installer, true, "%zu migration%s of %s will "
		    "be undone, with the data that only they keep "
		    "(--keep-schema leaves them)", way->n,
		    way->n == 1 ? "" : "s", plugin->version);
	xc_migration_set_free(&older);
	json_object_put(journal);
	return err;
}

void
xc_installer_free_way(struct xc_way_down *way)
{
	xc_migration_set_free(&way->set);
	memset(way, 0, sizeof(*way));
}

/* The lease was let go while we waited: it must still be the older one that
 * is in force, and from now on nobody returns to the newer. */
static enum xc_err
settle(struct xc_installer *installer, const char *name, const char *hash,
    const struct xc_way_down *way, struct xc_errbuf *errbuf)
{
	const struct xc_registry_change change = {
		.action = XC_REGISTRY_SETTLE, .name = name,
		.package_id = way->newer_id,
		.detail = "the schema goes back" };
	enum xc_err err = XC_ERR_BUSY;

	for (unsigned try = 0; try < XC_INSTALLER_TRIES &&
	    err == XC_ERR_BUSY; try++) {
		const struct xc_registry_plugin *plugin;
		struct xc_registry_view *view;
		uint64_t generation;

		err = xc_registry_read(installer->registry, &view, errbuf);
		if (err != XC_OK)
			return err;
		plugin = xc_registry_find(view, name);
		if (plugin == NULL || strcmp(plugin->hash, hash) != 0 ||
		    plugin->previous_id != way->newer_id)
			err = xc_fail(errbuf, XC_ERR_EXISTS,
			    "%s was changed meanwhile", name);
		else
			err = xc_installer_change(installer, view, &change,
			    &generation, errbuf);
		xc_registry_view_free(&view);
	}
	return err;
}

static void
say_step(void *ctx, const char *text)
{
	xc_installer_say(ctx, false, "migration %s", text);
}

enum xc_err
xc_installer_go_down(struct xc_installer *installer, const char *name,
    const char *hash, const struct xc_way_down *way, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	char schema[128];
	struct xc_migrator migrator = { .registry = installer->registry,
		.scope = way->scope, .schema = schema, .say = say_step,
		.ctx = installer };
	enum xc_err err = xc_installer_hold(installer, errbuf);

	*n_r = 0;
	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	if (err == XC_OK)
		err = settle(installer, name, hash, way, errbuf);
	migrator.lease = installer->lease;
	if (err == XC_OK)
		err = xc_migrate_down(&migrator, way->set, way->n, n_r,
		    errbuf);
	xc_installer_release(installer);
	if (err == XC_OK)
		return XC_OK;
	return xc_fail_prefix(errbuf, err, "the version before serves, but %zu "
	    "of %zu migrations are undone (see \"xcorectl migrate --plugin %s "
	    "status\"; \"resume\" and \"down\" go on)", *n_r, way->n, name);
}

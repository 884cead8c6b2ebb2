/* SPDX-License-Identifier: MIT */
/* The scripts of a plugin, from the packages in the registry. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/migrate-private.h"
#include "plugin/registry-private.h"

/* Moves a script of another version over, if it is the one that ran. */
static enum xc_err
take_over(struct xc_migration_set *set, struct xc_migration_set *from,
    const struct json_object *seen, struct xc_errbuf *errbuf)
{
	unsigned number = (unsigned)xc_registry_number(seen, "number");
	struct xc_migration *rows;

	for (size_t i = 0; i < from->n; i++) {
		struct xc_migration *row = &from->rows[i];

		if (row->number != number || row->up == NULL ||
		    strcmp(row->checksum,
		    xc_registry_text(seen, "checksum")) != 0)
			continue;
		rows = reallocarray(set->rows, set->n + 1, sizeof(*rows));
		if (rows == NULL)
			return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
		set->rows = rows;
		rows[set->n] = *row;
		rows[set->n++].other = true;
		row->up = row->down = NULL;
		return XC_OK;
	}
	return XC_OK;
}

static enum xc_err
add_missing(struct xc_migration_set *set, struct xc_migration_set *from,
    struct json_object *journal, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(journal); i++) {
		struct json_object *seen = json_object_array_get_idx(journal,
		    i);

		if (xc_migration_find(set, (unsigned)xc_registry_number(seen,
		    "number")) == NULL)
			err = take_over(set, from, seen, errbuf);
	}
	return err;
}

static enum xc_err
read_one(const struct xc_migrator *migrator, uint64_t id,
    struct xc_migration_set **set_r, struct xc_errbuf *errbuf)
{
	struct xc_package *package;
	enum xc_err err;

	*set_r = NULL;
	err = xc_registry_fetch(migrator->registry, id, &package, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_migration_set_of(package, set_r, errbuf);
	xc_package_free(&package);
	return err;
}

static bool
lacks_any(const struct xc_migration_set *set, struct json_object *journal)
{
	for (size_t i = 0; i < json_object_array_length(journal); i++) {
		if (xc_migration_find(set, (unsigned)xc_registry_number(
		    json_object_array_get_idx(journal, i), "number")) == NULL)
			return true;
	}
	return false;
}

/* A damaged package of another version is none that helps. */
static enum xc_err
look_elsewhere(const struct xc_migrator *migrator, const char *plugin,
    struct xc_migration_set *set, struct json_object *journal,
    struct xc_errbuf *errbuf)
{
	struct json_object *packages;
	enum xc_err err;

	err = xc_registry_packages(migrator->registry, plugin, &packages,
	    errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; err == XC_OK && lacks_any(set, journal) &&
	    i < json_object_array_length(packages); i++) {
		struct xc_migration_set *from;

		if (read_one(migrator, xc_registry_number(
		    json_object_array_get_idx(packages, i), "id"), &from,
		    NULL) != XC_OK)
			continue;
		err = add_missing(set, from, journal, errbuf);
		xc_migration_set_free(&from);
	}
	json_object_put(packages);
	return err;
}

enum xc_err
xc_migration_set_installed(const struct xc_migrator *migrator,
    const char *plugin, struct xc_migration_set **set_r, bool *serves_r,
    struct xc_errbuf *errbuf)
{
	const struct xc_registry_plugin *row;
	struct json_object *journal = NULL;
	struct xc_registry_view *view;
	enum xc_err err;

	*set_r = NULL;
	*serves_r = false;
	err = xc_registry_read(migrator->registry, &view, errbuf);
	if (err != XC_OK)
		return err;
	row = xc_registry_find(view, plugin);
	if (row == NULL)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND, "%.64s is not "
		    "installed (\"xcore-install list\" shows what is)",
		    plugin);
	else
		err = read_one(migrator, row->package_id, set_r, errbuf);
	*serves_r = row != NULL && row->state == XC_REGISTRY_ENABLED;
	xc_registry_view_free(&view);
	if (err == XC_OK)
		err = xc_journal_look(migrator, &journal, errbuf);
	if (err == XC_OK)
		err = look_elsewhere(migrator, plugin, *set_r, journal,
		    errbuf);
	json_object_put(journal);
	if (err != XC_OK)
		xc_migration_set_free(set_r);
	return err;
}

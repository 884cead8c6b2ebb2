/* SPDX-License-Identifier: MIT */
/* A plugin's own schema and account: made, migrated, at a purge dropped. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <mysqld_error.h>

#include "plugin/accounts.h"
#include "plugin/installer-private.h"
#include "plugin/migrate.h"
#include "plugin/registry-private.h"

#define SCHEMA_SIZE 128

static void
say_step(void *ctx, const char *text)
{
	xc_installer_say(ctx, false, "migration %s", text);
}

/* Names that come from the settings stand between backticks. */
static enum xc_err
check_schema(const char *schema, struct xc_errbuf *errbuf)
{
	if (strchr(schema, '`') == NULL && strlen(schema) <= 64)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "\"%s\" is no name of a schema: see "
	    "database.plugin_schema_prefix", schema);
}

static enum xc_err
query(struct xc_installer *installer, const char *sql)
{
	return xc_connection_query(
	    xc_registry_connection(installer->registry), NULL, sql,
	    strlen(sql));
}

static enum xc_err
schema_exists(struct xc_installer *installer, const char *schema,
    bool *exists_r, struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(installer->registry, "looking for the schema",
	    "SELECT schema_name AS n FROM information_schema.schemata"
	    " WHERE schema_name = ?", XC_ARGS(xc_text(schema)), &rows,
	    errbuf);
	if (err != XC_OK)
		return err;
	*exists_r = json_object_array_length(rows) > 0;
	json_object_put(rows);
	return XC_OK;
}

static void
say_account(void *ctx, bool warning, const char *text)
{
	xc_installer_say(ctx, warning, "%s", text);
}

static struct xc_accounts
accounts_of(struct xc_installer *installer)
{
	return (struct xc_accounts){ .registry = installer->registry,
		.settings = installer->settings, .say = say_account,
		.ctx = installer };
}

/* "a-b" and "a_b" would share a schema, and its account. */
static enum xc_err
check_alone(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(installer->registry, "looking for a plugin of "
	    "the same schema", "SELECT name FROM xc_package WHERE"
	    " REPLACE(name, '-', '_') = REPLACE(?, '-', '_') AND name <> ?"
	    " LIMIT 1", XC_ARGS(xc_text(name), xc_text(name)), &rows, errbuf);
	if (err != XC_OK)
		return err;
	if (json_object_array_length(rows) > 0)
		err = xc_fail(errbuf, XC_ERR_EXISTS, "%s has the schema that "
		    "%s would have: purge it, or take another name",
		    xc_registry_text(json_object_array_get_idx(rows, 0),
		    "name"), name);
	json_object_put(rows);
	return err;
}

/* Whether the last statement was refused for want of a right. */
static bool
may_not(struct xc_installer *installer)
{
	switch (xc_connection_error(xc_registry_connection(
	    installer->registry))->number) {
	case ER_DBACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
		return true;
	default:
		return false;
	}
}

static enum xc_err
make_schema(struct xc_installer *installer, const char *schema, bool *made_r,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf why;
	bool exists;
	char sql[256];
	enum xc_err err;

	*made_r = false;
	err = schema_exists(installer, schema, &exists, errbuf);
	if (err != XC_OK || exists)
		return err;
	snprintf(sql, sizeof(sql),
	    "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4",
	    schema);
	err = query(installer, sql);
	if (err != XC_OK && may_not(installer)) {
		xc_registry_fail(installer->registry, err,
		    "MariaDB does not let us", &why);
		return xc_fail(errbuf, XC_ERR_DENIED, "the schema %s cannot be "
		    "made: %s: give the tools' account the rights that "
		    "xcore.json(5) names, and try again", schema, why.text);
	}
	if (err != XC_OK)
		return xc_registry_fail(installer->registry, err,
		    "making the plugin's schema", errbuf);
	*made_r = true;
	xc_installer_say(installer, false, "schema %s", schema);
	return XC_OK;
}

/* A schema that was made a moment ago, for a plugin that gets no account. */
static void
unmake_schema(struct xc_installer *installer, const char *schema)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS `%s`", schema);
	if (query(installer, sql) != XC_OK)
		xc_installer_say(installer, true, "the empty schema %s stays",
		    schema);
}

enum xc_err
xc_installer_migrate(struct xc_installer *installer,
    const struct xc_package *package, struct xc_errbuf *errbuf)
{
	const char *name = package->manifest->name;
	struct xc_migration_set *set;
	char schema[SCHEMA_SIZE];
	char scope[64];
	struct xc_migrator migrator = { .registry = installer->registry,
		.lease = installer->lease, .scope = scope, .schema = schema,
		.say = say_step, .ctx = installer };
	struct xc_accounts accounts = accounts_of(installer);
	bool made = false;
	enum xc_err err;
	size_t n;

	if (!package->manifest->may_database)
		return XC_OK;
	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	snprintf(scope, sizeof(scope), "plugin:%s", name);
	err = check_schema(schema, errbuf);
	if (err == XC_OK)
		err = check_alone(installer, name, errbuf);
	if (err == XC_OK)
		err = make_schema(installer, schema, &made, errbuf);
	if (err == XC_OK)
		err = xc_accounts_give_plugin(&accounts, name, schema,
		    errbuf);
	if (err != XC_OK && made)
		unmake_schema(installer, schema);
	if (err != XC_OK)
		return err;
	err = xc_migration_set_of(package, &set, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_migrate_up(&migrator, set, 0, &n, errbuf);
	xc_migration_set_free(&set);
	return err;
}

enum xc_err
xc_installer_tables(struct xc_installer *installer, const char *name,
    struct json_object **tables_r, struct xc_errbuf *errbuf)
{
	char schema[SCHEMA_SIZE];
	bool exists;
	enum xc_err err;

	*tables_r = NULL;
	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	err = schema_exists(installer, schema, &exists, errbuf);
	if (err != XC_OK)
		return err;
	if (!exists)
		return XC_ERR_NOT_FOUND;
	return xc_registry_rows(installer->registry, "listing the tables",
	    "SELECT table_name AS name, CAST(COALESCE(table_rows, 0) AS"
	    " SIGNED) AS about_rows, CAST(COALESCE(data_length +"
	    " index_length, 0) AS SIGNED) AS bytes"
	    " FROM information_schema.tables WHERE table_schema = ?"
	    " ORDER BY table_name", XC_ARGS(xc_text(schema)), tables_r,
	    errbuf);
}

static enum xc_err
drop_packages(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_packages(installer->registry, name, &rows, errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(rows); i++)
		err = xc_registry_drop_package(installer->registry,
		    xc_registry_number(json_object_array_get_idx(rows, i),
		    "id"), errbuf);
	json_object_put(rows);
	return err;
}

/* The lease was let go while we waited for the hosts. */
static enum xc_err
check_gone(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, errbuf);
	if (err != XC_OK)
		return err;
	if (xc_registry_find(view, name) != NULL)
		err = xc_fail(errbuf, XC_ERR_EXISTS,
		    "%s was installed again meanwhile: its tables stay",
		    name);
	xc_registry_view_free(&view);
	return err;
}

enum xc_err
xc_installer_drop(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	char schema[SCHEMA_SIZE];
	char scope[64];
	char sql[256];
	struct xc_accounts accounts = accounts_of(installer);
	enum xc_err err = check_gone(installer, name, errbuf);

	if (err != XC_OK)
		return err;
	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	snprintf(scope, sizeof(scope), "plugin:%s", name);
	err = check_schema(schema, errbuf);
	if (err != XC_OK)
		return err;
	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS `%s`", schema);
	err = query(installer, sql);
	if (err != XC_OK)
		return xc_registry_fail(installer->registry, err,
		    "dropping the plugin's schema", errbuf);
	xc_accounts_drop_plugin(&accounts, name);
	err = xc_migrate_forget(installer->registry, scope, errbuf);
	if (err == XC_OK)
		err = xc_registry_forget_actions(installer->registry, name,
		    errbuf);
	if (err == XC_OK)
		err = drop_packages(installer, name, errbuf);
	return err;
}

/* SPDX-License-Identifier: MIT */
/* A plugin's own schema: made, migrated, and at a purge dropped. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

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

/* Where the account may connect from is the operator's business: the rights
 * go to each of its entries that we can see. */
static enum xc_err
account_hosts(struct xc_installer *installer, struct json_object **rows_r)
{
	struct xc_value arg =
	    xc_text(installer->settings->database.plugin_user);
	struct xc_statement statement = {
		.sql = "SELECT Host AS host FROM mysql.global_priv"
		    " WHERE User = ?", .args = &arg, .n_args = 1
	};

	return xc_connection_rows(
	    xc_registry_connection(installer->registry), &statement, 0,
	    rows_r);
}

/* In a GRANT the underscore of a schema's name stands for any character. */
static void
escape_schema(const char *schema, char *buf, size_t size)
{
	size_t n = 0;

	for (; *schema != '\0' && n + 2 < size; schema++) {
		if (*schema == '_' || *schema == '%')
			buf[n++] = '\\';
		buf[n++] = *schema;
	}
	buf[n] = '\0';
}

static enum xc_err
grant_host(struct xc_installer *installer, const char *schema,
    const char *host)
{
	char escaped[2 * SCHEMA_SIZE];
	char sql[768];

	escape_schema(schema, escaped, sizeof(escaped));
	if (strpbrk(host, "'\\") != NULL)
		return XC_ERR_INVALID;
	snprintf(sql, sizeof(sql),
	    "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY "
	    "TABLES ON `%s`.* TO '%.80s'@'%.200s'", escaped,
	    installer->settings->database.plugin_user, host);
	return query(installer, sql);
}

static bool
grant_all(struct xc_installer *installer, const char *schema)
{
	const struct xc_database_settings *database =
	    &installer->settings->database;
	struct json_object *rows = NULL;
	bool given = false;

	if (account_hosts(installer, &rows) != XC_OK)
		return grant_host(installer, schema,
		    database->socket[0] != '\0' ? "localhost" : "%") ==
		    XC_OK;
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		given |= grant_host(installer, schema, xc_registry_text(
		    json_object_array_get_idx(rows, i), "host")) == XC_OK;
	json_object_put(rows);
	return given;
}

/* Whether the workers' account may use the schema. */
static bool
is_reached(const struct xc_installer *installer, const char *schema)
{
	struct xc_connection *connection;
	bool reached;

	if (xc_connection_new(&installer->settings->database,
	    XC_ACCOUNT_PLUGIN, &connection, NULL) != XC_OK)
		return false;
	reached = xc_connection_query(connection, schema, "DO 1", 4) ==
	    XC_OK;
	xc_connection_free(&connection);
	return reached;
}

/*
 * The workers' account gets rights on this schema alone.  Where we may not
 * give them, the operator has done so (for example on `xcore\_%`), or is
 * told how.
 */
static void
grant(struct xc_installer *installer, const char *schema)
{
	const struct xc_database_settings *database =
	    &installer->settings->database;

	if (database->plugin_user[0] == '\0' ||
	    strcmp(database->plugin_user, database->user) == 0 ||
	    strpbrk(database->plugin_user, "'\\") != NULL)
		return;
	if (!grant_all(installer, schema) && !is_reached(installer, schema))
		xc_installer_say(installer, true,
		    "%s cannot use %s, and we may not give it the right: "
		    "GRANT SELECT, INSERT, UPDATE, DELETE ON `%s`.* TO it",
		    database->plugin_user, schema, schema);
}

static enum xc_err
make_schema(struct xc_installer *installer, const char *schema,
    struct xc_errbuf *errbuf)
{
	bool exists;
	char sql[256];
	enum xc_err err;

	err = schema_exists(installer, schema, &exists, errbuf);
	if (err != XC_OK || exists)
		return err;
	snprintf(sql, sizeof(sql),
	    "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4",
	    schema);
	err = query(installer, sql);
	if (err != XC_OK)
		return xc_registry_fail(installer->registry, err,
		    "making the plugin's schema", errbuf);
	xc_installer_say(installer, false, "schema %s", schema);
	return XC_OK;
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
	enum xc_err err;
	size_t n;

	if (!package->manifest->may_database)
		return XC_OK;
	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	snprintf(scope, sizeof(scope), "plugin:%s", name);
	err = check_schema(schema, errbuf);
	if (err == XC_OK)
		err = make_schema(installer, schema, errbuf);
	if (err != XC_OK)
		return err;
	grant(installer, schema);
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
	err = xc_migrate_forget(installer->registry, scope, errbuf);
	if (err == XC_OK)
		err = xc_registry_forget_actions(installer->registry, name,
		    errbuf);
	if (err == XC_OK)
		err = drop_packages(installer, name, errbuf);
	return err;
}

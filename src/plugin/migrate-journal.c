/* SPDX-License-Identifier: MIT */
/* The journal: which migration stands where, and who brought it there. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/text.h"
#include "plugin/migrate-private.h"
#include "plugin/registry-private.h"

/* The migrator's own tables, which must be there before any migration. */
static const char journal_table[] =
    "CREATE TABLE IF NOT EXISTS xc_migration ("
    " scope VARCHAR(64) NOT NULL,"
    " number INT UNSIGNED NOT NULL,"
    " name VARCHAR(128) NOT NULL,"
    " checksum CHAR(64) NOT NULL,"
    " done_sum CHAR(64) NOT NULL,"
    " statement_no INT UNSIGNED NOT NULL,"
    " statements INT UNSIGNED NOT NULL,"
    " state VARCHAR(16) NOT NULL,"
    " error TEXT NOT NULL,"
    " changed_at DATETIME(3) NOT NULL,"
    " PRIMARY KEY (scope, number)"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

static const char lease_table[] =
    "CREATE TABLE IF NOT EXISTS xc_lease ("
    " name VARCHAR(64) NOT NULL,"
    " owner VARCHAR(128) NOT NULL,"
    " token CHAR(32) NOT NULL,"
    " expires DATETIME(3) NOT NULL,"
    " renewals BIGINT UNSIGNED NOT NULL DEFAULT 0,"
    " PRIMARY KEY (name)"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/* A journal that was made before it said by whom. */
static const char journal_column[] =
    "ALTER TABLE xc_migration ADD COLUMN IF NOT EXISTS"
    " changed_by VARCHAR(128) NOT NULL DEFAULT ''";

static enum xc_err
make_schema(struct xc_registry *registry, struct xc_errbuf *errbuf)
{
	const char *name = xc_registry_schema(registry);
	struct xc_value arg = xc_text(name);
	struct xc_statement look = {
		.sql = "SELECT schema_name AS n FROM"
		    " information_schema.schemata WHERE schema_name = ?",
		.args = &arg, .n_args = 1
	};
	struct json_object *rows;
	char sql[160];
	bool there;
	enum xc_err err;

	err = xc_connection_rows(registry->connection, &look, 0, &rows);
	if (err != XC_OK)
		return xc_connection_fail(registry->connection, errbuf, err,
		    "looking for the core's schema");
	there = json_object_array_length(rows) > 0;
	json_object_put(rows);
	if (there)
		return XC_OK;
	if (strchr(name, '`') != NULL || strlen(name) > 64)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "database.name \"%.64s\" is no name of a schema", name);
	snprintf(sql, sizeof(sql),
	    "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4", name);
	err = xc_connection_query(registry->connection, NULL, sql,
	    strlen(sql));
	if (err != XC_OK)
		return xc_connection_fail(registry->connection, errbuf, err,
		    "making the core's schema");
	return XC_OK;
}

enum xc_err
xc_migrate_prepare(struct xc_registry *registry, struct xc_errbuf *errbuf)
{
	const char *schema = xc_registry_schema(registry);
	enum xc_err err = make_schema(registry, errbuf);

	if (err != XC_OK)
		return err;
	err = xc_connection_query(registry->connection, schema,
	    journal_table, sizeof(journal_table) - 1);
	if (err == XC_OK)
		err = xc_connection_query(registry->connection, schema,
		    journal_column, sizeof(journal_column) - 1);
	if (err == XC_OK)
		err = xc_connection_query(registry->connection, schema,
		    lease_table, sizeof(lease_table) - 1);
	if (err != XC_OK)
		return xc_connection_fail(registry->connection, errbuf, err,
		    "making the journal of migrations");
	return XC_OK;
}

enum xc_err
xc_journal_read(const struct xc_migrator *migrator,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	/* All columns, since one that is older has less of them. */
	return xc_registry_rows(migrator->registry, "reading the journal",
	    "SELECT m.*, DATE_FORMAT(m.changed_at, '%Y-%m-%dT%H:%i:%sZ')"
	    " AS moment FROM xc_migration m WHERE m.scope = ?"
	    " ORDER BY m.number", XC_ARGS(xc_text(migrator->scope)), rows_r,
	    errbuf);
}

/* Whether the last error says that there is no journal yet. */
static bool
has_no_journal(const struct xc_migrator *migrator)
{
	unsigned number = xc_connection_error(
	    migrator->registry->connection)->number;

	return number == 1049 || number == 1146;	/* schema, table */
}

enum xc_err
xc_journal_look(const struct xc_migrator *migrator,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_journal_read(migrator, rows_r, errbuf);

	if (err == XC_OK || !has_no_journal(migrator))
		return err;
	xc_fail(errbuf, XC_OK, "%s", "");
	*rows_r = json_object_new_array();
	return XC_OK;
}

struct json_object *
xc_journal_find(struct json_object *rows, unsigned number)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (xc_registry_number(row, "number") == number)
			return row;
	}
	return NULL;
}

bool
xc_journal_is(const struct json_object *row, const char *state)
{
	return strcmp(xc_registry_text(row, "state"), state) == 0;
}

bool
xc_journal_is_half(const struct json_object *row)
{
	return xc_journal_is(row, "running") || xc_journal_is(row, "failed") ||
	    xc_journal_is(row, "reverting") ||
	    xc_journal_is(row, "revert-failed");
}

enum xc_err
xc_journal_sum(const struct xc_sql_statement *statements, size_t n,
    char hex_r[XC_DIGEST_SIZE])
{
	struct xc_digest digest;

	xc_digest_begin(&digest);
	for (size_t i = 0; i < n; i++) {
		xc_digest_add(&digest, statements[i].text,
		    statements[i].len);
		xc_digest_add(&digest, ";", 1);
	}
	return xc_digest_end(&digest, hex_r);
}

enum xc_err
xc_journal_write(const struct xc_migrator *migrator,
    struct xc_connection *connection, const struct xc_journal_entry *entry,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf words;
	struct xc_value args[] = { xc_text(migrator->scope),
		xc_int(entry->row->number), xc_text(entry->row->name),
		xc_text(entry->row->checksum), xc_text(entry->done_sum),
		xc_int((int64_t)entry->done), xc_int((int64_t)entry->n),
		xc_text(entry->state), xc_null(),
		xc_text(xc_registry_actor()) };
	struct xc_statement statement = {
		.schema = xc_registry_schema(migrator->registry),
		.sql = "INSERT INTO xc_migration (scope, number, name,"
		    " checksum, done_sum, statement_no, statements, state,"
		    " error, changed_by, changed_at) VALUES"
		    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))"
		    " ON DUPLICATE KEY UPDATE name = VALUES(name),"
		    " checksum = VALUES(checksum),"
		    " done_sum = VALUES(done_sum),"
		    " statement_no = VALUES(statement_no),"
		    " statements = VALUES(statements),"
		    " state = VALUES(state), error = VALUES(error),"
		    " changed_by = VALUES(changed_by),"
		    " changed_at = VALUES(changed_at)",
		.args = args, .n_args = sizeof(args) / sizeof(args[0])
	};
	enum xc_err err;

	/* It may quote a script's bytes, which need be no UTF-8. */
	xc_fail(&words, XC_OK, "%s", entry->note);
	xc_utf8_tidy(words.text);
	args[8] = xc_text(words.text);
	err = xc_connection_exec(connection, &statement, NULL);
	if (err != XC_OK)
		return xc_connection_fail(connection, errbuf, err,
		    "writing the journal of migrations");
	return XC_OK;
}

enum xc_err
xc_migrate_forget(struct xc_registry *registry, const char *scope,
    struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "writing the journal",
	    "DELETE FROM xc_migration WHERE scope = ?",
	    XC_ARGS(xc_text(scope)), NULL, errbuf);
}

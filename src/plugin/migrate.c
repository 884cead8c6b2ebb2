/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/fault.h"
#include "plugin/migrate-private.h"
#include "plugin/registry-private.h"

/*
 * A statement may copy a large table.  The lease is held for a shorter time:
 * should another host take it meanwhile, it waits for the table, finds the
 * statement done, and we stop at our next one.
 */
#define STATEMENT_MS (60 * 60 * 1000)
#define STATEMENT_LEASE_MS (10 * 60 * 1000)

/* A script on its way, up or down. */
struct script {
	const struct xc_migrator *migrator;
	const struct xc_migration *row;
	struct xc_connection *connection;	/* with a long time-out */
	struct xc_sql_statement *statements;
	size_t n;
	size_t done;
	bool down;
	/* The first statement to run may have run: its end was not seen. */
	bool unsure;
	struct xc_errbuf *errbuf;
};

static void say(const struct xc_migrator *migrator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct xc_migrator *migrator, const char *format, ...)
{
	char text[256];
	va_list args;

	if (migrator->say == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	migrator->say(migrator->ctx, text);
}

static const char *
direction(const struct script *script)
{
	return script->down ? "down" : "up";
}

/* Writes how far the script is, in whatever transaction is open on
 * connection. */
static enum xc_err
record(const struct script *script, struct xc_connection *connection,
    const char *state, const char *error)
{
	char sum[XC_DIGEST_SIZE] = "";
	struct xc_journal_entry entry = { .row = script->row,
		.done_sum = sum, .done = script->done, .n = script->n,
		.state = state, .note = error };

	if (xc_journal_sum(script->statements, script->done, sum) != XC_OK)
		return xc_fail(script->errbuf, XC_ERR_NOMEM, "out of memory");
	return xc_journal_write(script->migrator, connection, &entry,
	    script->errbuf);
}

/* What MariaDB says when a statement of DDL has been done before. */
static bool
says_done_before(unsigned number)
{
	switch (number) {
	case 1050:	/* table exists */
	case 1051:	/* unknown table */
	case 1060:	/* duplicate column */
	case 1061:	/* duplicate key */
	case 1091:	/* cannot drop what is not there */
	case 1826:	/* duplicate foreign key */
		return true;
	default:
		return false;
	}
}

static bool
is_lost(enum xc_err err)
{
	return err == XC_ERR_UNAVAILABLE || err == XC_ERR_UNCERTAIN ||
	    err == XC_ERR_BUSY || err == XC_ERR_TIMEOUT;
}

static enum xc_err
statement_failed(struct script *script, enum xc_err err)
{
	const struct xc_sql_statement *statement =
	    &script->statements[script->done];
	struct xc_errbuf why = { "" };

	xc_connection_fail(script->connection, &why, err, "MariaDB");
	xc_connection_rollback(script->connection);
	if (!is_lost(err)) {
		(void)record(script, script->connection,
		    script->down ? "revert-failed" : "failed", why.text);
		err = XC_ERR_INVALID;
	}
	return xc_fail(script->errbuf, err,
	    "migration %s.%s.sql failed at statement %zu of %zu (line %u): "
	    "%.400s; the statements before it are done and recorded: mend "
	    "this one and run the same command again", script->row->name,
	    direction(script), script->done + 1, script->n, statement->line,
	    why.text);
}

/*
 * The statement and its record in one transaction: for rows that is atomic.
 * DDL commits by itself; if we die between it and the record, the state
 * "running" tells the next run that it may have been done.
 */
static enum xc_err
run_statement(struct script *script)
{
	const struct xc_sql_statement *statement =
	    &script->statements[script->done];
	const char *state = script->down ? "reverting" : "running";
	bool unsure = script->unsure;
	enum xc_err err;

	script->unsure = false;
	err = xc_connection_begin(script->connection);
	if (err == XC_OK)
		err = xc_connection_query(script->connection,
		    script->migrator->schema, statement->text,
		    statement->len);
	if (err != XC_OK && !(unsure && says_done_before(
	    xc_connection_error(script->connection)->number)))
		return statement_failed(script, err);
	script->done++;
	xc_fault("statement");
	err = record(script, script->connection, state, "");
	if (err == XC_OK)
		err = xc_connection_commit(script->connection);
	else
		xc_connection_rollback(script->connection);
	if (err != XC_OK)
		return xc_fail_prefix(script->errbuf, err,
		    "migration %s.%s.sql, statement %zu", script->row->name,
		    direction(script), script->done);
	return XC_OK;
}

static enum xc_err
forget(const struct script *script)
{
	return xc_registry_exec(script->migrator->registry,
	    "writing the journal",
	    "DELETE FROM xc_migration WHERE scope = ? AND number = ?",
	    XC_ARGS(xc_text(script->migrator->scope),
	    xc_int(script->row->number)), NULL, script->errbuf);
}

static enum xc_err
run_statements(struct script *script)
{
	enum xc_err err;

	err = record(script, script->connection,
	    script->down ? "reverting" : "running", "");
	while (err == XC_OK && script->done < script->n) {
		err = xc_lease_renew(script->migrator->lease,
		    STATEMENT_LEASE_MS, script->errbuf);
		if (err == XC_OK)
			err = run_statement(script);
	}
	if (err == XC_OK)
		err = xc_lease_renew(script->migrator->lease, XC_LEASE_MS,
		    script->errbuf);
	if (err != XC_OK)
		return err;
	if (script->down)
		return forget(script);
	return record(script, script->connection, "applied", "");
}

/* Of a script that was begun, what is done must stand as it was. */
static enum xc_err
take_up(struct script *script, const struct json_object *seen)
{
	size_t done = (size_t)xc_registry_number(seen, "statement_no");
	const char *state = xc_registry_text(seen, "state");
	char sum[XC_DIGEST_SIZE];

	if (done > script->n ||
	    xc_journal_sum(script->statements, done, sum) != XC_OK ||
	    strcmp(sum, xc_registry_text(seen, "done_sum")) != 0)
		return xc_fail(script->errbuf, XC_ERR_EXISTS,
		    "migration %s.%s.sql was changed in the %zu statements "
		    "that are done: put them back as they were, and change "
		    "only what comes after", script->row->name,
		    direction(script), done);
	script->done = done;
	script->unsure = strcmp(state, "running") == 0 ||
	    strcmp(state, "reverting") == 0;
	return XC_OK;
}

/* What would run, in place of running it. */
static void
show_statements(const struct script *script)
{
	for (size_t i = script->done; i < script->n; i++) {
		struct xc_migration_step step = { .row = script->row,
			.down = script->down, .number = i + 1,
			.of = script->n, .line = script->statements[i].line,
			.text = script->statements[i].text,
			.len = script->statements[i].len };

		script->migrator->show(script->migrator->ctx, &step);
	}
}

static enum xc_err
run_script(struct script *script, const struct json_object *seen)
{
	const struct xc_migration *row = script->row;
	enum xc_err err;

	err = xc_sql_split(script->down ? row->down : row->up,
	    script->down ? row->down_len : row->up_len, &script->statements,
	    &script->n, script->errbuf);
	if (err != XC_OK)
		return xc_fail_prefix(script->errbuf, err, "%s.%s.sql",
		    row->name, direction(script));
	if (seen != NULL)
		err = take_up(script, seen);
	if (err == XC_OK && script->done > 0)
		say(script->migrator, "%s.%s.sql goes on at statement %zu of "
		    "%zu", row->name, direction(script), script->done + 1,
		    script->n);
	else if (err == XC_OK)
		say(script->migrator, "%s.%s.sql", row->name,
		    direction(script));
	if (err == XC_OK && script->migrator->show != NULL)
		show_statements(script);
	else if (err == XC_OK)
		err = run_statements(script);
	free(script->statements);
	script->statements = NULL;
	return err;
}

/* XC_OK: run it.  XC_ERR_STATE without a sentence: it is applied. */
static enum xc_err
look_up_state(const struct xc_migration *row, const struct json_object *seen,
    struct xc_errbuf *errbuf)
{
	const char *state;

	if (seen == NULL)
		return XC_OK;
	state = xc_registry_text(seen, "state");
	if (xc_journal_is(seen, "reverting") ||
	    xc_journal_is(seen, "revert-failed"))
		return xc_fail(errbuf, XC_ERR_EXISTS,
		    "migration %s is half undone (%llu of %llu statements of "
		    "its down script): undo the rest first with \"resume\"",
		    row->name, (unsigned long long)
		    xc_registry_number(seen, "statement_no"),
		    (unsigned long long)
		    xc_registry_number(seen, "statements"));
	if (strcmp(state, "applied") != 0)
		return XC_OK;
	if (strcmp(xc_registry_text(seen, "checksum"), row->checksum) != 0)
		return xc_fail(errbuf, XC_ERR_EXISTS,
		    "migration %s.up.sql was changed after it was applied: "
		    "put it back as it was, and write the change as a new "
		    "migration", row->name);
	return XC_ERR_STATE;
}

/* Only who shows what would run may meet a site without a journal. */
static enum xc_err
read_journal(const struct xc_migrator *migrator,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	if (migrator->show != NULL)
		return xc_journal_look(migrator, rows_r, errbuf);
	return xc_journal_read(migrator, rows_r, errbuf);
}

static enum xc_err
open_patient(const struct xc_migrator *migrator,
    struct xc_connection **connection_r, struct xc_errbuf *errbuf)
{
	struct xc_database_settings settings =
	    migrator->registry->settings->database;

	settings.read_timeout_ms = STATEMENT_MS;
	return xc_connection_new(&settings, XC_ACCOUNT_CORE, connection_r,
	    errbuf);
}

static enum xc_err
up_all(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, struct json_object *rows,
    struct xc_connection *connection, size_t limit, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < set->n && (limit == 0 || *n_r < limit); i++) {
		struct script script = { .migrator = migrator,
			.row = &set->rows[i], .connection = connection,
			.errbuf = errbuf };
		struct json_object *seen = xc_journal_find(rows,
		    script.row->number);
		enum xc_err err;

		if (script.row->other)
			continue;
		if (xc_journal_is(seen, "reverted"))
			seen = NULL;
		err = look_up_state(script.row, seen, errbuf);
		if (err == XC_ERR_STATE)
			continue;
		if (err == XC_OK)
			err = run_script(&script, seen);
		if (err != XC_OK)
			return err;
		++*n_r;
	}
	return XC_OK;
}

enum xc_err
xc_migrate_up(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, size_t limit, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	struct xc_connection *connection = NULL;
	struct json_object *rows;
	enum xc_err err;

	*n_r = 0;
	err = read_journal(migrator, &rows, errbuf);
	if (err != XC_OK)
		return err;
	err = open_patient(migrator, &connection, errbuf);
	if (err == XC_OK)
		err = up_all(migrator, set, rows, connection, limit, n_r,
		    errbuf);
	xc_connection_free(&connection);
	json_object_put(rows);
	return err;
}

/* What serves must not meet a schema that was undone. */
static enum xc_err
check_unserved(const struct xc_migrator *migrator,
    const struct xc_migration *row, struct xc_errbuf *errbuf)
{
	if (!migrator->serves || row->other)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_EXISTS,
	    "migration %s is of the version that serves: go back with "
	    "\"xcore-install rollback\", or disable the plugin first",
	    row->name);
}

static enum xc_err
down_one(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, const struct json_object *seen,
    struct xc_connection *connection, struct xc_errbuf *errbuf)
{
	unsigned number = (unsigned)xc_registry_number(seen, "number");
	bool half = xc_journal_is_half(seen);
	struct script script = { .migrator = migrator,
		.row = xc_migration_find(set, number),
		.connection = connection, .down = true, .errbuf = errbuf };
	enum xc_err err = XC_OK;

	if (script.row == NULL || script.row->down == NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "migration %s cannot be undone: there is no %s.down.sql",
		    xc_registry_text(seen, "name"),
		    xc_registry_text(seen, "name"));
	if (xc_journal_is(seen, "failed") || xc_journal_is(seen, "running"))
		return xc_fail(errbuf, XC_ERR_EXISTS,
		    "migration %s is half done (%llu of %llu statements): "
		    "finish it first with \"resume\"", script.row->name,
		    (unsigned long long)
		    xc_registry_number(seen, "statement_no"),
		    (unsigned long long)
		    xc_registry_number(seen, "statements"));
	if (!half)
		err = check_unserved(migrator, script.row, errbuf);
	if (err != XC_OK)
		return err;
	return run_script(&script, half ? seen : NULL);
}

enum xc_err
xc_migrate_down(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, size_t limit, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	struct xc_connection *connection = NULL;
	struct json_object *rows;
	enum xc_err err;
	size_t left;

	*n_r = 0;
	err = read_journal(migrator, &rows, errbuf);
	if (err != XC_OK)
		return err;
	left = json_object_array_length(rows);
	if (left == 0)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "there is no migration to undo");
	if (err == XC_OK)
		err = open_patient(migrator, &connection, errbuf);
	for (; err == XC_OK && left > 0 && *n_r < limit; left--) {
		struct json_object *seen = json_object_array_get_idx(rows,
		    left - 1);

		if (xc_journal_is(seen, "reverted"))
			continue;
		err = down_one(migrator, set, seen, connection, errbuf);
		if (err == XC_OK)
			++*n_r;
	}
	xc_connection_free(&connection);
	json_object_put(rows);
	return err;
}

/* The last that is half done, or NULL. */
static struct json_object *
find_half(struct json_object *rows)
{
	struct json_object *found = NULL;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (xc_journal_is_half(row))
			found = row;
	}
	return found;
}

static enum xc_err
resume_one(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, const struct json_object *seen,
    struct xc_connection *connection, struct xc_errbuf *errbuf)
{
	struct script script = { .migrator = migrator,
		.row = xc_migration_find(set,
		    (unsigned)xc_registry_number(seen, "number")),
		.connection = connection, .errbuf = errbuf };

	if (xc_journal_is(seen, "reverting") ||
	    xc_journal_is(seen, "revert-failed"))
		return down_one(migrator, set, seen, connection, errbuf);
	if (script.row == NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "the script %s.up.sql, which is half done, is not in the "
		    "version that is installed: install the one that brings "
		    "it, which goes on there", xc_registry_text(seen, "name"));
	return run_script(&script, seen);
}

enum xc_err
xc_migrate_resume(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, bool *down_r,
    struct xc_errbuf *errbuf)
{
	struct xc_connection *connection = NULL;
	struct json_object *rows, *seen;
	enum xc_err err;

	*down_r = false;
	err = read_journal(migrator, &rows, errbuf);
	if (err != XC_OK)
		return err;
	seen = find_half(rows);
	if (seen == NULL)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND, "there is nothing to "
		    "resume: no migration failed or was interrupted");
	else
		err = open_patient(migrator, &connection, errbuf);
	if (err == XC_OK) {
		*down_r = strncmp(xc_registry_text(seen, "state"), "revert",
		    6) == 0;
		err = resume_one(migrator, set, seen, connection, errbuf);
	}
	xc_connection_free(&connection);
	json_object_put(rows);
	return err;
}

static struct json_object *
status_row(const struct xc_migration *row, const struct json_object *seen)
{
	struct json_object *out = json_object_new_object();
	const char *state = "pending";
	const char *name = row != NULL ? row->name :
	    xc_registry_text(seen, "name");
	int64_t number = row != NULL ? (int64_t)row->number :
	    (int64_t)xc_registry_number(seen, "number");

	if (seen != NULL)
		state = xc_registry_text(seen, "state");
	if (seen != NULL && row != NULL && strcmp(state, "applied") == 0 &&
	    strcmp(xc_registry_text(seen, "checksum"), row->checksum) != 0)
		state = "changed";
	json_object_object_add(out, "number", json_object_new_int64(number));
	json_object_object_add(out, "name", json_object_new_string(name));
	json_object_object_add(out, "state", json_object_new_string(state));
	json_object_object_add(out, "statement", json_object_new_int64(
	    seen == NULL ? 0 :
	    (int64_t)xc_registry_number(seen, "statement_no")));
	json_object_object_add(out, "statements", json_object_new_int64(
	    seen == NULL ? 0 :
	    (int64_t)xc_registry_number(seen, "statements")));
	json_object_object_add(out, "error", json_object_new_string(
	    seen == NULL ? "" : xc_registry_text(seen, "error")));
	json_object_object_add(out, "changed_at", json_object_new_string(
	    seen == NULL ? "" : xc_registry_text(seen, "moment")));
	json_object_object_add(out, "changed_by", json_object_new_string(
	    seen == NULL ? "" : xc_registry_text(seen, "changed_by")));
	return out;
}

enum xc_err
xc_migrate_status(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, struct json_object **rows_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows, *out;
	enum xc_err err;

	*rows_r = NULL;
	err = xc_journal_look(migrator, &rows, errbuf);
	if (err != XC_OK)
		return err;
	out = json_object_new_array();
	for (size_t i = 0; i < set->n; i++)
		json_object_array_add(out, status_row(&set->rows[i],
		    xc_journal_find(rows, set->rows[i].number)));
	/* Applied by a newer version, whose scripts are not here. */
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (xc_migration_find(set, (unsigned)xc_registry_number(row,
		    "number")) == NULL)
			json_object_array_add(out, status_row(NULL, row));
	}
	json_object_put(rows);
	*rows_r = out;
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
/* "xcorectl migrate": the core's migrations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/answer.h"
#include "plugin/migrate.h"
#include "plugin/registry-private.h"

#define LEASE_WAIT_MS 120000

struct command {
	const struct xc_settings *settings;
	struct xc_registry *registry;
	struct xc_migration_set *set;
	struct xc_lease *lease;
	const char *verb;
	size_t limit;
	bool json;
	struct json_object *data;
	struct xc_errbuf errbuf;
};

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
		    lease_table, sizeof(lease_table) - 1);
	if (err != XC_OK)
		return xc_connection_fail(registry->connection, errbuf, err,
		    "making the journal of migrations");
	return XC_OK;
}

static void
print_step(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "xcorectl: %s\n", text);
}

static void
print_waiting(void *ctx, const char *holder)
{
	(void)ctx;
	fprintf(stderr, "xcorectl: waiting for another command (%s)\n",
	    holder);
}

static enum xc_err
run_status(struct command *command, const struct xc_migrator *migrator)
{
	enum xc_err err;

	err = xc_migrate_status(migrator, command->set, &command->data,
	    &command->errbuf);
	if (err != XC_OK || command->json)
		return err;
	for (size_t i = 0; i < json_object_array_length(command->data);
	    i++) {
		struct json_object *row =
		    json_object_array_get_idx(command->data, i);
		const char *state = xc_registry_text(row, "state");

		printf("%-32s %s", xc_registry_text(row, "name"), state);
		if (strcmp(state, "applied") == 0)
			printf(" %s", xc_registry_text(row, "changed_at"));
		else if (strcmp(state, "pending") != 0 &&
		    strcmp(state, "changed") != 0)
			printf(" (%llu of %llu statements done) %s",
			    (unsigned long long)xc_registry_number(row,
			    "statement"), (unsigned long long)
			    xc_registry_number(row, "statements"),
			    xc_registry_text(row, "error"));
		putchar('\n');
	}
	return XC_OK;
}

static enum xc_err
run_change(struct command *command, struct xc_migrator *migrator)
{
	bool up = strcmp(command->verb, "up") == 0;
	enum xc_err err;
	size_t n = 0;

	err = xc_lease_take(command->registry, "registry", LEASE_WAIT_MS,
	    print_waiting, NULL, &command->lease, &command->errbuf);
	if (err != XC_OK)
		return err;
	migrator->lease = command->lease;
	if (up)
		err = xc_migrate_up(migrator, command->set, command->limit,
		    &n, &command->errbuf);
	else
		err = xc_migrate_down(migrator, command->set,
		    command->limit == 0 ? 1 : command->limit, &n,
		    &command->errbuf);
	xc_lease_drop(&command->lease);
	command->data = json_object_new_object();
	json_object_object_add(command->data, up ? "applied" : "undone",
	    json_object_new_int64((int64_t)n));
	if (err == XC_OK && !command->json)
		printf("%zu migration%s %s\n", n, n == 1 ? "" : "s",
		    up ? "applied" : "undone");
	return err;
}

static enum xc_err
run_command(struct command *command, const char *folder)
{
	struct xc_migrator migrator = { .scope = "core",
		.schema = command->settings->database.name,
		.say = print_step };
	enum xc_err err;

	err = xc_migration_set_read(folder, &command->set, &command->errbuf);
	if (err == XC_OK)
		err = xc_registry_new(command->settings, &command->registry,
		    &command->errbuf);
	if (err != XC_OK)
		return err;
	migrator.registry = command->registry;
	/* To look makes nothing: the account may be one that only reads. */
	if (strcmp(command->verb, "status") == 0)
		return run_status(command, &migrator);
	err = xc_migrate_prepare(command->registry, &command->errbuf);
	if (err != XC_OK)
		return err;
	return run_change(command, &migrator);
}

static bool
parse_words(struct command *command, int argc, char **argv)
{
	unsigned long limit;
	char *end;

	if (argc < 1 || argc > 2)
		return false;
	command->verb = argv[0];
	if (strcmp(argv[0], "status") == 0)
		return argc == 1;
	if (strcmp(argv[0], "up") != 0 && strcmp(argv[0], "down") != 0)
		return false;
	if (argc == 1)
		return true;
	limit = strtoul(argv[1], &end, 10);
	if (argv[1][0] < '1' || argv[1][0] > '9' || *end != '\0' ||
	    limit > 9999)
		return false;
	command->limit = limit;
	return true;
}

static int
finish(struct command *command, enum xc_exit code)
{
	if (code != XC_EXIT_DONE && !command->json)
		fprintf(stderr, "xcorectl: %s\n", command->errbuf.text);
	if (command->json)
		xc_answer_json(code, command->errbuf.text, command->data);
	json_object_put(command->data);
	xc_registry_free(&command->registry);
	xc_migration_set_free(&command->set);
	return (int)code;
}

int
xc_migrate_command_in(const struct xc_settings *settings, const char *folder,
    int argc, char **argv, bool json)
{
	struct command command = { .settings = settings, .json = json };

	if (!parse_words(&command, argc, argv)) {
		xc_fail(&command.errbuf, XC_ERR_INVALID,
		    "usage: xcorectl migrate up [N] | down [N] | status");
		return finish(&command, XC_EXIT_USAGE);
	}
	return finish(&command, xc_exit_of(run_command(&command, folder)));
}

int
xc_migrate_command(const struct xc_settings *settings, int argc, char **argv,
    bool json)
{
	return xc_migrate_command_in(settings, PKGDATADIR "/sql", argc, argv,
	    json);
}

/* SPDX-License-Identifier: MIT */
/* "xcorectl migrate": migrations of the core, or of a plugin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/accounts.h"
#include "plugin/answer.h"
#include "plugin/installer.h"
#include "plugin/migrate.h"
#include "plugin/registry-private.h"

#define LEASE_WAIT_MS 120000

struct command {
	const struct xc_settings *settings;
	const struct xc_migrate_options *options;
	struct xc_registry *registry;
	struct xc_migration_set *set;
	struct xc_lease *lease;
	struct xc_migrator migrator;
	char scope[80];
	char schema[128];
	const char *verb;
	size_t limit;		/* of up and down; 0: not given */
	unsigned number;	/* of mark */
	bool applied;
	const char *name;	/* of new */
	bool json;
	struct json_object *data;
	struct json_object *shown;	/* what --dry-run would run */
	struct xc_errbuf errbuf;
};

static bool
is_verb(const struct command *command, const char *verb)
{
	return strcmp(command->verb, verb) == 0;
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

static void
print_account(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	(void)warning;
	fprintf(stderr, "xcorectl: %s\n", text);
}

/* The tables have come, the secret may be another one: all accounts get their
 * passwords and rights anew. */
static enum xc_err
give_accounts(struct command *command)
{
	const struct xc_accounts accounts = { .registry = command->registry,
		.settings = command->settings, .say = print_account };

	if (command->settings->database.plugin_password_file[0] != '\0')
		return xc_accounts_give_all(&accounts, &command->errbuf);
	fprintf(stderr, "xcorectl: database.plugin_password_file is not set: "
	    "plugins have no database, and nobody can log in\n");
	return XC_OK;
}

/* Marked by hand, and not run. */
static bool
is_marked(const struct json_object *row)
{
	return strncmp(xc_registry_text(row, "error"), "marked ", 7) == 0;
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
			printf(" %s%s%s", xc_registry_text(row, "changed_at"),
			    is_marked(row) ? ", marked by " : "",
			    is_marked(row) ? xc_registry_text(row,
			    "changed_by") : "");
		else if (strcmp(state, "reverted") == 0)
			printf(" %s by %s", xc_registry_text(row,
			    "changed_at"), xc_registry_text(row,
			    "changed_by"));
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

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
add_number(struct json_object *object, const char *key, size_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

static void
show_step(void *ctx, const struct xc_migration_step *step)
{
	struct command *command = ctx;
	const char *way = step->down ? "down" : "up";
	struct json_object *row;

	if (!command->json) {
		printf("-- %s.%s.sql, statement %zu of %zu (line %u)\n"
		    "%.*s;\n", step->row->name, way, step->number, step->of,
		    step->line, (int)step->len, step->text);
		return;
	}
	row = json_object_new_object();
	add_text(row, "name", step->row->name);
	add_text(row, "direction", way);
	add_number(row, "statement", step->number);
	add_number(row, "statements", step->of);
	add_number(row, "line", step->line);
	json_object_object_add(row, "sql", json_object_new_string_len(
	    step->text, (int)step->len));
	json_object_array_add(command->shown, row);
}

static enum xc_err
run_steps(struct command *command)
{
	const struct xc_migrator *migrator = &command->migrator;
	bool down = false, marked = false;
	size_t n = 0;
	enum xc_err err;

	if (is_verb(command, "up"))
		err = xc_migrate_up(migrator, command->set, command->limit,
		    &n, &command->errbuf);
	else if (is_verb(command, "down"))
		err = xc_migrate_down(migrator, command->set,
		    command->limit == 0 ? 1 : command->limit, &n,
		    &command->errbuf);
	else if (is_verb(command, "resume"))
		err = xc_migrate_resume(migrator, command->set, &down,
		    &command->errbuf);
	else
		err = xc_migrate_mark(migrator, command->set, command->number,
		    command->applied, &marked, &command->errbuf);
	if (is_verb(command, "resume"))
		n = err == XC_OK;
	down = down || is_verb(command, "down");
	if (is_verb(command, "mark")) {
		json_object_object_add(command->data, "changed",
		    json_object_new_boolean(marked &&
		    !command->options->dry_run));
		if (err == XC_OK && !command->json)
			printf("migration %04u %s %s\n", command->number,
			    command->options->dry_run && marked ?
			    "would be marked" : marked ? "is marked" :
			    "was already", command->applied ? "applied" :
			    "reverted");
		return err;
	}
	add_number(command->data, down ? "undone" : "applied",
	    command->options->dry_run ? 0 : n);
	if (err == XC_OK && !command->json)
		printf("%zu migration%s %s%s\n", n, n == 1 ? "" : "s",
		    command->options->dry_run ? "would be " : "",
		    down ? "undone" : "applied");
	return err;
}

static enum xc_err
run_change(struct command *command)
{
	enum xc_err err;

	if (command->options->dry_run)
		return run_steps(command);
	err = xc_migrate_prepare(command->registry, &command->errbuf);
	if (err == XC_OK)
		err = xc_lease_take(command->registry, "registry",
		    LEASE_WAIT_MS, print_waiting, NULL, &command->lease,
		    &command->errbuf);
	if (err != XC_OK)
		return err;
	command->migrator.lease = command->lease;
	err = run_steps(command);
	if (err == XC_OK && command->options->plugin == NULL &&
	    (is_verb(command, "up") || is_verb(command, "resume")))
		err = give_accounts(command);
	xc_lease_drop(&command->lease);
	return err;
}

static enum xc_err
read_set(struct command *command)
{
	const char *folder = command->options->folder;
	const char *plugin = command->options->plugin;

	if (plugin == NULL)
		return xc_migration_set_read(folder != NULL ? folder :
		    PKGDATADIR "/sql", &command->set, &command->errbuf);
	if (!xc_plugin_name_ok(plugin))
		return xc_fail(&command->errbuf, XC_ERR_NOT_FOUND,
		    "\"%.64s\" is no name of a plugin", plugin);
	snprintf(command->scope, sizeof(command->scope), "plugin:%s", plugin);
	xc_plugin_schema(command->settings, plugin, command->schema,
	    sizeof(command->schema));
	command->migrator.scope = command->scope;
	command->migrator.schema = command->schema;
	return xc_migration_set_installed(&command->migrator, plugin,
	    &command->set, &command->migrator.serves, &command->errbuf);
}

/* Nobody else can know whether the schema is as the journal will say. */
static enum xc_err
ask(struct command *command)
{
	char answer[16];

	if (!is_verb(command, "mark") || command->options->yes ||
	    command->options->dry_run)
		return XC_OK;
	if (command->json || isatty(STDIN_FILENO) == 0 ||
	    isatty(STDERR_FILENO) == 0)
		return xc_fail(&command->errbuf, XC_ERR_FAILED,
		    "to mark a migration needs a yes: answer on a terminal, "
		    "or use --yes");
	fprintf(stderr, "Migration %04u of %s is marked as %s and not run: "
	    "its statements %s by hand.\nType yes if that is so: ",
	    command->number, command->migrator.scope,
	    command->applied ? "applied" : "reverted",
	    command->applied ? "were all done" : "were all undone");
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    strcmp(answer, "yes\n") == 0)
		return XC_OK;
	return xc_fail(&command->errbuf, XC_ERR_FAILED, "nothing is marked");
}

static enum xc_err
run_new(struct command *command)
{
	const char *dir = command->options->dir;
	char *name;
	enum xc_err err;

	if (dir == NULL)
		dir = "sql";
	err = xc_migration_new(dir, command->name, &name, &command->errbuf);
	if (err != XC_OK)
		return err;
	command->data = json_object_new_object();
	add_text(command->data, "name", name);
	add_text(command->data, "folder", dir);
	if (!command->json)
		printf("%s/%s.up.sql\n%s/%s.down.sql\n", dir, name, dir,
		    name);
	free(name);
	return XC_OK;
}

static enum xc_err
run_command(struct command *command)
{
	enum xc_err err;

	if (is_verb(command, "new"))
		return run_new(command);
	command->migrator = (struct xc_migrator){ .scope = "core",
		.schema = command->settings->database.name,
		.say = command->options->dry_run ? NULL : print_step,
		.show = command->options->dry_run ? show_step : NULL,
		.ctx = command };
	err = xc_registry_new(command->settings, &command->registry,
	    &command->errbuf);
	command->migrator.registry = command->registry;
	if (err == XC_OK)
		err = read_set(command);
	if (err != XC_OK)
		return err;
	/* To look makes nothing: the account may be one that only reads. */
	if (is_verb(command, "status"))
		return run_status(command, &command->migrator);
	err = ask(command);
	if (err != XC_OK)
		return err;
	command->data = json_object_new_object();
	if (command->options->dry_run && !is_verb(command, "mark")) {
		command->shown = json_object_new_array();
		json_object_object_add(command->data, "statements",
		    command->shown);
	}
	return run_change(command);
}

static bool
parse_number(const char *text, unsigned long *number_r)
{
	char *end;

	*number_r = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	    *number_r >= 1 && *number_r <= 9999;
}

static bool
parse_words(struct command *command, int argc, char **argv)
{
	unsigned long number = 0;

	if (argc < 1 || argc > 3)
		return false;
	command->verb = argv[0];
	if (is_verb(command, "status") || is_verb(command, "resume"))
		return argc == 1;
	if (is_verb(command, "new")) {
		command->name = argc == 2 ? argv[1] : "";
		return argc == 2 && command->options->plugin == NULL &&
		    !command->options->dry_run;
	}
	if (argc > 1 && !parse_number(argv[1], &number))
		return false;
	command->limit = number;
	command->number = (unsigned)number;
	if (is_verb(command, "up") || is_verb(command, "down"))
		return argc <= 2;
	if (!is_verb(command, "mark") || argc != 3)
		return false;
	command->applied = strcmp(argv[2], "applied") == 0;
	return command->applied || strcmp(argv[2], "reverted") == 0;
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
xc_migrate_command(const struct xc_settings *settings,
    const struct xc_migrate_options *options, int argc, char **argv)
{
	struct command command = { .settings = settings, .options = options,
		.json = options->json };

	if (!parse_words(&command, argc, argv)) {
		xc_fail(&command.errbuf, XC_ERR_INVALID,
		    "usage: xcorectl migrate [--plugin NAME] [--dry-run] "
		    "up [N] | down [N] | status | resume | "
		    "mark NUMBER applied|reverted, or "
		    "xcorectl migrate new NAME [--dir FOLDER]");
		return finish(&command, XC_EXIT_USAGE);
	}
	return finish(&command, xc_exit_of(run_command(&command)));
}

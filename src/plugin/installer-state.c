/* SPDX-License-Identifier: MIT */
/* Changes of what is installed already: enable, disable, back, remove. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/fault.h"
#include "plugin/installer-private.h"
#include "plugin/registry-private.h"

struct state_change;

/* Checks one plugin and fills the change; XC_ERR_STATE: already so. */
typedef enum xc_err check_fn(struct state_change *state,
    const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin);

struct state_change {
	struct xc_installer *installer;
	const char *name;
	check_fn *check;
	struct xc_registry_change change;
	struct xc_before before;
	struct xc_installer_terms terms;
	struct xc_way_down way;	/* of a rollback */
	struct json_object *agreed;
	const char *done;	/* message */
	const char *already;
	bool changed;
	/* Of the version that serves after the change. */
	char version[160];
	char hash[65];
	uint64_t generation;
	struct xc_errbuf *errbuf;
};

static enum xc_err
not_installed(const char *name, struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOT_FOUND,
	    "%s is not installed (\"xcore-install list\" shows what is)",
	    name);
}

static void
take_version(struct state_change *state, const char *version,
    const char *hash)
{
	snprintf(state->version, sizeof(state->version), "%s", version);
	snprintf(state->hash, sizeof(state->hash), "%.64s", hash);
}

static enum xc_err
attempt(struct state_change *state)
{
	struct xc_installer *installer = state->installer;
	const struct xc_registry_plugin *plugin;
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, state->errbuf);
	if (err != XC_OK)
		return err;
	plugin = xc_registry_find(view, state->name);
	state->generation = view->generation;
	if (plugin == NULL) {
		err = not_installed(state->name, state->errbuf);
	} else {
		state->before = (struct xc_before){
			.installed = plugin->state != XC_REGISTRY_DAMAGED,
			.enabled = plugin->state == XC_REGISTRY_ENABLED,
			.package_id = plugin->package_id };
		xc_installer_note_before(plugin, &state->before);
		take_version(state, plugin->version, plugin->hash);
		err = state->check(state, view, plugin);
	}
	if (err == XC_OK && !installer->options.dry_run) {
		xc_fault("before-change");
		err = xc_installer_change(installer, view, &state->change,
		    &state->generation, state->errbuf);
		state->changed = err == XC_OK;
	}
	xc_registry_view_free(&view);
	return err;
}

static enum xc_err
run_change(struct state_change *state)
{
	struct xc_installer *installer = state->installer;
	enum xc_err err = XC_OK;

	if (!xc_plugin_name_ok(state->name))
		return not_installed(state->name, state->errbuf);
	if (!installer->options.dry_run)
		err = xc_installer_hold(installer, state->errbuf);
	if (err != XC_OK)
		return err;
	for (unsigned try = 0; try < XC_INSTALLER_TRIES; try++) {
		err = attempt(state);
		if (err != XC_ERR_BUSY)
			break;
	}
	xc_installer_release(installer);
	return err;
}

static enum xc_exit
do_change(struct state_change *state, bool serving,
    struct json_object **data_r)
{
	struct xc_installer *installer = state->installer;
	struct xc_awaited awaited = { .name = state->name,
		.version = state->version,
		.hash = serving ? state->hash : NULL,
		.generation = state->generation };
	enum xc_err err = run_change(state);
	const char *message = state->done;

	*data_r = NULL;
	if (err == XC_ERR_STATE && state->already != NULL) {
		message = state->already;
		err = XC_OK;
	}
	if (err != XC_OK) {
		*data_r = xc_installer_refusal(installer, state->name);
		return xc_exit_of(err);
	}
	xc_fault("changed");
	if (installer->options.dry_run && message == state->done)
		message = "can be done";
	*data_r = xc_installer_data(state->name, state->version, state->hash,
	    state->generation, state->changed, message);
	if (state->agreed != NULL)
		json_object_object_add(*data_r, "asks",
		    json_object_get(state->agreed));
	if (installer->options.dry_run)
		return XC_EXIT_DONE;
	awaited.generation = state->generation;
	return xc_installer_finish(installer, &awaited,
	    state->changed && serving ? &state->before : NULL,
	    state->errbuf);
}

/* Behind the switch, if it came to all hosts; else the schema stays. */
static enum xc_exit
undo_schema(struct state_change *state, enum xc_exit code,
    struct json_object *data)
{
	enum xc_err err;
	size_t n;

	if (code == XC_EXIT_NOT_APPLIED)
		xc_installer_say(state->installer, true, "the schema stays "
		    "until every host serves %s: then \"xcorectl migrate "
		    "--plugin %s down %zu\"", state->version, state->name,
		    state->way.n);
	if (code != XC_EXIT_DONE)
		return code;
	err = xc_installer_go_down(state->installer, state->name, state->hash,
	    &state->way, &n, state->errbuf);
	json_object_object_add(data, "undone",
	    json_object_new_int64((int64_t)n));
	return err == XC_OK ? code : xc_exit_of(err);
}

static enum xc_exit
finish(struct state_change *state, bool serving, struct json_object **data_r)
{
	enum xc_exit code = do_change(state, serving, data_r);

	if (state->changed && state->way.n > 0)
		code = undo_schema(state, code, *data_r);
	xc_installer_free_way(&state->way);
	xc_installer_free_terms(&state->terms);
	json_object_put(state->agreed);
	state->agreed = NULL;
	return code;
}

/* What the plugin asks for, and what the operator sets of it. */
static enum xc_err
take_terms(struct state_change *state,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	enum xc_err err = xc_installer_ask(state->installer, plugin,
	    manifest, &state->agreed, state->errbuf);

	if (err == XC_OK)
		err = xc_installer_take_terms(state->installer, plugin,
		    manifest, &state->terms, state->errbuf);
	state->change.terms = state->terms.put;
	return err;
}

static enum xc_err
check_enable(struct state_change *state, const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	struct xc_installed *others;
	enum xc_err err;
	size_t n;

	if (plugin->manifest == NULL)
		return xc_fail(state->errbuf, XC_ERR_INVALID,
		    "%s is damaged in the registry: %s; install it again",
		    state->name, plugin->reason);
	err = take_terms(state, plugin, plugin->manifest);
	if (err != XC_OK)
		return err;
	if (plugin->state == XC_REGISTRY_ENABLED) {
		if (!state->terms.changed &&
		    plugin->previous_quarantined.at[0] == '\0')
			return XC_ERR_STATE;
		state->done = "changed";
	}
	err = xc_installer_others(view, state->name, &others, &n,
	    state->errbuf);
	if (err == XC_OK)
		err = xc_validate_site(plugin->manifest, others, n,
		    state->errbuf);
	free(others);
	return err;
}

static enum xc_err
check_removal(struct state_change *state,
    const struct xc_registry_view *view)
{
	struct xc_installed *others;
	enum xc_err err;
	size_t n;

	err = xc_installer_others(view, state->name, &others, &n,
	    state->errbuf);
	if (err == XC_OK)
		err = xc_validate_removal(state->name, others, n,
		    state->errbuf);
	free(others);
	return err;
}

static enum xc_err
check_disable(struct state_change *state,
    const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	if (plugin->state == XC_REGISTRY_DISABLED)
		return XC_ERR_STATE;
	return check_removal(state, view);
}

static enum xc_err
check_remove(struct state_change *state, const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	(void)plugin;
	return check_removal(state, view);
}

/* Its own trial again, since xcore may have changed since it served. */
static enum xc_err
check_previous(struct state_change *state,
    const struct xc_registry_view *view, const struct xc_package *package)
{
	struct xc_installer *installer = state->installer;
	struct xc_installed *others;
	enum xc_err err;
	size_t n;

	err = xc_installer_validate(installer, package, state->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_installer_others(view, state->name, &others, &n,
	    state->errbuf);
	if (err == XC_OK)
		err = xc_validate_site(package->manifest, others, n,
		    state->errbuf);
	free(others);
	if (err != XC_OK)
		return err;
	xc_installer_say(installer, false, "trying %s %s", state->name,
	    package->manifest->version);
	return xc_installer_stage(installer, package,
	    installer->options.dry_run, state->errbuf);
}

/* Its own migrations, which a way back may have undone. */
static enum xc_err
migrate_previous(struct state_change *state, const struct xc_package *package)
{
	enum xc_err err = xc_lease_renew(state->installer->lease, XC_LEASE_MS,
	    state->errbuf);

	if (err == XC_OK)
		err = xc_installer_migrate(state->installer, package,
		    state->errbuf);
	return err;
}

/* After an automatic way back it is the faulty one that stands before. */
static void
warn_quarantined(const struct state_change *state,
    const struct xc_registry_plugin *plugin)
{
	if (plugin->previous_quarantined.at[0] != '\0')
		xc_installer_say(state->installer, true, "%s %s is "
		    "quarantined since %s: %.300s; going back to it lifts "
		    "that", state->name, plugin->previous_version,
		    plugin->previous_quarantined.at,
		    plugin->previous_quarantined.reason);
}

static enum xc_err
check_rollback(struct state_change *state,
    const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	const char *wanted = state->installer->options.version;
	struct xc_package *package;
	enum xc_err err;

	if (plugin->previous_id == 0 || plugin->previous_hash[0] == '\0')
		return xc_fail(state->errbuf, XC_ERR_NOT_FOUND,
		    "%s %s has no version before it to go back to",
		    state->name, plugin->version);
	if (wanted != NULL && strcmp(wanted, plugin->previous_version) != 0)
		return xc_fail(state->errbuf, XC_ERR_NOT_FOUND,
		    "the version before %s %s is %s, not %s: use "
		    "\"xcore-install install %s --version %s\"", state->name,
		    plugin->version, plugin->previous_version, wanted,
		    state->name, wanted);
	warn_quarantined(state, plugin);
	err = xc_installer_way_down(state->installer, plugin, &state->way,
	    state->errbuf);
	if (err != XC_OK)
		return err;
	/* Nothing may be undone under a host that serves what needs it. */
	if (state->way.n > 0)
		state->installer->options.wait = true;
	err = xc_registry_fetch(state->installer->registry,
	    plugin->previous_id, &package, state->errbuf);
	if (err != XC_OK)
		return err;
	err = take_terms(state, plugin, package->manifest);
	if (err == XC_OK)
		err = check_previous(state, view, package);
	if (err == XC_OK && state->way.behind &&
	    !state->installer->options.dry_run)
		err = migrate_previous(state, package);
	state->change.package_id = plugin->previous_id;
	take_version(state, plugin->previous_version, plugin->previous_hash);
	xc_package_free(&package);
	return err;
}

enum xc_exit
xc_install_enable(struct xc_installer *installer, const char *name,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct state_change state = { .installer = installer, .name = name,
		.check = check_enable, .done = "enabled",
		.already = "already enabled", .errbuf = errbuf,
		.change = { .action = XC_REGISTRY_ENABLE, .name = name } };

	return finish(&state, true, data_r);
}

enum xc_exit
xc_install_disable(struct xc_installer *installer, const char *name,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct state_change state = { .installer = installer, .name = name,
		.check = check_disable, .done = "disabled",
		.already = "already disabled", .errbuf = errbuf,
		.change = { .action = XC_REGISTRY_DISABLE, .name = name } };

	return finish(&state, false, data_r);
}

static enum xc_err
check_reload(struct state_change *state, const struct xc_registry_view *view,
    const struct xc_registry_plugin *plugin)
{
	(void)view;
	if (plugin->state == XC_REGISTRY_ENABLED)
		return XC_OK;
	return xc_fail(state->errbuf, XC_ERR_EXISTS, "%s is not enabled: "
	    "there is nothing to be loaded anew (\"xcore-install enable "
	    "%s\")", state->name, state->name);
}

enum xc_exit
xc_install_reload(struct xc_installer *installer, const char *name,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct state_change state = { .installer = installer, .name = name,
		.check = check_reload, .done = "reloaded",
		.errbuf = errbuf,
		.change = { .action = XC_REGISTRY_RELOAD, .name = name } };

	return finish(&state, true, data_r);
}

enum xc_exit
xc_install_rollback(struct xc_installer *installer, const char *name,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct state_change state = { .installer = installer, .name = name,
		.check = check_rollback, .done = "rolled back",
		.errbuf = errbuf,
		.change = { .action = XC_REGISTRY_ROLLBACK, .name = name } };

	return finish(&state, true, data_r);
}

/* What a purge will take, for the person and for the answer. */
static enum xc_err
say_tables(struct xc_installer *installer, const char *name,
    struct json_object **tables_r, struct xc_errbuf *errbuf)
{
	char schema[128];
	enum xc_err err;

	xc_plugin_schema(installer->settings, name, schema, sizeof(schema));
	err = xc_installer_tables(installer, name, tables_r, errbuf);
	if (err == XC_ERR_NOT_FOUND) {
		*tables_r = json_object_new_array();
		return XC_OK;
	}
	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < json_object_array_length(*tables_r); i++) {
		struct json_object *row = json_object_array_get_idx(*tables_r,
		    i);

		xc_installer_say(installer, true,
		    "table %s.%s: about %llu rows, %llu bytes", schema,
		    xc_registry_text(row, "name"), (unsigned long long)
		    xc_registry_number(row, "about_rows"),
		    (unsigned long long)xc_registry_number(row, "bytes"));
	}
	return XC_OK;
}

static enum xc_err
ask_purge(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	char question[256];

	snprintf(question, sizeof(question),
	    "purge %s: its tables and all versions of it are lost for good",
	    name);
	if (installer->options.dry_run ||
	    installer->options.confirm == NULL ||
	    installer->options.confirm(installer->options.ctx, question,
	    name))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_FAILED,
	    "purge needs a yes: answer on a terminal, or use --yes");
}

/* A plugin that was removed before may have left data to purge. */
static enum xc_err
has_leftovers(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	struct json_object *tables, *packages = NULL;
	enum xc_err err;

	err = xc_installer_tables(installer, name, &tables, errbuf);
	json_object_put(tables);
	if (err != XC_ERR_NOT_FOUND)
		return err;
	err = xc_registry_packages(installer->registry, name, &packages,
	    errbuf);
	if (err == XC_OK && json_object_array_length(packages) == 0)
		err = not_installed(name, errbuf);
	json_object_put(packages);
	return err;
}

/* The tables go only when no worker serves the plugin any more. */
static enum xc_exit
drop_data(struct xc_installer *installer, const char *name,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_installer_hold(installer, errbuf);

	if (err == XC_OK)
		err = xc_installer_drop(installer, name, errbuf);
	xc_installer_release(installer);
	return xc_exit_of(err);
}

static enum xc_exit
purge(struct state_change *state, struct json_object **data_r)
{
	struct xc_installer *installer = state->installer;
	struct json_object *tables = NULL;
	enum xc_exit code;
	enum xc_err err;

	err = say_tables(installer, state->name, &tables, state->errbuf);
	if (err == XC_OK)
		err = ask_purge(installer, state->name, state->errbuf);
	if (err != XC_OK) {
		json_object_put(tables);
		return xc_exit_of(err);
	}
	installer->options.wait = true;
	code = finish(state, false, data_r);
	if (code == XC_EXIT_NOT_FOUND &&
	    has_leftovers(installer, state->name, state->errbuf) == XC_OK) {
		*data_r = xc_installer_data(state->name, "", "",
		    state->generation, true, "purged");
		code = XC_EXIT_DONE;
	}
	if (code == XC_EXIT_DONE && !installer->options.dry_run)
		code = drop_data(installer, state->name, state->errbuf);
	if (*data_r != NULL)
		json_object_object_add(*data_r, "tables",
		    json_object_get(tables));
	json_object_put(tables);
	return code;
}

enum xc_exit
xc_install_remove(struct xc_installer *installer, const char *name,
    bool with_data, struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct state_change state = { .installer = installer, .name = name,
		.check = check_remove,
		.done = with_data ? "purged" : "removed", .errbuf = errbuf,
		.change = { .action = XC_REGISTRY_REMOVE, .name = name } };

	*data_r = NULL;
	if (!xc_plugin_name_ok(name))
		return xc_exit_of(not_installed(name, errbuf));
	return with_data ? purge(&state, data_r) :
	    finish(&state, false, data_r);
}

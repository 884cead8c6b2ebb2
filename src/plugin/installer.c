/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/fault.h"
#include "plugin/installer-private.h"
#include "plugin/migrate.h"
#include "plugin/registry-private.h"
#include "plugin/semver.h"

#define LEASE_WAIT_MS 600000

/* An installation on its way. */
struct install {
	struct xc_installer *installer;
	struct xc_package *package;
	bool update;
	bool staged;		/* in the store, tried and migrated */
	bool same;		/* as what is installed and served */
	bool there;		/* nothing is to be changed */
	bool mend;		/* what is installed is damaged */
	struct xc_before before;
	struct xc_installer_terms terms;
	struct json_object *agreed;	/* what was said yes to; or NULL */
	uint64_t generation;
	struct xc_errbuf *errbuf;
};

enum xc_err
xc_installer_new(const struct xc_settings *settings,
    const struct xc_installer_options *options,
    struct xc_installer **installer_r, struct xc_errbuf *errbuf)
{
	struct xc_installer *installer = calloc(1, sizeof(*installer));
	enum xc_err err;

	*installer_r = NULL;
	if (installer == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	installer->settings = settings;
	installer->options = *options;
	err = xc_registry_new(settings, &installer->registry, errbuf);
	if (err != XC_OK) {
		free(installer);
		return err;
	}
	*installer_r = installer;
	return XC_OK;
}

void
xc_installer_free(struct xc_installer **installer)
{
	if (*installer == NULL)
		return;
	xc_installer_release(*installer);
	xc_registry_free(&(*installer)->registry);
	json_object_put((*installer)->refused);
	json_object_put((*installer)->faults);
	json_object_put((*installer)->breaking);
	free(*installer);
	*installer = NULL;
}

enum xc_err
xc_installer_validate(struct xc_installer *installer,
    const struct xc_package *package, struct xc_errbuf *errbuf)
{
	struct xc_notes faults = { 0 };
	enum xc_err err = xc_validate_package(package, &faults, errbuf);

	if (faults.n > 0) {
		json_object_put(installer->faults);
		installer->faults = xc_notes_json(&faults);
	}
	xc_notes_free(&faults);
	return err;
}

struct xc_registry *
xc_installer_registry(struct xc_installer *installer)
{
	return installer->registry;
}

void
xc_installer_say(struct xc_installer *installer, bool warning,
    const char *format, ...)
{
	char text[512];
	va_list args;

	if (installer->options.say == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	installer->options.say(installer->options.ctx, warning, text);
}

static void
say_waiting(void *ctx, const char *holder)
{
	xc_installer_say(ctx, true, "waiting for another command (%s)",
	    holder);
}

enum xc_err
xc_installer_hold(struct xc_installer *installer, struct xc_errbuf *errbuf)
{
	if (installer->lease != NULL)
		return XC_OK;
	return xc_lease_take(installer->registry, "registry", LEASE_WAIT_MS,
	    say_waiting, installer, &installer->lease, errbuf);
}

void
xc_installer_release(struct xc_installer *installer)
{
	xc_lease_drop(&installer->lease);
}

void
xc_plugin_schema(const struct xc_settings *settings, const char *name,
    char *buf, size_t size)
{
	size_t from = strlen(settings->database.plugin_schema_prefix);

	snprintf(buf, size, "%s%s", settings->database.plugin_schema_prefix,
	    name);
	for (size_t i = from; i < size && buf[i] != '\0'; i++) {
		if (buf[i] == '-')
			buf[i] = '_';
	}
}

struct json_object *
xc_installer_data(const char *name, const char *version, const char *hash,
    uint64_t generation, bool changed, const char *message)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "name", json_object_new_string(name));
	json_object_object_add(data, "version",
	    json_object_new_string(version));
	json_object_object_add(data, "hash", json_object_new_string(hash));
	json_object_object_add(data, "generation",
	    json_object_new_int64((int64_t)generation));
	json_object_object_add(data, "changed",
	    json_object_new_boolean(changed));
	json_object_object_add(data, "message",
	    json_object_new_string(message));
	return data;
}

enum xc_err
xc_installer_others(const struct xc_registry_view *view, const char *but,
    struct xc_installed **rows_r, size_t *n_r, struct xc_errbuf *errbuf)
{
	struct xc_installed *rows = calloc(view->n + 1, sizeof(*rows));
	size_t n = 0;

	*rows_r = rows;
	*n_r = 0;
	if (rows == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < view->n; i++) {
		const struct xc_registry_plugin *plugin = &view->plugins[i];

		if (plugin->manifest == NULL ||
		    strcmp(plugin->name, but) == 0)
			continue;
		rows[n].name = plugin->name;
		rows[n].version = plugin->version;
		rows[n].prefix = plugin->manifest->prefix;
		rows[n].enabled = plugin->state == XC_REGISTRY_ENABLED;
		rows[n].manifest = plugin->manifest;
		n++;
	}
	*n_r = n;
	return XC_OK;
}

enum xc_err
xc_installer_change(struct xc_installer *installer,
    const struct xc_registry_view *view,
    const struct xc_registry_change *change, uint64_t *generation_r,
    struct xc_errbuf *errbuf)
{
	struct xc_registry_change ours = *change;

	ours.generation = view->generation;
	ours.lease = installer->lease;
	return xc_registry_change(installer->registry, &ours, generation_r,
	    errbuf);
}

/* Only what came with the distribution may be a part of the core. */
static enum xc_err
check_core(const struct xc_package *package, const char *source,
    struct xc_errbuf *errbuf)
{
	const size_t len = strlen(PLUGINDIR);
	char path[PATH_MAX];

	if (!package->manifest->core)
		return XC_OK;
	if (source != NULL && realpath(source, path) != NULL &&
	    strncmp(path, PLUGINDIR, len) == 0 && path[len] == '/')
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_DENIED,
	    "%s says that it is a core plugin (\"core\": true), which only "
	    "those in %s may be: take the member out of plugin.json",
	    package->manifest->name, PLUGINDIR);
}

/* The id of the wanted version, else the newest, in the registry. */
static enum xc_err
pick_package(struct xc_installer *installer, const char *name, uint64_t *id_r,
    struct xc_errbuf *errbuf)
{
	const char *wanted = installer->options.version;
	struct json_object *rows;
	enum xc_err err;

	*id_r = 0;
	err = xc_registry_packages(installer->registry, name, &rows, errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (wanted == NULL ||
		    strcmp(xc_registry_text(row, "version"), wanted) == 0) {
			*id_r = xc_registry_number(row, "id");
			break;
		}
	}
	json_object_put(rows);
	return XC_OK;
}

/* By name: what is installed, else a package of the registry, else one of
 * the distribution. */
static enum xc_err
open_named(struct install *install, const char *name)
{
	struct xc_installer *installer = install->installer;
	struct xc_registry_view *view;
	const struct xc_registry_plugin *plugin;
	char path[PATH_MAX];
	struct stat st;
	uint64_t id = 0;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, install->errbuf);
	if (err != XC_OK)
		return err;
	plugin = xc_registry_find(view, name);
	if (plugin != NULL && installer->options.version == NULL &&
	    plugin->manifest != NULL)
		id = plugin->package_id;
	xc_registry_view_free(&view);
	if (id == 0)
		err = pick_package(installer, name, &id, install->errbuf);
	if (err != XC_OK)
		return err;
	if (id != 0)
		return xc_registry_fetch(installer->registry, id,
		    &install->package, install->errbuf);
	snprintf(path, sizeof(path), "%s/%s", PLUGINDIR, name);
	if (stat(path, &st) != 0)
		snprintf(path, sizeof(path), "%s/%s.xcp", PLUGINDIR, name);
	if (stat(path, &st) != 0)
		return xc_fail(install->errbuf, XC_ERR_NOT_FOUND,
		    "%s%s%s is no folder, no .xcp file, not in the registry "
		    "and not in %s", name,
		    installer->options.version != NULL ? " " : "",
		    installer->options.version != NULL ?
		    installer->options.version : "", PLUGINDIR);
	err = xc_package_open(path, &install->package, install->errbuf);
	if (err != XC_OK)
		return err;
	return check_core(install->package, path, install->errbuf);
}

static enum xc_err
open_source(struct install *install, const char *source)
{
	struct stat st;
	enum xc_err err;

	if (stat(source, &st) == 0) {
		err = xc_package_open(source, &install->package,
		    install->errbuf);
		if (err != XC_OK)
			return err;
		return check_core(install->package, source, install->errbuf);
	}
	if (!xc_plugin_name_ok(source))
		return xc_fail(install->errbuf, XC_ERR_NOT_FOUND,
		    "there is no %s", source);
	return open_named(install, source);
}

/* What can be known from the package alone. */
static enum xc_err
check_package(struct install *install)
{
	const struct xc_manifest *manifest = install->package->manifest;
	const char *wanted = install->installer->options.version;
	struct xc_migration_set *set;
	enum xc_err err;

	if (wanted != NULL && strcmp(wanted, manifest->version) != 0)
		return xc_fail(install->errbuf, XC_ERR_NOT_FOUND,
		    "the package is %s %s, not the wanted %s",
		    manifest->name, manifest->version, wanted);
	err = xc_installer_validate(install->installer, install->package,
	    install->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_migration_set_of(install->package, &set, install->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_migration_set_check(set, install->errbuf);
	if (err == XC_OK && set->n > 0 && !manifest->may_database)
		err = xc_fail(install->errbuf, XC_ERR_INVALID,
		    "%s has migrations in sql/ but does not ask for the "
		    "database: add \"permissions\": [\"database\"] to "
		    "plugin.json", manifest->name);
	xc_migration_set_free(&set);
	/* What a migration may not do is a fault of the package. */
	return err == XC_ERR_DENIED ? XC_ERR_INVALID : err;
}

/* The version that is installed against the one that comes. */
static enum xc_err
check_version(struct install *install,
    const struct xc_registry_plugin *old)
{
	const struct xc_manifest *manifest = install->package->manifest;
	const struct xc_installer *installer = install->installer;
	bool replace = installer->options.replace ||
	    installer->settings->server.development;

	if (install->mend ||
	    strcmp(old->hash, install->package->hash) == 0)
		return XC_OK;
	if (strcmp(old->version, manifest->version) == 0 && !replace)
		return xc_fail(install->errbuf, XC_ERR_EXISTS,
		    "%s %s is installed with other files: give the new ones "
		    "a new version in plugin.json, or use --replace",
		    manifest->name, manifest->version);
	if (installer->options.version == NULL &&
	    xc_semver_compare_text(manifest->version, old->version) < 0)
		return xc_fail(install->errbuf, XC_ERR_EXISTS,
		    "%s %s is older than the installed %s: to go back, use "
		    "\"xcore-install rollback %s\" or --version %s",
		    manifest->name, manifest->version, old->version,
		    manifest->name, manifest->version);
	return XC_OK;
}

/* The row may be edited, or the package's bytes. */
static bool
is_damaged(struct install *install, const struct xc_registry_plugin *old)
{
	struct xc_package *stored;
	enum xc_err err;

	if (old->state == XC_REGISTRY_DAMAGED)
		return true;
	err = xc_registry_fetch(install->installer->registry,
	    old->package_id, &stored, NULL);
	if (err == XC_OK)
		xc_package_free(&stored);
	return err == XC_ERR_INVALID || err == XC_ERR_NOT_FOUND;
}

/* Whether the same files are installed and undamaged. */
static bool
is_same(const struct install *install, const struct xc_registry_plugin *old)
{
	return old != NULL && !install->mend &&
	    strcmp(old->hash, install->package->hash) == 0 &&
	    (old->state == XC_REGISTRY_ENABLED || install->update);
}

static enum xc_err
check_site(struct install *install, const struct xc_registry_view *view)
{
	const struct xc_manifest *manifest = install->package->manifest;
	const struct xc_registry_plugin *old =
	    xc_registry_find(view, manifest->name);
	struct xc_installed *others;
	enum xc_err err;
	size_t n;

	install->mend = old != NULL && is_damaged(install, old);
	install->before.installed = old != NULL && !install->mend;
	install->before.enabled = old != NULL &&
	    old->state == XC_REGISTRY_ENABLED;
	install->before.package_id = old != NULL ? old->package_id : 0;
	install->generation = view->generation;
	if (old != NULL)
		xc_installer_note_before(old, &install->before);
	if (old == NULL && install->update)
		return xc_fail(install->errbuf, XC_ERR_NOT_FOUND,
		    "%s is not installed: \"xcore-install install\" does "
		    "that", manifest->name);
	install->same = is_same(install, old);
	err = install->mend ? XC_OK : xc_installer_compare(
	    install->installer, old, install->package, install->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_installer_ask(install->installer, old, manifest,
	    &install->agreed, install->errbuf);
	if (err == XC_OK)
		err = xc_installer_take_terms(install->installer, old,
		    manifest, &install->terms, install->errbuf);
	install->there = install->same && !install->terms.changed;
	if (err != XC_OK || install->there)
		return err;
	err = old != NULL ? check_version(install, old) : XC_OK;
	if (err != XC_OK)
		return err;
	err = xc_installer_others(view, manifest->name, &others, &n,
	    install->errbuf);
	if (err == XC_OK)
		err = xc_validate_site(manifest, others, n, install->errbuf);
	free(others);
	return err;
}

/* What is slow is done once, however often the registry moves. */
static enum xc_err
stage(struct install *install)
{
	struct xc_installer *installer = install->installer;
	enum xc_err err;

	if (install->staged)
		return XC_OK;
	xc_installer_say(installer, false, "trying %s %s",
	    install->package->manifest->name,
	    install->package->manifest->version);
	err = xc_installer_stage(installer, install->package,
	    installer->options.dry_run, install->errbuf);
	xc_fault("staged");
	if (err != XC_OK || installer->options.dry_run)
		return err;
	err = xc_lease_renew(installer->lease, XC_LEASE_MS, install->errbuf);
	if (err == XC_OK)
		err = xc_installer_migrate(installer, install->package,
		    install->errbuf);
	xc_fault("migrated");
	install->staged = err == XC_OK;
	return err;
}

/* XC_ERR_BUSY: the registry moved, once more. */
static enum xc_err
attempt(struct install *install)
{
	struct xc_installer *installer = install->installer;
	struct xc_registry_change change = {
		.action = XC_REGISTRY_INSTALL,
		.name = install->package->manifest->name,
		.package = install->package
	};
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, install->errbuf);
	if (err != XC_OK)
		return err;
	err = check_site(install, view);
	xc_fault("validated");
	if (err == XC_OK && !install->same)
		err = stage(install);
	change.terms = install->terms.put;
	change.mend = install->mend;
	/* A damaged row may not even say what its state was. */
	change.keep_state = install->update && !install->mend;
	if (err == XC_OK && !install->there && !installer->options.dry_run) {
		xc_fault("before-change");
		err = xc_installer_change(installer, view, &change,
		    &install->generation, install->errbuf);
	}
	xc_registry_view_free(&view);
	return err;
}

/* Before the lease is taken, since a person takes time to answer. */
static enum xc_err
ask_ahead(struct install *install)
{
	const struct xc_manifest *manifest = install->package->manifest;
	struct xc_installer *installer = install->installer;
	const struct xc_registry_plugin *old;
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, install->errbuf);
	if (err != XC_OK)
		return err;
	old = xc_registry_find(view, manifest->name);
	err = xc_installer_compare(installer, old, install->package,
	    install->errbuf);
	if (err == XC_OK)
		err = xc_installer_ask(installer, old, manifest,
		    &install->agreed, install->errbuf);
	xc_registry_view_free(&view);
	return err;
}

static enum xc_err
run_install(struct install *install, const char *source)
{
	struct xc_installer *installer = install->installer;
	enum xc_err err;

	err = open_source(install, source);
	if (err != XC_OK)
		return err;
	xc_fault("opened");
	xc_installer_say(installer, false, "checking %s %s",
	    install->package->manifest->name,
	    install->package->manifest->version);
	err = check_package(install);
	if (err == XC_OK)
		err = ask_ahead(install);
	if (err == XC_OK && !installer->options.dry_run)
		err = xc_installer_hold(installer, install->errbuf);
	if (err != XC_OK)
		return err;
	xc_fault("held");
	for (unsigned try = 0; try < XC_INSTALLER_TRIES; try++) {
		err = attempt(install);
		if (err != XC_ERR_BUSY)
			break;
	}
	return err;
}

static struct json_object *
install_data(const struct install *install)
{
	const struct xc_manifest *manifest = install->package->manifest;
	const char *message = "installed";
	struct json_object *data;

	if (install->there)
		message = "already installed";
	else if (install->installer->options.dry_run)
		message = "can be installed";
	else if (install->same)
		message = "changed";
	else if (install->before.installed)
		message = "updated";
	data = xc_installer_data(manifest->name, manifest->version,
	    install->package->hash, install->generation,
	    !install->there && !install->installer->options.dry_run,
	    message);
	if (install->agreed != NULL)
		json_object_object_add(data, "asks",
		    json_object_get(install->agreed));
	if (install->installer->breaking != NULL)
		json_object_object_add(data, "breaking",
		    json_object_get(install->installer->breaking));
	return data;
}

/* What was found of the operand before. */
static void
forget(struct xc_installer *installer)
{
	json_object_put(installer->faults);
	json_object_put(installer->breaking);
	installer->faults = installer->breaking = NULL;
	installer->compared = 0;
}

enum xc_exit
xc_install(struct xc_installer *installer, const char *source, bool update,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct install install = { .installer = installer, .update = update,
		.errbuf = errbuf };
	struct xc_awaited awaited;
	enum xc_exit code;
	enum xc_err err;

	*data_r = NULL;
	forget(installer);
	err = run_install(&install, source);
	xc_installer_release(installer);
	code = xc_exit_of(err);
	if (err == XC_OK)
		*data_r = install_data(&install);
	else if (install.package != NULL)
		*data_r = xc_installer_refusal(installer,
		    install.package->manifest->name);
	if (err == XC_OK && !installer->options.dry_run) {
		xc_fault("changed");
		awaited = (struct xc_awaited){
			.name = install.package->manifest->name,
			.version = install.package->manifest->version,
			.hash = install.package->hash,
			.generation = install.generation };
		code = xc_installer_finish(installer, &awaited,
		    install.there ? NULL : &install.before, errbuf);
	}
	xc_installer_free_terms(&install.terms);
	json_object_put(install.agreed);
	xc_package_free(&install.package);
	return code;
}

/* SPDX-License-Identifier: MIT */
/* The verbs that show: list, status, info. */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/prefix.h"
#include "tools/xcore-install.h"

#define HISTORY_SHOWN 10

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

static const char *
state_name(enum xc_registry_state state)
{
	switch (state) {
	case XC_REGISTRY_ENABLED:
		return "enabled";
	case XC_REGISTRY_DISABLED:
		return "disabled";
	case XC_REGISTRY_QUARANTINED:
		return "quarantined";
	case XC_REGISTRY_DAMAGED:
		return "damaged";
	}
	return "damaged";
}

static struct json_object *
plugin_row(const struct xc_tool *tool,
    const struct xc_registry_plugin *plugin)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "name", plugin->name);
	add_text(row, "version", plugin->version);
	add_text(row, "state", state_name(plugin->state));
	if (plugin->manifest != NULL)
		xc_row_set_prefix(row, plugin->manifest);
	else
		add_text(row, "prefix", "");
	add_text(row, "hash", plugin->hash);
	add_text(row, "previous_version", plugin->previous_version);
	add_number(row, "size", plugin->size);
	add_text(row, "changed_at", plugin->changed_at);
	add_text(row, "changed_by", plugin->changed_by);
	add_text(row, "reason", plugin->state == XC_REGISTRY_QUARANTINED ?
	    plugin->quarantined.reason : plugin->reason);
	xc_tool_add_terms(tool, row, plugin);
	return row;
}

/* {"generation","plugins"}, of one plugin or of all (NULL). */
static enum xc_exit
read_plugins(struct xc_tool *tool, const char *name)
{
	struct xc_registry_view *view;
	struct json_object *list;
	enum xc_err err;

	err = xc_registry_read(xc_installer_registry(tool->installer), &view,
	    &tool->errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	list = json_object_new_array();
	for (size_t i = 0; i < view->n; i++) {
		if (name == NULL || strcmp(view->plugins[i].name, name) == 0)
			json_object_array_add(list,
			    plugin_row(tool, &view->plugins[i]));
	}
	tool->data = json_object_new_object();
	add_number(tool->data, "generation", view->generation);
	json_object_object_add(tool->data, "plugins", list);
	xc_registry_view_free(&view);
	if (name == NULL || json_object_array_length(list) > 0)
		return XC_EXIT_DONE;
	xc_fail(&tool->errbuf, XC_ERR_NOT_FOUND,
	    "%s is not installed (\"xcore-install list\" shows what is)",
	    name);
	xc_tool_suggest(tool, name, &tool->errbuf);
	return XC_EXIT_NOT_FOUND;
}

static struct json_object *
member(const struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

/* What is to be known of it besides. */
static void
print_remarks(const struct json_object *row)
{
	struct json_object *list = member(row, "quarantined");

	for (size_t i = 0; list != NULL &&
	    i < json_object_array_length(list); i++) {
		const struct json_object *one =
		    json_object_array_get_idx(list, i);
		char which[24];

		printf("  %s%s is quarantined since %s: %s\n",
		    xc_tool_text(one, "version"),
		    xc_tool_which(row, one, which, sizeof(which)),
		    xc_tool_text(one, "at"),
		    xc_tool_text(one, "reason"));
	}
	if (strcmp(xc_tool_text(row, "state"), "quarantined") != 0 &&
	    xc_tool_text(row, "reason")[0] != '\0')
		printf("  %s\n", xc_tool_text(row, "reason"));
}

/* "/docs,/redoc" */
static const char *
join_prefixes(const struct json_object *row, char *buf, size_t size)
{
	const char *prefixes[XC_PREFIXES_MAX];
	size_t n = xc_row_prefixes(row, prefixes), used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
		    i > 0 ? "," : "", prefixes[i]);
	return buf;
}

static void
print_plugins(const struct xc_tool *tool)
{
	struct json_object *list = member(tool->data, "plugins");
	char prefixes[XC_PREFIXES_MAX * 64];

	if (json_object_array_length(list) == 0) {
		if (!tool->quiet)
			fputs("no plugin is installed\n", stderr);
		return;
	}
	printf("%-20s %-14s %-11s %-9s %-20s %s\n", "NAME", "VERSION",
	    "STATE", "LEVEL", "PREFIX", "PREVIOUS");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(list, i);

		printf("%-20s %-14s %-11s %-9s %-20s %s\n",
		    xc_tool_text(row, "name"), xc_tool_text(row, "version"),
		    xc_tool_text(row, "state"), xc_tool_text(row, "level"),
		    join_prefixes(row, prefixes, sizeof(prefixes)),
		    xc_tool_text(row, "previous_version"));
		print_remarks(row);
	}
}

enum xc_exit
xc_tool_list(struct xc_tool *tool)
{
	enum xc_exit code = read_plugins(tool, NULL);

	if (code == XC_EXIT_DONE && !tool->json)
		print_plugins(tool);
	return code;
}

static void
print_hosts(const struct xc_tool *tool)
{
	struct json_object *hosts = member(tool->data, "hosts");

	printf("\n%-20s %9s %9s %9s %9s  %s\n", "HOST", "DESIRED", "APPLIED",
	    "WORKERS", "BEHIND", "SEEN");
	for (size_t i = 0; i < json_object_array_length(hosts); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(hosts, i);
		struct json_object *rejected = member(row, "rejected");

		printf("%-20s %9lld %9lld %9lld %9lld  %lld s ago\n",
		    xc_tool_text(row, "name"),
		    xc_tool_number(row, "desired"),
		    xc_tool_number(row, "applied"),
		    xc_tool_number(row, "workers"),
		    xc_tool_number(row, "pending"),
		    xc_tool_number(row, "age_ms") / 1000);
		for (size_t j = 0; j < json_object_array_length(rejected);
		    j++) {
			const struct json_object *one =
			    json_object_array_get_idx(rejected, j);

			printf("  rejects %s %s: %s\n",
			    xc_tool_text(one, "name"),
			    xc_tool_text(one, "version"),
			    xc_tool_text(one, "reason"));
		}
	}
}

enum xc_exit
xc_tool_status(struct xc_tool *tool)
{
	const char *name = tool->argc > 0 ? tool->argv[0] : NULL;
	enum xc_exit code = read_plugins(tool, name);
	struct json_object *hosts;
	enum xc_err err;

	if (code != XC_EXIT_DONE)
		return code;
	err = xc_registry_hosts(xc_installer_registry(tool->installer),
	    &hosts, &tool->errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	json_object_object_add(tool->data, "hosts", hosts);
	if (tool->json)
		return XC_EXIT_DONE;
	printf("generation %lld\n\n",
	    xc_tool_number(tool->data, "generation"));
	print_plugins(tool);
	print_hosts(tool);
	return XC_EXIT_DONE;
}

static void
print_words(const char *key, const struct json_object *list)
{
	printf("%-14s", key);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		printf(" %s", json_object_get_string(
		    json_object_array_get_idx(list, i)));
	printf("%s\n", json_object_array_length(list) == 0 ? " none" : "");
}

/* What users can be allowed, for roles. */
static void
print_actions(const struct json_object *manifest)
{
	struct json_object *list = member(manifest, "actions");
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		printf("%-14s %s:%s: %s%s\n", i == 0 ? "actions" : "",
		    xc_tool_text(manifest, "name"), xc_tool_text(one, "name"),
		    xc_tool_text(one, "description"), json_object_get_boolean(
		    member(one, "everyone")) ? " (everyone)" : "");
	}
}

/* What requests pass besides the handlers, some of the whole site. */
static void
print_steps(const struct json_object *manifest)
{
	struct json_object *list = member(manifest, "middleware");
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *scope = xc_tool_text(one, "scope");
		const char *phase = xc_tool_text(one, "phase");

		printf("%-14s %s: each %s of %s\n", i == 0 ? "middleware" :
		    "", xc_tool_text(one, "operation"),
		    *phase != '\0' ? phase : "request",
		    strcmp(scope, "site") == 0 ? "the site" : "its own");
	}
}

static void
print_manifest(const struct json_object *manifest)
{
	static const char *const keys[] = { "name", "version", "description",
		"author", "license", "prefix", "isolation", NULL };
	static const char *const lists[] = { "permissions", "limits",
		"require", "events", "requires", NULL };

	for (const char *const *key = keys; *key != NULL; key++) {
		struct json_object *value = member(manifest, *key);

		if (json_object_is_type(value, json_type_array))
			print_words(*key, value);
		else if (xc_tool_text(manifest, *key)[0] != '\0')
			printf("%-14s %s\n", *key,
			    xc_tool_text(manifest, *key));
	}
	for (const char *const *key = lists; *key != NULL; key++) {
		if (json_object_is_type(member(manifest, *key),
		    json_type_array))
			print_words(*key, member(manifest, *key));
		else if (member(manifest, *key) != NULL)
			printf("%-14s %s\n", *key,
			    json_object_to_json_string_ext(member(manifest,
			    *key), JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE));
	}
	print_actions(manifest);
	print_steps(manifest);
}

/* A package that is not installed can be looked at too. */
static enum xc_exit
info_file(struct xc_tool *tool, const char *path)
{
	struct xc_package *package;
	struct json_object *files;
	enum xc_err err;

	err = xc_package_open(path, &package, &tool->errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	files = json_object_new_array();
	for (size_t i = 0; i < package->n_files; i++) {
		struct json_object *row = json_object_new_object();

		add_text(row, "name", package->files[i].name);
		add_number(row, "size", package->files[i].len);
		json_object_array_add(files, row);
	}
	tool->data = json_object_new_object();
	add_text(tool->data, "hash", package->hash);
	json_object_object_add(tool->data, "manifest",
	    json_object_get(package->manifest->json));
	json_object_object_add(tool->data, "files", files);
	xc_package_free(&package);
	if (tool->json)
		return XC_EXIT_DONE;
	print_manifest(member(tool->data, "manifest"));
	printf("%-14s %s\n\n", "hash", xc_tool_text(tool->data, "hash"));
	for (size_t i = 0; i < json_object_array_length(files); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(files, i);

		printf("%10lld  %s\n", xc_tool_number(row, "size"),
		    xc_tool_text(row, "name"));
	}
	return XC_EXIT_DONE;
}

static void
print_info(const struct xc_tool *tool)
{
	const struct json_object *plugin = member(tool->data, "plugin");
	struct json_object *packages = member(tool->data, "packages");
	struct json_object *history = member(tool->data, "history");

	print_manifest(member(tool->data, "manifest"));
	printf("%-14s %s\n%-14s %s\n%-14s %s by %s\n", "state",
	    xc_tool_text(plugin, "state"), "hash",
	    xc_tool_text(plugin, "hash"), "changed",
	    xc_tool_text(plugin, "changed_at"),
	    xc_tool_text(plugin, "changed_by"));
	xc_tool_print_terms(plugin);
	if (strcmp(xc_tool_text(plugin, "state"), "damaged") == 0)
		printf("%-14s %s\n", "damage",
		    xc_tool_text(plugin, "reason"));
	puts("\nversions in the registry");
	for (size_t i = 0; i < json_object_array_length(packages); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(packages, i);

		printf("  %-14s %.12s %10lld bytes  %s by %s%s\n",
		    xc_tool_text(row, "version"), xc_tool_text(row, "hash"),
		    xc_tool_number(row, "size"),
		    xc_tool_text(row, "created_at"),
		    xc_tool_text(row, "created_by"),
		    xc_tool_text(row, "quarantined_at")[0] != '\0' ?
		    ", quarantined" : "");
	}
	puts("\nhistory");
	for (size_t i = 0; i < json_object_array_length(history); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(history, i);

		printf("  %s  %-10s %-14s generation %lld by %s%s%s\n",
		    xc_tool_text(row, "changed_at"),
		    xc_tool_text(row, "action"),
		    xc_tool_text(row, "version"),
		    xc_tool_number(row, "generation"),
		    xc_tool_text(row, "changed_by"),
		    xc_tool_text(row, "detail")[0] != '\0' ? ": " : "",
		    xc_tool_text(row, "detail"));
	}
}

static enum xc_exit
info_installed(struct xc_tool *tool, const char *name)
{
	struct xc_registry *registry =
	    xc_installer_registry(tool->installer);
	struct json_object *packages = NULL, *history = NULL;
	const struct xc_registry_plugin *plugin;
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(registry, &view, &tool->errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	plugin = xc_registry_find(view, name);
	if (plugin == NULL)
		err = xc_fail(&tool->errbuf, XC_ERR_NOT_FOUND,
		    "%s is not installed, and no file of that name is here",
		    name);
	if (err == XC_OK)
		err = xc_registry_packages(registry, name, &packages,
		    &tool->errbuf);
	if (err == XC_OK)
		err = xc_registry_history(registry, name, HISTORY_SHOWN,
		    &history, &tool->errbuf);
	if (err == XC_OK) {
		tool->data = json_object_new_object();
		json_object_object_add(tool->data, "plugin",
		    plugin_row(tool, plugin));
		json_object_object_add(tool->data, "manifest",
		    plugin->manifest != NULL ?
		    json_object_get(plugin->manifest->json) : NULL);
		json_object_object_add(tool->data, "packages",
		    json_object_get(packages));
		json_object_object_add(tool->data, "history",
		    json_object_get(history));
	}
	json_object_put(packages);
	json_object_put(history);
	xc_registry_view_free(&view);
	if (err == XC_ERR_NOT_FOUND)
		xc_tool_suggest(tool, name, &tool->errbuf);
	if (err == XC_OK && !tool->json)
		print_info(tool);
	return xc_exit_of(err);
}

enum xc_exit
xc_tool_info(struct xc_tool *tool)
{
	const char *what = tool->argv[0];
	struct stat st;
	enum xc_exit code;

	if (stat(what, &st) == 0)
		return info_file(tool, what);
	code = xc_tool_open(tool);
	return code == XC_EXIT_DONE ? info_installed(tool, what) : code;
}

/* SPDX-License-Identifier: MIT */
/* What a sandbox is told of the plugin that it is to load. */
#include <json-c/json.h>
#include <stdio.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "sandbox/process.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key,
	    json_object_new_string(text ? text : ""));
}

static void
add_list(struct json_object *object, const char *key,
    const char *const *texts, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_string(texts[i]));
	json_object_object_add(object, key, list);
}

static void
add_prefixed(struct json_object *list, const char *prefix, char **texts)
{
	char text[512];

	for (; texts && *texts; texts++) {
		snprintf(text, sizeof(text), "%s%s", prefix, *texts);
		json_object_array_add(list, json_object_new_string(text));
	}
}

static struct json_object *
permissions(const struct xc_plugin *plugin)
{
	struct json_object *list = json_object_new_array();

	add_prefixed(list, "", plugin->words);
	add_prefixed(list, "http:", plugin->http_hosts);
	add_prefixed(list, "event:", plugin->emits);
	return list;
}

static int
log_level(const struct xc_plugin *plugin)
{
	const struct xc_host *host = plugin->host;
	int level;

	if (!host || !host->log)
		return XC_LOG_ERROR;
	for (level = XC_LOG_DEBUG; level > XC_LOG_ERROR; level--)
		if (host->log->enabled(host->log_ctx, plugin->logger,
		    (enum xc_log_level)level))
			break;
	return level;
}

struct json_object *
xc_sandbox_spec(const struct xc_runner_spec *spec, bool complete)
{
	const struct xc_plugin *plugin = spec->plugin;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_text(object, "name", plugin->name);
	add_text(object, "version", plugin->version);
	add_text(object, "prefix", plugin->prefix);
	add_text(object, "schema", plugin->schema);
	add_text(object, "dir", spec->dir);
	add_text(object, "so", spec->so);
	add_text(object, "so_hash", spec->so_hash);
	json_object_object_add(object, "config",
	    json_object_get(plugin->config));
	json_object_object_add(object, "permissions", permissions(plugin));
	add_list(object, "operations", spec->operations, spec->n_operations);
	add_list(object, "event_operations", spec->event_operations,
	    spec->n_event_operations);
	add_list(object, "step_operations", spec->step_operations,
	    spec->n_step_operations);
	json_object_object_add(object, "require",
	    json_object_new_int64(spec->require));
	json_object_object_add(object, "log_level",
	    json_object_new_int(log_level(plugin)));
	json_object_object_add(object, "complete",
	    json_object_new_boolean(complete));
	return object;
}

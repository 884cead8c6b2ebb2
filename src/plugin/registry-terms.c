/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/limit.h"
#include "plugin/permission.h"
#include "plugin/registry-terms.h"

/* Running in the server itself needs the operator's yes. */
static enum xc_isolation
level_of(const struct xc_settings *settings,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, const char **why_r)
{
	enum xc_isolation level = XC_ISOLATION_POOL, asked;

	(void)xc_isolation_parse(settings->sandbox.isolation, &level);
	*why_r = "sandbox.isolation of the configuration";
	if (xc_isolation_parse(plugin->isolation, &asked)) {
		*why_r = "set here (--isolation, or quarantine.demote)";
		return asked;
	}
	if (!xc_isolation_parse(manifest->isolation, &asked))
		return level;
	if (asked == XC_ISOLATION_INPROCESS && !manifest->core &&
	    !plugin->accepted_inprocess) {
		*why_r = "it asks for inprocess, which was not accepted";
		return level;
	}
	*why_r = "its plugin.json";
	return asked;
}

void
xc_terms_of(const struct xc_settings *settings,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct xc_terms *terms_r)
{
	struct xc_limits defaults;

	terms_r->isolation = level_of(settings, plugin, manifest,
	    &terms_r->why);
	xc_settings_limits(settings, &defaults);
	terms_r->limits = manifest->limits;
	xc_limits_fill(&terms_r->limits, &defaults);
	xc_limits_lay(&terms_r->limits, plugin->limits);
}

bool
xc_terms_allow(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, const char *permission)
{
	size_t n = plugin == NULL || plugin->accepted == NULL ? 0 :
	    json_object_array_length(plugin->accepted);

	if (manifest->core)
		return true;
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(
		    plugin->accepted, i);

		if (json_object_is_type(one, json_type_string) &&
		    strcmp(json_object_get_string(one), permission) == 0)
			return true;
	}
	return false;
}

bool
xc_terms_hears(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, size_t i,
    char accepts_r[XC_TERMS_HEARS_SIZE])
{
	const char *event = manifest->events[i].event;
	size_t len = strlen(manifest->name);
	char accepts[XC_TERMS_HEARS_SIZE] = "";
	bool own = strncmp(event, manifest->name, len) == 0 &&
	    event[len] == '.';

	if (!own)
		snprintf(accepts, sizeof(accepts), XC_HEARS "%s", event);
	if (accepts_r != NULL)
		memcpy(accepts_r, accepts, sizeof(accepts));
	return own || xc_terms_allow(plugin, manifest, accepts);
}

struct json_object *
xc_terms_permissions(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < manifest->n_permissions; i++) {
		if (xc_terms_allow(plugin, manifest,
		    manifest->permissions[i]))
			json_object_array_add(list, json_object_new_string(
			    manifest->permissions[i]));
	}
	return list;
}

struct json_object *
xc_terms_events(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct json_object *events = json_object_new_object();

	for (size_t i = 0; i < manifest->n_events; i++) {
		if (xc_terms_hears(plugin, manifest, i, NULL))
			json_object_object_add(events,
			    manifest->events[i].event, json_object_new_string(
			    manifest->events[i].operation));
	}
	return events;
}

struct json_object *
xc_terms_steps(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct json_object *list = json_object_new_array();
	bool site = xc_terms_allow(plugin, manifest, XC_STEPS_PERMISSION);

	for (size_t i = 0; i < manifest->steps.n; i++) {
		struct json_object *copy = NULL;

		if (manifest->steps.list[i].site && !site)
			continue;
		if (json_object_deep_copy(json_object_array_get_idx(
		    manifest->steps.json, i), &copy, NULL) == 0)
			json_object_array_add(list, copy);
	}
	return list;
}

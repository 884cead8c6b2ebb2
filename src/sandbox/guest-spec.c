/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_tokener.h>

#include <xcore/json.h>
#include <xcore/log.h>

#include "guest-private.h"
#include "lib/permit.h"

#define DEPTH_MAX 64		/* levels of JSON */

/* A copy of a member; NULL without one, or without memory. */
static char *
copy_member(const struct xc_guest_spec *spec, const char *key)
{
	const char *text = xc_json_string(spec->root, key);

	return text != NULL ? strdup(text) : NULL;
}

static struct json_object *
list_member(const struct xc_guest_spec *spec, const char *key)
{
	struct json_object *list = NULL;

	if (!json_object_object_get_ex(spec->root, key, &list) ||
	    !json_object_is_type(list, json_type_array))
		return NULL;
	return list;
}

static uint32_t
number_member(const struct xc_guest_spec *spec, const char *key)
{
	int64_t value = 0;

	(void)xc_json_int(spec->root, key, &value);
	return (uint32_t)value;
}

/* The texts of a list that begin so, without that; ended with NULL.  NULL
 * without memory. */
static char **
copy_tails(struct json_object *list, const char *prefix)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	char **tails = calloc(n + 1, sizeof(*tails));
	size_t len = strlen(prefix);
	size_t kept = 0;

	for (size_t i = 0; tails != NULL && i < n; i++) {
		const char *text = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (text == NULL || strncmp(text, prefix, len) != 0)
			continue;
		tails[kept] = strdup(text + len);
		if (tails[kept] == NULL)
			return NULL;
		kept++;
	}
	return tails;
}

static bool
has_text(struct json_object *list, const char *text)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *item = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (item != NULL && strcmp(item, text) == 0)
			return true;
	}
	return false;
}

static enum xc_err
fill_plugin(struct xc_session *session, struct xc_errbuf *errbuf)
{
	const struct xc_guest_spec *spec = &session->spec;
	struct json_object *may = list_member(spec, "permissions");
	struct xc_plugin *plugin = &session->plugin;

	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = copy_member(spec, "name");
	plugin->version = copy_member(spec, "version");
	plugin->prefix = copy_member(spec, "prefix");
	plugin->schema = copy_member(spec, "schema");
	plugin->http_hosts = copy_tails(may, "http:");
	plugin->emits = copy_tails(may, "event:");
	plugin->may_database = has_text(may, "database");
	plugin->may_cache = has_text(may, "cache");
	plugin->may_openapi = has_text(may, "openapi");
	plugin->host_judges = true;
	(void)json_object_object_get_ex(spec->root, "config",
	    &plugin->config);
	if (xc_permit_words(may, &plugin->words) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (asprintf(&plugin->logger, "plugin.%s", plugin->name != NULL ?
	    plugin->name : "") == -1)
		plugin->logger = NULL;
	if (plugin->name == NULL || plugin->version == NULL ||
	    plugin->prefix == NULL || plugin->schema == NULL ||
	    plugin->logger == NULL || plugin->http_hosts == NULL ||
	    plugin->emits == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "the sandbox was not "
		    "told all of its plugin");
	return XC_OK;
}

/* The configuration in it has been read strictly before, with as many levels
 * as that takes. */
static struct json_object *
parse(const unsigned char *text, uint32_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root = NULL;

	if (tok != NULL && len <= INT_MAX)
		root = json_tokener_parse_ex(tok, (const char *)text,
		    (int)len);
	if (tok != NULL)
		json_tokener_free(tok);
	return root;
}

enum xc_err
xc_guest_read_spec(struct xc_session *session, struct xc_errbuf *errbuf)
{
	const struct xc_channel *channel = &session->channel;
	struct xc_guest_spec *spec = &session->spec;
	uint32_t len = channel->head->spec_len;

	if (len <= channel->sizes.request)
		spec->root = parse(channel->request, len);
	if (spec->root == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "what the sandbox was "
		    "told of its plugin is no JSON");
	spec->dir = xc_json_string(spec->root, "dir");
	spec->so = xc_json_string(spec->root, "so");
	spec->so_hash = xc_json_string(spec->root, "so_hash");
	if (spec->so_hash != NULL && spec->so_hash[0] == '\0')
		spec->so_hash = NULL;
	if (spec->so == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "the sandbox was not "
		    "told which object to load");
	spec->operations = list_member(spec, "operations");
	spec->event_operations = list_member(spec, "event_operations");
	spec->step_operations = list_member(spec, "step_operations");
	spec->require = number_member(spec, "require");
	spec->log_level = number_member(spec, "log_level");
	(void)xc_json_bool(spec->root, "complete", &spec->complete);
	session->log_level = spec->log_level;
	return fill_plugin(session, errbuf);
}

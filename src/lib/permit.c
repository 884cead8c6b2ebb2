/* SPDX-License-Identifier: MIT */
#include "permit.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/log.h>

#include "host.h"
#include "plugin-private.h"
#include "request-private.h"
#include "url.h"

bool
xc_may(const struct xc_plugin *plugin, const char *word)
{
	char *const *at = plugin->words;

	if (plugin->may_all)
		return true;
	for (; at != NULL && *at != NULL; at++)
		if (strcmp(*at, word) == 0)
			return true;
	return false;
}

void
xc_permit_words_free(char ***words)
{
	char **at = *words;

	for (; at != NULL && *at != NULL; at++)
		free(*at);
	free(*words);
	*words = NULL;
}

enum xc_err
xc_permit_words(const struct json_object *list, char ***words_r)
{
	bool is_list = json_object_is_type(list, json_type_array) != 0;
	size_t len = is_list ? json_object_array_length(list) : 0, n = 0;
	char **words;

	*words_r = NULL;
	if (len == 0)
		return XC_OK;
	words = calloc(len + 1, sizeof(*words));
	for (size_t i = 0; words != NULL && i < len; i++) {
		const char *text = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (text == NULL || strchr(text, ':') != NULL)
			continue;
		words[n] = strdup(text);
		if (words[n++] == NULL)
			xc_permit_words_free(&words);
	}
	*words_r = words;
	return words != NULL ? XC_OK : XC_ERR_NOMEM;
}

bool
xc_may_ask(const struct xc_plugin *plugin, const struct xc_url *url,
    bool *named_r)
{
	char *const *host = plugin->http_hosts;
	bool may = false;

	*named_r = false;
	for (; host != NULL && *host != NULL; host++) {
		if (!xc_url_matches(url, *host))
			continue;
		may = true;
		if (**host != '*')
			*named_r = true;
	}
	return may;
}

bool
xc_may_emit(const struct xc_plugin *plugin, const char *name)
{
	char *const *emits = plugin->emits;
	size_t len = strlen(plugin->name);

	if (strncmp(name, plugin->name, len) == 0 && name[len] == '.' &&
	    name[len + 1] != '\0')
		return true;
	for (; emits != NULL && *emits != NULL; emits++)
		if (strcmp(*emits, name) == 0)
			return true;
	return false;
}

bool
xc_permit(struct xc_request *req, bool may, const char *permission)
{
	const struct xc_host *host = req->host;

	if (may || (req->plugin != NULL && req->plugin->host_judges))
		return true;
	xc_log(req, XC_LOG_ERROR, "the plugin may not do this: add \"%s\" to "
	    "\"permissions\" in its plugin.json", permission);
	if (host->denied != NULL && req->plugin != NULL)
		host->denied(host->denied_ctx, req->plugin, permission);
	return false;
}

/* SPDX-License-Identifier: MIT */
#include <xcore/config.h>
#include <xcore/json.h>

#include "plugin-private.h"

struct json_object *
xc_config(const struct xc_plugin *plugin)
{
	return plugin->config;
}

const char *
xc_config_string(const struct xc_plugin *plugin, const char *key,
    const char *fallback)
{
	const char *value = xc_json_string(plugin->config, key);

	return value != NULL ? value : fallback;
}

int64_t
xc_config_int(const struct xc_plugin *plugin, const char *key,
    int64_t fallback)
{
	int64_t value = fallback;

	(void)xc_json_int(plugin->config, key, &value);
	return value;
}

bool
xc_config_bool(const struct xc_plugin *plugin, const char *key, bool fallback)
{
	bool value = fallback;

	(void)xc_json_bool(plugin->config, key, &value);
	return value;
}

/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "plugin-private.h"

const char *
xc_plugin_name(const struct xc_plugin *plugin)
{
	assert(plugin->magic == XC_PLUGIN_HANDLE_MAGIC);
	return plugin->name;
}

const char *
xc_plugin_version(const struct xc_plugin *plugin)
{
	assert(plugin->magic == XC_PLUGIN_HANDLE_MAGIC);
	return plugin->version;
}

const char *
xc_plugin_prefix(const struct xc_plugin *plugin)
{
	assert(plugin->magic == XC_PLUGIN_HANDLE_MAGIC);
	return plugin->prefix;
}

void
xc_plugin_set_data(struct xc_plugin *plugin, void *data)
{
	assert(plugin->magic == XC_PLUGIN_HANDLE_MAGIC);
	plugin->data = data;
}

void *
xc_plugin_data(const struct xc_plugin *plugin)
{
	assert(plugin->magic == XC_PLUGIN_HANDLE_MAGIC);
	return plugin->data;
}

/* SPDX-License-Identifier: MIT */
/* The site's plugins over HTTP. */
#ifndef ADMIN_PLUGINS_H
#define ADMIN_PLUGINS_H

#include <xcore/plugin.h>

xc_handler list_plugins, show_plugin, reload_plugin, enable_plugin,
    disable_plugin, roll_back_plugin, show_plugin_logs, show_plugin_stats;

/* For the table of operations. */
#define PLUGIN_OPERATIONS						\
	{ "list_plugins", list_plugins },				\
	{ "show_plugin", show_plugin },					\
	{ "reload_plugin", reload_plugin },				\
	{ "enable_plugin", enable_plugin },				\
	{ "disable_plugin", disable_plugin },				\
	{ "roll_back_plugin", roll_back_plugin },			\
	{ "show_plugin_logs", show_plugin_logs },			\
	{ "show_plugin_stats", show_plugin_stats }

#endif

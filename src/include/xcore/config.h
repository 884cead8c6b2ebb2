/* SPDX-License-Identifier: MIT */
/*
 * The plugin's settings: the member "plugins.<name>" of xcore.json(5), over
 * the defaults of "config" in plugin.json.  They do not change while a
 * version is loaded.  Strings are valid until stop() has returned.
 */
#ifndef XCORE_CONFIG_H
#define XCORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_plugin;

/* Each returns the setting, or fallback if it is not set or of another type.
 * fallback may be NULL. */
const char *xc_config_string(const struct xc_plugin *plugin, const char *key,
    const char *fallback);
int64_t xc_config_int(const struct xc_plugin *plugin, const char *key,
    int64_t fallback);
bool xc_config_bool(const struct xc_plugin *plugin, const char *key,
    bool fallback);

/* All settings as an object, owned by the plugin; NULL if there are none. */
struct json_object *xc_config(const struct xc_plugin *plugin);

#ifdef __cplusplus
}
#endif
#endif

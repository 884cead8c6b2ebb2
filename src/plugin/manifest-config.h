/* SPDX-License-Identifier: MIT */
/* The settings of a plugin, by the schema "config" of its manifest. */
#ifndef XC_MANIFEST_CONFIG_H
#define XC_MANIFEST_CONFIG_H

#include <stdbool.h>

#include "lib/errbuf.h"

struct json_object;

/*
 * Puts settings (may be NULL) over the defaults of the schema and checks the
 * outcome.  The schema may use type, properties, required,
 * additionalProperties, items, enum, default, minimum, maximum, minLength,
 * maxLength, and the annotations; another keyword is refused, because it
 * would not be looked at.  A setting that is null counts as not set.
 * complete: refuse also when a required setting is missing.
 *
 * On XC_OK *config_r is a new reference to an object; else it is NULL, and
 * XC_ERR_INVALID names the setting by its JSON Pointer.
 */
enum xc_err xc_config_merge(struct json_object *schema,
    struct json_object *settings, bool complete,
    struct json_object **config_r, struct xc_errbuf *errbuf);

#endif

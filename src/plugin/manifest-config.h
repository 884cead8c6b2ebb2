/* SPDX-License-Identifier: MIT */
/* The settings of a plugin, by the schema "config" of its manifest. */
#ifndef XC_MANIFEST_CONFIG_H
#define XC_MANIFEST_CONFIG_H

#include <stddef.h>

#include "lib/errbuf.h"

struct json_object;

/*
 * Whether a schema can be used: a JSON Schema 2020-12 that compiles, and whose
 * defaults hold to it, though what they lack may be "required".
 * XC_ERR_INVALID: the sentence is in errbuf, and in where, of size bytes, the
 * JSON Pointer into the schema.
 */
enum xc_err xc_config_check(struct json_object *schema, char *where,
    size_t size, struct xc_errbuf *errbuf);

/*
 * Puts settings (may be NULL) over the defaults of the schema, those of
 * "properties" in it, behind "$ref" and under "allOf", and validates the
 * outcome.  A setting that is null counts as not set.  Where a schema has
 * properties and says nothing of others, there are no others.
 *
 * On XC_OK *config_r is a new reference to an object; else it is NULL, and
 * XC_ERR_INVALID names each setting by its JSON Pointer.  The value of one
 * that is "secret" is not told.
 */
enum xc_err xc_config_merge(struct json_object *schema,
    struct json_object *settings, struct json_object **config_r,
    struct xc_errbuf *errbuf);

#endif

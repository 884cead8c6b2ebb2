/* SPDX-License-Identifier: MIT */
/*
 * Where references of a document lead: a map of JSON, {"URI#anchor":
 * "/pointer"}, with "URI#" for a resource, and {"URI": "other URI"} for one
 * that has two of them.
 */
#ifndef XC_PLACES_H
#define XC_PLACES_H

#include "contract/compose-walk.h"

/* Notes the $id and anchors of a schema that a walk is at.  The first of a
 * name stays. */
void xc_places_schema(struct json_object *places, const struct xc_walk *walk,
    const struct json_object *schema, const struct xc_place *place);

/* The pointer that a reference under a base leads to in doc; malloc'ed, NULL
 * if it leads nowhere. */
char *xc_places_find(const struct json_object *places,
    struct json_object *doc, const char *base, const char *reference);

#endif

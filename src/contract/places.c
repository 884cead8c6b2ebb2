/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/places.h"
#include "contract/uri.h"

#define KEY_MAX 2560

static void
note(struct json_object *places, const char *uri, const char *anchor,
    const struct xc_place *place)
{
	char key[KEY_MAX];
	char *pointer;

	if (snprintf(key, sizeof(key), "%s#%s", uri, anchor) >=
	    (int)sizeof(key) ||
	    json_object_object_get_ex(places, key, NULL))
		return;
	pointer = xc_place_pointer(place);
	if (pointer != NULL)
		json_object_object_add(places, key,
		    json_object_new_string(pointer));
	free(pointer);
}

void
xc_places_schema(struct json_object *places, const struct xc_walk *walk,
    const struct json_object *schema, const struct xc_place *place)
{
	const char *anchor = xc_json_string(schema, "$anchor");
	const char *dynamic = xc_json_string(schema, "$dynamicAnchor");

	if (xc_json_string(schema, "$id") != NULL)
		note(places, walk->base, "", place);
	if (anchor != NULL)
		note(places, walk->base, anchor, place);
	if (dynamic != NULL)
		note(places, walk->base, dynamic, place);
}

/* An anchor, or nothing, behind the '#'. */
static char *
find_place(const struct json_object *places, const char *uri,
    const char *anchor)
{
	const char *pointer;
	char *key = NULL;

	if (asprintf(&key, "%s#%s", uri, anchor) == -1)
		return NULL;
	pointer = xc_json_string(places, key);
	free(key);
	return pointer == NULL ? NULL : strdup(pointer);
}

static char *
find_pointer(const struct json_object *places, const char *uri,
    const char *fragment)
{
	char *resource, *pointer = NULL;

	if (fragment[0] != '/')
		return find_place(places, uri, fragment);
	resource = find_place(places, uri, "");
	if (resource == NULL)
		return NULL;
	if (asprintf(&pointer, "%s%s", resource, fragment) == -1)
		pointer = NULL;
	free(resource);
	return pointer;
}

char *
xc_places_find(const struct json_object *places, struct json_object *doc,
    const char *base, const char *reference)
{
	const char *fragment, *other;
	char uri[XC_URI_MAX];
	char *decoded, *pointer = NULL;

	if (!xc_uri_resolve(base, reference, strlen(reference), uri,
	    &fragment))
		return NULL;
	other = xc_json_string(places, uri);
	decoded = strdup(fragment == NULL ? "" : fragment);
	if (decoded != NULL && xc_pointer_decode(decoded))
		pointer = find_pointer(places, other != NULL ? other : uri,
		    decoded);
	free(decoded);
	if (pointer == NULL || xc_pointer_find(doc, pointer) != NULL)
		return pointer;
	free(pointer);
	return NULL;
}

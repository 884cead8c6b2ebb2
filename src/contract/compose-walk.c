/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-walk.h"
#include "contract/uri.h"

/* Documents have 32 levels; what is inlined adds to them, within reason. */
#define DEPTH_MAX 200

enum holds {
	HOLDS_ONE,
	HOLDS_LIST,
	HOLDS_MAP,
	HOLDS_OPEN_MAP,		/* whose keys may be "x-..." besides */
	HOLDS_SELF		/* the object itself is an open map */
};

struct field {
	const char *key;
	enum holds holds;
	enum xc_node node;
};

static const struct field document_fields[] = {
	{ "paths", HOLDS_OPEN_MAP, XC_NODE_PATH_ITEM },
	{ "webhooks", HOLDS_MAP, XC_NODE_PATH_ITEM },
	{ "components", HOLDS_ONE, XC_NODE_COMPONENTS },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field components_fields[] = {
	{ "schemas", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "responses", HOLDS_MAP, XC_NODE_RESPONSE },
	{ "parameters", HOLDS_MAP, XC_NODE_PARAMETER },
	{ "examples", HOLDS_MAP, XC_NODE_EXAMPLE },
	{ "requestBodies", HOLDS_MAP, XC_NODE_BODY },
	{ "headers", HOLDS_MAP, XC_NODE_PARAMETER },
	{ "securitySchemes", HOLDS_MAP, XC_NODE_SCHEME },
	{ "links", HOLDS_MAP, XC_NODE_LINK },
	{ "callbacks", HOLDS_MAP, XC_NODE_CALLBACK },
	{ "pathItems", HOLDS_MAP, XC_NODE_PATH_ITEM },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field path_item_fields[] = {
	{ "parameters", HOLDS_LIST, XC_NODE_PARAMETER },
	{ "get", HOLDS_ONE, XC_NODE_OPERATION },
	{ "put", HOLDS_ONE, XC_NODE_OPERATION },
	{ "post", HOLDS_ONE, XC_NODE_OPERATION },
	{ "delete", HOLDS_ONE, XC_NODE_OPERATION },
	{ "options", HOLDS_ONE, XC_NODE_OPERATION },
	{ "head", HOLDS_ONE, XC_NODE_OPERATION },
	{ "patch", HOLDS_ONE, XC_NODE_OPERATION },
	{ "trace", HOLDS_ONE, XC_NODE_OPERATION },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field operation_fields[] = {
	{ "parameters", HOLDS_LIST, XC_NODE_PARAMETER },
	{ "requestBody", HOLDS_ONE, XC_NODE_BODY },
	{ "responses", HOLDS_OPEN_MAP, XC_NODE_RESPONSE },
	{ "callbacks", HOLDS_MAP, XC_NODE_CALLBACK },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field parameter_fields[] = {
	{ "schema", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "content", HOLDS_MAP, XC_NODE_MEDIA },
	{ "examples", HOLDS_MAP, XC_NODE_EXAMPLE },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field body_fields[] = {
	{ "content", HOLDS_MAP, XC_NODE_MEDIA },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field media_fields[] = {
	{ "schema", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "examples", HOLDS_MAP, XC_NODE_EXAMPLE },
	{ "encoding", HOLDS_MAP, XC_NODE_ENCODING },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field encoding_fields[] = {
	{ "headers", HOLDS_MAP, XC_NODE_PARAMETER },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field response_fields[] = {
	{ "headers", HOLDS_MAP, XC_NODE_PARAMETER },
	{ "content", HOLDS_MAP, XC_NODE_MEDIA },
	{ "links", HOLDS_MAP, XC_NODE_LINK },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field callback_fields[] = {
	{ "", HOLDS_SELF, XC_NODE_PATH_ITEM },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field schema_fields[] = {
	{ "properties", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "patternProperties", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "$defs", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "definitions", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "dependentSchemas", HOLDS_MAP, XC_NODE_SCHEMA },
	{ "items", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "additionalProperties", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "unevaluatedItems", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "unevaluatedProperties", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "propertyNames", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "contains", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "contentSchema", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "not", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "if", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "then", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "else", HOLDS_ONE, XC_NODE_SCHEMA },
	{ "allOf", HOLDS_LIST, XC_NODE_SCHEMA },
	{ "anyOf", HOLDS_LIST, XC_NODE_SCHEMA },
	{ "oneOf", HOLDS_LIST, XC_NODE_SCHEMA },
	{ "prefixItems", HOLDS_LIST, XC_NODE_SCHEMA },
	{ NULL, HOLDS_ONE, XC_NODE__MAX }
};

static const struct field *const fields_of[XC_NODE__MAX] = {
	[XC_NODE_DOCUMENT] = document_fields,
	[XC_NODE_COMPONENTS] = components_fields,
	[XC_NODE_PATH_ITEM] = path_item_fields,
	[XC_NODE_OPERATION] = operation_fields,
	[XC_NODE_PARAMETER] = parameter_fields,
	[XC_NODE_BODY] = body_fields,
	[XC_NODE_MEDIA] = media_fields,
	[XC_NODE_ENCODING] = encoding_fields,
	[XC_NODE_RESPONSE] = response_fields,
	[XC_NODE_CALLBACK] = callback_fields,
	[XC_NODE_SCHEMA] = schema_fields,
};

static struct json_object *walk_node(struct xc_walk *walk,
    struct json_object *value, const struct xc_place *place);

struct json_object *
xc_walk_fail(struct xc_walk *walk, const struct xc_place *place,
    const char *format, ...)
{
	char *pointer = xc_place_pointer(place);
	char what[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	walk->err = xc_fail(walk->errbuf, XC_ERR_INVALID,
	    "openapi.json: %.400s: %s", pointer == NULL ? "" : pointer, what);
	free(pointer);
	return NULL;
}

/* Whether an object is of the kind that can stand there. */
static bool
fits(enum xc_node node, const struct json_object *value)
{
	return json_object_is_type(value, json_type_object) ||
	    (node == XC_NODE_SCHEMA &&
	    json_object_is_type(value, json_type_boolean));
}

static void
walk_list(struct xc_walk *walk, struct json_object *list,
    const struct xc_place *up, enum xc_node node)
{
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n && walk->err == XC_OK; i++) {
		struct json_object *value = json_object_array_get_idx(list,
		    i), *other;
		const struct xc_place place = { .up = up, .index = i,
			.depth = up->depth + 1, .node = node };

		if (!fits(node, value))
			continue;
		other = walk_node(walk, value, &place);
		if (other != NULL)
			json_object_array_put_idx(list, i, other);
	}
}

/* Puts a value in the place of another of that key, so that the table of
 * keys stays as it is while it is walked. */
static void
walk_map(struct xc_walk *walk, struct json_object *map,
    const struct xc_place *up, const struct field *field)
{
	struct lh_entry *entry;

	if (!json_object_is_type(map, json_type_object))
		return;
	lh_foreach(json_object_get_object(map), entry) {
		const char *key = lh_entry_k(entry);
		struct json_object *value = lh_entry_v(entry), *other;
		const struct xc_place place = { .up = up, .key = key,
			.depth = up->depth + 1, .node = field->node };

		if (walk->err != XC_OK)
			return;
		if (!fits(field->node, value) || (field->holds !=
		    HOLDS_MAP && strncmp(key, "x-", 2) == 0))
			continue;
		other = walk_node(walk, value, &place);
		if (other != NULL)
			json_object_object_add(map, key, other);
	}
}

static void
walk_one(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *up, const struct field *field)
{
	struct json_object *child = xc_json_member(value, field->key), *other;
	const struct xc_place place = { .up = up, .key = field->key,
		.depth = up->depth + 1, .node = field->node };

	if (child == NULL || !fits(field->node, child))
		return;
	other = walk_node(walk, child, &place);
	if (other != NULL)
		json_object_object_add(value, field->key, other);
}

static void
walk_field(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *up, const struct field *field)
{
	/* What holds others is nothing by itself. */
	const struct xc_place place = { .up = up, .key = field->key,
		.depth = up->depth + 1, .node = XC_NODE__MAX };

	switch (field->holds) {
	case HOLDS_ONE:
		walk_one(walk, value, up, field);
		break;
	case HOLDS_LIST:
		walk_list(walk, xc_json_member(value, field->key), &place,
		    field->node);
		break;
	case HOLDS_MAP:
	case HOLDS_OPEN_MAP:
		walk_map(walk, xc_json_member(value, field->key), &place,
		    field);
		break;
	case HOLDS_SELF:
		walk_map(walk, value, up, field);
		break;
	}
}

static void
walk_fields(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	const struct field *field = fields_of[place->node];

	/* The siblings of a reference count in schemas and path items. */
	if (field == NULL || !json_object_is_type(value, json_type_object) ||
	    (place->node != XC_NODE_SCHEMA &&
	    place->node != XC_NODE_PATH_ITEM &&
	    xc_json_string(value, "$ref") != NULL))
		return;
	for (; field->key != NULL && walk->err == XC_OK; field++)
		walk_field(walk, value, place, field);
}

static struct json_object *
walk_inner(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct json_object *other = walk->visit(walk, value, place);

	if (walk->err == XC_OK)
		walk_fields(walk, other != NULL ? other : value, place);
	return other;
}

/* Apart, for its buffer is large. */
static __attribute__((noinline)) struct json_object *
walk_rebased(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place, const char *id)
{
	const char *before = walk->base, *fragment;
	struct json_object *other;
	char base[XC_URI_MAX];

	if (!xc_uri_resolve(before, id, strlen(id), base, &fragment))
		return xc_walk_fail(walk, place, "its $id is too long");
	walk->base = base;
	other = walk_inner(walk, value, place);
	walk->base = before;
	return other;
}

static struct json_object *
walk_node(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	const char *id = NULL;

	if (place->depth > DEPTH_MAX)
		return xc_walk_fail(walk, place,
		    "references lead too deep into each other");
	if (place->node == XC_NODE_SCHEMA)
		id = xc_json_string(value, "$id");
	return id != NULL ? walk_rebased(walk, value, place, id) :
	    walk_inner(walk, value, place);
}

struct json_object *
xc_walk_at(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	walk->err = XC_OK;
	walk->base = XC_WALK_BASE;
	return fits(place->node, value) ? walk_node(walk, value, place) :
	    NULL;
}

struct json_object *
xc_walk(struct xc_walk *walk, enum xc_node node, struct json_object *value)
{
	const struct xc_place place = { .node = node };

	return xc_walk_at(walk, value, &place);
}

const char *
xc_place_top(const struct xc_place *place)
{
	const char *key = "";

	for (; place->up != NULL; place = place->up)
		key = place->key != NULL ? place->key : "";
	return key;
}

static void
add_places(struct xc_pointer *pointer, const struct xc_place *place)
{
	char number[24];

	if (place->up == NULL)
		return;
	add_places(pointer, place->up);
	if (place->key != NULL) {
		xc_pointer_add(pointer, place->key);
		return;
	}
	snprintf(number, sizeof(number), "%zu", place->index);
	xc_pointer_add(pointer, number);
}

char *
xc_place_pointer(const struct xc_place *place)
{
	struct xc_pointer pointer = { 0 };

	add_places(&pointer, place);
	return xc_pointer_take(&pointer);
}

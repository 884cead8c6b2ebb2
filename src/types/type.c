/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/plan.h"
#include "types/name.h"
#include "types/type.h"

#define STEPS_MAX 200000
#define DEPTH_MAX 32
#define HOPS_MAX 32
#define VALUES_MAX 500
#define HELD_MAX 4096		/* bytes that a member may be */

/* ---- the document ------------------------------------------------------- */

static bool
is_object(struct json_object *node)
{
	return json_object_is_type(node, json_type_object);
}

/* "#/..." of "file:///openapi.json#/...", as it stands in a bundle. */
static const char *
from_root(const char *ref)
{
	if (strncmp(ref, XC_PLAN_URI "#", sizeof(XC_PLAN_URI)) == 0)
		ref += sizeof(XC_PLAN_URI) - 1;
	return ref;
}

/* What a reference to a place in this document names; NULL: nothing. */
static struct json_object *
resolve(const struct xc_types *types, const char *ref)
{
	struct json_object *found;
	char pointer[1024];
	size_t len = 0;
	unsigned code;

	ref = from_root(ref);
	if (*ref++ != '#')
		return NULL;
	for (; *ref != '\0' && len < sizeof(pointer) - 1; ref++) {
		pointer[len++] = *ref;
		if (*ref == '%' && sscanf(ref + 1, "%2x", &code) == 1 &&
		    code != 0 && ref[1] != '\0' && ref[2] != '\0') {
			pointer[len - 1] = (char)code;
			ref += 2;
		}
	}
	pointer[len] = '\0';
	if (len == 0)
		return types->root;
	if (*ref != '\0' || pointer[0] != '/' ||
	    json_pointer_get(types->root, pointer, &found) != 0)
		return NULL;
	return found;
}

struct json_object *
xc_type_follow(struct xc_types *types, struct json_object *node)
{
	const char *ref;
	unsigned hops = 0;

	while (is_object(node) &&
	    (ref = xc_json_string(node, "$ref")) != NULL) {
		if (++hops > HOPS_MAX)
			return NULL;
		node = resolve(types, ref);
	}
	return node;
}

/* ---- what a schema says ------------------------------------------------- */

enum { NUL = 1, BOOL = 2, INT = 4, REAL = 8, TEXT = 16, ARRAY = 32,
	OBJECT = 64 };

static const struct {
	const char *name;
	unsigned bit;
} kinds[] = { { "null", NUL }, { "boolean", BOOL }, { "integer", INT },
	{ "number", REAL | INT }, { "string", TEXT }, { "array", ARRAY },
	{ "object", OBJECT } };

static unsigned
kind_named(struct json_object *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (json_object_is_type(name, json_type_string) &&
		    strcmp(json_object_get_string(name), kinds[i].name) == 0)
			return kinds[i].bit;
	return 0;
}

static unsigned
kind_of_value(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return BOOL;
	case json_type_int:
		return INT;
	case json_type_double:
		return REAL | INT;
	case json_type_string:
		return TEXT;
	case json_type_array:
		return ARRAY;
	case json_type_object:
		return OBJECT;
	default:
		return NUL;
	}
}

/* The types that "type" names, or that the constants are of; 0: any. */
static unsigned
said_kinds(struct json_object *schema)
{
	struct json_object *type = xc_json_member(schema, "type");
	struct json_object *list = xc_json_member(schema, "enum");
	unsigned bits = 0;
	size_t i;

	if (json_object_is_type(type, json_type_string))
		return kind_named(type);
	if (json_object_is_type(type, json_type_array)) {
		for (i = 0; i < json_object_array_length(type); i++)
			bits |= kind_named(json_object_array_get_idx(type,
			    i));
		return bits;
	}
	if (json_object_is_type(list, json_type_array)) {
		for (i = 0; i < json_object_array_length(list); i++)
			bits |= kind_of_value(json_object_array_get_idx(list,
			    i));
		return bits;
	}
	if (xc_json_member(schema, "const") != NULL)
		return kind_of_value(xc_json_member(schema, "const"));
	return 0;
}

static bool
has_list(struct json_object *schema, const char *key)
{
	return json_object_is_type(xc_json_member(schema, key),
	    json_type_array);
}

/* Whether its values are objects that have known members. */
static bool
is_struct(struct xc_types *types, struct json_object *schema)
{
	struct json_object *list;
	struct json_object *target;
	unsigned said;
	bool found;
	size_t i;

	if (++types->steps > STEPS_MAX || types->depth > DEPTH_MAX ||
	    !is_object(schema) || has_list(schema, "oneOf") ||
	    has_list(schema, "anyOf"))
		return false;
	said = said_kinds(schema);
	if (said != 0 && (said & ~(unsigned)NUL) != OBJECT)
		return false;
	if (is_object(xc_json_member(schema, "properties")))
		return true;
	types->depth++;
	found = false;
	if (xc_json_string(schema, "$ref") != NULL) {
		target = resolve(types, xc_json_string(schema, "$ref"));
		found = target != schema && is_struct(types, target);
	}
	list = xc_json_member(schema, "allOf");
	if (has_list(schema, "allOf"))
		for (i = 0; i < json_object_array_length(list) && !found; i++)
			found = is_struct(types,
			    json_object_array_get_idx(list, i));
	types->depth--;
	return found;
}

/* ---- what is defined ---------------------------------------------------- */

static struct xc_type_def *
find_known(const struct xc_types *types, const struct json_object *schema)
{
	size_t i;

	for (i = 0; i < types->n_known; i++)
		if (types->known[i]->schema == schema && schema != NULL)
			return types->known[i];
	return NULL;
}

static struct xc_type_field *
find_field(const struct xc_type_def *def, const char *key)
{
	size_t i;

	for (i = 0; i < def->n_fields; i++)
		if (strcmp(def->fields[i].key, key) == 0)
			return &def->fields[i];
	return NULL;
}

/* Adds what a schema and those that it consists of know of members, and
 * which of them must be there. */
static void
gather(struct xc_types *types, struct xc_type_def *def,
    struct json_object *schema, struct json_object *required)
{
	struct json_object *list = xc_json_member(schema, "allOf");
	struct json_object *names = xc_json_member(schema, "required");
	struct json_object *properties = xc_json_member(schema,
	    "properties");
	struct json_object *name;
	size_t i;

	if (++types->steps > STEPS_MAX || types->depth > DEPTH_MAX)
		return;
	types->depth++;
	if (xc_json_string(schema, "$ref") != NULL)
		gather(types, def, resolve(types, xc_json_string(schema,
		    "$ref")), required);
	if (has_list(schema, "allOf"))
		for (i = 0; i < json_object_array_length(list); i++)
			gather(types, def, json_object_array_get_idx(list, i),
			    required);
	if (is_object(properties)) {
		json_object_object_foreach(properties, key, value) {
			if (find_field(def, key) == NULL)
				(void)xc_type_add(types, def, key, value);
		}
	}
	if (has_list(schema, "required"))
		for (i = 0; i < json_object_array_length(names); i++) {
			name = json_object_array_get_idx(names, i);
			if (json_object_is_type(name, json_type_string))
				(void)json_object_object_add(required,
				    json_object_get_string(name), NULL);
		}
	types->depth--;
}

static struct xc_type_def *
define_struct(struct xc_types *types, struct json_object *schema,
    const char *hint)
{
	struct xc_type_def *def = xc_type_begin(types, schema, hint);
	struct json_object *required = json_object_new_object();
	size_t i;

	if (def != NULL && required != NULL) {
		gather(types, def, schema, required);
		for (i = 0; i < def->n_fields; i++)
			def->fields[i].required = json_object_object_get_ex(
			    required, def->fields[i].key, NULL);
		xc_type_finish(types, def);
	}
	json_object_put(required);
	return def;
}

static void
be_struct(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	struct xc_type_def *def = find_known(types, schema);

	if (def == NULL)
		def = define_struct(types, schema, hint);
	if (def == NULL || def->kind != XC_TYPE_STRUCT)
		return;
	type_r->kind = XC_TYPE_STRUCT;
	type_r->def = def;
	/* One that is not done would hold itself. */
	type_r->pointer = !def->done || def->size > HELD_MAX;
	type_r->nullable = (said_kinds(schema) & NUL) != 0;
}

/* Whether there are as many short texts as an enum may have, and no more. */
static bool
is_enum(struct json_object *list)
{
	size_t n = json_object_array_length(list);
	struct json_object *value;
	size_t n_texts = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		value = json_object_array_get_idx(list, i);
		if (value == NULL)
			continue;
		if (!json_object_is_type(value, json_type_string) ||
		    strlen(json_object_get_string(value)) > XC_TYPE_TEXT_MAX)
			return false;
		n_texts++;
	}
	return n_texts > 0 && n_texts <= VALUES_MAX;
}

static void
add_value(struct xc_types *types, struct xc_type_def *def, const char *text)
{
	char name[3 * XC_NAME_MAX];
	char tag[XC_NAME_MAX];
	char words[XC_NAME_MAX];

	xc_name_capitals(def->tag, tag);
	snprintf(name, sizeof(name), "%s_%s", tag,
	    text[0] != '\0' ? xc_name_capitals(text, words) : "EMPTY");
	def->texts[def->n_texts] = text;
	def->constants[def->n_texts] = xc_type_unique(types, types->names,
	    name);
	if (def->constants[def->n_texts] != NULL)
		def->n_texts++;
}

static struct xc_type_def *
define_enum(struct xc_types *types, struct json_object *schema,
    const char *hint)
{
	struct json_object *list = xc_json_member(schema, "enum");
	struct xc_type_def *def = xc_type_begin(types, schema, hint);
	size_t n = json_object_array_length(list);
	struct json_object *value;
	size_t i;

	if (def == NULL)
		return NULL;
	def->kind = XC_TYPE_ENUM;
	def->texts = calloc(n, sizeof(*def->texts));
	def->constants = calloc(n, sizeof(*def->constants));
	if (def->texts == NULL || def->constants == NULL) {
		types->err = XC_ERR_NOMEM;
		return NULL;
	}
	for (i = 0; i < n; i++) {
		value = json_object_array_get_idx(list, i);
		if (value != NULL)
			add_value(types, def, json_object_get_string(value));
	}
	xc_type_finish(types, def);
	return def;
}

static void
be_text(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	struct json_object *list = xc_json_member(schema, "enum");
	struct xc_type_def *def;

	type_r->kind = XC_TYPE_TEXT;
	if (!json_object_is_type(list, json_type_array) || !is_enum(list))
		return;
	def = find_known(types, schema);
	if (def == NULL)
		def = define_enum(types, schema, hint);
	if (def == NULL || def->kind != XC_TYPE_ENUM)
		return;
	type_r->kind = XC_TYPE_ENUM;
	type_r->def = def;
}

/* Of one kind of values that are each something. */
static void
be_array(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	struct xc_type items;

	if (has_list(schema, "prefixItems"))
		return;
	xc_type_of(types, xc_json_member(schema, "items"), hint, &items);
	if (items.kind == XC_TYPE_JSON || items.array || items.nullable)
		return;
	*type_r = items;
	type_r->array = true;
	type_r->pointer = false;
}

static void
be_scalar(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	unsigned said = said_kinds(schema);

	switch (said & ~(unsigned)NUL) {
	case BOOL:
		type_r->kind = XC_TYPE_BOOL;
		break;
	case INT:
		type_r->kind = XC_TYPE_INT;
		break;
	case REAL:
	case REAL | INT:
		type_r->kind = XC_TYPE_REAL;
		break;
	case TEXT:
		be_text(types, schema, hint, type_r);
		break;
	case ARRAY:
		be_array(types, schema, hint, type_r);
		break;
	default:
		return;
	}
	type_r->nullable = type_r->kind != XC_TYPE_JSON && (said & NUL) != 0;
}

/* One of two, of which the other is null; the first part of "allOf" that says
 * a type. */
static void
be_part(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	static const char *const either[] = { "oneOf", "anyOf" };
	struct json_object *list;
	struct json_object *one;
	size_t i;
	size_t k;

	for (i = 0; i < 2; i++) {
		list = xc_json_member(schema, either[i]);
		if (!json_object_is_type(list, json_type_array) ||
		    json_object_array_length(list) != 2)
			continue;
		for (k = 0; k < 2; k++) {
			one = json_object_array_get_idx(list, 1 - k);
			if (said_kinds(one) != NUL)
				continue;
			xc_type_of(types, json_object_array_get_idx(list, k),
			    hint, type_r);
			type_r->nullable = type_r->kind != XC_TYPE_JSON;
			return;
		}
	}
	list = xc_json_member(schema, "allOf");
	if (has_list(schema, "oneOf") || has_list(schema, "anyOf") ||
	    !json_object_is_type(list, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(list) &&
	    type_r->kind == XC_TYPE_JSON; i++)
		xc_type_of(types, json_object_array_get_idx(list, i), hint,
		    type_r);
}

/* A reference with nothing beside it that shapes a value. */
static bool
is_plain_reference(struct json_object *schema)
{
	return xc_json_string(schema, "$ref") != NULL &&
	    xc_json_member(schema, "properties") == NULL &&
	    xc_json_member(schema, "allOf") == NULL;
}

void
xc_type_of(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r)
{
	static const char components[] = "#/components/schemas/";
	unsigned hops = 0;
	const char *ref;

	memset(type_r, 0, sizeof(*type_r));
	while (is_plain_reference(schema) && hops++ < HOPS_MAX) {
		ref = from_root(xc_json_string(schema, "$ref"));
		/* A component has its own name, whoever meets it first. */
		if (strncmp(ref, components, sizeof(components) - 1) == 0)
			hint = ref + sizeof(components) - 1;
		schema = resolve(types, ref);
	}
	if (++types->steps > STEPS_MAX || types->depth > DEPTH_MAX ||
	    hops > HOPS_MAX || !is_object(schema) ||
	    (xc_json_member(schema, "$id") != NULL && !types->bundled) ||
	    xc_json_member(schema, "$dynamicRef") != NULL)
		return;
	types->depth++;
	if (is_struct(types, schema))
		be_struct(types, schema, hint, type_r);
	else if (has_list(schema, "oneOf") || has_list(schema, "anyOf") ||
	    (said_kinds(schema) == 0 && has_list(schema, "allOf")))
		be_part(types, schema, hint, type_r);
	else
		be_scalar(types, schema, hint, type_r);
	types->depth--;
}

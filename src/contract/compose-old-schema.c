/* SPDX-License-Identifier: MIT */
/*
 * A schema of 2020-12 as one of OpenAPI 3.0, which can say less.  What cannot
 * be said is left out, so that all that was valid still is.
 */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-private.h"

/* References that are followed to see whether a schema loses something. */
#define FOLLOW_MAX 4
#define STEPS_MAX 500

/* The members of a Schema Object (OpenAPI 3.0.3, 4.7.24). */
static const char *const kept[] = { "$ref", "additionalProperties", "allOf",
	"anyOf", "default", "deprecated", "description", "discriminator",
	"enum", "example", "exclusiveMaximum", "exclusiveMinimum",
	"externalDocs", "format", "items", "maxItems", "maxLength",
	"maxProperties", "maximum", "minItems", "minLength", "minProperties",
	"minimum", "multipleOf", "not", "nullable", "oneOf", "pattern",
	"properties", "readOnly", "required", "title", "type", "uniqueItems",
	"writeOnly", "xml" };

/* Those that narrow and cannot be said. */
static const char *const lost[] = { "if", "patternProperties",
	"propertyNames", "contains", "dependentRequired", "dependentSchemas",
	"unevaluatedItems", "unevaluatedProperties", "prefixItems" };

#define N_OF(list) (sizeof(list) / sizeof((list)[0]))

static bool
has(const struct json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

static void
del(struct json_object *object, const char *key)
{
	json_object_object_del(object, key);
}

static void
set(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void
set_text(struct json_object *object, const char *key, const char *text)
{
	set(object, key, json_object_new_string(text));
}

static void
set_true(struct json_object *object, const char *key)
{
	set(object, key, json_object_new_boolean(true));
}

/* Takes value. */
static struct json_object *
list_of(struct json_object *value)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, value);
	return list;
}

/* An object with one member; takes value. */
static struct json_object *
object_of(const char *key, struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	set(object, key, value);
	return object;
}

static size_t
length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

static bool
is_text(struct json_object *value, const char *text)
{
	return json_object_is_type(value, json_type_string) &&
	    strcmp(json_object_get_string(value), text) == 0;
}

static bool
is_boolean(struct json_object *value, bool wanted)
{
	return json_object_is_type(value, json_type_boolean) &&
	    json_object_get_boolean(value) == wanted;
}

/* Takes the member away from the object. */
static struct json_object *
take(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_get(xc_json_member(object,
	    key));

	del(object, key);
	return value;
}

/* A look at whether a schema takes more in 3.0 than it does in 3.1; steps
 * bound what it costs. */
struct look {
	struct json_object *root;
	unsigned steps;
};

static bool loses(struct look *look, struct json_object *schema, int follow);

static bool
list_loses(struct look *look, struct json_object *list, int follow)
{
	for (size_t i = 0; i < length_of(list); i++) {
		if (loses(look, json_object_array_get_idx(list, i), follow))
			return true;
	}
	return false;
}

static bool
map_loses(struct look *look, struct json_object *map, int follow)
{
	struct lh_entry *entry;

	if (!json_object_is_type(map, json_type_object))
		return false;
	lh_foreach(json_object_get_object(map), entry) {
		if (loses(look, lh_entry_v(entry), follow))
			return true;
	}
	return false;
}

static bool
reference_loses(struct look *look, const struct json_object *schema,
    int follow)
{
	const char *reference = xc_json_string(schema, "$ref");

	if (reference == NULL)
		return false;
	if (reference[0] != '#' || follow == 0)
		return true;
	return loses(look, xc_pointer_find(look->root, reference + 1),
	    follow - 1);
}

static bool
keyword_loses(const struct json_object *schema)
{
	for (size_t i = 0; i < N_OF(lost); i++) {
		if (has(schema, lost[i]))
			return true;
	}
	return false;
}

/* What cannot be told is taken to lose something. */
static bool
loses(struct look *look, struct json_object *schema, int follow)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" };
	static const char *const ones[] = { "items", "not",
		"additionalProperties" };

	if (!json_object_is_type(schema, json_type_object))
		return false;
	if (look->steps == 0 || keyword_loses(schema))
		return true;
	look->steps--;
	if (reference_loses(look, schema, follow))
		return true;
	for (size_t i = 0; i < N_OF(lists); i++) {
		if (list_loses(look, xc_json_member(schema, lists[i]),
		    follow))
			return true;
	}
	for (size_t i = 0; i < N_OF(ones); i++) {
		if (loses(look, xc_json_member(schema, ones[i]), follow))
			return true;
	}
	return map_loses(look, xc_json_member(schema, "properties"), follow);
}

/* What narrows when it takes more itself. */
static void
loosen(struct json_object *root, struct json_object *schema)
{
	struct look look = { root, STEPS_MAX };

	if (loses(&look, xc_json_member(schema, "not"), FOLLOW_MAX))
		del(schema, "not");
	look.steps = STEPS_MAX;
	if (!list_loses(&look, xc_json_member(schema, "oneOf"), FOLLOW_MAX))
		return;
	if (has(schema, "anyOf"))
		del(schema, "oneOf");
	else
		set(schema, "anyOf", take(schema, "oneOf"));
}

static void
convert_const(struct json_object *schema)
{
	struct json_object *value;

	if (!json_object_object_get_ex(schema, "const", &value))
		return;
	set(schema, "enum", list_of(json_object_get(value)));
	/* null has no type of its own there. */
	if (value == NULL && !has(schema, "type"))
		set_text(schema, "type", "null");
	del(schema, "const");
}

static void
convert_examples(struct json_object *schema)
{
	struct json_object *examples = take(schema, "examples");

	if (length_of(examples) > 0 && !has(schema, "example"))
		set(schema, "example", json_object_get(
		    json_object_array_get_idx(examples, 0)));
	json_object_put(examples);
}

/* The number becomes the bound, and the keyword says of which kind. */
static void
convert_bound(struct json_object *schema, const char *exclusive,
    const char *inclusive, int sign)
{
	struct json_object *bound = take(schema, exclusive), *other;

	if (json_object_is_type(bound, json_type_int) ||
	    json_object_is_type(bound, json_type_double)) {
		other = xc_json_member(schema, inclusive);
		if (other == NULL || sign * (json_object_get_double(bound) -
		    json_object_get_double(other)) >= 0) {
			set(schema, inclusive, json_object_get(bound));
			set_true(schema, exclusive);
		}
	}
	json_object_put(bound);
}

static void
convert_content(struct json_object *schema)
{
	bool encoded = xc_json_string(schema, "contentEncoding") != NULL;
	bool media = xc_json_string(schema, "contentMediaType") != NULL;
	struct json_object *type = xc_json_member(schema, "type");

	if ((!encoded && !media) || has(schema, "format") ||
	    (type != NULL && !is_text(type, "string")))
		return;
	set_text(schema, "type", "string");
	if (!encoded)
		set_text(schema, "format", "binary");
	else if (strncmp(xc_json_string(schema, "contentEncoding"), "base64",
	    6) == 0)
		set_text(schema, "format", "byte");
}

/* Those of the first places or of all others, in any place. */
static void
convert_tuple(struct json_object *schema)
{
	struct json_object *tuple = take(schema, "prefixItems");
	struct json_object *items = xc_json_member(schema, "items");
	struct json_object *any;

	if (length_of(tuple) == 0) {
		json_object_put(tuple);
		return;
	}
	if (is_boolean(items, false) && !has(schema, "maxItems"))
		set(schema, "maxItems", json_object_new_int64(
		    (int64_t)length_of(tuple)));
	if (items == NULL || is_boolean(items, true)) {
		set(schema, "items", json_object_new_object());
		json_object_put(tuple);
		return;
	}
	any = json_object_new_array();
	for (size_t i = 0; i < length_of(tuple); i++)
		json_object_array_add(any, json_object_get(
		    json_object_array_get_idx(tuple, i)));
	if (!is_boolean(items, false))
		json_object_array_add(any, json_object_get(items));
	set(schema, "items", object_of("anyOf", any));
	json_object_put(tuple);
}

/* Without the patterns, "no others" would mean them too. */
static void
convert_patterns(struct json_object *schema)
{
	struct json_object *patterns = take(schema, "patternProperties");
	struct json_object *additional = xc_json_member(schema,
	    "additionalProperties");
	struct json_object *any, *one;
	struct lh_entry *entry;

	if (json_object_is_type(patterns, json_type_object) &&
	    json_object_object_length(patterns) > 0 && additional != NULL &&
	    !is_boolean(additional, true)) {
		any = json_object_new_array();
		lh_foreach(json_object_get_object(patterns), entry)
			json_object_array_add(any, json_object_get(
			    lh_entry_v(entry)));
		if (!is_boolean(additional, false))
			json_object_array_add(any,
			    json_object_get(additional));
		one = length_of(any) == 1 ? json_object_get(
		    json_object_array_get_idx(any, 0)) : NULL;
		if (one != NULL)
			json_object_put(any);
		set(schema, "additionalProperties", one != NULL ? one :
		    object_of("anyOf", any));
	}
	json_object_put(patterns);
}

static bool
is_null_schema(struct json_object *schema)
{
	return is_text(xc_json_member(schema, "type"), "null") &&
	    json_object_object_length(schema) <= 3 && !has(schema, "enum");
}

/* Adds "null" to the types of a schema that has some. */
static void
add_null(struct json_object *schema)
{
	struct json_object *type = xc_json_member(schema, "type");
	struct json_object *values = xc_json_member(schema, "enum");
	struct json_object *list;

	list = json_object_is_type(type, json_type_array) ?
	    json_object_get(type) : list_of(json_object_get(type));
	json_object_array_add(list, json_object_new_string("null"));
	set(schema, "type", list);
	if (json_object_is_type(values, json_type_array))
		json_object_array_add(values, NULL);
}

/* What only explains may stand in both, the outer one wins. */
static bool
can_merge(const struct json_object *outer, struct json_object *inner)
{
	static const char *const words[] = { "title", "description",
		"default", "examples", "example", "deprecated" };
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(inner), entry) {
		bool is_word = false;

		for (size_t i = 0; i < N_OF(words); i++)
			is_word |= strcmp(lh_entry_k(entry), words[i]) == 0;
		if (!is_word && has(outer, lh_entry_k(entry)))
			return false;
	}
	return true;
}

/* {"anyOf":[{"type":"string"},{"type":"null"}]}: as most generators write
 * what may be null. */
static void
convert_optional(struct json_object *schema, const char *key)
{
	struct json_object *list = xc_json_member(schema, key), *one;
	struct lh_entry *entry;

	if (length_of(list) != 2)
		return;
	one = json_object_array_get_idx(list, 0);
	if (is_null_schema(one))
		one = json_object_array_get_idx(list, 1);
	else if (!is_null_schema(json_object_array_get_idx(list, 1)))
		return;
	if (!has(one, "type") || has(one, "const") || has(one, "$ref") ||
	    is_null_schema(one))
		return;
	one = json_object_get(one);
	list = take(schema, key);
	if (can_merge(schema, one)) {
		add_null(one);
		lh_foreach(json_object_get_object(one), entry) {
			if (!has(schema, lh_entry_k(entry)))
				set(schema, lh_entry_k(entry),
				    json_object_get(lh_entry_v(entry)));
		}
	} else {
		set(schema, key, json_object_get(list));
	}
	json_object_put(list);
	json_object_put(one);
}

/* One of several types: an alternative for each, null with the first. */
static void
split_types(struct json_object *schema, struct json_object *names, bool null)
{
	struct json_object *any = json_object_new_array(), *one, *types;
	struct json_object *items = take(schema, "items");

	for (size_t i = 0; i < length_of(names); i++) {
		types = list_of(json_object_get(json_object_array_get_idx(
		    names, i)));
		if (null && i == 0)
			json_object_array_add(types,
			    json_object_new_string("null"));
		one = object_of("type", types);
		if (items != NULL && is_text(json_object_array_get_idx(names,
		    i), "array"))
			set(one, "items", json_object_get(items));
		json_object_array_add(any, one);
	}
	json_object_put(items);
	if (!has(schema, "anyOf")) {
		set(schema, "anyOf", any);
		return;
	}
	one = object_of("anyOf", any);
	any = take(schema, "allOf");
	if (any == NULL)
		any = json_object_new_array();
	json_object_array_add(any, one);
	set(schema, "allOf", any);
}

static void
be_null(struct json_object *schema)
{
	set_text(schema, "type", "string");
	set_true(schema, "nullable");
	set(schema, "enum", list_of(NULL));
}

static void
convert_type(struct json_object *schema)
{
	struct json_object *type = take(schema, "type"), *names;
	bool null = false;

	if (json_object_is_type(type, json_type_string))
		type = list_of(type);
	names = json_object_new_array();
	for (size_t i = 0; i < length_of(type); i++) {
		struct json_object *one = json_object_array_get_idx(type, i);

		if (is_text(one, "null"))
			null = true;
		else
			json_object_array_add(names, json_object_get(one));
	}
	if (length_of(names) > 1) {
		split_types(schema, names, null);
	} else if (length_of(names) == 1) {
		set(schema, "type", json_object_get(
		    json_object_array_get_idx(names, 0)));
		if (null)
			set_true(schema, "nullable");
	} else if (null) {
		be_null(schema);
	}
	json_object_put(names);
	json_object_put(type);
}

/* A reference stands alone there: others would not be looked at. */
static void
wrap_reference(struct json_object *schema)
{
	struct json_object *reference, *all, *list;

	if (!has(schema, "$ref") || json_object_object_length(schema) == 1)
		return;
	reference = object_of("$ref", take(schema, "$ref"));
	all = take(schema, "allOf");
	list = list_of(reference);
	for (size_t i = 0; i < length_of(all); i++)
		json_object_array_add(list, json_object_get(
		    json_object_array_get_idx(all, i)));
	json_object_put(all);
	set(schema, "allOf", list);
}

static bool
is_kept(const char *key)
{
	for (size_t i = 0; i < N_OF(kept); i++) {
		if (strcmp(key, kept[i]) == 0)
			return true;
	}
	return strncmp(key, "x-", 2) == 0;
}

static void
drop_unknown(struct json_object *schema)
{
	struct lh_entry *entry = json_object_get_object(schema)->head;

	while (entry != NULL) {
		const char *key = lh_entry_k(entry);

		entry = lh_entry_next(entry);
		if (!is_kept(key))
			del(schema, key);
	}
}

/* What may be empty, or absent, only in 3.1. */
static void
tidy(struct json_object *schema)
{
	static const char *const lists[] = { "required", "allOf", "anyOf",
		"oneOf" };
	struct json_object *discriminator = xc_json_member(schema,
	    "discriminator");

	for (size_t i = 0; i < N_OF(lists); i++) {
		if (has(schema, lists[i]) &&
		    length_of(xc_json_member(schema, lists[i])) == 0)
			del(schema, lists[i]);
	}
	if (has(schema, "enum") &&
	    length_of(xc_json_member(schema, "enum")) == 0) {
		del(schema, "enum");
		set(schema, "not", json_object_new_object());
	}
	if (is_text(xc_json_member(schema, "type"), "array") &&
	    !json_object_is_type(xc_json_member(schema, "items"),
	    json_type_object) && !json_object_is_type(xc_json_member(schema,
	    "items"), json_type_boolean))
		set(schema, "items", json_object_new_object());
	if (json_object_is_type(discriminator, json_type_object)) {
		struct lh_entry *entry =
		    json_object_get_object(discriminator)->head;

		while (entry != NULL) {
			const char *key = lh_entry_k(entry);

			entry = lh_entry_next(entry);
			if (strncmp(key, "x-", 2) == 0)
				del(discriminator, key);
		}
	}
}

static struct json_object *
boolean_old(bool value)
{
	return value ? json_object_new_object() :
	    object_of("not", json_object_new_object());
}

struct json_object *
xc_schema_old(struct json_object *root, struct json_object *schema,
    bool may_be_boolean)
{
	if (json_object_is_type(schema, json_type_boolean))
		return may_be_boolean ? NULL :
		    boolean_old(json_object_get_boolean(schema));
	del(schema, "nullable");
	loosen(root, schema);
	convert_optional(schema, "anyOf");
	convert_optional(schema, "oneOf");
	convert_const(schema);
	convert_examples(schema);
	convert_bound(schema, "exclusiveMinimum", "minimum", 1);
	convert_bound(schema, "exclusiveMaximum", "maximum", -1);
	convert_content(schema);
	convert_tuple(schema);
	convert_patterns(schema);
	convert_type(schema);
	drop_unknown(schema);
	wrap_reference(schema);
	tidy(schema);
	return NULL;
}

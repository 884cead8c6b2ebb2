/* SPDX-License-Identifier: MIT */
/*
 * What a schema says about the values that it takes, as far as it can be told
 * without running it: text has to be converted before it can be validated.
 */
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "plan.h"

/* A schema may lead to itself, and to many others by many ways. */
#define DEPTH_MAX 32
#define STEPS_MAX 10000		/* for one question */
#define ALL_STEPS_MAX 4000000	/* for a document */

struct walk {
	struct xc_plan *plan;
	unsigned depth;
	unsigned steps;
};

static bool
enter(struct walk *walk)
{
	if (walk->depth >= DEPTH_MAX || walk->steps >= STEPS_MAX ||
	    walk->plan->n_steps >= ALL_STEPS_MAX)
		return false;
	walk->plan->n_steps++;
	walk->depth++;
	walk->steps++;
	return true;
}

/* The schema that "$ref" names; false without. */
static bool
step_ref(const struct walk *walk, const struct xc_plan_node *schema,
    struct xc_plan_node *to_r)
{
	const char *ref = xc_json_string(schema->json, "$ref");

	return ref != NULL && xc_plan_resolve(walk->plan, ref, to_r);
}

static unsigned
kind_named(struct json_object *name)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} types[] = {
		{ "null", XC_KIND_NULL },
		{ "boolean", XC_KIND_BOOL },
		{ "integer", XC_KIND_INT },
		{ "number", XC_KIND_INT | XC_KIND_NUMBER },
		{ "string", XC_KIND_TEXT },
		{ "array", XC_KIND_ARRAY },
		{ "object", XC_KIND_OBJECT },
	};
	size_t i;

	if (!json_object_is_type(name, json_type_string))
		return 0;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, json_object_get_string(name)) == 0)
			return types[i].kinds;
	return 0;
}

static unsigned
kinds_of_type(struct json_object *type)
{
	unsigned kinds = 0;
	size_t i;

	if (type == NULL)
		return XC_KIND_ANY;
	if (!json_object_is_type(type, json_type_array))
		return kind_named(type);
	for (i = 0; i < json_object_array_length(type); i++)
		kinds |= kind_named(json_object_array_get_idx(type, i));
	return kinds;
}

static unsigned
kind_of_value(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return XC_KIND_NULL;
	case json_type_boolean:
		return XC_KIND_BOOL;
	case json_type_int:
	case json_type_double:	/* 1.0 is a whole number too */
		return XC_KIND_INT | XC_KIND_NUMBER;
	case json_type_string:
		return XC_KIND_TEXT;
	case json_type_array:
		return XC_KIND_ARRAY;
	default:
		return XC_KIND_OBJECT;
	}
}

static unsigned
kinds_of_values(struct json_object *schema)
{
	struct json_object *value;
	unsigned kinds = XC_KIND_ANY;
	unsigned any = 0;
	size_t i;

	if (json_object_object_get_ex(schema, "const", &value))
		kinds &= kind_of_value(value);
	if (!json_object_object_get_ex(schema, "enum", &value) ||
	    !json_object_is_type(value, json_type_array))
		return kinds;
	for (i = 0; i < json_object_array_length(value); i++)
		any |= kind_of_value(json_object_array_get_idx(value, i));
	return kinds & any;
}

static unsigned kinds_of(struct walk *walk,
    const struct xc_plan_node *schema);

/* Those of a list of schemas: what all of them take, or what any does. */
static unsigned
kinds_of_list(struct walk *walk, const struct xc_plan_node *schema,
    const char *keyword, bool all)
{
	unsigned kinds = all ? XC_KIND_ANY : 0;
	struct xc_plan_node list;
	struct xc_plan_node one;
	unsigned some;
	size_t i;

	xc_plan_member(schema, keyword, &list);
	if (!json_object_is_type(list.json, json_type_array))
		return XC_KIND_ANY;
	for (i = 0; i < json_object_array_length(list.json); i++) {
		xc_plan_item(&list, i, &one);
		some = kinds_of(walk, &one);
		kinds = all ? kinds & some : kinds | some;
	}
	return kinds;
}

static unsigned
kinds_of_object(struct walk *walk, const struct xc_plan_node *schema)
{
	unsigned kinds = kinds_of_type(xc_json_member(schema->json, "type"));
	struct xc_plan_node to;

	kinds &= kinds_of_values(schema->json);
	if (step_ref(walk, schema, &to))
		kinds &= kinds_of(walk, &to);
	kinds &= kinds_of_list(walk, schema, "allOf", true);
	kinds &= kinds_of_list(walk, schema, "anyOf", false);
	return kinds & kinds_of_list(walk, schema, "oneOf", false);
}

static unsigned
kinds_of(struct walk *walk, const struct xc_plan_node *schema)
{
	unsigned kinds = XC_KIND_ANY;

	if (json_object_is_type(schema->json, json_type_boolean) &&
	    !json_object_get_boolean(schema->json))
		return 0;
	if (!json_object_is_type(schema->json, json_type_object) ||
	    !enter(walk))
		return XC_KIND_ANY;
	kinds = kinds_of_object(walk, schema);
	walk->depth--;
	return kinds;
}

unsigned
xc_plan_kinds(struct xc_plan *plan, const struct xc_plan_node *schema)
{
	struct walk walk = { .plan = plan };

	return kinds_of(&walk, schema);
}

/* What is looked for in a schema and those that hold beside it. */
struct search {
	struct walk walk;
	/* Finds it in one schema. */
	bool (*look)(struct search *what, const struct xc_plan_node *schema,
	    struct xc_plan_node *found_r);
	const char *name;
	size_t index;
	enum xc_err (*each)(void *ctx, const char *name,
	    const struct xc_plan_node *property);
	void *ctx;
	enum xc_err err;
	bool alternatives;	/* anyOf and oneOf: the first that says it */
};

static bool search(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r);

static bool
search_list(struct search *what, const struct xc_plan_node *schema,
    const char *keyword, struct xc_plan_node *found_r)
{
	struct xc_plan_node list;
	struct xc_plan_node one;
	size_t i;

	xc_plan_member(schema, keyword, &list);
	if (!json_object_is_type(list.json, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list.json); i++) {
		xc_plan_item(&list, i, &one);
		if (search(what, &one, found_r))
			return true;
	}
	return false;
}

static bool
search_around(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct xc_plan_node to;

	if (what->look(what, schema, found_r))
		return true;
	if (step_ref(&what->walk, schema, &to) && search(what, &to, found_r))
		return true;
	if (search_list(what, schema, "allOf", found_r))
		return true;
	return what->alternatives &&
	    (search_list(what, schema, "anyOf", found_r) ||
	    search_list(what, schema, "oneOf", found_r));
}

static bool
search(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	bool found;

	if (!json_object_is_type(schema->json, json_type_object) ||
	    !enter(&what->walk))
		return false;
	found = search_around(what, schema, found_r);
	what->walk.depth--;
	return found;
}

static void
begin(struct search *what, struct xc_plan *plan, struct xc_plan_node *node_r)
{
	what->walk = (struct walk){ .plan = plan };
	node_r->json = NULL;
	node_r->pointer[0] = '\0';
}

static bool
look_property(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct xc_plan_node all;
	struct xc_plan_node one;

	xc_plan_member(schema, "properties", &all);
	xc_plan_member(&all, what->name, &one);
	if (one.json == NULL)
		return false;
	*found_r = one;
	return true;
}

static bool
look_member(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct xc_plan_node one;

	xc_plan_member(schema, what->name, &one);
	if (one.json == NULL)
		return false;
	*found_r = one;
	return true;
}

void
xc_plan_property(struct xc_plan *plan, const struct xc_plan_node *schema,
    const char *name, struct xc_plan_node *property_r)
{
	struct search what = { .look = look_property, .name = name,
		.alternatives = true };

	begin(&what, plan, property_r);
	if (search(&what, schema, property_r))
		return;
	what = (struct search){ .look = look_member,
		.name = "additionalProperties", .alternatives = true };
	begin(&what, plan, property_r);
	(void)search(&what, schema, property_r);
}

void
xc_plan_items(struct xc_plan *plan, const struct xc_plan_node *schema,
    struct xc_plan_node *items_r)
{
	struct search what = { .look = look_member, .name = "items",
		.alternatives = true };

	begin(&what, plan, items_r);
	(void)search(&what, schema, items_r);
}

static bool
look_prefix(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct xc_plan_node all;
	struct xc_plan_node one;

	xc_plan_member(schema, "prefixItems", &all);
	xc_plan_item(&all, what->index, &one);
	if (one.json == NULL)
		return false;
	*found_r = one;
	return true;
}

void
xc_plan_prefix(struct xc_plan *plan, const struct xc_plan_node *schema,
    size_t i, struct xc_plan_node *item_r)
{
	struct search what = { .look = look_prefix, .index = i,
		.alternatives = true };

	begin(&what, plan, item_r);
	(void)search(&what, schema, item_r);
}

/* Tells of all properties; finds nothing, so that the search goes on, but an
 * error. */
static bool
tell_properties(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct xc_plan_node all;
	struct lh_entry *entry;

	xc_plan_member(schema, "properties", &all);
	if (!json_object_is_type(all.json, json_type_object))
		return false;
	lh_foreach(json_object_get_object(all.json), entry) {
		xc_plan_member(&all, lh_entry_k(entry), found_r);
		what->err = what->each(what->ctx, lh_entry_k(entry), found_r);
		if (what->err != XC_OK)
			return true;
	}
	return false;
}

enum xc_err
xc_plan_properties(struct xc_plan *plan, const struct xc_plan_node *schema,
    enum xc_err (*each)(void *ctx, const char *name,
    const struct xc_plan_node *property), void *ctx)
{
	struct search what = { .look = tell_properties, .each = each,
		.ctx = ctx, .alternatives = true };
	struct xc_plan_node node;

	begin(&what, plan, &node);
	(void)search(&what, schema, &node);
	return what.err;
}

/* A default may be null, which json-c has as NULL. */
static bool
look_default(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	struct json_object *value;

	(void)what;
	if (!json_object_object_get_ex(schema->json, "default", &value))
		return false;
	xc_plan_member(schema, "default", found_r);
	return true;
}

bool
xc_plan_default(struct xc_plan *plan, const struct xc_plan_node *schema,
    struct xc_plan_node *default_r)
{
	struct search what = { .look = look_default };

	begin(&what, plan, default_r);
	return search(&what, schema, default_r);
}

static bool
look_file(struct search *what, const struct xc_plan_node *schema,
    struct xc_plan_node *found_r)
{
	const char *format = xc_json_string(schema->json, "format");

	(void)what;
	(void)found_r;
	return xc_json_string(schema->json, "contentMediaType") != NULL ||
	    xc_json_string(schema->json, "contentEncoding") != NULL ||
	    (format != NULL && strcmp(format, "binary") == 0);
}

bool
xc_plan_is_file(struct xc_plan *plan, const struct xc_plan_node *schema)
{
	struct search what = { .look = look_file, .alternatives = true };
	struct xc_plan_node found;

	begin(&what, plan, &found);
	return search(&what, schema, &found);
}

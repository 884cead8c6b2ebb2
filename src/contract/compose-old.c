/* SPDX-License-Identifier: MIT */
/*
 * The document as one of OpenAPI 3.0.  First all references are led to where
 * there is something in 3.0 too, then each object is converted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-private.h"

/* Copies of what a reference leads to; one plugin needs no more. */
#define INLINED_MAX 2000
#define CHAIN_MAX 16

struct older {
	struct xc_part *part;
	struct json_object *schemas;	/* of the components */
	struct json_object *hoisted;	/* {"/pointer":"name"} */
	struct json_object *fresh;	/* schemas that are made of others */
	unsigned n_inlined;
};

/* The pointer behind "#", decoded; malloc'ed. */
static char *
pointer_of(const char *reference)
{
	char *pointer = reference[0] == '#' ? strdup(reference + 1) : NULL;

	if (pointer != NULL && !xc_pointer_decode(pointer)) {
		free(pointer);
		return NULL;
	}
	return pointer;
}

/* Whether it leads to a whole component of a kind that 3.0 has.  Those of
 * the core and shared ones are not in the copy. */
static bool
is_component(const char *pointer)
{
	char name[XC_POINTER_TOKEN_MAX];

	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		if (i != XC_COMPONENT_PATH_ITEMS && xc_pointer_component(
		    pointer, (enum xc_kind_of_component)i, name,
		    sizeof(name)))
			return true;
	}
	return false;
}

static void
last_token(const char *pointer, char *buf, size_t size)
{
	buf[0] = '\0';
	while (*pointer != '\0' && xc_pointer_next(&pointer, buf, size))
		continue;
}

/* Makes a component of a schema that stands in another, or where 3.0 has
 * nothing; gives its name. */
static const char *
hoist(struct older *older, const char *pointer)
{
	struct xc_part *part = older->part;
	struct json_object *target = xc_pointer_find(part->copy, pointer);
	struct json_object *copy = NULL;
	char token[XC_POINTER_TOKEN_MAX], wanted[XC_POINTER_TOKEN_MAX + 64];
	const char *name = xc_json_string(older->hoisted, pointer);

	if (name != NULL)
		return name;
	if (target == NULL || json_object_deep_copy(target, &copy, NULL) != 0)
		return NULL;
	last_token(pointer, token, sizeof(token));
	snprintf(wanted, sizeof(wanted), "%s_%s", part->plugin->name, token);
	name = xc_new_name(part->compose->taken[XC_COMPONENT_SCHEMAS],
	    part->fresh[XC_COMPONENT_SCHEMAS], wanted);
	json_object_object_add(older->hoisted, pointer,
	    json_object_new_string(name));
	json_object_object_add(older->fresh, name, copy);
	return name;
}

/* The reference to a component that stands for a reference to a schema;
 * malloc'ed. */
static char *
older_reference(struct older *older, struct xc_walk *walk,
    const struct xc_place *place, const char *reference)
{
	char *pointer = pointer_of(reference), *other = NULL;
	const char *name;

	if (pointer != NULL && is_component(pointer)) {
		other = strdup(reference);
	} else if (pointer != NULL) {
		name = hoist(older, pointer);
		if (name != NULL && asprintf(&other,
		    "#/components/schemas/%s", name) == -1)
			other = NULL;
	}
	free(pointer);
	if (other == NULL)
		(void)xc_walk_fail(walk, place, "the reference \"%.200s\" "
		    "leads nowhere in OpenAPI 3.0", reference);
	return other;
}

static void
lead_schema(struct older *older, struct xc_walk *walk,
    struct json_object *schema, const struct xc_place *place)
{
	const char *reference = xc_json_string(schema, "$ref");
	struct json_object *mapping = xc_json_member(xc_json_member(schema,
	    "discriminator"), "mapping");
	struct lh_entry *entry;
	char *other;

	if (reference != NULL) {
		other = older_reference(older, walk, place, reference);
		if (other != NULL)
			json_object_object_add(schema, "$ref",
			    json_object_new_string(other));
		free(other);
	}
	if (!json_object_is_type(mapping, json_type_object))
		return;
	lh_foreach(json_object_get_object(mapping), entry) {
		other = older_reference(older, walk, place,
		    json_object_get_string(lh_entry_v(entry)));
		if (other != NULL)
			json_object_object_add(mapping, lh_entry_k(entry),
			    json_object_new_string(other));
		free(other);
	}
}

/* A copy of what a reference leads to in the end; NULL. */
static struct json_object *
copy_target(struct older *older, const char *reference)
{
	struct json_object *target = NULL, *copy = NULL;
	char *pointer;

	for (int i = 0; i < CHAIN_MAX && reference != NULL; i++) {
		pointer = pointer_of(reference);
		target = pointer == NULL ? NULL : xc_pointer_find(
		    older->part->copy, pointer);
		free(pointer);
		reference = xc_json_string(target, "$ref");
	}
	if (reference != NULL ||
	    !json_object_is_type(target, json_type_object) ||
	    json_object_deep_copy(target, &copy, NULL) != 0)
		return NULL;
	return copy;
}

/* What stands beside a reference in a path item goes before what it leads
 * to, whose operations have their ids elsewhere. */
static void
merge(struct json_object *into, struct json_object *beside)
{
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(into), entry) {
		if (json_object_is_type(lh_entry_v(entry), json_type_object))
			json_object_object_del(lh_entry_v(entry),
			    "operationId");
	}
	lh_foreach(json_object_get_object(beside), entry) {
		if (strcmp(lh_entry_k(entry), "$ref") != 0)
			json_object_object_add(into, lh_entry_k(entry),
			    json_object_get(lh_entry_v(entry)));
	}
}

static struct json_object *
lead_other(struct older *older, struct xc_walk *walk,
    struct json_object *value, const struct xc_place *place)
{
	const char *reference = xc_json_string(value, "$ref");
	char *pointer = reference == NULL ? NULL : pointer_of(reference);
	struct json_object *other = NULL;

	if (pointer != NULL && is_component(pointer)) {
		other = json_object_new_object();
		json_object_object_add(other, "$ref",
		    json_object_new_string(reference));
	} else if (pointer != NULL && older->n_inlined++ < INLINED_MAX) {
		other = copy_target(older, reference);
	}
	free(pointer);
	if (reference != NULL && other == NULL)
		return xc_walk_fail(walk, place, "the reference \"%.200s\" "
		    "cannot be followed for OpenAPI 3.0", reference);
	if (other != NULL && place->node == XC_NODE_PATH_ITEM)
		merge(other, value);
	return other;
}

static struct json_object *
lead(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct older *older = walk->ctx;

	if (!json_object_is_type(value, json_type_object) ||
	    place->node == XC_NODE_DOCUMENT ||
	    place->node == XC_NODE_COMPONENTS)
		return NULL;
	if (place->node != XC_NODE_SCHEMA)
		return lead_other(older, walk, value, place);
	lead_schema(older, walk, value, place);
	return NULL;
}

/* What 3.0 has not: it is looked at only by those that refer to it. */
static struct json_object *
without_newer(struct json_object *copy)
{
	struct json_object *paths = json_object_get(xc_json_member(copy,
	    "paths"));
	struct json_object *components = json_object_new_object();
	struct json_object *root = json_object_new_object();
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(xc_json_member(copy,
	    "components")), entry) {
		if (strcmp(lh_entry_k(entry), "pathItems") != 0)
			json_object_object_add(components, lh_entry_k(entry),
			    json_object_get(lh_entry_v(entry)));
	}
	json_object_object_add(root, "paths", paths);
	json_object_object_add(root, "components", components);
	return root;
}

/* Those that were made refer to others, of which more are made. */
static void
lead_fresh(struct older *older, struct xc_walk *walk)
{
	while (walk->err == XC_OK &&
	    json_object_object_length(older->fresh) > 0) {
		struct json_object *some = older->fresh;
		struct lh_entry *entry;

		older->fresh = json_object_new_object();
		lh_foreach(json_object_get_object(some), entry) {
			if (walk->err != XC_OK)
				break;
			if (lh_entry_v(entry) != NULL)
				(void)xc_walk(walk, XC_NODE_SCHEMA,
				    lh_entry_v(entry));
			json_object_object_add(older->schemas,
			    lh_entry_k(entry),
			    json_object_get(lh_entry_v(entry)));
		}
		json_object_put(some);
	}
}

static bool
is_mutual(const struct xc_part *part, const char *name)
{
	struct json_object *scheme = xc_json_member(part->schemes, name);
	const char *type;

	if (scheme == NULL)
		scheme = xc_json_member(part->compose->schemes, name);
	type = xc_json_string(scheme, "type");
	return type != NULL && strcmp(type, "mutualTLS") == 0;
}

/* Roles are said of two types only; others have an empty list. */
static bool
has_scopes(const struct xc_part *part, const char *name)
{
	struct json_object *scheme = xc_json_member(part->schemes, name);
	const char *type;

	if (scheme == NULL)
		scheme = xc_json_member(part->compose->schemes, name);
	type = xc_json_string(scheme, "type");
	return type != NULL && (strcmp(type, "oauth2") == 0 ||
	    strcmp(type, "openIdConnect") == 0);
}

/* NULL if all that is asked for is a client's certificate. */
static struct json_object *
older_need(const struct xc_part *part, struct json_object *need)
{
	struct json_object *other = json_object_new_object();
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(need), entry) {
		const char *name = lh_entry_k(entry);

		if (is_mutual(part, name))
			continue;
		json_object_object_add(other, name, has_scopes(part, name) ?
		    json_object_get(lh_entry_v(entry)) :
		    json_object_new_array());
	}
	if (json_object_object_length(other) > 0 ||
	    json_object_object_length(need) == 0)
		return other;
	json_object_put(other);
	return NULL;
}

static void
convert_operation(const struct xc_part *part, struct json_object *operation)
{
	struct json_object *given = xc_json_member(operation, "security");
	struct json_object *list = json_object_new_array(), *responses;
	size_t n = json_object_is_type(given, json_type_array) ?
	    json_object_array_length(given) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *need = older_need(part,
		    json_object_array_get_idx(given, i));

		if (need != NULL)
			json_object_array_add(list, need);
	}
	json_object_object_add(operation, "security", list);
	responses = xc_json_member(operation, "responses");
	if (json_object_is_type(responses, json_type_object) &&
	    json_object_object_length(responses) > 0)
		return;
	responses = json_object_new_object();
	json_object_object_add(responses, "default", json_tokener_parse(
	    "{\"description\":\"The answer\"}"));
	json_object_object_add(operation, "responses", responses);
}

static struct json_object *
convert(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct older *older = walk->ctx;

	if (place->node == XC_NODE_SCHEMA)
		return xc_schema_old(older->part->copy, value,
		    place->key != NULL && place->up != NULL &&
		    place->up->node == XC_NODE_SCHEMA &&
		    strcmp(place->key, "additionalProperties") == 0);
	if (place->node == XC_NODE_OPERATION)
		convert_operation(older->part, value);
	return NULL;
}

static enum xc_err
make_old(struct older *older)
{
	struct xc_part *part = older->part;
	struct xc_walk walk = { .visit = lead, .ctx = older,
		.errbuf = part->errbuf };
	struct json_object *root = without_newer(part->copy);

	older->schemas = xc_json_member(xc_json_member(root, "components"),
	    "schemas");
	(void)xc_walk(&walk, XC_NODE_DOCUMENT, root);
	if (walk.err == XC_OK)
		lead_fresh(older, &walk);
	json_object_put(part->copy);
	part->copy = root;
	if (walk.err == XC_OK) {
		walk.visit = convert;
		(void)xc_walk(&walk, XC_NODE_DOCUMENT, root);
	}
	return walk.err;
}

enum xc_err
xc_part_old(struct xc_part *part)
{
	struct older older = { .part = part,
		.hoisted = json_object_new_object(),
		.fresh = json_object_new_object() };
	enum xc_err err = make_old(&older);

	json_object_put(older.hoisted);
	json_object_put(older.fresh);
	return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * A discriminator's values are names of schemas, by themselves or in its
 * mapping.  The names change and the values do not, so each is mapped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-private.h"

struct mapper {
	struct xc_part *part;
	struct xc_walk *walk;
	const struct xc_place *place;
	struct json_object *mapping;	/* the new one */
};

static const char *
element_ref(struct json_object *list, size_t i)
{
	return xc_json_string(json_object_array_get_idx(list, i), "$ref");
}

static size_t
length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

/* The name of the schema that a reference leads to, as the plugin has it. */
static bool
schema_name(const struct xc_part *part, const char *base, const char *ref,
    char *buf, size_t size)
{
	char *pointer = xc_part_resolve(part, base, ref);
	bool ok = pointer != NULL && xc_pointer_component(pointer,
	    XC_COMPONENT_SCHEMAS, buf, size);

	free(pointer);
	return ok;
}

/* Who has whom in its allOf, of all schemas of the plugin. */
static struct json_object *
make_children(const struct xc_part *part)
{
	struct json_object *schemas = xc_json_member(xc_json_member(
	    part->doc, "components"), "schemas");
	struct json_object *children = json_object_new_object();
	char parent[XC_POINTER_TOKEN_MAX];
	struct lh_entry *entry;

	if (!json_object_is_type(schemas, json_type_object))
		return children;
	lh_foreach(json_object_get_object(schemas), entry) {
		struct json_object *all = xc_json_member(lh_entry_v(entry),
		    "allOf"), *list;

		for (size_t i = 0; i < length_of(all); i++) {
			const char *ref = element_ref(all, i);

			if (ref == NULL || !schema_name(part, XC_WALK_BASE,
			    ref, parent, sizeof(parent)))
				continue;
			if (!json_object_object_get_ex(children, parent,
			    &list)) {
				list = json_object_new_array();
				json_object_object_add(children, parent,
				    list);
			}
			json_object_array_add(list, json_object_new_string(
			    lh_entry_k(entry)));
		}
	}
	return children;
}

static char *
renamed_schema(const struct xc_part *part, const char *name)
{
	struct xc_pointer pointer = { 0 };
	char *text, *renamed;

	xc_pointer_add(&pointer, "components");
	xc_pointer_add(&pointer, "schemas");
	xc_pointer_add(&pointer, name);
	text = xc_pointer_take(&pointer);
	renamed = text == NULL ? NULL : xc_part_rename(part, text);
	free(text);
	return renamed;
}

static bool
is_mapped(struct json_object *mapping, const char *reference)
{
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(mapping), entry) {
		if (strcmp(json_object_get_string(lh_entry_v(entry)),
		    reference) == 0)
			return true;
	}
	return false;
}

/* The value that a schema has by its name, unless it has another. */
static void
add_implicit(struct mapper *mapper, const char *name)
{
	char *renamed = renamed_schema(mapper->part, name);

	if (renamed != NULL && !is_mapped(mapper->mapping, renamed) &&
	    !json_object_object_get_ex(mapper->mapping, name, NULL))
		json_object_object_add(mapper->mapping, name,
		    json_object_new_string(renamed));
	free(renamed);
}

static void
add_alternatives(struct mapper *mapper, struct json_object *list)
{
	char name[XC_POINTER_TOKEN_MAX];

	for (size_t i = 0; i < length_of(list); i++) {
		const char *ref = element_ref(list, i);

		if (ref != NULL && schema_name(mapper->part,
		    mapper->walk->base, ref, name, sizeof(name)))
			add_implicit(mapper, name);
	}
}

static void
add_children(struct mapper *mapper)
{
	struct xc_part *part = mapper->part;
	char *pointer = xc_place_pointer(mapper->place);
	char name[XC_POINTER_TOKEN_MAX];
	struct json_object *list;

	if (part->children == NULL)
		part->children = make_children(part);
	if (pointer != NULL && xc_pointer_component(pointer,
	    XC_COMPONENT_SCHEMAS, name, sizeof(name)) &&
	    json_object_object_get_ex(part->children, name, &list)) {
		for (size_t i = 0; i < length_of(list); i++)
			add_implicit(mapper, json_object_get_string(
			    json_object_array_get_idx(list, i)));
	}
	free(pointer);
}

/* A value of a mapping is the name of a schema, or a reference. */
static void
add_mapped(struct mapper *mapper, const char *value, const char *target)
{
	char *renamed;

	if (json_object_object_get_ex(
	    mapper->part->names[XC_COMPONENT_SCHEMAS], target, NULL))
		renamed = renamed_schema(mapper->part, target);
	else
		renamed = xc_part_reference(mapper->part, mapper->walk,
		    mapper->place, target);
	if (renamed != NULL)
		json_object_object_add(mapper->mapping, value,
		    json_object_new_string(renamed));
	free(renamed);
}

void
xc_part_discriminator(struct xc_part *part, struct xc_walk *walk,
    struct json_object *schema, const struct xc_place *place)
{
	struct json_object *discriminator = xc_json_member(schema,
	    "discriminator");
	struct json_object *given = xc_json_member(discriminator, "mapping");
	struct json_object *one = xc_json_member(schema, "oneOf");
	struct json_object *any = xc_json_member(schema, "anyOf");
	struct mapper mapper = { part, walk, place, NULL };
	struct lh_entry *entry;

	if (xc_json_string(discriminator, "propertyName") == NULL)
		return;
	mapper.mapping = json_object_new_object();
	if (json_object_is_type(given, json_type_object)) {
		lh_foreach(json_object_get_object(given), entry) {
			if (json_object_is_type(lh_entry_v(entry),
			    json_type_string))
				add_mapped(&mapper, lh_entry_k(entry),
				    json_object_get_string(
				    lh_entry_v(entry)));
		}
	}
	add_alternatives(&mapper, one);
	add_alternatives(&mapper, any);
	if (one == NULL && any == NULL)
		add_children(&mapper);
	if (json_object_object_length(mapper.mapping) > 0)
		json_object_object_add(discriminator, "mapping",
		    mapper.mapping);
	else
		json_object_put(mapper.mapping);
}

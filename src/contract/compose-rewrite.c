/* SPDX-License-Identifier: MIT */
/* The plugin's document in the words of the site's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-private.h"

#define TAG_MAX 300

static void
set_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* Whether it is of what the site serves, not of what it calls. */
static bool
is_served(const struct xc_place *place)
{
	const char *top = xc_place_top(place);

	for (; place != NULL; place = place->up) {
		if (place->node == XC_NODE_CALLBACK)
			return false;
	}
	return strcmp(top, "webhooks") != 0;
}

static void
rewrite_reference(struct xc_part *part, struct xc_walk *walk,
    struct json_object *value, const struct xc_place *place, const char *key)
{
	const char *reference = xc_json_string(value, key);
	char *renamed;

	if (reference == NULL)
		return;
	renamed = xc_part_reference(part, walk, place, reference);
	if (renamed != NULL)
		set_text(value, "$ref", renamed);
	free(renamed);
}

/* There is one resource and one dialect in the site's document: a dynamic
 * reference leads where it does when nothing extends it. */
static void
rewrite_schema(struct xc_part *part, struct xc_walk *walk,
    struct json_object *schema, const struct xc_place *place)
{
	static const char *const drop[] = { "$id", "$schema", "$anchor",
		"$dynamicAnchor", "$dynamicRef", "$vocabulary" };

	xc_part_discriminator(part, walk, schema, place);
	rewrite_reference(part, walk, schema, place, "$ref");
	if (xc_json_string(schema, "$dynamicRef") != NULL) {
		if (xc_json_string(schema, "$ref") == NULL)
			rewrite_reference(part, walk, schema, place,
			    "$dynamicRef");
	}
	for (size_t i = 0; i < sizeof(drop) / sizeof(drop[0]); i++)
		json_object_object_del(schema, drop[i]);
}

static void
rewrite_link(struct xc_part *part, struct xc_walk *walk,
    struct json_object *link, const struct xc_place *place)
{
	const char *id = xc_json_string(link, "operationId");
	const char *ref = xc_json_string(link, "operationRef");
	const char *renamed;
	char *pointer;

	if (id != NULL) {
		renamed = xc_json_string(part->operations, id);
		if (renamed == NULL)
			(void)xc_walk_fail(walk, place, "there is no "
			    "operation \"%.100s\"", id);
		else
			set_text(link, "operationId", renamed);
	}
	if (ref == NULL)
		return;
	/* It may lead to another API. */
	pointer = xc_part_resolve(part, walk->base, ref);
	if (pointer == NULL && strchr(ref, ':') != NULL)
		return;
	free(pointer);
	pointer = xc_part_reference(part, walk, place, ref);
	if (pointer != NULL)
		set_text(link, "operationRef", pointer);
	free(pointer);
}

static void
make_tag(const struct xc_part *part, const char *tag, char *buf, size_t size)
{
	const char *name = part->plugin->name;

	if (strcmp(tag, name) == 0)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%s: %s", name, tag);
}

static void
add_tag(struct xc_part *part, struct json_object *list, const char *tag)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(
		    list, i)), tag) == 0)
			return;
	}
	json_object_array_add(list, json_object_new_string(tag));
	if (!json_object_object_get_ex(part->tags, tag, NULL))
		json_object_object_add(part->tags, tag, NULL);
}

static void
rewrite_tags(struct xc_part *part, struct json_object *operation)
{
	struct json_object *tags = xc_json_member(operation, "tags");
	struct json_object *list = json_object_new_array();
	size_t n = json_object_is_type(tags, json_type_array) ?
	    json_object_array_length(tags) : 0;
	char tag[TAG_MAX];

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(tags, i);

		if (!json_object_is_type(one, json_type_string))
			continue;
		make_tag(part, json_object_get_string(one), tag,
		    sizeof(tag));
		add_tag(part, list, tag);
	}
	if (json_object_array_length(list) == 0)
		add_tag(part, list, part->plugin->name);
	json_object_object_add(operation, "tags", list);
}

/* A requirement with the names that the schemes have in the site. */
static struct json_object *
rewrite_need(struct xc_part *part, struct xc_walk *walk,
    const struct xc_place *place, struct json_object *need)
{
	struct json_object *other = json_object_new_object();
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(need), entry) {
		const char *name = xc_json_string(
		    part->names[XC_COMPONENT_SCHEMES], lh_entry_k(entry));

		if (name == NULL)
			(void)xc_walk_fail(walk, place, "there is no security "
			    "scheme \"%.100s\"",
			    (const char *)lh_entry_k(entry));
		else
			json_object_object_add(other, name,
			    json_object_get(lh_entry_v(entry)));
	}
	return other;
}

/* Said of each operation, also that nothing is needed: what the plugin says
 * at its root would be true of all others too. */
static void
rewrite_security(struct xc_part *part, struct xc_walk *walk,
    struct json_object *operation, const struct xc_place *place)
{
	struct json_object *given = xc_json_member(operation, "security");
	struct json_object *list = json_object_new_array();
	size_t n;

	if (!json_object_is_type(given, json_type_array))
		given = xc_json_member(part->doc, "security");
	n = json_object_is_type(given, json_type_array) ?
	    json_object_array_length(given) : 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *need = json_object_array_get_idx(given,
		    i);

		if (json_object_is_type(need, json_type_object))
			json_object_array_add(list, rewrite_need(part, walk,
			    place, need));
	}
	json_object_object_add(operation, "security", list);
}

/* A link means the first of them, should an id stand twice. */
static void
rewrite_id(struct xc_part *part, struct json_object *operation)
{
	const char *id = xc_json_string(operation, "operationId");
	const char *renamed = id == NULL ? NULL : xc_json_string(
	    part->operations, id);

	if (renamed == NULL)
		return;
	if (json_object_object_get_ex(part->seen, renamed, NULL))
		renamed = xc_new_name(part->compose->operations,
		    part->fresh_operations, renamed);
	else
		json_object_object_add(part->seen, renamed, NULL);
	set_text(operation, "operationId", renamed);
}

static void
rewrite_operation(struct xc_part *part, struct xc_walk *walk,
    struct json_object *operation, const struct xc_place *place)
{
	rewrite_id(part, operation);
	rewrite_tags(part, operation);
	rewrite_security(part, walk, operation, place);
	if (!is_served(place))
		return;
	json_object_object_del(operation, "servers");
	set_text(operation, "x-xcore-plugin", part->plugin->name);
	set_text(operation, "x-xcore-version", part->plugin->version);
}

static struct json_object *
rewrite(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct xc_part *part = walk->ctx;

	if (!json_object_is_type(value, json_type_object) ||
	    place->node == XC_NODE_DOCUMENT ||
	    place->node == XC_NODE_COMPONENTS)
		return NULL;
	if (place->node == XC_NODE_SCHEMA) {
		rewrite_schema(part, walk, value, place);
		return NULL;
	}
	rewrite_reference(part, walk, value, place, "$ref");
	if (place->node == XC_NODE_OPERATION)
		rewrite_operation(part, walk, value, place);
	else if (place->node == XC_NODE_LINK &&
	    xc_json_string(value, "$ref") == NULL)
		rewrite_link(part, walk, value, place);
	else if (place->node == XC_NODE_PATH_ITEM && is_served(place))
		json_object_object_del(value, "servers");
	return NULL;
}

/* The members of a map under their new names. */
static struct json_object *
rename_members(struct json_object *map, const struct json_object *names)
{
	struct json_object *renamed = json_object_new_object();
	struct lh_entry *entry;

	if (!json_object_is_type(map, json_type_object))
		return renamed;
	lh_foreach(json_object_get_object(map), entry) {
		const char *name = xc_json_string(names, lh_entry_k(entry));

		if (name != NULL)
			json_object_object_add(renamed, name,
			    json_object_get(lh_entry_v(entry)));
	}
	return renamed;
}

static enum xc_err
move_paths(struct xc_part *part)
{
	struct json_object *paths = xc_json_member(part->copy, "paths");
	struct json_object *moved = json_object_new_object();
	struct lh_entry *entry;
	char *path;

	if (json_object_is_type(paths, json_type_object)) {
		lh_foreach(json_object_get_object(paths), entry) {
			if (strncmp(lh_entry_k(entry), "x-", 2) == 0)
				continue;
			path = xc_part_path(part, lh_entry_k(entry));
			if (path == NULL) {
				json_object_put(moved);
				return xc_fail(part->errbuf, XC_ERR_NOMEM,
				    "out of memory");
			}
			json_object_object_add(moved, path,
			    json_object_get(lh_entry_v(entry)));
			free(path);
		}
	}
	json_object_object_add(part->copy, "paths", moved);
	return XC_OK;
}

static enum xc_err
move_all(struct xc_part *part)
{
	struct json_object *components = json_object_new_object();
	struct json_object *given = xc_json_member(part->copy, "components");

	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		/* Shared ones are written once, at the end. */
		if (i != XC_COMPONENT_SCHEMES)
			json_object_object_add(components,
			    xc_component_names[i], rename_members(
			    xc_json_member(given, xc_component_names[i]),
			    part->names[i]));
	}
	json_object_object_add(part->copy, "components", components);
	json_object_object_add(part->copy, "webhooks", rename_members(
	    xc_json_member(part->copy, "webhooks"), part->webhooks));
	return move_paths(part);
}

enum xc_err
xc_part_rewrite(struct xc_part *part)
{
	struct xc_walk walk = { .visit = rewrite, .ctx = part,
		.errbuf = part->errbuf };

	if (json_object_deep_copy(part->doc, &part->copy, NULL) != 0) {
		part->copy = NULL;
		return xc_fail(part->errbuf, XC_ERR_NOMEM, "out of memory");
	}
	(void)xc_walk(&walk, XC_NODE_DOCUMENT, part->copy);
	return walk.err == XC_OK ? move_all(part) : walk.err;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a document holds that references may lead to, and the names that it
 * will have among those of the other plugins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-private.h"
#include "contract/places.h"

#define NAME_MAX_LEN 512
/* References from one security scheme to another. */
#define CHAIN_MAX 8

const char *const xc_component_names[XC_COMPONENT__MAX] = {
	"schemas", "responses", "parameters", "examples", "requestBodies",
	"headers", "securitySchemes", "links", "callbacks", "pathItems"
};

enum xc_kind_of_component
xc_component_of(const char *name)
{
	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		if (strcmp(name, xc_component_names[i]) == 0)
			return (enum xc_kind_of_component)i;
	}
	return XC_COMPONENT__MAX;
}

static bool
has(const struct json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

/* What a name of a component may hold (OpenAPI 3.1, 4.8.7). */
static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

const char *
xc_new_name(const struct json_object *taken, struct json_object *fresh,
    const char *wanted)
{
	char name[NAME_MAX_LEN + 16];
	size_t len = strnlen(wanted, NAME_MAX_LEN);
	struct lh_entry *entry;

	for (size_t i = 0; i < len; i++)
		name[i] = is_name_char(wanted[i]) ? wanted[i] : '_';
	name[len] = '\0';
	for (unsigned n = 2; has(taken, name) || has(fresh, name); n++)
		snprintf(name + len, sizeof(name) - len, "_%u", n);
	json_object_object_add(fresh, name, NULL);
	entry = lh_table_lookup_entry(json_object_get_object(fresh), name);
	return entry == NULL ? "" : lh_entry_k(entry);
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

char *
xc_part_path(const struct xc_part *part, const char *path)
{
	size_t len = strlen(path);
	char *whole = NULL;

	/* A slash at the end leads to the same place, and linters do not
	 * like it. */
	if (len > 0 && path[len - 1] == '/' &&
	    (len > 1 || part->plugin->prefix[0] != '\0'))
		len--;
	if (asprintf(&whole, "%s%.*s", part->plugin->prefix, (int)len,
	    path) == -1)
		return NULL;
	return whole;
}

/* A path with its parameters without names: two that differ in these alone
 * are one. */
static void
make_shape(char *path)
{
	char *to = path;
	int open = 0;

	for (; *path != '\0'; path++) {
		if (*path == '}' && open > 0)
			open = 0;
		if (open == 0)
			*to++ = *path;
		if (*path == '{')
			open = 1;
	}
	*to = '\0';
}

static enum xc_err
add_path(struct xc_part *part, const char *path)
{
	char *whole = xc_part_path(part, path);
	enum xc_err err = XC_OK;

	if (whole == NULL)
		return xc_fail(part->errbuf, XC_ERR_NOMEM, "out of memory");
	if (whole[0] != '/')
		err = xc_fail(part->errbuf, XC_ERR_INVALID, "openapi.json: "
		    "/paths: \"%.100s\" does not begin with a slash", path);
	make_shape(whole);
	if (has(part->compose->paths, whole) ||
	    has(part->fresh_paths, whole))
		err = xc_fail(part->errbuf, XC_ERR_INVALID, "openapi.json: "
		    "/paths: %.100s is served already", whole);
	json_object_object_add(part->fresh_paths, whole, NULL);
	free(whole);
	return err;
}

static enum xc_err
add_paths(struct xc_part *part)
{
	struct json_object *paths = xc_json_member(part->doc, "paths");
	struct lh_entry *entry;

	if (!json_object_is_type(paths, json_type_object))
		return XC_OK;
	lh_foreach(json_object_get_object(paths), entry) {
		enum xc_err err;

		if (strncmp(lh_entry_k(entry), "x-", 2) == 0)
			continue;
		err = add_path(part, lh_entry_k(entry));
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

/* "<plugin>_<name>" for each key. */
static void
add_names(struct xc_part *part, struct json_object *map,
    struct json_object *names, const struct json_object *taken,
    struct json_object *fresh)
{
	struct lh_entry *entry;
	char wanted[NAME_MAX_LEN];

	if (!json_object_is_type(map, json_type_object))
		return;
	lh_foreach(json_object_get_object(map), entry) {
		snprintf(wanted, sizeof(wanted), "%s_%s", part->plugin->name,
		    (const char *)lh_entry_k(entry));
		add_text(names, lh_entry_k(entry), xc_new_name(taken, fresh,
		    wanted));
	}
}

static void
add_components(struct xc_part *part)
{
	struct json_object *components = xc_json_member(part->doc,
	    "components");

	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		if (i == XC_COMPONENT_SCHEMES)
			continue;
		add_names(part, xc_json_member(components,
		    xc_component_names[i]), part->names[i],
		    part->compose->taken[i], part->fresh[i]);
	}
}

/* What a security scheme is when references are followed; NULL. */
static struct json_object *
scheme_of(const struct xc_part *part, struct json_object *scheme)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		const char *reference = xc_json_string(scheme, "$ref");
		char *pointer;

		if (reference == NULL)
			return json_object_is_type(scheme, json_type_object) ?
			    scheme : NULL;
		pointer = xc_part_resolve(part, XC_WALK_BASE, reference);
		scheme = pointer == NULL ? NULL : xc_pointer_find(part->doc,
		    pointer);
		free(pointer);
	}
	return NULL;
}

/* An entry that was made of the same by another plugin, or by this one. */
static const char *
same_scheme(const struct xc_part *part, const char *name,
    struct json_object *scheme)
{
	struct json_object *list = xc_json_member(
	    part->compose->scheme_lists, name);
	size_t n = list == NULL ? 0 : json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		const char *entry = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (json_object_equal(xc_json_member(part->compose->schemes,
		    entry), scheme))
			return entry;
	}
	return NULL;
}

/* The first that has a name keeps it, so that one login serves all plugins
 * that mean the same by it. */
static void
add_scheme(struct xc_part *part, const char *name,
    struct json_object *scheme)
{
	const enum xc_kind_of_component kind = XC_COMPONENT_SCHEMES;
	const char *entry = same_scheme(part, name, scheme);
	char wanted[NAME_MAX_LEN];

	if (entry == NULL) {
		snprintf(wanted, sizeof(wanted), "%s_%s", part->plugin->name,
		    name);
		entry = xc_new_name(part->compose->taken[kind],
		    part->fresh[kind], has(part->compose->scheme_lists,
		    name) ? wanted : name);
		json_object_object_add(part->schemes, entry,
		    json_object_get(scheme));
	}
	add_text(part->names[kind], name, entry);
}

static enum xc_err
add_schemes(struct xc_part *part)
{
	struct json_object *map = xc_json_member(xc_json_member(part->doc,
	    "components"), "securitySchemes");
	struct lh_entry *entry;

	if (!json_object_is_type(map, json_type_object))
		return XC_OK;
	lh_foreach(json_object_get_object(map), entry) {
		struct json_object *scheme = scheme_of(part,
		    lh_entry_v(entry));

		if (scheme == NULL)
			return xc_fail(part->errbuf, XC_ERR_INVALID,
			    "openapi.json: /components/securitySchemes/%.100s"
			    ": is no security scheme",
			    (const char *)lh_entry_k(entry));
		add_scheme(part, lh_entry_k(entry), scheme);
	}
	return XC_OK;
}

static void
note_operation(struct xc_part *part, const struct json_object *operation)
{
	const char *id = xc_json_string(operation, "operationId");
	char wanted[NAME_MAX_LEN];

	if (id == NULL || has(part->operations, id))
		return;
	snprintf(wanted, sizeof(wanted), "%s_%s", part->plugin->name, id);
	add_text(part->operations, id, xc_new_name(
	    part->compose->operations, part->fresh_operations, wanted));
}

static struct json_object *
note(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct xc_part *part = walk->ctx;

	if (place->node == XC_NODE_SCHEMA)
		xc_places_schema(part->places, walk, value, place);
	else if (place->node == XC_NODE_OPERATION)
		note_operation(part, value);
	return NULL;
}

enum xc_err
xc_part_index(struct xc_part *part)
{
	struct xc_walk walk = { .visit = note, .ctx = part,
		.errbuf = part->errbuf };
	enum xc_err err;

	add_text(part->places, XC_WALK_BASE "#", "");
	(void)xc_walk(&walk, XC_NODE_DOCUMENT, part->doc);
	err = walk.err;
	if (err == XC_OK)
		err = add_paths(part);
	add_components(part);
	add_names(part, xc_json_member(part->doc, "webhooks"),
	    part->webhooks, part->compose->webhooks, part->fresh_webhooks);
	return err == XC_OK ? add_schemes(part) : err;
}

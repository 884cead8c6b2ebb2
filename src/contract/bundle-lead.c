/* SPDX-License-Identifier: MIT */
/* References between the documents of a bundle, and what is said of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/bundle-private.h"
#include "contract/compose-pointer.h"
#include "contract/places.h"
#include "contract/uri.h"

static struct json_object *
index_schema(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	struct bundling *bundling = walk->ctx;

	if (place->node == XC_NODE_SCHEMA)
		xc_places_schema(bundling->places, walk, value, place);
	return NULL;
}

/* ---- references --------------------------------------------------------- */

static bool
is_at_home(const struct xc_walk *walk)
{
	return strcmp(walk->base, XC_WALK_BASE) == 0;
}

/* "#/..." from the root; with its URI before it, if that is not the base. */
static char *
write_reference(const struct xc_walk *walk, const char *pointer)
{
	struct xc_pointer to = { 0 };
	char token[XC_POINTER_TOKEN_MAX];
	char *text, *reference = NULL;
	bool ok = true;

	while (ok && *pointer != '\0') {
		ok = xc_pointer_next(&pointer, token, sizeof(token));
		if (ok)
			xc_pointer_add_uri(&to, token);
	}
	text = xc_pointer_take(&to);
	if (ok && text != NULL && asprintf(&reference, "%s#%s",
	    is_at_home(walk) ? "" : XC_WALK_BASE, text) == -1)
		reference = NULL;
	free(text);
	return reference;
}

/* A dynamic reference means an anchor, wherever that is: it keeps the name,
 * and gets the URI of the resource that a file has in the bundle. */
static char *
name_anchor(const struct bundling *bundling, const struct xc_walk *walk,
    const char *reference)
{
	const char *fragment, *other;
	char uri[XC_URI_MAX];
	char *named = NULL;

	if (reference[0] == '#' || !xc_uri_resolve(walk->base, reference,
	    strlen(reference), uri, &fragment) || fragment == NULL)
		return NULL;
	other = xc_json_string(bundling->places, uri);
	if (other == NULL || asprintf(&named, "%s#%s", other, fragment) == -1)
		return NULL;
	return named;
}

/* NULL: it stays as it is. */
static char *
lead(const struct bundling *bundling, const struct xc_walk *walk,
    const char *reference)
{
	char *pointer, *written;

	if (reference[0] == '#' && is_at_home(walk))
		return NULL;
	pointer = xc_places_find(bundling->places, bundling->bundle->root,
	    walk->base, reference);
	if (pointer == NULL)
		return NULL;
	written = write_reference(walk, pointer);
	free(pointer);
	return written;
}

static void
set_text(struct json_object *object, const char *key, char *text)
{
	if (text != NULL)
		json_object_object_add(object, key,
		    json_object_new_string(text));
	free(text);
}

static bool
names_anchor(const char *reference)
{
	const char *hash = strchr(reference, '#');

	return hash != NULL && hash[1] != '\0' && hash[1] != '/';
}

/* Names of components stay. */
static void
lead_mapping(const struct bundling *bundling, const struct xc_walk *walk,
    struct json_object *mapping)
{
	struct lh_entry *entry;

	if (!json_object_is_type(mapping, json_type_object))
		return;
	lh_foreach(json_object_get_object(mapping), entry) {
		const char *name = lh_entry_k(entry);
		const char *value = xc_json_string(mapping, name);

		if (value != NULL && !json_object_object_get_ex(
		    bundling->schemas, value, NULL))
			set_text(mapping, name, lead(bundling, walk, value));
	}
}

static struct json_object *
lead_schema(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	const struct bundling *bundling = walk->ctx;
	const char *ref, *dynamic;

	if (place->node != XC_NODE_SCHEMA)
		return NULL;
	ref = xc_json_string(value, "$ref");
	dynamic = xc_json_string(value, "$dynamicRef");
	if (ref != NULL)
		set_text(value, "$ref", lead(bundling, walk, ref));
	if (dynamic != NULL)
		set_text(value, "$dynamicRef", names_anchor(dynamic) ?
		    name_anchor(bundling, walk, dynamic) :
		    lead(bundling, walk, dynamic));
	lead_mapping(bundling, walk, xc_json_member(xc_json_member(value,
	    "discriminator"), "mapping"));
	return NULL;
}

enum xc_err
xc_bundle_lead(struct bundling *bundling)
{
	struct xc_walk walk = { .visit = index_schema, .ctx = bundling,
		.errbuf = bundling->errbuf };
	struct json_object *root = bundling->bundle->root;

	json_object_object_add(bundling->places, XC_WALK_BASE "#",
	    json_object_new_string(""));
	(void)xc_walk(&walk, XC_NODE_DOCUMENT, root);
	walk.visit = lead_schema;
	if (walk.err == XC_OK)
		(void)xc_walk(&walk, XC_NODE_DOCUMENT, root);
	if (walk.err != XC_OK)
		xc_bundle_name_fault(bundling->bundle, bundling->errbuf);
	return walk.err;
}

/* ---- faults ------------------------------------------------------------- */

/* The file that a line speaks of, and its words behind the name. */
static const char *
split(const struct xc_bundle *bundle, const char *line, const char **rest_r)
{
	static const char before[] = "openapi.json: /components/schemas/";
	const char *name = line + sizeof(before) - 1, *file;
	char *token;
	size_t len;

	if (bundle->names == NULL ||
	    strncmp(line, before, sizeof(before) - 1) != 0)
		return NULL;
	len = strspn(name, XC_BUNDLE_NAME_CHARS);
	*rest_r = name + len;
	if (**rest_r == ':')
		*rest_r += strspn(*rest_r, ": ");
	else if (**rest_r != '/')
		return NULL;
	token = strndup(name, len);
	file = token != NULL ? xc_json_string(bundle->names, token) : NULL;
	free(token);
	return file;
}

void
xc_bundle_name_notes(const struct xc_bundle *bundle, struct xc_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const char *rest, *file = split(bundle, notes->lines[i],
		    &rest);
		char *line = NULL;

		if (file == NULL || asprintf(&line, "%s: %s", file, rest) ==
		    -1)
			continue;
		free(notes->lines[i]);
		notes->lines[i] = line;
	}
}

void
xc_bundle_name_fault(const struct xc_bundle *bundle,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf whole;
	const char *rest, *file;

	if (errbuf == NULL)
		return;
	file = split(bundle, errbuf->text, &rest);
	if (file == NULL)
		return;
	snprintf(whole.text, sizeof(whole.text), "%s: %s", file, rest);
	*errbuf = whole;
}

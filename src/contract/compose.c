/* SPDX-License-Identifier: MIT */
/*
 * Each plugin is rewritten and written out by itself, so that a thousand of
 * them take no more memory than their text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-private.h"

#define FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void
put_bytes(struct xc_scroll *scroll, const char *text, size_t len)
{
	size_t cap = scroll->cap == 0 ? 256 : scroll->cap;
	char *grown;

	while (cap - scroll->len <= len)
		cap *= 2;
	if (cap != scroll->cap) {
		grown = scroll->bad ? NULL : realloc(scroll->text, cap);
		if (grown == NULL) {
			scroll->bad = true;
			return;
		}
		scroll->text = grown;
		scroll->cap = cap;
	}
	memcpy(scroll->text + scroll->len, text, len);
	scroll->len += len;
	scroll->text[scroll->len] = '\0';
}

static void
put_text(struct xc_scroll *scroll, const char *text)
{
	put_bytes(scroll, text, strlen(text));
}

/* What stands between the brackets of an object or an array. */
static void
put_inside(struct xc_scroll *scroll, struct json_object *value)
{
	size_t len;
	const char *text = json_object_to_json_string_length(value, FLAGS,
	    &len);

	if (text == NULL || len < 2) {
		scroll->bad = true;
		return;
	}
	if (len == 2)
		return;
	if (scroll->len > 0)
		put_text(scroll, ",");
	put_bytes(scroll, text + 1, len - 2);
}

static void
free_sheet(struct xc_sheet *sheet)
{
	free(sheet->paths.text);
	free(sheet->webhooks.text);
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		free(sheet->components[i].text);
}

struct xc_compose *
xc_compose_begin(const struct xc_compose_site *site)
{
	struct xc_compose *compose = calloc(1, sizeof(*compose));

	if (compose == NULL)
		return NULL;
	compose->title = strdup(site->title);
	compose->version = strdup(site->version);
	compose->operations = json_object_new_object();
	compose->paths = json_object_new_object();
	compose->webhooks = json_object_new_object();
	compose->scheme_lists = json_object_new_object();
	compose->schemes = json_object_new_object();
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		compose->taken[i] = json_object_new_object();
	if (compose->title == NULL || compose->version == NULL)
		xc_compose_free(&compose);
	else
		xc_compose_own_reserve(compose);
	return compose;
}

void
xc_compose_free(struct xc_compose **compose)
{
	struct xc_compose *c = *compose;

	if (c == NULL)
		return;
	free(c->title);
	free(c->version);
	free(c->tags.text);
	free_sheet(&c->sheets[0]);
	free_sheet(&c->sheets[1]);
	json_object_put(c->operations);
	json_object_put(c->paths);
	json_object_put(c->webhooks);
	json_object_put(c->scheme_lists);
	json_object_put(c->schemes);
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		json_object_put(c->taken[i]);
	free(c);
	*compose = NULL;
}

static void
begin_part(struct xc_part *part)
{
	part->places = json_object_new_object();
	part->operations = json_object_new_object();
	part->fresh_operations = json_object_new_object();
	part->fresh_paths = json_object_new_object();
	part->webhooks = json_object_new_object();
	part->fresh_webhooks = json_object_new_object();
	part->schemes = json_object_new_object();
	part->tags = json_object_new_object();
	part->seen = json_object_new_object();
	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		part->names[i] = json_object_new_object();
		part->fresh[i] = json_object_new_object();
	}
}

static void
end_part(struct xc_part *part)
{
	json_object_put(part->copy);
	json_object_put(part->places);
	json_object_put(part->operations);
	json_object_put(part->fresh_operations);
	json_object_put(part->fresh_paths);
	json_object_put(part->webhooks);
	json_object_put(part->fresh_webhooks);
	json_object_put(part->schemes);
	json_object_put(part->children);
	json_object_put(part->tags);
	json_object_put(part->seen);
	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		json_object_put(part->names[i]);
		json_object_put(part->fresh[i]);
	}
}

static void
write_sheet(struct xc_sheet *sheet, struct json_object *copy)
{
	struct json_object *components = xc_json_member(copy, "components");
	struct json_object *webhooks = xc_json_member(copy, "webhooks");

	put_inside(&sheet->paths, xc_json_member(copy, "paths"));
	if (webhooks != NULL)
		put_inside(&sheet->webhooks, webhooks);
	for (int i = 0; i < XC_COMPONENT__MAX; i++) {
		struct json_object *map = xc_json_member(components,
		    xc_component_names[i]);

		if (map != NULL)
			put_inside(&sheet->components[i], map);
	}
}

static bool
sheet_is_bad(const struct xc_sheet *sheet)
{
	bool bad = sheet->paths.bad || sheet->webhooks.bad;

	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		bad |= sheet->components[i].bad;
	return bad;
}

/* Both versions of the part; the copy is of 3.0 then. */
static enum xc_err
write_part(struct xc_part *part, struct xc_sheet sheets[2])
{
	enum xc_err err = xc_part_index(part);

	if (err == XC_OK)
		err = xc_part_rewrite(part);
	if (err != XC_OK)
		return err;
	xc_part_own(part);
	write_sheet(&sheets[XC_OPENAPI_3_1], part->copy);
	err = xc_part_old(part);
	if (err != XC_OK)
		return err;
	write_sheet(&sheets[XC_OPENAPI_3_0], part->copy);
	if (sheet_is_bad(&sheets[0]) || sheet_is_bad(&sheets[1]))
		return xc_fail(part->errbuf, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

static void
append(struct xc_scroll *scroll, const struct xc_scroll *more)
{
	if (more->len == 0)
		return;
	if (scroll->len > 0)
		put_text(scroll, ",");
	put_bytes(scroll, more->text, more->len);
}

static void
append_sheet(struct xc_sheet *sheet, const struct xc_sheet *more)
{
	append(&sheet->paths, &more->paths);
	append(&sheet->webhooks, &more->webhooks);
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		append(&sheet->components[i], &more->components[i]);
}

/* The tag of a document that has that name there; NULL. */
static struct json_object *
find_tag(const struct xc_part *part, const char *tag)
{
	struct json_object *tags = xc_json_member(part->doc, "tags");
	const char *plugin = part->plugin->name;
	size_t len = strlen(plugin);
	const char *name = tag;

	if (strcmp(tag, plugin) != 0)
		name = tag + len + 2;
	for (size_t i = 0; json_object_is_type(tags, json_type_array) &&
	    i < json_object_array_length(tags); i++) {
		struct json_object *one = json_object_array_get_idx(tags, i);
		const char *given = xc_json_string(one, "name");

		if (given != NULL && strcmp(given, name) == 0)
			return one;
	}
	return NULL;
}

static void
copy_member(struct json_object *to, const struct json_object *from,
    const char *from_key, const char *to_key)
{
	struct json_object *value = xc_json_member(from, from_key);

	if (value != NULL && !json_object_object_get_ex(to, to_key, NULL))
		json_object_object_add(to, to_key, json_object_get(value));
}

static struct json_object *
make_tag(const struct xc_part *part, const char *tag)
{
	struct json_object *one = json_object_new_object();
	struct json_object *given = find_tag(part, tag);
	struct json_object *info = xc_json_member(part->doc, "info");

	json_object_object_add(one, "name", json_object_new_string(tag));
	copy_member(one, given, "description", "description");
	copy_member(one, given, "externalDocs", "externalDocs");
	if (strcmp(tag, part->plugin->name) != 0)
		return one;
	copy_member(one, info, "description", "description");
	copy_member(one, info, "summary", "description");
	copy_member(one, info, "title", "description");
	copy_member(one, part->doc, "externalDocs", "externalDocs");
	return one;
}

/* The plugin's own first, then in the order of their use. */
static void
write_tags(struct xc_part *part)
{
	struct json_object *list = json_object_new_array();
	const char *plugin = part->plugin->name;
	struct lh_entry *entry;

	if (json_object_object_get_ex(part->tags, plugin, NULL))
		json_object_array_add(list, make_tag(part, plugin));
	lh_foreach(json_object_get_object(part->tags), entry) {
		if (strcmp(lh_entry_k(entry), plugin) != 0)
			json_object_array_add(list, make_tag(part,
			    lh_entry_k(entry)));
	}
	put_inside(&part->compose->tags, list);
	json_object_put(list);
}

static void
add_keys(struct json_object *to, struct json_object *from)
{
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(from), entry)
		json_object_object_add(to, lh_entry_k(entry), NULL);
}

/* The entries that schemes of a name were made into. */
static void
keep_schemes(struct xc_part *part)
{
	struct xc_compose *compose = part->compose;
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(
	    part->names[XC_COMPONENT_SCHEMES]), entry) {
		const char *made = json_object_get_string(lh_entry_v(entry));
		struct json_object *scheme = xc_json_member(part->schemes,
		    made), *list;

		if (scheme == NULL)
			continue;
		if (!json_object_object_get_ex(compose->scheme_lists,
		    lh_entry_k(entry), &list)) {
			list = json_object_new_array();
			json_object_object_add(compose->scheme_lists,
			    lh_entry_k(entry), list);
		}
		json_object_array_add(list, json_object_new_string(made));
		json_object_object_add(compose->schemes, made,
		    json_object_get(scheme));
	}
}

static void
keep(struct xc_part *part, const struct xc_sheet sheets[2])
{
	struct xc_compose *compose = part->compose;

	append_sheet(&compose->sheets[0], &sheets[0]);
	append_sheet(&compose->sheets[1], &sheets[1]);
	write_tags(part);
	keep_schemes(part);
	add_keys(compose->operations, part->fresh_operations);
	add_keys(compose->paths, part->fresh_paths);
	add_keys(compose->webhooks, part->fresh_webhooks);
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		add_keys(compose->taken[i], part->fresh[i]);
	for (size_t i = 0; i < sizeof(part->used_own); i++)
		compose->used_own[i] |= part->used_own[i];
}

enum xc_err
xc_compose_add(struct xc_compose *compose,
    const struct xc_compose_plugin *plugin, struct xc_errbuf *errbuf)
{
	struct xc_part part = { .compose = compose, .plugin = plugin,
		.doc = plugin->openapi, .errbuf = errbuf };
	struct xc_sheet sheets[2] = { 0 };
	enum xc_err err;

	if (!json_object_is_type(part.doc, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "openapi.json: must be a JSON object");
	begin_part(&part);
	err = write_part(&part, sheets);
	if (err == XC_OK)
		keep(&part, sheets);
	end_part(&part);
	free_sheet(&sheets[0]);
	free_sheet(&sheets[1]);
	return err;
}

static struct json_object *
schemes_for(const struct xc_compose *compose, enum xc_openapi version)
{
	struct json_object *schemes = json_object_new_object();
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(compose->schemes), entry) {
		const char *type = xc_json_string(lh_entry_v(entry), "type");

		if (version == XC_OPENAPI_3_0 && type != NULL &&
		    strcmp(type, "mutualTLS") == 0)
			continue;
		json_object_object_add(schemes, lh_entry_k(entry),
		    json_object_get(lh_entry_v(entry)));
	}
	return schemes;
}

static void
put_component(struct xc_scroll *text, const struct xc_compose *compose,
    enum xc_openapi version, enum xc_kind_of_component kind, bool *any)
{
	const struct xc_scroll *given =
	    &compose->sheets[version].components[kind];
	struct json_object *own = json_object_new_object(), *none;
	struct xc_scroll inside = { 0 };

	none = json_object_new_object();
	if (kind == XC_COMPONENT_SCHEMAS)
		xc_compose_own(compose, own, none);
	else if (kind == XC_COMPONENT_RESPONSES)
		xc_compose_own(compose, none, own);
	json_object_put(none);
	if (kind == XC_COMPONENT_SCHEMES) {
		json_object_put(own);
		own = schemes_for(compose, version);
	}
	put_inside(&inside, own);
	json_object_put(own);
	append(&inside, given);
	if (inside.len > 0) {
		put_text(text, *any ? ",\"" : "\"");
		put_text(text, xc_component_names[kind]);
		put_text(text, "\":{");
		put_bytes(text, inside.text, inside.len);
		put_text(text, "}");
		*any = true;
	}
	text->bad |= inside.bad;
	free(inside.text);
}

static void
put_info(struct xc_scroll *text, const struct xc_compose *compose,
    enum xc_openapi version)
{
	struct json_object *root = json_object_new_object();
	struct json_object *info = json_object_new_object();

	json_object_object_add(info, "title",
	    json_object_new_string(compose->title));
	json_object_object_add(info, "version",
	    json_object_new_string(compose->version));
	json_object_object_add(root, "openapi", json_object_new_string(
	    version == XC_OPENAPI_3_1 ? "3.1.0" : "3.0.3"));
	json_object_object_add(root, "info", info);
	put_inside(text, root);
	json_object_put(root);
}

static void
put_member(struct xc_scroll *text, const char *before,
    const struct xc_scroll *inside, const char *after)
{
	put_text(text, before);
	if (inside->len > 0)
		put_bytes(text, inside->text, inside->len);
	put_text(text, after);
	text->bad |= inside->bad;
}

enum xc_err
xc_compose_text(struct xc_compose *compose, enum xc_openapi version,
    char **text_r, size_t *len_r)
{
	const struct xc_sheet *sheet = &compose->sheets[version];
	struct xc_scroll head = { 0 }, text = { 0 };
	bool any = false;

	put_info(&head, compose, version);
	put_member(&text, "{", &head, "");
	free(head.text);
	put_member(&text, ",\"tags\":[", &compose->tags, "]");
	put_member(&text, ",\"paths\":{", &sheet->paths, "}");
	if (sheet->webhooks.len > 0)
		put_member(&text, ",\"webhooks\":{", &sheet->webhooks, "}");
	put_text(&text, ",\"components\":{");
	for (int i = 0; i < XC_COMPONENT__MAX; i++)
		put_component(&text, compose, version,
		    (enum xc_kind_of_component)i, &any);
	put_text(&text, "}}\n");
	if (text.bad || sheet_is_bad(sheet)) {
		free(text.text);
		return XC_ERR_NOMEM;
	}
	*text_r = text.text;
	*len_r = text.len;
	return XC_OK;
}

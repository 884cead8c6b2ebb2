/* SPDX-License-Identifier: MIT */
/* Structs and enums as they are put together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "types/name.h"
#include "types/type.h"

#define DEFS_MAX 2000
#define FIELDS_MAX 500

static bool
has_name(struct json_object *set, const char *name)
{
	return json_object_object_get_ex(set, name, NULL);
}

static void
put_name(struct xc_types *types, struct json_object *set, const char *name)
{
	if (json_object_object_add(set, name, NULL) != 0)
		types->err = XC_ERR_NOMEM;
}

char *
xc_type_unique(struct xc_types *types, struct json_object *set,
    const char *name)
{
	char *text = malloc(strlen(name) + 16);
	unsigned n = 1;

	if (text == NULL) {
		types->err = XC_ERR_NOMEM;
		return NULL;
	}
	strcpy(text, name);
	while (has_name(set, text))
		sprintf(text, "%s_%u", name, ++n);
	put_name(types, set, text);
	return text;
}

/* A struct or enum, and the functions that go with it. */
static bool
is_tag_free(struct xc_types *types, const char *tag)
{
	static const char *const ends[] = { "", "_read", "_json", "_text" };
	char name[2 * XC_NAME_MAX + 32];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", tag, ends[i]);
		if (has_name(types->names, name))
			return false;
	}
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", tag, ends[i]);
		put_name(types, types->names, name);
	}
	return true;
}

static char *
make_tag(struct xc_types *types, const char *hint)
{
	char base[2 * XC_NAME_MAX];
	char tag[2 * XC_NAME_MAX + 16];
	char words[XC_NAME_MAX];
	unsigned n = 1;

	snprintf(base, sizeof(base), "%s_%s", types->prefix,
	    xc_name_words(hint, words));
	snprintf(tag, sizeof(tag), "%s%s", base,
	    xc_name_is_foreign(base) ? "_" : "");
	while (!is_tag_free(types, tag))
		snprintf(tag, sizeof(tag), "%s_%u", base, ++n);
	return strdup(tag);
}

static bool
grow(struct xc_types *types, struct xc_type_def ***list, size_t n,
    struct xc_type_def *def)
{
	struct xc_type_def **more = *list;

	if ((n & (n - 1)) == 0) {
		more = realloc(*list, (n != 0 ? 2 * n : 1) * sizeof(*more));
		if (more == NULL) {
			types->err = XC_ERR_NOMEM;
			return false;
		}
		*list = more;
	}
	more[n] = def;
	return true;
}

struct xc_type_def *
xc_type_begin(struct xc_types *types, struct json_object *schema,
    const char *hint)
{
	struct xc_type_def *def;

	if (types->n_known >= DEFS_MAX || types->err != XC_OK)
		return NULL;
	def = calloc(1, sizeof(*def));
	if (def == NULL || !grow(types, &types->known, types->n_known, def)) {
		types->err = XC_ERR_NOMEM;
		free(def);
		return NULL;
	}
	types->n_known++;
	def->kind = XC_TYPE_STRUCT;
	def->schema = schema;
	def->description = xc_json_string(schema, "description");
	def->names = json_object_new_object();
	def->tag = make_tag(types, hint);
	if (def->names == NULL || def->tag == NULL)
		types->err = XC_ERR_NOMEM;
	return types->err == XC_OK ? def : NULL;
}

/* A companion of a member, if it needs one. */
static char *
companion(struct xc_types *types, struct xc_type_def *def, const char *begin,
    const struct xc_type_field *field)
{
	char name[2 * XC_NAME_MAX + 32];

	snprintf(name, sizeof(name), "%s%s", begin, field->name);
	return xc_type_unique(types, def->names, name);
}

static size_t
size_of(const struct xc_type_field *field)
{
	const struct xc_type *type = &field->type;

	return 24 + (type->kind == XC_TYPE_STRUCT && !type->array &&
	    !type->pointer ? type->def->size : 0);
}

void
xc_type_finish(struct xc_types *types, struct xc_type_def *def)
{
	struct xc_type_field *field;
	size_t i;

	def->done = true;
	if (def->kind == XC_TYPE_STRUCT && def->n_fields == 0) {
		def->kind = XC_TYPE_JSON;
		return;
	}
	/* Members first, so that a companion never takes the name of one. */
	for (i = 0; i < def->n_fields; i++) {
		field = &def->fields[i];
		if (!field->required)
			field->has = companion(types, def, "has_", field);
		if (field->type.nullable && field->type.kind != XC_TYPE_TEXT &&
		    field->type.kind != XC_TYPE_JSON)
			field->null = companion(types, def, "null_", field);
		if (field->type.array)
			field->count = companion(types, def, "n_", field);
		def->size += size_of(field);
	}
	if (grow(types, &types->defs, types->n_defs, def))
		types->n_defs++;
}

struct xc_type_field *
xc_type_add(struct xc_types *types, struct xc_type_def *def,
    const char *key, struct json_object *schema)
{
	struct xc_type_field *field;
	char hint[2 * XC_NAME_MAX];
	char name[XC_NAME_MAX];
	struct xc_type type;

	if (def->n_fields >= FIELDS_MAX || strlen(key) > XC_TYPE_TEXT_MAX)
		return NULL;
	snprintf(hint, sizeof(hint), "%s_%s", def->tag +
	    strlen(types->prefix) + 1, key);
	xc_type_of(types, schema, hint, &type);
	field = realloc(def->fields, (def->n_fields + 1) * sizeof(*field));
	if (field == NULL) {
		types->err = XC_ERR_NOMEM;
		return NULL;
	}
	def->fields = field;
	field = &def->fields[def->n_fields];
	memset(field, 0, sizeof(*field));
	field->key = key;
	field->type = type;
	field->otherwise = xc_json_member(schema, "default");
	field->description = xc_json_string(schema, "description");
	field->name = xc_type_unique(types, def->names,
	    xc_name_member(xc_name_words(key, name)));
	if (field->name == NULL)
		return NULL;
	def->n_fields++;
	return field;
}

static void
free_def(struct xc_type_def *def)
{
	size_t i;

	for (i = 0; i < def->n_fields; i++) {
		free(def->fields[i].name);
		free(def->fields[i].has);
		free(def->fields[i].null);
		free(def->fields[i].count);
	}
	for (i = 0; i < def->n_texts; i++)
		free(def->constants[i]);
	free(def->constants);
	free(def->texts);
	free(def->fields);
	json_object_put(def->names);
	free(def->tag);
	free(def);
}

void
xc_types_release(struct xc_types *types)
{
	size_t i;

	for (i = 0; i < types->n_known; i++)
		free_def(types->known[i]);
	free(types->known);
	free(types->defs);
	json_object_put(types->names);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "form-private.h"
#include "media.h"
#include "parameters-private.h"

struct reader {
	struct xc_plan *plan;
	struct xc_form *form;
	struct xc_plan_node encoding;	/* the map of them */
};

static bool
has_field(const struct xc_fields *set, const char *name)
{
	const struct xc_field *field;
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		field = xc_fields_row(set, i);
		if (strcmp(xc_fields_text(set, field->name), name) == 0)
			return true;
	}
	return false;
}

/* OpenAPI 3.1, 4.8.15.1: objects, and items that are, come as JSON. */
static bool
is_json_by_default(struct xc_plan *plan, const struct xc_plan_node *property)
{
	unsigned kinds = xc_plan_kinds(plan, property);
	struct xc_plan_node items;

	if (kinds == XC_KIND_ANY || xc_kinds_are_scalar(kinds))
		return false;
	if ((kinds & XC_KIND_ARRAY) == 0)
		return (kinds & XC_KIND_OBJECT) != 0;
	xc_plan_items(plan, property, &items);
	if (items.json == NULL)
		return false;
	kinds = xc_plan_kinds(plan, &items);
	return (kinds & (XC_KIND_OBJECT | XC_KIND_ARRAY)) != 0 &&
	    !xc_kinds_are_scalar(kinds);
}

static bool
is_file(struct xc_plan *plan, const struct xc_plan_node *property)
{
	struct xc_plan_node items;

	if (xc_plan_is_file(plan, property))
		return true;
	xc_plan_items(plan, property, &items);
	return items.json != NULL && xc_plan_is_file(plan, &items);
}

/* Whether one of a list of media types is JSON; false with an error for what
 * is none. */
static enum xc_err
read_types(struct reader *reader, const struct xc_plan_node *node,
    struct xc_field *field)
{
	const char *types = json_object_get_string(node->json);
	const char *at = types;
	char text[XC_MEDIA_MAX + 1];
	struct xc_media media;
	size_t len;

	field->json = false;
	while (*at != '\0') {
		at += strspn(at, ", \t");
		len = strcspn(at, ",");
		if (len >= sizeof(text))
			return xc_plan_fail(reader->plan, node, "is too long");
		memcpy(text, at, len);
		text[len] = '\0';
		if (!xc_media_parse(text, &media))
			return xc_plan_fail(reader->plan, node, "must be one "
			    "or more media types, with ',' between them");
		field->json |= xc_media_kind(&media) == XC_MEDIA_JSON;
		at += len;
	}
	return xc_fields_keep(&reader->form->set, reader->plan, types,
	    strlen(types), &field->types);
}

/* "style", "explode" and "allowReserved" have "contentType" ignored. */
static enum xc_err
read_encoding(struct reader *reader, const struct xc_plan_node *node,
    struct xc_field *field)
{
	struct xc_plan_node type;
	enum xc_err err;

	if (!json_object_is_type(node->json, json_type_object))
		return xc_plan_fail(reader->plan, node, "must be an object");
	if (xc_json_member(node->json, "style") != NULL ||
	    xc_json_member(node->json, "explode") != NULL ||
	    xc_json_member(node->json, "allowReserved") != NULL) {
		field->json = false;
		err = xc_read_style(reader->plan, node, XC_PLACE_QUERY,
		    field);
		if (err != XC_OK)
			return err;
		return xc_read_bool(reader->plan, node, "allowReserved",
		    &field->reserved);
	}
	xc_plan_member(node, "contentType", &type);
	if (type.json == NULL)
		return XC_OK;
	if (!json_object_is_type(type.json, json_type_string))
		return xc_plan_fail(reader->plan, &type, "must be a string");
	return read_types(reader, &type, field);
}

static enum xc_err
add_property(void *ctx, const char *name, const struct xc_plan_node *property)
{
	struct reader *reader = ctx;
	struct xc_field field = { .entry = XC_NO_ENTRY,
		.style = XC_STYLE_FORM, .explode = true };
	struct xc_plan_node encoding;
	enum xc_err err = XC_OK;

	if (has_field(&reader->form->set, name))
		return XC_OK;
	field.json = is_json_by_default(reader->plan, property);
	field.file = is_file(reader->plan, property);
	xc_plan_member(&reader->encoding, name, &encoding);
	if (encoding.json != NULL)
		err = read_encoding(reader, &encoding, &field);
	return err == XC_OK ? xc_fields_add(&reader->form->set, reader->plan,
	    property, name, property, &field) : err;
}

/* Each encoding is of a property. */
static enum xc_err
check_encodings(struct reader *reader)
{
	struct xc_plan_node node;
	struct lh_entry *entry;

	if (reader->encoding.json == NULL)
		return XC_OK;
	if (!json_object_is_type(reader->encoding.json, json_type_object))
		return xc_plan_fail(reader->plan, &reader->encoding,
		    "must be an object");
	lh_foreach(json_object_get_object(reader->encoding.json), entry) {
		if (has_field(&reader->form->set, lh_entry_k(entry)))
			continue;
		xc_plan_member(&reader->encoding, lh_entry_k(entry), &node);
		return xc_plan_fail(reader->plan, &node, "the schema of the "
		    "form has no such property; add it there or take this "
		    "out");
	}
	return XC_OK;
}

static enum xc_err
compile(struct reader *reader, const struct xc_plan_node *media)
{
	struct xc_fields *set = &reader->form->set;
	struct xc_plan_node schema;
	struct xc_plan_node others;
	enum xc_err err;

	xc_plan_member(media, "encoding", &reader->encoding);
	xc_plan_member(media, "schema", &schema);
	err = xc_plan_properties(reader->plan, &schema, add_property, reader);
	if (err == XC_OK)
		err = check_encodings(reader);
	if (err != XC_OK)
		return err;
	xc_plan_property(reader->plan, &schema, "", &others);
	return others.json == NULL ? XC_OK : xc_fields_shape_of(set,
	    reader->plan, &others, &set->others);
}

enum xc_err
xc_form_compile(struct xc_plan *plan, const struct xc_plan_node *media,
    bool multipart, struct xc_form **form_r)
{
	struct reader reader = { .plan = plan };
	enum xc_err err;

	*form_r = NULL;
	reader.form = calloc(1, sizeof(*reader.form));
	if (reader.form == NULL)
		return xc_fail(plan->errbuf, XC_ERR_NOMEM, "out of memory");
	xc_fields_begin(&reader.form->set, "body");
	reader.form->set.is_open = true;
	reader.form->set.is_raw = multipart;
	err = compile(&reader, media);
	if (err == XC_OK)
		reader.form->size = sizeof(*reader.form) +
		    xc_fields_fit(&reader.form->set);
	else
		xc_form_free(&reader.form);
	*form_r = reader.form;
	return err;
}

size_t
xc_form_size(const struct xc_form *form)
{
	return form->size;
}

void
xc_form_free(struct xc_form **form)
{
	if (*form == NULL)
		return;
	xc_fields_free(&(*form)->set);
	free(*form);
	*form = NULL;
}

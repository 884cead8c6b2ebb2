/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/tape.h"

#include "field.h"

#define ROWS(block, type) ((uint32_t)((block).used / sizeof(type)))

void
xc_fields_begin(struct xc_fields *set, const char *in)
{
	*set = (struct xc_fields){ .in = in, .others = XC_NO_ENTRY };
}

void
xc_fields_free(struct xc_fields *set)
{
	xc_block_free(&set->text);
	xc_block_free(&set->rows);
	xc_block_free(&set->names);
	xc_block_free(&set->shapes);
	xc_block_free(&set->members);
}

size_t
xc_fields_fit(struct xc_fields *set)
{
	struct xc_block *const blocks[] = { &set->text, &set->rows,
		&set->names, &set->shapes, &set->members };
	size_t size = 0;
	size_t i;

	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		xc_block_fit(blocks[i]);
		size += blocks[i]->cap;
	}
	return size;
}

static enum xc_err
no_memory(struct xc_plan *plan)
{
	return xc_fail(plan->errbuf, XC_ERR_NOMEM, "out of memory");
}

enum xc_err
xc_fields_keep(struct xc_fields *set, struct xc_plan *plan, const char *text,
    size_t len, uint32_t *off_r)
{
	struct xc_span span;

	/* What is at 0 is "there is none" to some. */
	if (set->text.used == 0 && xc_block_put(&set->text, "", 1) != XC_OK)
		return no_memory(plan);
	if (xc_block_append(&set->text, text, len, &span) != XC_OK)
		return no_memory(plan);
	*off_r = span.off;
	return XC_OK;
}

static void
fold(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] |= 0x20;
}

static const struct xc_name *
name_at(const struct xc_fields *set, uint32_t i)
{
	return (const struct xc_name *)(const void *)set->names.base + i;
}

/* The name with these bytes; XC_NO_ENTRY. */
static uint32_t
find_name(const struct xc_fields *set, const char *text, size_t len)
{
	uint32_t hash = xc_tape_hash(text, len);
	uint32_t i = set->slots[hash % XC_NAME_SLOTS];

	for (; i != 0; i = name_at(set, i - 1)->next)
		if (name_at(set, i - 1)->hash == hash &&
		    name_at(set, i - 1)->name_len == len &&
		    memcmp(xc_fields_text(set, name_at(set, i - 1)->name),
		    text, len) == 0)
			return i - 1;
	return XC_NO_ENTRY;
}

/* What a set is being given. */
struct adding {
	struct xc_fields *set;
	struct xc_plan *plan;
	const struct xc_plan_node *node;
	uint32_t list;		/* of members; the last */
	uint32_t first;
	unsigned level;
	unsigned n;
};

static enum xc_err
add_name(struct adding *adding, const char *text)
{
	struct xc_fields *set = adding->set;
	struct xc_name name = { .name_len = (uint32_t)strlen(text),
		.field = (uint16_t)set->n };
	char folded[XC_FIELDS_NAME + 1];
	enum xc_err err;

	if (name.name_len == 0 || name.name_len > XC_FIELDS_NAME)
		return xc_plan_fail(adding->plan, adding->node, "a name must "
		    "have 1 to %d bytes", XC_FIELDS_NAME);
	memcpy(folded, text, name.name_len + 1);
	if (set->folds)
		fold(folded, name.name_len);
	if (find_name(set, folded, name.name_len) != XC_NO_ENTRY)
		return xc_plan_fail(adding->plan, adding->node, "another one "
		    "also comes by the name \"%s\"; rename one of them",
		    folded);
	if (ROWS(set->names, name) >= XC_FIELDS_PROPERTIES)
		return xc_plan_fail(adding->plan, adding->node, "there are "
		    "more than %d names", XC_FIELDS_PROPERTIES);
	name.hash = xc_tape_hash(folded, name.name_len);
	err = xc_fields_keep(set, adding->plan, folded, name.name_len,
	    &name.name);
	if (err != XC_OK)
		return err;
	name.next = set->slots[name.hash % XC_NAME_SLOTS];
	if (xc_block_put(&set->names, &name, sizeof(name)) != XC_OK)
		return no_memory(adding->plan);
	set->slots[name.hash % XC_NAME_SLOTS] =
	    (uint16_t)ROWS(set->names, name);
	return XC_OK;
}

/* As a property; those that are told twice have one name. */
static enum xc_err
add_property_name(void *ctx, const char *text,
    const struct xc_plan_node *property)
{
	struct adding *adding = ctx;
	uint32_t known = find_name(adding->set, text, strlen(text));

	(void)property;
	adding->n++;
	if (known != XC_NO_ENTRY &&
	    name_at(adding->set, known)->field == adding->set->n)
		return XC_OK;
	return add_name(adding, text);
}

/* --- shapes ---- */

static enum xc_err make_shape(struct adding *adding,
    const struct xc_plan_node *schema, uint32_t *shape_r);

/* Appends a row to the list that is being made; name may be NULL. */
static enum xc_err
add_member(struct adding *adding, const char *name,
    const struct xc_plan_node *schema)
{
	struct xc_fields *set = adding->set;
	struct xc_member member = { .next = XC_NO_ENTRY };
	uint32_t here = ROWS(set->members, member);
	struct adding inner = *adding;
	struct xc_member *last;
	enum xc_err err;

	if (here >= XC_FIELDS_PROPERTIES)
		return xc_plan_fail(adding->plan, adding->node, "its schemas "
		    "have more than %d properties", XC_FIELDS_PROPERTIES);
	if (xc_block_put(&set->members, &member, sizeof(member)) != XC_OK)
		return no_memory(adding->plan);
	inner.level++;
	err = make_shape(&inner, schema, &member.shape);
	if (err == XC_OK && name != NULL) {
		member.name_len = (uint32_t)strlen(name);
		err = xc_fields_keep(set, adding->plan, name, member.name_len,
		    &member.name);
	}
	if (err != XC_OK)
		return err;
	last = (struct xc_member *)(void *)set->members.base;
	last[here] = member;
	if (adding->first == XC_NO_ENTRY)
		adding->first = here;
	else
		last[adding->list].next = here;
	adding->list = here;
	return XC_OK;
}

static bool
has_member(const struct adding *adding, const char *name)
{
	const struct xc_member *member;
	uint32_t i;

	for (i = adding->first; i != XC_NO_ENTRY; i = member->next) {
		member = xc_fields_member(adding->set, i);
		if (strcmp(xc_fields_text(adding->set, member->name), name)
		    == 0)
			return true;
	}
	return false;
}

/* Of several schemas for one property the first is what can be told. */
static enum xc_err
add_property(void *ctx, const char *name, const struct xc_plan_node *property)
{
	struct adding *adding = ctx;

	return has_member(adding, name) ? XC_OK
	    : add_member(adding, name, property);
}

static enum xc_err
make_members(struct adding *adding, const struct xc_plan_node *schema,
    struct xc_shape *shape)
{
	struct adding list = *adding;
	struct xc_plan_node others;
	enum xc_err err;

	list.first = XC_NO_ENTRY;
	err = xc_plan_properties(adding->plan, schema, add_property, &list);
	shape->members = list.first;
	if (err != XC_OK)
		return err;
	/* No property has this name, so what is found is for all others. */
	xc_plan_property(adding->plan, schema, "", &others);
	if (others.json == NULL)
		return XC_OK;
	list.level++;
	return make_shape(&list, &others, &shape->others);
}

#define PREFIX_MAX 100

static enum xc_err
make_items(struct adding *adding, const struct xc_plan_node *schema,
    struct xc_shape *shape)
{
	struct adding list = *adding;
	struct xc_plan_node item;
	enum xc_err err = XC_OK;
	size_t i;

	list.first = XC_NO_ENTRY;
	for (i = 0; i < PREFIX_MAX && err == XC_OK; i++) {
		xc_plan_prefix(adding->plan, schema, i, &item);
		if (item.json == NULL)
			break;
		err = add_member(&list, NULL, &item);
	}
	shape->prefix = list.first;
	xc_plan_items(adding->plan, schema, &item);
	if (err != XC_OK || item.json == NULL)
		return err;
	list.level++;
	return make_shape(&list, &item, &shape->item);
}

/* A list in an object is as deep as text goes. */
static enum xc_err
make_shape(struct adding *adding, const struct xc_plan_node *schema,
    uint32_t *shape_r)
{
	struct xc_shape shape = { .kinds = XC_KIND_ANY, .item = XC_NO_ENTRY,
		.prefix = XC_NO_ENTRY, .members = XC_NO_ENTRY,
		.others = XC_NO_ENTRY };
	enum xc_err err = XC_OK;

	if (schema->json != NULL)
		shape.kinds = xc_plan_kinds(adding->plan, schema);
	if ((shape.kinds & XC_KIND_ARRAY) != 0 && adding->level < 2)
		err = make_items(adding, schema, &shape);
	if (err == XC_OK && (shape.kinds & XC_KIND_OBJECT) != 0 &&
	    adding->level == 0)
		err = make_members(adding, schema, &shape);
	if (err != XC_OK)
		return err;
	*shape_r = ROWS(adding->set->shapes, shape);
	return xc_block_put(&adding->set->shapes, &shape, sizeof(shape)) ==
	    XC_OK ? XC_OK : no_memory(adding->plan);
}

enum xc_err
xc_fields_shape_of(struct xc_fields *set, struct xc_plan *plan,
    const struct xc_plan_node *schema, uint32_t *shape_r)
{
	struct adding adding = { .set = set, .plan = plan, .node = schema };

	return make_shape(&adding, schema, shape_r);
}

/* --- fields ---- */

static bool
is_only_list(uint32_t kinds)
{
	return (kinds & XC_KIND_ARRAY) != 0 && kinds != XC_KIND_ANY;
}

/* What its style and the kinds of its schema make of a field. */
static enum xc_err
choose_mode(struct adding *adding, struct xc_field *field)
{
	uint32_t kinds = xc_fields_shape(adding->set, field->shape)->kinds;
	bool delimited = field->style == XC_STYLE_SPACE ||
	    field->style == XC_STYLE_PIPE;

	field->mode = XC_MODE_SCALAR;
	if (field->json) {
		if (field->explode && is_only_list(kinds))
			field->mode = XC_MODE_ARRAY;
		return XC_OK;
	}
	if (field->style == XC_STYLE_DEEP && (kinds & XC_KIND_OBJECT) == 0)
		return xc_plan_fail(adding->plan, adding->node, "the style "
		    "deepObject is for objects; take another one, or let its "
		    "schema have \"type\": \"object\"");
	if (delimited && (kinds & (XC_KIND_ARRAY | XC_KIND_OBJECT)) == 0)
		return xc_plan_fail(adding->plan, adding->node, "the styles "
		    "spaceDelimited and pipeDelimited are for arrays and "
		    "objects; take \"form\"");
	if (field->style == XC_STYLE_DEEP)
		field->mode = XC_MODE_OBJECT;
	else if (is_only_list(kinds) ||
	    (delimited && (kinds & XC_KIND_ARRAY) != 0))
		field->mode = XC_MODE_ARRAY;
	else if ((kinds & XC_KIND_OBJECT) != 0 && !xc_kinds_are_scalar(kinds))
		field->mode = XC_MODE_OBJECT;
	return XC_OK;
}

/* Whether text can become a value of a shape inside of another. */
static bool
is_flat(const struct xc_fields *set, uint32_t shape, bool lists)
{
	const struct xc_shape *inner;
	uint32_t kinds;

	if (shape == XC_NO_ENTRY)
		return true;
	inner = xc_fields_shape(set, shape);
	kinds = inner->kinds;
	if (lists && (kinds & XC_KIND_ARRAY) != 0)
		return is_flat(set, inner->item, false);
	return kinds == 0 || xc_kinds_are_scalar(kinds) ||
	    (kinds & XC_KIND_NULL) != 0;
}

static bool
are_flat(const struct xc_fields *set, uint32_t member, bool lists)
{
	for (; member != XC_NO_ENTRY;
	    member = xc_fields_member(set, member)->next)
		if (!is_flat(set, xc_fields_member(set, member)->shape, lists))
			return false;
	return true;
}

static enum xc_err
check_flat(struct adding *adding, const struct xc_field *field)
{
	const struct xc_fields *set = adding->set;
	const struct xc_shape *shape = xc_fields_shape(set, field->shape);
	bool lists = field->style == XC_STYLE_DEEP || field->spread;

	if (field->json || field->mode == XC_MODE_SCALAR)
		return XC_OK;
	if (field->mode == XC_MODE_ARRAY ? are_flat(set, shape->prefix, false)
	    && is_flat(set, shape->item, false) :
	    are_flat(set, shape->members, lists) &&
	    is_flat(set, shape->others, lists))
		return XC_OK;
	return xc_plan_fail(adding->plan, adding->node, "arrays or objects in "
	    "it cannot be written in its style; let it be JSON, by "
	    "\"content\": {\"application/json\": {\"schema\": ...}}");
}

/* A spread object takes all names if it says so, or names none. */
static enum xc_err
add_spread(struct adding *adding, const struct xc_plan_node *schema,
    struct xc_field *field)
{
	struct xc_plan_node others;
	enum xc_err err;

	adding->n = 0;
	err = xc_plan_properties(adding->plan, schema, add_property_name,
	    adding);
	if (err != XC_OK)
		return err;
	xc_plan_property(adding->plan, schema, "", &others);
	field->takes_rest = adding->n == 0 || (others.json != NULL &&
	    (!json_object_is_type(others.json, json_type_boolean) ||
	    json_object_get_boolean(others.json)));
	if (!field->takes_rest)
		return XC_OK;
	if (adding->set->rest != 0 || adding->set->is_open)
		return xc_plan_fail(adding->plan, adding->node, "two would "
		    "take all names that are nobody's; name the properties "
		    "and let \"additionalProperties\" be false");
	adding->set->rest = (uint16_t)(adding->set->n + 1);
	return XC_OK;
}

/* Whether commas that were sent as %2C must be told from others. */
static bool
splits_commas(const struct xc_field *field)
{
	return !field->json && field->style == XC_STYLE_FORM &&
	    field->mode != XC_MODE_SCALAR && !field->explode;
}

enum xc_err
xc_fields_add(struct xc_fields *set, struct xc_plan *plan,
    const struct xc_plan_node *node, const char *name,
    const struct xc_plan_node *schema, struct xc_field *field)
{
	struct adding adding = { .set = set, .plan = plan, .node = node };
	enum xc_err err;

	if (set->n >= XC_FIELDS_MAX)
		return xc_plan_fail(plan, node, "there are more than %d of "
		    "them", XC_FIELDS_MAX);
	field->name_len = (uint32_t)strlen(name);
	err = xc_fields_keep(set, plan, name, field->name_len, &field->name);
	if (err == XC_OK)
		err = make_shape(&adding, schema, &field->shape);
	if (err == XC_OK)
		err = choose_mode(&adding, field);
	field->spread = field->mode == XC_MODE_OBJECT && field->explode &&
	    field->style == XC_STYLE_FORM;
	if (err == XC_OK)
		err = check_flat(&adding, field);
	if (err == XC_OK)
		err = field->spread ? add_spread(&adding, schema, field)
		    : add_name(&adding, name);
	if (err != XC_OK)
		return err;
	set->has_deep |= field->style == XC_STYLE_DEEP;
	set->wants_raw |= field->reserved || splits_commas(field);
	set->n++;
	return xc_block_put(&set->rows, field, sizeof(*field)) == XC_OK
	    ? XC_OK : no_memory(plan);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "lib/tape-make.h"

#include "field.h"

/* The shape of an item by its number. */
static uint32_t
item_shape(const struct xc_fields *set, uint32_t shape, uint32_t i)
{
	const struct xc_shape *list;
	uint32_t at;

	if (shape == XC_NO_ENTRY)
		return XC_NO_ENTRY;
	list = xc_fields_shape(set, shape);
	for (at = list->prefix; at != XC_NO_ENTRY; i--) {
		if (i == 0)
			return xc_fields_member(set, at)->shape;
		at = xc_fields_member(set, at)->next;
	}
	return list->item;
}

static bool
is_list(const struct xc_fields *set, uint32_t shape)
{
	uint32_t kinds = shape != XC_NO_ENTRY
	    ? xc_fields_shape(set, shape)->kinds : XC_KIND_ANY;

	return kinds != XC_KIND_ANY && (kinds & XC_KIND_ARRAY) != 0;
}

/* --- objects ---- */

static bool
is_name(const struct xc_gather *gather, struct xc_span name, const char *text,
    size_t len)
{
	return name.len == len &&
	    memcmp(xc_gather_text(gather, name), text, len) == 0;
}

/* The next hit in a chain with the same name that is not done; NULL. */
static struct xc_hit *
find_twin(struct xc_gather *gather, const struct xc_hit *hit)
{
	uint16_t i = hit->next;
	struct xc_hit *other;

	for (; i != 0; i = other->next) {
		other = &gather->hits[i - 1];
		if (!other->done && is_name(gather, other->name,
		    xc_gather_text(gather, hit->name), hit->name.len))
			return other;
	}
	return NULL;
}

static uint32_t
member_shape(const struct xc_gather *gather, const struct xc_shape *shape,
    struct xc_span name)
{
	const struct xc_member *member;
	uint32_t i;

	for (i = shape->members; i != XC_NO_ENTRY; i = member->next) {
		member = xc_fields_member(gather->set, i);
		if (is_name(gather, name,
		    xc_fields_text(gather->set, member->name),
		    member->name_len))
			return member->shape;
	}
	return shape->others;
}

/* All of one name, as an array. */
static void
write_twins(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t shape, struct xc_hit *hit)
{
	uint32_t i = 0;

	xc_tape_make_open(gather->take->make, XC_TOKEN_ARRAY);
	for (; hit != NULL; hit = find_twin(gather, hit)) {
		hit->done = true;
		(void)xc_gather_value(gather, field, member,
		    item_shape(gather->set, shape, i++), hit);
	}
	xc_tape_make_close(gather->take->make);
}

static void
write_member(struct xc_gather *gather, const struct xc_field *field,
    uint32_t shape, struct xc_hit *hit)
{
	const char *text = xc_gather_text(gather, hit->name);
	char name[XC_FIELDS_NAME];
	struct xc_hit *twin;
	unsigned n = 1;

	snprintf(name, sizeof(name), "%.*s", (int)hit->name.len, text);
	xc_tape_make_key(gather->take->make, text, hit->name.len);
	if (is_list(gather->set, shape)) {
		write_twins(gather, field, name, shape, hit);
		return;
	}
	hit->done = true;
	for (twin = hit; (twin = find_twin(gather, twin)) != NULL; n++)
		twin->done = true;
	if (n > 1)
		xc_gather_fault(gather, field, name, "duplicate",
		    "came %u times, and is no array", n);
	(void)xc_gather_value(gather, field, name, shape, hit);
}

/* The members of an object that is open; others: a shape for what the field,
 * if there is one, does not name. */
static void
write_members(struct xc_gather *gather, const struct xc_field *field,
    uint32_t others, const struct xc_slot *slot)
{
	struct xc_hit *hit;
	uint16_t i;

	for (i = slot->first; i != 0; i = hit->next) {
		uint32_t shape = others;

		hit = &gather->hits[i - 1];
		if (hit->done)
			continue;
		if (field != NULL)
			shape = member_shape(gather, xc_fields_shape(
			    gather->set, field->shape), hit->name);
		write_member(gather, field, shape, hit);
	}
}

static bool
refuse_style(struct xc_gather *gather, const struct xc_field *field,
    const char *how)
{
	xc_gather_fault(gather, field, NULL, "style", "must be written as %s",
	    how);
	return false;
}

/* "R=100,G=200", or "R,100,G,200", as hits of members. */
static bool
split_object(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_hit *hit, struct xc_slot *slot)
{
	struct xc_hit member = { .value = { 0 } };
	struct xc_pieces pieces;
	struct xc_span piece;
	const char *equals;

	if (!xc_pieces_begin(&pieces, gather, field, hit))
		return refuse_style(gather, field, field->style ==
		    XC_STYLE_LABEL ? "\".name.value\"" : "\";name=value\"");
	while (xc_pieces_next(&pieces, &piece)) {
		member.name = piece;
		if (field->explode) {
			equals = memchr(xc_gather_text(gather, piece), '=',
			    piece.len);
			if (equals == NULL)
				return refuse_style(gather, field,
				    "\"name=value\"");
			member.name.len = (uint32_t)(equals -
			    xc_gather_text(gather, piece));
			member.value.off = piece.off + member.name.len + 1;
			member.value.len = piece.len - member.name.len - 1;
		} else if (!xc_pieces_next(&pieces, &member.value)) {
			return refuse_style(gather, field,
			    "names, each with a value behind it");
		}
		if (xc_gather_hit(gather, slot, &member) == NULL)
			return false;
	}
	return true;
}

static void
write_object(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_slot *slot)
{
	struct xc_slot own = { 0 };

	xc_tape_make_open(gather->take->make, XC_TOKEN_OBJECT);
	if (field->spread || field->style == XC_STYLE_DEEP)
		write_members(gather, field, XC_NO_ENTRY, slot);
	else if (split_object(gather, field, &gather->hits[slot->first - 1],
	    &own))
		write_members(gather, field, XC_NO_ENTRY, &own);
	xc_tape_make_close(gather->take->make);
}

/* --- arrays ---- */

static void
write_item(struct xc_gather *gather, const struct xc_field *field, uint32_t i,
    const struct xc_hit *hit)
{
	gather->item = i + 1;
	(void)xc_gather_value(gather, field, NULL,
	    item_shape(gather->set, field->shape, i), hit);
	gather->item = 0;
}

/* ";name=" is before each item of an exploded one in matrix style; the ';' is
 * gone already. */
static bool
strip_matrix(struct xc_gather *gather, const struct xc_field *field,
    struct xc_span *piece)
{
	const char *text = xc_gather_text(gather, *piece);

	if (piece->len < field->name_len + 1 ||
	    text[field->name_len] != '=' || memcmp(text,
	    xc_fields_text(gather->set, field->name), field->name_len) != 0)
		return refuse_style(gather, field, "\";name=value\"");
	piece->off += field->name_len + 1;
	piece->len -= field->name_len + 1;
	return true;
}

static void
write_pieces(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_hit *hit)
{
	bool matrix = field->style == XC_STYLE_MATRIX && field->explode;
	struct xc_hit item = { .value = { 0 } };
	struct xc_pieces pieces;
	uint32_t i;

	if (!xc_pieces_begin(&pieces, gather, field, hit)) {
		(void)refuse_style(gather, field, field->style ==
		    XC_STYLE_LABEL ? "\".value\"" : "\";name=value\"");
		return;
	}
	/* What does not fit any more need not be taken apart. */
	for (i = 0; gather->take->make->err == XC_OK &&
	    gather->err == XC_OK && xc_pieces_next(&pieces, &item.value);
	    i++) {
		if (matrix && !strip_matrix(gather, field, &item.value))
			return;
		write_item(gather, field, i, &item);
	}
}

/* Whether each item comes by itself. */
static bool
is_repeated(const struct xc_gather *gather, const struct xc_field *field)
{
	return field->explode && !gather->set->splits_cookies &&
	    field->style != XC_STYLE_SIMPLE &&
	    field->style != XC_STYLE_LABEL && field->style != XC_STYLE_MATRIX;
}

/* Whether JSON that came once is the array itself, not its only item. */
static bool
is_json_array(const struct xc_gather *gather, const struct xc_field *field,
    const struct xc_slot *slot)
{
	const struct xc_hit *hit = &gather->hits[slot->first - 1];
	const char *text = xc_gather_text(gather, hit->value);
	uint32_t i = 0;

	while (i < hit->value.len && (text[i] == ' ' || text[i] == '\t' ||
	    text[i] == '\r' || text[i] == '\n'))
		i++;
	return field->json && slot->n == 1 && i < hit->value.len &&
	    text[i] == '[' && !is_list(gather->set,
	    xc_fields_shape(gather->set, field->shape)->item);
}

static void
write_array(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_slot *slot)
{
	const struct xc_hit *hit = &gather->hits[slot->first - 1];
	uint32_t n = 0;
	uint16_t i;

	if (is_json_array(gather, field, slot)) {
		(void)xc_gather_value(gather, field, NULL, field->shape, hit);
		return;
	}
	xc_tape_make_open(gather->take->make, XC_TOKEN_ARRAY);
	if (is_repeated(gather, field)) {
		for (i = slot->first; i != 0; i = hit->next) {
			hit = &gather->hits[i - 1];
			write_item(gather, field, n++, hit);
		}
	} else {
		write_pieces(gather, field, hit);
	}
	xc_tape_make_close(gather->take->make);
}

/* --- fields ---- */

static void
write_scalar(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_hit *hit)
{
	struct xc_hit value = *hit;
	struct xc_pieces pieces;

	if (field->style == XC_STYLE_LABEL ||
	    field->style == XC_STYLE_MATRIX) {
		if (!xc_pieces_begin(&pieces, gather, field, hit)) {
			(void)refuse_style(gather, field, field->style ==
			    XC_STYLE_LABEL ? "\".value\"" :
			    "\";name=value\"");
			xc_tape_make_literal(gather->take->make,
			    XC_TOKEN_NULL);
			return;
		}
		value.value.off += pieces.at;
		value.value.len -= pieces.at;
	}
	(void)xc_gather_value(gather, field, NULL, field->shape, &value);
}

/* Where reserved characters may stand for themselves, '+' is no blank; a copy
 * of the value that has it back. */
static void
restore_plus(struct xc_gather *gather, struct xc_hit *hit)
{
	struct xc_block *block = &gather->take->req->in;
	const char *raw = xc_gather_text(gather, hit->raw);
	uint32_t at = 0;
	uint32_t i;

	if (hit->raw.off == 0 || memchr(raw, '+', hit->raw.len) == NULL)
		return;
	if (xc_block_append(block, xc_gather_text(gather, hit->value),
	    hit->value.len, &hit->value) != XC_OK) {
		gather->err = XC_ERR_NOMEM;
		return;
	}
	raw = xc_gather_text(gather, hit->raw);
	for (i = 0; i < hit->value.len && at < hit->raw.len; i++) {
		if (raw[at] == '+')
			block->base[hit->value.off + i] = '+';
		at += raw[at] == '%' ? 3 : 1;
	}
}

static void
restore_all(struct xc_gather *gather, const struct xc_slot *slot)
{
	uint16_t i;

	for (i = slot->first; i != 0; i = gather->hits[i - 1].next)
		restore_plus(gather, &gather->hits[i - 1]);
}

/* Whether one value is all that a field can have. */
static bool
is_single(const struct xc_gather *gather, const struct xc_field *field)
{
	if (field->mode == XC_MODE_OBJECT)
		return !field->spread && field->style != XC_STYLE_DEEP;
	return field->mode == XC_MODE_SCALAR || !is_repeated(gather, field);
}

static void
write_missing(struct xc_gather *gather, const struct xc_field *field)
{
	if (field->required) {
		xc_gather_fault(gather, field, NULL, "required",
		    "must be given");
	} else if (field->fallback != 0) {
		xc_tape_make_key(gather->take->make,
		    xc_fields_text(gather->set, field->name),
		    field->name_len);
		xc_gather_default(gather, field->fallback);
	}
}

/* Gives the token to validate, or 0. */
static uint32_t
write_field(struct xc_gather *gather, const struct xc_field *field,
    const struct xc_slot *slot)
{
	const struct xc_hit *hit = &gather->hits[slot->first - 1];
	struct xc_tape_make *make = gather->take->make;
	uint32_t n_faults = gather->n_faults;
	uint32_t at;

	if (slot->n > 1 && is_single(gather, field)) {
		xc_gather_fault(gather, field, NULL, "duplicate",
		    "came %u times, and may come once", slot->n);
		return 0;
	}
	if (field->reserved)
		restore_all(gather, slot);
	xc_tape_make_key(make, xc_fields_text(gather->set, field->name),
	    field->name_len);
	at = make->n;
	if (field->allow_empty && slot->n == 1 && hit->name.off == 0 &&
	    hit->value.len == 0) {
		xc_tape_make_text(make, hit->value);
		return 0;
	}
	if (field->mode == XC_MODE_ARRAY)
		write_array(gather, field, slot);
	else if (field->mode == XC_MODE_OBJECT)
		write_object(gather, field, slot);
	else
		write_scalar(gather, field, hit);
	return gather->n_faults == n_faults ? at : 0;
}

void
xc_gather_write(struct xc_gather *gather, uint32_t *at)
{
	const struct xc_field *field;
	uint32_t token;
	uint32_t i;

	for (i = 0; i < gather->set->n; i++) {
		field = xc_fields_row(gather->set, i);
		token = 0;
		if (gather->slots[i].n == 0)
			write_missing(gather, field);
		else
			token = write_field(gather, field, &gather->slots[i]);
		if (at != NULL)
			at[i] = token;
	}
	write_members(gather, NULL, gather->set->others, &gather->rest);
}

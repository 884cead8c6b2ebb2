/* SPDX-License-Identifier: MIT */
/* The styles of OpenAPI 3.1, 4.8.12.2, as RFC 6570 expands them. */
#include <string.h>

#include "field.h"

/* ";name=", or ";name" in front of nothing or of the next one. */
static bool
skip_matrix(struct xc_pieces *pieces, const char *name, uint32_t name_len)
{
	uint32_t at = pieces->at;

	if (pieces->len - at < name_len + 1 || pieces->text[at] != ';' ||
	    memcmp(pieces->text + at + 1, name, name_len) != 0)
		return false;
	at += name_len + 1;
	if (at < pieces->len && pieces->text[at] == '=')
		at++;
	else if (at < pieces->len)
		return false;
	pieces->at = at;
	return true;
}

static bool
skip_char(struct xc_pieces *pieces, char c)
{
	if (pieces->len == 0 || pieces->text[0] != c)
		return false;
	pieces->at = 1;
	return true;
}

static bool
begin_label(struct xc_pieces *pieces, const struct xc_field *field)
{
	/* RFC 6570 has commas in a list that is not exploded; OpenAPI 3.1.0
	 * shows dots.  Where there is no comma, the dots are meant. */
	pieces->mark = '.';
	if (!field->explode &&
	    memchr(pieces->text, ',', pieces->len) != NULL)
		pieces->mark = ',';
	return skip_char(pieces, '.');
}

static bool
begin_matrix(struct xc_pieces *pieces, const struct xc_gather *gather,
    const struct xc_field *field)
{
	if (field->explode && field->mode != XC_MODE_SCALAR) {
		pieces->mark = ';';
		return skip_char(pieces, ';');
	}
	return skip_matrix(pieces, xc_fields_text(gather->set, field->name),
	    field->name_len);
}

bool
xc_pieces_begin(struct xc_pieces *pieces, const struct xc_gather *gather,
    const struct xc_field *field, const struct xc_hit *hit)
{
	bool found = true;

	*pieces = (struct xc_pieces){
		.text = xc_gather_text(gather, hit->value),
		.off = hit->value.off,
		.len = hit->value.len,
		.mark = ',',
		.trim = gather->set->is_trimmed,
	};
	if (field->style == XC_STYLE_SPACE)
		pieces->mark = ' ';
	else if (field->style == XC_STYLE_PIPE)
		pieces->mark = '|';
	else if (field->style == XC_STYLE_LABEL)
		found = begin_label(pieces, field);
	else if (field->style == XC_STYLE_MATRIX)
		found = begin_matrix(pieces, gather, field);
	else if (field->style == XC_STYLE_FORM && hit->raw.off != 0) {
		pieces->raw = xc_gather_text(gather, hit->raw);
		pieces->raw_len = hit->raw.len;
	}
	pieces->done = pieces->at == pieces->len;
	return found;
}

/* Whether the byte at hand was sent as it is; goes on behind it. */
static bool
step_raw(struct xc_pieces *pieces)
{
	bool literal;

	if (pieces->raw == NULL || pieces->raw_at >= pieces->raw_len)
		return true;
	literal = pieces->raw[pieces->raw_at] != '%';
	pieces->raw_at += literal ? 1 : 3;
	return literal;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
xc_pieces_next(struct xc_pieces *pieces, struct xc_span *piece_r)
{
	uint32_t start = pieces->at;
	uint32_t end;
	bool mark = false;

	if (pieces->done)
		return false;
	while (pieces->at < pieces->len && !mark) {
		bool literal = step_raw(pieces);

		mark = pieces->text[pieces->at++] == pieces->mark && literal;
	}
	end = pieces->at - mark;
	pieces->done = !mark;
	while (pieces->trim && start < end && is_blank(pieces->text[start]))
		start++;
	while (pieces->trim && end > start && is_blank(pieces->text[end - 1]))
		end--;
	piece_r->off = pieces->off + start;
	piece_r->len = end - start;
	return true;
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lib/text.h"

#include "contract/fault.h"

#include "form-private.h"

static const struct xc_field *
find_field(const struct xc_form *form, const char *name, size_t len)
{
	const struct xc_field *field;
	uint32_t i;

	for (i = 0; i < form->set.n; i++) {
		field = xc_fields_row(&form->set, i);
		if (field->name_len == len && memcmp(xc_fields_text(&form->set,
		    field->name), name, len) == 0)
			return field;
	}
	return NULL;
}

bool
xc_form_is_json(const struct xc_form *form, const char *name, size_t len)
{
	const struct xc_field *field = find_field(form, name, len);

	return field != NULL && field->json;
}

bool
xc_form_is_file(const struct xc_form *form, const char *name, size_t len)
{
	const struct xc_field *field = find_field(form, name, len);

	return field != NULL && field->file;
}

/* Writes what was gathered as the request's data. */
static enum xc_err
finish(struct xc_gather *gather)
{
	const struct xc_take *take = gather->take;
	struct xc_request_head *head;
	struct xc_tape_ref ref;
	enum xc_err err;

	xc_tape_make_begin(take->make, 0);
	xc_tape_make_open(take->make, XC_TOKEN_OBJECT);
	xc_gather_write(gather, NULL);
	xc_tape_make_close(take->make);
	if (gather->err != XC_OK)
		return gather->err;
	if (gather->n_faults > 0)
		return XC_ERR_INVALID;
	err = xc_tape_make_end(take->make, &take->req->in, &ref);
	if (err != XC_OK)
		return err != XC_ERR_INVALID ? err : XC_ERR_STATE;
	head = (struct xc_request_head *)(void *)take->req->in.base;
	head->data = ref;
	head->size = take->req->in.used;
	return XC_OK;
}

enum xc_err
xc_form_take(const struct xc_form *form, const struct xc_take *take,
    const struct xc_form_field *fields, size_t n)
{
	struct xc_hit hit = { .value = { 0 } };
	struct xc_gather gather;
	size_t i;

	if (n > XC_FORM_FIELDS)
		return XC_ERR_TOO_LARGE;
	xc_gather_begin(&gather, &form->set, take);
	for (i = 0; i < n; i++) {
		hit.value = fields[i].value;
		hit.type = fields[i].type;
		hit.is_file = fields[i].is_file;
		xc_gather_offer(&gather, fields[i].name, &hit);
	}
	return finish(&gather);
}

/* --- urlencoded ---- */

static bool
refuse(const struct xc_take *take, const char *what, size_t at)
{
	xc_contract_fault(take->faults, "body", "", "encoding",
	    "%s at byte %zu", what, at + 1);
	return false;
}

/* Decodes raw[at..end) into the block, which has the room; NULL span: what is
 * wrong was said. */
static bool
decode(const struct xc_take *take, struct xc_span raw, uint32_t at,
    uint32_t end, struct xc_span *span_r)
{
	struct xc_block *block = &take->req->in;
	const unsigned char *from = block->base + raw.off;
	unsigned char *to = block->base + block->used;
	uint32_t start = at;
	uint32_t n = 0;
	int high;
	int low;

	for (; at < end; at++) {
		unsigned char c = from[at];

		if (c == '+')
			c = ' ';
		if (c == '%') {
			high = end - at > 2 ? xc_hex(from[at + 1]) : -1;
			low = high >= 0 ? xc_hex(from[at + 2]) : -1;
			if (low < 0)
				return refuse(take, "a bad percent sequence",
				    at);
			c = (unsigned char)(high << 4 | low);
			at += 2;
		}
		if (c == '\0')
			return refuse(take, "a NUL", at);
		to[n++] = c;
	}
	if (xc_utf8_span((const char *)to, n) != n)
		return refuse(take, "invalid UTF-8 in the piece", start);
	to[n] = '\0';
	*span_r = (struct xc_span){ block->used, n };
	block->used += n + 1;
	return true;
}

static uint32_t
piece_end(const char *text, uint32_t at, uint32_t len)
{
	const char *end = memchr(text + at, '&', len - at);

	return end != NULL ? (uint32_t)(end - text) : len;
}

static uint32_t
count_pieces(const char *text, uint32_t len)
{
	uint32_t n = 0;
	uint32_t at;
	uint32_t end;

	for (at = 0; at < len; at = end + 1) {
		end = piece_end(text, at, len);
		n += end > at;
	}
	return n;
}

static bool
decode_pair(const struct xc_take *take, struct xc_span raw, uint32_t at,
    uint32_t end, struct xc_pair *pair_r)
{
	const char *text = (const char *)take->req->in.base + raw.off;
	const char *equals = memchr(text + at, '=', end - at);
	uint32_t name_end = equals != NULL ? (uint32_t)(equals - text) : end;
	uint32_t value = equals != NULL ? name_end + 1 : end;

	return decode(take, raw, at, name_end, &pair_r->name) &&
	    decode(take, raw, value, end, &pair_r->value);
}

/* Makes the table of pairs, for which there is room, and their texts. */
static bool
decode_all(const struct xc_take *take, struct xc_span raw,
    struct xc_pairs pairs)
{
	struct xc_block *block = &take->req->in;
	struct xc_pair pair = { .name = { 0 } };
	uint32_t row = 0;
	uint32_t at;
	uint32_t end;

	for (at = 0; at < raw.len; at = end + 1) {
		end = piece_end((const char *)block->base + raw.off, at,
		    raw.len);
		if (end == at)
			continue;
		if (!decode_pair(take, raw, at, end, &pair))
			return false;
		memcpy(block->base + pairs.off + row++ * sizeof(pair), &pair,
		    sizeof(pair));
	}
	return true;
}

enum xc_err
xc_form_take_urlencoded(const struct xc_form *form,
    const struct xc_take *take, struct xc_span body)
{
	struct xc_block *block = &take->req->in;
	struct xc_pairs pairs = { 0 };
	struct xc_gather gather;
	enum xc_err err;

	if (body.len > 0)
		pairs.n = count_pieces((const char *)block->base + body.off,
		    body.len);
	if (pairs.n > XC_FORM_FIELDS)
		return XC_ERR_TOO_LARGE;
	err = xc_block_reserve(block, pairs.n * sizeof(struct xc_pair),
	    &pairs.off);
	/* Decoded is never longer; each pair has two NULs of its own. */
	if (err == XC_OK)
		err = xc_block_room(block, body.len + 2 * (size_t)pairs.n);
	if (err != XC_OK)
		return err;
	if (!decode_all(take, body, pairs))
		return XC_ERR_INVALID;
	xc_gather_begin(&gather, &form->set, take);
	xc_gather_pairs(&gather, pairs, body);
	return finish(&gather);
}

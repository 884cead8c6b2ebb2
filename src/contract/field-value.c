/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "lib/decimal.h"
#include "lib/tape-make.h"

#include "field.h"
#include "media.h"

/* Leaves room for what is around it. */
static const struct xc_tape_limits json_limits = {
	.depth = XC_TAPE_DEPTH - 4,
};

/* Whether a number is no whole one, or one that handlers can have. */
static bool
fits(const char *text, uint32_t len)
{
	struct xc_decimal decimal;
	int64_t value;

	xc_decimal_read(&decimal, text, len);
	return !xc_decimal_is_integer(&decimal) ||
	    xc_decimal_int64(&decimal, &value);
}

static bool
is_word(const char *text, uint32_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* Whether a text is a whole number that needs no closer look. */
static bool
is_small(const char *text, uint32_t len)
{
	uint32_t at = len > 0 && text[0] == '-';
	uint32_t i;

	if (at == len || len > 18 || (text[at] == '0' && at + 1 < len))
		return false;
	for (i = at; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Whether a number stands where one is wanted. */
static bool
is_number(const char *text, uint32_t len, uint32_t kinds)
{
	return (kinds & (XC_KIND_INT | XC_KIND_NUMBER)) != 0 &&
	    (is_small(text, len) || xc_tape_is_number(text, len));
}

/* A whole number that is asked for has 64 bits, or the handler would see
 * another one. */
static bool
put_number(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t kinds, struct xc_span value)
{
	const char *text = xc_gather_text(gather, value);

	if ((kinds & XC_KIND_NUMBER) == 0 && !is_small(text, value.len) &&
	    !fits(text, value.len)) {
		xc_gather_fault(gather, field, member, "range", "is %.*s%s, "
		    "which is no whole number of 64 bits", value.len < 40
		    ? (int)value.len : 40, text, value.len < 40 ? "" : "...");
		return false;
	}
	xc_tape_make_number(gather->take->make, value);
	return true;
}

/* As what the kinds let it be: text, if that is one of them.  What fits none
 * stays text, and the schema says what is wrong with it. */
static bool
put_text(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t kinds, struct xc_span value)
{
	const char *text = xc_gather_text(gather, value);
	struct xc_tape_make *make = gather->take->make;

	if ((kinds & XC_KIND_TEXT) != 0)
		xc_tape_make_text(make, value);
	else if (is_number(text, value.len, kinds))
		return put_number(gather, field, member, kinds, value);
	else if ((kinds & XC_KIND_BOOL) != 0 &&
	    is_word(text, value.len, "true"))
		xc_tape_make_literal(make, XC_TOKEN_TRUE);
	else if ((kinds & XC_KIND_BOOL) != 0 &&
	    is_word(text, value.len, "false"))
		xc_tape_make_literal(make, XC_TOKEN_FALSE);
	else
		xc_tape_make_text(make, value);
	return true;
}

/* --- JSON in a text ---- */

/* Copies a string that has escapes to the block. */
static void
embed_string(struct xc_gather *gather, const struct xc_tape *tape,
    uint32_t at, uint32_t off)
{
	const struct xc_token *token = &tape->tokens[at];
	struct xc_span span = { off + token->off, token->len };

	if ((token->meta & XC_TOKEN_DECODED) != 0 &&
	    xc_block_append(&gather->take->req->in, token + 1, token->len,
	    &span) != XC_OK) {
		gather->err = XC_ERR_NOMEM;
		return;
	}
	xc_tape_make_text(gather->take->make, span);
}

/* Writes a value of a tape whose text lies in the block at off.  The tape's
 * own look at the text is not good any more if the block has grown. */
static void
embed(struct xc_gather *gather, const struct xc_tape *tape, uint32_t at,
    uint32_t off)
{
	const struct xc_token *token = &tape->tokens[at];
	enum xc_token_type type = xc_tape_type(tape, at);
	struct xc_tape_make *make = gather->take->make;
	uint32_t child = xc_tape_first(at);
	uint32_t n;

	if (type == XC_TOKEN_STRING) {
		embed_string(gather, tape, at, off);
		return;
	}
	if (type == XC_TOKEN_NUMBER) {
		xc_tape_make_number(make,
		    (struct xc_span){ off + token->off, token->len });
		return;
	}
	if (type != XC_TOKEN_ARRAY && type != XC_TOKEN_OBJECT) {
		xc_tape_make_literal(make, type);
		return;
	}
	xc_tape_make_open(make, type);
	for (n = xc_tape_count(tape, at); n > 0; n--) {
		if (type == XC_TOKEN_OBJECT) {
			struct xc_tape now = *tape;
			const char *key;
			size_t len;

			now.text = (const char *)gather->take->req->in.base +
			    off;
			key = xc_tape_string(&now, child, &len);
			xc_tape_make_key(make, key, len);
			child = xc_tape_value(tape, child);
		}
		embed(gather, tape, child, off);
		child = xc_tape_next(tape, child);
	}
	xc_tape_make_close(make);
}

static bool
put_json(struct xc_gather *gather, const struct xc_field *field,
    const char *member, struct xc_span value)
{
	struct xc_block own = { 0 };
	struct xc_block *scratch = gather->take->scratch;
	struct xc_tape_error error;
	struct xc_tape tape;
	enum xc_err err;
	uint32_t off;

	if (scratch == NULL)
		scratch = &own;
	xc_block_reset(scratch, UINT32_C(64) * 1024);
	err = xc_tape_scan(xc_gather_text(gather, value), value.len,
	    &json_limits, scratch, &off, &tape, &error);
	if (err == XC_OK)
		embed(gather, &tape, 0, value.off);
	else if (err == XC_ERR_NOMEM)
		gather->err = err;
	else
		xc_gather_fault(gather, field, member, "json", "is no JSON "
		    "that is taken: %s in line %zu, column %zu", error.what,
		    error.line, error.column);
	xc_block_free(&own);
	return err == XC_OK;
}

/* A part that says that it is JSON, where text cannot be meant. */
static bool
is_json_part(const struct xc_gather *gather, const struct xc_hit *hit,
    uint32_t kinds)
{
	struct xc_media media;
	char text[XC_MEDIA_MAX + 1];

	if (hit->type.off == 0 || hit->type.len >= sizeof(text) ||
	    (kinds & XC_KIND_TEXT) != 0)
		return false;
	memcpy(text, xc_gather_text(gather, hit->type), hit->type.len);
	text[hit->type.len] = '\0';
	return xc_media_parse(text, &media) &&
	    xc_media_kind(&media) == XC_MEDIA_JSON;
}

/* Whether a media type is in a list with commas. */
static bool
is_one_of(const struct xc_media *sent, const char *wanted)
{
	char text[XC_MEDIA_MAX + 1];
	struct xc_media key;
	size_t len;

	for (; *wanted != '\0'; wanted += len) {
		wanted += strspn(wanted, ", \t");
		len = strcspn(wanted, ",");
		snprintf(text, sizeof(text), "%.*s", (int)len, wanted);
		if (xc_media_parse(text, &key) && xc_media_takes(&key, sent))
			return true;
	}
	return false;
}

/* Whether a part has one of the media types that its field is for. */
static bool
check_type(struct xc_gather *gather, const struct xc_field *field,
    const char *member, const struct xc_hit *hit)
{
	char text[XC_MEDIA_MAX + 1] = "text/plain";	/* RFC 7578, 4.4 */
	const char *wanted = xc_fields_text(gather->set, field->types);
	struct xc_media sent;

	if (hit->type.off == 0 && !hit->is_file)
		return true;
	if (hit->type.off != 0)
		snprintf(text, sizeof(text), "%.*s", (int)hit->type.len,
		    xc_gather_text(gather, hit->type));
	if (xc_media_parse(text, &sent) && is_one_of(&sent, wanted))
		return true;
	xc_gather_fault(gather, field, member, "contentType", "is of the "
	    "media type %.100s, %.200s is asked for", text, wanted);
	return false;
}

/* As xc_gather_value(), but writes nothing if there is a fault. */
static bool
put_value(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t kinds, const struct xc_hit *hit)
{
	if (field != NULL && field->types != 0 &&
	    !check_type(gather, field, member, hit))
		return false;
	if (hit->is_file) {
		xc_tape_make_text(gather->take->make, hit->value);
		return true;
	}
	if (hit->value.len == 0 && (kinds & XC_KIND_NULL) != 0 &&
	    (kinds & XC_KIND_TEXT) == 0) {
		xc_tape_make_literal(gather->take->make, XC_TOKEN_NULL);
		return true;
	}
	if ((field != NULL && field->json) ||
	    is_json_part(gather, hit, kinds))
		return put_json(gather, field, member, hit->value);
	return put_text(gather, field, member, kinds, hit->value);
}

bool
xc_gather_value(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t shape, const struct xc_hit *hit)
{
	uint32_t kinds = XC_KIND_TEXT;

	if (shape != XC_NO_ENTRY)
		kinds = xc_fields_shape(gather->set, shape)->kinds;
	if (put_value(gather, field, member, kinds, hit))
		return true;
	/* So that what follows stands where it may. */
	xc_tape_make_literal(gather->take->make, XC_TOKEN_NULL);
	return false;
}

void
xc_gather_default(struct xc_gather *gather, uint32_t token)
{
	xc_tape_make_copy(gather->take->make, &gather->take->req->in,
	    gather->defaults, token);
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lib/text.h"

#include "multipart-private.h"

/* A file whose name has nothing that could be shown. */
#define NAMELESS "file"

/* What browsers write for a line break and a quote (the HTML standard,
 * "multipart/form-data encoding algorithm"); a '%' else is one. */
static char
percent(const char *at, size_t len)
{
	if (len < 3 || at[0] != '%')
		return '\0';
	if (at[1] == '2' && at[2] == '2')
		return '"';
	if (at[1] == '0' && (at[2] == 'D' || at[2] == 'd'))
		return '\r';
	if (at[1] == '0' && (at[2] == 'A' || at[2] == 'a'))
		return '\n';
	return '\0';
}

/* In place; its length then.  A backslash escapes what would end the string,
 * and itself; before all else it is one, as in a path of Windows. */
static size_t
decode(char *text, size_t len, bool quoted)
{
	size_t from = 0, to = 0;
	char c;

	while (from < len) {
		c = percent(text + from, len - from);
		if (c != '\0') {
			from += 3;
		} else {
			if (quoted && text[from] == '\\' && from + 1 < len &&
			    (text[from + 1] == '"' || text[from + 1] == '\\'))
				from++;
			c = text[from++];
		}
		text[to++] = c;
	}
	return to;
}

/* Appends a parameter, decoded. */
static enum xc_err
append(struct xc_block *block, const struct xc_part_param *param,
    struct xc_span *span_r)
{
	enum xc_err err = xc_block_append(block, param->text.at,
	    param->text.len, span_r);

	if (err == XC_OK)
		span_r->len = (uint32_t)decode((char *)block->base +
		    span_r->off, span_r->len, param->quoted);
	return err;
}

/* Ends the block with a text that has become shorter. */
static void
cut(struct xc_block *block, const struct xc_span *span)
{
	block->base[span->off + span->len] = '\0';
	block->used = span->off + span->len + 1;
}

enum xc_err
xc_multipart_name(struct xc_block *block, const struct xc_part_param *param,
    struct xc_span *span_r)
{
	enum xc_err err = append(block, param, span_r);

	if (err != XC_OK)
		return err;
	cut(block, span_r);
	return span_r->len > 0 && xc_is_plain((char *)block->base +
	    span_r->off, span_r->len, false) ? XC_OK : XC_ERR_INVALID;
}

/* Takes out control characters, those of Unicode's first 256 with them. */
static size_t
strip(char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t from, to = 0;

	for (from = 0; from < len; from++) {
		if (p[from] < 0x20 || p[from] == 0x7f)
			continue;
		if (p[from] == 0xc2 && from + 1 < len && p[from + 1] < 0xa0) {
			from++;
			continue;
		}
		text[to++] = text[from];
	}
	return to;
}

/* Where the last component begins. */
static size_t
last_component(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != '/' && text[len - 1] != '\\')
		len--;
	return len;
}

enum xc_err
xc_multipart_filename(struct xc_block *block,
    const struct xc_part_param *param, struct xc_span *span_r)
{
	enum xc_err err = append(block, param, span_r);
	size_t len, at;
	char *text;

	if (err != XC_OK)
		return err;
	text = (char *)block->base + span_r->off;
	len = strip(text, span_r->len);
	at = last_component(text, len);
	memmove(text, text + at, len - at);
	span_r->len = (uint32_t)(len - at);
	cut(block, span_r);
	if (span_r->len > 0 && strcmp(text, ".") != 0 &&
	    strcmp(text, "..") != 0)
		return XC_OK;
	return xc_block_append(block, NAMELESS, strlen(NAMELESS), span_r);
}

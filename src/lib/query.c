/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "query.h"
#include "text.h"

static int
bad(struct xc_errbuf *errbuf, const char *what, size_t at)
{
	xc_fail(errbuf, XC_ERR_INVALID, "%s at byte %zu of the query", what,
	    at + 1);
	return 400;
}

/* The end of the piece that begins at. */
static size_t
piece_end(const char *raw, size_t len, size_t at)
{
	const char *end = memchr(raw + at, '&', len - at);

	return end != NULL ? (size_t)(end - raw) : len;
}

static uint32_t
count_pieces(const char *raw, size_t len)
{
	uint32_t n = 0;
	size_t at;
	size_t end;

	for (at = 0; at < len; at = end + 1) {
		end = piece_end(raw, len, at);
		n += end > at;
	}
	return n;
}

static bool
is_literal(unsigned char c)
{
	return c > 0x20 && c != 0x7f && c != '#';
}

/* The byte at *at, decoded; -1 if it is not valid there. */
static int
decode_byte(const char *raw, size_t end, size_t *at)
{
	unsigned char c = (unsigned char)raw[*at];
	int high;
	int low;

	if (c == '+' || c != '%') {
		(*at)++;
		return c == '+' ? ' ' : is_literal(c) ? c : -1;
	}
	if (end - *at < 3)
		return -1;
	high = xc_hex((unsigned char)raw[*at + 1]);
	low = xc_hex((unsigned char)raw[*at + 2]);
	if (high < 0 || low < 0 || (high | low) == 0)
		return -1;
	*at += 3;
	return high << 4 | low;
}

/* Decodes raw[at..end) to the end of the block, where there is room. */
static int
decode(struct xc_block *block, const char *raw, size_t at, size_t end,
    struct xc_span *span_r, struct xc_errbuf *errbuf)
{
	char *out = (char *)block->base + block->used;
	size_t start = at;
	size_t n = 0;
	size_t here;
	int high = 0;
	int c;

	while (at < end) {
		here = at;
		c = decode_byte(raw, end, &at);
		if (c < 0)
			return bad(errbuf, "a bad percent sequence, a NUL or "
			    "a character that may not stand there", here);
		high |= c;
		out[n++] = (char)c;
	}
	if (high >= 0x80 && xc_utf8_span(out, n) != n)
		return bad(errbuf, "invalid UTF-8 in the piece", start);
	out[n] = '\0';
	span_r->off = block->used;
	span_r->len = (uint32_t)n;
	block->used += (uint32_t)n + 1;
	return 0;
}

static int
parse_piece(struct xc_block *block, const char *raw, size_t at, size_t end,
    struct xc_pair *pair_r, struct xc_errbuf *errbuf)
{
	const char *equals = memchr(raw + at, '=', end - at);
	size_t name_end = equals != NULL ? (size_t)(equals - raw) : end;
	size_t value = equals != NULL ? name_end + 1 : end;
	int status;

	status = decode(block, raw, at, name_end, &pair_r->name, errbuf);
	if (status != 0)
		return status;
	return decode(block, raw, value, end, &pair_r->value, errbuf);
}

/* Makes the empty table and room for all strings behind it. */
static int
make_table(struct xc_block *block, size_t len, struct xc_pairs *pairs,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_block_reserve(block, pairs->n * sizeof(struct xc_pair),
	    &pairs->off);
	/* Decoded is never longer; each pair has two NULs of its own. */
	if (err == XC_OK)
		err = xc_block_room(block, len + 2 * (size_t)pairs->n);
	if (err == XC_OK)
		return 0;
	xc_fail(errbuf, err, "no memory for a query of %zu bytes", len);
	return 500;
}

int
xc_query_parse(struct xc_block *block, const char *raw, size_t len,
    struct xc_pairs *pairs_r, struct xc_errbuf *errbuf)
{
	struct xc_pairs pairs = { .n = count_pieces(raw, len) };
	struct xc_pair pair = { .name = { 0 } };
	uint32_t row = 0;
	size_t at;
	size_t end;
	int status;

	*pairs_r = (struct xc_pairs){ 0 };
	if (pairs.n == 0)
		return 0;
	if (pairs.n > XC_QUERY_PAIRS_MAX) {
		xc_fail(errbuf, XC_ERR_TOO_LARGE, "the query has %u pairs, "
		    "more than %d", pairs.n, XC_QUERY_PAIRS_MAX);
		return 400;
	}
	status = make_table(block, len, &pairs, errbuf);
	for (at = 0; at < len && status == 0; at = end + 1) {
		end = piece_end(raw, len, at);
		if (end == at)
			continue;
		status = parse_piece(block, raw, at, end, &pair, errbuf);
		memcpy(block->base + pairs.off + row++ * sizeof(pair), &pair,
		    sizeof(pair));
	}
	if (status == 0)
		*pairs_r = pairs;
	return status;
}

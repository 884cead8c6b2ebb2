/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/block.h"

#include "decimal.h"
#include "tape-private.h"

#define DOUBLE_CHARS 400
#define SHORT_DIGITS 18

enum xc_err
xc_tape_open(const struct xc_block *block, uint32_t off, const char *text,
    size_t len, struct xc_tape *tape_r)
{
	struct xc_tape_head head;
	uint32_t left;

	if ((off & 7) != 0 || off > block->used ||
	    block->used - off < sizeof(head))
		return XC_ERR_INVALID;
	memcpy(&head, block->base + off, sizeof(head));
	left = block->used - off - (uint32_t)sizeof(head);
	if (head.magic != XC_TAPE_MAGIC || head.n == 0 ||
	    head.text_len != len || head.n > left / XC_TAPE_SLOT)
		return XC_ERR_INVALID;
	tape_r->text = text;
	tape_r->len = (uint32_t)len;
	tape_r->n = head.n;
	tape_r->tokens = (const struct xc_token *)(const void *)
	    (block->base + off + sizeof(head));
	return XC_OK;
}

uint32_t
xc_tape_hash(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t hash = len * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t word;
	uint32_t part;

	for (; len >= 8; len -= 8, at += 8) {
		memcpy(&word, at, 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	word = 0;
	if (len >= 4) {
		memcpy(&part, at, 4);
		word = part;
		memcpy(&part, at + len - 4, 4);
		word |= (uint64_t)part << 32;
	} else if (len > 0) {
		word = at[0] | (uint64_t)at[len / 2] << 8 |
		    (uint64_t)at[len - 1] << 16;
	}
	hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 32;
	return (uint32_t)(hash * UINT64_C(0xc4ceb9fe1a85ec53) >> 40);
}

bool
xc_tape_is(const struct xc_tape *tape, uint32_t at, const char *bytes,
    size_t len)
{
	size_t own_len;
	const char *own = xc_tape_string(tape, at, &own_len);

	return own_len == len && memcmp(own, bytes, len) == 0;
}

uint32_t
xc_tape_member(const struct xc_tape *tape, uint32_t at, const char *name,
    size_t len)
{
	return xc_tape_member_hashed(tape, at, name, len,
	    xc_tape_hash(name, len));
}

uint32_t
xc_tape_member_hashed(const struct xc_tape *tape, uint32_t at,
    const char *name, size_t len, uint32_t hash)
{
	uint32_t n = xc_tape_count(tape, at);
	uint32_t key = xc_tape_first(at);

	if (xc_tape_type(tape, at) != XC_TOKEN_OBJECT)
		return 0;
	for (; n > 0; n--) {
		if (tape->tokens[key].meta >> XC_TOKEN_SHIFT == hash &&
		    xc_tape_is(tape, key, name, len))
			return xc_tape_value(tape, key);
		key = xc_tape_next(tape, xc_tape_value(tape, key));
	}
	return 0;
}

uint32_t
xc_tape_item(const struct xc_tape *tape, uint32_t at, uint32_t i)
{
	uint32_t item = xc_tape_first(at);

	if (xc_tape_type(tape, at) != XC_TOKEN_ARRAY ||
	    i >= xc_tape_count(tape, at))
		return 0;
	for (; i > 0; i--)
		item = xc_tape_next(tape, item);
	return item;
}

static bool
read_decimal(const struct xc_tape *tape, uint32_t at,
    struct xc_decimal *decimal)
{
	if (xc_tape_type(tape, at) != XC_TOKEN_NUMBER)
		return false;
	xc_decimal_read(decimal, tape->text + tape->tokens[at].off,
	    tape->tokens[at].len);
	return true;
}

/* A number of so few digits that nothing overflows, which most are. */
static bool
read_short(const struct xc_tape *tape, uint32_t at, int64_t *value_r)
{
	const struct xc_token *token = &tape->tokens[at];
	const char *text = tape->text + token->off;
	bool negative;
	int64_t value = 0;
	uint32_t i;

	if ((token->meta & (XC_TOKEN_TYPE | XC_TOKEN_FRACTION)) !=
	    XC_TOKEN_NUMBER || token->len > SHORT_DIGITS)
		return false;
	negative = text[0] == '-';
	for (i = negative; i < token->len; i++)
		value = value * 10 + (text[i] - '0');
	*value_r = negative ? -value : value;
	return true;
}

bool
xc_tape_int64(const struct xc_tape *tape, uint32_t at, int64_t *value_r)
{
	struct xc_decimal decimal;

	if (read_short(tape, at, value_r))
		return true;
	return read_decimal(tape, at, &decimal) &&
	    xc_decimal_int64(&decimal, value_r);
}

bool
xc_tape_uint64(const struct xc_tape *tape, uint32_t at, uint64_t *value_r)
{
	struct xc_decimal decimal;

	return read_decimal(tape, at, &decimal) &&
	    xc_decimal_uint64(&decimal, value_r);
}

/* strtod() follows the locale's point, which nobody here sets.  A number of
 * very many digits is cut where a double has long lost them. */
bool
xc_tape_double(const struct xc_tape *tape, uint32_t at, double *value_r)
{
	char buf[DOUBLE_CHARS + 32];
	struct xc_decimal decimal;
	size_t len = 0;
	uint32_t i;

	if (!read_decimal(tape, at, &decimal))
		return false;
	if (decimal.negative)
		buf[len++] = '-';
	buf[len++] = '0';
	buf[len++] = '.';
	for (i = 0; i < decimal.len && len < DOUBLE_CHARS; i++)
		if (decimal.text[i] != '.')
			buf[len++] = decimal.text[i];
	snprintf(buf + len, sizeof(buf) - len, "0e%lld",
	    (long long)decimal.exponent);
	*value_r = strtod(buf, NULL);
	return isfinite(*value_r) != 0;
}

/* A pointer that is being written. */
struct writer {
	char *buf;
	size_t size;
	size_t len;		/* may be over size: what was wanted */
};

static void
put(struct writer *writer, const char *bytes, size_t len)
{
	if (writer->len + len < writer->size)
		memcpy(writer->buf + writer->len, bytes, len);
	else if (writer->len < writer->size)
		memcpy(writer->buf + writer->len, bytes,
		    writer->size - 1 - writer->len);
	writer->len += len;
}

static void
put_key(struct writer *writer, const char *key, size_t len)
{
	size_t i;

	put(writer, "/", 1);
	for (i = 0; i < len && writer->len < writer->size; i++) {
		if (key[i] == '~')
			put(writer, "~0", 2);
		else if (key[i] == '/')
			put(writer, "~1", 2);
		else
			put(writer, key + i, 1);
	}
}

/* Steps from the container at into its child that holds target. */
static uint32_t
step(const struct xc_tape *tape, uint32_t at, uint32_t target,
    struct writer *writer)
{
	bool object = xc_tape_type(tape, at) == XC_TOKEN_OBJECT;
	uint32_t child = xc_tape_first(at);
	uint32_t value = child;
	char number[16];
	uint32_t i;
	size_t len;
	const char *key;

	for (i = 0;; i++) {
		value = object ? xc_tape_value(tape, child) : child;
		/* A key that ends the tape has no value. */
		if (value >= tape->n || xc_tape_next(tape, value) > target)
			break;
		child = xc_tape_next(tape, value);
	}
	if (object) {
		key = xc_tape_string(tape, child, &len);
		put_key(writer, key, len);
	} else {
		len = (size_t)snprintf(number, sizeof(number), "/%u", i);
		put(writer, number, len);
	}
	return value;
}

void
xc_tape_pointer(const struct xc_tape *tape, uint32_t at, char *buf,
    size_t size)
{
	struct writer writer = { buf, size, 0 };
	uint32_t here = 0;

	/* Behind a string may be slots that are its own. */
	while (here < at && xc_tape_type(tape, here) >= XC_TOKEN_ARRAY)
		here = step(tape, here, at, &writer);
	if (writer.len < size) {
		buf[writer.len] = '\0';
		return;
	}
	buf[size - 1] = '\0';
	if (size > 4)
		memcpy(buf + size - 4, "...", 3);
}

/* One part of a pointer, decoded into buf; false for a bad "~". */
static bool
unescape(const char *part, size_t len, char *buf, size_t *len_r)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		buf[n] = part[i];
		if (part[i] == '~') {
			if (++i == len || (part[i] != '0' && part[i] != '1'))
				return false;
			buf[n] = part[i] == '0' ? '~' : '/';
		}
		n++;
	}
	*len_r = n;
	return true;
}

/* The child of a container by a part of a pointer; 0: none. */
static uint32_t
child_named(const struct xc_tape *tape, uint32_t at, const char *part,
    size_t len)
{
	uint32_t i = 0;
	size_t k;

	if (xc_tape_type(tape, at) == XC_TOKEN_OBJECT)
		return xc_tape_member(tape, at, part, len);
	if (len == 0 || len > 9 || (len > 1 && part[0] == '0'))
		return 0;
	for (k = 0; k < len; k++) {
		if (part[k] < '0' || part[k] > '9')
			return 0;
		i = i * 10 + (uint32_t)(part[k] - '0');
	}
	return xc_tape_item(tape, at, i);
}

bool
xc_tape_find(const struct xc_tape *tape, const char *pointer, size_t len,
    uint32_t *at_r)
{
	const char *end = pointer + len;
	const char *slash;
	char buf[1024];
	uint32_t at = *at_r;
	size_t n;

	while (pointer < end) {
		if (*pointer++ != '/')
			return false;
		slash = memchr(pointer, '/', (size_t)(end - pointer));
		if (slash == NULL)
			slash = end;
		if ((size_t)(slash - pointer) > sizeof(buf) ||
		    !unescape(pointer, (size_t)(slash - pointer), buf, &n))
			return false;
		at = child_named(tape, at, buf, n);
		if (at == 0)
			return false;
		pointer = slash;
	}
	*at_r = at;
	return true;
}

void
xc_tape_place(const char *text, size_t off, size_t *line_r, size_t *column_r)
{
	size_t i;

	*line_r = 1;
	*column_r = 1;
	for (i = 0; i < off; i++) {
		if (text[i] == '\n') {
			++*line_r;
			*column_r = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column_r;
		}
	}
}

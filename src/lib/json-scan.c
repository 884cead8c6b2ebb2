/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "json-scan.h"
#include "text.h"

/* What may come next. */
enum next {
	VALUE,
	VALUE_OR_END,	/* behind '[' */
	KEY,
	KEY_OR_END,	/* behind '{' */
	COLON,
	AFTER		/* behind a value */
};

static void
fail(struct xc_json_scan *scan, const char *what, size_t at)
{
	scan->what = what;
	scan->at = at;
}

static unsigned char
peek(const struct xc_json_scan *scan)
{
	return scan->at < scan->len ? (unsigned char)scan->text[scan->at] : 0;
}

static void
skip_blanks(struct xc_json_scan *scan)
{
	unsigned char c;

	for (; scan->at < scan->len; scan->at++) {
		c = (unsigned char)scan->text[scan->at];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
	}
}

/* Four hexadecimal digits; -1 if they are not. */
static long
hex4(const char *text, size_t len)
{
	long value = 0;
	int digit;
	size_t i;

	if (len < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		digit = xc_hex((unsigned char)text[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* "\u1234", where the backslash is at; the low half of a pair too. */
static void
scan_unicode(struct xc_json_scan *scan)
{
	const char *text = scan->text + scan->at;
	size_t left = scan->len - scan->at;
	long high = hex4(text + 2, left - 2);
	long low;

	if (high < 0) {
		fail(scan, "a bad \\u sequence", scan->at);
	} else if (high == 0) {
		fail(scan, "a NUL character", scan->at);
	} else if (high < 0xd800 || high > 0xdfff) {
		scan->at += 6;
	} else {
		low = left >= 12 && text[6] == '\\' && text[7] == 'u'
		    ? hex4(text + 8, left - 8) : -1;
		if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
			fail(scan, "half of a surrogate pair", scan->at);
		else
			scan->at += 12;
	}
}

static void
scan_escape(struct xc_json_scan *scan)
{
	char c = '\0';

	if (scan->len - scan->at >= 2)
		c = scan->text[scan->at + 1];
	if (c == 'u')
		scan_unicode(scan);
	else if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL)
		scan->at += 2;
	else
		fail(scan, "a bad escape sequence", scan->at);
}

/* Steps behind the closing quote. */
static void
scan_string(struct xc_json_scan *scan)
{
	unsigned char c;

	scan->at++;
	while (scan->what == NULL) {
		c = peek(scan);
		if (scan->at >= scan->len) {
			fail(scan, "a string without an end", scan->at);
		} else if (c == '"') {
			scan->at++;
			return;
		} else if (c < 0x20) {
			fail(scan, "a control character in a string",
			    scan->at);
		} else if (c == '\\') {
			scan_escape(scan);
		} else {
			scan->at++;
		}
	}
}

static size_t
skip_digits(struct xc_json_scan *scan)
{
	size_t start = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return scan->at - start;
}

/* Whether the digits are no more than most, both without zeros before. */
static bool
is_within(const char *digits, size_t len, const char *most)
{
	size_t most_len = strlen(most);

	return len < most_len ||
	    (len == most_len && memcmp(digits, most, len) <= 0);
}

/* ".5" and "e+5" behind the digits; true if one was there. */
static bool
scan_fraction(struct xc_json_scan *scan)
{
	bool found = false;

	if (peek(scan) == '.') {
		found = true;
		scan->at++;
		if (skip_digits(scan) == 0)
			fail(scan, "a number without digits behind its point",
			    scan->at);
	}
	if (scan->what == NULL && (peek(scan) | 0x20) == 'e') {
		found = true;
		scan->at++;
		if (peek(scan) == '+' || peek(scan) == '-')
			scan->at++;
		if (skip_digits(scan) == 0)
			fail(scan, "a number without digits in its exponent",
			    scan->at);
	}
	return found;
}

static void
scan_number(struct xc_json_scan *scan)
{
	size_t start = scan->at;
	bool negative = peek(scan) == '-';
	const char *digits;
	size_t n;

	scan->at += negative;
	digits = scan->text + scan->at;
	n = skip_digits(scan);
	if (n == 0)
		fail(scan, "no value", start);
	else if (n > 1 && digits[0] == '0')
		fail(scan, "a number with a zero before it", start);
	else if (!scan_fraction(scan) && !is_within(digits, n, negative
	    ? "9223372036854775808" : "18446744073709551615"))
		fail(scan, "a number out of range", start);
}

static void
scan_word(struct xc_json_scan *scan)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if (scan->len - scan->at >= len &&
		    memcmp(scan->text + scan->at, words[i], len) == 0) {
			scan->at += len;
			return;
		}
	}
	fail(scan, "no value", scan->at);
}

static enum next
open_container(struct xc_json_scan *scan, bool object)
{
	if (scan->depth == XC_JSON_DEPTH_MAX) {
		fail(scan, "more than 32 levels", scan->at);
		return AFTER;
	}
	scan->stack[scan->depth].closer = object ? '}' : ']';
	scan->stack[scan->depth].object = object ? ++scan->n_objects : 0;
	scan->depth++;
	scan->at++;
	return object ? KEY_OR_END : VALUE_OR_END;
}

static enum next
scan_value(struct xc_json_scan *scan)
{
	unsigned char c = peek(scan);

	if (++scan->n_values > XC_JSON_VALUES_MAX) {
		fail(scan, "more than 100,000 values", scan->at);
		return AFTER;
	}
	if (c == '{' || c == '[')
		return open_container(scan, c == '{');
	if (c == '"')
		scan_string(scan);
	else if (c == '-' || (c >= '0' && c <= '9'))
		scan_number(scan);
	else
		scan_word(scan);
	return AFTER;
}

static enum next
scan_key(struct xc_json_scan *scan)
{
	size_t start = scan->at + 1;
	struct xc_json_key *key;

	if (peek(scan) != '"') {
		fail(scan, "no key in quotes", scan->at);
		return COLON;
	}
	scan_string(scan);
	if (scan->what == NULL && scan->keys != NULL) {
		key = &scan->keys[scan->n_keys];
		key->object = scan->stack[scan->depth - 1].object;
		key->off = (uint32_t)start;
		key->len = (uint32_t)(scan->at - 1 - start);
	}
	scan->n_keys++;
	return COLON;
}

static enum next
scan_colon(struct xc_json_scan *scan)
{
	if (peek(scan) == ':')
		scan->at++;
	else
		fail(scan, "no colon behind a key", scan->at);
	return VALUE;
}

/* A comma or the end of the container. */
static enum next
scan_after(struct xc_json_scan *scan)
{
	unsigned char c = peek(scan);
	char closer;

	if (scan->depth == 0) {
		fail(scan, "text behind the value", scan->at);
		return AFTER;
	}
	closer = scan->stack[scan->depth - 1].closer;
	if (c != ',' && c != (unsigned char)closer) {
		fail(scan, "no comma behind a value", scan->at);
		return AFTER;
	}
	scan->at++;
	if (c == ',')
		return closer == '}' ? KEY : VALUE;
	scan->depth--;
	return AFTER;
}

static enum next
step(struct xc_json_scan *scan, enum next next)
{
	unsigned char c = peek(scan);

	if ((next == VALUE_OR_END && c == ']') ||
	    (next == KEY_OR_END && c == '}')) {
		scan->depth--;
		scan->at++;
		return AFTER;
	}
	switch (next) {
	case KEY:
	case KEY_OR_END:
		return scan_key(scan);
	case COLON:
		return scan_colon(scan);
	case AFTER:
		return scan_after(scan);
	default:
		return scan_value(scan);
	}
}

void
xc_json_scan(struct xc_json_scan *scan)
{
	size_t valid = xc_utf8_span(scan->text, scan->len);
	enum next next = VALUE;
	size_t len = scan->len;

	scan->what = NULL;
	scan->at = 0;
	scan->depth = 0;
	scan->n_values = 0;
	scan->n_keys = 0;
	scan->n_objects = 0;
	/* The fault that comes first is named. */
	scan->len = valid;
	skip_blanks(scan);
	while (scan->what == NULL && scan->at < valid) {
		next = step(scan, next);
		if (scan->what == NULL)
			skip_blanks(scan);
	}
	scan->len = len;
	if (valid < len && (scan->what == NULL || scan->at >= valid))
		fail(scan, "invalid UTF-8", valid);
	if (scan->what == NULL && (next != AFTER || scan->depth > 0))
		fail(scan, "the text ends early", len);
}

/* The characters of a key, one by one. */
struct cursor {
	const unsigned char *at;
	const unsigned char *end;
};

static uint32_t
unescape(struct cursor *cursor)
{
	static const char from[] = "bfnrt";
	static const char to[] = "\b\f\n\r\t";
	unsigned char c = cursor->at[1];
	const char *found = strchr(from, c);
	uint32_t code;

	if (c != 'u') {
		cursor->at += 2;
		return found != NULL ? (uint32_t)to[found - from] : c;
	}
	code = (uint32_t)hex4((const char *)cursor->at + 2, 4);
	cursor->at += 6;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	code = 0x10000 + ((code - 0xd800) << 10) +
	    ((uint32_t)hex4((const char *)cursor->at + 2, 4) - 0xdc00);
	cursor->at += 6;
	return code;
}

/* The next character of what is known to be valid; 0 at the end. */
static uint32_t
next_char(struct cursor *cursor)
{
	uint32_t code;

	if (cursor->at == cursor->end)
		return 0;
	if (*cursor->at == '\\')
		return unescape(cursor);
	code = *cursor->at++;
	if (code < 0x80)
		return code;
	code &= code < 0xe0 ? 0x1f : code < 0xf0 ? 0x0f : 0x07;
	while (cursor->at < cursor->end && (*cursor->at & 0xc0) == 0x80)
		code = code << 6 | (*cursor->at++ & 0x3f);
	return code;
}

static struct cursor
cursor_of(const struct xc_json_scan *scan, const struct xc_json_key *key)
{
	struct cursor cursor;

	cursor.at = (const unsigned char *)scan->text + key->off;
	cursor.end = cursor.at + key->len;
	return cursor;
}

/* Orders keys by object, then by characters. */
static int
compare(const struct xc_json_scan *scan, const struct xc_json_key *a,
    const struct xc_json_key *b)
{
	struct cursor left = cursor_of(scan, a);
	struct cursor right = cursor_of(scan, b);
	uint32_t x;
	uint32_t y;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	do {
		x = next_char(&left);
		y = next_char(&right);
	} while (x == y && x != 0);
	return x < y ? -1 : x > y;
}

/* Moves the key at root down to its place in a heap of n. */
static void
sift(struct xc_json_scan *scan, uint32_t root, uint32_t n)
{
	struct xc_json_key *keys = scan->keys;
	struct xc_json_key key = keys[root];
	uint32_t child;

	while ((child = 2 * root + 1) < n) {
		if (child + 1 < n &&
		    compare(scan, &keys[child], &keys[child + 1]) < 0)
			child++;
		if (compare(scan, &key, &keys[child]) >= 0)
			break;
		keys[root] = keys[child];
		root = child;
	}
	keys[root] = key;
}

/* A heap sort: no input makes it slow. */
static void
sort_keys(struct xc_json_scan *scan)
{
	struct xc_json_key key;
	uint32_t i;

	for (i = scan->n_keys / 2; i-- > 0;)
		sift(scan, i, scan->n_keys);
	for (i = scan->n_keys; i-- > 1;) {
		key = scan->keys[0];
		scan->keys[0] = scan->keys[i];
		scan->keys[i] = key;
		sift(scan, 0, i);
	}
}

size_t
xc_json_scan_twin(struct xc_json_scan *scan)
{
	const struct xc_json_key *first = scan->keys;
	const struct xc_json_key *key;
	size_t twin = SIZE_MAX;
	size_t off;

	sort_keys(scan);
	for (key = scan->keys + 1; key < scan->keys + scan->n_keys; key++) {
		if (compare(scan, first, key) != 0) {
			first = key;
			continue;
		}
		/* Of two, the one that comes later in the text. */
		off = key->off > first->off ? key->off : first->off;
		if (off < twin)
			twin = off;
		if (key->off < first->off)
			first = key;
	}
	return twin;
}

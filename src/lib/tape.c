/* SPDX-License-Identifier: MIT */
/*
 * The scan.  While a container is open, its token's next is the index of the
 * container around it, so that no stack is needed, and the number of its
 * children grows in its meta.
 */
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/block.h"
#include "lib/text.h"

#include "tape-private.h"

#define SLOT XC_TAPE_SLOT
#define SLOTS_MAX XC_TAPE_SLOTS_MAX
#define NONE UINT32_MAX
#define PAIRWISE_MAX 12		/* keys that are compared each with each */
#define EXPONENT_DIGITS 9

struct scan {
	const unsigned char *start;
	const unsigned char *end;
	struct xc_token *tokens;
	uint32_t n;		/* slots in use */
	uint32_t cap;
	uint32_t off;		/* of tokens in the block */
	uint32_t open;		/* the innermost container; NONE */
	uint32_t depth;
	uint32_t n_values;
	struct xc_tape_limits limits;
	struct xc_block *block;
	const char *what;
	const unsigned char *at;
	enum xc_err err;
};

/* What a byte may be in a string: 0 plain, 1 above ASCII, 2 the rest. */
static inline bool
is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static const unsigned char *
fail(struct scan *scan, enum xc_err err, const char *what,
    const unsigned char *at)
{
	scan->err = err;
	scan->what = what;
	scan->at = at;
	return NULL;
}

static const unsigned char *
invalid(struct scan *scan, const char *what, const unsigned char *at)
{
	return fail(scan, XC_ERR_INVALID, what, at);
}

/* Something that is missing: the rest of the text may be. */
static const unsigned char *
missing(struct scan *scan, const char *what, const unsigned char *at)
{
	return invalid(scan, at < scan->end ? what : "the text ends early",
	    at);
}

/* Makes room for n more slots. */
static bool
grow(struct scan *scan, uint32_t n, const unsigned char *at)
{
	struct xc_block *block = scan->block;
	uint32_t want = scan->n + n < scan->cap ? scan->cap : scan->n + n;
	enum xc_err err;

	if (n > SLOTS_MAX - scan->n) {
		fail(scan, XC_ERR_TOO_LARGE, "too much for one tape", at);
		return false;
	}
	/* What the block takes for granted is what is in use. */
	block->used = scan->off + scan->n * SLOT;
	err = xc_block_room(block, (size_t)(want - scan->n) * SLOT);
	if (err != XC_OK) {
		fail(scan, err, "more than the memory given", at);
		return false;
	}
	scan->tokens = (struct xc_token *)(void *)(block->base + scan->off);
	scan->cap = (block->cap - scan->off) / SLOT;
	if (scan->cap > SLOTS_MAX)
		scan->cap = SLOTS_MAX;
	return true;
}

/* A new token, or NULL. */
static inline struct xc_token *
push(struct scan *scan, uint32_t type, const unsigned char *at)
{
	struct xc_token *token;

	if (scan->n == scan->cap && !grow(scan, 1, at))
		return NULL;
	token = &scan->tokens[scan->n++];
	token->off = (uint32_t)(at - scan->start);
	token->len = 0;
	token->next = scan->n;
	token->meta = type;
	return token;
}

static inline const unsigned char *
skip_blanks(const struct scan *scan, const unsigned char *at)
{
	while (at < scan->end && (*at == ' ' || *at == '\n' || *at == '\t' ||
	    *at == '\r'))
		at++;
	return at;
}

static inline unsigned char
peek(const struct scan *scan, const unsigned char *at)
{
	return at < scan->end ? *at : 0;
}

/* The first byte that is not plain; *high_r grows a high bit if a byte
 * before it has one. */
static inline const unsigned char *
skip_plain(const struct scan *scan, const unsigned char *at,
    unsigned *high_r)
{
#ifdef __SSE2__
	while (scan->end - at >= 16) {
		__m128i bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)at);
		__m128i found = _mm_or_si128(_mm_or_si128(
		    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
		    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
		    _mm_cmpeq_epi8(_mm_min_epu8(bytes,
		    _mm_set1_epi8(0x1f)), bytes));
		unsigned mask = (unsigned)_mm_movemask_epi8(found);
		unsigned high = (unsigned)_mm_movemask_epi8(bytes);

		if (mask != 0) {
			*high_r |= high & ((mask & -mask) - 1);
			return at + __builtin_ctz(mask);
		}
		*high_r |= high;
		at += 16;
	}
#endif
	for (; at < scan->end && !is_special(*at); at++)
		*high_r |= *at & 0x80;
	return at;
}

/* Four hexadecimal digits; -1 if they are not. */
static long
hex4(const unsigned char *at, const unsigned char *end)
{
	long value = 0;
	int digit;
	int i;

	if (end - at < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		digit = xc_hex(at[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* What "\u1234" at at means, and a pair of them; *at_r goes behind it. */
static long
read_unicode(struct scan *scan, const unsigned char **at_r)
{
	const unsigned char *at = *at_r;
	long high = hex4(at + 2, scan->end);
	long low = -1;

	*at_r = at + 6;
	if (high < 0)
		invalid(scan, "a bad \\u sequence", at);
	else if (high == 0 && !scan->limits.nul)
		invalid(scan, "a NUL character", at);
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (scan->end - at >= 12 && at[6] == '\\' && at[7] == 'u')
		low = hex4(at + 8, scan->end);
	*at_r = at + 12;
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		invalid(scan, "half of a surrogate pair", at);
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static unsigned char *
put_utf8(unsigned char *to, long code)
{
	if (code < 0x80) {
		*to++ = (unsigned char)code;
		return to;
	}
	if (code < 0x800) {
		*to++ = (unsigned char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*to++ = (unsigned char)(0xe0 | code >> 12);
		} else {
			*to++ = (unsigned char)(0xf0 | code >> 18);
			*to++ = (unsigned char)(0x80 | (code >> 12 & 0x3f));
		}
		*to++ = (unsigned char)(0x80 | (code >> 6 & 0x3f));
	}
	*to++ = (unsigned char)(0x80 | (code & 0x3f));
	return to;
}

/* Decodes the escape at *at_r, which goes behind it. */
static unsigned char *
put_escape(struct scan *scan, const unsigned char **at_r, unsigned char *to)
{
	static const char from[] = "\"\\/bfnrt";
	static const char is[] = "\"\\/\b\f\n\r\t";
	const unsigned char *at = *at_r;
	unsigned char c = peek(scan, at + 1);
	const char *found = c != '\0' ? strchr(from, c) : NULL;
	long code;

	if (c == 'u') {
		code = read_unicode(scan, at_r);
		return scan->what == NULL ? put_utf8(to, code) : to;
	}
	*at_r = at + 2;
	if (found == NULL)
		invalid(scan, "a bad escape sequence", at);
	else
		*to++ = (unsigned char)is[found - from];
	return to;
}

/* The quote that ends a string with escapes. */
static const unsigned char *
find_quote(struct scan *scan, const unsigned char *at, unsigned *high)
{
	for (;;) {
		at = skip_plain(scan, at, high);
		if (at >= scan->end)
			return invalid(scan, "a string without an end",
			    scan->end);
		if (*at == '"')
			return at;
		if (*at != '\\')
			return invalid(scan, "a control character in a string",
			    at);
		at += 2;
		if (at > scan->end)
			at = scan->end;
	}
}

static bool
check_utf8(struct scan *scan, const unsigned char *from,
    const unsigned char *to)
{
	size_t len = (size_t)(to - from);
	size_t good = xc_utf8_span((const char *)from, len);

	if (good < len)
		invalid(scan, "invalid UTF-8", from + good);
	return good == len;
}

/* Decodes a string into the slots behind its token. */
static const unsigned char *
decode(struct scan *scan, uint32_t index, const unsigned char *from,
    unsigned high)
{
	const unsigned char *quote = find_quote(scan, from, &high);
	struct xc_token *token;
	unsigned char *start;
	unsigned char *to;
	unsigned unused = 0;
	const unsigned char *plain;
	uint32_t slots;

	if (quote == NULL || ((high != 0) && !check_utf8(scan, from, quote)))
		return NULL;
	slots = (uint32_t)(((size_t)(quote - from) + SLOT - 1) / SLOT);
	if (scan->cap - scan->n < slots && !grow(scan, slots, from))
		return NULL;
	token = &scan->tokens[index];
	start = to = (unsigned char *)(token + 1);
	while (from < quote && scan->what == NULL) {
		plain = skip_plain(scan, from, &unused);
		memcpy(to, from, (size_t)(plain - from));
		to += plain - from;
		from = plain;
		if (from < quote)
			to = put_escape(scan, &from, to);
	}
	if (scan->what != NULL)
		return NULL;
	token->len = (uint32_t)(to - start);
	scan->n += (token->len + SLOT - 1) / SLOT;
	memset(to, 0, (size_t)((unsigned char *)(scan->tokens + scan->n) - to));
	token->next = scan->n;
	token->meta |= XC_TOKEN_DECODED;
	return quote + 1;
}

/* A string behind its quote; gives what is behind the other one. */
static inline const unsigned char *
scan_string(struct scan *scan, const unsigned char *from, uint32_t type)
{
	struct xc_token *token = push(scan, type, from);
	const unsigned char *at;
	unsigned high = 0;

	if (token == NULL)
		return NULL;
	at = skip_plain(scan, from, &high);
	if (at >= scan->end || *at != '"')
		return decode(scan, scan->n - 1, from, high);
	if (high != 0 && !check_utf8(scan, from, at))
		return NULL;
	token->len = (uint32_t)(at - from);
	return at + 1;
}

static inline const unsigned char *
skip_digits(const struct scan *scan, const unsigned char *at)
{
	while (at < scan->end && (unsigned)(*at - '0') <= 9)
		at++;
	return at;
}

/* What is behind the digits: ".5" and "e+5". */
static const unsigned char *
scan_fraction(struct scan *scan, const unsigned char *at)
{
	const unsigned char *start;
	const unsigned char *number = at;

	if (*at == '.') {
		start = ++at;
		at = skip_digits(scan, at);
		if (at == start)
			return invalid(scan,
			    "a number without digits behind its point", at);
	}
	if ((peek(scan, at) | 0x20) != 'e')
		return at;
	at++;
	if (peek(scan, at) == '+' || peek(scan, at) == '-')
		at++;
	start = at;
	at = skip_digits(scan, at);
	if (at == start)
		return invalid(scan, "a number without digits in its exponent",
		    at);
	while (start < at && *start == '0')
		start++;
	if (at - start > EXPONENT_DIGITS)
		return invalid(scan, "a number out of range", number);
	return at;
}

static const unsigned char *
scan_number(struct scan *scan, const unsigned char *at)
{
	const unsigned char *start = at;
	struct xc_token *token = push(scan, XC_TOKEN_NUMBER, at);
	const unsigned char *digits;

	if (token == NULL)
		return NULL;
	digits = at += *at == '-';
	at = skip_digits(scan, at);
	if (at == digits)
		return invalid(scan, "no value", start);
	if (at - digits > 1 && *digits == '0')
		return invalid(scan, "a number with a zero before it", start);
	if (at < scan->end && (*at == '.' || (*at | 0x20) == 'e')) {
		token->meta |= XC_TOKEN_FRACTION;
		at = scan_fraction(scan, at);
		if (at == NULL)
			return NULL;
	}
	token->len = (uint32_t)(at - start);
	return at;
}

static const unsigned char *
scan_word(struct scan *scan, const unsigned char *at, const char *word,
    uint32_t type)
{
	size_t len = strlen(word);
	struct xc_token *token;

	if ((size_t)(scan->end - at) < len || memcmp(at, word, len) != 0)
		return invalid(scan, "no value", at);
	token = push(scan, type, at);
	if (token == NULL)
		return NULL;
	token->len = (uint32_t)len;
	return at + len;
}

/* Orders the keys of one object for the search for twins. */
static int
compare_keys(const struct scan *scan, uint32_t a, uint32_t b)
{
	struct xc_tape tape = { (const char *)scan->start, scan->tokens, 0, 0 };
	const struct xc_token *left = &scan->tokens[a];
	const struct xc_token *right = &scan->tokens[b];
	const char *x;
	const char *y;
	size_t len;

	if (left->meta >> XC_TOKEN_SHIFT != right->meta >> XC_TOKEN_SHIFT)
		return left->meta >> XC_TOKEN_SHIFT <
		    right->meta >> XC_TOKEN_SHIFT ? -1 : 1;
	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	x = xc_tape_string(&tape, a, &len);
	y = xc_tape_string(&tape, b, &len);
	return memcmp(x, y, len);
}

/* Moves the key at root down to its place in a heap of n. */
static void
sift(const struct scan *scan, uint32_t *keys, uint32_t root, uint32_t n)
{
	uint32_t key = keys[root];
	uint32_t child;

	while ((child = 2 * root + 1) < n) {
		if (child + 1 < n &&
		    compare_keys(scan, keys[child], keys[child + 1]) < 0)
			child++;
		if (compare_keys(scan, key, keys[child]) >= 0)
			break;
		keys[root] = keys[child];
		root = child;
	}
	keys[root] = key;
}

/* A heap sort: no keys that someone chose make it slow. */
static void
sort_keys(const struct scan *scan, uint32_t *keys, uint32_t n)
{
	uint32_t key;
	uint32_t i;

	for (i = n / 2; i-- > 0;)
		sift(scan, keys, i, n);
	for (i = n; i-- > 1;) {
		key = keys[0];
		keys[0] = keys[i];
		keys[i] = key;
		sift(scan, keys, 0, i);
	}
}

static uint32_t
next_key(const struct scan *scan, uint32_t key)
{
	return scan->tokens[scan->tokens[key].next].next;
}

/* The place of a key that stands twice; of two the later.  What came behind it
 * is forgotten, so that the pointer leads there too. */
static bool
twin_at(struct scan *scan, uint32_t a, uint32_t b)
{
	uint32_t key = a > b ? a : b;

	invalid(scan, "a key that stands twice", scan->start +
	    scan->tokens[key].off - 1);
	scan->n = key + 1;
	return true;
}

static bool
has_twins_few(struct scan *scan, uint32_t object)
{
	uint32_t hash;
	uint32_t a;
	uint32_t b;

	for (b = next_key(scan, object + 1); b < scan->n;
	    b = next_key(scan, b)) {
		hash = scan->tokens[b].meta >> XC_TOKEN_SHIFT;
		for (a = object + 1; a < b; a = next_key(scan, a))
			if (scan->tokens[a].meta >> XC_TOKEN_SHIFT == hash &&
			    compare_keys(scan, a, b) == 0)
				return twin_at(scan, a, b);
	}
	return false;
}

/* Sorts the keys in the room behind the tape. */
static bool
has_twins_many(struct scan *scan, uint32_t object, uint32_t n)
{
	uint32_t slots = (uint32_t)(n / (SLOT / sizeof(uint32_t)) + 1);
	uint32_t *keys;
	uint32_t key;
	uint32_t i = 0;

	if (scan->cap - scan->n < slots &&
	    !grow(scan, slots, scan->start + scan->tokens[object].off))
		return true;
	keys = (uint32_t *)(void *)(scan->tokens + scan->n);
	for (key = object + 1; i < n; key = next_key(scan, key))
		keys[i++] = key;
	sort_keys(scan, keys, n);
	for (i = 1; i < n; i++)
		if (compare_keys(scan, keys[i - 1], keys[i]) == 0)
			return twin_at(scan, keys[i - 1], keys[i]);
	return false;
}

/* at is the bracket that closes the innermost container. */
static inline const unsigned char *
close_container(struct scan *scan, const unsigned char *at)
{
	uint32_t index = scan->open;
	struct xc_token *token = &scan->tokens[index];
	uint32_t n = token->meta >> XC_TOKEN_SHIFT;

	if ((token->meta & XC_TOKEN_TYPE) == XC_TOKEN_OBJECT && n > 1) {
		if (n <= PAIRWISE_MAX ? has_twins_few(scan, index)
		    : has_twins_many(scan, index, n))
			return NULL;
		token = &scan->tokens[index];
	}
	scan->open = token->next;
	token->next = scan->n;
	token->len = (uint32_t)(at + 1 - scan->start) - token->off;
	scan->depth--;
	return at + 1;
}

/* Behind the bracket; an empty one is closed at once. */
static const unsigned char *
open_container(struct scan *scan, const unsigned char *at, bool object)
{
	struct xc_token *token;

	if (scan->depth >= scan->limits.depth)
		return fail(scan, XC_ERR_TOO_LARGE, "too many levels", at);
	token = push(scan, object ? XC_TOKEN_OBJECT : XC_TOKEN_ARRAY, at);
	if (token == NULL)
		return NULL;
	token->next = scan->open;
	scan->open = scan->n - 1;
	scan->depth++;
	at = skip_blanks(scan, at + 1);
	if (peek(scan, at) == (object ? '}' : ']'))
		return close_container(scan, at);
	return at;
}

/* A key, its colon, and what is blank around it. */
static inline const unsigned char *
scan_key(struct scan *scan, const unsigned char *at)
{
	struct xc_tape tape = { (const char *)scan->start, NULL, 0, 0 };
	uint32_t index = scan->n;
	const char *bytes;
	size_t len;

	if (peek(scan, at) != '"')
		return missing(scan, "no key in quotes", at);
	at = scan_string(scan, at + 1, XC_TOKEN_KEY);
	if (at == NULL)
		return NULL;
	tape.tokens = scan->tokens;
	bytes = xc_tape_string(&tape, index, &len);
	scan->tokens[index].meta |= xc_tape_hash(bytes, len) <<
	    XC_TOKEN_SHIFT;
	at = skip_blanks(scan, at);
	if (peek(scan, at) != ':')
		return missing(scan, "no colon behind a key", at);
	return skip_blanks(scan, at + 1);
}

static inline const unsigned char *
scan_value(struct scan *scan, const unsigned char *at)
{
	unsigned char c = peek(scan, at);

	if (scan->n_values++ >= scan->limits.values)
		return fail(scan, XC_ERR_TOO_LARGE, "too many values", at);
	switch (c) {
	case '"':
		return scan_string(scan, at + 1, XC_TOKEN_STRING);
	case '{':
	case '[':
		return open_container(scan, at, c == '{');
	case 't':
		return scan_word(scan, at, "true", XC_TOKEN_TRUE);
	case 'f':
		return scan_word(scan, at, "false", XC_TOKEN_FALSE);
	case 'n':
		return scan_word(scan, at, "null", XC_TOKEN_NULL);
	default:
		if (c != '-' && (unsigned)(c - '0') > 9)
			return missing(scan, "no value", at);
		return scan_number(scan, at);
	}
}

/* Behind a value: closes what ends here, steps over a comma.  *done_r: that
 * was all. */
static inline const unsigned char *
scan_after(struct scan *scan, const unsigned char *at, bool *done_r)
{
	unsigned char c;
	bool array;

	for (;;) {
		at = skip_blanks(scan, at);
		if (scan->open == NONE) {
			*done_r = true;
			return at;
		}
		c = peek(scan, at);
		if (c == ',')
			return skip_blanks(scan, at + 1);
		array = (scan->tokens[scan->open].meta & XC_TOKEN_TYPE) ==
		    XC_TOKEN_ARRAY;
		if (c != (array ? ']' : '}'))
			return missing(scan, "no comma behind a value", at);
		at = close_container(scan, at);
		if (at == NULL)
			return NULL;
	}
}

static const unsigned char *
scan_all(struct scan *scan, const unsigned char *at)
{
	bool done = false;
	uint32_t open;

	at = skip_blanks(scan, at);
	while (!done) {
		open = scan->open;
		if (open != NONE) {
			struct xc_token *token = &scan->tokens[open];

			token->meta += 1 << XC_TOKEN_SHIFT;
			if ((token->meta & XC_TOKEN_TYPE) == XC_TOKEN_OBJECT)
				at = scan_key(scan, at);
			if (at == NULL)
				return NULL;
		}
		open = scan->depth;
		at = scan_value(scan, at);
		/* What was opened and not closed again has a first value. */
		if (at != NULL && scan->depth == open)
			at = scan_after(scan, at, &done);
		if (at == NULL)
			return NULL;
	}
	return at < scan->end ? invalid(scan, "text behind the value", at)
	    : at;
}

/* Puts an end to what is open, so that the pointer can be made. */
static void
close_all(struct scan *scan)
{
	struct xc_token *token;
	uint32_t parent;

	for (; scan->open != NONE; scan->open = parent) {
		token = &scan->tokens[scan->open];
		parent = token->next;
		token->next = scan->n;
	}
}

static void
explain(struct scan *scan, struct xc_tape_error *error)
{
	struct xc_tape tape = { (const char *)scan->start, scan->tokens, 0,
	    scan->n };

	error->what = scan->what;
	error->offset = (size_t)(scan->at - scan->start);
	error->pointer[0] = '\0';
	xc_tape_place(tape.text, error->offset, &error->line, &error->column);
	if (scan->n == 0)
		return;
	close_all(scan);
	xc_tape_pointer(&tape, scan->n - 1, error->pointer,
	    sizeof(error->pointer));
}

static void
set_limits(struct xc_tape_limits *limits, const struct xc_tape_limits *given)
{
	memset(limits, 0, sizeof(*limits));
	if (given != NULL)
		*limits = *given;
	if (limits->depth == 0)
		limits->depth = XC_TAPE_DEPTH;
	if (limits->values == 0)
		limits->values = XC_TAPE_VALUES;
	if (limits->values > XC_TAPE_VALUES_MAX)
		limits->values = XC_TAPE_VALUES_MAX;
}

/* A tape of about a token for 8 bytes is made room for at once. */
static bool
begin(struct scan *scan, size_t len)
{
	size_t guess = len / 8 + 16;
	uint32_t off;

	scan->err = xc_block_reserve(scan->block, sizeof(struct xc_tape_head),
	    &off);
	if (scan->err != XC_OK) {
		scan->what = "more than the memory given";
		return false;
	}
	scan->off = off + (uint32_t)sizeof(struct xc_tape_head);
	if (!grow(scan, 1, scan->start))
		return false;
	if (scan->cap < guess && guess < SLOTS_MAX &&
	    xc_block_room(scan->block, guess * SLOT) == XC_OK)
		return grow(scan, 1, scan->start);
	return true;
}

static const unsigned char *
scan_text(struct scan *scan, size_t len)
{
	static const unsigned char bom[] = { 0xef, 0xbb, 0xbf };

	if (len >= UINT32_MAX)
		return fail(scan, XC_ERR_TOO_LARGE, "a text of 4 GiB",
		    scan->start);
	if (len >= sizeof(bom) && memcmp(scan->start, bom, sizeof(bom)) == 0)
		return invalid(scan, "a byte order mark", scan->start);
	return begin(scan, len) ? scan_all(scan, scan->start) : NULL;
}

enum xc_err
xc_tape_scan(const char *text, size_t len,
    const struct xc_tape_limits *limits, struct xc_block *block,
    uint32_t *off_r, struct xc_tape *tape_r, struct xc_tape_error *error_r)
{
	struct scan scan = { 0 };
	uint32_t used = block->used;
	struct xc_tape_head *head;

	scan.start = (const unsigned char *)(text != NULL ? text : "");
	scan.end = scan.start + len;
	scan.at = scan.start;
	scan.open = NONE;
	scan.block = block;
	set_limits(&scan.limits, limits);
	if (scan_text(&scan, len) == NULL) {
		explain(&scan, error_r);
		block->used = used;
		return scan.err;
	}
	block->used = scan.off + scan.n * SLOT;
	head = (struct xc_tape_head *)(void *)(block->base + scan.off) - 1;
	head->magic = XC_TAPE_MAGIC;
	head->n = scan.n;
	head->text_len = (uint32_t)len;
	*off_r = scan.off - (uint32_t)sizeof(*head);
	return xc_tape_open(block, *off_r, (const char *)scan.start, len,
	    tape_r);
}

/*
 * The most slots that a text of len bytes needs.  A token takes two bytes of
 * text at least (a digit and a comma), and its decoded bytes no more slots
 * than half of them; in a long text the limit of values (and of their keys)
 * is less: for each its token and a slot that is not filled, a quarter of one
 * to sort the keys, and what begin() asks for.
 */
static size_t
most_slots(size_t len, const struct xc_tape_limits *limits)
{
	uint32_t values = limits != NULL && limits->values != 0
	    ? limits->values : XC_TAPE_VALUES;
	size_t by_values = (size_t)values * 5 + len / 8;
	size_t by_len = len / 2;

	return (by_len < by_values ? by_len : by_values) + 32;
}

enum xc_err
xc_tape_scan_in(struct xc_block *block, struct xc_span text,
    const struct xc_tape_limits *limits, struct xc_tape_ref *ref_r,
    struct xc_tape *tape_r, struct xc_tape_error *error_r)
{
	size_t slots = most_slots(text.len, limits);
	enum xc_err err = XC_ERR_TOO_LARGE;

	if (slots < SLOTS_MAX)
		err = xc_block_room(block, slots * SLOT +
		    2 * sizeof(struct xc_tape_head));
	if (err != XC_OK) {
		*error_r = (struct xc_tape_error){ .line = 1, .column = 1,
			.what = "more than the memory given" };
		return err;
	}
	ref_r->text = text;
	return xc_tape_scan((const char *)block->base + text.off, text.len,
	    limits, block, &ref_r->off, tape_r, error_r);
}

bool
xc_tape_is_number(const char *text, size_t len)
{
	struct scan scan = { .start = (const unsigned char *)text };
	struct xc_token token;
	const unsigned char *end;

	if (len == 0 || (text[0] != '-' && (unsigned)(text[0] - '0') > 9))
		return false;
	scan.end = scan.start + len;
	scan.tokens = &token;
	scan.cap = 1;
	end = scan_number(&scan, scan.start);
	return end == scan.end;
}

/* SPDX-License-Identifier: MIT */
/* The keywords that look at one value alone. */
#include <stdio.h>
#include <string.h>

#include "schema-run.h"

static const char *
type_name(enum xc_token_type type)
{
	static const char *const names[] = { "", "null", "a boolean",
	    "a boolean", "a number", "a string", "an array", "an object",
	    "a string" };

	return names[type];
}

const char *
xc_run_show(const struct xc_tape *tape, uint32_t at, char *buf)
{
	enum xc_token_type type = xc_tape_type(tape, at);
	uint32_t n = xc_tape_count(tape, at);
	size_t len = tape->tokens[at].len;
	const char *text = tape->text + tape->tokens[at].off;
	bool quoted = type == XC_TOKEN_STRING || type == XC_TOKEN_KEY;
	bool cut = len > XC_SHOW_MAX - 20;

	if (type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT) {
		snprintf(buf, XC_SHOW_MAX, type == XC_TOKEN_ARRAY
		    ? "an array of %u" : "an object of %u", n);
		return buf;
	}
	if (quoted)
		text = xc_tape_string(tape, at, &len);
	else if (type != XC_TOKEN_NUMBER)	/* there may be no text of it */
		len = strlen(text = type == XC_TOKEN_NULL ? "null" :
		    type == XC_TOKEN_TRUE ? "true" : "false");
	cut = len > XC_SHOW_MAX - 20;
	if (cut)
		len = XC_SHOW_MAX - 20;
	/* Not within a character. */
	while (cut && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	snprintf(buf, XC_SHOW_MAX, quoted ? "\"%.*s%s\"" : "%.*s%s",
	    (int)len, text, cut ? "..." : "");
	return buf;
}

static bool
is_integer(const struct run *run, uint32_t at)
{
	const struct xc_token *token = &run->tape->tokens[at];
	struct xc_decimal decimal;

	if ((token->meta & XC_TOKEN_FRACTION) == 0)
		return true;
	xc_decimal_read(&decimal, run->tape->text + token->off, token->len);
	return xc_decimal_is_integer(&decimal);
}

/* "a string or null" */
static void
name_types(uint32_t mask, char *buf, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} rows[] = {
		{ 1, "an integer" },
		{ 1 << XC_TOKEN_NUMBER, "a number" },
		{ 1 << XC_TOKEN_STRING, "a string" },
		{ 1 << XC_TOKEN_TRUE, "a boolean" },
		{ 1 << XC_TOKEN_ARRAY, "an array" },
		{ 1 << XC_TOKEN_OBJECT, "an object" },
		{ 1 << XC_TOKEN_NULL, "null" },
	};
	size_t len = 0;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((mask & rows[i].bit) != 0 && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
			    len > 0 ? " or " : "", rows[i].name);
}

/* a: the mask of types. */
static bool
run_type(struct run *run, const struct op *op, uint32_t at)
{
	enum xc_token_type type = xc_run_type(run, at);
	char wanted[128];

	if ((op->a >> type & 1) != 0)
		return true;
	if (type == XC_TOKEN_NUMBER && (op->a & 1) != 0 &&
	    is_integer(run, at))
		return true;
	if (!run->collect)
		return false;
	name_types(op->a, wanted, sizeof(wanted));
	return xc_run_fault(run, at, "type", "is %s, not %s",
	    type == XC_TOKEN_NUMBER && op->a == 1 ? "a number with a fraction"
	    : type_name(type), wanted);
}

/* a: the constant. */
static bool
run_const(struct run *run, const struct op *op, uint32_t at)
{
	struct xc_value value = { run->tape, at };
	struct xc_value wanted = { &run->schema->constants, op->a };
	char buf[2][XC_SHOW_MAX];

	if (xc_value_is_same(value, wanted, &run->steps))
		return true;
	return run->collect && xc_run_fault(run, at, "const",
	    "is %s, only %s is allowed", xc_run_show(run->tape, at, buf[0]),
	    xc_run_show(wanted.tape, wanted.at, buf[1]));
}

/* "1, 2 and 3" */
static void
name_choices(struct xc_value list, char *buf, size_t size)
{
	uint32_t n = xc_tape_count(list.tape, list.at);
	char shown[XC_SHOW_MAX];
	size_t len = 0;
	uint32_t i;

	buf[0] = '\0';
	list.at = xc_tape_first(list.at);
	for (i = 0; i < n && len < size; i++) {
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i > 0 ? ", " : "",
		    i < 8 ? xc_run_show(list.tape, list.at, shown) : "...");
		if (i == 8)
			return;
		list.at = xc_tape_next(list.tape, list.at);
	}
}

/* a: the array of constants. */
static bool
run_enum(struct run *run, const struct op *op, uint32_t at)
{
	struct xc_value value = { run->tape, at };
	struct xc_value wanted = { &run->schema->constants, op->a };
	struct xc_value list = wanted;
	uint32_t n = xc_tape_count(wanted.tape, wanted.at);
	char shown[XC_SHOW_MAX];
	char choices[512];

	wanted.at = xc_tape_first(wanted.at);
	for (; n > 0; n--) {
		if (xc_value_is_same(value, wanted, &run->steps))
			return true;
		wanted.at = xc_tape_next(wanted.tape, wanted.at);
	}
	if (!run->collect)
		return false;
	name_choices(list, choices, sizeof(choices));
	return xc_run_fault(run, at, "enum", "is %s, not one of %s",
	    xc_run_show(run->tape, at, shown), choices);
}

/* Few digits without a fraction. */
static bool
read_small(const struct xc_tape *tape, uint32_t at, int64_t *value_r)
{
	const struct xc_token *token = &tape->tokens[at];
	const char *text = tape->text + token->off;
	uint32_t i = text[0] == '-';
	int64_t value = 0;

	if ((token->meta & XC_TOKEN_FRACTION) != 0 || token->len > 18)
		return false;
	for (; i < token->len; i++)
		value = value * 10 + (text[i] - '0');
	*value_r = text[0] == '-' ? -value : value;
	return true;
}

static int
compare_numbers(struct xc_value a, struct xc_value b)
{
	const struct xc_token *left = &a.tape->tokens[a.at];
	const struct xc_token *right = &b.tape->tokens[b.at];
	struct xc_decimal x;
	struct xc_decimal y;
	int64_t i;
	int64_t k;

	if (read_small(a.tape, a.at, &i) && read_small(b.tape, b.at, &k))
		return i < k ? -1 : i > k;
	xc_decimal_read(&x, a.tape->text + left->off, left->len);
	xc_decimal_read(&y, b.tape->text + right->off, right->len);
	return xc_decimal_compare(&x, &y);
}

/* a: the constant. */
static bool
run_bound(struct run *run, const struct op *op, uint32_t at)
{
	struct xc_value value = { run->tape, at };
	struct xc_value bound = { &run->schema->constants, op->a };
	char buf[2][XC_SHOW_MAX];
	const char *keyword = "minimum";
	const char *words = "the least";
	int order;

	if (xc_run_type(run, at) != XC_TOKEN_NUMBER)
		return true;
	order = compare_numbers(value, bound);
	if (op->kind == OP_MINIMUM ? order >= 0 : op->kind == OP_MAXIMUM
	    ? order <= 0 : op->kind == OP_ABOVE ? order > 0 : order < 0)
		return true;
	if (op->kind == OP_MAXIMUM) {
		keyword = "maximum";
		words = "the most";
	} else if (op->kind == OP_ABOVE) {
		keyword = "exclusiveMinimum";
		words = "what it must be above";
	} else if (op->kind == OP_BELOW) {
		keyword = "exclusiveMaximum";
		words = "what it must be below";
	}
	return run->collect && xc_run_fault(run, at, keyword,
	    "is %s, %s is %s", xc_run_show(run->tape, at, buf[0]),
	    xc_run_show(bound.tape, bound.at, buf[1]), words);
}

/* a: the divisor; b: the constant. */
static bool
run_multiple(struct run *run, const struct op *op, uint32_t at)
{
	const struct xc_token *token = &run->tape->tokens[at];
	struct xc_decimal decimal;
	char buf[2][XC_SHOW_MAX];

	if (xc_run_type(run, at) != XC_TOKEN_NUMBER)
		return true;
	run->steps += token->len / 16;
	xc_decimal_read(&decimal, run->tape->text + token->off, token->len);
	if (xc_decimal_is_multiple(&decimal, &run->schema->divisors[op->a]))
		return true;
	return run->collect && xc_run_fault(run, at, "multipleOf",
	    "is %s, which is no multiple of %s",
	    xc_run_show(run->tape, at, buf[0]),
	    xc_run_show(&run->schema->constants, op->b, buf[1]));
}

/* Characters of valid UTF-8. */
static size_t
count_characters(const char *text, size_t len)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* a: the number. */
static bool
run_length(struct run *run, const struct op *op, uint32_t at)
{
	size_t len;
	const char *text;
	bool least = op->kind == OP_MIN_LENGTH;

	if (xc_run_type(run, at) != XC_TOKEN_STRING)
		return true;
	text = xc_tape_string(run->tape, at, &len);
	/* A character has 1 to 4 bytes. */
	if (least ? len / 4 >= op->a : len <= op->a)
		return true;
	run->steps += len / 256;
	len = count_characters(text, len);
	if (least ? len >= op->a : len <= op->a)
		return true;
	return run->collect && xc_run_fault(run, at,
	    least ? "minLength" : "maxLength",
	    "is %zu characters long, %u are the %s", len, op->a,
	    least ? "least" : "most");
}

bool
xc_run_pattern(struct run *run, uint32_t pattern, uint32_t at)
{
	size_t len;
	const char *text = xc_tape_string(run->tape, at, &len);
	enum xc_pattern_found found;

	found = xc_pattern_find(run->schema->patterns[pattern],
	    run->validator->patterns, text, len, &run->steps);
	if (found == XC_PATTERN_LIMIT)
		return xc_run_give_up(run, XC_ERR_TOO_LARGE, at,
		    "a pattern takes too many steps on these %zu bytes; "
		    "write it so that it need not go back", len);
	return found == XC_PATTERN_MATCH;
}

/* a: the pattern. */
static bool
run_pattern(struct run *run, const struct op *op, uint32_t at)
{
	char shown[XC_SHOW_MAX];

	if (xc_run_type(run, at) != XC_TOKEN_STRING ||
	    xc_run_pattern(run, op->a, at))
		return true;
	return run->collect && run->err == XC_OK && xc_run_fault(run, at,
	    "pattern", "is %s, which does not match the pattern",
	    xc_run_show(run->tape, at, shown));
}

/* a: the format. */
static bool
run_format(struct run *run, const struct op *op, uint32_t at)
{
	char shown[XC_SHOW_MAX];
	const char *text;
	size_t len;

	if (xc_run_type(run, at) != XC_TOKEN_STRING)
		return true;
	text = xc_tape_string(run->tape, at, &len);
	run->steps += xc_format_cost(op->a, len);
	if (xc_format_is(op->a, text, len))
		return true;
	return run->collect && xc_run_fault(run, at, "format",
	    "is %s, which is no %s", xc_run_show(run->tape, at, shown),
	    xc_format_name(op->a));
}

/* a: the number. */
static bool
run_count(struct run *run, const struct op *op, uint32_t at)
{
	bool items = op->kind == OP_MIN_ITEMS || op->kind == OP_MAX_ITEMS;
	bool least = op->kind == OP_MIN_ITEMS ||
	    op->kind == OP_MIN_PROPERTIES;
	uint32_t n;

	if (xc_run_type(run, at) != (items ? XC_TOKEN_ARRAY
	    : XC_TOKEN_OBJECT))
		return true;
	n = xc_tape_count(run->tape, at);
	if (least ? n >= op->a : n <= op->a)
		return true;
	return run->collect && xc_run_fault(run, at,
	    items ? least ? "minItems" : "maxItems"
	    : least ? "minProperties" : "maxProperties",
	    "has %u %s, %u are the %s", n, items ? "items" : "members",
	    op->a, least ? "least" : "most");
}

bool
xc_run_assert(struct run *run, const struct op *op, uint32_t at)
{
	switch (op->kind) {
	case OP_TYPE:
		return run_type(run, op, at);
	case OP_CONST:
		return run_const(run, op, at);
	case OP_ENUM:
		return run_enum(run, op, at);
	case OP_MULTIPLE:
		return run_multiple(run, op, at);
	case OP_MIN_LENGTH:
	case OP_MAX_LENGTH:
		return run_length(run, op, at);
	case OP_PATTERN:
		return run_pattern(run, op, at);
	case OP_FORMAT:
		return run_format(run, op, at);
	case OP_MIN_ITEMS:
	case OP_MAX_ITEMS:
	case OP_MIN_PROPERTIES:
	case OP_MAX_PROPERTIES:
		return run_count(run, op, at);
	default:
		return run_bound(run, op, at);
	}
}

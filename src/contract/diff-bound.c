/* SPDX-License-Identifier: MIT */
/* Bounds of numbers, lengths and counts, patterns and formats. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include "diff-private.h"
#include "schema-private.h"

/* ---- bounds of numbers -------------------------------------------------- */

struct bound {
	bool there;
	bool exclusive;
	struct xc_decimal at;
	struct json_object *value;
};

/* way: 1 for the lower bound, of which the highest holds, -1 for the upper. */
static bool
is_tighter(const struct bound *a, const struct bound *b, int way)
{
	int order = xc_decimal_compare(&a->at, &b->at) * way;

	return order > 0 || (order == 0 && a->exclusive && !b->exclusive);
}

static void
take_bound(struct json_object *row, const char *keyword, bool exclusive,
    int way, struct bound *bound)
{
	struct bound own = { .exclusive = exclusive,
		.value = xc_diff_member(row, keyword) };

	own.there = xc_value_number(own.value, &own.at);
	if (own.there && (!bound->there || is_tighter(&own, bound, way)))
		*bound = own;
}

static void
bound_of(const struct all *all, int way, struct bound *bound)
{
	bound->there = false;
	for (size_t i = 0; i < all->n; i++) {
		take_bound(all->rows[i], way > 0 ? "minimum" : "maximum",
		    false, way, bound);
		take_bound(all->rows[i], way > 0 ? "exclusiveMinimum" :
		    "exclusiveMaximum", true, way, bound);
	}
}

/* Of integers, above 4 is from 5 on. */
static bool
next_integer(const struct bound *bound, int way, int64_t *next_r)
{
	int64_t value;

	if (!xc_decimal_int64(&bound->at, &value) || value == INT64_MAX ||
	    value == INT64_MIN)
		return false;
	*next_r = bound->exclusive ? value + way : value;
	return true;
}

static bool
implies_bound(const struct bound *given, const struct bound *wanted, int way,
    bool integers)
{
	int64_t a, b;

	if (!given->there)
		return false;
	if (integers && next_integer(given, way, &a) &&
	    next_integer(wanted, way, &b))
		return way > 0 ? a >= b : a <= b;
	return !is_tighter(wanted, given, way);
}

static void
say_bound(struct compare *compare, const struct bound *bound, int way)
{
	char shown[60];

	xc_value_show(bound->value, shown, sizeof(shown));
	if (compare->reply)
		xc_compare_say(compare, bound->exclusive ?
		    "may be %2$s or %1$s now" : "may be %1$s than %2$s now",
		    way > 0 ? "less" : "more", shown);
	else
		xc_compare_say(compare, bound->exclusive ?
		    "takes only %s than %s now" : "takes no %s than %s now",
		    (way > 0) == bound->exclusive ? "more" : "less", shown);
}

static void
compare_bound(struct compare *compare, const struct all *given,
    const struct all *wanted, int way, bool integers)
{
	struct bound ours, theirs;

	bound_of(given, way, &ours);
	bound_of(wanted, way, &theirs);
	if (theirs.there && !implies_bound(&ours, &theirs, way, integers))
		say_bound(compare, &theirs, way);
}

static bool
has_multiple(const struct all *all, const struct xc_divisor *divisor)
{
	struct xc_decimal number;

	for (size_t i = 0; i < all->n; i++)
		if (xc_value_number(xc_diff_member(all->rows[i], "multipleOf"),
		    &number) && xc_decimal_is_multiple(&number, divisor))
			return true;
	return false;
}

static void
compare_multiples(struct compare *compare, const struct all *given,
    const struct all *wanted, bool integers)
{
	struct xc_decimal number, one;
	struct xc_divisor divisor;
	char shown[60];

	xc_decimal_read(&one, "1", 1);
	for (size_t i = 0; i < wanted->n; i++) {
		struct json_object *value = xc_diff_member(wanted->rows[i],
		    "multipleOf");

		if (!xc_value_number(value, &number) ||
		    !xc_divisor_read(&divisor, &number) ||
		    (integers && xc_decimal_is_multiple(&one, &divisor)) ||
		    has_multiple(given, &divisor))
			continue;
		xc_compare_say(compare, compare->reply ? "need no longer be a "
		    "multiple of %s" : "takes only multiples of %s now",
		    xc_value_show(value, shown, sizeof(shown)));
	}
}

void
xc_compare_number(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	bool integers = (kinds & IS_FRACTION) == 0;

	compare_bound(compare, given, wanted, 1, integers);
	compare_bound(compare, given, wanted, -1, integers);
	compare_multiples(compare, given, wanted, integers);
}

/* ---- lengths and counts ------------------------------------------------- */

static const struct {
	const char *keyword;
	unsigned kind;
	int way;		/* 1: the least, -1: the most */
	const char *unit;
} counts[] = {
	{ "minLength", IS_TEXT, 1, "characters" },
	{ "maxLength", IS_TEXT, -1, "characters" },
	{ "minItems", IS_ARRAY, 1, "items" },
	{ "maxItems", IS_ARRAY, -1, "items" },
	{ "minProperties", IS_OBJECT, 1, "members" },
	{ "maxProperties", IS_OBJECT, -1, "members" },
};

/* The tightest; -1 if there is none. */
static int64_t
count_of(const struct all *all, size_t i)
{
	int64_t count = -1, own;

	for (size_t k = 0; k < all->n; k++) {
		struct json_object *value = xc_diff_member(all->rows[k],
		    counts[i].keyword);

		if (!json_object_is_type(value, json_type_int) &&
		    !json_object_is_type(value, json_type_double))
			continue;
		own = json_object_get_int64(value);
		if (count == -1 || (counts[i].way > 0 ? own > count :
		    own < count))
			count = own;
	}
	return count;
}

void
xc_compare_counts(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t ours = count_of(given, i);
		int64_t theirs = count_of(wanted, i);
		bool least = counts[i].way > 0;

		if ((kinds & counts[i].kind) == 0 || theirs == -1 ||
		    (least && (theirs == 0 || ours >= theirs)) ||
		    (!least && ours != -1 && ours <= theirs))
			continue;
		if (compare->reply)
			xc_compare_say(compare, "may have %s than %lld %s now",
			    least ? "less" : "more", (long long)theirs,
			    counts[i].unit);
		else
			xc_compare_say(compare, "takes no %s than %lld %s now",
			    least ? "less" : "more", (long long)theirs,
			    counts[i].unit);
	}
}

/* ---- patterns and formats ----------------------------------------------- */

static bool
has_text(const struct all *all, const char *keyword, const char *text)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *own = xc_diff_text(all->rows[i], keyword);

		if (own != NULL && strcmp(own, text) == 0)
			return true;
	}
	return false;
}

void
xc_compare_text(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const char *pattern = xc_diff_text(wanted->rows[i],
		    "pattern");

		if (pattern != NULL && !has_text(given, "pattern", pattern))
			xc_compare_say(compare, compare->reply ? "has another "
			    "pattern now than \"%.100s\", so that it may be "
			    "what it never was" : "has another pattern now, "
			    "\"%.100s\", and may no longer take what was "
			    "taken", pattern);
	}
}

/* Formats that are checked, and those by which code is made for numbers; the
 * others are but words. */
static bool
is_format(const char *format, unsigned kinds)
{
	static const char *const numbers[] = { "int32", "int64", "float",
		"double" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i], format) == 0)
			return (kinds & IS_NUMBER) != 0;
	return (kinds & IS_TEXT) != 0 &&
	    xc_format_find(format, strlen(format)) >= 0;
}

/* Whether what is of one format is always of the other. */
static bool
has_narrower(const struct all *given, const char *format)
{
	static const char *const rows[][2] = { { "int32", "int64" },
		{ "int32", "double" }, { "float", "double" },
		{ "uri", "uri-reference" }, { "iri", "iri-reference" },
		{ "uri", "iri" }, { "uri", "iri-reference" },
		{ "uri-reference", "iri-reference" },
		{ "email", "idn-email" }, { "hostname", "idn-hostname" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i][1], format) == 0 &&
		    has_text(given, "format", rows[i][0]))
			return true;
	return has_text(given, "format", format);
}

void
xc_compare_format(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const char *format = xc_diff_text(wanted->rows[i], "format");

		if (format != NULL && is_format(format, kinds) &&
		    !has_narrower(given, format))
			xc_compare_say(compare, compare->reply ? "need no "
			    "longer be of the format \"%.40s\"" : "must be "
			    "of the format \"%.40s\" now", format);
	}
}

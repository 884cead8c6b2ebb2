/* SPDX-License-Identifier: MIT */
/* Kinds of values, values that can be counted, bounds. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "diff-private.h"
#include "pattern.h"
#include "schema-private.h"

/* ---- kinds -------------------------------------------------------------- */

static const struct {
	const char *type;
	unsigned kinds;
} types[] = {
	{ "null", IS_NULL }, { "boolean", IS_BOOL }, { "integer", IS_INT },
	{ "number", IS_NUMBER }, { "string", IS_TEXT },
	{ "array", IS_ARRAY }, { "object", IS_OBJECT },
};

static const struct {
	unsigned kind;
	const char *one;
	const char *many;
} kind_words[] = {
	{ IS_NULL, "null", "null" },
	{ IS_BOOL, "a boolean", "booleans" },
	{ IS_INT, "an integer", "integers" },
	{ IS_FRACTION, "a number with a fraction",
	    "numbers with a fraction" },
	{ IS_TEXT, "a string", "strings" },
	{ IS_ARRAY, "an array", "arrays" },
	{ IS_OBJECT, "an object", "objects" },
};

#define N_KINDS (sizeof(kind_words) / sizeof(kind_words[0]))

static unsigned
kinds_of_name(struct json_object *name)
{
	const char *text = json_object_is_type(name, json_type_string) ?
	    json_object_get_string(name) : "";

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, text) == 0)
			return types[i].kinds;
	return 0;
}

bool
xc_value_number(struct json_object *value, struct xc_decimal *decimal)
{
	const char *text;

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return false;
	text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	/* What the scanner of documents does not let in. */
	if (text == NULL || strpbrk(text, "nNiI") != NULL)
		return false;
	xc_decimal_read(decimal, text, strlen(text));
	return true;
}

unsigned
xc_value_kind(struct json_object *value)
{
	struct xc_decimal decimal;

	switch (json_object_get_type(value)) {
	case json_type_null:
		return IS_NULL;
	case json_type_boolean:
		return IS_BOOL;
	case json_type_int:
		return IS_INT;
	case json_type_double:
		return xc_value_number(value, &decimal) &&
		    xc_decimal_is_integer(&decimal) ? IS_INT : IS_FRACTION;
	case json_type_string:
		return IS_TEXT;
	case json_type_array:
		return IS_ARRAY;
	default:
		return IS_OBJECT;
	}
}

/* A member that may be null, as "const" may. */
static bool
find_member(struct json_object *schema, const char *name,
    struct json_object **value_r)
{
	return json_object_is_type(schema, json_type_object) &&
	    json_object_object_get_ex(schema, name, value_r);
}

static unsigned
kinds_of_choices(const struct all *of, struct json_object *list,
    unsigned depth)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < xc_diff_count(list); i++) {
		struct all all;

		xc_all_init(&all, of->root);
		xc_all_add(&all, json_object_array_get_idx(list, i));
		kinds |= xc_all_kinds(&all, depth + 1);
	}
	return kinds;
}

static unsigned
kinds_of_row(const struct all *of, struct json_object *row, unsigned depth)
{
	static const char *const choices[] = { "anyOf", "oneOf" };
	struct json_object *type = xc_diff_member(row, "type"), *value;
	unsigned kinds = IS_ANY, some = 0;

	if (json_object_is_type(type, json_type_string))
		kinds = kinds_of_name(type);
	for (size_t i = 0; i < xc_diff_count(type); i++)
		some |= kinds_of_name(json_object_array_get_idx(type, i));
	if (some != 0)
		kinds = some;
	if (find_member(row, "const", &value))
		kinds &= xc_value_kind(value);
	if (find_member(row, "enum", &value)) {
		some = 0;
		for (size_t i = 0; i < xc_diff_count(value); i++)
			some |= xc_value_kind(json_object_array_get_idx(value,
			    i));
		kinds &= some;
	}
	for (size_t i = 0; i < 2 && depth < 6; i++) {
		value = xc_diff_member(row, choices[i]);
		if (xc_diff_count(value) > 0)
			kinds &= kinds_of_choices(of, value, depth);
	}
	return kinds;
}

unsigned
xc_all_kinds(const struct all *all, unsigned depth)
{
	unsigned kinds = all->only != 0 ? all->only : IS_ANY;

	if (all->never)
		return 0;
	for (size_t i = 0; i < all->n; i++)
		kinds &= kinds_of_row(all, all->rows[i], depth);
	return kinds;
}

/* "strings, null": more than one of a choice. */
static void
name_kinds(unsigned kinds, bool many, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < N_KINDS; i++) {
		const char *words = many ? kind_words[i].many :
		    kind_words[i].one;

		if ((kinds & kind_words[i].kind) == 0 ||
		    (kind_words[i].kind == IS_FRACTION &&
		    (kinds & IS_INT) != 0))
			continue;
		if (kind_words[i].kind == IS_INT &&
		    (kinds & IS_FRACTION) != 0)
			words = many ? "numbers" : "a number";
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    len > 0 ? many ? ", " : " or " : "", words);
	}
}

void
xc_compare_kinds(struct compare *compare, unsigned given, unsigned wanted)
{
	unsigned lost = given & ~wanted;
	char words[200];

	if (lost == 0)
		return;
	if (!compare->reply && given == IS_ANY && wanted != 0) {
		name_kinds(wanted, true, words, sizeof(words));
		xc_compare_say(compare, "takes only %s now", words);
		return;
	}
	if (compare->reply && given == IS_ANY) {
		xc_compare_say(compare, "may be anything now");
		return;
	}
	name_kinds(lost, !compare->reply, words, sizeof(words));
	xc_compare_say(compare, compare->reply ? "may be %s now" :
	    "no longer takes %s", words);
}

/* ---- values that can be counted ----------------------------------------- */

/* The shortest list among the rows. */
static struct json_object *
shortest(const struct all *all, struct json_object **single_r, bool *has_r)
{
	struct json_object *list = NULL, *value;

	*has_r = false;
	for (size_t i = 0; i < all->n; i++) {
		if (find_member(all->rows[i], "const", &value)) {
			*single_r = value;
			*has_r = true;
		}
		value = xc_diff_member(all->rows[i], "enum");
		if (json_object_is_type(value, json_type_array) &&
		    (list == NULL || xc_diff_count(value) <
		    xc_diff_count(list)))
			list = value;
	}
	return list;
}

static void
keep(struct values *values, const struct all *all, unsigned kinds,
    struct json_object *value)
{
	if ((xc_value_kind(value) & kinds) != 0 &&
	    xc_value_fits(all, value, 0))
		values->rows[values->n++] = value;
}

bool
xc_values_of(const struct all *all, unsigned kinds, struct values *values)
{
	struct json_object *single = NULL, *list;
	bool has_single;

	memset(values->owned, 0, sizeof(values->owned));
	values->n = 0;
	list = shortest(all, &single, &has_single);
	if (has_single) {
		keep(values, all, kinds, single);
		return true;
	}
	if (list != NULL) {
		if (xc_diff_count(list) > VALUES_MAX)
			return false;
		for (size_t i = 0; i < xc_diff_count(list); i++)
			keep(values, all, kinds,
			    json_object_array_get_idx(list, i));
		return true;
	}
	/* A choice is taken apart, so that it is named. */
	if ((kinds & ~(IS_NULL | IS_BOOL)) != 0 ||
	    xc_all_has(all, "anyOf") || xc_all_has(all, "oneOf"))
		return false;
	for (int i = 0; i < 2 && (kinds & IS_BOOL) != 0; i++) {
		values->owned[values->n] = true;
		values->rows[values->n++] = json_object_new_boolean(i);
	}
	if ((kinds & IS_NULL) != 0)
		values->rows[values->n++] = NULL;
	return true;
}

unsigned
xc_values_kinds(const struct values *values)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < values->n; i++)
		kinds |= xc_value_kind(values->rows[i]);
	return kinds;
}

void
xc_values_free(struct values *values)
{
	for (size_t i = 0; i < sizeof(values->owned); i++)
		if (values->owned[i])
			json_object_put(values->rows[i]);
	values->n = 0;
}

static bool
is_equal(struct json_object *a, struct json_object *b)
{
	struct xc_decimal x, y;

	if (xc_value_number(a, &x) && xc_value_number(b, &y))
		return xc_decimal_compare(&x, &y) == 0;
	return json_object_equal(a, b) != 0;
}

static bool
fits_lists(struct json_object *row, struct json_object *value)
{
	struct json_object *list = xc_diff_member(row, "enum"), *other;

	if (find_member(row, "const", &other) && !is_equal(other, value))
		return false;
	if (!json_object_is_type(list, json_type_array))
		return true;
	for (size_t i = 0; i < xc_diff_count(list); i++)
		if (is_equal(json_object_array_get_idx(list, i), value))
			return true;
	return false;
}

/* -1, 0, 1 for the order of a value and a bound; false: there is none. */
static bool
order_of(struct json_object *row, const char *keyword,
    const struct xc_decimal *value, int *order_r)
{
	struct xc_decimal bound;

	if (!xc_value_number(xc_diff_member(row, keyword), &bound))
		return false;
	*order_r = xc_decimal_compare(value, &bound);
	return true;
}

static bool
fits_bounds(struct json_object *row, struct json_object *value)
{
	struct xc_decimal number, by;
	struct xc_divisor divisor;
	int order;

	if (!xc_value_number(value, &number))
		return true;
	if ((order_of(row, "minimum", &number, &order) && order < 0) ||
	    (order_of(row, "maximum", &number, &order) && order > 0) ||
	    (order_of(row, "exclusiveMinimum", &number, &order) &&
	    order <= 0) || (order_of(row, "exclusiveMaximum", &number,
	    &order) && order >= 0))
		return false;
	return !xc_value_number(xc_diff_member(row, "multipleOf"), &by) ||
	    !xc_divisor_read(&divisor, &by) ||
	    xc_decimal_is_multiple(&number, &divisor);
}

static size_t
count_characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool
fits_pattern(const char *pattern, const char *text)
{
	char why[100];
	struct xc_pattern *compiled = xc_pattern_compile(pattern,
	    strlen(pattern), why, sizeof(why));
	struct xc_pattern_run *run = xc_pattern_run_create();
	uint64_t cost = 0;
	bool found = compiled != NULL && run != NULL &&
	    xc_pattern_find(compiled, run, text, strlen(text), &cost) ==
	    XC_PATTERN_MATCH;

	xc_pattern_free(&compiled);
	xc_pattern_run_free(&run);
	return found;
}

static bool
fits_text(struct json_object *row, struct json_object *value)
{
	struct json_object *least = xc_diff_member(row, "minLength");
	struct json_object *most = xc_diff_member(row, "maxLength");
	const char *pattern = xc_diff_text(row, "pattern");
	const char *format = xc_diff_text(row, "format");
	const char *text;
	int64_t n;
	int number;

	if (!json_object_is_type(value, json_type_string))
		return true;
	text = json_object_get_string(value);
	n = (int64_t)count_characters(text);
	if ((least != NULL && n < json_object_get_int64(least)) ||
	    (most != NULL && n > json_object_get_int64(most)))
		return false;
	number = format != NULL ? xc_format_find(format, strlen(format)) : -1;
	if (number >= 0 && !xc_format_is((uint32_t)number, text,
	    strlen(text)))
		return false;
	return pattern == NULL || fits_pattern(pattern, text);
}

/* How many of some schemas take a value. */
static size_t
count_fits(const struct all *of, struct json_object *list,
    struct json_object *value, unsigned depth)
{
	size_t n = 0;

	for (size_t i = 0; i < xc_diff_count(list); i++) {
		struct all all;

		xc_all_init(&all, of->root);
		xc_all_add(&all, json_object_array_get_idx(list, i));
		n += xc_value_fits(&all, value, depth + 1);
	}
	return n;
}

/* Of arrays and objects it is not known well enough how many take them. */
static bool
fits_choices(const struct all *of, struct json_object *row,
    struct json_object *value, unsigned depth)
{
	struct json_object *any = xc_diff_member(row, "anyOf");
	struct json_object *one = xc_diff_member(row, "oneOf");
	size_t n;

	if (xc_diff_count(any) > 0 && count_fits(of, any, value, depth) == 0)
		return false;
	if (xc_diff_count(one) == 0)
		return true;
	n = count_fits(of, one, value, depth);
	return n == 1 || (n > 1 &&
	    (xc_value_kind(value) & (IS_ARRAY | IS_OBJECT)) != 0);
}

bool
xc_value_fits(const struct all *all, struct json_object *value,
    unsigned depth)
{
	unsigned kind = xc_value_kind(value);

	if (all->never)
		return false;
	for (size_t i = 0; i < all->n; i++) {
		struct json_object *row = all->rows[i];
		struct json_object *type = xc_diff_member(row, "type");

		if (type != NULL &&
		    (kinds_of_row(all, row, 6) & kind) == 0)
			return false;
		if (!fits_lists(row, value) || !fits_bounds(row, value) ||
		    !fits_text(row, value))
			return false;
		if (depth < 6 && !fits_choices(all, row, value, depth))
			return false;
	}
	return true;
}

const char *
xc_value_show(struct json_object *value, char *buf, size_t size)
{
	const char *text = json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text != NULL && strlen(text) < size)
		return strcpy(buf, text);
	snprintf(buf, size, "%.*s...", (int)size - 4,
	    text != NULL ? text : "");
	return buf;
}

static void
name_values(struct json_object *const *rows, size_t n, char *buf,
    size_t size)
{
	size_t len = 0;
	char shown[60];

	for (size_t i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i > 0 ? ", " : "", i == 8 ? "..." : xc_value_show(rows[i], shown,
		    sizeof(shown)));
}

void
xc_compare_values(struct compare *compare, const struct values *given,
    const struct all *wanted)
{
	struct json_object *lost[9];
	size_t n = 0;
	char words[400];

	for (size_t i = 0; i < given->n; i++)
		if (!xc_value_fits(wanted, given->rows[i], 0) && n < 9)
			lost[n++] = given->rows[i];
	if (n == 0)
		return;
	words[0] = '\0';
	name_values(lost, n < 9 ? n : 8, words, sizeof(words));
	xc_compare_say(compare, compare->reply ? "may be %s%s now" :
	    "no longer takes %s%s", words, n < 9 ? "" : " and others");
}

void
xc_compare_choices(struct compare *compare, const struct all *wanted)
{
	struct json_object *single = NULL, *list;
	struct json_object *rows[8];
	char words[400] = "";
	bool has_single;
	size_t n;

	list = shortest(wanted, &single, &has_single);
	if (has_single) {
		name_values(&single, 1, words, sizeof(words));
	} else {
		n = xc_diff_count(list);
		for (size_t i = 0; i < n && i < 8; i++)
			rows[i] = json_object_array_get_idx(list, i);
		name_values(rows, n < 8 ? n : 8, words, sizeof(words));
	}
	xc_compare_say(compare, compare->reply ? "may be another than %s now" :
	    "takes only %s now", words);
}

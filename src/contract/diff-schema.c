/* SPDX-License-Identifier: MIT */
/*
 * Whether all that one schema takes is taken by another.  Where that cannot
 * be judged ("not", "if", another pattern), it is said that it may not be.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"

#define SEEN_MAX 4000
#define SAME_DEPTH 40

/* ---- lists of schemas --------------------------------------------------- */

void
xc_all_init(struct all *all, struct json_object *root)
{
	memset(all, 0, sizeof(*all));
	all->root = root;
}

static bool
holds(const struct all *all, const struct json_object *row)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->rows[i] == row)
			return true;
	return false;
}

/* Circles end at what stands in the list. */
static void
add(struct all *all, struct json_object *schema, int depth)
{
	struct json_object *list;

	if (json_object_is_type(schema, json_type_boolean))
		all->never |= !json_object_get_boolean(schema);
	if (!json_object_is_type(schema, json_type_object) || depth == 0 ||
	    all->n == LIST_MAX || holds(all, schema))
		return;
	all->split[all->n] = 0;
	all->rows[all->n++] = schema;
	add(all, xc_diff_resolve(all->root, xc_diff_text(schema, "$ref")),
	    depth - 1);
	add(all, xc_diff_resolve(all->root, xc_diff_text(schema,
	    "$dynamicRef")), depth - 1);
	list = xc_diff_member(schema, "allOf");
	for (size_t i = 0; i < xc_diff_count(list); i++)
		add(all, json_object_array_get_idx(list, i), depth - 1);
}

void
xc_all_add(struct all *all, struct json_object *schema)
{
	add(all, schema, NESTED_MAX);
}

bool
xc_all_has(const struct all *all, const char *keyword)
{
	for (size_t i = 0; i < all->n; i++)
		if (xc_diff_member(all->rows[i], keyword) != NULL)
			return true;
	return false;
}

/* ---- what is said ------------------------------------------------------- */

void
xc_compare_say(struct compare *compare, const char *format, ...)
{
	char sentence[600];
	va_list args;

	compare->broken = true;
	if (compare->quiet)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	xc_diff_say(compare->diff, compare->operation, "%s%s%s %s",
	    compare->path, compare->path_len > 0 ? " of " : "",
	    compare->subject, sentence);
}

size_t
xc_compare_enter(struct compare *compare, const char *name)
{
	size_t mark = compare->path_len;
	int len = snprintf(compare->path + mark, PATH_BYTES - mark, "/%s",
	    name);

	compare->path_len = mark + (size_t)len < PATH_BYTES ?
	    mark + (size_t)len : PATH_BYTES - 1;
	return mark;
}

void
xc_compare_leave(struct compare *compare, size_t mark)
{
	compare->path_len = mark;
	compare->path[mark] = '\0';
}

/* ---- what was compared -------------------------------------------------- */

static uint64_t
mix(uint64_t hash, const void *pointer, unsigned char bits)
{
	hash ^= (uint64_t)(uintptr_t)pointer + bits;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t
hash_pair(const struct all *given, const struct all *wanted)
{
	uint64_t hash = 1;

	for (size_t i = 0; i < given->n; i++)
		hash = mix(hash, given->rows[i], given->split[i]);
	hash = mix(hash, NULL, (unsigned char)given->only);
	for (size_t i = 0; i < wanted->n; i++)
		hash = mix(hash, wanted->rows[i], wanted->split[i]);
	return hash;
}

/* Whether a pair is on its way or done: then no more can be found. */
static bool
was_seen(struct compare *compare, uint64_t hash)
{
	size_t cap = compare->seen_cap == 0 ? 64 : compare->seen_cap * 2;
	uint64_t *seen;

	for (size_t i = 0; i < compare->n_seen; i++)
		if (compare->seen[i] == hash)
			return true;
	if (compare->n_seen == compare->seen_cap) {
		seen = cap <= SEEN_MAX ? reallocarray(compare->seen, cap,
		    sizeof(*seen)) : NULL;
		if (seen == NULL) {
			compare->diff->work = 0;
			return !xc_diff_step(compare->diff);
		}
		compare->seen = seen;
		compare->seen_cap = cap;
	}
	compare->seen[compare->n_seen++] = hash;
	return false;
}

/* Only whether all is taken; what was seen meanwhile is forgotten, so that
 * it is told when it is asked again. */
static bool
takes_all(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	bool quiet = compare->quiet, broken = compare->broken, found;
	size_t n_seen = compare->n_seen;

	compare->quiet = true;
	compare->broken = false;
	xc_compare_lists(compare, given, wanted);
	found = compare->broken;
	compare->quiet = quiet;
	compare->broken = broken;
	compare->n_seen = n_seen;
	return !found;
}

/* ---- the same schema ---------------------------------------------------- */

static bool same(struct compare *compare, struct json_object *roots[2],
    struct json_object *a, struct json_object *b, int depth);

static bool
same_objects(struct compare *compare, struct json_object *roots[2],
    struct json_object *a, struct json_object *b, int depth)
{
	struct lh_entry *entry;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	lh_foreach(json_object_get_object(a), entry) {
		struct json_object *other = NULL;

		if (!json_object_object_get_ex(b, lh_entry_k(entry), &other) ||
		    !same(compare, roots, lh_entry_v(entry), other,
		    depth - 1))
			return false;
	}
	/* The same reference may lead to something else now. */
	return xc_diff_text(a, "$ref") == NULL || same(compare, roots,
	    xc_diff_resolve(roots[0], xc_diff_text(a, "$ref")),
	    xc_diff_resolve(roots[1], xc_diff_text(b, "$ref")), depth - 1);
}

static bool
same(struct compare *compare, struct json_object *roots[2],
    struct json_object *a, struct json_object *b, int depth)
{
	/* A circle that was the same so far. */
	if (depth <= 0)
		return true;
	if (!xc_diff_step(compare->diff))
		return false;
	if (json_object_is_type(a, json_type_object) &&
	    json_object_is_type(b, json_type_object))
		return same_objects(compare, roots, a, b, depth);
	if (!json_object_is_type(a, json_type_array) ||
	    !json_object_is_type(b, json_type_array))
		return json_object_equal(a, b) != 0;
	if (json_object_array_length(a) != json_object_array_length(b))
		return false;
	for (size_t i = 0; i < json_object_array_length(a); i++)
		if (!same(compare, roots, json_object_array_get_idx(a, i),
		    json_object_array_get_idx(b, i), depth - 1))
			return false;
	return true;
}

void
xc_compare_same(struct compare *compare, const struct all *given,
    const struct all *wanted, const char *keyword)
{
	struct json_object *roots[2] = { given->root, wanted->root };

	for (size_t i = 0; i < wanted->n; i++) {
		struct json_object *value = xc_diff_member(wanted->rows[i],
		    keyword);
		bool found = value == NULL;

		for (size_t k = 0; k < given->n && !found; k++) {
			struct json_object *other = xc_diff_member(
			    given->rows[k], keyword);

			found = other != NULL && same(compare, roots, other,
			    value, SAME_DEPTH);
		}
		if (!found)
			xc_compare_say(compare, compare->reply ? "has another "
			    "\"%s\" now, so that it may be what it never was" :
			    "has another \"%s\" now, and may no longer take "
			    "what was taken", keyword);
	}
}

/* "if" alone says nothing. */
static void
compare_conditions(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	static const char *const parts[] = { "if", "then", "else" };

	if (!xc_all_has(wanted, "if"))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		xc_compare_same(compare, given, wanted, parts[i]);
}

/* ---- choices ------------------------------------------------------------ */

static const struct {
	const char *keyword;
	unsigned char bit;
} choices[] = { { "anyOf", SPLIT_ANY }, { "oneOf", SPLIT_ONE } };

static const char *
name_of_choice(struct json_object *choice)
{
	const char *ref = xc_diff_text(choice, "$ref");
	const char *slash = ref != NULL ? strrchr(ref, '/') : NULL;

	return slash != NULL ? slash + 1 : "";
}

/* Takes the first anyOf or oneOf apart: what is given is one of its choices,
 * and all must be taken.  False: there is none. */
static bool
split_given(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	for (size_t i = 0; i < given->n; i++)
		for (size_t k = 0; k < 2; k++) {
			struct json_object *list = xc_diff_member(
			    given->rows[i], choices[k].keyword);
			size_t n = xc_diff_count(list);

			if (n == 0 || (given->split[i] & choices[k].bit) != 0)
				continue;
			for (size_t j = 0; j < n; j++) {
				struct all one = *given;

				one.split[i] |= choices[k].bit;
				one.choice = json_object_array_get_idx(list,
				    j);
				one.choice_i = j;
				one.choice_n = n;
				xc_all_add(&one, one.choice);
				xc_compare_lists(compare, &one, wanted);
			}
			return true;
		}
	return false;
}

/* Takes the kinds apart where there is a choice, since each may be taken by
 * another.  False: there is one kind, or no choice. */
static bool
split_kinds(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	static const unsigned groups[] = { IS_NULL, IS_BOOL, IS_NUMBER,
		IS_TEXT, IS_ARRAY, IS_OBJECT };

	if (given->only != 0 || (!xc_all_has(wanted, "anyOf") &&
	    !xc_all_has(wanted, "oneOf")))
		return false;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct all one = *given;

		one.only = kinds & groups[i];
		if (one.only == kinds)
			return false;
		if (one.only != 0)
			xc_compare_lists(compare, &one, wanted);
	}
	return true;
}

static void
init_choice(struct all *all, const struct all *of, struct json_object *list,
    size_t i)
{
	xc_all_init(all, of->root);
	xc_all_add(all, json_object_array_get_idx(list, i));
}

/* The only choice that takes something of the given kinds. */
static size_t
only_of_kind(const struct all *given, const struct all *wanted,
    struct json_object *list)
{
	unsigned kinds = xc_all_kinds(given, 0);
	size_t n = xc_diff_count(list), only = n;
	struct all one;

	for (size_t i = 0; i < n; i++) {
		init_choice(&one, wanted, list, i);
		if ((xc_all_kinds(&one, 0) & kinds) == 0)
			continue;
		if (only != n)
			return n;
		only = i;
	}
	return only;
}

/* The choice that a given one has become: that of its name, or its place, or
 * that of its kind; their number if it cannot be told. */
static size_t
counterpart(const struct all *given, const struct all *wanted,
    struct json_object *list)
{
	const char *name = name_of_choice(given->choice);
	size_t n = xc_diff_count(list);

	for (size_t i = 0; i < n && name[0] != '\0'; i++)
		if (strcmp(name_of_choice(json_object_array_get_idx(list, i)),
		    name) == 0)
			return i;
	if (given->choice != NULL && given->choice_n == n && name[0] == '\0')
		return given->choice_i;
	return name[0] == '\0' ? only_of_kind(given, wanted, list) : n;
}

static void
say_choice(struct compare *compare, const struct all *given,
    const char *keyword)
{
	const char *name = name_of_choice(given->choice);

	if (name[0] != '\0')
		xc_compare_say(compare, compare->reply ? "may be %s now" :
		    "no longer takes all of %s", name);
	else
		xc_compare_say(compare, compare->reply ? "may be what none of "
		    "its \"%s\" took" : "no longer takes all that it took: "
		    "none of its \"%s\" does", keyword);
}

/* One of the wanted choices must take what is given. */
static void
compare_choice(struct compare *compare, const struct all *given,
    const struct all *wanted, struct json_object *list, const char *keyword)
{
	size_t n = xc_diff_count(list);
	size_t near = counterpart(given, wanted, list);
	struct all one;

	for (size_t i = 0; i < n; i++) {
		init_choice(&one, wanted, list, i);
		if (takes_all(compare, given, &one))
			return;
	}
	if (near < n) {
		init_choice(&one, wanted, list, near);
		xc_compare_lists(compare, given, &one);
	} else if (n > 0) {
		say_choice(compare, given, keyword);
	}
}

/* Whether more than one of the wanted choices might take what is given, where
 * only one may.  What was one of such before is so still. */
static bool
may_be_two(const struct all *given, const struct all *wanted,
    struct json_object *list, unsigned kinds)
{
	size_t n = 0;
	struct all one;

	for (size_t i = 0; i < given->n; i++)
		if ((given->split[i] & SPLIT_ONE) != 0)
			return false;
	for (size_t i = 0; i < xc_diff_count(list); i++) {
		init_choice(&one, wanted, list, i);
		n += (xc_all_kinds(&one, 0) & kinds) != 0;
	}
	return n > 1;
}

static void
compare_choices(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	for (size_t i = 0; i < wanted->n; i++) {
		struct json_object *row = wanted->rows[i];
		struct json_object *one = xc_diff_member(row, "oneOf");

		compare_choice(compare, given, wanted, xc_diff_member(row,
		    "anyOf"), "anyOf");
		compare_choice(compare, given, wanted, one, "oneOf");
		if (may_be_two(given, wanted, one, kinds))
			xc_compare_say(compare, compare->reply ? "may be taken "
			    "by two schemas of its \"oneOf\" now" : "may be "
			    "taken by two schemas of its new \"oneOf\", and so "
			    "by none");
	}
}

/* ---- all of it ---------------------------------------------------------- */

static void
compare_unjudged(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	static const char *const keywords[] = { "not", "dependentSchemas",
		"contentEncoding", "contentMediaType" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		xc_compare_same(compare, given, wanted, keywords[i]);
	compare_conditions(compare, given, wanted);
}

static void
compare_rest(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	if ((kinds & IS_NUMBER) != 0)
		xc_compare_number(compare, given, wanted, kinds);
	if ((kinds & IS_TEXT) != 0)
		xc_compare_text(compare, given, wanted);
	xc_compare_format(compare, given, wanted, kinds);
	xc_compare_counts(compare, given, wanted, kinds);
	if ((kinds & IS_ARRAY) != 0)
		xc_compare_array(compare, given, wanted);
	if ((kinds & IS_OBJECT) != 0)
		xc_compare_object(compare, given, wanted);
	compare_unjudged(compare, given, wanted);
}

/* A text is a text whatever it stood for before: "7" is taken where any text
 * is. */
static unsigned
as_text(const struct compare *compare, unsigned kinds, unsigned wanted)
{
	const unsigned written = IS_NULL | IS_BOOL | IS_NUMBER;

	if (!compare->textual || compare->path_len > 0 ||
	    (wanted & IS_TEXT) == 0 || (kinds & written & ~wanted) == 0)
		return kinds;
	return (kinds & ~(written & ~wanted)) | IS_TEXT;
}

/* Values that can be counted are looked at one by one; of arrays and objects
 * among them not all is seen so.  False: they cannot be counted. */
static bool
compare_counted(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds)
{
	struct values values;

	if (!xc_values_of(given, kinds, &values))
		return false;
	xc_compare_values(compare, &values, wanted);
	kinds = xc_values_kinds(&values) & (IS_ARRAY | IS_OBJECT);
	if (kinds != 0) {
		compare_rest(compare, given, wanted, kinds);
		xc_compare_same(compare, given, wanted, "anyOf");
		xc_compare_same(compare, given, wanted, "oneOf");
	} else {
		compare_unjudged(compare, given, wanted);
	}
	xc_values_free(&values);
	return true;
}

static void
compare_kinds(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	unsigned kinds = xc_all_kinds(given, 0);
	unsigned others = xc_all_kinds(wanted, 0);

	kinds = as_text(compare, kinds, others);
	if (kinds == 0 || compare_counted(compare, given, wanted, kinds))
		return;
	xc_compare_kinds(compare, kinds, others);
	kinds &= others;
	if (kinds == 0 || split_given(compare, given, wanted) ||
	    split_kinds(compare, given, wanted, kinds))
		return;
	compare_choices(compare, given, wanted, kinds);
	if (xc_all_has(wanted, "enum") || xc_all_has(wanted, "const"))
		xc_compare_choices(compare, wanted);
	compare_rest(compare, given, wanted, kinds);
}

void
xc_compare_lists(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	if ((wanted->n == 0 && !wanted->never) || given->never ||
	    !xc_diff_step(compare->diff))
		return;
	if (wanted->never) {
		xc_compare_say(compare, compare->reply ?
		    "may be there now" : "is no longer taken");
		return;
	}
	if (compare->depth == NESTED_MAX || given->n == LIST_MAX ||
	    wanted->n == LIST_MAX) {
		xc_compare_say(compare, "is nested too deep to be compared; "
		    "it may be another now");
		return;
	}
	if (was_seen(compare, hash_pair(given, wanted)))
		return;
	compare->depth++;
	compare_kinds(compare, given, wanted);
	compare->depth--;
}

void
xc_diff_schemas(struct compare *compare, struct json_object *before,
    struct json_object *after)
{
	struct all given, wanted;

	xc_all_init(&given, compare->reply ? compare->diff->after :
	    compare->diff->before);
	xc_all_init(&wanted, compare->reply ? compare->diff->before :
	    compare->diff->after);
	xc_all_add(&given, compare->reply ? after : before);
	xc_all_add(&wanted, compare->reply ? before : after);
	xc_compare_lists(compare, &given, &wanted);
	free(compare->seen);
	compare->seen = NULL;
	compare->n_seen = compare->seen_cap = 0;
}

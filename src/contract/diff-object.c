/* SPDX-License-Identifier: MIT */
/* Objects and arrays: what their members and items must be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"
#include "pattern.h"

/* ---- members ------------------------------------------------------------ */

static bool
matches(struct diff *diff, const char *pattern, const char *name)
{
	char why[100];
	struct xc_pattern *compiled = xc_pattern_compile(pattern,
	    strlen(pattern), why, sizeof(why));
	uint64_t cost = 0;
	bool found;

	if (compiled == NULL || diff->patterns == NULL) {
		xc_pattern_free(&compiled);
		return false;
	}
	found = xc_pattern_find(compiled, diff->patterns, name, strlen(name),
	    &cost) == XC_PATTERN_MATCH;
	xc_pattern_free(&compiled);
	return found;
}

/* What one schema says of a member: adds it; false if it says nothing of
 * this name in particular. */
static bool
add_named(struct diff *diff, struct json_object *schema, const char *name,
    struct all *all)
{
	struct json_object *properties = xc_diff_member(schema, "properties");
	struct json_object *patterns = xc_diff_member(schema,
	    "patternProperties");
	struct json_object *value = NULL;
	struct lh_entry *entry;
	bool named = false;

	if (json_object_is_type(properties, json_type_object) &&
	    json_object_object_get_ex(properties, name, &value)) {
		xc_all_add(all, value);
		named = true;
	}
	if (!json_object_is_type(patterns, json_type_object))
		return named;
	lh_foreach(json_object_get_object(patterns), entry) {
		if (!xc_diff_step(diff) ||
		    !matches(diff, lh_entry_k(entry), name))
			continue;
		xc_all_add(all, lh_entry_v(entry));
		named = true;
	}
	return named;
}

/* All that is said of a member; false if nothing is: an open object may hold
 * anything there, but no one was told to put it there. */
static bool
member_of(struct diff *diff, const struct all *of, const char *name,
    struct all *all)
{
	bool told = false;

	xc_all_init(all, of->root);
	for (size_t i = 0; i < of->n; i++) {
		struct json_object *others = xc_diff_member(of->rows[i],
		    "additionalProperties");

		if (add_named(diff, of->rows[i], name, all)) {
			told = true;
			continue;
		}
		if (others == NULL)
			continue;
		xc_all_add(all, others);
		told |= json_object_is_type(others, json_type_object);
	}
	return told;
}

/* The names in "properties" of a list, each once, as members of an object,
 * which the caller puts. */
static struct json_object *
names_of(const struct all *of)
{
	struct json_object *names = json_object_new_object();
	struct lh_entry *entry;

	for (size_t i = 0; i < of->n; i++) {
		struct json_object *properties = xc_diff_member(of->rows[i],
		    "properties");

		if (!json_object_is_type(properties, json_type_object))
			continue;
		lh_foreach(json_object_get_object(properties), entry)
			json_object_object_add(names, lh_entry_k(entry), NULL);
	}
	return names;
}

static void
compare_members(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	struct json_object *names = names_of(wanted);
	struct lh_entry *entry;
	struct all ours, theirs;

	lh_foreach(json_object_get_object(names), entry) {
		const char *name = lh_entry_k(entry);
		size_t mark;

		if (!xc_diff_step(compare->diff) ||
		    !member_of(compare->diff, given, name, &ours))
			continue;
		(void)member_of(compare->diff, wanted, name, &theirs);
		mark = xc_compare_enter(compare, name);
		xc_compare_lists(compare, &ours, &theirs);
		xc_compare_leave(compare, mark);
	}
	json_object_put(names);
}

static bool
requires(const struct all *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++) {
		struct json_object *list = xc_diff_member(all->rows[i],
		    "required");

		for (size_t k = 0; k < xc_diff_count(list); k++) {
			const char *other = json_object_get_string(
			    json_object_array_get_idx(list, k));

			if (other != NULL && strcmp(other, name) == 0)
				return true;
		}
	}
	return false;
}

static void
say_required(struct compare *compare, const struct all *given,
    const char *name)
{
	struct all ours;
	size_t mark;
	bool told = member_of(compare->diff, given, name, &ours);

	mark = xc_compare_enter(compare, name);
	if (compare->reply)
		xc_compare_say(compare, told && !ours.never ?
		    "is no longer always there" : "is gone");
	else
		xc_compare_say(compare, "is required now");
	xc_compare_leave(compare, mark);
}

static void
compare_required(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		struct json_object *list = xc_diff_member(wanted->rows[i],
		    "required");

		for (size_t k = 0; k < xc_diff_count(list); k++) {
			struct json_object *name = json_object_array_get_idx(
			    list, k);

			if (!xc_diff_step(compare->diff))
				return;
			if (json_object_is_type(name, json_type_string) &&
			    !requires(given, json_object_get_string(name)))
				say_required(compare, given,
				    json_object_get_string(name));
		}
	}
}

/* ---- members that are not named ----------------------------------------- */

static bool
is_false(struct json_object *schema)
{
	return json_object_is_type(schema, json_type_boolean) &&
	    !json_object_get_boolean(schema);
}

static bool
is_closed(const struct all *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_false(xc_diff_member(all->rows[i],
		    "additionalProperties")) ||
		    is_false(xc_diff_member(all->rows[i],
		    "unevaluatedProperties")))
			return true;
	return false;
}

/* Members that the given ones name and a closed object does not. */
static void
compare_lost(struct compare *compare, const struct all *given,
    struct json_object *root, struct json_object *closed,
    const struct all *scope)
{
	struct json_object *names = names_of(given);
	struct lh_entry *entry;
	struct all ours, theirs;

	lh_foreach(json_object_get_object(names), entry) {
		const char *name = lh_entry_k(entry);
		bool named = false;
		size_t mark;

		xc_all_init(&theirs, root);
		for (size_t i = 0; i < scope->n && !named; i++)
			named = add_named(compare->diff, scope->rows[i], name,
			    &theirs);
		if (named || !xc_diff_step(compare->diff))
			continue;
		(void)member_of(compare->diff, given, name, &ours);
		xc_all_init(&theirs, root);
		xc_all_add(&theirs, closed);
		mark = xc_compare_enter(compare, name);
		xc_compare_lists(compare, &ours, &theirs);
		xc_compare_leave(compare, mark);
	}
	json_object_put(names);
}

/* What the others may be. */
static void
compare_others(struct compare *compare, const struct all *given,
    const struct all *wanted, struct json_object *others)
{
	struct all ours, theirs;
	size_t mark;

	xc_all_init(&ours, given->root);
	xc_all_init(&theirs, wanted->root);
	for (size_t i = 0; i < given->n; i++)
		xc_all_add(&ours, xc_diff_member(given->rows[i],
		    "additionalProperties"));
	xc_all_add(&theirs, others);
	mark = xc_compare_enter(compare, "*");
	xc_compare_lists(compare, &ours, &theirs);
	xc_compare_leave(compare, mark);
}

/*
 * scope: the schemas whose names count for the one that closes.  New members
 * of a reply break nobody, also where a schema said that there are none:
 * who reads it leaves out what it does not know.
 */
static void
compare_closing(struct compare *compare, const struct all *given,
    const struct all *wanted, struct json_object *others,
    const struct all *scope)
{
	if (others == NULL || (compare->reply && is_false(others)) ||
	    (json_object_is_type(others, json_type_boolean) &&
	    json_object_get_boolean(others)))
		return;
	compare_lost(compare, given, wanted->root, others, scope);
	if (is_closed(given))
		return;
	if (is_false(others))
		xc_compare_say(compare, "takes no other members now "
		    "(\"additionalProperties\")");
	else
		compare_others(compare, given, wanted, others);
}

/* All schemas that "unevaluatedProperties" may have looked at before. */
static void
add_branches(struct all *all)
{
	static const char *const lists[] = { "anyOf", "oneOf" };
	static const char *const ones[] = { "if", "then", "else" };

	for (size_t i = 0; i < all->n; i++) {
		struct json_object *row = all->rows[i], *map;
		struct lh_entry *entry;

		for (size_t k = 0; k < 2; k++) {
			struct json_object *list = xc_diff_member(row,
			    lists[k]);

			for (size_t j = 0; j < xc_diff_count(list); j++)
				xc_all_add(all,
				    json_object_array_get_idx(list, j));
		}
		for (size_t k = 0; k < 3; k++)
			xc_all_add(all, xc_diff_member(row, ones[k]));
		map = xc_diff_member(row, "dependentSchemas");
		if (!json_object_is_type(map, json_type_object))
			continue;
		lh_foreach(json_object_get_object(map), entry)
			xc_all_add(all, lh_entry_v(entry));
	}
}

static void
compare_closings(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	struct all one, whole = *wanted;

	add_branches(&whole);
	for (size_t i = 0; i < wanted->n; i++) {
		xc_all_init(&one, wanted->root);
		one.rows[0] = wanted->rows[i];
		one.n = 1;
		compare_closing(compare, given, wanted, xc_diff_member(
		    wanted->rows[i], "additionalProperties"), &one);
		compare_closing(compare, given, wanted, xc_diff_member(
		    wanted->rows[i], "unevaluatedProperties"), &whole);
	}
}

/* ---- the rest ----------------------------------------------------------- */

static struct json_object *
pattern_of(const struct all *all, const char *pattern)
{
	struct json_object *value = NULL;

	for (size_t i = 0; i < all->n && value == NULL; i++)
		value = xc_diff_member(xc_diff_member(all->rows[i],
		    "patternProperties"), pattern);
	return value;
}

static void
compare_patterns(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	struct lh_entry *entry;
	struct all ours, theirs;

	for (size_t i = 0; i < wanted->n; i++) {
		struct json_object *patterns = xc_diff_member(
		    wanted->rows[i], "patternProperties");

		if (!json_object_is_type(patterns, json_type_object))
			continue;
		lh_foreach(json_object_get_object(patterns), entry) {
			const char *pattern = lh_entry_k(entry);
			struct json_object *other = pattern_of(given,
			    pattern);
			size_t mark;

			/* Members that nobody was told of; see member_of(). */
			if (other == NULL || !xc_diff_step(compare->diff))
				continue;
			xc_all_init(&ours, given->root);
			xc_all_init(&theirs, wanted->root);
			xc_all_add(&ours, other);
			xc_all_add(&theirs, lh_entry_v(entry));
			mark = xc_compare_enter(compare, pattern);
			xc_compare_lists(compare, &ours, &theirs);
			xc_compare_leave(compare, mark);
		}
	}
}

static void
compare_property_names(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	struct all ours, theirs;
	size_t mark;

	if (!xc_all_has(wanted, "propertyNames"))
		return;
	xc_all_init(&ours, given->root);
	xc_all_init(&theirs, wanted->root);
	for (size_t i = 0; i < given->n; i++)
		xc_all_add(&ours, xc_diff_member(given->rows[i],
		    "propertyNames"));
	for (size_t i = 0; i < wanted->n; i++)
		xc_all_add(&theirs, xc_diff_member(wanted->rows[i],
		    "propertyNames"));
	mark = xc_compare_enter(compare, "(names of members)");
	xc_compare_lists(compare, &ours, &theirs);
	xc_compare_leave(compare, mark);
}

void
xc_compare_object(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	compare_members(compare, given, wanted);
	compare_required(compare, given, wanted);
	compare_closings(compare, given, wanted);
	compare_patterns(compare, given, wanted);
	compare_property_names(compare, given, wanted);
	xc_compare_same(compare, given, wanted, "dependentRequired");
}

/* ---- arrays ------------------------------------------------------------- */

/* What is said of the item at i; with SIZE_MAX, of those behind all that have
 * a schema of their own. */
static void
item_of(const struct all *of, size_t i, struct all *all)
{
	xc_all_init(all, of->root);
	for (size_t k = 0; k < of->n; k++) {
		struct json_object *first = xc_diff_member(of->rows[k],
		    "prefixItems");

		if (i < xc_diff_count(first))
			xc_all_add(all, json_object_array_get_idx(first, i));
		else
			xc_all_add(all, xc_diff_member(of->rows[k], "items"));
	}
}

static size_t
n_first(const struct all *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		size_t own = xc_diff_count(xc_diff_member(all->rows[i],
		    "prefixItems"));

		n = own > n ? own : n;
	}
	return n;
}

static void
compare_item(struct compare *compare, const struct all *given,
    const struct all *wanted, size_t i, const char *name)
{
	struct all ours, theirs;
	size_t mark;

	item_of(given, i, &ours);
	item_of(wanted, i, &theirs);
	mark = xc_compare_enter(compare, name);
	xc_compare_lists(compare, &ours, &theirs);
	xc_compare_leave(compare, mark);
}

static bool
has_true(const struct all *all, const char *keyword)
{
	for (size_t i = 0; i < all->n; i++)
		if (xc_diff_flag(all->rows[i], keyword, false))
			return true;
	return false;
}

/* The number of a keyword, or the usual one. */
static int64_t
number_of(const struct all *all, const char *keyword, int64_t usual)
{
	for (size_t i = 0; i < all->n; i++) {
		struct json_object *value = xc_diff_member(all->rows[i],
		    keyword);

		if (json_object_is_type(value, json_type_int))
			return json_object_get_int64(value);
	}
	return usual;
}

static void
compare_contains(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	if (!xc_all_has(wanted, "contains"))
		return;
	xc_compare_same(compare, given, wanted, "contains");
	if (number_of(given, "minContains", 1) <
	    number_of(wanted, "minContains", 1) ||
	    number_of(given, "maxContains", INT64_MAX) >
	    number_of(wanted, "maxContains", INT64_MAX))
		xc_compare_say(compare, compare->reply ? "may have another "
		    "number of the items that \"contains\" names" :
		    "must have another number of the items that \"contains\" "
		    "names");
}

void
xc_compare_array(struct compare *compare, const struct all *given,
    const struct all *wanted)
{
	size_t n = n_first(given), more = n_first(wanted);
	char name[24];

	if (more > n)
		n = more;
	for (size_t i = 0; i < n && xc_diff_step(compare->diff); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		compare_item(compare, given, wanted, i, name);
	}
	compare_item(compare, given, wanted, SIZE_MAX, "*");
	if (has_true(wanted, "uniqueItems") && !has_true(given, "uniqueItems"))
		xc_compare_say(compare, compare->reply ? "may hold an item "
		    "twice now" : "may not hold an item twice now");
	compare_contains(compare, given, wanted);
	xc_compare_same(compare, given, wanted, "unevaluatedItems");
}

/* SPDX-License-Identifier: MIT */
/* The keywords that look at the members of an object and the items of an
 * array. */
#include <string.h>

#include "schema-run.h"

#define PAIRWISE_MAX 8

/* The name that a key has in an object's op, or NO_NODE. */
static uint32_t
find_name(const struct run *run, const struct object_op *object, uint32_t key)
{
	const struct xc_schema *schema = run->schema;
	uint32_t hash = run->tape->tokens[key].meta >> XC_TOKEN_SHIFT;
	uint32_t i = schema->words[object->slots + (hash & object->mask)];
	const struct name *name;

	for (; i != 0; i = name->next) {
		name = &schema->names[object->names + i - 1];
		if (name->hash == hash && xc_tape_is(run->tape, key,
		    schema->constants.text + name->off, name->len))
			return i - 1;
	}
	return NO_NODE;
}

/* Which of the names stood in the object. */
struct seen {
	uint64_t *bits;
	uint64_t word;
};

static bool
has_name(const struct seen *seen, uint32_t name)
{
	return (seen->bits[name / 64] >> (name & 63) & 1) != 0;
}

/* A member by all that is said of it. */
static bool
run_member(struct run *run, const struct object_op *object, uint32_t key,
    uint32_t node, bool *known_r)
{
	const uint32_t *row = run->schema->words + object->patterns;
	uint32_t value = xc_tape_value(run->tape, key);
	bool valid = true;
	bool found;
	uint32_t i;

	*known_r = node != NO_NODE;
	if (node != NO_NODE && !xc_run_node(run, node, value, NULL))
		valid = false;
	for (i = 0; i < object->n_patterns && (valid || run->collect);
	    i++, row += 2) {
		found = xc_run_pattern(run, row[0], key);
		if (run->err != XC_OK)
			return false;
		*known_r = *known_r || found;
		if (found && !xc_run_node(run, row[1], value, NULL))
			valid = false;
	}
	if (!*known_r && object->additional != NO_NODE) {
		*known_r = true;
		if (!xc_run_node(run, object->additional, value, NULL))
			valid = false;
	}
	return valid;
}

static bool
run_members(struct run *run, const struct object_op *object, uint32_t at,
    struct evals *evals, struct seen *seen)
{
	uint32_t n = xc_tape_count(run->tape, at);
	uint32_t key = xc_tape_first(at);
	bool valid = true;
	uint32_t name;
	bool known;
	uint32_t i;

	for (i = 0; i < n; i++) {
		run->steps++;
		name = find_name(run, object, key);
		if (name != NO_NODE)
			seen->bits[name / 64] |= UINT64_C(1) << (name & 63);
		if (!run_member(run, object, key, name == NO_NODE ? NO_NODE
		    : run->schema->names[object->names + name].node, &known))
			valid = false;
		if (run->err != XC_OK || (!valid && !run->collect))
			return false;
		if (known)
			xc_evals_mark(evals, i);
		key = xc_tape_next(run->tape, xc_tape_value(run->tape, key));
	}
	return valid;
}

static bool
lacks(struct run *run, uint32_t at, const char *keyword,
    const struct name *name, const struct name *because)
{
	const char *text = run->schema->constants.text;

	if (!run->collect)
		return false;
	if (because == NULL)
		return xc_run_fault(run, at, keyword,
		    "lacks the member \"%.*s\"",
		    (int)(name->len < 100 ? name->len : 100),
		    text + name->off);
	return xc_run_fault(run, at, keyword,
	    "has \"%.*s\" and so must have the member \"%.*s\"",
	    (int)(because->len < 100 ? because->len : 100),
	    text + because->off, (int)(name->len < 100 ? name->len : 100),
	    text + name->off);
}

static bool
run_required(struct run *run, const struct object_op *object, uint32_t at,
    const struct seen *seen)
{
	const uint32_t *words = run->schema->words + object->required;
	const struct name *names = run->schema->names + object->names;
	bool valid = true;
	uint32_t i;

	run->steps += object->n_required / 8;
	for (i = 0; i < object->n_required && (valid || run->collect); i++)
		if (!has_name(seen, words[i]))
			valid = lacks(run, at, "required", &names[words[i]],
			    NULL);
	return valid;
}

static bool
run_depends(struct run *run, const struct object_op *object, uint32_t at,
    struct evals *evals, const struct seen *seen)
{
	const uint32_t *row = run->schema->words + object->depends;
	const struct name *names = run->schema->names + object->names;
	bool valid = true;
	uint32_t i;

	run->steps += object->n_depends / 8;
	for (i = 0; i < object->n_depends && (valid || run->collect);
	    i++, row += 3) {
		if (!has_name(seen, row[0]))
			continue;
		if (row[1] == NO_NODE)
			valid = xc_run_node(run, row[2], at, evals) && valid;
		else if (!has_name(seen, row[1]))
			valid = lacks(run, at, "dependentRequired",
			    &names[row[1]], &names[row[0]]);
		if (run->err != XC_OK)
			return false;
	}
	return valid;
}

/* a: the object's op. */
bool
xc_run_object(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const struct object_op *object = &run->schema->objects[op->a];
	struct seen seen = { .bits = &seen.word };
	bool valid;

	if (xc_run_type(run, at) != XC_TOKEN_OBJECT)
		return true;
	if (object->n_names > 64) {
		seen.bits = xc_run_memory(run, at,
		    (object->n_names / 64 + 1) * sizeof(*seen.bits));
		if (seen.bits == NULL)
			return false;
	}
	valid = run_members(run, object, at, evals, &seen);
	if (run->err != XC_OK || (!valid && !run->collect))
		return false;
	if (!run_required(run, object, at, &seen))
		valid = false;
	if (!valid && !run->collect)
		return false;
	return run_depends(run, object, at, evals, &seen) && valid;
}

/* a: the node. */
bool
xc_run_names(struct run *run, const struct op *op, uint32_t at)
{
	uint32_t key = xc_tape_first(at);
	bool valid = true;
	uint32_t n;

	if (xc_run_type(run, at) != XC_TOKEN_OBJECT)
		return true;
	for (n = xc_tape_count(run->tape, at); n > 0 && (valid ||
	    run->collect) && run->err == XC_OK; n--) {
		if (!xc_run_node(run, op->a, key, NULL))
			valid = false;
		key = xc_tape_next(run->tape, xc_tape_value(run->tape, key));
	}
	return valid;
}

/* a: words: how many there are first, their nodes, the others' node. */
bool
xc_run_items(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *words = run->schema->words + op->a;
	const uint32_t *prefix = run->schema->words + words[1];
	uint32_t item = xc_tape_first(at);
	bool valid = true;
	uint32_t node;
	uint32_t n;
	uint32_t i;

	if (xc_run_type(run, at) != XC_TOKEN_ARRAY)
		return true;
	n = xc_tape_count(run->tape, at);
	for (i = 0; i < n && (valid || run->collect) && run->err == XC_OK;
	    i++) {
		node = i < words[0] ? prefix[i] : words[2];
		if (node == NO_NODE)
			break;
		run->steps++;
		if (!xc_run_node(run, node, item, NULL))
			valid = false;
		xc_evals_mark(evals, i);
		item = xc_tape_next(run->tape, item);
	}
	return valid;
}

/* a: words: the node, the least and the most. */
bool
xc_run_contains(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *words = run->schema->words + op->a;
	uint32_t item = xc_tape_first(at);
	bool collect = run->collect;
	uint32_t found = 0;
	uint32_t n;
	uint32_t i;

	if (xc_run_type(run, at) != XC_TOKEN_ARRAY)
		return true;
	n = xc_tape_count(run->tape, at);
	run->collect = false;
	for (i = 0; i < n && run->err == XC_OK; i++) {
		run->steps++;
		if (xc_run_node(run, words[0], item, NULL)) {
			found++;
			xc_evals_mark(evals, i);
		}
		item = xc_tape_next(run->tape, item);
	}
	run->collect = collect;
	if (run->err != XC_OK)
		return false;
	if (found >= words[1] && found <= words[2])
		return true;
	return run->collect && xc_run_fault(run, at,
	    found > words[2] ? "maxContains" : words[1] == 1 ? "contains"
	    : "minContains", "has %u of the items that are asked for, %u are "
	    "the %s", found, found > words[2] ? words[2] : words[1],
	    found > words[2] ? "most" : "least");
}

static bool
twins(struct run *run, uint32_t at, uint32_t i, uint32_t k)
{
	return run->collect && xc_run_fault(run, at, "uniqueItems",
	    "has the same at %u and %u", i, k);
}

static bool
run_unique_few(struct run *run, uint32_t at, uint32_t n)
{
	struct xc_value a = { run->tape, xc_tape_first(at) };
	struct xc_value b;
	uint32_t i;
	uint32_t k;

	for (i = 0; i < n; i++) {
		b = a;
		for (k = i + 1; k < n; k++) {
			b.at = xc_tape_next(run->tape, b.at);
			if (xc_value_is_same(a, b, &run->steps))
				return twins(run, at, i, k);
		}
		a.at = xc_tape_next(run->tape, a.at);
	}
	return true;
}

/* An item in the table of those before it. */
struct unique {
	uint64_t hash;
	uint32_t at;		/* 0: a free place */
	uint32_t i;
};

static bool
run_unique_many(struct run *run, uint32_t at, uint32_t n)
{
	struct xc_value value = { run->tape, xc_tape_first(at) };
	struct xc_value other = value;
	struct unique *table;
	struct unique own;
	size_t mask = 31;
	size_t slot;

	while (mask < (size_t)n * 2)
		mask = mask * 2 + 1;
	table = xc_run_memory(run, at, (mask + 1) * sizeof(*table));
	if (table == NULL)
		return false;
	for (own.i = 0; own.i < n; own.i++) {
		own.at = value.at;
		own.hash = xc_value_hash(value, run->validator->seed,
		    &run->steps);
		for (slot = own.hash & mask; table[slot].at != 0;
		    slot = (slot + 1) & mask) {
			run->steps++;
			other.at = table[slot].at;
			if (table[slot].hash == own.hash &&
			    xc_value_is_same(value, other, &run->steps))
				return twins(run, at, table[slot].i, own.i);
		}
		table[slot] = own;
		value.at = xc_tape_next(run->tape, value.at);
	}
	return true;
}

bool
xc_run_unique(struct run *run, uint32_t at)
{
	uint32_t n;

	if (xc_run_type(run, at) != XC_TOKEN_ARRAY)
		return true;
	n = xc_tape_count(run->tape, at);
	return n <= PAIRWISE_MAX ? run_unique_few(run, at, n)
	    : run_unique_many(run, at, n);
}

/* a: the node.  evals has what the ops before this have looked at. */
bool
xc_run_unevaluated_items(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	uint32_t item = xc_tape_first(at);
	bool valid = true;
	uint32_t i;

	if (xc_run_type(run, at) != XC_TOKEN_ARRAY)
		return true;
	for (i = 0; i < evals->n && (valid || run->collect) &&
	    run->err == XC_OK; i++) {
		run->steps++;
		if (!xc_evals_has(evals, i) &&
		    !xc_run_node(run, op->a, item, NULL))
			valid = false;
		item = xc_tape_next(run->tape, item);
	}
	xc_evals_mark_all(evals);
	return valid;
}

bool
xc_run_unevaluated_properties(struct run *run, const struct op *op,
    uint32_t at, struct evals *evals)
{
	uint32_t key = xc_tape_first(at);
	bool valid = true;
	uint32_t value;
	uint32_t i;

	if (xc_run_type(run, at) != XC_TOKEN_OBJECT)
		return true;
	for (i = 0; i < evals->n && (valid || run->collect) &&
	    run->err == XC_OK; i++) {
		run->steps++;
		value = xc_tape_value(run->tape, key);
		if (!xc_evals_has(evals, i) &&
		    !xc_run_node(run, op->a, value, NULL))
			valid = false;
		key = xc_tape_next(run->tape, value);
	}
	xc_evals_mark_all(evals);
	return valid;
}

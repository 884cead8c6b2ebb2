/* SPDX-License-Identifier: MIT */
/* The keywords of a schema, each into its op. */
#include <stdio.h>
#include <string.h>

#include "schema-build.h"

static enum xc_token_type
type_of(const struct build *build, uint32_t token)
{
	return xc_tape_type(xc_build_tape(build), token);
}

/* --- type -------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t mask;		/* bit 0: an integer */
} types[] = {
	{ "array", 1 << XC_TOKEN_ARRAY },
	{ "boolean", 1 << XC_TOKEN_TRUE | 1 << XC_TOKEN_FALSE },
	{ "integer", 1 },
	{ "null", 1 << XC_TOKEN_NULL },
	{ "number", 1 << XC_TOKEN_NUMBER },
	{ "object", 1 << XC_TOKEN_OBJECT },
	{ "string", 1 << XC_TOKEN_STRING },
};

static bool
add_type(struct build *build, uint32_t token, uint32_t *mask)
{
	const struct xc_tape *tape = xc_build_tape(build);
	const char *name;
	size_t len;
	size_t i;

	if (xc_tape_type(tape, token) != XC_TOKEN_STRING)
		return xc_build_fail(build, token,
		    "must be the name of a type, or an array of such");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (xc_tape_is(tape, token, types[i].name,
		    strlen(types[i].name))) {
			*mask |= types[i].mask;
			return true;
		}
	name = xc_tape_string(tape, token, &len);
	return xc_build_fail(build, token, "\"%.*s\" is no type; there are "
	    "array, boolean, integer, null, number, object and string",
	    (int)(len < 60 ? len : 60), name);
}

static bool
kw_type(struct build *build, uint32_t token)
{
	const struct xc_tape *tape = xc_build_tape(build);
	uint32_t item = xc_tape_first(token);
	uint32_t mask = 0;
	uint32_t n;

	if (xc_tape_type(tape, token) != XC_TOKEN_ARRAY)
		return add_type(build, token, &mask) &&
		    xc_build_op(build, OP_TYPE, mask, 0);
	for (n = xc_tape_count(tape, token); n > 0; n--) {
		if (!add_type(build, item, &mask))
			return false;
		item = xc_tape_next(tape, item);
	}
	if (mask == 0)
		return xc_build_fail(build, token, "must name a type");
	return xc_build_op(build, OP_TYPE, mask, 0);
}

/* --- values ------------------------------------------------------------ */

static bool
kw_const(struct build *build, uint32_t token)
{
	uint32_t constant = xc_build_constant(build, token);

	return constant != NO_NODE &&
	    xc_build_op(build, OP_CONST, constant, 0);
}

static bool
kw_enum(struct build *build, uint32_t token)
{
	uint32_t constant;

	if (type_of(build, token) != XC_TOKEN_ARRAY)
		return xc_build_fail(build, token,
		    "must be an array of values");
	constant = xc_build_constant(build, token);
	return constant != NO_NODE &&
	    xc_build_op(build, OP_ENUM, constant, 0);
}

static bool
add_bound(struct build *build, uint32_t token, enum op_kind kind)
{
	uint32_t constant;

	if (type_of(build, token) != XC_TOKEN_NUMBER)
		return xc_build_fail(build, token, "must be a number");
	constant = xc_build_constant(build, token);
	return constant != NO_NODE && xc_build_op(build, kind, constant, 0);
}

static bool
kw_minimum(struct build *build, uint32_t token)
{
	return add_bound(build, token, OP_MINIMUM);
}

static bool
kw_maximum(struct build *build, uint32_t token)
{
	return add_bound(build, token, OP_MAXIMUM);
}

static bool
kw_above(struct build *build, uint32_t token)
{
	return add_bound(build, token, OP_ABOVE);
}

static bool
kw_below(struct build *build, uint32_t token)
{
	return add_bound(build, token, OP_BELOW);
}

static bool
kw_multiple(struct build *build, uint32_t token)
{
	const struct xc_tape *tape = xc_build_tape(build);
	struct compiler *compiler = build->compiler;
	struct xc_decimal decimal;
	struct xc_divisor divisor;
	uint32_t constant;
	uint32_t row;

	if (xc_tape_type(tape, token) != XC_TOKEN_NUMBER)
		return xc_build_fail(build, token, "must be a number");
	xc_decimal_read(&decimal, tape->text + tape->tokens[token].off,
	    tape->tokens[token].len);
	if (!xc_divisor_read(&divisor, &decimal))
		return xc_build_fail(build, token,
		    "must be above 0 and have at most 18 digits");
	constant = xc_build_constant(build, token);
	row = xc_build_row(compiler, &compiler->divisors, &divisor,
	    sizeof(divisor));
	return constant != NO_NODE && row != NO_NODE &&
	    xc_build_op(build, OP_MULTIPLE, row, constant);
}

/* --- counts ------------------------------------------------------------ */

static bool
add_count(struct build *build, uint32_t token, enum op_kind kind)
{
	uint32_t count;

	return xc_build_count(build, token, &count) &&
	    xc_build_op(build, kind, count, 0);
}

static bool
kw_min_length(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MIN_LENGTH);
}

static bool
kw_max_length(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MAX_LENGTH);
}

static bool
kw_min_items(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MIN_ITEMS);
}

static bool
kw_max_items(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MAX_ITEMS);
}

static bool
kw_min_properties(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MIN_PROPERTIES);
}

static bool
kw_max_properties(struct build *build, uint32_t token)
{
	return add_count(build, token, OP_MAX_PROPERTIES);
}

static bool
kw_unique(struct build *build, uint32_t token)
{
	if (type_of(build, token) == XC_TOKEN_FALSE)
		return true;
	if (type_of(build, token) != XC_TOKEN_TRUE)
		return xc_build_fail(build, token, "must be true or false");
	return xc_build_op(build, OP_UNIQUE, 0, 0);
}

/* --- strings ----------------------------------------------------------- */

static bool
kw_pattern(struct build *build, uint32_t token)
{
	uint32_t pattern;

	if (type_of(build, token) != XC_TOKEN_STRING)
		return xc_build_fail(build, token,
		    "must be a regular expression in quotes");
	pattern = xc_build_pattern(build, token);
	return pattern != NO_NODE &&
	    xc_build_op(build, OP_PATTERN, pattern, 0);
}

static bool
kw_format(struct build *build, uint32_t token)
{
	bool asserted = build->compiler->format ||
	    (build->vocabularies & VOCABULARY_ASSERTION) != 0;
	const char *name;
	size_t len;
	int format;

	if (type_of(build, token) != XC_TOKEN_STRING)
		return xc_build_fail(build, token,
		    "must be the name of a format");
	name = xc_tape_string(xc_build_tape(build), token, &len);
	format = xc_format_find(name, len);
	return format < 0 || !asserted ||
	    xc_build_op(build, OP_FORMAT, (uint32_t)format, 0);
}

/* --- schemas in schemas ------------------------------------------------ */

static bool
add_one(struct build *build, uint32_t token, enum op_kind kind)
{
	uint32_t node = xc_build_node(build, token);

	return node != NO_NODE && xc_build_op(build, kind, node, 0);
}

static bool
kw_names(struct build *build, uint32_t token)
{
	return add_one(build, token, OP_NAMES);
}

static bool
kw_not(struct build *build, uint32_t token)
{
	return add_one(build, token, OP_NOT);
}

static bool
kw_unevaluated_items(struct build *build, uint32_t token)
{
	return add_one(build, token, OP_UNEVALUATED_ITEMS);
}

static bool
kw_unevaluated_properties(struct build *build, uint32_t token)
{
	return add_one(build, token, OP_UNEVALUATED_PROPERTIES);
}

/* The nodes of an array of schemas, as words. */
static bool
add_list(struct build *build, uint32_t token, uint32_t *first_r,
    uint32_t *n_r)
{
	uint32_t item = xc_tape_first(token);
	uint32_t node;
	uint32_t i;

	if (type_of(build, token) != XC_TOKEN_ARRAY ||
	    xc_tape_count(xc_build_tape(build), token) == 0)
		return xc_build_fail(build, token,
		    "must be an array with at least one schema");
	*n_r = xc_tape_count(xc_build_tape(build), token);
	*first_r = ROWS(build->compiler->words, uint32_t);
	for (i = 0; i < *n_r; i++) {
		node = xc_build_node(build, item);
		if (node == NO_NODE ||
		    xc_build_word(build->compiler, node) == NO_NODE)
			return false;
		item = xc_tape_next(xc_build_tape(build), item);
	}
	return true;
}

static bool
add_list_op(struct build *build, uint32_t token, enum op_kind kind)
{
	uint32_t first;
	uint32_t n;

	return add_list(build, token, &first, &n) &&
	    xc_build_op(build, kind, first, n);
}

static bool
kw_all_of(struct build *build, uint32_t token)
{
	return add_list_op(build, token, OP_ALL_OF);
}

static bool
kw_any_of(struct build *build, uint32_t token)
{
	return add_list_op(build, token, OP_ANY_OF);
}

static bool
kw_one_of(struct build *build, uint32_t token)
{
	return add_list_op(build, token, OP_ONE_OF);
}

static bool
kw_if(struct build *build, uint32_t token)
{
	uint32_t then = xc_build_member(build, "then");
	uint32_t otherwise = xc_build_member(build, "else");
	uint32_t nodes[3] = { 0, NO_NODE, NO_NODE };
	struct compiler *compiler = build->compiler;
	uint32_t first;
	size_t i;

	nodes[0] = xc_build_node(build, token);
	if (then != 0)
		nodes[1] = xc_build_node(build, then);
	if (otherwise != 0)
		nodes[2] = xc_build_node(build, otherwise);
	if (compiler->err != XC_OK)
		return false;
	first = ROWS(compiler->words, uint32_t);
	for (i = 0; i < 3; i++)
		if (xc_build_word(compiler, nodes[i]) == NO_NODE)
			return false;
	return xc_build_op(build, OP_IF, first, 0);
}

static bool
build_items(struct build *build)
{
	uint32_t prefix = xc_build_member(build, "prefixItems");
	uint32_t rest = xc_build_member(build, "items");
	struct compiler *compiler = build->compiler;
	struct items_op op = { 0, 0, NO_NODE };
	uint32_t first;

	if (prefix == 0 && rest == 0)
		return true;
	if (rest != 0 && type_of(build, rest) == XC_TOKEN_ARRAY)
		return xc_build_fail(build, rest,
		    "must be one schema; for one for each place there is "
		    "prefixItems");
	if (prefix != 0 &&
	    !add_list(build, prefix, &op.prefix, &op.n_prefix))
		return false;
	if (rest != 0)
		op.rest = xc_build_node(build, rest);
	if (compiler->err != XC_OK)
		return false;
	first = ROWS(compiler->words, uint32_t);
	return xc_build_word(compiler, op.n_prefix) != NO_NODE &&
	    xc_build_word(compiler, op.prefix) != NO_NODE &&
	    xc_build_word(compiler, op.rest) != NO_NODE &&
	    xc_build_op(build, OP_ITEMS, first, 0);
}

static bool
build_contains(struct build *build)
{
	bool counts = (build->vocabularies & VOCABULARY_VALIDATION) != 0;
	uint32_t contains = xc_build_member(build, "contains");
	uint32_t min = counts ? xc_build_member(build, "minContains") : 0;
	uint32_t max = counts ? xc_build_member(build, "maxContains") : 0;
	struct compiler *compiler = build->compiler;
	struct contains_op op = { 0, 1, UINT32_MAX };
	uint32_t first;

	if ((min != 0 && !xc_build_count(build, min, &op.min)) ||
	    (max != 0 && !xc_build_count(build, max, &op.max)))
		return false;
	if (contains == 0)
		return true;
	op.node = xc_build_node(build, contains);
	if (op.node == NO_NODE)
		return false;
	first = ROWS(compiler->words, uint32_t);
	return xc_build_word(compiler, op.node) != NO_NODE &&
	    xc_build_word(compiler, op.min) != NO_NODE &&
	    xc_build_word(compiler, op.max) != NO_NODE &&
	    xc_build_op(build, OP_CONTAINS, first, 0);
}

/* --- references -------------------------------------------------------- */

static bool
find_target(struct build *build, uint32_t token, uint32_t *node_r,
    uint32_t *anchor_r)
{
	struct compiler *compiler = build->compiler;
	struct xc_errbuf why = { "" };
	struct schema_place place;
	const char *ref;
	enum xc_err err;
	size_t len;

	if (type_of(build, token) != XC_TOKEN_STRING)
		return xc_build_fail(build, token,
		    "must be a reference in quotes");
	ref = xc_tape_string(xc_build_tape(build), token, &len);
	err = xc_schema_set_find(compiler->set, build->resource, ref, len,
	    &place, anchor_r, &why);
	if (err != XC_OK)
		return xc_build_fail(build, token, "%s", why.text);
	*node_r = xc_build_place(compiler, place);
	return *node_r != NO_NODE;
}

static bool
kw_ref(struct build *build, uint32_t token)
{
	uint32_t anchor;
	uint32_t node;

	return find_target(build, token, &node, &anchor) &&
	    xc_build_op(build, OP_REF, node, 0);
}

/* Dynamic only if it leads to a dynamic anchor by its name. */
static bool
kw_dynamic_ref(struct build *build, uint32_t token)
{
	struct compiler *compiler = build->compiler;
	uint32_t anchor;
	uint32_t node;

	if (!find_target(build, token, &node, &anchor))
		return false;
	if (anchor == NO_NODE || !compiler->set->anchors[anchor].dynamic)
		return xc_build_op(build, OP_REF, node, 0);
	return xc_build_row(compiler, &compiler->anchors, &anchor,
	    sizeof(anchor)) != NO_NODE &&
	    xc_build_op(build, OP_DYNAMIC_REF, node, anchor);
}

/* --- all of them ------------------------------------------------------- */

static const struct {
	const char *keyword;
	uint32_t vocabulary;	/* 0: core */
	bool (*compile)(struct build *build, uint32_t token);
} keywords[] = {
	{ "type", VOCABULARY_VALIDATION, kw_type },
	{ "const", VOCABULARY_VALIDATION, kw_const },
	{ "enum", VOCABULARY_VALIDATION, kw_enum },
	{ "minimum", VOCABULARY_VALIDATION, kw_minimum },
	{ "maximum", VOCABULARY_VALIDATION, kw_maximum },
	{ "exclusiveMinimum", VOCABULARY_VALIDATION, kw_above },
	{ "exclusiveMaximum", VOCABULARY_VALIDATION, kw_below },
	{ "multipleOf", VOCABULARY_VALIDATION, kw_multiple },
	{ "minLength", VOCABULARY_VALIDATION, kw_min_length },
	{ "maxLength", VOCABULARY_VALIDATION, kw_max_length },
	{ "pattern", VOCABULARY_VALIDATION, kw_pattern },
	{ "format", VOCABULARY_FORMAT, kw_format },
	{ "minItems", VOCABULARY_VALIDATION, kw_min_items },
	{ "maxItems", VOCABULARY_VALIDATION, kw_max_items },
	{ "minProperties", VOCABULARY_VALIDATION, kw_min_properties },
	{ "maxProperties", VOCABULARY_VALIDATION, kw_max_properties },
	{ "propertyNames", VOCABULARY_APPLICATOR, kw_names },
	{ "uniqueItems", VOCABULARY_VALIDATION, kw_unique },
	{ "$ref", 0, kw_ref },
	{ "$dynamicRef", 0, kw_dynamic_ref },
	{ "allOf", VOCABULARY_APPLICATOR, kw_all_of },
	{ "anyOf", VOCABULARY_APPLICATOR, kw_any_of },
	{ "oneOf", VOCABULARY_APPLICATOR, kw_one_of },
	{ "not", VOCABULARY_APPLICATOR, kw_not },
	{ "if", VOCABULARY_APPLICATOR, kw_if },
	{ "unevaluatedItems", VOCABULARY_UNEVALUATED,
	    kw_unevaluated_items },
	{ "unevaluatedProperties", VOCABULARY_UNEVALUATED,
	    kw_unevaluated_properties },
};

/* By kind, which is the order in which they run. */
static void
sort_ops(struct build *build)
{
	struct op op;
	uint32_t i;
	uint32_t j;

	for (i = 1; i < build->n_ops; i++) {
		op = build->ops[i];
		for (j = i; j > 0 && build->ops[j - 1].kind > op.kind; j--)
			build->ops[j] = build->ops[j - 1];
		build->ops[j] = op;
	}
}

/* "$id", "$anchor" and their like are read by the set; here they are only
 * strings. */
static bool
check_core(struct build *build)
{
	static const char *const strings[] = { "$id", "$anchor",
	    "$dynamicAnchor", "$schema", "$comment" };
	uint32_t token;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		token = xc_build_member(build, strings[i]);
		if (token != 0 && type_of(build, token) != XC_TOKEN_STRING)
			return xc_build_fail(build, token,
			    "must be a string");
	}
	return true;
}

bool
xc_build_keywords(struct build *build)
{
	uint32_t token;
	size_t i;

	if (!check_core(build))
		return false;
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (keywords[i].vocabulary != 0 &&
		    (build->vocabularies & keywords[i].vocabulary) == 0)
			continue;
		token = xc_build_member(build, keywords[i].keyword);
		if (token != 0 && !keywords[i].compile(build, token))
			return false;
	}
	if ((build->vocabularies & VOCABULARY_APPLICATOR) != 0 &&
	    (!build_items(build) || !build_contains(build)))
		return false;
	if (!xc_build_object(build))
		return false;
	sort_ops(build);
	return true;
}

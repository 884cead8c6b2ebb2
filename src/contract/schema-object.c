/* SPDX-License-Identifier: MIT */
/* The keywords that look at an object's members, compiled into one op. */
#include <string.h>

#include "schema-build.h"

/* The names that a schema knows, while they are gathered. */
struct gathering {
	struct build *build;
	struct object_op op;
	struct xc_block names;		/* struct name */
	struct xc_block required;	/* words */
	struct xc_block depends;	/* words */
	uint32_t *slots;
	struct xc_block slots_block;
};

/* The number of a name, which is added if it is new; NO_NODE on an error. */
static uint32_t
name_of(struct gathering *g, uint32_t token)
{
	struct compiler *compiler = g->build->compiler;
	const struct xc_tape *tape = xc_build_tape(g->build);
	struct name name = { .node = NO_NODE };
	const struct name *rows = (const void *)g->names.base;
	size_t len;
	const char *text = xc_tape_string(tape, token, &len);
	const char *known;
	uint32_t *slot;
	uint32_t i;

	name.hash = xc_tape_hash(text, len);
	slot = &g->slots[name.hash & g->op.mask];
	for (i = *slot; i != 0; i = rows[i - 1].next) {
		known = (const char *)compiler->text.base + rows[i - 1].off;
		if (rows[i - 1].hash == name.hash && rows[i - 1].len == len &&
		    memcmp(known, text, len) == 0)
			return i - 1;
	}
	name.len = (uint32_t)len;
	name.next = *slot;
	name.off = xc_build_text(compiler, text, len);
	i = xc_build_row(compiler, &g->names, &name, sizeof(name));
	if (i != NO_NODE)
		*slot = i + 1;
	return i;
}

/* A member of the schema that must be an object; false on an error, 0 in
 * *token_r if it is absent. */
static bool
map_member(struct build *build, const char *keyword, uint32_t *token_r)
{
	*token_r = xc_build_member(build, keyword);
	if (*token_r != 0 && xc_tape_type(xc_build_tape(build), *token_r) !=
	    XC_TOKEN_OBJECT)
		return xc_build_fail(build, *token_r, "must be an object");
	return true;
}

static bool
gather_properties(struct gathering *g, uint32_t map)
{
	uint32_t n = xc_tape_count(xc_build_tape(g->build), map);
	uint32_t key = xc_tape_first(map);
	uint32_t value;
	uint32_t name;
	uint32_t node;

	for (; n > 0; n--) {
		value = xc_tape_value(xc_build_tape(g->build), key);
		name = name_of(g, key);
		node = xc_build_node(g->build, value);
		if (name == NO_NODE || node == NO_NODE)
			return false;
		((struct name *)(void *)g->names.base)[name].node = node;
		key = xc_tape_next(xc_build_tape(g->build), value);
	}
	return true;
}

static bool
gather_patterns(struct gathering *g, uint32_t map)
{
	struct compiler *compiler = g->build->compiler;
	uint32_t n = xc_tape_count(xc_build_tape(g->build), map);
	uint32_t key = xc_tape_first(map);
	uint32_t pattern;
	uint32_t value;
	uint32_t node;

	g->op.n_patterns = n;
	g->op.patterns = ROWS(compiler->words, uint32_t);
	for (; n > 0; n--) {
		value = xc_tape_value(xc_build_tape(g->build), key);
		pattern = xc_build_pattern(g->build, key);
		node = pattern != NO_NODE ? xc_build_node(g->build, value)
		    : NO_NODE;
		if (node == NO_NODE ||
		    xc_build_word(compiler, pattern) == NO_NODE ||
		    xc_build_word(compiler, node) == NO_NODE)
			return false;
		key = xc_tape_next(xc_build_tape(g->build), value);
	}
	return true;
}

/* An array of names, each calling add. */
static bool
gather_list(struct gathering *g, uint32_t list,
    bool (*add)(struct gathering *g, uint32_t name, uint32_t data),
    uint32_t data)
{
	const struct xc_tape *tape = xc_build_tape(g->build);
	uint32_t item = xc_tape_first(list);
	uint32_t name;
	uint32_t n;

	if (xc_tape_type(tape, list) != XC_TOKEN_ARRAY)
		return xc_build_fail(g->build, list,
		    "must be an array of names");
	for (n = xc_tape_count(tape, list); n > 0; n--) {
		if (xc_tape_type(tape, item) != XC_TOKEN_STRING)
			return xc_build_fail(g->build, item,
			    "must be a name in quotes");
		name = name_of(g, item);
		if (name == NO_NODE || !add(g, name, data))
			return false;
		item = xc_tape_next(tape, item);
	}
	return true;
}

static bool
add_required(struct gathering *g, uint32_t name, uint32_t data)
{
	(void)data;
	g->op.n_required++;
	return xc_build_row(g->build->compiler, &g->required, &name,
	    sizeof(name)) != NO_NODE;
}

static bool
add_depends(struct gathering *g, uint32_t name, uint32_t owner)
{
	const uint32_t row[3] = { owner, name, NO_NODE };

	g->op.n_depends++;
	return xc_build_row(g->build->compiler, &g->depends, row,
	    sizeof(row)) != NO_NODE;
}

static bool
gather_dependent_required(struct gathering *g, uint32_t map)
{
	const struct xc_tape *tape = xc_build_tape(g->build);
	uint32_t n = xc_tape_count(tape, map);
	uint32_t key = xc_tape_first(map);
	uint32_t name;

	for (; n > 0; n--) {
		name = name_of(g, key);
		key = xc_tape_value(tape, key);
		if (name == NO_NODE || !gather_list(g, key, add_depends, name))
			return false;
		key = xc_tape_next(tape, key);
	}
	return true;
}

static bool
gather_dependent_schemas(struct gathering *g, uint32_t map)
{
	uint32_t n = xc_tape_count(xc_build_tape(g->build), map);
	uint32_t key = xc_tape_first(map);
	uint32_t row[3] = { 0, NO_NODE, 0 };

	for (; n > 0; n--) {
		row[0] = name_of(g, key);
		key = xc_tape_value(xc_build_tape(g->build), key);
		row[2] = xc_build_node(g->build, key);
		if (row[0] == NO_NODE || row[2] == NO_NODE ||
		    xc_build_row(g->build->compiler, &g->depends, row,
		    sizeof(row)) == NO_NODE)
			return false;
		g->op.n_depends++;
		key = xc_tape_next(xc_build_tape(g->build), key);
	}
	return true;
}

/* How many names there can be. */
static uint32_t
bound_names(const struct build *build, const uint32_t *tokens, size_t n)
{
	const struct xc_tape *tape = xc_build_tape(build);
	uint32_t bound = 1;
	size_t i;

	for (i = 0; i < n; i++)
		if (tokens[i] != 0)
			bound += xc_tape_next(tape, tokens[i]) - tokens[i];
	return bound;
}

/* Moves the words of a block to the compiler's; where they begin. */
static uint32_t
move_words(struct compiler *compiler, const struct xc_block *from)
{
	uint32_t at = ROWS(compiler->words, uint32_t);

	if (compiler->err == XC_OK)
		compiler->err = xc_block_put(&compiler->words, from->base,
		    from->used);
	return at;
}

static bool
finish(struct gathering *g)
{
	struct compiler *compiler = g->build->compiler;
	uint32_t row;

	g->op.n_names = ROWS(g->names, struct name);
	g->op.names = ROWS(compiler->names, struct name);
	if (compiler->err == XC_OK && g->names.used > 0)
		compiler->err = xc_block_put(&compiler->names, g->names.base,
		    g->names.used);
	g->op.slots = move_words(compiler, &g->slots_block);
	g->op.required = move_words(compiler, &g->required);
	g->op.depends = move_words(compiler, &g->depends);
	row = compiler->err == XC_OK ? xc_build_row(compiler,
	    &compiler->objects, &g->op, sizeof(g->op)) : NO_NODE;
	return row != NO_NODE && xc_build_op(g->build, OP_OBJECT, row, 0);
}

enum { PROPERTIES, PATTERNS, ADDITIONAL, SCHEMAS, REQUIRED, DEPENDENT,
	MEMBERS };

static bool
gather(struct gathering *g, const uint32_t *tokens)
{
	if (tokens[ADDITIONAL] != 0) {
		g->op.additional = xc_build_node(g->build,
		    tokens[ADDITIONAL]);
		if (g->op.additional == NO_NODE)
			return false;
	}
	return (tokens[PROPERTIES] == 0 ||
	    gather_properties(g, tokens[PROPERTIES])) &&
	    (tokens[PATTERNS] == 0 ||
	    gather_patterns(g, tokens[PATTERNS])) &&
	    (tokens[SCHEMAS] == 0 ||
	    gather_dependent_schemas(g, tokens[SCHEMAS])) &&
	    (tokens[REQUIRED] == 0 ||
	    gather_list(g, tokens[REQUIRED], add_required, 0)) &&
	    (tokens[DEPENDENT] == 0 ||
	    gather_dependent_required(g, tokens[DEPENDENT])) && finish(g);
}

static bool
find_members(struct build *build, uint32_t *tokens)
{
	if ((build->vocabularies & VOCABULARY_APPLICATOR) != 0) {
		tokens[ADDITIONAL] = xc_build_member(build,
		    "additionalProperties");
		if (!map_member(build, "properties", &tokens[PROPERTIES]) ||
		    !map_member(build, "patternProperties",
		    &tokens[PATTERNS]) ||
		    !map_member(build, "dependentSchemas", &tokens[SCHEMAS]))
			return false;
	}
	if ((build->vocabularies & VOCABULARY_VALIDATION) != 0) {
		tokens[REQUIRED] = xc_build_member(build, "required");
		if (!map_member(build, "dependentRequired",
		    &tokens[DEPENDENT]))
			return false;
	}
	return true;
}

bool
xc_build_object(struct build *build)
{
	struct gathering g = { .build = build };
	uint32_t tokens[MEMBERS] = { 0 };
	uint32_t bound;
	uint32_t off;
	bool done = false;

	if (!find_members(build, tokens))
		return false;
	bound = bound_names(build, tokens, MEMBERS);
	if (bound == 1)
		return true;
	g.op.additional = NO_NODE;
	g.op.mask = 1;
	while (g.op.mask < bound && g.op.mask < 0xffff)
		g.op.mask = g.op.mask * 2 + 1;
	build->compiler->err = xc_block_reserve(&g.slots_block,
	    (g.op.mask + 1) * sizeof(uint32_t), &off);
	if (build->compiler->err == XC_OK) {
		g.slots = (uint32_t *)(void *)g.slots_block.base;
		done = gather(&g, tokens);
	}
	xc_block_free(&g.slots_block);
	xc_block_free(&g.names);
	xc_block_free(&g.required);
	xc_block_free(&g.depends);
	return done;
}

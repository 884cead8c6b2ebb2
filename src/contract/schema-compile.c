/* SPDX-License-Identifier: MIT */
/*
 * From schemas to a program.  A schema that is needed gets a node at once
 * and is compiled later, from a list, so that neither long chains of
 * references nor circles make the compiler go deep.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema-build.h"

#define NODES_MAX 1000000
#define WHERE_MAX 512

const struct xc_tape *
xc_build_tape(const struct build *build)
{
	return &build->compiler->set->documents[build->place.document].tape;
}

uint32_t
xc_build_member(const struct build *build, const char *keyword)
{
	return xc_tape_member(xc_build_tape(build), build->place.token,
	    keyword, strlen(keyword));
}

/* For errors that have no place. */
static uint32_t
set_error(struct compiler *compiler, enum xc_err err)
{
	if (compiler->err == XC_OK)
		compiler->err = xc_fail(compiler->errbuf, err,
		    err == XC_ERR_NOMEM ? "out of memory"
		    : "the schemas are too large for one program");
	return NO_NODE;
}

bool
xc_build_fail(struct build *build, uint32_t token, const char *format, ...)
{
	struct compiler *compiler = build->compiler;
	struct schema_place place = build->place;
	char where[WHERE_MAX];
	char sentence[600];
	va_list args;

	if (compiler->err != XC_OK)
		return false;
	if (token != 0)
		place.token = token;
	xc_schema_set_where(compiler->set, place, where, sizeof(where));
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	compiler->err = xc_fail(compiler->errbuf, XC_ERR_INVALID, "%s: %s",
	    where, sentence);
	return false;
}

uint32_t
xc_build_row(struct compiler *compiler, struct xc_block *block,
    const void *row, size_t size)
{
	uint32_t number = (uint32_t)(block->used / size);
	enum xc_err err = xc_block_put(block, row, size);

	return err == XC_OK ? number : set_error(compiler, err);
}

uint32_t
xc_build_word(struct compiler *compiler, uint32_t word)
{
	return xc_build_row(compiler, &compiler->words, &word, sizeof(word));
}

uint32_t
xc_build_text(struct compiler *compiler, const char *text, size_t len)
{
	uint32_t off = compiler->text.used;
	struct xc_span span;
	enum xc_err err = xc_block_append(&compiler->text, text, len, &span);

	if (err != XC_OK)
		set_error(compiler, err);
	return off;
}

bool
xc_build_op(struct build *build, enum op_kind kind, uint32_t a, uint32_t b)
{
	struct op op = { kind, a, b };

	if (build->compiler->err != XC_OK || build->n_ops == OPS_MAX)
		return false;
	build->ops[build->n_ops++] = op;
	return true;
}

uint32_t
xc_build_place(struct compiler *compiler, struct schema_place place)
{
	struct schema_document *document =
	    &compiler->set->documents[place.document];
	uint32_t *known = &document->nodes[place.token];
	struct node node = { 0 };
	uint32_t number;

	if (*known != 0)
		return *known - 1;
	if (ROWS(compiler->nodes, struct node) >= NODES_MAX)
		return set_error(compiler, XC_ERR_TOO_LARGE);
	number = xc_build_row(compiler, &compiler->nodes, &node,
	    sizeof(node));
	if (number == NO_NODE || xc_build_row(compiler, &compiler->places,
	    &place, sizeof(place)) == NO_NODE)
		return NO_NODE;
	*known = number + 1;
	return number;
}

uint32_t
xc_build_node(struct build *build, uint32_t token)
{
	struct schema_place place = { build->place.document, token };
	enum xc_token_type type = xc_tape_type(xc_build_tape(build), token);

	if (type != XC_TOKEN_OBJECT && type != XC_TOKEN_TRUE &&
	    type != XC_TOKEN_FALSE) {
		xc_build_fail(build, token,
		    "a schema is an object, true or false");
		return NO_NODE;
	}
	return xc_build_place(build->compiler, place);
}

/* Copies what lies at a token, strings decoded. */
static void
copy_token(struct compiler *compiler, const struct xc_tape *tape,
    uint32_t from)
{
	struct xc_token token = tape->tokens[from];
	uint32_t type = token.meta & XC_TOKEN_TYPE;
	size_t len = token.len;
	const char *bytes = tape->text + token.off;

	if (type == XC_TOKEN_STRING || type == XC_TOKEN_KEY)
		bytes = xc_tape_string(tape, from, &len);
	if (type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT)
		len = 0;
	token.off = xc_build_text(compiler, bytes, len);
	token.meta &= ~XC_TOKEN_DECODED;
	token.next = 0;
	xc_build_row(compiler, &compiler->tokens, &token, sizeof(token));
}

/* Sets where each copied token ends; gives what is behind one. */
static uint32_t
link_tokens(struct xc_token *tokens, uint32_t at)
{
	uint32_t type = tokens[at].meta & XC_TOKEN_TYPE;
	uint32_t n = tokens[at].meta >> XC_TOKEN_SHIFT;
	uint32_t child = at + 1;

	if (type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT)
		for (; n > 0; n--) {
			if (type == XC_TOKEN_OBJECT) {
				tokens[child].next = child + 1;
				child++;
			}
			child = link_tokens(tokens, child);
		}
	tokens[at].next = child;
	return child;
}

uint32_t
xc_build_constant(struct build *build, uint32_t token)
{
	struct compiler *compiler = build->compiler;
	const struct xc_tape *tape = xc_build_tape(build);
	uint32_t first = ROWS(compiler->tokens, struct xc_token);
	uint32_t end = xc_tape_next(tape, token);
	uint32_t at = token;
	const struct xc_token *source;

	while (at < end && compiler->err == XC_OK) {
		copy_token(compiler, tape, at);
		source = &tape->tokens[at];
		at++;
		if ((source->meta & XC_TOKEN_DECODED) != 0)
			at = source->next;
	}
	if (compiler->err != XC_OK)
		return NO_NODE;
	link_tokens((struct xc_token *)(void *)compiler->tokens.base, first);
	return first;
}

uint32_t
xc_build_pattern(struct build *build, uint32_t token)
{
	struct compiler *compiler = build->compiler;
	uint32_t cap = compiler->patterns_cap;
	struct xc_pattern **rows;
	struct xc_pattern *pattern;
	char why[200];
	size_t len;
	const char *text = xc_tape_string(xc_build_tape(build), token, &len);

	if (compiler->n_patterns == cap) {
		cap = cap == 0 ? 8 : cap * 2;
		rows = reallocarray(compiler->patterns, cap, sizeof(*rows));
		if (rows == NULL)
			return set_error(compiler, XC_ERR_NOMEM);
		compiler->patterns = rows;
		compiler->patterns_cap = cap;
	}
	pattern = xc_pattern_compile(text, len, why, sizeof(why));
	if (pattern == NULL) {
		xc_build_fail(build, token,
		    "\"%.*s\" is no regular expression of ECMA-262: %s",
		    (int)(len < 80 ? len : 80), text, why);
		return NO_NODE;
	}
	compiler->patterns[compiler->n_patterns] = pattern;
	return compiler->n_patterns++;
}

bool
xc_build_count(struct build *build, uint32_t token, uint32_t *count_r)
{
	const struct xc_tape *tape = xc_build_tape(build);
	struct xc_decimal decimal;
	uint64_t value = UINT64_MAX;

	if (xc_tape_type(tape, token) != XC_TOKEN_NUMBER)
		return xc_build_fail(build, token, "must be a whole number");
	xc_decimal_read(&decimal, tape->text + tape->tokens[token].off,
	    tape->tokens[token].len);
	if (!xc_decimal_is_integer(&decimal) || decimal.negative)
		return xc_build_fail(build, token,
		    "must be a whole number from 0 on");
	if (!xc_decimal_uint64(&decimal, &value) || value > UINT32_MAX - 1)
		value = UINT32_MAX - 1;
	*count_r = (uint32_t)value;
	return true;
}

/* Compiles the schema of a node. */
static bool
compile_node(struct compiler *compiler, uint32_t number)
{
	const struct schema_place *places =
	    (const void *)compiler->places.base;
	struct build build = { .compiler = compiler,
		.place = places[number] };
	const struct schema_document *document =
	    &compiler->set->documents[build.place.document];
	enum xc_token_type type = xc_tape_type(&document->tape,
	    build.place.token);
	struct node node = { 0 };
	uint32_t i;

	build.resource = document->resources[build.place.token] - 1;
	build.vocabularies =
	    compiler->set->resources[build.resource].vocabularies;
	if (type != XC_TOKEN_OBJECT && type != XC_TOKEN_TRUE &&
	    type != XC_TOKEN_FALSE)
		return xc_build_fail(&build, 0,
		    "a schema is an object, true or false");
	if (type == XC_TOKEN_OBJECT && !xc_build_keywords(&build)) {
		set_error(compiler, XC_ERR_TOO_LARGE);
		return false;
	}
	node.resource = build.resource;
	node.ops = ROWS(compiler->ops, struct op);
	node.n_ops = (uint16_t)build.n_ops;
	node.flags = type == XC_TOKEN_FALSE ? NODE_FALSE
	    : build.n_ops == 0 ? NODE_TRUE : 0;
	for (i = 0; i < build.n_ops; i++) {
		if (build.ops[i].kind >= OP_UNEVALUATED_ITEMS)
			node.flags |= NODE_UNEVALUATED;
		xc_build_row(compiler, &compiler->ops, &build.ops[i],
		    sizeof(struct op));
	}
	((struct node *)(void *)compiler->nodes.base)[number] = node;
	return compiler->err == XC_OK;
}

/* Nodes for all that a dynamic reference may lead to. */
static bool
add_dynamics(struct compiler *compiler)
{
	const struct xc_schema_set *set = compiler->set;
	uint32_t n_refs = ROWS(compiler->anchors, uint32_t);
	const uint32_t *refs = (const void *)compiler->anchors.base;
	struct schema_place place;
	uint32_t i;
	uint32_t k;

	for (k = 0; k < n_refs; k++)
		for (i = 0; i < set->n_anchors; i++) {
			const struct schema_anchor *anchor = &set->anchors[i];

			if (!anchor->dynamic || strcmp(anchor->name,
			    set->anchors[refs[k]].name) != 0)
				continue;
			place.token = anchor->token;
			place.document =
			    set->resources[anchor->resource].document;
			if (xc_build_place(compiler, place) == NO_NODE)
				return false;
		}
	return true;
}

/* Compiles what is on the list until nothing is added. */
static bool
compile_all(struct compiler *compiler)
{
	uint32_t done = 0;

	while (done < ROWS(compiler->nodes, struct node)) {
		for (; done < ROWS(compiler->nodes, struct node); done++)
			if (!compile_node(compiler, done))
				return false;
		if (!add_dynamics(compiler))
			return false;
	}
	return true;
}

/* The anchor of a name that stands first stands for all of that name. */
static uint32_t
first_of_name(const struct xc_schema_set *set, uint32_t anchor)
{
	uint32_t i = 0;

	while (strcmp(set->anchors[i].name, set->anchors[anchor].name) != 0)
		i++;
	return i;
}

/* The table by which dynamic references are followed. */
static bool
tell_dynamics(struct compiler *compiler)
{
	const struct xc_schema_set *set = compiler->set;
	struct op *ops = (struct op *)(void *)compiler->ops.base;
	const struct schema_document *document;
	struct dynamic row;
	uint32_t i;

	if (compiler->anchors.used == 0)
		return true;
	for (i = 0; i < ROWS(compiler->ops, struct op); i++)
		if (ops[i].kind == OP_DYNAMIC_REF)
			ops[i].b = first_of_name(set, ops[i].b);
	for (i = 0; i < set->n_anchors; i++) {
		row.resource = set->anchors[i].resource;
		document = &set->documents[
		    set->resources[row.resource].document];
		row.node = document->nodes[set->anchors[i].token];
		if (!set->anchors[i].dynamic || row.node-- == 0)
			continue;
		row.anchor = first_of_name(set, i);
		if (xc_build_row(compiler, &compiler->dynamics, &row,
		    sizeof(row)) == NO_NODE)
			return false;
	}
	return true;
}

/* --- circles ----------------------------------------------------------- */

/* The k-th of the nodes that an op runs on the same value; NO_NODE if there
 * is none there. */
static uint32_t
same_value(const struct compiler *compiler, const struct op *op, uint32_t k)
{
	const uint32_t *words = (const void *)compiler->words.base;
	const struct object_op *object;

	switch (op->kind) {
	case OP_REF:
	case OP_NOT:
		return op->a;
	case OP_ALL_OF:
	case OP_ANY_OF:
	case OP_ONE_OF:
		return words[op->a + k];
	case OP_IF:
		return words[op->a + k];
	case OP_OBJECT:
		object = (const struct object_op *)(const void *)
		    compiler->objects.base + op->a;
		return words[object->depends + 3 * k + 2];
	default:
		return NO_NODE;
	}
}

/* How many the above has. */
static uint32_t
n_same_value(const struct compiler *compiler, const struct op *op)
{
	switch (op->kind) {
	case OP_REF:
	case OP_NOT:
		return 1;
	case OP_ALL_OF:
	case OP_ANY_OF:
	case OP_ONE_OF:
		return op->b;
	case OP_IF:
		return 3;
	case OP_OBJECT:
		return ((const struct object_op *)(const void *)
		    compiler->objects.base + op->a)->n_depends;
	default:
		return 0;
	}
}

/* Where a search is in a node. */
struct step {
	uint32_t node;
	uint32_t op;
	uint32_t k;
};

enum { UNSEEN, ON_PATH, SEEN };

/* The next node below a step; NO_NODE if there is none. */
static uint32_t
descend(const struct compiler *compiler, struct step *step)
{
	const struct node *node =
	    (const struct node *)(const void *)compiler->nodes.base +
	    step->node;
	const struct op *op;
	uint32_t child;

	while (step->op < node->n_ops) {
		op = (const struct op *)(const void *)compiler->ops.base +
		    node->ops + step->op;
		if (step->k < n_same_value(compiler, op)) {
			child = same_value(compiler, op, step->k++);
			if (child != NO_NODE)
				return child;
			continue;
		}
		step->op++;
		step->k = 0;
	}
	return NO_NODE;
}

/* The first node that leads back to itself without a step into the value. */
static uint32_t
search_circle(const struct compiler *compiler, uint32_t from,
    unsigned char *seen, struct step *path)
{
	uint32_t depth = 1;
	uint32_t child;

	path[0] = (struct step){ from, 0, 0 };
	seen[from] = ON_PATH;
	while (depth > 0) {
		child = descend(compiler, &path[depth - 1]);
		if (child == NO_NODE) {
			seen[path[--depth].node] = SEEN;
		} else if (seen[child] == ON_PATH) {
			return child;
		} else if (seen[child] == UNSEEN) {
			seen[child] = ON_PATH;
			path[depth++] = (struct step){ child, 0, 0 };
		}
	}
	return NO_NODE;
}

static bool
refuse_circles(struct compiler *compiler)
{
	uint32_t n = ROWS(compiler->nodes, struct node);
	unsigned char *seen = calloc(n + 1, 1);
	struct step *path = calloc(n + 1, sizeof(*path));
	struct build build = { .compiler = compiler };
	uint32_t circle = NO_NODE;
	uint32_t i;

	if (seen == NULL || path == NULL)
		set_error(compiler, XC_ERR_NOMEM);
	for (i = 0; i < n && compiler->err == XC_OK && circle == NO_NODE; i++)
		if (seen[i] == UNSEEN)
			circle = search_circle(compiler, i, seen, path);
	free(seen);
	free(path);
	if (circle != NO_NODE) {
		build.place = ((const struct schema_place *)(const void *)
		    compiler->places.base)[circle];
		xc_build_fail(&build, 0, "leads back to itself for the same "
		    "value, so it would never end; let it go by way of "
		    "\"properties\", \"items\" or their like");
	}
	return compiler->err == XC_OK;
}

/* --- the program -------------------------------------------------------- */

/* Room for a block's content in a sum. */
static size_t
rounded(const struct xc_block *block)
{
	return ((size_t)block->used + 7) & ~(size_t)7;
}

/* Copies a block to *at, which goes behind it. */
static void *
place_block(unsigned char **at, const struct xc_block *block)
{
	unsigned char *here = *at;

	if (block->used > 0)
		memcpy(here, block->base, block->used);
	*at += rounded(block);
	return here;
}

static struct xc_schema *
join(struct compiler *compiler)
{
	struct compiler *c = compiler;
	size_t size = sizeof(struct xc_schema) + rounded(&c->nodes) +
	    rounded(&c->ops) + rounded(&c->words) + rounded(&c->names) +
	    rounded(&c->objects) + rounded(&c->divisors) +
	    rounded(&c->dynamics) + rounded(&c->tokens) + rounded(&c->text);
	struct xc_schema *schema = calloc(1, size);
	unsigned char *at;

	if (schema == NULL) {
		set_error(c, XC_ERR_NOMEM);
		return NULL;
	}
	at = (unsigned char *)(schema + 1);
	schema->size = size;
	schema->n_nodes = ROWS(c->nodes, struct node);
	schema->n_dynamics = ROWS(c->dynamics, struct dynamic);
	schema->constants.n = ROWS(c->tokens, struct xc_token);
	schema->constants.len = c->text.used;
	schema->divisors = place_block(&at, &c->divisors);
	schema->nodes = place_block(&at, &c->nodes);
	schema->ops = place_block(&at, &c->ops);
	schema->words = place_block(&at, &c->words);
	schema->names = place_block(&at, &c->names);
	schema->objects = place_block(&at, &c->objects);
	schema->dynamics = place_block(&at, &c->dynamics);
	schema->constants.tokens = place_block(&at, &c->tokens);
	schema->constants.text = place_block(&at, &c->text);
	schema->patterns = c->patterns;
	schema->n_patterns = c->n_patterns;
	c->patterns = NULL;
	c->n_patterns = 0;
	return schema;
}

static void
free_compiler(struct compiler *compiler)
{
	uint32_t i;

	xc_block_free(&compiler->nodes);
	xc_block_free(&compiler->places);
	xc_block_free(&compiler->ops);
	xc_block_free(&compiler->words);
	xc_block_free(&compiler->names);
	xc_block_free(&compiler->objects);
	xc_block_free(&compiler->divisors);
	xc_block_free(&compiler->dynamics);
	xc_block_free(&compiler->tokens);
	xc_block_free(&compiler->text);
	xc_block_free(&compiler->anchors);
	for (i = 0; i < compiler->n_patterns; i++)
		xc_pattern_free(&compiler->patterns[i]);
	free(compiler->patterns);
}

/* The nodes of the entries, in a row of words at the program's beginning. */
static bool
find_entries(struct compiler *compiler, const char *const *refs, size_t n)
{
	struct schema_place place;
	uint32_t *words;
	uint32_t anchor;
	uint32_t node;
	enum xc_err err;
	size_t i;

	for (i = 0; i < n; i++)
		if (xc_build_word(compiler, NO_NODE) == NO_NODE)
			return false;
	for (i = 0; i < n; i++) {
		err = xc_schema_set_find(compiler->set, NO_NODE, refs[i],
		    strlen(refs[i]), &place, &anchor, compiler->errbuf);
		if (err != XC_OK) {
			compiler->err = err;
			return false;
		}
		node = xc_build_place(compiler, place);
		if (node == NO_NODE)
			return false;
		words = (uint32_t *)(void *)compiler->words.base;
		words[i] = node;
	}
	return true;
}

/* A set is compiled more than once; documents may come while it is. */
static void
forget_nodes(struct xc_schema_set *set)
{
	uint32_t i;

	for (i = 0; i < set->n_documents; i++)
		memset(set->documents[i].nodes, 0,
		    set->documents[i].tape.n *
		    sizeof(*set->documents[i].nodes));
}

enum xc_err
xc_schema_compile(struct xc_schema_set *set, const char *const *refs,
    size_t n, const struct xc_schema_options *options,
    struct xc_schema **schema_r, struct xc_errbuf *errbuf)
{
	struct compiler compiler = { .set = set, .errbuf = errbuf,
		.format = options == NULL || !options->no_format };

	*schema_r = NULL;
	if (n == 0 || n > NODES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID, "no schema is named");
	forget_nodes(set);
	if (find_entries(&compiler, refs, n) && compile_all(&compiler) &&
	    tell_dynamics(&compiler) && refuse_circles(&compiler) &&
	    xc_build_where(&compiler))
		*schema_r = join(&compiler);
	if (*schema_r != NULL)
		(*schema_r)->n_entries = (uint32_t)n;
	free_compiler(&compiler);
	return compiler.err;
}

void
xc_schema_free(struct xc_schema **schema)
{
	uint32_t i;

	if (*schema == NULL)
		return;
	for (i = 0; i < (*schema)->n_patterns; i++)
		xc_pattern_free(&(*schema)->patterns[i]);
	free((*schema)->patterns);
	free(*schema);
	*schema = NULL;
}

size_t
xc_schema_size(const struct xc_schema *schema)
{
	size_t size = schema->size;
	uint32_t i;

	for (i = 0; i < schema->n_patterns; i++)
		size += sizeof(*schema->patterns) +
		    xc_pattern_size(schema->patterns[i]);
	return size;
}

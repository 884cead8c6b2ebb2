/* SPDX-License-Identifier: MIT */
/*
 * Runs a program on a tape: first quietly, up to the first fault, without
 * any memory of its own but for large values; only if there is a fault once
 * more, to collect all of them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/arena.h"
#include "lib/text.h"

#include "schema-run.h"

#define STEPS UINT64_C(10000000)
#define DEPTH 512
#define DEPTH_MAX 4096
#define FAULTS 20
#define FAULTS_MAX 1000
#define MEMORY ((size_t)16 << 20)
#define TEXTS ((size_t)4 << 20)
#define POINTER_MAX 1024

static const char *const keywords[] = {
#define KEYWORD_OF(op, keyword) keyword,
	XC_SCHEMA_OPS(KEYWORD_OF)
#undef KEYWORD_OF
};

/* --- faults ------------------------------------------------------------ */

static const char *
keep(struct xc_validator *validator, const char *text)
{
	size_t size = strlen(text) + 1;
	char *own = xc_arena_take(validator->texts, size);

	if (own == NULL)
		return "";
	memcpy(own, text, size);
	xc_utf8_tidy(own);
	return own;
}

static void
add_fault(struct run *run, uint32_t at, const char *keyword,
    const char *sentence)
{
	struct xc_validator *validator = run->validator;
	struct xc_schema_fault *fault;
	char pointer[POINTER_MAX];

	if (validator->n_faults == validator->limits.faults) {
		validator->more = true;
		return;
	}
	fault = &validator->faults[validator->n_faults++];
	xc_tape_pointer(run->tape, at, pointer, sizeof(pointer));
	fault->at = at;
	fault->keyword = keyword;
	fault->pointer = keep(validator, pointer);
	fault->sentence = keep(validator, sentence);
	fault->schema = run->node != NULL ? keep(validator,
	    run->schema->constants.text + run->node->where) : "";
}

bool
xc_run_fault(struct run *run, uint32_t at, const char *keyword,
    const char *format, ...)
{
	char sentence[1024];
	va_list args;

	if (!run->collect)
		return false;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	add_fault(run, at, keyword, sentence);
	return false;
}

bool
xc_run_give_up(struct run *run, enum xc_err err, uint32_t at,
    const char *format, ...)
{
	char sentence[512];
	va_list args;

	if (run->err != XC_OK)
		return false;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	run->err = err;
	run->validator->n_faults = 0;
	run->validator->more = false;
	add_fault(run, at, "", sentence);
	return false;
}

void *
xc_run_memory(struct run *run, uint32_t at, size_t size)
{
	void *memory = xc_arena_take(run->validator->scratch, size);

	if (memory == NULL) {
		xc_run_give_up(run, XC_ERR_TOO_LARGE, at,
		    "more than %zu bytes of memory would be needed",
		    run->validator->limits.memory);
		return NULL;
	}
	run->steps += size / 512;
	return memset(memory, 0, size);
}

/* --- what has been looked at ------------------------------------------- */

bool
xc_evals_init(struct run *run, struct evals *evals, uint32_t at)
{
	enum xc_token_type type = xc_run_type(run, at);

	evals->n = 0;
	evals->word = 0;
	evals->bits = &evals->word;
	if (type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT)
		evals->n = xc_tape_count(run->tape, at);
	if (evals->n > 64)
		evals->bits = xc_run_memory(run, at,
		    (evals->n / 64 + 1) * sizeof(*evals->bits));
	return evals->bits != NULL;
}

void
xc_evals_mark_all(struct evals *evals)
{
	uint32_t i;

	for (i = 0; i < evals->n; i += 64)
		evals->bits[i / 64] = UINT64_MAX;
}

void
xc_evals_join(struct evals *evals, const struct evals *more)
{
	uint32_t i;

	for (i = 0; i < evals->n; i += 64)
		evals->bits[i / 64] |= more->bits[i / 64];
}

/* --- schemas for the same value ----------------------------------------- */

/* Whether a schema takes a value, without a word about why not.  What it has
 * looked at counts only if it does. */
static bool
try_node(struct run *run, uint32_t node, uint32_t at, struct evals *evals)
{
	bool collect = run->collect;
	struct evals own;
	bool valid;

	if (evals != NULL && !xc_evals_init(run, &own, at))
		return false;
	run->collect = false;
	valid = xc_run_node(run, node, at, evals != NULL ? &own : NULL);
	run->collect = collect;
	if (run->err != XC_OK)
		return false;
	if (valid && evals != NULL)
		xc_evals_join(evals, &own);
	return valid;
}

/* a: words; b: how many. */
static bool
run_all_of(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *nodes = run->schema->words + op->a;
	bool valid = true;
	uint32_t i;

	for (i = 0; i < op->b && (valid || run->collect); i++) {
		if (!xc_run_node(run, nodes[i], at, evals))
			valid = false;
		if (run->err != XC_OK)
			return false;
	}
	return valid;
}

/* Whether a schema is for another type than that of a value. */
static bool
is_of_other_type(struct run *run, uint32_t number, uint32_t at)
{
	const struct node *node = &run->schema->nodes[number];
	const struct op *op = &run->schema->ops[node->ops];
	unsigned hops;

	for (hops = 0; hops < 8 && node->n_ops > 0 && op->kind == OP_REF;
	    hops++) {
		node = &run->schema->nodes[op->a];
		op = &run->schema->ops[node->ops];
	}
	return (node->flags & NODE_FALSE) != 0 ||
	    (node->n_ops > 0 && op->kind <= OP_ENUM &&
	    !xc_run_assert(run, op, at));
}

/* Faults of the only one of some schemas that is for a value's type, which
 * tell more than that none takes it. */
static bool
explain_choice(struct run *run, const struct op *op, uint32_t at)
{
	const uint32_t *nodes = run->schema->words + op->a;
	const char *keyword = keywords[op->kind];
	uint32_t only = NO_NODE;
	uint32_t n = 0;
	uint32_t i;

	run->collect = false;
	for (i = 0; i < op->b; i++)
		if (!is_of_other_type(run, nodes[i], at)) {
			only = nodes[i];
			n++;
		}
	run->collect = true;
	xc_run_fault(run, at, keyword, "is taken by none of the %u schemas",
	    op->b);
	if (n == 1)
		xc_run_node(run, only, at, NULL);
	return false;
}

/* a: words; b: how many. */
static bool
run_any_of(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *nodes = run->schema->words + op->a;
	bool found = false;
	uint32_t i;

	for (i = 0; i < op->b && (!found || evals != NULL); i++) {
		if (try_node(run, nodes[i], at, evals))
			found = true;
		if (run->err != XC_OK)
			return false;
	}
	return found || (run->collect && explain_choice(run, op, at));
}

/* a: words; b: how many. */
static bool
run_one_of(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *nodes = run->schema->words + op->a;
	uint32_t first = NO_NODE;
	uint32_t i;

	for (i = 0; i < op->b; i++) {
		bool found = try_node(run, nodes[i], at, evals);

		if (run->err != XC_OK)
			return false;
		if (found && first != NO_NODE)
			return run->collect && xc_run_fault(run, at, "oneOf",
			    "is taken by the schemas %u and %u, only one may",
			    first, i);
		if (found)
			first = i;
	}
	return first != NO_NODE ||
	    (run->collect && explain_choice(run, op, at));
}

/* a: the node. */
static bool
run_not(struct run *run, const struct op *op, uint32_t at)
{
	char shown[XC_SHOW_MAX];

	if (!try_node(run, op->a, at, NULL))
		return run->err == XC_OK;
	return run->collect && xc_run_fault(run, at, "not",
	    "is %s, which the schema under \"not\" takes",
	    xc_run_show(run->tape, at, shown));
}

/* a: words: if, then, else. */
static bool
run_if(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const uint32_t *nodes = run->schema->words + op->a;
	bool holds = try_node(run, nodes[0], at, evals);
	uint32_t next = holds ? nodes[1] : nodes[2];

	if (run->err != XC_OK)
		return false;
	return next == NO_NODE || xc_run_node(run, next, at, evals);
}

/* a: the node it leads to at first; b: the anchor.  The outermost resource
 * that has this anchor wins. */
static bool
run_dynamic_ref(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	const struct xc_schema *schema = run->schema;
	uint32_t i;
	uint32_t k;

	for (i = 0; i < run->n_scopes; i++)
		for (k = 0; k < schema->n_dynamics; k++) {
			run->steps++;
			if (schema->dynamics[k].anchor == op->b &&
			    schema->dynamics[k].resource == run->scopes[i])
				return xc_run_node(run,
				    schema->dynamics[k].node, at, evals);
		}
	return xc_run_node(run, op->a, at, evals);
}

static bool
run_op(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals)
{
	switch (op->kind) {
	case OP_OBJECT:
		return xc_run_object(run, op, at, evals);
	case OP_NAMES:
		return xc_run_names(run, op, at);
	case OP_ITEMS:
		return xc_run_items(run, op, at, evals);
	case OP_CONTAINS:
		return xc_run_contains(run, op, at, evals);
	case OP_UNIQUE:
		return xc_run_unique(run, at);
	case OP_REF:
		return xc_run_node(run, op->a, at, evals);
	case OP_DYNAMIC_REF:
		return run_dynamic_ref(run, op, at, evals);
	case OP_ALL_OF:
		return run_all_of(run, op, at, evals);
	case OP_ANY_OF:
		return run_any_of(run, op, at, evals);
	case OP_ONE_OF:
		return run_one_of(run, op, at, evals);
	case OP_NOT:
		return run_not(run, op, at);
	case OP_IF:
		return run_if(run, op, at, evals);
	case OP_UNEVALUATED_ITEMS:
		return xc_run_unevaluated_items(run, op, at, evals);
	case OP_UNEVALUATED_PROPERTIES:
		return xc_run_unevaluated_properties(run, op, at, evals);
	default:
		return xc_run_assert(run, op, at);
	}
}

static bool
run_ops(struct run *run, const struct node *node, uint32_t at,
    struct evals *evals)
{
	const struct op *op = &run->schema->ops[node->ops];
	bool valid = true;
	uint32_t i;

	for (i = 0; i < node->n_ops; i++, op++) {
		run->steps++;
		if (run_op(run, op, at, evals))
			continue;
		valid = false;
		if (!run->collect || run->err != XC_OK)
			return false;
	}
	return valid;
}

/* A node that asks what the others have looked at has a list of its own. */
static bool
run_with_evals(struct run *run, const struct node *node, uint32_t at,
    struct evals *evals)
{
	struct evals own;

	if (!xc_evals_init(run, &own, at) || !run_ops(run, node, at, &own))
		return false;
	if (evals != NULL)
		xc_evals_join(evals, &own);
	return true;
}

/* A schema that is false: its keyword is where it stands. */
static bool
refuse(struct run *run, const struct node *node, uint32_t at)
{
	static const char *const ends[] = { "additionalProperties",
	    "unevaluatedProperties", "unevaluatedItems", "items",
	    "propertyNames", "not", "then", "else" };
	const char *where = run->schema->constants.text + node->where;
	const char *slash = strrchr(where, '/');
	const struct node *outer = run->node;
	const char *keyword = "false";
	size_t i;

	if (!run->collect)
		return false;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (slash != NULL && strcmp(slash + 1, ends[i]) == 0)
			keyword = ends[i];
	run->node = node;
	xc_run_fault(run, at, keyword, "is not allowed here");
	run->node = outer;
	return false;
}

bool
xc_run_node(struct run *run, uint32_t number, uint32_t at,
    struct evals *evals)
{
	const struct node *node = &run->schema->nodes[number];
	const struct node *outer = run->node;
	uint32_t n_scopes = run->n_scopes;
	bool valid;

	if ((node->flags & NODE_TRUE) != 0)
		return true;
	if ((node->flags & NODE_FALSE) != 0)
		return refuse(run, node, at);
	if (run->steps > run->steps_max)
		return xc_run_give_up(run, XC_ERR_TOO_LARGE, at,
		    "more than %llu steps of work",
		    (unsigned long long)run->steps_max);
	if (run->depth == run->depth_max)
		return xc_run_give_up(run, XC_ERR_TOO_LARGE, at,
		    "more than %u schemas in each other", run->depth_max);
	run->depth++;
	run->node = node;
	if (n_scopes == 0 || run->scopes[n_scopes - 1] != node->resource)
		run->scopes[run->n_scopes++] = node->resource;
	valid = (node->flags & NODE_UNEVALUATED) != 0
	    ? run_with_evals(run, node, at, evals)
	    : run_ops(run, node, at, evals);
	run->n_scopes = n_scopes;
	run->node = outer;
	run->depth--;
	return valid;
}

/* --- the validator ------------------------------------------------------- */

static void
set_limits(struct xc_validator_limits *limits,
    const struct xc_validator_limits *given)
{
	if (given != NULL)
		*limits = *given;
	if (limits->steps == 0)
		limits->steps = STEPS;
	if (limits->depth == 0)
		limits->depth = DEPTH;
	if (limits->depth > DEPTH_MAX)
		limits->depth = DEPTH_MAX;
	if (limits->faults == 0)
		limits->faults = FAULTS;
	if (limits->faults > FAULTS_MAX)
		limits->faults = FAULTS_MAX;
	if (limits->memory == 0)
		limits->memory = MEMORY;
}

struct xc_validator *
xc_validator_create(const struct xc_validator_limits *limits)
{
	struct xc_validator *validator = calloc(1, sizeof(*validator));

	if (validator == NULL)
		return NULL;
	set_limits(&validator->limits, limits);
	validator->patterns = xc_pattern_run_create();
	validator->scratch = xc_arena_create(validator->limits.memory);
	validator->texts = xc_arena_create(TEXTS);
	validator->faults = calloc(validator->limits.faults,
	    sizeof(*validator->faults));
	validator->scopes = calloc(validator->limits.depth + 1,
	    sizeof(*validator->scopes));
	/* Without one the seed is 0, and flooding is held by the steps. */
	if (getrandom(&validator->seed, sizeof(validator->seed),
	    GRND_NONBLOCK) != (ssize_t)sizeof(validator->seed))
		validator->seed = 0;
	if (validator->patterns == NULL || validator->scratch == NULL ||
	    validator->texts == NULL || validator->faults == NULL ||
	    validator->scopes == NULL)
		xc_validator_free(&validator);
	return validator;
}

void
xc_validator_free(struct xc_validator **validator)
{
	if (*validator == NULL)
		return;
	xc_pattern_run_free(&(*validator)->patterns);
	xc_arena_free(&(*validator)->scratch);
	xc_arena_free(&(*validator)->texts);
	free((*validator)->faults);
	free((*validator)->scopes);
	free(*validator);
	*validator = NULL;
}

/* One pass over the value. */
static enum xc_err
pass(struct run *run, uint32_t node, uint32_t at)
{
	bool valid;

	xc_arena_reset(run->validator->scratch);
	run->steps = 0;
	run->depth = 0;
	run->n_scopes = 0;
	valid = xc_run_node(run, node, at, NULL);
	if (run->err != XC_OK)
		return run->err;
	return valid ? XC_OK : XC_ERR_INVALID;
}

enum xc_err
xc_schema_run(struct xc_validator *validator, const struct xc_schema *schema,
    size_t entry, const struct xc_tape *tape, uint32_t at)
{
	struct run run = { .schema = schema, .tape = tape,
		.validator = validator };
	uint32_t node;
	enum xc_err err;

	if (validator->n_faults > 0)
		xc_arena_reset(validator->texts);
	validator->n_faults = 0;
	validator->more = false;
	if (entry >= schema->n_entries || at >= tape->n)
		return XC_ERR_NOT_FOUND;
	node = schema->words[schema->entries + entry];
	run.steps_max = validator->limits.steps;
	run.depth_max = validator->limits.depth;
	run.scopes = validator->scopes;
	err = pass(&run, node, at);
	if (err != XC_ERR_INVALID)
		return err;
	run.collect = true;
	return pass(&run, node, at);
}

size_t
xc_validator_n_faults(const struct xc_validator *validator)
{
	return validator->n_faults;
}

bool
xc_validator_has_more(const struct xc_validator *validator)
{
	return validator->more;
}

const struct xc_schema_fault *
xc_validator_fault(const struct xc_validator *validator, size_t i)
{
	return i < validator->n_faults ? &validator->faults[i] : NULL;
}

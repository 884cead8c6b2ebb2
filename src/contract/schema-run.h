/* SPDX-License-Identifier: MIT */
/* What the parts of the validator share. */
#ifndef XC_SCHEMA_RUN_H
#define XC_SCHEMA_RUN_H

#include "schema-private.h"

/* Which children of a value have been looked at. */
struct evals {
	uint64_t *bits;
	uint32_t n;
	uint64_t word;		/* the bits of up to 64 */
};

struct xc_arena;

struct xc_validator {
	struct xc_validator_limits limits;
	struct xc_pattern_run *patterns;
	struct xc_arena *scratch;
	struct xc_arena *texts;		/* of the faults */
	struct xc_schema_fault *faults;
	uint32_t *scopes;
	size_t n_faults;
	uint64_t seed;
	bool more;
};

struct run {
	const struct xc_schema *schema;
	const struct xc_tape *tape;
	struct xc_validator *validator;
	const struct node *node;	/* the one that runs */
	uint64_t steps;
	uint64_t steps_max;
	uint32_t depth;
	uint32_t depth_max;
	uint32_t n_scopes;
	uint32_t *scopes;	/* the resources gone through, outermost first */
	bool collect;		/* go on behind a fault, and say it */
	enum xc_err err;	/* other than XC_OK: give up */
};

/* A key is a string too. */
static inline enum xc_token_type
xc_run_type(const struct run *run, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(run->tape, at);

	return type == XC_TOKEN_KEY ? XC_TOKEN_STRING : type;
}

/* Whether a value is what a node wants.  evals may be NULL. */
bool xc_run_node(struct run *run, uint32_t node, uint32_t at,
    struct evals *evals);

/* Notes a fault of the running node if faults are collected; false. */
bool xc_run_fault(struct run *run, uint32_t at, const char *keyword,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Ends the run; false. */
bool xc_run_give_up(struct run *run, enum xc_err err, uint32_t at,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Zeroed memory until the run's end; NULL with the run given up. */
void *xc_run_memory(struct run *run, uint32_t at, size_t size);

bool xc_evals_init(struct run *run, struct evals *evals, uint32_t at);
static inline void
xc_evals_mark(struct evals *evals, uint32_t i)
{
	if (evals != NULL)
		evals->bits[i / 64] |= UINT64_C(1) << (i & 63);
}
static inline bool
xc_evals_has(const struct evals *evals, uint32_t i)
{
	return (evals->bits[i / 64] >> (i & 63) & 1) != 0;
}
void xc_evals_mark_all(struct evals *evals);
void xc_evals_join(struct evals *evals, const struct evals *more);

/* The ops.  Each is false for a fault or when the run is given up. */
bool xc_run_assert(struct run *run, const struct op *op, uint32_t at);
bool xc_run_object(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals);
bool xc_run_names(struct run *run, const struct op *op, uint32_t at);
bool xc_run_items(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals);
bool xc_run_contains(struct run *run, const struct op *op, uint32_t at,
    struct evals *evals);
bool xc_run_unique(struct run *run, uint32_t at);
bool xc_run_unevaluated_items(struct run *run, const struct op *op,
    uint32_t at, struct evals *evals);
bool xc_run_unevaluated_properties(struct run *run, const struct op *op,
    uint32_t at, struct evals *evals);

#define XC_SHOW_MAX 80

/* Writes a value for a sentence: as it stands if it is short. */
const char *xc_run_show(const struct xc_tape *tape, uint32_t at, char *buf);

/* Whether a pattern is found in a string or key; false with the run given
 * up over the pattern's limits. */
bool xc_run_pattern(struct run *run, uint32_t pattern, uint32_t at);

#endif

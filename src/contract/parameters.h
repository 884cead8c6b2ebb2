/* SPDX-License-Identifier: MIT */
/*
 * The parameters of one operation (OpenAPI 3.1, 4.8.12): taken out of path,
 * query, headers and cookies by style and explode, converted to what their
 * schemas ask for, completed with defaults, checked.
 */
#ifndef XC_PARAMETERS_H
#define XC_PARAMETERS_H

#include "contract/fault.h"
#include "contract/plan.h"
#include "lib/request-private.h"
#include "lib/tape-make.h"

struct xc_parameters;

/*
 * Reads "parameters" of an operation and of its path item (NULL-json nodes
 * where there are none); path is the template that they stand under.
 * XC_ERR_INVALID with place, reason and remedy: a parameter of the path that
 * the template lacks or the other way round, a style that its place does not
 * have, two of the same name and place, neither schema nor content ...
 * *parameters_r is NULL if there are none.
 */
enum xc_err xc_parameters_compile(struct xc_plan *plan, const char *path,
    const struct xc_plan_node *item, const struct xc_plan_node *operation,
    struct xc_parameters **parameters_r);
void xc_parameters_free(struct xc_parameters **parameters);

/* The bytes that they hold. */
size_t xc_parameters_size(const struct xc_parameters *parameters);

/* What taking them needs. */
struct xc_take {
	struct xc_request *req;
	const struct xc_schema *schema;	/* the contract's program */
	struct xc_validator *validator;
	struct xc_tape_make *make;
	struct xc_contract_faults *faults;
	/* Where JSON in a text is scanned; its memory is kept from one request
	 * to the next.  NULL: it is taken and freed each time. */
	struct xc_block *scratch;
};

/* Of one operation. */
#define XC_PARAMETERS_MAX 256

/*
 * Writes the tape of a request that is bound into its block (head->args).
 * XC_OK; XC_ERR_INVALID: faults were added; XC_ERR_TOO_LARGE: over a limit;
 * XC_ERR_NOMEM.  Strings got from the request before are not valid afterwards.
 */
enum xc_err xc_parameters_take(const struct xc_parameters *parameters,
    const struct xc_take *take);

#endif

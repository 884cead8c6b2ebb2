/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a request, for the member "errors" of problem+json: each
 * with the place (path, query, header, cookie or body), a JSON Pointer in it,
 * the keyword, and a sentence.
 */
#ifndef XC_CONTRACT_FAULT_H
#define XC_CONTRACT_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/block.h"
#include "contract/schema.h"

/* Their text, as it grows: "[{...},{...}".  Zero it before use; its memory is
 * kept from one request to the next. */
struct xc_contract_faults {
	struct xc_block text;
	size_t n;
	bool more;		/* there were more than are kept */
	bool whole;		/* one is about a body as a whole */
};

#define XC_CONTRACT_FAULTS_MAX 20

void xc_contract_faults_begin(struct xc_contract_faults *faults);

/* in: "query", ...; pointer "/page" or "" for the whole; code: the keyword
 * ("maximum", "required") or a word of ours.  All are copied. */
void xc_contract_fault(struct xc_contract_faults *faults, const char *in,
    const char *pointer, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Those of a validator's last run, which did not say XC_OK; their pointers are
 * put behind `under` ("/page", or "").  There is one at least afterwards. */
void xc_contract_faults_take(struct xc_contract_faults *faults,
    const char *in, const char *under, const struct xc_validator *validator);

/* Ends the text with "]". */
void xc_contract_faults_end(struct xc_contract_faults *faults);
void xc_contract_faults_free(struct xc_contract_faults *faults);

#endif

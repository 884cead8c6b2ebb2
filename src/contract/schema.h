/* SPDX-License-Identifier: MIT */
/*
 * JSON Schema 2020-12.  Documents are put into a set under their URIs;
 * schemas in them are compiled once into an immutable program, which a
 * validator runs on tapes, without allocation while the input is valid.
 *
 *	struct xc_schema_set *set = xc_schema_set_create();
 *	xc_schema_set_add(set, "file:///api.json", text, len, &errbuf);
 *	xc_schema_compile(set, refs, n, NULL, &schema, &errbuf);
 *	xc_schema_set_free(&set);
 *	...
 *	if (xc_schema_run(validator, schema, 0, &tape, 0) == XC_ERR_INVALID)
 *		fault = xc_validator_fault(validator, 0);
 */
#ifndef XC_SCHEMA_H
#define XC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

#include "lib/tape.h"

struct xc_schema;		/* a program; may be used by many threads */
struct xc_schema_set;
struct xc_validator;		/* what running needs; one for a thread */

/* NULL if memory is out.  Holds the metaschemas of the draft. */
struct xc_schema_set *xc_schema_set_create(void);
void xc_schema_set_free(struct xc_schema_set **set);

/*
 * Adds a document, which need not be a schema itself, under an absolute URI.
 * The text is copied.  XC_ERR_INVALID with the reason and place: no JSON, an
 * "$id" or anchor that stands twice; XC_ERR_EXISTS for a URI that is taken;
 * XC_ERR_TOO_LARGE, XC_ERR_NOMEM.  After an error other than XC_ERR_EXISTS
 * the set is only good to be freed.
 */
enum xc_err xc_schema_set_add(struct xc_schema_set *set, const char *uri,
    const char *text, size_t len, struct xc_errbuf *errbuf);

/*
 * Reads the $id and anchors of the schema that a reference names, and of those
 * in it, which others can refer to from then on.  Errors as those of
 * xc_schema_set_add().
 */
enum xc_err xc_schema_set_know(struct xc_schema_set *set, const char *ref,
    struct xc_errbuf *errbuf);

struct xc_schema_options {
	bool no_format;		/* "format" is an annotation only */
};

/*
 * Compiles the n schemas that refs name ("file:///api.json#/components/...")
 * into one program; they are its entries 0 to n - 1 and share what they
 * refer to.  XC_ERR_INVALID with file, pointer and reason for what is wrong
 * in them or in what they lead to.  options may be NULL.
 */
enum xc_err xc_schema_compile(struct xc_schema_set *set,
    const char *const *refs, size_t n, const struct xc_schema_options *options,
    struct xc_schema **schema_r, struct xc_errbuf *errbuf);
void xc_schema_free(struct xc_schema **schema);

/* The bytes that a program holds, and those of its patterns. */
size_t xc_schema_size(const struct xc_schema *schema);

/* Zero members stand for the defaults. */
struct xc_validator_limits {
	uint64_t steps;		/* of work; 10,000,000 */
	uint32_t depth;		/* of schemas in each other; 512 */
	uint32_t faults;	/* that are collected; 20 */
	size_t memory;		/* for large arrays and objects; 16 MiB */
};

/* NULL if memory is out.  limits may be NULL. */
struct xc_validator *xc_validator_create(
    const struct xc_validator_limits *limits);
void xc_validator_free(struct xc_validator **validator);

/*
 * Runs an entry on a value of a tape.  XC_OK: valid.  XC_ERR_INVALID: not,
 * and the faults say why.  XC_ERR_TOO_LARGE: given up over a limit, with one
 * fault that says which.  XC_ERR_NOMEM.
 */
enum xc_err xc_schema_run(struct xc_validator *validator,
    const struct xc_schema *schema, size_t entry, const struct xc_tape *tape,
    uint32_t at);

/* Good until the next run.  Texts are NUL-terminated and valid UTF-8. */
struct xc_schema_fault {
	const char *pointer;	/* JSON Pointer into the input */
	const char *keyword;	/* "maxLength"; static */
	const char *schema;	/* where it stands: "file:///a.json#/items" */
	const char *sentence;	/* "is 300 characters long, 200 are the most" */
	uint32_t at;		/* the token */
};

size_t xc_validator_n_faults(const struct xc_validator *validator);

/* Whether there were more than are kept. */
bool xc_validator_has_more(const struct xc_validator *validator);
const struct xc_schema_fault *xc_validator_fault(
    const struct xc_validator *validator, size_t i);

#endif

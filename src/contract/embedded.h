/* SPDX-License-Identifier: MIT */
/* The schemas of dist/schemas, which are also installed, in the binary. */
#ifndef XC_EMBEDDED_H
#define XC_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

#include "contract/schema.h"
#include "lib/errbuf.h"

/* Made by dist/schemas/embed.awk; ends with a row without a name. */
struct xc_embedded {
	const char *name;	/* "openapi" of openapi.schema.json */
	const char *json;
};

extern const struct xc_embedded xc_embedded[];

/* What is wrong with a value.  Good until each() returns. */
struct xc_embedded_fault {
	const char *pointer;	/* into the value */
	size_t line, column;	/* of it in the text, from 1 */
	const char *keyword;
	const char *sentence;	/* the schema's "errorMessage", if it has one */
	const struct xc_tape *tape;	/* of the schema */
	uint32_t node;		/* in it: what has the keyword; 0: unknown */
};

/*
 * Checks JSON text by the schema of that name.  XC_OK; XC_ERR_INVALID: it is
 * no JSON, which errbuf says, or each() was called for every fault of it;
 * XC_ERR_TOO_LARGE, XC_ERR_NOMEM: errbuf says why it could not be checked.
 */
enum xc_err xc_embedded_check(const char *name, const char *text, size_t len,
    void (*each)(void *ctx, const struct xc_embedded_fault *fault), void *ctx,
    struct xc_errbuf *errbuf);

#endif

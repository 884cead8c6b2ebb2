/* SPDX-License-Identifier: MIT */
/* A sentence for the operator, beside the code for the caller. */
#ifndef XC_ERRBUF_H
#define XC_ERRBUF_H

#include <xcore/error.h>

struct xc_errbuf {
	char text[1024];	/* NUL-terminated; "" if nothing was said */
};

/*
 * Writes the sentence (cut if it is too long) and returns err, so that a
 * function can end with `return xc_fail(...)`.  errbuf may be NULL.
 */
enum xc_err xc_fail(struct xc_errbuf *errbuf, enum xc_err err,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As xc_fail(), but puts the sentence and ": " before what stands. */
enum xc_err xc_fail_prefix(struct xc_errbuf *errbuf, enum xc_err err,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

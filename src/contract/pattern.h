/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions as ECMA-262 writes them with its u flag, run by PCRE2.
 * What ECMA does not know (verbs, recursion, possessive quantifiers, "\Z")
 * is refused, and what the two read differently is translated.
 */
#ifndef XC_PATTERN_H
#define XC_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XC_PATTERN_MAX 8192

struct xc_pattern;		/* immutable */
struct xc_pattern_run;		/* what matching needs; one for a thread */

/*
 * Compiles len bytes of UTF-8.  NULL with the reason in why (size is not 0)
 * if it is wrong or memory is out.
 */
struct xc_pattern *xc_pattern_compile(const char *text, size_t len,
    char *why, size_t size);

/* Whether it would be compiled; dear, as compiling is. */
bool xc_pattern_is_valid(const char *text, size_t len);
void xc_pattern_free(struct xc_pattern **pattern);

/* The bytes that a compiled pattern holds. */
size_t xc_pattern_size(const struct xc_pattern *pattern);

struct xc_pattern_run *xc_pattern_run_create(void);
void xc_pattern_run_free(struct xc_pattern_run **run);

enum xc_pattern_found {
	XC_PATTERN_MATCH,
	XC_PATTERN_NONE,
	XC_PATTERN_LIMIT	/* given up: it would take too long */
};

/* Looks for a match anywhere in valid UTF-8.  *cost grows by about the work,
 * 10 for a quick one and 100,000 for one that goes back a lot; of a text of
 * more than 256 bytes also by the time that it took.  The longer a text, the
 * fewer steps it may take. */
enum xc_pattern_found xc_pattern_find(const struct xc_pattern *pattern,
    struct xc_pattern_run *run, const char *text, size_t len,
    uint64_t *cost);

#endif

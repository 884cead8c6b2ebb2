/* SPDX-License-Identifier: MIT */
/* The query string, in pairs. */
#ifndef XC_QUERY_H
#define XC_QUERY_H

#include <stddef.h>

#include "block.h"
#include "errbuf.h"

#define XC_QUERY_PAIRS_MAX 1000

/*
 * Splits a query string of len bytes at '&', each piece at its first '=',
 * decodes both sides ('+' is a blank) and appends the table and its strings
 * to the block.  Order, repeated and empty keys and values are kept; pieces
 * of no byte at all are left out.
 *
 * Returns 0, or 400: more than 1,000 pairs, a bad percent sequence, a NUL,
 * invalid UTF-8, a character that may not stand there; or 500 if the block
 * cannot grow.
 */
int xc_query_parse(struct xc_block *block, const char *raw, size_t len,
    struct xc_pairs *pairs_r, struct xc_errbuf *errbuf);

#endif

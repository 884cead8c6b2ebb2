/* SPDX-License-Identifier: MIT */
/* The known word that was probably meant by an unknown one. */
#ifndef XC_NEAR_H
#define XC_NEAR_H

#include <stdbool.h>
#include <stddef.h>

struct xc_near {
	const char *wanted;
	const char *word;	/* the nearest so far; NULL: none is near */
	size_t far;
};

/* wanted is borrowed, as every word that is tried is. */
void xc_near_init(struct xc_near *near, const char *wanted);

/* Returns true if word, held to be off by more letters than it is, is the
 * nearest so far. */
bool xc_near_try(struct xc_near *near, const char *word, size_t more);

#endif

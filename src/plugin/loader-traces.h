/* SPDX-License-Identifier: MIT */
/*
 * What code leaves behind in a process so that it cannot be unmapped: threads
 * and pthread keys.  A thread would run into unmapped memory; a key's
 * destructor would be called there, and there are but 1,024 of them.
 */
#ifndef XC_LOADER_TRACES_H
#define XC_LOADER_TRACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define XC_TRACES_KEYS 1024		/* PTHREAD_KEYS_MAX of glibc */

struct xc_traces {
	pid_t *threads;			/* sorted; malloc'ed */
	size_t n_threads;
	unsigned char keys[XC_TRACES_KEYS / 8];
	bool unknown;			/* /proc could not be read */
};

/* What there is now.  Takes over what traces held before. */
void xc_traces_take(struct xc_traces *traces);
void xc_traces_free(struct xc_traces *traces);

/* Leaves in `after` only what is not in `before`. */
void xc_traces_subtract(struct xc_traces *after,
    const struct xc_traces *before);

/* Adds the threads of `more`.  Out of memory makes the traces unknown. */
void xc_traces_add_threads(struct xc_traces *traces,
    const struct xc_traces *more);

/* How many keys there are. */
size_t xc_traces_keys(const struct xc_traces *traces);

#endif

/* SPDX-License-Identifier: MIT */
/* W3C Trace Context, level 2: traceparent and tracestate. */
#ifndef XC_TRACE_H
#define XC_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define XC_TRACEPARENT 56	/* "00-" 32 "-" 16 "-" 2, and a NUL */

struct xc_trace_seed {
	uint64_t words[2];	/* random; changes with each use */
};

/*
 * Goes on with a trace: *child_r is what we are in it, version 00, with the
 * trace's id, a new id for us, and the flags that we know (sampled, random).
 * False: parent is none (ids of zeros, capital letters, version ff, a length
 * that its version cannot have), which is as if none had come.
 */
bool xc_trace_child(const char *parent, struct xc_trace_seed *seed,
    char child_r[XC_TRACEPARENT]);

/* Begins one that is not sampled and whose id is random. */
void xc_trace_start(struct xc_trace_seed *seed, char own_r[XC_TRACEPARENT]);

/* Whether a tracestate may be passed on. */
bool xc_trace_state_ok(const char *state);

#endif

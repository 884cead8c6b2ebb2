/* SPDX-License-Identifier: MIT */
/*
 * System call filters.  They add up: what the first forbids, the second
 * cannot allow, so the first has all that the second has, and what dlopen(),
 * constructors and the way into the second stage need besides.
 */
#ifndef XC_FILTER_H
#define XC_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/errbuf.h"

enum xc_filter_stage {
	XC_FILTER_LOADING,	/* the first: files can be read */
	XC_FILTER_SERVING,	/* the second: memory, time, what is open */
	XC_FILTER_ONESHOT	/* on top, in a child of a zygote: no fork */
};

struct xc_filter_options {
	enum xc_filter_stage stage;
	bool threads;		/* it may start some */
	bool forks;		/* it is a zygote */
	bool trace;		/* trap instead of refusing and killing */
};

/* A program, ready to be loaded any number of times. */
struct xc_filter;

enum xc_err xc_filter_compile(const struct xc_filter_options *options,
    struct xc_filter **filter_r, struct xc_errbuf *errbuf);
void xc_filter_free(struct xc_filter **filter);

/*
 * Loads it into the calling thread, for good.  own_pid is whom it may signal,
 * 0: nobody.  0 or errno.
 */
int xc_filter_load(const struct xc_filter *filter, uint32_t own_pid);

#endif

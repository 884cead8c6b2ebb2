/* SPDX-License-Identifier: MIT */
/*
 * The order in which a request passes the steps of all plugins: what each
 * asks for with "before" and "after", and where nobody asks, by the names of
 * the plugins.  Authentication is one of those that they stand around.
 */
#ifndef XC_STEP_ORDER_H
#define XC_STEP_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"

struct xc_order_step {
	const char *plugin;	/* "tenant" */
	const char *operation;	/* "check_tenant" */
	bool before_auth;	/* else it is behind authentication */
	/* Plugins and "plugin:operation", each list ended with NULL.  What is
	 * not there is nothing to wait for. */
	const char *const *before;
	const char *const *after;
};

/*
 * Sorts n steps: order_r[i] is the index of the one that is the i-th.  Those
 * of one plugin stand in steps as in its manifest.  All with before_auth come
 * first.  XC_ERR_EXISTS: some would have to be ahead of themselves: errbuf has
 * their names in a ring, in_ring_r, unless it is NULL, says of each step
 * whether it is one of them.  XC_ERR_NOMEM.
 */
enum xc_err xc_step_order(const struct xc_order_step *steps, size_t n,
    size_t *order_r, bool *in_ring_r, struct xc_errbuf *errbuf);

#endif

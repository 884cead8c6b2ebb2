/* SPDX-License-Identifier: MIT */
/*
 * FastCGI parameters made fit for xc_request_parse(), which wants each name
 * once: nginx sends a header that came twice as two parameters.
 */
#ifndef XC_WORKER_PARAMS_H
#define XC_WORKER_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/head.h"

#define XC_PARAMS_MAX 520	/* what xc_head_limits() lets pass, and more */

struct xc_params {
	char *envp[XC_PARAMS_MAX + 1];	/* "NAME=value", NULL at the end */
	size_t n;
	bool own[XC_PARAMS_MAX];	/* made here */
	const char *secret;	/* XCORE_SECRET, or NULL */
};

/*
 * Takes envp over, whose strings must outlive it.  The values of a header
 * that stands more than once are joined (by ", ", Cookie's by "; "); any
 * other parameter that does is refused, because a web server sends it once:
 * false and *why_r.  XCORE_SECRET and HTTP_PROXY, which a client could pass
 * off as the environment's, are left out.
 */
bool xc_params_join(char *const *envp, struct xc_params *params,
    const char **why_r);
void xc_params_free(struct xc_params *params);

/* The value of a name, or NULL. */
const char *xc_params_get(char *const *envp, const char *name);

#endif

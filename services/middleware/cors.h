/* SPDX-License-Identifier: MIT */
/* Cross-origin requests (the Fetch standard, 3.3): which pages may read. */
#ifndef XC_CORS_H
#define XC_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/middleware.h"

struct xc_cors;

/* NULL in *cors_r if no origin is allowed: then there is nothing to be said.
 * settings must outlive it.  XC_ERR_NOMEM. */
enum xc_err xc_cors_make(const struct xc_cors_settings *settings,
    struct xc_cors **cors_r);
void xc_cors_free(struct xc_cors **cors);

/*
 * Writes header lines, each with CR LF, for a request with that Origin (NULL:
 * none came); returns their length.  preflight: those that answer one.  What
 * stands in them of the request is an origin that was found allowed.
 */
#define XC_CORS_LINES 4096
size_t xc_cors_lines(const struct xc_cors *cors, const char *origin,
    bool preflight, char lines_r[XC_CORS_LINES]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the site as a whole serves: its OpenAPI document, which the follower
 * writes beside the snapshot.  It is mapped when it is first asked for.
 */
#ifndef XC_WORKER_SITE_H
#define XC_WORKER_SITE_H

#include <xcore/error.h>

struct xc_worker;

/* Sets host.site.  XC_ERR_NOMEM. */
enum xc_err xc_site_open(struct xc_worker *worker);
void xc_site_close(struct xc_worker *worker);

#endif

/* SPDX-License-Identifier: MIT */
/* A sandbox of the running xcored: made by its spawner, as a worker's are. */
#ifndef XC_KIT_SPAWNED_H
#define XC_KIT_SPAWNED_H

#include "sandbox/process.h"

/*
 * Connects to the spawner that listens at path.  It takes only xcored's own
 * account and root: XC_ERR_UNAVAILABLE.  *link_r is the caller's to close,
 * which ends all sandboxes made through it.
 */
enum xc_err xc_spawned_connect(const char *path, int *link_r,
    struct xc_errbuf *errbuf);

/* As xc_sandbox_solo(), with level `pool`. */
enum xc_err xc_sandbox_spawned(int link, const struct xc_runner_spec *spec,
    bool complete, struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf);

#endif

/* SPDX-License-Identifier: MIT */
/* A delegated folder of cgroup v2, with a leaf for each sandbox. */
#ifndef XC_CGROUP_H
#define XC_CGROUP_H

#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/limits.h"
#include "sandbox/layers.h"

struct xc_cgroup;

/*
 * Opens the folder, passes on the controllers that it has, and removes what
 * makers that are gone have left there.  If this process is in the folder
 * itself, it and all others there are moved to the leaf xcore-server.
 * XC_ERR_INVALID: it cannot be opened, or is no folder of cgroup v2, and
 * *error_r is the errno of that, EINVAL for the second.  Which controllers can
 * be used shows in the leaves.
 */
enum xc_err xc_cgroup_open(const char *path, struct xc_cgroup **cgroup_r,
    int *error_r, struct xc_errbuf *errbuf);
void xc_cgroup_free(struct xc_cgroup **cgroup);

struct xc_cgroup_leaf {
	uint32_t slot;
	struct xc_limits limits;
	uint32_t tasks;		/* processes and threads */
};

/*
 * Makes the leaf of a slot with its limits, and notes in layers what holds.
 * Returns its descriptor, or -1 (noted too).
 */
int xc_cgroup_make_leaf(const struct xc_cgroup *cgroup,
    const struct xc_cgroup_leaf *leaf, struct xc_layers *layers);

/* Kills what is left in it, removes it; returns its count of oom kills. */
uint64_t xc_cgroup_remove_leaf(const struct xc_cgroup *cgroup, uint32_t slot);

/* Notes for each of its layers that they do not hold. */
void xc_cgroup_note(struct xc_layers *layers, int error);

#endif

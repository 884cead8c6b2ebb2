/* SPDX-License-Identifier: MIT */
/*
 * The layers of a sandbox, and which of them hold in one that was built.
 * A sandbox is refused without those of XC_LAYERS_ALWAYS, without those that
 * its plugin requires, and where nothing but rlimits would stand between it
 * and the worker's own account.
 */
#ifndef XC_LAYERS_H
#define XC_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/errbuf.h"

/* The names are those of the list "require" in plugin.json. */
enum xc_layer {
	XC_LAYER_NO_NEW_PRIVS,	/* "no_new_privs" */
	XC_LAYER_SECCOMP,	/* "seccomp" */
	XC_LAYER_RLIMITS,	/* "rlimits": AS FSIZE NOFILE CORE STACK */
	XC_LAYER_LANDLOCK,	/* "landlock": files */
	XC_LAYER_LANDLOCK_NET,	/* "landlock.net": ABI 4 */
	XC_LAYER_LANDLOCK_SCOPE,	/* "landlock.scope": ABI 6 */
	XC_LAYER_USERNS,	/* "userns" */
	XC_LAYER_PIDNS,		/* "pidns" */
	XC_LAYER_NETNS,		/* "netns" */
	XC_LAYER_IPCNS,		/* "ipcns" */
	XC_LAYER_UTSNS,		/* "utsns" */
	XC_LAYER_MOUNTNS,	/* "mountns" */
	XC_LAYER_ROOT,		/* "root": an empty one */
	XC_LAYER_UID,		/* "uid": an account of its own */
	XC_LAYER_NPROC,		/* "nproc": threads and processes counted */
	XC_LAYER_CGROUP_MEMORY,	/* "cgroup.memory" */
	XC_LAYER_CGROUP_PIDS,	/* "cgroup.pids" */
	XC_LAYER_CGROUP_CPU,	/* "cgroup.cpu" */
	XC_LAYER_CGROUP_KILL,	/* "cgroup.kill" */
	XC_LAYER_MDWE,		/* "mdwe": PR_SET_MDWE */
	XC_LAYER__MAX
};

#define XC_LAYER_BIT(layer) (UINT32_C(1) << (layer))
#define XC_LAYERS_ALWAYS (XC_LAYER_BIT(XC_LAYER_NO_NEW_PRIVS) |		\
    XC_LAYER_BIT(XC_LAYER_SECCOMP) | XC_LAYER_BIT(XC_LAYER_RLIMITS))

/* As a sandbox reports it: flat, lies in the channel. */
struct xc_layers {
	uint32_t active;	/* bits */
	int32_t landlock_abi;	/* 0: none */
	int32_t why[XC_LAYER__MAX];	/* errno of those that are absent */
};

/*
 * Takes down that the layer holds (error 0), or why it does not (errno;
 * ECANCELED: it was left out for a test).
 */
void xc_layers_note(struct xc_layers *layers, enum xc_layer layer,
    int error);
bool xc_layers_hold(const struct xc_layers *layers, enum xc_layer layer);

const char *xc_layer_name(enum xc_layer layer);
bool xc_layer_parse(const char *name, enum xc_layer *layer_r);

/* What is lost without it, a sentence's end without a full stop; static. */
const char *xc_layer_loss(enum xc_layer layer);

/* Why it is absent, errno decoded for that layer: "built but switched off at
 * boot (add landlock to lsm=)"; static or of strerror().  0: it was not
 * needed, or not tried yet. */
const char *xc_layer_reason(enum xc_layer layer, int error);

/* Whether all needed layers (bits) hold; errors as below. */
enum xc_err xc_layers_have(const struct xc_layers *layers, uint32_t needed,
    struct xc_errbuf *errbuf);

/* Whether that is enough; XC_ERR_UNSUPPORTED with a sentence that names each
 * missing layer and why if not. */
enum xc_err xc_layers_suffice(const struct xc_layers *layers,
    uint32_t require, struct xc_errbuf *errbuf);

#endif

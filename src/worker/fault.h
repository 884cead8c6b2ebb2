/* SPDX-License-Identifier: MIT */
/*
 * A plugin has overstepped: it is counted on the scoreboard, and the manager,
 * who decides about quarantine, is told.  A plugin that does so a thousand
 * times a second is told of a few times, with how often it was.
 */
#ifndef XC_WORKER_FAULT_H
#define XC_WORKER_FAULT_H

#include <stdint.h>

#include "lib/breach.h"
#include "lib/plugin-private.h"

struct xc_worker;

/* Different ones that are remembered; of more, the later ones are lost for
 * the manager, not for the scoreboard. */
#define XC_FAULTS_MAX 32

/* One way in which one version oversteps. */
struct xc_fault {
	char plugin[40];	/* "": free */
	char version[64];
	enum xc_breach breach;
	char operation[64];	/* the last one's */
	char request_id[72];
	char detail[256];
	uint32_t count;		/* since it was told last */
	uint64_t told_ms;
};

struct xc_faults {
	struct xc_fault rows[XC_FAULTS_MAX];
	uint64_t due_ms;	/* when there is something to tell; 0: never */
};

/* Counts, and tells the manager if it is a fault.  operation, request_id and
 * detail may be NULL. */
void xc_fault(struct xc_worker *worker, const struct xc_plugin *plugin,
    enum xc_breach breach, const char *operation, const char *request_id,
    const char *detail);

/* Tells what is due; never blocks. */
void xc_fault_tell(struct xc_worker *worker);

#endif

/* SPDX-License-Identifier: MIT */
/* What a plugin may use, and where its handlers run. */
#ifndef XC_LIMITS_H
#define XC_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum xc_isolation {
	XC_ISOLATION_INPROCESS,	/* a direct call in the worker */
	XC_ISOLATION_POOL,	/* sandbox processes beside each worker */
	XC_ISOLATION_REQUEST,	/* a fresh sandbox process for each request */
	XC_ISOLATION__MAX
};

/* "inprocess", "pool", "request"; never NULL. */
const char *xc_isolation_name(enum xc_isolation isolation);
bool xc_isolation_parse(const char *text, enum xc_isolation *isolation_r);

/* In a manifest 0 means: as the configuration's section "limits" says. */
struct xc_limits {
	uint32_t cpu_ms;	/* processor time of a request; 0: none */
	uint32_t timeout_ms;	/* of a request, by the clock; 0: none */
	uint32_t memory_mb;	/* of a sandbox, beyond the host's own; 0 none */
	uint32_t rate;		/* requests a second, all workers; 0: none */
	uint32_t files;		/* descriptors that a sandbox may open */
	uint32_t threads;	/* that a sandbox may have, 1: only the first */
	uint32_t reply_kb;	/* of a whole reply */
};

/* Each member of `limits` that is 0 gets that of `defaults`. */
void xc_limits_fill(struct xc_limits *limits,
    const struct xc_limits *defaults);

#endif

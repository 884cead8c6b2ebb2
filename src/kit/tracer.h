/* SPDX-License-Identifier: MIT */
/*
 * Watches a process that hosts sandboxes (ptrace(2)) and notes what goes on
 * in these: each system call, whether the sandbox's filters refuse it, and
 * the paths that were named.  What is refused fails with EPERM, as without
 * us; the sandbox must have been made in trace mode.
 */
#ifndef XC_KIT_TRACER_H
#define XC_KIT_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kit/tester.h"

#define XC_TRACER_CALLS 600	/* numbers of system calls are below */
#define XC_TRACER_PATHS 512	/* different ones that are noted */

/* When it was; the making of the sandbox itself is not noted. */
enum xc_traced {
	XC_TRACED_LOAD,		/* dlopen() and constructors */
	XC_TRACED_START,		/* start() and warm() */
	XC_TRACED_REQUEST,
	XC_TRACED_STOP,
	XC_TRACED__MAX
};

struct xc_traced_path {
	char *path;
	enum xc_traced part;
	bool opened;
	int error;		/* errno of the last that failed */
	uint64_t n;
};

struct xc_tracer {
	uint64_t calls[XC_TRACED__MAX][XC_TRACER_CALLS];
	uint64_t refused[XC_TRACED__MAX][XC_TRACER_CALLS];
	struct xc_traced_path paths[XC_TRACER_PATHS];
	size_t n_paths;
	uint64_t more_paths;	/* for which there was no room */
	volatile uint32_t *phase;	/* enum xc_phase, of the host */
};

const char *xc_traced_name(enum xc_traced part);

/*
 * Follows host, a child of this process that waits in SIGSTOP, until it ends;
 * *status_r as of waitpid().  XC_ERR_DENIED: this host does not let processes
 * be traced, and the sentence says so; the child is killed then.
 */
enum xc_err xc_tracer_follow(struct xc_tracer *tracer, pid_t host,
    int *status_r, struct xc_errbuf *errbuf);

void xc_tracer_free(struct xc_tracer *tracer);

#endif

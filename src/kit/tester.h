/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests of a plugin: each request in a sandbox of the plugin, with
 * the services faked.  No server is needed.
 */
#ifndef XC_KIT_TESTER_H
#define XC_KIT_TESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "kit/cases.h"
#include "kit/fakes.h"
#include "kit/subject.h"

struct xc_tester;

/* What a test, or what is done around them, is at just now: what an observer
 * (the profile) reads from memory that it shares. */
enum xc_phase {
	XC_PHASE_NONE,		/* nothing of the plugin runs */
	XC_PHASE_LOAD,		/* load, start(), warm() */
	XC_PHASE_REQUEST,
	XC_PHASE_STOP,
	XC_PHASE__MAX
};

struct xc_tester_options {
	bool trace;		/* filters trap: somebody watches */
	bool allow_all;		/* permissions are noted, not judged */
	int64_t start_ms;	/* for load, start() and warm() */
	uint32_t slow;		/* limits of time are so many times as long */
	volatile uint32_t *phase;	/* or NULL */
};

struct xc_verdict {
	bool passed;
	int status;		/* of the reply; 0: none */
	uint64_t cpu_us;
	double ms;
	char reason[1200];	/* why it did not pass; "" */
};

/* subject is the tester's from then on, also after an error. */
enum xc_err xc_tester_create(struct xc_subject *subject,
    const struct xc_tester_options *options, struct xc_tester **tester_r,
    struct xc_errbuf *errbuf);

/* Ends the sandbox too. */
void xc_tester_free(struct xc_tester **tester);

/*
 * Makes a sandbox ready, unless one is.  An error: the plugin cannot be
 * loaded or started, and why.
 */
enum xc_err xc_tester_start(struct xc_tester *tester,
    struct xc_errbuf *errbuf);

/* Runs a test; a sandbox that died is made anew for the next. */
void xc_tester_run(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict_r);

/* Calls stop(), if a sandbox is there. */
void xc_tester_stop(struct xc_tester *tester);

const struct xc_fakes *xc_tester_fakes(const struct xc_tester *tester);
const struct xc_subject *xc_tester_subject(const struct xc_tester *tester);

/* Permissions that were refused, {"http:x": n}; borrowed. */
struct json_object *xc_tester_denied(const struct xc_tester *tester);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One sandbox process as its host sees it: made through the spawner (worker)
 * or by a clone of our own (trial, doctor), waited for, called, killed.
 */
#ifndef XC_SANDBOX_PROCESS_H
#define XC_SANDBOX_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/breach.h"
#include "lib/request-private.h"
#include "plugin/runner.h"
#include "sandbox/broker.h"
#include "sandbox/channel.h"
#include "sandbox/jail.h"

struct json_object;

struct xc_sandbox {
	struct xc_channel channel;
	pid_t pid;
	int pidfd;		/* -1: none */
	int output;		/* datagrams: what it writes to 1 and 2; or -1 */
	uint32_t id;		/* of the spawner's link */
	uint32_t seq;
	bool ready;
	bool dead;		/* to be closed; nothing is to be asked of it */
	uint64_t born_ms;
	uint64_t calls;
	int cpu;
};

/* How a call of a sandbox ended. */
struct xc_outcome {
	enum xc_breach breach;	/* NONE: a reply stands */
	enum xc_err handled;	/* what the handler returned */
	uint64_t cpu_us;
	char detail[256];	/* for the log: "signal SIGSEGV", ... */
};

/* The JSON of struct xc_guest; a new reference, NULL without memory. */
struct json_object *xc_sandbox_spec(const struct xc_runner_spec *spec,
    bool complete);

/*
 * Makes one without a spawner, as a child of this process, which must be
 * single-threaded.  The caller closes it.
 */
enum xc_err xc_sandbox_solo(const struct xc_jail *jail,
    const struct xc_runner_spec *spec, bool complete,
    struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf);

/*
 * Waits up to timeout_ms for READY; serves the calls that come before it
 * through broker.  XC_ERR_INVALID: FAILED, with its reason.  XC_ERR_TIMEOUT:
 * it hangs.  XC_ERR_FAILED: it ended.  After an error it is dead.
 */
enum xc_err xc_sandbox_wait(struct xc_sandbox *sandbox,
    struct xc_broker *broker, int64_t timeout_ms, struct xc_errbuf *errbuf);

/*
 * Runs an operation for the request, which is bound.  Afterwards a reply
 * stands in req (whole; or streaming was begun) if outcome_r->breach is
 * NONE; after any breach the sandbox is dead.  The reply is checked: spans,
 * status, header lines.
 */
void xc_sandbox_call(struct xc_sandbox *sandbox, struct xc_broker *broker,
    struct xc_request *req, uint32_t operation,
    const struct xc_limits *limits, struct xc_outcome *outcome_r);

/* SIGKILL, by pidfd; never waits. */
void xc_sandbox_kill(struct xc_sandbox *sandbox);

/* Kills what still lives, frees, sets *sandbox to NULL. */
void xc_sandbox_close(struct xc_sandbox **sandbox);

#endif

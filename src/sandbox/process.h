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
#include <time.h>

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
	uint64_t busy_ns;	/* that calls have taken, by the clock */
	int cpu;		/* that it is pinned to, -1: none */
	clockid_t clock;	/* of its processor time */
	bool own;		/* our child, which we reap */
	bool reaped;
	int status;		/* as of waitpid(); of an own one */
	uint32_t log_level;	/* records up to this are wanted */
};

/* How a call of a sandbox ended. */
struct xc_outcome {
	enum xc_breach breach;	/* NONE: a reply stands */
	enum xc_err handled;	/* what the handler returned */
	bool unheard;		/* it had ended, or broken the protocol, before
				 * it took the order: the request may be given
				 * to another */
	uint64_t cpu_us;	/* 0 also for a call under a millisecond */
	char detail[256];	/* for the log: "signal SIGSEGV", ... */
};

/* A step of the plugin's, see xc_request_step(). */
struct xc_runner_step {
	const char *name;	/* of its operation, for whom a fault is told */
	uint32_t operation;
	bool on_reply;
};

/* The JSON of struct xc_guest; a new reference, NULL without memory. */
struct json_object *xc_sandbox_spec(const struct xc_runner_spec *spec,
    bool complete);

/* Areas for requests of up to request_max bytes of parameters and body (0:
 * as much as the defaults of the configuration let through). */
struct xc_channel_sizes xc_sandbox_sizes(uint64_t request_max,
    const struct xc_limits *limits);

/* The descriptors of a sandbox to be: the caller's to pass on and close. */
struct xc_sandbox_ends {
	struct xc_channel_guest channel;
	int output;
};

/*
 * Makes all that a sandbox needs but its process, and writes the spec (the
 * text of xc_sandbox_spec()) into the channel.
 */
enum xc_err xc_sandbox_prepare(const char *spec,
    const struct xc_channel_sizes *sizes, struct xc_sandbox **sandbox_r,
    struct xc_sandbox_ends *ends_r, struct xc_errbuf *errbuf);
void xc_sandbox_ends_close(struct xc_sandbox_ends *ends);

/* Its process is that; pidfd is the sandbox's from here on. */
void xc_sandbox_adopt(struct xc_sandbox *sandbox, pid_t pid, int pidfd);

/*
 * Makes one without a spawner, as a child of this process, which must be
 * single-threaded.  The caller closes it.
 */
enum xc_err xc_sandbox_solo(const struct xc_jail *jail,
    const struct xc_runner_spec *spec, bool complete,
    struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf);

/*
 * Takes what a sandbox that is not ready rang for and does it: XC_ERR_BUSY if
 * there is more to come.  XC_OK: it is ready.  XC_ERR_INVALID: FAILED, or what
 * it said is not valid; XC_ERR_FAILED: it ended.  After an error other than
 * XC_ERR_BUSY it is dead, and errbuf says why.
 */
enum xc_err xc_sandbox_take(struct xc_sandbox *sandbox,
    struct xc_broker *broker, struct xc_errbuf *errbuf);

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

/*
 * Runs a step on the request, which is lent.  Ahead of the handler: as above,
 * but there may be no reply when outcome_r->breach is NONE: the request goes
 * on then.  Behind it the reply that stands stays, with the header lines that
 * the step added; outcome_r->handled is what it returned.
 */
void xc_sandbox_step(struct xc_sandbox *sandbox, struct xc_broker *broker,
    struct xc_request *req, const struct xc_runner_step *step,
    const struct xc_limits *limits, struct xc_outcome *outcome_r);

/* Has it run where this thread runs, if that has changed: a doorbell to
 * another processor takes several times as long. */
void xc_sandbox_pin(struct xc_sandbox *sandbox);

/* "signal SIGSEGV at 0x10, code 1": how it ended by its own word, or by that
 * of waitpid() for an own one; "" if nothing is known. */
void xc_sandbox_last_words(struct xc_sandbox *sandbox, char *text_r,
    size_t size);

/* SIGKILL, by pidfd; never waits. */
void xc_sandbox_kill(struct xc_sandbox *sandbox);

/* Kills what still lives, frees, sets *sandbox to NULL. */
void xc_sandbox_close(struct xc_sandbox **sandbox);

#endif

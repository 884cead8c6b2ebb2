/* SPDX-License-Identifier: MIT */
/*
 * The ways in which a plugin oversteps.  Each has a status, a problem type
 * that a client can branch on, a word for logs and counters, and says
 * whether it counts as a fault towards quarantine.
 */
#ifndef XC_BREACH_H
#define XC_BREACH_H

#include <stdbool.h>
#include <stdint.h>

#include <xcore/error.h>

struct xc_problem;
struct xc_request;

enum xc_breach {
	XC_BREACH_NONE,
	XC_BREACH_CRASH,	/* it ended while it handled a request: 500 */
	XC_BREACH_TIMEOUT,	/* limits.timeout_ms: 504 */
	XC_BREACH_CPU,		/* limits.cpu_ms: 504 */
	XC_BREACH_MEMORY,	/* limits.memory_mb: 503 */
	XC_BREACH_REPLY,	/* limits.reply_kb: 502; no fault, as clients
				 * bring it about */
	XC_BREACH_PROTOCOL,	/* what it sent its host is not valid: 502 */
	XC_BREACH_RATE,		/* limits.rate: 429, no fault */
	XC_BREACH_DENIED,	/* a service without permission; the handler
				 * gets the error and goes on: no fault */
	XC_BREACH_START,	/* no sandbox of it can be had: 503 */
	XC_BREACH__MAX
};

/* "crash", "timeout", ...; never NULL.  Also the counter's name. */
const char *xc_breach_name(enum xc_breach breach);

/* The HTTP status; 0 for those that are no reply (NONE, DENIED). */
int xc_breach_status(enum xc_breach breach);
bool xc_breach_is_fault(enum xc_breach breach);

/* What a client is told: type "urn:xcore:problem:NAME", in that buffer, and
 * title, status and detail, which are static. */
#define XC_BREACH_TYPE_MAX 64
void xc_breach_problem(enum xc_breach breach,
    char type_r[XC_BREACH_TYPE_MAX], struct xc_problem *problem_r);

/*
 * Makes the reply: application/problem+json with "type"
 * "urn:xcore:problem:NAME", the request's id, and Retry-After for 429 and 503.
 * What the request had as a reply is forgotten.  Errors as
 * xc_reply_problem().
 */
enum xc_err xc_breach_reply(struct xc_request *req, enum xc_breach breach);

/* The same, with another Retry-After (seconds). */
enum xc_err xc_breach_reply_after(struct xc_request *req,
    enum xc_breach breach, uint32_t after_s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Requests that may be sent twice: an operation with x-xcore-idempotent takes
 * a header Idempotency-Key, and of all requests with one key of one user, on
 * whichever worker and host, one runs its handler; the others get its answer.
 *
 * Who is first has a row of xc_idempotency, which it fills with the answer.
 * An answer that says that nothing was done (500 and above, 408, 425, 429) takes
 * the row away, and the request may be sent again.  Of one whose handler was
 * cut off, or whose answer cannot be kept, nobody knows what it has done: its
 * row stays for as long as an answer's, and the request does not run again.
 * So does that of a worker that died, which is known when the handler's time
 * limit has passed.
 */
#ifndef XC_WORKER_IDEMPOTENCY_H
#define XC_WORKER_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/request-private.h"

struct xc_logger;
struct xc_store;
struct xc_target;
struct xc_worker;

#define XC_IDEMPOTENCY_NONCE 16
#define XC_IDEMPOTENCY_BODY_MAX (256 * 1024)
#define XC_IDEMPOTENCY_HEAD_MAX 16384

/* What a request is claimed with. */
struct xc_idempotency {
	struct xc_store *store;	/* NULL: there is none */
	struct xc_logger *log;
	const char *plugin;
	const char *operation;
	const void *body;	/* as it came */
	size_t body_len;
	uint32_t timeout_ms;	/* of the handler; 0: none */
	int64_t keep_s;		/* how long an answer is kept */
};

/* One that is held by this request; zero for none. */
struct xc_claim {
	bool held;
	unsigned char hash[32];
	unsigned char nonce[XC_IDEMPOTENCY_NONCE];
};

/*
 * Before the handler of such an operation, when it is known who asks.  True:
 * it may run; *claim_r is held if the request has a key.  False: a reply
 * stands, that of the first, or 400, 409, 422, 503.
 */
bool xc_idempotency_begin(const struct xc_idempotency *with,
    struct xc_request *req, struct xc_claim *claim_r);

/* Behind it: keeps the reply that stands, lets go of the claim, or notes that
 * there is no answer.  ran: what the handler has returned. */
void xc_idempotency_end(const struct xc_idempotency *with,
    struct xc_request *req, enum xc_err ran, struct xc_claim *claim);

/* once.c: the same for what a worker is about to run; operations that take no
 * key just run. */
bool xc_once_begin(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target, struct xc_claim *claim_r);
void xc_once_end(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target, enum xc_err ran,
    struct xc_claim *claim);

#endif

/* SPDX-License-Identifier: MIT */
/* A contract and requests to it, without a server, for tests. */
#ifndef XC_CONTRACT_FIXTURE_H
#define XC_CONTRACT_FIXTURE_H

#include "lib/test-host.h"

#include "contract.h"

struct fixture {
	struct xc_contract *contract;
	struct xc_taker *taker;
	struct xc_request req;
	size_t index;		/* of the operation that was found */
};

/* Compiles a document, which must be right. */
void fixture_begin(struct fixture *fixture, const char *document);
void fixture_end(struct fixture *fixture);

/* The sentence for a document that must be wrong; good until the next. */
const char *fixture_refused(const char *document);

struct sent {
	const char *method;	/* NULL: GET, or POST with a body */
	const char *uri;
	const char *type;	/* NULL: no Content-Type */
	const char *body;	/* NULL: none */
	size_t len;		/* 0: that of the string */
	const char *headers[8];	/* "HTTP_COOKIE=a=b" */
	bool inside;		/* the body is in the request from the first */
};

/* Takes a request: 0 if the handler may run, else the status of the reply.
 * 404 and 405 if there is no such operation. */
int fixture_send(struct fixture *fixture, const struct sent *sent);

#define SEND(fixture, ...) \
	fixture_send(fixture, &(const struct sent){ __VA_ARGS__ })

/* The reply's body and its header lines, NUL-terminated. */
const char *fixture_reply(const struct fixture *fixture);
const char *fixture_lines(const struct fixture *fixture);

/* Whether a fault stands in the reply. */
bool fixture_faults(const struct fixture *fixture, const char *in,
    const char *pointer, const char *code);

/* The JSON text of the parameters or of the body, as the handler has them;
 * "" for nothing.  Good until the next call. */
const char *fixture_args(struct fixture *fixture);
const char *fixture_data(struct fixture *fixture);

/* Replies as a handler would, and looks at it: "" or what is wrong. */
const char *fixture_check(struct fixture *fixture, int status,
    const char *type, const char *body);

#endif

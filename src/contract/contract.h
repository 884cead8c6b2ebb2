/* SPDX-License-Identifier: MIT */
/*
 * The contract of one plugin: its openapi.json, compiled once into routes,
 * parameters, bodies, security and the schemas of all of them; immutable.
 * Knows neither FastCGI nor MariaDB.
 *
 *	xc_contract_compile(text, len, &contract, &errbuf);
 *	...
 *	xc_routes_find(xc_contract_routes(contract), ..., &match);
 *	xc_request_bind(...);
 *	if (xc_contract_take(taker, contract, match.index, req, &source))
 *		xc_request_run(req, handler);
 *	(a reply stands)
 */
#ifndef XC_CONTRACT_H
#define XC_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/multipart.h"
#include "contract/routes.h"
#include "lib/errbuf.h"
#include "lib/request-private.h"

struct xc_contract;
struct xc_taker;	/* what taking requests needs; one for a thread */

/*
 * Compiles a document.  XC_ERR_INVALID with "openapi.json: POINTER: what is
 * wrong and what to do", for the first fault (document.h has all of them).
 */
enum xc_err xc_contract_compile(const char *text, size_t len,
    struct xc_contract **contract_r, struct xc_errbuf *errbuf);
void xc_contract_free(struct xc_contract **contract);

/* Owned by the contract; in the order of xc_routes_read(). */
const struct xc_routes *xc_contract_routes(const struct xc_contract *contract);

/* The bytes that it holds, those of its schemas with them. */
size_t xc_contract_size(const struct xc_contract *contract);

/* Whether the operation of that number computes a password's hash
 * (x-xcore-hashes). */
bool xc_contract_hashes(const struct xc_contract *contract, size_t index);

/* Whether the operation of that number takes an Idempotency-Key
 * (x-xcore-idempotent). */
bool xc_contract_is_idempotent(const struct xc_contract *contract,
    size_t index);

/* NULL if memory is out. */
struct xc_taker *xc_taker_create(void);
void xc_taker_free(struct xc_taker **taker);

/*
 * Before the handler, for a request that is bound to the operation of that
 * number in the routes.  True: go on.  False: a reply stands.
 *
 * xc_contract_secure(): security, by req->host->auth: 401, 403, 503.
 *
 * xc_contract_content(), behind it: parameters and body: 400 (no JSON, with
 * the place), 413, 415 (with Accept-Post and its like), 422 (with errors), 500.
 * The body is not in the request yet, or it is and source->data is NULL.
 *
 * xc_contract_take(): the one and then the other.
 */
bool xc_contract_secure(struct xc_taker *taker,
    const struct xc_contract *contract, size_t index,
    struct xc_request *req);
bool xc_contract_content(struct xc_taker *taker,
    const struct xc_contract *contract, size_t index, struct xc_request *req,
    const struct xc_source *source);
bool xc_contract_take(struct xc_taker *taker,
    const struct xc_contract *contract, size_t index, struct xc_request *req,
    const struct xc_source *source);

/*
 * In development: whether the whole reply that stands is one that the document
 * has for this operation.  XC_ERR_INVALID with a sentence for the log: no such
 * status, no such media type, a body that is not valid, with its pointer.  A
 * streamed one is not looked at.
 */
enum xc_err xc_contract_reply(struct xc_taker *taker,
    const struct xc_contract *contract, size_t index,
    const struct xc_request *req, struct xc_errbuf *errbuf);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Who sends the request.  An operation's "security" in openapi.json is
 * enforced before its handler runs: 401 without valid credentials, 403 for
 * who may not, 503 if nobody can tell.
 */
#ifndef XCORE_AUTH_H
#define XCORE_AUTH_H

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/*
 * The name of who sends it, as the authentication has found; NULL for a
 * request that nobody has vouched for (the operation has no "security", or
 * leaves it to the client).  NUL-terminated, belongs to the request.
 */
const char *xc_auth_subject(const struct xc_request *req);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * Error codes.  A code is for the caller that branches; where a person will
 * read, the library logs a sentence besides.
 */
#ifndef XCORE_ERROR_H
#define XCORE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A handler that returns one of these without having replied lets xcore
 * reply for it, as problem+json with the status named behind the code (and
 * Retry-After with 503).  Header lines that it added are left out then: they
 * were meant for another reply.
 */
enum xc_err {
	XC_OK = 0,
	XC_ERR_INVALID,		/* the input is not valid: 422 */
	XC_ERR_NOT_FOUND,	/* there is no such thing: 404 */
	XC_ERR_EXISTS,		/* it exists, or a unique key does: 409 */
	XC_ERR_DENIED,		/* not allowed: 403 */
	XC_ERR_TOO_LARGE,	/* over a limit: 413 */
	XC_ERR_BUSY,		/* someone else holds it, try again: 503 */
	XC_ERR_UNAVAILABLE,	/* a service does not answer: 503 */
	XC_ERR_TIMEOUT,		/* a time limit passed: 504 */
	XC_ERR_UNCERTAIN,	/* it may or may not have been done: 500 */
	XC_ERR_NOMEM,		/* out of memory: 500 */
	XC_ERR_IO,		/* a file, socket or peer failed: 500 */
	XC_ERR_STATE,		/* not possible in this state: 500 */
	XC_ERR_UNSUPPORTED,	/* not supported here: 500 */
	XC_ERR_FAILED,		/* failed for another reason: 500 */
	XC_ERR__MAX
};

/*
 * Returns the name of a code in words, for example "not found".  The string
 * is static and never NULL; a number that is no code gives "unknown error".
 */
const char *xc_strerror(enum xc_err err);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * Requests to other servers as the host of plugins gives them to libxcore;
 * opened, used and closed like a database (services/database/database.h).
 *
 * Three drivers: libcurl; a fake that answers from a script; one that fails.
 * A driver trusts that the request was checked (src/lib/check.h) and that the
 * plugin may ask that host; where a host lies it looks at itself, at each
 * connection and each use of one: a name may resolve to any address.
 */
#ifndef XC_SERVICE_HTTP_H
#define XC_SERVICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"
#include "lib/host.h"

struct xc_http_service {
	const struct xc_http_ops *ops;
	void *ctx;
	void (*close)(void *ctx);	/* may be NULL */
};

/* libcurl, which is not touched before the first request.  XC_ERR_NOMEM. */
enum xc_err xc_http_open(struct xc_http_service *service,
    struct xc_errbuf *errbuf);

/* Closes any of the drivers and empties the struct; an empty one is let be. */
void xc_http_close(struct xc_http_service *service);

/* What the fake expects next, and what it answers. */
struct xc_http_step {
	const char *method;	/* NULL: any */
	const char *url;	/* NULL: any */
	const char *body;	/* NULL: any */
	enum xc_err err;
	int status;
	const char *reply;	/* NULL: none; also in the header line
				 * "content-type: text/plain" */
};

/* Goes through steps, which must outlive it.  What is not expected fails with
 * XC_ERR_STATE, as does all after it. */
enum xc_err xc_http_fake(const struct xc_http_step *steps, size_t n_steps,
    struct xc_http_service *service);

/* Whether all was asked for; if not, why_r (not NULL) says what went wrong. */
bool xc_http_fake_done(const struct xc_http_service *service,
    struct xc_errbuf *why_r);

/* Fails each request with err after the first good_calls, which get 204. */
enum xc_err xc_http_failing(enum xc_err err, unsigned good_calls,
    struct xc_http_service *service);

#endif

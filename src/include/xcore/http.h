/* SPDX-License-Identifier: MIT */
/*
 * Requests to other servers, http and https.
 *
 *	struct xc_http_response got;
 *	enum xc_err err = xc_http_get(req,
 *	    "https://api.example.com/rates", &got);
 *	if (err != XC_OK)
 *		return err;
 *	if (got.status != 200)
 *		...
 *
 * The plugin needs a permission for each host: "http:api.example.com" for the
 * ports 80 and 443, "http:api.example.com:8443" for another port, or "http:*"
 * for any host on 80 and 443 that lies in the public Internet.  A host that
 * is named may also be in a private network.  This machine is asked only as
 * localhost or by an address: the owner of any other name could have it lead
 * here.
 *
 * TLS certificates are verified.  Redirects are not followed: they are
 * replies like others.  No proxy is used, no cookie is kept, nothing is
 * decompressed.
 */
#ifndef XCORE_HTTP_H
#define XCORE_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/* What is asked; zero is a GET of no URL.  Nothing here is kept. */
struct xc_http_request {
	const char *method;	/* NULL: "GET" */
	const char *url;	/* up to 8 KiB of ASCII, without user and
				 * fragment */
	const char *const *headers;	/* "Name: value", up to 64 */
	size_t n_headers;
	const void *body;	/* up to 8 MiB; may be NULL */
	size_t body_len;
	uint32_t timeout_ms;	/* for all of it; 0: 5,000; up to 60,000 */
	uint32_t reply_max;	/* bytes of the answer's body; 0: 1 MiB; up
				 * to 8 MiB */
};

/* The answer.  It belongs to the request. */
struct xc_http_response {
	int status;		/* 100 to 999; also 300 and above */
	const char *const *headers;	/* "name: value", names in lower case */
	size_t n_headers;
	const char *body;	/* never NULL, with a NUL behind it */
	size_t body_len;
};

/*
 * Asks.  XC_OK if there is an answer, whatever its status is.  Else got_r is
 * empty and the reason is logged: XC_ERR_INVALID, the URL, the method or a
 * header line is not valid, or is one that xcore sets itself (Host,
 * Content-Length, Connection, ...); XC_ERR_DENIED, there is no permission, or
 * the host is not public and not named by one; XC_ERR_UNAVAILABLE, the server
 * cannot be reached or its certificate is not valid; XC_ERR_TIMEOUT, also
 * when the request's own time is over; XC_ERR_UNCERTAIN, a POST or a PATCH was
 * sent and the connection was lost; XC_ERR_TOO_LARGE, a body is over its
 * limit; XC_ERR_NOMEM.
 */
enum xc_err xc_http(struct xc_request *req,
    const struct xc_http_request *ask, struct xc_http_response *got_r);

/* A GET without header lines of its own.  Errors as above. */
enum xc_err xc_http_get(struct xc_request *req, const char *url,
    struct xc_http_response *got_r);

/* The value of the first header of that name, in any case of letters; NULL
 * if there is none. */
const char *xc_http_header(const struct xc_http_response *got,
    const char *name);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * The reply.  Either whole (one call that says all) or streamed (begin,
 * write, write, ...; it ends when the handler returns).  The reply to HEAD
 * is made like that to GET; xcore leaves the body out.
 *
 * Header names are tokens and values hold no control characters (RFC 9110,
 * section 5); others are refused with XC_ERR_INVALID and nothing is added.
 * Content-Length, Transfer-Encoding, Connection and Status are xcore's own
 * and refused too, as are X-Accel-Redirect, X-Sendfile and their like, which
 * the web server would obey.  Content-Type has an argument of its own.
 *
 * All return XC_OK; XC_ERR_STATE if a reply stands already; XC_ERR_INVALID
 * if an argument is not as said here; XC_ERR_TOO_LARGE if the whole reply
 * would pass the limit (stream it), or the added headers 16 KiB;
 * XC_ERR_NOMEM.  After an error no reply stands, and another may be made.
 */
#ifndef XCORE_REPLY_H
#define XCORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/* Adds a header to the reply that is to come.  Both strings are copied. */
enum xc_err xc_reply_header(struct xc_request *req, const char *name,
    const char *value);

/*
 * Replies with a copy of len bytes.  status is 200 to 599; content_type may
 * be NULL only if len is 0, and len must be 0 for 204, 205 and 304.
 */
enum xc_err xc_reply_text(struct xc_request *req, int status,
    const char *content_type, const void *data, size_t len);

/* Replies without a body, for example with 204. */
enum xc_err xc_reply_empty(struct xc_request *req, int status);

/*
 * Replies with a JSON value as application/json.  Takes the caller's
 * reference on obj, in every case; NULL is the JSON value null.
 */
enum xc_err xc_reply_json(struct xc_request *req, int status,
    struct json_object *obj);

/*
 * Replies with application/problem+json (RFC 9457): type, title, status,
 * detail, instance and request_id.  detail is a format, may be NULL, and is
 * for the client: it must hold neither SQL nor paths of the server.
 */
enum xc_err xc_reply_problem(struct xc_request *req, int status,
    const char *detail, ...) __attribute__((format(printf, 3, 4)));

/*
 * Begins a streamed reply: the head goes out with the first bytes.
 * content_type may not be NULL; the status must allow a body.  Also
 * XC_ERR_IO and XC_ERR_TIMEOUT as below, the reply counts as begun then;
 * XC_ERR_UNSUPPORTED where nothing can be streamed.
 */
enum xc_err xc_reply_begin(struct xc_request *req, int status,
    const char *content_type);

/*
 * Writes len bytes of a begun reply, and returns when they are handed to the
 * web server or copied.  XC_ERR_IO if the web server is gone, XC_ERR_TIMEOUT
 * if it does not read: the handler should return then.
 */
enum xc_err xc_reply_write(struct xc_request *req, const void *data,
    size_t len);

/* Whether a reply stands, whole or begun. */
bool xc_reply_done(const struct xc_request *req);

/*
 * The status of the reply that stands, whole or begun; 0: there is none.  For
 * steps behind the handler (see xcore-plugin(7)), which may also add headers
 * to a whole one by xc_reply_header().
 */
int xc_reply_status(const struct xc_request *req);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * The request, as the handler sees it.  It is the same behind nginx and
 * Apache, over a unix socket and TCP, kept connection or not: the path comes
 * from the request line as the client sent it, with dot segments removed
 * (RFC 3986, section 5.2.4), repeated slashes merged and each segment
 * percent-decoded.  An encoded slash (%2F) never divides segments.
 *
 * All strings are NUL-terminated, hold no NUL inside, belong to the request
 * and are valid until the handler has returned.  Nothing here fails or
 * allocates unless said; req is never NULL.
 */
#ifndef XCORE_REQUEST_H
#define XCORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_plugin;
struct xc_request;

enum xc_method {
	XC_GET,
	XC_HEAD,
	XC_POST,
	XC_PUT,
	XC_PATCH,
	XC_DELETE,
	XC_OPTIONS,
	XC_METHOD_OTHER,
	XC_METHOD__MAX
};

/* The method; XC_METHOD_OTHER for a method without a name here. */
enum xc_method xc_request_method(const struct xc_request *req);

/* The method as sent, for example "GET". */
const char *xc_request_method_name(const struct xc_request *req);

/* The request's id: the web server's REQUEST_ID where it sends a usable one,
 * else made here.  It stands in each log line and each problem+json. */
const char *xc_request_id(const struct xc_request *req);

/* The trace that the request is a part of (W3C Trace Context), as a value of
 * traceparent whose last id is this request's own, and its tracestate; "" if it
 * is a part of none.  xc_http() passes both on by itself. */
const char *xc_request_traceparent(const struct xc_request *req);
const char *xc_request_tracestate(const struct xc_request *req);

/* The whole decoded path, for example "/app/todo/items/7"; the plugin's
 * prefix "/app/todo"; what follows the prefix, "/items/7" or "". */
const char *xc_request_path(const struct xc_request *req);
const char *xc_request_prefix(const struct xc_request *req);
const char *xc_request_rest(const struct xc_request *req);

/* The query string as sent, without the question mark; "" without one. */
const char *xc_request_query_string(const struct xc_request *req);

/* "http" or "https"; the Host header, or the host of a request line that
 * holds a whole URI, or "". */
const char *xc_request_scheme(const struct xc_request *req);
const char *xc_request_host(const struct xc_request *req);

/* The address of the web server's client, as the web server says. */
const char *xc_request_remote(const struct xc_request *req);

/*
 * A path parameter by its name in the route, decoded: for the route
 * "/items/{id}", xc_request_param(req, "id").  NULL if the route has none of
 * that name.
 */
const char *xc_request_param(const struct xc_request *req, const char *name);

/*
 * A query parameter, decoded ('+' is a blank).  The first of that name; the
 * n-th, counted from 0; NULL if there is none.  "" for a key without value.
 */
const char *xc_request_query(const struct xc_request *req, const char *name);
const char *xc_request_query_nth(const struct xc_request *req,
    const char *name, size_t n);

/* The n-th pair of the query in the order sent.  false past the last. */
bool xc_request_query_at(const struct xc_request *req, size_t n,
    const char **name_r, const char **value_r);

/*
 * A header by name, in any case of letters; NULL if it was not sent.  A
 * header sent more than once gives its values joined by ", " (RFC 9110,
 * section 5.3), Cookie by "; ".  Proxy, and the headers of the connection
 * between client and web server (Connection, Transfer-Encoding, Upgrade,
 * ...), are not there.
 */
const char *xc_request_header(const struct xc_request *req, const char *name);

/* The n-th header, its name in lower case.  false past the last. */
bool xc_request_header_at(const struct xc_request *req, size_t n,
    const char **name_r, const char **value_r);

/*
 * The whole body and its length in bytes.  Never NULL, with a NUL behind the
 * last byte that does not count.  It is complete: a request that was cut
 * short never reaches a handler.
 */
const void *xc_request_body(const struct xc_request *req, size_t *len_r);

/*
 * The body as JSON, parsed strictly.  On XC_OK *obj_r belongs to the request
 * (take a reference to keep it); it is NULL for the JSON value null.  On an
 * error a problem+json reply (400) stands already, *obj_r is NULL, and the
 * handler returns XC_OK or the error, as it likes.
 */
enum xc_err xc_request_json(struct xc_request *req,
    struct json_object **obj_r);

/* The plugin that handles the request. */
struct xc_plugin *xc_request_plugin(const struct xc_request *req);

#ifdef __cplusplus
}
#endif
#endif

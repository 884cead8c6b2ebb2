/* SPDX-License-Identifier: MIT */
/*
 * How a whole reply is built in place: open, append the body to req->out,
 * close; or abandon, after which no reply stands.
 */
#ifndef XC_REPLY_PRIVATE_H
#define XC_REPLY_PRIVATE_H

#include <stdint.h>

#include "request-private.h"

/*
 * Writes status, content_type (NULL for none) and the header lines added so
 * far.  The body is what is appended to req->out next.  Errors as in
 * <xcore/reply.h>, no reply stands then.
 */
enum xc_err xc_reply_open(struct xc_request *req, int status,
    const char *content_type);

/* The reply stands; its body begins at the offset body. */
enum xc_err xc_reply_close(struct xc_request *req, uint32_t body);

void xc_reply_abandon(struct xc_request *req);

/*
 * Adds the header lines in req->extra to those of the reply that stands, and
 * forgets them there.  XC_ERR_TOO_LARGE if that would be over 16 KiB of them, or
 * the memory has a fixed size; XC_ERR_NOMEM.  The reply is as it was then.
 */
enum xc_err xc_reply_add_lines(struct xc_request *req);

/* Copies a body that lies elsewhere into req->out.  XC_ERR_TOO_LARGE if the
 * memory has a fixed size, XC_ERR_NOMEM; it stays where it is then. */
enum xc_err xc_reply_bring_near(struct xc_request *req);

/* The body of the whole reply, head.body.len bytes, until the request is
 * reset or another reply is made. */
const char *xc_reply_body(const struct xc_request *req);

/* Whether a plugin may set that header: the name is a token and none that
 * xcore says itself, the value has no control character. */
bool xc_reply_may_set(const char *name, size_t name_len, const char *value,
    size_t value_len);

/* Whether a reply of that status may have a body (RFC 9110, 6.4.1). */
bool xc_reply_may_have_body(int status);

/* A problem of a type of its own (RFC 9457); type and title are not NULL. */
struct xc_problem {
	const char *type;	/* a URI reference */
	const char *title;
	int status;
	const char *detail;	/* or NULL */
	const char *code;	/* the member "code", a word; or NULL */
	/* Text of a JSON array for the member "errors", as it is; or NULL. */
	const char *errors;
	size_t errors_len;
	bool no_instance;	/* the request's path is not known */
};

enum xc_err xc_reply_problem_typed(struct xc_request *req,
    const struct xc_problem *problem);

/* As xc_reply_problem() with a NUL-terminated detail, or NULL. */
enum xc_err xc_reply_problem_text(struct xc_request *req, int status,
    const char *detail);

#endif

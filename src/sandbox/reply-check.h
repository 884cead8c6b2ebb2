/* SPDX-License-Identifier: MIT */
/* A reply block that comes from a sandbox: copied first, checked then. */
#ifndef XC_REPLY_CHECK_H
#define XC_REPLY_CHECK_H

#include <stdint.h>

#include "lib/request-private.h"
#include "sandbox/channel.h"

/*
 * Copies the first len bytes of the channel's reply area into req->out, once,
 * and checks the copy as if an enemy had written it: spans inside, a status
 * of 200 to 599, a content type and header lines that a plugin may set.  A
 * large body stays where it is if the request allows that: its bytes mean
 * nothing here, and what is sent of them is up to the plugin anyway.
 *
 * XC_OK: the head of a reply stands in req->out; req->reply is as it was, the
 * caller's to set.  XC_ERR_INVALID: it is no reply.  XC_ERR_TOO_LARGE: over
 * what req->out may hold.  XC_ERR_NOMEM.  After an error req->out is blank.
 */
enum xc_err xc_reply_take(struct xc_request *req,
    const struct xc_channel *channel, uint32_t len);

/*
 * The same for the header lines alone, of a step behind the reply: they are
 * added to req->extra, or after an error none of them.  XC_ERR_TOO_LARGE: over
 * what that may hold.
 */
enum xc_err xc_reply_take_lines(struct xc_request *req,
    const struct xc_channel *channel, uint32_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Revisions as ETags: one who changes something says which state of it he has
 * seen, so that nobody's change is lost (RFC 9110, sections 8.8.3 and 13.1.1).
 */
#ifndef XCORE_ETAG_H
#define XCORE_ETAG_H

#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/* Adds the header ETag: "r<revision>" to the reply that is to come. */
enum xc_err xc_reply_etag(struct xc_request *req, int64_t revision);

/*
 * The revisions that If-Match names, an array of numbers whose reference is
 * the caller's to put; NULL if there is no such header, or it is "*".  Tags
 * that are weak or no revision of ours match nothing, so that the array may
 * be empty.  XC_ERR_NOMEM.
 */
enum xc_err xc_if_match(struct xc_request *req,
    struct json_object **revisions_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* The site as a whole: what it serves, and what of it is up. */
#ifndef XCORE_SITE_H
#define XCORE_SITE_H

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/* Versions of OpenAPI that the site's document comes in. */
enum xc_openapi { XC_OPENAPI_3_1, XC_OPENAPI_3_0 };

/*
 * Replies with the OpenAPI document of all plugins that are served: as
 * application/json with an ETag by generation, 304 if the client has it, its
 * server the host that the request was sent to.  Needs the permission
 * "openapi".  Errors as in <xcore/reply.h>; XC_ERR_DENIED without the
 * permission; XC_ERR_UNAVAILABLE where there is no document (a test, a site
 * that is just starting).
 */
enum xc_err xc_reply_openapi(struct xc_request *req, enum xc_openapi version);

/*
 * What is up and what is not, as this worker sees it: {status, down}, where
 * status is "up", or "degraded" if something is down, and down names it:
 * "database", "cache", "keys", "registry", "workers", "sandboxes",
 * "plugin:NAME".  If the user who
 * sends the request may manager:health:read, there is "parts" besides: [{name,
 * state, detail}], state being "up", "down" or "off".  It is looked at anew
 * once a second at most.  Needs the permission "health".  XC_OK and *result_r,
 * which belongs to the request; or an error, and a reply stands.
 */
enum xc_err xc_site_health(struct xc_request *req,
    struct json_object **result_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* What the site as a whole serves. */
#ifndef XCORE_SITE_H
#define XCORE_SITE_H

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif
#endif

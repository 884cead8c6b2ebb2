/* SPDX-License-Identifier: MIT */
/* Behind the front doors of the services that know users. */
#ifndef XC_LIB_DESK_H
#define XC_LIB_DESK_H

#include <stdbool.h>

#include <xcore/error.h>

struct json_object;
struct xc_request;

/*
 * Asks the desk.  Takes the caller's reference on args, in every case (NULL:
 * an empty object).  On XC_OK *result_r belongs to the request (NULL is
 * null).  On an error it is NULL and a problem+json reply stands, with
 * Retry-After, WWW-Authenticate or "errors" as the refusal says; a handler
 * returns the error.
 */
enum xc_err xc_desk_call(struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r);

/*
 * Overwrites what stands in args under the names that passwords have, before
 * they are put: "password", "old" and "new".  Says whether there was one.
 */
bool xc_desk_wipe(struct json_object *args);

#endif

/* SPDX-License-Identifier: MIT */
/* A tree of json-c out of a tape. */
#ifndef XC_JSON_BUILD_H
#define XC_JSON_BUILD_H

#include "tape.h"

struct json_object;

/*
 * Builds what stands at a token.  Whole numbers become int64 or uint64, all
 * others doubles that are printed as they were written.  On XC_OK *obj_r is
 * the caller's to put (NULL is null).  XC_ERR_INVALID: the number *at is beyond
 * the range of a double.  XC_ERR_NOMEM.
 */
enum xc_err xc_json_build(const struct xc_tape *tape, uint32_t *at,
    struct json_object **obj_r);

#endif

/* SPDX-License-Identifier: MIT */
/* What service*.c share. */
#ifndef XC_SECURITY_SERVICE_PRIVATE_H
#define XC_SECURITY_SERVICE_PRIVATE_H

#include <stddef.h>

#include "service.h"

#define XC_LABEL_MAX 256
#define XC_PLUGIN_NAME_MAX 127

/* Bytes of a member, in memory with len_r bytes that the caller drops; NULL:
 * it is missing, no base64, or longer than max. */
unsigned char *xc_security_bytes(struct json_object *args, const char *name,
    size_t max, size_t *len_r);
void xc_security_drop(unsigned char *data, size_t len);

/* {name: value}; takes the reference of value. */
enum xc_err xc_security_answer(struct json_object **result_r,
    const char *name, struct json_object *value);

/* service-sign.c */
xc_desk_fn xc_op_sign, xc_op_sign_check, xc_op_sign_key;

#endif

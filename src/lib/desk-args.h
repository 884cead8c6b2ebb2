/* SPDX-License-Identifier: MIT */
/* The object that an operation of the desk is asked with. */
#ifndef XC_DESK_ARGS_H
#define XC_DESK_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "desk.h"

/* Memory that is out shows when it is sent. */
struct xc_desk_args {
	struct json_object *object;
};

/* Begins with an object whose reference is taken; NULL: an empty one. */
void xc_desk_begin(struct xc_desk_args *args, struct json_object *object);

/* NULL is left out. */
void xc_desk_text(struct xc_desk_args *args, const char *key,
    const char *text);
void xc_desk_bytes(struct xc_desk_args *args, const char *key,
    const char *text, size_t len);
/* 0 is left out. */
void xc_desk_int(struct xc_desk_args *args, const char *key, int64_t value);
/* Takes the reference of value; NULL is left out. */
void xc_desk_put(struct xc_desk_args *args, const char *key,
    struct json_object *value);

/* As xc_desk_call(), result_r may be NULL. */
enum xc_err xc_desk_send(struct xc_request *req, const char *operation,
    struct xc_desk_args *args, struct json_object **result_r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Help on json-c.  Its accessors convert silently (the string "42abc" is the
 * number 42 to them); these look at the type first.
 */
#ifndef XCORE_JSON_H
#define XCORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json_object.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/*
 * Parses len bytes of JSON strictly (RFC 8259): UTF-8 is checked; NUL
 * characters, duplicate keys, NaN, numbers beyond a double, text behind the
 * value, more than 32 levels and more than 100,000 values are refused.  A
 * number that is no integer of 64 bits is a double that is printed as it was
 * written.  On XC_OK *obj_r is the caller's to put (NULL is the value null).
 * Else XC_ERR_INVALID or XC_ERR_NOMEM, *obj_r is NULL, and where, if not NULL,
 * says what is wrong, in which line and column; size is that of where.
 */
enum xc_err xc_json_parse(const char *text, size_t len,
    struct json_object **obj_r, char *where, size_t size);

/* Lets the request put obj when it ends.  Returns obj; NULL if obj is NULL,
 * or if memory is out, and then it was put at once. */
struct json_object *xc_json_own(struct xc_request *req,
    struct json_object *obj);

/* A member of an object; NULL if obj is no object, has none, or it is null. */
struct json_object *xc_json_member(const struct json_object *obj,
    const char *key);

/* A member that is a string, NUL-terminated, owned by obj; else NULL. */
const char *xc_json_string(const struct json_object *obj, const char *key);

/* A member that is an integer or a boolean: true and *value_r; else false
 * and *value_r is untouched. */
bool xc_json_int(const struct json_object *obj, const char *key,
    int64_t *value_r);
bool xc_json_bool(const struct json_object *obj, const char *key,
    bool *value_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * A header of C out of an OpenAPI document: structs, enums, their readers and
 * writers, and the parameters of each operation.  It is valid C99 and C++
 * whatever the document says.
 */
#ifndef XC_TYPES_H
#define XC_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"

struct json_object;

/*
 * Makes the header's text for a plugin of that name, malloc'ed and NUL-
 * terminated, the caller's to free.  bundled: openapi was put together of
 * several files (xc_bundle_make()), so that "#" is its root in all of it, also
 * below an "$id"; else what is below one stays JSON.  XC_ERR_INVALID: openapi
 * is no document.  XC_ERR_NOMEM.
 */
enum xc_err xc_types_write(const char *plugin, struct json_object *openapi,
    bool bundled, char **text_r, size_t *len_r, struct xc_errbuf *errbuf);

#endif

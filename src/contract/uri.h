/* SPDX-License-Identifier: MIT */
/* References between documents (RFC 3986). */
#ifndef XC_URI_H
#define XC_URI_H

#include <stdbool.h>
#include <stddef.h>

#define XC_URI_MAX 2048

/*
 * Writes what a reference means under a base, without its fragment, into buf
 * of XC_URI_MAX bytes, NUL-terminated.  *fragment_r is its fragment in ref,
 * behind the '#', or NULL.  False if it is too long.
 */
bool xc_uri_resolve(const char *base, const char *ref, size_t len, char *buf,
    const char **fragment_r);

/* Whether the bytes are a URI with a scheme, or (reference) any reference. */
bool xc_uri_is_valid(const char *text, size_t len, bool reference);

#endif

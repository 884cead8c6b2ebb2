/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648, section 4, with padding). */
#ifndef XC_BASE64_H
#define XC_BASE64_H

#include <stddef.h>

/* Bytes that xc_base64_encode() writes for len bytes, with the NUL; 0 if
 * that would be more than a size_t holds. */
size_t xc_base64_size(size_t len);

/* Encodes len bytes to out, which has room for xc_base64_size(len), ends
 * them with a NUL and returns their length without it. */
size_t xc_base64_encode(const void *data, size_t len, char *out);

#endif

/* SPDX-License-Identifier: MIT */
/* The path of a request, from the request line as the client sent it. */
#ifndef XC_PATH_H
#define XC_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"

#define XC_PATH_MAX 8192	/* bytes as sent, without the query */
#define XC_PATH_SEGMENTS_MAX (XC_PATH_MAX / 2 + 1)

struct xc_path {
	size_t len;
	size_t n_segments;	/* at least 1 */
	/* Decoded, begins with '/', NUL-terminated. */
	char text[XC_PATH_MAX + 1];
	/* Where each segment begins in text. */
	uint16_t starts[XC_PATH_SEGMENTS_MAX];
};

/*
 * Decodes a path.  raw begins with '/' and has len bytes.  Dot segments,
 * also encoded ones, are removed and repeated slashes merged; "%2F" gives a
 * slash that divides no segments.  A path that ends in a slash has an empty
 * last segment.
 *
 * Returns 0, or 414 (too long) or 400: a bad percent sequence, a NUL,
 * invalid UTF-8, a character that may not stand there, above the root, or
 * ".." between slashes where one of them is encoded, which no router sees
 * and which a handler that makes file names of it would follow.
 */
int xc_path_decode(const char *raw, size_t len, struct xc_path *path,
    struct xc_errbuf *errbuf);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578, RFC 2046 section 5.1), out of bytes that are
 * all there.  Strict and bounded: what is not in the grammar is refused.
 */
#ifndef XC_MULTIPART_H
#define XC_MULTIPART_H

#include "contract/form.h"

#define XC_MULTIPART_PARTS 256
#define XC_MULTIPART_HEAD 8192	/* bytes of one part's header lines */
#define XC_MULTIPART_MEMORY 65536 /* a larger part stays in the file */

/* Where the body lies, outside of the request.  fd: the file that it is a
 * mapping of, or -1: it is in memory alone, and all parts are copied. */
struct xc_source {
	const char *data;
	size_t len;
	int fd;
};

/*
 * Takes a body apart: rows of its parts in the block (head->parts), and the
 * object of its fields (head->data).  boundary comes from the Content-Type.
 * XC_ERR_INVALID with a fault that says where: no such boundary, no end, a
 * part without a name, header lines that are none; XC_ERR_TOO_LARGE, with a
 * fault too: too many parts, too long header lines; XC_ERR_NOMEM.
 *
 * What is refused besides what RFC 2046 does not know: a line that begins with
 * the boundary and goes on, a header that comes twice, "filename*" (RFC 7578,
 * section 4.2), an encoding of the content, multipart in multipart, texts that
 * are no UTF-8 or have a NUL.  A field for a file that nobody has chosen and
 * the field "_charset_" are left out.
 */
enum xc_err xc_multipart_take(const struct xc_form *form,
    const struct xc_take *take, const struct xc_source *source,
    const char *boundary, size_t boundary_len);

#endif

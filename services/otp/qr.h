/* SPDX-License-Identifier: MIT */
/* A text as a QR code (ISO/IEC 18004), drawn in SVG. */
#ifndef XC_QR_H
#define XC_QR_H

#include <xcore/error.h>

/*
 * Draws text, dark on light whatever is behind it, with the margin that
 * scanners need; title is what it is for one who does not see it.  *svg_r is
 * malloc'ed, NUL-terminated: one element without declarations, to be put into
 * a page or written to a file.  XC_ERR_TOO_LARGE: more than a code holds (2331
 * bytes); XC_ERR_NOMEM.
 */
enum xc_err xc_qr_svg(const char *text, const char *title, char **svg_r);

#endif

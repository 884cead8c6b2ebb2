/* SPDX-License-Identifier: MIT */
/* Text put together by a signal handler: no allocation, no locale, no stdio. */
#ifndef XC_RAW_TEXT_H
#define XC_RAW_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What does not fit is cut off; buf[len] is always NUL. */
struct xc_raw {
	char *buf;
	size_t size;
	size_t len;
};

/* size is at least 1. */
void xc_raw_begin(struct xc_raw *raw, char *buf, size_t size);
void xc_raw_put(struct xc_raw *raw, const char *text);
void xc_raw_bytes(struct xc_raw *raw, const char *bytes, size_t len);
void xc_raw_number(struct xc_raw *raw, int64_t number);
/* With as many zeros in front as make it `digits` long. */
void xc_raw_padded(struct xc_raw *raw, uint64_t number, unsigned digits);
void xc_raw_hex(struct xc_raw *raw, uint64_t number);	/* "0x1f" */

/* The inside of a JSON string of what stands up to NUL or len: characters
 * that would have to be escaped become '?'. */
void xc_raw_json(struct xc_raw *raw, const char *text, size_t len);

#endif

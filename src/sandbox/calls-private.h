/* SPDX-License-Identifier: MIT */
/* The bytes below what calls.h offers. */
#ifndef XC_CALLS_PRIVATE_H
#define XC_CALLS_PRIVATE_H

#include "calls.h"

#define XC_CALL_DEPTH_MAX 64

enum xc_call_tag {
	XC_TAG_U32 = 'u',
	XC_TAG_U64 = 'U',
	XC_TAG_BYTES = 'b',
	XC_TAG_TEXT = 't',
	XC_TAG_ABSENT = 'n',
	XC_TAG_VALUES = 'v',
	/* Values and JSON. */
	XC_TAG_NULL = '0',
	XC_TAG_FALSE = 'F',
	XC_TAG_TRUE = 'T',
	XC_TAG_INT = 'i',
	XC_TAG_REAL = 'd',
	XC_TAG_REAL_AS = 'D',	/* its text; REAL follows */
	XC_TAG_UINT = 'I',
	XC_TAG_DECIMAL = 'm',	/* of a row */
	XC_TAG_ARRAY = '[',
	XC_TAG_OBJECT = '{'
};

/* Puts tag and size bytes at data; full: bad. */
void xc_call_put(struct xc_call_writer *w, enum xc_call_tag tag,
    const void *data, size_t size);

/* Puts tag, length, bytes, NUL. */
void xc_call_put_run(struct xc_call_writer *w, enum xc_call_tag tag,
    const void *data, size_t n);

/* The next tag, without its bytes; 0 when bad. */
int xc_call_get_tag(struct xc_call_reader *r);

/* Copies the next size bytes; zeros when bad. */
void xc_call_get(struct xc_call_reader *r, void *data_r, size_t size);

/* Length, bytes, NUL; lies in the copy, NULL and 0 when bad. */
const void *xc_call_get_run(struct xc_call_reader *r, size_t *len_r);

/* A real number that is finite; 0 and bad if not. */
double xc_call_get_real(struct xc_call_reader *r);

/* What is still unread. */
size_t xc_call_left(const struct xc_call_reader *r);

/* Counts memory that is about to be taken; false, and bad, over the limit. */
bool xc_call_spend(struct xc_call_reader *r, size_t size);

/* Makes it bad: the rest is not read.  Returns NULL. */
void *xc_call_fault(struct xc_call_reader *r);

#endif

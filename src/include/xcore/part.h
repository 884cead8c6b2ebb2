/* SPDX-License-Identifier: MIT */
/*
 * The parts of a multipart/form-data body (RFC 7578), files among them.  Parts
 * up to a size lie in memory; larger ones lie in a file that nobody else has
 * a name for, and are read piece by piece.  Everything is released when the
 * request ends.
 */
#ifndef XCORE_PART_H
#define XCORE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/* Strings are NUL-terminated and belong to the request. */
struct xc_part {
	const char *name;	/* of the form's field */
	/*
	 * What the client calls the file: the last component of it, without
	 * control characters, never "", "." or ".."; NULL: no file.  A name
	 * to show, not one to open.
	 */
	const char *filename;
	const char *type;	/* its Content-Type; "text/plain" unless sent */
	uint64_t size;		/* bytes */
	const void *data;	/* a NUL is behind it; NULL: in a file */
	size_t index;
};

/* How many there are; 0 for a body of another type. */
size_t xc_part_count(const struct xc_request *req);

/* The part of that number, from 0; false past the last. */
bool xc_part_at(const struct xc_request *req, size_t index,
    struct xc_part *part_r);

/* The n-th part (from 0) of that name; false if there is none. */
bool xc_part_find(const struct xc_request *req, const char *name, size_t n,
    struct xc_part *part_r);

/*
 * Reads up to len bytes of a part from an offset on, wherever it lies.
 * *got_r is how many there were: less than len only at the part's end, 0
 * behind it.  part is as xc_part_at() gave it in this request, else
 * XC_ERR_INVALID; XC_ERR_IO.  May take the time of a disk.
 */
enum xc_err xc_part_read(struct xc_request *req, const struct xc_part *part,
    uint64_t offset, void *buf, size_t len, size_t *got_r);

#ifdef __cplusplus
}
#endif
#endif

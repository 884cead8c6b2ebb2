/* SPDX-License-Identifier: MIT */
/* How a multipart body is taken apart, for multipart*.c and their tests. */
#ifndef XC_MULTIPART_PRIVATE_H
#define XC_MULTIPART_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/media.h"
#include "contract/multipart.h"

#define XC_MULTIPART_BOUNDARY 70	/* characters */
#define XC_MULTIPART_LINES 16	/* header lines of a part */
#define XC_MULTIPART_ASIDE 4096	/* bytes before the first, behind the last */

/* Where we are in a body. */
struct xc_multipart {
	const struct xc_form *form;
	const struct xc_take *take;
	struct xc_source source;
	char delimiter[4 + XC_MULTIPART_BOUNDARY];	/* CR LF "--" ... */
	size_t delimiter_len;
	size_t at;		/* what is looked at */
	size_t n;		/* parts that were begun */
	uint64_t steps;		/* bytes that were compared so far */
	/* What goes into the request. */
	size_t n_kept;
	struct xc_part_row rows[XC_MULTIPART_PARTS];
	struct xc_form_field fields[XC_MULTIPART_PARTS];
};

/* A parameter as it was sent, without its quotes. */
struct xc_part_param {
	struct xc_media_text text;	/* at is NULL: not sent */
	bool quoted;
};

/* The header lines of a part, as they stand in the body. */
struct xc_part_head {
	struct xc_part_param name;
	struct xc_part_param filename;
	struct xc_media_text type;	/* Content-Type; at is NULL: not sent */
};

/* Zeroes what is not given and sets the boundary; false if there can be no
 * such one. */
bool xc_multipart_begin(struct xc_multipart *multipart, const char *boundary,
    size_t boundary_len);

/* All of xc_multipart_take() for one that was begun. */
enum xc_err xc_multipart_run(struct xc_multipart *multipart);

/* Adds a fault that says where; gives err. */
enum xc_err xc_multipart_fail(struct xc_multipart *multipart, enum xc_err err,
    const char *what);

/* multipart-head.c: reads the header lines at multipart->at, which goes
 * behind the empty line. */
enum xc_err xc_multipart_head(struct xc_multipart *multipart,
    struct xc_part_head *head_r);

/* multipart-name.c: appends a name, or what a file is called, to the block,
 * decoded; neither is ever empty.  XC_ERR_INVALID: a name that is empty or has
 * a control character. */
enum xc_err xc_multipart_name(struct xc_block *block,
    const struct xc_part_param *param, struct xc_span *span_r);
enum xc_err xc_multipart_filename(struct xc_block *block,
    const struct xc_part_param *param, struct xc_span *span_r);

#endif

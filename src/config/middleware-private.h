/* SPDX-License-Identifier: MIT */
/* The table of what stands in the objects of section "middleware". */
#ifndef XC_MIDDLEWARE_PRIVATE_H
#define XC_MIDDLEWARE_PRIVATE_H

#include "middleware.h"
#include "settings-private.h"

struct xc_part_row {
	const char *part;
	const char *key;
	enum xc_setting_type type;
	const char *initial;
	int64_t min, max;
	const char *words;
	const char *text;
	size_t offset;		/* in the struct of its part */
};

extern const struct xc_part_row xc_part_rows[];
extern const size_t xc_part_rows_len;

/* What a part's name has an object, or a list of these, for. */
bool xc_part_has_rows(const char *part);

/* Whether it may stand for a prefix too. */
bool xc_part_of_prefix(const char *part);

/*
 * Whether a value has the shape that a key of the section has: names, types,
 * ranges.  XC_ERR_INVALID with a sentence that begins within the value.
 */
enum xc_err xc_middleware_shape(const char *key, struct json_object *value,
    struct xc_errbuf *errbuf);

/* Whether text is one of words, which have '|' between them. */
bool xc_is_one_of(const char *words, const char *text);

#endif

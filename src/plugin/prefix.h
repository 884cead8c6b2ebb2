/* SPDX-License-Identifier: MIT */
/*
 * Where a plugin answers: below one prefix, or, if it is one of xcore's own,
 * below several.  With several the paths of its openapi.json are whole.  In
 * a snapshot's row "prefix" is the first; "prefixes" has them all and is
 * there only with several.
 */
#ifndef XC_PREFIX_H
#define XC_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/routes.h"
#include "plugin/manifest.h"

struct json_object;

/* Whether one prefix is the other, or begins it on a segment. */
bool xc_prefix_overlap(const char *a, const char *b);

/* Whether a path is the prefix or lies below it. */
bool xc_prefix_has(const char *prefix, const char *path);

/*
 * Whether each path of a document lies below one of the manifest's prefixes,
 * if it has several.  XC_ERR_INVALID names the first that does not.
 */
enum xc_err xc_prefix_check_routes(const struct xc_manifest *manifest,
    const struct xc_route *routes, size_t n, struct xc_errbuf *errbuf);

/* The prefixes of a row of a snapshot, which has their strings; 0 if it has
 * none that is fit to be one. */
size_t xc_row_prefixes(const struct json_object *row,
    const char *prefixes_r[XC_PREFIXES_MAX]);

/* The first prefix of a row that overlaps with one of the other; NULL. */
const char *xc_row_overlap(const struct json_object *row,
    const struct json_object *other);

/* Sets them in a row, as the manifest or as another row has them. */
void xc_row_set_prefix(struct json_object *row,
    const struct xc_manifest *manifest);
void xc_row_copy_prefix(struct json_object *row,
    const struct json_object *from);

#endif

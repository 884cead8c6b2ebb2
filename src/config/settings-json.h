/* SPDX-License-Identifier: MIT */
/*
 * JSON with comments (from // or # to the end of the line, and between slash-
 * star and star-slash), in two levels: an object of sections, each an object
 * of keys.  Stricter than json-c: duplicate keys, NUL and what stands behind
 * the object are refused, and every complaint has its line and column.  Only
 * behind the last section and the last key of one a comma may stand.
 */
#ifndef XC_SETTINGS_JSON_H
#define XC_SETTINGS_JSON_H

#include <stddef.h>

#include "settings-private.h"

struct xc_member {
	const char *section;
	const char *key;	/* NULL: the section begins */
	struct json_object *value;	/* NULL with it, or for null */
	struct xc_place place;	/* of the name */
};

typedef enum xc_err xc_member_fn(void *ctx, const struct xc_member *member,
    struct xc_errbuf *errbuf);

#define XC_CONFIG_FILE_MAX	(1u << 20)

/* Calls fn for each section and key in their order; XC_ERR_INVALID with the
 * place for what is no JSON, else what fn returned. */
enum xc_err xc_settings_scan(const char *file, const char *text, size_t len,
    xc_member_fn *fn, void *ctx, struct xc_errbuf *errbuf);

/* The text as JSON alone, of the same length and with all things in their
 * places; the caller frees *plain_r.  XC_ERR_INVALID if it cannot be. */
enum xc_err xc_settings_plain(const char *text, size_t len, char **plain_r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Media types (RFC 9110, section 8.3.1): those that are sent, and the keys of
 * a "content" in a document, which may be ranges ("text/" and a star).
 */
#ifndef XC_MEDIA_H
#define XC_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XC_MEDIA_PARAMS 8
#define XC_MEDIA_MAX 512	/* bytes of one */

/* A look at some bytes of the text that was parsed. */
struct xc_media_text {
	const char *at;
	size_t len;
};

struct xc_media_param {
	struct xc_media_text name;
	struct xc_media_text value;	/* without its quotes */
};

struct xc_media {
	struct xc_media_text type;
	struct xc_media_text subtype;
	struct xc_media_param params[XC_MEDIA_PARAMS];
	size_t n_params;
};

/* What a body of a media type is read as. */
enum xc_media_kind {
	XC_MEDIA_JSON,		/* application/json, text/json, +json */
	XC_MEDIA_FORM,		/* application/x-www-form-urlencoded */
	XC_MEDIA_MULTIPART,	/* multipart/form-data */
	XC_MEDIA_TEXT,		/* any other of text/ */
	XC_MEDIA_BYTES
};

/*
 * Parses "type/subtype; name=value; ...".  False for what is not of this
 * form, is longer than XC_MEDIA_MAX, has a parameter twice or more than
 * XC_MEDIA_PARAMS.  A star is a token, so a range is parsed as well.
 */
bool xc_media_parse(const char *text, struct xc_media *media_r);

enum xc_media_kind xc_media_kind(const struct xc_media *media);

/* Whether it is a range: the subtype, or both, are a star. */
bool xc_media_is_range(const struct xc_media *media);

/*
 * Copies the value of a parameter, NUL-terminated, without the escapes of a
 * quoted string.  False, and "", if there is none or it does not fit.
 */
bool xc_media_param(const struct xc_media *media, const char *name,
    char *buf, size_t size);

/* Whether a charset is said that is another one than UTF-8 or its subset
 * US-ASCII. */
bool xc_media_is_foreign(const struct xc_media *media);

/*
 * Whether a key of "content" takes a media type: the same type or a range of
 * it, and all parameters that the key has.  Letters are the same in both
 * cases, also those of parameters.
 */
bool xc_media_takes(const struct xc_media *key, const struct xc_media *media);

/* How narrow a key is: the one with the highest number is to be asked
 * first. */
unsigned xc_media_rank(const struct xc_media *key);

#endif

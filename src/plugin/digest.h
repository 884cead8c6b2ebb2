/* SPDX-License-Identifier: MIT */
/* SHA-256, in hex. */
#ifndef XC_DIGEST_H
#define XC_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#define XC_DIGEST_SIZE 65	/* 64 hex digits and a NUL */

struct evp_md_ctx_st;

struct xc_digest {
	struct evp_md_ctx_st *md;	/* NULL: something failed */
};

/*
 * The digest of parts, added one after the other.  A failure (memory) shows
 * in xc_digest_end() only, which also releases what begin() took; call it
 * in every case.
 */
void xc_digest_begin(struct xc_digest *digest);
void xc_digest_add(struct xc_digest *digest, const void *data, size_t len);
enum xc_err xc_digest_end(struct xc_digest *digest,
    char hex_r[XC_DIGEST_SIZE]);

/* The digest of one run of bytes. */
enum xc_err xc_digest_hex(const void *data, size_t len,
    char hex_r[XC_DIGEST_SIZE]);

/* Whether text is 64 hex digits in small letters.  NULL is not. */
bool xc_digest_ok(const char *text);

#endif

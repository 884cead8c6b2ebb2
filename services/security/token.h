/* SPDX-License-Identifier: MIT */
/* Random tokens, their digests, and comparison that takes the same time. */
#ifndef XC_TOKEN_H
#define XC_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/error.h>

#define XC_DIGEST_LEN 32	/* SHA-256, HMAC-SHA-256 */

/* Fills a buffer from the system's generator.  XC_ERR_IO: it gives none. */
enum xc_err xc_random(void *buf, size_t len);

/* 32 random bytes as 43 letters of base64url (RFC 4648, without "="). */
#define XC_TOKEN_SIZE 44
enum xc_err xc_token_make(char token_r[XC_TOKEN_SIZE]);

/* Whether text has the form of such a token. */
bool xc_token_ok(const char *text);

enum xc_err xc_sha256(const void *data, size_t len,
    unsigned char digest_r[XC_DIGEST_LEN]);

/* XC_ERR_INVALID: the key is empty, or longer than an int counts. */
enum xc_err xc_hmac_sha256(const void *key, size_t key_len, const void *data,
    size_t len, unsigned char digest_r[XC_DIGEST_LEN]);

/* In a time that depends on len alone. */
bool xc_same(const void *a, const void *b, size_t len);

/* For text: the time depends on the lengths alone.  NULL is nothing's same. */
bool xc_same_text(const char *a, const char *b);

/* base64url without padding.  size counts the NUL; XC_ERR_TOO_LARGE. */
enum xc_err xc_base64url(const void *data, size_t len, char *text_r,
    size_t size);
/* Strict: no other letters, no padding, no stray bits.  XC_ERR_INVALID,
 * XC_ERR_TOO_LARGE. */
enum xc_err xc_base64url_read(const char *text, size_t text_len,
    void *data_r, size_t size, size_t *len_r);

/* Lower-case hex; text_r has 2 * len + 1 bytes. */
void xc_hex_write(const void *data, size_t len, char *text_r);

/* Reads 2 * len digits, in lower case, and nothing behind them.
 * XC_ERR_INVALID; NULL is no such text. */
enum xc_err xc_hex_read(const char *text, void *data_r, size_t len);

/* Overwrites what held a secret; the compiler does not leave it out. */
void xc_wipe(void *buf, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What is easy to get wrong: random bytes, comparison of secrets, digests,
 * passwords, and proof that something was made by this plugin.
 *
 * The functions that take a request ask the host where they need it, and then
 * give XC_ERR_UNAVAILABLE where the site has no key ring, and XC_ERR_BUSY
 * where too many hash passwords; a problem+json reply stands then, and a
 * handler returns the error as it is.
 */
#ifndef XCORE_SECURITY_H
#define XCORE_SECURITY_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/* Fills a buffer from the system's generator.  XC_ERR_IO: it gives none. */
enum xc_err xc_random_bytes(void *buf, size_t len);

/* 32 random bytes as 43 letters of base64url, for links, codes and ids that
 * nobody may guess. */
#define XC_RANDOM_TOKEN_SIZE 44
enum xc_err xc_random_token(char token_r[XC_RANDOM_TOKEN_SIZE]);

/* Whether two secrets are the same, in a time that depends on len alone. */
bool xc_secret_same(const void *a, const void *b, size_t len);

/* SHA-256 of data, which may be NULL for len 0.  It keeps no secret: for a
 * code that nobody else can make see xc_mac_make(). */
#define XC_SHA256_LEN 32
void xc_sha256_make(const void *data, size_t len,
    unsigned char digest_r[XC_SHA256_LEN]);

/* As xc_alloc(), and wiped when the request ends. */
void *xc_secret_alloc(struct xc_request *req, size_t len)
    __attribute__((warn_unused_result, alloc_size(2)));

/*
 * A code of 32 bytes (HMAC-SHA-256) over up to 64 KiB by a key that is the
 * plugin's own on all hosts of the site; nobody else can make it.  label says
 * what for, so that a code for one thing is none for another: "invite".  No
 * permission is needed.  The key does not get to the plugin.
 * XC_ERR_TOO_LARGE.
 */
#define XC_MAC_LEN 32
#define XC_MAC_DATA_MAX 65536
enum xc_err xc_mac_make(struct xc_request *req, const char *label,
    const void *data, size_t len, unsigned char mac_r[XC_MAC_LEN]);

/* XC_OK; XC_ERR_DENIED, without a reply, if it is no such code.  Codes by keys
 * before the last rotation are good until those keys are retired. */
enum xc_err xc_mac_check(struct xc_request *req, const char *label,
    const void *data, size_t len, const void *mac, size_t mac_len);

/*
 * An Ed25519 signature (RFC 8032) of up to 64 KiB, that whoever has the public
 * key can check, anywhere.  The key is the plugin's own for that label, the
 * same on all hosts of the site; what is signed is data alone.  No permission
 * is needed.  The private key does not get to the plugin.  XC_ERR_TOO_LARGE.
 */
#define XC_SIGNATURE_LEN 64
#define XC_SIGNATURE_KEY_LEN 32
#define XC_SIGNED_DATA_MAX 65536
enum xc_err xc_signature_make(struct xc_request *req, const char *label,
    const void *data, size_t len,
    unsigned char signature_r[XC_SIGNATURE_LEN]);

/* The plugin's public key for a label: n 0 is the one that signs, others are
 * those before a rotation.  XC_ERR_NOT_FOUND, without a reply, past the
 * last. */
enum xc_err xc_signature_key(struct xc_request *req, const char *label,
    unsigned n, unsigned char key_r[XC_SIGNATURE_KEY_LEN]);

/* Whether it is the signature of data by the private key of a public one,
 * whosever that is: XC_OK; XC_ERR_DENIED, without a reply, if not. */
enum xc_err xc_signature_check(struct xc_request *req,
    const unsigned char key[XC_SIGNATURE_KEY_LEN], const void *data,
    size_t len, const void *signature, size_t signature_len);

/*
 * Hashes a password of up to 1,024 bytes by Argon2id, for passwords of the
 * plugin's own, as of a shared link; users have theirs (<xcore/auth.h>).
 * *phc_r, a text of up to 255 letters to be stored, belongs to the request.
 * These need the permission "passwords".
 */
enum xc_err xc_hash_password(struct xc_request *req, const void *password,
    size_t len, const char **phc_r);

/*
 * Whether it is the password of that text: XC_OK; XC_ERR_DENIED, without a
 * reply, if not.  phc NULL or "": takes as long as a wrong password.  *old_r,
 * if not NULL: hash it anew and store that.
 */
enum xc_err xc_check_password(struct xc_request *req, const char *phc,
    const void *password, size_t len, bool *old_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * The key ring: the site's secret keys, in one file of mode 0600 (auth.keys
 * or, under systemd, the credential "xcore-keys"), the same on each host.
 * xcorectl-keys(8) makes it and rotates its keys; there is no default one.
 *
 * A purpose has one active key, which signs and seals, and any number of
 * earlier ones, which still verify and open until they are retired.  A key
 * that is "next" is known but not used yet, so that each host has it before
 * the first one signs with it.
 */
#ifndef XC_KEYRING_H
#define XC_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"

struct evp_pkey_st;
struct json_object;
struct xc_keyring;

enum xc_key_kind {
	XC_KEY_SECRET,		/* 32 random bytes */
	XC_KEY_RSA,		/* 3072 bits */
	XC_KEY_EC,		/* P-256 */
	XC_KEY_ED25519
};

enum xc_key_state { XC_KEY_NEXT, XC_KEY_ACTIVE, XC_KEY_OLD };

/* Purposes: "token" (access tokens, of the kind that auth.algorithm needs),
 * "seal" (what lies sealed in the database), "hash" (of refresh tokens, codes,
 * cookies), "plugin" (from which each plugin's own key is made), "audit" (an
 * Ed25519 key). */
struct xc_key {
	char id[40];		/* "token-20261123-4f2a": letters, digits, '-' */
	char purpose[16];
	enum xc_key_kind kind;
	enum xc_key_state state;
	int64_t made_at;	/* seconds since 1970 */
	int64_t since;		/* ... of its state; 0: not known */
	const unsigned char *secret;	/* of XC_KEY_SECRET */
	size_t secret_len;
	struct evp_pkey_st *pkey;	/* of the others; owned by the ring */
	const char *private_pem;	/* ... as PKCS#8, NUL-terminated */
	const char *public_pem;
};

/* The path in force: the credential, auth.keys, or keys.json in the state
 * folder. */
enum xc_err xc_keyring_path(const struct xc_settings *settings, char *path_r,
    size_t size, struct xc_errbuf *errbuf);

/*
 * Reads a ring.  XC_ERR_NOT_FOUND: there is none, with the command that makes
 * it; XC_ERR_DENIED: others may read the file; XC_ERR_INVALID: what is wrong.
 * A ring's memory is wiped when it is freed.
 */
enum xc_err xc_keyring_load(const char *path, struct xc_keyring **ring_r,
    struct xc_errbuf *errbuf);
void xc_keyring_free(struct xc_keyring **ring);

/* Reads it again if the file has changed since: *changed_r.  On an error the
 * ring is as it was; it is one, XC_ERR_INVALID, that a purpose has lost its
 * active key, or has one of another kind. */
enum xc_err xc_keyring_refresh(struct xc_keyring *ring, bool *changed_r,
    struct xc_errbuf *errbuf);

/* NULL if there is none.  They live until the ring is refreshed or freed. */
const struct xc_key *xc_keyring_active(const struct xc_keyring *ring,
    const char *purpose);
const struct xc_key *xc_keyring_find(const struct xc_keyring *ring,
    const char *purpose, const char *id);
/* The n-th of a purpose, the active one first; NULL past the last. */
const struct xc_key *xc_keyring_nth(const struct xc_keyring *ring,
    const char *purpose, size_t n);

/* HMAC-SHA-256 by the active key of a purpose; XC_ERR_UNAVAILABLE without
 * one. */
enum xc_err xc_keyring_hmac(const struct xc_keyring *ring,
    const char *purpose, const void *data, size_t len,
    unsigned char digest_r[32]);
/* ... by the n-th key, for what was made before a rotation;
 * XC_ERR_NOT_FOUND past the last. */
enum xc_err xc_keyring_hmac_nth(const struct xc_keyring *ring,
    const char *purpose, size_t n, const void *data, size_t len,
    unsigned char digest_r[32]);

/*
 * Seals (AES-256-GCM by the active "seal" key) what is only to be opened in
 * the place that context names, for example "otp:42".  *out_r is malloc'ed.
 * Opening: XC_ERR_DENIED if it was changed, or sealed for another place;
 * XC_ERR_NOT_FOUND: its key is not in the ring.
 */
enum xc_err xc_seal(const struct xc_keyring *ring, const char *context,
    const void *data, size_t len, unsigned char **out_r, size_t *out_len_r);
enum xc_err xc_unseal(const struct xc_keyring *ring, const char *context,
    const void *sealed, size_t sealed_len, unsigned char **out_r,
    size_t *out_len_r);

/* Ed25519 (RFC 8032): 64 bytes. */
#define XC_SIGNATURE_LEN 64
enum xc_err xc_sign(const struct xc_key *key, const void *data, size_t len,
    unsigned char signature_r[XC_SIGNATURE_LEN]);
/* XC_OK, XC_ERR_DENIED. */
enum xc_err xc_verify(const struct xc_key *key, const void *data, size_t len,
    const unsigned char *signature, size_t signature_len);

/* For tests: a ring in memory with fresh keys of all purposes. */
enum xc_err xc_keyring_fake(struct xc_keyring **ring_r,
    struct xc_errbuf *errbuf);

#endif

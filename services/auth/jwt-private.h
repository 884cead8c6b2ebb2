/* SPDX-License-Identifier: MIT */
#ifndef XC_JWT_PRIVATE_H
#define XC_JWT_PRIVATE_H

#include "services/auth/jwt.h"

#define XC_JWT_KEYS_MAX 16
#define XC_JWT_SEEN 1024	/* a power of 2 */

/* A token whose signature was verified; blank when its digest is zero. */
struct xc_jwt_seen {
	unsigned char digest[32];
	struct xc_claims claims;
};

/* A key for the algorithm in force.  The bytes are the ring's. */
struct xc_jwt_key {
	const struct xc_key *key;
	const unsigned char *sign;
	int sign_len;
	const unsigned char *verify;
	int verify_len;
	size_t signature_len;
};

struct xc_jwt {
	const struct xc_keyring *ring;
	char *algorithm;	/* "ES256" */
	char *issuer;
	char *audience;
	struct xc_jwt_key keys[XC_JWT_KEYS_MAX];
	size_t n;
	struct xc_jwt_seen seen[XC_JWT_SEEN];
};

/* The key that a token names; NULL. */
const struct xc_jwt_key *xc_jwt_key(const struct xc_jwt *jwt,
    const char *id);

/* The one that signs; NULL. */
const struct xc_jwt_key *xc_jwt_signer(const struct xc_jwt *jwt);

#endif

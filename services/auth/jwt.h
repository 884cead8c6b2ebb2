/* SPDX-License-Identifier: MIT */
/*
 * Access tokens: JWT (RFC 7519) in the profile of RFC 9068, made and verified
 * by libjwt, fenced as RFC 8725 asks: the algorithm is ours and not the
 * token's, the form is checked before libjwt sees it, each claim after.
 */
#ifndef XC_JWT_H
#define XC_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "services/security/keyring.h"

#define XC_JWT_MAX 4096		/* bytes of a token */

struct xc_claims {
	int64_t user_id;	/* sub */
	char session[33];	/* sid: 32 hex digits */
	char id[33];		/* jti */
	int64_t issued_at;	/* seconds since 1970 */
	int64_t not_before;
	int64_t expires_at;
};

struct xc_jwt;

/* The ring is borrowed; after xc_keyring_refresh() call xc_jwt_keys(). */
enum xc_err xc_jwt_new(const struct xc_auth_settings *settings,
    const struct xc_keyring *ring, struct xc_jwt **jwt_r,
    struct xc_errbuf *errbuf);
void xc_jwt_free(struct xc_jwt **jwt);
enum xc_err xc_jwt_keys(struct xc_jwt *jwt, struct xc_errbuf *errbuf);

/* Makes a token, malloc'ed, by the active key; iss, aud and typ as the
 * settings say.  XC_ERR_UNAVAILABLE: there is no key. */
enum xc_err xc_jwt_make(struct xc_jwt *jwt, const struct xc_claims *claims,
    char **token_r);

/*
 * Verifies a token of len bytes at the time now.  XC_ERR_INVALID: it is none
 * of ours, or not at that time; *why_r is a static word for the log and the
 * challenge ("expired", "signature", "form", ...).  XC_ERR_NOMEM.  A token
 * that was verified before by this process costs no signature again.
 */
enum xc_err xc_jwt_check(struct xc_jwt *jwt, const char *token, size_t len,
    int64_t now, struct xc_claims *claims_r, const char **why_r);

/* The public keys as a JWK set (RFC 7517), a new reference; empty with HS256.
 * Keys that are "next" and old stand in it too. */
enum xc_err xc_jwt_jwks(const struct xc_jwt *jwt,
    struct json_object **jwks_r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Any token ('r' and its bytes), and any header and payload that are signed
 * rightly ('s', the header, a newline, the payload), so that what lies behind
 * the signature is reached too.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jwt.h"
#include "services/security/keyring-private.h"
#include "services/security/token.h"

#define NOW INT64_C(1795426431)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char secret[] = "0123456789abcdef0123456789abcdef";

static struct xc_jwt *
open_jwt(void)
{
	static const struct xc_auth_settings settings = {
		.issuer = "i", .audience = "a", .algorithm = "HS256"
	};
	struct xc_keyring *ring = xc_keyring_make();
	struct xc_jwt *jwt;
	struct xc_key_room *room;

	if (ring == NULL)
		abort();
	room = xc_keyring_room(ring);
	memcpy(room->key.id, "k", 2);
	memcpy(room->key.purpose, "token", 6);
	room->key.kind = XC_KEY_SECRET;
	room->key.state = XC_KEY_ACTIVE;
	if (xc_key_fill(room, secret, XC_SECRET_LEN) != XC_OK ||
	    xc_jwt_new(&settings, ring, &jwt, NULL) != XC_OK)
		abort();
	return jwt;
}

static void
check(struct xc_jwt *jwt, const char *token, size_t len)
{
	struct xc_claims claims, again;
	const char *why;
	enum xc_err err = xc_jwt_check(jwt, token, len, NOW, &claims, &why);

	if (err != XC_OK) {
		assert(err == XC_ERR_INVALID && *why != '\0');
		return;
	}
	assert(len <= XC_JWT_MAX && claims.user_id > 0);
	assert(strlen(claims.session) == 32 && strlen(claims.id) == 32);
	assert(claims.expires_at > NOW && claims.not_before <= NOW + 30);
	/* From memory it is the same, and it ends. */
	assert(xc_jwt_check(jwt, token, len, NOW, &again, &why) == XC_OK);
	assert(memcmp(&claims, &again, sizeof(claims)) == 0);
	assert(xc_jwt_check(jwt, token, len, claims.expires_at, &again,
	    &why) == XC_ERR_INVALID);
}

static void
check_signed(struct xc_jwt *jwt, const char *text, size_t len)
{
	static char token[3 * XC_JWT_MAX];
	const char *end = memchr(text, '\n', len);
	unsigned char digest[XC_DIGEST_LEN];
	size_t n;

	if (end == NULL || len > XC_JWT_MAX)
		return;
	n = (size_t)(end - text);
	if (xc_base64url(text, n, token, sizeof(token)) != XC_OK)
		return;
	strcat(token, ".");
	if (xc_base64url(end + 1, len - n - 1, token + strlen(token),
	    sizeof(token) - strlen(token)) != XC_OK)
		return;
	if (xc_hmac_sha256(secret, XC_SECRET_LEN, token, strlen(token),
	    digest) != XC_OK)
		abort();
	strcat(token, ".");
	n = strlen(token);
	if (xc_base64url(digest, sizeof(digest), token + n,
	    sizeof(token) - n) == XC_OK)
		check(jwt, token, strlen(token));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xc_jwt *jwt;

	if (jwt == NULL)
		jwt = open_jwt();
	if (size > 0 && data[0] == 'r')
		check(jwt, (const char *)data + 1, size - 1);
	else if (size > 0 && data[0] == 's')
		check_signed(jwt, (const char *)data + 1, size - 1);
	return 0;
}

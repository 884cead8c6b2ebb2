/* SPDX-License-Identifier: MIT */
/*
 * Browsers that have logged in to an account before.  One has a cookie that
 * says so, "ID.NONCE.EXPIRES.HMAC", which opens nothing: its failures are
 * counted by its nonce, so that those who guess at the account from elsewhere
 * do not keep its owner waiting.  There is no row for it; all of a user's are
 * void when xc_user.devices_revision moves on.
 */
#include "auth-private.h"

#include <stdio.h>
#include <time.h>

#include "lib/session.h"

#define LIFE_S INT64_C(15552000)	/* 180 days */
#define NONCE_LEN 16

/* What the n-th key makes of it. */
static enum xc_err
digest_of(struct xc_auth *auth, size_t n, const struct xc_device *device,
    int64_t revision, unsigned char digest_r[XC_DIGEST_LEN])
{
	char text[128];

	snprintf(text, sizeof(text), "%lld.%s.%lld.%lld",
	    (long long)device->user_id, device->nonce,
	    (long long)device->expires_at, (long long)revision);
	return xc_auth_hmac(auth, n, "device", text, digest_r);
}

bool
xc_device_is_of(struct xc_auth *auth, const struct xc_device *device,
    int64_t user_id, int64_t revision)
{
	unsigned char digest[XC_DIGEST_LEN];
	size_t n;

	if (device->user_id != user_id ||
	    device->expires_at <= (int64_t)time(NULL))
		return false;
	for (n = 0; n < XC_AUTH_KEYS_MAX; n++) {
		if (digest_of(auth, n, device, revision, digest) != XC_OK)
			return false;
		if (xc_same(digest, device->digest, sizeof(digest)))
			return true;
	}
	return false;
}

enum xc_err
xc_device_make(struct xc_auth *auth, int64_t user_id, char *value_r,
    size_t size)
{
	struct xc_device device = { .user_id = user_id,
		.expires_at = (int64_t)time(NULL) + LIFE_S };
	unsigned char nonce[NONCE_LEN];
	char digest[XC_TOKEN_SIZE];
	int64_t revision = 0;
	enum xc_err err;

	err = xc_store_number(auth->of.store, &revision, "SELECT "
	    "devices_revision FROM xc_user WHERE id = ?",
	    XC_ARGS(xc_int(user_id)));
	if (err == XC_ERR_NOT_FOUND)
		return XC_ERR_DENIED;
	if (err == XC_OK)
		err = xc_random(nonce, sizeof(nonce));
	if (err == XC_OK)
		err = xc_base64url(nonce, sizeof(nonce), device.nonce,
		    sizeof(device.nonce));
	if (err == XC_OK)
		err = digest_of(auth, 0, &device, revision, device.digest);
	if (err == XC_OK)
		err = xc_base64url(device.digest, sizeof(device.digest),
		    digest, sizeof(digest));
	if (err == XC_OK)
		snprintf(value_r, size, XC_DEVICE_COOKIE "=%lld.%s.%lld.%s; "
		    "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld",
		    (long long)user_id, device.nonce,
		    (long long)device.expires_at, digest, (long long)LIFE_S);
	return err;
}

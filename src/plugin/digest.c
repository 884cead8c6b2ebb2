/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/evp.h>

#include "digest.h"

static void
give_up(struct xc_digest *digest)
{
	EVP_MD_CTX_free(digest->md);
	digest->md = NULL;
}

void
xc_digest_begin(struct xc_digest *digest)
{
	digest->md = EVP_MD_CTX_new();
	if (digest->md != NULL &&
	    EVP_DigestInit_ex(digest->md, EVP_sha256(), NULL) != 1)
		give_up(digest);
}

void
xc_digest_add(struct xc_digest *digest, const void *data, size_t len)
{
	if (digest->md != NULL &&
	    EVP_DigestUpdate(digest->md, data, len) != 1)
		give_up(digest);
}

static void
write_hex(const unsigned char *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*hex++ = digits[bytes[i] >> 4];
		*hex++ = digits[bytes[i] & 15];
	}
	*hex = '\0';
}

enum xc_err
xc_digest_end(struct xc_digest *digest, char hex_r[XC_DIGEST_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool ok = digest->md != NULL &&
	    EVP_DigestFinal_ex(digest->md, bytes, &len) == 1 && len == 32;

	hex_r[0] = '\0';
	give_up(digest);
	if (!ok)
		return XC_ERR_NOMEM;
	write_hex(bytes, len, hex_r);
	return XC_OK;
}

enum xc_err
xc_digest_hex(const void *data, size_t len, char hex_r[XC_DIGEST_SIZE])
{
	struct xc_digest digest;

	xc_digest_begin(&digest);
	xc_digest_add(&digest, data, len);
	return xc_digest_end(&digest, hex_r);
}

bool
xc_digest_ok(const char *text)
{
	return text != NULL && strlen(text) == 64 &&
	    strspn(text, "0123456789abcdef") == 64;
}

/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <xcore/security.h>

#define TOKEN_BYTES 32

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum xc_err
xc_random(void *buf, size_t len)
{
	return xc_random_bytes(buf, len);
}

enum xc_err
xc_token_make(char token_r[XC_TOKEN_SIZE])
{
	unsigned char data[TOKEN_BYTES];
	enum xc_err err = xc_random(data, sizeof(data));

	token_r[0] = '\0';
	if (err == XC_OK)
		err = xc_base64url(data, sizeof(data), token_r,
		    XC_TOKEN_SIZE);
	xc_wipe(data, sizeof(data));
	return err;
}

bool
xc_token_ok(const char *text)
{
	unsigned char data[TOKEN_BYTES];
	size_t len;
	bool ok;

	if (text == NULL || strnlen(text, XC_TOKEN_SIZE) != XC_TOKEN_SIZE - 1)
		return false;
	ok = xc_base64url_read(text, XC_TOKEN_SIZE - 1, data, sizeof(data),
	    &len) == XC_OK && len == TOKEN_BYTES;
	xc_wipe(data, sizeof(data));
	return ok;
}

/* Looking it up by name for each digest costs more than a short digest does,
 * so it is done once. */
static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md;
}

enum xc_err
xc_sha256(const void *data, size_t len, unsigned char digest_r[XC_DIGEST_LEN])
{
	const EVP_MD *md = sha256();

	if (md == NULL || EVP_Digest(len > 0 ? data : "", len, digest_r, NULL,
	    md, NULL) != 1)
		return XC_ERR_NOMEM;
	return XC_OK;
}

enum xc_err
xc_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char digest_r[XC_DIGEST_LEN])
{
	const EVP_MD *md = sha256();

	if (key == NULL || key_len == 0 || key_len > INT_MAX)
		return XC_ERR_INVALID;
	if (md == NULL || HMAC(md, key, (int)key_len,
	    len > 0 ? data : (const void *)"", len, digest_r, NULL) == NULL)
		return XC_ERR_NOMEM;
	return XC_OK;
}

bool
xc_same(const void *a, const void *b, size_t len)
{
	return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}

bool
xc_same_text(const char *a, const char *b)
{
	size_t len;

	if (a == NULL || b == NULL)
		return false;
	len = strlen(a);
	return len == strlen(b) && xc_same(a, b, len);
}

enum xc_err
xc_base64url(const void *data, size_t len, char *text_r, size_t size)
{
	const unsigned char *in = data;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	char *out = text_r;
	size_t i;

	if (size == 0)
		return XC_ERR_TOO_LARGE;
	*text_r = '\0';
	/* Three bytes are four letters; what is over, one letter more. */
	if (len > SIZE_MAX / 2 ||
	    len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0) >= size)
		return XC_ERR_TOO_LARGE;
	for (i = 0; i < len; i++) {
		bits = (bits & 0xff) << 8 | in[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			*out++ = letters[bits >> (n_bits - 6) & 63];
	}
	if (n_bits > 0)
		*out++ = letters[bits << (6 - n_bits) & 63];
	*out = '\0';
	return XC_OK;
}

/* The value of a letter, or -1; without a table, as what is read may be a
 * secret. */
static int
value(unsigned char c)
{
	int v = -1;

	v += (c >= 'A' && c <= 'Z') * (c - 'A' + 1);
	v += (c >= 'a' && c <= 'z') * (c - 'a' + 27);
	v += (c >= '0' && c <= '9') * (c - '0' + 53);
	v += (c == '-') * 63;
	v += (c == '_') * 64;
	return v;
}

enum xc_err
xc_base64url_read(const char *text, size_t text_len, void *data_r,
    size_t size, size_t *len_r)
{
	unsigned char *out = data_r;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t i, len = 0;
	int v;

	*len_r = 0;
	if (text_len % 4 == 1)
		return XC_ERR_INVALID;
	for (i = 0; i < text_len; i++) {
		v = value((unsigned char)text[i]);
		if (v < 0)
			return XC_ERR_INVALID;
		bits = (bits & 0x3f) << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (len == size)
			return XC_ERR_TOO_LARGE;
		out[len++] = (unsigned char)(bits >> n_bits);
	}
	/* Else several texts would be read as the same bytes. */
	if ((bits & ((1u << n_bits) - 1)) != 0)
		return XC_ERR_INVALID;
	*len_r = len;
	return XC_OK;
}

void
xc_hex_write(const void *data, size_t len, char *text_r)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = data;
	size_t i;

	for (i = 0; i < len; i++) {
		*text_r++ = digits[in[i] >> 4];
		*text_r++ = digits[in[i] & 15];
	}
	*text_r = '\0';
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum xc_err
xc_hex_read(const char *text, void *data_r, size_t len)
{
	unsigned char *out = data_r;
	int high, low;
	size_t i;

	if (text == NULL)
		return XC_ERR_INVALID;
	for (i = 0; i < len; i++) {
		high = digit(text[2 * i]);
		low = high < 0 ? -1 : digit(text[2 * i + 1]);
		if (low < 0)
			return XC_ERR_INVALID;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return text[2 * len] == '\0' ? XC_OK : XC_ERR_INVALID;
}

void
xc_wipe(void *buf, size_t len)
{
	if (len > 0)
		explicit_bzero(buf, len);
}

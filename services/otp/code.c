/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "totp.h"

/* None that is taken for another (Crockford's base32). */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'o')
		return '0';
	return c == 'i' || c == 'l' ? '1' : c;
}

static enum xc_code_kind
kind_of(const char *code, size_t len)
{
	bool digits = strspn(code, "0123456789") == len;

	if (len == XC_TOTP_DIGITS && digits)
		return XC_CODE_APP;
	if (len == XC_MAIL_DIGITS && digits)
		return XC_CODE_MAIL;
	return len == XC_RECOVERY_LETTERS ? XC_CODE_RECOVERY : XC_CODE_NONE;
}

enum xc_code_kind
xc_code_read(const char *text, char code_r[XC_CODE_SIZE])
{
	size_t len = 0;

	code_r[0] = '\0';
	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (len == XC_CODE_SIZE - 1 ||
		    strchr(letters, fold(*text)) == NULL)
			return XC_CODE_NONE;
		code_r[len++] = fold(*text);
		code_r[len] = '\0';
	}
	return kind_of(code_r, len);
}

enum xc_err
xc_code_recovery(char text_r[XC_CODE_SIZE])
{
	unsigned char random[XC_RECOVERY_LETTERS];
	enum xc_err err = xc_random(random, sizeof(random));
	char *to = text_r;
	size_t i;

	text_r[0] = '\0';
	if (err != XC_OK)
		return err;
	for (i = 0; i < sizeof(random); i++) {
		if (i > 0 && i % 4 == 0)
			*to++ = '-';
		*to++ = letters[random[i] % 32];
	}
	*to = '\0';
	xc_wipe(random, sizeof(random));
	return XC_OK;
}

_Static_assert(XC_RECOVERY_LETTERS + 2 < XC_CODE_SIZE,
    "a recovery code fits with its dashes");

/* Of 2^64 numbers the first ones are more likely by less than 10^-11. */
enum xc_err
xc_code_mail(char text_r[XC_CODE_SIZE])
{
	uint64_t random;
	enum xc_err err = xc_random(&random, sizeof(random));

	text_r[0] = '\0';
	if (err == XC_OK)
		snprintf(text_r, XC_CODE_SIZE, "%08u",
		    (unsigned)(random % 100000000));
	return err;
}

enum xc_err
xc_code_digest(const struct xc_keyring *ring, size_t n, const char *purpose,
    int64_t user_id, const char *code, unsigned char digest_r[XC_DIGEST_LEN])
{
	char text[96];
	enum xc_err err;
	int len;

	len = snprintf(text, sizeof(text), "otp-%s:%lld:%s", purpose,
	    (long long)user_id, code);
	if (len < 0 || (size_t)len >= sizeof(text))
		return XC_ERR_INVALID;
	err = n == 0 ? xc_keyring_hmac(ring, "hash", text, (size_t)len,
	    digest_r) : xc_keyring_hmac_nth(ring, "hash", n, text,
	    (size_t)len, digest_r);
	xc_wipe(text, sizeof(text));
	return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "services/security/token.h"

#include "totp.h"

#define URI_FIXED 160		/* what is not of the caller */

/* For liboath: 0 if it is the one, in a time that tells nothing. */
static int
compare(void *ctx, const char *code)
{
	return xc_same(ctx, code, XC_TOTP_DIGITS) ? 0 : 1;
}

static bool
is_code(const char *code)
{
	return strlen(code) == XC_TOTP_DIGITS &&
	    strspn(code, "0123456789") == XC_TOTP_DIGITS;
}

enum xc_err
xc_totp_match(const unsigned char secret[XC_TOTP_SECRET_LEN], int64_t now,
    unsigned window, const char *code, uint64_t *step_r)
{
	char given[XC_TOTP_DIGITS + 1], key[XC_TOTP_SECRET_LEN];
	uint64_t step = 0;
	int found;

	*step_r = 0;
	/* liboath would count below 0. */
	if (!is_code(code) || now < (int64_t)window * XC_TOTP_STEP_S)
		return XC_ERR_DENIED;
	memcpy(given, code, sizeof(given));
	memcpy(key, secret, sizeof(key));
	found = oath_totp_validate4_callback(key, sizeof(key), (time_t)now,
	    XC_TOTP_STEP_S, OATH_TOTP_DEFAULT_START_TIME, XC_TOTP_DIGITS,
	    window, NULL, &step, 0, compare, given);
	xc_wipe(key, sizeof(key));
	xc_wipe(given, sizeof(given));
	if (found >= 0) {
		*step_r = step;
		return XC_OK;
	}
	return found == OATH_INVALID_OTP ? XC_ERR_DENIED : XC_ERR_FAILED;
}

enum xc_err
xc_totp_text(const unsigned char secret[XC_TOTP_SECRET_LEN],
    char text_r[XC_TOTP_SECRET_TEXT])
{
	char key[XC_TOTP_SECRET_LEN], *text = NULL;
	size_t len = 0;
	int rc;

	memcpy(key, secret, sizeof(key));
	rc = oath_base32_encode(key, sizeof(key), &text, &len);
	xc_wipe(key, sizeof(key));
	text_r[0] = '\0';
	if (rc != OATH_OK)
		return XC_ERR_NOMEM;
	if (len == XC_TOTP_SECRET_TEXT - 1)
		memcpy(text_r, text, len + 1);
	xc_wipe(text, len);
	free(text);
	return text_r[0] != '\0' ? XC_OK : XC_ERR_FAILED;
}

/* Percent-encodes all but what RFC 3986 leaves unreserved. */
static char *
put_name(char *to, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *name != '\0'; name++) {
		char c = *name == ':' ? '-' : *name;

		if (strchr(plain, c) != NULL)
			*to++ = c;
		else
			to += sprintf(to, "%%%02X", (unsigned char)c);
	}
	*to = '\0';
	return to;
}

enum xc_err
xc_totp_uri(const char *issuer, const char *account, const char *secret,
    char **uri_r)
{
	size_t size = URI_FIXED + 6 * strlen(issuer) + 3 * strlen(account) +
	    strlen(secret);
	char *to = malloc(size);

	*uri_r = to;
	if (to == NULL)
		return XC_ERR_NOMEM;
	to = stpcpy(to, "otpauth://totp/");
	to = put_name(to, issuer);
	*to++ = ':';
	to = put_name(to, account);
	to = stpcpy(to, "?secret=");
	to = stpcpy(to, secret);
	to = stpcpy(to, "&issuer=");
	to = put_name(to, issuer);
	sprintf(to, "&algorithm=SHA1&digits=%d&period=%d", XC_TOTP_DIGITS,
	    XC_TOTP_STEP_S);
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
/* Any text as a Cookie header, and as the name of a user. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One that was taken stands in the header as it would be written. */
static void
check_cookie(const char *text)
{
	struct xc_cookie cookie;
	char written[256];

	if (xc_cookie_read(text, &cookie) != XC_OK)
		return;
	assert(strlen(cookie.session) == XC_SESSION_TEXT_SIZE - 1);
	assert(strlen(cookie.secret) == XC_TOKEN_SIZE - 1);
	xc_cookie_write(&cookie, 1, written, sizeof(written));
	*strchr(written, ';') = '\0';
	assert(strstr(text, written) != NULL);
}

/* So does what a browser is known by. */
static void
check_device(const char *text)
{
	struct xc_device device;
	char written[128], digest[XC_TOKEN_SIZE];

	if (xc_device_read(text, &device) != XC_OK)
		return;
	assert(device.user_id > 0 && device.expires_at > 0);
	assert(xc_base64url(device.digest, sizeof(device.digest), digest,
	    sizeof(digest)) == XC_OK);
	snprintf(written, sizeof(written), "=%lld.%s.%lld.%s",
	    (long long)device.user_id, device.nonce,
	    (long long)device.expires_at, digest);
	assert(strstr(text, written) != NULL);
}

/* What users are found by is ASCII in lower case, and its own key. */
static void
check_name(const char *text)
{
	char key[256], again[256];
	enum xc_name_kind kind = xc_name_key(text, key, sizeof(key));
	size_t i;

	assert((kind == XC_NAME_NONE) == (key[0] == '\0'));
	for (i = 0; key[i] != '\0'; i++)
		assert(key[i] > ' ' && key[i] <= '~' &&
		    (key[i] < 'A' || key[i] > 'Z'));
	if (kind == XC_NAME_NONE)
		return;
	assert(i == strlen(text));
	assert(xc_name_key(key, again, sizeof(again)) == kind);
	assert(strcmp(key, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_cookie(text);
	check_device(text);
	check_name(text);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* What a browser shows that has logged in before. */
#include "auth-private.h"

#include <string.h>

#include "lib/session.h"

#define NONCE_LEN 16
#define DIGITS_MAX 18		/* of a number: it fits in 63 bits */

/* The part of a value before the next '.', or before its end. */
struct part {
	const char *text;
	size_t len;
};

static struct part
next_part(struct part *rest)
{
	const char *dot = memchr(rest->text, '.', rest->len);
	struct part part = *rest;

	if (dot == NULL) {
		rest->text += rest->len;
		rest->len = 0;
		return part;
	}
	part.len = (size_t)(dot - part.text);
	rest->text = dot + 1;
	rest->len -= part.len + 1;
	return part;
}

static bool
read_number(struct part part, int64_t *number_r)
{
	int64_t number = 0;

	if (part.len == 0 || part.len > DIGITS_MAX || part.text[0] == '0')
		return false;
	for (size_t i = 0; i < part.len; i++) {
		if (part.text[i] < '0' || part.text[i] > '9')
			return false;
		number = 10 * number + (part.text[i] - '0');
	}
	*number_r = number;
	return true;
}

static bool
read_value(struct part rest, struct xc_device *device_r)
{
	unsigned char nonce[NONCE_LEN];
	struct part part;
	size_t len;

	part = next_part(&rest);
	if (!read_number(part, &device_r->user_id))
		return false;
	part = next_part(&rest);
	if (part.len != XC_DEVICE_NONCE_SIZE - 1 ||
	    xc_base64url_read(part.text, part.len, nonce, sizeof(nonce),
	    &len) != XC_OK)
		return false;
	memcpy(device_r->nonce, part.text, part.len);
	device_r->nonce[part.len] = '\0';
	part = next_part(&rest);
	return read_number(part, &device_r->expires_at) &&
	    xc_base64url_read(rest.text, rest.len, device_r->digest,
	    sizeof(device_r->digest), &len) == XC_OK &&
	    len == sizeof(device_r->digest);
}

enum xc_err
xc_device_read(const char *header, struct xc_device *device_r)
{
	struct part value;
	enum xc_err err;

	memset(device_r, 0, sizeof(*device_r));
	err = xc_cookie_find(header, XC_DEVICE_COOKIE, &value.text,
	    &value.len);
	if (err == XC_OK && !read_value(value, device_r))
		err = XC_ERR_INVALID;
	return err;
}

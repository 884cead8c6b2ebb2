/* SPDX-License-Identifier: MIT */
#include "raw-text.h"

void
xc_raw_begin(struct xc_raw *raw, char *buf, size_t size)
{
	raw->buf = buf;
	raw->size = size;
	raw->len = 0;
	buf[0] = '\0';
}

static void
put_char(struct xc_raw *raw, char c)
{
	if (raw->len + 1 >= raw->size)
		return;
	/* The end first: who reads it half done finds one. */
	raw->buf[raw->len + 1] = '\0';
	raw->buf[raw->len++] = c;
}

void
xc_raw_bytes(struct xc_raw *raw, const char *bytes, size_t len)
{
	while (len-- > 0)
		put_char(raw, *bytes++);
}

void
xc_raw_put(struct xc_raw *raw, const char *text)
{
	while (*text != '\0')
		put_char(raw, *text++);
}

void
xc_raw_padded(struct xc_raw *raw, uint64_t number, unsigned digits)
{
	char text[24];
	unsigned n = 0;

	do {
		text[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (; digits > n; digits--)
		put_char(raw, '0');
	while (n > 0)
		put_char(raw, text[--n]);
}

void
xc_raw_number(struct xc_raw *raw, int64_t number)
{
	uint64_t value = (uint64_t)number;

	if (number < 0) {
		put_char(raw, '-');
		value = 0 - value;
	}
	xc_raw_padded(raw, value, 1);
}

void
xc_raw_hex(struct xc_raw *raw, uint64_t number)
{
	int shift = 60;

	xc_raw_put(raw, "0x");
	while (shift > 0 && (number >> shift & 15) == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put_char(raw, "0123456789abcdef"[number >> shift & 15]);
}

void
xc_raw_json(struct xc_raw *raw, const char *text, size_t len)
{
	for (; len > 0 && *text != '\0'; text++, len--)
		put_char(raw, (unsigned char)*text < 0x20 || *text == '"' ||
		    *text == '\\' || (unsigned char)*text > 0x7e ? '?' :
		    *text);
}

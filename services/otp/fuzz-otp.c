/* SPDX-License-Identifier: MIT */
/*
 * What comes from others into codes and letters: "ADDRESS\nSUBJECT\nTEXT".  A
 * letter that is written has the fields that we put there and no other, and a
 * text that is no code matches nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "letter.h"
#include "qr.h"
#include "totp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char secret[XC_TOTP_SECRET_LEN] = "1234567890123456789";

/* Lines up to the empty one that begin a field. */
static size_t
count_fields(const char *text)
{
	size_t n = 0;

	while (strncmp(text, "\r\n", 2) != 0) {
		const char *end = strstr(text, "\r\n");

		assert(end != NULL && end - text <= 998);
		if (text[0] != ' ') {
			const char *colon = strchr(text, ':');

			assert(colon != NULL && colon < end);
			n++;
		}
		text = end + 2;
	}
	return n;
}

static void
write_letter(const struct xc_letter *letter)
{
	static const struct xc_letter_frame frame = { .from = "x@example.org",
		.id = "1f", .at = 1795428000 };
	struct xc_block out = { .base = NULL };
	struct xc_errbuf errbuf = { .text = "" };
	enum xc_err err = xc_letter_write(letter, &frame, &out, &errbuf);

	if (err != XC_OK) {
		assert(errbuf.text[0] != '\0');
		assert(strpbrk(errbuf.text, "\r\n") == NULL);
	} else {
		assert(xc_address_ok(letter->to));
		assert(xc_block_put(&out, "", 1) == XC_OK);
		assert(count_fields((const char *)out.base) == 9);
	}
	xc_block_free(&out);
}

static void
read_code(const char *text)
{
	char code[XC_CODE_SIZE];
	enum xc_code_kind kind = xc_code_read(text, code);
	uint64_t step;

	assert(strlen(code) < sizeof(code));
	assert(kind != XC_CODE_APP || strlen(code) == XC_TOTP_DIGITS);
	assert(kind != XC_CODE_MAIL || strlen(code) == XC_MAIL_DIGITS);
	assert(kind != XC_CODE_RECOVERY ||
	    strlen(code) == XC_RECOVERY_LETTERS);
	assert(xc_totp_match(secret, 1234567890, 2, text, &step) == XC_OK ||
	    step == 0);
}

static void
draw(const char *issuer, const char *account)
{
	char *uri, *svg;

	assert(xc_totp_uri(issuer, account, "A", &uri) == XC_OK);
	assert(strspn(uri, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
	    "xyz0123456789-._~%:/?&=") == strlen(uri));
	if (xc_qr_svg(uri, issuer, &svg) == XC_OK) {
		/* One title, one picture: nothing that the issuer wrote. */
		assert(strstr(strstr(svg, "<title>") + 1, "<title>") == NULL);
		assert(strlen(strstr(svg, "\"/></svg>")) == 9);
		free(svg);
	}
	free(uri);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct xc_letter letter = { .subject = "", .text = "" };
	char *end;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	letter.to = text;
	read_code(text);
	end = strchr(text, '\n');
	if (end != NULL) {
		*end = '\0';
		letter.subject = end + 1;
		end = strchr(end + 1, '\n');
		if (end != NULL) {
			*end = '\0';
			letter.text = end + 1;
		}
	}
	write_letter(&letter);
	if (size < 300)
		draw(letter.to, letter.subject);
	free(text);
	return 0;
}

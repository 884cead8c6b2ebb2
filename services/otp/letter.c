/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base64.h"
#include "lib/text.h"

#include "letter.h"

#define LOCAL_MAX 64		/* RFC 5321, 4.5.3.1.1 */
#define LABEL_MAX 63
#define LINE_MAX_PLAIN 78	/* RFC 5322, 2.1.1 */
#define WORD_BYTES 45		/* of an encoded word: 60 letters (RFC 2047) */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
#define LINE_BYTES 57		/* of base64: lines of 76 (RFC 2045, 6.8) */

/* --- addresses ----------------------------------------------------------- */

static bool
is_atom(char c)
{
	return isalnum((unsigned char)c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Letters of the C locale alone: a service has no other. */
static bool
local_ok(const char *text, size_t len)
{
	size_t i;

	if (len == 0 || len > LOCAL_MAX || text[0] == '.' ||
	    text[len - 1] == '.')
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] == '.' ? text[i + 1] == '.' : !is_atom(text[i]))
			return false;
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

static bool
label_ok(const char *text, size_t len)
{
	size_t i;

	if (len == 0 || len > LABEL_MAX || text[0] == '-' ||
	    text[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80 ||
		    (!isalnum((unsigned char)text[i]) && text[i] != '-'))
			return false;
	return true;
}

bool
xc_address_ok(const char *address)
{
	const char *at = strchr(address, '@');
	size_t len;

	if (at == NULL || strlen(address) > XC_ADDRESS_MAX ||
	    !local_ok(address, (size_t)(at - address)))
		return false;
	for (at++;; at += len + 1) {
		len = strcspn(at, ".");
		if (!label_ok(at, len))
			return false;
		if (at[len] == '\0')
			return true;
	}
}

/* --- what it is made of -------------------------------------------------- */

static enum xc_err
put(struct xc_block *out, const char *text)
{
	return xc_block_put(out, text, strlen(text));
}

static enum xc_err
put_field(struct xc_block *out, const char *name, const char *value,
    const char *end)
{
	enum xc_err err = put(out, name);

	if (err == XC_OK)
		err = put(out, value);
	return err == XC_OK ? put(out, end) : err;
}

/* Not by strftime(), which speaks the language of its locale. */
static enum xc_err
put_date(struct xc_block *out, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)at;
	char text[80];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return XC_ERR_INVALID;
	snprintf(text, sizeof(text),
	    "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return put(out, text);
}

/* Whether a text may stand as it is: ASCII in lines that are short. */
static bool
is_simple(const char *text, size_t line_max)
{
	size_t column = 0;

	for (; *text != '\0'; text++) {
		column = *text == '\n' ? 0 : column + 1;
		if ((unsigned char)*text >= 0x80 || column > line_max)
			return false;
	}
	return true;
}

/* Each word holds whole characters, and a line one word (RFC 2047, 5). */
static enum xc_err
put_words(struct xc_block *out, const char *text)
{
	char word[BASE64_SIZE(WORD_BYTES)];
	size_t left = strlen(text);
	enum xc_err err = XC_OK;
	size_t len;

	for (; err == XC_OK && left > 0; text += len, left -= len) {
		len = left < WORD_BYTES ? left : WORD_BYTES;
		while (len < left && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		(void)xc_base64_encode(text, len, word);
		err = put_field(out, "=?UTF-8?B?", word,
		    len < left ? "?=\r\n " : "?=\r\n");
	}
	return err;
}

static enum xc_err
put_subject(struct xc_block *out, const char *subject)
{
	enum xc_err err = put(out, "Subject: ");

	if (err != XC_OK)
		return err;
	/* What looks like an encoded word is made one. */
	if (is_simple(subject, LINE_MAX_PLAIN - 9) &&
	    strstr(subject, "=?") == NULL)
		return put_field(out, "", subject, "\r\n");
	return put_words(out, subject);
}

/* "\n" becomes CR LF; a lone CR was refused. */
static enum xc_err
put_plain(struct xc_block *out, const char *text)
{
	enum xc_err err = XC_OK;
	size_t len;

	while (err == XC_OK && *text != '\0') {
		len = strcspn(text, "\n");
		err = xc_block_put(out, text, len);
		if (err == XC_OK)
			err = put(out, "\r\n");
		text += text[len] == '\n' ? len + 1 : len;
	}
	return err;
}

/* The lines end by CR LF inside of base64 too (RFC 2046, 4.1.1). */
static enum xc_err
put_base64(struct xc_block *out, const char *text)
{
	char line[BASE64_SIZE(LINE_BYTES)];
	struct xc_block plain = { .base = NULL };
	enum xc_err err = put_plain(&plain, text);
	size_t at, len;

	for (at = 0; err == XC_OK && at < plain.used; at += len) {
		len = plain.used - at < LINE_BYTES ? plain.used - at
		    : LINE_BYTES;
		(void)xc_base64_encode(plain.base + at, len, line);
		err = put_field(out, line, "\r\n", "");
	}
	xc_block_free(&plain);
	return err;
}

static enum xc_err
put_text(struct xc_block *out, const char *text)
{
	bool plain = is_simple(text, LINE_MAX_PLAIN);
	enum xc_err err = put_field(out, "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: ", plain ? "7bit" : "base64",
	    "\r\n\r\n");

	if (err != XC_OK)
		return err;
	return plain ? put_plain(out, text) : put_base64(out, text);
}

/* --- checks -------------------------------------------------------------- */

/* Text that a letter may hold: lines, tabs, no other control characters. */
static bool
text_ok(const char *text, size_t len)
{
	size_t i;

	if (xc_utf8_span(text, len) != len)
		return false;
	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n' &&
		    text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

static enum xc_err
check(const struct xc_letter *letter, const struct xc_letter_frame *frame,
    struct xc_errbuf *errbuf)
{
	size_t subject_len = strlen(letter->subject);
	size_t text_len = strlen(letter->text);

	/* What is no address is not written into a log either. */
	if (!xc_address_ok(letter->to))
		return xc_fail(errbuf, XC_ERR_INVALID, "the address that a "
		    "letter is for is none that mail can be sent to");
	if (!xc_address_ok(frame->from))
		return xc_fail(errbuf, XC_ERR_INVALID, "mail.from is no "
		    "address; write it as name@host");
	if (!xc_is_plain(letter->subject, subject_len, false) ||
	    xc_utf8_span(letter->subject, subject_len) != subject_len)
		return xc_fail(errbuf, XC_ERR_INVALID, "the subject of a "
		    "letter must be one line of UTF-8");
	if (!text_ok(letter->text, text_len))
		return xc_fail(errbuf, XC_ERR_INVALID, "the text of a letter "
		    "must be lines of UTF-8");
	if (subject_len > XC_SUBJECT_MAX || text_len > XC_LETTER_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "a letter may have "
		    "%d bytes of subject and %d of text", XC_SUBJECT_MAX,
		    XC_LETTER_MAX);
	return XC_OK;
}

enum xc_err
xc_letter_write(const struct xc_letter *letter,
    const struct xc_letter_frame *frame, struct xc_block *out,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = check(letter, frame, errbuf);

	if (err != XC_OK)
		return err;
	err = put_date(out, frame->at);
	if (err == XC_OK)
		err = put_field(out, "From: <", frame->from, ">\r\n");
	if (err == XC_OK)
		err = put_field(out, "To: <", letter->to, ">\r\n");
	if (err == XC_OK)
		err = put_field(out, "Message-ID: <", frame->id,
		    strchr(frame->from, '@'));
	if (err == XC_OK)
		err = put(out, ">\r\n");
	if (err == XC_OK)
		err = put_subject(out, letter->subject);
	/* No machine answers it (RFC 3834). */
	if (err == XC_OK)
		err = put(out, "Auto-Submitted: auto-generated\r\n");
	if (err == XC_OK)
		err = put_text(out, letter->text);
	if (err == XC_OK)
		return XC_OK;
	return xc_fail(errbuf, err, "a letter could not be written: %s",
	    xc_strerror(err));
}

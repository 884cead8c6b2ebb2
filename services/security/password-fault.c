/* SPDX-License-Identifier: MIT */
/* What a new password must not be. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "password-common.h"
#include "password.h"
#include "token.h"

static const char is_common[] =
    "This password is too easy to guess; choose another one.";
static const char is_own[] =
    "The password must not be the name or the e-mail address, nor the "
    "site's name.";

/* Digits and signs around a word that do not make it much harder to guess. */
#define REST_MAX 8

/* A password's text, in lower case as far as it is ASCII. */
struct text {
	char at[XC_PASSWORD_MAX + 1];
	size_t len;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void
fold(const char *from, size_t len, struct text *text_r)
{
	size_t i;

	if (len > XC_PASSWORD_MAX)
		len = XC_PASSWORD_MAX;
	for (i = 0; i < len; i++)
		text_r->at[i] = lower(from[i]);
	text_r->at[len] = '\0';
	text_r->len = len;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* What is written for a letter by those who think that nobody guesses it. */
static bool
stands_for(char c, char letter)
{
	static const char *const pairs = "4a@a8b3e9g6g1i!i|i1l|l0o5s$s7t+t2z";

	for (const char *pair = pairs; *pair != '\0'; pair += 2)
		if (pair[0] == c && pair[1] == letter)
			return true;
	return false;
}

static bool
begins_with(const char *at, size_t n, const char *word, size_t len)
{
	if (n < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (at[i] != word[i] && !stands_for(at[i], word[i]))
			return false;
	return true;
}

/* Whether text is that word, once or again and again, with nothing but a few
 * digits and signs around it. */
static bool
is_made_of(const struct text *text, const char *word, size_t len)
{
	const char *at = text->at, *end = at + text->len;
	size_t rest = 0;

	if (len < 3)
		return false;
	for (; !begins_with(at, (size_t)(end - at), word, len); at++, rest++)
		if (at == end || is_letter(*at))
			return false;
	while (begins_with(at, (size_t)(end - at), word, len))
		at += len;
	for (; at < end; at++, rest++)
		if (is_letter(*at))
			return false;
	return rest <= REST_MAX;
}

static bool
is_common_word(const struct text *text)
{
	const char *word = common_words, *end;

	for (;;) {
		word += strspn(word, " ");
		if (*word == '\0')
			return false;
		end = strchr(word, ' ');
		if (is_made_of(text, word, (size_t)(end - word)))
			return true;
		word = end;
	}
}

/* "aaaa...", "abcabc...", "12341234...": a piece of up to four, repeated. */
static bool
is_repeated(const struct text *text)
{
	size_t piece;

	for (piece = 1; piece <= 4 && piece < text->len; piece++)
		if (memcmp(text->at, text->at + piece,
		    text->len - piece) == 0)
			return true;
	return false;
}

/* "123456789012", "abcdefghijkl", "987654321098", "qwertyuiopas": each byte
 * is the neighbour of the one before it, on the same side. */
static bool
is_row(const struct text *text)
{
	static const char *const rows[] = {
		"01234567890123456789", "abcdefghijklmnopqrstuvwxyzabc",
		"qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
		"azertyuiopqsdfghjklmwxcvbn", "1234567890-=qwertyuiop[]",
		"1234567890qwertyuiopasdfghjklzxcvbnm"
	};
	size_t i, j, k, steps[2];
	const char *found;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(steps, 0, sizeof(steps));
		for (j = 1; j < text->len; j++)
			for (k = 0; k < 2; k++) {
				char pair[3] = { text->at[j - !k],
				    text->at[j - k], '\0' };

				found = strstr(rows[i], pair);
				steps[k] += found != NULL;
			}
		/* One turn or slip is as easy to guess. */
		if (steps[0] + 2 >= text->len || steps[1] + 2 >= text->len)
			return true;
	}
	return false;
}

static bool
is_name(const struct text *text, const char *name, size_t len)
{
	struct text own;

	if (len == 0)
		return false;
	fold(name, len, &own);
	if (own.len == text->len && memcmp(own.at, text->at, own.len) == 0)
		return true;
	return is_made_of(text, own.at, own.len);
}

static size_t
count_characters(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Only its form. */
static const char *
form_fault(const struct xc_security_settings *settings, const char *password,
    size_t len)
{
	static char text[96];

	if (len > XC_PASSWORD_MAX)
		return "The password is too long: it may have 1024 bytes.";
	if (len > 0 && memchr(password, '\0', len) != NULL)
		return "The password has a NUL character in it.";
	if (xc_utf8_span(password, len) != len)
		return "The password is not valid UTF-8.";
	if (count_characters(password, len) >= (size_t)settings->password_min)
		return NULL;
	snprintf(text, sizeof(text), "The password is too short: it needs %u "
	    "characters at least.", (unsigned)settings->password_min);
	return text;
}

const char *
xc_password_fault(const struct xc_security_settings *settings,
    const char *password, size_t len, const struct xc_password_owner *owner)
{
	const char *email = owner->email;
	const char *fault = form_fault(settings, password, len);
	struct text text;

	if (fault != NULL)
		return fault;
	fold(password, len, &text);
	if (is_repeated(&text) || is_row(&text) || is_common_word(&text))
		fault = is_common;
	if ((owner->name != NULL && is_name(&text, owner->name,
	    strlen(owner->name))) || (owner->site != NULL &&
	    is_name(&text, owner->site, strlen(owner->site))))
		fault = is_own;
	if (email != NULL && (is_name(&text, email, strlen(email)) ||
	    is_name(&text, email, strcspn(email, "@"))))
		fault = is_own;
	xc_wipe(&text, sizeof(text));
	return fault;
}

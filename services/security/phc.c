/* SPDX-License-Identifier: MIT */
#include "phc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "token.h"

/* Room for the letters of a salt or a hash. */
#define TEXT_SIZE ((XC_HASH_MAX + 2) / 3 * 4 + 1)

static bool
skip(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

/* 1 to 2^32 - 1, without leading zeros. */
static bool
read_number(const char **at, uint32_t *number_r)
{
	uint64_t number = 0;

	if (**at < '1' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; ++*at) {
		number = number * 10 + (uint64_t)(**at - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*number_r = (uint32_t)number;
	return true;
}

/* PHC strings have the letters '+' and '/' of plain base64, for which
 * base64url has '-' and '_'. */
static void
swap_letters(char *text, const char *from, const char *to)
{
	for (; *text != '\0'; text++)
		if (*text == from[0])
			*text = to[0];
		else if (*text == from[1])
			*text = to[1];
}

static bool
read_bytes(const char **at, void *data_r, size_t size, size_t *len_r)
{
	size_t len = strcspn(*at, "$");
	char text[TEXT_SIZE];
	bool ok;

	if (len >= sizeof(text) || memchr(*at, '-', len) != NULL ||
	    memchr(*at, '_', len) != NULL)
		return false;
	memcpy(text, *at, len);
	text[len] = '\0';
	*at += len;
	swap_letters(text, "+/", "-_");
	ok = xc_base64url_read(text, len, data_r, size, len_r) == XC_OK;
	xc_wipe(text, sizeof(text));
	return ok;
}

enum xc_err
xc_phc_read(const char *text, struct xc_phc *phc_r)
{
	const char *at = text;

	memset(phc_r, 0, sizeof(*phc_r));
	if (!skip(&at, "$argon2id$v=19$m=") ||
	    !read_number(&at, &phc_r->kb) || !skip(&at, ",t=") ||
	    !read_number(&at, &phc_r->passes) || !skip(&at, ",p=") ||
	    !read_number(&at, &phc_r->lanes) || !skip(&at, "$"))
		return XC_ERR_INVALID;
	if (!read_bytes(&at, phc_r->salt, sizeof(phc_r->salt),
	    &phc_r->salt_len) || !skip(&at, "$") ||
	    !read_bytes(&at, phc_r->hash, sizeof(phc_r->hash),
	    &phc_r->hash_len) || *at != '\0')
		return XC_ERR_INVALID;
	if (phc_r->salt_len < XC_SALT_MIN || phc_r->hash_len < XC_HASH_MIN)
		return XC_ERR_INVALID;
	return XC_OK;
}

enum xc_err
xc_phc_write(const struct xc_phc *phc, char *text_r, size_t size)
{
	char salt[TEXT_SIZE], hash[TEXT_SIZE];
	enum xc_err err;
	int n;

	err = xc_base64url(phc->salt, phc->salt_len, salt, sizeof(salt));
	if (err == XC_OK)
		err = xc_base64url(phc->hash, phc->hash_len, hash,
		    sizeof(hash));
	if (err != XC_OK)
		return err;
	swap_letters(salt, "-_", "+/");
	swap_letters(hash, "-_", "+/");
	n = snprintf(text_r, size, "$argon2id$v=19$m=%u,t=%u,p=%u$%s$%s",
	    phc->kb, phc->passes, phc->lanes, salt, hash);
	xc_wipe(hash, sizeof(hash));
	return n > 0 && (size_t)n < size ? XC_OK : XC_ERR_TOO_LARGE;
}

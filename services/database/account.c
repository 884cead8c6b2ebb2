/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "account.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* One of each kind of letter, for servers that look at passwords. */
#define PREFIX "Xc1-"
#define HMAC_BYTES ((XC_ACCOUNT_PASSWORD_SIZE - sizeof(PREFIX)) / 2)

/* They stand in statements that are written, not bound. */
static bool
plain(const char *name, const char *letters)
{
	return *name != '\0' && strspn(name, letters) == strlen(name);
}

enum xc_err
xc_account_name(const struct xc_database_settings *settings,
    const char *plugin, char name_r[XC_ACCOUNT_NAME_SIZE],
    struct xc_errbuf *errbuf)
{
	const char *tail = plugin != NULL ? plugin : "_service";
	int len;

	name_r[0] = '\0';
	if (!plain(settings->plugin_user, LETTERS CAPITALS DIGITS "_-."))
		return xc_fail(errbuf, XC_ERR_INVALID, "database.plugin_user "
		    "\"%.80s\": names of accounts are made of it: use A-Z, "
		    "a-z, 0-9, '_', '-' and '.'", settings->plugin_user);
	if (!plain(tail, LETTERS DIGITS "_-"))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "\"%.32s\" cannot be the name of a plugin", tail);
	len = snprintf(name_r, XC_ACCOUNT_NAME_SIZE, "%s_%s",
	    settings->plugin_user, tail);
	if (len < 0 || len >= XC_ACCOUNT_NAME_SIZE) {
		name_r[0] = '\0';
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "the account "
		    "%s_%s: more than 80 characters; make "
		    "database.plugin_user shorter", settings->plugin_user,
		    tail);
	}
	/* As in the name of its schema, from which it is found. */
	for (char *p = name_r + strlen(settings->plugin_user); *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	if (strcmp(name_r, settings->user) != 0)
		return XC_OK;
	name_r[0] = '\0';
	return xc_fail(errbuf, XC_ERR_INVALID, "database.user is \"%s\", "
	    "which is what a plugin's account would be called",
	    settings->user);
}

static enum xc_err
derive(const char *secret, const char *name,
    char password_r[XC_ACCOUNT_PASSWORD_SIZE])
{
	/* Whoever uses the secret for something else gets other bytes. */
	static const char purpose[] = "xcore database account ";
	char text[sizeof(purpose) + XC_ACCOUNT_NAME_SIZE];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%s%s", purpose, name);
	if (HMAC(EVP_sha256(), secret, (int)strlen(secret),
	    (const unsigned char *)text, len, digest, &digest_len) == NULL ||
	    digest_len < HMAC_BYTES)
		return XC_ERR_NOMEM;
	memcpy(password_r, PREFIX, sizeof(PREFIX));
	for (size_t i = 0; i < HMAC_BYTES; i++)
		snprintf(password_r + sizeof(PREFIX) - 1 + 2 * i, 3, "%02x",
		    digest[i]);
	explicit_bzero(digest, sizeof(digest));
	return XC_OK;
}

enum xc_err
xc_account_password(const struct xc_database_settings *settings,
    const char *name, char password_r[XC_ACCOUNT_PASSWORD_SIZE],
    struct xc_errbuf *errbuf)
{
	char *secret;
	enum xc_err err;

	memset(password_r, 0, XC_ACCOUNT_PASSWORD_SIZE);
	if (*settings->plugin_password_file == '\0')
		return xc_fail(errbuf, XC_ERR_INVALID, "database."
		    "plugin_password_file is not set: the passwords of "
		    "plugins' accounts are made of the secret in it");
	if (strlen(name) >= XC_ACCOUNT_NAME_SIZE)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "\"%.80s...\": no account has so long a name", name);
	err = xc_secret_read(settings->plugin_password_file, &secret, errbuf);
	if (err != XC_OK)
		return err;
	if (strlen(secret) < XC_ACCOUNT_SECRET_MIN)
		err = xc_fail(errbuf, XC_ERR_INVALID, "%s: has %zu bytes, at "
		    "least %d are needed: openssl rand -base64 24 makes one",
		    settings->plugin_password_file, strlen(secret),
		    XC_ACCOUNT_SECRET_MIN);
	else if (derive(secret, name, password_r) != XC_OK)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	xc_secret_free(&secret);
	return err;
}

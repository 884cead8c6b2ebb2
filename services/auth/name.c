/* SPDX-License-Identifier: MIT */
/* What users are found by: plain ASCII in lower case, so that no two names
 * look the same. */
#include "auth-private.h"

#include <string.h>

#define NAME_MAX_LEN 63
#define EMAIL_MAX_LEN 254

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_name(const char *key, size_t len)
{
	size_t i;

	if (len == 0 || len > NAME_MAX_LEN || !is_word(key[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!is_word(key[i]) && strchr("._-", key[i]) == NULL)
			return false;
	return true;
}

enum xc_name_kind
xc_name_key(const char *name, char *key_r, size_t size)
{
	size_t len = strlen(name);
	size_t i;

	*key_r = '\0';
	if (len == 0 || len > EMAIL_MAX_LEN || len >= size)
		return XC_NAME_NONE;
	for (i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			goto none;
		key_r[i] = name[i] >= 'A' && name[i] <= 'Z'
		    ? (char)(name[i] - 'A' + 'a') : name[i];
	}
	key_r[len] = '\0';
	if (strchr(key_r, '@') != NULL)
		return XC_NAME_EMAIL;
	if (is_name(key_r, len))
		return XC_NAME_USER;
none:
	*key_r = '\0';
	return XC_NAME_NONE;
}

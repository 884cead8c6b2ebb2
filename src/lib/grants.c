/* SPDX-License-Identifier: MIT */
#include "grants.h"

#include <stddef.h>
#include <string.h>

/* Up to the end of a word. */
static size_t
word_len(const char *at)
{
	return strcspn(at, ": ");
}

static bool
word_matches(const char *grant, const char *permission)
{
	size_t len = word_len(grant);

	if (len == 1 && *grant == '*')
		return true;
	return len > 0 && len == word_len(permission) &&
	    memcmp(grant, permission, len) == 0;
}

/* Whether the grant that stands first in a list covers it: word by word, so
 * that "todo:*" is no shorter way to write anything. */
static bool
covers(const char *grant, const char *permission)
{
	for (;;) {
		if (word_len(permission) == 0 ||
		    !word_matches(grant, permission))
			return false;
		grant += word_len(grant);
		permission += word_len(permission);
		if (*grant != ':' || *permission != ':')
			break;
		grant++;
		permission++;
	}
	return *permission == '\0' && (*grant == ' ' || *grant == '\0');
}

bool
xc_grants_have(const char *grants, const char *permission)
{
	if (grants == NULL)
		return false;
	for (;;) {
		grants += strspn(grants, " ");
		if (*grants == '\0')
			return false;
		if (covers(grants, permission))
			return true;
		grants += strcspn(grants, " ");
	}
}

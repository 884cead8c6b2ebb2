/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "lib/text.h"

static void
put(struct xc_pointer *pointer, const char *text, size_t len)
{
	size_t cap = pointer->cap == 0 ? 128 : pointer->cap;
	char *grown;

	while (cap - pointer->len <= len)
		cap *= 2;
	if (cap != pointer->cap) {
		grown = pointer->bad ? NULL : realloc(pointer->text, cap);
		if (grown == NULL) {
			pointer->bad = true;
			return;
		}
		pointer->text = grown;
		pointer->cap = cap;
	}
	memcpy(pointer->text + pointer->len, text, len);
	pointer->len += len;
	pointer->text[pointer->len] = '\0';
}

/* Whether it stands in a fragment as it is (RFC 3986, 3.5). */
static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~!$&'()*+,;=:@?", c) != NULL);
}

static void
add(struct xc_pointer *pointer, const char *token, bool uri)
{
	char escaped[4];

	put(pointer, "/", 1);
	for (; *token != '\0'; token++) {
		if (*token == '~') {
			put(pointer, "~0", 2);
		} else if (*token == '/') {
			put(pointer, "~1", 2);
		} else if (uri && !is_plain((unsigned char)*token)) {
			snprintf(escaped, sizeof(escaped), "%%%02X",
			    (unsigned char)*token);
			put(pointer, escaped, 3);
		} else {
			put(pointer, token, 1);
		}
	}
}

void
xc_pointer_add(struct xc_pointer *pointer, const char *token)
{
	add(pointer, token, false);
}

void
xc_pointer_add_uri(struct xc_pointer *pointer, const char *token)
{
	add(pointer, token, true);
}

char *
xc_pointer_take(struct xc_pointer *pointer)
{
	char *text;

	put(pointer, "", 0);
	text = pointer->text;
	if (pointer->bad) {
		free(text);
		text = NULL;
	}
	*pointer = (struct xc_pointer){ 0 };
	return text;
}

bool
xc_pointer_next(const char **at, char *buf, size_t size)
{
	const char *p = *at;
	size_t len = 0;

	if (*p++ != '/')
		return false;
	for (; *p != '\0' && *p != '/'; p++) {
		char c = *p;

		if (c == '~' && (p[1] == '0' || p[1] == '1'))
			c = *++p == '0' ? '~' : '/';
		if (len + 1 >= size)
			return false;
		buf[len++] = c;
	}
	buf[len] = '\0';
	*at = p;
	return true;
}

static struct json_object *
element(struct json_object *list, const char *token)
{
	size_t len = strlen(token);

	if (len == 0 || len > 9 || strspn(token, "0123456789") != len ||
	    (token[0] == '0' && len > 1))
		return NULL;
	return json_object_array_get_idx(list, strtoul(token, NULL, 10));
}

struct json_object *
xc_pointer_find(struct json_object *root, const char *pointer)
{
	char token[XC_POINTER_TOKEN_MAX];

	while (root != NULL && *pointer != '\0') {
		if (!xc_pointer_next(&pointer, token, sizeof(token)))
			return NULL;
		root = json_object_is_type(root, json_type_array) ?
		    element(root, token) : xc_json_member(root, token);
	}
	return root;
}

bool
xc_pointer_decode(char *fragment)
{
	const char *from = fragment;
	char *to = fragment;
	int high, low;

	while (*from != '\0') {
		if (*from != '%') {
			*to++ = *from++;
			continue;
		}
		high = xc_hex((unsigned char)from[1]);
		low = high < 0 ? -1 : xc_hex((unsigned char)from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high << 4 | low);
		from += 3;
	}
	*to = '\0';
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Any JSON as a document that types are made of: what is written has no
 * character but plain ones, and its braces and comments are closed.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "types/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The end of a literal or comment that begins at. */
static const char *
skip(const char *at)
{
	const char *end;

	if (at[0] == '/' && at[1] == '*') {
		end = strstr(at + 2, "*/");
		assert(end != NULL);
		return end + 2;
	}
	if (*at != '"')
		return at + 1;
	for (at++; *at != '"'; at++) {
		assert(*at != '\n' && *at != '\0');
		if (*at == '\\')
			at++;
	}
	return at + 1;
}

static void
check(const char *text)
{
	const char *at;
	int open = 0;

	for (at = text; *at != '\0'; at++)
		assert((*at >= 0x20 && *at <= 0x7e) || *at == '\n' ||
		    *at == '\t');
	for (at = text; *at != '\0'; at = skip(at)) {
		open += (*at == '{') - (*at == '}');
		assert(open >= 0);
	}
	assert(open == 0);
	assert(strcmp(at - 7, "#endif\n") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *root;
	struct xc_errbuf errbuf;
	char *text;
	size_t len;

	if (xc_json_parse((const char *)data, size, &root, NULL, 0) != XC_OK)
		return 0;
	if (xc_types_write("todo", root, size % 2 == 0, &text, &len,
	    &errbuf) == XC_OK) {
		assert(strlen(text) == len);
		check(text);
		free(text);
	}
	json_object_put(root);
	return 0;
}

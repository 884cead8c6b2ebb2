/* SPDX-License-Identifier: MIT */
/*
 * The check of a document; its comparison with one that stands behind a NUL
 * in the input; and, if nothing is wrong with it, with itself, which breaks
 * nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(struct json_object *before, struct json_object *after,
    struct xc_notes *notes)
{
	if (json_object_is_type(before, json_type_object) &&
	    json_object_is_type(after, json_type_object))
		(void)xc_contract_diff(before, after, notes);
}

static void
compare_texts(const char *text, size_t len, const char *other,
    size_t other_len)
{
	struct json_object *before, *after;
	struct xc_notes notes = { 0 };

	if (xc_json_parse(text, len, &before, NULL, 0) != XC_OK)
		return;
	if (xc_json_parse(other, other_len, &after, NULL, 0) == XC_OK) {
		compare(before, after, &notes);
		json_object_put(after);
	}
	json_object_put(before);
	xc_notes_free(&notes);
}

static void
compare_itself(const char *text, size_t len)
{
	struct json_object *before, *after;
	struct xc_notes notes = { 0 };

	if (xc_json_parse(text, len, &before, NULL, 0) != XC_OK)
		return;
	if (xc_json_parse(text, len, &after, NULL, 0) == XC_OK) {
		/* Else it would be seen at once that they are equal. */
		json_object_object_add(after, "x-other",
		    json_object_new_boolean(1));
		compare(before, after, &notes);
		for (size_t i = 0; i < notes.n; i++) {
			if (strstr(notes.lines[i], "too large") == NULL &&
			    strstr(notes.lines[i], "too deep") == NULL)
				printf("%s\n", notes.lines[i]);
			assert(strstr(notes.lines[i], "too large") != NULL ||
			    strstr(notes.lines[i], "too deep") != NULL);
		}
		json_object_put(after);
	}
	json_object_put(before);
	xc_notes_free(&notes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *split = memchr(text, '\0', size);
	size_t len = split != NULL ? (size_t)(split - text) : size;
	struct xc_notes notes = { 0 };

	if (size == 0)
		return 0;
	if (xc_document_check(text, len, &notes) == XC_OK)
		compare_itself(text, len);
	xc_notes_free(&notes);
	if (split != NULL)
		compare_texts(text, len, split + 1, size - len - 1);
	return 0;
}

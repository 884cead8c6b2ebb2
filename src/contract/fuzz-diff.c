/* SPDX-License-Identifier: MIT */
/* The check of a document, and its comparison with itself and with one that
 * stands behind a NUL in the input. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const char *text, size_t len, const char *other, size_t other_len)
{
	struct json_object *before, *after;
	struct xc_notes notes = { 0 };

	if (xc_json_parse(text, len, &before, NULL, 0) != XC_OK)
		return;
	if (xc_json_parse(other, other_len, &after, NULL, 0) == XC_OK) {
		(void)xc_contract_diff(before, after, &notes);
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

	(void)xc_document_check(text, len, &notes);
	xc_notes_free(&notes);
	if (split != NULL)
		compare(text, len, split + 1, size - len - 1);
	return 0;
}

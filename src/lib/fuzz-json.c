/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as JSON: the strict scan takes nothing that json-c refuses, and
 * what was taken, written and read again is the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <xcore/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *obj;
	struct json_object *again;
	const char *text;
	char where[128];
	enum xc_err err;
	size_t len;

	err = xc_json_parse((const char *)data, size, &obj, where,
	    sizeof(where));
	if (err != XC_OK) {
		assert(obj == NULL && where[0] != '\0');
		/* json-c's own words would mean that the scan let it by. */
		assert(strstr(where, " at byte ") != NULL ||
		    strcmp(where, "a number out of range") == 0);
		return 0;
	}
	text = json_object_to_json_string_length(obj, JSON_C_TO_STRING_PLAIN,
	    &len);
	assert(text != NULL);
	assert(xc_json_parse(text, len, &again, where, sizeof(where)) ==
	    XC_OK);
	assert(json_object_equal(obj, again));
	json_object_put(again);
	json_object_put(obj);
	return 0;
}

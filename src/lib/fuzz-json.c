/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as JSON: nothing is taken that json-c refuses, the tree is the one
 * that json-c makes, and what is written and read again is the same.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <json-c/json_tokener.h>

#include <xcore/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What json-c is known to read wrong: numbers over 64 bits, which it cuts, and
 * pairs of surrogates, of which it loses some. */
static bool
is_beyond(const uint8_t *data, size_t size)
{
	size_t run = 0;
	size_t i;

	for (i = 0; i < size && run < 18; i++) {
		run = data[i] >= '0' && data[i] <= '9' ? run + 1 : 0;
		if (i > 1 && (data[i] | 0x20) == 'd' && data[i - 1] == 'u' &&
		    data[i - 2] == '\\')
			return true;
	}
	return run == 18;
}

/* json-c reads the same. */
static void
compare(const uint8_t *data, size_t size, struct json_object *obj)
{
	struct json_tokener *tok = json_tokener_new_ex(40);
	struct json_object *other;

	assert(tok != NULL);
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	other = json_tokener_parse_ex(tok, (const char *)data, (int)size);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		other = json_tokener_parse_ex(tok, "", 1);
	assert(json_tokener_get_error(tok) == json_tokener_success);
	if (!is_beyond(data, size))
		assert(json_object_equal(obj, other));
	json_object_put(other);
	json_tokener_free(tok);
}

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
		assert(obj == NULL && strstr(where, " at line ") != NULL);
		return 0;
	}
	compare(data, size, obj);
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

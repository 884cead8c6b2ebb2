/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/json.h>
#include <xcore/reply.h>
#include <xcore/request.h>

#include "test-host.h"

static const char *const good[] = {
	"{}", "[]", "null", "true", "false", "0", "-0", "7", "-7", "1.5",
	"1e3", "1E+3", "-1.5e-3", "0.0", "\"\"", "\"a\"", " [ 1 , 2 ] \r\n\t",
	"{\"a\":1,\"b\":{\"a\":1}}", "[{\"a\":1},{\"a\":2}]",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "\"\\ud83d\\ude00\"",
	"\"\xc3\xa4\xf0\x9f\x98\x80\"", "9223372036854775807",
	"-9223372036854775808", "18446744073709551615", "[[[]]]",
	"{\"\":1}", "{\"a\":[],\"A\":{}}", "1e308", "1e-400", "\"\x7f\"",
	"{\"\\u00e4\":1,\"a\":2}",
};

/* A text, and where it is wrong. */
static const struct {
	const char *text;
	const char *where;
} bad[] = {
	{ "", "the text ends early at byte 1" },
	{ "  ", "the text ends early at byte 3" },
	{ "{", "the text ends early at byte 2" },
	{ "[1", "the text ends early at byte 3" },
	{ "[1,", "the text ends early at byte 4" },
	{ "{\"a\"", "the text ends early at byte 5" },
	{ "{\"a\":", "the text ends early at byte 6" },
	{ "[1,]", "no value at byte 4" },
	{ "[,1]", "no value at byte 2" },
	{ "{\"a\":1,}", "no key in quotes at byte 8" },
	{ "{a:1}", "no key in quotes at byte 2" },
	{ "{1:1}", "no key in quotes at byte 2" },
	{ "{'a':1}", "no key in quotes at byte 2" },
	{ "{\"a\" 1}", "no colon behind a key at byte 6" },
	{ "{\"a\"}", "no colon behind a key at byte 5" },
	{ "[1 2]", "no comma behind a value at byte 4" },
	{ "[1}", "no comma behind a value at byte 3" },
	{ "{\"a\":1]", "no comma behind a value at byte 7" },
	{ "[1]]", "text behind the value at byte 4" },
	{ "{} x", "text behind the value at byte 4" },
	{ "1 2", "text behind the value at byte 3" },
	{ "nul", "no value at byte 1" },
	{ "nulll", "text behind the value at byte 5" },
	{ "True", "no value at byte 1" },
	{ "NaN", "no value at byte 1" },
	{ "[Infinity]", "no value at byte 2" },
	{ "-Infinity", "no value at byte 1" },
	{ "-", "no value at byte 1" },
	{ "+1", "no value at byte 1" },
	{ ".5", "no value at byte 1" },
	{ "01", "a number with a zero before it at byte 1" },
	{ "-01", "a number with a zero before it at byte 1" },
	{ "1.", "a number without digits behind its point at byte 3" },
	{ "1.e5", "a number without digits behind its point at byte 3" },
	{ "1e", "a number without digits in its exponent at byte 3" },
	{ "1e+", "a number without digits in its exponent at byte 4" },
	{ "0x1", "text behind the value at byte 2" },
	{ "1a", "text behind the value at byte 2" },
	{ "18446744073709551616", "a number out of range at byte 1" },
	{ "-9223372036854775809", "a number out of range at byte 1" },
	{ "[1e400]", "a number out of range" },
	{ "\"", "a string without an end at byte 2" },
	{ "\"a", "a string without an end at byte 3" },
	{ "\"a\\", "a bad escape sequence at byte 3" },
	{ "\"\\x\"", "a bad escape sequence at byte 2" },
	{ "\"\\'\"", "a bad escape sequence at byte 2" },
	{ "'a'", "no value at byte 1" },
	{ "\"\\u12\"", "a bad \\u sequence at byte 2" },
	{ "\"\\u12g4\"", "a bad \\u sequence at byte 2" },
	{ "\"\\u", "a bad \\u sequence at byte 2" },
	{ "\"\\u0000\"", "a NUL character at byte 2" },
	{ "{\"a\\u0000b\":1}", "a NUL character at byte 4" },
	{ "\"\\ud800\"", "half of a surrogate pair at byte 2" },
	{ "\"\\udc00\"", "half of a surrogate pair at byte 2" },
	{ "\"\\ud800\\u0041\"", "half of a surrogate pair at byte 2" },
	{ "\"\\ud800\\ud800\"", "half of a surrogate pair at byte 2" },
	{ "\"\\ud800\\", "half of a surrogate pair at byte 2" },
	{ "\"a\tb\"", "a control character in a string at byte 3" },
	{ "\"a\nb\"", "a control character in a string at byte 3" },
	{ "\"\xff\"", "invalid UTF-8 at byte 2" },
	{ "\"\xc0\x80\"", "invalid UTF-8 at byte 2" },
	{ "\"\xed\xa0\x80\"", "invalid UTF-8 at byte 2" },
	{ "[1,x,\"\xff\"]", "no value at byte 4" },
	{ "\xef\xbb\xbf{}", "no value at byte 1" },
	{ "/* c */ 1", "no value at byte 1" },
	{ "[1] // c", "text behind the value at byte 5" },
	{ "{\"a\":1,\"a\":2}", "a key for the second time at byte 9" },
	{ "{\"a\":1,\"\\u0061\":2}", "a key for the second time at byte 9" },
	{ "{\"x\":{\"\xc3\xa4\":1,\"b\":2,\"\\u00e4\":3}}",
	    "a key for the second time at byte 21" },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
	    "a key for the second time at byte 20" },
	{ "{\"\\n\\\\\":1,\"\\u000a\\u005c\":2}",
	    "a key for the second time at byte 12" },
	{ "{\"b\":1,\"a\":{\"c\":1},\"a\":1,\"b\":1}",
	    "a key for the second time at byte 21" },
};

static void
test_good(void **state)
{
	struct json_object *obj;
	char where[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (xc_json_parse(good[i], strlen(good[i]), &obj, where,
		    sizeof(where)) != XC_OK)
			fail_msg("%s: %s", good[i], where);
		assert_string_equal(where, "");
		json_object_put(obj);
	}
}

/* In memory of exactly its length, so that valgrind sees a byte too much. */
static void
test_bad(void **state)
{
	struct json_object *obj;
	char where[100];
	char *text;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = strlen(bad[i].text);
		text = malloc(len + (len == 0));
		assert_non_null(text);
		memcpy(text, bad[i].text, len);
		where[0] = '\0';
		if (xc_json_parse(text, len, &obj, where, sizeof(where)) !=
		    XC_ERR_INVALID)
			fail_msg("%s was taken", bad[i].text);
		assert_string_equal(where, bad[i].where);
		assert_null(obj);
		assert_int_equal(xc_json_parse(text, len, &obj, NULL, 0),
		    XC_ERR_INVALID);
		free(text);
	}
	assert_int_equal(xc_json_parse("1\0", 2, &obj, where, sizeof(where)),
	    XC_ERR_INVALID);
	assert_string_equal(where, "text behind the value at byte 2");
	assert_int_equal(xc_json_parse("x", 1, &obj, where, 4),
	    XC_ERR_INVALID);
	assert_string_equal(where, "no ");
}

/* Every text is refused when it is cut, wherever. */
static void
test_cut(void **state)
{
	static const char text[] = "{\"a\":[1.5e3,\"\\u00e4\\ud83d\\ude00\","
	    "{\"b\":true,\"c\":null}]}";
	struct json_object *obj;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(xc_json_parse(text, len, &obj, NULL, 0),
		    XC_ERR_INVALID);
	assert_int_equal(xc_json_parse(text, len, &obj, NULL, 0), XC_OK);
	json_object_put(obj);
}

static void
test_depth(void **state)
{
	struct json_object *obj;
	char where[100];
	char text[80];

	(void)state;
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	assert_int_equal(xc_json_parse(text, 66, &obj, where, sizeof(where)),
	    XC_ERR_INVALID);
	assert_string_equal(where, "more than 32 levels at byte 33");
	assert_int_equal(xc_json_parse(text + 1, 64, &obj, where,
	    sizeof(where)), XC_OK);
	json_object_put(obj);
	text[32] = '1';		/* a scalar in the last level */
	assert_int_equal(xc_json_parse(text, 65, &obj, where, sizeof(where)),
	    XC_OK);
	json_object_put(obj);
}

static void
test_count(void **state)
{
	struct json_object *obj;
	char where[100];
	size_t len = 0;
	char *text = malloc(400000);
	unsigned i;

	(void)state;
	assert_non_null(text);
	text[len++] = '[';
	for (i = 0; i < 99999; i++) {
		text[len++] = '1';
		text[len++] = ',';
	}
	text[len - 1] = ']';
	assert_int_equal(xc_json_parse(text, len, &obj, where,
	    sizeof(where)), XC_OK);
	assert_int_equal(json_object_array_length(obj), 99999);
	json_object_put(obj);
	memcpy(text + len - 1, ",1]", 3);
	assert_int_equal(xc_json_parse(text, len + 2, &obj, where,
	    sizeof(where)), XC_ERR_INVALID);
	assert_non_null(strstr(where, "more than 100,000 values"));
	free(text);
}

/* Many keys, the first of them once more at the end. */
static void
test_many_keys(void **state)
{
	struct json_object *obj;
	char where[100];
	char want[100];
	char *text = malloc(1000000);
	size_t len = 0;
	unsigned i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < 20000; i++)
		len += (size_t)sprintf(text + len, "%c\"key%u\":%u",
		    i == 0 ? '{' : ',', i, i);
	text[len] = '}';
	assert_int_equal(xc_json_parse(text, len + 1, &obj, where,
	    sizeof(where)), XC_OK);
	assert_int_equal(json_object_object_length(obj), 20000);
	json_object_put(obj);
	snprintf(want, sizeof(want), "a key for the second time at byte %zu",
	    len + 3);
	len += (size_t)sprintf(text + len, ",\"key0\":1}");
	assert_int_equal(xc_json_parse(text, len, &obj, where,
	    sizeof(where)), XC_ERR_INVALID);
	assert_string_equal(where, want);
	free(text);
}

static void
test_members(void **state)
{
	static const char text[] = "{\"s\":\"42abc\",\"i\":42,\"b\":true,"
	    "\"n\":null,\"d\":1.5,\"u\":18446744073709551615,\"m\":-5,"
	    "\"a\":[]}";
	struct json_object *obj;
	int64_t number = 1;
	bool flag = false;

	(void)state;
	assert_int_equal(xc_json_parse(text, sizeof(text) - 1, &obj, NULL,
	    0), XC_OK);
	assert_string_equal(xc_json_string(obj, "s"), "42abc");
	assert_null(xc_json_string(obj, "i"));
	assert_null(xc_json_string(obj, "n"));
	assert_null(xc_json_string(obj, "none"));
	assert_null(xc_json_string(NULL, "s"));
	assert_false(xc_json_int(obj, "s", &number));
	assert_false(xc_json_int(obj, "b", &number));
	assert_false(xc_json_int(obj, "d", &number));
	assert_false(xc_json_int(obj, "u", &number));
	assert_false(xc_json_int(obj, "n", &number));
	assert_false(xc_json_int(NULL, "i", &number));
	assert_int_equal(number, 1);
	assert_true(xc_json_int(obj, "i", &number));
	assert_int_equal(number, 42);
	assert_true(xc_json_int(obj, "m", &number));
	assert_int_equal(number, -5);
	assert_false(xc_json_bool(obj, "i", &flag));
	assert_false(xc_json_bool(obj, "s", &flag));
	assert_false(flag);
	assert_true(xc_json_bool(obj, "b", &flag));
	assert_true(flag);
	assert_null(xc_json_member(obj, "n"));
	assert_null(xc_json_member(xc_json_member(obj, "a"), "x"));
	json_object_object_add(obj, "z", json_object_new_string_len("a\0b",
	    3));
	assert_null(xc_json_string(obj, "z"));
	json_object_put(obj);
}

/* A POST with that body. */
static void
post(struct xc_request *req, const char *body)
{
	char method[] = "REQUEST_METHOD=POST";
	char uri[] = "REQUEST_URI=/";
	char *envp[] = { method, uri, NULL };

	assert_int_equal(xc_request_parse(req, envp, body, strlen(body),
	    NULL), 0);
}

static void
test_body(void **state)
{
	struct json_object *obj;
	struct xc_request req;

	(void)state;
	test_begin(&req);
	post(&req, "{\"a\":1}");
	assert_int_equal(xc_request_json(&req, &obj), XC_OK);
	assert_non_null(xc_json_member(obj, "a"));
	assert_false(xc_reply_done(&req));
	xc_request_reset(&req);
	post(&req, "null");
	assert_int_equal(xc_request_json(&req, &obj), XC_OK);
	assert_null(obj);
	xc_request_reset(&req);
	post(&req, "{\"a\":}");
	assert_int_equal(xc_request_json(&req, &obj), XC_ERR_INVALID);
	assert_null(obj);
	assert_int_equal(xc_request_reply(&req)->status, 400);
	assert_non_null(strstr(xc_block_text(&req.out,
	    xc_request_reply(&req)->body), "no value at byte 6"));
	xc_request_reset(&req);
	post(&req, "");
	assert_int_equal(xc_request_json(&req, &obj), XC_ERR_INVALID);
	assert_null(xc_json_own(&req, NULL));
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

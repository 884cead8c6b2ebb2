/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/json.h>
#include <xcore/reply.h>
#include <xcore/request.h>

#include "tape-make.h"
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

/* A text, what is wrong in it, and in which column. */
static const struct {
	const char *text;
	const char *what;
	unsigned column;
} bad[] = {
	{ "", "the text ends early", 1 },
	{ "  ", "the text ends early", 3 },
	{ "{", "the text ends early", 2 },
	{ "[1", "the text ends early", 3 },
	{ "[1,", "the text ends early", 4 },
	{ "{\"a\"", "the text ends early", 5 },
	{ "{\"a\":", "the text ends early", 6 },
	{ "[1,]", "no value", 4 },
	{ "[,1]", "no value", 2 },
	{ "{\"a\":1,}", "no key in quotes", 8 },
	{ "{a:1}", "no key in quotes", 2 },
	{ "{1:1}", "no key in quotes", 2 },
	{ "{'a':1}", "no key in quotes", 2 },
	{ "{\"a\" 1}", "no colon behind a key", 6 },
	{ "{\"a\"}", "no colon behind a key", 5 },
	{ "[1 2]", "no comma behind a value", 4 },
	{ "[1}", "no comma behind a value", 3 },
	{ "{\"a\":1]", "no comma behind a value", 7 },
	{ "[1]]", "text behind the value", 4 },
	{ "{} x", "text behind the value", 4 },
	{ "1 2", "text behind the value", 3 },
	{ "nul", "no value", 1 },
	{ "nulll", "text behind the value", 5 },
	{ "True", "no value", 1 },
	{ "NaN", "no value", 1 },
	{ "[Infinity]", "no value", 2 },
	{ "-Infinity", "no value", 1 },
	{ "-", "no value", 1 },
	{ "+1", "no value", 1 },
	{ ".5", "no value", 1 },
	{ "01", "a number with a zero before it", 1 },
	{ "-01", "a number with a zero before it", 1 },
	{ "1.", "a number without digits behind its point", 3 },
	{ "1.e5", "a number without digits behind its point", 3 },
	{ "1e", "a number without digits in its exponent", 3 },
	{ "1e+", "a number without digits in its exponent", 4 },
	{ "0x1", "text behind the value", 2 },
	{ "1a", "text behind the value", 2 },
	{ "[1e400]", "a number out of range", 2 },
	{ "\"", "a string without an end", 2 },
	{ "\"a", "a string without an end", 3 },
	{ "\"a\\", "a string without an end", 4 },
	{ "\"\\x\"", "a bad escape sequence", 2 },
	{ "\"\\'\"", "a bad escape sequence", 2 },
	{ "'a'", "no value", 1 },
	{ "\"\\u12\"", "a bad \\u sequence", 2 },
	{ "\"\\u12g4\"", "a bad \\u sequence", 2 },
	{ "\"\\u", "a string without an end", 4 },
	{ "\"\\u0000\"", "a NUL character", 2 },
	{ "{\"a\\u0000b\":1}", "a NUL character", 4 },
	{ "\"\\ud800\"", "half of a surrogate pair", 2 },
	{ "\"\\udc00\"", "half of a surrogate pair", 2 },
	{ "\"\\ud800\\u0041\"", "half of a surrogate pair", 2 },
	{ "\"\\ud800\\ud800\"", "half of a surrogate pair", 2 },
	{ "\"\\ud800\\", "a string without an end", 9 },
	{ "\"a\tb\"", "a control character in a string", 3 },
	{ "\"a\nb\"", "a control character in a string", 3 },
	{ "\"\xff\"", "invalid UTF-8", 2 },
	{ "\"\xc0\x80\"", "invalid UTF-8", 2 },
	{ "\"\xed\xa0\x80\"", "invalid UTF-8", 2 },
	{ "[1,x,\"\xff\"]", "no value", 4 },
	{ "\xef\xbb\xbf{}", "a byte order mark", 1 },
	{ "/* c */ 1", "no value", 1 },
	{ "[1] // c", "text behind the value", 5 },
	{ "{\"a\":1,\"a\":2}", "a key that stands twice", 8 },
	{ "{\"a\":1,\"\\u0061\":2}", "a key that stands twice", 8 },
	{ "{\"x\":{\"\xc3\xa4\":1,\"b\":2,\"\\u00e4\":3}}",
	    "a key that stands twice", 19 },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
	    "a key that stands twice", 19 },
	{ "{\"\\n\\\\\":1,\"\\u000a\\u005c\":2}",
	    "a key that stands twice", 11 },
	{ "{\"b\":1,\"a\":{\"c\":1},\"a\":1,\"b\":1}",
	    "a key that stands twice", 20 },
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
	char want[100];
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
		snprintf(want, sizeof(want), "%s at line 1, column %u",
		    bad[i].what, bad[i].column);
		assert_string_equal(where, want);
		assert_null(obj);
		assert_int_equal(xc_json_parse(text, len, &obj, NULL, 0),
		    XC_ERR_INVALID);
		free(text);
	}
	assert_int_equal(xc_json_parse("1\0", 2, &obj, where, sizeof(where)),
	    XC_ERR_INVALID);
	assert_string_equal(where, "text behind the value at line 1, "
	    "column 2");
	assert_int_equal(xc_json_parse("{\n \"\xc3\xa4\" 1}", 9, &obj, where,
	    sizeof(where)), XC_ERR_INVALID);
	assert_string_equal(where, "no colon behind a key at line 2, "
	    "column 6");
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
	assert_string_equal(where, "too many levels at line 1, column 33");
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
	assert_non_null(strstr(where, "too many values"));
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
	snprintf(want, sizeof(want), "a key that stands twice at line 1, "
	    "column %zu", len + 2);
	len += (size_t)sprintf(text + len, ",\"key0\":1}");
	assert_int_equal(xc_json_parse(text, len, &obj, where,
	    sizeof(where)), XC_ERR_INVALID);
	assert_string_equal(where, want);
	free(text);
}

/* What json-c has no type for is printed as it was written. */
static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		enum json_type type;
		const char *printed;
	} cases[] = {
		{ "-9223372036854775808", json_type_int, NULL },
		{ "9223372036854775808", json_type_int, NULL },
		{ "18446744073709551615", json_type_int, NULL },
		{ "18446744073709551616", json_type_double, NULL },
		{ "-9223372036854775809", json_type_double, NULL },
		{ "-0", json_type_int, "0" },
		{ "1.0", json_type_double, NULL },
		{ "1e2", json_type_double, NULL },
		{ "0.1000000000000000055511151231257827021181583404541015625",
		    json_type_double, NULL },
		{ "1E-400", json_type_double, NULL },
	};
	struct json_object *obj;
	const char *text;
	char *digits = malloc(5001);
	size_t i;

	(void)state;
	assert_non_null(digits);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = cases[i].text;
		assert_int_equal(xc_json_parse(text, strlen(text), &obj, NULL,
		    0), XC_OK);
		assert_int_equal(json_object_get_type(obj), cases[i].type);
		assert_string_equal(json_object_to_json_string(obj),
		    cases[i].printed != NULL ? cases[i].printed : text);
		json_object_put(obj);
	}
	memset(digits, '3', 5000);
	digits[1] = '.';
	digits[5000] = '\0';
	assert_int_equal(xc_json_parse(digits, 5000, &obj, NULL, 0), XC_OK);
	assert_string_equal(json_object_to_json_string(obj), digits);
	json_object_put(obj);
	free(digits);
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
	    xc_request_reply(&req)->body), "no value at line 1, column 6"));
	xc_request_reset(&req);
	post(&req, "");
	assert_int_equal(xc_request_json(&req, &obj), XC_ERR_INVALID);
	assert_null(xc_json_own(&req, NULL));
	test_end(&req);
}

/* What the contract has scanned is not scanned again; a form is no JSON. */
static void
test_scanned_body(void **state)
{
	static const char *const texts[] = { "[1,\"\\u00e4\",{}]", "1e400" };
	struct xc_request_head *head;
	struct xc_tape_error error;
	struct json_object *obj;
	struct xc_request req;
	struct xc_tape tape;
	struct xc_tape_ref ref;
	size_t i;

	(void)state;
	test_begin(&req);
	for (i = 0; i < 2; i++) {
		post(&req, texts[i]);
		head = (void *)req.in.base;
		assert_int_equal(xc_tape_scan_in(&req.in, head->body, NULL,
		    &ref, &tape, &error), XC_OK);
		head = (void *)req.in.base;
		head->data = ref;
		if (i == 1)
			break;
		/* Only the tape is looked at. */
		memset(req.in.base + head->body.off, ' ', 1);
		assert_int_equal(xc_request_json(&req, &obj), XC_OK);
		assert_string_equal(json_object_to_json_string_ext(obj,
		    JSON_C_TO_STRING_PLAIN), "[1,\"\xc3\xa4\",{}]");
		xc_request_reset(&req);
	}
	assert_int_equal(xc_request_json(&req, &obj), XC_ERR_INVALID);
	assert_int_equal(xc_request_reply(&req)->status, 400);
	xc_request_reset(&req);
	post(&req, "a=1");
	head = (void *)req.in.base;
	head->data.off = 8;
	head->data.text.len = 8;
	assert_int_equal(xc_request_json(&req, &obj), XC_ERR_INVALID);
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
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_scanned_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

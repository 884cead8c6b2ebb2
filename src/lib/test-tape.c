/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/block.h"
#include "lib/test-host.h"

#include "decimal.h"
#include "tape.h"

struct scanned {
	struct xc_block block;
	struct xc_tape tape;
	struct xc_tape_error error;
	uint32_t off;
	enum xc_err err;
};

static struct scanned
scan_with(const char *text, size_t len, const struct xc_tape_limits *limits)
{
	struct scanned scanned = { 0 };

	scanned.err = xc_tape_scan(text, len, limits, &scanned.block,
	    &scanned.off, &scanned.tape, &scanned.error);
	return scanned;
}

static void
assert_refused(const char *text, size_t len, const char *what, size_t offset)
{
	struct scanned scanned = scan_with(text, len, NULL);

	assert_int_equal(scanned.err, XC_ERR_INVALID);
	assert_string_equal(scanned.error.what, what);
	assert_int_equal(scanned.error.offset, offset);
	assert_int_equal(scanned.block.used, 0);
	xc_block_free(&scanned.block);
}

static void
test_refuses(void **state)
{
	static const struct {
		const char *text;
		const char *what;
		size_t offset;
	} cases[] = {
		{ "", "the text ends early", 0 },
		{ " \n", "the text ends early", 2 },
		{ "\xef\xbb\xbf{}", "a byte order mark", 0 },
		{ "{\"a\":1,\"a\":2}", "a key that stands twice", 7 },
		{ "{\"a\":1,\"\\u0061\":2}", "a key that stands twice", 7 },
		{ "\"\\ud800\"", "half of a surrogate pair", 1 },
		{ "\"\\ud800\\u0041\"", "half of a surrogate pair", 1 },
		{ "\"\\udc00\"", "half of a surrogate pair", 1 },
		{ "\"\\ud800\\", "a string without an end", 8 },
		{ "\"\\u12g4\"", "a bad \\u sequence", 1 },
		{ "\"\\u0000\"", "a NUL character", 1 },
		{ "\"\\x\"", "a bad escape sequence", 1 },
		{ "\"a\xc0\x80\"", "invalid UTF-8", 2 },
		{ "\"a\xed\xa0\x80\"", "invalid UTF-8", 2 },
		{ "\"\\n\xf4\x90\x80\x80\"", "invalid UTF-8", 3 },
		{ "\"0123456789abcdefgh\xff\"", "invalid UTF-8", 19 },
		{ "\"a\tb\"", "a control character in a string", 2 },
		{ "\"\\n\tb\"", "a control character in a string", 3 },
		{ "\"abc", "a string without an end", 4 },
		{ "-01", "a number with a zero before it", 0 },
		{ "01", "a number with a zero before it", 0 },
		{ "-", "no value", 0 },
		{ "+1", "no value", 0 },
		{ ".5", "no value", 0 },
		{ "1.", "a number without digits behind its point", 2 },
		{ "1e", "a number without digits in its exponent", 2 },
		{ "1e+", "a number without digits in its exponent", 3 },
		{ "1e1234567890", "a number out of range", 1 },
		{ "NaN", "no value", 0 },
		{ "Infinity", "no value", 0 },
		{ "nul", "no value", 0 },
		{ "truex", "text behind the value", 4 },
		{ "1 2", "text behind the value", 2 },
		{ "{}}", "text behind the value", 2 },
		{ "[1,]", "no value", 3 },
		{ "[,1]", "no value", 1 },
		{ "[1 2]", "no comma behind a value", 3 },
		{ "[1}", "no comma behind a value", 2 },
		{ "[1", "the text ends early", 2 },
		{ "[", "the text ends early", 1 },
		{ "{", "the text ends early", 1 },
		{ "{\"a\"}", "no colon behind a key", 4 },
		{ "{\"a\":}", "no value", 5 },
		{ "{\"a\":1,}", "no key in quotes", 7 },
		{ "{1:2}", "no key in quotes", 1 },
		{ "'a'", "no value", 0 },
		{ "[1] // x", "text behind the value", 4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, strlen(cases[i].text),
		    cases[i].what, cases[i].offset);
	assert_refused("1\0", 2, "text behind the value", 1);
	assert_refused("\"a\0b\"", 5, "a control character in a string", 2);
}

static void
test_tokens(void **state)
{
	static const char text[] = " {\"a\": [1, \"x\\u00e4\\n\", null], "
	    "\"\\ud83d\\ude00\": {}, \"c\": true, \"d\": false} ";
	struct scanned scanned = scan_with(text, sizeof(text) - 1, NULL);
	const struct xc_tape *tape = &scanned.tape;
	struct xc_tape again;
	uint32_t array;
	uint32_t at;
	char buf[64];

	(void)state;
	assert_int_equal(scanned.err, XC_OK);
	assert_int_equal(xc_tape_type(tape, 0), XC_TOKEN_OBJECT);
	assert_int_equal(xc_tape_count(tape, 0), 4);
	assert_int_equal(xc_tape_next(tape, 0), tape->n);
	array = xc_tape_member(tape, 0, "a", 1);
	assert_int_equal(xc_tape_type(tape, array), XC_TOKEN_ARRAY);
	assert_int_equal(xc_tape_count(tape, array), 3);
	assert_int_equal(tape->tokens[array].off, 7);
	at = xc_tape_item(tape, array, 1);
	assert_true(xc_tape_is(tape, at, "x\xc3\xa4\n", 4));
	xc_tape_pointer(tape, at, buf, sizeof(buf));
	assert_string_equal(buf, "/a/1");
	assert_int_equal(xc_tape_item(tape, array, 3), 0);
	at = xc_tape_member(tape, 0, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(xc_tape_type(tape, at), XC_TOKEN_OBJECT);
	assert_int_equal(xc_tape_count(tape, at), 0);
	at = xc_tape_member(tape, 0, "d", 1);
	assert_int_equal(xc_tape_type(tape, at), XC_TOKEN_FALSE);
	assert_int_equal(xc_tape_member(tape, 0, "e", 1), 0);
	assert_int_equal(xc_tape_member(tape, at, "e", 1), 0);
	assert_int_equal(xc_tape_open(&scanned.block, scanned.off, text,
	    sizeof(text) - 1, &again), XC_OK);
	assert_int_equal(again.n, tape->n);
	assert_int_equal(xc_tape_open(&scanned.block, scanned.off, text, 3,
	    &again), XC_ERR_INVALID);
	assert_int_equal(xc_tape_open(&scanned.block, 1 << 20, text,
	    sizeof(text) - 1, &again), XC_ERR_INVALID);
	xc_block_free(&scanned.block);
}

static void
test_pointers(void **state)
{
	static const char text[] = "{\"a/b\":{\"~\":[0,[1,2]]},\"\":3}";
	static const char *const pointers[] = { "", "/a~1b", "/a~1b/~0",
	    "/a~1b/~0/0", "/a~1b/~0/1", "/a~1b/~0/1/1", "/" };
	static const char *const wrong[] = { "a", "/a", "/a~1b/~0/2",
	    "/a~1b/~0/00", "/a~1b/~0/-", "/a~2b", "/~", "//" };
	struct scanned scanned = scan_with(text, sizeof(text) - 1, NULL);
	char buf[64];
	uint32_t at;
	size_t i;

	(void)state;
	assert_int_equal(scanned.err, XC_OK);
	for (i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		at = 0;
		assert_true(xc_tape_find(&scanned.tape, pointers[i],
		    strlen(pointers[i]), &at));
		xc_tape_pointer(&scanned.tape, at, buf, sizeof(buf));
		assert_string_equal(buf, pointers[i]);
	}
	at = 0;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(xc_tape_find(&scanned.tape, wrong[i],
		    strlen(wrong[i]), &at));
	assert_true(xc_tape_find(&scanned.tape, "/a~1b/~0/1", 10, &at));
	xc_tape_pointer(&scanned.tape, at, buf, 8);
	assert_string_equal(buf, "/a~1...");
	xc_block_free(&scanned.block);
}

static void
test_place(void **state)
{
	static const char text[] = "{\n  \"a\": [\"\xc3\xa4\", 1, {\"b\": x}]}";
	struct scanned scanned = scan_with(text, sizeof(text) - 1, NULL);

	(void)state;
	assert_int_equal(scanned.err, XC_ERR_INVALID);
	assert_int_equal(scanned.error.line, 2);
	assert_int_equal(scanned.error.column, 23);
	assert_string_equal(scanned.error.pointer, "/a/2/b");
	xc_block_free(&scanned.block);
}

/* n times a text, with another before and behind it. */
static char *
repeat(const char *before, const char *text, size_t n, const char *behind)
{
	size_t len = strlen(text);
	char *buf = malloc(strlen(before) + n * len + strlen(behind) + 1);
	char *at = buf;

	assert_non_null(buf);
	at = stpcpy(at, before);
	for (; n > 0; n--)
		at = stpcpy(at, text);
	strcpy(at, behind);
	return buf;
}

static void
test_limits(void **state)
{
	struct xc_tape_limits limits = { .depth = 3, .values = 10 };
	struct scanned scanned;
	char *text;

	(void)state;
	scanned = scan_with("[[[1]]]", 7, &limits);
	assert_int_equal(scanned.err, XC_OK);
	xc_block_free(&scanned.block);
	scanned = scan_with("[[[[1]]]]", 9, &limits);
	assert_int_equal(scanned.err, XC_ERR_TOO_LARGE);
	assert_string_equal(scanned.error.what, "too many levels");
	assert_int_equal(scanned.error.offset, 3);
	xc_block_free(&scanned.block);
	scanned = scan_with("[1,2,3,4,5,6,7,8,9,0]", 21, &limits);
	assert_int_equal(scanned.err, XC_ERR_TOO_LARGE);
	assert_string_equal(scanned.error.what, "too many values");
	xc_block_free(&scanned.block);
	text = repeat("", "[", 10000, "");
	scanned = scan_with(text, 10000, NULL);
	assert_int_equal(scanned.err, XC_ERR_TOO_LARGE);
	xc_block_free(&scanned.block);
	free(text);
	limits.nul = true;
	scanned = scan_with("\"a\\u0000b\"", 10, &limits);
	assert_int_equal(scanned.err, XC_OK);
	assert_true(xc_tape_is(&scanned.tape, 0, "a\0b", 3));
	xc_block_free(&scanned.block);
}

/* A block that cannot grow is enough or refuses. */
static void
test_fixed(void **state)
{
	unsigned char memory[256];
	struct xc_block block = { .base = memory, .cap = sizeof(memory),
		.fixed = true };
	struct xc_tape_error error;
	struct xc_tape tape;
	uint32_t off;

	(void)state;
	assert_int_equal(xc_tape_scan("[1,2,3]", 7, NULL, &block, &off, &tape,
	    &error), XC_OK);
	assert_int_equal(xc_tape_count(&tape, 0), 3);
	assert_int_equal(xc_tape_scan("[1,2,3,4,5,6,7,8,9,0]", 21, NULL, &block,
	    &off, &tape, &error), XC_ERR_TOO_LARGE);
	assert_string_equal(error.what, "more than the memory given");
}

/* Many keys: sorted, not each with each. */
static void
test_many_keys(void **state)
{
	size_t size = 300000;
	char *text = malloc(size);
	struct scanned scanned;
	size_t len = 1;
	int i;

	(void)state;
	assert_non_null(text);
	text[0] = '{';
	for (i = 0; i < 20000; i++)
		len += (size_t)snprintf(text + len, size - len, "\"%d\":0,", i);
	text[len - 1] = '}';
	scanned = scan_with(text, len, NULL);
	assert_int_equal(scanned.err, XC_OK);
	assert_int_equal(xc_tape_count(&scanned.tape, 0), 20000);
	assert_int_not_equal(xc_tape_member(&scanned.tape, 0, "19999", 5), 0);
	xc_block_free(&scanned.block);
	len += (size_t)snprintf(text + len - 1, size - len, ",\"7777\":1}") - 1;
	scanned = scan_with(text, len, NULL);
	assert_int_equal(scanned.err, XC_ERR_INVALID);
	assert_string_equal(scanned.error.what, "a key that stands twice");
	assert_int_equal(scanned.error.offset, len - 9);
	assert_string_equal(scanned.error.pointer, "/7777");
	xc_block_free(&scanned.block);
	free(text);
}

static void
test_huge_key(void **state)
{
	char *text = repeat("{\"", "k", 1 << 20, "\\n\":1}");
	struct scanned scanned = scan_with(text, strlen(text), NULL);
	size_t len;

	(void)state;
	assert_int_equal(scanned.err, XC_OK);
	xc_tape_string(&scanned.tape, xc_tape_first(0), &len);
	assert_int_equal(len, (1 << 20) + 1);
	xc_block_free(&scanned.block);
	free(text);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool fits;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "1.0", true, 1 },
		{ "1e2", true, 100 }, { "1.5e1", true, 15 },
		{ "150e-1", true, 15 }, { "1.5", false, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "1e400", false, 0 }, { "0e400", true, 0 },
		{ "1e-400", false, 0 }, { "1e999999999", false, 0 },
		{ "0.000", true, 0 }, { "100000000000000000000", false, 0 },
		{ "999999999999999999", true, 999999999999999999 },
		{ "-99999999999999999", true, -99999999999999999 },
		{ "-999999999999999999", true, -999999999999999999 },
		{ "1000000000000000000", true, 1000000000000000000 },
	};
	struct scanned scanned;
	uint64_t unsigned_value;
	int64_t value;
	double real;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scanned = scan_with(cases[i].text, strlen(cases[i].text),
		    NULL);
		assert_int_equal(scanned.err, XC_OK);
		value = 0;
		assert_int_equal(xc_tape_int64(&scanned.tape, 0, &value),
		    cases[i].fits);
		assert_true(value == cases[i].value);
		xc_block_free(&scanned.block);
	}
	scanned = scan_with("18446744073709551615", 20, NULL);
	assert_true(xc_tape_uint64(&scanned.tape, 0, &unsigned_value));
	assert_true(unsigned_value == UINT64_MAX);
	xc_block_free(&scanned.block);
	scanned = scan_with("-12.5e-1", 8, NULL);
	assert_true(xc_tape_double(&scanned.tape, 0, &real));
	assert_true(real > -1.2500001 && real < -1.2499999);
	assert_false(xc_tape_uint64(&scanned.tape, 0, &unsigned_value));
	xc_block_free(&scanned.block);
	scanned = scan_with("1e400", 5, NULL);
	assert_false(xc_tape_double(&scanned.tape, 0, &real));
	xc_block_free(&scanned.block);
}

static struct xc_decimal
decimal_of(const char *text)
{
	struct xc_decimal decimal;

	xc_decimal_read(&decimal, text, strlen(text));
	return decimal;
}

static void
test_decimals(void **state)
{
	/* In order; those in one row are equal. */
	static const char *const rows[][3] = {
		{ "-1e400", "-10e399", "-0.1e401" },
		{ "-2", "-2.0", "-20e-1" },
		{ "0", "-0", "0e5" },
		{ "1e-400", "0.1e-399", "10e-401" },
		{ "0.1", "0.10", "1e-1" },
		{ "0.1000000000000000000000001", "1000000000000000000000001e-25",
		    "0.10000000000000000000000010" },
		{ "9007199254740992", "9007199254740992.0",
		    "9.007199254740992e15" },
		{ "9007199254740993", "9007199254740993.0",
		    "9.007199254740993e15" },
		{ "1e400", "10e399", "0.1e401" },
	};
	size_t n = sizeof(rows) / sizeof(rows[0]);
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < n * 3; i++)
		for (j = 0; j < n * 3; j++) {
			struct xc_decimal a = decimal_of(rows[i / 3][i % 3]);
			struct xc_decimal b = decimal_of(rows[j / 3][j % 3]);
			int want = i / 3 < j / 3 ? -1 : i / 3 > j / 3;

			assert_int_equal(xc_decimal_compare(&a, &b), want);
			assert_int_equal(xc_decimal_hash(&a, 7) ==
			    xc_decimal_hash(&b, 7), want == 0);
		}
}

static void
test_multiples(void **state)
{
	static const struct {
		const char *value;
		const char *divisor;
		bool is;
	} cases[] = {
		{ "0.07", "0.01", true }, { "19.99", "0.01", true },
		{ "0.075", "0.01", false }, { "0", "7", true },
		{ "-0", "7", true }, { "35", "7", true },
		{ "36", "7", false }, { "-21", "7", true },
		{ "1e308", "0.123456789", false }, { "1e400", "1e-5", true },
		{ "1e999999999", "3", false }, { "3e999999999", "3", true },
		{ "4.5", "1.5", true }, { "100", "40", false },
		{ "120", "40", true }, { "1e-400", "1", false },
		{ "12391239123", "1e-8", true },
		{ "123456789012345678901234567890", "10", true },
		{ "123456789012345678901234567891", "10", false },
	};
	struct xc_divisor divisor;
	struct xc_decimal value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = decimal_of(cases[i].divisor);
		assert_true(xc_divisor_read(&divisor, &value));
		value = decimal_of(cases[i].value);
		assert_int_equal(xc_decimal_is_multiple(&value, &divisor),
		    cases[i].is);
	}
	value = decimal_of("0");
	assert_false(xc_divisor_read(&divisor, &value));
	value = decimal_of("-1");
	assert_false(xc_divisor_read(&divisor, &value));
	value = decimal_of("1.000000000000000001");
	assert_false(xc_divisor_read(&divisor, &value));
}

/* A text in the block that its tape is appended to. */
static void
assert_scans_in(const char *text, size_t len)
{
	struct scanned scanned = scan_with(text, len, NULL);
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_span span;
	struct xc_tape tape;

	assert_int_equal(scanned.err, XC_OK);
	assert_int_equal(xc_block_append(&block, text, len, &span), XC_OK);
	assert_int_equal(xc_tape_scan_in(&block, span, NULL, &ref, &tape,
	    &error), XC_OK);
	assert_int_equal(tape.n, scanned.tape.n);
	assert_memory_equal(tape.tokens, scanned.tape.tokens,
	    tape.n * sizeof(*tape.tokens));
	assert_memory_equal(tape.text, text, len);
	xc_block_free(&scanned.block);
	xc_block_free(&block);
}

static void
test_within_block(void **state)
{
	static const char *const patterns[] = { "1", "\"\"", "\"\\n\"", "[]",
		"{}", "{\"\\n\":\"\\n\"}", "\"abcdefghijklmnopq\\n\"" };
	static const size_t counts[] = { 1, 2, 7, 100, 5000, 33000 };
	struct xc_block block = { .used = 0 };
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_span span;
	struct xc_tape tape;
	char *text = malloc(1 << 20);
	size_t len;
	size_t i;
	size_t k;
	size_t n;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
			text[0] = '[';
			for (n = 0, len = 1; n < counts[k]; n++)
				len += (size_t)sprintf(text + len, "%s,",
				    patterns[i]);
			text[len - 1] = ']';
			assert_scans_in(text, len);
		}
	/* An object whose keys are sorted. */
	for (n = 0, len = 1, text[0] = '{'; n < 30000; n++)
		len += (size_t)sprintf(text + len, "\"%zx\":0,", n);
	text[len - 1] = '}';
	assert_scans_in(text, len);
	assert_int_equal(xc_block_append(&block, " [1,]", 5, &span), XC_OK);
	assert_int_equal(xc_tape_scan_in(&block, span, NULL, &ref, &tape,
	    &error), XC_ERR_INVALID);
	assert_int_equal(error.offset, 4);
	assert_int_equal(block.used, 6);
	block.limit = 100;
	assert_int_equal(xc_tape_scan_in(&block, span, NULL, &ref, &tape,
	    &error), XC_ERR_TOO_LARGE);
	assert_string_equal(error.what, "more than the memory given");
	xc_block_free(&block);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_huge_key),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_multiples),
		cmocka_unit_test(test_within_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tape-make.h"
#include "lib/test-host.h"

static struct xc_span
put(struct xc_block *block, const char *text)
{
	struct xc_span span;

	assert_int_equal(xc_block_append(block, text, strlen(text), &span),
	    XC_OK);
	return span;
}

static void
key(struct xc_tape_make *make, const char *name)
{
	xc_tape_make_key(make, name, strlen(name));
}

static uint32_t
find(const struct xc_tape *tape, const char *pointer)
{
	uint32_t at = 0;

	assert_true(xc_tape_find(tape, pointer, strlen(pointer), &at));
	return at;
}

/* {"query":{"page":7,"tags":["a","b"],"on":true,...},"path":{}} */
static void
make_args(struct xc_tape_make *make, struct xc_block *block)
{
	xc_tape_make_begin(make, 0);
	xc_tape_make_open(make, XC_TOKEN_OBJECT);
	key(make, "query");
	xc_tape_make_open(make, XC_TOKEN_OBJECT);
	key(make, "page");
	xc_tape_make_number(make, put(block, "7"));
	key(make, "a key that is longer than one slot");
	xc_tape_make_number(make, put(block, "-1.5e3"));
	key(make, "");
	xc_tape_make_literal(make, XC_TOKEN_NULL);
	key(make, "tags");
	xc_tape_make_open(make, XC_TOKEN_ARRAY);
	xc_tape_make_text(make, put(block, "a"));
	xc_tape_make_text(make, put(block, "b\"\n"));
	xc_tape_make_close(make);
	key(make, "on");
	xc_tape_make_literal(make, XC_TOKEN_TRUE);
	xc_tape_make_close(make);
	key(make, "path");
	xc_tape_make_open(make, XC_TOKEN_OBJECT);
	xc_tape_make_close(make);
	xc_tape_make_close(make);
}

static void
check_args(const struct xc_tape *tape)
{
	uint32_t at = find(tape, "/query");
	int64_t number;
	char pointer[64];

	assert_int_equal(xc_tape_count(tape, 0), 2);
	assert_int_equal(xc_tape_count(tape, at), 5);
	at = find(tape, "/query/page");
	assert_true(xc_tape_int64(tape, at, &number));
	assert_int_equal(number, 7);
	assert_int_equal(tape->tokens[at].meta & XC_TOKEN_FRACTION, 0);
	at = find(tape, "/query/a key that is longer than one slot");
	assert_true(xc_tape_int64(tape, at, &number));
	assert_int_equal(number, -1500);
	assert_int_not_equal(tape->tokens[at].meta & XC_TOKEN_FRACTION, 0);
	assert_int_equal(xc_tape_type(tape, find(tape, "/query/")),
	    XC_TOKEN_NULL);
	at = find(tape, "/query/tags/1");
	assert_true(xc_tape_is(tape, at, "b\"\n", 3));
	xc_tape_pointer(tape, at, pointer, sizeof(pointer));
	assert_string_equal(pointer, "/query/tags/1");
	at = find(tape, "/query/on");
	assert_int_equal(xc_tape_type(tape, at), XC_TOKEN_TRUE);
	at = find(tape, "/path");
	assert_int_equal(xc_tape_count(tape, at), 0);
	assert_int_equal(xc_tape_next(tape, at), tape->n);
	assert_int_equal(xc_tape_next(tape, 0), tape->n);
	assert_int_equal(xc_tape_member(tape, 0, "header", 6), 0);
}

static void
test_makes(void **state)
{
	struct xc_tape_make make = { 0 };
	struct xc_block block = { 0 };
	struct xc_tape_ref ref[2];
	struct xc_tape tape;
	int i;

	(void)state;
	(void)put(&block, "first");
	/* What is kept from one tape does not show in the next one. */
	for (i = 0; i < 2; i++) {
		make_args(&make, &block);
		assert_int_equal(xc_tape_make_end(&make, &block, &ref[i]),
		    XC_OK);
	}
	(void)put(&block, "behind it");
	for (i = 0; i < 2; i++) {
		assert_true(xc_tape_look(&block, ref[i], &tape));
		check_args(&tape);
	}
	xc_tape_make_free(&make);
	xc_block_free(&block);
}

/* Both are the same documents, as far as a reader can tell. */
static void
assert_same(const struct xc_tape *a, uint32_t x, const struct xc_tape *b,
    uint32_t y)
{
	enum xc_token_type type = xc_tape_type(a, x);
	uint32_t n = xc_tape_count(a, x);
	const char *bytes;
	size_t len;

	assert_int_equal(xc_tape_type(b, y), type);
	if (type == XC_TOKEN_STRING) {
		bytes = xc_tape_string(a, x, &len);
		assert_true(xc_tape_is(b, y, bytes, len));
	} else if (type == XC_TOKEN_NUMBER) {
		assert_int_equal(a->tokens[x].len, b->tokens[y].len);
		assert_int_equal(a->tokens[x].meta, b->tokens[y].meta);
		assert_memory_equal(a->text + a->tokens[x].off,
		    b->text + b->tokens[y].off, a->tokens[x].len);
	}
	if (type != XC_TOKEN_ARRAY && type != XC_TOKEN_OBJECT)
		return;
	assert_int_equal(xc_tape_count(b, y), n);
	for (x = xc_tape_first(x), y = xc_tape_first(y); n > 0; n--) {
		if (type == XC_TOKEN_OBJECT) {
			bytes = xc_tape_string(a, x, &len);
			assert_true(xc_tape_is(b, y, bytes, len));
			assert_int_equal(a->tokens[x].meta >> XC_TOKEN_SHIFT,
			    b->tokens[y].meta >> XC_TOKEN_SHIFT);
			x = xc_tape_value(a, x);
			y = xc_tape_value(b, y);
		}
		assert_same(a, x, b, y);
		x = xc_tape_next(a, x);
		y = xc_tape_next(b, y);
	}
}

static void
test_copies(void **state)
{
	static const char text[] = "{\"a\":[1,2.50,-0,1e400,\"x\\ny\",\"\"],"
	    "\"\\u00e4\":{\"b\":null,\"c\":[[],{},true,false]},"
	    "\"a longer key than goes into one slot\":\"t\"}";
	struct xc_block source = { 0 };
	struct xc_block block = { 0 };
	struct xc_tape_make make = { 0 };
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_tape from;
	struct xc_tape to;
	uint32_t off;

	(void)state;
	assert_int_equal(xc_tape_scan(text, sizeof(text) - 1, NULL, &source,
	    &off, &from, &error), XC_OK);
	(void)put(&block, "x");
	xc_tape_make_begin(&make, 0);
	xc_tape_make_open(&make, XC_TOKEN_ARRAY);
	xc_tape_make_copy(&make, &block, &from, 0);
	xc_tape_make_copy(&make, &block, &from, find(&from, "/a/4"));
	xc_tape_make_close(&make);
	assert_int_equal(xc_tape_make_end(&make, &block, &ref), XC_OK);
	assert_true(xc_tape_look(&block, ref, &to));
	assert_same(&from, 0, &to, find(&to, "/0"));
	assert_true(xc_tape_is(&to, find(&to, "/1"), "x\ny", 3));
	xc_tape_make_free(&make);
	xc_block_free(&source);
	xc_block_free(&block);
}

/* Many values, so that what grows has grown. */
static void
test_limits(void **state)
{
	struct xc_tape_make make = { 0 };
	struct xc_block block = { 0 };
	struct xc_tape_ref ref;
	struct xc_tape tape;
	char name[32];
	uint32_t used;
	unsigned i;

	(void)state;
	(void)put(&block, "x");
	used = block.used;
	xc_tape_make_begin(&make, 1001);
	xc_tape_make_open(&make, XC_TOKEN_OBJECT);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "the member of number %u", i);
		key(&make, name);
		xc_tape_make_literal(&make, XC_TOKEN_FALSE);
	}
	xc_tape_make_close(&make);
	assert_int_equal(xc_tape_make_end(&make, &block, &ref), XC_OK);
	assert_true(xc_tape_look(&block, ref, &tape));
	assert_int_equal(xc_tape_count(&tape, 0), 1000);
	assert_int_not_equal(xc_tape_member(&tape, 0, name, strlen(name)), 0);
	used = block.used;

	xc_tape_make_begin(&make, 3);
	xc_tape_make_open(&make, XC_TOKEN_ARRAY);
	for (i = 0; i < 3; i++)
		xc_tape_make_literal(&make, XC_TOKEN_NULL);
	xc_tape_make_close(&make);
	assert_int_equal(xc_tape_make_end(&make, &block, &ref),
	    XC_ERR_TOO_LARGE);

	xc_tape_make_begin(&make, 0);
	for (i = 0; i <= XC_TAPE_DEPTH; i++)
		xc_tape_make_open(&make, XC_TOKEN_ARRAY);
	for (i = 0; i <= XC_TAPE_DEPTH; i++)
		xc_tape_make_close(&make);
	assert_int_equal(xc_tape_make_end(&make, &block, &ref),
	    XC_ERR_TOO_LARGE);

	block.limit = used + 16;
	make_args(&make, &block);
	assert_int_equal(xc_tape_make_end(&make, &block, &ref),
	    XC_ERR_TOO_LARGE);
	xc_tape_make_free(&make);
	xc_block_free(&block);
}

static void
test_no_documents(void **state)
{
	struct xc_span span = { 0 };
	struct xc_tape_make make = { 0 };
	struct xc_block block = { 0 };
	struct xc_tape_ref ref = { 0 };
	struct xc_tape tape;
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		span = put(&block, "1.");
		xc_tape_make_begin(&make, 0);
		if (i == 1) {
			xc_tape_make_open(&make, XC_TOKEN_OBJECT);
		} else if (i == 2) {
			xc_tape_make_literal(&make, XC_TOKEN_NULL);
			xc_tape_make_literal(&make, XC_TOKEN_NULL);
		} else if (i == 3) {
			xc_tape_make_open(&make, XC_TOKEN_OBJECT);
			xc_tape_make_literal(&make, XC_TOKEN_NULL);
			xc_tape_make_close(&make);
		} else if (i == 4) {
			xc_tape_make_open(&make, XC_TOKEN_ARRAY);
			key(&make, "a");
			xc_tape_make_close(&make);
		} else if (i == 5) {
			xc_tape_make_open(&make, XC_TOKEN_OBJECT);
			key(&make, "a");
			xc_tape_make_close(&make);
		} else if (i == 6) {
			xc_tape_make_close(&make);
		} else if (i == 7) {
			xc_tape_make_number(&make, span);
		} else if (i == 8) {
			span.len = block.used;
			xc_tape_make_text(&make, span);
		}
		assert_int_equal(xc_tape_make_end(&make, &block, &ref),
		    i < 7 ? XC_ERR_STATE : XC_ERR_INVALID);
	}
	assert_false(xc_tape_look(&block, ref, &tape));
	ref.off = 8;
	assert_false(xc_tape_look(&block, ref, &tape));
	ref.text.len = block.used + 1;
	assert_false(xc_tape_look(&block, ref, &tape));
	xc_tape_make_free(&make);
	xc_block_free(&block);
}

static void
test_numbers(void **state)
{
	static const char *const good[] = { "0", "-0", "10", "-1.50", "1e5",
		"1E-05", "0.1", "123456789012345678901234567890" };
	static const char *const bad[] = { "", "-", "+1", "01", "-01", ".5",
		"1.", "1e", "1e+", " 1", "1 ", "1x", "0x1", "NaN", "inf",
		"1,5", "1e1234567890", "--1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(xc_tape_is_number(good[i], strlen(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(xc_tape_is_number(bad[i], strlen(bad[i])));
	assert_false(xc_tape_is_number("1\0", 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makes),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_documents),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

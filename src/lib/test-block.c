/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test-host.h"

static void
test_append_and_read(void **state)
{
	struct xc_block block = { 0 };
	struct xc_span span;
	uint32_t off;

	(void)state;
	assert_int_equal(xc_block_reserve(&block, 3, &off), XC_OK);
	assert_int_equal(off, 0);
	assert_int_equal(xc_block_append(&block, "hello", 5, &span), XC_OK);
	assert_int_equal(span.off, 3);
	assert_int_equal(span.len, 5);
	assert_string_equal(xc_block_text(&block, span), "hello");
	assert_int_equal(xc_block_append(&block, NULL, 0, &span), XC_OK);
	assert_string_equal(xc_block_text(&block, span), "");
	assert_int_equal(xc_block_reserve(&block, 16, &off), XC_OK);
	assert_int_equal(off % 8, 0);
	assert_int_equal(block.base[off], 0);
	xc_block_free(&block);
	assert_null(block.base);
}

static void
test_grows_without_losing(void **state)
{
	struct xc_block block = { 0 };
	struct xc_span first;
	struct xc_span span;
	unsigned i;

	(void)state;
	assert_int_equal(xc_block_append(&block, "x", 1, &first), XC_OK);
	assert_int_equal(xc_block_append(&block, "first", 5, &first), XC_OK);
	for (i = 0; i < 10000; i++)
		assert_int_equal(xc_block_append(&block, "0123456789", 10,
		    &span), XC_OK);
	assert_string_equal(xc_block_text(&block, first), "first");
	assert_string_equal(xc_block_text(&block, span), "0123456789");
	xc_block_free(&block);
}

/* What is appended may lie in the block that moves. */
static void
test_append_of_itself(void **state)
{
	struct xc_block block = { 0 };
	struct xc_span span;
	unsigned i;

	(void)state;
	assert_int_equal(xc_block_append(&block, "x", 1, &span), XC_OK);
	assert_int_equal(xc_block_append(&block, "itself", 6, &span), XC_OK);
	for (i = 0; i < 3000; i++)
		assert_int_equal(xc_block_append(&block,
		    block.base + span.off, span.len, &span), XC_OK);
	assert_string_equal(xc_block_text(&block, span), "itself");
	xc_block_free(&block);
}

static void
test_limit(void **state)
{
	struct xc_block block = { .limit = 100 };
	char bytes[200] = { 0 };
	struct xc_span span;
	uint32_t off;

	(void)state;
	assert_int_equal(xc_block_append(&block, bytes, 99, &span), XC_OK);
	assert_int_equal(block.used, 100);
	assert_int_equal(xc_block_append(&block, "", 0, &span),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_block_put(&block, "x", 1), XC_ERR_TOO_LARGE);
	assert_int_equal(xc_block_reserve(&block, 1, &off), XC_ERR_TOO_LARGE);
	assert_int_equal(xc_block_reserve(&block, SIZE_MAX, &off),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_block_append(&block, bytes, SIZE_MAX, &span),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(block.used, 100);
	xc_block_free(&block);
}

static void
test_fixed(void **state)
{
	unsigned char memory[32];
	struct xc_block block = { .base = memory, .cap = sizeof(memory),
		.fixed = true };
	struct xc_span span;

	(void)state;
	assert_int_equal(xc_block_append(&block, "0123456789", 10, &span),
	    XC_OK);
	assert_int_equal(xc_block_append(&block, "01234567890123456789ab", 22,
	    &span), XC_ERR_TOO_LARGE);
	assert_int_equal(block.used, 11);
	assert_int_equal(xc_block_append(&block, "01234567890123456789", 20,
	    &span), XC_OK);
	assert_ptr_equal(block.base, memory);
	xc_block_reset(&block, 0);
	assert_int_equal(block.cap, sizeof(memory));
	xc_block_free(&block);
}

static void
test_reset_gives_back(void **state)
{
	struct xc_block block = { 0 };
	uint32_t off;

	(void)state;
	assert_int_equal(xc_block_reserve(&block, 1000000, &off), XC_OK);
	xc_block_reset(&block, 4096);
	assert_int_equal(block.cap, 4096);
	assert_int_equal(block.used, 0);
	xc_block_reset(&block, 0);
	assert_null(block.base);
	xc_block_free(&block);
}

/* A block may have been written by one who means ill. */
static void
test_foreign_spans(void **state)
{
	struct xc_block block = { 0 };
	struct xc_pair pair = { .name = { 1, 2 } };
	struct xc_span span;
	uint32_t off;

	(void)state;
	assert_int_equal(xc_block_append(&block, "0123456", 7, &span), XC_OK);
	assert_int_equal(xc_block_reserve(&block, sizeof(pair), &off), XC_OK);
	memcpy(block.base + off, &pair, sizeof(pair));
	span = (struct xc_span){ 0, 7 };
	assert_string_equal(xc_block_text(&block, span), "");
	span = (struct xc_span){ 1, 5 };	/* no NUL behind */
	assert_string_equal(xc_block_text(&block, span), "");
	span = (struct xc_span){ 1, UINT32_MAX };
	assert_string_equal(xc_block_text(&block, span), "");
	span = (struct xc_span){ block.used, 0 };
	assert_string_equal(xc_block_text(&block, span), "");
	span = (struct xc_span){ UINT32_MAX, 0 };
	assert_string_equal(xc_block_text(&block, span), "");
	assert_true(xc_block_pair(&block, (struct xc_pairs){ off, 1 }, 0,
	    &pair));
	assert_false(xc_block_pair(&block, (struct xc_pairs){ off, 1 }, 1,
	    &pair));
	assert_false(xc_block_pair(&block, (struct xc_pairs){ off, 2 }, 1,
	    &pair));
	assert_false(xc_block_pair(&block, (struct xc_pairs){ off,
	    UINT32_MAX }, UINT32_MAX - 1, &pair));
	xc_block_free(&block);
}

static void
test_fit(void **state)
{
	unsigned char area[64];
	struct xc_block block = { .base = NULL };
	struct xc_block fixed = { .base = area, .cap = sizeof(area),
		.fixed = true };

	(void)state;
	xc_block_fit(&block);
	assert_null(block.base);
	assert_int_equal(xc_block_put(&block, "abc", 3), XC_OK);
	xc_block_fit(&block);
	assert_int_equal(block.cap, 3);
	assert_int_equal(xc_block_put(&block, "def", 3), XC_OK);
	assert_memory_equal(block.base, "abcdef", 6);
	block.used = 0;
	xc_block_fit(&block);
	assert_null(block.base);
	xc_block_fit(&fixed);
	assert_int_equal(fixed.cap, sizeof(area));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_read),
		cmocka_unit_test(test_grows_without_losing),
		cmocka_unit_test(test_append_of_itself),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_reset_gives_back),
		cmocka_unit_test(test_foreign_spans),
		cmocka_unit_test(test_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

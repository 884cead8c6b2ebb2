/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "query.h"
#include "test-host.h"

/* A query and its pairs, "name=value|" each. */
static const char *const good[][2] = {
	{ "", "" },
	{ "&", "" },
	{ "&&&", "" },
	{ "a", "a=|" },
	{ "a=", "a=|" },
	{ "=", "=|" },
	{ "=b", "=b|" },
	{ "a=b", "a=b|" },
	{ "a=b&c=d", "a=b|c=d|" },
	{ "a=1&a=2&b=3&a=", "a=1|a=2|b=3|a=|" },
	{ "&a=b&&c=d&", "a=b|c=d|" },
	{ "a=b=c", "a=b=c|" },
	{ "a+b=c+d", "a b=c d|" },
	{ "a%2Bb=%26%3d", "a+b=&=|" },
	{ "%61=%C3%A4", "a=\xc3\xa4|" },
	{ "a=\xc3\xa4", "a=\xc3\xa4|" },
	{ "a;b=c?d/e", "a;b=c?d/e|" },
};

static const char *const bad[] = {
	"a=%", "a=%4", "a=%zz", "%=a", "a=%4&b=c", "a=%00", "%00=a",
	"a=%ff", "a=%c3&b=%a4", "%c3=%a4", "a=%ed%a0%80", "a=\xff",
	"a b=c", "a=b\n", "a=b#c", "a\x7f=b",
};

static void
test_good(void **state)
{
	struct xc_errbuf errbuf;
	struct xc_pairs pairs;
	struct xc_pair pair;
	char text[256];
	uint32_t row;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct xc_block block = { 0 };

		assert_int_equal(xc_block_put(&block, "x", 1), XC_OK);
		assert_int_equal(xc_query_parse(&block, good[i][0],
		    strlen(good[i][0]), &pairs, &errbuf), 0);
		text[0] = '\0';
		for (row = 0; xc_block_pair(&block, pairs, row, &pair);
		    row++) {
			strcat(text, xc_block_text(&block, pair.name));
			strcat(text, "=");
			strcat(text, xc_block_text(&block, pair.value));
			strcat(text, "|");
		}
		assert_int_equal(row, pairs.n);
		assert_string_equal(text, good[i][1]);
		xc_block_free(&block);
	}
}

static void
test_bad(void **state)
{
	struct xc_errbuf errbuf;
	struct xc_pairs pairs;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct xc_block block = { 0 };

		errbuf.text[0] = '\0';
		if (xc_query_parse(&block, bad[i], strlen(bad[i]), &pairs,
		    &errbuf) != 400)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(pairs.n, 0);
		assert_true(errbuf.text[0] != '\0');
		xc_block_free(&block);
	}
}

static void
test_count(void **state)
{
	static char raw[2 * (XC_QUERY_PAIRS_MAX + 1)];
	struct xc_block block = { 0 };
	struct xc_errbuf errbuf;
	struct xc_pairs pairs;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(raw); i++)
		raw[i] = i % 2 == 0 ? 'a' : '&';
	assert_int_equal(xc_query_parse(&block, raw,
	    (size_t)2 * XC_QUERY_PAIRS_MAX, &pairs, &errbuf), 0);
	assert_int_equal(pairs.n, XC_QUERY_PAIRS_MAX);
	assert_int_equal(xc_query_parse(&block, raw, sizeof(raw), &pairs,
	    &errbuf), 400);
	xc_block_free(&block);
}

static void
test_no_room(void **state)
{
	struct xc_block block = { .limit = 40 };
	struct xc_errbuf errbuf;
	struct xc_pairs pairs;

	(void)state;
	assert_int_equal(xc_query_parse(&block, "a=b&c=d&e=f", 11, &pairs,
	    &errbuf), 500);
	block.limit = 16;
	assert_int_equal(xc_query_parse(&block, "a=b", 3, &pairs, &errbuf),
	    500);
	xc_block_free(&block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

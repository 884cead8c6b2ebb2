/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "test-host.h"

/* A path as it comes, and its segments each ended by '|'. */
struct row {
	const char *raw;
	const char *text;
	const char *segments;
};

static const struct row good[] = {
	{ "/", "/", "|" },
	{ "//", "/", "|" },
	{ "/a", "/a", "a|" },
	{ "/a/", "/a/", "a||" },
	{ "/a//", "/a/", "a||" },
	{ "//a///b", "/a/b", "a|b|" },
	{ "/a/./b", "/a/b", "a|b|" },
	{ "/a/b/..", "/a/", "a||" },
	{ "/a/b/../", "/a/", "a||" },
	{ "/a/b/../c", "/a/c", "a|c|" },
	{ "/a/.", "/a/", "a||" },
	{ "/.", "/", "|" },
	{ "/a/..", "/", "|" },
	{ "/a/../b/../c", "/c", "c|" },
	{ "/a//../b", "/b", "b|" },
	{ "/%2e/a/%2E%2e/b", "/b", "b|" },
	{ "/a/.%2e/b", "/b", "b|" },
	{ "/...", "/...", "...|" },
	{ "/.a/..b", "/.a/..b", ".a|..b|" },
	{ "/a%20b", "/a b", "a b|" },
	{ "/a+b", "/a+b", "a+b|" },
	{ "/a%2Fb", "/a/b", "a/b|" },
	{ "/a%2fb/c", "/a/b/c", "a/b|c|" },
	{ "/%2F", "//", "/|" },
	{ "/a%2f.%2fb", "/a/./b", "a/./b|" },
	{ "/a%2f..b", "/a/..b", "a/..b|" },
	{ "/%C3%A4", "/\xc3\xa4", "\xc3\xa4|" },
	{ "/\xc3\xa4", "/\xc3\xa4", "\xc3\xa4|" },
	{ "/%0a", "/\n", "\n|" },
	{ "/a:b@c;d=e,f!$&'()*~_-", "/a:b@c;d=e,f!$&'()*~_-",
	    "a:b@c;d=e,f!$&'()*~_-|" },
	{ "/%25%32%65", "/%2e", "%2e|" },
	{ "/a\\..\\b", "/a\\..\\b", "a\\..\\b|" },
};

static const char *const bad[] = {
	"", "a", "*",
	"/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%", "/a%2",
	"/%00", "/a%00b",
	"/%ff", "/%c3", "/%c3/%a4", "/%c0%80", "/%ed%a0%80", "/\xff",
	"/..", "/../a", "/a/../..", "/a/../../b", "/%2e%2e", "/./..",
	"//..",
	"/a b", "/a\tb", "/a\nb", "/\x7f", "/a#b", "/a?b",
	"/a%2f..", "/..%2fa", "/a%2f..%2fb", "/%2f%2e%2e%2f",
};

static void
check(const struct row *row)
{
	struct xc_path *path = malloc(sizeof(*path));
	struct xc_errbuf errbuf;
	const char *at = row->segments;
	size_t i;
	size_t len;

	assert_non_null(path);
	assert_int_equal(xc_path_decode(row->raw, strlen(row->raw), path,
	    &errbuf), 0);
	assert_string_equal(path->text, row->text);
	assert_int_equal(path->len, strlen(row->text));
	for (i = 0; i < path->n_segments; i++) {
		len = strcspn(at, "|");
		assert_memory_equal(path->text + path->starts[i], at, len);
		at += len + 1;
		/* The next begins right behind this one's slash. */
		if (i + 1 < path->n_segments)
			assert_int_equal(path->starts[i + 1],
			    path->starts[i] + len + 1);
		else
			assert_int_equal(path->starts[i] + len, path->len);
	}
	assert_int_equal(*at, '\0');
	free(path);
}

static void
test_good(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check(&good[i]);
}

static void
test_bad(void **state)
{
	static struct xc_path path;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errbuf.text[0] = '\0';
		if (xc_path_decode(bad[i], strlen(bad[i]), &path, &errbuf) !=
		    400)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(errbuf.text[0] != '\0');
	}
	assert_int_equal(xc_path_decode("/a\0b", 4, &path, NULL), 400);
}

static void
test_longest(void **state)
{
	static struct xc_path path;
	static char raw[XC_PATH_MAX + 1];
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(raw); i++)
		raw[i] = i % 2 == 0 ? '/' : 'a';
	assert_int_equal(xc_path_decode(raw, XC_PATH_MAX, &path, &errbuf), 0);
	assert_int_equal(path.n_segments, XC_PATH_MAX / 2);
	assert_int_equal(path.len, XC_PATH_MAX);
	assert_int_equal(xc_path_decode(raw, XC_PATH_MAX - 1, &path, &errbuf),
	    0);
	assert_int_equal(path.n_segments, XC_PATH_MAX / 2);
	assert_int_equal(xc_path_decode(raw, XC_PATH_MAX + 1, &path, &errbuf),
	    414);
	memset(raw, '/', sizeof(raw));
	assert_int_equal(xc_path_decode(raw, XC_PATH_MAX, &path, &errbuf), 0);
	assert_string_equal(path.text, "/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugin/assets.h"
#include "plugin/fixture-files.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct fixture {
	char folder[300];
	struct xc_assets *assets;
	struct xc_errbuf why;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_folder(fixture->folder, sizeof(fixture->folder));
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	xc_assets_free(&fixture->assets);
	remove_folder(fixture->folder);
	free(fixture);
	return 0;
}

static const struct xc_asset *
find(const struct fixture *fixture, const char *path)
{
	char text[600];
	const char *segments[64];
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", path);
	segments[n++] = text;
	for (char *slash = text; (slash = strchr(slash, '/')) != NULL;) {
		*slash++ = '\0';
		segments[n++] = slash;
	}
	return xc_assets_find(fixture->assets, segments, n);
}

static void
link_to(const struct fixture *fixture, const char *name, const char *to)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	assert_int_equal(symlink(to, path), 0);
}

static void
read_table(struct fixture *fixture)
{
	assert_int_equal(xc_assets_read(fixture->folder, HASH,
	    &fixture->assets, &fixture->why), XC_OK);
}

static void
test_none(void **state)
{
	struct fixture *fixture = *state;
	static const char *const segments[] = { "a" };

	read_table(fixture);
	assert_null(fixture->assets);
	put(fixture->folder, "assets/.hidden", "x");
	read_table(fixture);
	assert_null(fixture->assets);
	assert_null(xc_assets_find(NULL, segments, 1));
}

static void
test_linked_folder(void **state)
{
	struct fixture *fixture = *state;

	link_to(fixture, "assets", "/etc");
	read_table(fixture);
	assert_null(fixture->assets);
}

static void
test_table(void **state)
{
	static const char *const encoded[] = { "css/site.css" };
	struct fixture *fixture = *state;

	put(fixture->folder, "assets/z.js", "1;");
	put(fixture->folder, "assets/css/site.css", "body {}");
	put(fixture->folder, "assets/css/deep/x y.txt", "");
	put(fixture->folder, "assets/css/.secret", "x");
	put(fixture->folder, "secret", "x");
	link_to(fixture, "assets/passwd", "/etc/passwd");
	link_to(fixture, "assets/up", "..");
	read_table(fixture);
	assert_non_null(fixture->assets);
	assert_int_equal(find(fixture, "z.js")->size, 2);
	assert_int_equal(find(fixture, "css/site.css")->size, 7);
	assert_int_equal(find(fixture, "css/deep/x y.txt")->size, 0);
	assert_null(xc_assets_find(fixture->assets, encoded, 1));
	assert_null(find(fixture, "css"));
	assert_null(find(fixture, "css/"));
	assert_null(find(fixture, "z.js/"));
	assert_null(find(fixture, "/z.js"));
	assert_null(find(fixture, ""));
	assert_null(find(fixture, "css/.secret"));
	assert_null(find(fixture, "../secret"));
	assert_null(find(fixture, "css/../z.js"));
	assert_null(find(fixture, "passwd"));
	assert_null(find(fixture, "up/secret"));
	assert_null(find(fixture, "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"));
	assert_string_equal(xc_assets_etag(fixture->assets),
	    "\"0123456789abcdef0123456789abcdef\"");
}

static void
test_long_names(void **state)
{
	struct fixture *fixture = *state;
	char name[420];

	put(fixture->folder, "assets/a", "x");
	read_table(fixture);
	for (size_t len = 1; len < sizeof(name); len++) {
		memset(name, 'a', len);
		name[len] = '\0';
		assert_int_equal(find(fixture, name) != NULL, len == 1);
		name[len / 2] = '/';
		assert_null(find(fixture, name));
	}
}

static enum xc_err
open_it(struct fixture *fixture, const char *name, char *text, size_t size)
{
	enum xc_err err;
	ssize_t n;
	int fd;

	err = xc_assets_open(fixture->assets, find(fixture, name), &fd,
	    &fixture->why);
	if (err != XC_OK) {
		assert_int_equal(fd, -1);
		return err;
	}
	n = read(fd, text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return XC_OK;
}

static void
test_open(void **state)
{
	struct fixture *fixture = *state;
	char text[64], path[600], other[600];

	put(fixture->folder, "assets/a.txt", "text");
	put(fixture->folder, "assets/b/c.txt", "more");
	put(fixture->folder, "x/c.txt", "evil");
	read_table(fixture);
	assert_int_equal(open_it(fixture, "a.txt", text, sizeof(text)),
	    XC_OK);
	assert_string_equal(text, "text");
	assert_int_equal(open_it(fixture, "b/c.txt", text, sizeof(text)),
	    XC_OK);
	assert_string_equal(text, "more");

	/* What was put in its place since is not followed. */
	snprintf(path, sizeof(path), "%s/assets/b", fixture->folder);
	snprintf(other, sizeof(other), "%s/away", fixture->folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(open_it(fixture, "b/c.txt", text, sizeof(text)),
	    XC_ERR_NOT_FOUND);
	link_to(fixture, "assets/b", "../x");
	assert_int_equal(open_it(fixture, "b/c.txt", text, sizeof(text)),
	    XC_ERR_IO);
	snprintf(path, sizeof(path), "%s/assets/a.txt", fixture->folder);
	assert_int_equal(unlink(path), 0);
	link_to(fixture, "assets/a.txt", "../x/c.txt");
	assert_int_equal(open_it(fixture, "a.txt", text, sizeof(text)),
	    XC_ERR_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_it(fixture, "a.txt", text, sizeof(text)),
	    XC_ERR_INVALID);
	assert_int_equal(unlink(path), 0);
	put(fixture->folder, "assets/a.txt", "longer text");
	assert_int_equal(open_it(fixture, "a.txt", text, sizeof(text)),
	    XC_ERR_INVALID);
}

static void
test_too_many(void **state)
{
	struct fixture *fixture = *state;
	char name[40];

	for (int i = 0; i <= 2000; i++) {
		snprintf(name, sizeof(name), "assets/%d", i);
		put(fixture->folder, name, "");
	}
	assert_int_equal(xc_assets_read(fixture->folder, HASH,
	    &fixture->assets, &fixture->why), XC_ERR_TOO_LARGE);
	assert_null(fixture->assets);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_none),
		T(test_linked_folder),
		T(test_table),
		T(test_long_names),
		T(test_open),
		T(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

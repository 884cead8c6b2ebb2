/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <utime.h>

#include <cmocka.h>

#include "plugin/package.h"
#include "fixture-files.h"

struct fixture {
	char state[256];
	struct xc_package *package;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct xc_errbuf why = { "" };
	char source[256];

	put_demo(make_folder(source, sizeof(source)));
	make_folder(fixture->state, sizeof(fixture->state));
	assert_int_equal(xc_package_open(source, &fixture->package, &why),
	    XC_OK);
	remove_folder(source);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	xc_package_free(&fixture->package);
	remove_folder(fixture->state);
	free(fixture);
	return 0;
}

static size_t
count_entries(const char *state, const char *plugin)
{
	struct dirent *entry;
	char path[600];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/plugins/%s", state, plugin);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	if (dir != NULL)
		closedir(dir);
	return n;
}

static void
test_put(void **state)
{
	struct fixture *fixture = *state;
	struct xc_errbuf why = { "" };
	char dir[600], again[600], path[700], tail[40];
	struct stat st;
	ino_t inode;

	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_OK);
	snprintf(tail, sizeof(tail), "/1.2.0-%.8s", fixture->package->hash);
	assert_non_null(strstr(dir, "/plugins/demo/1.2.0-"));
	assert_string_equal(dir + strlen(dir) - strlen(tail), tail);
	snprintf(path, sizeof(path), "%s/assets/css/site.css", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	inode = st.st_ino;
	assert_int_equal(xc_store_verify(dir, fixture->package->hash, &why),
	    XC_OK);
	/* What stands and is whole is kept. */
	assert_int_equal(xc_store_put(fixture->state, fixture->package, again,
	    sizeof(again), &why), XC_OK);
	assert_string_equal(dir, again);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_ino, inode);
	assert_int_equal(count_entries(fixture->state, "demo"), 1);
}

static void
test_damage(void **state)
{
	struct fixture *fixture = *state;
	struct xc_errbuf why = { "" };
	char dir[600], path[700];

	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_OK);
	snprintf(path, sizeof(path), "%s/demo.so", dir);
	assert_int_equal(unlink(path), 0);
	put(dir, "demo.so", "overwritten");
	assert_int_equal(xc_store_verify(dir, fixture->package->hash, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "not those of the package"));
	/* Set aside, and made anew. */
	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_OK);
	assert_int_equal(xc_store_verify(dir, fixture->package->hash, &why),
	    XC_OK);
	assert_int_equal(count_entries(fixture->state, "demo"), 2);

	put(dir, "assets/.more", "x");
	assert_int_equal(xc_store_verify(dir, fixture->package->hash, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "assets/.more does not belong"));
	snprintf(path, sizeof(path), "%s-none", dir);
	assert_int_equal(xc_store_verify(path, fixture->package->hash, &why),
	    XC_ERR_NOT_FOUND);
}

/* A disk that is full, as far as one process can be made to see one. */
static void
test_full_disk(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit old, tiny;
	struct xc_errbuf why = { "" };
	char dir[600];

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tiny = old;
	tiny.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_non_null(strstr(why.text, "cannot be put into the store"));
	assert_int_equal(count_entries(fixture->state, "demo"), 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_OK);
}

static void
test_no_state(void **state)
{
	struct fixture *fixture = *state;
	struct xc_errbuf why = { "" };
	char dir[600], path[700];

	snprintf(path, sizeof(path), "%s/none", fixture->state);
	assert_int_equal(xc_store_put(path, fixture->package, dir,
	    sizeof(dir), &why), XC_ERR_IO);
	assert_non_null(strstr(why.text, "state folder"));
	put(fixture->state, "plugins", "a file in the way");
	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_ERR_IO);
}

static bool
keep_other(void *ctx, const char *name, const char *version_id)
{
	(*(int *)ctx)++;
	return strcmp(name, "demo") != 0 ||
	    strncmp(version_id, "1.2.0-", 6) != 0;
}

static void
test_gc(void **state)
{
	struct fixture *fixture = *state;
	struct utimbuf old = { 1, 1 };
	struct xc_errbuf why = { "" };
	char dir[600], path[700];
	uint64_t bytes;
	size_t removed;
	int asked = 0;

	assert_int_equal(xc_store_gc(fixture->state, keep_other, &asked,
	    false, &removed, &bytes, &why), XC_OK);
	assert_int_equal(removed, 0);
	assert_int_equal(xc_store_put(fixture->state, fixture->package, dir,
	    sizeof(dir), &why), XC_OK);
	snprintf(path, sizeof(path), "%s/plugins/demo", fixture->state);
	put(path, "1.1.0-00000000/plugin.json", "{}");
	put(path, ".new-1-2-3/plugin.json", "{}");
	put(path, ".damaged-1-2-3/plugin.json", "{}");
	snprintf(path, sizeof(path), "%s/plugins/demo/.damaged-1-2-3",
	    fixture->state);
	assert_int_equal(utime(path, &old), 0);

	assert_int_equal(xc_store_gc(fixture->state, keep_other, &asked,
	    true, &removed, &bytes, &why), XC_OK);
	assert_int_equal(removed, 2);
	assert_int_equal(asked, 2);
	assert_true(bytes > 100);
	assert_int_equal(count_entries(fixture->state, "demo"), 4);
	assert_int_equal(xc_store_gc(fixture->state, keep_other, &asked,
	    false, &removed, &bytes, &why), XC_OK);
	assert_int_equal(removed, 2);
	assert_int_equal(count_entries(fixture->state, "demo"), 2);
	assert_int_equal(access(dir, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_no_state, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_gc, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

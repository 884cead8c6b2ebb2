/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "plugin/file.h"
#include "plugin/watch.h"

struct site {
	char folder[64];
	char one[128];
	char two[128];
	char *folders[2];
	struct xc_watch *watch;
};

static void
on_alarm(int number)
{
	(void)number;
}

static void
save(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static void
begin(struct site *site, enum xc_watch_kind kind)
{
	struct xc_errbuf errbuf;

	strcpy(site->folder, "/tmp/xcore-watch.XXXXXX");
	assert_non_null(mkdtemp(site->folder));
	snprintf(site->one, sizeof(site->one), "%s/one", site->folder);
	snprintf(site->two, sizeof(site->two), "%s/two", site->folder);
	assert_int_equal(mkdir(site->one, 0755), 0);
	site->folders[0] = site->one;
	site->folders[1] = site->two;	/* is not there yet */
	assert_int_equal(xc_watch_new(site->folders, 2, kind, &site->watch,
	    &errbuf), XC_OK);
}

static void
end(struct site *site)
{
	xc_watch_free(&site->watch);
	assert_null(site->watch);
	assert_int_equal(xc_file_remove_at(AT_FDCWD, site->folder), XC_OK);
}

/* XC_ERR_STATE when nothing was seen until the alarm. */
static enum xc_err
look(struct site *site, bool changed[2])
{
	struct xc_errbuf errbuf = { "" };
	sigset_t open;

	sigemptyset(&open);
	return xc_watch_wait(site->watch, &open, changed, &errbuf);
}

static void
expect_quiet(struct site *site)
{
	struct sigaction action = { .sa_handler = on_alarm };
	bool changed[2];

	sigaction(SIGALRM, &action, NULL);
	ualarm(400000, 0);
	assert_int_equal(look(site, changed), XC_ERR_STATE);
}

static void
expect_change(struct site *site, bool one, bool two)
{
	bool changed[2];

	assert_int_equal(look(site, changed), XC_OK);
	assert_int_equal(changed[0], one);
	assert_int_equal(changed[1], two);
}

static void
test_sources(void **state)
{
	struct site site;
	char path[PATH_MAX], to[PATH_MAX];

	(void)state;
	begin(&site, XC_WATCH_SOURCES);
	save(site.one, "a.c");
	expect_change(&site, true, false);
	/* As many editors save. */
	save(site.one, ".a.c.swp");
	snprintf(path, sizeof(path), "%s/.a.c.swp", site.one);
	snprintf(to, sizeof(to), "%s/a.c", site.one);
	assert_int_equal(rename(path, to), 0);
	expect_change(&site, true, false);
	save(site.one, "a.o");
	save(site.one, "one.so");
	save(site.one, "a.c~");
	expect_quiet(&site);
	end(&site);
}

/* As the linker of a plugin does: a build must not cause the next. */
static void
test_builds(void **state)
{
	struct site site;
	char path[PATH_MAX], to[PATH_MAX];

	(void)state;
	begin(&site, XC_WATCH_SOURCES);
	snprintf(path, sizeof(path), "%s/one.so.new", site.one);
	snprintf(to, sizeof(to), "%s/one.so", site.one);
	save(site.one, "one.so.new");
	assert_int_equal(rename(path, to), 0);
	save(site.one, "one.so.new");
	assert_int_equal(unlink(path), 0);
	expect_quiet(&site);
	end(&site);
}

static void
test_folders_that_come(void **state)
{
	struct site site;
	char path[PATH_MAX];

	(void)state;
	begin(&site, XC_WATCH_SOURCES);
	assert_int_equal(mkdir(site.two, 0755), 0);
	expect_change(&site, false, true);
	save(site.two, "b.c");
	expect_change(&site, false, true);
	snprintf(path, sizeof(path), "%s/sql", site.one);
	assert_int_equal(mkdir(path, 0755), 0);
	expect_change(&site, true, false);
	save(path, "0001_a.up.sql");
	expect_change(&site, true, false);
	assert_int_equal(xc_file_remove_at(AT_FDCWD, site.two), XC_OK);
	expect_change(&site, false, true);
	assert_int_equal(mkdir(site.two, 0755), 0);
	expect_change(&site, false, true);
	end(&site);
}

static void
test_built(void **state)
{
	struct site site;
	char path[PATH_MAX];

	(void)state;
	begin(&site, XC_WATCH_BUILT);
	save(site.one, "a.c");
	save(site.one, "a.o");
	save(site.one, "one.so.new");
	expect_quiet(&site);
	save(site.one, "one.so");
	expect_change(&site, true, false);
	save(site.one, "plugin.json");
	expect_change(&site, true, false);
	snprintf(path, sizeof(path), "%s/schemas", site.one);
	assert_int_equal(mkdir(path, 0755), 0);
	save(site.one, "schemas/a.json");
	expect_change(&site, true, false);
	save(site.one, "schemas/a.json");
	expect_change(&site, true, false);
	end(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_folders_that_come),
		cmocka_unit_test(test_built)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

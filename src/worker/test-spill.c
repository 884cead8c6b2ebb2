/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/spill.h"

static char base[] = "/tmp/xcore-spill.XXXXXX";
static struct xc_errbuf errbuf;

/* What lies in a folder, or -1. */
static int
entries(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
keeps_a_body(void **state)
{
	struct xc_spill spill = { .fd = -1 };
	struct xc_source source;
	char dir[64], bytes[10000];
	struct stat st;
	size_t i;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/made", base);
	memset(bytes, 'x', sizeof(bytes));
	/* The folder is made, for its owner alone. */
	assert_int_equal(xc_spill_open(&spill, dir, &errbuf), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(fcntl(spill.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(spill.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(xc_spill_write(&spill, bytes, 10000,
		    &errbuf), 0);
	assert_int_equal(xc_spill_write(&spill, "end", 3, &errbuf), 0);
	assert_int_equal(xc_spill_write(&spill, "", 0, &errbuf), 0);
	assert_int_equal(spill.len, 1000003);
	assert_int_equal(entries(dir), 0);
	assert_int_equal(xc_spill_map(&spill, &source, &errbuf), 0);
	assert_int_equal(source.len, 1000003);
	assert_int_equal(source.fd, spill.fd);
	assert_memory_equal(source.data, bytes, 10000);
	assert_memory_equal(source.data + 1000000, "end", 3);
	xc_spill_unmap(&source);
	assert_int_equal(source.fd, -1);
	assert_int_equal(source.len, 0);
	xc_spill_unmap(&source);
	xc_spill_close(&spill);
	xc_spill_close(&spill);
	assert_int_equal(spill.fd, -1);
	/* It is there already. */
	assert_int_equal(xc_spill_open(&spill, dir, &errbuf), 0);
	xc_spill_close(&spill);
	assert_int_equal(rmdir(dir), 0);
}

/* The reader of parts: within the body, and only while there is one. */
static void
reads_parts(void **state)
{
	struct xc_source source = { .data = "", .fd = -1 };
	struct xc_spill spill = { .fd = -1 };
	char buf[16] = "";
	size_t got = 1;
#define READ(offset, len) xc_spill_part_ops.read(&source, NULL, offset, buf, \
	    len, &got)

	(void)state;
	assert_int_equal(READ(0, 1), XC_ERR_INVALID);
	assert_int_equal(got, 0);
	assert_int_equal(xc_spill_open(&spill, base, &errbuf), 0);
	assert_int_equal(xc_spill_write(&spill, "0123456789", 10, &errbuf),
	    0);
	assert_int_equal(xc_spill_map(&spill, &source, &errbuf), 0);
	assert_int_equal(READ(0, 10), XC_OK);
	assert_int_equal(got, 10);
	assert_memory_equal(buf, "0123456789", 10);
	assert_int_equal(READ(7, 10), XC_OK);
	assert_int_equal(got, 3);
	assert_memory_equal(buf, "789", 3);
	assert_int_equal(READ(10, 1), XC_OK);
	assert_int_equal(got, 0);
	assert_int_equal(READ(11, 1), XC_ERR_INVALID);
	assert_int_equal(READ(UINT64_MAX, 1), XC_ERR_INVALID);
	assert_int_equal(READ(1, SIZE_MAX), XC_OK);
	assert_int_equal(got, 9);
	/* A file that has become shorter, as nobody can make it. */
	assert_int_equal(ftruncate(spill.fd, 5), 0);
	assert_int_equal(READ(0, 10), XC_ERR_IO);
	xc_spill_unmap(&source);
	assert_int_equal(READ(0, 1), XC_ERR_INVALID);
	xc_spill_close(&spill);
}

static void
says_why_there_is_no_file(void **state)
{
	struct xc_spill spill = { .fd = -1 };
	char path[64];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/no/such", base);
	assert_int_equal(xc_spill_open(&spill, path, &errbuf), 503);
	assert_int_equal(spill.fd, -1);
	assert_non_null(strstr(errbuf.text, path));
	assert_non_null(strstr(errbuf.text, "fastcgi.body_dir"));
	snprintf(path, sizeof(path), "%s/file", base);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(xc_spill_open(&spill, path, &errbuf), 503);
	assert_int_equal(xc_spill_open(&spill, "/proc", &errbuf), 503);
	(void)unlink(path);
}

static void
says_that_it_is_too_large(void **state)
{
	const struct rlimit small = { 4096, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct xc_spill spill = { .fd = -1 };
	char bytes[5000] = "";
	int status;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(xc_spill_open(&spill, base, &errbuf), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	status = xc_spill_write(&spill, bytes, sizeof(bytes), &errbuf);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(status, 507);
	assert_non_null(strstr(errbuf.text, "LimitFSIZE"));
	xc_spill_close(&spill);
}

static void
says_that_the_disk_is_full(void **state)
{
	struct xc_spill spill = { .fd = open("/dev/full", O_RDWR | O_CLOEXEC) };
	struct xc_source source;

	(void)state;
	assert_true(spill.fd >= 0);
	assert_int_equal(xc_spill_write(&spill, "x", 1, &errbuf), 507);
	assert_non_null(strstr(errbuf.text, "fastcgi.body_dir"));
	xc_spill_close(&spill);
	/* A bad descriptor stands for a bad disk. */
	assert_int_equal(xc_spill_write(&spill, "x", 1, &errbuf), 500);
	spill.len = 1;
	assert_int_equal(xc_spill_map(&spill, &source, &errbuf), 500);
}

/* What was cut off under a mapping is an error, not a SIGBUS. */
static void
says_that_it_does_not_read(void **state)
{
	struct xc_spill spill = { .fd = -1 };
	struct xc_source source;

	(void)state;
	assert_int_equal(xc_spill_open(&spill, base, &errbuf), 0);
	spill.len = 100000;
	if (xc_spill_map(&spill, &source, &errbuf) == 0) {
		/* This kernel cannot tell before. */
		xc_spill_unmap(&source);
		xc_spill_close(&spill);
		skip();
	}
	assert_non_null(strstr(errbuf.text, "read back"));
	xc_spill_close(&spill);
}

static int
make_base(void **state)
{
	(void)state;
	return mkdtemp(base) ? 0 : -1;
}

static int
remove_base(void **state)
{
	(void)state;
	return rmdir(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_body),
		cmocka_unit_test(reads_parts),
		cmocka_unit_test(says_why_there_is_no_file),
		cmocka_unit_test(says_that_it_is_too_large),
		cmocka_unit_test(says_that_the_disk_is_full),
		cmocka_unit_test(says_that_it_does_not_read),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}

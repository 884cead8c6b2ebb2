/* SPDX-License-Identifier: MIT */
/* A folder of cgroup v2, or none. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test-jail.h"

void
test_no_cgroup(void **state)
{
	const char *const paths[] = { "/nonexistent", "/tmp" };
	const struct inmate nothing = { 0 };
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct xc_jail_options options = { .cgroup = paths[i] };
		struct xc_errbuf why = { "" };
		struct xc_jail *jail;

		assert_int_equal(xc_jail_create(&options, &jail, &why),
		    XC_OK);
		assert_non_null(strstr(why.text, paths[i]));
		expect_end(run(jail, &cell, &nothing));
		assert_false(xc_layers_hold(&page->layers,
		    XC_LAYER_CGROUP_MEMORY));
		assert_int_equal(page->layers.why[XC_LAYER_CGROUP_MEMORY],
		    i == 0 ? ENOENT : EINVAL);
		xc_jail_free(&jail);
	}
}

/* Makes a folder; XCORE_TEST_CGROUP names a delegated one to make it in. */
static bool
find_cgroup2(char *path, size_t size)
{
	const char *delegated = getenv("XCORE_TEST_CGROUP");
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char line[1024], where[512], type[64];
	bool found = delegated != NULL && snprintf(path, size,
	    "%s/xcore-test-XXXXXX", delegated) < (int)size;

	while (mounts != NULL && !found &&
	    fgets(line, sizeof(line), mounts) != NULL) {
		if (sscanf(line, "%*s %511s %63s", where, type) == 2 &&
		    strcmp(type, "cgroup2") == 0)
			found = snprintf(path, size, "%s/xcore-test-XXXXXX",
			    where) < (int)size;
	}
	if (mounts != NULL)
		fclose(mounts);
	return found && mkdtemp(path) != NULL;
}

static bool
is_empty_folder(const char *path)
{
	/* A folder with leaves cannot be removed. */
	return rmdir(path) == 0;
}

void
test_cgroup(void **state)
{
	const struct inmate inmate = { .late = wait_forever };
	struct xc_jail_options options = { 0 };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_errbuf why = { "" };
	struct xc_jail *jail;
	char path[600], line[700], name[64];
	uint64_t kills = 7;
	FILE *file;
	int pidfd;
	pid_t pid;

	(void)state;
	if (!find_cgroup2(path, sizeof(path))) {
		print_message("  left out: no cgroup v2 to write to\n");
		skip();
	}
	options.cgroup = path;
	assert_int_equal(xc_jail_create(&options, &jail, &why), XC_OK);
	pid = start(jail, &cell, &inmate, &pidfd);
	while (!*(volatile bool *)&page->ran)
		usleep(1000);
	snprintf(name, sizeof(name), "/proc/%ld/cgroup", (long)pid);
	file = fopen(name, "re");
	assert_non_null(file);
	line[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL &&
	    strncmp(line, "0::", 3) != 0)
		continue;
	fclose(file);
	snprintf(name, sizeof(name), "/xcore-%ld-1\n", (long)getpid());
	assert_non_null(strstr(line, name));
	for (unsigned i = XC_LAYER_CGROUP_MEMORY; i <= XC_LAYER_CGROUP_KILL;
	    i++)
		print_message("  %s: %s\n", xc_layer_name(i),
		    xc_layers_hold(&page->layers, i) ? "yes" :
		    xc_layer_reason(i, page->layers.why[i]));
	kill(pid, SIGKILL);
	reap(pid);
	close(pidfd);
	xc_jail_bury(jail, cell.slot, &kills);
	assert_int_equal(kills, 0);
	xc_jail_free(&jail);
	assert_true(is_empty_folder(path));
}

static bool
cgroup_holds(const struct xc_jail *jail, enum xc_layer layer)
{
	const struct inmate nothing = { 0 };
	struct xc_jail_cell cell = cell_for_tests();

	expect_end(run(jail, &cell, &nothing));
	if (xc_layers_hold(&page->layers, layer))
		return true;
	print_message("  left out: %s (%s)\n", xc_layer_name(layer),
	    xc_layer_reason(layer, page->layers.why[layer]));
	return false;
}

/* With nothing but the cgroup in the way. */
void
test_limits_of_cgroup(void **state)
{
	const struct inmate eats = { .late = exhaust_memory };
	const struct inmate counts = { .late = count_threads_had };
	struct xc_jail_options options = { .without =
	    XC_LAYER_BIT(XC_LAYER_RLIMITS) | XC_LAYER_BIT(XC_LAYER_NPROC) };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_errbuf why = { "" };
	struct xc_jail *jail;
	uint64_t kills = 0;
	char path[600];
	int pidfd;

	(void)state;
	if (!find_cgroup2(path, sizeof(path))) {
		print_message("  left out: no cgroup v2 to write to\n");
		skip();
	}
	options.cgroup = path;
	assert_int_equal(xc_jail_create(&options, &jail, &why), XC_OK);
	if (cgroup_holds(jail, XC_LAYER_CGROUP_MEMORY)) {
		int status = reap(start(jail, &cell, &eats, &pidfd));

		close(pidfd);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
		xc_jail_bury(jail, cell.slot, &kills);
		assert_true(kills > 0);
	}
	if (cgroup_holds(jail, XC_LAYER_CGROUP_PIDS)) {
		expect_end(run(jail, &cell, &counts));
		assert_int_equal(page->count, 3);
	}
	xc_jail_free(&jail);
	assert_true(is_empty_folder(path));
}

/* 0: the server has gone one down, and its sandboxes are beside it. */
static int
live_in_own_folder(const char *path)
{
	const struct inmate nothing = { 0 };
	struct xc_jail_options options = { .cgroup = path };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_errbuf why = { "" };
	struct xc_jail *jail;
	char procs[700], text[32];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	if (!put_text(procs, text) ||
	    xc_jail_create(&options, &jail, &why) != XC_OK)
		return 1;
	snprintf(procs, sizeof(procs), "%s/xcore-server/cgroup.procs", path);
	if (access(procs, F_OK) != 0)
		return 2;
	expect_end(run(jail, &cell, &nothing));
	xc_jail_free(&jail);
	return 0;
}

void
test_cgroup_of_the_server(void **state)
{
	char path[600], leaf[700];
	pid_t pid;

	(void)state;
	if (!find_cgroup2(path, sizeof(path))) {
		print_message("  left out: no cgroup v2 to write to\n");
		skip();
	}
	pid = fork();
	if (pid == 0)
		_exit(live_in_own_folder(path));
	assert_int_equal(reap(pid), 0);
	snprintf(leaf, sizeof(leaf), "%s/xcore-server", path);
	assert_int_equal(rmdir(leaf), 0);
	assert_true(is_empty_folder(path));
}

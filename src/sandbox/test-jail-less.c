/* SPDX-License-Identifier: MIT */
/* Hosts that allow less than this one. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test-jail.h"

bool
put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd != -1 && write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text);

	if (fd != -1)
		close(fd);
	return done;
}

/* Becomes root of a user namespace in which a kind of namespace is used up. */
static bool
use_up(const char *limit)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
	return unshare(CLONE_NEWUSER) == 0 &&
	    put_text("/proc/self/setgroups", "deny") &&
	    put_text("/proc/self/uid_map", map) && put_text("/proc/self/gid_map", map) &&
	    put_text(limit, "0");
}

static const struct {
	const char *limit;
	enum xc_layer layer;
} used_up[] = {
	{ "/proc/sys/user/max_net_namespaces", XC_LAYER_NETNS },
	{ "/proc/sys/user/max_pid_namespaces", XC_LAYER_PIDNS },
	{ "/proc/sys/user/max_mnt_namespaces", XC_LAYER_MOUNTNS },
};

static void
try_first_attack(void)
{
	page->error = attacks[0].run();
	page->ran = true;
}

/* In a process of its own: 0 fine, 77 not possible here. */
static int
live_on_less(size_t i)
{
	const struct inmate inmate = { .late = try_first_attack };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_jail *jail;

	if (!use_up(used_up[i].limit))
		return 77;
	jail = create_jail(0);
	/* The second goes by what the first has found out. */
	for (unsigned n = 0; n < 2; n++) {
		expect_end(run(jail, &cell, &inmate));
		if (!page->ran || page->error == 0 ||
		    page->layers.why[used_up[i].layer] != ENOSPC ||
		    xc_layers_hold(&page->layers, used_up[i].layer) ||
		    !xc_layers_hold(&page->layers, XC_LAYER_IPCNS) ||
		    xc_layers_hold(&page->layers, XC_LAYER_UID))
			return 1;
	}
	xc_jail_free(&jail);
	return 0;
}

void
test_namespaces_used_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(used_up) / sizeof(used_up[0]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(live_on_less(i));
		status = reap(pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			print_message("  left out: no limit can be set\n");
		else
			assert_int_equal(status, 0);
	}
}

/* A limit of processes that is reached is an error, not a weaker sandbox. */
void
test_no_more_processes(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		struct xc_jail_cell cell = cell_for_tests();
		struct xc_errbuf why = { "" };
		struct xc_layers layers;
		struct xc_jail *jail = create_jail(0);
		pid_t got;
		int pidfd;

		/* Root is not held to it. */
		if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		setrlimit(RLIMIT_NPROC, &none);
		got = xc_jail_clone(jail, &cell, &layers, &pidfd, &why);
		if (got == 0)
			_exit(2);
		_exit(got != -1 || pidfd != -1 ||
		    strstr(why.text, "no process") == NULL);
	}
	assert_int_equal(reap(pid), 0);
}

/* SPDX-License-Identifier: MIT */
/* Level `request`. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "test-jail.h"

void
test_zygote(void **state)
{
	const struct inmate inmate = { .late_jail = be_zygote };
	struct xc_jail_cell cell = cell_for_tests();
	const uint32_t withouts[] = { 0, OTHERS };

	(void)state;
	cell.isolation = XC_ISOLATION_REQUEST;
	for (size_t i = 0; i < 2; i++) {
		struct xc_jail *jail = create_jail(withouts[i]);

		for (uint32_t threads = 1; threads <= 4; threads += 3) {
			cell.limits.threads = threads;
			expect_end(run(jail, &cell, &inmate));
			assert_string_equal(page->text, "");
		}
		xc_jail_free(&jail);
	}
}

static void
leave_children(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers)
{
	for (unsigned i = 0; i < 3; i++) {
		struct xc_errbuf why;

		if (fork() != 0)
			continue;
		if (xc_jail_oneshot(jail, cell, layers, &why) != XC_OK)
			_exit(EXIT_WALLS);
		wait_forever();
	}
	wait_forever();
}

/* Killing the zygote is enough, with a pid namespace and without. */
void
test_zygote_killed(void **state)
{
	const struct inmate inmate = { .late_jail = leave_children };
	struct xc_jail_cell cell = cell_for_tests();
	const uint32_t withouts[] = { 0, OTHERS };

	(void)state;
	cell.isolation = XC_ISOLATION_REQUEST;
	for (size_t i = 0; i < 2; i++) {
		struct xc_jail *jail = create_jail(withouts[i]);
		int life[2], pidfd;
		pid_t pid;

		assert_int_equal(pipe(life), 0);
		cell.keep_fds = &life[1];
		cell.n_keep_fds = 1;
		pid = start(jail, &cell, &inmate, &pidfd);
		close(life[1]);
		while (!*(volatile bool *)&page->ran)
			usleep(1000);
		kill(pid, SIGKILL);
		reap(pid);
		expect_end_of(life[0]);
		close(life[0]);
		close(pidfd);
		xc_jail_free(&jail);
	}
}

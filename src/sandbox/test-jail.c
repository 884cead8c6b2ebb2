/* SPDX-License-Identifier: MIT */
/*
 * Real sandboxes.  What this host does not allow is left out, and said; as
 * root everything runs twice, the second time as nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/jail.h"
#include "sandbox/test-jail.h"

struct page *page;

/* Layers but those without which there is no sandbox. */
#define OTHERS (~XC_LAYERS_ALWAYS)

static struct xc_jail_cell
cell_for_tests(void)
{
	const struct xc_jail_cell cell = {
		.isolation = XC_ISOLATION_POOL,
		.limits = { .memory_mb = 48, .files = 8, .threads = 4 },
		.slot = 1,
		.dir = "/nonexistent",
		.output_fd = -1,
		.cpu = -1,
	};

	return cell;
}

static struct xc_jail *
create_jail_so(uint32_t without, bool trace)
{
	struct xc_jail_options options = { .cgroup = "", .without = without,
		.trace = trace };
	struct xc_errbuf why = { "" };
	struct xc_jail *jail;

	if (getuid() == 0) {
		/* Nobody else's: the kernel counts by account. */
		options.uid_first = 1000000000 + (uint32_t)getpid() * 16;
		options.uid_count = 16;
	}
	if (xc_jail_create(&options, &jail, &why) != XC_OK)
		fail_msg("%s", why.text);
	assert_string_equal(why.text, "");
	return jail;
}

static struct xc_jail *
create_jail(uint32_t without)
{
	return create_jail_so(without, false);
}

static _Noreturn void
child(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, const struct inmate *inmate)
{
	enum xc_err err = xc_jail_first(jail, cell, layers, &page->why);

	page->layers = *layers;
	if (err == XC_OK && inmate->early != NULL)
		inmate->early();
	if (err == XC_OK)
		err = xc_jail_last(jail, cell, layers, &page->why);
	page->layers = *layers;
	if (err != XC_OK)
		_exit(EXIT_WALLS);
	if (inmate->late_jail != NULL)
		inmate->late_jail(jail, cell, layers);
	if (inmate->late != NULL)
		inmate->late();
	_exit(0);
}

static pid_t
start(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct inmate *inmate, int *pidfd_r)
{
	struct xc_errbuf why = { "" };
	struct xc_layers layers;
	pid_t pid;

	memset(page, 0, sizeof(*page));
	pid = xc_jail_clone(jail, cell, &layers, pidfd_r, &why);
	if (pid == -1)
		fail_msg("%s", why.text);
	if (pid == 0)
		child(jail, cell, &layers, inmate);
	assert_int_not_equal(fcntl(*pidfd_r, F_GETFD) & FD_CLOEXEC, 0);
	if (xc_jail_admit(jail, cell, pid, &why) != XC_OK)
		fail_msg("%s", why.text);
	return pid;
}

static int
reap(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

/* Runs it to its end; the status of waitpid(). */
static int
run(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct inmate *inmate)
{
	int pidfd = -1;
	int status = reap(start(jail, cell, inmate, &pidfd));

	close(pidfd);
	xc_jail_bury(jail, cell->slot, NULL);
	return status;
}

static void
expect_end(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status))
		fail_msg("ended by signal %d: %s", WTERMSIG(status),
		    page->text);
	fail_msg("exit code %d: %s%s", WEXITSTATUS(status), page->why.text,
	    page->text);
}

/* --- what must be refused ------------------------------------------- */

static const struct attack *attack;

static void
try_attack(void)
{
	page->error = attack->run();
	page->ran = true;
}

static bool
is_refused(const struct xc_jail *jail, bool filtered)
{
	const struct inmate inmate = { .late = try_attack };
	struct xc_jail_cell cell = cell_for_tests();
	int status = run(jail, &cell, &inmate);

	if (filtered && attack->kills)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	expect_end(status);
	return page->ran && page->error != 0;
}

static void
try_attacks(uint32_t without)
{
	struct xc_jail *jail = create_jail(without);
	unsigned n = 0;

	for (attack = attacks; attack->name != NULL; attack++) {
		if (!is_refused(jail, true))
			fail_msg("%s: error %d", attack->name, page->error);
		n++;
	}
	print_message("  %u attacks refused\n", n);
	xc_jail_free(&jail);
}

static void
test_attacks_with_all_layers(void **state)
{
	(void)state;
	try_attacks(0);
}

static void
test_attacks_with_filters_alone(void **state)
{
	(void)state;
	try_attacks(OTHERS);
}

static void
test_attacks_without_namespaces(void **state)
{
	(void)state;
	try_attacks(XC_LAYER_BIT(XC_LAYER_USERNS) |
	    XC_LAYER_BIT(XC_LAYER_PIDNS) | XC_LAYER_BIT(XC_LAYER_NETNS) |
	    XC_LAYER_BIT(XC_LAYER_IPCNS) | XC_LAYER_BIT(XC_LAYER_UTSNS) |
	    XC_LAYER_BIT(XC_LAYER_MOUNTNS));
}

static void
test_attacks_without_landlock(void **state)
{
	(void)state;
	try_attacks(XC_LAYER_BIT(XC_LAYER_LANDLOCK));
}

/* Each of the other layers, alone. */
static void
test_attacks_without_filters(void **state)
{
	(void)state;
	for (attack = attacks; attack->name != NULL; attack++) {
		for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
			uint32_t bit = XC_LAYER_BIT(i);
			/* Nothing but user namespaces brings the others. */
			uint32_t with = bit | XC_LAYER_BIT(XC_LAYER_RLIMITS) |
			    XC_LAYER_BIT(XC_LAYER_NO_NEW_PRIVS) |
			    XC_LAYER_BIT(XC_LAYER_USERNS) |
			    (getuid() == 0 ? XC_LAYER_BIT(XC_LAYER_UID) : 0);
			const struct inmate nothing = { 0 };
			struct xc_jail_cell cell = cell_for_tests();
			struct xc_jail *jail;

			if (i == XC_LAYER_LANDLOCK_NET ||
			    i == XC_LAYER_LANDLOCK_SCOPE)
				with |= XC_LAYER_BIT(XC_LAYER_LANDLOCK);
			if ((attack->stopped_by & bit) == 0)
				continue;
			jail = create_jail(~with);
			expect_end(run(jail, &cell, &nothing));
			if ((page->layers.active & bit) == 0)
				print_message("  left out: %s against %s (%s)"
				    "\n", xc_layer_name(i), attack->name,
				    xc_layer_reason(i, page->layers.why[i]));
			else if (!is_refused(jail, false))
				fail_msg("%s is not stopped by %s",
				    attack->name, xc_layer_name(i));
			xc_jail_free(&jail);
		}
	}
}

/* --- what must work --------------------------------------------------- */

static void
try_works(uint32_t without)
{
	struct xc_jail *jail = create_jail(without);
	struct xc_jail_cell cell = cell_for_tests();

	for (const struct work *work = works; work->name != NULL; work++) {
		const struct inmate inmate = { .early = work->early,
			.late = work->late };

		if (work->needs_limits && !HAVE_ADDRESS_LIMIT) {
			print_message("  left out: %s (a sanitizer)\n",
			    work->name);
			continue;
		}
		print_message("  %s\n", work->name);
		expect_end(run(jail, &cell, &inmate));
		assert_string_equal(page->text, "");
	}
	xc_jail_free(&jail);
}

static void
test_works_with_all_layers(void **state)
{
	(void)state;
	try_works(0);
}

static void
test_works_with_filters_alone(void **state)
{
	(void)state;
	try_works(OTHERS);
}

/* --- the first stage -------------------------------------------------- */

static void
test_first_stage(void **state)
{
	const struct inmate inmate = { .early = try_first_stage };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	expect_end(run(jail, &cell, &inmate));
	assert_string_equal(page->text, "");
	xc_jail_free(&jail);
}

static void
test_threads_of_constructors_are_refused(void **state)
{
	const struct inmate inmate = { .early = start_lasting_thread };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_jail *jail;
	int status;

	(void)state;
	if (!HAVE_ADDRESS_LIMIT) {
		print_message("  left out: a sanitizer may have threads\n");
		skip();
	}
	jail = create_jail(0);
	status = run(jail, &cell, &inmate);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_WALLS);
	assert_non_null(strstr(page->why.text, "1 threads"));
	xc_jail_free(&jail);
}

static void
fork_early(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
test_processes_of_constructors_are_refused(void **state)
{
	const struct inmate inmate = { .early = fork_early };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	int status;

	(void)state;
	cell.isolation = XC_ISOLATION_REQUEST;
	status = run(jail, &cell, &inmate);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_WALLS);
	assert_non_null(strstr(page->why.text, "processes"));
	xc_jail_free(&jail);
}

/* --- the maker -------------------------------------------------------- */

static void
test_limits_of_threads(void **state)
{
	const struct inmate inmate = { .late = count_threads_had };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	expect_end(run(jail, &cell, &inmate));
	if ((page->layers.active & (XC_LAYER_BIT(XC_LAYER_NPROC) |
	    XC_LAYER_BIT(XC_LAYER_CGROUP_PIDS))) != 0)
		assert_int_equal(page->count, 3);
	else
		print_message("  left out: neither nproc nor cgroup.pids\n");
	cell.limits.threads = 1;
	expect_end(run(jail, &cell, &inmate));
	assert_int_equal(page->count, 0);
	xc_jail_free(&jail);
}

static int lent[2];

static void
look_at_descriptors(void)
{
	unsigned open_ones = 0;

	for (int fd = 0; fd < 256; fd++)
		open_ones += fcntl(fd, F_GETFD) != -1;
	page->count = open_ones;
	page->error = write(lent[1], "x", 1) == 1 ? 0 : errno;
}

static void
test_descriptors(void **state)
{
	const struct inmate inmate = { .late = look_at_descriptors };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	int other = open("/etc/passwd", O_RDONLY);
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(lent), 0);
	cell.keep_fds = &lent[1];
	cell.n_keep_fds = 1;
	expect_end(run(jail, &cell, &inmate));
	assert_int_equal(page->error, 0);
	assert_int_equal(page->count, 4);	/* 0, 1, 2 and the lent one */
	assert_int_equal(read(lent[0], &byte, 1), 1);
	close(lent[0]);
	close(lent[1]);
	close(other);
	xc_jail_free(&jail);
}

static void
write_out(void)
{
	printf("said");
	fflush(stdout);
}

static void
test_output(void **state)
{
	const struct inmate inmate = { .late = write_out };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	char text[8] = "";
	int out[2];

	(void)state;
	fflush(stdout);
	assert_int_equal(pipe(out), 0);
	cell.output_fd = out[1];
	expect_end(run(jail, &cell, &inmate));
	assert_int_equal(read(out[0], text, sizeof(text) - 1), 4);
	assert_string_equal(text, "said");
	close(out[0]);
	close(out[1]);
	xc_jail_free(&jail);
}

static _Noreturn void
wait_forever(void)
{
	page->ran = true;
	for (;;)
		pause_by_ppoll();
}

/* Waits until nobody has the other end any more. */
static void
expect_end_of(int fd)
{
	char byte;
	ssize_t n;

	alarm(60);
	do {
		n = read(fd, &byte, 1);
	} while (n > 0 || (n == -1 && errno == EINTR));
	alarm(0);
	assert_int_equal(n, 0);
}

/* A maker that ends takes its sandboxes with it. */
static void
test_maker_killed(void **state)
{
	const struct inmate inmate = { .late = wait_forever };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	int life[2], pidfd;
	pid_t maker;

	(void)state;
	assert_int_equal(pipe(life), 0);
	cell.keep_fds = &life[1];
	cell.n_keep_fds = 1;
	maker = fork();
	if (maker == 0) {
		(void)start(jail, &cell, &inmate, &pidfd);
		while (!*(volatile bool *)&page->ran)
			usleep(1000);
		raise(SIGKILL);
	}
	close(life[1]);
	expect_end_of(life[0]);
	assert_true(WIFSIGNALED(reap(maker)));
	close(life[0]);
	xc_jail_free(&jail);
}

static void
test_not_admitted(void **state)
{
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_errbuf why = { "" };
	struct xc_layers layers;
	int pidfd;
	pid_t pid = xc_jail_clone(jail, &cell, &layers, &pidfd, &why);

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(xc_jail_admit(jail, &cell, pid + 1, &why),
	    XC_ERR_STATE);
	xc_jail_free(&jail);
	assert_int_equal(WEXITSTATUS(reap(pid)), 121);
	close(pidfd);
}

/* A child that died meanwhile is no reason for the maker to end. */
static void
test_died_before_admission(void **state)
{
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_errbuf why = { "" };
	struct xc_layers layers;
	int pidfd;
	pid_t pid = xc_jail_clone(jail, &cell, &layers, &pidfd, &why);

	(void)state;
	if (pid == 0)
		_exit(0);
	kill(pid, SIGKILL);
	reap(pid);
	assert_int_equal(xc_jail_admit(jail, &cell, pid, &why), XC_ERR_IO);
	close(pidfd);
	xc_jail_free(&jail);
}

/* --- level request ---------------------------------------------------- */

static void
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
static void
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

/* --- hosts that allow less ---------------------------------------------- */

static bool
put(const char *path, const char *text)
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
	    put("/proc/self/setgroups", "deny") &&
	    put("/proc/self/uid_map", map) && put("/proc/self/gid_map", map) &&
	    put(limit, "0");
}

static const struct {
	const char *limit;
	enum xc_layer layer;
} used_up[] = {
	{ "/proc/sys/user/max_net_namespaces", XC_LAYER_NETNS },
	{ "/proc/sys/user/max_pid_namespaces", XC_LAYER_PIDNS },
	{ "/proc/sys/user/max_mnt_namespaces", XC_LAYER_MOUNTNS },
};

/* In a process of its own: 0 fine, 77 not possible here. */
static int
live_on_less(size_t i)
{
	const struct inmate inmate = { .late = try_attack };
	struct xc_jail_cell cell = cell_for_tests();
	struct xc_jail *jail;

	if (!use_up(used_up[i].limit))
		return 77;
	attack = attacks;
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

static void
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
static void
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

/* --- profile -------------------------------------------------------------- */

static void
note_call(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	page->count++;
	page->error = info->si_syscall;
}

static void
call_what_is_refused(void)
{
	struct sigaction action = { .sa_sigaction = note_call,
		.sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	if (page->count != 1 || page->error != SYS_socket)
		snprintf(page->text, sizeof(page->text), "socket: %u, %d",
		    page->count, page->error);
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (page->count != 2 || page->error != SYS_ptrace)
		snprintf(page->text, sizeof(page->text), "ptrace: %u, %d",
		    page->count, page->error);
}

static void
test_trace(void **state)
{
	const struct inmate inmate = { .late = call_what_is_refused };
	struct xc_jail *jail = create_jail_so(0, true);
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	expect_end(run(jail, &cell, &inmate));
	assert_string_equal(page->text, "");
	assert_int_equal(page->count, 2);
	xc_jail_free(&jail);
}

/* --- layers and options ------------------------------------------------ */

static void
test_names(void **state)
{
	enum xc_layer layer;

	(void)state;
	for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
		assert_true(xc_layer_parse(xc_layer_name(i), &layer));
		assert_int_equal(layer, i);
		assert_true(strlen(xc_layer_loss(i)) > 10);
		assert_non_null(xc_layer_reason(i, EPERM));
		assert_non_null(xc_layer_reason(i, 0));
	}
	assert_false(xc_layer_parse("netn", &layer));
	assert_false(xc_layer_parse(NULL, &layer));
	assert_string_equal(xc_layer_name(XC_LAYER__MAX), "unknown");
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_LANDLOCK, EOPNOTSUPP),
	    "lsm="));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_USERNS, EPERM),
	    "chroot"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_USERNS, ENOSPC),
	    "max_"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_CGROUP_MEMORY,
	    ENODEV), "cgroup v1"));
}

static void
test_suffice(void **state)
{
	struct xc_layers layers = { .active = XC_LAYERS_ALWAYS };
	struct xc_errbuf why = { "" };

	(void)state;
	assert_int_equal(xc_layers_suffice(&layers, 0, &why), XC_OK);
	xc_layers_note(&layers, XC_LAYER_NETNS, EPERM);
	assert_int_equal(xc_layers_suffice(&layers,
	    XC_LAYER_BIT(XC_LAYER_NETNS) | XC_LAYER_BIT(XC_LAYER_MDWE), &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "netns (not allowed"));
	assert_non_null(strstr(why.text, "mdwe ("));
	/* A bit from a newer version. */
	assert_int_equal(xc_layers_suffice(&layers, UINT32_C(1) << 31, &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "no such layer"));
	xc_layers_note(&layers, XC_LAYER_SECCOMP, EINVAL);
	assert_int_equal(xc_layers_suffice(&layers, 0, &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "seccomp (not built"));
}

static void
test_refused_options(void **state)
{
	struct xc_jail_options options = { .cgroup = "", .uid_first = 0,
		.uid_count = 3 };
	struct xc_errbuf why = { "" };
	struct xc_jail *jail;

	(void)state;
	assert_int_equal(xc_jail_create(&options, &jail, &why),
	    XC_ERR_INVALID);
	options.uid_first = UINT32_MAX;
	assert_int_equal(xc_jail_create(&options, &jail, &why),
	    XC_ERR_INVALID);
	if (getuid() == 0)
		return;
	options.uid_first = getuid();
	assert_int_equal(xc_jail_create(&options, &jail, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "own account"));
}

static void
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
		assert_int_not_equal(
		    page->layers.why[XC_LAYER_CGROUP_MEMORY], 0);
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

static void
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
static void
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
	if (!put(procs, text) ||
	    xc_jail_create(&options, &jail, &why) != XC_OK)
		return 1;
	snprintf(procs, sizeof(procs), "%s/xcore-server/cgroup.procs", path);
	if (access(procs, F_OK) != 0)
		return 2;
	expect_end(run(jail, &cell, &nothing));
	xc_jail_free(&jail);
	return 0;
}

static void
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

static void
print_layers(void **state)
{
	const struct inmate nothing = { 0 };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	expect_end(run(jail, &cell, &nothing));
	for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
		bool holds = xc_layers_hold(&page->layers, i);

		print_message("  %-16s %s\n", xc_layer_name(i), holds ? "yes" :
		    xc_layer_reason(i, page->layers.why[i]));
	}
	assert_int_equal(xc_layers_suffice(&page->layers, 0, NULL), XC_OK);
	xc_jail_free(&jail);
}

static int
run_group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_suffice),
		cmocka_unit_test(test_refused_options),
		cmocka_unit_test(print_layers),
		cmocka_unit_test(test_works_with_all_layers),
		cmocka_unit_test(test_works_with_filters_alone),
		cmocka_unit_test(test_attacks_with_all_layers),
		cmocka_unit_test(test_attacks_with_filters_alone),
		cmocka_unit_test(test_attacks_without_namespaces),
		cmocka_unit_test(test_attacks_without_landlock),
		cmocka_unit_test(test_attacks_without_filters),
		cmocka_unit_test(test_first_stage),
		cmocka_unit_test(test_threads_of_constructors_are_refused),
		cmocka_unit_test(test_processes_of_constructors_are_refused),
		cmocka_unit_test(test_limits_of_threads),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_maker_killed),
		cmocka_unit_test(test_not_admitted),
		cmocka_unit_test(test_died_before_admission),
		cmocka_unit_test(test_zygote),
		cmocka_unit_test(test_zygote_killed),
		cmocka_unit_test(test_namespaces_used_up),
		cmocka_unit_test(test_no_more_processes),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_no_cgroup),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_limits_of_cgroup),
		cmocka_unit_test(test_cgroup_of_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int
run_as_nobody(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		print_message("as nobody:\n");
		if (setgroups(0, NULL) != 0 ||
		    setresgid(65534, 65534, 65534) != 0 ||
		    setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		/* As after exec(): its maps can be written. */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		fflush(NULL);
		_exit(run_group());
	}
	return reap(pid);
}

int
main(void)
{
	const char *preload = getenv("LD_PRELOAD");
	int failed;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (preload != NULL && strstr(preload, "vgpreload") != NULL) {
		print_message("left out: valgrind cannot live in a jail\n");
		return 77;
	}
	page = make_page();
	failed = run_group();
	if (getuid() == 0)
		failed |= run_as_nobody();
	return failed != 0;
}

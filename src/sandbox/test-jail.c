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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/jail.h"
#include "sandbox/test-jail.h"

struct page *page;

struct xc_jail_cell
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

struct xc_jail *
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

pid_t
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

int
reap(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

/* Runs it to its end; the status of waitpid(). */
int
run(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct inmate *inmate)
{
	int pidfd = -1;
	int status = reap(start(jail, cell, inmate, &pidfd));

	close(pidfd);
	xc_jail_bury(jail, cell->slot, NULL);
	return status;
}

void
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

/* A constructor leaves folders open: one for paths alone, one as 0. */
static void
leave_folders(void)
{
	if (open("/usr/lib", O_PATH | O_DIRECTORY) == -1)
		complain("open: %s; ", strerror(errno));
	close(0);
	if (open("/usr/lib", O_RDONLY | O_DIRECTORY) != 0)
		complain("0 is something else; ");
}

static void
go_through_folders(void)
{
	struct stat st;

	for (int fd = 0; fd < 64; fd++) {
		page->ran |= syscall(SYS_newfstatat, fd, "../../etc/passwd",
		    &st, AT_EMPTY_PATH) == 0;
		page->ran |= fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	}
}

static void
test_folders_of_constructors(void **state)
{
	const struct inmate inmate = { .early = leave_folders,
		.late = go_through_folders };
	struct xc_jail *jail = create_jail(0);
	struct xc_jail_cell cell = cell_for_tests();

	(void)state;
	expect_end(run(jail, &cell, &inmate));
	assert_string_equal(page->text, "");
	assert_false(page->ran);
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

_Noreturn void
wait_forever(void)
{
	page->ran = true;
	for (;;)
		pause_by_ppoll();
}

/* Waits until nobody has the other end any more. */
void
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

/* --- options ------------------------------------------------------------ */

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
		cmocka_unit_test(test_folders_of_constructors),
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

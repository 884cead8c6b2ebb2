/* SPDX-License-Identifier: MIT */
/* Guests behind the walls that this host has: what works without them must
 * work there too. */
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest-host.h"

#define NOBODY 65534

static struct xc_jail *jail;

static struct box_options
options_of(const char *config, uint32_t n_slots)
{
	return (struct box_options){ .config = config, .jail = jail,
		.n_slots = n_slots, .complete = true,
		.limits = { .memory_mb = 64, .files = 16, .threads = 4,
		.reply_kb = 1024 } };
}

static void
make_ready(struct box *box, const char *config, uint32_t n_slots)
{
	struct box_options options = options_of(config, n_slots);
	char reason[XC_CHANNEL_REASON_MAX];
	char trace[XC_CHANNEL_TRACE_MAX];
	struct xc_notice notice;

	box_make(box, &options);
	notice = box_serve(box, &box->channel);
	if (notice.kind == XC_NOTICE_READY)
		return;
	xc_channel_reason(&box->channel, reason);
	xc_channel_trace(&box->channel, trace);
	box_tell(box);
	fail_msg("not ready: %s %s %x", reason, trace, box_wait(box));
}

static struct xc_notice
run(struct box *box, const char *operation)
{
	return box_run(box, &box->channel, box_operation(operation),
	    "/app/test/rest?a=1");
}

static int
make_some_jail(bool trace)
{
	const struct xc_jail_options options = { .cgroup = "",
		.trace = trace };
	struct xc_errbuf why = { "" };

	if (xc_jail_create(&options, &jail, &why) == XC_OK)
		return 0;
	print_message("%s\n", why.text);
	return -1;
}

static int
make_jail(void **state)
{
	(void)state;
	return make_some_jail(false);
}

static int
free_jail(void **state)
{
	(void)state;
	xc_jail_free(&jail);
	return 0;
}

static void
names_its_layers(void **state)
{
	struct xc_layers layers;
	struct box box;

	(void)state;
	make_ready(&box, NULL, 0);
	xc_channel_layers(&box.channel, &layers);
	assert_int_equal(layers.active & XC_LAYERS_ALWAYS,
	    XC_LAYERS_ALWAYS);
	for (int i = 0; i < XC_LAYER__MAX; i++)
		if ((layers.active & XC_LAYER_BIT(i)) == 0)
			print_message("without %s: %s\n",
			    xc_layer_name((enum xc_layer)i),
			    xc_layer_reason((enum xc_layer)i,
			    layers.why[i]));
	box_break(&box);
}

static void
serves_requests(void **state)
{
	static const char *const operations[] = { "echo", "use_db",
		"use_cache", "use_network", "stream", "defer",
		"start_thread", "echo" };
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, "{\"word\":\"w\"}", 0);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	    i++) {
		notice = run(&box, operations[i]);
		if (notice.kind != XC_NOTICE_REPLY || notice.err != XC_OK)
			fail_msg("%s: kind %u, error %d", operations[i],
			    notice.kind, notice.err);
	}
	assert_string_equal(box_body(&box.channel),
	    "0123456789 /app/test /rest 1 test w 2");
	box_break(&box);
}

/* As the first of its pid namespace it cannot be killed by itself: then the
 * status has the signal's number. */
static void
expect_crash(const char *operation, int number)
{
	char trace[XC_CHANNEL_TRACE_MAX];
	struct box box;
	int status;

	make_ready(&box, NULL, 0);
	assert_int_equal(run(&box, operation).kind, 0);
	status = box_wait(&box);
	if (!(WIFSIGNALED(status) && WTERMSIG(status) == number) &&
	    !(WIFEXITED(status) && WEXITSTATUS(status) == 128 + number)) {
		box_tell(&box);
		fail_msg("%s: status %x", operation, status);
	}
	xc_channel_trace(&box.channel, trace);
	if (strncmp(trace, "signal SIG", 10) != 0 ||
	    strncmp(trace + 10, sigabbrev_np(number), 3) != 0)
		fail_msg("%s: %s", operation, trace);
	assert_non_null(strstr(trace, number == SIGABRT ? "libc" :
	    "guest-plugin.so+0x"));
	box_break(&box);
}

static void
has_last_words(void **state)
{
	(void)state;
	expect_crash("crash", SIGSEGV);
	expect_crash("overflow", SIGSEGV);
	expect_crash("give_up", SIGABRT);
}

/* A system call that is not allowed fails; where it is to be traced, it is
 * named. */
static void
is_held_by_its_filter(void **state)
{
	char trace[XC_CHANNEL_TRACE_MAX];
	char call[40];
	struct box box;

	(void)state;
	make_ready(&box, NULL, 0);
	assert_int_equal(run(&box, "make_socket").err, XC_OK);
	assert_string_equal(box_body(&box.channel), "no");
	box_break(&box);
	xc_jail_free(&jail);
	assert_int_equal(make_some_jail(true), 0);
	make_ready(&box, NULL, 0);
	assert_int_equal(run(&box, "echo").err, XC_OK);
	assert_int_equal(run(&box, "make_socket").kind, 0);
	xc_channel_trace(&box.channel, trace);
	snprintf(call, sizeof(call), "system call %d\n", SYS_socket);
	if (strncmp(trace, "signal SIGSYS", 13) != 0 ||
	    strstr(trace, call) == NULL)
		fail_msg("%s", trace);
	box_break(&box);
	xc_jail_free(&jail);
	assert_int_equal(make_some_jail(false), 0);
}

static void
expect_left(const char *config, const char *what)
{
	struct xc_order order = { .kind = XC_ORDER_STOP, .seq = 1,
		.log_level = 4 };
	char reason[XC_CHANNEL_REASON_MAX];
	struct box box;

	make_ready(&box, config, 0);
	box.seq = 1;
	assert_int_equal(xc_channel_order(&box.channel, &order), XC_OK);
	assert_int_equal(box_serve(&box, &box.channel).kind,
	    XC_NOTICE_STOPPED);
	xc_channel_reason(&box.channel, reason);
	assert_string_equal(reason, what);
	assert_int_equal(box_wait(&box), 0);
	box_break(&box);
}

static void
says_what_stays_behind(void **state)
{
	(void)state;
	expect_left("{}", "");
	expect_left("{\"leaves_key\":true}", "it leaves 0 threads and 1 "
	    "pthread keys behind after stop()");
	expect_left("{\"leaves_thread\":true}", "it leaves 1 threads and 0 "
	    "pthread keys behind after stop()");
}

static void
forks_for_each_request(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, NULL, 3);
	for (uint32_t i = 0; i < 6; i++) {
		struct xc_channel *slot = &box.slots[i % 3];
		pid_t pid = box_fork(&box, i % 3);

		notice = box_run(&box, slot, box_operation("echo"),
		    "/app/test/rest?a=1");
		assert_int_equal(notice.err, XC_OK);
		assert_string_equal(box_body(slot),
		    "0123456789 /app/test /rest 1 test - 1");
		box_outlive(pid);
		assert_int_equal(xc_channel_wipe(slot), XC_OK);
	}
	box_break(&box);
}

static void
survives_its_children(void **state)
{
	static const char *const operations[] = { "crash", "give_up",
		"overflow", "leave" };
	char trace[XC_CHANNEL_TRACE_MAX];
	struct xc_notice notice;
	struct xc_channel *slot;
	struct box box;

	(void)state;
	make_ready(&box, NULL, 1);
	slot = &box.slots[0];
	for (int i = 0; i < 4; i++) {
		pid_t pid = box_fork(&box, 0);

		box_order(&box, slot, box_operation(operations[i]),
		    "/app/test/");
		box_outlive(pid);
		xc_channel_trace(slot, trace);
		assert_int_equal(strncmp(trace, i == 1 ? "signal SIGABRT" :
		    i == 3 ? "" : "signal SIGSEGV", i == 3 ? 1 : 14), 0);
		assert_int_equal(xc_channel_wipe(slot), XC_OK);
		pid = box_fork(&box, 0);
		notice = box_run(&box, slot, box_operation("echo"),
		    "/app/test/");
		assert_int_equal(notice.state, XC_REPLY_WHOLE);
		box_outlive(pid);
		assert_int_equal(xc_channel_wipe(slot), XC_OK);
	}
	box_break(&box);
}

static int
run_group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_its_layers),
		cmocka_unit_test(serves_requests),
		cmocka_unit_test(has_last_words),
		cmocka_unit_test(is_held_by_its_filter),
		cmocka_unit_test(says_what_stays_behind),
		cmocka_unit_test(forks_for_each_request),
		cmocka_unit_test(survives_its_children),
	};

	return cmocka_run_group_tests(tests, make_jail, free_jail);
}

/* Once more, where walls are built by an account that is nothing special. */
static int
run_as_nobody(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setgroups(0, NULL) != 0 ||
		    setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) != 0)
			_exit(1);
		if (!box_can_load()) {
			print_message("left out: nobody cannot read the "
			    "plugin\n");
			_exit(0);
		}
		print_message("as nobody:\n");
		/* As after exec(): its maps can be written. */
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		_exit(run_group());
	}
	return waitpid(pid, &status, 0) == pid ? status : 1;
}

int
main(void)
{
	const char *preload = getenv("LD_PRELOAD");
	int failed;

	if (preload != NULL && strstr(preload, "vgpreload") != NULL) {
		print_message("left out: valgrind cannot live in a jail\n");
		return 77;
	}
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	failed = run_group();
	if (getuid() == 0)
		failed |= run_as_nobody();
	return failed != 0;
}

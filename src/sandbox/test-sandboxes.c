/* SPDX-License-Identifier: MIT */
/* A worker's sandboxes, made by the real spawner, with a plugin that
 * oversteps in many ways. */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/host-fixture.h"

static struct fixture f;

static int
begin(void **state)
{
	(void)state;
	return fixture_begin(&f) ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	fixture_end(&f);
	return 0;
}

static void
open_it(void)
{
	struct xc_errbuf errbuf = { "" };

	if (!fixture_open(&f, &errbuf))
		fail_msg("%s", errbuf.text);
	assert_true(fixture_settle(&f));
}

static void
assert_serves(void)
{
	fixture_ask(&f, "hello", 5);
	fixture_run(&f, fixture_operation("echo"));
	if (f.outcome.breach != XC_BREACH_NONE)
		fail_msg("%s: %s", xc_breach_name(f.outcome.breach),
		    f.outcome.detail);
	assert_int_equal(fixture_status(&f), 200);
	assert_string_equal(fixture_body(&f), "hello");
}

/* The call ends so, and the next one is served. */
static void
assert_breach(const char *operation, enum xc_breach breach)
{
	unsigned faults = f.faults;

	assert_true(fixture_settle(&f));
	fixture_call(&f, operation);
	if (f.outcome.breach != breach)
		fail_msg("%s: %s: %s", operation,
		    xc_breach_name(f.outcome.breach), f.outcome.detail);
	assert_int_equal(f.faults, faults + 1);
	assert_int_equal(f.fault, breach);
	assert_true(f.fault_detail[0] != '\0');
	if (f.req.reply != XC_REPLY_STREAMING)
		assert_int_equal(fixture_status(&f),
		    xc_breach_status(breach));
	assert_serves();
}

static void
serves(void **state)
{
	char text[64];

	(void)state;
	open_it();
	assert_serves();
	for (int i = 1; i < 4; i++) {
		fixture_call(&f, "count");
		assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
		snprintf(text, sizeof(text), "%d ", i);
		assert_memory_equal(fixture_body(&f), text, strlen(text));
	}
	assert_int_equal(f.faults, 0);
}

static void
serves_large(void **state)
{
	size_t len = 1 << 20;
	char *body = malloc(len);

	(void)state;
	open_it();
	assert_non_null(body);
	memset(body, 'b', len);
	for (int i = 0; i < 3; i++) {
		body[len - 1] = (char)('0' + i);
		fixture_ask(&f, body, len);
		fixture_run(&f, fixture_operation("echo"));
		assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
		assert_int_equal(xc_request_reply(&f.req)->body.len, len);
		assert_memory_equal(fixture_body(&f), body, len);
	}
	free(body);
}

static void
serves_streams(void **state)
{
	(void)state;
	open_it();
	fixture_call(&f, "stream");
	assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
	assert_int_equal(f.req.reply, XC_REPLY_STREAMING);
	assert_int_equal(f.streamed, 15);
	assert_serves();
	assert_breach("stream_crash", XC_BREACH_CRASH);
}

/* The three pieces take the client longer than the plugin has. */
static void
waits_for_clients(void **state)
{
	(void)state;
	f.plugin.limits.timeout_ms = 500;
	open_it();
	f.slow_ms = 250;
	fixture_call(&f, "stream");
	f.slow_ms = 0;
	assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
	assert_int_equal(f.streamed, 15);
	assert_serves();
}

static void
survives_ends(void **state)
{
	(void)state;
	open_it();
	assert_breach("crash", XC_BREACH_CRASH);
	assert_non_null(strstr(f.fault_detail, "SIGSEGV"));
	assert_breach("give_up", XC_BREACH_CRASH);
	assert_non_null(strstr(f.fault_detail, "SIGABRT"));
	assert_string_equal(f.line, "about to give up");
	assert_breach("leave", XC_BREACH_CRASH);
	assert_string_equal(f.fault_detail, "status 0");
}

static void
keeps_limits(void **state)
{
	(void)state;
	f.plugin.limits.cpu_ms = 30;
	f.plugin.limits.timeout_ms = 2000;
	open_it();
	assert_breach("spin", XC_BREACH_CPU);
	fixture_close(&f);
	f.plugin.limits.timeout_ms = 30;
	f.plugin.limits.cpu_ms = 2000;
	open_it();
	assert_breach("sleep_long", XC_BREACH_TIMEOUT);
	assert_breach("spin", XC_BREACH_TIMEOUT);
}

static void
keeps_sizes(void **state)
{
	(void)state;
	open_it();
	assert_breach("reply_much", XC_BREACH_REPLY);
	assert_breach("take_much", XC_BREACH_MEMORY);
	/* In good order: there is no pause before the next one. */
	for (int i = 0; i < 4; i++)
		assert_breach("reply_much", XC_BREACH_REPLY);
}

static void
counts_all_threads(void **state)
{
	(void)state;
	f.plugin.limits.cpu_ms = 30;
	f.plugin.limits.threads = 4;
	open_it();
	assert_breach("spin_threads", XC_BREACH_CPU);
}

static void
refuses_lies(void **state)
{
	static const char *const lies[] = { "lie_line", "lie_split",
		"lie_span", "lie_status", "ring" };

	(void)state;
	open_it();
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		assert_breach(lies[i], XC_BREACH_PROTOCOL);
}

static void
waits_longer_each_time(void **state)
{
	int refused = 0;

	(void)state;
	open_it();
	/* Nothing is tended: what is ready is used up, and then paused. */
	for (int i = 0; i < 20 && refused == 0; i++) {
		fixture_call(&f, "crash");
		refused += f.outcome.breach == XC_BREACH_START;
	}
	assert_int_equal(refused, 1);
	assert_int_equal(fixture_status(&f), 503);
	assert_true(fixture_settle(&f));
	assert_serves();
}

static void
kill_and_wait(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (kill(pid, 0) == 0)
		(void)poll(NULL, 0, 1);
}

static void
survives_kill(void **state)
{
	pid_t pids[4];

	(void)state;
	open_it();
	assert_int_equal(fixture_pids(&f, pids, 4), 2);
	/* One that serves, unseen. */
	kill_and_wait(pids[0]);
	assert_serves();
	assert_true(fixture_settle(&f));
	assert_int_equal(f.faults, 1);
	assert_int_equal(f.fault, XC_BREACH_CRASH);
	assert_string_equal(f.fault_detail, "signal SIGKILL");
	/* The spare, while nothing happens. */
	assert_int_equal(fixture_pids(&f, pids, 4), 2);
	kill_and_wait(pids[1]);
	while (f.faults == 1)
		(void)xc_sandboxes_tend(f.sandboxes, 0);
	assert_serves();
}

static void
survives_spawner(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	pid_t pids[4];

	(void)state;
	open_it();
	assert_int_equal(fixture_pids(&f, pids, 4), 2);
	assert_int_equal(kill(f.spawner, SIGKILL), 0);
	assert_int_equal(waitpid(f.spawner, NULL, 0), f.spawner);
	close(f.control);
	pfd.fd = xc_sandboxes_fd(f.sandboxes);
	assert_int_equal(poll(&pfd, 1, 10000), 1);
	(void)xc_sandboxes_tend(f.sandboxes, 0);
	fixture_call(&f, "echo");
	assert_int_equal(f.outcome.breach, XC_BREACH_START);
	assert_int_equal(fixture_status(&f), 503);
	/* None of this is the plugin's fault. */
	assert_int_equal(f.faults, 0);
	assert_true(fixture_start_spawner(&f));
	assert_true(fixture_settle(&f));
	assert_serves();
}

static void
ends_with_its_worker(void **state)
{
	struct xc_errbuf errbuf = { "" };
	pid_t worker, pids[2] = { 0, 0 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	worker = fork();
	assert_true(worker >= 0);
	if (worker == 0) {
		if (!fixture_open(&f, &errbuf) || !fixture_settle(&f) ||
		    fixture_pids(&f, pids, 2) != 2 ||
		    write(pair[1], pids, sizeof(pids)) != sizeof(pids))
			_exit(1);
		fixture_call(&f, "sleep_long");
		_exit(1);
	}
	assert_int_equal(read(pair[0], pids, sizeof(pids)), sizeof(pids));
	assert_true(pids[0] > 0 && pids[1] > 0);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(waitpid(worker, NULL, 0), worker);
	for (int i = 0; i < 2; i++)
		while (kill(pids[i], 0) == 0)
			(void)poll(NULL, 0, 1);
	close(pair[0]);
	close(pair[1]);
}

static void
recycles(void **state)
{
	pid_t before[4], after[4];

	(void)state;
	f.settings.sandbox.requests_max = 3;
	open_it();
	assert_int_equal(fixture_pids(&f, before, 4), 2);
	for (int i = 0; i < 3; i++)
		assert_serves();
	assert_true(fixture_settle(&f));
	assert_serves();
	assert_true(fixture_settle(&f));
	assert_int_equal(fixture_pids(&f, after, 4), 2);
	assert_int_equal(after[0], before[1]);
	assert_int_not_equal(after[1], before[0]);
	assert_int_equal(f.faults, 0);
}

static void
bounds_output(void **state)
{
	unsigned lines;

	(void)state;
	open_it();
	lines = f.lines;
	fixture_call(&f, "write_much");
	assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
	for (int i = 0; i < 100; i++)
		(void)xc_sandboxes_tend(f.sandboxes, 0);
	assert_true(f.lines > lines && f.lines <= lines + 21);
	assert_serves();
}

static void
tend(int ms)
{
	struct pollfd pfd = { .fd = xc_sandboxes_fd(f.sandboxes),
		.events = POLLIN };
	struct timespec now;

	(void)poll(&pfd, 1, ms);
	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)xc_sandboxes_tend(f.sandboxes, (uint64_t)now.tv_sec * 1000 +
	    (uint64_t)now.tv_nsec / 1000000);
}

/* A flood of datagrams without a line must not keep the worker busy. */
static void
bounds_nothing(void **state)
{
	struct pollfd pfd;
	int quiet = 0;

	(void)state;
	f.plugin.limits.threads = 4;
	f.plugin.limits.cpu_ms = 0;
	open_it();
	fixture_call(&f, "write_on");
	assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
	pfd = (struct pollfd){ .fd = xc_sandboxes_fd(f.sandboxes),
		.events = POLLIN };
	for (int i = 0; i < 1000 && !quiet; i++) {
		tend(0);
		quiet = poll(&pfd, 1, 20) == 0;
	}
	assert_true(quiet);
}

/* What a plugin leaves running is found when nobody asks for anything. */
static void
finds_burners(void **state)
{
	(void)state;
	f.plugin.limits.threads = 8;
	open_it();
	/* Several, since one has not half of a processor on a busy machine. */
	for (int i = 0; i < 6; i++) {
		fixture_call(&f, "burn_on");
		assert_int_equal(f.outcome.breach, XC_BREACH_NONE);
	}
	for (int i = 0; i < 600 && f.faults == 0; i++)
		tend(100);
	assert_true(f.faults > 0);
	assert_int_equal(f.fault, XC_BREACH_CPU);
	assert_non_null(strstr(f.fault_detail, "it goes on without one"));
	assert_serves();
}

static void
says_why_not(void **state)
{
	static const char *const keys[] = { "warm_fails", "warm_crashes",
		"warm_hangs" };
	struct xc_errbuf errbuf;

	(void)state;
	f.settings.reload.trial_timeout_ms = 300;
	for (size_t i = 0; i < 3; i++) {
		json_object_put(f.plugin.config);
		f.plugin.config = json_object_new_object();
		json_object_object_add(f.plugin.config, keys[i],
		    json_object_new_boolean(true));
		errbuf.text[0] = '\0';
		assert_false(fixture_open(&f, &errbuf));
		assert_null(f.runner);
		assert_true(errbuf.text[0] != '\0');
		print_message("%s: %s\n", keys[i], errbuf.text);
	}
	assert_int_equal(f.faults, 0);
}

static void
says_that_none_spawns(void **state)
{
	struct xc_errbuf errbuf = { "" };
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/spawner.sock", f.dir);
	assert_int_equal(unlink(path), 0);
	/* That is not the version's fault: it waits for one. */
	assert_true(fixture_open(&f, &errbuf));
	fixture_call(&f, "count");
	assert_int_equal(f.outcome.breach, XC_BREACH_START);
	assert_non_null(strstr(f.outcome.detail, "spawner"));
	close(f.control);
	assert_int_equal(waitpid(f.spawner, NULL, 0), f.spawner);
	assert_true(fixture_start_spawner(&f));
	assert_true(fixture_settle(&f));
	assert_serves();
	assert_int_equal(f.faults, 0);
}

/* ---- level request ------------------------------------------------------ */

static void
serves_each_alone(void **state)
{
	char first[64];

	(void)state;
	f.plugin.isolation = XC_ISOLATION_REQUEST;
	open_it();
	for (int i = 0; i < 20; i++) {
		fixture_call(&f, "count");
		if (f.outcome.breach != XC_BREACH_NONE)
			fail_msg("call %d: %s: %s", i,
			    xc_breach_name(f.outcome.breach),
			    f.outcome.detail);
		/* Nobody has counted before. */
		assert_memory_equal(fixture_body(&f), "1 ", 2);
		snprintf(first, sizeof(first), "%s", fixture_body(&f));
	}
	assert_int_equal(f.faults, 0);
}

static void
survives_ends_alone(void **state)
{
	(void)state;
	f.plugin.isolation = XC_ISOLATION_REQUEST;
	f.plugin.limits.cpu_ms = 30;
	f.plugin.limits.timeout_ms = 1000;
	open_it();
	assert_breach("crash", XC_BREACH_CRASH);
	assert_breach("spin", XC_BREACH_CPU);
	assert_breach("sleep_long", XC_BREACH_TIMEOUT);
	assert_breach("lie_line", XC_BREACH_PROTOCOL);
	assert_breach("ring", XC_BREACH_PROTOCOL);
	assert_breach("reply_much", XC_BREACH_REPLY);
	assert_breach("leave", XC_BREACH_CRASH);
	assert_string_equal(f.fault_detail, "it ended without a word");
}

/* A zygote may fork, but not for itself. */
static void
finds_strays(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
	    (int)getpid());
	if (access(path, R_OK) != 0)
		skip();
	f.plugin.isolation = XC_ISOLATION_REQUEST;
	f.plugin.config = json_object_new_object();
	json_object_object_add(f.plugin.config, "warm_forks",
	    json_object_new_boolean(true));
	open_it();
	assert_serves();
	for (int i = 0; i < 300 && f.faults == 0; i++)
		tend(100);
	assert_int_not_equal(f.faults, 0);
	assert_non_null(strstr(f.fault_detail, "serve no request"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves),
		TEST(serves_large),
		TEST(serves_streams),
		TEST(waits_for_clients),
		TEST(survives_ends),
		TEST(keeps_limits),
		TEST(keeps_sizes),
		TEST(counts_all_threads),
		TEST(refuses_lies),
		TEST(waits_longer_each_time),
		TEST(survives_kill),
		TEST(survives_spawner),
		TEST(ends_with_its_worker),
		TEST(recycles),
		TEST(bounds_output),
		TEST(bounds_nothing),
		TEST(finds_burners),
		TEST(says_why_not),
		TEST(says_that_none_spawns),
		TEST(serves_each_alone),
		TEST(survives_ends_alone),
		TEST(finds_strays),
	};

	/* valgrind knows no pidfd, without which nothing can be ended. */
	if (syscall(SYS_pidfd_open, getpid(), 0) < 0)
		return 77;
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("sandboxes", tests, NULL, NULL);
}

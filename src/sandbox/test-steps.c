/* SPDX-License-Identifier: MIT */
/* Steps in a worker's sandboxes, at the levels pool and request. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <xcore/reply.h>

#include "lib/reply-private.h"
#include "sandbox/host-fixture.h"

static struct fixture f;

static int
begin(enum xc_isolation isolation)
{
	struct xc_errbuf errbuf = { "" };

	if (!fixture_begin(&f))
		return -1;
	f.plugin.isolation = isolation;
	f.plugin.limits.cpu_ms = 500;
	if (fixture_open(&f, &errbuf) && fixture_settle(&f))
		return 0;
	fprintf(stderr, "%s\n", errbuf.text);
	return -1;
}

static int
begin_pool(void **state)
{
	(void)state;
	return begin(XC_ISOLATION_POOL);
}

static int
begin_request(void **state)
{
	(void)state;
	return begin(XC_ISOLATION_REQUEST);
}

static int
end(void **state)
{
	(void)state;
	fixture_end(&f);
	return 0;
}

/* Runs the step on the request as a worker does. */
static void
run_step(const char *operation, bool on_reply)
{
	const struct xc_runner_step step = { .name = operation,
		.operation = fixture_operation(operation),
		.on_reply = on_reply };
	struct xc_lent lent;

	xc_request_lend(&f.req, &f.plugin, operation, true, &lent);
	xc_runner_step(f.runner, &f.req, &step, &f.outcome);
	xc_request_return(&f.req, &lent);
	assert_false(f.req.behind);
}

/* A new request, with a body that no step is to see. */
static void
ask(const char *body, size_t len)
{
	fixture_ask(&f, "", 0);
	assert_int_equal(xc_request_lendable(&f.req), XC_OK);
	assert_int_equal(xc_request_set_body(&f.req, body, len), XC_OK);
}

static void
ahead(const char *operation)
{
	run_step(operation, false);
	if (f.outcome.breach != XC_BREACH_NONE)
		fail_msg("%s: %s", operation, f.outcome.detail);
}

static void
behind(const char *operation)
{
	run_step(operation, true);
	if (f.outcome.breach != XC_BREACH_NONE)
		fail_msg("%s: %s", operation, f.outcome.detail);
}

static void
handle(const char *operation)
{
	fixture_run(&f, fixture_operation(operation));
	if (f.outcome.breach != XC_BREACH_NONE)
		fail_msg("%s: %s", operation, f.outcome.detail);
}

static void
assert_lines(const char *lines)
{
	const struct xc_reply_head *head = xc_request_reply(&f.req);

	assert_int_equal(head->head.len, strlen(lines));
	assert_string_equal(xc_block_text(&f.req.out, head->head), lines);
}

static void
goes_on(void **state)
{
	(void)state;
	ask("body", 4);
	ahead("step_on");
	assert_int_equal(f.outcome.handled, XC_OK);
	assert_int_equal(f.req.reply, XC_REPLY_NONE);
	assert_int_equal(xc_reply_status(&f.req), 0);
	assert_int_equal(f.req.extra.used, 0);
	handle("count");
	assert_int_equal(fixture_status(&f), 200);
	assert_lines("X-Count: yes\r\n");
	assert_int_equal(f.faults, 0);
}

/* Those that it added are of the reply that it makes. */
static void
answers(void **state)
{
	(void)state;
	ask("body", 4);
	ahead("step_line");
	assert_int_equal(f.req.reply, XC_REPLY_NONE);
	ahead("step_answer");
	assert_int_equal(fixture_status(&f), 403);
	assert_string_equal(fixture_body(&f), "no");
	assert_lines("X-Answer: yes\r\n");
	ask("body", 4);
	ahead("step_line");
	handle("count");
	assert_lines("X-Count: yes\r\n");
	ask("body", 4);
	ahead("stream");
	assert_int_equal(f.req.reply, XC_REPLY_STREAMING);
	assert_int_not_equal(f.streamed, 0);
}

static void
fails_closed(void **state)
{
	(void)state;
	ask("body", 4);
	ahead("step_denied");
	assert_int_equal(f.req.reply, XC_REPLY_WHOLE);
	assert_int_equal(fixture_status(&f), 403);
	assert_lines("");
	assert_int_equal(f.faults, 0);
	ask("body", 4);
	run_step("crash", false);
	assert_int_equal(f.outcome.breach, XC_BREACH_CRASH);
	assert_int_equal(fixture_status(&f), 500);
	assert_int_equal(f.faults, 1);
	assert_string_equal(f.fault_operation, "crash");
	ask("body", 4);
	run_step("spin", false);
	assert_int_equal(f.outcome.breach, XC_BREACH_CPU);
	assert_int_equal(fixture_status(&f), 504);
	assert_true(fixture_settle(&f));
	ask("body", 4);
	handle("count");
}

/* No more than a reply may have, of all steps together. */
static void
bounds_lines(void **state)
{
	(void)state;
	ask("body", 4);
	handle("echo");
	behind("step_full");
	assert_int_equal(f.outcome.handled, XC_OK);
	assert_in_range(xc_request_reply(&f.req)->head.len, 16000, 16384);
	behind("step_full");
	assert_int_equal(f.outcome.handled, XC_ERR_TOO_LARGE);
	assert_in_range(xc_request_reply(&f.req)->head.len, 16000, 16384);
	assert_string_equal(fixture_body(&f), "body");
	assert_int_equal(f.faults, 0);
}

static void
sees_the_reply(void **state)
{
	(void)state;
	ask("body", 4);
	handle("count");
	behind("step_behind");
	assert_int_equal(f.outcome.handled, XC_OK);
	assert_int_equal(fixture_status(&f), 200);
	assert_lines("X-Count: yes\r\nX-Behind: 200 1 0\r\n");
	behind("step_line");
	assert_lines("X-Count: yes\r\nX-Behind: 200 1 0\r\n"
	    "X-Step: passed\r\n");
	behind("step_on");
	assert_memory_equal(fixture_body(&f) + 1, " ", 1);
}

static void
cannot_change_it(void **state)
{
	char line[64];

	(void)state;
	ask("body", 4);
	handle("echo");
	behind("step_replies");
	snprintf(line, sizeof(line), "X-Tried: %d %d %d\r\n", XC_ERR_STATE,
	    XC_ERR_STATE, XC_ERR_STATE);
	assert_lines(line);
	behind("step_breaks");
	assert_int_equal(f.outcome.handled, XC_ERR_FAILED);
	behind("step_denied");
	assert_lines(line);
	assert_int_equal(fixture_status(&f), 200);
	assert_string_equal(fixture_body(&f), "body");
	assert_int_equal(f.faults, 0);
	run_step("step_forge", true);
	assert_int_equal(f.outcome.breach, XC_BREACH_PROTOCOL);
	assert_true(fixture_settle(&f));
	run_step("step_lie", true);
	assert_int_equal(f.outcome.breach, XC_BREACH_PROTOCOL);
	assert_true(fixture_settle(&f));
	run_step("crash", true);
	assert_int_equal(f.outcome.breach, XC_BREACH_CRASH);
	assert_int_equal(f.faults, 3);
	assert_lines(line);
	assert_int_equal(fixture_status(&f), 200);
	assert_string_equal(fixture_body(&f), "body");
}

static void
keeps_off_streams(void **state)
{
	unsigned streamed;

	(void)state;
	ask("body", 4);
	handle("stream");
	streamed = f.streamed;
	assert_int_not_equal(streamed, 0);
	behind("step_behind");
	assert_int_equal(f.outcome.handled, XC_ERR_STATE);
	behind("step_replies");
	assert_int_equal(f.outcome.handled, XC_ERR_STATE);
	behind("step_streams");
	assert_int_equal(f.outcome.handled, XC_ERR_STATE);
	assert_int_equal(f.req.reply, XC_REPLY_STREAMING);
	assert_int_equal(f.streamed, streamed);
	assert_lines("");
}

/* A large body lies in the channel of the sandbox that runs the step too. */
static void
keeps_large_bodies(void **state)
{
	size_t len = 1 << 20;
	char *body = malloc(len);

	(void)state;
	assert_non_null(body);
	memset(body, 'b', len);
	ask(body, len);
	handle("echo");
	assert_non_null(f.req.far_body);
	behind("step_line");
	assert_null(f.req.far_body);
	run_step("crash", true);
	assert_int_equal(f.outcome.breach, XC_BREACH_CRASH);
	assert_lines("X-Step: passed\r\n");
	assert_int_equal(xc_request_reply(&f.req)->body.len, len);
	assert_memory_equal(fixture_body(&f), body, len);
	free(body);
}

int
main(void)
{
#define BOTH(fn) \
	{ #fn " at pool", fn, begin_pool, end, NULL }, \
	{ #fn " at request", fn, begin_request, end, NULL }
	const struct CMUnitTest tests[] = {
		BOTH(goes_on),
		BOTH(answers),
		BOTH(fails_closed),
		BOTH(bounds_lines),
		BOTH(sees_the_reply),
		BOTH(cannot_change_it),
		BOTH(keeps_off_streams),
		BOTH(keeps_large_bodies),
	};

	/* valgrind knows no pidfd, without which nothing can be ended. */
	if (syscall(SYS_pidfd_open, getpid(), 0) < 0)
		return 77;
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}

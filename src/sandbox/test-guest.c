/* SPDX-License-Identifier: MIT */
/* Guests without walls: what they say and do. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest-host.h"

static bool jail_fails;

/* In the jail's place: no wall, and the layers that a plugin must have. */
enum xc_err
xc_jail_first(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	(void)jail;
	(void)cell;
	layers->active |= XC_LAYERS_ALWAYS | XC_LAYER_BIT(XC_LAYER_LANDLOCK);
	if (jail_fails)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "no wall");
	return XC_OK;
}

enum xc_err
xc_jail_last(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	(void)jail;
	(void)cell;
	(void)errbuf;
	layers->landlock_abi = 1;
	return XC_OK;
}

enum xc_err
xc_jail_oneshot(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	(void)jail;
	(void)cell;
	(void)layers;
	(void)errbuf;
	return XC_OK;
}

pid_t
xc_jail_clone(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, int *pidfd_r, struct xc_errbuf *errbuf)
{
	(void)jail;
	(void)cell;
	(void)layers;
	(void)errbuf;
	*pidfd_r = -1;
	return -1;
}

enum xc_err
xc_jail_admit(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    pid_t pid, struct xc_errbuf *errbuf)
{
	(void)jail;
	(void)cell;
	(void)pid;
	(void)errbuf;
	return XC_ERR_UNSUPPORTED;
}

static void
make_ready(struct box *box, const struct box_options *options)
{
	struct xc_notice notice;
	char reason[XC_CHANNEL_REASON_MAX];

	box_make(box, options);
	notice = box_serve(box, &box->channel);
	if (notice.kind == XC_NOTICE_READY)
		return;
	xc_channel_reason(&box->channel, reason);
	box_tell(box);
	fail_msg("not ready: %s", reason);
}

static const struct box_options plain = { .complete = true };

static struct xc_notice
run(struct box *box, const char *operation)
{
	return box_run(box, &box->channel, box_operation(operation),
	    "/app/test/rest?a=1");
}

static void
serves_requests(void **state)
{
	struct xc_notice notice;
	struct xc_layers layers;
	struct box box;

	(void)state;
	make_ready(&box, &(struct box_options){
	    .config = "{\"word\":\"w\"}" });
	assert_string_equal(box.calls, "log(2,starting) ");
	xc_channel_layers(&box.channel, &layers);
	assert_int_equal(layers.landlock_abi, 1);
	for (int i = 1; i <= 3; i++) {
		char text[100];

		notice = run(&box, "echo");
		assert_int_equal(notice.kind, XC_NOTICE_REPLY);
		assert_int_equal(notice.err, XC_OK);
		assert_int_equal(notice.state, XC_REPLY_WHOLE);
		assert_int_equal(notice.len, box_head(&box.channel)->size);
		assert_int_equal(box_head(&box.channel)->status, 200);
		snprintf(text, sizeof(text),
		    "0123456789 /app/test /rest 1 test w %d", i);
		assert_string_equal(box_body(&box.channel), text);
	}
	box_break(&box);
}

static void
takes_deep_configurations(void **state)
{
	static const char config[] = "{\"word\":\"deep\",\"a\":"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}";
	struct box box;

	(void)state;
	make_ready(&box, &(struct box_options){ .config = config });
	assert_int_equal(run(&box, "echo").err, XC_OK);
	assert_non_null(strstr(box_body(&box.channel), " deep "));
	box_break(&box);
}

/* Operations of events have the numbers behind the others. */
static void
serves_events(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = box_run(&box, &box.channel, box_operation("use_each") + 1,
	    "/app/test/events/x.y");
	assert_int_equal(notice.state, XC_REPLY_WHOLE);
	assert_int_equal(strncmp(box_body(&box.channel), "0123", 4), 0);
	notice = box_run(&box, &box.channel, box_operation("use_each") + 2,
	    "/app/test/");
	assert_int_equal(notice.state, XC_REPLY_NONE);
	assert_int_equal(notice.err, XC_ERR_INVALID);
	box_break(&box);
}

static void
asks_for_services(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "use_db");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box.calls, "rows(SELECT ?, ?,100000,caf\303\251) "
	    "exec(INSERT) db_begin exec(UPDATE t SET a = ?) db_commit ");
	assert_string_equal(box_body(&box.channel),
	    "[{\"a\":18446744073709551615,\"b\":1.10,"
	    "\"c\":\"x\\u0000y\",\"d\":null}] 3 9");
	notice = run(&box, "use_cache");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box.calls, "cache_set(key) 3 60 cache_add(key) "
	    "1 0 cache_get(key) cache_get(none) cache_incr(n) "
	    "cache_del(key) ");
	assert_string_equal(box_body(&box.channel), "42");
	notice = run(&box, "use_network");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box.calls, "event(test.seen,7) "
	    "GET https://example.org/ Accept: */* 5 6");
	assert_string_equal(box_body(&box.channel), "200 server: test body");
	notice = run(&box, "use_files");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box_body(&box.channel),
	    "100000 \"etag\" 99995 7 65536 abcdefga");
	box_break(&box);
}

/* The rows of one call are kept while others are made. */
static void
walks_over_rows(void **state)
{
#define ROW(n) "cache_get(key) log(3," n " caf\303\251) "
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "use_each");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box.calls,
	    "db_open " ROW("1") ROW("2") "db_more " ROW("3") "db_end "
	    "db_open db_end "
	    "db_open " ROW("1") ROW("2") "db_more " ROW("3") ROW("4") "db_end "
	    "db_open " ROW("1") ROW("2") "db_more db_end ");
	assert_string_equal(box_body(&box.channel), "walked");
	box_break(&box);
}

/* What it is refused stands in its reply. */
static void
asks_the_desk(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "use_desk");
	assert_int_equal(notice.err, XC_ERR_STATE);
	assert_int_equal(notice.state, XC_REPLY_WHOLE);
	assert_string_equal(box.calls,
	    "auth.me({\"a\":1}) auth.logout({}) ");
	assert_int_equal(box_head(&box.channel)->status, 409);
	assert_non_null(strstr(box_body(&box.channel),
	    "\"detail\":\"Not twice.\",\"code\":\"twice\""));
	box_break(&box);
}

static void
logs_while_it_is_heard(void **state)
{
	struct xc_notice notice;
	struct box box;
	char text[100];
	ssize_t n;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "defer");
	assert_int_equal(notice.err, XC_OK);
	assert_string_equal(box.calls, "log(3,hello 7) log(1,deferred) ");
	notice = run(&box, "start_thread");
	assert_string_equal(box_body(&box.channel), "joined");
	assert_string_equal(box.calls, "");
	n = recv(box.output, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "from a thread\n");
	box_break(&box);
}

static void
streams(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "stream");
	assert_int_equal(notice.err, XC_OK);
	assert_int_equal(notice.state, XC_REPLY_STREAMING);
	assert_string_equal(box.streamed, "201 text/plain");
	assert_int_equal(box.n_streamed, 1500000);
	box_break(&box);
}

static void
replies_for_handlers_that_do_not(void **state)
{
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &plain);
	notice = run(&box, "is_missing");
	assert_int_equal(notice.err, XC_ERR_NOT_FOUND);
	assert_int_equal(box_head(&box.channel)->status, 404);
	assert_int_equal(notice.state, XC_REPLY_WHOLE);
	notice = run(&box, "says_nothing");
	assert_int_equal(notice.err, XC_OK);
	assert_int_equal(box_head(&box.channel)->status, 500);
	notice = run(&box, "says_a_number");
	assert_int_equal(notice.err, XC_ERR_FAILED);
	assert_int_equal(box_head(&box.channel)->status, 500);
	notice = run(&box, "replies_much");
	assert_int_equal(notice.err, XC_ERR_TOO_LARGE);
	assert_int_equal(notice.call, XC_BREACH_REPLY);
	assert_int_equal(box_head(&box.channel)->status, 502);
	/* And goes on. */
	notice = run(&box, "echo");
	assert_int_equal(notice.err, XC_OK);
	assert_int_equal(notice.call, XC_BREACH_NONE);
	box_break(&box);
}

static void
expect_failure(const struct box_options *options, const char *why)
{
	char reason[XC_CHANNEL_REASON_MAX];
	struct xc_notice notice;
	struct box box;

	box_make(&box, options);
	notice = box_serve(&box, &box.channel);
	assert_int_equal(notice.kind, XC_NOTICE_FAILED);
	xc_channel_reason(&box.channel, reason);
	if (strstr(reason, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, reason);
	assert_int_equal(WEXITSTATUS(box_wait(&box)), 1);
	box_break(&box);
}

static void
says_why_it_cannot_start(void **state)
{
	(void)state;
	expect_failure(&(struct box_options){ .so_hash = "00" },
	    "was changed in the store");
	expect_failure(&(struct box_options){ .operations = "[\"nope\"]" },
	    "operation \"nope\" has no handler; add it to XC_OPERATIONS");
	expect_failure(&(struct box_options){ .operations = "[\"echo\"]",
	    .complete = true }, "handler \"use_db\" has no operation in "
	    "openapi.json");
	expect_failure(&(struct box_options){
	    .config = "{\"start_fails\":true}" },
	    "its start() returned \"not found\"");
	expect_failure(&(struct box_options){
	    .config = "{\"warm_fails\":true}" },
	    "its warm() returned");
	expect_failure(&(struct box_options){
	    .require = XC_LAYER_BIT(XC_LAYER_NETNS) }, "netns");
	jail_fails = true;
	expect_failure(&plain, "no wall");
	jail_fails = false;
}

static void
expect_left(const char *config, const char *what)
{
	const struct box_options options = { .config = config,
		.complete = true };
	struct xc_order order = { .kind = XC_ORDER_STOP, .seq = 1,
		.log_level = 4 };
	char reason[XC_CHANNEL_REASON_MAX];
	struct box box;

	make_ready(&box, &options);
	box.seq = 1;
	box.calls[0] = '\0';
	assert_int_equal(xc_channel_order(&box.channel, &order), XC_OK);
	assert_int_equal(box_serve(&box, &box.channel).kind,
	    XC_NOTICE_STOPPED);
	assert_string_equal(box.calls, "log(2,stopping) ");
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
expect_crash(const char *operation, int number)
{
	char trace[XC_CHANNEL_TRACE_MAX];
	struct box box;
	int status;

	make_ready(&box, &plain);
	assert_int_equal(run(&box, operation).kind, 0);
	status = box_wait(&box);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	xc_channel_trace(&box.channel, trace);
	assert_int_equal(strncmp(trace, "signal SIG", 10), 0);
	assert_non_null(strstr(trace, sigabbrev_np(number)));
	assert_non_null(strstr(trace, number == SIGABRT ? "libc" :
	    "guest-plugin.so+0x"));
	box_break(&box);
}

static void
has_last_words(void **state)
{
	struct box box;

	(void)state;
	expect_crash("crash", SIGSEGV);
	expect_crash("overflow", SIGSEGV);
	expect_crash("give_up", SIGABRT);
	make_ready(&box, &plain);
	assert_int_equal(run(&box, "leave").kind, 0);
	assert_int_equal(WEXITSTATUS(box_wait(&box)), 3);
	box_break(&box);
	box_make(&box, &(struct box_options){
	    .config = "{\"start_crashes\":true}" });
	assert_int_equal(box_serve(&box, &box.channel).kind, 0);
	assert_int_equal(WTERMSIG(box_wait(&box)), SIGABRT);
	box_break(&box);
}

static void
ends_with_its_host(void **state)
{
	struct box box;
	pid_t pid;
	int status;

	(void)state;
	make_ready(&box, &plain);
	pid = box.pid;
	box.pid = 0;
	box_break(&box);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static struct xc_notice
run_in(struct box *box, uint32_t slot, const char *operation)
{
	struct xc_notice notice;
	pid_t pid = box_fork(box, slot);

	assert_true(pid > 0 && pid != box->pid);
	notice = box_run(box, &box->slots[slot], box_operation(operation),
	    "/app/test/rest?a=1");
	box_outlive(pid);
	return notice;
}

static void
forks_for_each_request(void **state)
{
	static const char expected[] =
	    "0123456789 /app/test /rest 1 test - 1";
	struct xc_notice notice;
	struct box box;

	(void)state;
	make_ready(&box, &(struct box_options){ .n_slots = 3 });
	for (uint32_t i = 0; i < 6; i++) {
		notice = run_in(&box, i % 3, "echo");
		assert_int_equal(notice.err, XC_OK);
		/* Nothing is left of the runs before. */
		assert_string_equal(box_body(&box.slots[i % 3]), expected);
		assert_int_equal(xc_channel_wipe(&box.slots[i % 3]), XC_OK);
	}
	notice = run_in(&box, 0, "use_cache");
	assert_int_equal(notice.err, XC_OK);
	assert_int_equal(xc_channel_wipe(&box.slots[0]), XC_OK);
	box_break(&box);
}

static void
forks_ahead(void **state)
{
	struct xc_notice notice;
	pid_t pids[4];
	struct box box;

	(void)state;
	make_ready(&box, &(struct box_options){ .n_slots = 4 });
	for (uint32_t i = 0; i < 4; i++)
		pids[i] = box_fork(&box, i);
	for (uint32_t i = 4; i-- > 0;) {
		notice = box_run(&box, &box.slots[i], box_operation("echo"),
		    "/app/test/x?a=2");
		assert_int_equal(notice.state, XC_REPLY_WHOLE);
		box_outlive(pids[i]);
	}
	box_break(&box);
}

/* The zygote lives on, and a slot is as new for the next one. */
static void
survives_its_children(void **state)
{
	const struct xc_order stale = { .kind = XC_ORDER_STOP };
	char trace[XC_CHANNEL_TRACE_MAX];
	struct xc_notice notice;
	struct xc_channel *slot;
	struct box box;

	(void)state;
	make_ready(&box, &(struct box_options){ .n_slots = 1 });
	slot = &box.slots[0];
	for (int i = 0; i < 3; i++) {
		pid_t pid = box_fork(&box, 0);

		box_order(&box, slot, box_operation("crash"), "/app/test/");
		box_outlive(pid);
		xc_channel_trace(slot, trace);
		assert_int_equal(strncmp(trace, "signal SIGSEGV", 14), 0);
		assert_int_equal(xc_channel_order(slot, &stale), XC_OK);
		assert_int_equal(xc_channel_wipe(slot), XC_OK);
		xc_channel_trace(slot, trace);
		assert_string_equal(trace, "");
		notice = run_in(&box, 0, "echo");
		assert_int_equal(notice.state, XC_REPLY_WHOLE);
		assert_int_equal(xc_channel_wipe(slot), XC_OK);
	}
	close(box.command);
	box.command = -1;
	assert_int_equal(box_wait(&box), 0);
	box_break(&box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_requests),
		cmocka_unit_test(serves_events),
		cmocka_unit_test(takes_deep_configurations),
		cmocka_unit_test(asks_for_services),
		cmocka_unit_test(walks_over_rows),
		cmocka_unit_test(asks_the_desk),
		cmocka_unit_test(logs_while_it_is_heard),
		cmocka_unit_test(streams),
		cmocka_unit_test(replies_for_handlers_that_do_not),
		cmocka_unit_test(says_why_it_cannot_start),
		cmocka_unit_test(says_what_stays_behind),
		cmocka_unit_test(has_last_words),
		cmocka_unit_test(ends_with_its_host),
		cmocka_unit_test(forks_for_each_request),
		cmocka_unit_test(forks_ahead),
		cmocka_unit_test(survives_its_children),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

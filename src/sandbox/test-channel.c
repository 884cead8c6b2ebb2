/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel.h"
#include "lib/request-private.h"

#define PAGES(n) ((uint32_t)(n) * 65536)	/* a multiple of any page */
#define FLIPS 1000000

struct ends {
	struct xc_channel host;
	struct xc_channel_guest given;
	struct xc_channel guest;
};

static const struct xc_channel_sizes sizes = { PAGES(1), PAGES(2), PAGES(3),
	PAGES(1) };

static void
make(struct ends *ends)
{
	struct xc_errbuf why = { "" };

	assert_int_equal(xc_channel_create(&sizes, &ends->host, &ends->given,
	    &why), XC_OK);
	assert_int_equal(xc_channel_attach(&ends->given, &ends->guest, &why),
	    XC_OK);
}

static void
unmake(struct ends *ends)
{
	xc_channel_close(&ends->host);
	xc_channel_close(&ends->guest);
}

static void
say(struct ends *ends, const struct xc_notice *notice)
{
	xc_channel_send_notice(&ends->guest, notice);
}

static enum xc_err
hear(struct ends *ends, uint32_t seq)
{
	struct xc_notice notice;

	return xc_channel_notice(&ends->host, seq, &notice);
}

static void
shares_areas(void **state)
{
	struct ends ends;

	(void)state;
	make(&ends);
	assert_int_equal(ends.guest.sizes.args, sizes.args);
	assert_int_equal(ends.guest.memfd, -1);
	ends.host.request[sizes.request - 1] = 1;
	ends.host.reply[0] = 2;
	ends.host.result[sizes.result - 1] = 3;
	ends.guest.args[sizes.args - 1] = 4;
	assert_int_equal(ends.guest.request[sizes.request - 1], 1);
	assert_int_equal(ends.guest.reply[0], 2);
	assert_int_equal(ends.guest.result[sizes.result - 1], 3);
	assert_int_equal(ends.host.args[sizes.args - 1], 4);
	assert_int_equal((uintptr_t)ends.host.reply % 4096, 0);
	unmake(&ends);
	assert_int_equal(ends.host.memfd, -1);
	assert_null(ends.host.head);
}

static void
keeps_descriptors_to_itself(void **state)
{
	struct ends ends;

	(void)state;
	make(&ends);
	assert_true(fcntl(ends.host.memfd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(ends.host.bell_read, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(ends.host.bell_write, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(ends.guest.bell_read, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(ends.guest.bell_write, F_GETFD) & FD_CLOEXEC);
	unmake(&ends);
}

static void
cannot_be_cut_off(void **state)
{
	struct ends ends;
	struct stat st;

	(void)state;
	make(&ends);
	assert_int_equal(fstat(ends.host.memfd, &st), 0);
	assert_int_equal(ftruncate(ends.host.memfd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(ends.host.memfd, st.st_size * 2), -1);
	assert_int_equal(fcntl(ends.host.memfd, F_ADD_SEALS, F_SEAL_WRITE),
	    -1);
	unmake(&ends);
}

static void
refuses_odd_sizes(void **state)
{
	static const struct xc_channel_sizes odd[] = {
		{ 0, PAGES(1), PAGES(1), PAGES(1) },
		{ PAGES(1), 100, PAGES(1), PAGES(1) },
		{ PAGES(1), PAGES(1), UINT32_MAX, PAGES(1) },
	};
	struct xc_channel_guest guest;
	struct xc_channel channel;
	struct xc_errbuf why;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(xc_channel_create(&odd[i], &channel, &guest,
		    &why), XC_ERR_INVALID);
		assert_int_equal(channel.memfd, -1);
		assert_int_equal(guest.memfd, -1);
	}
}

/* A sandbox that gets something else than a channel says so. */
static void
attaches_to_channels_only(void **state)
{
	struct xc_channel_guest guest = { -1, -1, -1 };
	struct xc_channel channel;
	struct xc_errbuf why;
	struct ends ends;

	(void)state;
	guest.memfd = memfd_create("none", MFD_CLOEXEC);
	assert_int_equal(xc_channel_attach(&guest, &channel, &why),
	    XC_ERR_INVALID);
	guest.memfd = -1;
	assert_int_equal(xc_channel_attach(&guest, &channel, &why),
	    XC_ERR_NOMEM);
	make(&ends);
	ends.host.head->sizes.reply += PAGES(1);
	guest.memfd = dup(ends.host.memfd);
	assert_int_equal(xc_channel_attach(&guest, &channel, &why),
	    XC_ERR_INVALID);
	unmake(&ends);
}

static void
passes_orders_and_notices(void **state)
{
	const struct xc_order order = { .kind = XC_ORDER_RUN, .seq = 7,
		.operation = 3, .len = 900, .err = 2, .log_level = 4,
		.clear = 64 };
	const struct xc_notice notice = { .kind = XC_NOTICE_CALL, .seq = 7,
		.call = 5, .len = sizes.args };
	struct xc_notice notice_r;
	struct xc_order order_r;
	struct ends ends;

	(void)state;
	make(&ends);
	assert_int_equal(hear(&ends, 7), XC_ERR_BUSY);
	assert_int_equal(xc_channel_order(&ends.host, &order), XC_OK);
	xc_channel_wait_order(&ends.guest, &order_r);
	assert_memory_equal(&order, &order_r, sizeof(order));
	say(&ends, &notice);
	assert_int_equal(xc_channel_notice(&ends.host, 7, &notice_r), XC_OK);
	assert_memory_equal(&notice, &notice_r, sizeof(notice));
	assert_int_equal(hear(&ends, 7), XC_ERR_BUSY);
	unmake(&ends);
}

static void
refuses_notices(void **state)
{
	static const struct xc_notice bad[] = {
		{ .kind = 0, .seq = 1 },
		{ .kind = XC_NOTICE_STOPPED + 1, .seq = 1 },
		{ .kind = XC_NOTICE_REPLY, .seq = 2 },
		{ .kind = XC_NOTICE_CALL, .seq = 1, .len = PAGES(3) + 1 },
		{ .kind = XC_NOTICE_REPLY, .seq = 1, .len = PAGES(2) + 1 },
		{ .kind = XC_NOTICE_REPLY, .seq = 1, .len = UINT32_MAX },
		{ .kind = XC_NOTICE_REPLY, .seq = 1, .err = XC_ERR__MAX },
		{ .kind = XC_NOTICE_REPLY, .seq = 1, .err = -1 },
		{ .kind = XC_NOTICE_REPLY, .seq = 1, .state = 3 },
		{ .kind = XC_NOTICE_REPLY, .seq = 1,
		    .call = XC_BREACH_CRASH },
	};
	struct ends ends;

	(void)state;
	make(&ends);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		say(&ends, &bad[i]);
		assert_int_equal(hear(&ends, 1), XC_ERR_INVALID);
	}
	unmake(&ends);
}

static void
refuses_a_second_ring(void **state)
{
	const struct xc_notice notice = { .kind = XC_NOTICE_READY };
	struct ends ends;

	(void)state;
	make(&ends);
	say(&ends, &notice);
	say(&ends, &notice);
	assert_int_equal(hear(&ends, 0), XC_ERR_INVALID);
	unmake(&ends);
}

static void
sees_that_the_other_is_gone(void **state)
{
	const struct xc_order order = { .kind = XC_ORDER_STOP };
	struct ends ends;
	int status;
	pid_t pid;

	(void)state;
	make(&ends);
	(void)signal(SIGPIPE, SIG_IGN);
	xc_channel_close(&ends.guest);
	assert_int_equal(hear(&ends, 0), XC_ERR_IO);
	assert_int_equal(xc_channel_order(&ends.host, &order), XC_ERR_IO);
	xc_channel_close(&ends.host);

	make(&ends);
	pid = fork();
	if (pid == 0) {
		struct xc_order order_r;

		xc_channel_close(&ends.host);
		xc_channel_wait_order(&ends.guest, &order_r);
		_exit(7);
	}
	unmake(&ends);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A sandbox that does not read its orders fills the pipe, and that is all. */
static void
never_waits_for_a_reader(void **state)
{
	const struct xc_order order = { .kind = XC_ORDER_RESULT };
	enum xc_err err = XC_OK;
	struct ends ends;

	(void)state;
	make(&ends);
	for (int i = 0; i < 2000000 && err == XC_OK; i++)
		err = xc_channel_order(&ends.host, &order);
	assert_int_equal(err, XC_ERR_IO);
	unmake(&ends);
}

static void
gives_memory_back(void **state)
{
	struct stat before, trimmed, after;
	struct xc_channel again;
	struct xc_errbuf why;
	struct ends ends;

	(void)state;
	make(&ends);
	memset(ends.host.request, 1, sizes.request);
	memset(ends.host.reply, 2, sizes.reply);
	memset(ends.host.args, 3, sizes.args);
	memset(ends.host.result, 4, sizes.result);
	assert_int_equal(fstat(ends.host.memfd, &before), 0);
	xc_channel_trim(&ends.host, PAGES(1));
	assert_int_equal(ends.host.reply[0], 2);
	assert_int_equal(ends.host.reply[PAGES(1) - 1], 2);
	assert_int_equal(ends.host.args[0], 3);
	assert_int_equal(ends.host.result[sizes.result - 1], 4);
	assert_int_equal(fstat(ends.host.memfd, &trimmed), 0);
	assert_true(trimmed.st_blocks < before.st_blocks);
	assert_int_equal(ends.host.reply[PAGES(1)], 0);
	assert_int_equal(xc_channel_wipe(&ends.host), XC_OK);
	assert_int_equal(fstat(ends.host.memfd, &after), 0);
	assert_true(after.st_blocks <= 2 * 65536 / 512);
	assert_int_equal(ends.guest.reply[0], 0);
	/* The next one can attach. */
	xc_channel_close(&ends.guest);
	ends.given.memfd = dup(ends.host.memfd);
	ends.given.bell_read = ends.given.bell_write = -1;
	assert_int_equal(xc_channel_attach(&ends.given, &again, &why), XC_OK);
	xc_channel_close(&again);
	unmake(&ends);
}

static void
makes_texts_fit_to_be_read(void **state)
{
	char reason[XC_CHANNEL_REASON_MAX];
	char trace[XC_CHANNEL_TRACE_MAX];
	struct ends ends;

	(void)state;
	make(&ends);
	memset(ends.guest.head->reason, 'x', XC_CHANNEL_REASON_MAX);
	xc_channel_reason(&ends.host, reason);
	assert_int_equal(strlen(reason), XC_CHANNEL_REASON_MAX - 1);
	memcpy(ends.guest.head->reason, "a\33b\nc\177 \303\251\377.", 12);
	xc_channel_reason(&ends.host, reason);
	assert_string_equal(reason, "a?b?c? \303\251?.");
	memcpy(ends.guest.head->trace, "one\ntwo\r", 9);
	xc_channel_trace(&ends.host, trace);
	assert_string_equal(trace, "one\ntwo?");
	unmake(&ends);
}

static void *
flip(void *data)
{
	struct ends *ends = data;
	volatile struct xc_notice *notice = &ends->guest.head->notice;
	volatile uint32_t *stop = &ends->guest.head->spec_len;

	while (*stop == 0) {
		notice->len = UINT32_MAX;
		notice->kind = 77;
		notice->err = -5;
		notice->state = 9;
		notice->len = sizes.reply;
		notice->kind = XC_NOTICE_REPLY;
		notice->err = 0;
		notice->state = XC_REPLY_WHOLE;
	}
	return NULL;
}

/* What changes while it is checked does not come out. */
static void
is_not_fooled_by_changes(void **state)
{
	unsigned taken = 0;
	unsigned refused = 0;
	pthread_t thread;
	struct ends ends;

	(void)state;
	make(&ends);
	assert_int_equal(pthread_create(&thread, NULL, flip, &ends), 0);
	for (int i = 0; i < FLIPS; i++) {
		struct xc_notice notice;
		enum xc_err err;

		assert_int_equal(write(ends.guest.bell_write, "", 1), 1);
		err = xc_channel_notice(&ends.host, 0, &notice);
		if (err != XC_OK) {
			refused++;
			continue;
		}
		taken++;
		assert_int_equal(notice.kind, XC_NOTICE_REPLY);
		assert_int_equal(notice.len, sizes.reply);
		assert_int_equal(notice.err, 0);
		assert_int_equal(notice.state, XC_REPLY_WHOLE);
	}
	ends.host.head->spec_len = 1;
	pthread_join(thread, NULL);
	print_message("%u taken, %u refused\n", taken, refused);
	unmake(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_areas),
		cmocka_unit_test(keeps_descriptors_to_itself),
		cmocka_unit_test(cannot_be_cut_off),
		cmocka_unit_test(refuses_odd_sizes),
		cmocka_unit_test(attaches_to_channels_only),
		cmocka_unit_test(passes_orders_and_notices),
		cmocka_unit_test(refuses_notices),
		cmocka_unit_test(refuses_a_second_ring),
		cmocka_unit_test(sees_that_the_other_is_gone),
		cmocka_unit_test(never_waits_for_a_reader),
		cmocka_unit_test(gives_memory_back),
		cmocka_unit_test(makes_texts_fit_to_be_read),
		cmocka_unit_test(is_not_fooled_by_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The spawner program, asked by a worker that is wrong or gone. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/host-fixture.h"
#include "sandbox/link.h"

#define PATIENCE_MS 20000

static struct fixture f;
static int link_fd;
static struct xc_sandbox *sandbox;
static struct xc_sandbox_ends ends;

static int
begin(void **state)
{
	struct xc_errbuf errbuf;
	char path[128];

	(void)state;
	sandbox = NULL;
	if (!fixture_begin(&f))
		return -1;
	snprintf(path, sizeof(path), "%s/spawner.sock", f.dir);
	return xc_link_connect(path, &link_fd, &errbuf) == XC_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	if (link_fd >= 0)
		close(link_fd);
	xc_sandbox_ends_close(&ends);
	xc_sandbox_close(&sandbox);
	fixture_end(&f);
	return 0;
}

static void
prepare(void)
{
	struct xc_channel_sizes sizes = xc_sandbox_sizes(0,
	    &f.plugin.limits);

	xc_sandbox_ends_close(&ends);
	xc_sandbox_close(&sandbox);
	assert_int_equal(xc_sandbox_prepare("{}", &sizes, &sandbox, &ends,
	    NULL), XC_OK);
}

static void
wait_for_word(void)
{
	struct pollfd pfd = { .fd = link_fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
}

/* Sends a request with these descriptors; false: the connection ended. */
static bool
ask(const struct xc_spawn_request *request, size_t size, const int *fds,
    size_t n_fds, struct xc_spawn_answer *answer_r, int *pidfd_r)
{
	size_t len, n;

	*pidfd_r = -1;
	assert_int_equal(xc_link_send_fds(link_fd, request, size, fds, n_fds),
	    XC_OK);
	/* The end of one before may come first. */
	do {
		wait_for_word();
		if (xc_link_receive(link_fd, answer_r, sizeof(*answer_r),
		    &len, pidfd_r, 1, &n) != XC_OK)
			return false;
	} while (len == sizeof(struct xc_spawn_end));
	assert_int_equal(len, sizeof(*answer_r));
	assert_int_equal(answer_r->magic, XC_SPAWN_MAGIC);
	assert_int_equal(answer_r->id, request->id);
	return true;
}

static void
connect_again(void)
{
	struct xc_errbuf errbuf;
	char path[128];

	close(link_fd);
	snprintf(path, sizeof(path), "%s/spawner.sock", f.dir);
	assert_int_equal(xc_link_connect(path, &link_fd, &errbuf), XC_OK);
}

static struct xc_spawn_request
good_request(void)
{
	return (struct xc_spawn_request){ .magic = XC_SPAWN_MAGIC, .id = 5,
		.isolation = XC_ISOLATION_POOL, .cpu = -1,
		.limits = f.plugin.limits };
}

static void
tells_of_the_end(void **state)
{
	struct xc_spawn_request request = good_request();
	struct xc_spawn_answer answer;
	struct xc_spawn_end told;
	size_t len, n;
	int pidfd;

	(void)state;
	prepare();
	const int fds[] = { ends.channel.memfd, ends.channel.bell_read,
		ends.channel.bell_write, ends.output };

	assert_true(ask(&request, sizeof(request), fds, 4, &answer, &pidfd));
	if (answer.pid <= 0)
		fail_msg("%s", answer.reason);
	assert_true(pidfd >= 0);
	assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	/* Its spec names no object: it ends by itself. */
	wait_for_word();
	assert_int_equal(xc_link_receive(link_fd, &told, sizeof(told), &len,
	    NULL, 0, &n), XC_OK);
	assert_int_equal(len, sizeof(told));
	assert_int_equal(told.id, 5);
	assert_int_equal(told.pid, answer.pid);
	assert_true(WIFEXITED(told.status));
	close(pidfd);
}

static void
refuses_nonsense(void **state)
{
	struct xc_spawn_request requests[9];
	struct xc_spawn_answer answer;
	int pidfd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	prepare();
	int fds[] = { ends.channel.memfd, ends.channel.bell_read,
		ends.channel.bell_write, ends.output, null, null, null };
	const int swapped[] = { fds[1], fds[0], fds[2], fds[3] };
	const int wrong[] = { null, null, null, null };

	for (size_t i = 0; i < 9; i++)
		requests[i] = good_request();
	requests[0].magic++;
	requests[1].isolation = XC_ISOLATION_INPROCESS;
	requests[2].isolation = XC_ISOLATION__MAX;
	requests[3].n_slots = 1;
	requests[4].isolation = XC_ISOLATION_REQUEST;
	requests[5].isolation = XC_ISOLATION_REQUEST;
	requests[5].n_slots = XC_SLOTS_MAX + 1;
	requests[6].cpu = -2;
	requests[7].cpu = 1 << 20;
	for (size_t i = 0; i < 8; i++) {
		assert_false(ask(&requests[i], sizeof(requests[i]), fds, 4,
		    &answer, &pidfd));
		connect_again();
	}
	assert_false(ask(&requests[8], sizeof(requests[8]) - 1, fds, 4,
	    &answer, &pidfd));
	connect_again();
	assert_false(ask(&requests[8], sizeof(requests[8]), fds, 3, &answer,
	    &pidfd));
	connect_again();
	assert_false(ask(&requests[8], sizeof(requests[8]), fds, 7, &answer,
	    &pidfd));
	connect_again();
	assert_false(ask(&requests[8], sizeof(requests[8]), swapped, 4,
	    &answer, &pidfd));
	connect_again();
	assert_false(ask(&requests[8], sizeof(requests[8]), wrong, 4,
	    &answer, &pidfd));
	connect_again();
	close(null);
	/* It makes sandboxes all the same. */
	assert_true(ask(&requests[8], sizeof(requests[8]), fds, 4, &answer,
	    &pidfd));
	assert_true(answer.pid > 0);
	close(pidfd);
}

/* One that is not read from loses nothing that it is told. */
static void
waits_for_who_does_not_read(void **state)
{
	struct xc_spawn_request request = good_request();
	struct xc_spawn_answer answer;
	union {
		struct xc_spawn_answer answer;
		struct xc_spawn_end end;
	} word;
	unsigned asked = 0, answers = 0, told = 0;
	size_t len, n;
	int pidfd;

	(void)state;
	prepare();
	const int fds[] = { ends.channel.memfd, ends.channel.bell_read,
		ends.channel.bell_write, ends.output };

	while (asked < 600 && xc_link_send_fds(link_fd, &request,
	    sizeof(request), fds, 4) == XC_OK) {
		request.id++;
		asked++;
		if (asked % 50 == 0)
			(void)poll(NULL, 0, 20);
	}
	while (answers < asked || told < asked) {
		wait_for_word();
		if (xc_link_receive(link_fd, &word, sizeof(word), &len,
		    &pidfd, 1, &n) != XC_OK)
			fail_msg("the connection was ended");
		answers += len == sizeof(answer);
		told += len == sizeof(word.end);
		if (n > 0)
			close(pidfd);
		else if (len == sizeof(answer))
			/* It could not be made: there is no end of it. */
			told++;
	}
	assert_int_equal(answers, asked);
	assert_int_equal(told, asked);
}

static bool
has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

static void
ends_after_the_last_worker(void **state)
{
	struct xc_spawn_request request = good_request();
	struct xc_spawn_answer answer;
	struct xc_errbuf errbuf;
	int pidfd, late;
	char path[128];

	(void)state;
	prepare();
	const int fds[] = { ends.channel.memfd, ends.channel.bell_read,
		ends.channel.bell_write, ends.output };

	/* Known before the manager goes. */
	assert_true(ask(&request, sizeof(request), fds, 4, &answer, &pidfd));
	close(pidfd);
	close(f.control);
	f.control = -1;
	snprintf(path, sizeof(path), "%s/spawner.sock", f.dir);
	while (xc_link_connect(path, &late, &errbuf) == XC_OK) {
		close(late);
		(void)poll(NULL, 0, 1);
	}
	assert_false(has_ended(f.spawner));
	assert_int_equal(kill(f.spawner, SIGTERM), 0);
	request.id++;
	if (!ask(&request, sizeof(request), fds, 4, &answer, &pidfd))
		fail_msg("its worker was left alone");
	close(pidfd);
	close(link_fd);
	link_fd = -1;
	assert_int_equal(waitpid(f.spawner, NULL, 0), f.spawner);
	f.spawner = 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_of_the_end),
		TEST(refuses_nonsense),
		TEST(waits_for_who_does_not_read),
		TEST(ends_after_the_last_worker),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	ends = (struct xc_sandbox_ends){ { -1, -1, -1 }, -1 };
	return cmocka_run_group_tests_name("spawner", tests, NULL, NULL);
}

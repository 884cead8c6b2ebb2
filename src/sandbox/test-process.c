/* SPDX-License-Identifier: MIT */
/* What a host makes of a sandbox that lies on its channel: the guests here
 * are children that say what no library would. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/plugin-private.h"
#include "lib/reply-private.h"
#include "sandbox/calls.h"
#include "sandbox/link.h"
#include "sandbox/process.h"
#include "sandbox/reply-check.h"

static struct xc_host host;
static struct xc_plugin plugin;
static struct xc_request req;
static struct xc_broker broker;
static struct xc_sandbox *sandbox;
static struct xc_outcome outcome;

static char *const params[] = {
	(char[]){ "REQUEST_METHOD=GET" },
	(char[]){ "REQUEST_URI=/app/test/it" },
	NULL
};

/* ---- guests ------------------------------------------------------------- */

typedef void guest(struct xc_channel *channel);

static void
say(struct xc_channel *channel, uint32_t kind, uint32_t seq)
{
	struct xc_notice notice = { .kind = kind, .seq = seq };

	xc_channel_send_notice(channel, &notice);
}

/* A whole reply as the library makes one. */
static uint32_t
make_reply(struct xc_channel *channel)
{
	struct xc_reply_head head = { .magic = XC_REPLY_BLOCK_MAGIC,
		.version = XC_BLOCK_VERSION, .status = 200 };
	uint32_t at = sizeof(head);

	head.content_type = (struct xc_span){ at, 10 };
	memcpy(channel->reply + at, "text/plain", 11);
	at += 11;
	head.body = (struct xc_span){ at, 5 };
	memcpy(channel->reply + at, "hello", 6);
	head.size = at + 6;
	memcpy(channel->reply, &head, sizeof(head));
	return head.size;
}

static void
reply(struct xc_channel *channel, uint32_t seq)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .seq = seq,
		.state = XC_REPLY_WHOLE };

	notice.len = make_reply(channel);
	xc_channel_send_notice(channel, &notice);
}

static void
is_honest(struct xc_channel *channel)
{
	struct xc_order order;

	for (;;) {
		xc_channel_wait_order(channel, &order);
		reply(channel, order.seq);
	}
}

static void
answers_another(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	reply(channel, order.seq - 1);
}

/* Replies once more than it was asked. */
static void
answers_twice(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	reply(channel, order.seq);
	reply(channel, order.seq);
	xc_channel_wait_order(channel, &order);
	(void)pause();
}

/* Rings once more when its reply was taken, and takes no order then. */
static void
rings_late(struct xc_channel *channel)
{
	struct xc_order order;
	int unread = 1;

	xc_channel_wait_order(channel, &order);
	reply(channel, order.seq);
	while (ioctl(channel->bell_write, FIONREAD, &unread) == 0 &&
	    unread > 0)
		sched_yield();
	reply(channel, order.seq);
	(void)pause();
}

static void
is_ready_again(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	say(channel, XC_NOTICE_READY, order.seq);
	(void)pause();
}

static void
says_nonsense(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	say(channel, 4711, order.seq);
	(void)pause();
}

static void
calls_nonsense(struct xc_channel *channel)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL,
		.call = XC_CALL__MAX };
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	notice.seq = order.seq;
	xc_channel_send_notice(channel, &notice);
	(void)pause();
}

static void
replies_nothing(struct xc_channel *channel)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY };
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	notice.seq = order.seq;
	xc_channel_send_notice(channel, &notice);
	(void)pause();
}

static void
pretends_to_stream(struct xc_channel *channel)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY,
		.state = XC_REPLY_STREAMING };
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	notice.seq = order.seq;
	xc_channel_send_notice(channel, &notice);
	(void)pause();
}

/* The reply counts, whatever comes then. */
static void
replies_and_ends(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	reply(channel, order.seq);
	_exit(0);
}

static void
ends(struct xc_channel *channel)
{
	struct xc_order order;

	xc_channel_wait_order(channel, &order);
	_exit(7);
}

/* ---- the host ----------------------------------------------------------- */

static void
make(guest *run)
{
	struct xc_limits limits = { .reply_kb = 64 };
	struct xc_channel_sizes sizes = xc_sandbox_sizes(65536, &limits);
	struct xc_sandbox_ends ends;
	struct xc_channel channel;
	pid_t pid;

	assert_int_equal(xc_sandbox_prepare("{}", &sizes, &sandbox, &ends,
	    NULL), XC_OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		xc_channel_close(&sandbox->channel);
		if (xc_channel_attach(&ends.channel, &channel, NULL) != XC_OK)
			_exit(1);
		say(&channel, XC_NOTICE_READY, 0);
		run(&channel);
		_exit(0);
	}
	xc_sandbox_ends_close(&ends);
	xc_sandbox_adopt(sandbox, pid, (int)syscall(SYS_pidfd_open, pid, 0));
	sandbox->own = true;
	assert_int_equal(xc_sandbox_wait(sandbox, &broker, 10000, NULL),
	    XC_OK);
}

static void
call(void)
{
	const struct xc_limits limits = { .timeout_ms = 10000,
		.cpu_ms = 10000 };

	xc_request_reset(&req);
	assert_int_equal(xc_request_parse(&req, params, "", 0, NULL), 0);
	assert_int_equal(xc_request_bind(&req, &plugin, 2, "it", NULL, 0),
	    XC_OK);
	xc_sandbox_call(sandbox, &broker, &req, 0, &limits, &outcome);
}

static void
assert_breach(guest *run, enum xc_breach breach)
{
	make(run);
	call();
	assert_int_equal(outcome.breach, breach);
	assert_true(sandbox->dead);
	assert_int_equal(req.reply, XC_REPLY_NONE);
	xc_sandbox_close(&sandbox);
}

static int
begin(void **state)
{
	static char name[] = "test";

	(void)state;
	plugin = (struct xc_plugin){ .magic = XC_PLUGIN_HANDLE_MAGIC,
		.name = name, .version = name, .prefix = name,
		.schema = name, .logger = name, .host = &host };
	broker = (struct xc_broker){ .host = &host, .plugin = &plugin };
	return xc_request_init(&req, &host, NULL) == XC_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	xc_sandbox_close(&sandbox);
	xc_broker_end(&broker);
	xc_request_free(&req);
	return 0;
}

static void
believes_an_honest_one(void **state)
{
	(void)state;
	make(is_honest);
	for (int i = 0; i < 5; i++) {
		call();
		assert_int_equal(outcome.breach, XC_BREACH_NONE);
		assert_string_equal(xc_reply_body(&req), "hello");
	}
	sandbox->seq = UINT32_MAX;
	call();
	assert_int_equal(outcome.breach, XC_BREACH_NONE);
	assert_int_equal(sandbox->seq, 1);
}

static void
sees_through_lies(void **state)
{
	(void)state;
	assert_breach(answers_another, XC_BREACH_PROTOCOL);
	assert_breach(is_ready_again, XC_BREACH_PROTOCOL);
	assert_breach(says_nonsense, XC_BREACH_PROTOCOL);
	assert_breach(calls_nonsense, XC_BREACH_PROTOCOL);
	assert_breach(replies_nothing, XC_BREACH_PROTOCOL);
	assert_breach(pretends_to_stream, XC_BREACH_PROTOCOL);
}

/* What comes late never answers the next request. */
static void
takes_no_late_reply(void **state)
{
	(void)state;
	make(answers_twice);
	call();
	if (outcome.breach == XC_BREACH_NONE)
		call();
	assert_int_equal(outcome.breach, XC_BREACH_PROTOCOL);
}

/* Who comes next has not done it, and can be served by another. */
static void
spares_the_next(void **state)
{
	struct pollfd bell = { .events = POLLIN };

	(void)state;
	make(rings_late);
	call();
	assert_int_equal(outcome.breach, XC_BREACH_NONE);
	assert_false(outcome.unheard);
	bell.fd = sandbox->channel.bell_read;
	assert_int_equal(poll(&bell, 1, -1), 1);
	call();
	assert_int_equal(outcome.breach, XC_BREACH_PROTOCOL);
	/* valgrind knows no pidfd, which tells that it is dead. */
	assert_true(outcome.unheard || sandbox->pidfd < 0);
	xc_sandbox_close(&sandbox);
	assert_breach(answers_another, XC_BREACH_PROTOCOL);
	assert_false(outcome.unheard);
}

static void
notices_ends(void **state)
{
	(void)state;
	assert_breach(ends, XC_BREACH_CRASH);
	assert_string_equal(outcome.detail, "status 7");
	assert_false(outcome.unheard);
	for (int i = 0; i < 50; i++) {
		make(replies_and_ends);
		call();
		assert_int_equal(outcome.breach, XC_BREACH_NONE);
		xc_sandbox_close(&sandbox);
	}
}

static void
says_if_it_was_unheard(void **state)
{
	siginfo_t info;

	(void)state;
	make(is_honest);
	assert_int_equal(kill(sandbox->pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)sandbox->pid, &info,
	    WEXITED | WNOWAIT), 0);
	call();
	assert_int_equal(outcome.breach, XC_BREACH_CRASH);
	assert_true(outcome.unheard);
}

/* ---- replies ------------------------------------------------------------ */

static struct xc_channel area;
static unsigned char bytes[256 * 1024] __attribute__((aligned(8)));

static enum xc_err
take(uint32_t len)
{
	area.reply = bytes;
	area.sizes.reply = sizeof(bytes);
	assert_int_equal(xc_reply_blank(&req), XC_OK);
	return xc_reply_take(&req, &area, len);
}

/* A reply with that for type and lines. */
static enum xc_err
take_texts(const char *type, const char *lines)
{
	struct xc_reply_head *head = (void *)bytes;
	uint32_t at = sizeof(*head);

	memset(bytes, 0, sizeof(bytes));
	*head = (struct xc_reply_head){ .magic = XC_REPLY_BLOCK_MAGIC,
		.version = XC_BLOCK_VERSION, .status = 200 };
	head->content_type = (struct xc_span){ at, (uint32_t)strlen(type) };
	memcpy(bytes + at, type, strlen(type));
	at += (uint32_t)strlen(type) + 1;
	head->head = (struct xc_span){ at, (uint32_t)strlen(lines) };
	memcpy(bytes + at, lines, strlen(lines));
	at += (uint32_t)strlen(lines) + 1;
	head->size = at;
	return take(at);
}

static void
checks_texts(void **state)
{
	static const char *const refused[] = { "A", "A: b", "A: b\n",
		"A: b\r", "A: b\r\nC", ": b\r\n", "A : b\r\n", "A:b\r\n",
		"A: b\rc\r\n", "A: b\nc\r\n", "A: b\tc\r\n", "\r\n",
		"A: b\r\n\r\n", "A b: c\r\n", "Content-Length: 5\r\n",
		"content-length: 5\r\n", "Transfer-Encoding: chunked\r\n",
		"Connection: close\r\n", "STATUS: 200\r\n",
		"Content-Type: a\r\n", "A: b\r\nStatus: 1\r\n" };

	(void)state;
	assert_int_equal(take_texts("text/plain", "A: b\r\nX-C: \r\n"),
	    XC_OK);
	assert_int_equal(take_texts("text/plain; charset=utf-8",
	    "Set-Cookie: a=b; Path=/\r\n"), XC_OK);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (take_texts("text/plain", refused[i]) != XC_ERR_INVALID)
			fail_msg("taken: %s", refused[i]);
	assert_int_equal(take_texts("", "A: b\r\n"), XC_ERR_INVALID);
	assert_int_equal(take_texts("a\r\nb: c", "A: b\r\n"),
	    XC_ERR_INVALID);
	assert_int_equal(take_texts("a\nb", "A: b\r\n"), XC_ERR_INVALID);
}

static void
checks_spans(void **state)
{
	struct xc_reply_head *head = (void *)bytes;
	static const struct xc_span bad[] = { { 0, 1 }, { 1, 1 },
		{ sizeof(struct xc_reply_head) - 1, 4 }, { 60, UINT32_MAX },
		{ UINT32_MAX, 2 }, { UINT32_MAX - 4, 8 }, { 100, 0 },
		{ 48, 52 }, { 48, 51 } };
	uint32_t len = 100;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(bad) / sizeof(bad[0]); i++) {
		memset(bytes, 'x', sizeof(bytes));
		*head = (struct xc_reply_head){
			.magic = XC_REPLY_BLOCK_MAGIC,
			.version = XC_BLOCK_VERSION, .status = 200,
			.size = len };
		if (i % 3 == 0)
			head->content_type = bad[i / 3];
		else if (i % 3 == 1)
			head->head = bad[i / 3];
		else
			head->body = bad[i / 3];
		assert_int_equal(take(len), XC_ERR_INVALID);
	}
	for (int status = 0; status < 200; status += 37) {
		head->body = (struct xc_span){ 0 };
		head->status = (uint16_t)status;
		assert_int_equal(take(len), XC_ERR_INVALID);
	}
	head->status = 600;
	assert_int_equal(take(len), XC_ERR_INVALID);
	head->status = 200;
	head->size = len + 1;
	assert_int_equal(take(len), XC_ERR_INVALID);
	head->size = len;
	assert_int_equal(take(len), XC_OK);
	assert_int_equal(take(sizeof(*head) - 1), XC_ERR_INVALID);
	assert_int_equal(take(sizeof(bytes) + 1), XC_ERR_INVALID);
	head->magic++;
	assert_int_equal(take(len), XC_ERR_INVALID);
}

static uint32_t
make_large(uint32_t body)
{
	struct xc_reply_head *head = (void *)bytes;
	uint32_t at = sizeof(*head) + 11;

	memset(bytes, 'b', sizeof(bytes));
	*head = (struct xc_reply_head){ .magic = XC_REPLY_BLOCK_MAGIC,
		.version = XC_BLOCK_VERSION, .status = 200,
		.size = at + body + 1 };
	head->content_type = (struct xc_span){ sizeof(*head), 10 };
	memcpy(bytes + sizeof(*head), "text/plain", 11);
	head->body = (struct xc_span){ at, body };
	bytes[at + body] = '\0';
	return head->size;
}

static void
leaves_large_bodies(void **state)
{
	struct xc_reply_head *head = (void *)bytes;
	uint32_t len = make_large(200000);

	(void)state;
	assert_int_equal(take(len), XC_OK);
	assert_null(req.far_body);
	req.may_be_far = true;
	assert_int_equal(take(len), XC_OK);
	assert_ptr_equal(req.far_body, bytes + head->body.off);
	assert_int_equal(xc_request_reply(&req)->body.len, 200000);
	assert_ptr_equal(xc_reply_body(&req), req.far_body);
	/* The head is checked all the same. */
	bytes[head->content_type.off] = '\n';
	assert_int_equal(take(len), XC_ERR_INVALID);
	assert_null(req.far_body);
	len = make_large(200000);
	head->status = 204;
	assert_int_equal(take(len), XC_ERR_INVALID);
	len = make_large(200000);
	head->content_type = (struct xc_span){ head->body.off, 10 };
	assert_int_equal(take(len), XC_ERR_INVALID);
	len = make_large(200000);
	head->body.len = UINT32_MAX - 5;
	assert_int_equal(take(len), XC_ERR_INVALID);
	req.may_be_far = false;
}

/* ---- the link ----------------------------------------------------------- */

static size_t
count_fds(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
passes_descriptors(void **state)
{
	struct xc_spawn_answer out = { .magic = XC_SPAWN_MAGIC, .id = 7 }, in;
	int pair[2], fds[3], got[3];
	size_t len, n, before;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(xc_link_receive(pair[1], &in, sizeof(in), &len, got,
	    3, &n), XC_ERR_BUSY);
	for (int i = 0; i < 3; i++)
		fds[i] = pair[0];
	assert_int_equal(xc_link_send_fds(pair[0], &out, sizeof(out), fds, 3),
	    XC_OK);
	assert_int_equal(xc_link_receive(pair[1], &in, sizeof(in), &len, got,
	    3, &n), XC_OK);
	assert_int_equal(len, sizeof(in));
	assert_int_equal(n, 3);
	assert_int_equal(in.id, 7);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		close(got[i]);
	}
	/* More of either than there is room for: nothing is left open. */
	before = count_fds();
	assert_int_equal(xc_link_send_fds(pair[0], &out, sizeof(out), fds, 3),
	    XC_OK);
	assert_int_equal(xc_link_receive(pair[1], &in, sizeof(in), &len, got,
	    2, &n), XC_ERR_INVALID);
	assert_int_equal(xc_link_send_fds(pair[0], &out, sizeof(out), fds, 1),
	    XC_OK);
	assert_int_equal(xc_link_receive(pair[1], &in, 8, &len, got, 3, &n),
	    XC_ERR_INVALID);
	assert_int_equal(n, 0);
	assert_int_equal(count_fds(), before);
	close(pair[0]);
	assert_int_equal(xc_link_receive(pair[1], &in, sizeof(in), &len, got,
	    3, &n), XC_ERR_IO);
	close(pair[1]);
}

static void
names_long_paths(void **state)
{
	struct xc_errbuf errbuf = { "" };
	char path[200];
	int fd;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(xc_link_listen(path, &fd, &errbuf), XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "server.run_dir"));
	assert_int_equal(xc_link_connect(path, &fd, &errbuf),
	    XC_ERR_INVALID);
	assert_int_equal(fd, -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(believes_an_honest_one),
		TEST(sees_through_lies),
		TEST(takes_no_late_reply),
		TEST(spares_the_next),
		TEST(notices_ends),
		TEST(says_if_it_was_unheard),
		TEST(checks_texts),
		TEST(checks_spans),
		TEST(leaves_large_bodies),
		TEST(passes_descriptors),
		TEST(names_long_paths),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}

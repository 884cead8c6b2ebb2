/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <xcore/reply.h>

#include "worker/head.h"
#include "worker/scoreboard.h"
#include "worker/wire.h"

/* A request with a reply to be made, and both ends of a socket. */
struct fixture {
	struct xc_host host;
	struct xc_request req;
	struct xc_wire wire;
	int pair[2];
	char content[300000];	/* of the STDOUT records */
	size_t len;
	unsigned records;	/* STDOUT, the empty one too */
	bool ended;
};

static int
setup(void **state)
{
	static char method[] = "REQUEST_METHOD=GET";
	static char uri[] = "REQUEST_URI=/a";
	static char id[] = "REQUEST_ID=0123456789abcdef";
	char *envp[] = { method, uri, id, NULL };
	struct fixture *f = calloc(1, sizeof(*f));
	int size = 1 << 20;

	if (!f || socketpair(AF_UNIX, SOCK_STREAM, 0, f->pair) < 0)
		return -1;
	(void)setsockopt(f->pair[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size));
	f->host.stream = &xc_wire_stream_ops;
	f->host.stream_ctx = &f->wire;
	f->wire.fd = f->pair[0];
	f->wire.request_id = 0x0102;
	f->wire.timeout_ms = 1000;
	*state = f;
	if (xc_request_init(&f->req, &f->host, NULL) != XC_OK ||
	    xc_request_parse(&f->req, envp, "", 0, NULL) != 0)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	xc_request_free(&f->req);
	close(f->pair[0]);
	close(f->pair[1]);
	free(f);
	return 0;
}

/* Reads what has been sent, record by record. */
static void
receive(struct fixture *f)
{
	static unsigned char bytes[400000];
	size_t have = 0, at = 0, len;
	ssize_t n;

	while ((n = recv(f->pair[1], bytes + have, sizeof(bytes) - have,
	    MSG_DONTWAIT)) > 0)
		have += (size_t)n;
	while (at < have) {
		assert_true(have - at >= 8);
		assert_int_equal(bytes[at], 1);
		assert_int_equal(bytes[at + 2] << 8 | bytes[at + 3], 0x0102);
		assert_false(f->ended);
		len = (size_t)bytes[at + 4] << 8 | bytes[at + 5];
		if (bytes[at + 1] == XC_FCGI_STDOUT) {
			memcpy(f->content + f->len, bytes + at + 8, len);
			f->len += len;
			f->records++;
		} else {
			assert_int_equal(bytes[at + 1], XC_FCGI_END);
			assert_int_equal(len, 8);
			f->ended = true;
		}
		at += 8 + len + bytes[at + 6];
	}
	assert_int_equal(at, have);
	f->content[f->len] = '\0';
}

static void
sends_a_whole_reply(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(xc_reply_header(&f->req, "X-Two", "2"), XC_OK);
	assert_int_equal(xc_reply_text(&f->req, 201, "text/plain", "hello",
	    5), XC_OK);
	assert_int_equal(xc_wire_reply(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_int_equal(f->records, 2);
	assert_string_equal(f->content, "Status: 201 Created\r\n"
	    "Content-Type: text/plain\r\nX-Two: 2\r\n"
	    "X-Request-Id: 0123456789abcdef\r\nContent-Length: 5\r\n\r\n"
	    "hello");
}

static void
leaves_bodies_out(void **state)
{
	struct fixture *f = *state;

	f->wire.head_only = true;
	assert_int_equal(xc_reply_text(&f->req, 200, "text/plain", "hello",
	    5), XC_OK);
	assert_int_equal(xc_wire_reply(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_non_null(strstr(f->content, "Content-Length: 5\r\n\r\n"));
	assert_null(strstr(f->content, "hello"));
}

static void
says_no_length_without_content(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(xc_reply_empty(&f->req, 204), XC_OK);
	assert_int_equal(xc_wire_reply(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_null(strstr(f->content, "Content-Length"));
	assert_null(strstr(f->content, "Content-Type"));
}

static void
sends_large_bodies(void **state)
{
	struct fixture *f = *state;
	size_t len = 200000, i;
	char *body = malloc(len);
	const char *p;

	assert_non_null(body);
	for (i = 0; i < len; i++)
		body[i] = (char)('a' + i % 23);
	assert_int_equal(xc_reply_text(&f->req, 200, "text/plain", body,
	    len), XC_OK);
	assert_int_equal(xc_wire_reply(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_int_equal(f->records, 5);
	p = strstr(f->content, "\r\n\r\n");
	assert_non_null(p);
	assert_int_equal(f->len - (size_t)(p + 4 - f->content), len);
	assert_memory_equal(p + 4, body, len);
	free(body);
}

static void
streams(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(xc_reply_begin(&f->req, 200, "text/plain"), XC_OK);
	receive(f);
	assert_int_equal(f->records, 0);
	assert_int_equal(xc_reply_write(&f->req, "one ", 4), XC_OK);
	receive(f);
	assert_int_equal(f->records, 1);
	assert_int_equal(xc_reply_write(&f->req, "two", 3), XC_OK);
	assert_int_equal(xc_wire_finish(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_non_null(strstr(f->content, "\r\n\r\none two"));
	assert_null(strstr(f->content, "Content-Length"));
}

static void
streams_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(xc_reply_begin(&f->req, 200, "text/plain"), XC_OK);
	assert_int_equal(xc_wire_finish(&f->wire, &f->req), XC_OK);
	receive(f);
	assert_true(f->ended);
	assert_non_null(strstr(f->content, "Status: 200 OK\r\n"));
}

static void
gives_up_on_a_silent_peer(void **state)
{
	struct fixture *f = *state;
	static char chunk[65536];
	enum xc_err err = XC_OK;
	int i;

	f->wire.timeout_ms = 20;
	assert_int_equal(xc_reply_begin(&f->req, 200, "text/plain"), XC_OK);
	for (i = 0; i < 1000 && err == XC_OK; i++)
		err = xc_reply_write(&f->req, chunk, sizeof(chunk));
	assert_int_equal(err, XC_ERR_TIMEOUT);
	assert_int_equal(xc_reply_write(&f->req, chunk, 1), XC_ERR_TIMEOUT);
	assert_int_equal(xc_wire_finish(&f->wire, &f->req), XC_ERR_TIMEOUT);
}

static void
notices_that_the_peer_is_gone(void **state)
{
	struct fixture *f = *state;

	close(f->pair[1]);
	assert_int_equal(xc_reply_text(&f->req, 200, "text/plain", "x", 1),
	    XC_OK);
	assert_int_equal(xc_wire_reply(&f->wire, &f->req), XC_ERR_IO);
	f->pair[1] = dup(0);
}

static void
makes_and_shares_a_scoreboard(void **state)
{
	struct xc_scoreboard *board, *again;
	struct xc_errbuf errbuf;
	int fd, other;

	(void)state;
	assert_int_equal(xc_scoreboard_create(5, &fd, &board, &errbuf),
	    XC_OK);
	assert_int_equal(board->n_workers, 5);
	atomic_store(&board->workers[4].requests, 77);
	assert_int_equal(xc_scoreboard_attach(fd, &again, &errbuf), XC_OK);
	assert_int_equal(atomic_load(&again->workers[4].requests), 77);
	assert_int_equal(ftruncate(fd, 0), -1);
	again->layout++;
	xc_scoreboard_detach(&again);
	assert_null(again);
	assert_int_equal(xc_scoreboard_attach(fd, &again, &errbuf),
	    XC_ERR_UNSUPPORTED);
	assert_null(again);
	other = dup(1);
	assert_int_not_equal(xc_scoreboard_attach(other, &again, &errbuf),
	    XC_OK);
	close(other);
	xc_scoreboard_detach(&board);
	close(fd);
	assert_string_equal(xc_worker_state_name(XC_WORKER_DRAINING),
	    "draining");
	assert_string_equal(xc_worker_state_name(99), "unknown");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(sends_a_whole_reply),
		CASE(leaves_bodies_out),
		CASE(says_no_length_without_content),
		CASE(sends_large_bodies),
		CASE(streams),
		CASE(streams_nothing),
		CASE(gives_up_on_a_silent_peer),
		CASE(notices_that_the_peer_is_gone),
		cmocka_unit_test(makes_and_shares_a_scoreboard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

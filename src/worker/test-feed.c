/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/feed.h"

/* "A=b" and the body "xyz". */
static const unsigned char request[] =
    "\1\1\0\1\0\10\0\0" "\0\1\1\0\0\0\0\0"
    "\1\4\0\1\0\4\4\0" "\1\1AbPPPP"
    "\1\4\0\1\0\0\0\0"
    "\1\5\0\1\0\3\5\0" "xyzPPPPP"
    "\1\5\0\1\0\0\0";

static enum xc_feed_mode
mode_of(void **state)
{
	return *(enum xc_feed_mode *)*state;
}

static void
finds_a_mode(void **state)
{
	enum xc_feed_mode mode = XC_FEED_MEMFD;
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(xc_feed_init(&mode, &errbuf), XC_OK);
	/* Debian's libfcgi calls OS_Read() through its table of symbols. */
	printf("libfcgi reads %s\n", mode == XC_FEED_DIRECT ? "through us"
	    : "a memfd");
	assert_int_equal(xc_feed_init(&mode, &errbuf), XC_OK);
}

static void
decodes(void **state)
{
	FCGX_Request fcgi;
	char body[4] = "";
	int pair[2], i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	xc_feed_open(&fcgi, pair[0]);
	for (i = 0; i < 3; i++) {
		memset(body, 0, sizeof(body));
		assert_int_equal(xc_feed_decode(mode_of(state), &fcgi,
		    request, sizeof(request), body, 3), XC_OK);
		assert_string_equal(FCGX_GetParam("A", fcgi.envp), "b");
		assert_string_equal(body, "xyz");
		assert_int_equal(fcgi.ipcFd, pair[0]);
		xc_feed_end(&fcgi);
	}
	close(pair[0]);
	close(pair[1]);
}

/* What it cannot decode fails at once, with the socket untouched: open, and
 * with nothing written to it or read from it. */
static void
fails_without_the_socket(void **state)
{
	FCGX_Request fcgi;
	unsigned char bytes[sizeof(request)];
	char body[8], more[8];
	int pair[2];
	size_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "rest", 4), 4);
	xc_feed_open(&fcgi, pair[0]);
	for (n = 0; n < sizeof(request); n++)
		assert_int_equal(xc_feed_decode(mode_of(state), &fcgi,
		    request, n, body, 3), XC_ERR_INVALID);
	/* Another length than it has, a version, a type. */
	assert_int_equal(xc_feed_decode(mode_of(state), &fcgi, request,
	    sizeof(request), body, 2), XC_ERR_INVALID);
	assert_int_equal(xc_feed_decode(mode_of(state), &fcgi, request,
	    sizeof(request), body, 4), XC_ERR_INVALID);
	memcpy(bytes, request, sizeof(bytes));
	bytes[0] = 2;
	assert_int_equal(xc_feed_decode(mode_of(state), &fcgi, bytes,
	    sizeof(bytes), body, 3), XC_ERR_INVALID);
	bytes[0] = 1;
	bytes[17] = 9;
	assert_int_equal(xc_feed_decode(mode_of(state), &fcgi, bytes,
	    sizeof(bytes), body, 3), XC_ERR_INVALID);
	assert_int_equal(fcgi.ipcFd, pair[0]);
	assert_true(fcntl(pair[0], F_GETFD) >= 0);
	assert_int_equal(recv(pair[0], more, sizeof(more), MSG_DONTWAIT), 4);
	assert_int_equal(recv(pair[1], more, sizeof(more), MSG_DONTWAIT),
	    -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[0]);
	close(pair[1]);
}

static int
count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
leaves_no_descriptor(void **state)
{
	int before = count_fds();

	decodes(state);
	fails_without_the_socket(state);
	assert_int_equal(count_fds(), before);
}

static void
decodes_large_bodies(void **state)
{
	static unsigned char bytes[200000];
	static char body[150000];
	FCGX_Request fcgi;
	size_t len = 48, at, n, i;	/* BEGIN, PARAMS, empty PARAMS */

	memset(body, 0, sizeof(body));
	len = 16 + 16 + 8;
	memcpy(bytes, request, len);
	for (at = 0; at < sizeof(body); at += n) {
		n = sizeof(body) - at < 65535 ? sizeof(body) - at : 65535;
		memcpy(bytes + len, "\1\5\0\1\0\0\0\0", 8);
		bytes[len + 4] = (unsigned char)(n >> 8);
		bytes[len + 5] = (unsigned char)n;
		len += 8;
		for (i = 0; i < n; i++)
			bytes[len++] = (unsigned char)((at + i) * 7);
	}
	memcpy(bytes + len, "\1\5\0\1\0\0\0\0", 8);
	len += 8;
	xc_feed_open(&fcgi, 0);
	assert_int_equal(xc_feed_decode(mode_of(state), &fcgi, bytes, len,
	    body, sizeof(body)), XC_OK);
	for (i = 0; i < sizeof(body); i++)
		assert_int_equal((unsigned char)body[i],
		    (unsigned char)(i * 7));
	xc_feed_end(&fcgi);
}

int
main(void)
{
	enum xc_feed_mode direct = XC_FEED_DIRECT, memfd = XC_FEED_MEMFD;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_mode),
		cmocka_unit_test_prestate(decodes, &direct),
		cmocka_unit_test_prestate(decodes, &memfd),
		cmocka_unit_test_prestate(fails_without_the_socket, &direct),
		cmocka_unit_test_prestate(fails_without_the_socket, &memfd),
		cmocka_unit_test_prestate(leaves_no_descriptor, &direct),
		cmocka_unit_test_prestate(leaves_no_descriptor, &memfd),
		cmocka_unit_test_prestate(decodes_large_bodies, &direct),
		cmocka_unit_test_prestate(decodes_large_bodies, &memfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The drivers, and libcurl against a server of our own on the loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "answer.h"
#include "http.h"

#define HEAD_MAX 65536

/* Answers each request by its path until it is closed. */
struct server {
	int fd;
	uint16_t port;
	pthread_t thread;
	_Atomic(int) conn;	/* the one that is open, or -1 */
	unsigned connections;
	unsigned requests;
	char in[HEAD_MAX];
	char last[HEAD_MAX];	/* the last request, head and body */
};

static void
say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
flood(int fd, const char *piece, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (send(fd, piece, strlen(piece), MSG_NOSIGNAL) < 0)
			return;
}

/* False: the connection ends. */
static bool
reply_to(int fd, const char *path)
{
	static const char odd[] = "3\r\na\0b\r\n0\r\nX-Trailer: 1\r\n\r\n";

	if (strncmp(path, "/slow ", 6) == 0) {
		char c;

		/* Until the client has had enough. */
		(void)!recv(fd, &c, 1, 0);
		return false;
	}
	if (strncmp(path, "/gone ", 6) == 0)
		return false;
	if (strncmp(path, "/noise ", 7) == 0) {
		say(fd, "SSH-2.0-nothing\r\n");
		return false;
	}
	if (strncmp(path, "/large ", 7) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n");
		flood(fd, "0123456789", 200);
	} else if (strncmp(path, "/endless ", 9) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n");
		flood(fd, "0123456789", 1000000);
		return false;
	} else if (strncmp(path, "/heads ", 7) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n");
		flood(fd, "X-More: 0123456789012345678901234567890\r\n",
		    100000);
		return false;
	} else if (strncmp(path, "/away ", 6) == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/"
		    "\r\nContent-Length: 0\r\n\r\n");
	} else if (strncmp(path, "/odd ", 5) == 0) {
		say(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
		    "HTTP/1.1 404 Not Found\r\nX-Odd:  a\tb \r\n"
		    "X ODD: no\r\nTransfer-Encoding: chunked\r\n\r\n");
		(void)!send(fd, odd, sizeof(odd) - 1, MSG_NOSIGNAL);
		return false;
	} else {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		    "Content-Length: 5\r\n\r\n");
		if (strncmp(path - 5, "HEAD ", 5) != 0)
			say(fd, "hello");
	}
	return strncmp(path - 5, "POST ", 5) != 0;
}

/* The whole request, which is then the last; false at the connection's end. */
static bool
receive(struct server *server, int fd)
{
	size_t used = 0, want = 0;
	const char *end, *length;
	ssize_t n;

	for (;;) {
		server->in[used] = '\0';
		end = strstr(server->in, "\r\n\r\n");
		if (end != NULL) {
			length = strstr(server->in, "Content-Length: ");
			want = (size_t)(end + 4 - server->in);
			if (length != NULL && length < end)
				want += strtoul(length + 16, NULL, 10);
			if (used >= want) {
				memcpy(server->last, server->in, used + 1);
				return true;
			}
		}
		n = recv(fd, server->in + used, HEAD_MAX - 1 - used, 0);
		if (n <= 0)
			return false;
		used += (size_t)n;
	}
}

static void *
serve_all(void *arg)
{
	struct server *server = arg;
	const char *path;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		server->connections++;
		server->conn = fd;
		while (receive(server, fd)) {
			server->requests++;
			path = strchr(server->last, ' ');
			if (path == NULL || !reply_to(fd, path + 1))
				break;
		}
		server->conn = -1;
		close(fd);
	}
	return NULL;
}

static int
set_up(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct server *server = calloc(1, sizeof(*server));
	socklen_t len = sizeof(address);

	assert_non_null(server);
	server->conn = -1;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address,
	    &len), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve_all,
	    server), 0);
	*state = server;
	return 0;
}

static int
tear_down(void **state)
{
	struct server *server = *state;

	/* accept() gives up, and recv() where a test has failed. */
	shutdown(server->fd, SHUT_RDWR);
	if (server->conn != -1)
		shutdown(server->conn, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	free(server);
	return 0;
}

/* A request as the front door hands it on. */
static struct xc_http_ask
ask_for(const char *method, char *url, const struct server *server,
    const char *path)
{
	struct xc_http_ask ask = {
		.method = method,
		.url = url,
		.timeout_ms = 5000,
		.reply_max = 1000,
		.named = true,
	};

	snprintf(url, 128, "http://127.0.0.1:%u%s", (unsigned)server->port,
	    path);
	return ask;
}

static struct xc_http_service
open_service(void)
{
	struct xc_http_service service;
	struct xc_errbuf errbuf;

	assert_int_equal(xc_http_open(&service, &errbuf), XC_OK);
	return service;
}

static void
test_get(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	const char *lines[] = { "X-Key: a b", "User-Agent: mine" };
	char url[128];

	ask = ask_for("GET", url, server, "/x?y=1");
	ask.headers = lines;
	ask.n_headers = 2;
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.body_len, 5);
	assert_string_equal(got.body, "hello");
	assert_int_equal(got.n_headers, 2);
	assert_string_equal(got.headers[0], "content-type: text/plain");
	free(got.memory);
	assert_memory_equal(server->last, "GET /x?y=1 HTTP/1.1\r\n", 21);
	assert_non_null(strstr(server->last, "\r\nX-Key: a b\r\n"));
	assert_non_null(strstr(server->last, "\r\nUser-Agent: mine\r\n"));
	assert_null(strstr(server->last, "Content-Type"));
	/* The next one goes over the same connection. */
	ask = ask_for("HEAD", url, server, "/");
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.body_len, 0);
	free(got.memory);
	assert_int_equal(server->connections, 1);
	xc_http_close(&service);
}

static void
test_post(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	unsigned i;
	char url[128];

	/* Each goes over a connection of its own. */
	for (i = 0; i < 2; i++) {
		ask = ask_for("POST", url, server, "/");
		ask.body = "a=1";
		ask.body_len = i == 0 ? 3 : 0;
		assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
		    XC_OK);
		free(got.memory);
		assert_non_null(strstr(server->last, i == 0 ?
		    "\r\nContent-Length: 3\r\n" :
		    "\r\nContent-Length: 0\r\n"));
		assert_null(strstr(server->last, "Content-Type"));
		assert_null(strstr(server->last, "Expect"));
		if (i == 0)
			assert_non_null(strstr(server->last, "\r\n\r\na=1"));
	}
	assert_int_equal(server->connections, 2);
	ask = ask_for("PATCH", url, server, "/gone");
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_UNCERTAIN);
	assert_null(got.memory);
	assert_int_equal(server->requests, 3);
	ask = ask_for("DELETE", url, server, "/gone");
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_UNAVAILABLE);
	assert_null(got.memory);
	xc_http_close(&service);
}

static enum xc_err
try(struct xc_http_service *service, const struct server *server,
    const char *path)
{
	struct xc_http_got got;
	struct xc_http_ask ask;
	char url[128];
	enum xc_err err;

	ask = ask_for("GET", url, server, path);
	ask.timeout_ms = strcmp(path, "/slow") == 0 ? 100 : 5000;
	err = service->ops->ask(service->ctx, &ask, &got);
	if (err == XC_OK)
		free(got.memory);
	else
		assert_null(got.memory);
	return err;
}

static void
test_faults(void **state)
{
	struct server *server = *state;
	struct server closed = { .port = 1 };
	struct xc_http_service service = open_service();

	assert_int_equal(try(&service, server, "/slow"), XC_ERR_TIMEOUT);
	assert_int_equal(try(&service, server, "/gone"), XC_ERR_UNAVAILABLE);
	assert_int_equal(try(&service, server, "/noise"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(try(&service, server, "/large"), XC_ERR_TOO_LARGE);
	assert_int_equal(try(&service, server, "/endless"),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(try(&service, server, "/heads"), XC_ERR_TOO_LARGE);
	assert_int_equal(try(&service, &closed, "/"), XC_ERR_UNAVAILABLE);
	assert_int_equal(try(&service, server, "/"), XC_OK);
	xc_http_close(&service);
}

static void
test_odd(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	char url[128];
	size_t i;

	ask = ask_for("GET", url, server, "/odd");
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_int_equal(got.status, 404);
	assert_int_equal(got.body_len, 3);
	assert_memory_equal(got.body, "a\0b", 4);
	for (i = 0; i < got.n_headers; i++) {
		assert_null(strstr(got.headers[i], "early"));
		assert_null(strstr(got.headers[i], "trailer"));
		assert_null(strchr(got.headers[i], '\t'));
	}
	assert_string_equal(got.headers[0], "x-odd:  a b");
	free(got.memory);
	/* A redirect is a reply. */
	ask = ask_for("GET", url, server, "/away");
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_int_equal(got.status, 302);
	assert_string_equal(got.headers[0],
	    "location: http://127.0.0.1:1/");
	free(got.memory);
	xc_http_close(&service);
}

/* Where no permission names the host, this machine is out of reach, also over
 * a connection that another request has left open. */
static void
test_not_public(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	char url[128];

	ask = ask_for("GET", url, server, "/");
	ask.named = false;
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_DENIED);
	assert_int_equal(server->connections, 0);
	snprintf(url, sizeof(url), "http://localhost:%u/",
	    (unsigned)server->port);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_DENIED);
	snprintf(url, sizeof(url), "http://2130706433:%u/",
	    (unsigned)server->port);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_DENIED);
	assert_int_equal(try(&service, server, "/"), XC_OK);
	ask = ask_for("GET", url, server, "/");
	ask.named = false;
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_DENIED);
	assert_int_equal(server->requests, 1);
	xc_http_close(&service);
}

/* A name that a permission names, and whose owner has it lead to us. */
static void
test_led_home(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	char url[128];

	ask = ask_for("GET", url, server, "/");
	assert_true(ask.named);
	/* As good as any name: libcurl makes 127.0.0.1 of it. */
	snprintf(url, sizeof(url), "http://2130706433:%u/",
	    (unsigned)server->port);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_DENIED);
	assert_int_equal(server->connections, 0);
	snprintf(url, sizeof(url), "http://localhost:%u/",
	    (unsigned)server->port);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	free(got.memory);
	xc_http_close(&service);
}

static void
test_local(void **state)
{
	static const char *const local[] = { "127.0.0.1", "127.9.9.9",
		"0.0.0.0", "169.254.169.254", "::1", "::", "fe80::1",
		"::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "nothing" };
	static const char *const other[] = { "10.0.0.1", "192.168.1.1",
		"8.8.8.8", "fd00::1", "2600::1", "::ffff:10.0.0.1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		assert_true(xc_address_text_is_local(local[i]));
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(xc_address_text_is_local(other[i]));
}

/* It is not asked, so that the request would be seen. */
static void
test_no_proxy(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u",
	    (unsigned)server->port + 1);
	setenv("http_proxy", proxy, 1);
	setenv("all_proxy", proxy, 1);
	assert_int_equal(try(&service, server, "/"), XC_OK);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	xc_http_close(&service);
}

/* No TLS there; and it is no reason to go on without. */
static void
test_tls(void **state)
{
	struct server *server = *state;
	struct xc_http_service service = open_service();
	struct xc_http_got got;
	struct xc_http_ask ask;
	char url[128];

	ask = ask_for("POST", url, server, "/");
	ask.timeout_ms = 500;
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/",
	    (unsigned)server->port);
	assert_int_not_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_OK);
	assert_int_equal(server->requests, 0);
	xc_http_close(&service);
}

static void
test_addresses(void **state)
{
	static const char *const public[] = { "1.1.1.1", "8.8.8.8",
		"172.15.0.1", "172.32.0.1", "100.128.0.1", "192.169.0.1",
		"223.255.255.254", "2606:4700::1", "2a00:1450::1",
		"::ffff:1.1.1.1", "64:ff9b::8.8.8.8" };
	static const char *const other[] = { "0.0.0.0", "10.1.2.3",
		"100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1",
		"198.18.0.1", "198.19.255.255", "203.0.113.9", "224.0.0.1",
		"255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
		"fd12::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
		"64:ff9b::10.0.0.1", "64:ff9b:1::1", "2001::1", "2001:db8::1",
		"2002:7f00:1::1", "3fff::1", "", "localhost", "1.1.1.1 " };
	struct sockaddr_storage nothing = { .ss_family = AF_UNIX };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		assert_true(xc_address_text_is_public(public[i]));
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(xc_address_text_is_public(other[i]));
	assert_false(xc_address_is_public((struct sockaddr *)&nothing));
}

static void
test_fake(void **state)
{
	static const struct xc_http_step steps[] = {
		{ .method = "GET", .url = "http://a/", .status = 200,
		    .reply = "x" },
		{ .err = XC_ERR_TIMEOUT },
	};
	struct xc_http_ask ask = { .method = "GET", .url = "http://a/",
		.reply_max = 10 };
	struct xc_http_service service;
	struct xc_errbuf why;
	struct xc_http_got got;

	(void)state;
	assert_int_equal(xc_http_fake(steps, 2, &service), XC_OK);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_string_equal(got.body, "x");
	free(got.memory);
	assert_false(xc_http_fake_done(&service, &why));
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_TIMEOUT);
	assert_true(xc_http_fake_done(&service, &why));
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_STATE);
	assert_false(xc_http_fake_done(&service, &why));
	xc_http_close(&service);
	assert_int_equal(xc_http_failing(XC_ERR_TIMEOUT, 1, &service),
	    XC_OK);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got), XC_OK);
	assert_int_equal(got.status, 204);
	assert_string_equal(got.body, "");
	free(got.memory);
	assert_int_equal(service.ops->ask(service.ctx, &ask, &got),
	    XC_ERR_TIMEOUT);
	xc_http_close(&service);
	xc_http_close(&service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_post, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_odd, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_public, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_no_proxy, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_tls, set_up, tear_down),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_local),
		cmocka_unit_test_setup_teardown(test_led_home, set_up,
		    tear_down),
		cmocka_unit_test(test_fake),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}

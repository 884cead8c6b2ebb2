/* SPDX-License-Identifier: MIT */
/* A process that listens, and one for each connection. */
#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COM_QUERY	3
#define HEADER		4	/* of a packet: its length, its number */
#define CAN_TLS		0x08	/* in the second byte of what it can */

static bool
send_all(int fd, const unsigned char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
is_commit(const unsigned char *data, size_t len)
{
	return len == HEADER + 7 && data[HEADER] == COM_QUERY &&
	    memcmp(data + HEADER + 1, "COMMIT", 6) == 0;
}

static bool
refuse(int driver, unsigned number)
{
	unsigned char packet[64];
	int len = snprintf((char *)packet + HEADER + 3,
	    sizeof(packet) - HEADER - 3, "#40001not now");

	memset(packet, 0, HEADER);
	packet[0] = (unsigned char)(len + 3);
	packet[3] = 1;
	packet[HEADER] = 0xff;
	packet[HEADER + 1] = (unsigned char)number;
	packet[HEADER + 2] = (unsigned char)(number >> 8);
	return send_all(driver, packet, (size_t)len + HEADER + 3);
}

/* In the server's place, to who has just said his name. */
static bool
ask_clear(int driver, const unsigned char *data)
{
	static const char word[] = "mysql_clear_password";
	unsigned char packet[HEADER + 1 + sizeof(word)] = {
		1 + sizeof(word), 0, 0, (unsigned char)(data[3] + 1), 0xfe };

	memcpy(packet + HEADER + 1, word, sizeof(word));
	return send_all(driver, packet, sizeof(packet));
}

/* The driver says one thing at a time, and a COMMIT in one piece. */
static bool
from_driver(struct proxy_orders *orders, int driver, int server)
{
	unsigned char data[16384];
	ssize_t n = recv(driver, data, sizeof(data), 0);
	size_t room = PROXY_SEEN_MAX - orders->n_seen;

	if (n <= 0)
		return false;
	if (room > (size_t)n)
		room = (size_t)n;
	memcpy(orders->seen + orders->n_seen, data, room);
	orders->n_seen += room;
	if (orders->ask_clear && n > HEADER)
		return ask_clear(driver, data);
	if (!is_commit(data, (size_t)n))
		return send_all(server, data, (size_t)n);
	if (orders->refusals > 0) {
		orders->refusals--;
		return refuse(driver, orders->number);
	}
	orders->commits++;
	if (!send_all(server, data, (size_t)n))
		return false;
	if (orders->cuts == 0)
		return true;
	orders->cuts--;
	(void)recv(server, data, sizeof(data), 0);
	return false;
}

/* What the server can stands behind its version, a number and eight bytes. */
static void
hide_tls(unsigned char *data, size_t len)
{
	size_t at = HEADER + 1;

	while (at < len && data[at] != '\0')
		at++;
	at += 1 + 4 + 8 + 1;
	if (at + 1 < len)
		data[at + 1] &= (unsigned char)~CAN_TLS;
}

static bool
from_server(const struct proxy_orders *orders, int server, int driver,
    bool *greeted)
{
	unsigned char data[16384];
	ssize_t n = recv(server, data, sizeof(data), 0);

	if (n <= 0)
		return false;
	if (!*greeted && orders->without_tls)
		hide_tls(data, (size_t)n);
	*greeted = true;
	return send_all(driver, data, (size_t)n);
}

static void
serve(struct proxy_orders *orders, int driver, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pollfd fds[2] = { { .fd = driver, .events = POLLIN },
		{ .fd = socket(AF_UNIX, SOCK_STREAM, 0), .events = POLLIN } };
	bool go_on = true, greeted = false;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fds[1].fd, (struct sockaddr *)&address,
	    sizeof(address)) != 0)
		return;
	while (go_on && poll(fds, 2, -1) > 0) {
		if (fds[0].revents != 0)
			go_on = from_driver(orders, driver, fds[1].fd);
		if (go_on && fds[1].revents != 0)
			go_on = from_server(orders, fds[1].fd, driver,
			    &greeted);
	}
}

static _Noreturn void
listen_for(const struct proxy *proxy, int fd, const char *path)
{
	int driver;

	signal(SIGCHLD, SIG_IGN);
	/* Should the test die without a word. */
	alarm(600);
	while ((driver = accept(fd, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			close(fd);
			alarm(600);
			serve(proxy->orders, driver, path);
			_exit(0);
		}
		close(driver);
	}
	_exit(1);
}

void
proxy_begin(struct proxy *proxy, const char *path)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len),
	    0);
	proxy->port = ntohs(address.sin_port);
	proxy->orders = mmap(NULL, sizeof(*proxy->orders),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(proxy->orders != MAP_FAILED);
	proxy->pid = fork();
	assert_true(proxy->pid >= 0);
	if (proxy->pid == 0)
		listen_for(proxy, fd, path);
	close(fd);
}

void
proxy_end(struct proxy *proxy)
{
	kill(proxy->pid, SIGKILL);
	(void)waitpid(proxy->pid, NULL, 0);
	munmap(proxy->orders, sizeof(*proxy->orders));
	memset(proxy, 0, sizeof(*proxy));
}

bool
proxy_saw(const struct proxy *proxy, const char *text)
{
	return memmem(proxy->orders->seen, proxy->orders->n_seen, text,
	    strlen(text)) != NULL;
}

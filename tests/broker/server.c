/* SPDX-License-Identifier: MIT */
/*
 * Another server, for the test of this folder: writes its port, then answers
 * each request with its method, path, header X-Asked and body as JSON, or
 * not at all (/slow), or with what it is sent away to (/away).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 16384

static char in[ROOM];

/* A whole request; false at the connection's end. */
static int
receive(int fd)
{
	size_t used = 0, want;
	const char *end, *length;
	ssize_t n;

	for (;;) {
		in[used] = '\0';
		end = strstr(in, "\r\n\r\n");
		if (end != NULL) {
			length = strstr(in, "Content-Length: ");
			want = (size_t)(end + 4 - in);
			if (length != NULL && length < end)
				want += strtoul(length + 16, NULL, 10);
			if (used >= want)
				return 1;
		}
		n = recv(fd, in + used, ROOM - 1 - used, 0);
		if (n <= 0)
			return 0;
		used += (size_t)n;
	}
}

static void
answer(int fd)
{
	const char *asked = strstr(in, "X-Asked: ");
	const char *body = strstr(in, "\r\n\r\n") + 4;
	char text[1024], head[256];
	int len;

	len = snprintf(text, sizeof(text), "%.*s|%.*s|%.400s",
	    (int)strcspn(in, "\r"), in,
	    asked != NULL ? (int)strcspn(asked, "\r") : 0,
	    asked != NULL ? asked : "", body);
	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Type: "
	    "text/plain\r\nLocation: http://127.0.0.1:1/\r\n"
	    "Content-Length: %d\r\n\r\n",
	    strstr(in, " /away ") != NULL ? "302 Found" : "200 OK", len);
	(void)!send(fd, head, strlen(head), MSG_NOSIGNAL);
	(void)!send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

static void
serve(int fd)
{
	char c;

	while (receive(fd)) {
		if (strstr(in, " /slow ") != NULL) {
			(void)!recv(fd, &c, 1, 0);
			return;
		}
		answer(fd);
	}
}

int
main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int conn;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 1;
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	/* One process for each connection: a worker keeps its own open. */
	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			close(fd);
			alarm(120);
			serve(conn);
			_exit(0);
		}
		close(conn);
	}
	return 0;
}

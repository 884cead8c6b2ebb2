/* SPDX-License-Identifier: MIT */
/*
 * Listens at an abstract unix address until it is killed, for attacks that
 * want to reach one:
 *
 *	listen NAME
 *
 * Prints a line when it does.  Who connects is hung up on.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = argc == 2 ? strlen(argv[1]) : 0;
	int fd, peer;

	if (len == 0 || len + 1 > sizeof(address.sun_path)) {
		fprintf(stderr, "usage: listen NAME\n");
		return 2;
	}
	memcpy(address.sun_path + 1, argv[1], len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (const void *)&address, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + 1 + len)) != 0 ||
	    listen(fd, 8) != 0) {
		perror("listen");
		return 1;
	}
	puts("listens");
	fflush(stdout);
	while ((peer = accept(fd, NULL, NULL)) != -1 || errno == EINTR ||
	    errno == ECONNABORTED) {
		if (peer != -1)
			close(peer);
	}
	perror("accept");
	return 1;
}

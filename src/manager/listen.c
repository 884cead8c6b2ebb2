/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "manager/listen.h"

#ifndef RUNSTATEDIR
#define RUNSTATEDIR "/run"
#endif
#define FIRST_PASSED_FD 3	/* of sd_listen_fds(3) */

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 &&
	    on != 0;
}

/* Whether the environment's number is our pid (or, for a count, above 0). */
static bool
passed_to_us(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");

	if (fds == NULL || atoi(fds) < 1)
		return false;
	return pid == NULL || atoi(pid) == (int)getpid();
}

static void
take_passed(struct xc_listen *listen)
{
	bool passed = passed_to_us();

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!passed)
		return;
	listen->activated = true;
	if (!is_listening(STDIN_FILENO) && is_listening(FIRST_PASSED_FD))
		(void)dup2(FIRST_PASSED_FD, STDIN_FILENO);
}

/* Remembers the file of a unix socket as it is now. */
static void
note_file(struct xc_listen *listen, const struct sockaddr_un *name)
{
	char resolved[PATH_MAX];
	struct stat st;

	if (name->sun_path[0] == '\0' ||
	    realpath(name->sun_path, resolved) == NULL ||
	    strlen(resolved) >= sizeof(listen->path) ||
	    lstat(resolved, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	strcpy(listen->path, resolved);
	listen->dev = st.st_dev;
	listen->ino = st.st_ino;
}

enum xc_err
xc_listen_take(struct xc_listen *listen, struct xc_errbuf *errbuf)
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr_un name;
	} address;
	socklen_t len = sizeof(address);
	int flags;

	*listen = (struct xc_listen){ .family = AF_UNSPEC };
	take_passed(listen);
	if (!is_listening(STDIN_FILENO))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "descriptor 0 is not a listening socket; start xcored "
		    "so: spawn-fcgi -s " RUNSTATEDIR "/xcore/xcore.sock -- "
		    "xcored -c FILE");
	memset(&address, 0, sizeof(address));
	if (getsockname(STDIN_FILENO, (struct sockaddr *)&address.storage,
		&len) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "getsockname: %s",
		    strerror(errno));
	listen->family = address.storage.ss_family;
	if (listen->family == AF_UNIX)
		note_file(listen, &address.name);
	flags = fcntl(STDIN_FILENO, F_GETFL);
	if (flags == -1 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "fcntl: %s",
		    strerror(errno));
	return XC_OK;
}

void
xc_listen_describe(const struct xc_listen *listen, char *text_r, size_t size)
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "?";

	memset(&address, 0, sizeof(address));
	(void)getsockname(STDIN_FILENO, (struct sockaddr *)&address.storage,
	    &len);
	if (listen->family == AF_INET) {
		inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
		snprintf(text_r, size, "%s:%u", host,
		    ntohs(address.v4.sin_port));
	} else if (listen->family == AF_INET6) {
		inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
		snprintf(text_r, size, "[%s]:%u", host,
		    ntohs(address.v6.sin6_port));
	} else {
		snprintf(text_r, size, "unix:%s", listen->path);
	}
}

void
xc_listen_unlink(const struct xc_listen *listen)
{
	struct stat st;

	if (listen->activated || listen->path[0] == '\0' ||
	    lstat(listen->path, &st) == -1)
		return;
	if (st.st_dev == listen->dev && st.st_ino == listen->ino)
		(void)unlink(listen->path);
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/link.h"

/* The most that one message carries: four, two more, three for each slot. */
#define FDS_MAX (6 + 3 * XC_SLOTS_MAX)
#define BACKLOG 256

/* Aligned for the headers that it is read by. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* sendmsg(2) changes nothing in what it is given to read. */
static struct iovec
piece(const void *data, size_t size)
{
	union {
		const void *in;
		void *out;
	} u = { .in = data };
	struct iovec iov = { .iov_base = u.out, .iov_len = size };

	return iov;
}

static enum xc_err
error_of(int number)
{
	if (number == EAGAIN || number == EWOULDBLOCK || number == ENOBUFS)
		return XC_ERR_BUSY;
	return XC_ERR_IO;
}

static void
attach(struct msghdr *msg, union control *control, const int *fds,
    size_t n_fds)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control->bytes;
	msg->msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	header = CMSG_FIRSTHDR(msg);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
	memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
}

enum xc_err
xc_link_send_fds(int fd, const void *message, size_t size, const int *fds,
    size_t n_fds)
{
	struct iovec iov = piece(message, size);
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (n_fds > FDS_MAX)
		return XC_ERR_INVALID;
	if (n_fds > 0)
		attach(&msg, &control, fds, n_fds);
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_of(errno);
	return (size_t)n == size ? XC_OK : XC_ERR_IO;
}

/* Takes the descriptors of one control message; false: too many. */
static bool
take_fds(const struct cmsghdr *header, int *fds, size_t max, size_t *n)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	bool fit = true;
	int fd;

	for (i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
		if (*n < max) {
			fds[(*n)++] = fd;
		} else {
			close(fd);
			fit = false;
		}
	}
	return fit;
}

static bool
take_control(struct msghdr *msg, int *fds, size_t max, size_t *n)
{
	struct cmsghdr *header;
	bool fit = true;

	for (header = CMSG_FIRSTHDR(msg); header;
	    header = CMSG_NXTHDR(msg, header)) {
		if (header->cmsg_level == SOL_SOCKET &&
		    header->cmsg_type == SCM_RIGHTS &&
		    !take_fds(header, fds, max, n))
			fit = false;
	}
	return fit;
}

static void
close_all(const int *fds, size_t *n)
{
	while (*n > 0)
		close(fds[--*n]);
}

enum xc_err
xc_link_receive(int fd, void *message_r, size_t size, size_t *len_r,
    int *fds_r, size_t max_fds, size_t *n_fds_r)
{
	struct iovec iov = { .iov_base = message_r, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	bool fit;
	ssize_t n;

	*len_r = *n_fds_r = 0;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_of(errno);
	fit = take_control(&msg, fds_r, max_fds, n_fds_r);
	if (!fit || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		close_all(fds_r, n_fds_r);
		return XC_ERR_INVALID;
	}
	if (n == 0) {
		close_all(fds_r, n_fds_r);
		return XC_ERR_IO;
	}
	*len_r = (size_t)n;
	return XC_OK;
}

/* With a suffix that is part of what must fit. */
static enum xc_err
make_address(const char *path, const char *suffix,
    struct sockaddr_un *address_r, struct xc_errbuf *errbuf)
{
	size_t room = sizeof(address_r->sun_path) - 1;

	memset(address_r, 0, sizeof(*address_r));
	address_r->sun_family = AF_UNIX;
	if (strlen(path) + strlen(".new") > room)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is longer than %zu characters, which the name of a "
		    "unix socket cannot be: choose a shorter server.run_dir",
		    path, room - strlen(".new"));
	snprintf(address_r->sun_path, sizeof(address_r->sun_path), "%s%s",
	    path, suffix);
	return XC_OK;
}

static int
make_socket(struct xc_errbuf *errbuf)
{
	int fd = socket(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		(void)xc_fail(errbuf, XC_ERR_IO, "socket: %s",
		    strerror(errno));
	return fd;
}

enum xc_err
xc_link_connect(const char *path, int *fd_r, struct xc_errbuf *errbuf)
{
	struct sockaddr_un address;
	enum xc_err err = make_address(path, "", &address, errbuf);
	int fd;

	*fd_r = -1;
	if (err != XC_OK)
		return err;
	fd = make_socket(errbuf);
	if (fd < 0)
		return XC_ERR_IO;
	/* Not blocking: one who does not accept must not hold us up. */
	if (connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) < 0) {
		err = xc_fail(errbuf, error_of(errno),
		    "the sandbox spawner does not answer on %s: %s", path,
		    strerror(errno));
		close(fd);
		return err;
	}
	*fd_r = fd;
	return XC_OK;
}

static enum xc_err
bind_over(int fd, const struct sockaddr_un *address, const char *path,
    struct xc_errbuf *errbuf)
{
	(void)unlink(address->sun_path);
	/* Before bind(2): the file has this mode from the beginning. */
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address,
	    sizeof(*address)) < 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot bind %s: %s",
		    address->sun_path, strerror(errno));
	if (chmod(address->sun_path, 0600) == 0 && listen(fd, BACKLOG) == 0 &&
	    rename(address->sun_path, path) == 0)
		return XC_OK;
	(void)xc_fail(errbuf, XC_ERR_IO, "cannot listen on %s: %s", path,
	    strerror(errno));
	(void)unlink(address->sun_path);
	return XC_ERR_IO;
}

/* What lay at the path is replaced in one step: whoever connects reaches
 * either the old or the new one. */
enum xc_err
xc_link_listen(const char *path, int *fd_r, struct xc_errbuf *errbuf)
{
	struct sockaddr_un address;
	enum xc_err err = make_address(path, ".new", &address, errbuf);
	int fd;

	*fd_r = -1;
	if (err != XC_OK)
		return err;
	fd = make_socket(errbuf);
	if (fd < 0)
		return XC_ERR_IO;
	err = bind_over(fd, &address, path, errbuf);
	if (err != XC_OK) {
		close(fd);
		return err;
	}
	*fd_r = fd;
	return XC_OK;
}

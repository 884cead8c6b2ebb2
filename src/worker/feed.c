/* SPDX-License-Identifier: MIT */
#include "worker/feed.h"

#include <errno.h>
#include <fcgios.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The bytes that libfcgi finds on fd now; fd -1: it reads for itself. */
static struct {
	int fd;
	const unsigned char *at;
	size_t left;
} fed = { .fd = -1 };

int
OS_Read(int fd, char *buf, size_t len)
{
	if (fd < 0 || fd != fed.fd)
		return (int)read(fd, buf, len);
	if (len > fed.left)
		len = fed.left;
	if (len > 0)
		memcpy(buf, fed.at, len);
	fed.at += len;
	fed.left -= len;
	return (int)len;	/* 0 at the end: never blocks */
}

/* The reply is ours to write, and the connection ours to close: libfcgi
 * would do either only on input that we refuse before. */
int
OS_Write(int fd, char *buf, size_t len)
{
	if (fd < 0 || fd != fed.fd)
		return (int)write(fd, buf, len);
	errno = EBADF;
	return -1;
}

int
OS_IpcClose(int fd, int shutdown)
{
	(void)shutdown;
	return fd < 0 || fd == fed.fd ? 0 : close(fd);
}

void
xc_feed_open(FCGX_Request *fcgi, int fd)
{
	FCGX_InitRequest(fcgi, -1, 0);
	fcgi->ipcFd = fd;
}

static int
fill_memfd(const unsigned char *bytes, size_t len)
{
	int fd = memfd_create("xcore-request", MFD_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	while (len > 0) {
		n = write(fd, bytes, len);
		if (n < 0) {
			close(fd);
			return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* FCGX_GetStr() takes an int. */
static size_t
read_body(FCGX_Stream *in, char *body, size_t len)
{
	size_t got = 0;
	int n;

	while (got < len) {
		n = FCGX_GetStr(body + got,
		    len - got > INT_MAX ? INT_MAX : (int)(len - got), in);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* A request counts only if libfcgi too came to its end, without an error. */
static enum xc_err
decode(FCGX_Request *fcgi, char *body, size_t body_len)
{
	char more;

	if (FCGX_Accept_r(fcgi) != 0)
		return XC_ERR_INVALID;
	if (FCGX_GetError(fcgi->in) == 0 &&
	    read_body(fcgi->in, body, body_len) == body_len &&
	    FCGX_GetStr(&more, 1, fcgi->in) == 0 &&
	    FCGX_HasSeenEOF(fcgi->in) && FCGX_GetError(fcgi->in) == 0)
		return XC_OK;
	FCGX_Free(fcgi, 0);
	return XC_ERR_INVALID;
}

enum xc_err
xc_feed_decode(enum xc_feed_mode mode, FCGX_Request *fcgi,
    const unsigned char *bytes, size_t len, char *body, size_t body_len)
{
	int fd = fcgi->ipcFd;
	enum xc_err err;

	if (mode == XC_FEED_MEMFD) {
		fcgi->ipcFd = fill_memfd(bytes, len);
		if (fcgi->ipcFd < 0) {
			fcgi->ipcFd = fd;
			return XC_ERR_IO;
		}
	} else {
		fed.fd = fd;
		fed.at = bytes;
		fed.left = len;
	}
	/* Without the first, libfcgi closes the connection before it reads;
	 * without the second, it lingers for 2 s on an error. */
	fcgi->keepConnection = 1;
	fcgi->detached = 1;
	err = decode(fcgi, body, body_len);
	if (mode == XC_FEED_MEMFD && fcgi->ipcFd >= 0)
		close(fcgi->ipcFd);
	fed.fd = -1;
	fcgi->ipcFd = fd;
	return err;
}

void
xc_feed_end(FCGX_Request *fcgi)
{
	FCGX_Free(fcgi, 0);
}

/* BEGIN, PARAMS with XC=1, both ends; then a body of one byte. */
static const unsigned char probe[] =
    "\1\1\0\1\0\10\0\0" "\0\1\1\0\0\0\0\0"
    "\1\4\0\1\0\5\0\0" "\2\1XC1"
    "\1\4\0\1\0\0\0\0"
    "\1\5\0\1\0\1\0\0" "b"
    "\1\5\0\1\0\0\0";	/* the last byte is the string's own NUL */

static enum xc_err
try_mode(enum xc_feed_mode mode)
{
	FCGX_Request fcgi;
	const char *value;
	char body = 0;
	/* An end at once, if libfcgi reads it itself. */
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	enum xc_err err;

	if (fd < 0)
		return XC_ERR_IO;
	xc_feed_open(&fcgi, fd);
	err = xc_feed_decode(mode, &fcgi, probe, sizeof(probe), &body, 1);
	if (err == XC_OK) {
		value = FCGX_GetParam("XC", fcgi.envp);
		if (!value || strcmp(value, "1") != 0 || body != 'b')
			err = XC_ERR_INVALID;
		xc_feed_end(&fcgi);
	}
	/* libfcgi may have closed it, where it does not ask us: then this
	 * fails, and nothing else has the number yet. */
	close(fd);
	return err;
}

enum xc_err
xc_feed_init(enum xc_feed_mode *mode_r, struct xc_errbuf *errbuf)
{
	if (FCGX_Init() != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "libfcgi cannot be initialised");
	for (*mode_r = XC_FEED_DIRECT; *mode_r <= XC_FEED_MEMFD; (*mode_r)++)
		if (try_mode(*mode_r) == XC_OK)
			return XC_OK;
	*mode_r = XC_FEED_MEMFD;
	return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
	    "this libfcgi does not decode a plain request: it must be 2.4.2 "
	    "or later");
}

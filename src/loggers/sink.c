/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sink.h"

#define PIPE_WAIT_MS	100
#define WARN_EVERY_S	10

static struct {
	enum xc_log_sink kind;
	char file[PATH_MAX];
	int fd;			/* of the file, or STDERR_FILENO */
	bool regular;		/* never needs waiting for */
	bool stuck;		/* the last record found it full */
	bool torn;		/* the last record stands there by half */
	unsigned long lost;	/* since the last warning */
	time_t warned;
} sink = { .kind = XC_LOG_STDERR, .fd = STDERR_FILENO };

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void
use(enum xc_log_sink kind, int fd)
{
	if (sink.fd != STDERR_FILENO)
		close(sink.fd);
	sink.kind = kind;
	sink.fd = fd;
	sink.regular = is_regular(fd);
	sink.stuck = sink.torn = false;
}

static enum xc_err
open_file(const char *file, int *fd_r, struct xc_errbuf *errbuf)
{
	*fd_r = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0640);
	if (*fd_r < 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot open the log file %s: %s; make its folder "
		    "writable for us, or set log.file", file,
		    strerror(errno));
	return XC_OK;
}

enum xc_err
xc_sink_open(enum xc_log_sink kind, const char *file, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	int fd = STDERR_FILENO;

	if (kind == XC_LOG_FILE) {
		if (file == NULL || *file == '\0')
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "log.sink is \"file\" but log.file is empty");
		if (strlen(file) >= sizeof(sink.file))
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "log.file is longer than %zu bytes",
			    sizeof(sink.file) - 1);
		err = open_file(file, &fd, errbuf);
		if (err != XC_OK)
			return err;
		/* file may be our own copy of it. */
		memmove(sink.file, file, strlen(file) + 1);
	}
	use(kind, fd);
	return XC_OK;
}

enum xc_err
xc_sink_reopen(struct xc_errbuf *errbuf)
{
	if (sink.kind != XC_LOG_FILE)
		return XC_OK;
	return xc_sink_open(XC_LOG_FILE, sink.file, errbuf);
}

void
xc_sink_close(void)
{
	use(XC_LOG_STDERR, STDERR_FILENO);
}

enum xc_log_sink
xc_sink_kind(void)
{
	return sink.kind;
}

bool
xc_sink_is_terminal(void)
{
	return sink.kind != XC_LOG_SYSLOG && isatty(sink.fd) == 1;
}

/* Whether a pipe, socket or terminal takes a record now. */
static bool
wait_writable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int rc;

	rc = poll(&pfd, 1, sink.stuck ? 0 : PIPE_WAIT_MS);
	sink.stuck = rc == 0;
	return rc > 0 && (pfd.revents & POLLOUT) != 0;
}

static bool
write_once(int fd, const char *data, size_t len)
{
	ssize_t n;
	int tries = 0;

	if (sink.torn && write(fd, "\n", 1) == 1)
		sink.torn = false;
	do {
		n = write(fd, data, len);
	} while (n < 0 && errno == EINTR && ++tries < 10);
	if (n > 0 && (size_t)n < len)
		sink.torn = true;
	return n >= 0 && (size_t)n == len;
}

static void
warn_lost(int saved_errno)
{
	struct timespec now;
	char text[256];
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (sink.warned != 0 && now.tv_sec - sink.warned < WARN_EVERY_S)
		return;
	sink.warned = now.tv_sec;
	n = snprintf(text, sizeof(text), "xcore: %lu log record%s could not "
	    "be written to %.100s: %s\n", sink.lost, sink.lost == 1 ? "" : "s",
	    sink.kind == XC_LOG_FILE ? sink.file : "stderr",
	    strerror(saved_errno));
	sink.lost = 0;
	if (n > 0 && (size_t)n < sizeof(text) && wait_writable(STDERR_FILENO))
		(void)!write(STDERR_FILENO, text, (size_t)n);
}

void
xc_sink_write(const char *data, size_t len)
{
	int saved_errno = errno, why = EAGAIN;

	if (sink.regular || wait_writable(sink.fd)) {
		if (write_once(sink.fd, data, len)) {
			errno = saved_errno;
			return;
		}
		why = errno;
	}
	sink.lost++;
	warn_lost(why);
	if (sink.kind == XC_LOG_FILE && wait_writable(STDERR_FILENO))
		(void)!write(STDERR_FILENO, data, len);
	errno = saved_errno;
}

/* SPDX-License-Identifier: MIT */
/*
 * Waiting for an answer.  The library would wait for as long as the caller has
 * time.  We look up now and then: if others have found out that the server does
 * not answer, there is nothing to wait for; if nobody has heard from it for a
 * while, we find out.  So a statement that takes its time is waited for, a
 * server that hangs is not.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "connection-private.h"

#define PATIENCE_MAX_MS	8000
#define TLS_SLICE_US	10000

static struct xc_wait *
wait_of(MARIADB_PVIO *pvio)
{
	/* The methods are its first member. */
	return (struct xc_wait *)pvio->methods;
}

/* Whether the server turned out to be gone. */
static bool
is_gone(struct xc_connection *c, int64_t since_ms, int64_t *patience_ms)
{
	int64_t probe_ms = xc_connection_probe_ms(c);
	int64_t now;

	if (c->trial)
		return false;
	if (xc_breaker_is_open(c->breaker))
		return true;
	if (!xc_breaker_doubts(c->breaker, since_ms, *patience_ms, probe_ms))
		return false;
	now = xc_connection_now_ms();
	if (xc_connection_greets(c, probe_ms)) {
		xc_connection_heard(c);
		/* Of one that takes long we need not hear as often. */
		if (*patience_ms < PATIENCE_MAX_MS)
			*patience_ms *= 2;
		return false;
	}
	return xc_connection_unheard(c, now, true, "a statement waits, and a "
	    "new connection is not greeted");
}

/* False, with errno set, if it is not to be waited for any longer. */
static bool
wait_for(struct xc_connection *c, MARIADB_PVIO *pvio, short events)
{
	struct pollfd pfd = { .fd = (int)mysql_get_socket(c->mysql),
		.events = events };
	int limit = pvio->timeout[events == POLLIN ? PVIO_READ_TIMEOUT :
	    PVIO_WRITE_TIMEOUT];
	int64_t since_ms = xc_connection_now_ms(), left;
	int64_t limit_ms = limit > 0 ? limit : INT64_MAX;
	int64_t patience_ms = XC_BREAKER_PATIENCE_MS;
	int n;

	for (left = limit_ms;;) {
		n = poll(&pfd, 1, (int)(left < XC_WAIT_SLICE_MS ? left :
		    XC_WAIT_SLICE_MS));
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
		left = limit_ms - (xc_connection_now_ms() - since_ms);
		if (left <= 0 || is_gone(c, since_ms, &patience_ms)) {
			errno = ETIMEDOUT;
			return false;
		}
	}
}

static ssize_t
wait_and_read(MARIADB_PVIO *pvio, uchar *to, size_t size)
{
	struct xc_wait *wait = wait_of(pvio);
	ssize_t n;

	if (!wait_for(wait->connection, pvio, POLLIN))
		return -1;
	n = wait->library->read(pvio, to, size);
	if (n > 0)
		xc_connection_heard(wait->connection);
	return n;
}

static ssize_t
wait_and_write(MARIADB_PVIO *pvio, const uchar *from, size_t size)
{
	struct xc_wait *wait = wait_of(pvio);
	ssize_t n;

	/* There is room, nearly always. */
	n = send((int)mysql_get_socket(wait->connection->mysql), from, size,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR))
		return n;
	if (!wait_for(wait->connection, pvio, POLLOUT))
		return -1;
	return wait->library->write(pvio, from, size);
}

/* By TLS the library reads by itself, and calls this when nothing came in the
 * little time that the socket is given. */
static int
wait_only(MARIADB_PVIO *pvio, my_bool is_read, int timeout)
{
	struct xc_wait *wait = wait_of(pvio);

	(void)timeout;		/* seconds, though it should not be */
	if (!wait_for(wait->connection, pvio, is_read ? POLLIN : POLLOUT))
		return 0;
	xc_connection_heard(wait->connection);
	return 1;
}

void
xc_connection_watch(struct xc_connection *c)
{
	struct timeval slice = { .tv_usec = TLS_SLICE_US };
	MARIADB_PVIO *pvio = c->mysql->net.pvio;
	int fd = (int)mysql_get_socket(c->mysql);

	if (pvio == NULL)
		return;
	c->wait.connection = c;
	c->wait.library = pvio->methods;
	c->wait.methods = *pvio->methods;
	c->wait.methods.read = wait_and_read;
	c->wait.methods.write = wait_and_write;
	c->wait.methods.wait_io_or_timeout = wait_only;
	pvio->methods = &c->wait.methods;
	if (pvio->ctls == NULL)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof(slice));
}

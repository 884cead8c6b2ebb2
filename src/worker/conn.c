/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/worker.h"

/* What a refused request may go on to send before we close all the same:
 * closing on unread bytes would take the answer back. */
#define LINGER_BYTES (UINT64_C(64) << 20)
#define LINGER_QUIET_MS 1000
#define LINGER_READS 16		/* at a time: others want their turn */

/* What has come of a large body is written in pieces of this, at least. */
#define SPILL_BYTES 65536

static void
link_conn(struct xc_worker *worker, struct xc_conn *conn)
{
	conn->next = worker->conns;
	conn->back = &worker->conns;
	if (conn->next)
		conn->next->back = &conn->next;
	worker->conns = conn;
	worker->n_conns++;
	atomic_store_explicit(&worker->row->connections, worker->n_conns,
	    memory_order_relaxed);
}

void
xc_conn_unlink(struct xc_worker *worker, struct xc_conn *conn)
{
	if (conn->state == XC_CONN_WAITING)
		xc_lane_remove(worker, conn);
	*conn->back = conn->next;
	if (conn->next)
		conn->next->back = conn->back;
	xc_loop_forget(worker, &conn->source);
	worker->n_conns--;
	atomic_store_explicit(&worker->row->connections, worker->n_conns,
	    memory_order_relaxed);
}

static void
on_conn(struct xc_worker *worker, struct xc_polled *source, uint32_t events)
{
	/* The source is the connection's first member. */
	struct xc_conn *conn = (struct xc_conn *)(void *)source;

	(void)events;
	xc_conn_settle(worker, conn, xc_conn_read(worker, conn));
}

struct xc_conn *
xc_conn_open(struct xc_worker *worker, int fd)
{
	struct xc_conn *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		xc_logf(&worker->log, XC_LOG_ERROR,
		    "out of memory: a connection is closed");
		close(fd);
		return NULL;
	}
	conn->source.ready = on_conn;
	conn->fd = fd;
	conn->spill.fd = -1;
	xc_feed_open(&conn->fcgi, fd);
	link_conn(worker, conn);
	return conn;
}

/* What has come of a request. */
static void
forget_request(struct xc_worker *worker, struct xc_conn *conn)
{
	free(conn->buf);
	conn->buf = NULL;
	conn->len = conn->cap = 0;
	if (conn->spill.fd < 0)
		return;
	xc_spill_close(&conn->spill);
	worker->n_spills--;
}

void
xc_conn_close(struct xc_worker *worker, struct xc_conn *conn)
{
	/* A sibling that gave it to us may not have closed its copy yet: then
	 * close() alone neither ends the connection nor takes it out of our
	 * set, which would go on to name memory that is free. */
	if (conn->watched) {
		(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, conn->fd,
		    NULL);
		(void)shutdown(conn->fd, SHUT_RDWR);
	}
	close(conn->fd);
	xc_conn_forget(worker, conn);
}

void
xc_conn_forget(struct xc_worker *worker, struct xc_conn *conn)
{
	xc_conn_unlink(worker, conn);
	forget_request(worker, conn);
	free(conn);
}

void
xc_conn_settle(struct xc_worker *worker, struct xc_conn *conn,
    enum xc_conn_result result)
{
	if (result == XC_CONN_CLOSED || conn->watched ||
	    conn->state == XC_CONN_WAITING)
		return;
	conn->watched = xc_loop_add(worker, conn->fd, &conn->source, EPOLLIN);
	if (!conn->watched)
		xc_conn_close(worker, conn);
}

void
xc_conn_deadline(struct xc_worker *worker, struct xc_conn *conn,
    uint64_t deadline_ms)
{
	conn->deadline_ms = deadline_ms;
	if (deadline_ms > 0 &&
	    (worker->scan_ms == 0 || deadline_ms < worker->scan_ms))
		worker->scan_ms = deadline_ms;
}

/* Whether bytes lie there that we had no time for. */
static bool
is_unheard(const struct xc_conn *conn)
{
	char byte;

	return conn->state != XC_CONN_LINGERING &&
	    recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
xc_conn_expire(struct xc_worker *worker, struct xc_conn *conn)
{
	/* Once for each request, or who sends byte by byte would stay. */
	if (!conn->late && is_unheard(conn)) {
		conn->late = true;
		xc_conn_deadline(worker, conn, worker->now_ms +
		    (uint64_t)worker->settings->fastcgi.read_timeout_ms);
		return;
	}
	if (conn->state == XC_CONN_READING)
		xc_worker_warn(worker, "a request was not complete in time",
		    "fastcgi.read_timeout_ms");
	xc_conn_close(worker, conn);
}

/* Makes room for n more bytes of a request. */
static bool
grow(struct xc_worker *worker, struct xc_conn *conn, size_t n)
{
	size_t want = conn->len + n, cap = conn->cap ? conn->cap : 4096;
	unsigned char *buf;

	if (want <= conn->cap)
		return true;
	while (cap < want)
		cap *= 2;
	buf = realloc(conn->buf, cap);
	if (!buf) {
		xc_logf(&worker->log, XC_LOG_ERROR,
		    "out of memory for a request of %zu bytes", want);
		return false;
	}
	conn->buf = buf;
	conn->cap = cap;
	return true;
}

/* A peer that keeps its connections does not say that it is at the end: when
 * nothing comes any more we are. */
static void
linger_on(struct xc_worker *worker, struct xc_conn *conn)
{
	uint64_t until = worker->now_ms + LINGER_QUIET_MS;

	xc_conn_deadline(worker, conn,
	    until < conn->linger_end_ms ? until : conn->linger_end_ms);
}

/* The answer goes out, the rest of the request is dropped. */
static enum xc_conn_result
refuse(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes)
{
	xc_serve_refusal(worker, conn, bytes);
	(void)shutdown(conn->fd, SHUT_WR);
	forget_request(worker, conn);
	conn->state = XC_CONN_LINGERING;
	conn->linger_end_ms = worker->now_ms +
	    (uint64_t)worker->settings->fastcgi.read_timeout_ms;
	linger_on(worker, conn);
	return XC_CONN_PARTIAL;
}

bool
xc_conn_spill_failed(struct xc_worker *worker, struct xc_conn *conn,
    int status, const char *why)
{
	conn->head.status = status;
	xc_worker_warn(worker, "a request was refused", why);
	return false;
}

static bool
open_spill(struct xc_worker *worker, struct xc_conn *conn)
{
	struct xc_errbuf errbuf = { .text = "" };
	int status;

	if (worker->n_spills >= worker->spills_max)
		return xc_conn_spill_failed(worker, conn, 503,
		    "descriptors do not suffice for so many large bodies at "
		    "a time: raise LimitNOFILE= or ulimit -n");
	status = xc_spill_open(&conn->spill,
	    worker->settings->fastcgi.body_dir, &errbuf);
	if (status != 0)
		return xc_conn_spill_failed(worker, conn, status,
		    errbuf.text);
	worker->n_spills++;
	return true;
}

bool
xc_conn_spill(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *body, size_t len)
{
	struct xc_errbuf errbuf = { .text = "" };
	int status;

	if (conn->spill.fd < 0 && !open_spill(worker, conn))
		return false;
	status = xc_spill_write(&conn->spill, body, len, &errbuf);
	return status == 0 ||
	    xc_conn_spill_failed(worker, conn, status, errbuf.text);
}

/* Gives back what was needed before the body went to its file. */
static void
shrink(struct xc_conn *conn)
{
	size_t cap = conn->len + SPILL_BYTES + XC_WORKER_SCRATCH;
	unsigned char *buf;

	if (conn->cap <= 2 * cap)
		return;
	buf = realloc(conn->buf, cap);
	if (!buf)
		return;
	conn->buf = buf;
	conn->cap = cap;
}

/* Moves what has come of a large body to its file. */
static enum xc_conn_result
spill_part(struct xc_worker *worker, struct xc_conn *conn)
{
	unsigned char *body;
	size_t n;

	if (conn->head.done - conn->head.stdin_at < SPILL_BYTES)
		return XC_CONN_PARTIAL;
	body = xc_head_body(&conn->head, conn->buf, &n);
	/* The disk is only for those that we hear. */
	if (conn->spill.fd < 0 &&
	    !xc_serve_hears(worker, conn, conn->buf)) {
		xc_conn_close(worker, conn);
		return XC_CONN_CLOSED;
	}
	if (!xc_conn_spill(worker, conn, body, n))
		return refuse(worker, conn, conn->buf);
	xc_head_take(&conn->head, conn->buf, &conn->len);
	shrink(conn);
	return XC_CONN_PARTIAL;
}

/* From the scratch buffer into one of its own. */
static bool
keep_bytes(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes, size_t len)
{
	if (bytes == conn->buf)
		return true;
	if (!grow(worker, conn, len))
		return false;
	memcpy(conn->buf, bytes, len);
	conn->len = len;
	return true;
}

/* Keeps what has come of a request that goes on. */
static enum xc_conn_result
keep_part(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes, size_t len)
{
	if (!keep_bytes(worker, conn, bytes, len)) {
		xc_conn_close(worker, conn);
		return XC_CONN_CLOSED;
	}
	if (conn->state != XC_CONN_READING) {
		conn->state = XC_CONN_READING;
		xc_conn_deadline(worker, conn, worker->now_ms +
		    (uint64_t)worker->settings->fastcgi.read_timeout_ms);
	}
	return conn->head.body_len > worker->body_memory
	    ? spill_part(worker, conn) : XC_CONN_PARTIAL;
}

static enum xc_conn_result
serve_whole(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes)
{
	bool keep;

	/* The rescuer gives away what is idle, not this one. */
	conn->state = XC_CONN_SERVING;
	keep = xc_serve(worker, conn, bytes);
	if (!keep) {
		xc_conn_close(worker, conn);
		return XC_CONN_CLOSED;
	}
	forget_request(worker, conn);
	memset(&conn->head, 0, sizeof(conn->head));
	conn->judged = false;
	conn->late = false;
	conn->state = XC_CONN_IDLE;
	xc_conn_deadline(worker, conn, worker->now_ms +
	    (uint64_t)worker->settings->fastcgi.idle_timeout_ms);
	return XC_CONN_KEPT;
}

/* It waits, and nothing is read of it meanwhile. */
static enum xc_conn_result
put_off(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes, size_t len)
{
	if (!keep_bytes(worker, conn, bytes, len)) {
		xc_conn_close(worker, conn);
		return XC_CONN_CLOSED;
	}
	if (conn->watched)
		(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, conn->fd,
		    NULL);
	conn->watched = false;
	conn->state = XC_CONN_WAITING;
	xc_conn_deadline(worker, conn, 0);
	xc_lane_put(worker, conn);
	return XC_CONN_PARTIAL;
}

void
xc_conn_resume(struct xc_worker *worker, struct xc_conn *conn)
{
	/* Before, since xc_conn_close() must know whether others may have
	 * had it. */
	conn->watched = xc_loop_add(worker, conn->fd, &conn->source, EPOLLIN);
	if (!conn->watched) {
		xc_conn_close(worker, conn);
		return;
	}
	(void)serve_whole(worker, conn, conn->buf);
}

/* What hashes a password has its turn when others like it have ended. */
static enum xc_conn_result
serve_or_wait(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes, size_t len)
{
	enum xc_conn_result result;

	if (!xc_lane_is_busy(worker) ||
	    conn->head.body_len > worker->body_memory ||
	    !xc_serve_hashes(worker, conn, bytes))
		return serve_whole(worker, conn, bytes);
	if (xc_lane_has_room(worker))
		return put_off(worker, conn, bytes, len);
	worker->lane.over = true;
	result = serve_whole(worker, conn, bytes);
	worker->lane.over = false;
	return result;
}

/* A body that is larger than its path takes is not waited for. */
static enum xc_conn_result
judge_part(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes, size_t len)
{
	if (!conn->judged && !xc_serve_judge(worker, conn, bytes)) {
		xc_conn_close(worker, conn);
		return XC_CONN_CLOSED;
	}
	if (conn->head.body_len <= conn->body_max)
		return keep_part(worker, conn, bytes, len);
	conn->head.status = 413;
	return refuse(worker, conn, bytes);
}

/* bytes are all that has come of the request, in conn->buf or not. */
static enum xc_conn_result
judge(struct xc_worker *worker, struct xc_conn *conn, unsigned char *bytes,
    size_t len)
{
	switch (xc_head_scan(&conn->head, &worker->limits, bytes, len)) {
	case XC_HEAD_MORE:
		if (conn->head.stdin_at > 0 &&
		    xc_chains_limit_bodies(worker->chains))
			return judge_part(worker, conn, bytes, len);
		return keep_part(worker, conn, bytes, len);
	case XC_HEAD_COMPLETE:
		return serve_or_wait(worker, conn, bytes, len);
	case XC_HEAD_TOO_LARGE:
		xc_worker_warn(worker, "a request was refused",
		    conn->head.reason);
		return refuse(worker, conn, bytes);
	case XC_HEAD_BAD:
		xc_worker_warn(worker, "a connection was closed",
		    conn->head.reason);
		break;
	case XC_HEAD_ABORTED:
		break;
	}
	xc_conn_close(worker, conn);
	return XC_CONN_CLOSED;
}

static enum xc_conn_result
linger(struct xc_worker *worker, struct xc_conn *conn)
{
	ssize_t n;
	int i;

	for (i = 0; i < LINGER_READS; i++) {
		n = recv(conn->fd, worker->scratch, XC_WORKER_SCRATCH,
		    MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return XC_CONN_PARTIAL;
		if (n > 0) {
			conn->dropped += (uint64_t)n;
			linger_on(worker, conn);
		}
		if (n <= 0 || conn->dropped > LINGER_BYTES) {
			xc_conn_close(worker, conn);
			return XC_CONN_CLOSED;
		}
	}
	return XC_CONN_PARTIAL;
}

static enum xc_conn_result
nothing_came(struct xc_worker *worker, struct xc_conn *conn, ssize_t n)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return conn->state == XC_CONN_READING ? XC_CONN_PARTIAL
						      : XC_CONN_KEPT;
	xc_conn_close(worker, conn);
	return XC_CONN_CLOSED;
}

enum xc_conn_result
xc_conn_read(struct xc_worker *worker, struct xc_conn *conn)
{
	unsigned char *into = worker->scratch;
	ssize_t n;

	if (conn->state == XC_CONN_LINGERING)
		return linger(worker, conn);
	/* Most requests come whole and never leave the scratch buffer. */
	if (conn->state == XC_CONN_READING) {
		if (!grow(worker, conn, XC_WORKER_SCRATCH)) {
			xc_conn_close(worker, conn);
			return XC_CONN_CLOSED;
		}
		into = conn->buf + conn->len;
	}
	n = recv(conn->fd, into, XC_WORKER_SCRATCH, MSG_DONTWAIT);
	if (n <= 0)
		return nothing_came(worker, conn, n);
	if (conn->state != XC_CONN_READING)
		return judge(worker, conn, into, (size_t)n);
	conn->len += (size_t)n;
	return judge(worker, conn, conn->buf, conn->len);
}

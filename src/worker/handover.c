/* SPDX-License-Identifier: MIT */
/*
 * A connection lives in one worker, and waits while that worker is busy.  So
 * a worker that will be busy gives its idle connections to siblings that are
 * not: the descriptors go to their inboxes by SCM_RIGHTS, many in a message.
 *
 * xc_handover() and xc_handover_forward() run in the rescuer thread too,
 * while the main thread is in a handler: no allocation, no log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/worker.h"

#define BATCH 64		/* descriptors in a message; 253 is the most */

/* What is said of each descriptor. */
struct note {
	uint64_t deadline_ms;
	uint32_t fresh;		/* nothing has come yet */
	uint32_t pad;
};

struct batch {
	struct note notes[BATCH];
	int fds[BATCH];
	size_t n;
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(BATCH * sizeof(int))];
};

struct sibling {
	uint32_t row;
	uint32_t connections;
};

/* Who is asked to take what we have. */
enum who {
	WHO_IDLE,
	WHO_SERVES,		/* a stopping worker cannot choose */
	WHO_LIVES		/* ... and at last those that may never serve */
};

static bool
takes(const struct xc_worker *worker, uint32_t row, enum who who)
{
	uint32_t state = atomic_load(&worker->board->workers[row].state);

	if (row == worker->heritage->worker ||
	    worker->heritage->inbox[row][1] < 0)
		return false;
	if (state == XC_WORKER_LOADING || state == XC_WORKER_STARTING)
		return who == WHO_LIVES;
	return state == XC_WORKER_IDLE ||
	    (who != WHO_IDLE && state == XC_WORKER_BUSY);
}

bool
xc_handover_possible(const struct xc_worker *worker)
{
	uint32_t i;

	for (i = 0; i < worker->board->n_workers; i++)
		if (takes(worker, i, WHO_LIVES))
			return true;
	return false;
}

/* Puts a sibling where it belongs: fewest connections first. */
static void
insert(struct sibling *list, size_t n, struct sibling sibling)
{
	while (n > 0 && list[n - 1].connections > sibling.connections) {
		list[n] = list[n - 1];
		n--;
	}
	list[n] = sibling;
}

/* The scoreboard's rows are looked at from a place that moves, so that equals
 * take turns. */
static size_t
find_those(struct xc_worker *worker, enum who who, struct sibling *list)
{
	const struct xc_scoreboard *board = worker->board;
	struct sibling sibling;
	uint32_t i;
	size_t n = 0;

	worker->next_row++;
	for (i = 0; i < board->n_workers; i++) {
		sibling.row = (worker->next_row + i) % board->n_workers;
		sibling.connections = atomic_load(
		    &board->workers[sibling.row].connections);
		/* One that is full could not even receive them. */
		if (takes(worker, sibling.row, who) &&
		    sibling.connections + BATCH <= worker->fds_max)
			insert(list, n++, sibling);
	}
	return n;
}

/* One that loads may hang in it, and what it was given with it. */
static size_t
find_siblings(struct xc_worker *worker, bool stopping, struct sibling *list)
{
	size_t n = find_those(worker, stopping ? WHO_SERVES : WHO_IDLE, list);

	return n == 0 && stopping ? find_those(worker, WHO_LIVES, list) : n;
}

static bool
send_batch(const struct xc_worker *worker, uint32_t row,
    const struct batch *batch)
{
	union control control;
	union {
		const void *in;
		void *out;
	} notes = { .in = batch->notes };
	struct iovec iov = { .iov_base = notes.out,
		.iov_len = batch->n * sizeof(struct note) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(batch->n * sizeof(int)) };
	struct cmsghdr *cmsg;
	ssize_t n;

	memset(&control, 0, sizeof(control));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(batch->n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), batch->fds, batch->n * sizeof(int));
	do
		n = sendmsg(worker->heritage->inbox[row][1], &msg,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

/* Reads one message.  False if there is none. */
static bool
receive_batch(const struct xc_worker *worker, struct batch *batch)
{
	union control control;
	struct iovec iov = { .iov_base = batch->notes,
		.iov_len = sizeof(batch->notes) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	size_t n;
	ssize_t len = recvmsg(
	    worker->heritage->inbox[worker->heritage->worker][0], &msg,
	    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	batch->n = 0;
	if (len <= 0)
		return false;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > BATCH)
			n = BATCH;
		memcpy(batch->fds, CMSG_DATA(cmsg), n * sizeof(int));
		batch->n = n;
	}
	/* Fewer descriptors than notes: our table of them is full. */
	return true;
}

static bool
is_between_requests(const struct xc_conn *conn)
{
	return conn->watched && (conn->state == XC_CONN_IDLE ||
	    conn->state == XC_CONN_FRESH);
}

static size_t
count_idle(const struct xc_worker *worker)
{
	const struct xc_conn *conn;
	size_t n = 0;

	for (conn = worker->conns; conn; conn = conn->next)
		n += is_between_requests(conn);
	return n;
}

/* The next max idle connections from *at on; they leave our epoll set. */
static void
collect(struct xc_worker *worker, struct xc_conn **at, size_t max,
    struct batch *batch, struct xc_conn **conns)
{
	struct xc_conn *conn;

	batch->n = 0;
	for (conn = *at; conn && batch->n < max; conn = conn->next) {
		if (!is_between_requests(conn))
			continue;
		(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, conn->fd,
		    NULL);
		conn->watched = false;
		conns[batch->n] = conn;
		batch->fds[batch->n] = conn->fd;
		batch->notes[batch->n] = (struct note){
			.deadline_ms = conn->deadline_ms,
			.fresh = conn->state == XC_CONN_FRESH };
		batch->n++;
	}
	*at = conn;
}

/* They are the sibling's now.  The structs are freed by the main thread. */
static void
give_away(struct xc_worker *worker, struct xc_conn **conns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		close(conns[i]->fd);
		xc_conn_unlink(worker, conns[i]);
		conns[i]->next = worker->given;
		worker->given = conns[i];
	}
}

static void
take_back(struct xc_worker *worker, struct xc_conn **conns, size_t n)
{
	struct epoll_event event = { .events = EPOLLIN };
	size_t i;

	for (i = 0; i < n; i++) {
		event.data.ptr = &conns[i]->source;
		/* It was in the set a moment ago, so there is room for it; if
		 * there is not, its deadline ends it. */
		conns[i]->watched = epoll_ctl(worker->epoll_fd,
		    EPOLL_CTL_ADD, conns[i]->fd, &event) == 0;
	}
}

void
xc_handover(struct xc_worker *worker, bool stopping)
{
	struct sibling siblings[XC_WORKERS_MAX];
	struct xc_conn *conns[BATCH], *at = worker->conns;
	size_t n = count_idle(worker), n_siblings, i, share;
	struct batch batch;

	if (n == 0)
		return;
	n_siblings = find_siblings(worker, stopping, siblings);
	if (n_siblings == 0)
		return;
	share = (n + n_siblings - 1) / n_siblings;
	if (share > BATCH)
		share = BATCH;
	for (i = 0; i < n_siblings && at; i++) {
		collect(worker, &at, share, &batch, conns);
		if (batch.n == 0)
			break;
		if (send_batch(worker, siblings[i].row, &batch))
			give_away(worker, conns, batch.n);
		else
			take_back(worker, conns, batch.n);
	}
}

static void
adopt(struct xc_worker *worker, int fd, const struct note *note)
{
	struct xc_conn *conn = xc_conn_open(worker, fd);

	if (!conn)
		return;
	conn->state = note->fresh ? XC_CONN_FRESH : XC_CONN_IDLE;
	xc_conn_deadline(worker, conn, note->deadline_ms);
	/* Level-triggered: what waits in it shows at once. */
	xc_conn_settle(worker, conn, XC_CONN_KEPT);
}

void
xc_handover_inbox(struct xc_worker *worker)
{
	struct batch batch = { .n = 0 };
	size_t i;

	while (receive_batch(worker, &batch))
		for (i = 0; i < batch.n; i++)
			adopt(worker, batch.fds[i], &batch.notes[i]);
}

/* What cannot be sent on stays with us; the main thread adopts it. */
static void
keep_strays(struct xc_worker *worker, const struct batch *batch)
{
	size_t i;

	for (i = 0; i < batch->n; i++) {
		worker->strays[i].fd = batch->fds[i];
		worker->strays[i].deadline_ms = batch->notes[i].deadline_ms;
		worker->strays[i].fresh = batch->notes[i].fresh;
	}
	worker->n_strays = batch->n;
}

void
xc_handover_forward(struct xc_worker *worker)
{
	struct sibling siblings[XC_WORKERS_MAX];
	struct batch batch = { .n = 0 };
	size_t n, i;

	while (worker->n_strays == 0) {
		n = find_siblings(worker, worker->stopping, siblings);
		if (n == 0 || !receive_batch(worker, &batch))
			return;
		if (batch.n == 0)
			continue;
		if (!send_batch(worker, siblings[0].row, &batch)) {
			keep_strays(worker, &batch);
			return;
		}
		for (i = 0; i < batch.n; i++)
			close(batch.fds[i]);
	}
}

void
xc_handover_settle(struct xc_worker *worker)
{
	struct xc_conn *conn;
	struct note note;
	size_t i;

	while (worker->given) {
		conn = worker->given;
		worker->given = conn->next;
		free(conn->buf);
		free(conn);
	}
	for (i = 0; i < worker->n_strays; i++) {
		note = (struct note){ .fresh = worker->strays[i].fresh,
			.deadline_ms = worker->strays[i].deadline_ms };
		adopt(worker, worker->strays[i].fd, &note);
	}
	worker->n_strays = 0;
}

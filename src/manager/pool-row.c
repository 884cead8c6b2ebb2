/* SPDX-License-Identifier: MIT */
/* One worker: its start, its reports, its end. */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "worker/heritage.h"

#define REPORT_MAX (1 << 20)
#define PASSED_MAX 253		/* SCM_MAX_FD: of one message */
#define INBOX_MESSAGE_MAX 65536
/* A worker ends by itself at the limit; this much later we end it. */
#define DRAIN_GRACE_MS 500

struct xc_worker_row *
xc_row_board(const struct xc_manager *m, const struct xc_pool_row *row)
{
	return &m->pool.board->workers[row->index];
}

/* A field of the board may be half written. */
static void
copy_field(char *to, const char *field, size_t size)
{
	memcpy(to, field, size);
	to[size - 1] = '\0';
}

void
xc_row_work(const struct xc_worker_row *b, struct xc_row_work *work_r)
{
	memset(work_r, 0, sizeof(*work_r));
	if (atomic_load(&b->state) == XC_WORKER_IDLE)
		return;
	copy_field(work_r->plugin, b->plugin, sizeof(work_r->plugin));
	copy_field(work_r->operation, b->operation,
	    sizeof(work_r->operation));
	copy_field(work_r->request_id, b->request_id,
	    sizeof(work_r->request_id));
}

static bool
is_event(struct json_object *report, const char *name)
{
	struct json_object *event;

	return json_object_is_type(report, json_type_object) &&
	    json_object_object_get_ex(report, "event", &event) &&
	    json_object_is_type(event, json_type_string) &&
	    strcmp(json_object_get_string(event), name) == 0;
}

static void
forget_reports(struct xc_pool_row *row)
{
	json_object_put(row->plugins);
	json_object_put(row->sandboxes);
	row->plugins = row->sandboxes = NULL;
	row->reported = 0;
}

static void
take_sandboxes(struct xc_pool_row *row, struct json_object *report)
{
	struct json_object *sandboxes;

	if (!json_object_object_get_ex(report, "sandboxes", &sandboxes))
		return;
	json_object_put(row->sandboxes);
	row->sandboxes = json_object_get(sandboxes);
}

static void
take_report(struct xc_pool_row *row, const char *text)
{
	struct json_object *report, *plugins, *sequence;

	report = json_tokener_parse(text);
	if (is_event(report, "fault"))
		xc_quarantine_report(row->manager, report);
	else if (is_event(report, "sandboxes"))
		take_sandboxes(row, report);
	else if (json_object_is_type(report, json_type_object) &&
	    json_object_object_get_ex(report, "plugins", &plugins) &&
	    json_object_is_type(plugins, json_type_array)) {
		json_object_put(row->plugins);
		row->plugins = json_object_get(plugins);
		row->reported = json_object_object_get_ex(report, "sequence",
		    &sequence) ?
		    (uint64_t)json_object_get_int64(sequence) : 0;
	}
	json_object_put(report);
}

/* Takes one report; that the worker is ready or has applied a snapshot is
 * then seen in its row of the board by the tick that follows. */
static void
on_report(void *ctx, uint32_t events)
{
	struct xc_pool_row *row = ctx;
	ssize_t size, n = 0;
	char *text;

	(void)events;
	size = recv(row->report.fd, NULL, 0,
	    MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (size == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0 || size > REPORT_MAX) {
		xc_events_drop(&row->manager->events, &row->report);
		return;
	}
	text = malloc((size_t)size + 1);
	if (text == NULL)
		return;
	n = recv(row->report.fd, text, (size_t)size, MSG_DONTWAIT);
	if (n > 0) {
		text[n] = '\0';
		take_report(row, text);
	}
	free(text);
}

enum xc_err
xc_row_watch_report(struct xc_manager *m, struct xc_pool_row *row,
    struct xc_errbuf *errbuf)
{
	row->report.fn = on_report;
	row->report.ctx = row;
	return xc_events_add(&m->events, &row->report, EPOLLIN, errbuf);
}

/* Never 0, and below 2^31. */
static uint32_t
next_serial(struct xc_scoreboard *board)
{
	uint32_t serial;

	do {
		serial = atomic_fetch_add(&board->next_serial, 1) + 1;
		serial &= INT32_MAX;
	} while (serial == 0);
	return serial;
}

static uint32_t
prepare_board_row(struct xc_manager *m, struct xc_worker_row *b)
{
	uint32_t serial = next_serial(m->pool.board);
	uint64_t now = xc_now_ms();

	atomic_store(&b->pid, 0);
	atomic_store(&b->connections, 0);
	atomic_store(&b->generation, 0);
	atomic_store(&b->sequence, 0);
	atomic_store(&b->requests, 0);
	atomic_store(&b->errors, 0);
	atomic_store(&b->recycle, 0);
	atomic_store(&b->run_since_ms, 0);
	atomic_store(&b->run, 0);
	atomic_store(&b->run_cpu_of, 0);
	memset(b->plugin, 0, sizeof(b->plugin));
	memset(b->operation, 0, sizeof(b->operation));
	memset(b->request_id, 0, sizeof(b->request_id));
	atomic_store(&b->since_ms, now);
	atomic_store(&b->started_ms, now);
	atomic_store(&b->serial, serial);
	atomic_store(&b->state, XC_WORKER_STARTING);
	return serial;
}

static _Noreturn void
run_worker(struct xc_manager *m, const struct xc_pool_row *row,
    uint32_t serial, int report_fd)
{
	const struct xc_heritage heritage = {
		.settings = m->settings,
		.board = m->pool.board,
		.worker = row->index,
		.serial = serial,
		.listen_fd = STDIN_FILENO,
		.wake_fd = m->pool.wake_fd,
		.places_fd = m->pool.places_fd,
		.report_fd = report_fd,
		.inbox = m->pool.inbox,
		.secret = m->pool.secret == NULL ? "" : m->pool.secret,
		.snapshot = m->pool.snapshot,
		.trial = row->extra ? m->canary.sequence : 0,
	};

	exit(xc_worker_run(&heritage));
}

enum xc_err
xc_row_start(struct xc_manager *m, struct xc_pool_row *row, bool extra,
    struct xc_errbuf *errbuf)
{
	struct xc_worker_row *b = xc_row_board(m, row);
	int pair[2];
	uint32_t serial;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	forget_reports(row);
	row->ready = row->stale = row->retired = false;
	row->extra = extra;
	row->kill_at = row->not_before = 0;
	row->killed_for = NULL;
	memset(&row->over, 0, sizeof(row->over));
	row->epoch = m->pool.epoch;
	serial = prepare_board_row(m, b);
	row->pid = xc_child_fork(m, "worker", row->index);
	if (row->pid == 0) {
		close(pair[0]);
		run_worker(m, row, serial, pair[1]);
	}
	close(pair[1]);
	if (row->pid == -1) {
		enum xc_err err = xc_fail(errbuf, XC_ERR_IO, "fork: %s",
		    strerror(errno));

		row->pid = 0;
		close(pair[0]);
		atomic_store(&b->state, XC_WORKER_DEAD);
		return err;
	}
	atomic_store(&b->pid, (int32_t)row->pid);
	row->report.fd = pair[0];
	if (xc_row_watch_report(m, row, errbuf) != XC_OK) {
		/* It serves all the same; we look at its row of the board. */
		close(row->report.fd);
		row->report.fd = -1;
	}
	return XC_OK;
}

void
xc_row_retire(struct xc_manager *m, struct xc_pool_row *row)
{
	row->retired = true;
	row->kill_at = xc_now_ms() +
	    (uint64_t)m->settings->server.drain_ms + DRAIN_GRACE_MS;
	(void)kill(row->pid, SIGTERM);
}

void
xc_row_kill(struct xc_pool_row *row, const char *reason)
{
	xc_logf(&xc_manager_log, XC_LOG_WARNING,
	    "worker %u, process %d, killed: %s", row->index, (int)row->pid,
	    reason);
	row->killed_for = reason;
	row->kill_at = 0;
	(void)kill(row->pid, SIGKILL);
}

void
xc_row_free(struct xc_manager *m, struct xc_pool_row *row)
{
	xc_events_drop(&m->events, &row->report);
	row->pid = 0;
	row->not_before = 0;
	row->ready = row->stale = row->retired = row->extra = false;
	row->kill_at = 0;
	forget_reports(row);
}

static void
close_passed(struct msghdr *message)
{
	struct cmsghdr *cmsg;
	size_t n;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(fd));
			close(fd);
		}
	}
}

/* A worker that takes what another cannot; -1 if there is none. */
static int
find_heir(const struct xc_manager *m)
{
	const struct xc_pool_row *row;

	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		if (row->pid != 0 && row->ready && !row->retired &&
		    row->killed_for == NULL)
			return m->pool.inbox[i][1];
	}
	return -1;
}

/*
 * Connections that were handed to a worker which is no more go to another;
 * left there, their peers would wait for ever.  Without another they stay for
 * the one that comes in its place.
 */
void
xc_row_forward_inbox(struct xc_manager *m, uint32_t index)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PASSED_MAX)];
		struct cmsghdr align;
	} control;
	char data[INBOX_MESSAGE_MAX];
	struct iovec iov;
	struct msghdr message;
	int heir = find_heir(m);
	ssize_t n;

	while (heir != -1 && m->pool.inbox[index][0] != -1) {
		iov.iov_base = data;
		iov.iov_len = sizeof(data);
		memset(&message, 0, sizeof(message));
		message.msg_iov = &iov;
		message.msg_iovlen = 1;
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		n = recvmsg(m->pool.inbox[index][0], &message,
		    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return;
		iov.iov_len = (size_t)n;
		if (sendmsg(heir, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
			xc_logf(&xc_manager_log, XC_LOG_WARNING,
			    "connections of a worker that ended are closed: "
			    "no other takes them: %s", strerror(errno));
		close_passed(&message);
	}
}

/* SPDX-License-Identifier: MIT */
#include "sandbox/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "sandbox/guest.h"
#include "sandbox/link.h"

#define CELLS_MAX 8192		/* sandboxes in all */
#define CONN_CELLS_MAX 4096	/* ... of one worker */
#define CONNS_MAX 1024
#define FDS_MAX (6 + 3 * XC_SLOTS_MAX)
#define WORD_BITS 64

/* What stands in the epoll set; first member of what it belongs to. */
struct source {
	void (*ready)(struct source *source, uint32_t events);
};

/* One sandbox.  It outlives its connection until it has been reaped. */
struct cell {
	struct source source;
	struct cell *next;
	struct cell **back;
	struct conn *conn;	/* NULL: nobody is to be told */
	uint32_t id;
	uint32_t slot;
	pid_t pid;
	int pidfd;
	bool ended;		/* reaped, and not told yet */
	struct xc_spawn_end end;
};

/* One worker. */
struct conn {
	struct source source;
	struct conn *next;
	struct conn **back;
	int fd;
	uint32_t n_cells;
	bool blocked;		/* it does not read what it is told */
	bool owed;		/* answer and pidfd are still to be sent */
	struct xc_spawn_answer answer;
	int pidfd;
	bool pidfd_kept;	/* a copy of our own */
};

static struct {
	struct xc_jail *jail;
	const struct xc_spawner_options *options;
	int epoll_fd;
	bool orphan;		/* the control's end came */
	struct source listener;
	struct source control;
	struct cell *cells;
	struct conn *conns;
	uint32_t n_cells;
	uint32_t n_conns;
	uint32_t slots_max;
	uint64_t slots[CELLS_MAX / WORD_BITS];
} spawner;

static void __attribute__((format(printf, 2, 3)))
say(int severity, const char *format, ...)
{
	char text[1200];
	va_list ap;
	int len;

	len = snprintf(text, sizeof(text), "<%d>", severity);
	va_start(ap, format);
	len += vsnprintf(text + len, sizeof(text) - (size_t)len - 1, format,
	    ap);
	va_end(ap);
	if ((size_t)len > sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len++] = '\n';
	(void)!write(STDERR_FILENO, text, (size_t)len);
}

static bool
watch(int fd, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(spawner.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return true;
	say(LOG_ERR, "epoll_ctl: %s", strerror(errno));
	return false;
}

/* ---- numbers ------------------------------------------------------------ */

/* The lowest that is free; CELLS_MAX: none. */
static uint32_t
take_slot(void)
{
	for (uint32_t i = 0; i < spawner.slots_max; i++) {
		uint64_t bit = UINT64_C(1) << (i % WORD_BITS);

		if (spawner.slots[i / WORD_BITS] & bit)
			continue;
		spawner.slots[i / WORD_BITS] |= bit;
		return i;
	}
	return CELLS_MAX;
}

static void
give_slot(uint32_t slot)
{
	spawner.slots[slot / WORD_BITS] &=
	    ~(UINT64_C(1) << (slot % WORD_BITS));
}

/* ---- sandboxes ---------------------------------------------------------- */

static void
kill_cell(const struct cell *cell)
{
	if (cell->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL,
		    NULL, 0);
}

static void
free_cell(struct cell *cell)
{
	if (cell->conn)
		cell->conn->n_cells--;
	*cell->back = cell->next;
	if (cell->next)
		cell->next->back = cell->back;
	if (cell->pidfd >= 0)
		close(cell->pidfd);
	spawner.n_cells--;
	free(cell);
}

static void
set_blocked(struct conn *conn, bool blocked)
{
	struct epoll_event event = { .data.ptr = &conn->source };

	if (conn->blocked == blocked)
		return;
	conn->blocked = blocked;
	/* Who does not read is not read from either. */
	event.events = blocked ? EPOLLOUT : EPOLLIN;
	(void)epoll_ctl(spawner.epoll_fd, EPOLL_CTL_MOD, conn->fd, &event);
}

/* Tells of the end, or keeps it until the worker reads again. */
static void
tell_end(struct cell *cell)
{
	struct conn *conn = cell->conn;

	if (conn && (conn->blocked || xc_link_send_fds(conn->fd, &cell->end,
	    sizeof(cell->end), NULL, 0) == XC_ERR_BUSY)) {
		set_blocked(conn, true);
		return;
	}
	free_cell(cell);
}

static void
on_cell(struct source *source, uint32_t events)
{
	struct cell *cell = (struct cell *)(void *)source;
	uint64_t oom_kills = 0;
	int status;

	(void)events;
	if (waitpid(cell->pid, &status, WNOHANG | __WALL) != cell->pid)
		return;
	(void)epoll_ctl(spawner.epoll_fd, EPOLL_CTL_DEL, cell->pidfd, NULL);
	xc_jail_bury(spawner.jail, cell->slot, &oom_kills);
	give_slot(cell->slot);
	close(cell->pidfd);
	cell->pidfd = -1;
	cell->ended = true;
	cell->end = (struct xc_spawn_end){ .magic = XC_SPAWN_MAGIC,
		.id = cell->id, .pid = cell->pid, .status = status,
		.oom_kills = oom_kills > UINT32_MAX ? UINT32_MAX :
		(uint32_t)oom_kills };
	tell_end(cell);
}

static struct cell *
make_cell(struct conn *conn, uint32_t id)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell)
		return NULL;
	cell->source.ready = on_cell;
	cell->id = id;
	cell->pidfd = -1;
	cell->conn = conn;
	conn->n_cells++;
	cell->next = spawner.cells;
	cell->back = &spawner.cells;
	if (cell->next)
		cell->next->back = &cell->next;
	spawner.cells = cell;
	spawner.n_cells++;
	return cell;
}

/* ---- making one --------------------------------------------------------- */

static size_t
fds_of(const struct xc_spawn_request *request)
{
	if (request->isolation == XC_ISOLATION_POOL)
		return 4;
	return 6 + 3 * (size_t)request->n_slots;
}

static bool
is_kind(int fd, mode_t kind)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/* Memory and two pipes. */
static bool
is_channel(const int *fds)
{
	return is_kind(fds[0], S_IFREG) && is_kind(fds[1], S_IFIFO) &&
	    is_kind(fds[2], S_IFIFO);
}

static bool
are_kinds(const struct xc_spawn_request *request, const int *fds)
{
	if (!is_channel(fds) || !is_kind(fds[3], S_IFSOCK))
		return false;
	if (request->isolation == XC_ISOLATION_POOL)
		return true;
	if (!is_kind(fds[4], S_IFIFO) || !is_kind(fds[5], S_IFSOCK))
		return false;
	for (uint32_t i = 0; i < request->n_slots; i++)
		if (!is_channel(fds + 6 + 3 * i))
			return false;
	return true;
}

static bool
is_request(const struct xc_spawn_request *request, size_t len,
    const int *fds, size_t n_fds)
{
	bool slots = request->isolation == XC_ISOLATION_REQUEST;

	return len == sizeof(*request) && request->magic == XC_SPAWN_MAGIC &&
	    (slots || request->isolation == XC_ISOLATION_POOL) &&
	    (slots ? request->n_slots >= 1 &&
	    request->n_slots <= XC_SLOTS_MAX : request->n_slots == 0) &&
	    request->cpu >= -1 && request->cpu < CPU_SETSIZE &&
	    n_fds == fds_of(request) && are_kinds(request, fds);
}

static void
fill_guest(struct xc_guest *guest, const struct xc_spawn_request *request,
    const int *fds)
{
	struct xc_guest_zygote *zygote = &guest->zygote;

	guest->channel = (struct xc_channel_guest){ fds[0], fds[1], fds[2] };
	zygote->command_read = zygote->hello_write = -1;
	if (request->isolation == XC_ISOLATION_POOL)
		return;
	zygote->command_read = fds[4];
	zygote->hello_write = fds[5];
	zygote->n_slots = request->n_slots;
	for (uint32_t i = 0; i < request->n_slots; i++)
		zygote->slots[i] = (struct xc_channel_guest){ fds[6 + 3 * i],
			fds[7 + 3 * i], fds[8 + 3 * i] };
}

/* The descriptors but that of the output, which becomes 1 and 2. */
static size_t
list_kept(const int *fds, size_t n, int *kept)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (i != 3)
			kept[k++] = fds[i];
	return k;
}

/* Clones; the child does not return.  0 with errbuf if there is none. */
static pid_t
clone_cell(struct cell *cell, const struct xc_spawn_request *request,
    const int *fds, size_t n_fds, struct xc_errbuf *errbuf)
{
	struct xc_guest guest;
	int kept[FDS_MAX];
	pid_t pid;

	memset(&guest, 0, sizeof(guest));
	guest.jail = spawner.jail;
	fill_guest(&guest, request, fds);
	guest.cell = (struct xc_jail_cell){
		.isolation = (enum xc_isolation)request->isolation,
		.limits = request->limits, .slot = cell->slot,
		.keep_fds = kept, .n_keep_fds = list_kept(fds, n_fds, kept),
		.output_fd = fds[3], .cpu = request->cpu };
	pid = xc_jail_clone(spawner.jail, &guest.cell, &guest.layers,
	    &cell->pidfd, errbuf);
	if (pid == 0)
		xc_guest_run(&guest);
	if (pid < 0)
		return 0;
	cell->pid = pid;
	if (xc_jail_admit(spawner.jail, &guest.cell, pid, errbuf) == XC_OK)
		return pid;
	/* Reaped like any other, with nobody to be told. */
	kill_cell(cell);
	return 0;
}

/* What stands in its way, or NULL. */
static const char *
find_obstacle(const struct conn *conn)
{
	if (conn->n_cells >= CONN_CELLS_MAX)
		return "this worker has as many sandboxes as one may have";
	if (spawner.n_cells >= CELLS_MAX)
		return "there are as many sandboxes as the spawner makes";
	return NULL;
}

/* Whether the process is there, to be watched even if it is of no use. */
static bool
begin_cell(struct cell *cell, const struct xc_spawn_request *request,
    const int *fds, size_t n_fds, struct xc_errbuf *errbuf)
{
	pid_t pid;

	cell->slot = take_slot();
	if (cell->slot == CELLS_MAX) {
		(void)xc_fail(errbuf, XC_ERR_BUSY, "all accounts for "
		    "sandboxes are in use: raise sandbox.uid_count");
		return false;
	}
	pid = clone_cell(cell, request, fds, n_fds, errbuf);
	if (cell->pid <= 0) {
		give_slot(cell->slot);
		return false;
	}
	if (!watch(cell->pidfd, &cell->source, EPOLLIN)) {
		kill_cell(cell);
		(void)waitpid(cell->pid, NULL, __WALL);
		give_slot(cell->slot);
		(void)xc_fail(errbuf, XC_ERR_IO, "the spawner cannot watch "
		    "one more process");
		cell->pid = 0;
		return false;
	}
	if (pid == 0) {
		cell->conn->n_cells--;
		cell->conn = NULL;
	}
	return true;
}

static void
refuse(struct conn *conn, enum xc_err err, const char *reason)
{
	conn->answer.pid = 0;
	conn->answer.error = (int32_t)err;
	snprintf(conn->answer.reason, sizeof(conn->answer.reason), "%s",
	    reason);
}

static void
make(struct conn *conn, const struct xc_spawn_request *request,
    const int *fds, size_t n_fds)
{
	const char *obstacle = find_obstacle(conn);
	struct xc_errbuf errbuf = { "" };
	struct cell *cell;

	if (obstacle) {
		refuse(conn, XC_ERR_BUSY, obstacle);
		return;
	}
	cell = make_cell(conn, request->id);
	if (!cell) {
		refuse(conn, XC_ERR_NOMEM, "the spawner is out of memory");
		return;
	}
	if (!begin_cell(cell, request, fds, n_fds, &errbuf)) {
		free_cell(cell);
		refuse(conn, XC_ERR_FAILED, errbuf.text);
	} else if (!cell->conn) {
		refuse(conn, XC_ERR_FAILED, errbuf.text);
	} else {
		conn->answer.pid = cell->pid;
		conn->pidfd = cell->pidfd;
	}
}

/* ---- connections -------------------------------------------------------- */

static void
end_conn(struct conn *conn)
{
	struct cell *cell, *next;

	for (cell = spawner.cells; cell; cell = next) {
		next = cell->next;
		if (cell->conn != conn)
			continue;
		cell->conn = NULL;
		if (cell->ended)
			free_cell(cell);
		else
			kill_cell(cell);
	}
	if (conn->pidfd_kept)
		close(conn->pidfd);
	*conn->back = conn->next;
	if (conn->next)
		conn->next->back = conn->back;
	/* A child that was just cloned may have it still: then closing alone
	 * does not take it out. */
	(void)epoll_ctl(spawner.epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
	close(conn->fd);
	spawner.n_conns--;
	free(conn);
}

/* Of an answer that could not be sent at once. */
static void
drop_pidfd(struct conn *conn)
{
	if (conn->pidfd_kept)
		close(conn->pidfd);
	conn->pidfd = -1;
	conn->pidfd_kept = false;
}

/* The sandbox may end, and its descriptor be closed, before it is sent. */
static bool
keep_pidfd(struct conn *conn)
{
	if (conn->pidfd < 0 || conn->pidfd_kept)
		return true;
	conn->pidfd = fcntl(conn->pidfd, F_DUPFD_CLOEXEC, 0);
	conn->pidfd_kept = conn->pidfd >= 0;
	return conn->pidfd_kept;
}

/* Sends the answer that is owed; false: the connection has ended. */
static bool
send_answer(struct conn *conn)
{
	enum xc_err err = xc_link_send_fds(conn->fd, &conn->answer,
	    sizeof(conn->answer), &conn->pidfd, conn->pidfd >= 0 ? 1 : 0);

	if (err == XC_ERR_BUSY && keep_pidfd(conn)) {
		set_blocked(conn, true);
		return true;
	}
	conn->owed = false;
	drop_pidfd(conn);
	if (err == XC_OK)
		return true;
	end_conn(conn);
	return false;
}

/* Tells what could not be told before. */
static void
catch_up(struct conn *conn)
{
	struct cell *cell, *next;

	set_blocked(conn, false);
	if (conn->owed && !send_answer(conn))
		return;
	for (cell = spawner.cells; cell && !conn->blocked; cell = next) {
		next = cell->next;
		if (cell->conn == conn && cell->ended)
			tell_end(cell);
	}
}

static void
on_request(struct conn *conn)
{
	struct xc_spawn_request request;
	size_t len, n_fds, i;
	int fds[FDS_MAX];
	enum xc_err err = xc_link_receive(conn->fd, &request,
	    sizeof(request), &len, fds, FDS_MAX, &n_fds);
	bool valid;

	if (err == XC_ERR_BUSY)
		return;
	valid = err == XC_OK && is_request(&request, len, fds, n_fds);
	if (!valid) {
		if (err != XC_ERR_IO)
			say(LOG_ERR, "a worker asked for what is no sandbox; "
			    "its connection is closed");
		for (i = 0; i < n_fds; i++)
			close(fds[i]);
		end_conn(conn);
		return;
	}
	memset(&conn->answer, 0, sizeof(conn->answer));
	conn->answer.magic = XC_SPAWN_MAGIC;
	conn->answer.id = request.id;
	conn->pidfd = -1;
	make(conn, &request, fds, n_fds);
	for (i = 0; i < n_fds; i++)
		close(fds[i]);
	conn->owed = true;
	(void)send_answer(conn);
}

static void
on_conn(struct source *source, uint32_t events)
{
	struct conn *conn = (struct conn *)(void *)source;

	if (events & EPOLLIN)
		on_request(conn);
	else if (events & (EPOLLHUP | EPOLLERR))
		end_conn(conn);
	else if (events & EPOLLOUT)
		catch_up(conn);
}

static bool
is_ours(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == geteuid() || peer.uid == 0);
}

static void
on_listener(struct source *source, uint32_t events)
{
	struct conn *conn;
	int fd = accept4(spawner.options->listen_fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (fd < 0)
		return;
	conn = is_ours(fd) && spawner.n_conns < CONNS_MAX ?
	    calloc(1, sizeof(*conn)) : NULL;
	if (!conn || !watch(fd, &conn->source, EPOLLIN)) {
		say(LOG_WARNING, "a connection was refused");
		free(conn);
		close(fd);
		return;
	}
	conn->source.ready = on_conn;
	conn->fd = fd;
	conn->pidfd = -1;
	conn->next = spawner.conns;
	conn->back = &spawner.conns;
	if (conn->next)
		conn->next->back = &conn->next;
	spawner.conns = conn;
	spawner.n_conns++;
}

/* The workers go on with what they have; new ones find another spawner. */
static void
on_control(struct source *source, uint32_t events)
{
	char bytes[64];
	ssize_t n;

	(void)source;
	(void)events;
	n = recv(spawner.options->control_fd, bytes, sizeof(bytes),
	    MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	(void)epoll_ctl(spawner.epoll_fd, EPOLL_CTL_DEL,
	    spawner.options->control_fd, NULL);
	(void)epoll_ctl(spawner.epoll_fd, EPOLL_CTL_DEL,
	    spawner.options->listen_fd, NULL);
	close(spawner.options->listen_fd);
	spawner.orphan = true;
}

/* ---- from begin to end -------------------------------------------------- */

/*
 * Whoever sends a signal to the whole group means the manager, which has us
 * end after the last worker; sandboxes inherit that.
 */
static void
ignore_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT,
		SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTSTP, SIGTTIN,
		SIGTTOU };
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)signal(numbers[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
raise_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
begin(const struct xc_spawner_options *options)
{
	struct xc_errbuf errbuf = { "" };

	spawner.options = options;
	spawner.slots_max = CELLS_MAX;
	if (geteuid() == 0 && options->jail.uid_count > 0 &&
	    options->jail.uid_count < CELLS_MAX)
		spawner.slots_max = options->jail.uid_count;
	if (xc_jail_create(&options->jail, &spawner.jail, &errbuf) != XC_OK) {
		say(LOG_ERR, "no sandbox can be made: %s", errbuf.text);
		return false;
	}
	if (errbuf.text[0] != '\0')
		say(LOG_WARNING, "%s: sandboxes are without a cgroup of their "
		    "own", errbuf.text);
	spawner.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (spawner.epoll_fd < 0) {
		say(LOG_ERR, "epoll_create1: %s", strerror(errno));
		return false;
	}
	spawner.listener.ready = on_listener;
	spawner.control.ready = on_control;
	(void)fcntl(options->listen_fd, F_SETFL, O_NONBLOCK);
	return watch(options->listen_fd, &spawner.listener, EPOLLIN) &&
	    watch(options->control_fd, &spawner.control, EPOLLIN);
}

int
xc_spawner_run(const struct xc_spawner_options *options)
{
	struct epoll_event event;
	struct source *source;

	ignore_signals();
	raise_files_limit();
	if (!begin(options))
		return 1;
	/* One at a time: what is freed cannot be due any more. */
	while (!spawner.orphan || spawner.conns) {
		if (epoll_wait(spawner.epoll_fd, &event, 1, -1) != 1)
			continue;
		source = event.data.ptr;
		source->ready(source, event.events);
	}
	/* Those that are still being reaped end with us. */
	xc_jail_free(&spawner.jail);
	return 0;
}

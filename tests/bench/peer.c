/* SPDX-License-Identifier: MIT */
/*
 * Bare FastCGI workers to measure against:  peer MODE WORKERS
 *
 * The listen socket is fd 0, as spawn-fcgi leaves it.  The modes differ in
 * one thing only, who holds a connection between two requests:
 *
 *   classic    a while (FCGX_Accept_r()) loop in each process.  Only for
 *              front ends that do not keep connections.
 *   mux        each process multiplexes the connections that it accepted.
 *   shared     as mux, but a connection that is kept is given to every
 *              process; whoever is idle serves its next request.
 *   rebalance  as mux, but before a handler that is known to be slow a
 *              process hands its other connections to idle ones.
 *
 * How `shared` stays right.  Every process has the connection in an epoll
 * set of its own with EPOLLET | EPOLLEXCLUSIVE.  The kernel walks these
 * registrations in the order they were made: a process that is not asleep in
 * epoll_wait() gets the event queued, and the walk goes on; the first one
 * that is asleep is woken, and the walk ends.  So a request wakes one idle
 * process, the one that accepted it if that is idle, and stands in the queue
 * of each busy process passed on the way; if all are busy it stands in every
 * queue, and the first to come back takes it.  What can go wrong:
 *
 *  - Two processes see the same request.  A word in shared memory is claimed
 *    by compare-and-swap before anything is read.
 *  - A process sees an event for a connection that is claimed.  It may be
 *    the echo of what the claimer is reading now, or the next request, and
 *    being edge-triggered it will not be seen again.  It sets PENDING in the
 *    word; who releases a word with PENDING in it must look once more.  Both
 *    are atomic on one word, so one of the two sees the other.
 *  - A process claims after another has served the request and released: the
 *    event was true when epoll_wait() returned it and no longer is, and a
 *    blocking read would hang.  Hence the look (MSG_PEEK | MSG_DONTWAIT), and
 *    hence PEEK can be left out if nobody claimed the connection since before
 *    our epoll_wait(), which the `epoch` tells.
 *  - A process wakes for one event and takes another first, maybe a slow one.
 *    The queue of an epoll set is first in, first out, and a process that
 *    has been woken no longer counts as asleep, so what woke it is what it
 *    finds first, and later events went on to other sleepers.  With
 *    maxevents above 1 it would drain events into private memory, where no
 *    other process can take them: so maxevents is 1.
 *  - A connection is registered while a request is already there.
 *    EPOLL_CTL_ADD looks at readiness itself, even with EPOLLET.
 *  - close() in one process does not close the connection, the others hold
 *    it too, and the front end would wait.  So shutdown() first; that wakes
 *    all others with EPOLLHUP, and each closes its own descriptor.
 *  - libfcgi closes the descriptor itself when FCGX_Accept_r() fails, without
 *    shutdown(): the others are told over their inbox to shut it down.
 *  - A slot is used again only when every holder has left it.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS	64
#define MAX_FDS		8192
#define MAX_SLOTS	8192
#define SLOW_NS		1000000
#define PENDING		0x80000000u

enum mode { CLASSIC, MUX, SHARED, REBALANCE };
static const char *const mode_names[] = { "classic", "mux", "shared",
    "rebalance" };

struct slot {
	_Alignas(64) _Atomic uint32_t word;	/* 0 free, else worker + 1 */
	_Atomic uint32_t generation;
	_Atomic uint64_t holders;		/* one bit for each worker */
	_Atomic uint64_t epoch;			/* of the last claim */
};

struct board {
	_Alignas(64) _Atomic uint64_t epoch;
	_Alignas(64) _Atomic uint32_t next_slot;
	struct {
		_Alignas(64) _Atomic uint32_t busy;
	} workers[MAX_WORKERS];
	struct slot slots[MAX_SLOTS];
};

enum note_kind { NOTE_HOLD, NOTE_SHUT, NOTE_TAKE };
struct note {
	uint32_t kind;
	uint32_t slot;
	uint32_t generation;
};

enum conn_kind { NONE, LISTEN, INBOX, OWN, COMMON };
struct conn {
	enum conn_kind kind;
	bool polled;
	uint32_t served;
	uint32_t slot;
};

static enum mode mode;
static int n_workers, me, set = -1;
static bool use_peek = true;
static uint32_t share_after = 2;
static struct board *board;
static int inbox[MAX_WORKERS][2];	/* [0] is read by the worker */
static struct conn conns[MAX_FDS];
static int slot_fd[MAX_SLOTS];
static FCGX_Request request;
static bool known_slow[2];	/* by is_slow(), learnt from the first run */

static _Noreturn void
die(const char *what)
{
	perror(what);
	_exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static bool
is_slow(void)
{
	const char *uri = FCGX_GetParam("REQUEST_URI", request.envp);

	return uri != NULL && strncmp(uri, "/slow", 5) == 0;
}

static void
handle(void)
{
	char body[4096];

	while (FCGX_GetStr(body, sizeof(body), request.in) > 0)
		;
	if (is_slow())
		usleep(20000);
	FCGX_PutS("Content-Type: application/json\r\n"
	    "Content-Length: 20\r\n\r\n{\"message\":\"hello\"}\n", request.out);
}

static void
classic(void)
{
	if (FCGX_InitRequest(&request, 0, 0) != 0)
		die("FCGX_InitRequest");
	while (FCGX_Accept_r(&request) == 0)
		handle();
}

/* The set of a connection, in the way its mode and kind want it. */
static void
watch(int fd, enum conn_kind kind)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (kind == LISTEN)
		ev.events |= EPOLLEXCLUSIVE;
	else if (kind == COMMON)
		ev.events |= EPOLLET | EPOLLEXCLUSIVE;
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl add");
	conns[fd].polled = true;
	conns[fd].kind = kind;
}

static void
unwatch(int fd)
{
	if (conns[fd].polled)
		epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
	conns[fd].polled = false;
}

/* Leave a slot; the descriptor may be closed already, by libfcgi. */
static void
leave(int fd, bool fd_is_open)
{
	struct conn *c = &conns[fd];

	if (c->kind == COMMON) {
		slot_fd[c->slot] = -1;
		atomic_fetch_and(&board->slots[c->slot].holders,
		    ~(1ull << me));
	}
	*c = (struct conn){ 0 };
	if (fd_is_open)
		close(fd);
}

/* false: the inbox is full or the worker gone, so it does not get it. */
static bool
tell(int worker, const struct note *note, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)note, sizeof(*note) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	return sendmsg(inbox[worker][1], &msg, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

/* A free slot claimed by us, held by nobody yet but us; -1 if none. */
static int
slot_new(void)
{
	for (int tries = 0; tries < MAX_SLOTS; tries++) {
		uint32_t i = atomic_fetch_add(&board->next_slot, 1) % MAX_SLOTS;
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&board->slots[i].holders,
		    &none, 1ull << me))
			continue;
		atomic_fetch_add(&board->slots[i].generation, 1);
		atomic_store(&board->slots[i].word, (uint32_t)me + 1);
		return (int)i;
	}
	return -1;
}

/*
 * Our own registration comes first, so the kernel asks us first; the others
 * follow from our neighbour on, so that not all overflow goes to worker 0.
 */
static bool
share(int fd)
{
	struct note note = { .kind = NOTE_HOLD };
	int i = slot_new();

	if (i < 0)
		return false;
	unwatch(fd);
	conns[fd].slot = note.slot = (uint32_t)i;
	note.generation = atomic_load(&board->slots[i].generation);
	slot_fd[i] = fd;
	watch(fd, COMMON);
	for (int k = 1; k < n_workers; k++) {
		int w = (me + k) % n_workers;

		atomic_fetch_or(&board->slots[i].holders, 1ull << w);
		if (!tell(w, &note, fd))
			atomic_fetch_and(&board->slots[i].holders,
			    ~(1ull << w));
	}
	return true;
}

/* Who is at work is a hint only: a stale one costs time, not a request. */
static void
hand_over(int except)
{
	struct note note = { .kind = NOTE_TAKE };
	int w = me;

	for (int fd = 0; fd < MAX_FDS; fd++) {
		if (conns[fd].kind != OWN || fd == except)
			continue;
		for (int k = 0; k < n_workers; k++) {
			w = (w + 1) % n_workers;
			if (w != me && !atomic_load(&board->workers[w].busy))
				break;
		}
		if (w == me || !tell(w, &note, fd))
			return;
		unwatch(fd);
		leave(fd, true);
	}
}

/* Serve the request; in mode rebalance get out of the others' way first. */
static void
run(int fd)
{
	bool slow = is_slow();
	int64_t start;

	if (mode != REBALANCE) {
		handle();
		return;
	}
	atomic_store(&board->workers[me].busy, 1);
	if (known_slow[slow])
		hand_over(fd);
	start = now_ns();
	handle();
	if (now_ns() - start > SLOW_NS)
		known_slow[slow] = true;
	atomic_store(&board->workers[me].busy, 0);
}

/* Read a request, answer it.  false: the connection is to be closed. */
static bool
serve(int fd, bool *open_r)
{
	bool keep;

	request.ipcFd = fd;
	request.keepConnection = 1;
	request.detached = 1;
	*open_r = FCGX_Accept_r(&request) == 0;
	if (!*open_r)
		return false;
	run(fd);
	keep = request.keepConnection;
	/* FCGX_Finish_r() without its close(). */
	keep &= FCGX_FClose(request.err) == 0;
	keep &= FCGX_FClose(request.out) == 0;
	keep &= FCGX_GetError(request.in) == 0;
	FCGX_Free(&request, 0);
	request.ipcFd = -1;
	conns[fd].served++;
	return keep;
}

static bool
claim(struct slot *s)
{
	uint32_t old = 0;

	if (atomic_compare_exchange_strong(&s->word, &old, (uint32_t)me + 1))
		return true;
	for (;;) {
		if (old == 0) {
			if (atomic_compare_exchange_strong(&s->word, &old,
			    (uint32_t)me + 1))
				return true;
		} else if (atomic_compare_exchange_strong(&s->word, &old,
		    old | PENDING))
			return false;
	}
}

enum sight { EMPTY, DATA, GONE };

static enum sight
look(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0)
		return DATA;
	return n < 0 && errno == EAGAIN ? EMPTY : GONE;
}

static void
serve_common(int fd, uint64_t before)
{
	uint32_t i = conns[fd].slot;
	struct slot *s = &board->slots[i];
	struct note note = { NOTE_SHUT, i, atomic_load(&s->generation) };
	bool open = true, sure;

	if (!claim(s))
		return;
	sure = !use_peek && atomic_load(&s->epoch) <= before;
	do {
		enum sight seen = sure ? DATA : look(fd);

		sure = false;
		if (seen == EMPTY)
			continue;
		if (!use_peek)
			atomic_store(&s->epoch,
			    atomic_fetch_add(&board->epoch, 1) + 1);
		if (seen == DATA && serve(fd, &open))
			continue;
		/* The word stays claimed until the last holder has left. */
		if (open)
			shutdown(fd, SHUT_RDWR);
		else
			for (int w = 0; w < n_workers; w++)
				if (w != me)
					tell(w, &note, -1);
		leave(fd, open);
		return;
	} while ((atomic_exchange(&s->word, 0) & PENDING) && claim(s));
}

/* Give a claimed connection back, unless something came meanwhile. */
static void
release(int fd)
{
	struct slot *s = &board->slots[conns[fd].slot];

	if (atomic_exchange(&s->word, 0) & PENDING)
		serve_common(fd, 0);
}

static void
serve_own(int fd)
{
	bool open, keep;

	keep = serve(fd, &open);
	if (!keep)
		leave(fd, open);
	else if (mode == SHARED && conns[fd].served >= share_after &&
	    share(fd))
		release(fd);
	else if (!conns[fd].polled)
		watch(fd, OWN);
}

static void
take_connection(void)
{
	int fd = accept4(0, NULL, NULL, SOCK_CLOEXEC);

	/* To the end of the kernel's list: next time the others come first. */
	epoll_ctl(set, EPOLL_CTL_DEL, 0, NULL);
	watch(0, LISTEN);
	if (fd < 0)
		return;
	if (fd >= MAX_FDS) {
		close(fd);
		return;
	}
	conns[fd] = (struct conn){ .kind = OWN };
	switch (look(fd)) {
	case EMPTY:
		watch(fd, OWN);
		break;
	case DATA:
		serve_own(fd);
		break;
	case GONE:
		leave(fd, true);
		break;
	}
}

static void
hold(const struct note *note, int fd)
{
	struct slot *s = &board->slots[note->slot];

	if (fd >= MAX_FDS || atomic_load(&s->generation) != note->generation ||
	    !(atomic_load(&s->holders) & (1ull << me))) {
		close(fd);
		return;
	}
	conns[fd] = (struct conn){ .slot = note->slot };
	slot_fd[note->slot] = fd;
	watch(fd, COMMON);
}

static void
shut(const struct note *note)
{
	int fd = slot_fd[note->slot];

	if (fd < 0 || atomic_load(&board->slots[note->slot].generation) !=
	    note->generation)
		return;
	shutdown(fd, SHUT_RDWR);
	leave(fd, true);
}

/* One note; false when there is none. */
static bool
read_note(void)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct note note;
	struct iovec iov = { &note, sizeof(note) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(inbox[me][0], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) !=
	    (ssize_t)sizeof(note))
		return false;
	if (CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	if (note.kind == NOTE_SHUT)
		shut(&note);
	else if (fd >= 0 && note.kind == NOTE_HOLD)
		hold(&note, fd);
	else if (fd >= 0) {
		conns[fd] = (struct conn){ .served = 1 };
		watch(fd, OWN);
	}
	return true;
}

static void
dispatch(const struct epoll_event *ev, uint64_t before)
{
	int fd = ev->data.fd;

	switch (conns[fd].kind) {
	case LISTEN:
		take_connection();
		break;
	case INBOX:
		while (read_note())
			;
		break;
	case OWN:
		serve_own(fd);
		break;
	case COMMON:
		/* Gone and nothing to read: no claim is needed to leave. */
		if (ev->events & EPOLLHUP)
			leave(fd, true);
		else
			serve_common(fd, before);
		break;
	case NONE:
		break;
	}
}

static void
multiplex(void)
{
	struct epoll_event ev[16];
	int room = mode == MUX ? 16 : 1;

	set = epoll_create1(EPOLL_CLOEXEC);
	if (set < 0 || FCGX_InitRequest(&request, -1, 0) != 0)
		die("epoll_create1");
	memset(slot_fd, -1, sizeof(slot_fd));
	watch(0, LISTEN);
	if (mode != MUX)
		watch(inbox[me][0], INBOX);
	for (;;) {
		uint64_t before = use_peek ? 0 : atomic_load(&board->epoch);
		int n = epoll_wait(set, ev, room, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++)
			dispatch(&ev[i], before);
	}
}

static pid_t
start_worker(int number)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = number;
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	FCGX_Init();
	signal(SIGTERM, SIG_DFL);
	if (mode == CLASSIC)
		classic();
	else
		multiplex();
	_exit(0);
}

static bool
read_arguments(int argc, char **argv)
{
	const char *env;

	if (argc != 3)
		return false;
	n_workers = atoi(argv[2]);
	while (mode <= REBALANCE && strcmp(argv[1], mode_names[mode]) != 0)
		mode++;
	if ((env = getenv("PEER_SHARE_AFTER")) != NULL)
		share_after = (uint32_t)atoi(env);
	if ((env = getenv("PEER_EPOCH")) != NULL)
		use_peek = atoi(env) == 0;
	return mode <= REBALANCE && n_workers > 0 && n_workers <= MAX_WORKERS;
}

int
main(int argc, char **argv)
{
	sigset_t wait_for;
	int sig;

	if (!read_arguments(argc, argv)) {
		fprintf(stderr, "usage: peer classic|mux|shared|"
		    "rebalance WORKERS (1-64), listen socket on fd 0\n");
		return 2;
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < n_workers; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    inbox[i]) != 0)
			die("socketpair");
	for (int i = 0; i < n_workers; i++)
		if (start_worker(i) < 0)
			die("fork");
	sigemptyset(&wait_for);
	sigaddset(&wait_for, SIGTERM);
	sigaddset(&wait_for, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wait_for, NULL);
	sigwait(&wait_for, &sig);
	if (sig == SIGCHLD)
		fprintf(stderr, "peer: a worker ended\n");
	signal(SIGTERM, SIG_IGN);
	return sig == SIGCHLD;
}

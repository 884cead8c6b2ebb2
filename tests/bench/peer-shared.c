/* SPDX-License-Identifier: MIT */
/*
 * Mode shared: every process polls every kept connection, and whoever is
 * idle serves its next request.
 *
 * Each has the connection in its epoll set with EPOLLET | EPOLLEXCLUSIVE.
 * The kernel walks these registrations in the order they were made: a process
 * that is not asleep in epoll_wait() gets the event queued, and the walk goes
 * on; the first one that is asleep is woken, and the walk ends.  So a request
 * wakes one idle process, the one that accepted it if that is idle, and
 * stands in the queue of each busy process passed on the way; if all are busy
 * it stands in every queue, and the first to come back takes it.  This knows
 * nothing of handlers, and costs some 10 % of a hello: the queues of all busy
 * processes are touched for every request, and one more system call looks
 * whether the request is still there.  What can go wrong:
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
 *    blocking read would hang.  Hence the look (MSG_PEEK | MSG_DONTWAIT).
 *  - A process wakes for one event and takes another first, maybe a slow one.
 *    The queue of an epoll set is first in, first out, and a process that
 *    has been woken no longer counts as asleep, so what woke it is what it
 *    finds first; later events went on to other sleepers, or stand in the
 *    queues of all others as well.
 *  - A connection is registered while a request is already there.
 *    EPOLL_CTL_ADD looks at readiness itself, even with EPOLLET.
 *  - close() in one process does not close the connection, the others hold
 *    it too, and the front end would wait.  So shutdown() first; that wakes
 *    all others with EPOLLHUP, and each closes its own descriptor.
 *  - libfcgi closes the descriptor itself when FCGX_Accept_r() fails, without
 *    shutdown(): the others are told over their inbox to shut it down.
 *  - A slot is used again only when every holder has left it.
 */
#include "peer.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_SLOTS	8192
#define PENDING		0x80000000u

struct slot {
	_Alignas(64) _Atomic uint32_t word;	/* 0 free, else worker + 1 */
	_Atomic uint32_t generation;
	_Atomic uint64_t holders;		/* one bit for each worker */
};

static struct board {
	_Alignas(64) _Atomic uint32_t next;
	struct slot slots[MAX_SLOTS];
} *board;

static int slot_fd[MAX_SLOTS];

static void
shared_prepare(void)
{
	board = common_memory(sizeof(*board));
	memset(slot_fd, -1, sizeof(slot_fd));
}

static void
leave(int fd, bool fd_is_open)
{
	uint32_t i = conns[fd].slot;

	slot_fd[i] = -1;
	atomic_fetch_and(&board->slots[i].holders, ~(1ull << me));
	forget(fd, fd_is_open);
}

/* A free slot claimed by us, held by nobody yet but us; -1 if none. */
static int
slot_new(void)
{
	for (int tries = 0; tries < MAX_SLOTS; tries++) {
		uint32_t i = atomic_fetch_add(&board->next, 1) % MAX_SLOTS;
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

static bool
claim(struct slot *s)
{
	uint32_t old = 0;

	for (;;) {
		if (atomic_compare_exchange_strong(&s->word, &old,
		    old == 0 ? (uint32_t)me + 1 : old | PENDING))
			return old == 0;
	}
}

static void
close_claimed(int fd, bool open)
{
	uint32_t i = conns[fd].slot;
	struct note note = { NOTE_SHUT, i,
	    atomic_load(&board->slots[i].generation) };

	/* The word stays claimed until the last holder has left. */
	if (open)
		shutdown(fd, SHUT_RDWR);
	for (int w = 0; !open && w < n_workers; w++)
		if (w != me)
			tell(w, &note, -1);
	leave(fd, open);
}

static void
serve_common(int fd)
{
	struct slot *s = &board->slots[conns[fd].slot];
	bool open = true;

	if (!claim(s))
		return;
	do {
		char c;
		ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0 || !serve(fd, &open)) {
			close_claimed(fd, open);
			return;
		}
	} while ((atomic_exchange(&s->word, 0) & PENDING) && claim(s));
}

/*
 * Our own registration comes first, so the kernel asks us first; the others
 * follow from our neighbour on, so that not all overflow goes to worker 0.
 */
static bool
shared_share(int fd)
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
	if (atomic_exchange(&board->slots[i].word, 0) & PENDING)
		serve_common(fd);
	return true;
}

static void
shared_note(const struct note *note, int fd)
{
	struct slot *s = &board->slots[note->slot];
	bool current = atomic_load(&s->generation) == note->generation;
	int held = slot_fd[note->slot];

	if (note->kind == NOTE_SHUT && current && held >= 0) {
		shutdown(held, SHUT_RDWR);
		leave(held, true);
	} else if (note->kind == NOTE_HOLD && current && fd < MAX_FDS &&
	    (atomic_load(&s->holders) & (1ull << me))) {
		conns[fd] = (struct conn){ .slot = note->slot };
		slot_fd[note->slot] = fd;
		watch(fd, COMMON);
	} else if (fd >= 0)
		close(fd);
}

static void
shared_event(const struct epoll_event *ev)
{
	int fd = (int)ev->data.u64;

	/* No claim is needed to leave. */
	if (ev->events & EPOLLHUP)
		leave(fd, true);
	else
		serve_common(fd);
}

const struct mode mode_shared = { "shared", shared_prepare, shared_share,
	shared_note, shared_event, NULL };

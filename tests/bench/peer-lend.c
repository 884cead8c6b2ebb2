/* SPDX-License-Identifier: MIT */
/*
 * Mode lend: a kept connection has a home, the one process whose epoll set it
 * is in, and there all is as in mux, but for a compare-and-swap that nobody
 * contends.  The other processes have the descriptor too, under the same
 * number.  The kernel's key in an epoll set is file and number, and the sets
 * are made before the fork, so any process can take a connection out of any
 * set and put it into any other, without a message or a wake-up.
 *
 * Before an operation that was slow lately a process moves its other
 * connections to processes that are not in a slow one; after it, it takes
 * over those whose home is slow now.
 *
 *  - `moves` counts the moves of a connection and stands in its word and in
 *    the data of its events: an event from before a move cannot start a read.
 *  - Two move it at once, or it is being served: the word says ACTIVE.  An
 *    event that finds it so is ignored; level-triggered, it comes again.
 *  - The receiver becomes slow while it is given a connection.  It sets its
 *    bit in `slow`, then looks at all words; the giver stores the word, then
 *    looks at `slow`.  One of the two sees the other.
 *  - A request is there already when the connection moves: EPOLL_CTL_ADD
 *    looks at readiness itself.
 *  - close() alone does not close what others hold: shutdown() first.  They
 *    keep the dead file until its number is used again, for which dup3()
 *    closes it; the lowest free number is taken, so that few are kept.
 *  - Whether a process has the descriptor is a bit beside the `moves` at the
 *    birth of the connection, so that a late note cannot set it wrongly.
 */
#include "peer.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BASE		512	/* slot i is descriptor BASE + i */
#define SLOTS		512
#define LEND_EVENT	0x80000000u
#define ACTIVE		0x80000000u
#define SLOW_NS		1000000
#define SLOW_RUNS	100	/* an operation stays known as slow */

struct slot {
	/* moves << 32 | ACTIVE? | home + 1; the lower half 0: free. */
	_Alignas(64) _Atomic uint64_t word;
	/* moves at birth << 32 | one bit for each worker. */
	_Atomic uint64_t holders;
};

static struct board {
	_Alignas(64) _Atomic uint64_t slow;	/* one bit for each worker */
	_Alignas(64) _Atomic uint32_t top;	/* all in use are below */
	struct slot slots[SLOTS];
} *board;

static int known_slow[OPERATIONS];	/* runs to go as such */

static uint64_t
word_of(uint32_t moves, uint32_t low)
{
	return (uint64_t)moves << 32 | low;
}

static void
lend_prepare(void)
{
	board = common_memory(sizeof(*board));
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
put(uint32_t i, uint32_t moves, int home)
{
	struct epoll_event ev = { .events = EPOLLIN,
	    .data.u64 = word_of(moves, LEND_EVENT | i) };

	if (epoll_ctl(sets[home], EPOLL_CTL_ADD, BASE + (int)i, &ev) != 0)
		die("epoll_ctl");
	atomic_store(&board->slots[i].word,
	    word_of(moves, (uint32_t)home + 1));
}

/* false: it was not as `word` says, idle in the set of `from`. */
static bool
move(uint32_t i, uint64_t word, int from, int to)
{
	uint32_t moves = (uint32_t)(word >> 32) + 1;

	if (!atomic_compare_exchange_strong(&board->slots[i].word, &word,
	    word_of(moves, ACTIVE | ((uint32_t)me + 1))))
		return false;
	epoll_ctl(sets[from], EPOLL_CTL_DEL, BASE + (int)i, NULL);
	put(i, moves, to);
	return true;
}

/* The next that has the descriptor and is not slow; -1 if none. */
static int
receiver(uint32_t i)
{
	static int last;
	uint64_t can = (uint32_t)atomic_load(&board->slots[i].holders) &
	    ~atomic_load(&board->slow) & ~(1ull << me);

	if (can == 0)
		return -1;
	do
		last = (last + 1) % n_workers;
	while (!(can & (1ull << last)));
	return last;
}

static void
give(uint32_t i)
{
	int from = me, to;

	for (;;) {
		uint64_t word = atomic_load(&board->slots[i].word);

		if ((uint32_t)word != (uint32_t)from + 1 ||
		    (to = receiver(i)) < 0 || !move(i, word, from, to))
			return;
		/* If it has become slow it may have looked too early. */
		if (!(atomic_load(&board->slow) & (1ull << to)))
			return;
		from = to;
	}
}

static void
take(uint32_t i, uint64_t slow)
{
	uint64_t word = atomic_load(&board->slots[i].word);
	uint32_t low = (uint32_t)word;

	if (low != 0 && !(low & ACTIVE) && (slow & (1ull << (low - 1))) &&
	    (atomic_load(&board->slots[i].holders) & (1ull << me)))
		move(i, word, (int)low - 1, me);
}

static void
lend_run(void)
{
	enum operation what = operation();
	bool slow = known_slow[what] > 0;
	int64_t start = now_ns();
	uint64_t others;

	if (slow) {
		atomic_fetch_or(&board->slow, 1ull << me);
		for (uint32_t i = 0; i < atomic_load(&board->top); i++)
			give(i);
	}
	handle();
	if (now_ns() - start > SLOW_NS)
		known_slow[what] = SLOW_RUNS;
	else
		known_slow[what] -= slow;
	if (!slow)
		return;
	others = atomic_fetch_and(&board->slow, ~(1ull << me)) & ~(1ull << me);
	for (uint32_t i = 0; others && i < atomic_load(&board->top); i++)
		take(i, others);
}

/* The lowest free slot, ACTIVE; false if there is none. */
static bool
slot_new(uint32_t *i_r, uint32_t *moves_r)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint64_t word = atomic_load(&board->slots[i].word);
		uint32_t moves = (uint32_t)(word >> 32) + 1, top;

		if ((uint32_t)word != 0 ||
		    !atomic_compare_exchange_strong(&board->slots[i].word,
		    &word, word_of(moves, ACTIVE | ((uint32_t)me + 1))))
			continue;
		atomic_store(&board->slots[i].holders,
		    word_of(moves, 1u << me));
		top = atomic_load(&board->top);
		while (top < i + 1 && !atomic_compare_exchange_weak(
		    &board->top, &top, i + 1))
			;
		*i_r = i;
		*moves_r = moves;
		return true;
	}
	return false;
}

static bool
lend_share(int fd)
{
	struct note note = { .kind = NOTE_HOLD };
	int number;

	if (!slot_new(&note.slot, &note.generation))
		return false;
	unwatch(fd);
	number = BASE + (int)note.slot;
	if (dup3(fd, number, O_CLOEXEC) < 0)
		die("dup3");
	forget(fd, true);
	for (int w = 0; w < n_workers; w++)
		if (w != me)
			tell(w, &note, number);
	put(note.slot, note.generation, me);
	return true;
}

static void
hold(const struct note *note, int fd)
{
	_Atomic uint64_t *holders = &board->slots[note->slot].holders;
	uint64_t old = atomic_load(holders);

	if (old >> 32 == note->generation &&
	    dup3(fd, BASE + (int)note->slot, O_CLOEXEC) < 0)
		die("dup3");
	while (old >> 32 == note->generation &&
	    !atomic_compare_exchange_weak(holders, &old, old | 1u << me))
		;
	close(fd);
}

/* Out of the set of the one who can no longer name it. */
static void
shut(const struct note *note)
{
	struct slot *s = &board->slots[note->slot];
	uint64_t word = atomic_load(&s->word);
	int fd = BASE + (int)note->slot;

	if (word >> 32 != note->generation)
		return;
	epoll_ctl(sets[((uint32_t)word & ~ACTIVE) - 1], EPOLL_CTL_DEL, fd,
	    NULL);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	atomic_store(&s->word, word_of(note->generation, 0));
}

static void
lend_note(const struct note *note, int fd)
{
	if (note->kind == NOTE_SHUT)
		shut(note);
	else if (fd >= 0)
		hold(note, fd);
}

/* Ours is closed already: another who has it must end the connection. */
static void
ask_to_shut(uint32_t i, uint32_t moves)
{
	uint32_t holders = (uint32_t)atomic_load(&board->slots[i].holders);
	struct note note = { NOTE_SHUT, i, moves };

	for (int w = 0; w < n_workers; w++)
		if (w != me && (holders & (1u << w)) && tell(w, &note, -1))
			return;
	/* Nobody else has it, so that our close() was enough. */
	atomic_store(&board->slots[i].word, word_of(moves, 0));
}

static void
lend_event(const struct epoll_event *ev)
{
	uint32_t i = (uint32_t)ev->data.u64 & ~LEND_EVENT;
	uint32_t moves = (uint32_t)(ev->data.u64 >> 32);
	uint64_t idle = word_of(moves, (uint32_t)me + 1), word = idle;
	int fd = BASE + (int)i;
	bool open = true;

	if (!atomic_compare_exchange_strong(&board->slots[i].word, &word,
	    idle | ACTIVE))
		return;
	if (!(ev->events & EPOLLHUP) && serve(fd, &open)) {
		atomic_store(&board->slots[i].word, idle);
	} else if (open) {
		epoll_ctl(sets[me], EPOLL_CTL_DEL, fd, NULL);
		shutdown(fd, SHUT_RDWR);
		close(fd);
		atomic_store(&board->slots[i].word, word_of(moves, 0));
	} else
		ask_to_shut(i, moves);
}

const struct mode mode_lend = { "lend", lend_prepare, lend_share, lend_note,
	lend_event, lend_run };

/* SPDX-License-Identifier: MIT */
/*
 * A place is a byte of the file that its holder has locked, and so is a seat
 * of one who waits.  The file's first page says who of those in the seats came
 * first; what it says counts only as long as the seat is locked, so that
 * nobody waits for one who died.  What stands there can make somebody wait for
 * too long, but gives nobody a place: that is the lock alone.
 */
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The bytes of those who wait; far behind any number of places. */
#define SEATS_AT	65536
#define SEATS_PER_PLACE	2
#define SEATS_MAX	500
/* The bell is rung when somebody leaves; one who died does not ring. */
#define NAP_US		20000

struct line {
	_Atomic uint64_t last;		/* ticket that was given */
	_Atomic uint32_t bell;
	uint32_t unused;
	_Atomic uint64_t tickets[SEATS_MAX];	/* by seat; 0: none */
};

/* One who wants a place. */
struct visit {
	struct line *line;
	int fd;
	unsigned n;
	unsigned seats;
	unsigned seat;
	uint64_t ticket;
};

/* Not locks of the open file (F_OFD_SETLK): processes that got the descriptor
 * by a fork would share those. */
static int
lock(int fd, short type, off_t at)
{
	struct flock fl = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = at,
		.l_len = 1
	};

	return fcntl(fd, F_SETLK, &fl);
}

/* Whether another process has it locked. */
static bool
is_taken(int fd, off_t at)
{
	struct flock fl = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = at,
		.l_len = 1
	};

	return fcntl(fd, F_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
}

/* Takes one of n bytes from at on.  They are tried from another one on by each
 * process, so that few meet. */
static enum xc_err
take(int fd, off_t at, unsigned n, unsigned *place_r)
{
	unsigned i, place, first = (unsigned)getpid() % n;

	for (i = 0; i < n; i++) {
		place = (first + i) % n;
		if (lock(fd, F_WRLCK, at + place) == 0) {
			*place_r = place;
			return XC_OK;
		}
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return XC_ERR_IO;
	}
	return XC_ERR_BUSY;
}

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A mapping costs little beside what a place is for. */
static struct line *
map_line(int fd)
{
	struct line *line;
	struct stat st;

	if (fstat(fd, &st) != 0 || (st.st_size < (off_t)sizeof(*line) &&
	    ftruncate(fd, (off_t)sizeof(*line)) != 0))
		return NULL;
	line = mmap(NULL, sizeof(*line), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	return line != MAP_FAILED ? line : NULL;
}

static bool
begin(struct visit *visit, int fd, unsigned n)
{
	visit->line = map_line(fd);
	visit->fd = fd;
	visit->n = n;
	visit->seats = n < SEATS_MAX / SEATS_PER_PLACE ?
	    n * SEATS_PER_PLACE : SEATS_MAX;
	visit->seat = SEATS_MAX;
	visit->ticket = UINT64_MAX;
	return visit->line != NULL;
}

/* How many wait who came before. */
static unsigned
count_before(struct visit *visit)
{
	unsigned i, before = 0;
	uint64_t ticket;

	for (i = 0; i < visit->seats; i++) {
		ticket = atomic_load(&visit->line->tickets[i]);
		if (i == visit->seat || ticket == 0 || ticket > visit->ticket)
			continue;
		if (is_taken(visit->fd, SEATS_AT + (off_t)i))
			before++;
		else	/* It has died; and another may sit down just now. */
			atomic_compare_exchange_strong(
			    &visit->line->tickets[i], &ticket, 0);
	}
	return before;
}

static void
ring(struct line *line)
{
	atomic_fetch_add(&line->bell, 1);
	syscall(SYS_futex, &line->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Until the bell is rung, if it was not since. */
static void
listen_for(struct line *line, uint32_t bell, uint64_t us)
{
	struct timespec time = { .tv_nsec = (long)us * 1000 };

	syscall(SYS_futex, &line->bell, FUTEX_WAIT, bell, &time, NULL, 0);
}

static enum xc_err
wait_for_place(struct visit *visit, uint64_t until, unsigned *place_r)
{
	enum xc_err err = XC_ERR_BUSY;
	uint32_t bell;
	uint64_t now;

	for (;;) {
		bell = atomic_load(&visit->line->bell);
		if (count_before(visit) == 0)
			err = take(visit->fd, 0, visit->n, place_r);
		now = now_us();
		if (err != XC_ERR_BUSY || now >= until)
			return err;
		listen_for(visit->line, bell, until - now < NAP_US ?
		    until - now : NAP_US);
	}
}

static enum xc_err
sit_down(struct visit *visit, uint64_t until, unsigned *place_r)
{
	enum xc_err err = take(visit->fd, SEATS_AT, visit->seats,
	    &visit->seat);
	off_t seat = SEATS_AT + (off_t)visit->seat;

	if (err != XC_OK)
		return err;
	visit->ticket = atomic_fetch_add(&visit->line->last, 1) + 1;
	atomic_store(&visit->line->tickets[visit->seat], visit->ticket);
	err = wait_for_place(visit, until, place_r);
	atomic_store(&visit->line->tickets[visit->seat], 0);
	lock(visit->fd, F_UNLCK, seat);
	/* Another one is the first now, and there may be a place left. */
	ring(visit->line);
	return err;
}

enum xc_err
xc_place_take(int fd, unsigned n, uint32_t wait_ms, unsigned *place_r)
{
	uint64_t until = now_us() + (uint64_t)wait_ms * 1000;
	enum xc_err err = XC_ERR_BUSY;
	struct visit visit;

	if (!begin(&visit, fd, n))
		return XC_ERR_IO;
	if (count_before(&visit) == 0)
		err = take(fd, 0, n, place_r);
	if (err == XC_ERR_BUSY)
		err = sit_down(&visit, until, place_r);
	munmap(visit.line, sizeof(*visit.line));
	return err;
}

void
xc_place_leave(int fd, unsigned place)
{
	struct line *line = map_line(fd);

	lock(fd, F_UNLCK, (off_t)place);
	if (line == NULL)
		return;
	ring(line);
	munmap(line, sizeof(*line));
}

unsigned
xc_places_waiting(int fd, unsigned n)
{
	struct visit visit;
	unsigned waiting;

	if (!begin(&visit, fd, n))
		return 0;
	waiting = count_before(&visit);
	munmap(visit.line, sizeof(*visit.line));
	return waiting;
}

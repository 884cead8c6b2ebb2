/* SPDX-License-Identifier: MIT */
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* The bytes of those who wait; far behind any number of places. */
#define SEATS_AT	65536
#define SEATS_PER_PLACE	2
#define NAP_MIN_US	500
#define NAP_MAX_US	8000

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

static void
nap(uint64_t us)
{
	struct timespec time = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000
	};

	nanosleep(&time, NULL);
}

static enum xc_err
wait_for_place(int fd, unsigned n, uint64_t until, unsigned *place_r)
{
	uint64_t us = NAP_MIN_US + (uint64_t)getpid() % NAP_MIN_US;
	uint64_t now;
	enum xc_err err;

	do {
		now = now_us();
		if (now >= until)
			return XC_ERR_BUSY;
		nap(us < until - now ? us : until - now);
		us = us * 3 / 2 < NAP_MAX_US ? us * 3 / 2 : NAP_MAX_US;
		err = take(fd, 0, n, place_r);
	} while (err == XC_ERR_BUSY);
	return err;
}

enum xc_err
xc_place_take(int fd, unsigned n, uint32_t wait_ms, unsigned *place_r)
{
	uint64_t until = now_us() + (uint64_t)wait_ms * 1000;
	enum xc_err err = take(fd, 0, n, place_r);
	unsigned seat;

	if (err != XC_ERR_BUSY)
		return err;
	err = take(fd, SEATS_AT, n * SEATS_PER_PLACE, &seat);
	if (err != XC_OK)
		return err;
	err = wait_for_place(fd, n, until, place_r);
	lock(fd, F_UNLCK, SEATS_AT + (off_t)seat);
	return err;
}

void
xc_place_leave(int fd, unsigned place)
{
	lock(fd, F_UNLCK, (off_t)place);
}

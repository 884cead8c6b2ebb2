/* SPDX-License-Identifier: MIT */
/*
 * Which operations were slow lately, so that the idle connections can go to
 * others before the next slow run begins.  A guess: of two operations that
 * fall on one cell the later one takes it.
 */
#ifndef XC_WORKER_HISTORY_H
#define XC_WORKER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define XC_HISTORY_CELLS 1024

/*
 * Giving connections away costs some microseconds for each: with a limit of
 * 500 a handler of 1 ms, which is any that asks a database, cost four times
 * the processor time.  Below this the rescuer's tick is soon enough.
 */
#define XC_HISTORY_SLOW_US 4000

struct xc_history {
	struct {
		const void *key;
		uint16_t runs;	/* the last 16; a bit set: slow */
	} cells[XC_HISTORY_CELLS];
};

/* Whether any of the last 16 runs was slow.  An operation is known by any
 * address that is its own. */
bool xc_history_slow(const struct xc_history *history, const void *key);
void xc_history_add(struct xc_history *history, const void *key,
    uint64_t took_us);

#endif

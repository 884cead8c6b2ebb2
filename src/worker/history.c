/* SPDX-License-Identifier: MIT */
#include "worker/history.h"

/* Fibonacci hashing: addresses lie some bytes apart. */
static uint32_t
cell_of(const void *key)
{
	return (uint32_t)((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >>
	    32) % XC_HISTORY_CELLS;
}

bool
xc_history_slow(const struct xc_history *history, const void *key)
{
	uint32_t i = cell_of(key);

	return history->cells[i].key == key &&
	    history->cells[i].runs != 0;
}

void
xc_history_add(struct xc_history *history, const void *key,
    uint64_t took_us)
{
	uint32_t i = cell_of(key);

	if (history->cells[i].key != key) {
		history->cells[i].key = key;
		history->cells[i].runs = 0;
	}
	history->cells[i].runs = (uint16_t)(history->cells[i].runs << 1 |
	    (took_us > XC_HISTORY_SLOW_US));
}

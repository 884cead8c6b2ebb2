/* SPDX-License-Identifier: MIT */
#include "worker/history.h"

#include <string.h>

static uint32_t
cell_of(xc_handler *handler)
{
	uint64_t bits = 0;

	memcpy(&bits, &handler, sizeof(handler) < sizeof(bits) ?
	    sizeof(handler) : sizeof(bits));
	/* Fibonacci hashing: functions lie 16 bytes apart and more. */
	return (uint32_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
	    XC_HISTORY_CELLS;
}

bool
xc_history_slow(const struct xc_history *history, xc_handler *handler)
{
	uint32_t i = cell_of(handler);

	return history->cells[i].handler == handler &&
	    history->cells[i].runs != 0;
}

void
xc_history_add(struct xc_history *history, xc_handler *handler,
    uint64_t took_us)
{
	uint32_t i = cell_of(handler);

	if (history->cells[i].handler != handler) {
		history->cells[i].handler = handler;
		history->cells[i].runs = 0;
	}
	history->cells[i].runs = (uint16_t)(history->cells[i].runs << 1 |
	    (took_us > XC_HISTORY_SLOW_US));
}

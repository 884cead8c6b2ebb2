/* SPDX-License-Identifier: MIT */
/*
 * Places for what only so many processes of a host may do at once, as locks on
 * the bytes of a file: the kernel gives back those of a process that ends,
 * however it ends.
 *
 * Who waits gets a place in the order of coming, and nobody who comes later
 * takes it before.  How many may wait is bounded too: each worker that waits
 * serves nobody meanwhile, and a flood of logins must leave some to the other
 * requests.
 */
#ifndef XC_PLACES_H
#define XC_PLACES_H

#include <stdint.h>

#include <xcore/error.h>

/*
 * Takes one of n places, of the file fd; *place_r is which.  Waits for at most
 * wait_ms where fewer than 2 * n others (500 at most) wait already.
 * XC_ERR_BUSY, XC_ERR_IO.  A process holds one at a time.
 */
enum xc_err xc_place_take(int fd, unsigned n, uint32_t wait_ms,
    unsigned *place_r);
void xc_place_leave(int fd, unsigned place);

/* How many other processes wait. */
unsigned xc_places_waiting(int fd, unsigned n);

#endif

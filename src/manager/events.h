/* SPDX-License-Identifier: MIT */
/* The manager's event loop: descriptors to watch and whom to call. */
#ifndef XC_EVENTS_H
#define XC_EVENTS_H

#include <stdint.h>

#include "lib/errbuf.h"

/* Stays where it is while it is in a loop; its owner keeps it. */
struct xc_watch {
	int fd;			/* -1: not in use */
	void (*fn)(void *ctx, uint32_t events);	/* events of epoll(7) */
	void *ctx;
};

struct xc_events {
	int epoll_fd;
};

enum xc_err xc_events_open(struct xc_events *events,
    struct xc_errbuf *errbuf);
void xc_events_close(struct xc_events *events);

/* Watches watch->fd.  XC_ERR_IO with the reason if the kernel refuses. */
enum xc_err xc_events_add(struct xc_events *events, struct xc_watch *watch,
    uint32_t mask, struct xc_errbuf *errbuf);

/* Changes the events that are waited for. */
void xc_events_change(struct xc_events *events, struct xc_watch *watch,
    uint32_t mask);

/* Takes it out, closes the descriptor and makes it -1.  Nothing is done for
 * one that is -1. */
void xc_events_drop(struct xc_events *events, struct xc_watch *watch);

/* Waits at most timeout_ms (-1: for ever) and calls at most one watch. */
void xc_events_turn(struct xc_events *events, int timeout_ms);

#endif

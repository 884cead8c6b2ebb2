/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "manager/events.h"

enum xc_err
xc_events_open(struct xc_events *events, struct xc_errbuf *errbuf)
{
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (events->epoll_fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "epoll_create1: %s",
		    strerror(errno));
	return XC_OK;
}

void
xc_events_close(struct xc_events *events)
{
	if (events->epoll_fd != -1)
		close(events->epoll_fd);
	events->epoll_fd = -1;
}

enum xc_err
xc_events_add(struct xc_events *events, struct xc_watch *watch, uint32_t mask,
    struct xc_errbuf *errbuf)
{
	struct epoll_event event = { .events = mask, .data.ptr = watch };

	if (epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == -1)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot watch descriptor %d: %s", watch->fd,
		    strerror(errno));
	return XC_OK;
}

void
xc_events_change(struct xc_events *events, struct xc_watch *watch,
    uint32_t mask)
{
	struct epoll_event event = { .events = mask, .data.ptr = watch };

	(void)epoll_ctl(events->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void
xc_events_drop(struct xc_events *events, struct xc_watch *watch)
{
	if (watch->fd == -1)
		return;
	(void)epoll_ctl(events->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	close(watch->fd);
	watch->fd = -1;
}

/*
 * One event a turn: whoever is called may drop and free any watch, so that a
 * second event fetched with it could point to what is gone.
 */
void
xc_events_turn(struct xc_events *events, int timeout_ms)
{
	struct epoll_event event;
	struct xc_watch *watch;

	if (epoll_wait(events->epoll_fd, &event, 1, timeout_ms) != 1)
		return;
	watch = event.data.ptr;
	if (watch->fd != -1)
		watch->fn(watch->ctx, event.events);
}

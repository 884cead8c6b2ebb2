/* SPDX-License-Identifier: MIT */
/*
 * Events that wait to be told: one queue in each worker, bounded.  They are
 * put in while a handler runs and told when its reply has been sent; those of
 * a handler that fails are taken back.
 */
#ifndef XC_WORKER_EVENTS_H
#define XC_WORKER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/host.h"

#define XC_EVENTS_MAX 256
#define XC_EVENTS_BYTES_MAX ((size_t)1 << 20)
#define XC_EVENTS_DEPTH_MAX 4	/* an event that emits one that emits ... */

struct xc_worker;

struct xc_event {
	struct xc_event *next;
	unsigned depth;		/* 1: emitted by a request */
	char name[68];
	char request_id[72];	/* of the request that began it */
	size_t len;
	char body[];		/* JSON, with a NUL behind it */
};

/* Zero it, then xc_events_init(). */
struct xc_events {
	struct xc_event *first;
	struct xc_event **end;
	uint32_t n;
	size_t bytes;
	unsigned depth;		/* of the event that is told now; 0: none */
	struct xc_event **mark;	/* the end when the run began */
};

void xc_events_init(struct xc_events *events);
void xc_events_free(struct xc_events *events);

/*
 * Puts one in.  XC_ERR_INVALID: data is no JSON that a handler could read.
 * XC_ERR_TOO_LARGE: over 64 KiB as text.  XC_ERR_BUSY: the queue is full, or
 * the chain too long.  XC_ERR_NOMEM.
 */
enum xc_err xc_events_put(struct xc_events *events, const char *from,
    const char *name, const char *request_id, struct json_object *data,
    struct xc_errbuf *errbuf);

/* A run begins; it failed: what it put in is taken out again. */
void xc_events_begin(struct xc_events *events);
void xc_events_take_back(struct xc_events *events);

/* The first one, the caller's to free; NULL if there is none. */
struct xc_event *xc_events_take(struct xc_events *events);

/* For struct xc_host; its ctx is the struct xc_worker. */
extern const struct xc_event_ops xc_events_ops;

/*
 * After a reply was sent and its request reset: tells the events of that
 * request, and those that come of them, if its handler was well; else takes
 * them back.
 */
void xc_events_deliver(struct xc_worker *worker, bool well);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Requests that compute a password's hash (x-xcore-hashes of an operation)
 * take long and are what floods are made of.  No more than half of the workers
 * have one at a time, so that the others serve all else; those that came
 * meanwhile wait here with all their bytes, and hold up nobody.
 *
 * The scoreboard has a bit for each worker that has one.  The manager clears
 * that of a worker that died.
 */
#ifndef XC_WORKER_LANE_H
#define XC_WORKER_LANE_H

#include <stdbool.h>
#include <stdint.h>

struct xc_conn;
struct xc_request;
struct xc_target;
struct xc_worker;

#define XC_LANE_WAITING_MAX 64	/* in one worker */

struct xc_lane {
	struct xc_conn *first;	/* of those that wait, the eldest */
	struct xc_conn *last;
	uint32_t waiting;
	uint32_t places;	/* for hashes on this host */
	uint64_t due_ms;	/* when it is looked at again; 0: nobody waits */
	bool over;		/* the one that is served has waited enough */
	bool secret;		/* ... has a password in its body */
};

/* By the settings. */
void xc_lane_open(struct xc_worker *worker);

/* Whether one more must wait. */
bool xc_lane_is_busy(const struct xc_worker *worker);

/* Whether one more can wait. */
bool xc_lane_has_room(const struct xc_worker *worker);

/* It waits, with its bytes in conn->buf, and is looked at by nobody else. */
void xc_lane_put(struct xc_worker *worker, struct xc_conn *conn);

/* One that waits is closed. */
void xc_lane_remove(struct xc_worker *worker, struct xc_conn *conn);

/* Serves the eldest if it is its turn, or refuses it if it has waited too
 * long. */
void xc_lane_tend(struct xc_worker *worker);

/* Around the run of a handler.  False: a reply says to come back later. */
bool xc_lane_enter(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target);
void xc_lane_leave(struct xc_worker *worker);

#endif

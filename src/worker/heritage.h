/* SPDX-License-Identifier: MIT */
/*
 * What a fork hands over: all that a worker knows of the world when it
 * begins.  The manager makes it; a worker changes none of it.
 */
#ifndef XC_HERITAGE_H
#define XC_HERITAGE_H

#include <stdint.h>

#include "config/settings.h"
#include "worker/scoreboard.h"

struct xc_heritage {
	const struct xc_settings *settings;
	struct xc_scoreboard *board;
	uint32_t worker;	/* row in the scoreboard */
	uint32_t serial;	/* of this spawn */
	int listen_fd;		/* 0 */
	/*
	 * An eventfd that the manager writes when the generation changes or a
	 * worker died; shared by all, watched edge-triggered, never read.
	 */
	int wake_fd;
	/* SOCK_SEQPACKET to the manager: one JSON report a message. */
	int report_fd;
	/*
	 * SOCK_SEQPACKET pairs: [i][0] is read by worker i, [i][1] is written
	 * by anyone.  -1 past the rows in use.  They live as long as the
	 * manager, so that a successor finds its predecessor's.
	 */
	int (*inbox)[2];
	/* The places for hashing passwords (services/security/password.h), which
	 * all workers of the host share; -1: none. */
	int places_fd;
	const char *secret;	/* required of TCP peers; "" on a unix socket
				 * without one */
	/*
	 * current.json.  What is applied is the numbered file beside it of the
	 * sequence on the board; it itself if the board has none, or if that
	 * file is gone.
	 */
	const char *snapshot;
	/* The sequence that this worker tries before it is published; 0: none
	 * but the board's. */
	uint64_t trial;
};

/*
 * The worker: runs until it is told to stop, returns the exit status.
 * Called in the child; SIGTERM drains (finish what is begun, give the
 * connections to the others), SIGQUIT ends at once, SIGUSR1 reopens logs.
 */
int xc_worker_run(const struct xc_heritage *heritage);

#define XC_WORKER_EXIT_OK 0
#define XC_WORKER_EXIT_CONFIG 78	/* no use to try again at once */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A pool of real workers without a manager, a database or a store, with
 * handlers built in, to play requests against.  What the handlers see is
 * counted in shared memory.
 *
 *	GET  /app/t/hello	"hello"
 *	GET  /app/t/evil	counts in evil; what a smuggled request asks for
 *	ANY  /app/t/status/{n}	replies n at once, whatever the body
 *	POST /app/t/echo	the body
 *	GET  /app/t/slow/{ms}	sleeps
 *	GET  /app/t/big/{bytes}	so many bytes
 *	GET  /app/t/stream/{n}	n chunks of 1,000 bytes, streamed
 *	GET  /app/t/params	the headers, the query and the path
 *	GET  /app/t/crash	SIGSEGV, by its default
 *	ANY  /app/t/fault/{how}	read, call, abort, overflow, divide, thread,
 *				child (which it forks; 200 follows), stream (behind some bytes), corrupt (the heap)
 *	GET  /app/t/spin/{ms}	burns processor time, with its signals blocked
 *				if the query is "block"
 *	/app/off, /app/broken	a disabled and a failed plugin
 */
#ifndef XC_TESTS_POOL_H
#define XC_TESTS_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/heritage.h"

/* Written by all workers. */
struct pool_counts {
	_Atomic(uint64_t) runs;		/* handlers begun */
	_Atomic(uint64_t) evil;
};

struct pool {
	struct xc_settings settings;	/* may be changed before the start */
	const char *secret;
	uint32_t workers;
	bool tcp;
	unsigned descriptors;	/* what a worker may open; 0: no limit */
	unsigned file_max;	/* bytes of a file it may write; 0: no limit */

	struct xc_scoreboard *board;
	struct pool_counts *counts;
	int listen_fd;
	char address[108];		/* path of the socket, or the port */
	int wake_fd;
	int board_fd;
	int inbox[XC_WORKERS_MAX][2];
	int report[XC_WORKERS_MAX][2];
	pid_t pids[XC_WORKERS_MAX];
};

/* Defaults: 2 workers, a unix socket, time-outs of a few 100 ms. */
void pool_init(struct pool *pool);

/* Forks the workers and waits until each is ready; dir is where the socket
 * goes.  Ends the program if it cannot. */
void pool_start(struct pool *pool, const char *dir);

/* Puts a new worker in the place of one that has ended. */
void pool_respawn(struct pool *pool, uint32_t worker);

/* Waits for one to end; its wait status. */
int pool_reap(struct pool *pool, uint32_t worker);

/* SIGTERM to all; false if one did not end with 0 in time. */
bool pool_stop(struct pool *pool);

/* A new connection to the pool, or -1. */
int pool_connect(const struct pool *pool);

/* For the loader in fake-loader.c. */
extern struct pool_counts *pool_counts;

#endif

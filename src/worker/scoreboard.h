/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: memory shared by the manager and its workers, made before
 * the first fork (a memfd, so that a re-exec hands it on).  Each word has one
 * writer unless said; readers may see a row between two writes.
 */
#ifndef XC_SCOREBOARD_H
#define XC_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/middleware.h"
#include "lib/breach.h"
#include "lib/errbuf.h"

#define XC_SCOREBOARD_MAGIC UINT32_C(0x64726278)
/* Changes with each change of the layout: a re-executed manager that finds
 * another number makes a new scoreboard and drains the old workers. */
#define XC_SCOREBOARD_LAYOUT 6
#define XC_WORKERS_MAX 256
#define XC_PLUGIN_ROWS_MAX 2048
#define XC_STEP_ROWS_MAX 512

enum xc_worker_state {
	XC_WORKER_EMPTY,	/* no process */
	XC_WORKER_STARTING,	/* forked, has not loaded its plugins */
	XC_WORKER_IDLE,
	XC_WORKER_BUSY,		/* runs a request */
	XC_WORKER_LOADING,	/* changes over to a generation */
	XC_WORKER_DRAINING,
	XC_WORKER_DEAD		/* reaped */
};

/* What one part of the chain has cost and done; of some runs the time is
 * taken. */
struct xc_part_figures {
	_Atomic(uint64_t) runs;
	_Atomic(uint64_t) refused;
	_Atomic(uint64_t) samples;
	_Atomic(uint64_t) ns;		/* that these have taken */
};

/* Times of some requests, from the first byte looked at to the last sent: by
 * 1, 2, 4, 8, ... microseconds, each up to and with its bound. */
#define XC_TOOK__MAX 28

/* One worker.  The manager writes pid, serial and the states EMPTY, STARTING
 * and DEAD; all else is the worker's own. */
struct xc_worker_row {
	_Atomic(uint32_t) state;
	_Atomic(uint32_t) serial;	/* of this spawn; never reused, not 0,
					 * below 2^31 */
	_Atomic(int32_t) pid;
	_Atomic(uint32_t) connections;
	_Atomic(uint64_t) generation;	/* applied */
	_Atomic(uint64_t) sequence;	/* of the applied snapshot */
	_Atomic(uint64_t) requests;
	_Atomic(uint64_t) errors;	/* replies of 500 and above */
	_Atomic(uint64_t) since_ms;	/* CLOCK_MONOTONIC of the last state,
					 * or of the plugin that it loads */
	_Atomic(uint64_t) started_ms;
	/* What it runs or loads now, to name it when it dies; NUL-terminated,
	 * written before the state, may be torn when read. */
	char plugin[64];	/* "todo 1.2.0" */
	char operation[64];
	char request_id[72];
	_Atomic(uint32_t) recycle;	/* worker asks to be replaced */
	/*
	 * What an in-process handler may use, 0: no limit.  They hold while
	 * run_since_ms is not 0; run counts the handlers begun, so that the
	 * manager does not take one for another.
	 */
	_Atomic(uint32_t) timeout_ms;
	_Atomic(uint32_t) cpu_ms;
	_Atomic(uint32_t) run;
	_Atomic(uint64_t) run_since_ms;	/* CLOCK_MONOTONIC; 0: none runs;
					 * written last */
	/* The process's CPU clock soon after a run had begun, and which run
	 * that was: the rescuer's. */
	_Atomic(uint64_t) run_cpu_us;
	_Atomic(uint32_t) run_cpu_of;
	char pad[4];
	struct xc_part_figures parts[XC_PART__MAX];
	_Atomic(uint64_t) took[XC_TOOK__MAX];
} __attribute__((aligned(64)));

/* Times of requests are counted by 1, 2, 5, 10, ... 10000 ms, each up to and
 * with its bound, and those above. */
#define XC_LATENCY__MAX 14

/*
 * One plugin, whatever its version; claimed by the first worker that loads
 * it.  Words are added to by any worker.
 */
struct xc_plugin_row {
	char name[40];		/* "" : free; written once, under `claim` */
	_Atomic(uint32_t) claim;	/* 0 free, 1 being written, 2 named */
	_Atomic(uint64_t) rate_ns;	/* GCRA: theoretical arrival time */
	_Atomic(uint64_t) requests;
	_Atomic(uint64_t) breaches[XC_BREACH__MAX];
	_Atomic(uint64_t) restarts;	/* sandboxes made in place of dead ones */
	_Atomic(uint64_t) errors;	/* replies of 500 and above */
	_Atomic(uint64_t) time_us;	/* that its requests have taken */
	_Atomic(uint64_t) took[XC_LATENCY__MAX];	/* requests by time */
} __attribute__((aligned(64)));

/* One step of a plugin, whatever its version; claimed and added to as above. */
struct xc_step_row {
	char name[104];		/* "todo:check" */
	_Atomic(uint32_t) claim;
	_Atomic(uint64_t) runs;
	_Atomic(uint64_t) stopped;	/* requests that it answered or refused */
	_Atomic(uint64_t) failed;	/* runs that ended in an error */
	_Atomic(uint64_t) samples;
	_Atomic(uint64_t) ns;		/* that these have taken */
} __attribute__((aligned(64)));

struct xc_scoreboard {
	uint32_t magic;
	uint32_t layout;
	uint32_t size;		/* of this struct */
	uint32_t n_workers;	/* rows that can be used */
	/* Written by the manager: what workers should apply. */
	_Atomic(uint64_t) generation __attribute__((aligned(64)));
	_Atomic(uint64_t) sequence;	/* the number that workers compare */
	_Atomic(uint32_t) next_serial;
	_Atomic(uint32_t) deaths;	/* workers reaped since the start */
	/* A futex: counts workers that became idle after a slow run. */
	_Atomic(uint32_t) idles;
	/* The shortest limits.timeout_ms or cpu_ms of any plugin that runs
	 * in-process; 0: none.  Workers lower it, the manager looks as often as
	 * it asks for. */
	_Atomic(uint32_t) shortest_ms;
	_Atomic(uint32_t) target;	/* workers that there are to be */
	/* A bit for each worker whose request computes a password's hash. */
	_Atomic(uint64_t) hashing[XC_WORKERS_MAX / 64]
	    __attribute__((aligned(64)));
	struct xc_worker_row workers[XC_WORKERS_MAX]
	    __attribute__((aligned(64)));
	struct xc_plugin_row plugins[XC_PLUGIN_ROWS_MAX];
	struct xc_step_row steps[XC_STEP_ROWS_MAX];
};

/* The row of a plugin, claimed if it has none; NULL if all are taken, or if
 * the name is too long. */
struct xc_plugin_row *xc_scoreboard_plugin(struct xc_scoreboard *board,
    const char *name);

/* The same of a step. */
struct xc_step_row *xc_scoreboard_step(struct xc_scoreboard *board,
    const char *name);

/* That with the number n if it has a name; else NULL. */
struct xc_step_row *xc_scoreboard_step_at(struct xc_scoreboard *board,
    uint32_t n);

/*
 * Whether one more request is within rate (requests a second, 0: always); if
 * not, *wait_ms_r says when one would be.  After a second without requests
 * `rate` of them may come at once; in any span of t seconds at most
 * rate * (t + 1) are admitted, by all workers together.  row may be NULL:
 * then all are.
 */
bool xc_scoreboard_admit(struct xc_plugin_row *row, uint32_t rate,
    uint64_t now_us, uint32_t *wait_ms_r);

/* Counts a request that has ended; row may be NULL. */
void xc_scoreboard_took(struct xc_plugin_row *row, uint64_t took_us,
    bool error);

/* The bound of a count of `took` in ms; 0: there is none, it is the last. */
uint32_t xc_latency_bound_ms(unsigned n);

/* Whether a worker's request computes a password's hash; and how many do. */
void xc_scoreboard_hash(struct xc_scoreboard *board, uint32_t worker,
    bool does);
uint32_t xc_scoreboard_hashing(const struct xc_scoreboard *board);

/* Lowers shortest_ms; 0 changes nothing. */
void xc_scoreboard_shorten(struct xc_scoreboard *board, uint32_t ms);

/*
 * Makes one in a memfd (sealed against resizing) and maps it.  *fd_r is
 * close-on-exec; the caller owns both.  n_workers is cut to XC_WORKERS_MAX.
 */
enum xc_err xc_scoreboard_create(uint32_t n_workers, int *fd_r,
    struct xc_scoreboard **board_r, struct xc_errbuf *errbuf);

/* Maps one that a manager before us made.  XC_ERR_UNSUPPORTED if its layout
 * is another. */
enum xc_err xc_scoreboard_attach(int fd, struct xc_scoreboard **board_r,
    struct xc_errbuf *errbuf);
void xc_scoreboard_detach(struct xc_scoreboard **board);

const char *xc_worker_state_name(uint32_t state);

/* Milliseconds, nanoseconds of CLOCK_MONOTONIC. */
uint64_t xc_now_ms(void);
uint64_t xc_now_ns(void);

#endif

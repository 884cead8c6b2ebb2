/* SPDX-License-Identifier: MIT */
/*
 * The pool: the workers, a row of the scoreboard for each.  What it does
 * follows from one rule, looked at anew at each tick: there shall be target
 * workers of the present epoch; a worker of an older one, or one that is to
 * be recycled, is told to drain when a new one has taken its place.
 */
#ifndef XC_POOL_H
#define XC_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "manager/events.h"
#include "worker/scoreboard.h"

struct json_object;
struct xc_manager;

/* Extra workers while some are being replaced. */
#define XC_POOL_EXTRA 2
#define XC_POOL_STRAYS_MAX 512

/* The handler that runs in a worker, as deadline.c has seen it. */
struct xc_over {
	uint32_t run;		/* its number on the board; 0: none */
	uint64_t cpu_us;	/* the process's clock when it was first seen */
	enum xc_breach breach;	/* of the limit that is over */
	uint64_t kill_at;	/* it was told to end; 0: not */
	bool killed;
	char why[160];
};

struct xc_pool_row {
	struct xc_manager *manager;	/* for the report's callback */
	uint32_t index;
	pid_t pid;		/* 0: no process */
	uint32_t epoch;
	bool ready;		/* has been seen waiting or working */
	bool stale;		/* to be replaced */
	bool retired;		/* was told to drain, or does */
	bool extra;		/* beside the others, to try a snapshot */
	uint64_t kill_at;	/* when SIGKILL follows; 0: not */
	const char *killed_for;	/* static, or in over; NULL: not by us */
	struct xc_over over;
	uint64_t not_before;	/* dead: when the next one may start */
	unsigned quick_deaths;	/* one after the other */
	struct xc_watch report;
	struct json_object *plugins;	/* as last reported, or NULL */
	struct json_object *sandboxes;	/* as last reported, or NULL */
	uint64_t reported;	/* the sequence that this report is of */
};

/* A version that died while it was being loaded. */
struct xc_pool_fault {
	char plugin[64];	/* "todo 1.2.0" */
	unsigned deaths;
	bool told;		/* the follower knows */
};
#define XC_POOL_FAULTS 16

/* A process that is only waited for: of another layout, or an old follower. */
struct xc_pool_stray {
	pid_t pid;
	uint64_t kill_at;	/* 0: not */
	bool serves;		/* until ours do: xc_pool_relieve_strays() */
};

struct xc_pool {
	struct xc_scoreboard *board;
	int board_fd;
	int wake_fd;
	int places_fd;		/* for hashing passwords; -1 */
	int inbox[XC_WORKERS_MAX][2];
	uint32_t n_rows;
	uint32_t target;
	uint32_t epoch;
	char *secret;
	char snapshot[4096];	/* path that workers read */
	struct xc_pool_row rows[XC_WORKERS_MAX];
	struct xc_pool_fault faults[XC_POOL_FAULTS];
	struct xc_pool_stray strays[XC_POOL_STRAYS_MAX];
	uint64_t next_look;	/* when memory is looked at */
	uint64_t said_at;	/* when a respawn was last logged */
	bool open;		/* workers may be started */
};

/* Makes those of scoreboard, wake descriptor and inboxes that were not
 * inherited, for target workers. */
enum xc_err xc_pool_open(struct xc_manager *m, uint32_t target,
    struct xc_errbuf *errbuf);

/* Sets fields that hold no descriptor to "none"; before all else. */
void xc_pool_init(struct xc_manager *m);
void xc_pool_close(struct xc_manager *m);

/* How many rows a pool of so many workers is given. */
uint32_t xc_pool_rows_for(uint32_t target);

/* Starts, replaces, kills as is due.  Lowers *next to the time (of
 * xc_now_ms()) at which it wants to be called again. */
void xc_pool_tick(struct xc_manager *m, uint64_t now, uint64_t *next);

/* Every worker is to be replaced, with target new ones. */
void xc_pool_renew(struct xc_manager *m, uint32_t target);

/* Starts a worker beside the others; NULL if that is not possible.  Its end
 * is told to xc_canary_died(). */
struct xc_pool_row *xc_pool_start_extra(struct xc_manager *m);

/* A child ended; false if it is none of the pool's. */
bool xc_pool_reaped(struct xc_manager *m, pid_t pid, int status);

/* Sends a signal to each worker. */
void xc_pool_signal(struct xc_manager *m, int signal);

/* Tells all to drain (SIGTERM) or to end (SIGQUIT); none is started again. */
void xc_pool_stop(struct xc_manager *m, int signal, uint64_t limit_ms);

/* Whether no process is left. */
bool xc_pool_empty(const struct xc_manager *m);

/* Waits for a process that is not a worker of ours; kills it after ms.  With
 * ms 0 it is a worker that may serve until ours do. */
void xc_pool_adopt_stray(struct xc_manager *m, pid_t pid, uint64_t ms);

/* Ours serve: the others may drain. */
void xc_pool_relieve_strays(struct xc_manager *m);

/* Publishes a snapshot's numbers and wakes the workers. */
void xc_pool_publish(struct xc_manager *m, uint64_t generation,
    uint64_t sequence);

/* Forgets which versions died while loading. */
void xc_pool_forget_faults(struct xc_manager *m);

/* A new follower has heard of none: their next deaths are told again. */
void xc_pool_tell_faults_again(struct xc_manager *m);

/* In a child: closes what only the manager uses.  keep: the row whose inbox
 * it reads, or XC_WORKERS_MAX. */
void xc_pool_leave(struct xc_manager *m, uint32_t keep);

/* How many serve (ready, not draining), and how many of them have applied
 * what is published. */
void xc_pool_count(const struct xc_manager *m, uint32_t *serving_r,
    uint32_t *applied_r, uint64_t *generation_r);

/* For pool-end.c: whether pid was one of the strays; wakes all workers. */
bool xc_pool_stray_reaped(struct xc_pool *pool, pid_t pid);
void xc_pool_wake(const struct xc_pool *pool);

/* pool-row.c: one worker. */
enum xc_err xc_row_start(struct xc_manager *m, struct xc_pool_row *row,
    bool extra, struct xc_errbuf *errbuf);	/* extra: tries the canary's */
void xc_row_retire(struct xc_manager *m, struct xc_pool_row *row);
void xc_row_kill(struct xc_pool_row *row, const char *reason);
void xc_row_free(struct xc_manager *m, struct xc_pool_row *row);
void xc_row_forward_inbox(struct xc_manager *m, uint32_t index);
enum xc_err xc_row_watch_report(struct xc_manager *m,
    struct xc_pool_row *row, struct xc_errbuf *errbuf);
struct xc_worker_row *xc_row_board(const struct xc_manager *m,
    const struct xc_pool_row *row);

/* What a worker runs or loads, or did when it died: empty if it waited.  The
 * names of the last request stay in its row of the board. */
struct xc_row_work {
	char plugin[64];
	char operation[64];
	char request_id[72];
};
void xc_row_work(const struct xc_worker_row *b, struct xc_row_work *work_r);

#endif

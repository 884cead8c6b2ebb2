/* SPDX-License-Identifier: MIT */
/* A worker's inside, for the files of this folder. */
#ifndef XC_WORKER_WORKER_H
#define XC_WORKER_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include <fcgiapp.h>

#include "lib/errbuf.h"
#include "lib/host.h"
#include "lib/request-private.h"
#include "loggers/logger.h"
#include "plugin/loader.h"
#include "services/cache/cache.h"
#include "services/database/database.h"
#include "services/http/http.h"
#include "worker/chain.h"
#include "worker/events.h"
#include "worker/fault.h"
#include "worker/feed.h"
#include "worker/head.h"
#include "worker/heritage.h"
#include "worker/history.h"
#include "worker/lane.h"
#include "worker/router.h"
#include "worker/spill.h"
#include "worker/steps.h"
#include "worker/wire.h"

#define XC_WORKER_SCRATCH 65536
#define XC_WORKER_EVENTS 16	/* taken from the kernel at a time */

struct xc_sandboxes;
struct xc_staff;
struct xc_taker;
struct xc_worker;

/* Whatever stands in the epoll set; first member of what it belongs to. */
struct xc_polled {
	void (*ready)(struct xc_worker *worker, struct xc_polled *source,
	    uint32_t events);
};

/* Where a connection is in its life. */
enum xc_conn_state {
	XC_CONN_FRESH,		/* nothing has come yet */
	XC_CONN_READING,	/* a part of a request is in buf */
	XC_CONN_SERVING,	/* its request is being answered */
	XC_CONN_WAITING,	/* its request, in buf, waits for its turn */
	XC_CONN_IDLE,		/* between requests */
	XC_CONN_LINGERING	/* refused: the rest is read and dropped */
};

/*
 * One connection.  It lives in one worker alone, whose death closes it; an
 * idle one may be handed to another worker (handover.c).
 */
struct xc_conn {
	struct xc_polled source;
	struct xc_conn *next;
	struct xc_conn **back;	/* what points to us */
	int fd;
	bool watched;		/* in the epoll set */
	bool late;		/* its time was over, but not through it */
	enum xc_conn_state state;
	uint64_t deadline_ms;	/* CLOCK_MONOTONIC; 0: none */
	uint64_t dropped;	/* bytes, while lingering */
	uint64_t linger_end_ms;
	unsigned char *buf;	/* the part of a request, NULL without */
	size_t len;
	size_t cap;
	struct xc_head head;
	bool judged;		/* body_max is known */
	uint32_t body_max;	/* bytes that its path takes */
	struct xc_spill spill;	/* where a large body goes */
	struct xc_conn *next_waiting;
	uint64_t turn_ms;	/* what waits is not put off behind that */
	FCGX_Request fcgi;
};

/* What became of a connection that was looked at. */
enum xc_conn_result {
	XC_CONN_KEPT,		/* all was served; it waits for more */
	XC_CONN_PARTIAL,	/* a part of a request has come */
	XC_CONN_CLOSED		/* the struct is freed */
};

/*
 * The rescuer: a thread that gives this worker's idle connections away while
 * a handler takes long.  word is the number of the run << 2 | one of these.
 * The main thread touches the table of connections in XC_RUN_IDLE only, the
 * rescuer in XC_RUN_RESCUING only.
 */
enum { XC_RUN_IDLE, XC_RUN_RUNNING, XC_RUN_RESCUING };
struct xc_rescuer {
	_Atomic(uint32_t) word;
	_Atomic(uint32_t) parked;	/* futex */
	_Atomic(bool) stop;
	bool started;
	pthread_t thread;
};

/* What a rescue could not pass on from the inbox. */
#define XC_STRAYS_MAX 64
struct xc_stray {
	int fd;
	uint32_t fresh;
	uint64_t deadline_ms;
};

struct xc_worker {
	const struct xc_heritage *heritage;
	const struct xc_settings *settings;
	struct xc_scoreboard *board;
	struct xc_worker_row *row;
	struct xc_logger log;
	struct xc_logger sandbox_log;

	int epoll_fd;
	int signal_fd;
	struct xc_polled listener;
	struct xc_polled wake;
	struct xc_polled inbox;
	struct xc_polled signals;
	struct xc_polled manager;
	struct xc_polled outside;
	/* What is ready and whose turn has not come.  Belongs to the table of
	 * connections: see struct xc_rescuer. */
	struct epoll_event events[XC_WORKER_EVENTS];
	unsigned event;
	unsigned n_events;
	bool listening;
	uint64_t listen_again_ms;	/* after EMFILE; 0: not waiting */
	uint64_t now_us;		/* CLOCK_MONOTONIC, as last taken */
	uint64_t now_ms;
	uint64_t scan_ms;		/* when a deadline may have passed */
	uint64_t memory_ms;		/* when memory is looked at next */

	bool stopping;		/* SIGTERM came */
	bool alone;		/* ... and nobody is left to take over */
	bool done;
	bool swept;		/* the accept queue was emptied */
	uint64_t stop_begin_ms;
	uint64_t quiet_ms;	/* last request, while stopping */

	struct xc_conn *conns;
	uint32_t n_conns;
	struct xc_conn *given;	/* handed over: structs to free */
	struct xc_stray strays[XC_STRAYS_MAX];
	size_t n_strays;
	uint32_t next_row;	/* where handing over goes on */
	uint32_t fds_max;	/* connections that descriptors suffice for */
	uint32_t n_spills;	/* large bodies on their way */
	uint32_t spills_max;	/* those that descriptors suffice for */
	struct xc_rescuer rescuer;
	struct xc_history history;
	struct xc_lane lane;	/* of what hashes passwords */
	bool was_slow;		/* the last run */

	bool need_secret;
	struct xc_head_limits limits;
	enum xc_feed_mode feed;
	unsigned char *scratch;
	uint32_t body_memory;	/* bytes above which a body is spilled */
	struct xc_source body;	/* of the request that runs; fd -1: in memory */

	uint64_t sequence;	/* of the board, as last applied */
	struct xc_host host;
	struct xc_database database;
	struct xc_cache cache;
	struct xc_http_service http;
	struct xc_staff *staff;	/* see desk.h */
	struct xc_events told;	/* or rather: still to be told */
	uint64_t settle_ms;	/* when the cache is settled; 0: it is */
	struct xc_sandboxes *sandboxes;
	uint64_t outside_ms;	/* when they are tended; 0: when they ask */
	uint64_t outside_tell_ms;	/* when the manager is told; 0: not */
	char *outside_told;	/* the last that it was */
	struct xc_loader *loader;
	struct xc_router *router;
	struct xc_courses *courses;	/* whose steps requests pass */
	struct xc_step_state steps;	/* of the request that runs */
	const struct xc_loaded *noted;	/* named in the row */
	struct xc_request req;
	struct xc_taker *taker;	/* holds requests to their contracts */
	struct xc_wire wire;
	struct xc_chains *chains;	/* of all prefixes */
	struct xc_passage passage;	/* of the request through its own */
	char *report;		/* not sent yet, NULL without */
	struct xc_faults faults;
	uint64_t warned_ms;	/* last warning about a peer */
	uint32_t warned_more;	/* left out since */
};

/* worker.c: what is common. */

/* A stopping worker is XC_WORKER_DRAINING whatever it does. */
void xc_worker_state(struct xc_worker *worker, enum xc_worker_state state);

/* Nothing runs, nothing is loaded: the row of the board names nothing. */
void xc_worker_forget(struct xc_worker *worker);

/* Takes the time; how many microseconds have passed since it was taken. */
uint64_t xc_worker_clock(struct xc_worker *worker);

/* Logs about a peer's misdeed, at most once a second. */
void xc_worker_warn(struct xc_worker *worker, const char *what,
    const char *detail);

/* services.c: what plugins are given. */
enum xc_err xc_services_open(struct xc_worker *worker,
    struct xc_errbuf *errbuf);
void xc_services_close(struct xc_worker *worker);

/* What they have to do between requests. */
void xc_services_tend(struct xc_worker *worker);

/* outside.c: plugins in sandboxes.  The loader must be there to open, and
 * gone to close. */
enum xc_err xc_outside_open(struct xc_worker *worker,
    struct xc_errbuf *errbuf);
void xc_outside_close(struct xc_worker *worker);
void xc_outside_tend(struct xc_worker *worker);

/* Tells the manager which sandboxes there are, if that has changed. */
void xc_outside_tell(struct xc_worker *worker);

/* Runs what a target names that has a runner, as xc_request_run() does. */
enum xc_err xc_outside_call(struct xc_request *req,
    const struct xc_target *target);

/* The same for a step, see xc_request_step() and xc_request_step_behind(). */
enum xc_err xc_outside_step(struct xc_request *req,
    const struct xc_target *target, bool behind);

/* apply.c: changes over to the snapshot if the board says that there is a
 * new one; says so to the manager with the event's name. */
void xc_worker_apply(struct xc_worker *worker, const char *event);
void xc_worker_send_report(struct xc_worker *worker);

/* serve.c: answers one complete request, whose bytes are used up.  False:
 * close the connection. */
bool xc_serve(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes);

/* Whether the peer is one that we hear, by the parameters of a request whose
 * body is not complete; xc_head_body() was called.  False: close it. */
bool xc_serve_hears(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes);

/*
 * Finds out how large the body of a request may be whose parameters are
 * complete, which are not changed.  False: close it.
 */
bool xc_serve_judge(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes);

/* Whether a complete request, whose bytes stay as they are, is for an
 * operation that computes a password's hash. */
bool xc_serve_hashes(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes);

/* Answers a request that is too large to be read, with the bytes that have
 * come from its beginning on.  The caller lingers. */
void xc_serve_refusal(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes);

/* conn.c: a connection's bytes. */

/*
 * Writes bytes of a request's body to its file, which is opened if there is
 * none.  False: conn->head.status says what to refuse it with.
 */
bool xc_conn_spill(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *body, size_t len);

/* Logs why a body has no file; false. */
bool xc_conn_spill_failed(struct xc_worker *worker, struct xc_conn *conn,
    int status, const char *why);

/* Takes a descriptor.  NULL if memory is out: fd is closed then. */
struct xc_conn *xc_conn_open(struct xc_worker *worker, int fd);

/* Reads what has come and serves it. */
enum xc_conn_result xc_conn_read(struct xc_worker *worker,
    struct xc_conn *conn);

/* Serves one that has waited in the lane.  conn may be freed. */
void xc_conn_resume(struct xc_worker *worker, struct xc_conn *conn);

void xc_conn_close(struct xc_worker *worker, struct xc_conn *conn);

/* Sees to what became of a connection after it was read. */
void xc_conn_settle(struct xc_worker *worker, struct xc_conn *conn,
    enum xc_conn_result result);

/* Takes it out of the table; fd stays.  The second frees the struct too. */
void xc_conn_unlink(struct xc_worker *worker, struct xc_conn *conn);
void xc_conn_forget(struct xc_worker *worker, struct xc_conn *conn);

/* Sets when it will be looked at; 0: never. */
void xc_conn_deadline(struct xc_worker *worker, struct xc_conn *conn,
    uint64_t deadline_ms);

/* Closes a connection whose time has passed, unless it was we who let it
 * wait.  conn may be freed. */
void xc_conn_expire(struct xc_worker *worker, struct xc_conn *conn);

/* handover.c: idle connections go to workers that have time. */

/*
 * Hands connections over: the idle ones to siblings that are idle now; with
 * stopping all that are between requests, to any that will go on.  Called
 * by the rescuer too, so it neither allocates nor frees.
 */
void xc_handover(struct xc_worker *worker, bool stopping);

/* Frees the structs of what was handed over, adopts what strayed. */
void xc_handover_settle(struct xc_worker *worker);

/* Adopts what lies in the inbox. */
void xc_handover_inbox(struct xc_worker *worker);

/* Passes what lies in the inbox on to idle siblings. */
void xc_handover_forward(struct xc_worker *worker);

/* Whether a sibling is there that takes connections. */
bool xc_handover_possible(const struct xc_worker *worker);

/* rescuer.c */
enum xc_err xc_rescuer_start(struct xc_worker *worker,
    struct xc_errbuf *errbuf);
void xc_rescuer_stop(struct xc_worker *worker);

/* Around code that may take long. */
void xc_rescuer_begin(struct xc_worker *worker);
void xc_rescuer_end(struct xc_worker *worker);

/* Tells the rescuers of busy siblings that this worker has become idle. */
void xc_rescuer_offer(struct xc_worker *worker);

/* loop.c */
enum xc_err xc_loop_open(struct xc_worker *worker, struct xc_errbuf *errbuf);
void xc_loop_run(struct xc_worker *worker);
void xc_loop_close(struct xc_worker *worker);
bool xc_loop_add(struct xc_worker *worker, int fd, struct xc_polled *source,
    uint32_t events);
void xc_loop_stop_listening(struct xc_worker *worker);
void xc_loop_accept_all(struct xc_worker *worker);

/* What is to be freed, or watched no more, has no turn any more. */
void xc_loop_forget(struct xc_worker *worker, const struct xc_polled *source);

/* stop.c */
void xc_stop_begin(struct xc_worker *worker);

/* Sees whether a stopping worker may end. */
void xc_stop_check(struct xc_worker *worker);

#endif

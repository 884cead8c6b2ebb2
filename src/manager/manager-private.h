/* SPDX-License-Identifier: MIT */
/* The manager's parts and what they know of each other. */
#ifndef XC_MANAGER_PRIVATE_H
#define XC_MANAGER_PRIVATE_H

#include <time.h>

#include "config/settings.h"
#include "lib/breach.h"
#include "manager/listen.h"
#include "manager/events.h"
#include "manager/manager.h"
#include "manager/pool.h"

struct json_object;

enum xc_phase {
	XC_PHASE_SNAPSHOT,	/* waits for the follower's first words */
	XC_PHASE_WORKERS,	/* waits for the first workers */
	XC_PHASE_RUNNING,
	XC_PHASE_DRAINING	/* was told to stop */
};

/* The last crashes, oldest overwritten. */
#define XC_CRASHES_KEPT 32

struct xc_crashes {
	struct json_object *list;	/* array, oldest first */
	uint64_t total;
};

/* The child that talks to the registry. */
struct xc_link {
	pid_t pid;		/* 0: none */
	struct xc_watch watch;
	uint64_t not_before;
	uint64_t started_ms;
	unsigned quick_deaths;
	bool heard;		/* a first snapshot came */
	bool unchanged;		/* ... is not needed: we have it */
	bool known;		/* it has said whether MariaDB answers */
	bool reachable;
	char reason[512];
	uint64_t generation;	/* of the registry, as last heard */
	struct json_object *rejected;	/* array or NULL */
	struct json_object *plugins;	/* of the snapshot in force, or NULL */
	struct json_object *quarantined;	/* as it has them, or NULL */
};

/* What happens to a snapshot once it is published. */
struct xc_apply {
	bool pending;
	bool told;		/* the follower knows how it ended */
	uint64_t since_ms;
	uint64_t last_ms;	/* how long the last one took */
	uint32_t workers;	/* as last told */
	uint32_t waiting;
};

/* The faults of one version. */
#define XC_QUARANTINE_NAME 64
#define XC_QUARANTINE_ENTRIES 64

struct xc_quarantine_entry {
	char plugin[XC_QUARANTINE_NAME];	/* "todo 1.2.0", cut */
	char hash[65];
	uint64_t *times;	/* a ring; NULL: none yet */
	uint32_t size;
	uint32_t n;
	uint32_t next;
	uint64_t last_ms;
	bool told;		/* the follower, with that snapshot in force */
	uint64_t told_ms;
	uint64_t told_sequence;
};

struct xc_quarantine {
	struct xc_quarantine_entry entries[XC_QUARANTINE_ENTRIES];
};

/* A snapshot that one worker tries before the others are told. */
struct xc_canary {
	bool held;
	uint64_t generation;
	uint64_t sequence;
	struct xc_pool_row *row;	/* NULL: none is under way */
	unsigned deaths;
	uint64_t wait_until;
};

/* Development: the child that rebuilds what is saved. */
struct xc_watcher {
	pid_t pid;
	uint64_t not_before;
	uint64_t started_ms;
	unsigned quick_deaths;
	struct xc_watch output;
	char line[1024];
	size_t len;
};

/* The program that makes sandboxes. */
struct xc_spawner_child {
	pid_t pid;		/* 0: none */
	int listen_fd;		/* run_dir/spawner.sock; stays while it is
				 * started again */
	struct xc_watch talk;	/* its end tells it to end */
	uint64_t not_before;
	uint64_t started_ms;
	uint64_t kill_at;	/* at the stop; 0: not yet */
	unsigned quick_deaths;
	unsigned restarts;
	bool complained;	/* it cannot be started, which was said */
	char line[1024];
	size_t len;
};

/* The test of a new binary before it takes over. */
struct xc_upgrade {
	pid_t pid;
	uint64_t kill_at;
	struct xc_watch output;
	char words[2048];
	size_t len;
	bool go;		/* tested, to be done when no client waits */
	uint64_t go_by;		/* ... or then */
	unsigned done;		/* re-executions so far */
};

/* One act of a user of the site. */
#define XC_ACTS_MAX 4
#define XC_ACT_NAME 40

struct xc_act {
	struct xc_manager *manager;
	pid_t pid;		/* 0: none */
	uint64_t client;	/* whom it is answered to */
	uint64_t kill_at;
	bool told;		/* ... to end */
	const char *verb;
	char plugin[XC_ACT_NAME];
	char actor[72];
	struct xc_watch output;
	char text[16384];
	size_t len;
};

struct xc_control;

struct xc_manager {
	const struct xc_manager_options *options;
	struct xc_settings *settings;
	struct xc_listen listen;
	struct xc_events events;
	struct xc_watch signals;
	struct xc_pool pool;
	struct xc_link link;
	struct xc_apply apply;
	struct xc_canary canary;
	struct xc_watcher watcher;
	struct xc_spawner_child spawner;
	struct xc_upgrade upgrade;
	struct xc_act acts[XC_ACTS_MAX];
	struct xc_crashes crashes;
	struct xc_quarantine quarantine;
	struct xc_control *control;
	int run_lock;
	int state_lock;		/* -1 too if both folders are one */
	enum xc_phase phase;
	uint64_t phase_until;
	uint64_t started_ms;	/* CLOCK_MONOTONIC */
	time_t started;
	uint64_t step_ms;	/* when the running step of the start began */
	uint64_t watchdog_ms;
	uint64_t watchdog_at;
	bool inherited;		/* of a manager before us */
	int inherited_control;	/* its control socket, or -1 */
	bool log_open;
	bool ended;
};

extern struct xc_logger xc_manager_log;

/* manager.c */

/* Lowers *next to at. */
void xc_sooner(uint64_t *next, uint64_t at);

/* As SIGTERM (fast: SIGQUIT). */
void xc_manager_stop(struct xc_manager *m, bool fast);

/* As SIGUSR1. */
void xc_manager_reopen(struct xc_manager *m);

/* Opens the log as settings, or -f, have it. */
enum xc_err xc_manager_open_log(struct xc_manager *m,
    const struct xc_settings *settings, struct xc_errbuf *errbuf);

/* The secret of settings; XC_ERR_DENIED if the listen socket needs one and
 * there is none.  The caller frees it with xc_secret_free(). */
enum xc_err xc_manager_read_secret(const struct xc_manager *m,
    const struct xc_settings *settings, char **secret_r,
    struct xc_errbuf *errbuf);

/* reload.c */

/* As SIGHUP: XC_ERR_INVALID and the sentence if the old one stays. */
enum xc_err xc_manager_reload(struct xc_manager *m, struct xc_errbuf *errbuf);

/* How many workers the settings ask for. */
uint32_t xc_manager_target(const struct xc_settings *settings);

/* Logs a step of the start with its duration. */
void xc_manager_step(struct xc_manager *m, const char *name,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* child.c */

/*
 * Forks.  In the child: signals as at a program's start (those that would
 * only end it ignored), SIGTERM when the manager dies, the role shown by
 * ps(1), no core file and no debugger unless in development, and closed what
 * only the manager uses; keep_row as for xc_pool_leave().
 */
pid_t xc_child_fork(struct xc_manager *m, const char *role,
    uint32_t keep_row);

/* Keeps the memory of this process from others of its account, unless in
 * development. */
void xc_child_guard(const struct xc_manager *m);

/* Says how a child ended: "signal SIGSEGV", "status 1". */
void xc_child_end_text(int status, char *text_r, size_t size);

/* Waits before a child that keeps dying is started again: 0 for one that had
 * lived, then 100 ms, doubled up to 30 s. */
uint64_t xc_child_delay(unsigned quick_deaths);

/* link.c: the follower */
void xc_link_init(struct xc_manager *m);
enum xc_err xc_link_start(struct xc_manager *m, struct xc_errbuf *errbuf);
void xc_link_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
bool xc_link_reaped(struct xc_manager *m, pid_t pid, int status);
void xc_link_stop(struct xc_manager *m);
void xc_link_free(struct xc_manager *m);

/* {"event":NAME}, or an object of which it takes the reference.  False: the
 * follower is there and has no room for it just now. */
void xc_link_say(struct xc_manager *m, const char *event);
bool xc_link_send(struct xc_manager *m, struct json_object *event);

/* Reads the snapshot on disk: publishes it and returns true. */
bool xc_link_take_current(struct xc_manager *m);

/* After a re-execution: what is published stays so. */
void xc_link_take_published(struct xc_manager *m);

/* canary.c */

/* A snapshot has come: publishes it, when it has proved harmless. */
void xc_canary_take(struct xc_manager *m, uint64_t generation,
    uint64_t sequence);

/* The same for one that only leaves out what the one in force has: it is
 * published at once, unless what it is made of was not tried yet. */
void xc_canary_pass(struct xc_manager *m, uint64_t generation,
    uint64_t sequence);

/* Ends the worker that tries it, if there is one; another is sent. */
void xc_canary_recall(struct xc_manager *m);

/* The one that went before ended; rejected: a version is known to be the
 * cause and the follower makes a snapshot without it. */
void xc_canary_died(struct xc_manager *m, bool rejected);
void xc_canary_tick(struct xc_manager *m, uint64_t now, uint64_t *next);

/* apply.c */
void xc_apply_tick(struct xc_manager *m, uint64_t now, uint64_t *next);

/* What the workers serve: a new array of {name, version, state, reason}. */
struct json_object *xc_apply_plugins(const struct xc_manager *m);

/*
 * crash.c: a worker ended that was not to.  It is remembered for the status;
 * if a handler ran in it, the plugin's breach is counted, told of in the log,
 * and given to quarantine.
 */
void xc_crash_note(struct xc_manager *m, const struct xc_pool_row *row,
    int status);

/* deadline.c: sees to the limits of handlers that run in workers. */
void xc_deadline_tick(struct xc_manager *m, uint64_t now, uint64_t *next);

/* quarantine.c */

/*
 * A fault of plugin ("todo 1.2.0", as on the board): to be called once for
 * each worker that an in-process plugin ended or for which it was killed.
 * Sandboxes' faults come as reports.  detail may be NULL.
 */
void xc_quarantine_fault(struct xc_manager *m, const char *plugin,
    enum xc_breach breach, const char *detail);

/* A worker's {"event":"fault","plugin","version","breach","operation",
 * "request_id","detail"}. */
void xc_quarantine_report(struct xc_manager *m, struct json_object *report);

/* Frees all counts. */
void xc_quarantine_forget(struct xc_manager *m);

/* watcher.c */
void xc_watcher_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
bool xc_watcher_reaped(struct xc_manager *m, pid_t pid, int status);
void xc_watcher_stop(struct xc_manager *m);

/* spawner.c */
void xc_spawner_init(struct xc_manager *m);

/* Says in the log why it cannot be started; it is tried again. */
enum xc_err xc_spawner_start(struct xc_manager *m);
void xc_spawner_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
bool xc_spawner_reaped(struct xc_manager *m, pid_t pid, int status);

/* Starts one with the present settings for the workers to come. */
void xc_spawner_renew(struct xc_manager *m);

/* When no worker is left: has it end; true when it has. */
bool xc_spawner_ended(struct xc_manager *m, uint64_t now, uint64_t *next);
void xc_spawner_close(struct xc_manager *m);

/* In a child. */
void xc_spawner_leave(struct xc_manager *m);

/* For the status: a new reference. */
struct json_object *xc_spawner_json(const struct xc_manager *m);

/* upgrade.c */
enum xc_err xc_upgrade_begin(struct xc_manager *m, struct xc_errbuf *errbuf);
void xc_upgrade_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
bool xc_upgrade_reaped(struct xc_manager *m, pid_t pid, int status);

/* handover.c */

/* A memfd with all that a successor must know; its descriptors are left
 * open over exec.  -1 if it cannot be made. */
int xc_handover_write(struct xc_manager *m);

/* Makes the descriptors close-on-exec again, after an exec that failed. */
void xc_handover_undo(struct xc_manager *m);

/*
 * Takes what the environment's XCORE_HANDOVER names and sets m->inherited if
 * there was one for us.  Every descriptor above 2 that is not taken over is
 * closed: spawn-fcgi leaks its own.
 */
void xc_handover_take(struct xc_manager *m);

/* control-server.c */
enum xc_err xc_control_open(struct xc_manager *m, int inherited_fd,
    struct xc_errbuf *errbuf);
void xc_control_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
int xc_control_fd(const struct xc_manager *m);

/* Takes no new client (they wait in the backlog) and returns whether some
 * are left; resume takes them again. */
bool xc_control_pause(struct xc_manager *m);
void xc_control_resume(struct xc_manager *m);

/* Closes the clients (after one try to send what they are owed) and the
 * socket; remove: its file too. */
void xc_control_close(struct xc_manager *m, bool remove);

/* In a child. */
void xc_control_leave(struct xc_manager *m);

/* The answer that a client waits for; takes its reference.  The client may
 * be gone. */
void xc_control_deliver(struct xc_manager *m, uint64_t client,
    struct json_object *answer);

/* Who asks. */
struct xc_control_client {
	uint64_t serial;
	const char *who;	/* "uid 0, process 1234" */
};

/* control-commands.c: answers one request, a new reference; NULL: the answer
 * will be delivered. */
struct json_object *xc_control_answer(struct xc_manager *m,
    struct json_object *request, const struct xc_control_client *client);

/* act.c */

/* Begins what {"verb","plugin","actor"} asks for; client is answered when it
 * has ended. */
enum xc_err xc_act_begin(struct xc_manager *m, struct json_object *request,
    uint64_t client, struct xc_errbuf *errbuf);
bool xc_act_running(const struct xc_manager *m);
void xc_act_tick(struct xc_manager *m, uint64_t now, uint64_t *next);
bool xc_act_reaped(struct xc_manager *m, pid_t pid, int status);
void xc_act_leave(struct xc_manager *m);

/* status-plugins.c: xc_apply_plugins() with each one's counters; a new
 * reference. */
struct json_object *xc_status_plugins(const struct xc_manager *m);

/* status.c: a new reference. */
struct json_object *xc_status_json(const struct xc_manager *m);

#endif

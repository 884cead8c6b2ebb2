/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a worker's sandboxes know of each other.  A runner is one
 * version of a plugin; a box is one of its sandboxes, with what is watched of
 * it; at level `request` a box is a zygote with slots.
 */
#ifndef XC_SANDBOXES_PRIVATE_H
#define XC_SANDBOXES_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "sandbox/guest.h"
#include "sandbox/link.h"
#include "sandbox/sandboxes.h"

struct xc_box;
struct xc_zygote;

/* Whatever stands in the epoll set; first member of what it belongs to. */
struct xc_box_source {
	void (*ready)(struct xc_box_source *source, uint32_t events);
	struct xc_box *box;	/* or NULL */
	uint32_t index;		/* of a slot */
};

enum xc_box_stage {
	XC_BOX_ASKED,		/* the spawner has not answered yet */
	XC_BOX_LOADING,
	XC_BOX_READY
};

struct xc_box {
	struct xc_box *next;	/* of those that are buried */
	struct xc_runner *runner;
	struct xc_sandbox *sandbox;
	enum xc_box_stage stage;
	struct xc_box_source bell;	/* watched until it is ready */
	struct xc_box_source output;
	bool quiet;		/* output is not watched for a while */
	uint64_t until_ms;	/* when it has to be ready */
	uint64_t last_ms;	/* ... whatever it asks for */
	int rings;		/* how often it did until then */
	uint64_t active_ms;	/* since when it serves; 0: it does not */
	uint64_t rss_kb;	/* then */
	uint64_t large_ms;	/* last large request or reply; 0: none */
	struct {		/* when its processor time was looked at... */
		uint64_t at_ms;	/* 0: not yet */
		uint64_t cpu_ns;	/* ...what it was */
		uint64_t busy_ns;	/* ...and these of its sandbox */
		uint64_t calls;
	} idle;
	struct xc_zygote *zygote;	/* NULL at level pool */
};

struct xc_runner {
	struct xc_sandboxes *owner;
	struct xc_runner *next;
	struct xc_runner **back;
	struct xc_plugin *plugin;
	struct xc_channel_sizes sizes;
	char *spec;
	struct xc_logger logger;	/* that of the plugin */
	struct xc_broker broker;	/* of requests */
	struct xc_broker loading;	/* of what is not ready yet */
	struct xc_box *active;
	struct xc_box *spare;
	struct xc_box *coming;	/* is being made */
	bool opening;
	bool worn;		/* active is to be replaced by the spare */
	unsigned deaths;	/* one after the other */
	uint32_t good;		/* calls since the last death */
	uint64_t not_before_ms;
	uint64_t restarts;
	char last_error[256];
	uint64_t lines_ms;	/* what was written since then */
	uint32_t lines;
	uint32_t lines_dropped;
};

/* How sandboxes ended, as the spawner tells; the last ones. */
#define XC_ENDS_KEPT 32

struct xc_sandboxes {
	struct xc_sandboxes_options options;
	int epoll_fd;
	int kick_fd;		/* eventfd */
	bool kicked;
	struct xc_box_source kick;
	char path[256];		/* of the spawner's socket */
	int link_fd;		/* -1: no connection */
	struct xc_box_source link;
	uint64_t retry_ms;	/* when to connect again */
	unsigned link_failures;
	uint64_t silent_ms;	/* when the spawner was given up; 0: it
				 * answers */
	uint32_t next_id;
	struct xc_spawn_end ends[XC_ENDS_KEPT];
	uint32_t n_ends;	/* so far */
	struct xc_runner *runners;
	struct xc_box *buried;
};

static inline uint64_t
xc_box_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Of two times, where 0 is never. */
static inline uint64_t
xc_box_sooner(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

/* 0 for a first death, then 100 ms, doubled up to 30 s. */
uint64_t xc_box_pause(unsigned deaths);

/* sandboxes.c */

/* Watches a descriptor; events 0: not at the moment. */
bool xc_sandboxes_watch(struct xc_sandboxes *sandboxes, int fd,
    struct xc_box_source *source, uint32_t events);
void xc_sandboxes_rewatch(struct xc_sandboxes *sandboxes, int fd,
    struct xc_box_source *source, uint32_t events);
void xc_sandboxes_unwatch(struct xc_sandboxes *sandboxes, int fd);

/* Does what is due of one descriptor, waiting up to timeout_ms for it. */
bool xc_sandboxes_turn(struct xc_sandboxes *sandboxes, int64_t timeout_ms);

/* Makes xc_sandboxes_fd() readable, once. */
void xc_sandboxes_kick(struct xc_sandboxes *sandboxes);

/* spawn.c: the worker's end of the link. */

/* Connects if there is no connection.  XC_ERR_UNAVAILABLE, XC_ERR_IO. */
enum xc_err xc_spawn_connect(struct xc_sandboxes *sandboxes,
    struct xc_errbuf *errbuf);
void xc_spawn_disconnect(struct xc_sandboxes *sandboxes);

/* Asks for a process for the box; the answer comes to xc_box_answer().
 * XC_ERR_BUSY: the spawner does not read just now. */
enum xc_err xc_spawn_ask(struct xc_box *box,
    const struct xc_sandbox_ends *ends, struct xc_errbuf *errbuf);

/* How the sandbox of that number ended, if that is known within ms. */
bool xc_spawn_end_of(struct xc_sandboxes *sandboxes, uint32_t id,
    int64_t ms, struct xc_spawn_end *end_r);

/* box.c */

/* Makes a box and asks the spawner for its process. */
enum xc_err xc_box_start(struct xc_runner *runner, struct xc_box **box_r,
    struct xc_errbuf *errbuf);
void xc_box_answer(struct xc_box *box, const struct xc_spawn_answer *answer,
    int pidfd);
void xc_box_free(struct xc_box **box);

/* As free, of one that is made, but gives back its memory later: that may
 * take long, and a client waits. */
void xc_box_bury(struct xc_box **box);
void xc_box_release_buried(struct xc_sandboxes *sandboxes);

/* output.c: what a sandbox writes to 1 and 2. */
void xc_output_watch(struct xc_box *box);
void xc_output_drain(struct xc_box *box);
uint64_t xc_output_tend(struct xc_box *box, uint64_t now);

/* runner.c */

/* A box has become ready, or never will (errbuf says why; fault: it is the
 * plugin's). */
void xc_runner_ready(struct xc_runner *runner, struct xc_box *box);
void xc_runner_failed(struct xc_runner *runner, struct xc_box *box,
    const char *reason, bool fault);

/* A box that was ready has ended by itself. */
void xc_runner_died(struct xc_runner *runner, struct xc_box *box,
    const struct xc_spawn_end *end);

/* The connection to the spawner is lost, and with it all boxes. */
void xc_runner_lost(struct xc_runner *runner);

/* Makes what is missing, if it is time.  When to look again; 0: never. */
uint64_t xc_runner_tend(struct xc_runner *runner, uint64_t now);

/* The box that serves, waiting for one until then; NULL: there is none. */
struct xc_box *xc_runner_box(struct xc_runner *runner, uint64_t until_ms);

/* A breach, as it is told. */
struct xc_breach_told {
	enum xc_breach breach;	/* NONE: nothing is told */
	char *detail;		/* may be made better */
	size_t size;
	const char *operation;	/* or NULL */
	const char *request_id;	/* or NULL */
	bool count;		/* as a death */
	int64_t wait_ms;	/* for how a crashed one ended */
};

/* Lets the one that serves go, tells of it and has the spare take over.
 * breach and detail are made more precise where that can be. */
void xc_runner_drop(struct xc_runner *runner, struct xc_breach_told *told);

/* recycle.c */

/* After a call that went well: whether the box has become too old. */
bool xc_recycle_due(const struct xc_runner *runner, const struct xc_box *box,
    uint64_t now);
void xc_recycle_begin(struct xc_box *box, uint64_t now);
/* Notes the size of a call; gives memory back when none was large lately. */
void xc_recycle_note(struct xc_box *box, uint32_t request, uint32_t reply);
uint64_t xc_recycle_trim(struct xc_box *box, uint64_t now);
/* Whether it burns processor time while nobody has asked for anything: what it
 * did is written into text_r then, else "".  When to look again; 0: never. */
uint64_t xc_recycle_watch(struct xc_box *box, uint64_t now, char *text_r,
    size_t size);

/* zygote-host.c: level request. */
enum xc_err xc_zygote_prepare(struct xc_box *box, struct xc_errbuf *errbuf);
void xc_zygote_quit(struct xc_box *box);
void xc_zygote_free(struct xc_zygote **zygote);

/* What goes with the request to the spawner; returns how many. */
size_t xc_zygote_ends(const struct xc_zygote *zygote, int *fds, size_t max);
uint32_t xc_zygote_slots(const struct xc_zygote *zygote);
void xc_zygote_close_ends(struct xc_zygote *zygote);

/* It is ready, or serves from now on: forks ahead. */
void xc_zygote_begin(struct xc_box *box);

/* A child that waits for its request, within ms; NULL: none (box->sandbox is
 * dead if the zygote is of no more use). */
struct xc_sandbox *xc_zygote_take(struct xc_box *box, int64_t ms);

/* Its request is over, and well. */
void xc_zygote_spent(struct xc_box *box, struct xc_sandbox *child);
uint64_t xc_zygote_tend(struct xc_box *box, uint64_t now);

/* Whether it has children that it was not told to fork, whose time and memory
 * nobody looks at: at the second look at the latest.  False if this host does
 * not say. */
bool xc_zygote_strays(struct xc_box *box);

#endif

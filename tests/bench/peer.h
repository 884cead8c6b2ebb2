/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <sys/epoll.h>

#include <fcgiapp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_WORKERS	32
#define MAX_FDS		8192

enum note_kind { NOTE_HOLD, NOTE_SHUT };

/* What one worker tells another; NOTE_HOLD carries a descriptor. */
struct note {
	uint32_t kind;
	uint32_t slot;
	uint32_t generation;
};

enum conn_kind { NONE, LISTEN, INBOX, OWN, COMMON };

struct conn {
	enum conn_kind kind;
	bool polled;
	uint32_t served;
	uint32_t slot;			/* if COMMON */
};

/* One way to hold connections between two requests. */
struct mode {
	const char *name;
	/* Before the fork.  NULL: nothing to do. */
	void (*prepare)(void);
	/* A kept connection: true, it is no longer of kind OWN. */
	bool (*share)(int fd);
	/* Another worker's note; `fd` is ours to close, or -1. */
	void (*note)(const struct note *note, int fd);
	/* An event that is not of a descriptor in conns[]; or of COMMON. */
	void (*event)(const struct epoll_event *ev);
	/* Around handle(). */
	void (*run)(void);
};

extern const struct mode mode_shared, mode_lend;

extern int n_workers, me;
extern int sets[MAX_WORKERS];		/* epoll sets, all made before fork */
extern struct conn conns[MAX_FDS];

enum operation { HELLO, SLOW, MAYBE, BRIEF, OPERATIONS };

/* Memory that all workers share, zeroed; ends the process if there is none. */
void *common_memory(size_t size);

_Noreturn void die(const char *what);
enum operation operation(void);
void handle(void);

/*
 * Read a request and answer it.  false: the connection is to be closed, and
 * *open_r says whether that is still to be done (libfcgi closes a descriptor
 * itself when it cannot read a request).
 */
bool serve(int fd, bool *open_r);

/* Send a note.  false: the inbox is full, so that worker does not get it. */
bool tell(int worker, const struct note *note, int fd);

void watch(int fd, enum conn_kind kind);
void unwatch(int fd);
void forget(int fd, bool fd_is_open);

#endif

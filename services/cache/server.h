/* SPDX-License-Identifier: MIT */
/* One Memcached server: its connection, its faults, its namespaces. */
#ifndef XC_CACHE_SERVER_H
#define XC_CACHE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libmemcached/memcached.h>

#include "cache.h"

#define XC_CACHE_FAULTS_MAX	2	/* then it is left alone */
#define XC_CACHE_GENERATION_MS	1000	/* how long one is believed */
#define XC_CACHE_DIGEST		32	/* bytes of SHA-256 */
#define XC_CACHE_GROUP		16	/* of them for a group */
#define XC_CACHE_GROUPS		64	/* remembered for a namespace */

/* A generation, of a namespace or of a group in it. */
struct xc_cache_number {
	uint64_t generation;	/* 0: not known */
	int64_t read_ms;	/* when it was read */
};

struct xc_cache_group {
	unsigned char name[XC_CACHE_GROUP];	/* of its digest */
	struct xc_cache_number number;
};

/* A namespace on one server. */
struct xc_cache_space {
	struct xc_cache_space *next;
	char *name;
	char key[80];		/* of the generation */
	size_t key_len;
	struct xc_cache_number number;
	struct xc_cache_group *groups;	/* NULL until there is one */
	bool dirty;		/* a write of ours was lost: must move on */
	bool suspect;		/* the server failed: move on unless another
				 * has done so */
};

struct xc_cache_server {
	char *name;		/* as in the settings */
	const char *prefix;
	unsigned connect_ms, timeout_ms, retry_ms;

	memcached_st *st;	/* NULL: not connected */
	memcached_result_st result;	/* of st; one of the heap would be
					 * freed by the library */
	pid_t pid;		/* that made st */
	unsigned faults;	/* in a row */
	int64_t closed_until_ms;	/* left alone; 0 */
	int64_t told_ms;
	int64_t large_told_ms;
	uint64_t item_max;	/* what it takes for an item; 0: not known */
	int64_t item_max_ms;
	struct xc_cache_space *spaces;
};

int64_t xc_cache_now_ms(void);

/* name is "/path" or "host:port" and copied; prefix must outlive it. */
enum xc_err xc_cache_server_init(struct xc_cache_server *server,
    const char *name, const struct xc_cache_settings *settings);
void xc_cache_server_done(struct xc_cache_server *server);

/* Whether the server may be asked now; connects nothing by itself. */
bool xc_cache_server_usable(struct xc_cache_server *server);

/*
 * Takes note of how a call went: XC_OK if the server answered (whatever it
 * answered), XC_ERR_UNAVAILABLE if it is at fault.
 */
enum xc_err xc_cache_server_judge(struct xc_cache_server *server,
    memcached_return_t rc);

/*
 * How large an item may be, with its key and what the server adds, as far as
 * it tells; asked again once a minute.  XC_ERR_UNAVAILABLE if it does not
 * answer.
 */
enum xc_err xc_cache_server_item_max(struct xc_cache_server *server,
    uint64_t *max_r);

/* Says in the log, now and then, that a value was too large. */
void xc_cache_server_tell_large(struct xc_cache_server *server,
    const char *space, size_t len);

/* One key of a question, and what came. */
struct xc_cache_ask {
	char key[184];
	size_t key_len;
	bool is_number;		/* a generation: only number is filled */
	bool found;
	uint64_t number;	/* 0: none, or something else stands there */
	char *value;		/* malloc'ed, with a NUL behind it */
	size_t len;
	uint32_t flags;
	uint64_t cas;
};

/*
 * Asks for n keys in one round trip.  Else than XC_OK (XC_ERR_UNAVAILABLE,
 * XC_ERR_NOMEM) nothing is there and nothing is to be freed.
 */
enum xc_err xc_cache_fetch(struct xc_cache_server *server,
    struct xc_cache_ask *asks, size_t n);
void xc_cache_asks_free(struct xc_cache_ask *asks, size_t n);

/* The namespace, made if need be; NULL without memory. */
struct xc_cache_space *xc_cache_server_space(struct xc_cache_server *server,
    const char *name);

/* The group in it, forgetting another if need be; NULL without memory. */
struct xc_cache_group *xc_cache_space_group(struct xc_cache_space *space,
    const unsigned char *name);

/* Puts the key of a group's generation. */
void xc_cache_group_ask(const struct xc_cache_space *space,
    const unsigned char *name, struct xc_cache_ask *ask);

/*
 * Makes the namespace's generation known and not older than max_ms (0: of any
 * age), moving on first if it must.  XC_ERR_UNAVAILABLE if the server cannot
 * be asked.
 */
enum xc_err xc_cache_space_ready(struct xc_cache_server *server,
    struct xc_cache_space *space, int64_t max_ms);
enum xc_err xc_cache_group_ready(struct xc_cache_server *server,
    const struct xc_cache_space *space, struct xc_cache_group *group,
    int64_t max_ms);

/* Moves on: all that was there is gone for everyone.  If the server cannot be
 * asked, the whole namespace will when it is back. */
enum xc_err xc_cache_space_raise(struct xc_cache_server *server,
    struct xc_cache_space *space);
enum xc_err xc_cache_group_raise(struct xc_cache_server *server,
    struct xc_cache_space *space, struct xc_cache_group *group);

/* Moves on what must, as far as the server answers; whether all is done. */
bool xc_cache_server_settle(struct xc_cache_server *server);

#endif

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

/* A namespace on one server. */
struct xc_cache_space {
	struct xc_cache_space *next;
	char *name;
	uint64_t generation;	/* 0: not known */
	int64_t read_ms;	/* when it was read */
	bool dirty;		/* a write of ours was lost: must move on */
	bool suspect;		/* the server failed: move on unless another
				 * has done so */
};

struct xc_cache_server {
	char *name;		/* as in the settings */
	const char *prefix;
	unsigned connect_ms, timeout_ms, retry_ms;

	memcached_st *st;	/* NULL: not connected */
	pid_t pid;		/* that made st */
	unsigned faults;	/* in a row */
	int64_t closed_until_ms;	/* left alone; 0 */
	int64_t told_ms;
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

/* The namespace, made if need be; NULL without memory. */
struct xc_cache_space *xc_cache_server_space(struct xc_cache_server *server,
    const char *name);

/*
 * Makes the namespace's generation known and fresh, moving on first if it
 * must.  XC_ERR_UNAVAILABLE if the server cannot be asked.
 */
enum xc_err xc_cache_space_ready(struct xc_cache_server *server,
    struct xc_cache_space *space);

/* Moves on what must, as far as the server answers; whether all is done. */
bool xc_cache_server_settle(struct xc_cache_server *server);

#endif

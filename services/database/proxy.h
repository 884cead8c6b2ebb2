/* SPDX-License-Identifier: MIT */
/*
 * A server between the driver and MariaDB, for tests: passes on what both say,
 * and does what is hard to make a server do.
 */
#ifndef XC_DATABASE_PROXY_H
#define XC_DATABASE_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROXY_SEEN_MAX 65536

/* Shared by all its processes; to be set at any time. */
struct proxy_orders {
	volatile unsigned refusals;	/* so many COMMITs are not passed on,
					 * but refused... */
	volatile unsigned number;	/* ...with this error */
	volatile unsigned cuts;		/* of so many the answer is lost */
	volatile bool without_tls;	/* the server has none, it says */
	volatile bool ask_clear;	/* who connects is asked for his
					 * password as it is */
	volatile unsigned commits;	/* that were passed on */
	volatile size_t n_seen;		/* bytes that the driver has sent */
	unsigned char seen[PROXY_SEEN_MAX];	/* the first of these */
};

struct proxy {
	pid_t pid;
	unsigned port;			/* of 127.0.0.1 */
	struct proxy_orders *orders;
};

/* Before the server at this unix socket. */
void proxy_begin(struct proxy *proxy, const char *socket);
void proxy_end(struct proxy *proxy);

/* Whether the driver has said this, readable for everybody. */
bool proxy_saw(const struct proxy *proxy, const char *text);

#endif

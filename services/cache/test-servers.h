/* SPDX-License-Identifier: MIT */
/* Memcached servers of a test's own; see tests/services/run-cache. */
#ifndef XC_CACHE_TEST_SERVERS_H
#define XC_CACHE_TEST_SERVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct server {
	char path[100];		/* of its socket */
	bool large;		/* takes items of 2 MiB */
	pid_t pid;
};

/* Returns when it answers. */
void start_server(struct server *server);

/* At once, and its socket with it. */
void kill_server(struct server *server);

/* It hangs until SIGCONT. */
void stop_server(struct server *server);

#endif

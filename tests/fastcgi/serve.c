/* SPDX-License-Identifier: MIT */
/* Runs a pool until SIGTERM or SIGINT, to be used behind a web server:
 * serve DIR [WORKERS]; the socket is DIR/pool.sock. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fastcgi/pool.h"

int
main(int argc, char **argv)
{
	struct pool pool;
	sigset_t set;
	int number;

	if (argc < 2) {
		fprintf(stderr, "usage: serve DIR [WORKERS]\n");
		return 2;
	}
	pool_init(&pool);
	if (argc > 2)
		pool.workers = (uint32_t)strtoul(argv[2], NULL, 10);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pool_start(&pool, argv[1]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	printf("%s\n", pool.address);
	fflush(stdout);
	(void)sigwait(&set, &number);
	return pool_stop(&pool) ? 0 : 1;
}

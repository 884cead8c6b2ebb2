/* SPDX-License-Identifier: MIT */
/*
 * The manager: keeps the workers and the follower alive, tells the workers
 * which snapshot to apply, answers on the control socket, and hands all of
 * it to a new binary when told to.  It runs no plugin's code, parses no
 * request and never waits for MariaDB.
 */
#ifndef XC_MANAGER_H
#define XC_MANAGER_H

#include <stdbool.h>

/* Strings live as long as the manager runs. */
struct xc_manager_options {
	const char *config;	/* absolute path of the file; NULL: built in */
	const char *binary;	/* absolute path of the program, for SIGUSR2 */
	const char *version;
	bool safe;		/* serve only the core's plugins */
	bool foreground;	/* text on stderr, whatever the file says */
};

/*
 * Takes the socket on descriptor 0 and serves until it is told to stop.
 * Returns the exit status.  A failure to start is told on stderr and in the
 * log.
 */
int xc_manager_run(const struct xc_manager_options *options);

#define XC_EXIT_OK 0
#define XC_EXIT_FAILED 1
#define XC_EXIT_USAGE 2
#define XC_EXIT_NOT_FOUND 3
#define XC_EXIT_CONFLICT 4
#define XC_EXIT_POLICY 5
#define XC_EXIT_INVALID 6

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The spawner: makes the sandboxes of all workers, and is their parent.  It
 * is a program of its own, so that no sandbox begins as a copy of a process
 * with secrets, and single-threaded, because a sandbox dies with the thread
 * that made it.
 */
#ifndef XC_SPAWNER_H
#define XC_SPAWNER_H

#include "sandbox/jail.h"

struct xc_spawner_options {
	int listen_fd;		/* SEQPACKET, not blocking */
	int control_fd;		/* its end: the manager is gone or another */
	struct xc_jail_options jail;
};

/*
 * Serves until control_fd has ended and so has the last connection.  What
 * there is to say goes to stderr, a line each: "<4>text" with the severity
 * of syslog(3).  Returns the exit status: 0, or 1 if it cannot begin.
 */
int xc_spawner_run(const struct xc_spawner_options *options);

#endif

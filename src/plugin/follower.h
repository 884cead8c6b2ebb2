/* SPDX-License-Identifier: MIT */
/*
 * The follower: the one process of a host that talks to the registry.  It
 * keeps the manager free of MariaDB's time-outs.
 *
 * It speaks JSON, one object a message, over a SOCK_SEQPACKET pair:
 *
 * manager to follower
 *	{"event":"poke"}	look now; the answer is a "registry" event
 *	{"event":"applied","sequence":N,"workers":N,"pending":N,
 *	 "plugins":[{"name","version","state","reason"}]}
 *		what the workers report; goes to the host's row
 *	{"event":"reject","name":S,"version":S,"hash":S,"reason":S}
 *		a version crashed a worker: serve the one before it
 *	{"event":"quarantine","name":S,"version":S,"hash":S,"reason":S}
 *		a version failed too often: take it off here at once, and
 *		on all hosts; the one before it is served if it is good
 *	{"event":"retry"}	forget rejections and look again (reload)
 *
 * follower to manager
 *	{"event":"snapshot","generation":N,"sequence":N,"path":S,
 *	 "rejected":[{"name","version","reason"}],"urgent":0|1}
 *		urgent: it only leaves out what the one before it has
 *	{"event":"registry","reachable":B,"generation":N,"reason":S}
 *
 * It ends when the pair is closed, on SIGTERM, or on SIGUSR2: then without
 * taking this host's row away, since another follows it.
 */
#ifndef XC_FOLLOWER_H
#define XC_FOLLOWER_H

#include <stdbool.h>

#include "config/settings.h"

/* Runs in the child; returns the exit status.  safe: only core plugins are
 * served, whatever the registry says. */
int xc_follower_run(const struct xc_settings *settings, int fd, bool safe);

#endif

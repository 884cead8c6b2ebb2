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
 *	{"event":"retry"}	forget rejections and look again (reload)
 *
 * follower to manager
 *	{"event":"snapshot","generation":N,"sequence":N,"path":S,
 *	 "rejected":[{"name","version","reason"}]}
 *	{"event":"registry","reachable":B,"generation":N,"reason":S}
 *
 * It ends when the pair is closed, on SIGTERM, or on SIGUSR2: then without
 * taking this host's row away, since another follows it.
 */
#ifndef XC_FOLLOWER_H
#define XC_FOLLOWER_H

#include "config/settings.h"

/* Runs in the child; returns the exit status. */
int xc_follower_run(const struct xc_settings *settings, int fd);

#endif

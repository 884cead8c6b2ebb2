/* SPDX-License-Identifier: MIT */
/*
 * The control socket: a unix stream socket, mode 0660, on which a tool sends
 * one JSON object in a line and gets one in a line back.
 *
 *	{"command":"status"}
 *	{"command":"reload"}	as SIGHUP
 *	{"command":"stop"}	as SIGTERM
 *	{"command":"upgrade"}	as SIGUSR2
 *	{"command":"reopen"}	as SIGUSR1
 *	{"command":"poke"}	a new generation may be there
 *	{"command":"log","name":S,"level":S}	level null: forget the rule;
 *						neither: list them
 *	{"command":"act","verb":S,"plugin":S,"actor":S}
 *				xcore-install(1) is run for a user of the site:
 *				verb is reload, enable, disable or rollback; its
 *				answer comes when it has ended
 *
 * The answer is {"ok":true,"data":{...}} or {"ok":false,"code":N,"error":S},
 * N being the exit status that a tool should end with.  More than one line may
 * be sent, each after the answer to the one before.
 * data of status:
 *	{"pid","version","started","uptime_ms",
 *	 "state":"starting|running|draining","config","listen",
 *	 "upgrades":N of re-executions,"upgrading":B,
 *	 "generation":{"desired","published","applied","sequence",
 *	   "serving":N workers,"pending":N that have not applied it,
 *	   "last_apply_ms"},
 *	 "registry":{"reachable","reason","follower":pid},
 *	 "workers_target":N,
 *	 "workers":[{"worker","pid","state","ready","retired","fresh",
 *	   "generation","sequence","requests","errors","connections",
 *	   "plugin","since_ms","uptime_ms"}],
 *	 "plugins":[{"name","version","state","reason"}],
 *	 "rejected":[{"name","version","reason"}],
 *	 "crashes":[{"when","worker","pid","state","plugin","operation",
 *	   "request_id","signal","reason"}],"crashes_total":N}
 * desired is the newest generation that is known of, applied the lowest that a
 * serving worker has: all is as wanted when both are equal and none pends.
 * since_ms is how long a worker has been in its state; signal is "SIGSEGV" or
 * "status 1", the crashes' oldest first.
 */
#ifndef XC_CONTROL_H
#define XC_CONTROL_H

#include "lib/errbuf.h"

struct json_object;

/* The client's side, for tools: sends request, waits at most timeout_ms.  On
 * XC_OK *reply_r is a new reference.  XC_ERR_UNAVAILABLE if no manager
 * listens there. */
enum xc_err xc_control_call(const char *path, struct json_object *request,
    int timeout_ms, struct json_object **reply_r, struct xc_errbuf *errbuf);

#endif

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
 *
 * The answer is {"ok":true,"data":{...}} or {"ok":false,"error":S}.
 * data of status:
 *	{"pid","version","started","uptime_ms","state":"running|draining",
 *	 "generation":{"desired","applied","sequence"},
 *	 "registry":{"reachable","reason"},
 *	 "workers":[{"worker","pid","state","generation","sequence",
 *	   "requests","errors","connections","plugin","since_ms"}],
 *	 "plugins":[{"name","version","state","reason"}],
 *	 "rejected":[{"name","version","reason"}],
 *	 "crashes":[{"when","worker","plugin","operation","signal"}]}
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

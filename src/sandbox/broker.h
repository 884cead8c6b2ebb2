/* SPDX-License-Identifier: MIT */
/*
 * The broker: what a sandbox asks for is done here, in the worker, with the
 * worker's services, under the permissions of the plugin as the worker knows
 * them.  Arguments are copied before they are read.
 */
#ifndef XC_BROKER_H
#define XC_BROKER_H

#include <stdint.h>

#include "lib/breach.h"
#include "lib/host.h"
#include "sandbox/channel.h"

struct xc_plugin;
struct xc_request;

/* Zero it, then set the members up to ctx. */
struct xc_broker {
	const struct xc_host *host;	/* the real services */
	struct xc_plugin *plugin;
	struct xc_request *req;	/* NULL outside of a request */
	/* Whose tokens the sandbox does not see; NULL: nobody's. */
	const char *issuer;
	uint64_t end_us;	/* CLOCK_MONOTONIC: when the request's time is
				 * over, for services that wait; 0: never */
	/* Counts, for the scoreboard; may be NULL. */
	void (*note)(void *ctx, struct xc_plugin *plugin,
	    enum xc_breach breach, const char *detail);
	void *ctx;
	unsigned char *copy;	/* of the arguments; grows, freed by... */
	size_t copy_cap;	/* ... xc_broker_end() */
	uint64_t waited_us;	/* in services, during this request */
	uint32_t n_records;	/* logged, during this request */
	bool rows_open;		/* the sandbox reads rows of the database... */
	enum xc_err rows_err;	/* ...of which there is no more for this */
	const struct xc_cell *cells;	/* the row to go next; NULL: not here */
	size_t n_cells;
};

/*
 * Serves the call of a notice that xc_channel_notice() has passed: executes,
 * writes the result into the channel, orders RESULT.  XC_ERR_INVALID: what
 * was asked is no call (the sandbox is to be killed).  XC_ERR_IO: it is gone.
 * That a service fails is the plugin's to know, and XC_OK here.
 */
enum xc_err xc_broker_serve(struct xc_broker *broker,
    struct xc_channel *channel, const struct xc_notice *notice);

/*
 * The request is over, however it ended: a transaction that the sandbox left
 * open is rolled back at once.  The broker is as new then, for the next one.
 */
void xc_broker_end(struct xc_broker *broker);

#endif

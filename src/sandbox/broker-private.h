/* SPDX-License-Identifier: MIT */
/* What the files of the broker share. */
#ifndef XC_BROKER_PRIVATE_H
#define XC_BROKER_PRIVATE_H

#include "lib/errbuf.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "sandbox/broker.h"
#include "sandbox/calls.h"

/* One call on its way through. */
struct xc_broking {
	struct xc_broker *broker;
	const struct xc_host *host;
	struct xc_plugin *plugin;
	struct xc_request *req;		/* not NULL, but for log records */
	const struct xc_channel *channel;
	struct xc_call_reader args;	/* of our copy */
	struct xc_call_writer result;	/* the channel's */
	bool broken;		/* what was asked is no call */
};

/* Each serves one kind of call and gives what the plugin gets. */
typedef enum xc_err xc_broking_fn(struct xc_broking *call);

xc_broking_fn xc_broker_log;
xc_broking_fn xc_broker_rows;
xc_broking_fn xc_broker_exec;
xc_broking_fn xc_broker_rows_open;
xc_broking_fn xc_broker_rows_more;
xc_broking_fn xc_broker_rows_end;
xc_broking_fn xc_broker_begin;
xc_broking_fn xc_broker_commit;
xc_broking_fn xc_broker_rollback;
xc_broking_fn xc_broker_get;
xc_broking_fn xc_broker_set;
xc_broking_fn xc_broker_add;
xc_broking_fn xc_broker_del;
xc_broking_fn xc_broker_incr;
xc_broking_fn xc_broker_decr;
xc_broking_fn xc_broker_touch;
xc_broking_fn xc_broker_flush;
xc_broking_fn xc_broker_get_many;
xc_broking_fn xc_broker_set_many;
xc_broking_fn xc_broker_claim;
xc_broking_fn xc_broker_fill;
xc_broking_fn xc_broker_stream_begin;
xc_broking_fn xc_broker_stream_write;
xc_broking_fn xc_broker_http;
xc_broking_fn xc_broker_event;
xc_broking_fn xc_broker_part_read;
xc_broking_fn xc_broker_site_info;
xc_broking_fn xc_broker_site_read;
xc_broking_fn xc_broker_desk;

/* Ends the rows that the sandbox has not read. */
void xc_broker_rows_close(struct xc_broker *broker);

/* Whether all arguments were read and were good; else the call is broken. */
bool xc_broker_args_end(struct xc_broking *call);

/* How much of len bytes one call reads: what its result has room for. */
uint32_t xc_broker_read_max(const struct xc_broking *call, uint32_t len);

/* The sentence of a failed check, as the front door would log it; gives
 * err. */
enum xc_err xc_broker_refuse(struct xc_broking *call, enum xc_err err,
    const struct xc_errbuf *errbuf);

/* Counts and tells that there is no permission ("database"); gives err. */
enum xc_err xc_broker_deny(struct xc_broking *call, enum xc_err err,
    const char *permission);

/* A record under a name of our own or of the plugin; text is cut. */
void xc_broker_tell(struct xc_broking *call, const char *name,
    enum xc_log_level level, const char *text);

/* Whether one more record of this request is within bounds; counts it. */
bool xc_broker_may_log(struct xc_broker *broker);

/* The line about the records that were left out, if any were. */
void xc_broker_log_end(struct xc_broker *broker);

#endif

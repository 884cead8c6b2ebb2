/* SPDX-License-Identifier: MIT */
#include "sandbox/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/broker-private.h"

#define LOGGER "xcore.sandbox"
#define COPY_MIN 4096
#define DENIED_MS 1000		/* told once in that time, by plugin */

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool
xc_broker_args_end(struct xc_broking *call)
{
	if (xc_call_end(&call->args))
		return true;
	call->broken = true;
	return false;
}

void
xc_broker_tell(struct xc_broking *call, const char *name,
    enum xc_log_level level, const char *text)
{
	const struct xc_host *host = call->host;

	if (host->log == NULL || !host->log->enabled(host->log_ctx, name,
	    level))
		return;
	host->log->write(host->log_ctx, name, level,
	    call->req != NULL ? xc_request_id(call->req) : NULL, text);
}

enum xc_err
xc_broker_refuse(struct xc_broking *call, enum xc_err err,
    const struct xc_errbuf *errbuf)
{
	if (xc_broker_may_log(call->broker))
		xc_broker_tell(call, call->plugin->logger, XC_LOG_ERROR,
		    errbuf->text);
	return err;
}

enum xc_err
xc_broker_deny(struct xc_broking *call, enum xc_err err,
    const char *permission)
{
	struct xc_broker *broker = call->broker;
	struct xc_plugin *plugin = call->plugin;
	uint64_t now_ms = now_us() / 1000;
	char text[512];

	if (broker->note != NULL)
		broker->note(broker->ctx, plugin, XC_BREACH_DENIED,
		    permission);
	/* The counter has them all; the log would only be flooded. */
	if (plugin->denied_ms != 0 && now_ms - plugin->denied_ms < DENIED_MS)
		return err;
	plugin->denied_ms = now_ms;
	snprintf(text, sizeof(text), "%s %s may not do this: \"%.256s\" is "
	    "not in the \"permissions\" of its plugin.json", plugin->name,
	    plugin->version, permission);
	xc_broker_tell(call, LOGGER, XC_LOG_WARNING, text);
	return err;
}

static bool
make_room(struct xc_broker *broker, size_t len)
{
	size_t cap = broker->copy_cap > 0 ? broker->copy_cap : COPY_MIN;
	unsigned char *copy;

	if (len <= broker->copy_cap)
		return true;
	while (cap < len)
		cap *= 2;
	/* What is in it is of the call before. */
	copy = malloc(cap);
	if (copy == NULL)
		return false;
	free(broker->copy);
	broker->copy = copy;
	broker->copy_cap = cap;
	return true;
}

static const struct {
	xc_broking_fn *serve;
	bool anytime;		/* also outside of a request */
} calls[XC_CALL__MAX] = {
	[XC_CALL_LOG] = { xc_broker_log, true },
	[XC_CALL_DB_ROWS] = { xc_broker_rows, false },
	[XC_CALL_DB_EXEC] = { xc_broker_exec, false },
	[XC_CALL_DB_BEGIN] = { xc_broker_begin, false },
	[XC_CALL_DB_COMMIT] = { xc_broker_commit, false },
	[XC_CALL_DB_ROLLBACK] = { xc_broker_rollback, false },
	[XC_CALL_CACHE_GET] = { xc_broker_get, false },
	[XC_CALL_CACHE_SET] = { xc_broker_set, false },
	[XC_CALL_CACHE_ADD] = { xc_broker_add, false },
	[XC_CALL_CACHE_DEL] = { xc_broker_del, false },
	[XC_CALL_CACHE_INCR] = { xc_broker_incr, false },
	[XC_CALL_STREAM_BEGIN] = { xc_broker_stream_begin, false },
	[XC_CALL_STREAM_WRITE] = { xc_broker_stream_write, false },
	[XC_CALL_HTTP] = { xc_broker_http, false },
	[XC_CALL_EVENT] = { xc_broker_event, false },
	[XC_CALL_PART_READ] = { xc_broker_part_read, false },
	[XC_CALL_SITE_INFO] = { xc_broker_site_info, false },
	[XC_CALL_SITE_READ] = { xc_broker_site_read, false },
	[XC_CALL_DESK] = { xc_broker_desk, false },
	[XC_CALL_CACHE_DECR] = { xc_broker_decr, false },
	[XC_CALL_CACHE_TOUCH] = { xc_broker_touch, false },
	[XC_CALL_CACHE_FLUSH] = { xc_broker_flush, false },
	[XC_CALL_CACHE_GET_MANY] = { xc_broker_get_many, false },
	[XC_CALL_CACHE_SET_MANY] = { xc_broker_set_many, false },
	[XC_CALL_CACHE_CLAIM] = { xc_broker_claim, false },
	[XC_CALL_CACHE_FILL] = { xc_broker_fill, false },
	[XC_CALL_DB_OPEN] = { xc_broker_rows_open, false },
	[XC_CALL_DB_MORE] = { xc_broker_rows_more, false },
	[XC_CALL_DB_END] = { xc_broker_rows_end, false },
};

/* Runs it; a result that does not fit is an error of its own. */
static enum xc_err
run(struct xc_broking *call, uint32_t number)
{
	enum xc_err err;

	if (call->req == NULL && !calls[number].anytime)
		return XC_ERR_STATE;
	err = calls[number].serve(call);
	if (err == XC_OK && call->result.bad)
		err = XC_ERR_TOO_LARGE;
	if (err != XC_OK)
		call->result.len = 0;
	return err;
}

/* The guest waits, so that nothing but an enemy changes the arguments; it is
 * our copy that is looked at. */
static void
begin_call(struct xc_broker *broker, struct xc_channel *channel,
    uint32_t len, struct xc_broking *call)
{
	memset(call, 0, sizeof(*call));
	if (len > 0)
		memcpy(broker->copy, channel->args, len);
	if (broker->req != NULL && broker->req->secret)
		explicit_bzero(channel->args, len);
	call->broker = broker;
	call->host = broker->host;
	call->plugin = broker->plugin;
	call->req = broker->req;
	call->channel = channel;
	call->args.base = broker->copy;
	call->args.len = len;
	call->result.base = channel->result;
	call->result.cap = channel->sizes.result;
}

enum xc_err
xc_broker_serve(struct xc_broker *broker, struct xc_channel *channel,
    const struct xc_notice *notice)
{
	struct xc_order order = { .kind = XC_ORDER_RESULT,
		.seq = notice->seq };
	struct xc_broking call;
	uint64_t begin_us = now_us();
	enum xc_err err = XC_ERR_NOMEM;

	if (notice->call >= XC_CALL__MAX || calls[notice->call].serve == NULL ||
	    notice->len > channel->sizes.args)
		return XC_ERR_INVALID;
	if (make_room(broker, notice->len)) {
		begin_call(broker, channel, notice->len, &call);
		err = run(&call, notice->call);
		if (call.broken)
			return XC_ERR_INVALID;
		order.len = (uint32_t)call.result.len;
	}
	order.err = err;
	broker->waited_us += now_us() - begin_us;
	return xc_channel_order(channel, &order);
}

void
xc_broker_end(struct xc_broker *broker)
{
	struct xc_request *req = broker->req;

	if (broker->rows_open)
		xc_broker_rows_close(broker);
	if (req != NULL && req->in_transaction) {
		req->in_transaction = false;
		if (broker->host->db != NULL)
			broker->host->db->rollback(broker->host->db_ctx);
	}
	xc_broker_log_end(broker);
	if (req != NULL && req->secret && broker->copy != NULL)
		explicit_bzero(broker->copy, broker->copy_cap);
	free(broker->copy);
	broker->copy = NULL;
	broker->copy_cap = 0;
	broker->waited_us = 0;
	broker->n_records = 0;
}

/* SPDX-License-Identifier: MIT */
/* One request in a sandbox: the order, the wait with its limits, the reply. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <xcore/log.h>
#include <xcore/reply.h>

#include "lib/reply-private.h"
#include "sandbox/calls.h"
#include "sandbox/hide.h"
#include "sandbox/process.h"
#include "sandbox/reply-check.h"

#define NS_PER_MS UINT64_C(1000000)
#define NEVER UINT64_MAX
/* Most calls are over by then, and cost no look at the processor's clock. */
#define FIRST_LOOK_NS NS_PER_MS
/* The clock is not looked at more often, however many threads burn. */
#define LEAST_LOOK_NS (NS_PER_MS / 2)
/* A process that was killed is gone by then. */
#define DEATH_MS 500

struct call {
	struct xc_sandbox *sandbox;
	struct xc_broker *broker;
	struct xc_request *req;
	const struct xc_limits *limits;
	struct xc_outcome *outcome;
	const struct xc_runner_step *step;	/* NULL: a handler runs */
	uint64_t now;		/* CLOCK_MONOTONIC, ns, as last taken */
	uint64_t until;		/* by the clock; NEVER */
	uint64_t look_at;	/* at the processor time; NEVER */
	uint64_t cpu_base;	/* processor time at the first look */
	bool looked;
	bool heard;		/* it has said something that is valid */
};

static uint64_t
ns_of(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
fail(struct call *call, enum xc_breach breach, const char *detail)
{
	xc_sandbox_kill(call->sandbox);
	call->outcome->breach = breach;
	snprintf(call->outcome->detail, sizeof(call->outcome->detail), "%s",
	    detail);
}

static void
fail_ended(struct call *call)
{
	fail(call, XC_BREACH_CRASH, "");
	xc_sandbox_last_words(call->sandbox, call->outcome->detail,
	    sizeof(call->outcome->detail));
}

/*
 * What it rings for after its reply is found in the next call, which is
 * somebody else's request.  If it has not taken the order, and now never will,
 * another sandbox may.
 */
static void
fail_ring(struct call *call)
{
	struct xc_sandbox *sandbox = call->sandbox;
	struct pollfd end = { .fd = sandbox->pidfd, .events = POLLIN };
	int unread = 0;

	fail(call, XC_BREACH_PROTOCOL, "what it rang for is not valid");
	if (call->heard || sandbox->pidfd < 0 || poll(&end, 1, DEATH_MS) != 1)
		return;
	call->outcome->unheard = ioctl(sandbox->channel.bell_write, FIONREAD,
	    &unread) == 0 && unread > 0;
}

/* ---- time --------------------------------------------------------------- */

static void
begin_clocks(struct call *call)
{
	call->now = ns_of(CLOCK_MONOTONIC);
	call->until = call->look_at = NEVER;
	if (call->limits->timeout_ms != 0)
		call->until = call->now +
		    call->limits->timeout_ms * NS_PER_MS;
	if (call->limits->cpu_ms != 0 || call->sandbox->cpu >= 0)
		call->look_at = call->now + FIRST_LOOK_NS;
}

/* Else its number may be that of another process by now. */
static bool
is_there(const struct xc_sandbox *sandbox)
{
	struct pollfd pfd = { .fd = sandbox->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

/*
 * It takes long: may it run beside us rather than in our place.  The mask is
 * that of this process, which is all that a sandbox could have anyway.
 */
static void
unpin(struct xc_sandbox *sandbox)
{
	cpu_set_t all;

	if (sandbox->cpu < 0)
		return;
	sandbox->cpu = -1;
	if (is_there(sandbox) && sched_getaffinity(0, sizeof(all), &all) == 0)
		(void)sched_setaffinity(sandbox->pid, sizeof(all), &all);
}

/*
 * What is used was used by all threads together: the next look is when they
 * could be through with the rest if all of them ran.
 */
static void
look(struct call *call)
{
	uint64_t limit = call->limits->cpu_ms * NS_PER_MS, used, left;
	uint64_t threads = call->limits->threads;
	char text[128];

	unpin(call->sandbox);
	call->look_at = NEVER;
	if (limit == 0 || call->sandbox->clock == (clockid_t)-1)
		return;
	used = ns_of(call->sandbox->clock);
	/* One that has ended has no clock; that is told by its pidfd. */
	if (used == 0)
		used = call->cpu_base;
	if (!call->looked)
		call->cpu_base = used;
	call->looked = true;
	used -= call->cpu_base;
	call->outcome->cpu_us = used / 1000;
	if (used >= limit) {
		snprintf(text, sizeof(text),
		    "%llu ms of processor time, limits.cpu_ms is %u",
		    (unsigned long long)(used / NS_PER_MS),
		    call->limits->cpu_ms);
		fail(call, XC_BREACH_CPU, text);
		return;
	}
	left = (limit - used) / (threads > 1 ? threads : 1);
	call->look_at = call->now +
	    (left > LEAST_LOOK_NS ? left : LEAST_LOOK_NS);
}

static void
fail_timeout(struct call *call)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "no reply after %u ms (limits.timeout_ms), of which it waited "
	    "%llu ms for services", call->limits->timeout_ms,
	    (unsigned long long)(call->broker->waited_us / 1000));
	fail(call, XC_BREACH_TIMEOUT, text);
}

static void
check_clocks(struct call *call)
{
	call->now = ns_of(CLOCK_MONOTONIC);
	if (call->now >= call->until)
		fail_timeout(call);
	else if (call->now >= call->look_at)
		look(call);
}

/* ---- what it says ------------------------------------------------------- */

static void
take_whole(struct call *call, const struct xc_notice *notice)
{
	char text[96];

	switch (xc_reply_take(call->req, &call->sandbox->channel,
	    notice->len)) {
	case XC_OK:
		call->req->reply = XC_REPLY_WHOLE;
		break;
	case XC_ERR_TOO_LARGE:
	case XC_ERR_NOMEM:
		snprintf(text, sizeof(text),
		    "a reply of %u bytes is over what this worker takes",
		    notice->len);
		fail(call, XC_BREACH_REPLY, text);
		break;
	default:
		fail(call, XC_BREACH_PROTOCOL, "its reply is not valid");
		break;
	}
}

static bool
is_behind(const struct call *call)
{
	return call->step && call->step->on_reply;
}

/* Behind a reply nothing is so bad that it does not go out. */
static void
add_behind(struct call *call)
{
	enum xc_err err = xc_reply_add_lines(call->req);

	call->req->extra.used = 0;
	if (err == XC_OK)
		return;
	call->outcome->handled = err;
	xc_log(call->req, XC_LOG_ERROR, "%s, a step behind the reply, which "
	    "goes out without it: %s", call->step->name, xc_strerror(err));
}

/* A step has made no reply: the request goes on, or the reply that stands gets
 * the lines that it added. */
static void
take_none(struct call *call, const struct xc_notice *notice)
{
	bool well = call->outcome->handled == XC_OK;

	if (!is_behind(call) && !well)
		fail(call, XC_BREACH_PROTOCOL,
		    "it has failed and has no reply");
	if (!is_behind(call) || !well)
		return;
	if (xc_reply_take_lines(call->req, &call->sandbox->channel,
	    notice->len) == XC_ERR_INVALID)
		fail(call, XC_BREACH_PROTOCOL,
		    "its header lines are not valid");
	else
		add_behind(call);
}

/* A limit that the handler failed by, in good order. */
static void
take_limit(struct call *call, enum xc_breach breach)
{
	char text[96];

	if (breach == XC_BREACH_MEMORY)
		snprintf(text, sizeof(text), "it had no memory left "
		    "(limits.memory_mb %u)", call->limits->memory_mb);
	else
		snprintf(text, sizeof(text), "the reply is over "
		    "limits.reply_kb, %u", call->limits->reply_kb);
	fail(call, breach, text);
}

static void
take_reply(struct call *call, const struct xc_notice *notice)
{
	bool streaming = call->req->reply == XC_REPLY_STREAMING &&
	    !is_behind(call);

	call->outcome->handled = (enum xc_err)notice->err;
	if (streaming != (notice->state == XC_REPLY_STREAMING) ||
	    (is_behind(call) && notice->state != XC_REPLY_NONE))
		fail(call, XC_BREACH_PROTOCOL,
		    "it contradicts itself about the reply");
	else if (notice->call != XC_BREACH_NONE)
		take_limit(call, (enum xc_breach)notice->call);
	else if (notice->state == XC_REPLY_WHOLE)
		take_whole(call, notice);
	else if (notice->state == XC_REPLY_NONE && call->step)
		take_none(call, notice);
	else if (notice->state == XC_REPLY_NONE)
		fail(call, XC_BREACH_PROTOCOL,
		    "it has handled the request and has no reply");
	else if (call->outcome->handled == XC_ERR_NOMEM)
		take_limit(call, XC_BREACH_MEMORY);
}

/*
 * While a stream waits for the client the plugin's time stands still: else
 * whoever reads slowly could have its sandboxes killed.  The wire bounds it.
 */
static enum xc_err
serve_stream(struct call *call, const struct xc_notice *notice)
{
	uint64_t began = ns_of(CLOCK_MONOTONIC);
	enum xc_err err = xc_broker_serve(call->broker,
	    &call->sandbox->channel, notice);

	if (call->until == NEVER)
		return err;
	call->until += ns_of(CLOCK_MONOTONIC) - began;
	call->broker->end_us = call->until / 1000;
	return err;
}

static enum xc_err
serve_call(struct call *call, const struct xc_notice *notice)
{
	if (notice->call == XC_CALL_STREAM_BEGIN ||
	    notice->call == XC_CALL_STREAM_WRITE)
		return serve_stream(call, notice);
	return xc_broker_serve(call->broker, &call->sandbox->channel, notice);
}

/* False: the call is over. */
static bool
serve(struct call *call, const struct xc_notice *notice)
{
	char text[64];

	switch (serve_call(call, notice)) {
	case XC_OK:
		break;
	case XC_ERR_IO:
		fail_ended(call);
		return false;
	default:
		snprintf(text, sizeof(text), "its call of %s is not valid",
		    xc_call_name((enum xc_call)notice->call));
		fail(call, XC_BREACH_PROTOCOL, text);
		return false;
	}
	check_clocks(call);
	return call->outcome->breach == XC_BREACH_NONE;
}

/* False: the call is over.  ended: it will say nothing more. */
static bool
take(struct call *call, bool ended)
{
	struct xc_notice notice;

	switch (xc_channel_notice(&call->sandbox->channel,
	    call->sandbox->seq, &notice)) {
	case XC_OK:
		break;
	case XC_ERR_BUSY:
		if (ended)
			fail_ended(call);
		return !ended;
	case XC_ERR_IO:
		fail_ended(call);
		return false;
	default:
		fail_ring(call);
		return false;
	}
	call->heard = true;
	if (notice.kind == XC_NOTICE_CALL)
		return serve(call, &notice);
	if (notice.kind == XC_NOTICE_REPLY)
		take_reply(call, &notice);
	else
		fail(call, XC_BREACH_PROTOCOL,
		    "it answered a request with what is no reply");
	return false;
}

/* ---- the call ----------------------------------------------------------- */

/* Waits for the bell, the end or a time; false: the call is over. */
static bool
step(struct call *call)
{
	struct pollfd fds[2] = {
		{ .fd = call->sandbox->channel.bell_read, .events = POLLIN },
		{ .fd = call->sandbox->pidfd, .events = POLLIN },
	};
	uint64_t at = call->until < call->look_at ? call->until :
	    call->look_at, left;
	struct timespec ts;
	int n;

	left = at > call->now ? at - call->now : 0;
	ts.tv_sec = (time_t)(left / 1000000000);
	ts.tv_nsec = (long)(left % 1000000000);
	n = ppoll(fds, 2, at == NEVER ? NULL : &ts, NULL);
	/* What it said before it ended counts, even if it came between the
	 * looks at the one and at the other. */
	if (n > 0)
		return take(call, !(fds[0].revents & POLLIN));
	if (n < 0 && errno != EINTR) {
		fail(call, XC_BREACH_CRASH, strerror(errno));
		return false;
	}
	check_clocks(call);
	return call->outcome->breach == XC_BREACH_NONE;
}

static enum xc_run_as
step_of(const struct call *call)
{
	if (!call->step)
		return XC_RUN_HANDLER;
	if (!call->step->on_reply)
		return XC_RUN_AHEAD;
	return call->req->reply == XC_REPLY_STREAMING ?
	    XC_RUN_BEHIND_STREAM : XC_RUN_BEHIND;
}

static bool
order(struct call *call, uint32_t operation)
{
	struct xc_sandbox *sandbox = call->sandbox;
	struct xc_hidden hidden;
	struct xc_order run = { .kind = XC_ORDER_RUN,
		.operation = operation, .len = call->req->in.used,
		.log_level = sandbox->log_level,
		.clear = sizeof(struct xc_reply_head),
		.step = step_of(call),
		.status = (uint32_t)xc_reply_status(call->req) };

	if (xc_hide(&call->req->in, call->broker->issuer, &hidden) != XC_OK) {
		call->outcome->handled = XC_ERR_NOMEM;
		(void)xc_reply_problem(call->req, 500, NULL);
		return false;
	}
	/* 0 stands for what comes before the first. */
	if (++sandbox->seq == 0)
		sandbox->seq = 1;
	run.seq = sandbox->seq;
	memcpy(sandbox->channel.request, call->req->in.base,
	    call->req->in.used);
	xc_unhide(&call->req->in, &hidden);
	if (xc_channel_order(&sandbox->channel, &run) == XC_OK)
		return true;
	call->outcome->unheard = true;
	fail_ended(call);
	return false;
}

/* As the web server would say it; no fault of the plugin's. */
static void
refuse_large(struct xc_request *req, struct xc_outcome *outcome)
{
	outcome->handled = XC_ERR_TOO_LARGE;
	snprintf(outcome->detail, sizeof(outcome->detail),
	    "a request of %u bytes has no room in its channel",
	    req->in.used);
	if (req->reply == XC_REPLY_NONE)
		(void)xc_reply_problem(req, 413,
		    "The request has more than can be passed on.");
}

static void
run(struct call *call, uint32_t operation)
{
	struct xc_outcome *outcome_r = call->outcome;
	struct xc_sandbox *sandbox = call->sandbox;
	struct xc_broker *broker = call->broker;
	struct xc_request *req = call->req;
	uint64_t begin;

	outcome_r->breach = XC_BREACH_NONE;
	outcome_r->handled = XC_OK;
	outcome_r->unheard = false;
	outcome_r->cpu_us = 0;
	outcome_r->detail[0] = '\0';
	if (req->in.used > sandbox->channel.sizes.request) {
		refuse_large(req, outcome_r);
		return;
	}
	broker->req = req;
	broker->waited_us = 0;
	begin_clocks(call);
	begin = call->now;
	broker->end_us = call->until == NEVER ? 0 : call->until / 1000;
	sandbox->calls++;
	if (order(call, operation))
		while (step(call))
			;
	sandbox->busy_ns += ns_of(CLOCK_MONOTONIC) - begin;
	if (req->secret)
		explicit_bzero(sandbox->channel.request, req->in.used);
	xc_broker_end(broker);
	broker->req = NULL;
}

void
xc_sandbox_call(struct xc_sandbox *sandbox, struct xc_broker *broker,
    struct xc_request *req, uint32_t operation,
    const struct xc_limits *limits, struct xc_outcome *outcome_r)
{
	struct call call = { .sandbox = sandbox, .broker = broker,
		.req = req, .limits = limits, .outcome = outcome_r };

	run(&call, operation);
}

void
xc_sandbox_step(struct xc_sandbox *sandbox, struct xc_broker *broker,
    struct xc_request *req, const struct xc_runner_step *step,
    const struct xc_limits *limits, struct xc_outcome *outcome_r)
{
	struct call call = { .sandbox = sandbox, .broker = broker,
		.req = req, .limits = limits, .outcome = outcome_r,
		.step = step };

	/* What was added so far stands on the reply by now. */
	if (step->on_reply)
		req->extra.used = 0;
	req->behind = step->on_reply;
	run(&call, step->operation);
	req->behind = false;
}

void
xc_sandbox_pin(struct xc_sandbox *sandbox)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || cpu == sandbox->cpu || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* If that is not allowed, asking again at each call is no use. */
	if (is_there(sandbox))
		(void)sched_setaffinity(sandbox->pid, sizeof(one), &one);
	sandbox->cpu = cpu;
}

/* SPDX-License-Identifier: MIT */
/* The parts of a request's way in. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <xcore/reply.h>

#include "worker/chain-private.h"

/* What trace-id a traceparent has, see trace.h: "00-" stands before it. */
static void
note_trace(struct xc_request *req, const char *parent, const char *state)
{
	(void)xc_request_set_trace(req, parent, state);
	xc_log_trace(parent + 3);
}

bool
xc_step_trace(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	const char *parent = xc_request_header(req, "traceparent"), *state;
	char own[XC_TRACEPARENT];

	(void)passage;
	if (parent != NULL && xc_trace_child(parent, &chains->seed, own)) {
		state = xc_request_header(req, "tracestate");
		if (state != NULL && !xc_trace_state_ok(state))
			state = NULL;
		note_trace(req, own, state);
	} else if (chains->starts_trace) {
		xc_trace_start(&chains->seed, own);
		note_trace(req, own, NULL);
	}
	return true;
}

bool
xc_step_proxy(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	const struct xc_proxy_settings *settings = &chains->settings->proxy;
	const struct xc_forwarded_in in = {
		.peer = xc_request_remote(req),
		.hops = xc_request_header(req, chains->hops_header),
		.protos = xc_request_header(req, "x-forwarded-proto"),
		.hosts = xc_request_header(req, "x-forwarded-host"),
	};
	struct xc_forwarded found;
	struct xc_request_peer peer;

	(void)passage;
	if (!xc_forwarded_read(&chains->proxies, &in, &found))
		return true;
	peer = (struct xc_request_peer){
		.remote = found.known ? found.address : NULL,
		.scheme = settings->scheme ? found.scheme : NULL,
		.host = settings->host ? found.host : NULL };
	if (xc_request_set_peer(req, &peer) == XC_OK)
		return true;
	(void)xc_reply_problem(req, 500, NULL);
	return false;
}

bool
xc_step_body(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	(void)chains;
	if (passage->body_len <= passage->chain->body_max)
		return true;
	(void)xc_reply_problem(req, 413, "The body is larger than is taken "
	    "here: %u bytes at most.", passage->chain->body_max);
	return false;
}

static void
add_late(struct xc_passage *passage, const char *text, size_t len)
{
	if (len > sizeof(passage->late) - passage->late_len)
		return;
	memcpy(passage->late + passage->late_len, text, len);
	passage->late_len += len;
}

void
xc_chain_say_cors(struct xc_passage *passage, const char *origin,
    bool preflight)
{
	char lines[XC_CORS_LINES];
	size_t len = xc_cors_lines(passage->chain->cors, origin, preflight,
	    lines);

	add_late(passage, lines, len);
	passage->cors_len = passage->late_len;
}

/* An OPTIONS that a browser sends of its own accord is answered here; each
 * other reply is said who may read it. */
bool
xc_step_cors(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	const char *origin = xc_request_header(req, "origin");
	bool preflight = origin != NULL &&
	    xc_request_method(req) == XC_OPTIONS &&
	    xc_request_header(req, "access-control-request-method") != NULL;

	(void)chains;
	xc_chain_say_cors(passage, origin, preflight);
	if (!preflight)
		return true;
	(void)xc_reply_empty(req, 204);
	return false;
}

/* --- limits --------------------------------------------------------------- */

static uint64_t
real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Who is counted.  One without a name or a key is counted by address, apart
 * from those that have one. */
static void
find_who(const struct xc_limit *limit, const struct xc_request *req,
    char who[256])
{
	const struct xc_request_head *head = (const void *)req->in.base;
	const char *named = NULL;
	char address[XC_RATE_WHO];

	if (limit->by == XC_RATE_USER)
		named = xc_block_text(&req->in, head->subject);
	else if (limit->by == XC_RATE_KEY)
		named = xc_request_header(req, limit->settings->header);
	if (named != NULL && named[0] != '\0') {
		snprintf(who, 256, "n%.250s", named);
		return;
	}
	xc_rate_address(xc_request_remote(req), address);
	snprintf(who, 256, "a%s", address);
}

static void
refuse(struct xc_request *req, const struct xc_limit *limit,
    const struct xc_rate_verdict *verdict)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)verdict->reset_s);
	(void)xc_reply_header(req, "Retry-After", text);
	(void)xc_reply_problem(req, 429, "More than %lld requests in %lld s: "
	    "wait %lld s.", (long long)limit->settings->limit,
	    (long long)limit->settings->window_s,
	    (long long)verdict->reset_s);
}

bool
xc_chain_count(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req, const struct xc_limit *limits, size_t n)
{
	const struct xc_chains_options *options = &chains->options;
	struct xc_rate_verdict verdicts[XC_RATES_MAX];
	uint64_t now_ms = real_ms();
	size_t i, worst = n, len;
	char who[256], lines[1024];

	for (i = 0; i < n; i++) {
		find_who(&limits[i], req, who);
		xc_rate_count(chains->rates, &limits[i], options->host, who,
		    now_ms, &verdicts[i]);
		if (verdicts[i].refused && (worst == n ||
		    verdicts[i].reset_s > verdicts[worst].reset_s))
			worst = i;
	}
	len = xc_rate_lines(limits, verdicts, n, lines, sizeof(lines));
	add_late(passage, lines, len);
	if (worst == n)
		return true;
	refuse(req, &limits[worst], &verdicts[worst]);
	return false;
}

bool
xc_step_rate(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	const struct xc_chains_options *options = &chains->options;
	bool waits = options->wait != NULL && options->host->cache != NULL;
	bool on;

	if (waits)
		options->wait(options->ctx, XC_WAIT_BEGIN);
	on = xc_chain_count(chains, passage, req, passage->chain->limits,
	    passage->chain->n_limits);
	if (waits)
		options->wait(options->ctx, XC_WAIT_END);
	return on;
}

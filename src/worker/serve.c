/* SPDX-License-Identifier: MIT */
/* One request: from verified bytes to the reply on its way. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "worker/execute.h"
#include "worker/lastgasp.h"
#include "worker/worker.h"

/* A body buffer larger than this is not kept for the next request. */
#define BODY_KEEP (256 * 1024)

/* The word BUSY tells whether it still runs, except in one that drains. */
static void
forget_request(struct xc_worker *worker)
{
	if (worker->stopping)
		xc_worker_forget(worker);
}

/* Strictly digits; an absent or empty length is 0. */
static bool
length_is(const char *text, size_t len)
{
	uint64_t value = 0;

	for (; text && *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	return value == len;
}

static void
log_reply(struct xc_worker *worker, const struct xc_target *target,
    unsigned status)
{
	const struct xc_request *req = &worker->req;

	if (status < 500)
		return;
	atomic_fetch_add_explicit(&worker->row->errors, 1,
	    memory_order_relaxed);
	xc_logf_request(&worker->log, XC_LOG_INFO, xc_request_id(req),
	    "%u for %s %s (%s%s%s)", status, xc_request_method_name(req),
	    xc_request_path(req),
	    target->loaded ? target->loaded->name : "no plugin",
	    target->operation ? " " : "",
	    target->operation ? target->operation : "");
}

static void
begin_wire(struct xc_worker *worker, const struct xc_conn *conn)
{
	memset(&worker->wire, 0, sizeof(worker->wire));
	worker->wire.fd = conn->fd;
	worker->wire.request_id = conn->head.request_id;
	worker->wire.timeout_ms =
	    (int)worker->settings->fastcgi.write_timeout_ms;
}

/* Sends what stands.  False: the connection is of no more use. */
static bool
send_reply(struct xc_worker *worker, enum xc_err handled)
{
	struct xc_wire *wire = &worker->wire;
	enum xc_err err;

	wire->head_only = xc_request_method(&worker->req) == XC_HEAD;
	if (!wire->begun)
		err = xc_wire_reply(wire, &worker->req);
	else if (handled == XC_OK)
		err = xc_wire_finish(wire, &worker->req);
	else
		/* Cut short: the end is missing, so the web server knows. */
		return false;
	if (err == XC_ERR_TOO_LARGE) {
		(void)xc_reply_problem(&worker->req, 500, NULL);
		xc_logf_request(&worker->log, XC_LOG_ERROR,
		    xc_request_id(&worker->req),
		    "the reply's header lines are over 64 KiB");
		return false;
	}
	/* It waited for the peer: what runs from here on begins now. */
	if (wire->deadline_ms != 0)
		(void)xc_worker_clock(worker);
	if (err == XC_ERR_TIMEOUT)
		xc_worker_warn(worker, "a reply was not taken in time",
		    "fastcgi.write_timeout_ms");
	return err == XC_OK;
}

/* Finds the target, or makes a reply that says why there is none. */
static bool
route(struct xc_worker *worker, char **envp, size_t body_len,
    struct xc_target *target)
{
	struct xc_request *req = &worker->req;
	struct xc_errbuf errbuf = { .text = "" };
	int status = xc_request_parse(req, envp, worker->body, body_len,
	    &errbuf);
	/* A peer that is wrong about this may be so about the next request.
	 * Without a body, parsing has seen to it. */
	bool keep = (status == 0 && body_len == 0) ||
	    length_is(FCGX_GetParam("CONTENT_LENGTH", envp), body_len);

	memset(target, 0, sizeof(*target));
	if (status != 0) {
		(void)xc_reply_problem(req, status, "%s", errbuf.text);
	} else if (!keep) {
		(void)xc_reply_problem(req, 400,
		    "The body has not the length that was announced.");
	} else {
		xc_router_dispatch(worker->router, req, target);
		xc_execute_note(worker, req, target);
	}
	return keep;
}

/* Runs what was found.  Until the first byte of the reply goes out, the last
 * gasp may make one in its place. */
static enum xc_err
execute(struct xc_worker *worker, const struct xc_target *target)
{
	struct xc_wire *wire = &worker->wire;

	wire->head_only = xc_request_method(&worker->req) == XC_HEAD;
	wire->first = xc_gasp_release;
	wire->row = worker->row;
	xc_gasp_arm(wire->fd, wire->request_id, wire->head_only);
	return xc_execute(worker, &worker->req, target);
}

/* From parameters to the reply's last byte.  False: close. */
static bool
answer(struct xc_worker *worker, char **envp, size_t body_len)
{
	struct xc_request *req = &worker->req;
	struct xc_target target;
	enum xc_err handled = XC_OK;
	bool keep = route(worker, envp, body_len, &target);

	xc_events_begin(&worker->told);
	if (target.handler || target.runner)
		handled = execute(worker, &target);
	else
		xc_rescuer_begin(worker);
	log_reply(worker, &target, xc_request_reply(req)->status);
	if (!send_reply(worker, handled))
		keep = false;
	xc_gasp_release();
	xc_execute_finish(worker, req, &target);
	xc_rescuer_end(worker);
	forget_request(worker);
	/* What a request that failed has emitted did not happen. */
	xc_events_deliver(worker, handled == XC_OK);
	return keep;
}

/* In constant time, whatever the peer sends. */
static bool
secret_is(const struct xc_worker *worker, const char *given)
{
	const char *secret = worker->heritage->secret;
	size_t len = strlen(secret);

	return given && strlen(given) == len &&
	    CRYPTO_memcmp(given, secret, len) == 0;
}

static bool
make_body_room(struct xc_worker *worker, size_t len)
{
	char *body;

	/* One more: the body may be empty, the pointer may not be NULL. */
	if (len + 1 <= worker->body_cap)
		return true;
	body = realloc(worker->body, len + 1);
	if (!body) {
		xc_logf(&worker->log, XC_LOG_ERROR,
		    "out of memory for a body of %zu bytes", len);
		return false;
	}
	worker->body = body;
	worker->body_cap = len + 1;
	return true;
}

static void
trim_body(struct xc_worker *worker)
{
	if (worker->body_cap <= BODY_KEEP)
		return;
	free(worker->body);
	worker->body = NULL;
	worker->body_cap = 0;
}

static bool
admit(struct xc_worker *worker, struct xc_conn *conn)
{
	char **envp = conn->fcgi.envp;

	if (worker->need_secret &&
	    !secret_is(worker, FCGX_GetParam("XCORE_SECRET", envp))) {
		xc_worker_warn(worker, "a connection was closed",
		    "its XCORE_SECRET is missing or wrong");
		xc_wire_abandon(conn->fd, conn->head.request_id);
		return false;
	}
	return answer(worker, envp, conn->head.body_len);
}

bool
xc_serve(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes, size_t len)
{
	bool keep;

	if (!make_body_room(worker, conn->head.body_len))
		return false;
	if (xc_feed_decode(worker->feed, &conn->fcgi, bytes, len,
	    worker->body, conn->head.body_len) != XC_OK) {
		xc_worker_warn(worker, "a connection was closed",
		    "libfcgi does not read its request");
		return false;
	}
	begin_wire(worker, conn);
	keep = admit(worker, conn);
	xc_feed_end(&conn->fcgi);
	trim_body(worker);
	atomic_fetch_add_explicit(&worker->row->requests, 1,
	    memory_order_relaxed);
	worker->quiet_ms = worker->now_ms;
	if (worker->settle_ms == 0)
		worker->settle_ms = worker->now_ms +
		    (uint64_t)worker->settings->cache.retry_ms;
	return keep && conn->head.keep && !worker->alone;
}

/* There are no parameters to trust: what is said stands in a request made
 * here, which gives the problem its form and its id. */
void
xc_serve_refusal(struct xc_worker *worker, struct xc_conn *conn)
{
	static const char *const names[] = { "REQUEST_METHOD=GET",
		"REQUEST_URI=/", NULL };
	char *envp[3];
	size_t i;

	for (i = 0; i < 3; i++)
		envp[i] = names[i] ? strdup(names[i]) : NULL;
	begin_wire(worker, conn);
	if (envp[0] && envp[1] && xc_request_parse(&worker->req, envp, "", 0,
	    NULL) == 0) {
		(void)xc_reply_problem(&worker->req, conn->head.status, NULL);
		(void)xc_wire_reply(&worker->wire, &worker->req);
	}
	xc_request_reset(&worker->req);
	for (i = 0; i < 2; i++)
		free(envp[i]);
}

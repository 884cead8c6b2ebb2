/* SPDX-License-Identifier: MIT */
/* One request: from verified bytes to the reply on its way. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "lib/reply-private.h"
#include "lib/status.h"

#include "worker/execute.h"
#include "worker/lastgasp.h"
#include "worker/worker.h"

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

/* What CONTENT_LENGTH says, as far as it is a number. */
static uint32_t
announced(char **envp)
{
	const char *text = FCGX_GetParam("CONTENT_LENGTH", envp);
	uint64_t value = 0;

	for (; text && *text >= '0' && *text <= '9' && value <= INT32_MAX;
	    text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return value <= INT32_MAX ? (uint32_t)value : INT32_MAX;
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
	xc_chain_begin(worker->chains, &worker->passage);
	worker->wire.passage = &worker->passage;
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

/* Without a contract the handler gets the body as it came. */
static void
bring_body(struct xc_worker *worker, struct xc_target *target)
{
	const struct xc_source *body = &worker->body;

	if (target->contract || target->course || body->len == 0 ||
	    (!target->handler && !target->runner))
		return;
	if (xc_request_set_body(&worker->req, body->data, body->len) ==
	    XC_OK)
		return;
	target->handler = NULL;
	target->runner = NULL;
	(void)xc_reply_problem(&worker->req, 500, NULL);
}

static bool
is_one_of(const char *param, const char *const *names, size_t n)
{
	size_t len = strcspn(param, "="), i;

	for (i = 0; i < n; i++)
		if (strlen(names[i]) == len &&
		    memcmp(param, names[i], len) == 0)
			return true;
	return false;
}

/* Of one that is refused, whatever is wrong about the rest of it: then the
 * refusal has the request's id, and a page of an origin that may read replies
 * of its path can read it. */
static void
know(struct xc_worker *worker, char **envp)
{
	static const char *const known[] = { "REQUEST_METHOD", "REQUEST_URI",
		"REQUEST_ID", "REQUEST_SCHEME", "HTTPS", "HTTP_ORIGIN" };
	enum { KNOWN = sizeof(known) / sizeof(known[0]) };
	char *few[KNOWN + 1];
	size_t n = 0;

	for (; *envp != NULL && n < KNOWN; envp++)
		if (is_one_of(*envp, known, KNOWN))
			few[n++] = *envp;
	few[n] = NULL;
	xc_request_reset(&worker->req);
	if (xc_request_parse(&worker->req, few, "", 0, NULL) == 0)
		xc_chain_refused(worker->chains, &worker->passage,
		    &worker->req);
}

/* Finds the target, or makes a reply that says why there is none. */
static bool
route(struct xc_worker *worker, char **envp, struct xc_target *target)
{
	struct xc_request *req = &worker->req;
	struct xc_errbuf errbuf = { .text = "" };
	size_t body_len = worker->body.len;
	int status = xc_request_parse(req, envp, NULL, body_len, &errbuf);
	/* A peer that is wrong about this may be so about the next request.
	 * Without a body, parsing has seen to it. */
	bool keep = (status == 0 && body_len == 0) ||
	    length_is(FCGX_GetParam("CONTENT_LENGTH", envp), body_len);

	memset(target, 0, sizeof(*target));
	if (status != 0) {
		know(worker, envp);
		(void)xc_reply_problem(req, status, "%s", errbuf.text);
	} else if (!keep) {
		(void)xc_reply_problem(req, 400,
		    "The body has not the length that was announced.");
	} else if (xc_chain_in(worker->chains, &worker->passage, req,
	    body_len)) {
		xc_router_dispatch(worker->router, req, target);
		bring_body(worker, target);
		xc_execute_note(worker, req, target);
	}
	return keep;
}

/* Code of plugins runs.  Until the first byte of the reply goes out, the last
 * gasp may make one in its place. */
static void
arm(struct xc_worker *worker)
{
	struct xc_wire *wire = &worker->wire;

	wire->head_only = xc_request_method(&worker->req) == XC_HEAD;
	wire->first = xc_gasp_release;
	wire->row = worker->row;
	xc_gasp_arm(wire->fd, wire->request_id, wire->head_only,
	    wire->passage);
}

static enum xc_err
execute(struct xc_worker *worker, const struct xc_target *target)
{
	arm(worker);
	return xc_execute(worker, &worker->req, target);
}

/* Without a handler: a file is sent, or a reply stands. */
static enum xc_err
answer_here(struct xc_worker *worker, const struct xc_target *target)
{
	struct xc_request *req = &worker->req;
	struct xc_errbuf errbuf;
	enum xc_err err;

	xc_rescuer_begin(worker);
	if (!target->file.asset)
		return XC_OK;
	if (target->course) {
		arm(worker);
		if (!xc_execute_ahead(worker, req, target))
			return worker->steps.err;
	}
	worker->wire.head_only = xc_request_method(req) == XC_HEAD;
	err = xc_asset_reply(&worker->wire, req, &target->file, &errbuf);
	/* A client that went away is nobody's fault. */
	if (err != XC_OK && worker->wire.err == XC_OK)
		xc_logf_request(&worker->log, XC_LOG_ERROR,
		    xc_request_id(req), "%s: %s", target->loaded->name,
		    errbuf.text[0] != '\0' ? errbuf.text : xc_strerror(err));
	return err;
}

/* From parameters to the reply's last byte.  False: close. */
static bool
answer(struct xc_worker *worker, char **envp)
{
	struct xc_request *req = &worker->req;
	struct xc_target target;
	enum xc_err handled = XC_OK;
	bool keep = route(worker, envp, &target);

	xc_events_begin(&worker->told);
	if (target.handler || target.runner)
		handled = execute(worker, &target);
	else
		handled = answer_here(worker, &target);
	log_reply(worker, &target, xc_request_reply(req)->status);
	if (!send_reply(worker, handled))
		keep = false;
	xc_gasp_release();
	xc_chain_out(worker->chains, &worker->passage, req,
	    target.loaded ? target.loaded->name : NULL);
	xc_execute_finish(worker, req, &target);
	/* Nobody may ask for it from here on. */
	xc_spill_unmap(&worker->body);
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
is_heard(struct xc_worker *worker, const struct xc_conn *conn)
{
	if (!worker->need_secret ||
	    secret_is(worker, FCGX_GetParam("XCORE_SECRET", conn->fcgi.envp)))
		return true;
	xc_worker_warn(worker, "a connection was closed",
	    "its XCORE_SECRET is missing or wrong");
	xc_wire_abandon(conn->fd, conn->head.request_id);
	return false;
}

/* The body has been taken out: libfcgi sees none. */
static bool
decode(struct xc_worker *worker, struct xc_conn *conn, unsigned char *bytes)
{
	size_t len = conn->head.done;

	if (conn->head.body_len > 0)
		len = xc_head_bare(&conn->head, bytes);
	if (xc_feed_decode(worker->feed, &conn->fcgi, bytes, len, NULL,
	    0) == XC_OK)
		return true;
	xc_worker_warn(worker, "a connection was closed",
	    "libfcgi does not read its request");
	return false;
}

/* A copy, since what libfcgi is given must end behind the parameters. */
static bool
decode_params(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes)
{
	size_t at = conn->head.stdin_at;
	unsigned char *copy = malloc(at + XC_FCGI_HEADER);
	bool ok;

	if (!copy)
		return false;
	memcpy(copy, bytes, at);
	ok = xc_feed_decode(worker->feed, &conn->fcgi, copy,
	    xc_head_bare(&conn->head, copy), NULL, 0) == XC_OK;
	free(copy);
	return ok;
}

bool
xc_serve_judge(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes)
{
	bool heard;

	conn->judged = true;
	conn->body_max = UINT32_MAX;
	if (!decode_params(worker, conn, bytes))
		return false;
	heard = is_heard(worker, conn);
	/* What is wrong about it is told when all of it is there. */
	if (heard && xc_request_parse(&worker->req, conn->fcgi.envp, NULL,
	    announced(conn->fcgi.envp), NULL) == 0) {
		conn->body_max = xc_chains_body_max(worker->chains,
		    &worker->req);
		if (announced(conn->fcgi.envp) > conn->body_max)
			conn->head.body_len = conn->body_max + 1;
	}
	xc_request_reset(&worker->req);
	xc_feed_end(&conn->fcgi);
	return heard;
}

bool
xc_serve_hashes(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes)
{
	bool does = false;

	if (conn->head.body_len == 0 || !decode_params(worker, conn, bytes))
		return false;
	if ((!worker->need_secret || secret_is(worker,
	    FCGX_GetParam("XCORE_SECRET", conn->fcgi.envp))) &&
	    xc_request_parse(&worker->req, conn->fcgi.envp, NULL,
	    announced(conn->fcgi.envp), NULL) == 0)
		does = xc_router_hashes(worker->router, &worker->req);
	xc_request_reset(&worker->req);
	xc_feed_end(&conn->fcgi);
	return does;
}

bool
xc_serve_hears(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes)
{
	bool heard;

	if (!worker->need_secret)
		return true;
	if (!decode(worker, conn, bytes))
		return false;
	heard = is_heard(worker, conn);
	xc_feed_end(&conn->fcgi);
	return heard;
}

/* All of it goes to its file, so that it does not depend on how it came where
 * a part of it lies. */
static bool
take_large(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *body, size_t len)
{
	struct xc_errbuf errbuf;
	int status;

	if (!xc_conn_spill(worker, conn, body, len))
		return false;
	status = xc_spill_map(&conn->spill, &worker->body, &errbuf);
	return status == 0 ||
	    xc_conn_spill_failed(worker, conn, status, errbuf.text);
}

/* The body of the request that is to be answered, if there is one. */
static bool
take_body(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *body, size_t len)
{
	if (conn->head.body_len > worker->body_memory)
		return take_large(worker, conn, body, len);
	worker->body.data = (const char *)body;
	worker->body.len = len;
	return true;
}

static const char *
why_refused(int status)
{
	switch (status) {
	case 413:
		return "The body is larger than this site takes.";
	case 431:
		return "The head of the request is larger than this site "
		    "takes.";
	default:
		return NULL;
	}
}

/* What is said stands in a request made here, which gives the problem its form
 * and its id. */
static bool
make_blank(struct xc_worker *worker)
{
	char method[] = "REQUEST_METHOD=GET", uri[] = "REQUEST_URI=/";
	char *envp[] = { method, uri, NULL };

	xc_request_reset(&worker->req);
	return xc_request_parse(&worker->req, envp, "", 0, NULL) == 0;
}

/* envp NULL: the parameters have not come, or are not to be trusted. */
static void
refuse(struct xc_worker *worker, struct xc_conn *conn, char **envp)
{
	const struct xc_problem problem = { .type = "about:blank",
		.title = xc_status_text(conn->head.status),
		.status = conn->head.status,
		.detail = why_refused(conn->head.status),
		.no_instance = true };
	struct xc_request *req = &worker->req;

	begin_wire(worker, conn);
	if (envp)
		know(worker, envp);
	if (xc_request_path(req)[0] != '\0' || make_blank(worker)) {
		worker->wire.head_only = xc_request_method(req) == XC_HEAD;
		(void)xc_reply_problem_typed(req, &problem);
		(void)xc_wire_reply(&worker->wire, req);
	}
	xc_request_reset(req);
}

static bool
admit(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *body, size_t len)
{
	if (!is_heard(worker, conn))
		return false;
	if (!take_body(worker, conn, body, len)) {
		refuse(worker, conn, conn->fcgi.envp);
		return false;
	}
	return answer(worker, conn->fcgi.envp);
}

bool
xc_serve(struct xc_worker *worker, struct xc_conn *conn,
    unsigned char *bytes)
{
	const unsigned char *body = NULL;
	size_t len = 0;
	bool keep;

	if (conn->head.body_len > 0)
		body = xc_head_body(&conn->head, bytes, &len);
	if (!decode(worker, conn, bytes))
		return false;
	begin_wire(worker, conn);
	worker->lane.secret = false;
	keep = admit(worker, conn, body, len);
	/* A larger one lies in its file by now. */
	if (worker->lane.secret && body &&
	    conn->head.body_len <= worker->body_memory)
		explicit_bzero(bytes + (body - bytes), len);
	xc_feed_end(&conn->fcgi);
	atomic_fetch_add_explicit(&worker->row->requests, 1,
	    memory_order_relaxed);
	worker->quiet_ms = worker->now_ms;
	if (worker->settle_ms == 0)
		worker->settle_ms = worker->now_ms +
		    (uint64_t)worker->settings->cache.retry_ms;
	return keep && conn->head.keep && !worker->alone;
}

void
xc_serve_refusal(struct xc_worker *worker, struct xc_conn *conn,
    const unsigned char *bytes)
{
	char **envp;

	if (conn->head.stdin_at == 0 || !decode_params(worker, conn, bytes)) {
		refuse(worker, conn, NULL);
		return;
	}
	envp = conn->fcgi.envp;
	refuse(worker, conn, !worker->need_secret || secret_is(worker,
	    FCGX_GetParam("XCORE_SECRET", envp)) ? envp : NULL);
	xc_feed_end(&conn->fcgi);
}

/* SPDX-License-Identifier: MIT */
/*
 * The request, for those who make one: the worker, the task runner, a
 * sandbox, the test kit.  The order of calls is
 *
 *	xc_request_init()	once for each process
 *	xc_request_parse()	from the FastCGI parameters and the body
 *	xc_request_bind()	when the route is found
 *	xc_request_run()	the handler, and a reply whatever it did
 *	(read the reply block and send it)
 *	xc_request_reset()	runs what was deferred, frees the garbage
 */
#ifndef XC_REQUEST_PRIVATE_H
#define XC_REQUEST_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/plugin.h>
#include <xcore/request.h>

#include "arena.h"
#include "block.h"
#include "breach.h"
#include "errbuf.h"
#include "status.h"

struct xc_host;

#define XC_REQUEST_MAGIC UINT32_C(0x71657263)

enum xc_reply_state {
	XC_REPLY_NONE,
	XC_REPLY_WHOLE,
	XC_REPLY_STREAMING
};

struct xc_request {
	uint32_t magic;
	const struct xc_host *host;
	struct xc_plugin *plugin;	/* NULL until bound */
	struct xc_block in;		/* struct xc_request_head first */
	struct xc_block out;		/* struct xc_reply_head first */
	enum xc_reply_state reply;
	/* A large body of a whole reply may lie elsewhere, where another may
	 * still write, if whoever sends it takes it from xc_reply_body(). */
	bool may_be_far;
	const char *far_body;	/* NULL: it lies in out */
	struct xc_block extra;		/* header lines for the reply */
	/* A step looks at the reply that stands, and may add lines to it. */
	bool behind;
	struct xc_arena *arena;
	bool in_transaction;
	bool used_db;
	/* It has a password: what it was held in is overwritten when it ends.
	 * Set by who runs the handler, for one request, and when the desk is
	 * given one. */
	bool secret;
	/* When its time is up (limits.timeout_ms), CLOCK_MONOTONIC in us; 0:
	 * nobody knows.  Set by who runs the handler. */
	uint64_t end_us;
	/* A limit that the handler came to (MEMORY, REPLY); after
	 * xc_request_run(): the one that it failed by. */
	enum xc_breach breach;
	/* Of the decoded path; they lie in the arena and end with NULL. */
	const char **segments;
	size_t n_segments;
	/* In the block: where the name of a step's operation stands, and what
	 * ends what a step is given.  0: it was not made ready. */
	uint32_t lend_name;
	uint32_t lend_end;
	uint64_t id_prefix;	/* random: ids made here differ by process */
	uint64_t id_next;
};

/* What a request may cost; 0 means the default in brackets. */
struct xc_request_limits {
	uint32_t reply_max;	/* bytes of a whole reply [8 MiB] */
	uint32_t arena_max;	/* bytes that a handler takes [64 MiB] */
};

/* Makes the request empty.  host must outlive it. */
enum xc_err xc_request_init(struct xc_request *req,
    const struct xc_host *host, const struct xc_request_limits *limits);

/* Other limits from now on; what is taken counts.  Memory that is not the
 * request's own (see struct xc_block) has the size that it has. */
void xc_request_limit(struct xc_request *req,
    const struct xc_request_limits *limits);
void xc_request_free(struct xc_request *req);

/*
 * For the library's own use: blank heads of both blocks; of the reply's
 * alone, which also forgets the header lines added so far.
 */
enum xc_err xc_request_blank(struct xc_request *req);
enum xc_err xc_reply_blank(struct xc_request *req);

/* ... undoes what the database was left with. */
void xc_request_end_db(struct xc_request *req);

/*
 * Builds the request's block from FastCGI parameters ("NAME=value" strings,
 * ended by NULL, each name once) and the complete body.  Needs
 * REQUEST_METHOD and REQUEST_URI.  Returns 0, or the HTTP status to refuse
 * it with (400, 414, 431, 500), with the reason in errbuf; a request id
 * stands also then, so that xc_reply_problem() can be used at once.  With NULL
 * for the body only its length is looked at, and there is an empty one until
 * xc_request_set_body().
 */
int xc_request_parse(struct xc_request *req, char *const *envp,
    const void *body, size_t body_len, struct xc_errbuf *errbuf);

#define XC_GRANTS_MAX (16 * 1024)	/* bytes of what a request has */

/* Who sends a request; "" for what there is none of.  Of grants that are over
 * XC_GRANTS_MAX the last are left out. */
struct xc_request_who {
	const char *subject;
	const char *name;
	const char *session;
	const char *grants;	/* may be NULL */
};

/*
 * Puts the body into the block, in place of the one that there was, and who
 * sends the request.  Errors as xc_block_append().  Strings got from the
 * request before are not valid afterwards.
 */
enum xc_err xc_request_set_body(struct xc_request *req, const void *body,
    size_t len);
enum xc_err xc_request_set_who(struct xc_request *req,
    const struct xc_request_who *who);

/* Where it came from, as proxies say that are believed; NULL or "" lets a
 * member be.  Which trace it is a part of.  As above. */
struct xc_request_peer {
	const char *remote;
	const char *scheme;	/* "http", "https" */
	const char *host;
};
enum xc_err xc_request_set_peer(struct xc_request *req,
    const struct xc_request_peer *peer);
enum xc_err xc_request_set_trace(struct xc_request *req,
    const char *traceparent, const char *tracestate);

/* The raw path in segments for the router: the n-th segment, decoded, or
 * NULL past the last.  "/app/todo/" has "app", "todo" and "". */
size_t xc_request_segments(const struct xc_request *req,
    const char *const **segments_r);

/*
 * Says who handles it: sets prefix, rest, operation and the path parameters
 * (n pairs of NUL-terminated name and value).  prefix_segments is how many
 * segments the prefix has.  XC_ERR_INVALID if the path has fewer.  Strings
 * got from the request before are not valid afterwards, segments are.
 */
enum xc_err xc_request_bind(struct xc_request *req, struct xc_plugin *plugin,
    size_t prefix_segments, const char *operation,
    const char *const (*params)[2], size_t n_params);

/*
 * Runs the handler.  Afterwards a reply stands (whole, or streaming was
 * begun): what the handler made, or a problem+json for its error, or 500 if
 * it returned XC_OK without a reply.  Returns what the handler returned.  If
 * it failed for want of memory or of room for its reply, xc_breach_reply()
 * stands and req->breach says so.
 */
enum xc_err xc_request_run(struct xc_request *req, xc_handler *handler);

/*
 * Steps: handlers of plugins, often others than the one whose request it is,
 * that see it before the handler, or look at its reply.
 *
 *	xc_request_lendable()	when nothing is in the block that they are not
 *				to see; again when more is that they are
 *	xc_request_lend()	to the plugin of a step
 *	xc_request_step(), xc_request_step_behind(), or in a sandbox
 *	xc_request_return()
 */

#define XC_LEND_NAME_MAX 128

/* What a request is while a step has it. */
struct xc_lent {
	struct xc_request_head head;
	struct xc_plugin *plugin;
	struct xc_arena_mark mark;
	uint32_t in_used;
	uint32_t extra_used;
};

/* Errors as xc_block_append(). */
enum xc_err xc_request_lendable(struct xc_request *req);

/*
 * Binds it to a step: path and prefix stay, the operation's name is another,
 * and there are no parameters of the path and no body.  bare: the block ends
 * where that ends which the step is given, so that it can be copied whole.
 * Strings got from the request before stay valid.
 */
void xc_request_lend(struct xc_request *req, struct xc_plugin *plugin,
    const char *operation, bool bare, struct xc_lent *lent_r);

/*
 * The step's end: releases the database, runs what was deferred and takes back
 * what was taken; then the request is what it was.  A reply that the step has
 * made stands; without one the header lines that it added are forgotten.
 */
void xc_request_return(struct xc_request *req, const struct xc_lent *lent);

/*
 * Runs a step ahead of the handler: as xc_request_run(), but without a reply
 * XC_OK means to go on; none stands then.
 */
enum xc_err xc_request_step(struct xc_request *req, xc_handler *handler);

/*
 * Runs a step behind the handler, when a reply stands.  It stays as it is but
 * for the header lines that the step adds to a whole one; none of them if the
 * step fails, which is logged.  Returns what the step did.
 */
enum xc_err xc_request_step_behind(struct xc_request *req,
    xc_handler *handler);

/* The reply's head, valid until the next call that changes the reply; its
 * spans lie in req->out. */
const struct xc_reply_head *xc_request_reply(const struct xc_request *req);

/* Where the blocks of a request lie that another process has made. */
struct xc_request_areas {
	unsigned char *in;	/* a whole request block, bound */
	uint32_t in_len;
	unsigned char *out;	/* aligned to 8 */
	uint32_t out_cap;	/* 64 KiB at least */
};

/*
 * Takes a request over from another process, in place of parse and bind; a
 * blank reply stands in out.  Both areas stay the caller's.  XC_ERR_INVALID:
 * they are too small, or in holds no request block.
 */
enum xc_err xc_request_adopt(struct xc_request *req,
    struct xc_plugin *plugin, const struct xc_request_areas *areas);

/*
 * Ends a request that was taken over: runs what was deferred, frees what it
 * took; the areas are left as they are.  Nothing can be asked of the request
 * then, until the next one is taken over.
 */
void xc_request_part(struct xc_request *req);

/* Ends the request: releases the database, runs what was deferred (last
 * first), frees what it took.  Large memory is given back. */
void xc_request_reset(struct xc_request *req);

#endif

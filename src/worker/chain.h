/* SPDX-License-Identifier: MIT */
/*
 * What each request goes through between the web server and its handler, put
 * together for each prefix when the worker begins (see xcore-middleware(7)).
 * What a prefix has no use for is not there at all: the parts of a request's
 * way in are a list of functions, what stands on each reply is one text.
 *
 *	xc_chain_begin()	the request was read
 *	xc_chain_in()		its path is known; may reply
 *	(the router finds the handler)
 *	xc_chain_user()		it is known who asks; may reply
 *	xc_chain_out()		the reply was sent
 */
#ifndef XC_WORKER_CHAIN_H
#define XC_WORKER_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/middleware.h"
#include "lib/request-private.h"
#include "services/middleware/lines.h"
#include "worker/scoreboard.h"

struct xc_chain;
struct xc_chains;
struct xc_rate_verdict;

/* One in so many requests is measured. */
#define XC_CHAIN_SAMPLE 64
#define XC_LATE_MAX 5120	/* bytes of header lines made for one reply */

/* One request on its way. */
struct xc_passage {
	const struct xc_chain *chain;
	const struct xc_lines *lines;	/* of its chain; on each reply */
	size_t body_len;
	uint32_t choice;	/* of steps of plugins, see xc_chains_choices */
	bool https;
	bool measured;
	uint64_t began_ns;	/* CLOCK_MONOTONIC; 0: nobody asks */
	bool says_time;		/* in Server-Timing */
	size_t cors_len;	/* of late: what a handler's own replace */
	size_t late_len;
	char late[XC_LATE_MAX];	/* not NUL-terminated */
};

enum xc_chain_wait { XC_WAIT_BEGIN, XC_WAIT_END, XC_WAIT_WITHIN };

/* How the chains are made. */
struct xc_chains_options {
	const struct xc_middleware_config *config;
	const struct xc_host *host;
	struct xc_worker_row *row;	/* where figures go; NULL: nowhere */
	/* Around what may take long, before the handler's run and in it; may
	 * be NULL. */
	void (*wait)(void *ctx, enum xc_chain_wait wait);
	void *ctx;
};

/* All in options must outlive it.  XC_ERR_NOMEM, XC_ERR_INVALID. */
enum xc_err xc_chains_create(const struct xc_chains_options *options,
    struct xc_chains **chains_r, struct xc_errbuf *errbuf);
void xc_chains_free(struct xc_chains **chains);

/* The bytes of a body that a request's path may have; UINT32_MAX: no limit of
 * its own. */
uint32_t xc_chains_body_max(const struct xc_chains *chains,
    const struct xc_request *req);

/* Whether any path has a limit of its own. */
bool xc_chains_limit_bodies(const struct xc_chains *chains);

/*
 * What the prefixes choose of the steps that plugins have for the whole site:
 * how many choices differ, and whether one has that step.
 */
size_t xc_chains_choices(const struct xc_chains *chains);
bool xc_chains_has_chosen(const struct xc_chains *chains, size_t choice,
    const char *plugin, const char *operation);

/* A request comes whose path is not known yet. */
void xc_chain_begin(struct xc_chains *chains, struct xc_passage *passage);

/* In place of xc_chain_in() for one that is refused before it goes in: only
 * method, path, scheme and Origin need be known of it. */
void xc_chain_refused(struct xc_chains *chains, struct xc_passage *passage,
    const struct xc_request *req);

/* False: a reply stands. */
bool xc_chain_in(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req, size_t body_len);

/* Whoever asks is known, or that nobody says so.  False: a reply stands. */
bool xc_chain_user(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req);

/* When authentication began, for xc_chain_authed(). */
uint64_t xc_chain_clock(const struct xc_passage *passage);
void xc_chain_authed(struct xc_chains *chains,
    const struct xc_passage *passage, uint64_t since, bool refused);

/* The reply was sent; plugin may be NULL. */
void xc_chain_out(struct xc_chains *chains, struct xc_passage *passage,
    const struct xc_request *req, const char *plugin);

#endif

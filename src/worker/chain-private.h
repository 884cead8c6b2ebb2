/* SPDX-License-Identifier: MIT */
#ifndef XC_WORKER_CHAIN_PRIVATE_H
#define XC_WORKER_CHAIN_PRIVATE_H

#include "loggers/logger.h"
#include "services/middleware/cors.h"
#include "services/middleware/forwarded.h"
#include "services/middleware/rate.h"
#include "services/middleware/trace.h"
#include "worker/chain.h"

/* One part of the way in.  False: a reply stands. */
typedef bool xc_step_fn(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req);

struct xc_step {
	xc_step_fn *fn;
	enum xc_mw_part part;
};

struct xc_chain {
	const char *prefix;
	size_t prefix_len;
	struct xc_step steps[XC_PART__MAX];
	size_t n_steps;
	uint32_t body_max;	/* UINT32_MAX: none of its own */
	struct xc_cors *cors;	/* NULL: closed */
	struct xc_lines lines;
	/* By address and key, and behind authentication by user. */
	struct xc_limit limits[XC_RATES_MAX];
	size_t n_limits;
	struct xc_limit users[XC_RATES_MAX];
	size_t n_users;
	bool logs;
	bool logs_query;
	enum xc_log_level level;
	bool timing;
	uint32_t choice;	/* of steps of plugins */
};

struct xc_chain_index {
	const struct xc_chain **cells;	/* by hash of the prefix */
	size_t mask;
	size_t len_max;		/* of the prefixes */
};

struct xc_chains {
	struct xc_chains_options options;
	struct xc_middleware *settings;
	struct xc_chain *rows;	/* that of "" first, then by length */
	size_t n;
	struct xc_chain_index index;
	struct json_object **choices;	/* those that differ */
	size_t n_choices;
	bool limit_bodies;
	bool starts_trace;
	struct xc_network *trusted;
	struct xc_proxies proxies;
	const char *hops_header;
	struct xc_trace_seed seed;
	struct xc_rates *rates;
	struct xc_logger access;
	uint32_t turn;		/* requests; which ones are measured */
};

xc_step_fn xc_step_trace, xc_step_proxy, xc_step_body, xc_step_cors,
    xc_step_rate;

/* Adds what other origins' pages may read; preflight: and send. */
void xc_chain_say_cors(struct xc_passage *passage, const char *origin,
    bool preflight);

/* Of n chains, which must outlive it; cells are freed by the caller. */
enum xc_err xc_chain_index_make(struct xc_chain_index *index,
    const struct xc_chain *rows, size_t n);

/* The longest prefix, on whole segments, of a path that has those; NULL: none
 * but "". */
const struct xc_chain *xc_chain_index_find(
    const struct xc_chain_index *index, const char *const *segments,
    size_t n);

/* Counts limits; false: a reply stands. */
bool xc_chain_count(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req, const struct xc_limit *limits, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The section "middleware" of the configuration, put together: what holds for
 * each prefix.  See xcore-middleware(7).
 */
#ifndef XC_MIDDLEWARE_SETTINGS_H
#define XC_MIDDLEWARE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/errbuf.h"

struct json_object;

/* What a chain is made of, in the order that it has unless it is told. */
enum xc_mw_part {
	XC_PART_REQUEST_ID,
	XC_PART_PROXY,
	XC_PART_LOG,
	XC_PART_TIMING,
	XC_PART_BODY,
	XC_PART_CORS,
	XC_PART_HEADERS,
	XC_PART_RATE,
	XC_PART_AUTH,
	XC_PART__MAX
};

/* As it is in the file, each key's own object or list. */
struct xc_middleware_config {
	struct json_object *chain;
	struct json_object *request_id;
	struct json_object *proxy;
	struct json_object *log;
	struct json_object *timing;
	struct json_object *body;
	struct json_object *cors;
	struct json_object *headers;
	struct json_object *rate;
	struct json_object *plugins;
	struct json_object *prefixes;
};

struct xc_request_id_settings {
	const char *header;
	const char *trace;	/* off, follow, start */
};

struct xc_proxy_settings {
	struct json_object *trusted;
	const char *header;
	bool scheme;
	bool host;
	int64_t hops_max;
};

struct xc_access_settings {
	const char *level;	/* off, notice, info, debug */
	bool query;
};

struct xc_timing_settings {
	bool header;
};

struct xc_body_settings {
	int64_t max;		/* 0: fastcgi.body_max */
};

struct xc_cors_settings {
	struct json_object *origins;
	struct json_object *methods;
	struct json_object *headers;
	struct json_object *expose;
	bool credentials;
	int64_t max_age_s;
};

struct xc_headers_settings {
	bool nosniff;
	const char *referrer_policy;
	const char *strict_transport_security;
	const char *opener_policy;
	const char *resource_policy;
	const char *content_security_policy;
	const char *html_security_policy;
	struct json_object *more;	/* or NULL */
};

struct xc_rate_settings {
	const char *name;
	const char *by;		/* address, user, key */
	const char *header;
	int64_t limit;
	int64_t window_s;
	const char *kind;	/* sliding, fixed */
};

#define XC_RATES_MAX 8		/* limits of one prefix */

/* Of one prefix.  A list that is NULL is empty. */
struct xc_chain_settings {
	const char *prefix;	/* "/auth/login"; "" holds where none does */
	struct xc_access_settings log;
	struct xc_timing_settings timing;
	struct xc_body_settings body;
	struct xc_cors_settings cors;
	struct xc_headers_settings headers;
	struct xc_rate_settings rates[XC_RATES_MAX];
	size_t n_rates;
	/* "PLUGIN", "PLUGIN:OPERATION", "*": whose steps for the whole site are
	 * passed; NULL: all. */
	struct json_object *plugins;
};

struct xc_middleware {
	enum xc_mw_part order[XC_PART__MAX];	/* of the chain */
	size_t n_order;
	struct xc_request_id_settings request_id;
	struct xc_proxy_settings proxy;
	struct xc_chain_settings *chains;	/* "" first, then by length */
	size_t n_chains;
	struct json_object *own;	/* what is in no file */
};

/*
 * Puts it together; config must outlive it.  XC_ERR_INVALID with a sentence
 * that begins with the key, where things do not fit together.
 */
enum xc_err xc_middleware_read(const struct xc_middleware_config *config,
    struct xc_middleware **middleware_r, struct xc_errbuf *errbuf);
void xc_middleware_free(struct xc_middleware **middleware);

/* Whether the chain has that part. */
bool xc_middleware_has(const struct xc_middleware *middleware,
    enum xc_mw_part part);

/* "request_id" */
const char *xc_mw_part_name(enum xc_mw_part part);

/* XC_PART__MAX if there is none of that name. */
enum xc_mw_part xc_mw_part_find(const char *name, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Limits of requests in a time.  The counters lie in Memcached, so that all
 * workers and hosts count together; where it does not answer each process
 * counts for itself, which lets more through and refuses nobody wrongly.
 *
 * A fixed window begins at a multiple of its length.  A sliding one counts,
 * besides those of its own window, as many of the one before as it still
 * overlaps, taken as evenly spread.
 */
#ifndef XC_RATE_H
#define XC_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/middleware.h"
#include "lib/host.h"

enum xc_rate_by { XC_RATE_ADDRESS, XC_RATE_USER, XC_RATE_KEY };

struct xc_limit {
	const struct xc_rate_settings *settings;
	const char *prefix;
	enum xc_rate_by by;
	bool sliding;
};

void xc_limit_make(const struct xc_rate_settings *settings,
    const char *prefix, struct xc_limit *limit_r);

struct xc_rates;	/* a process's own counters */

/* NULL if memory is out. */
struct xc_rates *xc_rates_create(void);
void xc_rates_free(struct xc_rates **rates);

struct xc_rate_verdict {
	bool refused;
	bool local;		/* counted in this process alone */
	int64_t left;		/* requests of the limit */
	int64_t reset_s;	/* until there are more: 1 or above */
};

/*
 * Counts a request.  who tells those who are counted apart: an address, a
 * user's id, a key.  now_ms is of CLOCK_REALTIME.  host->cache may be NULL.
 */
void xc_rate_count(struct xc_rates *rates, const struct xc_limit *limit,
    const struct xc_host *host, const char *who, uint64_t now_ms,
    struct xc_rate_verdict *verdict_r);

/* Whom an address stands for: of IPv6 its /64, which one client has whole. */
#define XC_RATE_WHO 64
void xc_rate_address(const char *address, char who_r[XC_RATE_WHO]);

/*
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10)
 * with what n limits have said; returns the length of the lines, 0 if there is
 * no room.
 */
size_t xc_rate_lines(const struct xc_limit *limits,
    const struct xc_rate_verdict *verdicts, size_t n, char *lines_r,
    size_t size);

#endif

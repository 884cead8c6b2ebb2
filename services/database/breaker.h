/* SPDX-License-Identifier: MIT */
/*
 * Whether a MariaDB server answers, as far as all processes of a host know
 * that were forked after xc_breaker_share(): what one of them has found out at
 * the cost of a time-out need not be found out by each.
 *
 * It opens when the server cannot be reached, or when nobody has heard from it
 * for a while and it does not greet a new connection either.  A statement that
 * takes long does not open it.  While it is open all calls are refused at
 * once, but one at a time may try; whoever hears from the server closes it.
 *
 * A breaker of NULL is always closed.
 */
#ifndef XC_BREAKER_H
#define XC_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct xc_breaker;

#define XC_BREAKER_RETRY_MS	1000	/* of a server that hangs */
#define XC_BREAKER_QUICK_MS	200	/* of one that refuses connections */
#define XC_BREAKER_PATIENCE_MS	250	/* silence until the first doubt */

/* Makes the memory that processes share; to be called before they fork.  What
 * was not shared is the process's own. */
void xc_breaker_share(void);

/* That of the server at place, "/path" or "host:port".  It lives as long as
 * the process; NULL if there are too many servers. */
struct xc_breaker *xc_breaker_of(const char *place);

enum xc_breaker_word {
	XC_BREAKER_CLOSED,	/* go on */
	XC_BREAKER_TRIAL,	/* open, and the caller is to try */
	XC_BREAKER_OPEN		/* do not touch the server */
};

/*
 * A lookout is who has nothing else to do than to wait for the server: as
 * long as there is one (it asks again within lookout_ms) nobody else waits on
 * trial for a server that hangs.  lookout_ms 0: the caller is none.
 */
enum xc_breaker_word xc_breaker_ask(struct xc_breaker *breaker,
    int64_t lookout_ms);

/* Whether it is open, without asking to try. */
bool xc_breaker_is_open(const struct xc_breaker *breaker);

/* How long a trial may take of connect_ms: a little at first. */
int64_t xc_breaker_trial_ms(const struct xc_breaker *breaker,
    int64_t connect_ms);

/*
 * Whether the server is to be doubted: nobody has heard from it for
 * patience_ms, nor since since_ms, and nobody else is finding out.  The caller
 * then has probe_ms to do so.  Times are of CLOCK_MONOTONIC.
 */
bool xc_breaker_doubts(struct xc_breaker *breaker, int64_t since_ms,
    int64_t patience_ms, int64_t probe_ms);

/* The server has said something.  True if that closed it. */
bool xc_breaker_heard(struct xc_breaker *breaker);

/*
 * It could not be reached (hangs: did not answer in time) by an attempt of
 * since_ms.  True if that opened it: not if somebody has heard from it
 * meanwhile.
 */
bool xc_breaker_failed(struct xc_breaker *breaker, int64_t since_ms,
    bool hangs);

#endif

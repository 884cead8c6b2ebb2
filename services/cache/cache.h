/* SPDX-License-Identifier: MIT */
/*
 * The cache as the host of plugins gives it to libxcore; opened, used and
 * closed like a database (services/database/database.h).
 *
 * Memcached.  A key is "prefix:space:generation:SHA-256 of the plugin's key",
 * so that no byte of a plugin's or a user's reaches the protocol; one that is
 * in a group (a word and "/" before the rest) has "generation.generation of
 * the group".  Several servers share the keys by consistent hashing: with one
 * more or fewer in the settings only its share of the keys moves.  A server
 * that fails keeps its part of the keys, which read as empty, as keys that
 * move about would come back old.  For the same reason flush ("xcorectl cache
 * flush"), or restart the server, when one is put on the list that has stood
 * there before: keys that come back to where they were may have been changed
 * meanwhile.
 *
 * A slow or dead server costs at most two time-outs; then it is left alone
 * for retry_ms, and one call tries it again.
 *
 * Generations.  Each server holds for each namespace, and each group in it, a
 * number that is part of the keys.  A read asks for it together with the value
 * under the number that was known last, a write asks for it behind: a number
 * that is another one by now makes it begin anew.  (Add, incr, decr and touch
 * believe in it for a second.)  When it is raised, all that was there is gone.
 * That is how a plugin flushes; and it is done
 *
 *  - by a process whose write was not answered, for the whole namespace.
 *    Until it has done so, this process finds nothing there;
 *  - by a process that saw the server fail, when it is back, unless another
 *    has done so meanwhile: for the sake of one that died.
 *
 * What may still be served old, by the other processes:
 *
 *  - while the server is back and the process whose write failed has not got
 *    through to it: until its next call after retry_ms, or xc_cache_settle();
 *  - if the server was cut off from that one process only, and the process
 *    died before the server was back: until the value's own end of life;
 *  - what local_ms allows, see <xcore/cache.h>.
 *
 * So give every value a ttl, and keep nothing there that must be right.
 */
#ifndef XC_CACHE_H
#define XC_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "lib/host.h"

/* A server as it is now; its figures are since it was started. */
struct xc_cache_figures {
	const char *server;	/* as in the settings; the cache's */
	bool up;		/* it answers; if not, the rest is zero */
	char version[32];
	uint64_t uptime_s;
	uint64_t items;
	uint64_t bytes;		/* that they take */
	uint64_t bytes_max;
	uint64_t hits, misses;	/* of gets */
	uint64_t evictions;	/* of what was still good, for want of room */
};

struct xc_cache {
	const struct xc_cache_ops *ops;
	void *ctx;
	void (*close)(void *ctx);	/* may be NULL */
	bool (*settle)(void *ctx);	/* may be NULL */
	enum xc_err (*figures)(void *ctx, size_t i,
	    struct xc_cache_figures *figures_r);	/* may be NULL */
};

/*
 * Memcached.  Connects when first used, so that it works without a server;
 * may be opened before a fork.  With no servers in the settings the cache is
 * empty (ops is NULL) and XC_OK is returned.  Else errbuf says what is wrong.
 *
 * What the calls return when a server is down: get XC_ERR_NOT_FOUND, set
 * XC_OK (the old value is not served again), the others XC_ERR_UNAVAILABLE.
 */
enum xc_err xc_cache_open(const struct xc_cache_settings *settings,
    struct xc_cache *cache, struct xc_errbuf *errbuf);

/* Settles, closes any of the drivers and empties the struct; an empty one is
 * let be. */
void xc_cache_close(struct xc_cache *cache);

/*
 * Tries to move on the namespaces that must: call it now and then when there
 * is nothing else to do.  Takes at most two time-outs of a server.  Whether
 * nothing is left to be done.
 */
bool xc_cache_settle(struct xc_cache *cache);

/*
 * Asks the server of that number, which takes at most one time-out.
 * XC_ERR_NOT_FOUND behind the last, and of drivers without servers.
 */
enum xc_err xc_cache_figures(struct xc_cache *cache, size_t i,
    struct xc_cache_figures *figures_r);

/* A cache in the process's own memory with a clock that is set by hand. */
enum xc_err xc_cache_fake(struct xc_cache *cache);
void xc_cache_fake_advance(struct xc_cache *cache, uint32_t seconds);

/* Drops all, as a server that is full or was restarted does. */
void xc_cache_fake_flush(struct xc_cache *cache);

/* Fails each call with err after the first good_calls, which find nothing
 * and take everything. */
enum xc_err xc_cache_failing(enum xc_err err, unsigned good_calls,
    struct xc_cache *cache);

#endif

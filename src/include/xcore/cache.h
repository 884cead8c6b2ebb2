/* SPDX-License-Identifier: MIT */
/*
 * The cache: Memcached, with a namespace for each plugin.
 *
 *	static enum xc_err
 *	list(struct xc_request *req, void *ctx, const void **value_r,
 *	    size_t *len_r)
 *	{
 *		(asks the database, makes a text)
 *	}
 *	...
 *	err = xc_cache_compute(req, "items/all", 60, NULL, list, NULL,
 *	    &value, &len);
 *	...
 *	xc_cache_flush(req, "items");
 *
 * It is never the truth: a cache that is down or slow reads as empty and
 * swallows writes, so a handler must be right without it.  A site may have
 * none at all: that is like one that is down, but that deleting and flushing
 * give XC_OK, as nothing stale can be served.
 *
 * Keys are NUL-terminated, any bytes, 1 to 1,024 long (longer ones and the
 * empty one give XC_ERR_INVALID).  What stands before the first "/" of a key
 * is its group, which can be flushed by itself: "items/all" and "items/7" are
 * of the group "items".  ttl_s is in seconds, 0 is for ever, at most 30 days
 * (more gives XC_ERR_INVALID).  A value is any bytes, up to what the server
 * takes for an item (memcached -I, 1 MiB if nothing else is said) less a few
 * for itself; more gives XC_ERR_TOO_LARGE, and the log says how much it takes.
 * In a sandbox a value is at most 4 MiB.
 *
 * What was set, deleted or flushed, by whichever process, is not served old
 * afterwards by any of these calls, but for what local_ms allows.  Two bounds:
 * xc_cache_add(), xc_cache_incr(), xc_cache_decr() and xc_cache_touch() see
 * another process's flush after a second at most; and while a server is cut
 * off from one host and not from another, what was changed on the one may be
 * served old on the other until the server is back.
 *
 * local_ms.  Where it is not 0, a copy that this process keeps will do if it
 * is not older than that, without a question to the server, and a value that
 * comes from the server is kept.  Set, add, delete, incr, decr, touch and
 * flush drop such copies in this process at once; in others a value that was
 * changed, deleted, flushed or whose time is over may be served for up to
 * local_ms more.  Of each plugin, a process keeps up to 1,024 copies and 4 MiB
 * (of values up to 512 KiB) and drops the least used first.
 */
#ifndef XCORE_CACHE_H
#define XCORE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/*
 * Gets a value.  On XC_OK *value_r, with a NUL behind it, belongs to the
 * request.  XC_ERR_NOT_FOUND if it is not there or the cache is down.
 */
enum xc_err xc_cache_get(struct xc_request *req, const char *key,
    const void **value_r, size_t *len_r);

/* The same, with local_ms as said above. */
enum xc_err xc_cache_get_near(struct xc_request *req, const char *key,
    uint32_t local_ms, const void **value_r, size_t *len_r);

/*
 * Sets a value.  XC_OK too when the cache is down (the old value is not
 * served again then).  XC_ERR_TOO_LARGE above the server's limit; then there
 * is no value, neither the old one.
 */
enum xc_err xc_cache_set(struct xc_request *req, const char *key,
    const void *value, size_t len, uint32_t ttl_s);

/* Sets a value only if there is none: XC_ERR_EXISTS if there is (or if one is
 * being computed), XC_ERR_UNAVAILABLE if the cache is down. */
enum xc_err xc_cache_add(struct xc_request *req, const char *key,
    const void *value, size_t len, uint32_t ttl_s);

/*
 * Deletes a value; XC_OK too if there was none.  XC_ERR_UNAVAILABLE if the
 * cache did not take it: what was cached then is not served again once the
 * cache is back, because the plugin's namespace moves on.  Within a
 * transaction, delete behind the commit: what is read between the two is the
 * old value.
 */
enum xc_err xc_cache_delete(struct xc_request *req, const char *key);

/*
 * Deletes all values of a group ("items": all keys that begin with "items/"),
 * or, with NULL, all of the plugin.  Costs one question to each server,
 * however many there are.  Errors as xc_cache_delete(); XC_ERR_INVALID: a
 * group that is empty, longer than 1,023 bytes or has a "/".
 */
enum xc_err xc_cache_flush(struct xc_request *req, const char *group);

/*
 * Adds delta to a counter and gives the new value; a counter that is not
 * there is made with the value initial and the life ttl_s.  A counter is the
 * digits of a number: xc_cache_get() reads it, xc_cache_set() puts it back.
 * XC_ERR_UNAVAILABLE if the cache is down, XC_ERR_INVALID if the value is no
 * number.
 */
enum xc_err xc_cache_incr(struct xc_request *req, const char *key,
    uint64_t delta, uint64_t initial, uint32_t ttl_s, uint64_t *value_r);

/* Takes delta off, down to 0.  XC_ERR_NOT_FOUND if there is none; else as
 * xc_cache_incr(). */
enum xc_err xc_cache_decr(struct xc_request *req, const char *key,
    uint64_t delta, uint64_t *value_r);

/* Gives a value another life from now on.  XC_ERR_NOT_FOUND if there is none,
 * XC_ERR_UNAVAILABLE if the cache is down.  A value that was computed is as
 * old as it was. */
enum xc_err xc_cache_touch(struct xc_request *req, const char *key,
    uint32_t ttl_s);

/* One of many. */
struct xc_cache_item {
	const char *key;
	const void *value;
	size_t len;
	uint32_t ttl_s;		/* to set */
	enum xc_err err;	/* how it went */
};

#define XC_CACHE_MANY_MAX 1000

/*
 * Gets up to 1,000 values in one round trip to each server.  err of each is
 * XC_OK or XC_ERR_NOT_FOUND, its value NULL then; ttl_s is let be.  XC_OK
 * whatever was found.  Else all are as if not found, XC_ERR_INVALID: a key, or
 * too many; XC_ERR_NOMEM.
 */
enum xc_err xc_cache_get_many(struct xc_request *req,
    struct xc_cache_item *items, size_t n, uint32_t local_ms);

/* Sets up to 1,000 values in one round trip to each server, each as
 * xc_cache_set() would.  Returns the first error. */
enum xc_err xc_cache_set_many(struct xc_request *req,
    struct xc_cache_item *items, size_t n);

/*
 * Makes a value: sets *value_r and *len_r, which need live only until it
 * returns (or until the request ends).  An error is passed on and not cached.
 */
typedef enum xc_err xc_cache_fn(struct xc_request *req, void *ctx,
    const void **value_r, size_t *len_r);

/* Zero is right for all. */
struct xc_cache_options {
	uint32_t stale_s;	/* for so long behind its life, a value may
				 * be served while another computes; 0: not */
	uint32_t wait_ms;	/* wait so long for the one that computes,
				 * then compute too; 0: 3,000; at most 60,000;
				 * XC_CACHE_NO_WAIT */
	uint32_t lease_ms;	/* one that computes for longer, or died, has
				 * lost: the next one may; 0: 10,000; at most
				 * 600,000 */
	uint32_t local_ms;	/* as said above; 0: none */
	uint32_t reserved[4];	/* 0 */
};

#define XC_CACHE_NO_WAIT UINT32_MAX

/*
 * Gets a value, or has it computed by fn(req, ctx, ...).  Of all requests on
 * all workers and hosts that want it at the same time one computes; the others
 * wait, or, with stale_s, take the value that has just ended.
 *
 * A value that was deleted, set or flushed while it was being computed is
 * given to the one that computed it, and not kept.  In a transaction of the
 * request nothing is kept either: it might be rolled back.  A cache that is
 * down, and a value too large for it (the log says so), make everyone compute.
 * The hosts' clocks should agree: a value lives as much longer or shorter as
 * they differ.
 *
 * options may be NULL.  ttl_s and stale_s together are at most 30 days.  On
 * XC_OK *value_r, with a NUL behind it, belongs to the request.  Else what fn
 * returned, XC_ERR_INVALID or XC_ERR_NOMEM.
 */
enum xc_err xc_cache_compute(struct xc_request *req, const char *key,
    uint32_t ttl_s, const struct xc_cache_options *options, xc_cache_fn *fn,
    void *ctx, const void **value_r, size_t *len_r);

#ifdef __cplusplus
}
#endif
#endif

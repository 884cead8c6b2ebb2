/* SPDX-License-Identifier: MIT */
/*
 * The cache: Memcached, with a namespace for each plugin.  It is never the
 * truth: a cache that is down or slow reads as empty and swallows writes, so
 * a handler must be right without it.  A site may have none at all: that is
 * like one that is down, but that deleting gives XC_OK, as nothing stale can
 * be served.
 *
 * Keys are NUL-terminated, any bytes, 1 to 1,024 long (longer ones and the
 * empty one give XC_ERR_INVALID).  ttl_s is in seconds, 0 is for ever, at
 * most 30 days (more gives XC_ERR_INVALID).
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

/*
 * Sets a value.  XC_OK too when the cache is down (the old value is not
 * served again then).  XC_ERR_TOO_LARGE above the server's limit (1 MiB).
 */
enum xc_err xc_cache_set(struct xc_request *req, const char *key,
    const void *value, size_t len, uint32_t ttl_s);

/* Sets a value only if there is none: XC_ERR_EXISTS if there is,
 * XC_ERR_UNAVAILABLE if the cache is down. */
enum xc_err xc_cache_add(struct xc_request *req, const char *key,
    const void *value, size_t len, uint32_t ttl_s);

/*
 * Deletes a value; XC_OK too if there was none.  XC_ERR_UNAVAILABLE if the
 * cache did not take it: what was cached then is not served again once the
 * cache is back, because the plugin's namespace moves on.
 */
enum xc_err xc_cache_delete(struct xc_request *req, const char *key);

/*
 * Adds delta to a counter and gives the new value; a counter that is not
 * there is made with the value initial and the life ttl_s.
 * XC_ERR_UNAVAILABLE if the cache is down.
 */
enum xc_err xc_cache_incr(struct xc_request *req, const char *key,
    uint64_t delta, uint64_t initial, uint32_t ttl_s, uint64_t *value_r);

#ifdef __cplusplus
}
#endif
#endif

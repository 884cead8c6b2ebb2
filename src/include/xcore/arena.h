/* SPDX-License-Identifier: MIT */
/*
 * The request owns its garbage: what is taken from it here is released when
 * the request ends, however it ends.  A handler rarely frees.
 */
#ifndef XCORE_ARENA_H
#define XCORE_ARENA_H

#include <stddef.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_request;

/*
 * size bytes aligned for any type, set to zero; NULL if memory is out or the
 * request has taken more than its limit (64 MiB).  size 0 gives a pointer
 * that may not be read.
 */
void *xc_alloc(struct xc_request *req, size_t size)
    __attribute__((warn_unused_result, alloc_size(2)));

/* A copy of a NUL-terminated string; NULL as above. */
char *xc_strdup(struct xc_request *req, const char *text)
    __attribute__((warn_unused_result));

/* A copy of len bytes with a NUL behind them; NULL as above. */
char *xc_memdup(struct xc_request *req, const void *data, size_t len)
    __attribute__((warn_unused_result));

/* A formatted string; NULL as above. */
char *xc_printf(struct xc_request *req, const char *format, ...)
    __attribute__((warn_unused_result, format(printf, 2, 3)));

/*
 * Calls fn(data) when the request ends, the last deferred first.  On an
 * error (XC_ERR_NOMEM) fn was called at once, so that nothing leaks.
 */
enum xc_err xc_defer(struct xc_request *req, void (*fn)(void *data),
    void *data);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * Copies that a process keeps of values: for each namespace up to
 * XC_CACHE_LOCAL_ENTRIES and XC_CACHE_LOCAL_BYTES, the least used go first.
 */
#ifndef XC_CACHE_LOCAL_H
#define XC_CACHE_LOCAL_H

#include <stdint.h>

#include "server.h"

#define XC_CACHE_LOCAL_ENTRIES	1024
#define XC_CACHE_LOCAL_BYTES	((size_t)4 << 20)
#define XC_CACHE_LOCAL_VALUE	(XC_CACHE_LOCAL_BYTES / 8)

struct xc_cache_local;

/* What a copy is of. */
struct xc_cache_name {
	const char *space;
	unsigned char key[XC_CACHE_DIGEST];
	unsigned char group[XC_CACHE_GROUP];	/* zeros: of none */
	bool grouped;
};

struct xc_cache_local *xc_cache_local_new(void);
void xc_cache_local_free(struct xc_cache_local **local);

/*
 * A copy of the copy, if there is one of at most max_ms: malloc'ed with a NUL
 * behind it; else XC_ERR_NOT_FOUND.
 */
enum xc_err xc_cache_local_get(struct xc_cache_local *local,
    const struct xc_cache_name *name, uint32_t max_ms, char **value_r,
    size_t *len_r);

/* Keeps a copy, in place of the one there was.  It is not served behind
 * until_ms of the wall's clock.  Without memory, or with a value that is too
 * large, there is none. */
void xc_cache_local_put(struct xc_cache_local *local,
    const struct xc_cache_name *name, const void *value, size_t len,
    uint64_t until_ms);

void xc_cache_local_drop(struct xc_cache_local *local,
    const struct xc_cache_name *name);

/* Drops those of the group, or, with NULL, all of the namespace. */
void xc_cache_local_flush(struct xc_cache_local *local, const char *space,
    const unsigned char *group);

#endif

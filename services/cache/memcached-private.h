/* SPDX-License-Identifier: MIT */
/* What the files of the driver for Memcached share. */
#ifndef XC_CACHE_MEMCACHED_PRIVATE_H
#define XC_CACHE_MEMCACHED_PRIVATE_H

#include <openssl/evp.h>

#include "envelope.h"
#include "local.h"
#include "ring.h"
#include "server.h"

/* A namespace that moves on all the time is as good as a server that does not
 * answer. */
#define XC_CACHE_TRIES 4

struct xc_cache_pool {
	char *prefix;
	struct xc_cache_ring *ring;
	struct xc_cache_local *local;
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	size_t n_servers;
	struct xc_cache_server servers[];
};

/* Where a key is kept, as far as is known. */
struct xc_cache_spot {
	struct xc_cache_server *server;
	struct xc_cache_space *space;
	struct xc_cache_name name;
	char hex[2 * XC_CACHE_DIGEST + 1];
	uint64_t generation;		/* those that the key was made of */
	uint64_t group_generation;
};

/* The digest of a group's name. */
enum xc_err xc_cache_group_name(struct xc_cache_pool *pool,
    const char *group, size_t len, unsigned char name_r[XC_CACHE_GROUP]);

/* Asks nothing.  space must live as long as the spot. */
enum xc_err xc_cache_spot_find(struct xc_cache_pool *pool, const char *space,
    const char *key, struct xc_cache_spot *spot);

/* Makes its generations known, not older than max_ms (0: of any age). */
enum xc_err xc_cache_spot_ready(struct xc_cache_spot *spot, int64_t max_ms);

/* Puts the key of the value, by the generations of the spot. */
void xc_cache_spot_ask(const struct xc_cache_spot *spot,
    struct xc_cache_ask *ask);

/* Puts the keys of its generations, 1 or 2; how many. */
size_t xc_cache_spot_ask_numbers(const struct xc_cache_spot *spot,
    struct xc_cache_ask *asks);

/* Takes what came for them; whether they are other ones by now. */
bool xc_cache_spot_moved(struct xc_cache_spot *spot,
    const struct xc_cache_ask *asks);

/* Reads what stands there under the generations of now. */
enum xc_err xc_cache_spot_read(struct xc_cache_spot *spot,
    struct xc_cache_ask *ask_r);

/* A write was lost: what stands there must never be served again. */
enum xc_err xc_cache_spot_lost(struct xc_cache_spot *spot, enum xc_err err);

/*
 * What a read serves of an item: XC_ERR_NOT_FOUND, or the value, moved to the
 * front of ask's; until_ms_r is how long it is good.
 */
enum xc_err xc_cache_open_item(struct xc_cache_ask *ask,
    uint64_t *until_ms_r);

enum xc_err xc_cache_memcached_get_many(void *ctx, const char *space,
    const char *const *keys, size_t n, uint32_t local_ms,
    struct xc_cache_got *got_r);
enum xc_err xc_cache_memcached_set_many(void *ctx, const char *space,
    struct xc_cache_put *puts, size_t n);
enum xc_err xc_cache_memcached_claim(void *ctx, const char *space,
    const char *key, const struct xc_cache_wish *wish,
    struct xc_cache_claim *claim_r);
enum xc_err xc_cache_memcached_fill(void *ctx, const char *space,
    const char *key, const struct xc_cache_token *token,
    const struct xc_cache_fill *fill);

enum xc_err xc_cache_memcached_figures(void *ctx, size_t i,
    struct xc_cache_figures *figures_r);

/* As the ops of that name. */
enum xc_err xc_cache_memcached_set(void *ctx, const char *space,
    const char *key, const void *value, size_t len, uint32_t ttl_s);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef XC_KEYRING_PRIVATE_H
#define XC_KEYRING_PRIVATE_H

#include <sys/stat.h>

#include "keyring.h"

#define XC_KEYS_MAX	64
#define XC_SECRET_LEN	32
#define XC_KEY_DER_MAX	2560	/* PKCS#8 of RSA with 4096 bits has 2,375 */

/* A key with what it points to. */
struct xc_key_room {
	struct xc_key key;
	unsigned char secret[XC_SECRET_LEN];
	char private_pem[4096];
	char public_pem[1024];
};

/* Lies in memory of its own, which core dumps leave out. */
struct xc_keyring {
	char path[4096];	/* "": in memory alone */
	struct stat seen;
	size_t n;
	struct xc_key_room rooms[XC_KEYS_MAX];
};

/* Memory for what is secret, zeroed; NULL.  Wiped when it is freed. */
void *xc_secret_memory(size_t size);
void xc_secret_memory_free(void *memory, size_t size);

/* An empty ring; NULL. */
struct xc_keyring *xc_keyring_make(void);

/* A place for one more key, zeroed; NULL if there are XC_KEYS_MAX. */
struct xc_key_room *xc_keyring_room(struct xc_keyring *ring);

/* Gives a room its key: the secret, or PKCS#8.  XC_ERR_INVALID: it is not of
 * the room's kind, or too weak. */
enum xc_err xc_key_fill(struct xc_key_room *room, const unsigned char *data,
    size_t len);

/* ... and takes it (of an asymmetric key); borrowed. */
enum xc_err xc_key_fill_pkey(struct xc_key_room *room,
    struct evp_pkey_st *pkey);

/* What goes to the file: the secret, or PKCS#8. */
enum xc_err xc_key_data(const struct xc_key *key,
    unsigned char data_r[XC_KEY_DER_MAX], size_t *len_r);

/* Reads a ring's text into an empty ring. */
enum xc_err xc_keyring_parse(struct xc_keyring *ring, const char *text,
    size_t len, struct xc_errbuf *errbuf);

bool xc_key_kind_parse(const char *text, size_t len,
    enum xc_key_kind *kind_r);
bool xc_key_state_parse(const char *text, size_t len,
    enum xc_key_state *state_r);

/* Whether there is such a purpose, and it has keys of that kind. */
bool xc_key_suits(const char *purpose, enum xc_key_kind kind);

#endif

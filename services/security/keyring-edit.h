/* SPDX-License-Identifier: MIT */
/*
 * Changes to a key ring, in memory, and its way to the file; for xcorectl-keys
 * and tests.  Workers only read rings.
 */
#ifndef XC_KEYRING_EDIT_H
#define XC_KEYRING_EDIT_H

#include "keyring.h"

/* "token", "seal", ...; the last is NULL. */
extern const char *const xc_key_purposes[];

/* What a purpose has keys of: "token" as algorithm says (HS256, RS256,
 * ES256). */
enum xc_key_kind xc_key_kind_of(const char *purpose, const char *algorithm);
const char *xc_key_kind_word(enum xc_key_kind kind);
const char *xc_key_state_word(enum xc_key_state state);

/* An empty ring without a file.  XC_ERR_NOMEM. */
enum xc_err xc_keyring_new(struct xc_keyring **ring_r);

/*
 * Makes a key.  As XC_KEY_ACTIVE it takes the place of the active one, which
 * is old then.  XC_ERR_INVALID: no such purpose, or not with that kind;
 * XC_ERR_EXISTS: there is a next one already; XC_ERR_TOO_LARGE: the ring is
 * full.  *id_r, if not NULL, lives until the ring is changed.
 */
enum xc_err xc_keyring_add(struct xc_keyring *ring, const char *purpose,
    enum xc_key_kind kind, enum xc_key_state state, const char **id_r,
    struct xc_errbuf *errbuf);

/* The purpose's next key becomes the active one.  XC_ERR_NOT_FOUND. */
enum xc_err xc_keyring_activate(struct xc_keyring *ring, const char *purpose,
    struct xc_errbuf *errbuf);

/* Takes a key out.  XC_ERR_NOT_FOUND; XC_ERR_STATE: it is the active one. */
enum xc_err xc_keyring_retire(struct xc_keyring *ring, const char *id,
    struct xc_errbuf *errbuf);

/* What a purpose lacks, as "has no active key; rotate it"; NULL. */
const char *xc_keyring_fault(const struct xc_keyring *ring,
    const char *purpose, const char *algorithm);

/* All keys, in the file's order; NULL past the last. */
const struct xc_key *xc_keyring_at(const struct xc_keyring *ring, size_t n);

/*
 * Writes the file anew, with mode 0600, in a way that leaves the old or the
 * new one, whatever happens.  fresh: XC_ERR_EXISTS where there is one.
 *
 * Root gives it to whom the one before belonged; a fresh one to the owner of
 * home, the state folder, since that account is to read it wherever it lies.
 * Where home is NULL or not there, to the owner of the file's folder.
 */
enum xc_err xc_keyring_write(const struct xc_keyring *ring, const char *path,
    const char *home, bool fresh, struct xc_errbuf *errbuf);

/*
 * Holds others off that change the ring: *fd_r is to be closed afterwards.
 * XC_ERR_BUSY.
 */
enum xc_err xc_keyring_lock(const char *path, int *fd_r,
    struct xc_errbuf *errbuf);

#endif

/* SPDX-License-Identifier: MIT */
/* What keys have to do with the tables of the site. */
#ifndef XC_XCORECTL_KEYS_H
#define XC_XCORECTL_KEYS_H

#include <stdint.h>

#include "services/admin/audit.h"
#include "services/security/keyring.h"
#include "tools/xcorectl.h"

struct xc_database_settings;
struct xc_store;

/* A store that does not wait long, under the core's account. */
enum xc_err ctl_keys_store(const struct xc_settings *settings,
    struct xc_store **store_r, struct xc_errbuf *errbuf);

/* What would be lost with a key. */
struct ctl_keys_users {
	int64_t factors;	/* users whose second factor it seals */
	int64_t codes;		/* ... at most, whose recovery codes end */
	int64_t sessions;	/* that end, at most */
};

/* Counts them.  Of "seal" and "hash" alone is it known; nothing depends on one
 * that is next, nor where there are no tables yet. */
enum xc_err ctl_keys_count(struct xc_store *store, const struct xc_key *key,
    struct ctl_keys_users *users_r, struct xc_errbuf *errbuf);

/* Whether it signs the head of the audit log. */
enum xc_err ctl_keys_signs(struct xc_store *store, const struct xc_key *key,
    bool *signs_r, struct xc_errbuf *errbuf);

/* Writes a change to the audit log, whose head is signed by ring. */
enum xc_err ctl_keys_note(const struct xc_settings *settings,
    const struct xc_keyring *ring, const struct xc_audit_entry *entry,
    struct xc_errbuf *errbuf);

#endif

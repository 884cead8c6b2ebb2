/* SPDX-License-Identifier: MIT */
/*
 * The audit log: rows that name the hash of the row before them, so that a
 * row that was changed or taken out is found.  See sql/0003_identity.up.sql.
 */
#ifndef XC_AUDIT_H
#define XC_AUDIT_H

#include <stdint.h>

#include "services/database/store.h"
#include "services/desk/desk.h"
#include "services/security/keyring.h"

struct json_object;

struct xc_audit_entry {
	const char *action;	/* "user.create" */
	const char *target;	/* "user:42 ana" */
	struct json_object *before;	/* NULL: nothing; no secret in it */
	struct json_object *after;
};

/*
 * Adds a row, in the transaction that is open in the store: an act and its row
 * are both there or neither.  ring may be NULL: the head is not signed then.
 */
enum xc_err xc_audit_add(struct xc_store *store,
    const struct xc_keyring *ring, const struct xc_caller *caller,
    const struct xc_audit_entry *entry);

struct xc_audit_verdict {
	uint64_t rows;		/* that were read */
	uint64_t seq;		/* of the first that is wrong; 0: none is */
	char why[160];
};

/* Reads all of it.  XC_OK: it is whole; XC_ERR_INVALID: verdict_r says where
 * it is not; else it could not be read. */
enum xc_err xc_audit_verify(struct xc_store *store,
    const struct xc_keyring *ring, struct xc_audit_verdict *verdict_r,
    struct xc_errbuf *errbuf);

#endif

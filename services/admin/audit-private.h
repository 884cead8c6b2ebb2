/* SPDX-License-Identifier: MIT */
/* What audit*.c share. */
#ifndef XC_AUDIT_PRIVATE_H
#define XC_AUDIT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/admin/audit.h"
#include "services/security/token.h"

/* A row; texts as they stand in the table, NULL for NULL. */
struct xc_audit_row {
	uint64_t seq;
	const char *at;		/* "2026-11-23 09:30:00.123" */
	const char *actor;
	const char *address;
	const char *request_id;
	const char *action;
	const char *target;
	const char *before;
	const char *after;
};

struct xc_audit_head {
	uint64_t seq;
	unsigned char hash[XC_DIGEST_LEN];
	char key_id[65];
	unsigned char signature[XC_SIGNATURE_LEN];
	size_t signature_len;
};

/* Memory that is used again for each row; free its data. */
struct xc_audit_text {
	char *data;
	size_t len;
	size_t size;
};

/* The hash of a row behind one whose hash is before; that may be hash_r. */
enum xc_err xc_audit_hash(struct xc_audit_text *text,
    const struct xc_audit_row *row,
    const unsigned char before[XC_DIGEST_LEN],
    unsigned char hash_r[XC_DIGEST_LEN]);

/* What of the head is signed. */
#define XC_AUDIT_HEAD_SIZE 128
void xc_audit_head_text(uint64_t seq,
    const unsigned char hash[XC_DIGEST_LEN],
    char text_r[XC_AUDIT_HEAD_SIZE]);

enum xc_err xc_audit_head_read(struct xc_store *store, bool lock,
    struct xc_audit_head *head_r);

#endif

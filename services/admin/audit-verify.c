/* SPDX-License-Identifier: MIT */
/* Whether the audit log is as it was written. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit-private.h"

#define ROWS_AT_ONCE 5000

struct verify {
	const struct xc_keyring *ring;
	struct xc_audit_verdict *verdict;
	struct xc_errbuf *errbuf;
	struct xc_audit_text text;
	struct xc_audit_head head;
	unsigned char hash[XC_DIGEST_LEN];	/* of the last row */
	uint64_t seq;				/* of the last row */
	size_t n;				/* rows of this piece */
};

static enum xc_err wrong(struct verify *verify, uint64_t seq,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum xc_err
wrong(struct verify *verify, uint64_t seq, const char *format, ...)
{
	struct xc_audit_verdict *verdict = verify->verdict;
	va_list ap;

	verdict->seq = seq;
	va_start(ap, format);
	vsnprintf(verdict->why, sizeof(verdict->why), format, ap);
	va_end(ap);
	return xc_fail(verify->errbuf, XC_ERR_INVALID, "audit row %llu: %s",
	    (unsigned long long)seq, verdict->why);
}

static const char *
text_of(const struct xc_cell *cell)
{
	return cell->type == XC_CELL_NULL ? NULL : cell->data;
}

static enum xc_err
check_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct verify *verify = ctx;
	struct xc_audit_row row = { .seq = (uint64_t)cells[0].integer,
		.at = text_of(&cells[1]), .actor = text_of(&cells[2]),
		.address = text_of(&cells[3]),
		.request_id = text_of(&cells[4]),
		.action = text_of(&cells[5]), .target = text_of(&cells[6]),
		.before = text_of(&cells[7]), .after = text_of(&cells[8]) };
	enum xc_err err;

	(void)n_cells;
	verify->n++;
	if (row.seq != verify->seq + 1)
		return wrong(verify, verify->seq + 1, "it is missing");
	if (row.seq > verify->head.seq)
		return wrong(verify, row.seq, "it stands behind the head, "
		    "which says that %llu is the last one",
		    (unsigned long long)verify->head.seq);
	err = xc_audit_hash(&verify->text, &row, verify->hash, verify->hash);
	if (err != XC_OK)
		return err;
	if (cells[9].len != XC_DIGEST_LEN ||
	    !xc_same(cells[9].data, verify->hash, XC_DIGEST_LEN))
		return wrong(verify, row.seq, "it was changed, or stands in "
		    "another's place");
	verify->seq = row.seq;
	verify->verdict->rows++;
	return XC_OK;
}

static enum xc_err
check_rows(struct xc_store *store, struct verify *verify)
{
	enum xc_err err;

	do {
		verify->n = 0;
		err = xc_store_each(store, check_row, verify,
		    "SELECT seq, CAST(at AS CHAR), actor, address,"
		    " request_id, action, target, state_before, state_after,"
		    " hash FROM xc_audit WHERE seq > ? ORDER BY seq LIMIT ?",
		    XC_ARGS(xc_int((int64_t)verify->seq),
		    xc_int(ROWS_AT_ONCE)));
	} while (err == XC_OK && verify->n == ROWS_AT_ONCE);
	return err;
}

static enum xc_err
check_signature(struct verify *verify)
{
	const struct xc_audit_head *head = &verify->head;
	const struct xc_key *key;
	char text[XC_AUDIT_HEAD_SIZE];

	if (verify->ring == NULL || head->seq == 0)
		return XC_OK;
	if (head->key_id[0] == '\0') {
		if (xc_keyring_active(verify->ring, "audit") == NULL)
			return XC_OK;
		return wrong(verify, head->seq, "the head is not signed, "
		    "though there is a key for it; if the key is newer than "
		    "the row, the next act of an administrator signs it");
	}
	key = xc_keyring_find(verify->ring, "audit", head->key_id);
	if (key == NULL)
		return wrong(verify, head->seq, "the head is signed with a "
		    "key that is not in the ring: %.40s", head->key_id);
	xc_audit_head_text(head->seq, head->hash, text);
	if (xc_verify(key, text, strlen(text), head->signature,
	    head->signature_len) != XC_OK)
		return wrong(verify, head->seq, "the signature of the head "
		    "is not right");
	return XC_OK;
}

/* All in one transaction, so that it is of one moment. */
static enum xc_err
check_all(struct xc_store *store, void *ctx)
{
	struct verify *verify = ctx;
	enum xc_err err;

	memset(verify->verdict, 0, sizeof(*verify->verdict));
	memset(verify->hash, 0, sizeof(verify->hash));
	verify->seq = 0;
	err = xc_audit_head_read(store, false, &verify->head);
	if (err == XC_ERR_NOT_FOUND)
		return wrong(verify, 1, "the head is missing");
	if (err == XC_OK)
		err = check_rows(store, verify);
	if (err != XC_OK)
		return err;
	if (verify->seq < verify->head.seq)
		return wrong(verify, verify->seq + 1, "it is missing: the "
		    "head says that %llu is the last one",
		    (unsigned long long)verify->head.seq);
	if (verify->seq > 0 &&
	    !xc_same(verify->hash, verify->head.hash, XC_DIGEST_LEN))
		return wrong(verify, verify->seq, "the head has another "
		    "hash for it");
	return check_signature(verify);
}

enum xc_err
xc_audit_verify(struct xc_store *store, const struct xc_keyring *ring,
    struct xc_audit_verdict *verdict_r, struct xc_errbuf *errbuf)
{
	struct verify verify = { .ring = ring, .verdict = verdict_r,
		.errbuf = errbuf };
	enum xc_err err;

	err = xc_store_transaction(store, check_all, &verify);
	free(verify.text.data);
	if (err != XC_OK && err != XC_ERR_INVALID)
		return xc_fail(errbuf, err, "the audit log cannot be read: "
		    "%s", xc_strerror(err));
	return err;
}

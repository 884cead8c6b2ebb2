/* SPDX-License-Identifier: MIT */
/*
 * The audit log.  The hash of a row is SHA-256 over a fixed word, the hash of
 * the row before it and the row's columns, each with its length, so that no
 * two rows have the same text.  The head holds the last one's number and hash,
 * signed by the "audit" key of the ring where there is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include "audit-private.h"
#include "lib/text.h"

static enum xc_err
put(struct xc_audit_text *text, const void *data, size_t len)
{
	if (text->len + len > text->size) {
		size_t size = (text->len + len) * 2 + 512;
		char *grown = realloc(text->data, size);

		if (grown == NULL)
			return XC_ERR_NOMEM;
		text->data = grown;
		text->size = size;
	}
	memcpy(text->data + text->len, data, len);
	text->len += len;
	return XC_OK;
}

/* "5:hello,", or "-," for NULL. */
static enum xc_err
put_column(struct xc_audit_text *text, const char *value)
{
	char number[24];
	enum xc_err err;

	if (value == NULL)
		return put(text, "-,", 2);
	snprintf(number, sizeof(number), "%zu:", strlen(value));
	err = put(text, number, strlen(number));
	if (err == XC_OK)
		err = put(text, value, strlen(value));
	return err == XC_OK ? put(text, ",", 1) : err;
}

enum xc_err
xc_audit_hash(struct xc_audit_text *text, const struct xc_audit_row *row,
    const unsigned char before[XC_DIGEST_LEN],
    unsigned char hash_r[XC_DIGEST_LEN])
{
	const char *const columns[] = { row->at, row->actor, row->address,
		row->request_id, row->action, row->target, row->before,
		row->after };
	char seq[24];
	enum xc_err err;

	text->len = 0;
	snprintf(seq, sizeof(seq), "%llu", (unsigned long long)row->seq);
	err = put(text, "xcore-audit-1,", 14);
	if (err == XC_OK)
		err = put(text, before, XC_DIGEST_LEN);
	if (err == XC_OK)
		err = put_column(text, seq);
	for (size_t i = 0; err == XC_OK &&
	    i < sizeof(columns) / sizeof(columns[0]); i++)
		err = put_column(text, columns[i]);
	return err == XC_OK ? xc_sha256(text->data, text->len, hash_r) : err;
}

void
xc_audit_head_text(uint64_t seq, const unsigned char hash[XC_DIGEST_LEN],
    char text_r[XC_AUDIT_HEAD_SIZE])
{
	char hex[2 * XC_DIGEST_LEN + 1];

	xc_hex_write(hash, XC_DIGEST_LEN, hex);
	snprintf(text_r, XC_AUDIT_HEAD_SIZE, "xcore-audit-head-1,%llu,%s",
	    (unsigned long long)seq, hex);
}

static enum xc_err
take_head(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct xc_audit_head *head = ctx;

	(void)n_cells;
	head->seq = (uint64_t)cells[0].integer;
	if (cells[1].len != XC_DIGEST_LEN)
		return XC_ERR_INVALID;
	memcpy(head->hash, cells[1].data, XC_DIGEST_LEN);
	snprintf(head->key_id, sizeof(head->key_id), "%s", cells[2].data);
	head->signature_len = cells[3].len <= sizeof(head->signature) ?
	    cells[3].len : 0;
	memcpy(head->signature, cells[3].data, head->signature_len);
	return XC_OK;
}

enum xc_err
xc_audit_head_read(struct xc_store *store, bool lock,
    struct xc_audit_head *head_r)
{
#define READ_HEAD "SELECT seq, hash, key_id, signature FROM xc_audit_head" \
	" WHERE id = 1"

	return xc_store_one(store, take_head, head_r, lock ?
	    READ_HEAD " FOR UPDATE" : READ_HEAD, XC_NO_ARGS);
}

static enum xc_err
write_head(struct xc_store *store, const struct xc_keyring *ring,
    const struct xc_audit_head *head)
{
	const struct xc_key *key = ring == NULL ? NULL :
	    xc_keyring_active(ring, "audit");
	unsigned char signature[XC_SIGNATURE_LEN];
	char text[XC_AUDIT_HEAD_SIZE];
	enum xc_err err = XC_OK;

	xc_audit_head_text(head->seq, head->hash, text);
	if (key != NULL)
		err = xc_sign(key, text, strlen(text), signature);
	if (err != XC_OK)
		return err;
	return xc_store_exec(store, NULL, "UPDATE xc_audit_head SET seq = ?,"
	    " hash = ?, key_id = ?, signature = ? WHERE id = 1",
	    XC_ARGS(xc_int((int64_t)head->seq),
	    xc_blob(head->hash, sizeof(head->hash)),
	    xc_text(key != NULL ? key->id : ""), key != NULL ?
	    xc_blob(signature, sizeof(signature)) : xc_null()));
}

/* What fits the column, of whole characters; others become '?'. */
static void
cut(const char *text, char *buf, size_t size)
{
	snprintf(buf, size, "%s", text != NULL ? text : "");
	if (text != NULL && strlen(text) >= size)
		(void)xc_utf8_cut(buf, strlen(buf));
	xc_utf8_tidy(buf);
}

static void
write_actor(const struct xc_caller *caller, char *buf, size_t size)
{
	char text[256];

	if (caller->root)
		snprintf(text, sizeof(text), "%s", caller->name);
	else if (caller->user_id == 0)
		snprintf(text, sizeof(text), "nobody");
	else
		snprintf(text, sizeof(text), "user:%lld %s",
		    (long long)caller->user_id, caller->name);
	cut(text, buf, size);
}

static void
write_now(char *buf, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%03ld", now.tv_nsec / 1000000);
}

static const char *
json_text(struct json_object *object)
{
	return object == NULL ? NULL : json_object_to_json_string_ext(object,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static enum xc_err
insert_row(struct xc_store *store, const struct xc_audit_row *row,
    const unsigned char hash[XC_DIGEST_LEN])
{
	return xc_store_exec(store, NULL,
	    "INSERT INTO xc_audit (seq, at, actor, address, request_id,"
	    " action, target, state_before, state_after, hash)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    XC_ARGS(xc_int((int64_t)row->seq), xc_text(row->at),
	    xc_text(row->actor), xc_text(row->address),
	    xc_text(row->request_id), xc_text(row->action),
	    xc_text(row->target), xc_text(row->before), xc_text(row->after),
	    xc_blob(hash, XC_DIGEST_LEN)));
}

enum xc_err
xc_audit_add(struct xc_store *store, const struct xc_keyring *ring,
    const struct xc_caller *caller, const struct xc_audit_entry *entry)
{
	char at[40], actor[129], address[65], request_id[65], action[65];
	char target[129];
	struct xc_audit_row row = { .at = at, .actor = actor,
		.address = address, .request_id = request_id,
		.action = action, .target = target,
		.before = json_text(entry->before),
		.after = json_text(entry->after) };
	struct xc_audit_text text = { 0 };
	struct xc_audit_head head;
	enum xc_err err;

	/* First of all: who waits here has the time of when it goes on. */
	err = xc_audit_head_read(store, true, &head);
	if (err != XC_OK)
		return err == XC_ERR_NOT_FOUND ? XC_ERR_FAILED : err;
	write_now(at, sizeof(at));
	write_actor(caller, actor, sizeof(actor));
	cut(caller->address, address, sizeof(address));
	cut(caller->request_id, request_id, sizeof(request_id));
	cut(entry->action, action, sizeof(action));
	cut(entry->target, target, sizeof(target));
	row.seq = ++head.seq;
	err = xc_audit_hash(&text, &row, head.hash, head.hash);
	if (err == XC_OK)
		err = insert_row(store, &row, head.hash);
	if (err == XC_OK)
		err = write_head(store, ring, &head);
	free(text.data);
	return err;
}

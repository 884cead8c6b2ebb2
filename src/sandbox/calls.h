/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox asks its worker for, and how arguments and results are
 * written: a flat run of items, each a tag byte and what follows it, numbers
 * in the machine's own order (both ends are one machine).  A reader stops at
 * the first fault and then gives zeros: look at `bad` once, at the end.
 */
#ifndef XC_CALLS_H
#define XC_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/db.h>
#include <xcore/error.h>

struct json_object;
struct xc_http_ask;
struct xc_http_got;
struct xc_refusal;

/* The arguments in order; -> the result. */
enum xc_call {
	XC_CALL_LOG = 1,	/* u32 level, text -> nothing */
	XC_CALL_DB_ROWS,	/* text sql, u64 max_rows, values -> json */
	XC_CALL_DB_EXEC,	/* text sql, values -> u64 affected, u64 id */
	XC_CALL_DB_BEGIN,	/* -> nothing */
	XC_CALL_DB_COMMIT,
	XC_CALL_DB_ROLLBACK,
	XC_CALL_CACHE_GET,	/* text key -> bytes */
	XC_CALL_CACHE_SET,	/* text key, bytes, u32 ttl_s */
	XC_CALL_CACHE_ADD,
	XC_CALL_CACHE_DEL,	/* text key */
	XC_CALL_CACHE_INCR,	/* text key, u64, u64, u32 ttl -> u64 */
	XC_CALL_STREAM_BEGIN,	/* u32 bytes of the reply block */
	XC_CALL_STREAM_WRITE,	/* bytes */
	XC_CALL_HTTP,		/* as xc_call_put_http_ask() -> ..._got() */
	XC_CALL_EVENT,		/* text name, json -> nothing */
	XC_CALL_PART_READ,	/* u64 offset, u32 len -> bytes, 1 to len */
	XC_CALL_SITE_INFO,	/* u32 version -> u64 size, text etag */
	XC_CALL_SITE_READ,	/* u32 version, u64 offset, u32 len -> bytes,
				 * none behind the end */
	/* text operation, json args -> u32 error; of XC_OK json, of others
	 * xc_call_put_refusal() */
	XC_CALL_DESK,
	XC_CALL_CACHE_DECR,	/* text key, u64 -> u64 */
	XC_CALL_CACHE_TOUCH,	/* text key, u32 ttl_s */
	XC_CALL_CACHE_FLUSH,	/* text group, or absent */
	XC_CALL_CACHE_GET_MANY,	/* u32 local_ms, u32 n, n text keys -> u32
				 * err and bytes of each, of as many as fit */
	XC_CALL_CACHE_SET_MANY,	/* u32 n, n of (text key, bytes, u32 ttl_s)
				 * -> n of u32 err */
	XC_CALL_CACHE_CLAIM,	/* text key, u32 lease_ms, u32 local_ms, u32
				 * stale -> u32 state, 4 of u64, bytes */
	XC_CALL_CACHE_FILL,	/* text key, 4 of u64, u32 failed or not, bytes,
				 * u32 ttl_s, u32 stale_s, u32 local_ms */
	XC_CALL_DB_OPEN,	/* text sql, values -> rows, see calls-rows.c */
	XC_CALL_DB_MORE,	/* -> rows */
	XC_CALL_DB_END,		/* -> nothing */
	XC_CALL__MAX
};

/* What stands before each row, and behind the last of a call. */
enum { XC_ROWS_OVER, XC_ROWS_ROW, XC_ROWS_MORE };
#define XC_ROWS_COLUMNS_MAX 4096

/* Of a file or document not more is read by one call. */
#define XC_CALL_READ_MAX UINT32_C(65536)

/* "log", "db_rows", ...; "unknown" for a number that is none. */
const char *xc_call_name(enum xc_call call);

/* Writes into an area of fixed size; full: `bad` and nothing more. */
struct xc_call_writer {
	unsigned char *base;
	size_t cap;
	size_t len;
	bool bad;
};

void xc_call_put_u32(struct xc_call_writer *w, uint32_t value);
void xc_call_put_u64(struct xc_call_writer *w, uint64_t value);
/* With a NUL behind, which n does not count. */
void xc_call_put_bytes(struct xc_call_writer *w, const void *data, size_t n);
/* With a NUL that the reader relies on; NULL is written as absent. */
void xc_call_put_text(struct xc_call_writer *w, const char *text);
void xc_call_put_values(struct xc_call_writer *w, const struct xc_value *v,
    size_t n);
/* One value of a row, without its column's name. */
void xc_call_put_cell(struct xc_call_writer *w, const struct xc_cell *cell);
/* Any depth up to 64; text keeps NULs, numbers keep their precision and how
 * they are written.  NULL is JSON's null; no number may be infinite. */
void xc_call_put_json(struct xc_call_writer *w, struct json_object *value);
void xc_call_put_http_ask(struct xc_call_writer *w,
    const struct xc_http_ask *ask);
void xc_call_put_http_got(struct xc_call_writer *w,
    const struct xc_http_got *got);

void xc_call_put_refusal(struct xc_call_writer *w,
    const struct xc_refusal *refusal);

/* What the values of a reader may take on the heap, unless it says more. */
#define XC_CALL_MEMORY_MAX ((size_t)16 << 20)
#define XC_CALL_VALUES_MAX 65535	/* to bind to a statement */

/* Reads from a private copy that nobody changes. */
struct xc_call_reader {
	const unsigned char *base;
	size_t len;
	size_t at;
	bool bad;
	size_t memory_max;	/* 0: XC_CALL_MEMORY_MAX */
	size_t memory;		/* taken so far, by a high estimate */
};

uint32_t xc_call_get_u32(struct xc_call_reader *r);
uint64_t xc_call_get_u64(struct xc_call_reader *r);
/* Lies in the copy, with a NUL behind; NULL and 0 when bad. */
const void *xc_call_get_bytes(struct xc_call_reader *r, size_t *len_r);
/* NUL-terminated, without NUL inside, or NULL for absent; lies in the copy. */
const char *xc_call_get_text(struct xc_call_reader *r);
/* malloc'ed array, the caller's to free (NULL for none, or when bad); what it
 * points to lies in the copy.  Numbers are finite; whether a text is UTF-8 is
 * not looked at. */
struct xc_value *xc_call_get_values(struct xc_call_reader *r, size_t *n_r);
/* As it was put, all but its name set; data lies in the copy. */
void xc_call_get_cell(struct xc_call_reader *r, struct xc_cell *cell_r);
/* A new reference (NULL may be JSON's null: see bad).  An empty object takes
 * a hundred times its bytes here: memory_max is what bounds it.  Depth at most
 * 64; keys have no NUL inside; whether text is UTF-8 is not looked at. */
struct json_object *xc_call_get_json(struct xc_call_reader *r);
/* What it points to lies in the copy, but for *memory_r, the caller's to
 * free.  No header is NULL. */
void xc_call_get_http_ask(struct xc_call_reader *r,
    struct xc_http_ask *ask_r, void **memory_r);
/* memory is one malloc'ed block, NULL when bad: the caller's to free. */
void xc_call_get_http_got(struct xc_call_reader *r,
    struct xc_http_got *got_r);
/* Texts that are too long are bad. */
void xc_call_get_refusal(struct xc_call_reader *r,
    struct xc_refusal *refusal_r);
/* Whether all was read and nothing was bad. */
bool xc_call_end(const struct xc_call_reader *r);

#endif

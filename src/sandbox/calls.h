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
	XC_CALL_HTTP,		/* see http in host.h -> response */
	XC_CALL_EVENT,		/* text name, json */
	XC_CALL__MAX
};

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
void xc_call_put_bytes(struct xc_call_writer *w, const void *data, size_t n);
/* With a NUL that the reader relies on; NULL is written as absent. */
void xc_call_put_text(struct xc_call_writer *w, const char *text);
void xc_call_put_values(struct xc_call_writer *w, const struct xc_value *v,
    size_t n);
/* Any depth up to 64; text keeps NULs, numbers keep their precision. */
void xc_call_put_json(struct xc_call_writer *w, struct json_object *value);

/* Reads from a private copy that nobody changes. */
struct xc_call_reader {
	const unsigned char *base;
	size_t len;
	size_t at;
	bool bad;
};

uint32_t xc_call_get_u32(struct xc_call_reader *r);
uint64_t xc_call_get_u64(struct xc_call_reader *r);
/* Lies in the copy; NULL and 0 when bad. */
const void *xc_call_get_bytes(struct xc_call_reader *r, size_t *len_r);
/* NUL-terminated, without NUL inside, or NULL for absent; lies in the copy. */
const char *xc_call_get_text(struct xc_call_reader *r);
/* malloc'ed array, the caller's to free; what it points to lies in the copy.
 * Values are not checked beyond their shape. */
struct xc_value *xc_call_get_values(struct xc_call_reader *r, size_t *n_r);
/* A new reference (NULL may be JSON's null: see bad).  Bounded by the
 * length: every value costs at least a byte; depth at most 64. */
struct json_object *xc_call_get_json(struct xc_call_reader *r);
/* Whether all was read and nothing was bad. */
bool xc_call_end(const struct xc_call_reader *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The flat blocks.  A request and a reply each are one run of bytes in which
 * everything is found by offset, with no pointer inside, so that a block can
 * lie in memory that a sandbox shares.  In-process the run is plain memory
 * that grows; elsewhere it has a fixed size and appending fails when full.
 *
 * Strings in a block end with a NUL that their length does not count.
 */
#ifndef XC_BLOCK_H
#define XC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

struct xc_span {
	uint32_t off;		/* from the block's first byte; 0: absent */
	uint32_t len;
};

struct xc_pair {
	struct xc_span name;
	struct xc_span value;
};

/* A table of n pairs at off. */
struct xc_pairs {
	uint32_t off;
	uint32_t n;
};

#define XC_REQUEST_BLOCK_MAGIC UINT32_C(0x71657278)	/* "xreq" */
#define XC_REPLY_BLOCK_MAGIC UINT32_C(0x70657278)	/* "xrep" */
#define XC_BLOCK_VERSION 3

/* A tape (tape.h) in the block: that of its tokens for xc_tape_open(), and the
 * text that it is about.  off 0: there is none.  For a tape that was made with
 * tape-make.h text is the whole block, from 0 on. */
struct xc_tape_ref {
	uint32_t off;
	struct xc_span text;
};

/* A part of a multipart body. */
struct xc_part_row {
	struct xc_span name;
	struct xc_span filename;	/* absent: no file */
	struct xc_span type;
	struct xc_span data;	/* absent: it lies in the request's file */
	uint64_t file_off;	/* from there on */
	uint64_t size;
};

/* Stands first in a request's block. */
struct xc_request_head {
	uint32_t magic;
	uint16_t version;
	uint16_t method;	/* enum xc_method */
	uint32_t size;		/* of the whole block */
	uint32_t flags;
	struct xc_span id;
	struct xc_span method_name;
	struct xc_span path;	/* decoded, whole */
	struct xc_span rest;	/* after the prefix; lies inside path */
	struct xc_span prefix;
	struct xc_span operation;
	struct xc_span query_string;
	struct xc_span scheme;
	struct xc_span host;
	struct xc_span remote;
	struct xc_span body;
	struct xc_pairs headers;	/* names in lower case */
	struct xc_pairs query;		/* decoded */
	struct xc_pairs params;		/* of the path */
	/* {"path":{},"query":{},"header":{},"cookie":{}}: what the contract
	 * has made of the parameters, without the empty ones */
	struct xc_tape_ref args;
	struct xc_tape_ref data;	/* the body: JSON, or a form */
	struct xc_pairs parts;		/* rows of struct xc_part_row */
	/* Who sends it, if anybody knows: the user's id, name and session, and
	 * what the user may (see grants.h). */
	struct xc_span subject;
	struct xc_span name;
	struct xc_span session;
	struct xc_span grants;
	struct xc_span traceparent;	/* for those whom it asks */
	struct xc_span tracestate;
};

/* Stands first in a reply's block. */
struct xc_reply_head {
	uint32_t magic;
	uint16_t version;
	uint16_t status;	/* 0: no reply stands */
	uint32_t size;
	uint32_t flags;
	struct xc_span content_type;
	struct xc_span head;	/* more header lines, each ended by CR LF */
	struct xc_span body;
};

/* The memory that a block grows in.  Zero is an empty block that grows on
 * the heap, up to limit (0: 4 GiB - 1). */
struct xc_block {
	unsigned char *base;
	uint32_t used;
	uint32_t cap;
	uint32_t limit;
	bool fixed;		/* base is not ours and never moves */
};

/* Makes room for len more bytes, aligned to 8, zeroed; *off_r is where.
 * base may move.  XC_ERR_TOO_LARGE over the limit, XC_ERR_NOMEM. */
enum xc_err xc_block_reserve(struct xc_block *block, size_t len,
    uint32_t *off_r);

/* Makes sure that len more bytes fit without base moving.  Errors as above;
 * the block is as it was then. */
enum xc_err xc_block_room(struct xc_block *block, size_t len);

/* Appends bytes with nothing behind them, unaligned.  data may lie in the
 * block itself. */
enum xc_err xc_block_put(struct xc_block *block, const void *data,
    size_t len);

/* Appends bytes and a NUL, unaligned.  On an error the block is as it was. */
enum xc_err xc_block_append(struct xc_block *block, const void *data,
    size_t len, struct xc_span *span_r);

/* Gives back the room that is not used; base may move. */
void xc_block_fit(struct xc_block *block);

/* Forgets the content; memory above keep bytes is given back. */
void xc_block_reset(struct xc_block *block, uint32_t keep);
void xc_block_free(struct xc_block *block);

/* The bytes of a span, NUL-terminated; "" for an absent one, and for one
 * that does not lie inside the block (a block may come from a sandbox). */
const char *xc_block_text(const struct xc_block *block, struct xc_span span);

/* The n-th row of a table; false past its end or outside the block. */
bool xc_block_pair(const struct xc_block *block, struct xc_pairs pairs,
    uint32_t n, struct xc_pair *pair_r);

#endif

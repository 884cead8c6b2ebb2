/* SPDX-License-Identifier: MIT */
/*
 * JSON text (RFC 8259, RFC 3629) as a flat tape of tokens, made by one strict
 * and bounded pass.  The tape holds offsets and no pointers, so it may lie in
 * memory that processes share; the text itself stays where it is.
 *
 * The tokens of a document stand in its order.  A container is followed by
 * what it holds; an object holds keys, each followed by its value.  A string
 * without escapes is read from the text; one with escapes was decoded once,
 * into the slots of the tape behind its token.  So an index is only ever
 * reached by xc_tape_first(), xc_tape_value() and xc_tape_next().
 */
#ifndef XC_TAPE_H
#define XC_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

struct xc_block;
struct xc_span;
struct xc_tape_ref;

#define XC_TAPE_DEPTH 32
#define XC_TAPE_VALUES 100000
#define XC_TAPE_VALUES_MAX ((UINT32_C(1) << 24) - 1)

enum xc_token_type {
	XC_TOKEN_NULL = 1,
	XC_TOKEN_FALSE,
	XC_TOKEN_TRUE,
	XC_TOKEN_NUMBER,
	XC_TOKEN_STRING,
	XC_TOKEN_ARRAY,
	XC_TOKEN_OBJECT,
	XC_TOKEN_KEY
};

struct xc_token {
	uint32_t off;	/* in the text; of a string and key behind the '"' */
	uint32_t len;	/* bytes; of a string and key when decoded */
	uint32_t next;	/* the token behind this and all that it holds; of a
			 * key its value */
	uint32_t meta;	/* type, flags, number of children or a key's hash */
};

#define XC_TOKEN_TYPE UINT32_C(0x0f)
#define XC_TOKEN_DECODED UINT32_C(0x10)	/* the bytes are in the next slots */
#define XC_TOKEN_FRACTION UINT32_C(0x20) /* a number with '.' or exponent */
#define XC_TOKEN_SHIFT 8

/* What a tape may be.  Zero members stand for the defaults. */
struct xc_tape_limits {
	uint32_t depth;		/* containers in each other; XC_TAPE_DEPTH */
	uint32_t values;	/* without keys; XC_TAPE_VALUES, at most
				 * XC_TAPE_VALUES_MAX */
	bool nul;		/* take \u0000, which C strings cannot hold */
};

/* Where and why a text was refused. */
struct xc_tape_error {
	const char *what;	/* static: "a key that stands twice" */
	size_t offset;		/* in bytes from 0 */
	size_t line;		/* from 1 */
	size_t column;		/* in characters, from 1 */
	char pointer[256];	/* of the last value that was begun; cut if
				 * it is long */
};

/* A look at a tape and its text; both are the caller's and outlive it. */
struct xc_tape {
	const char *text;
	const struct xc_token *tokens;	/* the root is 0 */
	uint32_t len;
	uint32_t n;
};

/*
 * Scans len bytes and appends the tape to the block.  *off_r is where in the
 * block it stands, for xc_tape_open(); *tape_r is good until the block grows
 * or is freed.  XC_ERR_INVALID with *error_r filled for what is no JSON;
 * XC_ERR_TOO_LARGE with *error_r for more than the limits take or the block
 * holds, XC_ERR_NOMEM.  On an error the block is as it was.  limits may be
 * NULL.  The text lies elsewhere than in the block.
 */
enum xc_err xc_tape_scan(const char *text, size_t len,
    const struct xc_tape_limits *limits, struct xc_block *block,
    uint32_t *off_r, struct xc_tape *tape_r, struct xc_tape_error *error_r);

/*
 * As xc_tape_scan(), for a text that lies in the block itself, which may move
 * meanwhile.  *ref_r is for xc_tape_look() of tape-make.h.  Room for the most
 * tokens that the text may have is made at once, though hardly touched.
 */
enum xc_err xc_tape_scan_in(struct xc_block *block, struct xc_span text,
    const struct xc_tape_limits *limits, struct xc_tape_ref *ref_r,
    struct xc_tape *tape_r, struct xc_tape_error *error_r);

/*
 * Looks at a tape in a block that xc_tape_scan() wrote for this text.
 * XC_ERR_INVALID if none can stand there.  Who wrote the block is trusted.
 */
enum xc_err xc_tape_open(const struct xc_block *block, uint32_t off,
    const char *text, size_t len, struct xc_tape *tape_r);

/* The hash that keys carry: 24 bits. */
uint32_t xc_tape_hash(const void *bytes, size_t len);

static inline enum xc_token_type
xc_tape_type(const struct xc_tape *tape, uint32_t at)
{
	return (enum xc_token_type)(tape->tokens[at].meta & XC_TOKEN_TYPE);
}

/* Items of an array, members of an object. */
static inline uint32_t
xc_tape_count(const struct xc_tape *tape, uint32_t at)
{
	return tape->tokens[at].meta >> XC_TOKEN_SHIFT;
}

/* The first item or key of a container that is not empty. */
static inline uint32_t
xc_tape_first(uint32_t at)
{
	return at + 1;
}

/* The value of a key. */
static inline uint32_t
xc_tape_value(const struct xc_tape *tape, uint32_t key)
{
	return tape->tokens[key].next;
}

/* The item behind an item; the key behind a value. */
static inline uint32_t
xc_tape_next(const struct xc_tape *tape, uint32_t at)
{
	return tape->tokens[at].next;
}

/* The bytes of a string or key, decoded, valid UTF-8, without a NUL behind
 * them. */
static inline const char *
xc_tape_string(const struct xc_tape *tape, uint32_t at, size_t *len_r)
{
	const struct xc_token *token = &tape->tokens[at];

	*len_r = token->len;
	return (token->meta & XC_TOKEN_DECODED) != 0
	    ? (const char *)(token + 1) : tape->text + token->off;
}

/* Whether a string or key has these bytes. */
bool xc_tape_is(const struct xc_tape *tape, uint32_t at, const char *bytes,
    size_t len);

/* The value of a member; 0, which is never one, if there is none or at is
 * no object. */
uint32_t xc_tape_member(const struct xc_tape *tape, uint32_t at,
    const char *name, size_t len);

/* The same with the name's hash at hand. */
uint32_t xc_tape_member_hashed(const struct xc_tape *tape, uint32_t at,
    const char *name, size_t len, uint32_t hash);

/* An item by number; 0 if there is none or at is no array. */
uint32_t xc_tape_item(const struct xc_tape *tape, uint32_t at, uint32_t i);

/* A number that is a whole one (1.0 and 1e2 are) and fits; else false. */
bool xc_tape_int64(const struct xc_tape *tape, uint32_t at, int64_t *value_r);
bool xc_tape_uint64(const struct xc_tape *tape, uint32_t at,
    uint64_t *value_r);

/* Whether all of a text is a number as xc_tape_scan() takes it. */
bool xc_tape_is_number(const char *text, size_t len);

/* The nearest double; false for what is no number or beyond its range. */
bool xc_tape_double(const struct xc_tape *tape, uint32_t at, double *value_r);

/* Writes the JSON Pointer of a token (of a key: that of its value), NUL-
 * terminated and cut with "..." if it is too long.  size is not 0. */
void xc_tape_pointer(const struct xc_tape *tape, uint32_t at, char *buf,
    size_t size);

/* Finds what a JSON Pointer names, from the value *at_r (0: the root) on.
 * False if nothing is there. */
bool xc_tape_find(const struct xc_tape *tape, const char *pointer, size_t len,
    uint32_t *at_r);

/* The line and column, both from 1, of a byte of a text. */
void xc_tape_place(const char *text, size_t off, size_t *line_r,
    size_t *column_r);

#endif

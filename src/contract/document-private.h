/* SPDX-License-Identifier: MIT */
/* What the parts of the check of a document share.  Places are tokens of its
 * tape; 0, the root, stands for "there is none". */
#ifndef XC_DOCUMENT_PRIVATE_H
#define XC_DOCUMENT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "document.h"
#include "lib/block.h"
#include "lib/tape.h"
#include "schema-private.h"

#define DOCUMENT_URI "file:///openapi.json"
#define POINTER_SIZE 1024

/* What stands at a place. */
enum kind {
	KIND_NONE,
	KIND_ROOT,
	KIND_COMPONENTS,
	KIND_PATH_ITEM,
	KIND_OPERATION,
	KIND_PARAMETER,
	KIND_HEADER,
	KIND_BODY,
	KIND_MEDIA,
	KIND_ENCODING,
	KIND_RESPONSE,
	KIND_CALLBACK,
	KIND_EXAMPLE,
	KIND_LINK,
	KIND_SECURITY_SCHEME,
	KIND_SCHEMA,
	KIND__MAX
};

/* A "$ref" outside of schemas. */
struct document_ref {
	uint32_t at;		/* the object that has it */
	enum kind kind;		/* what is wanted */
};

/* A value that must be what a schema asks for. */
struct document_value {
	uint32_t schema;
	uint32_t at;
	const char *what;	/* "the default" */
};

struct checker {
	const char *text;
	size_t len;
	struct xc_block block;	/* of the tape */
	struct xc_tape tape;
	struct xc_notes *notes;
	uint8_t *kinds;		/* of each token: enum kind */
	bool *said;		/* of each token: a fault of it was said */
	bool circle;		/* one of schemas was said */
	struct xc_block refs;	/* struct document_ref */
	struct xc_block schemas;	/* uint32_t */
	struct xc_block values;	/* struct document_value */
	struct xc_schema_set *set;	/* NULL: no schema can be compiled */
	struct xc_schema *program;	/* the schemas, in their order; NULL:
					 * not all can be compiled */
	enum xc_err err;	/* other than XC_OK: give up */
};

#define ROWS_OF(block, type) ((const type *)(const void *)(block).base)
#define N_ROWS(block, type) ((size_t)(block).used / sizeof(type))

/* Says what is wrong at a place, and what to do. */
void xc_checker_fault(struct checker *checker, uint32_t at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A member by its name; 0 if there is none or at is no object. */
uint32_t xc_checker_member(const struct checker *checker, uint32_t at,
    const char *name);

/* A string of a tape for "%.*s", cut to what a line can hold. */
struct words {
	int len;
	const char *text;	/* "" if it is no string */
};
struct words xc_checker_words(const struct checker *checker, uint32_t at);
bool xc_checker_is(const struct checker *checker, uint32_t at,
    const char *text);
bool xc_checker_same(const struct checker *checker, uint32_t a, uint32_t b);
static inline enum xc_token_type
xc_checker_type(const struct checker *checker, uint32_t at)
{
	return xc_tape_type(&checker->tape, at);
}

/* Walks the members of an object or the items of an array.  Begin with
 * zeros, `of` set; false at the end, and at once for anything else. */
struct walk_over {
	uint32_t of;
	uint32_t key;		/* 0 in an array */
	uint32_t at;		/* the value */
	uint32_t i;
};
bool xc_checker_next(const struct checker *checker, struct walk_over *walk);

/* Appends a row to one of the checker's lists. */
void xc_checker_add(struct checker *checker, struct xc_block *block,
    const void *row, size_t size);

/* Where a "$ref" leads at last; at itself without one; 0 if it leads
 * nowhere. */
uint32_t xc_checker_follow(const struct checker *checker, uint32_t at);

/* The token that a reference within the document ("#/...", percent-encoded)
 * names; 0 if none. */
uint32_t xc_checker_find(const struct checker *checker, uint32_t ref);

/* "file:///openapi.json#/paths/~1%7Bid%7D" for a place; the caller's to
 * free(), NULL with err set. */
char *xc_checker_ref(struct checker *checker, uint32_t at);

/* The steps of the check. */
void xc_document_shape(struct checker *checker);
void xc_document_walk(struct checker *checker);
void xc_document_refs(struct checker *checker);
void xc_document_operations(struct checker *checker);
void xc_document_schemas(struct checker *checker);

/* Says a fault of the compiler, unless something was said of its place. */
void xc_checker_schema_fault(struct checker *checker, const char *text);

/* Gathers what must be valid: of parameters, headers and media types. */
void xc_document_example(struct checker *checker, uint32_t at,
    enum kind kind);
void xc_document_media(struct checker *checker, uint32_t type, uint32_t at);
void xc_document_values(struct checker *checker);

/* Compiles n schemas into one program, which the caller frees; NULL with the
 * reason, or with err set. */
struct xc_schema *xc_document_compile(struct checker *checker,
    const uint32_t *schemas, size_t n, struct xc_errbuf *why);

/* How many schemas are compiled alone at most, when not all of them can be
 * together: each takes with it what it leads to. */
#define ALONE_MAX 500

#endif

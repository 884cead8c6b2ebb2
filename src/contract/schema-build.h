/* SPDX-License-Identifier: MIT */
/* What the parts of the compiler share. */
#ifndef XC_SCHEMA_BUILD_H
#define XC_SCHEMA_BUILD_H

#include "lib/block.h"

#include "schema-private.h"

#define OPS_MAX 48

/* A program on its way. */
struct compiler {
	struct xc_schema_set *set;
	struct xc_errbuf *errbuf;
	bool format;		/* is asserted */
	struct xc_block nodes;
	struct xc_block places;	/* struct schema_place of each node */
	struct xc_block ops;
	struct xc_block words;
	struct xc_block names;
	struct xc_block objects;
	struct xc_block divisors;
	struct xc_block dynamics;
	struct xc_block tokens;
	struct xc_block text;
	struct xc_block anchors;	/* words: those of dynamic references */
	struct xc_pattern **patterns;
	uint32_t n_patterns;
	uint32_t patterns_cap;
	enum xc_err err;	/* the first */
};

/* One schema that is being compiled. */
struct build {
	struct compiler *compiler;
	struct schema_place place;
	uint32_t resource;
	uint32_t vocabularies;
	struct op ops[OPS_MAX];
	uint32_t n_ops;
};

#define ROWS(block, type) ((uint32_t)((block).used / sizeof(type)))

const struct xc_tape *xc_build_tape(const struct build *build);

/* The member of the schema; 0 if there is none. */
uint32_t xc_build_member(const struct build *build, const char *keyword);

/* Sets the error with the place of a keyword (a token of the schema, 0: the
 * schema itself) before the sentence; false. */
bool xc_build_fail(struct build *build, uint32_t token, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Appends a row; its number, or NO_NODE with the error set. */
uint32_t xc_build_row(struct compiler *compiler, struct xc_block *block,
    const void *row, size_t size);
uint32_t xc_build_word(struct compiler *compiler, uint32_t word);

/* Appends text and a NUL; where it begins. */
uint32_t xc_build_text(struct compiler *compiler, const char *text,
    size_t len);

/* The node of the schema at a token; NO_NODE with the error set. */
uint32_t xc_build_node(struct build *build, uint32_t token);
uint32_t xc_build_place(struct compiler *compiler, struct schema_place place);

/* Copies a value to the constants; its number. */
uint32_t xc_build_constant(struct build *build, uint32_t token);

/* Compiles a pattern, as a string or key; its number. */
uint32_t xc_build_pattern(struct build *build, uint32_t token);

/* A whole number that is not negative, cut to what fits; false if it is
 * something else. */
bool xc_build_count(struct build *build, uint32_t token, uint32_t *count_r);

bool xc_build_op(struct build *build, enum op_kind kind, uint32_t a,
    uint32_t b);

/* All keywords of one schema. */
bool xc_build_keywords(struct build *build);
bool xc_build_object(struct build *build);

/* Gives each node the text of where its schema stands. */
bool xc_build_where(struct compiler *compiler);

#endif

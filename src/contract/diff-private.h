/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the comparison share.  All comes down to one question:
 * is each value that one schema takes taken by another?  Of a request the
 * first is the one before and the second the one after; of a reply it is the
 * other way round.  Below they are called the given and the wanted.
 */
#ifndef XC_DIFF_PRIVATE_H
#define XC_DIFF_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "diff.h"
#include "lib/decimal.h"

struct diff {
	struct json_object *before;
	struct json_object *after;
	struct xc_notes *notes;
	size_t work;		/* steps that are left */
	bool gave_up;		/* and it was said */
	bool nomem;
	struct xc_pattern_run *patterns;
};

/* Adds a line that begins with the operation, unless it stands there. */
void xc_diff_say(struct diff *diff, const char *operation,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* One step of work; false: there is none left, which was said. */
bool xc_diff_step(struct diff *diff);

/* ---- reading ------------------------------------------------------------ */

/* A member; NULL for what is no object, has none, or null. */
struct json_object *xc_diff_member(struct json_object *object,
    const char *name);
const char *xc_diff_text(struct json_object *object, const char *name);
bool xc_diff_flag(struct json_object *object, const char *name, bool usual);
size_t xc_diff_count(struct json_object *list);	/* 0 for what is none */

/* What a reference within the document names; NULL if nothing. */
struct json_object *xc_diff_resolve(struct json_object *root,
    const char *ref);

/* An object behind its references. */
struct json_object *xc_diff_follow(struct json_object *root,
    struct json_object *object);

/* ---- schemas ------------------------------------------------------------ */

enum {
	IS_NULL = 1, IS_BOOL = 2, IS_INT = 4, IS_FRACTION = 8, IS_TEXT = 16,
	IS_ARRAY = 32, IS_OBJECT = 64, IS_ANY = 127,
	IS_NUMBER = IS_INT | IS_FRACTION
};

#define LIST_MAX 48
#define NESTED_MAX 48
#define PATH_BYTES 300

/* Schemas that all hold at once: one, with what its "$ref" and allOf add. */
struct all {
	struct json_object *root;	/* the document that they are of */
	struct json_object *rows[LIST_MAX];
	unsigned char split[LIST_MAX];	/* bits: SPLIT_* was taken apart */
	size_t n;
	bool never;		/* one is false */
	unsigned only;		/* kinds that are looked at; 0: all */
	/* The choice that was taken out of anyOf or oneOf. */
	struct json_object *choice;
	size_t choice_i;
	size_t choice_n;
};

#define SPLIT_ANY 1
#define SPLIT_ONE 2

struct compare {
	struct diff *diff;
	const char *operation;
	const char *subject;	/* "the body" */
	bool reply;
	bool textual;		/* the value comes as text: of a parameter */
	bool quiet;		/* say nothing */
	bool broken;		/* something was found */
	char path[PATH_BYTES];	/* in the value: "/items/" + "*" */
	size_t path_len;
	unsigned depth;
	uint64_t *seen;		/* pairs that were compared */
	size_t n_seen;
	size_t seen_cap;
};

/* Compares a schema of each document; NULL takes anything. */
void xc_diff_schemas(struct compare *compare, struct json_object *before,
    struct json_object *after);

void xc_compare_lists(struct compare *compare, const struct all *given,
    const struct all *wanted);
void xc_compare_object(struct compare *compare, const struct all *given,
    const struct all *wanted);
void xc_compare_array(struct compare *compare, const struct all *given,
    const struct all *wanted);

/* Says what was found at the path, behind its name: "may be null now". */
void xc_compare_say(struct compare *compare, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Goes to a child of the value and back. */
size_t xc_compare_enter(struct compare *compare, const char *name);
void xc_compare_leave(struct compare *compare, size_t mark);

void xc_all_init(struct all *all, struct json_object *root);
void xc_all_add(struct all *all, struct json_object *schema);
bool xc_all_has(const struct all *all, const char *keyword);
unsigned xc_all_kinds(const struct all *all, unsigned depth);

/* A keyword that is compared as it stands. */
void xc_compare_same(struct compare *compare, const struct all *given,
    const struct all *wanted, const char *keyword);

/* ---- values ------------------------------------------------------------- */

#define VALUES_MAX 256

/* All values that are taken, if they are few enough to be counted. */
struct values {
	struct json_object *rows[VALUES_MAX];
	bool owned[3];		/* rows that are true, false: to be put */
	size_t n;
};

/* The kinds among them. */
unsigned xc_values_kinds(const struct values *values);

/* False: they cannot be counted. */
bool xc_values_of(const struct all *all, unsigned kinds,
    struct values *values);
void xc_values_free(struct values *values);

/* A number as it is written; false for what is none. */
bool xc_value_number(struct json_object *value, struct xc_decimal *decimal);

/* A value for a sentence, in buf, cut if it is long. */
const char *xc_value_show(struct json_object *value, char *buf, size_t size);
unsigned xc_value_kind(struct json_object *value);
bool xc_value_fits(const struct all *all, struct json_object *value,
    unsigned depth);
void xc_compare_values(struct compare *compare, const struct values *given,
    const struct all *wanted);
void xc_compare_choices(struct compare *compare, const struct all *wanted);

/* Bounds, lengths and their like, as far as the kinds need them. */
void xc_compare_number(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds);
void xc_compare_text(struct compare *compare, const struct all *given,
    const struct all *wanted);
void xc_compare_format(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds);
void xc_compare_counts(struct compare *compare, const struct all *given,
    const struct all *wanted, unsigned kinds);
void xc_compare_kinds(struct compare *compare, unsigned given,
    unsigned wanted);

/* ---- operations --------------------------------------------------------- */

/* An operation in both documents. */
struct both {
	struct diff *diff;
	const char *name;	/* "GET /items" */
	const char *path;	/* before */
	const char *new_path;
	struct json_object *item;
	struct json_object *new_item;
	struct json_object *operation;
	struct json_object *new_operation;
};

void xc_diff_parameters(const struct both *both);
void xc_diff_bodies(const struct both *both);
void xc_diff_replies(const struct both *both);
void xc_diff_security(const struct both *both);

#endif

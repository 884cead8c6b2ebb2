/* SPDX-License-Identifier: MIT */
/*
 * Named values that come as text: the parameters of one place, or the
 * properties of a form.  A set of them is compiled from the document; while a
 * request is taken, what came is sorted to them by name and then written to a
 * tape, each by its style and as what its schema asks for.
 *
 * Texts of the request are named by spans: its block may move.
 */
#ifndef XC_FIELD_H
#define XC_FIELD_H

#include "contract/parameters.h"
#include "contract/plan.h"
#include "lib/block.h"

#define XC_FIELDS_MAX 256	/* of one set */
#define XC_FIELDS_HITS 1000	/* values of one request for a set */
#define XC_FIELDS_PROPERTIES 10000
#define XC_FIELDS_NAME 256	/* bytes, of the longest */

enum xc_style {
	XC_STYLE_FORM, XC_STYLE_SIMPLE, XC_STYLE_LABEL, XC_STYLE_MATRIX,
	XC_STYLE_SPACE, XC_STYLE_PIPE, XC_STYLE_DEEP
};

/* What is made of a value. */
enum xc_mode {
	XC_MODE_SCALAR, XC_MODE_ARRAY, XC_MODE_OBJECT
};

/* What a value of a schema becomes; rows are named by number, XC_NO_ENTRY is
 * none, which stands for text. */
struct xc_shape {
	uint32_t kinds;
	uint32_t item;		/* shape */
	uint32_t prefix;	/* member: the shapes of the first items */
	uint32_t members;	/* member: the properties that are named */
	uint32_t others;	/* shape of other properties */
};

struct xc_member {
	uint32_t name;		/* in the text */
	uint32_t name_len;
	uint32_t shape;
	uint32_t next;		/* member */
};

struct xc_field {
	uint32_t name;		/* in the text */
	uint32_t name_len;
	uint32_t shape;
	uint32_t entry;		/* of its schema; XC_NO_ENTRY */
	uint32_t fallback;	/* token in the tape of defaults; 0: none */
	uint32_t types;		/* media types of a part, in the text; 0 */
	uint8_t style;
	uint8_t mode;
	bool explode;
	bool required;
	bool allow_empty;
	bool reserved;		/* '+' is no blank */
	bool json;		/* the text, or that of each item, is JSON */
	bool file;		/* it, or each item, is a file's content */
	bool spread;		/* an object whose members stand alone */
	bool takes_rest;	/* and among them names that are nobody's */
};

/* A name by which values come: of a field, or of a spread one's member. */
struct xc_name {
	uint32_t name;
	uint32_t name_len;
	uint32_t hash;
	uint16_t field;
	uint16_t next;		/* of the same slot, plus 1 */
};

#define XC_NAME_SLOTS 64

/* Rows lie one behind the other in each block. */
struct xc_fields {
	const char *in;		/* "query"; static */
	struct xc_block text;	/* strings, each with a NUL behind it */
	struct xc_block rows;	/* struct xc_field */
	struct xc_block names;
	struct xc_block shapes;
	struct xc_block members;
	uint16_t slots[XC_NAME_SLOTS];	/* name, plus 1 */
	uint32_t n;
	uint16_t rest;		/* the field that takes the rest, plus 1 */
	bool folds;		/* names are the same in both cases */
	bool has_deep;
	bool wants_raw;		/* some split at what was not encoded */
	bool splits_cookies;	/* a list is no more than one value */
	bool is_trimmed;	/* blanks around what is split do not count */
	bool is_raw;		/* nobody has looked whether texts are UTF-8 */
	/* The set is an object itself: what has no field belongs to it. */
	bool is_open;
	uint32_t others;	/* shape of these */
};

static inline const struct xc_field *
xc_fields_row(const struct xc_fields *set, uint32_t i)
{
	return (const struct xc_field *)(const void *)set->rows.base + i;
}

static inline const struct xc_shape *
xc_fields_shape(const struct xc_fields *set, uint32_t i)
{
	return (const struct xc_shape *)(const void *)set->shapes.base + i;
}

static inline const struct xc_member *
xc_fields_member(const struct xc_fields *set, uint32_t i)
{
	return (const struct xc_member *)(const void *)set->members.base + i;
}

static inline const char *
xc_fields_text(const struct xc_fields *set, uint32_t off)
{
	return (const char *)set->text.base + off;
}

void xc_fields_begin(struct xc_fields *set, const char *in);
void xc_fields_free(struct xc_fields *set);

/*
 * field-compile.c: adds a field, whose name, shape and mode are made here; the
 * rest of *field is the caller's.  schema may have a NULL json.  Two that
 * would come by the same name are refused; node is where to say so.
 */
enum xc_err xc_fields_add(struct xc_fields *set, struct xc_plan *plan,
    const struct xc_plan_node *node, const char *name,
    const struct xc_plan_node *schema, struct xc_field *field);

/* The shape of a schema, its own items and properties with it. */
enum xc_err xc_fields_shape_of(struct xc_fields *set, struct xc_plan *plan,
    const struct xc_plan_node *schema, uint32_t *shape_r);

/* A copy of a string in the set's text. */
enum xc_err xc_fields_keep(struct xc_fields *set, struct xc_plan *plan,
    const char *text, size_t len, uint32_t *off_r);

/* Whether values of these kinds come as one text. */
static inline bool
xc_kinds_are_scalar(uint32_t kinds)
{
	return (kinds & (XC_KIND_BOOL | XC_KIND_INT | XC_KIND_NUMBER |
	    XC_KIND_TEXT)) != 0;
}

/* Gives back what a set has too much when no field will be added; the bytes
 * that it holds then. */
size_t xc_fields_fit(struct xc_fields *set);

/* A value that came for a field. */
struct xc_hit {
	struct xc_span name;	/* of a member; off 0: not of one */
	struct xc_span value;
	struct xc_span raw;	/* as sent; off 0: not known */
	struct xc_span type;	/* media type of a part */
	uint16_t next;		/* hit, plus 1 */
	bool is_file;
	bool done;
};

/* The hits of a field. */
struct xc_slot {
	uint16_t first;		/* plus 1 */
	uint16_t last;
	uint16_t n;
};

/* What has come for a set; large, and filled only as far as is needed. */
struct xc_gather {
	const struct xc_fields *set;
	const struct xc_take *take;
	const struct xc_tape *defaults;
	enum xc_err err;	/* beyond what is wrong with the request */
	uint32_t n_faults;
	uint32_t item;		/* of an array, plus 1: where faults are */
	uint32_t n_hits;
	struct xc_slot rest;	/* of an open set */
	struct xc_slot slots[XC_FIELDS_MAX];
	struct xc_hit hits[XC_FIELDS_HITS];
};

/* field-gather.c */
void xc_gather_begin(struct xc_gather *gather, const struct xc_fields *set,
    const struct xc_take *take);

/* A named value: goes to its field, or is left out. */
void xc_gather_offer(struct xc_gather *gather, struct xc_span name,
    const struct xc_hit *hit);

/* A hit more for a slot; NULL if there are too many. */
struct xc_hit *xc_gather_hit(struct xc_gather *gather, struct xc_slot *slot,
    const struct xc_hit *hit);

/* All pairs of a table; raw is the text that they were made of, or absent. */
void xc_gather_pairs(struct xc_gather *gather, struct xc_pairs pairs,
    struct xc_span raw);

/*
 * field-write.c: writes the members of an object that is open in the tape.
 * at, if it is not NULL, gets the token of each field's value, 0 for those
 * that are not to be validated.  Faults are added and counted.
 */
void xc_gather_write(struct xc_gather *gather, uint32_t *at);

/* Whether anything would be written. */
bool xc_gather_has(const struct xc_gather *gather);

/* A fault of a field: its member or item may be named too (or NULL). */
void xc_gather_fault(struct xc_gather *gather, const struct xc_field *field,
    const char *member, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* field-value.c: writes one value; false if a fault was added.  member is for
 * faults. */
bool xc_gather_value(struct xc_gather *gather, const struct xc_field *field,
    const char *member, uint32_t shape, const struct xc_hit *hit);

/* Writes a default. */
void xc_gather_default(struct xc_gather *gather, uint32_t token);

/* field-split.c: what a style leaves of a value. */
struct xc_pieces {
	const char *text;	/* decoded; good until the block grows */
	const char *raw;	/* as sent; NULL */
	uint32_t off;		/* of the text in the block */
	uint32_t at;
	uint32_t len;
	uint32_t raw_at;
	uint32_t raw_len;
	char mark;		/* between pieces */
	bool trim;
	bool done;
};

/* Takes off what the style puts before all; false if that is not there. */
bool xc_pieces_begin(struct xc_pieces *pieces, const struct xc_gather *gather,
    const struct xc_field *field, const struct xc_hit *hit);

/* The next piece; false behind the last. */
bool xc_pieces_next(struct xc_pieces *pieces, struct xc_span *piece_r);

static inline const char *
xc_gather_text(const struct xc_gather *gather, struct xc_span span)
{
	return (const char *)gather->take->req->in.base + span.off;
}

#endif

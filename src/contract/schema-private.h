/* SPDX-License-Identifier: MIT */
/* What the compiler writes and the validator runs. */
#ifndef XC_SCHEMA_PRIVATE_H
#define XC_SCHEMA_PRIVATE_H

#include "lib/decimal.h"
#include "pattern.h"
#include "schema.h"

#define NO_NODE UINT32_MAX

/* Rows: the op and the keyword that it is reported as.  They run in this
 * order, the cheap ones first; the unevaluated ones must be last. */
#define XC_SCHEMA_OPS(X) \
	X(OP_TYPE, "type") \
	X(OP_CONST, "const") \
	X(OP_ENUM, "enum") \
	X(OP_MINIMUM, "minimum") \
	X(OP_MAXIMUM, "maximum") \
	X(OP_ABOVE, "exclusiveMinimum") \
	X(OP_BELOW, "exclusiveMaximum") \
	X(OP_MULTIPLE, "multipleOf") \
	X(OP_MIN_LENGTH, "minLength") \
	X(OP_MAX_LENGTH, "maxLength") \
	X(OP_PATTERN, "pattern") \
	X(OP_FORMAT, "format") \
	X(OP_MIN_ITEMS, "minItems") \
	X(OP_MAX_ITEMS, "maxItems") \
	X(OP_MIN_PROPERTIES, "minProperties") \
	X(OP_MAX_PROPERTIES, "maxProperties") \
	X(OP_NAMES, "propertyNames") \
	X(OP_OBJECT, "properties") \
	X(OP_ITEMS, "items") \
	X(OP_CONTAINS, "contains") \
	X(OP_UNIQUE, "uniqueItems") \
	X(OP_REF, "$ref") \
	X(OP_DYNAMIC_REF, "$dynamicRef") \
	X(OP_ALL_OF, "allOf") \
	X(OP_ANY_OF, "anyOf") \
	X(OP_ONE_OF, "oneOf") \
	X(OP_NOT, "not") \
	X(OP_IF, "if") \
	X(OP_UNEVALUATED_ITEMS, "unevaluatedItems") \
	X(OP_UNEVALUATED_PROPERTIES, "unevaluatedProperties")

#define ENUM_OF(op, keyword) op,
enum op_kind {
	XC_SCHEMA_OPS(ENUM_OF)
	OP__MAX
};
#undef ENUM_OF

/* What a and b are is said at each op's handler in schema-run.c. */
struct op {
	uint32_t kind;
	uint32_t a;
	uint32_t b;
};

#define NODE_TRUE 1u		/* takes everything */
#define NODE_FALSE 2u		/* takes nothing */
#define NODE_UNEVALUATED 4u	/* has an unevaluated op */

struct node {
	uint32_t ops;		/* index of the first */
	uint16_t n_ops;
	uint16_t flags;
	uint32_t resource;
	uint32_t where;		/* text: "file:///a.json#/items" */
};

/* A name that an object's op knows. */
struct name {
	uint32_t hash;
	uint32_t off;		/* in the text */
	uint32_t len;
	uint32_t node;		/* of "properties"; NO_NODE */
	uint32_t next;		/* of the same slot, plus 1 */
};

struct object_op {
	uint32_t n_names;
	uint32_t names;		/* index of the first */
	uint32_t mask;		/* of the slots, a power of 2 less 1 */
	uint32_t slots;		/* words: a name's number plus 1 */
	uint32_t n_patterns;
	uint32_t patterns;	/* words: pattern, node */
	uint32_t additional;	/* node or NO_NODE */
	uint32_t n_required;
	uint32_t required;	/* words: name */
	uint32_t n_depends;
	uint32_t depends;	/* words: name, name that it asks for, or
				 * NO_NODE and a node in its place */
};

struct items_op {
	uint32_t n_prefix;
	uint32_t prefix;	/* words: node */
	uint32_t rest;		/* node or NO_NODE */
};

struct contains_op {
	uint32_t node;
	uint32_t min;
	uint32_t max;
};

/* A node that a dynamic anchor names. */
struct dynamic {
	uint32_t anchor;
	uint32_t resource;
	uint32_t node;
};

/* All arrays lie in one block behind this. */
struct xc_schema {
	const struct node *nodes;
	const struct op *ops;
	const uint32_t *words;
	const struct name *names;
	const struct object_op *objects;
	const struct xc_divisor *divisors;
	const struct dynamic *dynamics;
	struct xc_tape constants;
	struct xc_pattern **patterns;
	uint32_t n_nodes;
	uint32_t n_dynamics;
	uint32_t n_patterns;
	uint32_t n_entries;
	uint32_t entries;	/* words: node */
	size_t size;
};

/* --- formats --------------------------------------------------------- */

/* The number of a format that is checked, or -1. */
int xc_format_find(const char *name, size_t len);
const char *xc_format_name(uint32_t format);
bool xc_format_is(uint32_t format, const char *text, size_t len);

/* The steps that a look at len bytes takes. */
uint64_t xc_format_cost(uint32_t format, size_t len);

/* --- the metaschemas -------------------------------------------------- */

/* The text of the draft's document with this URI, or NULL. */
const char *xc_schema_meta(const char *uri);

/* --- the set ---------------------------------------------------------- */

#define VOCABULARY_APPLICATOR 0x01u
#define VOCABULARY_UNEVALUATED 0x02u
#define VOCABULARY_VALIDATION 0x04u
#define VOCABULARY_FORMAT 0x08u		/* as an annotation */
#define VOCABULARY_ASSERTION 0x10u	/* asserted, whatever the options */
#define VOCABULARY_USUAL 0x0fu

#define DRAFT_URI "https://json-schema.org/draft/2020-12/"

struct schema_document {
	const char *uri;
	struct xc_tape tape;
	uint32_t *resources;	/* for each token: its resource plus 1 */
	uint32_t *nodes;	/* for each token: its node plus 1 */
};

struct schema_resource {
	const char *uri;
	uint32_t hash;
	uint32_t next;		/* of the same slot, plus 1 */
	uint32_t document;
	uint32_t token;
	uint32_t vocabularies;
};

struct schema_anchor {
	const char *name;
	uint32_t hash;		/* of resource and name */
	uint32_t next;		/* of the same slot, plus 1 */
	uint32_t resource;
	uint32_t token;
	bool dynamic;
};

#define SET_SLOTS 4096

/* A place in a document of the set. */
struct schema_place {
	uint32_t document;
	uint32_t token;
};

struct xc_schema_set {
	struct xc_arena *arena;
	struct schema_document *documents;
	struct schema_resource *resources;
	struct schema_anchor *anchors;
	uint32_t n_documents;
	uint32_t n_resources;
	uint32_t n_anchors;
	uint32_t documents_cap;
	uint32_t resources_cap;
	uint32_t anchors_cap;
	/* Rows by their hash, plus 1. */
	uint32_t resource_slots[SET_SLOTS];
	uint32_t anchor_slots[SET_SLOTS];
};

/*
 * Finds what a reference at a place leads to.  *anchor_r is the number of
 * the anchor that it went by, or NO_NODE.  The place gets a resource if it
 * had none.  XC_ERR_INVALID with the sentence.
 */
enum xc_err xc_schema_set_find(struct xc_schema_set *set,
    uint32_t resource, const char *ref, size_t len,
    struct schema_place *place_r, uint32_t *anchor_r,
    struct xc_errbuf *errbuf);

/* Writes "file:///a.json#/items", NUL-terminated. */
void xc_schema_set_where(const struct xc_schema_set *set,
    struct schema_place place, char *buf, size_t size);

/* --- equality ---------------------------------------------------------- */

struct xc_value {
	const struct xc_tape *tape;
	uint32_t at;
};

/* Whether two values are the same as JSON Schema means it: 1 and 1.0 are.
 * *steps grows by the work. */
bool xc_value_is_same(struct xc_value a, struct xc_value b, uint64_t *steps);

/* The same for values that are the same. */
uint64_t xc_value_hash(struct xc_value value, uint64_t seed,
    uint64_t *steps);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The types that a document's schemas have in C.  An object with properties is
 * a struct, a string with "enum" an enum; what C has no type for stays JSON.
 */
#ifndef XC_TYPES_TYPE_H
#define XC_TYPES_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/error.h>

struct json_object;

#define XC_TYPE_TEXT_MAX 200	/* bytes of a key, of an enum's value */

enum xc_type_kind {
	XC_TYPE_JSON,		/* anything */
	XC_TYPE_INT,
	XC_TYPE_REAL,
	XC_TYPE_BOOL,
	XC_TYPE_TEXT,
	XC_TYPE_ENUM,
	XC_TYPE_STRUCT
};

struct xc_type_def;

/* The type of one value. */
struct xc_type {
	enum xc_type_kind kind;
	const struct xc_type_def *def;	/* of ENUM and STRUCT */
	bool array;		/* of these; then neither nullable inside... */
	bool nullable;
	bool pointer;		/* ...nor this: it would hold itself, or much */
};

struct xc_type_field {
	const char *key;	/* the document's */
	char *name;		/* its member */
	char *has;		/* its companions; NULL: it needs none */
	char *null;
	char *count;
	struct xc_type type;
	bool required;
	struct json_object *otherwise;	/* the default; or NULL */
	const char *description;	/* or NULL */
	const char *in;		/* of a parameter: "query", ...; or NULL */
};

/* A struct or enum that is written. */
struct xc_type_def {
	enum xc_type_kind kind;
	struct json_object *schema;	/* NULL: made of parameters */
	char *tag;
	const char *description;	/* or NULL */
	bool done;
	bool params;
	size_t size;		/* estimated bytes */
	struct xc_type_field *fields;
	size_t n_fields;
	struct json_object *names;	/* of the members: a set */
	const char **texts;	/* of an enum */
	char **constants;
	size_t n_texts;
};

struct xc_types {
	struct json_object *root;
	bool bundled;		/* an $id changes no reference */
	const char *prefix;	/* "todo" */
	struct json_object *names;	/* all of the file's: a set */
	struct xc_type_def **defs;	/* what one holds stands before it */
	size_t n_defs;
	struct xc_type_def **known;	/* all, as they were met */
	size_t n_known;
	unsigned steps;
	unsigned depth;
	enum xc_err err;	/* XC_ERR_NOMEM */
};

/* Says how a schema's value is typed; hint names what it would define. */
void xc_type_of(struct xc_types *types, struct json_object *schema,
    const char *hint, struct xc_type *type_r);

/* Begins a struct of that name; NULL: no more are made.  Fields are added to
 * it, then it is finished, which drops one without fields. */
struct xc_type_def *xc_type_begin(struct xc_types *types,
    struct json_object *schema, const char *hint);
struct xc_type_field *xc_type_add(struct xc_types *types,
    struct xc_type_def *def, const char *key, struct json_object *schema);
void xc_type_finish(struct xc_types *types, struct xc_type_def *def);

/* "$ref"s followed as far as they lead; NULL: nowhere. */
struct json_object *xc_type_follow(struct xc_types *types,
    struct json_object *node);

/* A name that nothing in the set has, which is put there; malloc'ed, or NULL
 * with types->err. */
char *xc_type_unique(struct xc_types *types, struct json_object *set,
    const char *name);

void xc_types_release(struct xc_types *types);

#endif

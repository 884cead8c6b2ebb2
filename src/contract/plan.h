/* SPDX-License-Identifier: MIT */
/*
 * Reading an OpenAPI document while a contract is compiled: where one is,
 * where a "$ref" leads, and which schemas will be needed.  All schemas of a
 * contract become entries of one program, which is compiled at the end.
 */
#ifndef XC_PLAN_H
#define XC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

struct json_object;

#define XC_PLAN_POINTER 1024
#define XC_NO_ENTRY UINT32_MAX

/* A node of the document: the value, and the JSON Pointer that names it after
 * all references were followed ("/components/parameters/Page"). */
struct xc_plan_node {
	struct json_object *json;	/* NULL: there is none, or it is null */
	char pointer[XC_PLAN_POINTER];
};

struct xc_plan {
	struct json_object *root;	/* of openapi.json */
	char **refs;		/* of the entries, "URI#POINTER" */
	size_t n_refs;
	uint32_t *slots;	/* of a hash table: numbers of refs, from 1 */
	size_t n_slots;
	/* Work so far, which is bounded: for "$anchor" and "$id", and in
	 * schemas whose kinds were asked for. */
	unsigned n_searches;
	unsigned n_steps;
	struct xc_errbuf *errbuf;
};

/* The URI that the document stands under in the set of schemas. */
#define XC_PLAN_URI "file:///openapi.json"

/* root and errbuf must outlive the plan. */
void xc_plan_begin(struct xc_plan *plan, struct json_object *root,
    struct xc_errbuf *errbuf);
void xc_plan_end(struct xc_plan *plan);

/* Says "openapi.json: POINTER: what" (a format) and gives XC_ERR_INVALID. */
enum xc_err xc_plan_fail(struct xc_plan *plan,
    const struct xc_plan_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The root; a member (json is NULL without it); an item. */
void xc_plan_root(const struct xc_plan *plan, struct xc_plan_node *node_r);
void xc_plan_member(const struct xc_plan_node *node, const char *name,
    struct xc_plan_node *member_r);
void xc_plan_item(const struct xc_plan_node *node, size_t i,
    struct xc_plan_node *item_r);

/* What a reference leads to: "#/a/b", "#anchor", an "$id" with either.  False
 * if nothing is there, or after 1,000 searches for anchors.  Relative ones
 * are taken as they are written. */
bool xc_plan_resolve(struct xc_plan *plan, const char *ref,
    struct xc_plan_node *node_r);

/* Follows "$ref" ("#/...") as long as there is one, in place.  Not for
 * schemas, where "$ref" has other keywords beside it. */
enum xc_err xc_plan_follow(struct xc_plan *plan, struct xc_plan_node *node);

/* Wants the schema at node compiled; its number in the program.  The same
 * pointer gets the same number.  XC_ERR_NOMEM; XC_ERR_INVALID if it lies
 * deeper than a pointer of ours can say. */
enum xc_err xc_plan_schema(struct xc_plan *plan,
    const struct xc_plan_node *node, uint32_t *entry_r);

/* Types of JSON, as bits. */
enum {
	XC_KIND_NULL = 1, XC_KIND_BOOL = 2, XC_KIND_INT = 4,
	XC_KIND_NUMBER = 8, XC_KIND_TEXT = 16, XC_KIND_ARRAY = 32,
	XC_KIND_OBJECT = 64, XC_KIND_ANY = 127
};

/*
 * kind.c: what a schema can take, by type, const, enum, $ref, allOf, anyOf
 * and oneOf; XC_KIND_ANY where it says nothing.  Circles end, and so does a
 * document that is made to be slow: nothing more is known of its schemas.
 */
unsigned xc_plan_kinds(struct xc_plan *plan, const struct xc_plan_node *schema);

/*
 * The schema of a property (or "additionalProperties" for one that is not
 * named), of the items, of the i-th of "prefixItems", as far as they can be
 * told: through $ref, allOf, and the first of anyOf and oneOf that says it.
 * json is NULL if nothing is said.
 */
void xc_plan_property(struct xc_plan *plan, const struct xc_plan_node *schema,
    const char *name, struct xc_plan_node *property_r);
void xc_plan_items(struct xc_plan *plan, const struct xc_plan_node *schema,
    struct xc_plan_node *items_r);
void xc_plan_prefix(struct xc_plan *plan, const struct xc_plan_node *schema,
    size_t i, struct xc_plan_node *item_r);

/* Calls each() for every property that is named through the same, some perhaps
 * twice, until it gives an error, which is given. */
enum xc_err xc_plan_properties(struct xc_plan *plan,
    const struct xc_plan_node *schema, enum xc_err (*each)(void *ctx,
    const char *name, const struct xc_plan_node *property), void *ctx);

/* Whether a schema says that it is of a file's content: "contentMediaType",
 * "contentEncoding", or "format": "binary" as in OpenAPI 3.0. */
bool xc_plan_is_file(struct xc_plan *plan, const struct xc_plan_node *schema);

/* The value of "default", through $ref and allOf; false without one.  That it
 * is null is a NULL json. */
bool xc_plan_default(struct xc_plan *plan, const struct xc_plan_node *schema,
    struct xc_plan_node *default_r);

#endif

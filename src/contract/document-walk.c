/* SPDX-License-Identifier: MIT */
/* What each place of a document is, and whether references lead to what they
 * should. */
#include <stdio.h>
#include <string.h>

#include "document-private.h"

enum holds {
	HOLDS_ONE,
	HOLDS_LIST,
	HOLDS_MAP,
	HOLDS_OPEN	/* a map in which "x-" is an extension */
};

/* What the members of what hold.  member NULL: the object itself is the map. */
static const struct {
	uint8_t of;
	uint8_t holds;
	uint8_t kind;
	const char *member;
} edges[] = {
	{ KIND_ROOT, HOLDS_OPEN, KIND_PATH_ITEM, "paths" },
	{ KIND_ROOT, HOLDS_MAP, KIND_PATH_ITEM, "webhooks" },
	{ KIND_ROOT, HOLDS_ONE, KIND_COMPONENTS, "components" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_SCHEMA, "schemas" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_RESPONSE, "responses" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_PARAMETER, "parameters" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_EXAMPLE, "examples" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_BODY, "requestBodies" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_HEADER, "headers" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_SECURITY_SCHEME,
	    "securitySchemes" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_LINK, "links" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_CALLBACK, "callbacks" },
	{ KIND_COMPONENTS, HOLDS_MAP, KIND_PATH_ITEM, "pathItems" },
	{ KIND_PATH_ITEM, HOLDS_LIST, KIND_PARAMETER, "parameters" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "get" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "put" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "post" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "delete" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "options" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "head" },
	{ KIND_PATH_ITEM, HOLDS_ONE, KIND_OPERATION, "patch" },
	{ KIND_OPERATION, HOLDS_LIST, KIND_PARAMETER, "parameters" },
	{ KIND_OPERATION, HOLDS_ONE, KIND_BODY, "requestBody" },
	{ KIND_OPERATION, HOLDS_OPEN, KIND_RESPONSE, "responses" },
	{ KIND_OPERATION, HOLDS_MAP, KIND_CALLBACK, "callbacks" },
	{ KIND_CALLBACK, HOLDS_OPEN, KIND_PATH_ITEM, NULL },
	{ KIND_PARAMETER, HOLDS_ONE, KIND_SCHEMA, "schema" },
	{ KIND_PARAMETER, HOLDS_MAP, KIND_MEDIA, "content" },
	{ KIND_PARAMETER, HOLDS_MAP, KIND_EXAMPLE, "examples" },
	{ KIND_HEADER, HOLDS_ONE, KIND_SCHEMA, "schema" },
	{ KIND_HEADER, HOLDS_MAP, KIND_MEDIA, "content" },
	{ KIND_HEADER, HOLDS_MAP, KIND_EXAMPLE, "examples" },
	{ KIND_BODY, HOLDS_MAP, KIND_MEDIA, "content" },
	{ KIND_MEDIA, HOLDS_ONE, KIND_SCHEMA, "schema" },
	{ KIND_MEDIA, HOLDS_MAP, KIND_EXAMPLE, "examples" },
	{ KIND_MEDIA, HOLDS_MAP, KIND_ENCODING, "encoding" },
	{ KIND_ENCODING, HOLDS_MAP, KIND_HEADER, "headers" },
	{ KIND_RESPONSE, HOLDS_MAP, KIND_HEADER, "headers" },
	{ KIND_RESPONSE, HOLDS_MAP, KIND_MEDIA, "content" },
	{ KIND_RESPONSE, HOLDS_MAP, KIND_LINK, "links" },
	{ KIND_SCHEMA, HOLDS_MAP, KIND_SCHEMA, "$defs" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "additionalProperties" },
	{ KIND_SCHEMA, HOLDS_LIST, KIND_SCHEMA, "allOf" },
	{ KIND_SCHEMA, HOLDS_LIST, KIND_SCHEMA, "anyOf" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "contains" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "contentSchema" },
	{ KIND_SCHEMA, HOLDS_MAP, KIND_SCHEMA, "dependentSchemas" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "else" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "if" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "items" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "not" },
	{ KIND_SCHEMA, HOLDS_LIST, KIND_SCHEMA, "oneOf" },
	{ KIND_SCHEMA, HOLDS_MAP, KIND_SCHEMA, "patternProperties" },
	{ KIND_SCHEMA, HOLDS_LIST, KIND_SCHEMA, "prefixItems" },
	{ KIND_SCHEMA, HOLDS_MAP, KIND_SCHEMA, "properties" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "propertyNames" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "then" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "unevaluatedItems" },
	{ KIND_SCHEMA, HOLDS_ONE, KIND_SCHEMA, "unevaluatedProperties" },
};

static const struct {
	const char *words;
	const char *home;	/* in components */
} kinds[KIND__MAX] = {
	[KIND_PATH_ITEM] = { "a path item", "pathItems" },
	[KIND_PARAMETER] = { "a parameter", "parameters" },
	[KIND_HEADER] = { "a header", "headers" },
	[KIND_BODY] = { "a request body", "requestBodies" },
	[KIND_RESPONSE] = { "a response", "responses" },
	[KIND_CALLBACK] = { "a callback", "callbacks" },
	[KIND_EXAMPLE] = { "an example", "examples" },
	[KIND_LINK] = { "a link", "links" },
	[KIND_SECURITY_SCHEME] = { "a security scheme", "securitySchemes" },
	[KIND_SCHEMA] = { "a schema", "schemas" },
};

static void visit(struct checker *checker, uint32_t at, enum kind kind);

static void
visit_many(struct checker *checker, uint32_t of, size_t edge)
{
	bool list = edges[edge].holds == HOLDS_LIST;
	struct walk_over walk = { .of = of };
	struct words name;

	if (xc_checker_type(checker, of) !=
	    (list ? XC_TOKEN_ARRAY : XC_TOKEN_OBJECT))
		return;
	while (xc_checker_next(checker, &walk)) {
		name = xc_checker_words(checker, list ? 0 : walk.key);
		if (edges[edge].holds == HOLDS_OPEN && name.len >= 2 &&
		    memcmp(name.text, "x-", 2) == 0)
			continue;
		if (edges[edge].kind == KIND_MEDIA)
			xc_document_media(checker, walk.key, walk.at);
		visit(checker, walk.at, edges[edge].kind);
	}
}

static void
visit_members(struct checker *checker, uint32_t at, enum kind kind)
{
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		uint32_t child = at;

		if (edges[i].of != kind)
			continue;
		if (edges[i].member != NULL)
			child = xc_checker_member(checker, at,
			    edges[i].member);
		if (child == 0)
			continue;
		if (edges[i].holds == HOLDS_ONE)
			visit(checker, child, edges[i].kind);
		else
			visit_many(checker, child, i);
	}
}

/* The depth of the tape bounds the recursion. */
static void
visit(struct checker *checker, uint32_t at, enum kind kind)
{
	enum xc_token_type type = xc_checker_type(checker, at);
	struct document_ref ref = { at, kind };

	checker->kinds[at] = (uint8_t)kind;
	if (kind == KIND_SCHEMA)
		xc_checker_add(checker, &checker->schemas, &at, sizeof(at));
	if (type != XC_TOKEN_OBJECT)
		return;
	if (kind != KIND_SCHEMA && kinds[kind].home != NULL &&
	    xc_checker_member(checker, at, "$ref") != 0) {
		xc_checker_add(checker, &checker->refs, &ref, sizeof(ref));
		return;
	}
	if (kind == KIND_PARAMETER || kind == KIND_HEADER ||
	    kind == KIND_SCHEMA)
		xc_document_example(checker, at, kind);
	visit_members(checker, at, kind);
}

void
xc_document_walk(struct checker *checker)
{
	visit(checker, 0, KIND_ROOT);
}

/* ---- references --------------------------------------------------------- */

static void
check_ref(struct checker *checker, const struct document_ref *row)
{
	uint32_t ref = xc_checker_member(checker, row->at, "$ref");
	struct words words = xc_checker_words(checker, ref);
	uint32_t at = xc_checker_find(checker, ref);

	if (xc_checker_type(checker, ref) != XC_TOKEN_STRING ||
	    checker->said[ref])
		return;
	if (words.len == 0 || words.text[0] != '#')
		xc_checker_fault(checker, ref, "\"%.*s\" leads out of the "
		    "document, and nothing is fetched; put %s into "
		    "components and write \"#/components/%s/...\"", words.len,
		    words.text, kinds[row->kind].words, kinds[row->kind].home);
	else if (at == 0)
		xc_checker_fault(checker, ref, "there is nothing at \"%.*s\"; "
		    "add %s there or name one of \"#/components/%s/...\"",
		    words.len, words.text, kinds[row->kind].words,
		    kinds[row->kind].home);
	else if (checker->kinds[at] != row->kind)
		xc_checker_fault(checker, ref, "what stands at \"%.*s\" is "
		    "not %s; name one of \"#/components/%s/...\"", words.len,
		    words.text, kinds[row->kind].words, kinds[row->kind].home);
	else if (xc_checker_follow(checker, row->at) == 0 &&
	    xc_checker_find(checker, xc_checker_member(checker, at, "$ref")) !=
	    0)
		xc_checker_fault(checker, ref, "\"%.*s\" leads in a circle; "
		    "let one of the references name %s itself", words.len,
		    words.text, kinds[row->kind].words);
}

void
xc_document_refs(struct checker *checker)
{
	const struct document_ref *rows = ROWS_OF(checker->refs,
	    struct document_ref);

	for (size_t i = 0; i < N_ROWS(checker->refs, struct document_ref);
	    i++)
		check_ref(checker, &rows[i]);
}

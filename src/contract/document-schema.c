/* SPDX-License-Identifier: MIT */
/* The schemas of a document: what they refer to, and whether they can be
 * compiled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-private.h"

#define CIRCLE "leads back to itself"
#define PREFIX DOCUMENT_URI "#"

/* The place at the beginning of "file:///openapi.json#/a/b: a sentence", and
 * the sentence.  A name on the way may hold ": " too. */
static bool
split(const struct checker *checker, const char *text, uint32_t *at_r,
    const char **sentence_r)
{
	const char *pointer = text + strlen(PREFIX);
	const char *end = pointer;

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return false;
	while ((end = strstr(end, ": ")) != NULL) {
		*at_r = 0;
		*sentence_r = end + 2;
		if (xc_tape_find(&checker->tape, pointer,
		    (size_t)(end - pointer), at_r))
			return true;
		end += 2;
	}
	return false;
}

void
xc_checker_schema_fault(struct checker *checker, const char *text)
{
	const char *sentence;
	uint32_t at;

	if (!split(checker, text, &at, &sentence)) {
		xc_notes_add(checker->notes, "openapi.json: %s",
		    strncmp(text, PREFIX, strlen(PREFIX)) == 0 ?
		    text + strlen(PREFIX) : text);
		return;
	}
	/* A circle is found from each of its places: one is enough. */
	if (strncmp(sentence, CIRCLE, strlen(CIRCLE)) == 0) {
		if (checker->circle)
			return;
		checker->circle = true;
	}
	if (!checker->said[at])
		xc_checker_fault(checker, at, "%s", sentence);
}

/* ---- what can be referred to -------------------------------------------- */

static int
compare_tokens(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Lets the set read the $id and anchors of a schema and of those in it. */
static enum xc_err
read_schema(struct checker *checker, uint32_t at, struct xc_errbuf *why)
{
	char *ref = xc_checker_ref(checker, at);
	struct schema_place place;
	uint32_t anchor;
	enum xc_err err;

	if (ref == NULL)
		return checker->err;
	err = xc_schema_set_find(checker->set, NO_NODE, ref, strlen(ref),
	    &place, &anchor, why);
	free(ref);
	return err;
}

static enum xc_err
fill_set(struct checker *checker, struct xc_errbuf *why)
{
	const uint32_t *schemas = ROWS_OF(checker->schemas, uint32_t);
	size_t n = N_ROWS(checker->schemas, uint32_t);
	enum xc_err err;

	checker->set = xc_schema_set_create();
	if (checker->set == NULL)
		return XC_ERR_NOMEM;
	err = xc_schema_set_add(checker->set, DOCUMENT_URI, checker->text,
	    checker->len, why);
	for (size_t i = 0; i < n && err == XC_OK; i++)
		if (checker->set->documents[0].resources[schemas[i]] == 0)
			err = read_schema(checker, schemas[i], why);
	return err;
}

/* ---- references --------------------------------------------------------- */

static void
check_ref(struct checker *checker, uint32_t schema, const char *member)
{
	uint32_t ref = xc_checker_member(checker, schema, member);
	uint32_t resource =
	    checker->set->documents[0].resources[schema];
	struct words words = xc_checker_words(checker, ref);
	struct xc_errbuf why = { "" };
	struct schema_place place;
	const char *text;
	uint32_t anchor;
	size_t len;

	if (ref == 0 || xc_checker_type(checker, ref) != XC_TOKEN_STRING ||
	    resource == 0)
		return;
	text = xc_tape_string(&checker->tape, ref, &len);
	if (xc_schema_set_find(checker->set, resource - 1, text, len, &place,
	    &anchor, &why) != XC_OK) {
		if (len > 0 && text[0] == '#')
			xc_checker_fault(checker, ref, "there is nothing at "
			    "\"%.*s\"; add the schema there or name one of "
			    "\"#/components/schemas/...\"", words.len,
			    words.text);
		else
			xc_checker_fault(checker, ref, "\"%.*s\" leads out of "
			    "the document, and nothing is fetched; put the "
			    "schema into components and write "
			    "\"#/components/schemas/...\", or into a file in "
			    "schemas/ and write its name", words.len,
			    words.text);
	} else if (place.document != 0) {
		xc_checker_fault(checker, ref, "\"%.*s\" leads out of the "
		    "document; put the schema into components and write "
		    "\"#/components/schemas/...\"", words.len, words.text);
	} else if (checker->kinds[place.token] != KIND_SCHEMA) {
		xc_checker_fault(checker, ref, "what stands at \"%.*s\" is no "
		    "schema; name one of \"#/components/schemas/...\"",
		    words.len, words.text);
	}
}

static bool
names_schema(const struct checker *checker, uint32_t value)
{
	uint32_t components = xc_checker_member(checker, 0, "components");
	uint32_t schemas = components == 0 ? 0 : xc_checker_member(checker,
	    components, "schemas");
	size_t len;
	const char *text = xc_tape_string(&checker->tape, value, &len);

	if (schemas != 0 &&
	    xc_tape_member(&checker->tape, schemas, text, len) != 0)
		return true;
	return checker->kinds[xc_checker_find(checker, value)] == KIND_SCHEMA;
}

static void
check_mapping(struct checker *checker, uint32_t schema)
{
	uint32_t discriminator = xc_checker_member(checker, schema,
	    "discriminator");
	struct walk_over walk = { 0 };
	struct words words;

	if (discriminator != 0)
		walk.of = xc_checker_member(checker, discriminator,
		    "mapping");
	if (walk.of == 0)
		return;
	while (xc_checker_next(checker, &walk)) {
		if (xc_checker_type(checker, walk.at) != XC_TOKEN_STRING ||
		    names_schema(checker, walk.at))
			continue;
		words = xc_checker_words(checker, walk.at);
		xc_checker_fault(checker, walk.at, "\"%.*s\" is no schema of "
		    "this document; name one of \"#/components/schemas/...\"",
		    words.len, words.text);
	}
}

/* ---- compiling ---------------------------------------------------------- */

static void
free_refs(char **refs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(refs[i]);
	free(refs);
}

struct xc_schema *
xc_document_compile(struct checker *checker, const uint32_t *schemas,
    size_t n, struct xc_errbuf *why)
{
	char **refs = calloc(n + 1, sizeof(*refs));
	struct xc_schema *schema = NULL;
	enum xc_err err;
	size_t i;

	for (i = 0; refs != NULL && i < n; i++) {
		refs[i] = xc_checker_ref(checker, schemas[i]);
		if (refs[i] == NULL)
			break;
	}
	if (refs == NULL || i < n) {
		checker->err = XC_ERR_NOMEM;
	} else {
		err = xc_schema_compile(checker->set,
		    (const char *const *)refs, n, NULL, &schema, why);
		if (err == XC_ERR_NOMEM)
			checker->err = err;
	}
	if (refs != NULL)
		free_refs(refs, i);
	return schema;
}

/* Each alone, so that not only the first fault is told. */
static void
compile_each(struct checker *checker)
{
	const uint32_t *schemas = ROWS_OF(checker->schemas, uint32_t);
	size_t n = N_ROWS(checker->schemas, uint32_t);

	for (size_t i = 0; i < n && i < ALONE_MAX && checker->err == XC_OK;
	    i++) {
		struct xc_errbuf why = { "" };
		struct xc_schema *schema = xc_document_compile(checker,
		    &schemas[i], 1, &why);

		if (schema == NULL && checker->err == XC_OK)
			xc_checker_schema_fault(checker, why.text);
		xc_schema_free(&schema);
	}
}

/* With faults said of it, a document need not be compiled: but it may have
 * others that only the compiler finds. */
static void
compile_all(struct checker *checker)
{
	const uint32_t *schemas = ROWS_OF(checker->schemas, uint32_t);
	size_t n = N_ROWS(checker->schemas, uint32_t);
	size_t before = checker->notes->n + checker->notes->left_out;
	struct xc_errbuf why = { "" };

	checker->program = xc_document_compile(checker, schemas, n, &why);
	if (checker->program != NULL || checker->err != XC_OK)
		return;
	compile_each(checker);
	/* Not one of the first: then that which all gave. */
	if (checker->err == XC_OK && before == 0 && checker->notes->n == 0)
		xc_checker_schema_fault(checker, why.text);
}

void
xc_document_schemas(struct checker *checker)
{
	uint32_t *schemas = (uint32_t *)(void *)checker->schemas.base;
	size_t n = N_ROWS(checker->schemas, uint32_t);
	struct xc_errbuf why = { "" };
	enum xc_err err;

	if (n == 0)
		return;
	qsort(schemas, n, sizeof(*schemas), compare_tokens);
	err = fill_set(checker, &why);
	if (err != XC_OK) {
		/* The set is only good to be freed. */
		xc_schema_set_free(&checker->set);
		if (err == XC_ERR_NOMEM)
			checker->err = err;
		else
			xc_checker_schema_fault(checker, why.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		check_ref(checker, schemas[i], "$ref");
		check_ref(checker, schemas[i], "$dynamicRef");
		check_mapping(checker, schemas[i]);
	}
	compile_all(checker);
}

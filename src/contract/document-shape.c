/* SPDX-License-Identifier: MIT */
/*
 * The shape of a document, by the schema that is installed.  A schema's own
 * "errorMessage", which editors show too, stands for the validator's words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-private.h"
#include "embedded.h"

#define SHAPE "openapi"
#define URN "urn:xcore:schema:" SHAPE
#define FAULTS 60

/* What to do about a fault that only says what is wrong. */
static const struct {
	const char *keyword;
	const char *remedy;
} remedies[] = {
	{ "required", "; add it" },
	{ "additionalProperties", ": OpenAPI 3.1 has no such member; take it "
	    "out, or begin its name with \"x-\"" },
};

struct shape {
	struct xc_block block;
	struct xc_tape tape;	/* of the schema's text */
	struct xc_schema *schema;
};

static const char *
text_of(const char *name)
{
	const struct xc_embedded *row = xc_embedded;

	while (row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	return row->json;
}

static enum xc_err
compile(struct shape *shape, struct xc_errbuf *why)
{
	static const char *const refs[] = { URN };
	struct xc_schema_set *set = xc_schema_set_create();
	const char *text = text_of(SHAPE);
	struct xc_tape_error error;
	enum xc_err err;
	uint32_t off;

	if (set == NULL || text == NULL)
		return XC_ERR_NOMEM;
	err = xc_tape_scan(text, strlen(text), NULL, &shape->block, &off,
	    &shape->tape, &error);
	if (err == XC_OK)
		err = xc_schema_set_add(set, "file:///" SHAPE ".schema.json",
		    text, strlen(text), why);
	if (err == XC_OK)
		err = xc_schema_compile(set, refs, 1, NULL, &shape->schema,
		    why);
	xc_schema_set_free(&set);
	return err;
}

/* The "errorMessage" of the schema that a fault names; 0 without one. */
static uint32_t
message_of(const struct shape *shape, const struct xc_schema_fault *fault)
{
	const char *pointer = strchr(fault->schema, '#');
	uint32_t at = 0;

	if (pointer == NULL || !xc_tape_find(&shape->tape, pointer + 1,
	    strlen(pointer + 1), &at))
		return 0;
	return xc_tape_member(&shape->tape, at, "errorMessage",
	    strlen("errorMessage"));
}

static void
say(struct checker *checker, const struct shape *shape,
    const struct xc_schema_fault *fault)
{
	uint32_t message = message_of(shape, fault);
	const char *remedy = "", *text;
	size_t len;

	if (message != 0) {
		text = xc_tape_string(&shape->tape, message, &len);
		xc_checker_fault(checker, fault->at, "%.*s", (int)len, text);
		return;
	}
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strcmp(fault->keyword, remedies[i].keyword) == 0)
			remedy = remedies[i].remedy;
	xc_checker_fault(checker, fault->at, "%s%s", fault->sentence, remedy);
}

/* Several parts of the schema may want the same of one place. */
static bool
is_twin(const struct xc_validator *validator, size_t i)
{
	const struct xc_schema_fault *fault = xc_validator_fault(validator, i);

	for (size_t k = 0; k < i; k++) {
		const struct xc_schema_fault *other =
		    xc_validator_fault(validator, k);

		if (other->at == fault->at &&
		    strcmp(other->keyword, fault->keyword) == 0 &&
		    strcmp(other->sentence, fault->sentence) == 0)
			return true;
	}
	return false;
}

static enum xc_err
run(struct checker *checker, const struct shape *shape)
{
	static const struct xc_validator_limits limits = { .faults = FAULTS,
		.steps = 200000000 };
	struct xc_validator *validator = xc_validator_create(&limits);
	enum xc_err err;

	if (validator == NULL)
		return XC_ERR_NOMEM;
	err = xc_schema_run(validator, shape->schema, 0, &checker->tape, 0);
	for (size_t i = 0; err == XC_ERR_INVALID &&
	    i < xc_validator_n_faults(validator); i++)
		if (!is_twin(validator, i))
			say(checker, shape, xc_validator_fault(validator, i));
	if (err == XC_ERR_TOO_LARGE)
		xc_checker_fault(checker, 0, "is too large to be checked: %s",
		    xc_validator_fault(validator, 0)->sentence);
	xc_validator_free(&validator);
	return err == XC_ERR_NOMEM ? err : XC_OK;
}

void
xc_document_shape(struct checker *checker)
{
	struct xc_errbuf why = { "" };
	struct shape shape = { .schema = NULL };

	checker->err = compile(&shape, &why);
	/* Ours is right, and a test sees to that. */
	if (checker->err == XC_ERR_INVALID)
		xc_checker_fault(checker, 0, "cannot be checked: %s",
		    why.text);
	if (checker->err == XC_OK)
		checker->err = run(checker, &shape);
	xc_schema_free(&shape.schema);
	xc_block_free(&shape.block);
}

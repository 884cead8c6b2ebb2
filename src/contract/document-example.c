/* SPDX-License-Identifier: MIT */
/*
 * Defaults and examples must be what their schemas take: a default that is
 * not would be refused when it is filled in, and whoever tries an example
 * would be told that it is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-private.h"

#define FAULTS_OF_ONE 3

static void
add(struct checker *checker, uint32_t schema, uint32_t at, const char *what)
{
	struct document_value value = { schema, at, what };

	if (schema != 0 && at != 0)
		xc_checker_add(checker, &checker->values, &value,
		    sizeof(value));
}

static void
add_list(struct checker *checker, uint32_t schema, uint32_t list)
{
	struct walk_over walk = { .of = list };

	if (list == 0 || xc_checker_type(checker, list) != XC_TOKEN_ARRAY)
		return;
	while (xc_checker_next(checker, &walk))
		add(checker, schema, walk.at, "this example");
}

static bool
is_container(const struct checker *checker, uint32_t at)
{
	enum xc_token_type type = xc_checker_type(checker, at);

	return type == XC_TOKEN_OBJECT || type == XC_TOKEN_ARRAY;
}

/* Of a media type that is not JSON an example may be the text itself, which
 * no schema describes. */
static void
add_examples(struct checker *checker, uint32_t of, bool texts)
{
	uint32_t schema = xc_checker_member(checker, of, "schema");
	uint32_t one = xc_checker_member(checker, of, "example");
	struct walk_over walk = { .of = xc_checker_member(checker, of,
	    "examples") };

	if (schema == 0)
		return;
	if (one != 0 && (texts || is_container(checker, one)))
		add(checker, schema, one, "this example");
	if (walk.of == 0 ||
	    xc_checker_type(checker, walk.of) != XC_TOKEN_OBJECT)
		return;
	while (xc_checker_next(checker, &walk)) {
		uint32_t example = xc_checker_follow(checker, walk.at);

		if (example == 0)
			continue;
		one = xc_checker_member(checker, example, "value");
		if (one != 0 && (texts || is_container(checker, one)))
			add(checker, schema, one, "this example");
	}
}

void
xc_document_example(struct checker *checker, uint32_t at, enum kind kind)
{
	if (kind != KIND_SCHEMA) {
		add_examples(checker, at, true);
		return;
	}
	add(checker, at, xc_checker_member(checker, at, "default"),
	    "the default");
	add(checker, at, xc_checker_member(checker, at, "example"),
	    "this example");
	add_list(checker, at, xc_checker_member(checker, at, "examples"));
}

/* "application/json", "application/problem+json; charset=utf-8" */
static bool
is_json(const struct checker *checker, uint32_t type)
{
	size_t len;
	const char *text = xc_tape_string(&checker->tape, type, &len);
	const char *semicolon = memchr(text, ';', len);

	if (semicolon != NULL)
		len = (size_t)(semicolon - text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return len >= 5 && (strncasecmp(text + len - 5, "/json", 5) == 0 ||
	    strncasecmp(text + len - 5, "+json", 5) == 0);
}

void
xc_document_media(struct checker *checker, uint32_t type, uint32_t at)
{
	if (xc_checker_type(checker, at) == XC_TOKEN_OBJECT)
		add_examples(checker, at, is_json(checker, type));
}

static void
say(struct checker *checker, const struct document_value *value,
    const struct xc_validator *validator)
{
	size_t n = xc_validator_n_faults(validator);

	for (size_t i = 0; i < n && i < FAULTS_OF_ONE; i++) {
		const struct xc_schema_fault *fault =
		    xc_validator_fault(validator, i);

		/* One example may be shared by several. */
		if (!checker->said[fault->at])
			xc_checker_fault(checker, fault->at, "%s is not valid "
			    "by its schema: %s; mend the one or the other",
			    value->what, fault->sentence);
	}
}

/* The number of a schema among all; they are sorted. */
static size_t
number_of(const struct checker *checker, uint32_t schema)
{
	const uint32_t *rows = ROWS_OF(checker->schemas, uint32_t);
	size_t low = 0, high = N_ROWS(checker->schemas, uint32_t);

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle] <= schema)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* False if its schema cannot be compiled, which was said. */
static void
check_value(struct checker *checker, struct xc_validator *validator,
    const struct document_value *value)
{
	struct xc_schema *own = NULL;
	struct xc_errbuf why = { "" };
	enum xc_err err;
	size_t entry = 0;

	if (checker->program == NULL)
		own = xc_document_compile(checker, &value->schema, 1, &why);
	else
		entry = number_of(checker, value->schema);
	if (own == NULL && checker->program == NULL)
		return;
	err = xc_schema_run(validator, own != NULL ? own : checker->program,
	    entry, &checker->tape, value->at);
	if (err == XC_ERR_NOMEM)
		checker->err = err;
	else if (err != XC_OK)
		say(checker, value, validator);
	xc_schema_free(&own);
}

void
xc_document_values(struct checker *checker)
{
	const struct document_value *values = ROWS_OF(checker->values,
	    struct document_value);
	size_t n = N_ROWS(checker->values, struct document_value);
	struct xc_validator *validator;

	if (checker->set == NULL || n == 0)
		return;
	validator = xc_validator_create(NULL);
	if (validator == NULL) {
		checker->err = XC_ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < n && checker->err == XC_OK &&
	    (checker->program != NULL || i < ALONE_MAX); i++)
		check_value(checker, validator, &values[i]);
	xc_validator_free(&validator);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "lib/block.h"

#include "embedded.h"

struct shape {
	struct xc_block block;
	struct xc_tape tape;	/* of the schema's text */
	struct xc_schema *schema;
	struct xc_block value_block;
	struct xc_tape value;
	struct xc_validator *validator;
	struct xc_errbuf *errbuf;
};

static enum xc_err
compile(struct shape *shape, const char *name)
{
	const struct xc_embedded *row = xc_embedded;
	struct xc_schema_set *set;
	struct xc_tape_error error;
	char uri[80];
	const char *ref = uri;
	enum xc_err err;
	uint32_t off;

	while (row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	if (row->name == NULL)
		return xc_fail(shape->errbuf, XC_ERR_STATE,
		    "this program has no schema %s", name);
	snprintf(uri, sizeof(uri), "file:///%s.schema.json", name);
	set = xc_schema_set_create();
	if (set == NULL)
		return XC_ERR_NOMEM;
	err = xc_tape_scan(row->json, strlen(row->json), NULL, &shape->block,
	    &off, &shape->tape, &error);
	if (err == XC_OK)
		err = xc_schema_set_add(set, uri, row->json,
		    strlen(row->json), shape->errbuf);
	if (err == XC_OK)
		err = xc_schema_compile(set, &ref, 1, NULL, &shape->schema,
		    shape->errbuf);
	xc_schema_set_free(&set);
	/* Ours is right, and a test sees to that. */
	return err == XC_ERR_INVALID ? XC_ERR_STATE : err;
}

/* The schema that has the keyword of a fault. */
static uint32_t
node_of(const struct shape *shape, const struct xc_schema_fault *fault)
{
	const char *pointer = strchr(fault->schema, '#');
	const char *end;
	size_t len;
	uint32_t at = 0;

	/* Of the metaschemas there is no tape here. */
	if (pointer == NULL || strncmp(fault->schema, "file:///", 8) != 0)
		return 0;
	pointer++;
	end = pointer + strlen(pointer);
	len = strlen(fault->keyword);
	/* One that is false is named by its own place. */
	if ((size_t)(end - pointer) > len && strcmp(end - len,
	    fault->keyword) == 0 && end[-1 - (ptrdiff_t)len] == '/')
		end -= len + 1;
	return xc_tape_find(&shape->tape, pointer, (size_t)(end - pointer),
	    &at) ? at : 0;
}

/* Tells of a fault in the words of its schema. */
static void
tell(const struct shape *shape, const struct xc_schema_fault *fault,
    void (*each)(void *ctx, const struct xc_embedded_fault *fault), void *ctx)
{
	static const char key[] = "errorMessage";
	struct xc_embedded_fault told = { .pointer = fault->pointer,
		.keyword = fault->keyword, .sentence = fault->sentence,
		.tape = &shape->tape, .node = node_of(shape, fault) };
	uint32_t message = xc_tape_member(&shape->tape, told.node, key,
	    sizeof(key) - 1);
	uint32_t off;
	char text[512];
	const char *bytes;
	size_t len;

	/* A string's token is behind its quote. */
	off = shape->value.tokens[fault->at].off;
	if (xc_tape_type(&shape->value, fault->at) == XC_TOKEN_STRING)
		off--;
	xc_tape_place(shape->value.text, off, &told.line, &told.column);
	if (told.node != 0 && message != 0) {
		bytes = xc_tape_string(&shape->tape, message, &len);
		snprintf(text, sizeof(text), "%.*s", (int)len, bytes);
		told.sentence = text;
	}
	each(ctx, &told);
}

static enum xc_err
scan(struct shape *shape, const char *text, size_t len)
{
	struct xc_tape_error error;
	enum xc_err err;
	uint32_t off;

	err = xc_tape_scan(text, len, NULL, &shape->value_block, &off,
	    &shape->value, &error);
	if (err == XC_OK)
		return XC_OK;
	return xc_fail(shape->errbuf, err, "not JSON: %s in line %zu, column "
	    "%zu", error.what, error.line, error.column);
}

enum xc_err
xc_embedded_check(const char *name, const char *text, size_t len,
    void (*each)(void *ctx, const struct xc_embedded_fault *fault), void *ctx,
    struct xc_errbuf *errbuf)
{
	struct shape shape = { .errbuf = errbuf };
	enum xc_err err = scan(&shape, text, len);
	size_t i;

	if (err == XC_OK)
		err = compile(&shape, name);
	if (err == XC_OK)
		shape.validator = xc_validator_create(NULL);
	if (err == XC_OK && shape.validator == NULL)
		err = XC_ERR_NOMEM;
	if (err == XC_OK) {
		err = xc_schema_run(shape.validator, shape.schema, 0,
		    &shape.value, 0);
		for (i = 0; i < xc_validator_n_faults(shape.validator) &&
		    err == XC_ERR_INVALID; i++)
			tell(&shape, xc_validator_fault(shape.validator, i),
			    each, ctx);
		if (err == XC_ERR_TOO_LARGE)
			xc_fail(errbuf, err, "%s", xc_validator_fault(
			    shape.validator, 0)->sentence);
	}
	if (err == XC_ERR_NOMEM)
		xc_fail(errbuf, err, "out of memory");
	xc_validator_free(&shape.validator);
	xc_schema_free(&shape.schema);
	xc_block_free(&shape.block);
	xc_block_free(&shape.value_block);
	return err;
}

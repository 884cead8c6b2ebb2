/* SPDX-License-Identifier: MIT */
/*
 * The first line as a schema, the rest as input: nothing crashes or hangs,
 * what is refused has words, and what the quiet pass refuses has faults.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/block.h"

#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xc_schema *
compile(const char *text, size_t len)
{
	static const char uri[] = "test:schema";
	const char *refs[] = { uri };
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_errbuf errbuf = { "" };
	struct xc_schema *schema = NULL;

	assert(set != NULL);
	if (xc_schema_set_add(set, uri, text, len, &errbuf) != XC_OK ||
	    xc_schema_compile(set, refs, 1, NULL, &schema, &errbuf) != XC_OK)
		assert(schema == NULL && errbuf.text[0] != '\0');
	xc_schema_set_free(&set);
	return schema;
}

static void
run(const struct xc_schema *schema, const char *text, size_t len)
{
	static const struct xc_validator_limits limits = { .steps = 20000,
		.faults = 5, .memory = 1 << 20 };
	static struct xc_validator *validator;
	const struct xc_schema_fault *fault;
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	uint32_t off;

	if (validator == NULL)
		validator = xc_validator_create(&limits);
	if (xc_tape_scan(text, len, NULL, &block, &off, &tape, &error) ==
	    XC_OK && xc_schema_run(validator, schema, 0, &tape, 0) != XC_OK) {
		fault = xc_validator_fault(validator, 0);
		assert(fault != NULL && fault->sentence[0] != '\0');
		assert(fault->at < tape.n);
	}
	xc_block_free(&block);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *line = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = line != NULL ? (size_t)(line - text) : size;
	struct xc_schema *schema = compile(text, len);

	if (schema != NULL && line != NULL)
		run(schema, line + 1, size - len - 1);
	xc_schema_free(&schema);
	return 0;
}

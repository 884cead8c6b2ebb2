/* SPDX-License-Identifier: MIT */
/*
 * A request that is taken by a fixed document, and what must hold then.  For
 * one file each.
 */
#ifndef XC_FUZZ_TAKE_H
#define XC_FUZZ_TAKE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/json.h>

#include "contract/fault.h"
#include "contract/form.h"
#include "contract/parameters.h"
#include "lib/host.h"
#include "lib/text.h"

static struct {
	struct xc_host host;
	struct xc_request req;
	struct xc_plan plan;
	struct xc_errbuf errbuf;
	struct xc_schema *schema;
	struct xc_validator *validator;
	struct xc_tape_make make;
	struct xc_contract_faults faults;
	struct xc_block scratch;
	struct xc_take take;
} fixture;

/* The plan of a document; it must be good, the fixture lives on. */
static void
fixture_plan(const char *document)
{
	struct json_object *root;

	assert(xc_json_parse(document, strlen(document), &root, NULL, 0) ==
	    XC_OK);
	xc_plan_begin(&fixture.plan, root, &fixture.errbuf);
}

/* The schemas that the plan asks for, and all else. */
static void
fixture_open(const char *document)
{
	static const struct xc_validator_limits limits = { .steps = 200000 };
	struct xc_schema_set *set = xc_schema_set_create();

	assert(set != NULL);
	assert(xc_schema_set_add(set, XC_PLAN_URI, document, strlen(document),
	    &fixture.errbuf) == XC_OK);
	if (fixture.plan.n_refs > 0)
		assert(xc_schema_compile(set,
		    (const char *const *)fixture.plan.refs,
		    fixture.plan.n_refs, NULL, &fixture.schema,
		    &fixture.errbuf) == XC_OK);
	xc_schema_set_free(&set);
	fixture.validator = xc_validator_create(&limits);
	assert(fixture.validator != NULL);
	assert(xc_request_init(&fixture.req, &fixture.host, NULL) == XC_OK);
	fixture.take = (struct xc_take){ .req = &fixture.req,
		.schema = fixture.schema, .validator = fixture.validator,
		.make = &fixture.make, .faults = &fixture.faults,
		.scratch = &fixture.scratch };
}

static void
check_token(const struct xc_tape *tape, uint32_t at)
{
	const struct xc_token *token = &tape->tokens[at];
	enum xc_token_type type = xc_tape_type(tape, at);
	uint32_t n = xc_tape_count(tape, at);
	uint32_t child = at + 1;
	const char *text;
	size_t len;

	assert(at < tape->n && token->next <= tape->n && token->next > at);
	if (type == XC_TOKEN_STRING) {
		text = xc_tape_string(tape, at, &len);
		assert(xc_utf8_span(text, len) == len);
		assert(memchr(text, '\0', len) == NULL);
	} else if (type == XC_TOKEN_NUMBER) {
		assert(xc_tape_is_number(tape->text + token->off,
		    token->len));
	} else if (type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT) {
		for (; n > 0; n--) {
			if (type == XC_TOKEN_OBJECT) {
				text = xc_tape_string(tape, child, &len);
				assert(xc_utf8_span(text, len) == len);
				/* None stands twice. */
				assert(xc_tape_member(tape, at, text, len) ==
				    xc_tape_value(tape, child));
				child = xc_tape_value(tape, child);
			}
			check_token(tape, child);
			child = xc_tape_next(tape, child);
		}
		assert(child == token->next);
	}
}

static void
check_faults(void)
{
	const struct xc_block *text = &fixture.faults.text;
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	uint32_t off;

	assert(fixture.faults.n > 0);
	xc_contract_faults_end(&fixture.faults);
	assert(xc_tape_scan((const char *)text->base, text->used, NULL,
	    &block, &off, &tape, &error) == XC_OK);
	assert(xc_tape_count(&tape, 0) == fixture.faults.n);
	xc_block_free(&block);
}

/* What a result must be. */
static void
check(enum xc_err err, struct xc_tape_ref ref)
{
	const struct xc_request_head *head = (void *)fixture.req.in.base;
	struct xc_tape tape;

	assert(head->size <= fixture.req.in.used);
	if (err == XC_OK) {
		assert(fixture.faults.n == 0);
		assert(xc_tape_look(&fixture.req.in, ref, &tape));
		assert(xc_tape_type(&tape, 0) == XC_TOKEN_OBJECT);
		check_token(&tape, 0);
		return;
	}
	assert(ref.off == 0);
	if (err == XC_ERR_INVALID)
		check_faults();
	else
		assert(err == XC_ERR_TOO_LARGE);
}

#endif

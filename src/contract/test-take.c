/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/json.h>

#include "test-take.h"

void
test_take_begin(struct test_take *test, const char *document)
{
	char where[128];

	memset(test, 0, sizeof(*test));
	if (xc_json_parse(document, strlen(document), &test->root, where,
	    sizeof(where)) != XC_OK)
		fail_msg("%s: %s", document, where);
	xc_plan_begin(&test->plan, test->root, &test->errbuf);
	test->validator = xc_validator_create(NULL);
	assert_non_null(test->validator);
	test_begin(&test->req);
	test->take = (struct xc_take){ .req = &test->req,
		.validator = test->validator, .make = &test->make,
		.faults = &test->faults, .scratch = &test->scratch };
}

void
test_take_end(struct test_take *test)
{
	xc_parameters_free(&test->parameters);
	assert_null(test->parameters);
	xc_form_free(&test->form);
	assert_null(test->form);
	xc_schema_free(&test->schema);
	xc_validator_free(&test->validator);
	xc_tape_make_free(&test->make);
	xc_contract_faults_free(&test->faults);
	xc_block_free(&test->scratch);
	xc_plan_end(&test->plan);
	json_object_put(test->root);
	test_end(&test->req);
}

void
test_take_schemas(struct test_take *test, const char *document)
{
	struct xc_schema_set *set = xc_schema_set_create();
	enum xc_err err;

	assert_non_null(set);
	err = xc_schema_set_add(set, XC_PLAN_URI, document, strlen(document),
	    &test->errbuf);
	if (err == XC_OK && test->plan.n_refs > 0)
		err = xc_schema_compile(set,
		    (const char *const *)test->plan.refs, test->plan.n_refs,
		    NULL, &test->schema, &test->errbuf);
	if (err != XC_OK)
		fail_msg("%s", test->errbuf.text);
	xc_schema_set_free(&set);
	test->take.schema = test->schema;
}

int
test_take_request(struct test_take *test, const char *uri,
    char *const *headers, const char *const *params)
{
	char method[] = "REQUEST_METHOD=GET";
	char *target = malloc(strlen(uri) + 16);
	char *envp[20] = { method, target };
	const char *pairs[16][2];
	struct xc_errbuf errbuf;
	size_t n = 0;
	int status;

	assert_non_null(target);
	sprintf(target, "REQUEST_URI=%s", uri);
	for (n = 0; headers != NULL && headers[n] != NULL; n++)
		envp[n + 2] = headers[n];
	status = xc_request_parse(&test->req, envp, NULL, 0, &errbuf);
	free(target);
	if (status != 0)
		return status;
	for (n = 0; params != NULL && params[2 * n] != NULL; n++) {
		pairs[n][0] = params[2 * n];
		pairs[n][1] = params[2 * n + 1];
	}
	assert_int_equal(xc_request_bind(&test->req, &test_plugin, 0, "get",
	    (const char *const (*)[2])pairs, n), XC_OK);
	xc_contract_faults_begin(&test->faults);
	return 0;
}

static void
put(char **to, const char *end, const char *text, size_t len)
{
	assert_true((size_t)(end - *to) > len);
	memcpy(*to, text, len);
	*to += len;
	**to = '\0';
}

static void
print(const struct xc_tape *tape, uint32_t at, char **to, const char *end)
{
	static const char *const words[] = { "", "null", "false", "true" };
	enum xc_token_type type = xc_tape_type(tape, at);
	uint32_t n = 0;
	const char *text;
	size_t len;

	if (type <= XC_TOKEN_TRUE) {
		put(to, end, words[type], strlen(words[type]));
	} else if (type == XC_TOKEN_NUMBER) {
		put(to, end, tape->text + tape->tokens[at].off,
		    tape->tokens[at].len);
	} else if (type == XC_TOKEN_STRING || type == XC_TOKEN_KEY) {
		text = xc_tape_string(tape, at, &len);
		put(to, end, "'", 1);
		put(to, end, text, len);
		put(to, end, "'", 1);
	} else {
		put(to, end, type == XC_TOKEN_ARRAY ? "[" : "{", 1);
		uint32_t child = xc_tape_first(at);

		for (; n < xc_tape_count(tape, at); n++) {
			if (n > 0)
				put(to, end, ",", 1);
			if (type == XC_TOKEN_OBJECT) {
				print(tape, child, to, end);
				put(to, end, ":", 1);
				child = xc_tape_value(tape, child);
			}
			print(tape, child, to, end);
			child = xc_tape_next(tape, child);
		}
		put(to, end, type == XC_TOKEN_ARRAY ? "]" : "}", 1);
	}
}

const char *
test_take_text(const struct test_take *test, struct xc_tape_ref ref)
{
	static char buf[1 << 18];
	struct xc_tape tape;
	char *to = buf;

	if (!xc_tape_look(&test->req.in, ref, &tape))
		return "none";
	print(&tape, 0, &to, buf + sizeof(buf));
	return buf;
}

const char *
test_take_faults(struct test_take *test)
{
	xc_contract_faults_end(&test->faults);
	if (test->faults.text.used == 0)
		return "";
	assert_int_equal(xc_block_put(&test->faults.text, "", 1), XC_OK);
	return (const char *)test->faults.text.base;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/block.h"
#include "lib/test-host.h"

#include "schema.h"

static enum xc_err
compile(const char *text, struct xc_schema **schema_r,
    struct xc_errbuf *errbuf)
{
	static const char *const refs[] = { "test:s" };
	struct xc_schema_set *set = xc_schema_set_create();
	enum xc_err err;

	assert_non_null(set);
	*schema_r = NULL;
	err = xc_schema_set_add(set, "test:s", text, strlen(text), errbuf);
	if (err == XC_OK)
		err = xc_schema_compile(set, refs, 1, NULL, schema_r, errbuf);
	xc_schema_set_free(&set);
	return err;
}

static struct xc_schema *
must_compile(const char *text)
{
	struct xc_errbuf errbuf = { "" };
	struct xc_schema *schema;
	enum xc_err err = compile(text, &schema, &errbuf);

	assert_string_equal(errbuf.text, "");
	assert_int_equal(err, XC_OK);
	return schema;
}

/* Runs on a text of len bytes; limits may be NULL. */
static enum xc_err
run_on(struct xc_validator *validator, const struct xc_schema *schema,
    const char *text, size_t len)
{
	static const struct xc_tape_limits limits = { .depth = 10000,
		.values = 1000000, .nul = true };
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	enum xc_err err;
	uint32_t off;

	assert_int_equal(xc_tape_scan(text, len, &limits, &block, &off, &tape,
	    &error), XC_OK);
	err = xc_schema_run(validator, schema, 0, &tape, 0);
	xc_block_free(&block);
	return err;
}

/* Schemas that are wrong: where, and a word of why. */
static void
test_wrong(void **state)
{
	static const struct {
		const char *schema;
		const char *where;
		const char *words;
	} cases[] = {
		{ "7", "test:s#", "a schema is an object, true or false" },
		{ "{\"type\":\"strnig\"}", "test:s#/type", "no type" },
		{ "{\"type\":[\"string\",7]}", "test:s#/type/1", "name" },
		{ "{\"type\":[]}", "test:s#/type", "must name" },
		{ "{\"properties\":[]}", "test:s#/properties", "object" },
		{ "{\"properties\":{\"a\":{\"items\":3}}}",
		    "test:s#/properties/a/items", "a schema is" },
		{ "{\"items\":[{}]}", "test:s#/items", "prefixItems" },
		{ "{\"pattern\":\"(\"}", "test:s#/pattern", "ECMA-262" },
		{ "{\"pattern\":7}", "test:s#/pattern", "in quotes" },
		{ "{\"patternProperties\":{\"[\":true}}",
		    "test:s#/patternProperties/[", "ECMA-262" },
		{ "{\"minLength\":-1}", "test:s#/minLength", "whole number" },
		{ "{\"minLength\":1.5}", "test:s#/minLength", "whole number" },
		{ "{\"minContains\":\"1\"}", "test:s#/minContains", "whole" },
		{ "{\"multipleOf\":0}", "test:s#/multipleOf", "above 0" },
		{ "{\"maximum\":\"1\"}", "test:s#/maximum", "a number" },
		{ "{\"uniqueItems\":1}", "test:s#/uniqueItems", "true or" },
		{ "{\"required\":\"a\"}", "test:s#/required", "array" },
		{ "{\"required\":[1]}", "test:s#/required/0", "quotes" },
		{ "{\"enum\":1}", "test:s#/enum", "array" },
		{ "{\"allOf\":[]}", "test:s#/allOf", "at least one" },
		{ "{\"anyOf\":{}}", "test:s#/anyOf", "at least one" },
		{ "{\"format\":1}", "test:s#/format", "name" },
		{ "{\"$id\":1}", "test:s#/$id", "string" },
		{ "{\"$id\":\"a#b\"}", "test:s#", "no fragment" },
		{ "{\"$anchor\":\"7\"}", "test:s#", "letter" },
		{ "{\"$defs\":{\"a\":{\"$anchor\":\"x\"},"
		    "\"b\":{\"$anchor\":\"x\"}}}", "test:s#/$defs/b",
		    "another schema has the anchor" },
		{ "{\"$defs\":{\"a\":{\"$id\":\"test:x\"},"
		    "\"b\":{\"$id\":\"test:x\"}}}", "test:s#/$defs/b",
		    "another schema has the $id" },
		{ "{\"$ref\":7}", "test:s#/$ref", "reference" },
		{ "{\"$ref\":\"#/a\"}", "test:s#/$ref", "nothing at /a" },
		{ "{\"$ref\":\"#a\"}", "test:s#/$ref", "no anchor \"a\"" },
		{ "{\"$ref\":\"http://example.org/s\"}", "test:s#/$ref",
		    "nothing is fetched" },
		{ "{\"$ref\":\"#/type\",\"type\":\"null\"}", "test:s#/type",
		    "a schema is" },
		{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
		    "test:s#", "$schema" },
		{ "{\"$ref\":\"#\"}", "test:s#", "leads back to itself" },
		{ "{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
		    "\"b\":{\"not\":{\"anyOf\":[true,{\"$ref\":\"#/$defs/a\"}]"
		    "}}},\"$ref\":\"#/$defs/a\"}", "test:s#/$defs/a",
		    "leads back to itself" },
		{ "{\"if\":true,\"else\":{\"$ref\":\"#\"}}", "test:s#",
		    "leads back to itself" },
		{ "{\"dependentSchemas\":{\"a\":{\"$ref\":\"#\"}}}",
		    "test:s#", "leads back to itself" },
	};
	struct xc_errbuf errbuf;
	struct xc_schema *schema;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errbuf.text[0] = '\0';
		assert_int_equal(compile(cases[i].schema, &schema, &errbuf),
		    XC_ERR_INVALID);
		assert_null(schema);
		len = strlen(cases[i].where);
		if (strncmp(errbuf.text, cases[i].where, len) != 0 ||
		    errbuf.text[len] != ':' ||
		    strstr(errbuf.text, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].schema, errbuf.text);
	}
	assert_int_equal(compile("{\"a\":1,\n\"a\":2}", &schema, &errbuf),
	    XC_ERR_INVALID);
	assert_string_equal(errbuf.text,
	    "test:s:2:1: a key that stands twice");
}

static void
test_faults(void **state)
{
	static const struct {
		const char *pointer;
		const char *keyword;
		const char *schema;
		const char *sentence;
	} wanted[] = {
		{ "", "required", "test:s#", "lacks the member \"id\"" },
		{ "/title", "maxLength", "test:s#/properties/title",
		    "is 6 characters long, 5 are the most" },
		{ "/tags/1", "type", "test:s#/properties/tags/items",
		    "is a number, not a string" },
		{ "/tags", "uniqueItems", "test:s#/properties/tags",
		    "has the same at 0 and 2" },
		{ "/n", "maximum", "test:s#/properties/n",
		    "is 151, 150 is the most" },
		{ "/a~1b", "additionalProperties",
		    "test:s#/additionalProperties", "is not allowed here" },
	};
	static const char text[] = "{\"title\":\"s\xc3\xa4ttig\",\"tags\":"
	    "[\"a\",1,\"a\"],\"n\":151,\"a/b\":0}";
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile("{\"required\":[\"id\"],"
	    "\"properties\":{\"id\":true,\"title\":{\"maxLength\":5},"
	    "\"tags\":{\"items\":{\"type\":\"string\"},\"uniqueItems\":true},"
	    "\"n\":{\"maximum\":150}},\"additionalProperties\":false}");
	const struct xc_schema_fault *fault;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	assert_int_equal(run_on(validator, schema, text, sizeof(text) - 1),
	    XC_ERR_INVALID);
	n = sizeof(wanted) / sizeof(wanted[0]);
	assert_int_equal(xc_validator_n_faults(validator), n);
	assert_false(xc_validator_has_more(validator));
	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++) {
			fault = xc_validator_fault(validator, k);
			if (strcmp(fault->pointer, wanted[i].pointer) == 0)
				break;
		}
		assert_true(k < n);
		assert_string_equal(fault->keyword, wanted[i].keyword);
		assert_string_equal(fault->schema, wanted[i].schema);
		assert_string_equal(fault->sentence, wanted[i].sentence);
	}
	assert_null(xc_validator_fault(validator, n));
	assert_int_equal(run_on(validator, schema, "{\"id\":1}", 8), XC_OK);
	assert_int_equal(xc_validator_n_faults(validator), 0);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

/* A choice by type tells what is wrong with the one that was meant. */
static void
test_choice(void **state)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile("{\"anyOf\":["
	    "{\"type\":\"null\"},{\"type\":\"string\",\"maxLength\":1}]}");
	const struct xc_schema_fault *fault;

	(void)state;
	assert_int_equal(run_on(validator, schema, "\"ab\"", 4),
	    XC_ERR_INVALID);
	assert_int_equal(xc_validator_n_faults(validator), 2);
	fault = xc_validator_fault(validator, 0);
	assert_string_equal(fault->keyword, "anyOf");
	fault = xc_validator_fault(validator, 1);
	assert_string_equal(fault->keyword, "maxLength");
	assert_string_equal(fault->schema, "test:s#/anyOf/1");
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

static void
test_more(void **state)
{
	const struct xc_validator_limits limits = { .faults = 2 };
	struct xc_validator *validator = xc_validator_create(&limits);
	struct xc_schema *schema = must_compile("{\"items\":false}");

	(void)state;
	assert_int_equal(run_on(validator, schema, "[1,2,3]", 7),
	    XC_ERR_INVALID);
	assert_int_equal(xc_validator_n_faults(validator), 2);
	assert_true(xc_validator_has_more(validator));
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

static void
assert_given_up(const char *schema_text, const char *text, size_t len,
    const char *words)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile(schema_text);

	assert_int_equal(run_on(validator, schema, text, len),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_validator_n_faults(validator), 1);
	if (strstr(xc_validator_fault(validator, 0)->sentence, words) == NULL)
		fail_msg("%s", xc_validator_fault(validator, 0)->sentence);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

static void
assert_valid(const char *schema_text, const char *text, size_t len)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile(schema_text);

	assert_int_equal(run_on(validator, schema, text, len), XC_OK);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

/* What PCRE2 has compiled for the machine reads 16 aligned bytes at a time,
 * and so some behind the text, of which it makes nothing: with room for them
 * valgrind has nothing to say. */
#define SPARE 32

/* n times a character between two texts. */
static char *
long_text(const char *before, const char *unit, size_t n, const char *behind,
    size_t *len_r)
{
	char *text = calloc(1, strlen(before) + n * strlen(unit) +
	    strlen(behind) + 1 + SPARE);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, before);
	for (; n > 0; n--)
		at = stpcpy(at, unit);
	at = stpcpy(at, behind);
	*len_r = (size_t)(at - text);
	return text;
}

/* 1 in n arrays. */
static char *
nested(size_t n, size_t *len_r)
{
	char *text = malloc(2 * n + 1);

	assert_non_null(text);
	memset(text, '[', n);
	text[n] = '1';
	memset(text + n + 1, ']', n);
	*len_r = 2 * n + 1;
	return text;
}

static void
test_slow(void **state)
{
	char *text;
	size_t len;

	(void)state;
	text = long_text("\"", "a", 40, "!\"", &len);
	assert_given_up("{\"pattern\":\"^(a+)+$\"}", text, len,
	    "a pattern takes too many steps");
	assert_given_up("{\"pattern\":\"^(a|aa)+$\"}", text, len,
	    "a pattern takes too many steps");
	free(text);
	/* Few steps from each byte on, but many bytes and long steps. */
	text = long_text("\"", "a", 100000, "!\"", &len);
	assert_given_up("{\"pattern\":\"[a-z]+[a-z]+[0-9]\"}", text, len,
	    "a pattern takes too many steps");
	assert_given_up("{\"pattern\":\"^[a-z]+[a-z]+[0-9]\"}", text, len,
	    "a pattern takes too many steps");
	assert_valid("{\"pattern\":\"[a-z]![^a]*$\"}", text, len);
	assert_valid("{\"pattern\":\"^[a-z]+!$\"}", text, len);
	free(text);
	/* Where a stride would end within a character. */
	text = long_text("\"", "\xc3\xa9\xe2\x82\xac", 20000, "!\"", &len);
	assert_valid("{\"pattern\":\"\xe2\x82\xac!$\"}", text, len);
	assert_valid("{\"pattern\":\"[^\xe2\x82\xac]$\"}", text, len);
	free(text);
	/* Each level goes down three times. */
	text = nested(30, &len);
	assert_given_up("{\"anyOf\":["
	    "{\"allOf\":[{\"items\":{\"$ref\":\"#\"}}],\"not\":{}},"
	    "{\"allOf\":[{\"items\":{\"$ref\":\"#\"}}],\"not\":true},"
	    "{\"items\":{\"$ref\":\"#\"}}]}", text, len,
	    "steps of work");
	free(text);
	text = long_text("[", "\"(a{1,9}){1,9}\",", 20000, "1]", &len);
	assert_given_up("{\"items\":{\"format\":\"regex\"}}", text, len,
	    "steps of work");
	free(text);
	text = nested(2000, &len);
	assert_given_up("{\"items\":{\"$ref\":\"#\"}}", text, len,
	    "schemas in each other");
	free(text);
}

/* 100,000 different items are looked at once each. */
static void
test_many_unique(void **state)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile("{\"uniqueItems\":true}");
	size_t size = 1000000;
	char *text = malloc(size);
	size_t len = 1;
	int i;

	(void)state;
	assert_non_null(text);
	text[0] = '[';
	for (i = 0; i < 100000; i++)
		len += (size_t)snprintf(text + len, size - len, "%d,", i);
	text[len - 1] = ']';
	assert_int_equal(run_on(validator, schema, text, len), XC_OK);
	len += (size_t)snprintf(text + len - 1, size - len, ",5.0e1]") - 1;
	assert_int_equal(run_on(validator, schema, text, len),
	    XC_ERR_INVALID);
	assert_string_equal(xc_validator_fault(validator, 0)->sentence,
	    "has the same at 50 and 100000");
	free(text);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

/* A chain of references as long as one likes is compiled without depth. */
static void
test_long_chain(void **state)
{
	const struct xc_validator_limits limits = { .depth = 4096 };
	struct xc_validator *validator = xc_validator_create(&limits);
	struct xc_schema *schema;
	size_t size = 200000;
	char *text = malloc(size);
	size_t len;
	int i;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, size, "{\"$ref\":\"#/$defs/0\","
	    "\"$defs\":{");
	for (i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, size - len,
		    "\"%d\":{\"$ref\":\"#/$defs/%d\"},", i, i + 1);
	snprintf(text + len, size - len, "\"3000\":{\"type\":\"null\"}}}");
	schema = must_compile(text);
	assert_int_equal(run_on(validator, schema, "null", 4), XC_OK);
	assert_int_equal(run_on(validator, schema, "1", 1), XC_ERR_INVALID);
	free(text);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

/* Entries of one document that is no schema itself, as OpenAPI's are. */
static void
test_entries(void **state)
{
	static const char api[] = "{\"paths\":{\"/a\":{\"schema\":{\"$ref\":"
	    "\"#/components/schemas/T\"}}},\"components\":{\"schemas\":"
	    "{\"T\":{\"type\":\"object\",\"properties\":{\"u\":{\"$ref\":"
	    "\"more.json#/U\"}}}}}}";
	static const char more[] = "{\"U\":{\"type\":\"integer\"}}";
	static const char *const refs[] = {
		"file:///api.json#/paths/~1a/schema",
		"file:///more.json#/U",
	};
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_errbuf errbuf = { "" };
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_schema *schema;
	struct xc_tape tape;
	uint32_t off;
	uint32_t at = 0;
	int again;

	(void)state;
	assert_int_equal(xc_schema_set_add(set, "file:///api.json", api,
	    sizeof(api) - 1, &errbuf), XC_OK);
	assert_int_equal(xc_schema_set_add(set, "file:///api.json", api,
	    sizeof(api) - 1, &errbuf), XC_ERR_EXISTS);
	assert_int_equal(xc_schema_set_add(set, "api.json", api,
	    sizeof(api) - 1, &errbuf), XC_ERR_INVALID);
	assert_int_equal(xc_schema_compile(set, refs, 2, NULL, &schema,
	    &errbuf), XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "file:///more.json"));
	assert_int_equal(xc_schema_set_add(set, "file:///more.json", more,
	    sizeof(more) - 1, &errbuf), XC_OK);
	assert_int_equal(xc_tape_scan("{\"u\":1.5}", 9, NULL, &block, &off,
	    &tape, &error), XC_OK);
	assert_true(xc_tape_find(&tape, "/u", 2, &at));
	for (again = 0; again < 2; again++) {
		assert_int_equal(xc_schema_compile(set, refs, 2, NULL,
		    &schema, &errbuf), XC_OK);
		assert_true(xc_schema_size(schema) < 2000);
		assert_int_equal(xc_schema_run(validator, schema, 0, &tape,
		    0), XC_ERR_INVALID);
		assert_string_equal(xc_validator_fault(validator, 0)->schema,
		    "file:///more.json#/U");
		assert_int_equal(xc_schema_run(validator, schema, 1, &tape,
		    at), XC_ERR_INVALID);
		assert_string_equal(xc_validator_fault(validator, 0)->pointer,
		    "/u");
		assert_int_equal(xc_schema_run(validator, schema, 1, &tape,
		    0), XC_ERR_INVALID);
		assert_int_equal(xc_schema_run(validator, schema, 2, &tape,
		    0), XC_ERR_NOT_FOUND);
		xc_schema_free(&schema);
	}
	xc_block_free(&block);
	xc_schema_set_free(&set);
	xc_validator_free(&validator);
}

/* Names of a fault that are no text, or long, are made so. */
static void
test_odd_texts(void **state)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *schema = must_compile(
	    "{\"additionalProperties\":{\"const\":\"\\u0000\xc3\xa4\"}}");
	char *text;
	size_t len;

	(void)state;
	text = long_text("{\"", "\xc3\xa4", 100000, "\":\"\\u0000x\"}",
	    &len);
	assert_int_equal(run_on(validator, schema, text, len),
	    XC_ERR_INVALID);
	assert_true(strlen(xc_validator_fault(validator, 0)->pointer) < 1024);
	free(text);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_many_unique),
		cmocka_unit_test(test_long_chain),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_odd_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

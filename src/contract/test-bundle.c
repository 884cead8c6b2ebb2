/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/test-host.h"

#include "bundle.h"
#include "compose.h"
#include "contract.h"
#include "diff.h"
#include "schema.h"

#define HEAD "{'openapi':'3.1.0','info':{'title':'t','version':'1'},"
#define REPLY "'responses':{'204':{'description':'d'}}"
/* A body of that schema, and components. */
#define API(schema, components) HEAD "'paths':{'/':{'post':{" \
    "'operationId':'a','requestBody':{'required':true,'content':{" \
    "'application/json':{'schema':" schema "}}}," REPLY "}}}," \
    "'components':{'schemas':{" components "}}}"
#define REF(to) "{'$ref':'" to "'}"
#define FILES_MAX 8

static struct xc_errbuf why;

/* Texts with ' for ", in the order name, text; NULL ends them. */
static struct xc_bundle *
make(const char *const *words)
{
	struct xc_bundle_file files[FILES_MAX] = { { .name = NULL } };
	struct xc_bundle *bundle;
	char *texts[FILES_MAX];
	size_t n = 0;

	why.text[0] = '\0';
	for (; words[2 * n] != NULL; n++) {
		texts[n] = strdup(words[2 * n + 1]);
		assert_non_null(texts[n]);
		for (char *c = texts[n]; *c != '\0'; c++)
			*c = *c == '\'' ? '"' : *c;
		files[n] = (struct xc_bundle_file){ .name = words[2 * n],
			.text = texts[n], .len = strlen(texts[n]) };
	}
	if (xc_bundle_make(files, n, &bundle, &why) != XC_OK)
		assert_null(bundle);
	else if (n == 1)
		assert_ptr_equal(bundle->text, texts[0]);
	while (n > 0)
		free(texts[--n]);
	return bundle;
}

#define MAKE(...) make((const char *const []){ __VA_ARGS__, NULL })

static void
expect_text(const struct xc_bundle *bundle, const char *words)
{
	char *wanted = strdup(words);

	assert_non_null(wanted);
	for (char *c = wanted; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	if (strstr(bundle->text, wanted) == NULL)
		fail_msg("no %s in %s", wanted, bundle->text);
	free(wanted);
}

/* The check passes it, it can be compiled, it breaks nothing of itself and
 * the site's document has it. */
static void
expect_good(const struct xc_bundle *bundle)
{
	const struct xc_compose_site site = { .title = "a", .version = "1" };
	struct xc_compose_plugin plugin = { .name = "shop",
		.version = "1.0.0", .prefix = "/shop",
		.openapi = bundle->root };
	struct xc_compose *made = xc_compose_begin(&site);
	struct xc_notes notes = { 0 };
	struct xc_contract *contract;
	char *text;
	size_t len;

	if (xc_document_check(bundle->text, bundle->len, &notes) != XC_OK)
		fail_msg("%s\n%s", notes.n > 0 ? notes.lines[0] : "no memory",
		    bundle->text);
	if (xc_contract_compile(bundle->text, bundle->len, &contract, &why) !=
	    XC_OK)
		fail_msg("%s", why.text);
	xc_contract_free(&contract);
	assert_int_equal(xc_contract_diff(bundle->root, bundle->root,
	    &notes), XC_OK);
	assert_int_equal(notes.n, 0);
	assert_non_null(made);
	if (xc_compose_add(made, &plugin, &why) != XC_OK)
		fail_msg("%s", why.text);
	assert_int_equal(xc_compose_text(made, XC_OPENAPI_3_1, &text, &len),
	    XC_OK);
	assert_null(strstr(text, "$id"));
	assert_null(strstr(text, "file:"));
	free(text);
	xc_compose_free(&made);
}

/* Whether a value is valid for the body's schema. */
static bool
is_valid(const struct xc_bundle *bundle, const char *value)
{
	static const char *const refs[] = { "file:///openapi.json#/paths/~1"
	    "/post/requestBody/content/application~1json/schema" };
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_block block = { .used = 0 };
	struct xc_tape_error error;
	struct xc_schema *schema;
	struct xc_tape tape;
	uint32_t off;
	enum xc_err err;

	assert_non_null(set);
	assert_non_null(validator);
	assert_int_equal(xc_schema_set_add(set, "file:///openapi.json",
	    bundle->text, bundle->len, &why), XC_OK);
	if (xc_schema_compile(set, refs, 1, NULL, &schema, &why) != XC_OK)
		fail_msg("%s", why.text);
	assert_int_equal(xc_tape_scan(value, strlen(value), NULL, &block,
	    &off, &tape, &error), XC_OK);
	err = xc_schema_run(validator, schema, 0, &tape, 0);
	xc_block_free(&block);
	xc_schema_free(&schema);
	xc_validator_free(&validator);
	xc_schema_set_free(&set);
	assert_true(err == XC_OK || err == XC_ERR_INVALID);
	return err == XC_OK;
}

static void
test_alone(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API(REF("#/components/schemas/A"), "'A':true"));

	(void)state;
	assert_non_null(bundle);
	assert_null(bundle->root);
	assert_null(bundle->names);
	xc_bundle_free(&bundle);
	xc_bundle_free(&bundle);
	/* That it is no JSON is for its readers to say. */
	bundle = MAKE("openapi.json", "{");
	assert_non_null(bundle);
	xc_bundle_free(&bundle);
}

static void
test_references(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API(REF("schemas/order.json"), "'Id':{'type':'integer'}"),
	    "schemas/line.json", "{'$defs':{'Count':{'type':'integer',"
	    "'minimum':1}},'type':'object','properties':{"
	    "'n':" REF("#/$defs/Count") ",'m':" REF("#/$defs/a~1%25b")
	    ",'id':" REF("../openapi.json#/components/schemas/Id") "}}",
	    "schemas/order.json", "{'type':'object','properties':{"
	    "'lines':{'type':'array','items':" REF("line.json") "},"
	    "'n':" REF("line.json#/$defs/Count") ","
	    "'p':" REF("#price") ",'q':" REF("order.json#price") "},"
	    "'$defs':{'P':{'$anchor':'price','type':'number'}}}");

	(void)state;
	assert_non_null(bundle);
	/* One of them leads nowhere. */
	expect_text(bundle, "'schema':{'$ref':'#/components/schemas/order'}");
	expect_text(bundle, REF("#/$defs/a~1%25b"));
	expect_text(bundle, "'id':"
	    REF("file:///openapi.json#/components/schemas/Id"));
	expect_text(bundle, "'$id':'file:///schemas/line.json'");
	expect_text(bundle, "'p':" REF("file:///openapi.json#/components/"
	    "schemas/order/$defs/P"));
	xc_bundle_free(&bundle);

	bundle = MAKE("openapi.json",
	    API(REF("schemas/order.json"), "'Id':{'type':'integer'}"),
	    "schemas/line.json", "{'$defs':{'a/%b':{'type':'integer',"
	    "'minimum':1}},'type':'object','properties':{"
	    "'m':" REF("#/$defs/a~1%25b")
	    ",'id':" REF("../openapi.json#/components/schemas/Id") "}}",
	    "schemas/order.json", "{'type':'object','properties':{"
	    "'lines':{'type':'array','items':" REF("line.json") "},"
	    "'p':" REF("#price") ",'q':" REF("order.json#price") "},"
	    "'$defs':{'P':{'$anchor':'price','type':'number'}}}");
	assert_non_null(bundle);
	expect_good(bundle);
	assert_true(is_valid(bundle, "{\"lines\":[{\"m\":1,\"id\":1}]}"));
	assert_false(is_valid(bundle, "{\"lines\":[{\"m\":0}]}"));
	assert_false(is_valid(bundle, "{\"lines\":[{\"id\":\"x\"}]}"));
	assert_false(is_valid(bundle, "{\"p\":\"x\"}"));
	assert_false(is_valid(bundle, "{\"q\":\"x\"}"));
	xc_bundle_free(&bundle);
}

static void
test_circle(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API(REF("schemas/a.json"), ""),
	    "schemas/a.json", "{'type':'object','properties':{'b':"
	    REF("b.json") "}}",
	    "schemas/b.json", "{'type':'object','properties':{'a':"
	    REF("a.json") ",'n':{'type':'null'}}}");
	struct xc_notes notes = { 0 };

	(void)state;
	assert_non_null(bundle);
	expect_good(bundle);
	assert_true(is_valid(bundle, "{\"b\":{\"a\":{\"b\":{}}}}"));
	assert_false(is_valid(bundle, "{\"b\":{\"a\":{\"b\":{\"n\":1}}}}"));
	xc_bundle_free(&bundle);
	/* For the same value it would never end. */
	bundle = MAKE("openapi.json", API(REF("schemas/a.json"), ""),
	    "schemas/a.json", REF("b.json"), "schemas/b.json", REF("a.json"));
	assert_non_null(bundle);
	assert_int_equal(xc_document_check(bundle->text, bundle->len,
	    &notes), XC_ERR_INVALID);
	xc_bundle_name_notes(bundle, &notes);
	assert_memory_equal(notes.lines[0], "schemas/", 8);
	assert_non_null(strstr(notes.lines[0], "leads back to itself"));
	xc_notes_free(&notes);
	xc_bundle_free(&bundle);
}

static void
test_names(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API(REF("schemas/a.json"), "'a':true,'a_2':true"),
	    "schemas/a.json", "{'type':'string'}",
	    "schemas/a.v1.json", "{'type':'null'}",
	    "schemas/b.json", "false");

	(void)state;
	assert_non_null(bundle);
	assert_string_equal(xc_json_string(bundle->names, "a_3"),
	    "schemas/a.json");
	assert_string_equal(xc_json_string(bundle->names, "a.v1"),
	    "schemas/a.v1.json");
	expect_good(bundle);
	assert_true(is_valid(bundle, "\"x\""));
	assert_false(is_valid(bundle, "1"));
	xc_bundle_free(&bundle);
	assert_null(MAKE("openapi.json", API("true", ""),
	    "schemas/a b.json", "{}"));
	assert_string_equal(why.text, "schemas/a b.json: the name may have "
	    "letters, digits, '.', '_' and '-', and end in .json");
}

/* By the URI that it has, and by the place where it is. */
static void
test_own_id(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API("{'prefixItems':[" REF("schemas/a.json") ","
	    REF("https://example.org/a") "," REF("schemas/a.json#/$defs/D")
	    "," REF("https://example.org/a#d") ","
	    REF("schemas/a.json#d") "," REF("schemas/other") ","
	    REF("schemas/b.json") "," REF("schemas/in") "]}", ""),
	    "schemas/a.json", "{'$id':'https://example.org/a',"
	    "'type':['object','string'],'minLength':2,'properties':{'x':"
	    REF("#/$defs/D") ",'y':" REF("b") "},'$defs':{'D':{'$anchor':"
	    "'d','type':'integer'}}}",
	    "schemas/b.json", "{'$id':'other','type':'null',"
	    "'$defs':{'I':{'$id':'in','const':7}}}",
	    "schemas/c.json", "{'$id':'https://example.org/b',"
	    "'type':'boolean'}");

	(void)state;
	assert_non_null(bundle);
	expect_good(bundle);
	assert_true(is_valid(bundle,
	    "[\"ab\",\"ab\",1,1,1,null,null,7]"));
	assert_false(is_valid(bundle, "[\"a\"]"));
	assert_false(is_valid(bundle, "[\"ab\",\"a\"]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",\"a\"]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",1,\"a\"]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",1,1,\"a\"]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",1,1,1,1]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",1,1,1,null,1]"));
	assert_false(is_valid(bundle, "[\"ab\",\"ab\",1,1,1,null,null,1]"));
	assert_false(is_valid(bundle, "[{\"x\":\"a\"}]"));
	assert_false(is_valid(bundle, "[{\"y\":1}]"));
	xc_bundle_free(&bundle);
}

/* A tree that another file extends: each is a resource of its own. */
static void
test_dynamic(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API(REF("schemas/strict.json"), ""),
	    "schemas/strict.json", "{'$dynamicAnchor':'node','$ref':"
	    "'tree.json','unevaluatedProperties':false}",
	    "schemas/tree.json", "{'$dynamicAnchor':'node','type':'object',"
	    "'properties':{'v':true,'c':{'type':'array','items':"
	    "{'$dynamicRef':'#node'}}}}");

	(void)state;
	assert_non_null(bundle);
	expect_good(bundle);
	assert_true(is_valid(bundle, "{\"c\":[{\"v\":1}]}"));
	assert_false(is_valid(bundle, "{\"c\":[{\"w\":1}]}"));
	xc_bundle_free(&bundle);
}

static void
test_discriminator(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json",
	    API("{'oneOf':[" REF("schemas/cat.json") ","
	    REF("schemas/dog.json") "],'discriminator':{'propertyName':'k',"
	    "'mapping':{'c':'schemas/cat.json','d':'dog'}}}", ""),
	    "schemas/cat.json", "{'type':'object','required':['k'],"
	    "'properties':{'k':{'const':'c'}}}",
	    "schemas/dog.json", "{'type':'object','required':['k'],"
	    "'properties':{'k':{'const':'d'}}}");

	(void)state;
	assert_non_null(bundle);
	expect_text(bundle, "'mapping':{'c':'#/components/schemas/cat',"
	    "'d':'dog'}");
	expect_good(bundle);
	xc_bundle_free(&bundle);
}

/* What only the check of the whole finds. */
static void
test_named_faults(void **state)
{
	static const struct {
		const char *schema;
		const char *words;
	} rows[] = {
		{ "{'properties':{'x':{'type':'strin'}}}",
		    "schemas/a.json: /properties/x/type: " },
		{ "{'type':'strin'}", "schemas/a.json: /type: " },
		{ "{'properties':{'x':" REF("none.json") "}}",
		    "schemas/a.json: /properties/x/$ref: \"none.json\" leads "
		    "out of the document" },
		{ REF("#/$defs/X"), "schemas/a.json: /$ref: there is nothing "
		    "at \"#/$defs/X\"" },
		{ "{'$id':'https://example.org/b#c'}", "schemas/a.json: " },
		{ "{'$anchor':'x','$defs':{'y':{'$anchor':'x'}}}",
		    "schemas/a.json: /$defs/y: another schema has" },
		{ "{'$schema':'http://json-schema.org/draft-07/schema#'}",
		    "schemas/a.json: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xc_bundle *bundle = MAKE("openapi.json",
		    API(REF("schemas/a.json"), ""), "schemas/a.json",
		    rows[i].schema);
		struct xc_notes notes = { 0 };
		struct xc_contract *contract;

		assert_non_null(bundle);
		assert_int_equal(xc_document_check(bundle->text, bundle->len,
		    &notes), XC_ERR_INVALID);
		xc_bundle_name_notes(bundle, &notes);
		if (strncmp(notes.lines[0], rows[i].words,
		    strlen(rows[i].words)) != 0)
			fail_msg("%s: %s", rows[i].words, notes.lines[0]);
		xc_notes_free(&notes);
		if (xc_contract_compile(bundle->text, bundle->len, &contract,
		    &why) != XC_OK) {
			xc_bundle_name_fault(bundle, &why);
			assert_memory_equal(why.text, "schemas/a.json: ", 16);
		}
		xc_contract_free(&contract);
		xc_bundle_free(&bundle);
	}
}

/* A parameter is no schema: what is said of it stays its own. */
static void
test_other_references(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json", HEAD "'paths':{'/':{"
	    "'get':{'operationId':'a','parameters':[" REF("schemas/a.json")
	    "]," REPLY "}}}}", "schemas/a.json", "{'type':'string'}");
	struct xc_notes notes = { 0 };

	(void)state;
	assert_non_null(bundle);
	assert_int_equal(xc_document_check(bundle->text, bundle->len,
	    &notes), XC_ERR_INVALID);
	xc_bundle_name_notes(bundle, &notes);
	assert_non_null(strstr(notes.lines[0], "openapi.json: /paths/~1/get/"
	    "parameters/0/$ref: \"schemas/a.json\" leads out of the document"));
	assert_non_null(strstr(notes.lines[0], "#/components/parameters/"));
	xc_notes_free(&notes);
	xc_bundle_free(&bundle);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *api;
		const char *schema;
		const char *words;
	} rows[] = {
		{ API("true", ""), "{\n 'a':01}",
		    "schemas/a.json: line 2, column 6: " },
		{ API("true", ""), "{'a':1,'a':2}",
		    "schemas/a.json: line 1, column " },
		{ API("true", ""), "", "schemas/a.json: line 1, column 1: " },
		{ API("true", ""), "[]", "schemas/a.json: must be a schema" },
		{ API("true", ""), "null", "schemas/a.json: must be a " },
		{ API("true", ""), "{'default':1e999}",
		    "schemas/a.json: line 1, column 12: a number out" },
		{ "{", "{}", "openapi.json: line 1, column 2: " },
		{ "[]", "{}", "openapi.json: must be a JSON object" },
		{ "{'components':[]}", "{}",
		    "openapi.json: /components: must be an object" },
		{ "{'components':{'schemas':null}}", "{}",
		    "openapi.json: /components/schemas: must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(MAKE("openapi.json", rows[i].api,
		    "schemas/a.json", rows[i].schema));
		if (strncmp(why.text, rows[i].words, strlen(rows[i].words)) !=
		    0)
			fail_msg("%s: %s", rows[i].words, why.text);
	}
}

/* Levels in each other, and a text that repeats. */
static char *
nest(unsigned levels)
{
	char *text = malloc(levels * 8 + 8), *to = text;

	assert_non_null(text);
	for (unsigned i = 1; i < levels; i++)
		to = stpcpy(to, "{'not':");
	to = stpcpy(to, "{}");
	for (unsigned i = 1; i < levels; i++)
		*to++ = '}';
	*to = '\0';
	return text;
}

static void
test_limits(void **state)
{
	static struct xc_bundle_file files[XC_BUNDLE_FILES_MAX + 1];
	char *deep = nest(29), *deeper = nest(30);
	struct xc_bundle *bundle;
	char *many;

	(void)state;
	bundle = MAKE("openapi.json", API(REF("schemas/a.json"), ""),
	    "schemas/a.json", deep);
	assert_non_null(bundle);
	expect_good(bundle);
	xc_bundle_free(&bundle);
	assert_null(MAKE("openapi.json", API("true", ""), "schemas/a.json",
	    deeper));
	assert_non_null(strstr(why.text, "schemas/a.json: line 1, column "));
	assert_non_null(strstr(why.text, "too many levels"));
	free(deep);
	free(deeper);
	many = malloc(60000 * 2 + 32);
	assert_non_null(many);
	strcpy(many, "{'default':[1");
	for (size_t i = 0; i < 60000; i++)
		strcpy(many + 13 + 2 * i, ",1");
	strcpy(many + 13 + 120000, "]}");
	assert_null(MAKE("openapi.json", API("true", ""), "schemas/a.json",
	    many, "schemas/b.json", many));
	assert_non_null(strstr(why.text, "schemas/b.json: with it, the "
	    "documents have more than 100000 values"));
	free(many);
	for (size_t i = 0; i <= XC_BUNDLE_FILES_MAX; i++)
		files[i] = (struct xc_bundle_file){ .name = "schemas/a.json",
			.text = "{}", .len = 2 };
	assert_int_equal(xc_bundle_make(files, XC_BUNDLE_FILES_MAX + 1,
	    &bundle, &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "more than 255 files"));
	assert_int_equal(xc_bundle_make(files, XC_BUNDLE_FILES_MAX, &bundle,
	    &why), XC_OK);
	xc_bundle_free(&bundle);
}

/* A change of a file is one of the contract. */
static void
test_diff(void **state)
{
	struct xc_bundle *before = MAKE("openapi.json",
	    API(REF("schemas/a.json"), ""), "schemas/a.json",
	    "{'type':'object','properties':{'n':" REF("#/$defs/N") "},"
	    "'$defs':{'N':{'type':'integer'}}}");
	struct xc_bundle *after = MAKE("openapi.json",
	    API(REF("schemas/a.json"), ""), "schemas/a.json",
	    "{'type':'object','properties':{'n':" REF("#/$defs/N") "},"
	    "'$defs':{'N':{'type':'integer','maximum':9}}}");
	struct xc_notes notes = { 0 };

	(void)state;
	assert_non_null(before);
	assert_non_null(after);
	assert_int_equal(xc_contract_diff(after->root, before->root, &notes),
	    XC_OK);
	assert_int_equal(notes.n, 0);
	assert_int_equal(xc_contract_diff(before->root, after->root, &notes),
	    XC_OK);
	assert_int_equal(notes.n, 1);
	assert_non_null(strstr(notes.lines[0], "POST /"));
	xc_notes_free(&notes);
	xc_bundle_free(&before);
	xc_bundle_free(&after);
}

/* Numbers are written as they were. */
static void
test_numbers(void **state)
{
	struct xc_bundle *bundle = MAKE("openapi.json", API("true", ""),
	    "schemas/a.json", "{'multipleOf':0.010,'maximum':"
	    "18446744073709551615,'default':'/\\u00e9\\n'}");

	(void)state;
	assert_non_null(bundle);
	expect_text(bundle, "'multipleOf':0.010,'maximum':"
	    "18446744073709551615,'default':'/\xc3\xa9\\n'");
	xc_bundle_free(&bundle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_own_id),
		cmocka_unit_test(test_dynamic),
		cmocka_unit_test(test_discriminator),
		cmocka_unit_test(test_named_faults),
		cmocka_unit_test(test_other_references),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

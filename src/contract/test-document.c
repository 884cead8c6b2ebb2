/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-host.h"

#include "document.h"

#define HEAD "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},"
#define OK_REPLY "\"responses\":{\"200\":{\"description\":\"d\"}}"
#define GET(id) "\"get\":{\"operationId\":\"" id "\"," OK_REPLY "}"
/* Members of the operation, of the components. */
#define OP(members) HEAD "\"paths\":{\"/\":{\"post\":{\"operationId\":\"a\"," \
    members "," OK_REPLY "}}}}"
#define SCHEMA(schema) HEAD "\"paths\":{\"/\":{" GET("a") "}}," \
    "\"components\":{\"schemas\":{\"X\":" schema "}}}"
#define COMPONENTS(members) HEAD "\"paths\":{\"/\":{" GET("a") "}}," \
    "\"components\":{" members "}}"
#define PARAMETER(members) OP("\"parameters\":[{" members "}]")
#define BODY(media) OP("\"requestBody\":{\"content\":{" media "}}")

static enum xc_err
check(const char *text, struct xc_notes *notes)
{
	return xc_document_check(text, strlen(text), notes);
}

static void
print(const char *text, const struct xc_notes *notes)
{
	printf("%s\n", text);
	for (size_t i = 0; i < notes->n; i++)
		printf("    %s\n", notes->lines[i]);
}

/* One fault each: all of its line up to a length, and words in the rest. */
static const struct {
	const char *text;
	const char *begin;
	const char *words;
} faults[] = {
	/* JSON */
	{ "{", "line 1, column 2: ", "" },
	{ "{\n \"a\": 01}", "line 2, column ", "" },
	{ "[]", "is an array, not an object", "" },
	/* The shape. */
	{ "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"}}",
	    "lacks the member \"paths\"", "add it" },
	{ "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},"
	    "\"paths\":{}}", "/openapi: must be \"3.1.0\"", "" },
	{ "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\"},\"paths\":{}}",
	    "/info: lacks the member \"version\"", "add it" },
	{ HEAD "\"paths\":{},\"pats\":{}}", "/pats: is not allowed here",
	    "OpenAPI 3.1 has no such member" },
	{ HEAD "\"paths\":{\"items\":{}}}", "/paths/items: is no path",
	    "begins with \"/\"" },
	{ HEAD "\"paths\":{\"/\":{\"GET\":{}}}}", "/paths/~1/GET: ",
	    "small letters" },
	{ HEAD "\"paths\":{\"/\":{\"trace\":{}}}}", "/paths/~1/trace: ",
	    "TRACE" },
	{ HEAD "\"paths\":{\"/\":{\"$ref\":\"#/x\"}}}", "/paths/~1/$ref: ",
	    "write it out" },
	{ HEAD "\"paths\":{\"/\":[]}}", "/paths/~1: is an array, not an "
	    "object", "" },
	{ OP("\"tags\":\"x\""), "/paths/~1/post/tags: is a string, not an "
	    "array", "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{" OK_REPLY "}}}}",
	    "/paths/~1/get: has no operationId", "handler" },
	{ HEAD "\"paths\":{\"/\":{" GET("a-b") "}}}",
	    "/paths/~1/get/operationId: must be a C identifier", "" },
	{ HEAD "\"paths\":{\"/\":{" GET("a") "},\"/b\":{" GET("a") "}}}",
	    "/paths/~1b/get/operationId: \"a\" stands twice", "GET /" },
	{ HEAD "\"paths\":{\"/{a}\":{},\"/{b}\":{}}}",
	    "/paths/~1{b}: can never be told apart from the path /{a}",
	    "under one" },
	{ HEAD "\"paths\":{\"/a\":{},\"/a/\":{}}}",
	    "/paths/~1a~1: can never be told apart", "" },
	{ HEAD "\"paths\":{\"/a b\":{},\"/%61\":{}}}", "/paths/~1a b: a path "
	    "may not hold blanks", "" },
	{ HEAD "\"paths\":{\"/x{a}\":{}}}", "/paths/~1x{a}: ", "brace" },
	{ HEAD "\"paths\":{\"/a\":{},\"/%61\":{}}}",
	    "/paths/~1%61: can never be told apart", "" },
	/* Members of our own. */
	{ OP("\"x-xcore-step-up\":0"), "/paths/~1/post/x-xcore-step-up: must "
	    "be the seconds, 1 to 86400", "" },
	{ OP("\"x-xcore-step-up\":300"), "/paths/~1/post/x-xcore-step-up: "
	    "asks for a second factor of one who need not log in", "{}" },
	{ OP("\"x-xcore-idempotent\":1"), "/paths/~1/post/"
	    "x-xcore-idempotent: must be true", "" },
	{ HEAD "\"paths\":{\"/\":{\"put\":{\"operationId\":\"a\","
	    "\"x-xcore-idempotent\":true," OK_REPLY "}}}}",
	    "/paths/~1/put/x-xcore-idempotent: is for POST", "" },
	/* Parameters. */
	{ HEAD "\"paths\":{\"/{id}\":{" GET("a") "}}}",
	    "/paths/~1{id}/get: no parameter describes {id}", "\"in\"" },
	{ PARAMETER("\"name\":\"id\",\"in\":\"path\",\"required\":true,"
	    "\"schema\":{}"), "/paths/~1/post/parameters/0: the parameter "
	    "\"id\" is not in the path /;", "{id}" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\""),
	    "/paths/~1/post/parameters/0: says nothing of its value",
	    "schema" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"body\",\"schema\":{}"),
	    "/paths/~1/post/parameters/0/in: is \"body\", not one of ",
	    "cookie" },
	{ PARAMETER("\"name\":\"q\",\"schema\":{}"),
	    "/paths/~1/post/parameters/0: lacks the member \"in\"", "add" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\",\"schema\":{},"
	    "\"style\":\"matrix\""), "/paths/~1/post/parameters/0/style: is "
	    "\"matrix\", not one of ", "deepObject" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"header\",\"schema\":{},"
	    "\"style\":\"form\""), "/paths/~1/post/parameters/0/style: is "
	    "\"form\", not one of \"simple\"", "" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"cookie\",\"schema\":{},"
	    "\"style\":\"simple\""), "/paths/~1/post/parameters/0/style: is "
	    "\"simple\", not one of \"form\"", "" },
	{ PARAMETER("\"name\":\"a b\",\"in\":\"header\",\"schema\":{}"),
	    "/paths/~1/post/parameters/0/name: can be no header's name", "" },
	{ PARAMETER("\"name\":\"Authorization\",\"in\":\"header\","
	    "\"schema\":{}"), "/paths/~1/post/parameters/0: ", "security" },
	{ PARAMETER("\"name\":\"cookie\",\"in\":\"header\","
	    "\"schema\":{}"), "/paths/~1/post/parameters/0: ",
	    "one in cookie" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\",\"schema\":{},"
	    "\"content\":{\"application/json\":{}}"),
	    "/paths/~1/post/parameters/0/schema: stands beside \"content\"",
	    "" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\",\"content\":{}"),
	    "/paths/~1/post/parameters/0/content: must have exactly one", "" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\",\"schema\":{},"
	    "\"example\":1,\"examples\":{}"), "/paths/~1/post/parameters/0: "
	    "has both", "" },
	{ HEAD "\"paths\":{\"/{id}\":{\"parameters\":[{\"name\":\"id\","
	    "\"in\":\"path\",\"schema\":{}}]}}}",
	    "/paths/~1{id}/parameters/0: is in the path, where it is always "
	    "there", "\"required\": true" },
	{ OP("\"parameters\":[{\"name\":\"q\",\"in\":\"query\",\"schema\":{}},"
	    "{\"name\":\"Q\",\"in\":\"query\",\"schema\":{}},"
	    "{\"name\":\"q\",\"in\":\"query\",\"schema\":{}}]"),
	    "/paths/~1/post/parameters/2: the parameter \"q\" in query stands "
	    "twice", "" },
	{ OP("\"parameters\":[{\"name\":\"X-A\",\"in\":\"header\","
	    "\"schema\":{}},{\"name\":\"x-a\",\"in\":\"header\","
	    "\"schema\":{}}]"), "/paths/~1/post/parameters/1: the parameter "
	    "\"x-a\" in header stands twice", "" },
	/* Bodies and replies. */
	{ BODY("\"json\":{}"), "/paths/~1/post/requestBody/content/json: is "
	    "no media type", "application/json" },
	{ BODY(""), "/paths/~1/post/requestBody/content: must have a media",
	    "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"requestBody\":{\"content\":{\"a/b\":{}}}," OK_REPLY "}}}}",
	    "/paths/~1/get/requestBody: a body of GET means nothing", "POST" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"ok\":{\"description\":\"d\"}}}}}}",
	    "/paths/~1/get/responses/ok: is no status", "4XX" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"2xx\":{\"description\":\"d\"}}}}}}",
	    "/paths/~1/get/responses/2xx: is no status", "4XX" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{}}}}}", "/paths/~1/get/responses: has 0 members",
	    "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"200\":{}}}}}}", "/paths/~1/get/responses/200: "
	    "lacks the member \"description\"", "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"204\":{\"description\":\"d\",\"content\":"
	    "{\"a/b\":{}}}}}}}}", "/paths/~1/get/responses/204: a reply of "
	    "status 204 has no body", "" },
	/* References. */
	{ OP("\"requestBody\":{\"$ref\":\"#/components/requestBodies/X\"}"),
	    "/paths/~1/post/requestBody/$ref: there is nothing at "
	    "\"#/components/requestBodies/X\"", "requestBodies" },
	{ OP("\"requestBody\":{\"$ref\":\"http://h/x.json\"}"),
	    "/paths/~1/post/requestBody/$ref: \"http://h/x.json\" leads out",
	    "put a request body into components" },
	{ OP("\"requestBody\":{\"$ref\":\"#/info\"}"),
	    "/paths/~1/post/requestBody/$ref: what stands at \"#/info\" is "
	    "not a request body", "" },
	{ COMPONENTS("\"responses\":{\"A\":{\"$ref\":"
	    "\"#/components/responses/A\"}}"), "/components/responses/A/$ref:"
	    " \"#/components/responses/A\" leads in a circle", "" },
	{ COMPONENTS("\"responses\":{\"A\":{\"$ref\":7}}"),
	    "/components/responses/A/$ref: is a number, not a string", "" },
	{ COMPONENTS("\"responses\":{\"B\":{\"description\":\"d\"},"
	    "\"A\":{\"$ref\":\"#/components/responses/B\",\"content\":{}}}"),
	    "/components/responses/A/content: stands beside a \"$ref\"", "" },
	{ COMPONENTS("\"schemas\":{\"a b\":{}}"), "/components/schemas/a b: "
	    "the name of a component", "" },
	{ SCHEMA("{\"$ref\":\"#/components/schemas/Y\"}"),
	    "/components/schemas/X/$ref: there is nothing at", "schemas" },
	{ SCHEMA("{\"items\":{\"$ref\":\"other.json#/x\"}}"),
	    "/components/schemas/X/items/$ref: \"other.json#/x\" leads out",
	    "nothing is fetched" },
	{ SCHEMA("{\"$ref\":\"#/info\"}"), "/components/schemas/X/$ref: what "
	    "stands at \"#/info\" is no schema", "" },
	{ SCHEMA("{\"$dynamicRef\":\"#nowhere\"}"),
	    "/components/schemas/X/$dynamicRef: there is nothing at", "" },
	{ SCHEMA("{\"oneOf\":[{}],\"discriminator\":{\"propertyName\":\"t\","
	    "\"mapping\":{\"a\":\"X\",\"b\":\"Dog\"}}}"),
	    "/components/schemas/X/discriminator/mapping/b: \"Dog\" is no "
	    "schema", "" },
	{ COMPONENTS("\"links\":{\"L\":{\"operationId\":\"a\"}},\"responses\":"
	    "{\"R\":{\"description\":\"d\",\"links\":{\"l\":{\"$ref\":"
	    "\"#/components/links/M\"}}}}"),
	    "/components/responses/R/links/l/$ref: there is nothing", "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"200\":{\"description\":\"d\",\"links\":{\"l\":"
	    "{\"operationId\":\"b\"}}}}}}}}", "/paths/~1/get/responses/200/"
	    "links/l/operationId: is no operation", "" },
	{ HEAD "\"paths\":{\"/\":{\"get\":{\"operationId\":\"a\","
	    "\"responses\":{\"200\":{\"description\":\"d\",\"links\":{\"l\":"
	    "{\"operationRef\":\"#/paths/~1/put\"}}}}}}}}", "/paths/~1/get/"
	    "responses/200/links/l/operationRef: leads to no operation", "" },
	/* Schemas. */
	{ SCHEMA("7"), "/components/schemas/X: is a number, not a boolean or "
	    "an object", "" },
	{ SCHEMA("{\"type\":\"strnig\"}"), "/components/schemas/X/type: is "
	    "\"strnig\", not one of \"array\"", "" },
	{ SCHEMA("{\"type\":\"string\",\"nullable\":true}"),
	    "/components/schemas/X/nullable: is of OpenAPI 3.0", "null" },
	{ SCHEMA("{\"minimum\":1,\"exclusiveMinimum\":true}"),
	    "/components/schemas/X/exclusiveMinimum: must be the bound", "" },
	{ SCHEMA("{\"properties\":{\"a\":{\"required\":true}}}"),
	    "/components/schemas/X/properties/a/required: must be an array",
	    "" },
	{ SCHEMA("{\"items\":[{}]}"), "/components/schemas/X/items: must be "
	    "one schema", "prefixItems" },
	{ SCHEMA("{\"pattern\":\"(\"}"), "/components/schemas/X/pattern: is "
	    "\"(\", which is no regex", "" },
	{ SCHEMA("{\"pattern\":\"\\\\p{Nope}\"}"),
	    "/components/schemas/X/pattern: ", "" },
	{ SCHEMA("{\"minLength\":-1}"), "/components/schemas/X/minLength: is "
	    "-1, 0 is the least", "" },
	{ SCHEMA("{\"multipleOf\":0}"), "/components/schemas/X/multipleOf: ",
	    "" },
	{ SCHEMA("{\"allOf\":[{\"$ref\":\"#/components/schemas/X\"}]}"),
	    "/components/schemas/X: leads back to itself", "" },
	{ SCHEMA("{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":"
	    "\"x\"}}}"), "/components/schemas/X/$defs/b: another schema has "
	    "the anchor", "" },
	/* Also where nothing leads. */
	{ SCHEMA("{\"$defs\":{\"u\":{\"contains\":{\"pattern\":\"[\"}}}}"),
	    "/components/schemas/X/$defs/u/contains/pattern: ", "regex" },
	/* Values. */
	{ SCHEMA("{\"type\":\"integer\",\"default\":\"x\"}"),
	    "/components/schemas/X/default: the default is not valid",
	    "mend" },
	{ SCHEMA("{\"properties\":{\"a\":{\"maxLength\":1,\"examples\":[\"a\","
	    "\"bb\"]}}}"), "/components/schemas/X/properties/a/examples/1: "
	    "this example is not valid", "2 characters" },
	{ PARAMETER("\"name\":\"q\",\"in\":\"query\",\"schema\":{\"minimum\":"
	    "1},\"example\":0"), "/paths/~1/post/parameters/0/example: this "
	    "example is not valid", "1 is the least" },
	{ BODY("\"application/json\":{\"schema\":{\"type\":\"object\"},"
	    "\"examples\":{\"e\":{\"value\":[]}}}"),
	    "/paths/~1/post/requestBody/content/application~1json/examples/e/"
	    "value: this example is not valid", "" },
	{ BODY("\"application/json\":{\"schema\":{\"required\":[\"a\"]},"
	    "\"example\":{}}"), "/paths/~1/post/requestBody/content/"
	    "application~1json/example: this example is not valid", "\"a\"" },
	{ BODY("\"application/json\":{\"examples\":{\"e\":{\"a\":1}}}"),
	    "/paths/~1/post/requestBody/content/application~1json/examples/e/"
	    "a: is no member of an example", "\"value\"" },
	/* Security, tags. */
	{ OP("\"security\":[{\"login\":[]}]"),
	    "/paths/~1/post/security/0/login: there is no security scheme "
	    "\"login\"", "securitySchemes" },
	{ HEAD "\"paths\":{},\"security\":[{\"login\":[]}]}",
	    "/security/0/login: there is no security scheme", "" },
	{ COMPONENTS("\"securitySchemes\":{\"k\":{\"type\":\"apiKey\","
	    "\"in\":\"header\"}}"), "/components/securitySchemes/k: lacks the "
	    "member \"name\"", "" },
	{ COMPONENTS("\"securitySchemes\":{\"k\":{\"type\":\"basic\"}}"),
	    "/components/securitySchemes/k/type: is \"basic\", not one of",
	    "" },
	{ HEAD "\"paths\":{},\"security\":[{\"o\":[\"read\",\"rite\"]}],"
	    "\"components\":{\"securitySchemes\":{\"o\":{\"type\":\"oauth2\","
	    "\"flows\":{\"implicit\":{\"authorizationUrl\":\"/a\",\"scopes\":"
	    "{\"read\":\"r\",\"write\":\"w\"}}}}}}}", "/security/0/o/1: the "
	    "scope \"rite\"", "" },
	{ HEAD "\"paths\":{},\"tags\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
	    "/tags/1: this tag stands twice", "" },
};

static void
test_faults(void **state)
{
	const char *prefix = "openapi.json: ";

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct xc_notes notes = { 0 };
		enum xc_err err = check(faults[i].text, &notes);
		const char *line = notes.n > 0 ? notes.lines[0] : "";

		if (err != XC_ERR_INVALID || notes.n != 1 ||
		    strncmp(line, prefix, strlen(prefix)) != 0 ||
		    strncmp(line + strlen(prefix), faults[i].begin,
		    strlen(faults[i].begin)) != 0 ||
		    strstr(line, faults[i].words) == NULL) {
			print(faults[i].text, &notes);
			printf("  not: %s...%s\n", faults[i].begin,
			    faults[i].words);
			fail();
		}
		xc_notes_free(&notes);
	}
}

/* All of them are told, each once. */
static void
test_all(void **state)
{
	static const char text[] = "{\"openapi\":\"3.0.0\",\"info\":{},"
	    "\"paths\":{\"/{a}\":{\"get\":{\"operationId\":\"x y\","
	    "\"parameters\":[{\"$ref\":\"#/components/parameters/P\"}],"
	    "\"responses\":{\"200\":{\"$ref\":\"#/components/responses/R\"},"
	    "\"20\":{}}},\"put\":{\"security\":[{\"k\":[]}]}}},"
	    "\"components\":{\"schemas\":{\"A\":{\"pattern\":\"[\"},"
	    "\"B\":{\"$ref\":\"#/components/schemas/A\"},"
	    "\"C\":{\"items\":{\"$ref\":\"#/components/schemas/Z\"}},"
	    "\"D\":{\"type\":\"object\",\"default\":1},"
	    "\"E\":{\"default\":1,\"$ref\":\"#/components/schemas/Z\"}},"
	    "\"responses\":{\"Q\":{\"description\":7}}}}";
	static const char *const lines[] = {
		": /openapi: ", ": /info: lacks the member \"title\"",
		": /info: lacks the member \"version\"",
		"/get/operationId: ", "/get/parameters/0/$ref: ",
		"/get/responses/200/$ref: ", "/get/responses/20: ",
		"/put: has no operationId", "/put/security/0/k: ",
		"/put: no parameter describes {a}", "/schemas/A/pattern: ",
		"/schemas/C/items/$ref: ", "/schemas/D/default: ",
		"/schemas/E/$ref: ", "/responses/Q/description: " };
	struct xc_notes notes = { 0 };
	size_t n = sizeof(lines) / sizeof(lines[0]);

	(void)state;
	assert_int_equal(check(text, &notes), XC_ERR_INVALID);
	if (notes.n != n)
		print(text, &notes);
	assert_int_equal(notes.n, n);
	for (size_t i = 0; i < n; i++) {
		size_t found = 0;

		for (size_t k = 0; k < notes.n; k++)
			found += strstr(notes.lines[k], lines[i]) != NULL;
		if (found != 1)
			printf("%s: %zu\n", lines[i], found);
		assert_int_equal(found, 1);
	}
	xc_notes_free(&notes);
}

/* What is right though it may look odd. */
static void
test_right(void **state)
{
	static const char *const texts[] = {
		HEAD "\"paths\":{}}",
		HEAD "\"paths\":{\"/\":{" GET("a") "}}}",
		HEAD "\"paths\":{\"x-y\":1,\"/\":{\"x-z\":1," GET("a") "}}}",
		HEAD "\"paths\":{\"/a\":{" GET("a") "},\"/{b}\":{\"parameters\":"
		    "[{\"name\":\"b\",\"in\":\"path\",\"required\":true,"
		    "\"schema\":{\"type\":\"string\"}}]," GET("b") "}}}",
		/* Recursion, unused components, anchors, names to escape. */
		SCHEMA("{\"properties\":{\"next\":"
		    "{\"$ref\":\"#/components/schemas/X\"}}}"),
		SCHEMA("{\"$anchor\":\"here\",\"items\":{\"$ref\":\"#here\"}}"),
		SCHEMA("{\"$dynamicAnchor\":\"n\",\"items\":"
		    "{\"$dynamicRef\":\"#n\"}}"),
		SCHEMA("{\"$id\":\"urn:x\",\"$defs\":{\"a\":{\"type\":"
		    "\"string\"}},\"properties\":{\"p\":{\"$ref\":"
		    "\"#/$defs/a\",\"default\":\"t\"}}}"),
		SCHEMA("{\"properties\":{\"a/b~c %{\\u00e9\":{\"default\":1}},"
		    "\"items\":{\"$ref\":\"#/components/schemas/X/properties/"
		    "a~1b~0c%20%25%7B%C3%A9\"}}"),
		SCHEMA("{\"oneOf\":[{}],\"discriminator\":{\"propertyName\":"
		    "\"t\",\"mapping\":{\"a\":\"X\","
		    "\"b\":\"#/components/schemas/X\"}}}"),
		SCHEMA("true"), SCHEMA("{\"type\":[\"string\",\"null\"],"
		    "\"default\":null,\"examples\":[\"a\"],\"x-y\":1}"),
		COMPONENTS("\"responses\":{\"A\":{\"$ref\":"
		    "\"#/components/responses/B\",\"summary\":\"s\"},"
		    "\"B\":{\"description\":\"d\"}}"),
		/* A text that is no JSON is not what the schema describes. */
		BODY("\"text/csv\":{\"schema\":{\"type\":\"array\"},"
		    "\"example\":\"a,b\"}"),
		BODY("\"application/json; charset=\\\"utf-8\\\"\":{}"),
		BODY("\"*/*\":{}"),
		OP("\"security\":[{}]"), OP("\"security\":[]"),
		HEAD "\"paths\":{\"/\":{\"delete\":{\"operationId\":\"a\","
		    "\"requestBody\":{\"content\":{\"a/b\":{}}},"
		    OK_REPLY "}}}}",
		OP("\"callbacks\":{\"c\":{\"{$request.body#/url}\":{\"post\":"
		    "{\"responses\":{\"2XX\":{\"description\":\"d\"}}}}}}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct xc_notes notes = { 0 };

		if (check(texts[i], &notes) != XC_OK) {
			print(texts[i], &notes);
			fail();
		}
		assert_int_equal(notes.n, 0);
		xc_notes_free(&notes);
	}
}

/* More faults than are kept are counted. */
static void
test_bound(void **state)
{
	char *text = malloc(100000);
	struct xc_notes notes = { 0 };
	struct xc_errbuf errbuf;
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)sprintf(text, HEAD "\"paths\":{");
	for (int i = 0; i < 200; i++)
		len += (size_t)sprintf(text + len, "%s\"/%d\":{\"get\":{"
		    OK_REPLY "}}", i > 0 ? "," : "", i);
	sprintf(text + len, "}}");
	assert_int_equal(check(text, &notes), XC_ERR_INVALID);
	assert_int_equal(notes.n, XC_NOTES_MAX);
	assert_int_equal(notes.left_out, 150);
	xc_notes_text(&notes, &errbuf);
	assert_non_null(strstr(errbuf.text, "; and 1"));
	assert_null(strstr(errbuf.text, "and 150 more"));
	xc_notes_free(&notes);
	free(text);
}

static void
test_notes(void **state)
{
	struct xc_notes notes = { 0 };
	struct xc_errbuf errbuf;
	char *text = malloc(2001);

	(void)state;
	assert_non_null(text);
	xc_notes_text(&notes, &errbuf);
	assert_string_equal(errbuf.text, "");
	xc_notes_add(&notes, "a\nb\x1b%s", "\xff");
	xc_notes_add(&notes, "c");
	assert_string_equal(notes.lines[0], "a?b??");
	xc_notes_text(&notes, &errbuf);
	assert_string_equal(errbuf.text, "a?b??; c");
	xc_notes_free(&notes);
	memset(text, 'x', 2000);
	text[2000] = '\0';
	xc_notes_add(&notes, "%s", text);
	xc_notes_add(&notes, "one that does not fit");
	assert_int_equal(strlen(notes.lines[0]), 999);
	xc_notes_text(&notes, &errbuf);
	assert_non_null(strstr(errbuf.text, "xx; and 1 more"));
	xc_notes_free(&notes);
	free(text);
}

/* The documents of the plugins that come with xcore. */
static void
test_shipped(void **state)
{
	static const char *const files[] = { "plugins/hello", "plugins/todo",
		"src/doctor" };
	const char *top = getenv("top_srcdir");
	char path[4096], *text = malloc(1 << 20);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct xc_notes notes = { 0 };
		FILE *file;
		size_t len;

		snprintf(path, sizeof(path), "%s/%s/openapi.json",
		    top != NULL ? top : ".", files[i]);
		file = fopen(path, "re");
		assert_non_null(file);
		len = fread(text, 1, 1 << 20, file);
		fclose(file);
		if (xc_document_check(text, len, &notes) != XC_OK) {
			print(path, &notes);
			fail();
		}
		xc_notes_free(&notes);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

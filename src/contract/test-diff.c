/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "lib/test-host.h"

#include "diff.h"

#define TEXT_MAX 20000

static struct json_object *
parse(const char *text)
{
	struct json_object *object = json_tokener_parse(text);

	if (object == NULL)
		printf("%s\n", text);
	assert_non_null(object);
	return object;
}

static void
run(const char *before, const char *after, struct xc_notes *notes)
{
	struct json_object *old = parse(before), *new = parse(after);

	assert_int_equal(xc_contract_diff(old, new, notes), XC_OK);
	json_object_put(old);
	json_object_put(new);
}

static void
show(const char *what, const char *before, const char *after,
    const struct xc_notes *notes)
{
	printf("%s:\n  %s\n  %s\n", what, before, after);
	for (size_t i = 0; i < notes->n; i++)
		printf("    %s\n", notes->lines[i]);
}

/* No line, or one line that holds the words; several words with '|' between
 * are lines. */
static void
expect(const char *what, const char *before, const char *after,
    const char *words)
{
	struct xc_notes notes = { 0 };
	char *copy = strdup(words != NULL ? words : ""), *rest = copy, *word;
	size_t n = 0;

	run(before, after, &notes);
	while (words != NULL && (word = strsep(&rest, "|")) != NULL) {
		bool found = false;

		for (size_t i = 0; i < notes.n; i++)
			found |= strstr(notes.lines[i], word) != NULL;
		n++;
		if (found)
			continue;
		show(what, before, after, &notes);
		printf("  lacks: %s\n", word);
		fail();
	}
	if (notes.n != n) {
		show(what, before, after, &notes);
		fail();
	}
	xc_notes_free(&notes);
	free(copy);
}

/* A document around an operation's members, and one of components. */
static void
whole(char *buf, const char *members, const char *components)
{
	int len = snprintf(buf, TEXT_MAX, "{\"openapi\":\"3.1.0\",\"paths\":"
	    "{\"/\":{\"post\":{\"operationId\":\"a\",%s}}},\"components\":"
	    "{%s}}", members, components);

	assert_true(len < TEXT_MAX);
}

static void
members(const char *before, const char *after, const char *words)
{
	char *old = malloc(TEXT_MAX), *new = malloc(TEXT_MAX);

	assert_non_null(old);
	assert_non_null(new);
	whole(old, before, "");
	whole(new, after, "");
	expect("members", old, new, words);
	free(old);
	free(new);
}

static void
put_schema(char *buf, const char *schema, const char *components, bool reply)
{
	char *text = malloc(TEXT_MAX);

	assert_non_null(text);
	snprintf(text, TEXT_MAX, reply ? "\"responses\":{\"200\":{\"content\":"
	    "{\"application/json\":{\"schema\":%s}}}}" : "\"requestBody\":"
	    "{\"content\":{\"application/json\":{\"schema\":%s}}}", schema);
	whole(buf, text, components);
	free(text);
}

/* One change of a schema, in a request and in a reply.  NULL: it breaks
 * nothing there. */
static void
schemas_of(const char *before, const char *after, const char *old_components,
    const char *new_components, const char *request, const char *reply)
{
	char *old = malloc(TEXT_MAX), *new = malloc(TEXT_MAX);

	assert_non_null(old);
	assert_non_null(new);
	for (int i = 0; i < 2; i++) {
		put_schema(old, before, old_components, i == 1);
		put_schema(new, after, new_components, i == 1);
		expect(i == 1 ? "reply" : "request", old, new,
		    i == 1 ? reply : request);
		/* Nothing breaks by itself. */
		new[0] = '\0';
		put_schema(new, before, old_components, i == 1);
		strcpy(new + strlen(new) - 1, ",\"x-y\":1}");
		expect("itself", old, new, NULL);
	}
	free(old);
	free(new);
}

static void
schemas(const char *before, const char *after, const char *request,
    const char *reply)
{
	schemas_of(before, after, "", "", request, reply);
}

/* A narrowing: breaks in a request alone; the way back in a reply alone. */
static void
narrows(const char *wide, const char *narrow, const char *request,
    const char *reply)
{
	schemas(wide, narrow, request, NULL);
	schemas(narrow, wide, NULL, reply);
}

static void
test_types(void **state)
{
	(void)state;
	narrows("{}", "{\"type\":\"string\"}", "POST /: the body takes only "
	    "strings now", "POST /: the reply 200 may be anything now");
	narrows("{\"type\":[\"string\",\"null\"]}", "{\"type\":\"string\"}",
	    "the body no longer takes null", "the reply 200 may be null now");
	narrows("{\"type\":\"number\"}", "{\"type\":\"integer\"}",
	    "no longer takes numbers with a fraction",
	    "may be a number with a fraction now");
	schemas("{\"type\":\"integer\"}", "{\"type\":\"string\"}",
	    "no longer takes integers", "may be a string now");
	schemas("{\"type\":[\"integer\",\"string\"]}",
	    "{\"type\":[\"string\",\"integer\"],\"title\":\"t\"}", NULL, NULL);
	narrows("true", "false", "the body is no longer taken",
	    "the reply 200 may be there now");
	narrows("{\"type\":\"boolean\"}", "{\"const\":true}",
	    "no longer takes false", "may be false now");
	schemas("{\"type\":[\"boolean\",\"null\"]}",
	    "{\"enum\":[null,false,true]}", NULL, NULL);
	schemas("{\"type\":\"integer\"}", "{\"type\":[\"number\"]}", NULL,
	    "fraction");
}

static void
test_values(void **state)
{
	(void)state;
	narrows("{\"enum\":[\"a\",\"b\",\"c\"]}", "{\"enum\":[\"c\",\"b\"]}",
	    "the body no longer takes \"a\"", "the reply 200 may be \"a\" now");
	narrows("{\"type\":\"string\"}", "{\"enum\":[\"a\",\"b\"]}",
	    "takes only \"a\", \"b\" now",
	    "may be another than \"a\", \"b\" now");
	narrows("{\"enum\":[1,2]}", "{\"const\":1.0}", "no longer takes 2",
	    "may be 2 now");
	narrows("{\"enum\":[1,5]}", "{\"enum\":[1,5],\"maximum\":4}",
	    "no longer takes 5", "may be 5 now");
	narrows("{\"enum\":[\"a\",\"bb\"]}", "{\"enum\":[\"a\",\"bb\"],"
	    "\"pattern\":\"^.$\"}", "no longer takes \"bb\"",
	    "may be \"bb\" now");
	/* By other words. */
	schemas("{\"enum\":[\"a\",\"b\"]}", "{\"anyOf\":[{\"const\":\"a\"},"
	    "{\"const\":\"b\"}]}", NULL, NULL);
	schemas("{\"enum\":[\"a\",\"bb\"]}", "{\"type\":\"string\","
	    "\"minLength\":1,\"maxLength\":2,\"pattern\":\"^[ab]+$\"}", NULL,
	    "may be another than");
	narrows("{\"enum\":[{\"a\":1},2]}", "{\"enum\":[2]}",
	    "no longer takes {\"a\":1}", "may be {\"a\":1} now");
}

static void
test_numbers(void **state)
{
	(void)state;
	narrows("{\"type\":\"integer\"}", "{\"type\":\"integer\","
	    "\"minimum\":1}", "takes no less than 1 now",
	    "may be less than 1 now");
	narrows("{\"type\":\"integer\",\"maximum\":20}",
	    "{\"type\":\"integer\",\"maximum\":10}",
	    "takes no more than 10 now", "may be more than 10 now");
	narrows("{\"type\":\"number\",\"minimum\":0}",
	    "{\"type\":\"number\",\"exclusiveMinimum\":0}",
	    "takes only more than 0 now", "may be 0 or less now");
	narrows("{\"type\":\"number\",\"maximum\":0}",
	    "{\"type\":\"number\",\"exclusiveMaximum\":0.0}",
	    "takes only less than 0", "or more now");
	/* The same for integers, and with precision. */
	schemas("{\"type\":\"integer\",\"minimum\":1}",
	    "{\"type\":\"integer\",\"exclusiveMinimum\":0}", NULL, NULL);
	narrows("{\"type\":\"integer\",\"maximum\":9007199254740993}",
	    "{\"type\":\"integer\",\"maximum\":9007199254740992}",
	    "takes no more than 9007199254740992 now",
	    "may be more than 9007199254740992 now");
	narrows("{\"type\":\"number\"}", "{\"type\":\"number\","
	    "\"multipleOf\":0.5}", "takes only multiples of 0.5 now",
	    "need no longer be a multiple of 0.5");
	narrows("{\"type\":\"number\",\"multipleOf\":2}",
	    "{\"type\":\"number\",\"multipleOf\":6}",
	    "takes only multiples of 6 now",
	    "need no longer be a multiple of 6");
	schemas("{\"type\":\"integer\"}",
	    "{\"type\":\"integer\",\"multipleOf\":1}", NULL, NULL);
	narrows("{\"type\":\"integer\",\"format\":\"int64\"}",
	    "{\"type\":\"integer\",\"format\":\"int32\"}",
	    "must be of the format \"int32\" now",
	    "need no longer be of the format \"int32\"");
	/* A bound of numbers is none of strings. */
	schemas("{\"type\":\"string\"}", "{\"type\":\"string\",\"minimum\":3}",
	    NULL, NULL);
}

static void
test_texts(void **state)
{
	(void)state;
	narrows("{\"type\":\"string\"}", "{\"type\":\"string\","
	    "\"minLength\":1}", "takes no less than 1 characters now",
	    "may have less than 1 characters now");
	schemas("{\"type\":\"string\"}", "{\"type\":\"string\","
	    "\"minLength\":0}", NULL, NULL);
	narrows("{\"type\":\"string\",\"maxLength\":9}", "{\"type\":"
	    "\"string\",\"maxLength\":8}", "takes no more than 8 characters",
	    "may have more than 8 characters now");
	schemas("{\"type\":\"string\",\"pattern\":\"a\"}", "{\"type\":"
	    "\"string\",\"pattern\":\"b\"}", "has another pattern now, \"b\"",
	    "has another pattern now than \"a\"");
	narrows("{\"type\":\"string\"}", "{\"type\":\"string\",\"pattern\":"
	    "\"a\"}", "may no longer take what was taken",
	    "may be what it never was");
	narrows("{\"type\":\"string\"}", "{\"type\":\"string\",\"format\":"
	    "\"date\"}", "must be of the format \"date\" now",
	    "need no longer be of the format \"date\"");
	narrows("{\"type\":\"string\",\"format\":\"uri-reference\"}",
	    "{\"type\":\"string\",\"format\":\"uri\"}", "\"uri\" now",
	    "\"uri\"");
	/* Formats that say nothing to a validator. */
	schemas("{\"type\":\"string\"}", "{\"type\":\"string\",\"format\":"
	    "\"password\"}", NULL, NULL);
	schemas("{\"type\":\"string\",\"contentEncoding\":\"base64\"}",
	    "{\"type\":\"string\",\"contentEncoding\":\"base16\"}",
	    "has another \"contentEncoding\" now",
	    "has another \"contentEncoding\" now");
}

static void
test_objects(void **state)
{
	(void)state;
	narrows("{\"properties\":{\"a\":{}}}", "{\"properties\":{\"a\":{}},"
	    "\"required\":[\"a\"]}", "/a of the body is required now",
	    "/a of the reply 200 is no longer always there");
	schemas("{\"properties\":{\"a\":{}},\"required\":[\"a\"]}",
	    "{\"properties\":{}}", NULL, "/a of the reply 200 is gone");
	/* What was not named may come, and go if none was promised it. */
	schemas("{\"type\":\"object\"}", "{\"type\":\"object\",\"properties\":"
	    "{\"a\":{\"type\":\"string\"}}}", NULL, NULL);
	schemas("{\"properties\":{\"a\":{}}}", "{\"properties\":{}}", NULL,
	    NULL);
	schemas("{}", "{\"properties\":{\"b\":{}},\"required\":[\"b\"]}",
	    "/b of the body is required now", NULL);
	narrows("{\"properties\":{\"a\":{\"properties\":{\"b\":"
	    "{\"type\":[\"string\",\"null\"]}}}}}",
	    "{\"properties\":{\"a\":{\"properties\":{\"b\":"
	    "{\"type\":\"string\"}}}}}",
	    "/a/b of the body no longer takes null",
	    "/a/b of the reply 200 may be null now");
	/* Closing. */
	schemas("{\"properties\":{\"a\":{}}}", "{\"properties\":{\"a\":{}},"
	    "\"additionalProperties\":false}", "takes no other members now",
	    NULL);
	schemas("{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
	    "{\"properties\":{\"a\":{}}}", NULL, NULL);
	schemas("{\"properties\":{\"a\":{},\"b\":{}},"
	    "\"additionalProperties\":false}", "{\"properties\":{\"a\":{}},"
	    "\"additionalProperties\":false}",
	    "/b of the body is no longer taken", NULL);
	schemas("{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
	    "{\"properties\":{\"a\":{},\"b\":{}},"
	    "\"additionalProperties\":false}", NULL, NULL);
	narrows("{\"type\":\"object\",\"additionalProperties\":{\"type\":"
	    "[\"string\",\"null\"]}}", "{\"type\":\"object\","
	    "\"additionalProperties\":{\"type\":\"string\"}}",
	    "/* of the body no longer takes null",
	    "/* of the reply 200 may be null now");
	schemas("{\"type\":\"object\",\"additionalProperties\":{\"type\":"
	    "\"string\"}}", "{\"type\":\"object\",\"properties\":{\"a\":"
	    "{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":"
	    "\"string\"}}", "/a of the body no longer takes strings",
	    "/a of the reply 200 may be an integer now");
	schemas("{\"type\":\"object\"}", "{\"type\":\"object\","
	    "\"unevaluatedProperties\":false}", "takes no other members now",
	    NULL);
	/* Counts, patterns, names. */
	narrows("{\"type\":\"object\"}", "{\"type\":\"object\","
	    "\"maxProperties\":3}", "takes no more than 3 members",
	    "may have more than 3 members");
	narrows("{\"patternProperties\":{\"^a\":{}}}",
	    "{\"patternProperties\":{\"^a\":{\"type\":\"string\"}}}",
	    "/^a of the body takes only strings now",
	    "/^a of the reply 200 may be anything now");
	schemas("{\"properties\":{\"ab\":{\"type\":\"integer\"}}}",
	    "{\"patternProperties\":{\"^a\":{\"type\":\"string\"}},"
	    "\"properties\":{\"ab\":{}}}",
	    "/ab of the body no longer takes integers",
	    "/ab of the reply 200 may be a string now");
	schemas("{\"properties\":{\"ab\":{\"type\":\"integer\"}},"
	    "\"patternProperties\":{\"^a\":{\"minimum\":0}}}",
	    "{\"properties\":{\"ab\":{\"type\":\"integer\",\"minimum\":0}}}",
	    NULL, NULL);
	narrows("{\"type\":\"object\"}", "{\"type\":\"object\","
	    "\"propertyNames\":{\"maxLength\":3}}",
	    "takes no more than 3 characters",
	    "may have more than 3 characters");
	narrows("{\"type\":\"object\"}", "{\"type\":\"object\","
	    "\"dependentRequired\":{\"a\":[\"b\"]}}",
	    "another \"dependentRequired\" now",
	    "another \"dependentRequired\" now");
}

static void
test_arrays(void **state)
{
	(void)state;
	narrows("{\"type\":\"array\",\"items\":{\"type\":[\"string\","
	    "\"null\"]}}", "{\"type\":\"array\",\"items\":{\"type\":"
	    "\"string\"}}", "/* of the body no longer takes null",
	    "/* of the reply 200 may be null now");
	narrows("{\"type\":\"array\"}", "{\"type\":\"array\",\"items\":"
	    "{\"type\":\"string\"}}", "/* of the body takes only strings",
	    "/* of the reply 200 may be anything now");
	narrows("{\"type\":\"array\",\"maxItems\":5}", "{\"type\":\"array\","
	    "\"maxItems\":4}", "takes no more than 4 items",
	    "may have more than 4 items now");
	narrows("{\"type\":\"array\"}", "{\"type\":\"array\",\"minItems\":1}",
	    "takes no less than 1 items", "may have less than 1 items now");
	narrows("{\"type\":\"array\"}", "{\"type\":\"array\",\"uniqueItems\":"
	    "true}", "may not hold an item twice now",
	    "may hold an item twice now");
	schemas("{\"type\":\"array\"}", "{\"type\":\"array\",\"uniqueItems\":"
	    "false}", NULL, NULL);
	narrows("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},"
	    "{}]}", "{\"type\":\"array\",\"prefixItems\":[{\"type\":"
	    "\"integer\"},{\"type\":\"string\"}]}",
	    "/1 of the body takes only strings now",
	    "/1 of the reply 200 may be anything now");
	narrows("{\"type\":\"array\"}", "{\"type\":\"array\",\"contains\":"
	    "{\"const\":1}}", "another \"contains\" now",
	    "another \"contains\" now");
	narrows("{\"type\":\"array\",\"contains\":{\"const\":1},"
	    "\"minContains\":0}", "{\"type\":\"array\",\"contains\":"
	    "{\"const\":1}}", "must have another number", "may have another "
	    "number");
}

static void
test_choices(void **state)
{
	static const char cat[] = "{\"properties\":{\"t\":{\"const\":\"cat\"},"
	    "\"n\":{\"type\":\"integer\"}},\"required\":[\"t\"]}";
	static const char dog[] = "{\"properties\":{\"t\":{\"const\":\"dog\"}"
	    "},\"required\":[\"t\"]}";
	char wide[600], narrow[600], components[900], tighter[900];

	(void)state;
	snprintf(wide, sizeof(wide), "{\"oneOf\":[%s,%s]}", cat, dog);
	snprintf(narrow, sizeof(narrow), "{\"oneOf\":[%s]}", cat);
	narrows(wide, narrow, "/t of the body no longer takes \"dog\"",
	    "/t of the reply 200 may be \"dog\" now");
	snprintf(components, sizeof(components), "\"schemas\":{\"Cat\":%s,"
	    "\"Dog\":%s}", cat, dog);
	schemas_of("{\"anyOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"$ref\":\"#/components/schemas/Dog\"},{\"type\":\"null\"}]}",
	    "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"type\":\"null\"}]}", components, components,
	    "no longer takes all of Dog", NULL);
	schemas_of("{\"anyOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"type\":\"null\"}]}",
	    "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"$ref\":\"#/components/schemas/Dog\"},{\"type\":\"null\"}]}",
	    components, components, NULL, "may be Dog now");
	snprintf(tighter, sizeof(tighter), "\"schemas\":{\"Dog\":%s,\"Cat\":"
	    "{\"properties\":{\"t\":{\"const\":\"cat\"},\"n\":{\"type\":"
	    "\"integer\",\"minimum\":1}},\"required\":[\"t\"]}}", dog);
	schemas_of("{\"oneOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"$ref\":\"#/components/schemas/Dog\"}]}",
	    "{\"oneOf\":[{\"$ref\":\"#/components/schemas/Dog\"},"
	    "{\"$ref\":\"#/components/schemas/Cat\"}]}", components, tighter,
	    "/n of the body takes no less than 1 now", NULL);
	schemas_of("{\"oneOf\":[{\"$ref\":\"#/components/schemas/Cat\"},"
	    "{\"$ref\":\"#/components/schemas/Dog\"}]}",
	    "{\"oneOf\":[{\"$ref\":\"#/components/schemas/Dog\"},"
	    "{\"$ref\":\"#/components/schemas/Cat\"}]}", tighter, components,
	    NULL, "/n of the reply 200 may be less than 1 now");
	/* Only one may take it. */
	schemas("{\"type\":\"integer\"}", "{\"oneOf\":[{\"type\":\"integer\"},"
	    "{\"minimum\":5}]}", "may be taken by two schemas",
	    "may be anything now");
	schemas("{\"type\":\"integer\"}", "{\"oneOf\":[{\"type\":\"integer\"},"
	    "{\"type\":\"null\"}]}", NULL, "may be null now");
	narrows("{\"enum\":[1,7]}", "{\"enum\":[1,7],\"oneOf\":[{\"type\":"
	    "\"integer\"},{\"minimum\":5}]}", "no longer takes 7",
	    "may be 7 now");
	/* Said otherwise. */
	schemas("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}",
	    "{\"type\":[\"string\",\"null\"]}", NULL, NULL);
	schemas("{\"anyOf\":[{\"type\":\"string\",\"minLength\":2},"
	    "{\"type\":\"null\"}]}", "{\"type\":[\"string\",\"null\"],"
	    "\"minLength\":1}", NULL, "may have less than 2 characters");
	narrows("{\"type\":\"string\"}", "{\"allOf\":[{\"type\":\"string\"},"
	    "{\"maxLength\":4}]}", "takes no more than 4 characters",
	    "may have more than 4 characters");
	/* What cannot be judged. */
	narrows("{\"type\":\"string\"}", "{\"type\":\"string\",\"not\":"
	    "{\"const\":\"a\"}}", "another \"not\" now, and may no longer "
	    "take what was taken", "another \"not\" now, so that it may be "
	    "what it never was");
	schemas("{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":1}}",
	    "{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":2}}",
	    "another \"then\"", "another \"then\"");
	schemas("{\"oneOf\":[{\"properties\":{\"a\":{}}},{\"required\":"
	    "[\"b\"]}],\"unevaluatedProperties\":false}",
	    "{\"oneOf\":[{\"properties\":{\"a\":{}}},{\"required\":"
	    "[\"b\"]}],\"unevaluatedProperties\":false,\"title\":\"t\"}", NULL,
	    NULL);
}

static void
test_references(void **state)
{
	static const char old[] = "\"schemas\":{\"Tree\":{\"properties\":"
	    "{\"v\":{\"type\":\"string\"},\"sub\":{\"type\":\"array\",\"items\":"
	    "{\"$ref\":\"#/components/schemas/Tree\"}}}}}";
	static const char new[] = "\"schemas\":{\"Tree\":{\"properties\":"
	    "{\"v\":{\"type\":\"string\",\"minLength\":1},\"sub\":{\"type\":"
	    "\"array\",\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}}}}";
	static const char moved[] = "\"schemas\":{\"a/b ~\":{\"$anchor\":\"t\","
	    "\"properties\":{\"v\":{\"type\":\"string\"},\"sub\":{\"type\":"
	    "\"array\",\"items\":{\"$ref\":\"#t\"}}}}}";
	static const char ref[] = "{\"$ref\":\"#/components/schemas/Tree\"}";

	(void)state;
	schemas_of(ref, ref, old, new,
	    "/v of the body takes no less than 1 characters now", NULL);
	schemas_of(ref, ref, new, old, NULL,
	    "/v of the reply 200 may have less than 1 characters now");
	schemas_of(ref, "{\"$ref\":\"#/components/schemas/a~1b%20~0\"}", old,
	    moved, NULL, NULL);
	/* The same words that lead to something else. */
	schemas_of("{\"not\":{\"$ref\":\"#/components/schemas/Tree\"}}",
	    "{\"not\":{\"$ref\":\"#/components/schemas/Tree\"}}", old, new,
	    "another \"not\"", "another \"not\"");
	/* Circles and what leads nowhere end. */
	schemas_of("{\"$ref\":\"#/components/schemas/A\"}", "{\"type\":"
	    "\"string\"}", "\"schemas\":{\"A\":{\"allOf\":[{\"$ref\":"
	    "\"#/components/schemas/A\"}]}}", "", "takes only strings", NULL);
	schemas("{\"$ref\":\"#/nowhere\"}", "{\"$ref\":\"x.json\"}", NULL,
	    NULL);
}

#define QUERY(more) "\"parameters\":[{\"name\":\"page\",\"in\":\"query\"," \
    more "}]"

static void
test_parameters(void **state)
{
	static const char none[] = "\"parameters\":[]";

	(void)state;
	members(none, QUERY("\"schema\":{}"), NULL);
	members(none, QUERY("\"required\":true,\"schema\":{}"),
	    "POST /: the parameter \"page\" of the query is new and required");
	members(QUERY("\"schema\":{}"), none, NULL);
	members(QUERY("\"schema\":{}"), QUERY("\"required\":true,"
	    "\"schema\":{}"), "the parameter \"page\" of the query is "
	    "required now");
	members(QUERY("\"required\":true,\"schema\":{}"),
	    QUERY("\"schema\":{}"), NULL);
	/* A new name is another parameter. */
	members(QUERY("\"required\":true,\"schema\":{}"), "\"parameters\":"
	    "[{\"name\":\"p\",\"in\":\"query\",\"required\":true,\"schema\":"
	    "{}}]", "the parameter \"p\" of the query is new and required");
	members(QUERY("\"schema\":{}"), "\"parameters\":[{\"name\":\"page\","
	    "\"in\":\"header\",\"schema\":{}}]", "the parameter \"page\" of "
	    "the query is the parameter \"page\" of the header now");
	members("\"parameters\":[{\"name\":\"X-A\",\"in\":\"header\","
	    "\"schema\":{}}]", "\"parameters\":[{\"name\":\"x-a\",\"in\":"
	    "\"header\",\"required\":true,\"schema\":{}}]",
	    "\"X-A\" of the header is required now");
	members(QUERY("\"schema\":{\"type\":\"integer\",\"maximum\":9}"),
	    QUERY("\"schema\":{\"type\":\"integer\",\"maximum\":8}"),
	    "the parameter \"page\" of the query takes no more than 8 now");
	members(QUERY("\"schema\":{\"type\":\"integer\",\"maximum\":8}"),
	    QUERY("\"schema\":{\"type\":\"integer\",\"maximum\":9}"), NULL);
	/* "7" is a string as well as a number; not the other way round. */
	members(QUERY("\"schema\":{\"type\":\"integer\"}"),
	    QUERY("\"schema\":{\"type\":\"string\"}"), NULL);
	members(QUERY("\"schema\":{\"type\":\"integer\"}"),
	    QUERY("\"schema\":{\"type\":\"string\",\"minLength\":2}"),
	    "takes no less than 2 characters");
	members(QUERY("\"schema\":{\"type\":\"string\"}"),
	    QUERY("\"schema\":{\"type\":\"integer\"}"),
	    "no longer takes strings");
	members(QUERY("\"schema\":{}"), QUERY("\"style\":\"form\","
	    "\"explode\":true,\"schema\":{}"), NULL);
	members(QUERY("\"schema\":{}"), QUERY("\"explode\":false,"
	    "\"schema\":{}"), "is written in another way now");
	members(QUERY("\"schema\":{}"), QUERY("\"style\":\"pipeDelimited\","
	    "\"schema\":{}"), "is written in another way now");
	members(QUERY("\"schema\":{\"type\":\"string\"}"), QUERY("\"content\":"
	    "{\"application/json\":{\"schema\":{\"type\":\"string\"}}}"),
	    "is written in another way now (application/json)");
	members(QUERY("\"content\":{\"application/json\":{\"schema\":"
	    "{\"type\":\"string\"}}}"), QUERY("\"content\":"
	    "{\"application/json\":{\"schema\":{\"type\":\"integer\"}}}"),
	    "no longer takes strings");
}

static void
test_paths(void **state)
{
	static const char old[] = "{\"paths\":{\"/a/{id}\":{\"parameters\":"
	    "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":"
	    "{\"type\":\"string\"}}],\"get\":{\"operationId\":\"x\"}}}}";

	(void)state;
	expect("a name in the path", old, "{\"paths\":{\"/a/{key}/\":{\"get\":"
	    "{\"operationId\":\"y\",\"parameters\":[{\"name\":\"key\",\"in\":"
	    "\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}]}}}}",
	    NULL);
	expect("narrower in the path", old, "{\"paths\":{\"/a/{key}\":{\"get\":"
	    "{\"parameters\":[{\"name\":\"key\",\"in\":\"path\",\"required\":"
	    "true,\"schema\":{\"type\":\"integer\"}}]}}}}",
	    "GET /a/{id}: the parameter \"id\" of the path no longer takes");
	expect("gone", old, "{\"paths\":{}}", "GET /a/{id}: is gone");
	expect("no paths", old, "{}", "GET /a/{id}: is gone");
	expect("another path", old, "{\"paths\":{\"/b/{id}\":{\"get\":"
	    "{\"operationId\":\"x\"}}}}", "GET /a/{id}: is at GET /b/{id} now");
	expect("another method", old, "{\"paths\":{\"/a/{id}\":{\"put\":"
	    "{\"operationId\":\"x\"}}}}", "GET /a/{id}: is at PUT /a/{id} now");
	expect("a new one", "{\"paths\":{}}", old, NULL);
	expect("HEAD is served by GET", "{\"paths\":{\"/\":{\"get\":{},"
	    "\"head\":{},\"options\":{}}}}", "{\"paths\":{\"/\":{\"get\":{}}}}",
	    NULL);
	expect("HEAD without GET", "{\"paths\":{\"/\":{\"head\":{}}}}",
	    "{\"paths\":{\"/\":{\"put\":{}}}}", "HEAD /: is gone");
	expect("what is no document", "[]", "{\"paths\":[7]}", NULL);
	expect("nor this", "{\"paths\":{\"/\":7,\"/b\":{\"get\":[]}}}",
	    "{\"paths\":{\"/b\":{\"get\":{\"parameters\":7,\"requestBody\":[],"
	    "\"responses\":[],\"security\":7}}}}", NULL);
}

#define BODY(more) "\"requestBody\":{" more "}"
#define REPLIES(more) "\"responses\":{" more "}"

static void
test_bodies(void **state)
{
	(void)state;
	members("\"x-a\":1", BODY("\"content\":{\"a/b\":{}}"), NULL);
	members("\"x-a\":1", BODY("\"required\":true,\"content\":{\"a/b\":{}}"),
	    "POST /: a body is required now");
	members(BODY("\"content\":{\"a/b\":{}}"), BODY("\"required\":true,"
	    "\"content\":{\"a/b\":{}}"), "a body is required now");
	members(BODY("\"content\":{\"a/b\":{}}"), "\"x-a\":1",
	    "no longer takes a body");
	members(BODY("\"content\":{\"a/b\":{},\"a/c\":{}}"),
	    BODY("\"content\":{\"A/b; charset=utf-8\":{}}"),
	    "no longer takes a body of a/c");
	members(BODY("\"content\":{\"a/b\":{}}"),
	    BODY("\"content\":{\"a/*\":{}}"), NULL);
	members(BODY("\"content\":{\"a/*\":{}}"),
	    BODY("\"content\":{\"a/b\":{}}"), "no longer takes a body of a/*");
	members(BODY("\"content\":{\"text/csv\":{}}"), BODY("\"content\":"
	    "{\"text/csv\":{\"schema\":{\"type\":\"string\"}}}"),
	    "the body as text/csv takes only strings now");
	members(BODY("\"content\":{\"a/b\":{\"encoding\":{\"f\":{\"style\":"
	    "\"form\"}}}}"), BODY("\"content\":{\"a/b\":{}}"),
	    "/f of the body as a/b is written in another way now");
}

static void
test_replies(void **state)
{
	(void)state;
	members(REPLIES("\"200\":{}"), REPLIES("\"200\":{},\"201\":{}"), NULL);
	members(REPLIES("\"200\":{},\"404\":{}"), REPLIES("\"200\":{}"),
	    "POST /: the reply 404 is gone");
	members(REPLIES("\"200\":{},\"404\":{}"), REPLIES("\"200\":{},"
	    "\"4XX\":{}"), NULL);
	members(REPLIES("\"404\":{\"content\":{\"a/b\":{}}}"),
	    REPLIES("\"default\":{\"content\":{}}"),
	    "the reply 404 is no longer there as a/b");
	members(REPLIES("\"200\":{\"content\":{\"a/b\":{}}}"),
	    REPLIES("\"200\":{\"content\":{\"a/b\":{},\"c/d\":{}}}"), NULL);
	/* One that was under the others. */
	members(REPLIES("\"default\":{\"content\":{\"application/json\":"
	    "{\"schema\":{\"type\":\"object\"}}}}"),
	    REPLIES("\"409\":{\"content\":{\"application/json\":{\"schema\":"
	    "{\"type\":\"array\"}}}},\"default\":{\"content\":"
	    "{\"application/json\":{\"schema\":{\"type\":\"object\"}}}}"),
	    "the reply 409 may be an array now");
	members(REPLIES("\"200\":{\"headers\":{\"X-A\":{\"required\":true,"
	    "\"schema\":{}}}}"), REPLIES("\"200\":{}"),
	    "the header \"X-A\" of the reply 200 is gone");
	members(REPLIES("\"200\":{\"headers\":{\"X-A\":{\"required\":true,"
	    "\"schema\":{}}}}"), REPLIES("\"200\":{\"headers\":{\"x-a\":{"
	    "\"schema\":{}}}}"), "is no longer always there");
	members(REPLIES("\"200\":{\"headers\":{\"X-A\":{\"schema\":{}}}}"),
	    REPLIES("\"200\":{}"), NULL);
	members(REPLIES("\"200\":{\"headers\":{\"X-A\":{\"schema\":{\"type\":"
	    "\"integer\"}}}}"), REPLIES("\"200\":{\"headers\":{\"X-A\":"
	    "{\"schema\":{\"type\":\"string\"}}}}"),
	    "the header \"X-A\" of the reply 200 may be a string now");
}

#define SCHEMES "\"securitySchemes\":{\"key\":{\"type\":\"apiKey\",\"in\":" \
    "\"header\",\"name\":\"X-Key\"},\"login\":{\"type\":\"http\"," \
    "\"scheme\":\"bearer\"},\"o\":{\"type\":\"oauth2\"}}"

static void
security(const char *before, const char *after, const char *schemes,
    const char *words)
{
	char *old = malloc(TEXT_MAX), *new = malloc(TEXT_MAX);

	assert_non_null(old);
	assert_non_null(new);
	whole(old, before, SCHEMES);
	whole(new, after, schemes);
	expect("security", old, new, words);
	free(old);
	free(new);
}

static void
test_security(void **state)
{
	static const char none[] = "\"x-a\":1";
	static const char key[] = "\"security\":[{\"key\":[]}]";

	(void)state;
	security(none, key, SCHEMES, "POST /: needs a login now");
	security("\"security\":[{},{\"key\":[]}]", key, SCHEMES,
	    "needs a login now");
	security(key, none, SCHEMES, NULL);
	security("\"security\":[{\"key\":[]}]", "\"security\":[{\"key\":[]}],"
	    "\"x-xcore-step-up\":60", SCHEMES, "POST /: needs a second "
	    "factor now");
	security("\"security\":[{\"key\":[]}],\"x-xcore-step-up\":60",
	    "\"security\":[{\"key\":[]}],\"x-xcore-step-up\":59", SCHEMES,
	    "POST /: needs a second factor more often");
	security("\"security\":[{\"key\":[]}],\"x-xcore-step-up\":59",
	    "\"security\":[{\"key\":[]}],\"x-xcore-step-up\":60", SCHEMES,
	    NULL);
	security(key, "\"security\":[]", SCHEMES, NULL);
	security(key, "\"security\":[{\"login\":[]},{\"key\":[]}]", SCHEMES,
	    NULL);
	security("\"security\":[{\"login\":[]},{\"key\":[]}]", key, SCHEMES,
	    "a login by login with what it could do is no longer enough");
	security(key, "\"security\":[{\"key\":[],\"login\":[]}]", SCHEMES,
	    "a login by key");
	security("\"security\":[{\"key\":[],\"login\":[]}]", key, SCHEMES,
	    NULL);
	security("\"security\":[{\"o\":[\"a\",\"b\"]}]",
	    "\"security\":[{\"o\":[\"b\"]}]", SCHEMES, NULL);
	security("\"security\":[{\"o\":[\"b\"]}]",
	    "\"security\":[{\"o\":[\"a\",\"b\"]}]", SCHEMES, "a login by o");
	/* The names are the document's own. */
	security(key, "\"security\":[{\"k\":[]}]", "\"securitySchemes\":"
	    "{\"k\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":"
	    "\"x-key\"}}", NULL);
	security(key, key, "\"securitySchemes\":{\"key\":{\"type\":\"apiKey\","
	    "\"in\":\"query\",\"name\":\"X-Key\"}}", "a login by key");
}

/* Schemas that double with each step, and deep ones: an answer comes. */
static void
test_bounds(void **state)
{
	char *old = malloc(200000), *new = malloc(200000);
	struct xc_notes notes = { 0 };
	size_t len;

	(void)state;
	assert_non_null(old);
	assert_non_null(new);
	len = (size_t)sprintf(old, "{\"paths\":{\"/\":{\"post\":{"
	    "\"requestBody\":{\"content\":{\"a/b\":{\"schema\":{\"$ref\":"
	    "\"#/components/schemas/S0\"}}}}}}},\"components\":{\"schemas\":{");
	for (int i = 0; i < 60; i++)
		len += (size_t)sprintf(old + len, "\"S%d\":{\"anyOf\":["
		    "{\"properties\":{\"a\":{\"$ref\":\"#/components/schemas/"
		    "S%d\"}},\"required\":[\"a\"]},{\"properties\":{\"b\":"
		    "{\"$ref\":\"#/components/schemas/S%d\"}},\"required\":"
		    "[\"b\"]}],\"allOf\":[{\"anyOf\":[{\"minimum\":1},"
		    "{\"maximum\":%d}]}]},", i, i + 1, i + 1, i);
	sprintf(old + len, "\"S60\":{\"type\":\"string\"}}}}");
	strcpy(new, old);
	memcpy(strstr(new, "\"type\":\"string\""), "\"type\":\"number\"", 15);
	run(old, new, &notes);
	assert_true(notes.n > 0);
	xc_notes_free(&notes);
	free(old);
	free(new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_security),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

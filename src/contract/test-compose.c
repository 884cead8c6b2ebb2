/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose.h"
#include "contract/compose-pointer.h"

/* JSON with ' in the place of ". */
static struct json_object *
parse(const char *text)
{
	char *copy = strdup(text), where[200];
	struct json_object *value = NULL;

	assert_non_null(copy);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	if (xc_json_parse(copy, strlen(copy), &value, where,
	    sizeof(where)) != XC_OK)
		fail_msg("%s: %s", where, copy);
	free(copy);
	return value;
}

static struct xc_compose *
begin(void)
{
	const struct xc_compose_site site = { .title = "Site",
		.version = "1.2.3" };
	struct xc_compose *compose = xc_compose_begin(&site);

	assert_non_null(compose);
	return compose;
}

static enum xc_err
add(struct xc_compose *compose, const char *name, const char *text,
    struct xc_errbuf *errbuf)
{
	struct json_object *openapi = parse(text);
	struct xc_compose_plugin plugin = { .name = name, .version = "1.0.0",
		.openapi = openapi };
	char prefix[64], *before;
	enum xc_err err;

	snprintf(prefix, sizeof(prefix), "/app/%s", name);
	plugin.prefix = strcmp(name, "core") == 0 ? "" : prefix;
	before = strdup(json_object_to_json_string(openapi));
	err = xc_compose_add(compose, &plugin, errbuf);
	assert_string_equal(before, json_object_to_json_string(openapi));
	free(before);
	json_object_put(openapi);
	return err;
}

static struct json_object *
text_of(struct xc_compose *compose, enum xc_openapi version)
{
	struct json_object *value;
	size_t len;
	char *text;

	assert_int_equal(xc_compose_text(compose, version, &text, &len),
	    XC_OK);
	assert_int_equal(strlen(text), len);
	assert_int_equal(text[0], '{');
	value = json_tokener_parse(text);
	if (value == NULL)
		fail_msg("no JSON: %s", text);
	free(text);
	return value;
}

static void
is(struct json_object *root, const char *pointer, const char *wanted)
{
	struct json_object *found = xc_pointer_find(root, pointer);
	struct json_object *value = wanted == NULL ? NULL : parse(wanted);

	if (!json_object_equal(found, value))
		fail_msg("%s is %s", pointer,
		    json_object_to_json_string(found));
	json_object_put(value);
}

/* Composes one document as plugin "a" and looks at one place in it. */
static void
leads(enum xc_openapi version, const char *document, const char *pointer,
    const char *wanted)
{
	struct xc_compose *compose = begin();
	struct xc_errbuf errbuf = { "" };
	struct json_object *root;

	if (add(compose, "a", document, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	root = text_of(compose, version);
	is(root, pointer, wanted);
	json_object_put(root);
	xc_compose_free(&compose);
}

/* The same of a schema. */
static void
schema_is(const char *schema, const char *wanted)
{
	char *document = NULL;

	assert_true(asprintf(&document, "{'paths':{},'components':{"
	    "'schemas':{'S':%s,'T':{'type':'object'}}}}", schema) > 0);
	leads(XC_OPENAPI_3_0, document, "/components/schemas/a_S", wanted);
	free(document);
}

static void
refuses(const char *document, const char *part)
{
	struct xc_compose *compose = begin();
	struct xc_errbuf errbuf = { "" };
	struct json_object *root;

	assert_int_equal(add(compose, "a", document, &errbuf),
	    XC_ERR_INVALID);
	if (strstr(errbuf.text, part) == NULL)
		fail_msg("%s", errbuf.text);
	assert_int_equal(add(compose, "b", "{'paths':{'/x':{}}}", &errbuf),
	    XC_OK);
	root = text_of(compose, XC_OPENAPI_3_1);
	is(root, "/paths", "{'/app/b/x':{}}");
	is(root, "/components", "{}");
	json_object_put(root);
	xc_compose_free(&compose);
}

#define GET(id, more) "{'get':{'operationId':'" id "'," more "'responses':{" \
	"'default':{'description':'x'}}}}"

static void
test_empty(void **state)
{
	struct xc_compose *compose = begin();
	struct json_object *root = text_of(compose, XC_OPENAPI_3_1);

	(void)state;
	is(root, "", "{'openapi':'3.1.0','info':{'title':'Site',"
	    "'version':'1.2.3'},'tags':[],'paths':{},'components':{}}");
	json_object_put(root);
	root = text_of(compose, XC_OPENAPI_3_0);
	is(root, "/openapi", "'3.0.3'");
	json_object_put(root);
	xc_compose_free(&compose);
}

static void
test_paths(void **state)
{
	const char *document = "{'paths':{'/':" GET("f", "") ",'/x/{id}/':"
	    GET("g", "") ",'x-more':1}}";
	struct xc_compose *compose = begin();
	struct json_object *root;

	(void)state;
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/get/operationId",
	    "'a_f'");
	leads(XC_OPENAPI_3_0, document, "/paths/~1app~1a~1x~1{id}/get/"
	    "x-xcore-plugin", "'a'");
	leads(XC_OPENAPI_3_1, document, "/paths/x-more", NULL);
	/* What our own members ask for is for readers too. */
	document = "{'paths':{'/':" GET("f", "'x-xcore-step-up':300,"
	    "'x-xcore-idempotent':true,") "}}";
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/get/"
	    "x-xcore-step-up", "300");
	leads(XC_OPENAPI_3_0, document, "/paths/~1app~1a/get/"
	    "x-xcore-step-up", "300");
	leads(XC_OPENAPI_3_0, document, "/paths/~1app~1a/get/"
	    "x-xcore-idempotent", "true");
	assert_int_equal(add(compose, "core", "{'paths':{'/docs':" GET("d", "")
	    ",'/':" GET("e", "") "}}", NULL), XC_OK);
	root = text_of(compose, XC_OPENAPI_3_1);
	is(root, "/paths/~1docs/get/x-xcore-version", "'1.0.0'");
	is(root, "/paths/~1/get/operationId", "'core_e'");
	json_object_put(root);
	xc_compose_free(&compose);
	refuses("{'paths':{'/x/{a}':{},'/x/{b}':{}}}", "served already");
}

static void
test_clash(void **state)
{
	struct xc_compose *compose = begin();
	struct json_object *root;

	(void)state;
	assert_int_equal(add(compose, "a", "{'paths':{'/':" GET("b_c", "")
	    "},'components':{'schemas':{'b_S':{'$ref':'#/components/schemas/"
	    "odd name'},'odd name':{},'odd/name':{'$ref':"
	    "'#/components/schemas/odd%20name'}}}}", NULL), XC_OK);
	assert_int_equal(add(compose, "a_b", "{'paths':{'/':" GET("c", "")
	    "},'components':{'schemas':{'S':{'items':{'$ref':"
	    "'#/components/schemas/S'}}}}}", NULL), XC_OK);
	root = text_of(compose, XC_OPENAPI_3_1);
	is(root, "/paths/~1app~1a/get/operationId", "'a_b_c'");
	is(root, "/paths/~1app~1a_b/get/operationId", "'a_b_c_2'");
	is(root, "/components/schemas", "{'a_b_S':{'$ref':"
	    "'#/components/schemas/a_odd_name'},'a_odd_name':{},"
	    "'a_odd_name_2':{'$ref':'#/components/schemas/a_odd_name'},"
	    "'a_b_S_2':{'items':{'$ref':'#/components/schemas/a_b_S_2'}}}");
	json_object_put(root);
	xc_compose_free(&compose);
}

static void
test_tags(void **state)
{
	const char *document = "{'info':{'title':'All'},'tags':[{'name':'x',"
	    "'description':'X'},{'name':'y'}],'paths':{'/':" GET("f",
	    "'tags':['x','a','x'],") ",'/g':" GET("g", "") "}}";

	(void)state;
	leads(XC_OPENAPI_3_1, document, "/tags", "[{'name':'a',"
	    "'description':'All'},{'name':'a: x','description':'X'}]");
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/get/tags",
	    "['a: x','a']");
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a~1g/get/tags",
	    "['a']");
}

static void
test_security(void **state)
{
	struct xc_compose *compose = begin();
	struct json_object *root;

	(void)state;
	assert_int_equal(add(compose, "a", "{'security':[{'k':[],'t':['r']}],"
	    "'paths':{'/':" GET("f", "") ",'/g':" GET("g", "'security':[],")
	    ",'/m':" GET("m", "'security':[{'m':[]}],")
	    "},'components':{'securitySchemes':{'k':{'type':'apiKey',"
	    "'in':'header','name':'K'},'t':{'type':'http',"
	    "'scheme':'bearer'},'m':{'type':'mutualTLS'}}}}", NULL), XC_OK);
	assert_int_equal(add(compose, "b", "{'paths':{'/':" GET("f",
	    "'security':[{'k':[]},{'t':[]}],") "},'components':{"
	    "'securitySchemes':{'k':{'type':'apiKey','in':'query',"
	    "'name':'K'},'t':{'scheme':'bearer','type':'http'}}}}", NULL),
	    XC_OK);
	root = text_of(compose, XC_OPENAPI_3_1);
	is(root, "/security", NULL);
	is(root, "/paths/~1app~1a/get/security", "[{'k':[],'t':['r']}]");
	is(root, "/paths/~1app~1a~1g/get/security", "[]");
	is(root, "/paths/~1app~1b/get/security", "[{'b_k':[]},{'t':[]}]");
	is(root, "/components/securitySchemes", "{'k':{'type':'apiKey',"
	    "'in':'header','name':'K'},'t':{'type':'http',"
	    "'scheme':'bearer'},'m':{'type':'mutualTLS'},'b_k':{"
	    "'type':'apiKey','in':'query','name':'K'}}");
	json_object_put(root);
	root = text_of(compose, XC_OPENAPI_3_0);
	is(root, "/components/securitySchemes/m", NULL);
	is(root, "/paths/~1app~1a/get/security", "[{'k':[],'t':[]}]");
	is(root, "/paths/~1app~1a~1m/get/security", "[]");
	json_object_put(root);
	xc_compose_free(&compose);
	refuses("{'paths':{'/':" GET("f", "'security':[{'no':[]}],") "}}",
	    "no security scheme \"no\"");
}

#define SCHEMAS(text) "{'paths':{},'components':{'schemas':{" text "}}}"

static void
test_references(void **state)
{
	const char *ids = SCHEMAS("'A':{'$id':'https://x.example/a/b',"
	    "'$defs':{'c':{'$id':'c','$anchor':'here'},'d':{'$ref':'c'},"
	    "'e':{'$ref':'/a/c#here'},'f':{'$ref':'#/$defs/c'},"
	    "'g':{'$ref':'file:///openapi.json#top'}}},"
	    "'B':{'$anchor':'top','$ref':'openapi.json#/components/schemas"
	    "/A'}");

	(void)state;
	leads(XC_OPENAPI_3_1, ids, "/components/schemas/a_A", "{'$defs':{"
	    "'c':{},'d':{'$ref':'#/components/schemas/a_A/$defs/c'},"
	    "'e':{'$ref':'#/components/schemas/a_A/$defs/c'},"
	    "'f':{'$ref':'#/components/schemas/a_A/$defs/c'},"
	    "'g':{'$ref':'#/components/schemas/a_B'}}}");
	leads(XC_OPENAPI_3_1, ids, "/components/schemas/a_B",
	    "{'$ref':'#/components/schemas/a_A'}");
	leads(XC_OPENAPI_3_1, SCHEMAS("'A':{'properties':{'$ref':{'$ref':"
	    "'#/components/schemas/A'}},'const':{'$ref':'#/x'},'default':{"
	    "'$ref':'#/y'},'examples':[{'$ref':'#/z'}]}"),
	    "/components/schemas/a_A", "{'properties':{'$ref':{'$ref':"
	    "'#/components/schemas/a_A'}},'const':{'$ref':'#/x'},'default':{"
	    "'$ref':'#/y'},'examples':[{'$ref':'#/z'}]}");
	leads(XC_OPENAPI_3_1, SCHEMAS("'A':{'$dynamicAnchor':'n','items':{"
	    "'$dynamicRef':'#n'}}"), "/components/schemas/a_A",
	    "{'items':{'$ref':'#/components/schemas/a_A'}}");
	leads(XC_OPENAPI_3_1, "{'paths':{'/x/{id}':{'parameters':[{"
	    "'name':'id','in':'path','schema':{}}]}},'components':{"
	    "'parameters':{'P':{'$ref':'#/paths/~1x~1{id}/parameters/0'}}}}",
	    "/components/parameters/a_P",
	    "{'$ref':'#/paths/~1app~1a~1x~1%7Bid%7D/parameters/0'}");
	refuses(SCHEMAS("'A':{'$ref':'#/components/schemas/B'}"),
	    "/components/schemas/A: the reference");
	refuses(SCHEMAS("'A':{'$ref':'https://x.example/'}"), "leads nowhere");
	refuses(SCHEMAS("'A':{'$ref':'#'}"), "leads nowhere");
	refuses(SCHEMAS("'A':{'$ref':'#%zz'}"), "leads nowhere");
}

static void
test_discriminator(void **state)
{
	(void)state;
	leads(XC_OPENAPI_3_1, SCHEMAS("'A':{'oneOf':[{'$ref':'#/components/"
	    "schemas/B'},{'$ref':'#/components/schemas/C'}],"
	    "'discriminator':{'propertyName':'t','mapping':{'bee':'B',"
	    "'sea':'#/components/schemas/C'}}},'B':{},'C':{}"),
	    "/components/schemas/a_A/discriminator/mapping",
	    "{'bee':'#/components/schemas/a_B',"
	    "'sea':'#/components/schemas/a_C'}");
	leads(XC_OPENAPI_3_1, SCHEMAS("'A':{'anyOf':[{'$ref':'#/components/"
	    "schemas/B'}],'discriminator':{'propertyName':'t'}},'B':{}"),
	    "/components/schemas/a_A/discriminator/mapping",
	    "{'B':'#/components/schemas/a_B'}");
	leads(XC_OPENAPI_3_1, SCHEMAS("'A':{'discriminator':{"
	    "'propertyName':'t'}},'B':{'allOf':[{'$ref':'#/components/"
	    "schemas/A'}]}"), "/components/schemas/a_A/discriminator/mapping",
	    "{'B':'#/components/schemas/a_B'}");
	refuses(SCHEMAS("'A':{'discriminator':{'propertyName':'t',"
	    "'mapping':{'x':'Nobody'}}}"), "\"Nobody\" leads nowhere");
}

static void
test_links(void **state)
{
	const char *document = "{'paths':{'/x':{'get':{'operationId':'f',"
	    "'responses':{'200':{'description':'x','links':{"
	    "'a':{'operationId':'f'},'b':{'operationRef':'#/paths/~1x/get'},"
	    "'c':{'operationRef':'https://x.example/#/paths/~1y/get'}}}}}}}}";

	(void)state;
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a~1x/get/responses/200"
	    "/links", "{'a':{'operationId':'a_f'},'b':{'operationRef':"
	    "'#/paths/~1app~1a~1x/get'},'c':{'operationRef':"
	    "'https://x.example/#/paths/~1y/get'}}");
	refuses("{'paths':{},'components':{'links':{'L':{"
	    "'operationId':'g'}}}}", "no operation \"g\"");
}

static void
test_servers(void **state)
{
	const char *document = "{'servers':[{'url':'/a'}],'paths':{'/':{"
	    "'servers':[{'url':'/b'}],'get':{'operationId':'f','servers':[{"
	    "'url':'/c'}],'callbacks':{'c':{'{$url}':{'servers':[{"
	    "'url':'https://x.example'}],'post':{'servers':[]}}}}}}}}";

	(void)state;
	leads(XC_OPENAPI_3_1, document, "/servers", NULL);
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/servers", NULL);
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/get/servers", NULL);
	leads(XC_OPENAPI_3_1, document, "/paths/~1app~1a/get/callbacks/c",
	    "{'{$url}':{'servers':[{'url':'https://x.example'}],'post':{"
	    "'servers':[],'tags':['a'],'security':[]}}}");
}

#define BODY "'requestBody':{'content':{}},"
#define POST(more, responses) "{'paths':{'/':{'post':{'operationId':'f'," more \
	"'responses':{'201':{'description':'x'}" responses "}}}}}"

/* Those that the core gives, where nothing is said of them. */
static void
test_own(void **state)
{
	const char *text = POST(BODY, "");

	(void)state;
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/responses",
	    "{'201':{'description':'x'},'415':{'$ref':'#/components/"
	    "responses/xcore_UnsupportedMediaType'},'422':{'$ref':"
	    "'#/components/responses/xcore_Invalid'}}");
	leads(XC_OPENAPI_3_0, text, "/components/responses/xcore_Invalid/"
	    "content/application~1problem+json/schema",
	    "{'$ref':'#/components/schemas/xcore_Problem'}");
	leads(XC_OPENAPI_3_1, text, "/components/responses/xcore_Forbidden",
	    NULL);
	leads(XC_OPENAPI_3_1, POST(BODY, ",'4XX':{'description':'y'}"),
	    "/components", "{}");
	leads(XC_OPENAPI_3_1, POST("", ""), "/components", "{}");
	/* A key is a parameter like any other for whoever reads it. */
	text = POST("'x-xcore-idempotent':true,", "");
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/parameters/0/name",
	    "'Idempotency-Key'");
	leads(XC_OPENAPI_3_0, text, "/paths/~1app~1a/post/responses/409",
	    "{'$ref':'#/components/responses/xcore_InProgress'}");
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/responses/503",
	    "{'$ref':'#/components/responses/xcore_Unavailable'}");
	text = POST("'x-xcore-idempotent':true,'parameters':[{'name':"
	    "'idempotency-key','in':'header','schema':{}}],", "");
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/parameters/1", NULL);
	text = POST("'x-xcore-hashes':true,", "");
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/responses/503",
	    "{'$ref':'#/components/responses/xcore_Unavailable'}");
	text = POST("'x-xcore-idempotent':false,", "");
	leads(XC_OPENAPI_3_1, text, "/paths/~1app~1a/post/parameters", NULL);
}

static void
test_old_schema(void **state)
{
	(void)state;
	schema_is("true", "{}");
	schema_is("false", "{'not':{}}");
	schema_is("{'type':['string','null'],'nullable':false}",
	    "{'type':'string','nullable':true}");
	schema_is("{'type':['array','integer','null'],'items':{'const':1}}",
	    "{'anyOf':[{'type':'array','nullable':true,'items':{"
	    "'enum':[1]}},{'type':'integer'}]}");
	schema_is("{'type':'null'}",
	    "{'type':'string','nullable':true,'enum':[null]}");
	schema_is("{'const':null}",
	    "{'type':'string','nullable':true,'enum':[null]}");
	schema_is("{'anyOf':[{'type':'integer','minimum':1},{'type':'null'}],"
	    "'title':'x'}",
	    "{'title':'x','minimum':1,'type':'integer','nullable':true}");
	schema_is("{'oneOf':[{'type':'null'},{'$ref':"
	    "'#/components/schemas/T'}]}", "{'oneOf':[{'type':'string',"
	    "'nullable':true,'enum':[null]},{'$ref':"
	    "'#/components/schemas/a_T'}]}");
	schema_is("{'exclusiveMinimum':1,'maximum':5,'exclusiveMaximum':7}",
	    "{'minimum':1,'exclusiveMinimum':true,'maximum':5}");
	schema_is("{'examples':[1,2]}", "{'example':1}");
	schema_is("{'$ref':'#/components/schemas/T','description':'x',"
	    "'$comment':'y'}", "{'description':'x','allOf':[{'$ref':"
	    "'#/components/schemas/a_T'}]}");
	schema_is("{'$ref':'#/components/schemas/T','$comment':'y'}",
	    "{'$ref':'#/components/schemas/a_T'}");
	schema_is("{'contentMediaType':'image/png'}",
	    "{'type':'string','format':'binary'}");
	schema_is("{'type':'string','contentEncoding':'base64',"
	    "'contentMediaType':'image/png'}",
	    "{'type':'string','format':'byte'}");
	schema_is("{'prefixItems':[{'type':'string'}],'items':false}",
	    "{'maxItems':1,'items':{'anyOf':[{'type':'string'}]}}");
	schema_is("{'prefixItems':[{'type':'string'}]}", "{'items':{}}");
	schema_is("{'patternProperties':{'^x':{'type':'string'}},"
	    "'additionalProperties':false}",
	    "{'additionalProperties':{'type':'string'}}");
	schema_is("{'additionalProperties':false,'properties':{"
	    "'additionalProperties':false}}", "{'additionalProperties':false,"
	    "'properties':{'additionalProperties':{'not':{}}}}");
	schema_is("{'not':{'contains':{}},'minLength':1}", "{'minLength':1}");
	schema_is("{'oneOf':[{'if':{}},{'type':'string'}]}",
	    "{'anyOf':[{},{'type':'string'}]}");
	schema_is("{'unevaluatedItems':false,'propertyNames':{},'if':{},"
	    "'dependentRequired':{},'$comment':'x','x-y':1,'odd':2}",
	    "{'x-y':1}");
	schema_is("{'type':'array','required':[]}",
	    "{'type':'array','items':{}}");
}

static void
test_old_places(void **state)
{
	const char *defs = SCHEMAS("'A':{'$defs':{'x':{'items':{'$ref':"
	    "'#/components/schemas/A/$defs/x'}}},'properties':{'p':{'$ref':"
	    "'#/components/schemas/A/$defs/x'}}}");
	const char *items = "{'paths':{'/':{'post':{'operationId':'f',"
	    "'callbacks':{'c':{'{$url}':{'$ref':'#/components/pathItems/I',"
	    "'summary':'s'}}}}}},'webhooks':{'w':{}},'components':{"
	    "'pathItems':{'I':{'get':{'operationId':'g'}}}}}";

	(void)state;
	leads(XC_OPENAPI_3_0, defs, "/components/schemas", "{'a_A':{"
	    "'properties':{'p':{'$ref':'#/components/schemas/a_x'}}},"
	    "'a_x':{'items':{'$ref':'#/components/schemas/a_x'}}}");
	leads(XC_OPENAPI_3_0, items, "/webhooks", NULL);
	leads(XC_OPENAPI_3_1, items, "/webhooks", "{'a_w':{}}");
	leads(XC_OPENAPI_3_0, items, "/components", "{}");
	leads(XC_OPENAPI_3_0, items, "/paths/~1app~1a/post/callbacks/c/"
	    "{$url}/summary", "'s'");
	leads(XC_OPENAPI_3_0, items, "/paths/~1app~1a/post/callbacks/c/"
	    "{$url}/get/responses", "{'default':{'description':"
	    "'The answer'}}");
	refuses("{'paths':{},'components':{'callbacks':{'c':{'{$url}':{"
	    "'post':{'callbacks':{'c':{'$ref':'#/components/callbacks/c'}},"
	    "'responses':{'200':{'$ref':'#/components/responses/R/x'}}}}}},"
	    "'responses':{'R':{'x':{'$ref':'#/components/responses/R/x'}}}}}",
	    "cannot be followed");
}

/* Two path items that call each other back have no end without references. */
static void
test_circle(void **state)
{
	(void)state;
	refuses("{'paths':{'/':{'post':{'operationId':'f','callbacks':{'c':{"
	    "'{$url}':{'$ref':'#/components/pathItems/I'}}}}}},'components':"
	    "{'pathItems':{'I':{'post':{'callbacks':{'d':{'{$url}':{'$ref':"
	    "'#/components/pathItems/I'}},'e':{'{$url}':{'$ref':"
	    "'#/components/pathItems/I'}}}}}}}}", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_security),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_discriminator),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_old_schema),
		cmocka_unit_test(test_old_places),
		cmocka_unit_test(test_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test-take.h"

static struct test_take test;
static char document[65536];

/* Compiles parameters of an operation under a path. */
static enum xc_err
compile(const char *path, const char *item, const char *operation)
{
	struct xc_plan_node root;
	struct xc_plan_node item_node;
	struct xc_plan_node operation_node;

	snprintf(document, sizeof(document), "{\"item\":{\"parameters\":[%s]},"
	    "\"operation\":{\"parameters\":[%s]},\"components\":{"
	    "\"schemas\":{\"Id\":{\"type\":\"integer\",\"minimum\":1}},"
	    "\"parameters\":{\"Page\":{\"name\":\"page\",\"in\":\"query\","
	    "\"schema\":{\"type\":\"integer\",\"default\":1}},"
	    "\"A\":{\"$ref\":\"#/components/parameters/B\"},"
	    "\"B\":{\"$ref\":\"#/components/parameters/A\"}}}}", item,
	    operation);
	test_take_begin(&test, document);
	xc_plan_root(&test.plan, &root);
	xc_plan_member(&root, "item", &item_node);
	xc_plan_member(&root, "operation", &operation_node);
	return xc_parameters_compile(&test.plan, path, &item_node,
	    &operation_node, &test.parameters);
}

static void
begin(const char *path, const char *operation)
{
	if (compile(path, "", operation) != XC_OK)
		fail_msg("%s", test.errbuf.text);
	test_take_schemas(&test, document);
}

/* Takes a request; gives the tape, or the faults. */
static const char *
take(const char *uri, char *const *headers, const char *const *params)
{
	struct xc_request_head *head;
	enum xc_err err;

	assert_int_equal(test_take_request(&test, uri, headers, params), 0);
	err = xc_parameters_take(test.parameters, &test.take);
	head = (void *)test.req.in.base;
	if (err == XC_OK) {
		assert_int_equal(test.faults.n, 0);
		assert_int_equal(head->size, test.req.in.used);
		return test_take_text(&test, head->args);
	}
	assert_int_equal(err, XC_ERR_INVALID);
	assert_int_equal(head->args.off, 0);
	assert_true(test.faults.n > 0);
	return test_take_faults(&test);
}

/* One query parameter of the name "p". */
static void
begin_query(const char *members)
{
	char operation[4096];

	snprintf(operation, sizeof(operation),
	    "{\"name\":\"p\",\"in\":\"query\",%s}", members);
	begin("/", operation);
}

static void
expect(const char *query, const char *want)
{
	char *uri = malloc(strlen(query) + 3);
	const char *got;

	assert_non_null(uri);
	sprintf(uri, "/?%s", query);
	got = take(uri, NULL, NULL);
	if (strcmp(got, want) != 0)
		fail_msg("%s\n  gives %s\n  not   %s", query, got, want);
	free(uri);
}

static void
expect_fault(const char *query, const char *pointer, const char *code)
{
	char want[200];
	const char *got;
	char uri[1000];

	snprintf(uri, sizeof(uri), "/?%s", query);
	snprintf(want, sizeof(want), "[{\"in\":\"query\",\"pointer\":\"%s\","
	    "\"code\":\"%s\",", pointer, code);
	got = take(uri, NULL, NULL);
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s\n  gives %s\n  not   %s", query, got, want);
}

static void
test_scalars(void **state)
{
	(void)state;
	begin_query("\"schema\":{\"type\":\"integer\",\"minimum\":-5}");
	expect("p=7", "{'query':{'p':7}}");
	expect("p=-0", "{'query':{'p':-0}}");
	expect("p=1e2", "{'query':{'p':1e2}}");
	expect("p=1.0", "{'query':{'p':1.0}}");
	expect("p=9223372036854775807",
	    "{'query':{'p':9223372036854775807}}");
	expect("q=1&p=%37", "{'query':{'p':7}}");
	expect("", "{}");
	expect("q=1&P=1", "{}");
	expect_fault("p=-6", "/p", "minimum");
	expect_fault("p=+5", "/p", "type");
	expect_fault("p=%2B5", "/p", "type");
	expect_fault("p=05", "/p", "type");
	expect_fault("p=0x10", "/p", "type");
	expect_fault("p=%205", "/p", "type");
	expect_fault("p=5%20", "/p", "type");
	expect_fault("p=", "/p", "type");
	expect_fault("p", "/p", "type");
	expect_fault("p=1.5", "/p", "type");
	expect_fault("p=true", "/p", "type");
	expect_fault("p=1e400", "/p", "range");
	expect_fault("p=9223372036854775808", "/p", "range");
	expect_fault("p=1&p=1", "/p", "duplicate");
	expect_fault("p=NaN", "/p", "type");
	expect_fault("p=Infinity", "/p", "type");
	expect_fault("p=1e9999999999", "/p", "type");
	test_take_end(&test);
	begin_query("\"schema\":{\"type\":\"number\"}");
	expect("p=1e400", "{'query':{'p':1e400}}");
	expect("p=1e-400", "{'query':{'p':1e-400}}");
	expect("p=-0.0", "{'query':{'p':-0.0}}");
	expect_fault("p=.5", "/p", "type");
	expect_fault("p=5.", "/p", "type");
	test_take_end(&test);
	begin_query("\"schema\":{\"type\":[\"boolean\",\"null\"]}");
	expect("p=true", "{'query':{'p':true}}");
	expect("p=false", "{'query':{'p':false}}");
	expect("p=", "{'query':{'p':null}}");
	expect_fault("p=TRUE", "/p", "type");
	expect_fault("p=1", "/p", "type");
	expect_fault("p=null", "/p", "type");
	test_take_end(&test);
}

static void
test_texts(void **state)
{
	(void)state;
	begin_query("\"schema\":{\"type\":[\"string\",\"integer\"],"
	    "\"maxLength\":3}");
	expect("p=7", "{'query':{'p':'7'}}");
	expect("p=", "{'query':{'p':''}}");
	expect("p=a+b", "{'query':{'p':'a b'}}");
	expect("p=%C3%A4%2B%25", "{'query':{'p':'\xc3\xa4+%'}}");
	expect_fault("p=abcd", "/p", "maxLength");
	assert_int_equal(test_take_request(&test, "/?p=%", NULL, NULL), 400);
	assert_int_equal(test_take_request(&test, "/?p=%4", NULL, NULL), 400);
	assert_int_equal(test_take_request(&test, "/?p=%c0%af", NULL, NULL),
	    400);
	assert_int_equal(test_take_request(&test, "/?p=%00", NULL, NULL),
	    400);
	assert_int_equal(test_take_request(&test, "/?p=%ed%a0%80", NULL,
	    NULL), 400);
	test_take_end(&test);
	begin_query("\"schema\":{}");
	expect("p=7", "{'query':{'p':'7'}}");
	test_take_end(&test);
	begin_query("\"schema\":true");
	expect("p=true", "{'query':{'p':'true'}}");
	test_take_end(&test);
	begin_query("\"schema\":{\"enum\":[1,2,null]}");
	expect("p=2", "{'query':{'p':2}}");
	expect("p=", "{'query':{'p':null}}");
	expect_fault("p=3", "/p", "enum");
	test_take_end(&test);
	begin_query("\"schema\":{\"$ref\":\"#/components/schemas/Id\"}");
	expect("p=2", "{'query':{'p':2}}");
	expect_fault("p=0", "/p", "minimum");
	test_take_end(&test);
}

static void
test_required(void **state)
{
	(void)state;
	begin_query("\"required\":true,\"schema\":{\"type\":\"integer\","
	    "\"default\":7}");
	expect_fault("", "/p", "required");
	test_take_end(&test);
	begin_query("\"schema\":{\"type\":\"integer\",\"default\":7}");
	expect("", "{'query':{'p':7}}");
	expect("p=8", "{'query':{'p':8}}");
	test_take_end(&test);
	begin_query("\"schema\":{\"allOf\":[{\"$ref\":"
	    "\"#/components/parameters/Page/schema\"}]}");
	expect("", "{'query':{'p':1}}");
	test_take_end(&test);
	begin_query("\"schema\":{\"default\":null}");
	expect("", "{'query':{'p':null}}");
	test_take_end(&test);
	begin_query("\"schema\":{\"default\":{\"a\":[1.50,\"\\n\\u00e4\",true"
	    ",{}]}}");
	expect("", "{'query':{'p':{'a':[1.50,'\n\xc3\xa4',true,{}]}}}");
	test_take_end(&test);
	begin_query("\"allowEmptyValue\":true,\"deprecated\":true,"
	    "\"schema\":{\"type\":\"integer\"}");
	expect("p", "{'query':{'p':''}}");
	expect("p=5", "{'query':{'p':5}}");
	expect_fault("p=x", "/p", "type");
	test_take_end(&test);
}

/* RFC 6570 and the table in OpenAPI 3.1, 4.8.12.4. */
static void
test_query_arrays(void **state)
{
	static const char ints[] = "\"schema\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"integer\"},\"maxItems\":3}";
	static const char texts[] = "\"schema\":{\"type\":\"array\","
	    "\"items\":{\"type\":\"string\"}}";
	char members[256];

	(void)state;
	begin_query(ints);
	expect("p=1&p=2&x=1&p=3", "{'query':{'p':[1,2,3]}}");
	expect("p=1", "{'query':{'p':[1]}}");
	expect_fault("p=1,2", "/p/0", "type");
	expect_fault("p=", "/p/0", "type");
	expect_fault("p=1&p=x", "/p/1", "type");
	expect_fault("p=1&p=2&p=3&p=4", "/p", "maxItems");
	expect_fault("p=1&p=99999999999999999999", "/p/1", "range");
	test_take_end(&test);
	snprintf(members, sizeof(members), "\"explode\":false,%s", texts);
	begin_query(members);
	expect("p=a,b,c", "{'query':{'p':['a','b','c']}}");
	expect("p=a%2Cb,c", "{'query':{'p':['a,b','c']}}");
	expect("p=a%2cb", "{'query':{'p':['a,b']}}");
	expect("&&x=%2C,&p=%C3%A4,%2C,+&y=,",
	    "{'query':{'p':['\xc3\xa4',',',' ']}}");
	expect("p=,", "{'query':{'p':['','']}}");
	expect("p=", "{'query':{'p':[]}}");
	expect_fault("p=a&p=b", "/p", "duplicate");
	test_take_end(&test);
	snprintf(members, sizeof(members), "\"style\":\"spaceDelimited\",%s",
	    ints);
	begin_query(members);
	expect("p=1+2%203", "{'query':{'p':[1,2,3]}}");
	test_take_end(&test);
	snprintf(members, sizeof(members), "\"style\":\"pipeDelimited\",%s",
	    ints);
	begin_query(members);
	expect("p=1|2%7C3", "{'query':{'p':[1,2,3]}}");
	test_take_end(&test);
	snprintf(members, sizeof(members), "\"style\":\"pipeDelimited\","
	    "\"explode\":true,%s", ints);
	begin_query(members);
	expect("p=1&p=2", "{'query':{'p':[1,2]}}");
	test_take_end(&test);
	begin_query("\"explode\":false,\"schema\":{\"type\":\"array\","
	    "\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"boolean\"}],"
	    "\"items\":{\"type\":\"string\"}}");
	expect("p=1,true,1", "{'query':{'p':[1,true,'1']}}");
	test_take_end(&test);
	begin_query("\"schema\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":"
	    "\"array\",\"items\":{\"type\":\"string\"}}]}");
	expect("p=1", "{'query':{'p':['1']}}");
	expect("p=1&p=2", "{'query':{'p':['1','2']}}");
	test_take_end(&test);
}

#define COLOR "\"schema\":{\"type\":\"object\",\"properties\":{"	\
	"\"R\":{\"type\":\"integer\"},\"G\":{\"type\":\"integer\"},"	\
	"\"name\":{\"type\":\"string\"}}"

static void
test_query_objects(void **state)
{
	(void)state;
	begin_query("\"explode\":false," COLOR "}");
	expect("p=R,100,G,200", "{'query':{'p':{'R':100,'G':200}}}");
	expect("p=name,a%2Cb,x,1", "{'query':{'p':{'name':'a,b','x':'1'}}}");
	expect("p=", "{'query':{'p':{}}}");
	expect_fault("p=R,1,R,2", "/p/R", "duplicate");
	expect_fault("p=R", "/p", "style");
	expect_fault("p=R,x", "/p/R", "type");
	test_take_end(&test);
	begin_query(COLOR "}");
	expect("R=1&x=2&G=3&p=4", "{'query':{'p':{'R':1,'G':3}}}");
	expect("x=1", "{}");
	expect_fault("R=1&R=1", "/p/R", "duplicate");
	test_take_end(&test);
	begin_query("\"required\":true," COLOR "}");
	expect_fault("x=1", "/p", "required");
	test_take_end(&test);
	begin_query(COLOR ",\"additionalProperties\":{\"type\":\"boolean\"}}");
	expect("R=1&x=true", "{'query':{'p':{'R':1,'x':true}}}");
	expect_fault("x=2", "/p/x", "type");
	test_take_end(&test);
	begin_query("\"style\":\"pipeDelimited\"," COLOR "}");
	expect("p=R%7C100|G|200", "{'query':{'p':{'R':100,'G':200}}}");
	test_take_end(&test);
	/* A name of its own is nobody else's. */
	begin("/", "{\"name\":\"c\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"object\"}},{\"name\":\"id\",\"in\":\"query\",\"schema\":"
	    "{\"type\":\"integer\"}}");
	expect("id=1&a=2&b=3",
	    "{'query':{'c':{'a':'2','b':'3'},'id':1}}");
	test_take_end(&test);
}

static void
test_deep(void **state)
{
	char query[1000] = "p";
	int i;

	(void)state;
	begin_query("\"style\":\"deepObject\"," COLOR ",\"additionalProperties"
	    "\":false}");
	expect("p[R]=100&p%5BG%5D=200&x[R]=1",
	    "{'query':{'p':{'R':100,'G':200}}}");
	expect_fault("p[R]=1&p[R]=1", "/p/R", "duplicate");
	expect_fault("p[x]=1", "/p/x", "additionalProperties");
	expect_fault("p[R][x]=1", "/p", "style");
	expect_fault("p[]=1", "/p", "style");
	expect_fault("p[=1", "/p", "style");
	expect_fault("p[R=1", "/p", "style");
	expect_fault("p[R]x=1", "/p", "style");
	expect_fault("p[[R]]=1", "/p", "style");
	expect_fault("p]=1&p=7", "/p", "style");
	for (i = 0; i < 200; i++)
		strcat(query, "[a]");
	strcat(query, "=1");
	expect_fault(query, "/p", "style");
	test_take_end(&test);
	begin_query("\"style\":\"deepObject\",\"schema\":{\"type\":\"object\","
	    "\"additionalProperties\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"integer\"}}}");
	expect("p[a]=1&p[b]=2&p[a]=3",
	    "{'query':{'p':{'a':[1,3],'b':[2]}}}");
	test_take_end(&test);
}

static void
test_content(void **state)
{
	(void)state;
	begin_query("\"content\":{\"application/json\":{\"schema\":{\"type\":"
	    "\"object\",\"properties\":{\"a\":{\"maximum\":5}}}}}");
	expect("p=%7B%22a%22:[1,-2.50,%22x%5Cny%5C%22%22,null,true,%7B%7D]%7D",
	    "{'query':{'p':{'a':[1,-2.50,'x\ny\"',null,true,{}]}}}");
	expect("p=%7B%22%5Cu00e4%22:1%7D",
	    "{'query':{'p':{'\xc3\xa4':1}}}");
	expect_fault("p=%7B%22a%22:6%7D", "/p/a", "maximum");
	expect_fault("p=%7B%22a%22:01%7D", "/p", "json");
	expect_fault("p=%7B%22a%22:1,%22a%22:2%7D", "/p", "json");
	expect_fault("p=%22%5Cud800%22", "/p", "json");
	expect_fault("p=%22%5Cu0000%22", "/p", "json");
	expect_fault("p=", "/p", "json");
	expect_fault("p=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"
	    "]]]]]]]]]]]]]]]]", "/p", "json");
	expect_fault("p=1&p=1", "/p", "duplicate");
	test.take.scratch = NULL;
	expect("p=%7B%22b%22:%22%5Cn%22%7D",
	    "{'query':{'p':{'b':'\n'}}}");
	test_take_end(&test);
	begin_query("\"content\":{\"text/plain\":{\"schema\":{\"type\":"
	    "\"integer\"}}}");
	expect("p=7", "{'query':{'p':7}}");
	test_take_end(&test);
	begin_query("\"content\":{\"application/json\":{}}");
	expect("p=7", "{'query':{'p':7}}");
	test_take_end(&test);
}

static void
test_reserved(void **state)
{
	(void)state;
	begin_query("\"allowReserved\":true,\"schema\":{\"type\":"
	    "\"string\"}");
	expect("p=a+b%20c%2B/?:@", "{'query':{'p':'a+b c+/?:@'}}");
	test_take_end(&test);
	begin_query("\"allowReserved\":true,\"explode\":false,\"schema\":"
	    "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
	expect("p=+,%20,a%2C+", "{'query':{'p':['+',' ','a,+']}}");
	test_take_end(&test);
}

/* One parameter of the path "/x/{p}". */
static void
begin_path(const char *members)
{
	char operation[1000];

	snprintf(operation, sizeof(operation), "{\"name\":\"p\",\"in\":"
	    "\"path\",\"required\":true,%s}", members);
	begin("/x/{p}", operation);
}

static void
expect_path(const char *value, const char *want)
{
	const char *params[] = { "p", value, NULL };
	const char *got = take("/x", NULL, params);

	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s\n  gives %s\n  not   %s", value, got, want);
}

#define PATH_FAULT(pointer, code) "[{\"in\":\"path\",\"pointer\":\""	\
	pointer "\",\"code\":\"" code "\""

static void
test_path(void **state)
{
	(void)state;
	begin_path("\"schema\":{\"type\":\"integer\"}");
	expect_path("7", "{'path':{'p':7}}");
	expect_path("x", PATH_FAULT("/p", "type"));
	expect_path("", PATH_FAULT("/p", "type"));
	test_take_end(&test);
	begin_path("\"style\":\"label\",\"schema\":{\"type\":\"integer\"}");
	expect_path(".7", "{'path':{'p':7}}");
	expect_path("7", PATH_FAULT("/p", "style"));
	expect_path("", PATH_FAULT("/p", "style"));
	test_take_end(&test);
	begin_path("\"style\":\"matrix\",\"schema\":{\"type\":\"string\"}");
	expect_path(";p=blue", "{'path':{'p':'blue'}}");
	expect_path(";p=", "{'path':{'p':''}}");
	expect_path(";p", "{'path':{'p':''}}");
	expect_path(";pq=1", PATH_FAULT("/p", "style"));
	expect_path(";q=1", PATH_FAULT("/p", "style"));
	expect_path("blue", PATH_FAULT("/p", "style"));
	test_take_end(&test);
}

#define INTS "\"schema\":{\"type\":\"array\",\"items\":{\"type\":"	\
	"\"integer\"}}"

static void
test_path_lists(void **state)
{
	static const struct {
		const char *style;
		const char *value;
		const char *want;
		const char *object;
	} cases[] = {
		{ "simple\",\"explode\":false", "1,2,3", "[1,2,3]",
		    "R,100,G,200" },
		{ "simple\",\"explode\":true", "1,2,3", "[1,2,3]",
		    "R=100,G=200" },
		{ "label\",\"explode\":false", ".1,2,3", "[1,2,3]",
		    ".R,100,G,200" },
		{ "label\",\"explode\":false", ".1.2.3", "[1,2,3]",
		    ".R.100.G.200" },
		{ "label\",\"explode\":true", ".1.2.3", "[1,2,3]",
		    ".R=100.G=200" },
		{ "label\",\"explode\":true", ".", "[]", ".R=100.G=200" },
		{ "matrix\",\"explode\":false", ";p=1,2,3", "[1,2,3]",
		    ";p=R,100,G,200" },
		{ "matrix\",\"explode\":true", ";p=1;p=2;p=3", "[1,2,3]",
		    ";R=100;G=200" },
		{ "matrix\",\"explode\":false", ";p", "[]",
		    ";p=R,100,G,200" },
	};
	char members[400];
	char want[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(members, sizeof(members), "\"style\":\"%s," INTS,
		    cases[i].style);
		snprintf(want, sizeof(want), "{'path':{'p':%s}}",
		    cases[i].want);
		begin_path(members);
		expect_path(cases[i].value, want);
		test_take_end(&test);
		snprintf(members, sizeof(members), "\"style\":\"%s," COLOR "}",
		    cases[i].style);
		begin_path(members);
		expect_path(cases[i].object,
		    "{'path':{'p':{'R':100,'G':200}}}");
		test_take_end(&test);
	}
	begin_path("\"style\":\"matrix\",\"explode\":true," INTS);
	expect_path(";p=1;q=2", PATH_FAULT("/p", "style"));
	expect_path("1", PATH_FAULT("/p", "style"));
	test_take_end(&test);
	begin_path("\"explode\":true," COLOR "}");
	expect_path("R=1,G", PATH_FAULT("/p", "style"));
	test_take_end(&test);
}

#define HEADER(name, value) (char[]){ "HTTP_" name "=" value }

static void
test_headers(void **state)
{
	char *good[] = { HEADER("X_COUNT", "7"), HEADER("X_LIST",
	    "a, b ,c"), HEADER("ACCEPT", "x"), HEADER("COOKIE", "a=b"),
	    NULL };
	char *bad[] = { HEADER("X_COUNT", "\xff"), NULL };
	char *object[] = { HEADER("X_COLOR", "R=1, G=2"), NULL };

	(void)state;
	begin("/", "{\"name\":\"X-Count\",\"in\":\"header\",\"schema\":"
	    "{\"type\":\"integer\"}},{\"name\":\"x-list\",\"in\":\"header\","
	    "\"schema\":{\"type\":\"array\"}},{\"name\":\"accept\",\"in\":"
	    "\"header\",\"required\":true,\"schema\":{\"type\":\"integer\"}},"
	    "{\"name\":\"Authorization\",\"in\":\"header\",\"schema\":{}},"
	    "{\"name\":\"Cookie\",\"in\":\"header\",\"schema\":{}},"
	    "{\"name\":\"Content-type\",\"in\":\"header\",\"schema\":{}},"
	    "{\"name\":\"X-Color\",\"in\":\"header\",\"explode\":true," COLOR
	    "}}");
	assert_string_equal(take("/", good, NULL), "{'header':{'X-Count':7,"
	    "'x-list':['a','b','c']}}");
	assert_string_equal(take("/", object, NULL),
	    "{'header':{'X-Color':{'R':1,'G':2}}}");
	assert_non_null(strstr(take("/", bad, NULL),
	    "\"in\":\"header\",\"pointer\":\"/X-Count\",\"code\":"
	    "\"encoding\""));
	assert_string_equal(take("/", NULL, NULL), "{}");
	test_take_end(&test);
}

static void
test_cookies(void **state)
{
	char *good[] = { HEADER("COOKIE", "a=b=c; n=7 ;list=1,2;junk; =x;"
	    " __Host-xcore-session=x; __Host-xcore-device=x"),
	    NULL };
	char *twice[] = { HEADER("COOKIE", "n=7; n=8"), NULL };
	char *bad[] = { HEADER("COOKIE", "n=%37"), NULL };

	(void)state;
	begin("/", "{\"name\":\"n\",\"in\":\"cookie\",\"schema\":{\"type\":"
	    "\"integer\"}},{\"name\":\"a\",\"in\":\"cookie\",\"schema\":"
	    "{\"type\":\"string\"}},{\"name\":\"list\",\"in\":\"cookie\","
	    INTS "},{\"name\":\"N\",\"in\":\"cookie\",\"schema\":{}},"
	    /* Those of the worker are no plugin's. */
	    "{\"name\":\"__Host-xcore-session\",\"in\":\"cookie\","
	    "\"schema\":{}},"
	    "{\"name\":\"__Host-xcore-device\",\"in\":\"cookie\","
	    "\"schema\":{}}");
	assert_string_equal(take("/", good, NULL),
	    "{'cookie':{'n':7,'a':'b=c','list':[1,2]}}");
	assert_non_null(strstr(take("/", twice, NULL), "\"in\":\"cookie\","
	    "\"pointer\":\"/n\",\"code\":\"duplicate\""));
	assert_non_null(strstr(take("/", bad, NULL), "\"in\":\"cookie\","
	    "\"pointer\":\"/n\",\"code\":\"type\""));
	test_take_end(&test);
}

static void
test_all_places(void **state)
{
	static const char *const params[] = { "id", "0", NULL };
	char *headers[] = { HEADER("X_N", "x"), HEADER("COOKIE", "c=x"),
	    NULL };
	const char *got;

	(void)state;
	if (compile("/{id}", "{\"name\":\"id\",\"in\":\"path\",\"required\":"
	    "true,\"schema\":{\"$ref\":\"#/components/schemas/Id\"}},"
	    "{\"name\":\"page\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"string\"}},{\"name\":\"X-N\",\"in\":\"header\",\"schema\":"
	    "{\"type\":\"string\"}}",
	    "{\"$ref\":\"#/components/parameters/Page\"},{\"name\":\"c\","
	    "\"in\":\"cookie\",\"schema\":{\"type\":\"null\"}},{\"name\":"
	    "\"x-n\",\"in\":\"header\",\"schema\":{\"type\":\"integer\"}},"
	    "{\"name\":\"a/~b\",\"in\":\"query\",\"required\":true,"
	    "\"schema\":{}}") != XC_OK)
		fail_msg("%s", test.errbuf.text);
	test_take_schemas(&test, document);
	got = take("/?page=x", headers, params);
	assert_non_null(strstr(got, "\"path\",\"pointer\":\"/id\",\"code\":"
	    "\"minimum\",\"detail\":\"is 0, 1 is the least\""));
	assert_non_null(strstr(got, "\"query\",\"pointer\":\"/page\""));
	assert_non_null(strstr(got, "\"query\",\"pointer\":\"/a~1~0b\","
	    "\"code\":\"required\""));
	assert_non_null(strstr(got, "\"header\",\"pointer\":\"/x-n\""));
	assert_non_null(strstr(got, "\"cookie\",\"pointer\":\"/c\""));
	assert_int_equal(test.faults.n, 5);
	test_take_end(&test);
}

static const struct {
	const char *parameter;
	const char *where;
	const char *words;
} wrong[] = {
	{ "7", "/operation/parameters/0", "object" },
	{ "{\"$ref\":\"#/components/parameters/A\"}", "", "circle" },
	{ "{\"$ref\":\"#/nowhere\"}", "/operation/parameters/0/$ref",
	    "nothing at" },
	{ "{\"name\":\"a\",\"in\":\"body\",\"schema\":{}}",
	    "/operation/parameters/0/in", "must be" },
	{ "{\"in\":\"query\",\"schema\":{}}",
	    "/operation/parameters/0/name", "name" },
	{ "{\"name\":\"a b\",\"in\":\"header\",\"schema\":{}}",
	    "/operation/parameters/0/name", "no header" },
	{ "{\"name\":\"a;\",\"in\":\"cookie\",\"schema\":{}}",
	    "/operation/parameters/0/name", "no cookie" },
	{ "{\"name\":\"a\",\"in\":\"query\"}",
	    "/operation/parameters/0", "either" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{},"
	    "\"content\":{\"text/plain\":{}}}",
	    "/operation/parameters/0", "either" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"content\":{}}",
	    "/operation/parameters/0/content", "one media type" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"content\":{\"x\":{}}}",
	    "/operation/parameters/0/content/x", "no media type" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"content\":"
	    "{\"image/png\":{}}}", "/operation/parameters/0/content/"
	    "image~1png", "application/json" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{},"
	    "\"style\":\"simple\"}", "/operation/parameters/0/style",
	    "not for this place" },
	{ "{\"name\":\"a\",\"in\":\"header\",\"schema\":{},"
	    "\"style\":\"form\"}", "/operation/parameters/0/style",
	    "take simple" },
	{ "{\"name\":\"a\",\"in\":\"cookie\",\"schema\":{},"
	    "\"style\":\"deepObject\"}",
	    "/operation/parameters/0/style", "take form" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{},"
	    "\"style\":\"fancy\"}", "/operation/parameters/0/style",
	    "name of a style" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"style\":\"deepObject\","
	    "\"schema\":{\"type\":\"string\"}}",
	    "/operation/parameters/0", "for objects" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"style\":"
	    "\"pipeDelimited\",\"schema\":{\"type\":\"string\"}}",
	    "/operation/parameters/0", "arrays and objects" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{},"
	    "\"explode\":1}", "/operation/parameters/0/explode",
	    "true or false" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{},"
	    "\"required\":\"yes\"}",
	    "/operation/parameters/0/required", "true or false" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{}},"
	    "{\"name\":\"a\",\"in\":\"query\",\"schema\":{}}",
	    "/operation/parameters/1", "stands twice" },
	{ "{\"name\":\"A\",\"in\":\"header\",\"schema\":{}},"
	    "{\"name\":\"a\",\"in\":\"header\",\"schema\":{}}",
	    "/operation/parameters/1", "stands twice" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"array\",\"items\":{\"type\":\"array\"}}}",
	    "/operation/parameters/0", "application/json" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"object\",\"properties\":{\"b\":{\"type\":\"integer\"}"
	    "}}},{\"name\":\"b\",\"in\":\"query\",\"schema\":{}}",
	    "/operation/parameters/1", "by the name" },
	{ "{\"name\":\"a\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"object\"}},{\"name\":\"b\",\"in\":\"query\",\"schema\""
	    ":{\"type\":\"object\"}}", "/operation/parameters/1",
	    "nobody's" },
	{ "{\"name\":\"a\",\"in\":\"path\",\"schema\":{},"
	    "\"required\":true}", "/operation/parameters/0",
	    "has no {a}" },
	{ "{\"name\":\"p\",\"in\":\"path\",\"schema\":{}}",
	    "/operation/parameters/0", "\"required\": true" },
	{ "", "/operation", "no parameter says what {p}" },
};

static void
test_wrong(void **state)
{
	char want[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(compile(i < 25 ? "/" : "/{p}", "",
		    wrong[i].parameter), XC_ERR_INVALID);
		assert_null(test.parameters);
		snprintf(want, sizeof(want), "openapi.json: %s",
		    wrong[i].where);
		if (strncmp(test.errbuf.text, want, strlen(want)) != 0 ||
		    strstr(test.errbuf.text, wrong[i].words) == NULL)
			fail_msg("%s: %s", wrong[i].parameter,
			    test.errbuf.text);
		test_take_end(&test);
	}
}

static void
test_many(void **state)
{
	char *query = malloc(200000);
	char *at = query;
	int i;

	(void)state;
	assert_non_null(query);
	begin_query("\"explode\":false,\"schema\":{\"type\":\"array\","
	    "\"items\":{\"type\":\"integer\"}}");
	at += sprintf(at, "/?p=0");
	for (i = 1; i < 10000; i++)
		at += sprintf(at, ",%d", i);
	assert_int_equal(test_take_request(&test, query, NULL, NULL), 0);
	assert_int_equal(xc_parameters_take(test.parameters, &test.take),
	    XC_OK);
	test_take_end(&test);
	begin_query(INTS);
	at = query + sprintf(query, "/?p=0");
	for (i = 1; i < 1000; i++)
		at += sprintf(at, "&p=x");
	assert_string_not_equal(take(query, NULL, NULL), "");
	assert_int_equal(test.faults.n, XC_CONTRACT_FAULTS_MAX);
	assert_true(test.faults.more);
	sprintf(at, "&p=1");
	assert_int_equal(test_take_request(&test, query, NULL, NULL), 400);
	test_take_end(&test);
	/* A split object has fewer members than this. */
	begin_query("\"explode\":false,\"schema\":{\"type\":\"object\"}");
	at = query + sprintf(query, "/?p=0,0");
	for (i = 1; i < 5000; i++)
		at += sprintf(at, ",%d,1", i);
	assert_int_equal(test_take_request(&test, query, NULL, NULL), 0);
	assert_int_equal(xc_parameters_take(test.parameters, &test.take),
	    XC_ERR_TOO_LARGE);
	test_take_end(&test);
	free(query);
}

/* Once warm, a good request takes no memory. */
static void
test_no_memory(void **state)
{
	static const char *const params[] = { "id", "7", NULL };
	struct mallinfo2 before;
	struct mallinfo2 after;
	int i;

	(void)state;
	begin("/{id}", "{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
	    "\"schema\":{\"$ref\":\"#/components/schemas/Id\"}},{\"$ref\":"
	    "\"#/components/parameters/Page\"},{\"name\":\"q\",\"in\":"
	    "\"query\",\"content\":{\"application/json\":{}}}");
	assert_int_equal(test_take_request(&test, "/?q=[1]", NULL, params),
	    0);
	for (i = 0; i < 3; i++) {
		before = mallinfo2();
		assert_int_equal(xc_parameters_take(test.parameters,
		    &test.take), XC_OK);
		after = mallinfo2();
	}
	assert_int_equal(before.uordblks, after.uordblks);
	test_take_end(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_query_arrays),
		cmocka_unit_test(test_query_objects),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_path_lists),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_all_places),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

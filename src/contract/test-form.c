/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test-take.h"

static struct test_take test;
static char document[8192];

static enum xc_err
compile(const char *schema, const char *encoding, bool multipart)
{
	struct xc_plan_node root;

	snprintf(document, sizeof(document), "{\"schema\":%s,\"encoding\":%s}",
	    schema, encoding);
	test_take_begin(&test, document);
	xc_plan_root(&test.plan, &root);
	return xc_form_compile(&test.plan, &root, multipart, &test.form);
}

static void
begin(const char *schema, const char *encoding, bool multipart)
{
	if (compile(schema, encoding, multipart) != XC_OK)
		fail_msg("%s", test.errbuf.text);
	assert_int_equal(test_take_request(&test, "/", NULL, NULL), 0);
}

/* What a result is: the tape, or the faults. */
static const char *
show(enum xc_err err)
{
	struct xc_request_head *head = (void *)test.req.in.base;
	const char *text;

	if (err == XC_OK) {
		assert_int_equal(test.faults.n, 0);
		assert_int_equal(head->size, test.req.in.used);
		text = test_take_text(&test, head->data);
		head->data = (struct xc_tape_ref){ 0 };
		return text;
	}
	assert_int_equal(err, XC_ERR_INVALID);
	assert_int_equal(head->data.off, 0);
	assert_true(test.faults.n > 0);
	return test_take_faults(&test);
}

static struct xc_span
put(const char *text, size_t len)
{
	struct xc_span span = { 0 };

	assert_int_equal(xc_block_append(&test.req.in, text, len, &span),
	    XC_OK);
	return span;
}

static const char *
take_len(const char *body, size_t len)
{
	struct xc_span span = put(body, len);

	xc_contract_faults_begin(&test.faults);
	return show(xc_form_take_urlencoded(test.form, &test.take, span));
}

static const char *
take(const char *body)
{
	return take_len(body, strlen(body));
}

static void
expect(const char *body, const char *want)
{
	const char *got = take(body);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n  gives %s\n  not   %s", body, got, want);
}

static void
expect_fault(const char *body, const char *pointer, const char *code)
{
	char want[200];
	const char *got = take(body);

	snprintf(want, sizeof(want), "[{\"in\":\"body\",\"pointer\":\"%s\","
	    "\"code\":\"%s\",", pointer, code);
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s\n  gives %s\n  not   %s", body, got, want);
}

#define ITEM "{\"type\":\"object\",\"properties\":{"			\
	"\"title\":{\"type\":\"string\"},\"done\":{\"type\":\"boolean\"}," \
	"\"rank\":{\"type\":[\"integer\",\"null\"]},"			\
	"\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}," \
	"\"at\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":"	\
	"\"number\"}}},\"list\":{\"type\":\"array\",\"items\":{\"type\":" \
	"\"object\"}}}}"

static void
test_urlencoded(void **state)
{
	(void)state;
	begin(ITEM, "{}", false);
	expect("title=a+b%2B&done=true&rank=7",
	    "{'title':'a b+','done':true,'rank':7}");
	expect("", "{}");
	expect("&&&", "{}");
	expect("title", "{'title':''}");
	expect("rank=", "{'rank':null}");
	expect("tags=a&tags=b,c", "{'tags':['a','b,c']}");
	expect("at=%7B%22x%22%3A1.5%7D", "{'at':{'x':1.5}}");
	expect("at={\"x\": 1}", "{'at':{'x':1}}");
	expect("list={}&list={\"a\":[]}", "{'list':[{},{'a':[]}]}");
	expect("list= [{},{}]", "{'list':[{},{}]}");
	expect("other=7&\xc3\xa4=%C3%A4",
	    "{'other':'7','\xc3\xa4':'\xc3\xa4'}");
	expect("title=a b#c\r\n", "{'title':'a b#c\r\n'}");
	expect("=x", "{'':'x'}");
	expect("done=1", "{'done':'1'}");
	expect_fault("title=a&title=b", "/title", "duplicate");
	expect_fault("x=a&x=b", "/x", "duplicate");
	expect_fault("at=x", "/at", "json");
	expect_fault("at={}&at={}", "/at", "duplicate");
	expect_fault("list={}&list=x", "/list/1", "json");
	expect_fault("rank=99999999999999999999", "/rank", "range");
	expect_fault("title=%", "", "encoding");
	expect_fault("title=%4", "", "encoding");
	expect_fault("title=%zz", "", "encoding");
	expect_fault("title=%00", "", "encoding");
	expect_fault("title=%c0%af", "", "encoding");
	expect_fault("title=\xff", "", "encoding");
	expect_fault("%ed%a0%80=1", "", "encoding");
	assert_non_null(strstr(take_len("title=a\0b", 9), "a NUL at byte 8"));
	test_take_end(&test);
}

static void
test_styles(void **state)
{
	(void)state;
	begin(ITEM, "{\"tags\":{\"explode\":false},\"at\":{\"style\":"
	    "\"deepObject\"},\"title\":{\"allowReserved\":true}}", false);
	expect("tags=a,b%2Cc&at[x]=5", "{'tags':['a','b,c'],'at':{'x':5}}");
	expect("title=a+b%20", "{'title':'a+b '}");
	expect_fault("at[x]=1&at[x]=2", "/at/x", "duplicate");
	expect_fault("at={}", "/at", "style");
	test_take_end(&test);
	begin(ITEM, "{\"tags\":{\"style\":\"pipeDelimited\"},\"at\":{"
	    "\"style\":\"form\"}}", false);
	expect("tags=a|b&x=5&y=6", "{'tags':['a','b'],'at':{'x':5},'y':'6'}");
	expect_fault("at=1&x=5", "/at", "style");
	test_take_end(&test);
	begin("{\"type\":\"object\",\"properties\":{\"n\":{}},"
	    "\"additionalProperties\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"integer\"}}}", "{\"n\":{\"contentType\":"
	    "\"application/json\"}}", false);
	expect("a=1&b=2&a=3&n=[1]", "{'n':[1],'a':[1,3],'b':[2]}");
	test_take_end(&test);
	begin("true", "{}", false);
	expect("a=1", "{'a':'1'}");
	test_take_end(&test);
}

static void
test_fields(void **state)
{
	char *body = malloc(20000);
	char *at = body;
	int i;

	(void)state;
	assert_non_null(body);
	begin(ITEM, "{}", false);
	for (i = 0; i < 1000; i++)
		at += sprintf(at, "f%d=%d&", i, i);
	assert_non_null(strstr(take(body), "'f999':'999'}"));
	strcat(at, "x");
	assert_int_equal(xc_form_take_urlencoded(test.form, &test.take,
	    put(body, strlen(body))), XC_ERR_TOO_LARGE);
	assert_int_equal(xc_form_take(test.form, &test.take, NULL, 1001),
	    XC_ERR_TOO_LARGE);
	test_take_end(&test);
	free(body);
}

static struct xc_form_field
field(const char *name, const char *value, const char *type, bool is_file)
{
	struct xc_form_field one = { .is_file = is_file };

	one.name = put(name, strlen(name));
	one.value = put(value, strlen(value));
	if (type != NULL)
		one.type = put(type, strlen(type));
	return one;
}

static const char *
take_fields(const struct xc_form_field *fields, size_t n)
{
	xc_contract_faults_begin(&test.faults);
	return show(xc_form_take(test.form, &test.take, fields, n));
}

static void
test_multipart(void **state)
{
	struct xc_form_field fields[4];

	(void)state;
	begin(ITEM, "{\"title\":{\"contentType\":\"image/png, image/jpeg\"},"
	    "\"tags\":{\"explode\":false}}", true);
	assert_true(xc_form_is_json(test.form, "at", 2));
	assert_true(xc_form_is_json(test.form, "list", 4));
	assert_false(xc_form_is_json(test.form, "title", 5));
	assert_false(xc_form_is_json(test.form, "nobody", 6));
	fields[0] = field("title", "a.png", "image/png", true);
	fields[1] = field("at", "{\"x\":1}", "application/json", false);
	fields[2] = field("done", "true", NULL, false);
	fields[3] = field("tags", "a,b", NULL, false);
	assert_string_equal(take_fields(fields, 4), "{'title':'a.png','done':"
	    "true,'tags':['a','b'],'at':{'x':1}}");
	fields[0] = field("title", "a.svg", "image/svg+xml", true);
	assert_non_null(strstr(take_fields(fields, 1),
	    "\"/title\",\"code\":\"contentType\""));
	fields[0] = field("title", "a.png", NULL, true);
	assert_non_null(strstr(take_fields(fields, 1),
	    "\"/title\",\"code\":\"contentType\""));
	fields[0] = field("rank", "{\"a\":1}", "application/json", false);
	assert_string_equal(take_fields(fields, 1), "{'rank':{'a':1}}");
	fields[0] = field("rank", "7", "text/plain; charset=utf-8", true);
	assert_string_equal(take_fields(fields, 1), "{'rank':'7'}");
	fields[0] = field("rank", "\xff", NULL, false);
	assert_non_null(strstr(take_fields(fields, 1),
	    "\"/rank\",\"code\":\"encoding\""));
	fields[0].value = put("a\0b", 3);
	assert_non_null(strstr(take_fields(fields, 1),
	    "\"/rank\",\"code\":\"encoding\""));
	fields[0] = field("\xff", "a", NULL, false);
	assert_non_null(strstr(take_fields(fields, 1),
	    "\"\",\"code\":\"encoding\""));
	test_take_end(&test);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *encoding;
		const char *where;
		const char *words;
	} cases[] = {
		{ "7", "/encoding", "object" },
		{ "{\"nobody\":{}}", "/encoding/nobody", "no such property" },
		{ "{\"title\":7}", "/encoding/title", "object" },
		{ "{\"title\":{\"contentType\":7}}",
		    "/encoding/title/contentType", "string" },
		{ "{\"title\":{\"contentType\":\"image\"}}",
		    "/encoding/title/contentType", "media types" },
		{ "{\"title\":{\"style\":\"label\"}}",
		    "/encoding/title/style", "not for this place" },
		{ "{\"title\":{\"style\":\"deepObject\"}}",
		    "/schema/properties/title", "for objects" },
		{ "{\"title\":{\"explode\":7}}", "/encoding/title/explode",
		    "true or false" },
		{ "{\"list\":{\"explode\":true}}",
		    "/schema/properties/list", "application/json" },
	};
	char want[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(compile(ITEM, cases[i].encoding, false),
		    XC_ERR_INVALID);
		snprintf(want, sizeof(want), "openapi.json: %s: ",
		    cases[i].where);
		if (strncmp(test.errbuf.text, want, strlen(want)) != 0 ||
		    strstr(test.errbuf.text, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].encoding,
			    test.errbuf.text);
		test_take_end(&test);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urlencoded),
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

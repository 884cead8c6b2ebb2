/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/auth.h>
#include <xcore/reply.h>

#include "contract-fixture.h"
#include "media.h"

/* Written with ' for " so that it can be read. */
static const char site[] =
"{'openapi':'3.1.0','info':{'title':'t','version':'1'},'paths':{"
"'/':{'get':{'operationId':'hello','responses':{"
"  '200':{'description':'d','content':{'text/plain':{}}}}},"
" 'post':{'operationId':'add','requestBody':{'required':true,'content':{"
"  'application/json':{'schema':{'$ref':'#/components/schemas/Todo'}}}},"
"  'responses':{'201':{'description':'d','content':{'application/json':{"
"   'schema':{'$ref':'#/components/schemas/Todo'}}}},"
"   '204':{'description':'d'},"
"   '4XX':{'$ref':'#/components/responses/Problem'}}},"
" 'delete':{'operationId':'drop','responses':{}}},"
"'/many':{'put':{'operationId':'many','requestBody':{"
"  '$ref':'#/components/requestBodies/Many'},'responses':{"
"   'default':{'description':'d','content':{'*/*':{}}}}},"
" 'patch':{'operationId':'patch','requestBody':{'content':{"
"  'application/merge-patch+json':{'schema':{'type':'object'}}}},"
"  'responses':{}},"
" 'get':{'operationId':'ask','requestBody':{'content':{"
"  'application/json':{'schema':{'type':'integer'}}}},'responses':{}}},"
"'/any':{'post':{'operationId':'any','requestBody':{'content':{'*/*':{"
"  'schema':{'type':'object','required':['a']}}}},'responses':{}}},"
"'/deep':{'post':{'operationId':'deep','requestBody':{'content':{"
"  'application/json':{'schema':{'$ref':'#/components/schemas/Tree'}}}},"
"  'responses':{}}}},"
"'components':{'schemas':{"
" 'Todo':{'type':'object','required':['title'],'properties':{"
"  'title':{'type':'string','minLength':1,'maxLength':20},"
"  'n':{'type':'integer','minimum':0,'maximum':100},"
"  'rate':{'type':'number'},"
"  'code':{'type':'string','pattern':'^(a+)+$'}},"
"  'additionalProperties':false},"
" 'Tree':{'type':'object','properties':{"
"  'next':{'$ref':'#/components/schemas/Tree'},"
"  'list':{'type':'array','items':{'$ref':'#/components/schemas/Tree'}}}}},"
" 'requestBodies':{'Many':{'content':{"
"  'text/*':{'schema':{'type':'string','maxLength':5}},"
"  'text/csv':{'schema':{'type':'string','format':'binary','maxLength':1}},"
"  'application/json;profile=x':{'schema':{'type':'integer'}},"
"  'application/json':{'schema':{'type':'boolean'}},"
"  'application/octet-stream':{}}}},"
" 'responses':{'Problem':{'description':'d','content':{"
"  'application/problem+json':{'schema':{'type':'object',"
"   'required':['title']}}}}}}}";

static char document[sizeof(site)];

static const char *
quoted(const char *text, char *buf)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		buf[i] = text[i] == '\'' ? '"' : text[i];
	buf[i] = '\0';
	return buf;
}

static void
begin(struct fixture *fixture)
{
	fixture_begin(fixture, quoted(site, document));
}

/* --- media types by themselves ------------------------------------------- */

static void
test_media(void **state)
{
	struct xc_media media;
	struct xc_media key;
	char text[XC_MEDIA_MAX + 2];
	char value[16];

	(void)state;
	assert_true(xc_media_parse(" Text/Plain;A=\"b\\\"c\" ;\tD=e;;", &media));
	assert_int_equal(media.n_params, 2);
	assert_int_equal(xc_media_kind(&media), XC_MEDIA_TEXT);
	assert_true(xc_media_param(&media, "a", value, sizeof(value)));
	assert_string_equal(value, "b\"c");
	assert_true(xc_media_param(&media, "d", value, 2));
	assert_string_equal(value, "e");
	assert_false(xc_media_param(&media, "a", value, 3));
	assert_string_equal(value, "");
	assert_false(xc_media_param(&media, "x", value, sizeof(value)));
	assert_true(xc_media_parse("text/*;d=E", &key));
	assert_true(xc_media_takes(&key, &media));
	assert_true(xc_media_parse("*/*;d=f", &key));
	assert_false(xc_media_takes(&key, &media));
	assert_false(xc_media_parse("a/b;c=\"d\\", &media));
	assert_false(xc_media_parse("a/b;c=\"d\x01\"", &media));
	assert_false(xc_media_parse("a/b;c=", &media));
	assert_false(xc_media_parse("a/b;=c", &media));
	assert_false(xc_media_parse("", &media));
	assert_false(xc_media_parse("a/b;a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1",
	    &media));
	memset(text, 'x', sizeof(text));
	text[1] = '/';
	text[XC_MEDIA_MAX] = '\0';
	assert_true(xc_media_parse(text, &media));
	text[XC_MEDIA_MAX] = 'x';
	text[XC_MEDIA_MAX + 1] = '\0';
	assert_false(xc_media_parse(text, &media));
}

/* --- routes -------------------------------------------------------------- */

static void
test_routes(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/"), 0);
	assert_string_equal(fixture_args(&fixture), "");
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "HEAD"), 0);
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "PUT"), 405);
	assert_int_equal(SEND(&fixture, .uri = "/none"), 404);
	assert_true(xc_contract_size(fixture.contract) > 1000);
	assert_int_equal(xc_routes_count(xc_contract_routes(
	    fixture.contract)), 8);
	fixture_end(&fixture);
}

/* --- JSON ---------------------------------------------------------------- */

static int
add_todo(struct fixture *fixture, const char *body)
{
	return SEND(fixture, .uri = "/", .type = "application/json",
	    .body = body);
}

static void
test_json(void **state)
{
	struct fixture fixture;
	size_t len;

	(void)state;
	begin(&fixture);
	assert_int_equal(add_todo(&fixture, "{\"title\":\"milk\"}"), 0);
	assert_string_equal(fixture_data(&fixture), "{\"title\":\"milk\"}");
	assert_string_equal(xc_request_body(&fixture.req, &len),
	    "{\"title\":\"milk\"}");
	assert_int_equal(len, 16);
	assert_int_equal(fixture.req.in.used, ((struct xc_request_head *)
	    (void *)fixture.req.in.base)->size);
	assert_int_equal(SEND(&fixture, .uri = "/", .inside = true,
	    .type = "application/json", .body = "{\"title\":\"a\\tb\"}"),
	    0);
	assert_string_equal(fixture_data(&fixture), "{\"title\":\"a\\tb\"}");

	assert_int_equal(add_todo(&fixture, "{\"title\":\"\",\"n\":101,"
	    "\"x\\u0022\":1}"), 422);
	assert_true(fixture_faults(&fixture, "body", "/title", "minLength"));
	assert_true(fixture_faults(&fixture, "body", "/n", "maximum"));
	assert_true(fixture_faults(&fixture, "body", "/x\"",
	    "additionalProperties"));
	assert_non_null(strstr(fixture_reply(&fixture), "3 things"));
	assert_int_equal(add_todo(&fixture, "{}"), 422);
	assert_true(fixture_faults(&fixture, "body", "", "required"));
	assert_int_equal(add_todo(&fixture, "7"), 422);
	assert_true(fixture_faults(&fixture, "body", "", "type"));
	fixture_end(&fixture);
}

static void
test_no_json(void **state)
{
	static const struct {
		const char *body;
		const char *pointer;
		const char *place;	/* in the detail */
	} rows[] = {
		{ "{\"title\":\"a\",\n\t\"title\":\"b\"}", "/title",
		    "a key that stands twice, at line 2, column 2" },
		{ "{\"n\":[{\"a\":{\"c\":2},\"a\":[3],\"b\":{\"d\":[4]}}],"
		    "\"title\":\"a\"}", "/n/0/a", "stands twice" },
		{ "{\"n\":-01}", "/n", "line 1, column 6" },
		{ "{\"n\":NaN}", "/n", "line 1, column 6" },
		{ "{\"n\":1e9999999999}", "/n", "out of range" },
		{ "{\"title\":\"\\ud800\"}", "/title", "column 11" },
		{ "{\"title\":\"\\udc00\\ud800\"}", "/title", "column 11" },
		{ "{\"title\":\"\xff\"}", "/title", "column 11" },
		{ "{\"title\":\"\xc0\x80\"}", "/title", "column 11" },
		{ "{\"title\":\"\xed\xa0\x80\"}", "/title", "column 11" },
		{ "{\"title\":\"\\u0000\"}", "/title", "column 11" },
		{ "\xef\xbb\xbf{\"title\":\"a\"}", "", "byte order mark" },
		{ "{\"title\":\"a\"} x", "/title", "column 15" },
		{ "{\"title\":\"a\"", "/title", "ends early" },
		{ "'title'", "", "column 1" },
		{ " ", "", "ends early" },
	};
	struct fixture fixture;
	size_t i;

	(void)state;
	begin(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(add_todo(&fixture, rows[i].body), 400);
		if (strstr(fixture_reply(&fixture), rows[i].place) == NULL ||
		    !fixture_faults(&fixture, "body", rows[i].pointer,
		    "json"))
			fail_msg("%zu: %s", i, fixture_reply(&fixture));
	}
	assert_int_equal(SEND(&fixture, .uri = "/", .len = 14,
	    .type = "application/json", .body = "{\"title\":\"a\0\"}"), 400);
	assert_int_equal(SEND(&fixture, .uri = "/", .len = 14,
	    .type = "application/json", .body = "{\"title\":\"a\"}\0"), 400);
	fixture_end(&fixture);
}

/* --- numbers ------------------------------------------------------------- */

static void
test_numbers(void **state)
{
	static const struct {
		const char *n;
		int status;
	} rows[] = {
		{ "-0", 0 }, { "-0.0", 0 }, { "1.0", 0 }, { "1e2", 0 },
		{ "100.0000000000000000000001", 422 }, { "1e400", 422 },
		{ "1e-400", 422 }, { "-1", 422 }, { "0.5", 422 },
		{ "99999999999999999999999999", 422 },
		{ "1e999999999", 422 }, { "-1e-999999999", 422 },
		{ "\"1\"", 422 }, { "null", 422 },
	};
	struct fixture fixture;
	char body[80];
	size_t i;

	(void)state;
	begin(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(body, sizeof(body), "{\"title\":\"a\",\"n\":%s}",
		    rows[i].n);
		if (add_todo(&fixture, body) != rows[i].status)
			fail_msg("%s: %s", body, fixture_reply(&fixture));
	}
	/* As a number it is only too large for a double. */
	assert_int_equal(add_todo(&fixture,
	    "{\"title\":\"a\",\"rate\":1e400}"), 0);
	fixture_end(&fixture);
}

/* --- what is too much ---------------------------------------------------- */

/* n times one text, between two others; malloc'ed. */
static char *
repeat(const char *before, const char *text, size_t n, const char *after)
{
	size_t len = strlen(text);
	size_t head = strlen(before);
	char *all = malloc(head + n * len + strlen(after) + 1);

	assert_non_null(all);
	memcpy(all, before, head);
	for (size_t i = 0; i < n; i++)
		memcpy(all + head + i * len, text, len);
	memcpy(all + head + n * len, after, strlen(after) + 1);
	return all;
}

static void
test_large(void **state)
{
	static const struct {
		const char *uri;
		const char *before;
		const char *text;
		size_t n;
		const char *after;
		int status;
		const char *code;
	} rows[] = {
		{ "/", "", "[", 10000, "", 413, "limit" },
		{ "/", "{\"title\":", "[", 33, "", 413, "limit" },
		{ "/deep", "", "{\"next\":", 40, "{}", 413, "limit" },
		{ "/", "[1", ",1", 100000, "]", 413, "limit" },
		{ "/", "[{}", ",{}", 300000, "]", 413, "limit" },
		/* A key of 1 MB. */
		{ "/", "{\"", "x", 1 << 20, "\":1}", 422, "required" },
		{ "/", "{\"title\":\"", "x", 1 << 20, "\"}", 422,
		    "maxLength" },
		/* A number of 1 MB. */
		{ "/", "{\"title\":\"a\",\"n\":1", "0", 1 << 20, "}", 422,
		    "maximum" },
		{ "/", "{\"title\":\"a\",\"n\":0.", "0", 1 << 20, "1}", 422,
		    "type" },
		/* A pattern that goes back exponentially. */
		{ "/", "{\"title\":\"a\",\"code\":\"", "a", 5000, "b\"}",
		    422, "limit" },
	};
	struct fixture fixture;
	char *body;
	size_t i;

	(void)state;
	begin(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		body = repeat(rows[i].before, rows[i].text, rows[i].n,
		    rows[i].after);
		assert_int_equal(SEND(&fixture, .uri = rows[i].uri,
		    .type = "application/json", .body = body),
		    rows[i].status);
		if (strstr(fixture_reply(&fixture), rows[i].code) == NULL)
			fail_msg("%zu: %s", i, fixture_reply(&fixture));
		assert_true(strlen(fixture_reply(&fixture)) < 10000);
		free(body);
	}
	fixture_end(&fixture);
}

/* Schemas that lead to themselves end with the input. */
static void
test_recursive(void **state)
{
	struct fixture fixture;
	char *body;

	(void)state;
	begin(&fixture);
	body = repeat("", "{\"next\":", 10, "{\"list\":[{},{\"list\":[]}]}"
	    "}}}}}}}}}}");
	assert_int_equal(SEND(&fixture, .uri = "/deep",
	    .type = "application/json", .body = body), 0);
	free(body);
	body = repeat("", "{\"next\":", 10, "{\"list\":[{},{\"list\":7}]}"
	    "}}}}}}}}}}");
	assert_int_equal(SEND(&fixture, .uri = "/deep",
	    .type = "application/json", .body = body), 422);
	assert_true(fixture_faults(&fixture, "body", "/next/next/next/next/"
	    "next/next/next/next/next/next/list/1/list", "type"));
	free(body);
	fixture_end(&fixture);
}

/* One that means nothing but itself is no schema that a body could satisfy,
 * and does not hang. */
static void
test_circle(void **state)
{
	static const char circle[] = "{\"paths\":{\"/\":{\"post\":{"
	    "\"operationId\":\"a\",\"requestBody\":{\"content\":{"
	    "\"application/json\":{\"schema\":{"
	    "\"$ref\":\"#/components/schemas/A\"}}}}}}},\"components\":{"
	    "\"schemas\":{\"A\":{\"$ref\":\"#/components/schemas/B\"},"
	    "\"B\":{\"allOf\":[{\"$ref\":\"#/components/schemas/A\"}]}}}}";
	struct xc_errbuf errbuf = { .text = "" };
	struct fixture fixture;

	(void)state;
	if (xc_contract_compile(circle, strlen(circle), &fixture.contract,
	    &errbuf) != XC_OK) {
		assert_non_null(strstr(errbuf.text, "/components/schemas/"));
		return;
	}
	xc_contract_free(&fixture.contract);
	fixture_begin(&fixture, circle);
	assert_int_equal(add_todo(&fixture, "{}"), 422);
	assert_true(fixture_faults(&fixture, "body", "", "limit"));
	fixture_end(&fixture);
}

/* Twenty faults are told, and that there are more. */
static void
test_many_faults(void **state)
{
	struct fixture fixture;
	char *body;

	(void)state;
	begin(&fixture);
	body = repeat("{\"list\":[1", ",1", 18, "]}");
	assert_int_equal(SEND(&fixture, .uri = "/deep",
	    .type = "application/json", .body = body), 422);
	assert_non_null(strstr(fixture_reply(&fixture), "19 things"));
	free(body);
	body = repeat("{\"list\":[1", ",1", 30, "]}");
	assert_int_equal(SEND(&fixture, .uri = "/deep",
	    .type = "application/json", .body = body), 422);
	assert_non_null(strstr(fixture_reply(&fixture), "More than 20"));
	assert_true(fixture_faults(&fixture, "body", "/list/19", "type"));
	assert_false(fixture_faults(&fixture, "body", "/list/20", "type"));
	free(body);
	fixture_end(&fixture);
}

/* --- whether there is a body --------------------------------------------- */

/* A validator that refuses and does not say why does not let through. */
static void
test_no_reason(void **state)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_contract_faults faults = { .n = 0 };

	(void)state;
	assert_non_null(validator);
	xc_contract_faults_begin(&faults);
	xc_contract_faults_take(&faults, "body", "/a", validator);
	assert_int_equal(faults.n, 1);
	xc_contract_faults_free(&faults);
	xc_validator_free(&validator);
}

static void
test_presence(void **state)
{
	struct fixture fixture;
	size_t len;

	(void)state;
	begin(&fixture);
	/* None where one must be. */
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "POST"), 422);
	assert_true(fixture_faults(&fixture, "body", "", "required"));
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "POST",
	    .type = "application/json", .body = ""), 422);
	assert_true(fixture_faults(&fixture, "body", "", "required"));
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "POST",
	    .type = "text/plain"), 422);
	/* None where one may be. */
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PUT"), 0);
	assert_string_equal(fixture_data(&fixture), "");
	/* One that nobody has asked for. */
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "GET",
	    .body = "x", .type = "application/json"), 0);
	xc_request_body(&fixture.req, &len);
	assert_int_equal(len, 0);
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "DELETE",
	    .body = "{}", .inside = true), 0);
	xc_request_body(&fixture.req, &len);
	assert_int_equal(len, 0);
	assert_int_equal(SEND(&fixture, .uri = "/", .method = "HEAD",
	    .body = "{}"), 0);
	/* On GET, where the document asks for one. */
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "GET",
	    .body = "7", .type = "application/json"), 0);
	assert_string_equal(fixture_data(&fixture), "7");
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "GET",
	    .body = "\"7\"", .type = "application/json"), 422);
	fixture_end(&fixture);
}

/* --- media types --------------------------------------------------------- */

static void
test_types(void **state)
{
	static const struct {
		const char *type;
		const char *body;
		int status;
	} rows[] = {
		{ "application/json", "true", 0 },
		{ "application/json", "1", 422 },
		{ "APPLICATION/JSON; Charset=\"UTF-8\"", "true", 0 },
		{ "application/json ; charset=utf-8;", "true", 0 },
		{ "application/json;charset=iso-8859-1", "true", 415 },
		/* The narrower key is asked first. */
		{ "application/json; profile=x", "1", 0 },
		{ "application/json; profile=\"X\"", "true", 422 },
		{ "application/json; profile=y", "true", 0 },
		{ "application/problem+json", "true", 415 },
		{ "text/plain", "12345", 0 },
		{ "text/plain", "123456", 422 },
		{ "text/plain; charset=utf-8", "\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4", 0 },
		{ "text/plain", "\xff", 400 },
		{ "text/plain; charset=latin1", "\xff", 415 },
		{ "text/csv", "\xff\xff\xff", 0 },
		{ "text/csv", "", 0 },
		{ "application/octet-stream", "\xff", 0 },
		{ NULL, "\xff", 0 },
		{ "image/png", "x", 415 },
		{ "application", "x", 415 },
		{ "application/", "x", 415 },
		{ "/json", "x", 415 },
		{ "application/json, text/plain", "true", 415 },
		{ "application/json; charset", "true", 415 },
		{ "application/json; charset=utf-8; charset=utf-16", "true",
		    415 },
		{ "application/json; charset=\"utf-8", "true", 415 },
		{ "application /json", "true", 415 },
		{ "*/*", "x", 415 },
		{ "text/*", "x", 415 },
		{ ";", "x", 415 },
		{ "application/x-www-form-urlencoded", "a=1", 415 },
	};
	struct fixture fixture;
	size_t i;

	(void)state;
	begin(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (SEND(&fixture, .uri = "/many", .method = "PUT",
		    .type = rows[i].type, .body = rows[i].body) !=
		    rows[i].status)
			fail_msg("%zu %s: %s", i, rows[i].type,
			    fixture_reply(&fixture));
	fixture_end(&fixture);
}

static void
test_accept(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/", .type = "text/plain",
	    .body = "x"), 415);
	assert_string_equal(fixture_lines(&fixture),
	    "Accept: application/json\r\nAccept-Post: application/json\r\n");
	assert_int_equal(SEND(&fixture, .uri = "/", .body = "{}"), 415);
	assert_non_null(strstr(fixture_reply(&fixture), "no Content-Type"));
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PATCH",
	    .type = "application/json", .body = "{}"), 415);
	assert_string_equal(fixture_lines(&fixture), "Accept: "
	    "application/merge-patch+json\r\nAccept-Patch: "
	    "application/merge-patch+json\r\n");
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PUT",
	    .type = "image/png", .body = "{}"), 415);
	assert_string_equal(fixture_lines(&fixture), "Accept: "
	    "application/json;profile=x, text/csv, application/json, "
	    "application/octet-stream, text/*\r\n");
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PATCH",
	    .type = "application/merge-patch+json", .body = "{}"), 0);
	/* An encoding that nobody undoes. */
	assert_int_equal(SEND(&fixture, .uri = "/", .body = "\x1f\x8b",
	    .type = "application/json",
	    .headers = { "HTTP_CONTENT_ENCODING=gzip" }), 415);
	assert_string_equal(fixture_lines(&fixture),
	    "Accept-Encoding: identity\r\n");
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PUT",
	    .body = "\x1f\x8b", .type = "application/octet-stream",
	    .headers = { "HTTP_CONTENT_ENCODING=gzip" }), 0);
	fixture_end(&fixture);
}

/* What is sent says what it is read as, where the key is a range. */
static void
test_ranges(void **state)
{
	struct fixture fixture;
	size_t len;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/any", .body = "{\"a\":1}",
	    .type = "application/vnd.x+json"), 0);
	assert_string_equal(fixture_data(&fixture), "{\"a\":1}");
	assert_int_equal(SEND(&fixture, .uri = "/any", .body = "{}",
	    .type = "application/json"), 422);
	assert_int_equal(SEND(&fixture, .uri = "/any", .body = "a=1",
	    .type = "application/x-www-form-urlencoded"), 0);
	assert_string_equal(fixture_data(&fixture), "");
	assert_string_equal(xc_request_body(&fixture.req, &len), "a=1");
	assert_int_equal(SEND(&fixture, .uri = "/any", .body = "\xff"), 0);
	assert_int_equal(SEND(&fixture, .uri = "/any", .body = "\xff",
	    .type = "text/plain"), 0);
	fixture_end(&fixture);
}

/* --- replies ------------------------------------------------------------- */

static const char *
answer(struct fixture *fixture, int status, const char *type,
    const char *body)
{
	assert_int_equal(add_todo(fixture, "{\"title\":\"a\"}"), 0);
	return fixture_check(fixture, status, type, body);
}

static void
test_replies(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_string_equal(answer(&fixture, 201, "application/json",
	    "{\"title\":\"a\"}"), "");
	assert_string_equal(answer(&fixture, 201,
	    "application/json; charset=utf-8", "{\"title\":\"a\"}"), "");
	assert_string_equal(answer(&fixture, 204, NULL, NULL), "");
	assert_string_equal(answer(&fixture, 404, "application/problem+json",
	    "{\"title\":\"a\"}"), "");
	assert_non_null(strstr(answer(&fixture, 201, "application/json",
	    "{\"title\":\"a\",\"n\":1.5}"),
	    "add replies 201 with a body that its schema does not take: "
	    "\"/n\" "));
	assert_non_null(strstr(answer(&fixture, 201, "application/json",
	    "{\"title\":\"a\","), "no JSON"));
	assert_non_null(strstr(answer(&fixture, 201, "text/plain", "a"),
	    "text/plain"));
	assert_non_null(strstr(answer(&fixture, 200, "text/plain", "a"),
	    "add replies 200, which its document does not have"));
	assert_non_null(strstr(answer(&fixture, 201, NULL, NULL),
	    "without a body"));
	assert_non_null(strstr(answer(&fixture, 404,
	    "application/problem+json", "{}"), "title"));
	/* What xcore says for itself. */
	assert_string_equal(answer(&fixture, 500, "application/problem+json",
	    "{}"), "");
	assert_int_equal(add_todo(&fixture, "{"), 400);
	assert_int_equal(xc_contract_reply(fixture.taker, fixture.contract,
	    fixture.index, &fixture.req, NULL), XC_OK);
	/* Any reply, by a default and a range. */
	assert_int_equal(SEND(&fixture, .uri = "/many", .method = "PUT"), 0);
	assert_string_equal(fixture_check(&fixture, 299, "image/png", "x"),
	    "");
	fixture_end(&fixture);
}

/* --- documents ----------------------------------------------------------- */

static const char *
refused(const char *text)
{
	char buf[4096];

	assert_true(strlen(text) < sizeof(buf));
	return fixture_refused(quoted(text, buf));
}

#define OPERATION(text) "{'paths':{'/':{'post':{'operationId':'a'," text "}}}}"

static void
test_documents(void **state)
{
	static const struct {
		const char *document;
		const char *pointer;
	} rows[] = {
		{ "", "" },
		{ "null", "/paths" },
		{ "[]", "/paths" },
		{ OPERATION("'requestBody':7"), "/paths/~1/post/requestBody" },
		{ OPERATION("'requestBody':{}"),
		    "/paths/~1/post/requestBody" },
		{ OPERATION("'requestBody':{'content':{}}"),
		    "/paths/~1/post/requestBody" },
		{ OPERATION("'requestBody':{'content':[]}"),
		    "/paths/~1/post/requestBody/content" },
		{ OPERATION("'requestBody':{'content':{'json':{}}}"),
		    "/paths/~1/post/requestBody/content/json" },
		{ OPERATION("'requestBody':{'content':{'*/json':{}}}"),
		    "/paths/~1/post/requestBody/content/*~1json" },
		{ OPERATION("'requestBody':{'content':{"
		    "'application/json':{'schema':{'type':'text'}}}}"),
		    "/paths/~1/post/requestBody/content/application~1json/"
		    "schema" },
		{ OPERATION("'requestBody':{'content':{"
		    "'application/json':{'schema':{'$ref':'#/nowhere'}}}}"),
		    "/paths/~1/post/requestBody/content/application~1json/"
		    "schema" },
		{ OPERATION("'requestBody':{'$ref':'#/nowhere'}"),
		    "/paths/~1/post/requestBody" },
		{ OPERATION("'responses':{'2xx':{}}"),
		    "/paths/~1/post/responses/2xx" },
		{ OPERATION("'responses':{'20':{}}"),
		    "/paths/~1/post/responses/20" },
		{ OPERATION("'security':null"), "/paths/~1/post/security" },
		{ OPERATION("'security':{}"), "/paths/~1/post/security" },
		{ OPERATION("'security':['a']"),
		    "/paths/~1/post/security/0" },
		{ OPERATION("'security':[{'a':[]}]"),
		    "/paths/~1/post/security/0/a" },
		{ "{'paths':{'/':{'get':{'operationId':'a'}}},"
		    "'security':null}", "/security" },
		{ "{'paths':{'/':{'get':{'operationId':'a'}}},"
		    "'security':[{'k':'x'}],'components':{'securitySchemes':"
		    "{'k':{'type':'oauth2'}}}}", "/security/0/k" },
		{ "{'paths':{'/':{'get':{'operationId':'a'}}},"
		    "'security':[{'k':[]}],'components':{'securitySchemes':"
		    "{'k':{'type':'apiKey','in':'body','name':'x'}}}}",
		    "/components/securitySchemes/k" },
		{ "{'paths':{'/':{'get':{'operationId':'a'}}},"
		    "'security':[{'k':[]}],'components':{'securitySchemes':"
		    "{'k':{'type':'http','scheme':'a b'}}}}",
		    "/components/securitySchemes/k" },
		{ "{'paths':{'/{a}':{'get':{'operationId':'a'}},"
		    "'/{b}':{'get':{'operationId':'b'}}}}",
		    "/paths: GET /{b}: " },
	};
	char expected[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(expected, sizeof(expected), "openapi.json: %s",
		    rows[i].pointer);
		if (strncmp(refused(rows[i].document), expected,
		    strlen(expected)) != 0)
			fail_msg("%zu: %s", i, refused(rows[i].document));
	}
}

/* Ends, one way or the other, with a sentence if it is refused. */
static void
try_document(char *text)
{
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_contract *contract;
	enum xc_err err;

	err = xc_contract_compile(text, strlen(text), &contract, &errbuf);
	assert_true((err == XC_OK) == (contract != NULL));
	assert_true(err == XC_OK || errbuf.text[0] != '\0');
	xc_contract_free(&contract);
	free(text);
}

static void
test_large_documents(void **state)
{
	char path[160];
	char *text;
	size_t used;
	size_t i;

	(void)state;
	try_document(repeat("", "[", 1 << 20, ""));
	try_document(repeat("{\"paths\":", "{\"a\":", 100000, "1"));
	try_document(repeat("{\"paths\":{", "\"/a\":{},", 50000,
	    "\"/\":{}}}"));
	/* 10,000 paths. */
	text = malloc(2 << 20);
	assert_non_null(text);
	used = (size_t)sprintf(text, "{\"paths\":{");
	for (i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "%s\"/p%zu/{a}\":{\"get\":{"
		    "\"operationId\":\"o%zu\"}}", i > 0 ? "," : "", i, i);
		used += (size_t)sprintf(text + used, "%s", path);
	}
	sprintf(text + used, "}}");
	try_document(text);
	/* A circle of references. */
	text = malloc(4096);
	assert_non_null(text);
	quoted("{'paths':{'/':{'post':{'operationId':'a','requestBody':"
	    "{'$ref':'#/components/requestBodies/A'}}}},'components':{"
	    "'requestBodies':{'A':{'$ref':'#/components/requestBodies/B'},"
	    "'B':{'$ref':'#/components/requestBodies/A'}}}}", text);
	try_document(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_no_json),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_recursive),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_no_reason),
		cmocka_unit_test(test_presence),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_large_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Parameters, forms and their answers through the whole contract; what they
 * can be in detail is tested beside them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/data.h>
#include <xcore/part.h>

#include "contract-everything.h"
#include "contract-fixture.h"

static void
begin(struct fixture *fixture)
{
	static char document[sizeof(everything)];
	size_t i;

	for (i = 0; i < sizeof(everything); i++)
		document[i] = everything[i] == '\'' ? '"' : everything[i];
	fixture_begin(fixture, document);
}

static void
test_parameters(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/items/7?tag=a&tag=b&ids=1|2"
	    "&filter[a]=1&filter[b]=true&json=%7B%22x%22:1%7D&other=1",
	    .headers = { "HTTP_X_LEVEL=2", "HTTP_COOKIE=x=y; sid=abcd" }), 0);
	assert_string_equal(fixture_args(&fixture), "{\"path\":{\"id\":7},"
	    "\"query\":{\"page\":1,\"tag\":[\"a\",\"b\"],\"ids\":[1,2],"
	    "\"filter\":{\"a\":1,\"b\":true},\"json\":{\"x\":1}},"
	    "\"header\":{\"X-Level\":2},\"cookie\":{\"sid\":\"abcd\"}}");
	assert_int_equal(xc_param_int(&fixture.req, "id"), 7);
	assert_int_equal(xc_param_int(&fixture.req, "page"), 1);
	assert_string_equal(xc_param_text(&fixture.req, "sid"), "abcd");
	assert_int_equal(SEND(&fixture, .uri = "/files/a%2Fb/;part=1,2"), 0);
	assert_string_equal(fixture_args(&fixture),
	    "{\"path\":{\"name\":\"a/b\",\"part\":[1,2]}}");
	fixture_end(&fixture);
}

/* Each has its row in one answer, the body's too. */
static void
test_faults(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/items/0?page=0&page=1&tag=A"
	    "&ids=x&filter[c]=1&json=%7B", .headers = { "HTTP_X_LEVEL=3",
	    "HTTP_COOKIE=sid=a" }), 422);
	assert_true(fixture_faults(&fixture, "path", "/id", "minimum"));
	assert_true(fixture_faults(&fixture, "query", "/page", "duplicate"));
	assert_int_equal(SEND(&fixture, .uri = "/items/x", .method = "PUT",
	    .type = "application/json", .body = "{\"title\":\"\"}"), 422);
	assert_true(fixture_faults(&fixture, "path", "/id", "type"));
	assert_true(fixture_faults(&fixture, "body", "/title", "minLength"));
	assert_non_null(strstr(fixture_reply(&fixture), "2 things"));
	assert_int_equal(SEND(&fixture, .uri = "/items/x", .method = "PUT"),
	    422);
	assert_true(fixture_faults(&fixture, "path", "/id", "type"));
	assert_true(fixture_faults(&fixture, "body", "", "required"));
	/* What is no JSON stands alone. */
	assert_int_equal(SEND(&fixture, .uri = "/items/x", .method = "PUT",
	    .type = "application/json", .body = "{\"title\":"), 400);
	assert_false(fixture_faults(&fixture, "path", "/id", "type"));
	assert_true(fixture_faults(&fixture, "body", "/title", "json"));
	fixture_end(&fixture);
}

/* What cannot be read as a query is refused before there is an operation. */
static void
test_queries(void **state)
{
	static const struct {
		const char *query;
		int status;
	} rows[] = {
		{ "page=", 422 }, { "page", 422 }, { "page=+1", 422 },
		{ "page=01", 422 }, { "page=1e2", 0 }, { "page=1.0", 0 },
		{ "page=1.5", 422 }, { "page=-0", 422 }, { "page=1e400", 422 },
		{ "page=99999999999999999999999", 422 }, { "page=0x1", 422 },
		{ "page=%31", 0 }, { "page=1&page=1", 422 },
		{ "page=%zz", 400 }, { "page=%", 400 }, { "page=%00", 400 },
		{ "page=%c0%80", 400 }, { "page=%ff", 400 },
		{ "page=%ed%a0%80", 400 }, { "&&&", 0 }, { "=", 0 },
		{ "tag=", 422 }, { "tag=a&tag=b&tag=c&tag=d&tag=e", 422 },
		{ "ids=", 0 }, { "ids=1|", 422 }, { "ids=1%7C2", 0 },
		{ "filter[a]=x", 422 }, { "filter[a]=1&filter[a]=2", 422 },
		{ "json=%5B%5D", 0 }, { "json=%5B", 422 }, { "json=7", 422 },
	};
	struct fixture fixture;
	char uri[128];
	int status;
	size_t i;

	(void)state;
	begin(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(uri, sizeof(uri), "/items/1?%s", rows[i].query);
		status = SEND(&fixture, .uri = uri);
		if (status != rows[i].status)
			fail_msg("%s: %d %s", uri, status,
			    fixture_reply(&fixture));
	}
	fixture_end(&fixture);
}

static int
form(struct fixture *fixture, const char *body)
{
	return SEND(fixture, .uri = "/form", .body = body,
	    .type = "application/x-www-form-urlencoded");
}

static void
test_forms(void **state)
{
	struct fixture fixture;
	char *many;
	size_t len;
	int i;

	(void)state;
	begin(&fixture);
	assert_int_equal(form(&fixture, "name=an+n&age=7&ok=true&list=1,2&x=y"
	    "&item=%7B%22title%22%3A%22a%22%7D"), 0);
	assert_string_equal(xc_data_text(xc_data_member(xc_body(
	    &fixture.req), "name"), ""), "an n");
	assert_int_equal(xc_data_int(xc_data_member(xc_body(&fixture.req),
	    "age"), 0), 7);
	assert_non_null(strstr(fixture_data(&fixture), "\"list\":[1,2]"));
	assert_non_null(strstr(fixture_data(&fixture),
	    "\"item\":{\"title\":\"a\"}"));
	xc_request_body(&fixture.req, &len);
	assert_true(len > 0);
	assert_int_equal(SEND(&fixture, .uri = "/form", .inside = true,
	    .body = "name=ann", .type = "application/x-www-form-urlencoded"),
	    0);
	/* One that is empty is a form. */
	assert_int_equal(form(&fixture, ""), 422);
	assert_true(fixture_faults(&fixture, "body", "", "required"));
	assert_int_equal(form(&fixture, "name=a&age=x"), 422);
	assert_true(fixture_faults(&fixture, "body", "/name", "minLength"));
	assert_true(fixture_faults(&fixture, "body", "/age", "type"));
	assert_int_equal(form(&fixture, "name=ann&name=bob"), 422);
	assert_true(fixture_faults(&fixture, "body", "/name", "duplicate"));
	assert_int_equal(form(&fixture, "name=%zz"), 400);
	assert_int_equal(form(&fixture, "name=a%00b"), 400);
	assert_int_equal(form(&fixture, "name=%c0%80"), 400);
	many = malloc(8000);
	assert_non_null(many);
	strcpy(many, "name=ann");
	for (i = 0; i < 1000; i++)
		strcat(many, "&a=1");
	assert_int_equal(form(&fixture, many), 413);
	free(many);
	fixture_end(&fixture);
}

#define PART(head, data) "--x\r\nContent-Disposition: form-data; " head	\
	"\r\n\r\n" data "\r\n"

static int
multipart(struct fixture *fixture, const char *body)
{
	return SEND(fixture, .uri = "/form", .body = body,
	    .type = "multipart/form-data; boundary=x");
}

static void
test_multipart(void **state)
{
	struct fixture fixture;
	struct xc_part part;
	char *many;
	size_t used;
	int i;

	(void)state;
	begin(&fixture);
	assert_int_equal(multipart(&fixture, PART("name=\"name\"", "ann")
	    PART("name=\"age\"", "7")
	    PART("name=\"file\"; filename=\"../long-name.png\"\r\n"
	    "Content-Type: image/png", "\x89PNG")
	    PART("name=\"item\"\r\nContent-Type: application/json",
	    "{\"title\":\"a\"}") "--x--\r\n"), 0);
	/* The schema of a file is not for its name, which is too long. */
	assert_int_equal(xc_part_count(&fixture.req), 4);
	assert_true(xc_part_find(&fixture.req, "file", 0, &part));
	assert_string_equal(part.filename, "long-name.png");
	assert_int_equal(part.size, 4);
	assert_int_equal(xc_data_int(xc_data_member(xc_body(&fixture.req),
	    "age"), 0), 7);
	assert_non_null(strstr(fixture_data(&fixture),
	    "\"item\":{\"title\":\"a\"}"));
	/* But that of the other fields is. */
	assert_int_equal(multipart(&fixture, PART("name=\"name\"", "a")
	    PART("name=\"file\"; filename=\"long-name.png\"", "x")
	    "--x--\r\n"), 422);
	assert_true(fixture_faults(&fixture, "body", "/name", "minLength"));
	assert_false(fixture_faults(&fixture, "body", "/file", "maxLength"));
	assert_int_equal(multipart(&fixture, PART("name=\"name\"; "
	    "filename=\"a\"", "ann") "--x--\r\n"), 422);
	assert_true(fixture_faults(&fixture, "body", "/name", "minLength"));
	assert_int_equal(multipart(&fixture, PART("name=\"name\"", "ann")
	    PART("name=\"age\"; filename=\"7\"", "7") "--x--\r\n"), 422);
	assert_true(fixture_faults(&fixture, "body", "/age", "type"));
	/* Nor where the validator gives a name up, and all the rest with it. */
	many = malloc(12000);
	assert_non_null(many);
	used = (size_t)sprintf(many, "--x\r\nContent-Disposition: form-data; "
	    "name=\"hard\"; filename=\"");
	memset(many + used, 'a', 5000);
	strcpy(many + used + 5000, "!\"\r\n\r\n\r\n"
	    PART("name=\"name\"", "a") "--x--\r\n");
	assert_int_equal(multipart(&fixture, many), 422);
	if (!fixture_faults(&fixture, "body", "/name", "minLength"))
		assert_true(fixture_faults(&fixture, "body", "/hard",
		    "limit"));
	free(many);
	/* What is no file is held to its schema also if it is sent as one. */
	many = malloc(100 * 80);
	assert_non_null(many);
	used = (size_t)sprintf(many, "%s", PART("name=\"name\"", "ann"));
	for (i = 0; i < 30; i++)
		used += (size_t)sprintf(many + used, "%s",
		    PART("name=\"list\"; filename=\"f\"", "x"));
	strcpy(many + used, "--x--\r\n");
	assert_int_equal(multipart(&fixture, many), 422);
	assert_true(fixture_faults(&fixture, "body", "/list/0", "type"));
	free(many);
	assert_int_equal(SEND(&fixture, .uri = "/form", .inside = true,
	    .body = PART("name=\"name\"", "ann") "--x--\r\n",
	    .type = "multipart/form-data; boundary=\"x\""), 0);
	/* No end, no boundary, none said, none that can be one. */
	assert_int_equal(multipart(&fixture, PART("name=\"name\"", "ann")),
	    400);
	assert_true(fixture_faults(&fixture, "body", "", "multipart"));
	assert_int_equal(multipart(&fixture, "x"), 400);
	assert_int_equal(SEND(&fixture, .uri = "/form", .body = "x",
	    .type = "multipart/form-data"), 400);
	assert_int_equal(SEND(&fixture, .uri = "/form", .body = "x",
	    .type = "multipart/form-data; boundary=\"\""), 400);
	assert_int_equal(SEND(&fixture, .uri = "/form", .method = "POST",
	    .type = "multipart/form-data; boundary=x"), 422);
	/* 10,000 parts. */
	many = malloc(10000 * 60);
	assert_non_null(many);
	for (i = 0, used = 0; i < 10000; i++)
		used += (size_t)sprintf(many + used, "%s",
		    PART("name=\"a\"", ""));
	assert_int_equal(multipart(&fixture, many), 413);
	free(many);
	fixture_end(&fixture);
}

static void
test_texts(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_int_equal(SEND(&fixture, .uri = "/raw", .body = "abba",
	    .type = "text/plain"), 0);
	assert_int_equal(SEND(&fixture, .uri = "/raw", .body = "abc",
	    .type = "text/plain"), 422);
	assert_int_equal(SEND(&fixture, .uri = "/raw", .body = "abba",
	    .type = "text/plain",
	    .headers = { "HTTP_AUTHORIZATION=Bearer x" }), 503);
	assert_int_equal(SEND(&fixture, .uri = "/items/1",
	    .method = "DELETE"), 503);
	fixture_end(&fixture);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/json.h>
#include <xcore/reply.h>

#include "reply-private.h"
#include "test-host.h"

static const char *
body_of(const struct xc_request *req)
{
	return xc_block_text(&req->out, xc_request_reply(req)->body);
}

static const char *
head_of(const struct xc_request *req)
{
	return xc_block_text(&req->out, xc_request_reply(req)->head);
}

static const char *
type_of(const struct xc_request *req)
{
	return xc_block_text(&req->out, xc_request_reply(req)->content_type);
}

static void
begin(struct xc_request *req)
{
	test_begin(req);
	test_get(req, "/app/todo/items/7");
}

static void
test_text(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_false(xc_reply_done(&req));
	assert_int_equal(xc_request_reply(&req)->status, 0);
	assert_int_equal(xc_reply_header(&req, "X-One", "1"), XC_OK);
	assert_int_equal(xc_reply_header(&req, "x-two", ""), XC_OK);
	assert_int_equal(xc_reply_text(&req, 201, "text/plain", "a\0b", 3),
	    XC_OK);
	assert_true(xc_reply_done(&req));
	assert_int_equal(xc_request_reply(&req)->status, 201);
	assert_int_equal(xc_request_reply(&req)->body.len, 3);
	assert_memory_equal(body_of(&req), "a\0b", 4);
	assert_string_equal(type_of(&req), "text/plain");
	assert_string_equal(head_of(&req), "X-One: 1\r\nx-two: \r\n");
	assert_int_equal(xc_request_reply(&req)->size, req.out.used);
	/* Nothing of it stands in the next. */
	xc_request_reset(&req);
	assert_int_equal(xc_reply_empty(&req, 204), XC_OK);
	assert_string_equal(head_of(&req), "");
	assert_string_equal(type_of(&req), "");
	assert_string_equal(body_of(&req), "");
	test_end(&req);
}

static void
test_only_one(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_empty(&req, 200), XC_OK);
	assert_int_equal(xc_reply_empty(&req, 200), XC_ERR_STATE);
	assert_int_equal(xc_reply_text(&req, 200, "a/b", "x", 1),
	    XC_ERR_STATE);
	assert_int_equal(xc_reply_json(&req, 200, json_object_new_int(1)),
	    XC_ERR_STATE);
	assert_int_equal(xc_reply_problem(&req, 500, "x"), XC_ERR_STATE);
	assert_int_equal(xc_reply_begin(&req, 200, "a/b"), XC_ERR_STATE);
	assert_int_equal(xc_reply_header(&req, "A", "b"), XC_ERR_STATE);
	assert_int_equal(xc_reply_write(&req, "x", 1), XC_ERR_STATE);
	assert_string_equal(body_of(&req), "");
	test_end(&req);
}

static void
test_bad_headers(void **state)
{
	static const char *const rows[][2] = {
		{ "", "x" }, { "a b", "x" }, { "a:", "x" }, { "a\r\nb", "x" },
		{ "\xc3\xa4", "x" },
		{ "A", "x\r\nSet-Cookie: y" }, { "A", "x\n" }, { "A", "\r" },
		{ "A", "x\ty" }, { "A", "\x7f" }, { "A", "\x01" },
		{ "Content-Length", "3" }, { "TRANSFER-encoding", "chunked" },
		{ "connection", "close" }, { "Status", "200" },
		{ "content-type", "a/b" }, { NULL, "x" }, { "A", NULL },
		{ "X-Accel-Redirect", "/x" }, { "x-sendfile", "/etc/passwd" },
	};
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(xc_reply_header(&req, rows[i][0],
		    rows[i][1]), XC_ERR_INVALID);
	assert_int_equal(xc_reply_header(&req, "A", "\xc3\xa4"), XC_OK);
	assert_int_equal(xc_reply_empty(&req, 200), XC_OK);
	assert_string_equal(head_of(&req), "A: \xc3\xa4\r\n");
	test_end(&req);
}

static void
test_many_headers(void **state)
{
	static char value[20000];
	struct xc_request req;
	int n;

	(void)state;
	begin(&req);
	memset(value, 'x', sizeof(value) - 1);
	assert_int_equal(xc_reply_header(&req, "A", value),
	    XC_ERR_TOO_LARGE);
	value[1000] = '\0';
	for (n = 0; xc_reply_header(&req, "A", value) == XC_OK; n++)
		;
	assert_int_equal(n, 16);
	assert_int_equal(xc_reply_problem(&req, 404, NULL), XC_OK);
	test_end(&req);
}

static void
test_bad_arguments(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_empty(&req, 199), XC_ERR_INVALID);
	assert_int_equal(xc_reply_empty(&req, 600), XC_ERR_INVALID);
	assert_int_equal(xc_reply_empty(&req, -1), XC_ERR_INVALID);
	assert_int_equal(xc_reply_text(&req, 200, NULL, "x", 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_reply_text(&req, 200, "", "x", 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_reply_text(&req, 200, "a/b\r\nX: y", "x", 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_reply_text(&req, 200, "a/b", NULL, 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_reply_text(&req, 204, "a/b", "x", 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_reply_problem(&req, 304, "x"), XC_ERR_INVALID);
	assert_int_equal(xc_reply_problem(&req, 1000, "x"), XC_ERR_INVALID);
	assert_int_equal(xc_reply_begin(&req, 204, "a/b"), XC_ERR_INVALID);
	assert_int_equal(xc_reply_begin(&req, 200, NULL), XC_ERR_INVALID);
	assert_int_equal(xc_reply_begin(&req, 200, "a/b"),
	    XC_ERR_UNSUPPORTED);
	assert_false(xc_reply_done(&req));
	assert_int_equal(xc_reply_empty(&req, 200), XC_OK);
	test_end(&req);
}

static void
test_too_large(void **state)
{
	static char bytes[200000];
	struct xc_request_limits limits = { .reply_max = 100000 };
	struct xc_request req;

	(void)state;
	test_begin(&req);
	test_end(&req);
	assert_int_equal(xc_request_init(&req, &test_host, &limits), XC_OK);
	assert_int_equal(xc_reply_text(&req, 200, "a/b", bytes,
	    sizeof(bytes)), XC_ERR_TOO_LARGE);
	assert_int_equal(xc_request_reply(&req)->status, 0);
	assert_int_equal(xc_reply_text(&req, 200, "a/b", bytes, 99000),
	    XC_OK);
	assert_int_equal(xc_request_reply(&req)->body.len, 99000);
	test_end(&req);
}

static void
test_json(void **state)
{
	struct json_object *obj = json_object_new_object();
	struct xc_request req;

	(void)state;
	begin(&req);
	json_object_object_add(obj, "path", json_object_new_string("/a\n"));
	json_object_get(obj);
	assert_int_equal(xc_reply_json(&req, 999, obj), XC_ERR_INVALID);
	assert_int_equal(xc_reply_json(&req, 200, obj), XC_OK);
	assert_string_equal(body_of(&req), "{\"path\":\"/a\\n\"}");
	assert_string_equal(type_of(&req), "application/json");
	xc_request_reset(&req);
	assert_int_equal(xc_reply_json(&req, 200, NULL), XC_OK);
	assert_string_equal(body_of(&req), "null");
	test_end(&req);
}

static void
test_problem(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_problem(&req, 404, "no item %d", 7), XC_OK);
	assert_int_equal(xc_request_reply(&req)->status, 404);
	assert_string_equal(type_of(&req), "application/problem+json");
	assert_string_equal(body_of(&req),
	    "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"no item 7\",\"instance\":\"/app/todo/items/7\","
	    "\"request_id\":\"test-request-1\"}\n");
	test_end(&req);
}

static void
test_problem_errors(void **state)
{
	static const char errors[] = "[{\"in\":\"query\"}] and not this";
	struct xc_problem problem = { .type = "about:blank", .title = "No",
		.status = 422, .errors = errors, .errors_len = 16 };
	struct json_object *body;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_problem_typed(&req, &problem), XC_OK);
	assert_int_equal(xc_json_parse(body_of(&req),
	    xc_request_reply(&req)->body.len, &body, NULL, 0), XC_OK);
	assert_string_equal(json_object_to_json_string_ext(
	    xc_json_member(body, "errors"), JSON_C_TO_STRING_PLAIN),
	    "[{\"in\":\"query\"}]");
	json_object_put(body);
	test_end(&req);
}

/* Whatever stands in it, the problem is JSON. */
static void
test_problem_escapes(void **state)
{
	static char detail[5000];
	struct json_object *obj;
	struct xc_request req;
	char where[80];

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo/a%20%22%0a%C3%A4<");
	assert_int_equal(xc_reply_problem(&req, 400, "%s",
	    "\"\\\b\n\x7f\x80x\xc3\xa4\xed\xa0\x80\xc3"), XC_OK);
	assert_int_equal(xc_json_parse(body_of(&req),
	    strlen(body_of(&req)), &obj, where, sizeof(where)), XC_OK);
	assert_string_equal(xc_json_string(obj, "detail"),
	    "\"\\\b\n\x7f\xef\xbf\xbdx\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(xc_json_string(obj, "instance"),
	    "/app/todo/a%20%22%0A%C3%A4%3C");
	json_object_put(obj);
	xc_request_reset(&req);
	memset(detail, 0x01, sizeof(detail) - 1);
	assert_int_equal(xc_reply_problem(&req, 400, "%s", detail), XC_OK);
	assert_int_equal(xc_json_parse(body_of(&req),
	    strlen(body_of(&req)), &obj, where, sizeof(where)), XC_OK);
	assert_int_equal(strlen(xc_json_string(obj, "detail")), 1023);
	json_object_put(obj);
	test_end(&req);
}

/* A stream that keeps what it gets. */
struct sink {
	unsigned n_begun;
	enum xc_err err;
	char text[64];
};

static enum xc_err
sink_begin(void *ctx, struct xc_request *req)
{
	struct sink *sink = ctx;

	assert_int_equal(xc_request_reply(req)->status, 200);
	sink->n_begun++;
	return sink->err;
}

static enum xc_err
sink_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	struct sink *sink = ctx;

	(void)req;
	strncat(sink->text, data, len);
	return sink->err;
}

static const struct xc_stream_ops sink_ops = { sink_begin, sink_write };

static void
test_stream(void **state)
{
	struct sink sink = { .n_begun = 0 };
	struct xc_request req;

	(void)state;
	begin(&req);
	test_host.stream = &sink_ops;
	test_host.stream_ctx = &sink;
	assert_int_equal(xc_reply_write(&req, "x", 1), XC_ERR_STATE);
	assert_int_equal(xc_reply_header(&req, "A", "b"), XC_OK);
	assert_int_equal(xc_reply_begin(&req, 200, "text/csv"), XC_OK);
	assert_int_equal(sink.n_begun, 1);
	assert_string_equal(head_of(&req), "A: b\r\n");
	assert_string_equal(type_of(&req), "text/csv");
	assert_true(xc_reply_done(&req));
	assert_int_equal(xc_reply_write(&req, "one,", 4), XC_OK);
	assert_int_equal(xc_reply_write(&req, NULL, 0), XC_OK);
	assert_int_equal(xc_reply_write(&req, NULL, 3), XC_ERR_INVALID);
	assert_int_equal(xc_reply_write(&req, "two", 3), XC_OK);
	assert_string_equal(sink.text, "one,two");
	assert_int_equal(xc_reply_begin(&req, 200, "a/b"), XC_ERR_STATE);
	assert_int_equal(xc_reply_empty(&req, 204), XC_ERR_STATE);
	sink.err = XC_ERR_IO;
	assert_int_equal(xc_reply_write(&req, "x", 1), XC_ERR_IO);
	xc_request_reset(&req);
	/* Bytes may be out when the beginning fails. */
	assert_int_equal(xc_reply_begin(&req, 200, "a/b"), XC_ERR_IO);
	assert_int_equal(xc_reply_empty(&req, 500), XC_ERR_STATE);
	test_end(&req);
}

static enum xc_err handler_result;

static enum xc_err
silent(struct xc_request *req)
{
	(void)xc_reply_header(req, "Cache-Control", "max-age=3600");
	return handler_result;
}

static enum xc_err
hello(struct xc_request *req)
{
	enum xc_err err = xc_reply_text(req, 200, "text/plain", "hello", 5);

	return err != XC_OK ? err : handler_result;
}

static enum xc_err
streams(struct xc_request *req)
{
	enum xc_err err = xc_reply_begin(req, 200, "text/plain");

	return err != XC_OK ? err : XC_ERR_IO;
}

static void
test_run(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	handler_result = XC_OK;
	assert_int_equal(xc_request_run(&req, hello), XC_OK);
	assert_string_equal(body_of(&req), "hello");
	assert_int_equal(test_log.n, 0);
	test_end(&req);
}

static void
test_run_maps_errors(void **state)
{
	static const int statuses[XC_ERR__MAX] = {
		500, 422, 404, 409, 403, 413, 503, 503, 504, 500, 500, 500,
		500, 500, 500,
	};
	struct xc_request req;
	int err;

	(void)state;
	begin(&req);
	for (err = XC_OK; err < XC_ERR__MAX; err++) {
		test_get(&req, "/app/todo/items/7");
		handler_result = (enum xc_err)err;
		test_log.n = 0;
		assert_int_equal(xc_request_run(&req, silent), err);
		assert_int_equal(xc_request_reply(&req)->status,
		    statuses[err]);
		assert_string_equal(type_of(&req),
		    "application/problem+json");
		assert_string_equal(head_of(&req), statuses[err] == 503
		    ? "Retry-After: 1\r\n" : "");
		assert_int_equal(test_log.n, 1);
		assert_int_equal(test_log.level, statuses[err] < 500 ||
		    statuses[err] == 503 ? XC_LOG_DEBUG : XC_LOG_ERROR);
		assert_string_equal(test_log.name, "plugin.todo");
		assert_string_equal(test_log.id, "test-request-1");
		assert_non_null(strstr(test_log.text, "get_item"));
		xc_request_reset(&req);
	}
	test_end(&req);
}

static void
test_run_error_behind_reply(void **state)
{
	struct sink sink = { .n_begun = 0 };
	struct xc_request req;

	(void)state;
	begin(&req);
	handler_result = XC_ERR_FAILED;
	assert_int_equal(xc_request_run(&req, hello), XC_ERR_FAILED);
	assert_int_equal(xc_request_reply(&req)->status, 200);
	assert_int_equal(test_log.level, XC_LOG_WARNING);
	assert_int_equal(test_log.n, 1);
	xc_request_reset(&req);
	test_host.stream = &sink_ops;
	test_host.stream_ctx = &sink;
	test_get(&req, "/app/todo");
	assert_int_equal(xc_request_run(&req, streams), XC_ERR_IO);
	assert_int_equal(req.reply, XC_REPLY_STREAMING);
	assert_non_null(strstr(test_log.text, "cut short"));
	test_end(&req);
}

static enum xc_err
takes_much(struct xc_request *req)
{
	return xc_alloc(req, 2 * 1024 * 1024) != NULL ? XC_ERR_FAILED :
	    XC_ERR_NOMEM;
}

static enum xc_err
says_much(struct xc_request *req)
{
	static char text[300 * 1024];

	return xc_reply_text(req, 200, "text/plain", text, sizeof(text));
}

/* Comes to both limits, and says so itself. */
static enum xc_err
copes(struct xc_request *req)
{
	(void)takes_much(req);
	(void)says_much(req);
	return xc_reply_text(req, 200, "text/plain", "small", 5);
}

static void
test_run_over_limits(void **state)
{
	const struct xc_request_limits limits = { .reply_max = 100 * 1024,
		.arena_max = 1024 * 1024 }, none = { 0 };
	struct xc_request req;

	(void)state;
	begin(&req);
	xc_request_limit(&req, &limits);
	assert_int_equal(xc_request_run(&req, takes_much), XC_ERR_NOMEM);
	assert_int_equal(req.breach, XC_BREACH_MEMORY);
	assert_int_equal(xc_request_reply(&req)->status, 503);
	assert_string_equal(head_of(&req), "Retry-After: 10\r\n");
	assert_non_null(strstr(body_of(&req), "urn:xcore:problem:memory"));
	xc_request_reset(&req);
	test_get(&req, "/app/todo");
	assert_int_equal(req.breach, XC_BREACH_NONE);
	assert_int_equal(xc_request_run(&req, says_much), XC_ERR_TOO_LARGE);
	assert_int_equal(req.breach, XC_BREACH_REPLY);
	assert_int_equal(xc_request_reply(&req)->status, 502);
	xc_request_reset(&req);
	test_get(&req, "/app/todo");
	assert_int_equal(xc_request_run(&req, copes), XC_OK);
	assert_int_equal(req.breach, XC_BREACH_NONE);
	assert_int_equal(xc_request_reply(&req)->status, 200);
	xc_request_reset(&req);
	test_get(&req, "/app/todo");
	xc_request_limit(&req, &none);
	assert_int_equal(xc_request_run(&req, says_much), XC_OK);
	assert_int_equal(xc_request_run(&req, takes_much), XC_ERR_FAILED);
	test_end(&req);
}

/* An error that only looks like it. */
static void
test_run_not_over_limits(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	handler_result = XC_ERR_NOMEM;
	assert_int_equal(xc_request_run(&req, silent), XC_ERR_NOMEM);
	assert_int_equal(req.breach, XC_BREACH_NONE);
	assert_null(strstr(body_of(&req), "urn:xcore"));
	test_end(&req);
}

static void
test_breach_after(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_breach_reply_after(&req, XC_BREACH_RATE, 7),
	    XC_OK);
	assert_int_equal(xc_request_reply(&req)->status, 429);
	assert_string_equal(head_of(&req), "Retry-After: 7\r\n");
	test_end(&req);
}

static void
test_status(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_status(&req), 0);
	assert_int_equal(xc_reply_problem(&req, 409, NULL), XC_OK);
	assert_int_equal(xc_reply_status(&req), 409);
	xc_request_reset(&req);
	assert_int_equal(xc_reply_status(&req), 0);
	xc_request_free(&req);
}

/* Over the plugin's limit for replies, and not over that of lines. */
static void
test_added_lines(void **state)
{
	const struct xc_request_limits limits = { .reply_max = 64 << 10 };
	char line[16000];
	struct xc_request req;

	(void)state;
	begin(&req);
	xc_request_limit(&req, &limits);
	memset(line, 'a', sizeof(line));
	assert_int_equal(xc_reply_header(&req, "X-One", "1"), XC_OK);
	assert_int_equal(xc_reply_text(&req, 200, "text/plain", line, 15000),
	    XC_OK);
	while (xc_block_put(&req.out, line, 64) == XC_OK)
		continue;
	req.extra.used = 0;
	assert_int_equal(xc_block_put(&req.extra, "X-Two: 2\r\n", 10),
	    XC_OK);
	assert_int_equal(xc_reply_add_lines(&req), XC_OK);
	assert_string_equal(head_of(&req), "X-One: 1\r\nX-Two: 2\r\n");
	assert_memory_equal(body_of(&req), line, 15000);
	assert_int_equal(xc_reply_add_lines(&req), XC_OK);
	assert_int_equal(xc_block_put(&req.extra, line, sizeof(line)),
	    XC_OK);
	assert_int_equal(xc_block_put(&req.extra, line, 370), XC_OK);
	assert_int_equal(xc_reply_add_lines(&req), XC_ERR_TOO_LARGE);
	assert_string_equal(head_of(&req), "X-One: 1\r\nX-Two: 2\r\n");
	xc_request_free(&req);
}

static void
test_near(void **state)
{
	struct xc_request req;
	struct xc_reply_head *head;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_text(&req, 200, "text/plain", "near", 4),
	    XC_OK);
	assert_int_equal(xc_reply_bring_near(&req), XC_OK);
	assert_string_equal(body_of(&req), "near");
	head = (void *)req.out.base;
	head->body = (struct xc_span){ 70000, 3 };
	req.far_body = "far away";
	assert_string_equal(xc_reply_body(&req), "far away");
	assert_int_equal(xc_reply_bring_near(&req), XC_OK);
	assert_null(req.far_body);
	assert_string_equal(xc_reply_body(&req), "far");
	assert_int_equal(xc_request_reply(&req)->size, req.out.used);
	xc_request_free(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_only_one),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_problem_errors),
		cmocka_unit_test(test_problem_escapes),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_run_maps_errors),
		cmocka_unit_test(test_run_error_behind_reply),
		cmocka_unit_test(test_run_over_limits),
		cmocka_unit_test(test_run_not_over_limits),
		cmocka_unit_test(test_breach_after),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_added_lines),
		cmocka_unit_test(test_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The broker: what is the same for all that a sandbox asks for, and the calls
 * that have no file of their own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/reply-private.h"
#include "sandbox/broker-fixture.h"
#include "services/desk/desk.h"
#include "services/http/http.h"

static struct xc_http_service http;

static void
use_http(const struct xc_http_step *steps, size_t n)
{
	assert_int_equal(xc_http_fake(steps, n, &http), XC_OK);
	test_host.http = http.ops;
	test_host.http_ctx = http.ctx;
}

static enum xc_err
ask(const char *url, const char *line)
{
	const char *lines[] = { line };
	struct xc_http_ask a = { .method = "GET", .url = url,
		.headers = lines, .n_headers = line != NULL,
		.timeout_ms = 1000, .reply_max = 1000 };

	xc_call_put_http_ask(call_begin(), &a);
	return call_finish(XC_CALL_HTTP);
}

static void
test_http(void **state)
{
	static const struct xc_http_step steps[] = {
		{ .method = "GET", .url = "https://api.example.com/x",
		    .status = 404, .reply = "no" },
		{ .err = XC_ERR_TIMEOUT },
	};
	char host[] = "api.example.com";
	char *hosts[] = { host, NULL };
	struct xc_http_got got;

	(void)state;
	use_http(steps, 2);
	test_plugin.http_hosts = hosts;
	assert_int_equal(ask("https://api.example.com/x", "A: b"), XC_OK);
	xc_call_get_http_got(&result, &got);
	assert_true(xc_call_end(&result));
	assert_int_equal(got.status, 404);
	assert_string_equal(got.body, "no");
	assert_int_equal(got.n_headers, 1);
	free(got.memory);
	assert_int_equal(ask("http://API.example.com", NULL),
	    XC_ERR_TIMEOUT);
	/* None of these goes through. */
	assert_int_equal(ask("https://example.com/", NULL), XC_ERR_DENIED);
	assert_string_equal(denied, "http:example.com:443");
	assert_int_equal(ask("https://api.example.com:8443/", NULL),
	    XC_ERR_DENIED);
	assert_int_equal(ask("https://api.example.com@example.com/", NULL),
	    XC_ERR_INVALID);
	assert_int_equal(ask("https://api.example.com.evil/", NULL),
	    XC_ERR_DENIED);
	assert_int_equal(ask("file:///etc/passwd", NULL), XC_ERR_INVALID);
	assert_int_equal(ask("https://api.example.com/",
	    "A: b\r\nHost: other"), XC_ERR_INVALID);
	assert_int_equal(ask("https://api.example.com/", "Host: other"),
	    XC_ERR_INVALID);
	assert_int_equal(n_denied, 3);
	/* The request's time is over. */
	broker.end_us = 1;
	assert_int_equal(ask("https://api.example.com/", NULL),
	    XC_ERR_TIMEOUT);
	test_host.http = NULL;
	assert_int_equal(ask("https://api.example.com/", NULL),
	    XC_ERR_UNAVAILABLE);
	xc_http_close(&http);
}

/* The request's file: byte n is n. */
static enum xc_err
read_part(void *ctx, struct xc_request *of, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	unsigned char *bytes = buf;
	size_t i;

	(void)ctx;
	assert_ptr_equal(of, &req);
	for (i = 0; i < len; i++)
		bytes[i] = (unsigned char)(offset + i);
	*got_r = len;
	return XC_OK;
}

static enum xc_err
ask_part(uint64_t offset, uint32_t len, const unsigned char **bytes_r,
    size_t *len_r)
{
	enum xc_err err;

	xc_call_put_u64(call_begin(), offset);
	xc_call_put_u32(&args, len);
	err = call_finish(XC_CALL_PART_READ);
	*bytes_r = err == XC_OK ? xc_call_get_bytes(&result, len_r) : NULL;
	if (err == XC_OK)
		assert_true(xc_call_end(&result));
	return err;
}

static void
put_parts(void)
{
	struct xc_part_row rows[2] = { { .size = 3 }, { .size = 100000,
		.file_off = 50 } };
	struct xc_request_head *head;
	uint32_t off;

	assert_int_equal(xc_block_append(&req.in, "abc", 3, &rows[0].data),
	    XC_OK);
	assert_int_equal(xc_block_reserve(&req.in, sizeof(rows), &off),
	    XC_OK);
	memcpy(req.in.base + off, rows, sizeof(rows));
	head = (void *)req.in.base;
	head->parts.off = off;
	head->parts.n = 2;
}

static void
test_part(void **state)
{
	static const struct xc_part_ops ops = { read_part };
	const unsigned char *bytes;
	size_t len;

	(void)state;
	assert_int_equal(ask_part(50, 1, &bytes, &len), XC_ERR_INVALID);
	put_parts();
	assert_int_equal(ask_part(50, 1, &bytes, &len), XC_ERR_IO);
	test_host.part = &ops;
	assert_int_equal(ask_part(50, 3, &bytes, &len), XC_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, "234", 3);
	/* No more than the result has room for, or than the part has. */
	assert_int_equal(ask_part(60, UINT32_MAX, &bytes, &len), XC_OK);
	assert_in_range(len, AREA / 2, AREA);
	assert_int_equal(ask_part(100049, 2, &bytes, &len), XC_OK);
	assert_int_equal(len, 1);
	/* What of the file is no part. */
	assert_int_equal(ask_part(49, 2, &bytes, &len), XC_ERR_INVALID);
	assert_int_equal(ask_part(0, 2, &bytes, &len), XC_ERR_INVALID);
	assert_int_equal(ask_part(100050, 1, &bytes, &len), XC_ERR_INVALID);
	assert_int_equal(ask_part(UINT64_MAX, 1, &bytes, &len),
	    XC_ERR_INVALID);
	assert_int_equal(ask_part(50, 0, &bytes, &len), XC_ERR_INVALID);
}

static enum xc_err
site_openapi(void *ctx, enum xc_openapi version, struct xc_site_doc *doc_r)
{
	(void)ctx;
	assert_int_equal(version, XC_OPENAPI_3_0);
	doc_r->size = 5000000000;
	strcpy(doc_r->etag, "\"7\"");
	return XC_OK;
}

static enum xc_err
site_read(void *ctx, enum xc_openapi version, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	(void)ctx;
	assert_int_equal(version, XC_OPENAPI_3_0);
	*got_r = offset == 4999999999 ? 1 : len;
	memset(buf, '{', *got_r);
	return XC_OK;
}

static enum xc_err
ask_site(uint32_t version, uint64_t offset, uint32_t len, size_t *len_r)
{
	enum xc_err err;

	xc_call_put_u32(call_begin(), version);
	xc_call_put_u64(&args, offset);
	xc_call_put_u32(&args, len);
	err = call_finish(XC_CALL_SITE_READ);
	if (err == XC_OK)
		assert_non_null(xc_call_get_bytes(&result, len_r));
	return err;
}

static void
test_site(void **state)
{
	static const struct xc_site_ops ops = { site_openapi, site_read };
	size_t len;

	(void)state;
	xc_call_put_u32(call_begin(), XC_OPENAPI_3_0);
	assert_int_equal(call_finish(XC_CALL_SITE_INFO), XC_ERR_UNAVAILABLE);
	test_host.site = &ops;
	xc_call_put_u32(call_begin(), XC_OPENAPI_3_0);
	assert_int_equal(call_finish(XC_CALL_SITE_INFO), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 5000000000);
	assert_string_equal(xc_call_get_text(&result), "\"7\"");
	assert_int_equal(ask_site(XC_OPENAPI_3_0, 1, 10, &len), XC_OK);
	assert_int_equal(len, 10);
	assert_int_equal(ask_site(XC_OPENAPI_3_0, 1, UINT32_MAX, &len),
	    XC_OK);
	assert_in_range(len, AREA / 2, AREA);
	assert_int_equal(ask_site(XC_OPENAPI_3_0, 4999999999, 10, &len),
	    XC_OK);
	assert_int_equal(len, 1);
	assert_int_equal(ask_site(2, 1, 10, &len), XC_ERR_INVALID);
	assert_int_equal(ask_site(XC_OPENAPI_3_0, 1, 0, &len),
	    XC_ERR_INVALID);
	test_plugin.may_openapi = false;
	assert_int_equal(ask_site(XC_OPENAPI_3_0, 1, 10, &len),
	    XC_ERR_DENIED);
	assert_string_equal(denied, "openapi");
	assert_int_equal(n_denied, 1);
}

static char emitted[256];

static enum xc_err
emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	(void)ctx;
	snprintf(emitted, sizeof(emitted), "%s %s %s", from->name, name,
	    json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN));
	return XC_OK;
}

static const struct xc_event_ops event_ops = { .emit = emit };

static enum xc_err
tell(const char *name, const char *json)
{
	struct json_object *data = json_tokener_parse(json);

	xc_call_put_text(call_begin(), name);
	xc_call_put_json(&args, data);
	json_object_put(data);
	return call_finish(XC_CALL_EVENT);
}

static void
test_event(void **state)
{
	char name[] = "mail.sent";
	char *emits[] = { name, NULL };

	(void)state;
	test_host.event = &event_ops;
	test_plugin.emits = emits;
	assert_int_equal(tell("todo.created", "{\"id\":7}"), XC_OK);
	assert_string_equal(emitted, "todo todo.created {\"id\":7}");
	assert_int_equal(tell("mail.sent", "null"), XC_OK);
	assert_int_equal(n_denied, 0);
	assert_int_equal(tell("mail.sent.twice", "1"), XC_ERR_DENIED);
	assert_int_equal(tell("todo.", "1"), XC_ERR_DENIED);
	assert_int_equal(tell("todos.created", "1"), XC_ERR_DENIED);
	assert_string_equal(denied, "event:todos.created");
	assert_int_equal(tell("todo.Created", "1"), XC_ERR_INVALID);
	assert_int_equal(tell("", "1"), XC_ERR_INVALID);
	assert_int_equal(tell(NULL, "1"), XC_ERR_INVALID);
	assert_string_equal(emitted, "todo mail.sent null");
	test_host.event = NULL;
	assert_int_equal(tell("todo.created", "1"), XC_ERR_UNAVAILABLE);
}

static enum xc_err
ask_desk(const char *operation, const char *json)
{
	struct json_object *data = json_tokener_parse(json);

	xc_call_put_text(call_begin(), operation);
	xc_call_put_json(&args, data);
	json_object_put(data);
	return call_finish(XC_CALL_DESK);
}

static const struct xc_desk_step desk_steps[] = {
	{ .operation = "admin.users", .args = "{\"q\":\"a\"}",
	    .result = "{\"items\":[]}" },
	{ .operation = "admin.users" },
	{ .operation = "admin.user_remove", .err = XC_ERR_STATE,
	    .refusal = { .status = 409, .code = "last_admin",
	    .pointer = "/id", .detail = "No.", .challenge = "Bearer",
	    .retry_s = 7 } },
};

static void
test_desk(void **state)
{
	struct xc_desk_fake fake = { .steps = desk_steps, .n = 3 };
	char admin[] = "admin";
	char *words[] = { admin, NULL };
	struct json_object *value;
	struct xc_refusal refusal;

	(void)state;
	test_plugin.words = words;
	assert_int_equal(ask_desk("admin.users", "{}"), XC_ERR_UNAVAILABLE);
	test_host.desk = &xc_desk_fake_ops;
	test_host.desk_ctx = &fake;
	assert_int_equal(ask_desk("admin.users", "{\"q\":\"a\"}"), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	value = xc_call_get_json(&result);
	assert_true(xc_call_end(&result));
	assert_string_equal(json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN), "{\"items\":[]}");
	json_object_put(value);
	assert_int_equal(ask_desk("admin.users", "{}"), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	assert_null(xc_call_get_json(&result));
	assert_true(xc_call_end(&result));
	/* The refusal comes along. */
	assert_int_equal(ask_desk("admin.user_remove", "{}"), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_ERR_STATE);
	xc_call_get_refusal(&result, &refusal);
	assert_true(xc_call_end(&result));
	assert_int_equal(refusal.status, 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_string_equal(refusal.pointer, "/id");
	assert_string_equal(refusal.detail, "No.");
	assert_string_equal(refusal.challenge, "Bearer");
	assert_int_equal(refusal.retry_s, 7);
	assert_int_equal(n_denied, 0);
}

/* A password does not stay where a sandbox has put it. */
static void
test_desk_secret(void **state)
{
	static const char *const asked = "{\"password\":\"correct horse\"}";
	const struct xc_desk_step steps[] = {
		{ .operation = "admin.user_add", .args = asked },
		{ .operation = "admin.user_add", .args = asked },
	};
	struct xc_desk_fake fake = { .steps = steps, .n = 2 };
	char admin[] = "admin";
	char *words[] = { admin, NULL };

	(void)state;
	test_plugin.words = words;
	test_host.desk = &xc_desk_fake_ops;
	test_host.desk_ctx = &fake;
	assert_int_equal(ask_desk("admin.user_add", asked), XC_OK);
	assert_non_null(memmem(channel.args, AREA, "correct horse", 13));
	/* From here on it is known that the request has one. */
	assert_true(req.secret);
	assert_int_equal(ask_desk("admin.user_add", asked), XC_OK);
	req.secret = false;
	assert_string_equal(fake.why, "");
	assert_int_equal(fake.at, 2);
	assert_null(memmem(channel.args, AREA, "correct horse", 13));
}

static void
test_desk_refused(void **state)
{
	static char name[100];
	struct xc_desk_fake fake = { .steps = desk_steps, .n = 3 };

	(void)state;
	test_host.desk = &xc_desk_fake_ops;
	test_host.desk_ctx = &fake;
	assert_int_equal(ask_desk("admin.users", "{}"), XC_ERR_DENIED);
	assert_string_equal(denied, "admin");
	assert_int_equal(ask_desk("site.health", "{}"), XC_ERR_DENIED);
	assert_string_equal(denied, "health");
	assert_int_equal(n_denied, 2);
	assert_int_equal(ask_desk(NULL, "{}"), XC_ERR_INVALID);
	assert_int_equal(ask_desk("admin.users", "[]"), XC_ERR_INVALID);
	assert_int_equal(ask_desk("admin.users", "null"), XC_ERR_INVALID);
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(ask_desk(name, "{}"), XC_ERR_INVALID);
	assert_int_equal(fake.at, 0);
	assert_string_equal(fake.why, "");
	xc_call_put_u32(call_begin(), 7);
	assert_int_equal(call_serve(XC_CALL_DESK), XC_ERR_INVALID);
}

static enum xc_err
say(uint32_t level, const char *text)
{
	xc_call_put_u32(call_begin(), level);
	xc_call_put_text(&args, text);
	return call_finish(XC_CALL_LOG);
}

static void
test_log_records(void **state)
{
	static char text[5000];
	unsigned i;

	(void)state;
	assert_int_equal(say(XC_LOG_NOTICE, "hello"), XC_OK);
	assert_int_equal(test_log.n, 1);
	assert_int_equal(test_log.level, XC_LOG_NOTICE);
	assert_string_equal(test_log.name, "plugin.todo");
	assert_string_equal(test_log.id, "test-request-1");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 3999, "\xc3\xa4", 2);
	assert_int_equal(say(XC_LOG_ERROR, text), XC_OK);
	assert_int_equal(strlen(test_log.text), 3999);
	/* A flood ends in one line of ours. */
	for (i = 0; i < 1200; i++)
		assert_int_equal(say(XC_LOG_DEBUG, "more"), XC_OK);
	assert_int_equal(test_log.n, 1000);
	xc_broker_end(&broker);
	assert_int_equal(test_log.n, 1001);
	assert_non_null(strstr(test_log.text, "202 more records"));
	/* Outside of a request too. */
	broker.req = NULL;
	assert_int_equal(say(XC_LOG_INFO, "start"), XC_OK);
	assert_string_equal(test_log.id, "-");
	test_log.up_to = XC_LOG_ERROR;
	assert_int_equal(say(XC_LOG_INFO, "quiet"), XC_OK);
	assert_string_equal(test_log.text, "start");
}

static char streamed[256];
static enum xc_err stream_err;

static enum xc_err
stream_begin(void *ctx, struct xc_request *of)
{
	(void)ctx;
	snprintf(streamed, sizeof(streamed), "%u:",
	    (unsigned)xc_request_reply(of)->status);
	return stream_err;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *of, const void *data, size_t len)
{
	size_t used = strlen(streamed);

	(void)ctx;
	(void)of;
	snprintf(streamed + used, sizeof(streamed) - used, "%.*s", (int)len,
	    (const char *)data);
	return stream_err;
}

static const struct xc_stream_ops stream_ops = {
	.begin = stream_begin,
	.write = stream_write,
};

static void
use_streams(void)
{
	test_host.stream = &stream_ops;
	streamed[0] = '\0';
	stream_err = XC_OK;
}

/* A reply as a guest builds it. */
static uint32_t
make_reply(int status, const char *type)
{
	struct xc_request inside;
	struct xc_reply_head *head;
	uint32_t len;

	assert_int_equal(xc_request_init(&inside, &test_host, NULL), XC_OK);
	assert_int_equal(xc_reply_open(&inside, status, type), XC_OK);
	head = (void *)inside.out.base;
	head->size = len = inside.out.used;
	memcpy(channel.reply, inside.out.base, len);
	xc_request_free(&inside);
	return len;
}

static enum xc_err
write_more(const char *text)
{
	xc_call_put_bytes(call_begin(), text, strlen(text));
	return call_finish(XC_CALL_STREAM_WRITE);
}

static void
test_stream(void **state)
{
	(void)state;
	use_streams();
	assert_int_equal(write_more("early"), XC_ERR_STATE);
	xc_call_put_u32(call_begin(), make_reply(200, "text/plain"));
	assert_int_equal(call_finish(XC_CALL_STREAM_BEGIN), XC_OK);
	assert_int_equal(req.reply, XC_REPLY_STREAMING);
	assert_int_equal(call_finish(XC_CALL_STREAM_BEGIN), XC_ERR_STATE);
	assert_int_equal(write_more("one "), XC_OK);
	assert_int_equal(write_more(""), XC_OK);
	assert_int_equal(write_more("two"), XC_OK);
	assert_string_equal(streamed, "200:one two");
	stream_err = XC_ERR_IO;
	assert_int_equal(write_more("three"), XC_ERR_IO);
}

static void
test_stream_bad(void **state)
{
	(void)state;
	use_streams();
	/* No content type; a status that has no body; no reply. */
	xc_call_put_u32(call_begin(), make_reply(200, NULL));
	assert_int_equal(call_serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	xc_call_put_u32(call_begin(), make_reply(204, "text/plain"));
	assert_int_equal(call_serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	memset(channel.reply, 0xff, 256);
	xc_call_put_u32(call_begin(), 256);
	assert_int_equal(call_serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	xc_call_put_u32(call_begin(), UINT32_MAX);
	assert_int_equal(call_serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	assert_int_equal(req.reply, XC_REPLY_NONE);
	assert_string_equal(streamed, "");
	test_host.stream = NULL;
	xc_call_put_u32(call_begin(), make_reply(200, "text/plain"));
	assert_int_equal(call_finish(XC_CALL_STREAM_BEGIN), XC_ERR_UNSUPPORTED);
}

/* Counted each time, told once a second. */
static void
test_denied(void **state)
{
	(void)state;
	test_plugin.may_cache = false;
	xc_call_put_text(call_begin(), "k");
	assert_int_equal(call_finish(XC_CALL_CACHE_GET), XC_ERR_UNAVAILABLE);
	assert_string_equal(test_log.name, "xcore.sandbox");
	assert_int_equal(test_log.level, XC_LOG_WARNING);
	assert_string_equal(test_log.text, "todo 1.2.3 may not do this: "
	    "\"cache\" is not in the \"permissions\" of its plugin.json");
	assert_int_equal(n_denied, 1);
	assert_string_equal(denied, "cache");
	assert_int_equal(ask("http://127.0.0.1/", NULL), XC_ERR_DENIED);
	assert_int_equal(tell("other.done", "1"), XC_ERR_DENIED);
	assert_int_equal(n_denied, 3);
	assert_int_equal(test_log.n, 1);
}

/* Without a request there is nobody to serve. */
static void
test_outside(void **state)
{
	uint32_t call;

	(void)state;
	broker.req = NULL;
	call_begin();
	for (call = XC_CALL_LOG + 1; call < XC_CALL__MAX; call++)
		assert_int_equal(call_finish(call), XC_ERR_STATE);
}

/* What is no call ends the sandbox. */
static void
test_malformed(void **state)
{
	static const struct xc_fake_step nothing;
	uint32_t call;

	(void)state;
	use_database(&nothing, 0);
	call_begin();
	assert_int_equal(call_serve(0), XC_ERR_INVALID);
	assert_int_equal(call_serve(XC_CALL__MAX), XC_ERR_INVALID);
	assert_int_equal(call_serve(UINT32_MAX), XC_ERR_INVALID);
	/* Arguments that are none; more than there should be. */
	memset(channel.args, 0xff, AREA);
	args.len = 100;
	for (call = XC_CALL_LOG; call < XC_CALL__MAX; call++)
		assert_int_equal(call_serve(call), XC_ERR_INVALID);
	args.len = AREA;
	assert_int_equal(call_serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	args.len = AREA + 1;
	assert_int_equal(call_serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	xc_call_put_text(call_begin(), "k");
	xc_call_put_text(&args, "k");
	assert_int_equal(call_serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	/* A record of no level, or of no text. */
	xc_call_put_u32(call_begin(), XC_LOG__MAX);
	xc_call_put_text(&args, "x");
	assert_int_equal(call_serve(XC_CALL_LOG), XC_ERR_INVALID);
	xc_call_put_u32(call_begin(), XC_LOG_INFO);
	xc_call_put_text(&args, NULL);
	assert_int_equal(call_serve(XC_CALL_LOG), XC_ERR_INVALID);
	assert_int_equal(test_log.n, 0);
}

/* It ended while it was served. */
static void
test_gone(void **state)
{
	(void)state;
	close(guest.bell_read);
	guest.bell_read = -1;
	xc_call_put_text(call_begin(), "k");
	assert_int_equal(call_serve(XC_CALL_CACHE_DEL), XC_ERR_IO);
	guest.bell_read = dup(guest.bell_write);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_http),
		TEST(test_part),
		TEST(test_site),
		TEST(test_event),
		TEST(test_desk),
		TEST(test_desk_secret),
		TEST(test_desk_refused),
		TEST(test_log_records),
		TEST(test_stream),
		TEST(test_stream_bad),
		TEST(test_denied),
		TEST(test_outside),
		TEST(test_malformed),
		TEST(test_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("broker", tests, NULL, NULL);
}

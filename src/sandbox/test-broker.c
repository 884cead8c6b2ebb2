/* SPDX-License-Identifier: MIT */
/*
 * The broker with services that are fakes, and this program as the sandbox:
 * it writes what a guest would write, and what none would.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/reply-private.h"
#include "lib/test-host.h"
#include "sandbox/broker.h"
#include "sandbox/calls.h"
#include "services/cache/cache.h"
#include "services/database/database.h"
#include "services/desk/desk.h"
#include "services/http/http.h"

#define AREA 65536

static struct xc_channel channel;
static struct xc_channel_guest guest;
static struct xc_broker broker;
static struct xc_request req;
static struct xc_database database;
static struct xc_cache cache;
static uint32_t claimed;
static struct xc_http_service http;

/* Of the call that was made last. */
static struct xc_call_writer args;
static struct xc_call_reader result;

static const struct xc_fake_step nothing[1];
static unsigned n_denied;
static char denied[300];
static char streamed[256];
static enum xc_err stream_err;
static char emitted[256];

static void
note(void *ctx, struct xc_plugin *plugin, enum xc_breach breach,
    const char *detail)
{
	assert_ptr_equal(ctx, &broker);
	assert_ptr_equal(plugin, &test_plugin);
	assert_int_equal(breach, XC_BREACH_DENIED);
	snprintf(denied, sizeof(denied), "%s", detail);
	n_denied++;
}

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

static int
set_up(void **state)
{
	const struct xc_channel_sizes sizes = { AREA, AREA, AREA, AREA };
	struct xc_errbuf errbuf;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo");
	test_host.stream = &stream_ops;
	test_host.event = &event_ops;
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
	test_host.cache = cache.ops;
	test_host.cache_ctx = cache.ctx;
	n_denied = 0;
	denied[0] = streamed[0] = emitted[0] = '\0';
	stream_err = XC_OK;
	broker = (struct xc_broker){ .host = &test_host,
		.plugin = &test_plugin, .req = &req, .note = note,
		.ctx = &broker };
	assert_int_equal(xc_channel_create(&sizes, &channel, &guest,
	    &errbuf), XC_OK);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	xc_broker_end(&broker);
	xc_channel_close(&channel);
	close(guest.memfd);
	close(guest.bell_read);
	close(guest.bell_write);
	test_end(&req);
	xc_database_close(&database);
	xc_cache_close(&cache);
	xc_http_close(&http);
	return 0;
}

static void
use_database(const struct xc_fake_step *steps, size_t n)
{
	assert_int_equal(xc_database_fake(steps, n, &database), XC_OK);
	test_host.db = database.ops;
	test_host.db_ctx = database.ctx;
}

static void
use_http(const struct xc_http_step *steps, size_t n)
{
	assert_int_equal(xc_http_fake(steps, n, &http), XC_OK);
	test_host.http = http.ops;
	test_host.http_ctx = http.ctx;
}

static struct xc_call_writer *
begin(void)
{
	args = (struct xc_call_writer){ .base = channel.args, .cap = AREA };
	return &args;
}

/* What xc_broker_serve() returns. */
static enum xc_err
serve(uint32_t call)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL, .seq = 7,
		.call = call, .len = (uint32_t)args.len };

	assert_false(args.bad);
	return xc_broker_serve(&broker, &channel, &notice);
}

/* What the guest gets. */
static enum xc_err
finish(uint32_t call)
{
	const struct xc_order *order = &channel.head->order;
	char byte;

	assert_int_equal(serve(call), XC_OK);
	assert_int_equal(read(guest.bell_read, &byte, 1), 1);
	assert_int_equal(order->kind, XC_ORDER_RESULT);
	assert_int_equal(order->seq, 7);
	assert_in_range(order->len, 0, AREA);
	result = (struct xc_call_reader){ .base = channel.result,
		.len = order->len };
	return (enum xc_err)order->err;
}

static void
test_rows(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_ROWS, .sql = "SELECT ?", .args = "[7,\"a\",null]",
		    .rows = "[{\"a\":1},{\"a\":2}]" },
		{ .call = XC_FAKE_ROWS, .err = XC_ERR_BUSY },
	};
	struct json_object *rows;

	(void)state;
	use_database(steps, 2);
	xc_call_put_text(begin(), "SELECT ?");
	xc_call_put_u64(&args, 0);
	xc_call_put_values(&args, XC_ARGS(xc_int(7), xc_text("a"),
	    xc_null()));
	assert_int_equal(finish(XC_CALL_DB_ROWS), XC_OK);
	rows = xc_call_get_json(&result);
	assert_true(xc_call_end(&result));
	assert_string_equal(json_object_to_json_string_ext(rows,
	    JSON_C_TO_STRING_PLAIN), "[{\"a\":1},{\"a\":2}]");
	json_object_put(rows);
	assert_true(req.used_db);
	assert_int_equal(finish(XC_CALL_DB_ROWS), XC_ERR_BUSY);
	assert_int_equal(result.len, 0);
}

/* Rows that do not fit. */
static void
test_rows_too_large(void **state)
{
	static char text[AREA + 16];
	const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_ROWS, .rows = text } };

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "[\"", 2);
	memcpy(text + sizeof(text) - 3, "\"]", 3);
	use_database(steps, 1);
	xc_call_put_text(begin(), "SELECT 1");
	xc_call_put_u64(&args, 1);
	xc_call_put_values(&args, XC_NO_ARGS);
	assert_int_equal(finish(XC_CALL_DB_ROWS), XC_ERR_TOO_LARGE);
	assert_int_equal(result.len, 0);
}

static enum xc_err
exec(const char *sql, const struct xc_value *values, size_t n)
{
	xc_call_put_text(begin(), sql);
	xc_call_put_values(&args, values, n);
	return finish(XC_CALL_DB_EXEC);
}

static void
test_exec(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_EXEC, .sql = "DELETE", .result = { 3, 9 } },
	};

	(void)state;
	use_database(steps, 1);
	assert_int_equal(exec("DELETE", XC_NO_ARGS), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 3);
	assert_int_equal(xc_call_get_u64(&result), 9);
	assert_true(xc_call_end(&result));
	/* What the front door would not have let by. */
	assert_int_equal(exec("", XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(exec(NULL, XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(exec("X", XC_ARGS(xc_text("\xff"))),
	    XC_ERR_INVALID);
	assert_string_equal(test_log.name, "plugin.todo");
	assert_string_equal(test_log.id, "test-request-1");
	assert_non_null(strstr(test_log.text, "value 1 of the statement"));
}

/* The whole of it, and what is out of order. */
static void
test_transaction(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_EXEC },
		{ .call = XC_FAKE_COMMIT },
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_ROLLBACK },
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_COMMIT, .err = XC_ERR_BUSY },
	};
	struct xc_errbuf why;

	(void)state;
	use_database(steps, 7);
	begin();
	assert_int_equal(finish(XC_CALL_DB_COMMIT), XC_ERR_STATE);
	assert_int_equal(finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_OK);
	assert_true(req.in_transaction && req.used_db);
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_ERR_STATE);
	assert_int_equal(exec("X", XC_NO_ARGS), XC_OK);
	begin();
	assert_int_equal(finish(XC_CALL_DB_COMMIT), XC_OK);
	assert_false(req.in_transaction);
	assert_int_equal(finish(XC_CALL_DB_COMMIT), XC_ERR_STATE);
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_OK);
	assert_int_equal(finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_OK);
	/* It failed: over, and nothing is left to be rolled back. */
	assert_int_equal(finish(XC_CALL_DB_COMMIT), XC_ERR_BUSY);
	assert_int_equal(finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_false(req.in_transaction);
	xc_request_reset(&req);
	assert_true(xc_database_fake_done(&database, &why));
}

/* A sandbox that dies has begun one. */
static void
test_transaction_left(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_ROLLBACK },
	};
	struct xc_errbuf why;

	(void)state;
	use_database(steps, 2);
	begin();
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_OK);
	xc_broker_end(&broker);
	assert_false(req.in_transaction);
	xc_request_reset(&req);
	assert_true(xc_database_fake_done(&database, &why));
}

static enum xc_err
put_item(uint32_t call, const char *key, const char *value, uint32_t ttl_s)
{
	xc_call_put_text(begin(), key);
	xc_call_put_bytes(&args, value, strlen(value));
	xc_call_put_u32(&args, ttl_s);
	return finish(call);
}

static enum xc_err
with_key(uint32_t call, const char *key)
{
	xc_call_put_text(begin(), key);
	return finish(call);
}

static enum xc_err
incr(const char *key, uint64_t delta)
{
	xc_call_put_text(begin(), key);
	xc_call_put_u64(&args, delta);
	xc_call_put_u64(&args, 40);
	xc_call_put_u32(&args, 60);
	return finish(XC_CALL_CACHE_INCR);
}

static void
test_cache(void **state)
{
	const char *value;
	size_t len;

	(void)state;
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "value", 60),
	    XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"), XC_OK);
	value = xc_call_get_bytes(&result, &len);
	assert_int_equal(len, 5);
	assert_string_equal(value, "value");
	assert_true(xc_call_end(&result));
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_EXISTS);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "l", "", 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(incr("n", 2), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 40);
	assert_int_equal(incr("n", 2), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 42);
	test_host.cache = NULL;
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v", 0), XC_OK);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"), XC_OK);
	assert_int_equal(incr("n", 2), XC_ERR_UNAVAILABLE);
}

static void
test_cache_more(void **state)
{
	(void)state;
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "n", "50", 60), XC_OK);
	xc_call_put_text(begin(), "n");
	xc_call_put_u64(&args, 8);
	assert_int_equal(finish(XC_CALL_CACHE_DECR), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 42);
	xc_call_put_text(begin(), "n");
	xc_call_put_u32(&args, 60);
	assert_int_equal(finish(XC_CALL_CACHE_TOUCH), XC_OK);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "a/1", "x", 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, "a"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "a/1"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "n"), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, "a/b"),
	    XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_FLUSH, NULL), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "n"),
	    XC_ERR_NOT_FOUND);
}

/* Asks for n times that key; how many came. */
static unsigned
get_many(const char *key, uint32_t n, enum xc_err err)
{
	unsigned came = 0;
	size_t len;

	xc_call_put_u32(begin(), 0);
	xc_call_put_u32(&args, n);
	for (uint32_t i = 0; i < n; i++)
		xc_call_put_text(&args, key);
	assert_int_equal(finish(XC_CALL_CACHE_GET_MANY), XC_OK);
	while (!xc_call_end(&result)) {
		assert_int_equal(xc_call_get_u32(&result), err);
		assert_non_null(xc_call_get_bytes(&result, &len));
		came++;
	}
	return came;
}

static void
test_cache_many(void **state)
{
	static char large[AREA];

	(void)state;
	xc_call_put_u32(begin(), 2);
	xc_call_put_text(&args, "k");
	xc_call_put_bytes(&args, "v", 1);
	xc_call_put_u32(&args, 60);
	xc_call_put_text(&args, "l");
	xc_call_put_bytes(&args, "", 0);
	xc_call_put_u32(&args, 0);
	assert_int_equal(finish(XC_CALL_CACHE_SET_MANY), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	assert_int_equal(xc_call_get_u32(&result), XC_OK);
	assert_true(xc_call_end(&result));
	assert_int_equal(get_many("k", 1000, XC_OK), 1000);
	assert_int_equal(get_many("none", 33, XC_ERR_NOT_FOUND), 33);
	/* As many as fit; one that never does. */
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "large", large,
	    1000, 0), XC_OK);
	assert_int_equal(get_many("large", 1000, XC_OK), 64);
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "large", large,
	    AREA, 0), XC_OK);
	assert_int_equal(get_many("large", 3, XC_ERR_TOO_LARGE), 1);
	xc_call_put_u32(begin(), 0);
	xc_call_put_u32(&args, 1001);
	assert_int_equal(serve(XC_CALL_CACHE_GET_MANY), XC_ERR_INVALID);
	xc_call_put_u32(begin(), 0);
	assert_int_equal(serve(XC_CALL_CACHE_SET_MANY), XC_ERR_INVALID);
	test_host.cache = NULL;
	assert_int_equal(get_many("k", 40, XC_ERR_NOT_FOUND), 40);
}

static enum xc_err
claim(const char *key, uint32_t lease_ms, uint64_t token[4])
{
	enum xc_err err;

	xc_call_put_text(begin(), key);
	xc_call_put_u32(&args, lease_ms);
	xc_call_put_u32(&args, 0);
	xc_call_put_u32(&args, 0);
	err = finish(XC_CALL_CACHE_CLAIM);
	if (err != XC_OK)
		return err;
	claimed = xc_call_get_u32(&result);
	for (size_t i = 0; i < 4; i++)
		token[i] = xc_call_get_u64(&result);
	return XC_OK;
}

static enum xc_err
fill(const uint64_t token[4], bool failed, uint32_t stale_s)
{
	xc_call_put_text(begin(), "k");
	for (size_t i = 0; i < 4; i++)
		xc_call_put_u64(&args, token[i]);
	xc_call_put_u32(&args, failed);
	xc_call_put_bytes(&args, "new", 3);
	xc_call_put_u32(&args, 60);
	xc_call_put_u32(&args, stale_s);
	xc_call_put_u32(&args, 0);
	return finish(XC_CALL_CACHE_FILL);
}

static void
test_cache_compute(void **state)
{
	uint64_t token[4] = { 0 }, other[4];
	size_t len;

	(void)state;
	assert_int_equal(claim("k", 1000, token), XC_OK);
	assert_int_equal(claimed, XC_CACHE_MINE);
	assert_int_equal(claim("k", 1000, other), XC_OK);
	assert_int_equal(claimed, XC_CACHE_WAIT);
	assert_int_equal(fill(token, true, 0), XC_OK);
	assert_int_equal(claim("k", 1000, token), XC_OK);
	assert_int_equal(claimed, XC_CACHE_MINE);
	/* A token that is made up stores nothing. */
	other[0] = ~token[0];
	assert_int_equal(fill(other, false, 0), XC_OK);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"), XC_ERR_NOT_FOUND);
	assert_int_equal(fill(token, false, 30 * 24 * 3600 + 1),
	    XC_ERR_INVALID);
	assert_int_equal(fill(token, false, 0), XC_OK);
	assert_int_equal(claim("k", 1000, other), XC_OK);
	assert_int_equal(claimed, XC_CACHE_FRESH);
	assert_string_equal(xc_call_get_bytes(&result, &len), "new");
	assert_int_equal(claim("k", 600001, other), XC_ERR_INVALID);
	test_host.cache = NULL;
	assert_int_equal(claim("k", 1000, other), XC_ERR_UNAVAILABLE);
	assert_int_equal(fill(token, false, 0), XC_OK);
}

static void
test_cache_bad(void **state)
{
	static char key[1026];

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, key), XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, ""), XC_ERR_INVALID);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, NULL), XC_ERR_INVALID);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v",
	    30 * 24 * 3600 + 1), XC_ERR_INVALID);
	key[1024] = '\0';
	assert_int_equal(put_item(XC_CALL_CACHE_SET, key, "v", 0), XC_OK);
}

static enum xc_err
ask(const char *url, const char *line)
{
	const char *lines[] = { line };
	struct xc_http_ask a = { .method = "GET", .url = url,
		.headers = lines, .n_headers = line != NULL,
		.timeout_ms = 1000, .reply_max = 1000 };

	xc_call_put_http_ask(begin(), &a);
	return finish(XC_CALL_HTTP);
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

	xc_call_put_u64(begin(), offset);
	xc_call_put_u32(&args, len);
	err = finish(XC_CALL_PART_READ);
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

	xc_call_put_u32(begin(), version);
	xc_call_put_u64(&args, offset);
	xc_call_put_u32(&args, len);
	err = finish(XC_CALL_SITE_READ);
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
	xc_call_put_u32(begin(), XC_OPENAPI_3_0);
	assert_int_equal(finish(XC_CALL_SITE_INFO), XC_ERR_UNAVAILABLE);
	test_host.site = &ops;
	xc_call_put_u32(begin(), XC_OPENAPI_3_0);
	assert_int_equal(finish(XC_CALL_SITE_INFO), XC_OK);
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

static enum xc_err
tell(const char *name, const char *json)
{
	struct json_object *data = json_tokener_parse(json);

	xc_call_put_text(begin(), name);
	xc_call_put_json(&args, data);
	json_object_put(data);
	return finish(XC_CALL_EVENT);
}

static void
test_event(void **state)
{
	char name[] = "mail.sent";
	char *emits[] = { name, NULL };

	(void)state;
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

	xc_call_put_text(begin(), operation);
	xc_call_put_json(&args, data);
	json_object_put(data);
	return finish(XC_CALL_DESK);
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
	xc_call_put_u32(begin(), 7);
	assert_int_equal(serve(XC_CALL_DESK), XC_ERR_INVALID);
}

static enum xc_err
say(uint32_t level, const char *text)
{
	xc_call_put_u32(begin(), level);
	xc_call_put_text(&args, text);
	return finish(XC_CALL_LOG);
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
	xc_call_put_bytes(begin(), text, strlen(text));
	return finish(XC_CALL_STREAM_WRITE);
}

static void
test_stream(void **state)
{
	(void)state;
	assert_int_equal(write_more("early"), XC_ERR_STATE);
	xc_call_put_u32(begin(), make_reply(200, "text/plain"));
	assert_int_equal(finish(XC_CALL_STREAM_BEGIN), XC_OK);
	assert_int_equal(req.reply, XC_REPLY_STREAMING);
	assert_int_equal(finish(XC_CALL_STREAM_BEGIN), XC_ERR_STATE);
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
	/* No content type; a status that has no body; no reply. */
	xc_call_put_u32(begin(), make_reply(200, NULL));
	assert_int_equal(serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	xc_call_put_u32(begin(), make_reply(204, "text/plain"));
	assert_int_equal(serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	memset(channel.reply, 0xff, 256);
	xc_call_put_u32(begin(), 256);
	assert_int_equal(serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	xc_call_put_u32(begin(), UINT32_MAX);
	assert_int_equal(serve(XC_CALL_STREAM_BEGIN), XC_ERR_INVALID);
	assert_int_equal(req.reply, XC_REPLY_NONE);
	assert_string_equal(streamed, "");
	test_host.stream = NULL;
	xc_call_put_u32(begin(), make_reply(200, "text/plain"));
	assert_int_equal(finish(XC_CALL_STREAM_BEGIN), XC_ERR_UNSUPPORTED);
}

/* Counted each time, told once a second. */
static void
test_denied(void **state)
{
	(void)state;
	use_database(nothing, 0);
	test_plugin.may_database = false;
	test_plugin.may_cache = false;
	assert_int_equal(exec("X", XC_NO_ARGS), XC_ERR_UNAVAILABLE);
	assert_string_equal(test_log.name, "xcore.sandbox");
	assert_int_equal(test_log.level, XC_LOG_WARNING);
	assert_string_equal(test_log.text, "todo 1.2.3 may not do this: "
	    "\"database\" is not in the \"permissions\" of its plugin.json");
	begin();
	assert_int_equal(finish(XC_CALL_DB_BEGIN), XC_ERR_UNAVAILABLE);
	assert_int_equal(finish(XC_CALL_DB_COMMIT), XC_ERR_UNAVAILABLE);
	assert_int_equal(finish(XC_CALL_DB_ROLLBACK), XC_ERR_UNAVAILABLE);
	assert_int_equal(n_denied, 4);
	assert_int_equal(with_key(XC_CALL_CACHE_GET, "k"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(with_key(XC_CALL_CACHE_DEL, "k"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(put_item(XC_CALL_CACHE_SET, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(put_item(XC_CALL_CACHE_ADD, "k", "v", 0),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(incr("k", 1), XC_ERR_UNAVAILABLE);
	assert_string_equal(denied, "cache");
	assert_int_equal(ask("http://127.0.0.1/", NULL), XC_ERR_DENIED);
	assert_int_equal(tell("other.done", "1"), XC_ERR_DENIED);
	assert_int_equal(n_denied, 11);
	assert_int_equal(test_log.n, 1);
	assert_false(req.used_db);
}

/* Without a request there is nobody to serve. */
static void
test_outside(void **state)
{
	uint32_t call;

	(void)state;
	broker.req = NULL;
	begin();
	for (call = XC_CALL_LOG + 1; call < XC_CALL__MAX; call++)
		assert_int_equal(finish(call), XC_ERR_STATE);
}

/* What is no call ends the sandbox. */
static void
test_malformed(void **state)
{
	uint32_t call;

	(void)state;
	use_database(nothing, 0);
	begin();
	assert_int_equal(serve(0), XC_ERR_INVALID);
	assert_int_equal(serve(XC_CALL__MAX), XC_ERR_INVALID);
	assert_int_equal(serve(UINT32_MAX), XC_ERR_INVALID);
	/* Arguments that are none; more than there should be. */
	memset(channel.args, 0xff, AREA);
	args.len = 100;
	for (call = XC_CALL_LOG; call < XC_CALL__MAX; call++)
		assert_int_equal(serve(call), XC_ERR_INVALID);
	args.len = AREA;
	assert_int_equal(serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	args.len = AREA + 1;
	assert_int_equal(serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	xc_call_put_text(begin(), "k");
	xc_call_put_text(&args, "k");
	assert_int_equal(serve(XC_CALL_CACHE_GET), XC_ERR_INVALID);
	/* A record of no level, or of no text. */
	xc_call_put_u32(begin(), XC_LOG__MAX);
	xc_call_put_text(&args, "x");
	assert_int_equal(serve(XC_CALL_LOG), XC_ERR_INVALID);
	xc_call_put_u32(begin(), XC_LOG_INFO);
	xc_call_put_text(&args, NULL);
	assert_int_equal(serve(XC_CALL_LOG), XC_ERR_INVALID);
	assert_int_equal(test_log.n, 0);
}

/* It ended while it was served. */
static void
test_gone(void **state)
{
	(void)state;
	close(guest.bell_read);
	guest.bell_read = -1;
	xc_call_put_text(begin(), "k");
	assert_int_equal(serve(XC_CALL_CACHE_DEL), XC_ERR_IO);
	guest.bell_read = dup(guest.bell_write);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_rows_too_large),
		TEST(test_exec),
		TEST(test_transaction),
		TEST(test_transaction_left),
		TEST(test_cache),
		TEST(test_cache_more),
		TEST(test_cache_many),
		TEST(test_cache_compute),
		TEST(test_cache_bad),
		TEST(test_http),
		TEST(test_part),
		TEST(test_site),
		TEST(test_desk),
		TEST(test_desk_refused),
		TEST(test_event),
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

/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as calls of a sandbox: two bytes of length, one of the call's
 * number, the arguments, and so on.  The services see nothing that a front
 * door would not have let by, and neither a transaction nor rows are left open.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "lib/text.h"
#include "sandbox/broker.h"
#include "sandbox/calls.h"

#define AREA 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 20000
#define N_CELLS 3

static bool in_transaction;
static bool used;
static uint32_t n_rows, at_row;		/* of those that are read */
static bool rows_open, rows_fail;
static unsigned n_records;

static void
touch(const void *data, size_t len)
{
	const volatile unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		(void)bytes[i];
}

static void
check_statement(const char *sql, const struct xc_value *v, size_t n)
{
	assert(sql != NULL && sql[0] != '\0' && n <= 65535 && !rows_open);
	touch(sql, strlen(sql));
	used = true;
	for (size_t i = 0; i < n; i++) {
		if (v[i].type == XC_VALUE_REAL)
			assert(isfinite(v[i].real));
		if (v[i].type == XC_VALUE_TEXT)
			assert(xc_utf8_span(v[i].data, v[i].len) ==
			    v[i].len);
		if (v[i].type == XC_VALUE_BLOB)
			touch(v[i].data, v[i].len);
	}
}

static enum xc_err
db_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	(void)ctx;
	assert(strcmp(schema, "schema") == 0);
	assert(max_rows > 0 && max_rows <= 100000);
	check_statement(sql, args, n_args);
	*rows_r = json_object_new_array();
	json_object_array_add(*rows_r, json_object_new_string(sql));
	return XC_OK;
}

static enum xc_err
db_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args,
    struct xc_db_result *result_r)
{
	(void)ctx;
	assert(strcmp(schema, "schema") == 0);
	check_statement(sql, args, n_args);
	result_r->affected = n_args;
	return n_args % 2 == 0 ? XC_OK : XC_ERR_BUSY;
}

static enum xc_err
db_begin(void *ctx, const char *schema)
{
	(void)ctx;
	(void)schema;
	assert(!in_transaction && !rows_open);
	used = in_transaction = true;
	return XC_OK;
}

static enum xc_err
db_commit(void *ctx)
{
	(void)ctx;
	assert(in_transaction && !rows_open);
	in_transaction = false;
	return XC_OK;
}

static void
db_rollback(void *ctx)
{
	(void)ctx;
	assert(in_transaction && !rows_open);
	in_transaction = false;
}

/* As many rows as the statement has letters, times twenty; of one that begins
 * with "F" the last cannot be had. */
static enum xc_err
db_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	(void)ctx;
	assert(strcmp(schema, "schema") == 0);
	check_statement(sql, args, n_args);
	if (sql[0] == 'B')
		return XC_ERR_BUSY;
	rows_open = true;
	rows_fail = sql[0] == 'F';
	n_rows = (uint32_t)(strlen(sql) % 50 * 20);
	at_row = 0;
	return XC_OK;
}

/* Texts of all lengths up to what a call has room for about three times. */
static enum xc_err
db_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	static char text[TEXT_MAX + 1];
	static struct xc_cell cells[N_CELLS];

	(void)ctx;
	assert(rows_open);
	*cells_r = NULL;
	*n_r = 0;
	if (at_row == n_rows)
		return rows_fail ? XC_ERR_TIMEOUT : XC_ERR_NOT_FOUND;
	memset(text, 't', TEXT_MAX);
	cells[0] = (struct xc_cell){ .name = "n", .type = XC_CELL_UINT,
		.integer = at_row, .data = "" };
	cells[1] = (struct xc_cell){ .name = "t", .type = XC_CELL_TEXT,
		.data = text, .len = at_row * at_row * 37 % TEXT_MAX };
	cells[2] = (struct xc_cell){ .name = "", .type = XC_CELL_NULL,
		.data = "" };
	*cells_r = cells;
	*n_r = 1 + n_rows % N_CELLS;
	at_row++;
	return XC_OK;
}

static void
db_end(void *ctx)
{
	(void)ctx;
	rows_open = false;
}

static void
db_release(void *ctx)
{
	(void)ctx;
	assert(!in_transaction && !rows_open);
	used = false;
}

static const struct xc_db_ops db_ops = {
	.rows = db_rows,
	.exec = db_exec,
	.begin = db_begin,
	.commit = db_commit,
	.rollback = db_rollback,
	.release = db_release,
	.open = db_open,
	.next = db_next,
	.end = db_end,
};

static void
check_key(const char *space, const char *key, uint32_t ttl_s)
{
	assert(strcmp(space, "name") == 0);
	assert(key[0] != '\0' && strlen(key) <= 1024);
	assert(ttl_s <= 30 * 24 * 3600);
}

static enum xc_err
cache_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	(void)ctx;
	check_key(space, key, 0);
	*value_r = strdup(key);
	assert(*value_r != NULL);
	*len_r = strlen(key);
	return XC_OK;
}

static enum xc_err
cache_put(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	(void)ctx;
	check_key(space, key, ttl_s);
	touch(value, len);
	return XC_OK;
}

static enum xc_err
cache_del(void *ctx, const char *space, const char *key)
{
	(void)ctx;
	check_key(space, key, 0);
	return XC_OK;
}

static enum xc_err
cache_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	(void)ctx;
	check_key(space, key, ttl_s);
	*value_r = delta + initial;
	return XC_OK;
}

static enum xc_err
cache_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	(void)ctx;
	check_key(space, key, 0);
	*value_r = delta;
	return XC_OK;
}

static enum xc_err
cache_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	(void)ctx;
	check_key(space, key, ttl_s);
	return XC_OK;
}

static enum xc_err
cache_flush(void *ctx, const char *space, const char *group)
{
	(void)ctx;
	assert(strcmp(space, "name") == 0);
	assert(group == NULL || (group[0] != '\0' &&
	    strlen(group) < 1024 && strchr(group, '/') == NULL));
	return XC_OK;
}

static enum xc_err
cache_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	(void)local_ms;
	assert(n > 0 && n <= 1000);
	for (size_t i = 0; i < n; i++)
		got_r[i].err = cache_get(ctx, space, keys[i],
		    &got_r[i].value, &got_r[i].len);
	return XC_OK;
}

static enum xc_err
cache_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	assert(n > 0 && n <= 1000);
	for (size_t i = 0; i < n; i++)
		puts[i].err = cache_put(ctx, space, puts[i].key,
		    puts[i].value, puts[i].len, puts[i].ttl_s);
	return XC_OK;
}

static enum xc_err
cache_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	assert(wish->lease_ms <= 600000);
	memset(claim_r, 0, sizeof(*claim_r));
	return cache_get(ctx, space, key, &claim_r->value, &claim_r->len);
}

static enum xc_err
cache_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	(void)token;
	return fill == NULL ? cache_del(ctx, space, key) :
	    cache_put(ctx, space, key, fill->value, fill->len, fill->ttl_s);
}

static const struct xc_cache_ops cache_ops = { .get = cache_get,
	.set = cache_put, .add = cache_put, .del = cache_del,
	.incr = cache_incr, .decr = cache_decr, .touch = cache_touch,
	.flush = cache_flush, .get_many = cache_get_many,
	.set_many = cache_set_many, .claim = cache_claim,
	.fill = cache_fill };

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	return level < XC_LOG__MAX;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	(void)ctx;
	(void)level;
	(void)request_id;
	assert(strcmp(name, "plugin.name") == 0 ||
	    strcmp(name, "xcore.sandbox") == 0);
	assert(strlen(text) <= 4000);
	n_records++;
	assert(n_records <= 1002);
}

static const struct xc_log_ops log_ops = { log_enabled, log_write };

static enum xc_err
http_ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	(void)ctx;
	assert(ask->method != NULL && ask->url != NULL);
	assert(strncasecmp(ask->url, "http://a", 8) == 0 ||
	    strncasecmp(ask->url, "https://a", 9) == 0);
	for (size_t i = 0; i < ask->n_headers; i++)
		assert(strpbrk(ask->headers[i], "\r\n") == NULL &&
		    strchr(ask->headers[i], ':') != NULL);
	touch(ask->body, ask->body_len);
	assert(ask->timeout_ms > 0 && ask->timeout_ms <= 60000);
	got_r->memory = NULL;
	got_r->body = "";
	got_r->status = 200;
	return XC_OK;
}

static const struct xc_http_ops http_ops = { http_ask };

static enum xc_err
emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	(void)ctx;
	(void)from;
	assert(strncmp(name, "name.", 5) == 0 && strlen(name) <= 64);
	assert(json_object_to_json_string(data) != NULL);
	return XC_OK;
}

static const struct xc_event_ops event_ops = { emit };

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	const struct xc_reply_head *head = xc_request_reply(req);

	(void)ctx;
	assert(head->status >= 200 && head->status <= 599);
	assert(xc_block_text(&req->out, head->content_type)[0] != '\0');
	return XC_OK;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	(void)ctx;
	assert(req->reply == XC_REPLY_STREAMING);
	touch(data, len);
	return XC_OK;
}

static const struct xc_stream_ops stream_ops = { stream_begin,
	stream_write };

static enum xc_err
part_read(void *ctx, struct xc_request *req, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	(void)ctx;
	(void)req;
	assert(offset >= 1000 && offset < 71000 && len > 0 &&
	    len <= 71000 - offset);
	memset(buf, 'p', len);
	*got_r = len;
	return XC_OK;
}

static const struct xc_part_ops part_ops = { part_read };

static enum xc_err
desk_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	(void)ctx;
	assert(req != NULL && strncmp(operation, "admin.", 6) != 0);
	assert(json_object_is_type(args, json_type_object));
	*result_r = operation[0] == 'r' ? json_object_get(args) : NULL;
	refusal_r->status = 409;
	return operation[0] == 'e' ? XC_ERR_STATE : XC_OK;
}

static const char *
desk_permission(void *ctx, const char *operation)
{
	(void)ctx;
	return strncmp(operation, "admin.", 6) == 0 ? "admin" : NULL;
}

static const struct xc_desk_ops desk_ops = { desk_ask, desk_permission };

static const struct xc_host host = {
	.db = &db_ops, .cache = &cache_ops, .log = &log_ops,
	.stream = &stream_ops, .http = &http_ops, .event = &event_ops,
	.part = &part_ops, .desk = &desk_ops,
};

static struct xc_plugin *
plugin(void)
{
	static char name[] = "name", version[] = "1", schema[] = "schema";
	static char logger[] = "plugin.name", prefix[] = "/app/name";
	static char a[] = "a";
	static char *hosts[] = { a, NULL };
	static struct xc_plugin one = {
		.magic = XC_PLUGIN_HANDLE_MAGIC, .name = name,
		.version = version, .prefix = prefix, .schema = schema,
		.logger = logger, .may_database = true, .may_cache = true,
		.http_hosts = hosts, .host = &host,
	};

	return &one;
}

/* A part of the request that lies in its file. */
static void
put_part(struct xc_request *req)
{
	static const struct xc_part_row row = { .size = 70000,
		.file_off = 1000 };
	struct xc_request_head *head;
	uint32_t off;

	assert(xc_block_reserve(&req->in, sizeof(row), &off) == XC_OK);
	memcpy(req->in.base + off, &row, sizeof(row));
	head = (void *)req->in.base;
	head->parts.off = off;
	head->parts.n = 1;
}

/* What a call for rows has brought is what a guest reads of it. */
static void
check_rows(const struct xc_channel *channel)
{
	struct xc_call_reader r = { .base = channel->result,
		.len = channel->head->order.len };
	uint32_t n = xc_call_get_u32(&r), what;
	struct xc_cell cell;

	assert(n <= N_CELLS);
	for (uint32_t i = 0; i < n; i++)
		assert(xc_call_get_text(&r) != NULL);
	while ((what = xc_call_get_u32(&r)) == XC_ROWS_ROW) {
		for (uint32_t i = 0; i < n; i++)
			xc_call_get_cell(&r, &cell);
		assert(!r.bad && n > 0);
	}
	assert(what == XC_ROWS_OVER || what == XC_ROWS_MORE);
	assert(xc_call_end(&r));
}

/* All calls of one input, up to the one that kills the sandbox. */
static void
run(struct xc_broker *broker, struct xc_channel *channel, int bell,
    const uint8_t *data, size_t size)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL, .seq = 1 };
	char byte;

	while (size >= 3) {
		notice.len = (uint32_t)(data[0] | data[1] << 8);
		notice.call = data[2];
		data += 3;
		size -= 3;
		if (notice.len > size)
			notice.len = (uint32_t)size;
		memcpy(channel->args, data, notice.len);
		/* Whatever comes next stands where a reply would. */
		memcpy(channel->reply, data, notice.len);
		data += notice.len;
		size -= notice.len;
		if (xc_broker_serve(broker, channel, &notice) != XC_OK)
			return;
		assert(read(bell, &byte, 1) == 1);
		assert(channel->head->order.len <= channel->sizes.result);
		assert(channel->head->order.err == XC_OK ||
		    channel->head->order.len == 0);
		assert(broker->req == NULL || !used || broker->req->used_db);
		assert(rows_open == broker->rows_open);
		if (channel->head->order.err == XC_OK &&
		    (notice.call == XC_CALL_DB_OPEN ||
		    notice.call == XC_CALL_DB_MORE))
			check_rows(channel);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xc_channel_sizes sizes = { AREA, AREA, AREA,
		AREA };
	static struct xc_channel channel;
	static struct xc_channel_guest guest;
	static struct xc_request req;
	struct xc_broker broker = { .host = &host, .plugin = plugin(),
		.req = &req };

	if (channel.head == NULL) {
		assert(xc_channel_create(&sizes, &channel, &guest, NULL) ==
		    XC_OK);
		assert(xc_request_init(&req, &host, NULL) == XC_OK);
	}
	n_records = 0;
	put_part(&req);
	run(&broker, &channel, guest.bell_read, data, size);
	xc_broker_end(&broker);
	xc_request_reset(&req);
	assert(!in_transaction && !used && !rows_open);
	return 0;
}

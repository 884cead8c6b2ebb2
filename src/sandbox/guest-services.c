/* SPDX-License-Identifier: MIT */
/*
 * The services as a plugin in a sandbox has them: each is a call that the
 * host carries out while this process waits.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "guest-private.h"
#include "sandbox/calls.h"

/* What a tag, a length and a NUL take beside the bytes. */
#define RUN_ROOM 16

struct xc_call_writer
xc_guest_call_begin(struct xc_session *session)
{
	return (struct xc_call_writer){ .base = session->channel.args,
		.cap = session->channel.sizes.args };
}

/* The host listens while it waits for this thread, and at no other time. */
bool
xc_guest_is_heard(const struct xc_session *session)
{
	return session->open && pthread_equal(session->thread, pthread_self());
}

/* Rings and waits; the result can be read from *result_r. */
enum xc_err
xc_guest_call(struct xc_session *session, enum xc_call call,
    const struct xc_call_writer *args, struct xc_call_reader *result_r)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL,
		.seq = session->seq, .call = call,
		.len = (uint32_t)args->len };
	struct xc_order order;

	memset(result_r, 0, sizeof(*result_r));
	if (args->bad)
		return XC_ERR_TOO_LARGE;
	xc_channel_send_notice(&session->channel, &notice);
	xc_channel_wait_order(&session->channel, &order);
	/* A host that says something else now is none to go on with. */
	if (order.kind != XC_ORDER_RESULT || order.err < XC_OK ||
	    order.err >= XC_ERR__MAX ||
	    order.len > session->channel.sizes.result)
		_exit(1);
	result_r->base = session->channel.result;
	result_r->len = order.len;
	/* The limits of this process are what bounds it. */
	result_r->memory_max = SIZE_MAX;
	return (enum xc_err)order.err;
}

/* A call whose result is nothing but success. */
enum xc_err
xc_guest_call_plain(struct xc_session *session, enum xc_call call,
    const struct xc_call_writer *args)
{
	struct xc_call_reader result;

	return xc_guest_call(session, call, args, &result);
}

/* After what was read of a result. */
static enum xc_err
end_call(const struct xc_call_reader *result)
{
	return xc_call_end(result) ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
db_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)schema;
	*rows_r = NULL;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_text(&w, sql);
	xc_call_put_u64(&w, max_rows);
	xc_call_put_values(&w, args, n_args);
	err = xc_guest_call(ctx, XC_CALL_DB_ROWS, &w, &r);
	if (err != XC_OK)
		return err;
	*rows_r = xc_call_get_json(&r);
	return end_call(&r);
}

static enum xc_err
db_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args,
    struct xc_db_result *result_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)schema;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_text(&w, sql);
	xc_call_put_values(&w, args, n_args);
	err = xc_guest_call(ctx, XC_CALL_DB_EXEC, &w, &r);
	if (err != XC_OK)
		return err;
	result_r->affected = xc_call_get_u64(&r);
	result_r->last_id = xc_call_get_u64(&r);
	return end_call(&r);
}

static enum xc_err
db_simple(struct xc_session *session, enum xc_call call)
{
	struct xc_call_writer w = { 0 };

	if (!xc_guest_is_heard(session))
		return XC_ERR_STATE;
	return xc_guest_call_plain(session, call, &w);
}

static enum xc_err
db_begin(void *ctx, const char *schema)
{
	(void)schema;
	return db_simple(ctx, XC_CALL_DB_BEGIN);
}

static enum xc_err
db_commit(void *ctx)
{
	return db_simple(ctx, XC_CALL_DB_COMMIT);
}

static void
db_rollback(void *ctx)
{
	(void)db_simple(ctx, XC_CALL_DB_ROLLBACK);
}

/* The host releases by itself when the request has ended. */
static const struct xc_db_ops db_ops = {
	.rows = db_rows,
	.exec = db_exec,
	.begin = db_begin,
	.commit = db_commit,
	.rollback = db_rollback,
	.open = xc_guest_rows_open,
	.next = xc_guest_rows_next,
	.end = xc_guest_rows_end,
};

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	const struct xc_session *session = ctx;

	(void)name;
	return (uint32_t)level <= session->log_level;
}

/* For what nobody listens to, such as a thread of the plugin's own: the host
 * reads what is written here now and then. */
static void
write_aside(const char *text)
{
	char line[1024];
	size_t len = strnlen(text, sizeof(line) - 1);

	memcpy(line, text, len);
	line[len] = '\n';
	if (write(STDERR_FILENO, line, len + 1) == -1)
		return;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	struct xc_call_writer w;

	(void)name;
	(void)request_id;
	if (!xc_guest_is_heard(ctx)) {
		write_aside(text);
		return;
	}
	w = xc_guest_call_begin(ctx);
	xc_call_put_u32(&w, level);
	xc_call_put_text(&w, text);
	(void)xc_guest_call_plain(ctx, XC_CALL_LOG, &w);
}

static const struct xc_log_ops log_ops = {
	.enabled = log_enabled,
	.write = log_write,
};

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	struct xc_call_writer w;

	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_u32(&w, req->out.used);
	return xc_guest_call_plain(ctx, XC_CALL_STREAM_BEGIN, &w);
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	enum xc_err err = XC_OK;

	(void)req;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	while (len > 0 && err == XC_OK) {
		struct xc_call_writer w = xc_guest_call_begin(ctx);
		size_t n = len < w.cap - RUN_ROOM ? len : w.cap - RUN_ROOM;

		xc_call_put_bytes(&w, bytes, n);
		err = xc_guest_call_plain(ctx, XC_CALL_STREAM_WRITE, &w);
		bytes += n;
		len -= n;
	}
	return err;
}

static const struct xc_stream_ops stream_ops = {
	.begin = stream_begin,
	.write = stream_write,
};

static enum xc_err
http_ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_http_ask(&w, ask);
	err = xc_guest_call(ctx, XC_CALL_HTTP, &w, &r);
	if (err != XC_OK)
		return err;
	xc_call_get_http_got(&r, got_r);
	return r.bad ? XC_ERR_NOMEM : XC_OK;
}

static const struct xc_http_ops http_ops = { .ask = http_ask };

static enum xc_err
event_emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	struct xc_call_writer w;

	(void)from;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_text(&w, name);
	xc_call_put_json(&w, data);
	return xc_guest_call_plain(ctx, XC_CALL_EVENT, &w);
}

static const struct xc_event_ops event_ops = { .emit = event_emit };

/* The bytes that a call has brought, at most len of them. */
static enum xc_err
get_read(struct xc_call_reader *r, void *buf, size_t len, size_t *got_r)
{
	const void *bytes = xc_call_get_bytes(r, got_r);

	if (!xc_call_end(r) || *got_r > len)
		return XC_ERR_FAILED;
	if (*got_r > 0)
		memcpy(buf, bytes, *got_r);
	return XC_OK;
}

static uint32_t
read_max(size_t len)
{
	return len < XC_CALL_READ_MAX ? (uint32_t)len : XC_CALL_READ_MAX;
}

static enum xc_err
part_read(void *ctx, struct xc_request *req, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)req;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_u64(&w, offset);
	xc_call_put_u32(&w, read_max(len));
	err = xc_guest_call(ctx, XC_CALL_PART_READ, &w, &r);
	return err == XC_OK ? get_read(&r, buf, len, got_r) : err;
}

static const struct xc_part_ops part_ops = { .read = part_read };

static enum xc_err
site_openapi(void *ctx, enum xc_openapi version, struct xc_site_doc *doc_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	const char *etag;
	enum xc_err err;

	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_u32(&w, version);
	err = xc_guest_call(ctx, XC_CALL_SITE_INFO, &w, &r);
	if (err != XC_OK)
		return err;
	doc_r->size = xc_call_get_u64(&r);
	etag = xc_call_get_text(&r);
	if (!xc_call_end(&r) || etag == NULL ||
	    strlen(etag) >= sizeof(doc_r->etag))
		return XC_ERR_FAILED;
	strcpy(doc_r->etag, etag);
	return XC_OK;
}

/* A call brings a piece; only at the document's end there is less. */
static enum xc_err
site_read(void *ctx, enum xc_openapi version, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	size_t all = 0, got = 1;
	enum xc_err err = XC_OK;

	*got_r = 0;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	while (all < len && got > 0 && err == XC_OK) {
		w = xc_guest_call_begin(ctx);
		xc_call_put_u32(&w, version);
		xc_call_put_u64(&w, offset + all);
		xc_call_put_u32(&w, read_max(len - all));
		err = xc_guest_call(ctx, XC_CALL_SITE_READ, &w, &r);
		if (err == XC_OK)
			err = get_read(&r, (char *)buf + all, len - all,
			    &got);
		if (err == XC_OK)
			all += got;
	}
	if (err == XC_OK)
		*got_r = all;
	return err;
}

static const struct xc_site_ops site_ops = {
	.openapi = site_openapi,
	.read = site_read,
};

/* The answer says itself how it went; one that is cut is none. */
static enum xc_err
get_answer(struct xc_call_reader *r, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	uint32_t err = xc_call_get_u32(r);

	if (err == XC_OK)
		*result_r = xc_call_get_json(r);
	else
		xc_call_get_refusal(r, refusal_r);
	if (xc_call_end(r) && err < XC_ERR__MAX)
		return (enum xc_err)err;
	json_object_put(*result_r);
	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	return err == XC_OK ? XC_ERR_NOMEM : XC_ERR_FAILED;
}

static enum xc_err
desk_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)req;
	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	w = xc_guest_call_begin(ctx);
	xc_call_put_text(&w, operation);
	xc_call_put_json(&w, args);
	err = xc_guest_call(ctx, XC_CALL_DESK, &w, &r);
	return err == XC_OK ? get_answer(&r, result_r, refusal_r) : err;
}

static const struct xc_desk_ops desk_ops = { .ask = desk_ask };

void
xc_guest_services(struct xc_session *session)
{
	session->host = (struct xc_host){
		.db = &db_ops, .db_ctx = session,
		.cache = &xc_guest_cache_ops, .cache_ctx = session,
		.log = &log_ops, .log_ctx = session,
		.stream = &stream_ops, .stream_ctx = session,
		.http = &http_ops, .http_ctx = session,
		.event = &event_ops, .event_ctx = session,
		.part = &part_ops, .part_ctx = session,
		.site = &site_ops, .site_ctx = session,
		.desk = &desk_ops, .desk_ctx = session,
	};
	session->plugin.host = &session->host;
}

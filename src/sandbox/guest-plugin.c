/* SPDX-License-Identifier: MIT */
/* A plugin for the tests of sandboxes: each operation does one thing. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#include "lib/desk.h"
#include "lib/host.h"
#include "lib/request-private.h"

#define PIECE 300000
#define PIECES 5

/* So that the file is known for a plugin: name, size and type of a note. */
__asm__(
    ".pushsection .note.xcore, \"a\", %note\n"
    "	.balign 4\n"
    "	.long 6, 2, 1\n"
    "	.asciz \"xcore\"\n"
    "	.balign 4\n"
    "	.ascii \"{}\"\n"
    "	.balign 4\n"
    ".popsection\n");

static int n_runs;
static volatile uintptr_t nowhere = 16;

static enum xc_err
reply(struct xc_request *req, const char *text)
{
	return text != NULL ? xc_reply_text(req, 200, "text/plain", text,
	    strlen(text)) : XC_ERR_NOMEM;
}

static enum xc_err
echo(struct xc_request *req)
{
	(void)xc_reply_header(req, "X-Echo", "yes");
	return reply(req, xc_printf(req, "%s %s %s %s %s %s %d",
	    xc_request_id(req), xc_request_prefix(req),
	    xc_request_rest(req), xc_request_query(req, "a"),
	    xc_plugin_name(xc_request_plugin(req)),
	    xc_config_string(xc_request_plugin(req), "word", "-"),
	    ++n_runs));
}

static enum xc_err
change(struct xc_request *req, void *data)
{
	(void)data;
	return xc_db_exec(req, NULL, "UPDATE t SET a = ?",
	    XC_ARGS(xc_null()));
}

static enum xc_err
use_db(struct xc_request *req)
{
	struct json_object *rows;
	struct xc_db_result result;
	enum xc_err err;

	err = xc_db_rows(req, &rows, "SELECT ?, ?",
	    XC_ARGS(xc_int(INT64_MIN), xc_text("caf\303\251")));
	if (err == XC_OK)
		err = xc_db_exec(req, &result, "INSERT", XC_NO_ARGS);
	if (err == XC_OK)
		err = xc_db_transaction(req, change, NULL);
	if (err != XC_OK)
		return err;
	return reply(req, xc_printf(req, "%s %lu %lu",
	    json_object_to_json_string_ext(rows, JSON_C_TO_STRING_PLAIN),
	    (unsigned long)result.affected, (unsigned long)result.last_id));
}

/* Asks for other things between the rows. */
static enum xc_err
see_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct xc_request *req = ctx;
	const void *value;
	size_t len;
	enum xc_err err;

	if (n_cells != 2 || strcmp(cells[0].name, "n") != 0 ||
	    strcmp(cells[1].name, "text") != 0)
		return XC_ERR_FAILED;
	err = xc_db_each(req, see_row, req, "SELECT", XC_NO_ARGS);
	if (err != XC_ERR_STATE)
		return XC_ERR_FAILED;
	err = xc_cache_get(req, "key", &value, &len);
	if (err != XC_OK || len != 3)
		return XC_ERR_FAILED;
	xc_log(req, XC_LOG_INFO, "%d %s", (int)cells[0].integer,
	    cells[1].data);
	return cells[0].integer == 4 ? XC_ERR_BUSY : XC_OK;
}

static enum xc_err
use_each(struct xc_request *req)
{
	enum xc_err err;

	err = xc_db_each(req, see_row, req, "three", XC_NO_ARGS);
	if (err == XC_OK)
		err = xc_db_each(req, see_row, req, "none", XC_NO_ARGS);
	if (err == XC_OK && xc_db_each(req, see_row, req, "four",
	    XC_NO_ARGS) != XC_ERR_BUSY)
		err = XC_ERR_FAILED;
	if (err == XC_OK && xc_db_each(req, see_row, req, "bad",
	    XC_NO_ARGS) != XC_ERR_TIMEOUT)
		err = XC_ERR_FAILED;
	return err != XC_OK ? err : reply(req, "walked");
}

static enum xc_err
use_cache(struct xc_request *req)
{
	const void *value = NULL;
	uint64_t count = 0;
	size_t len = 0;
	enum xc_err err;

	err = xc_cache_set(req, "key", "a\0b", 3, 60);
	if (err == XC_OK && xc_cache_add(req, "key", "c", 1, 0) !=
	    XC_ERR_EXISTS)
		err = XC_ERR_FAILED;
	if (err == XC_OK)
		err = xc_cache_get(req, "key", &value, &len);
	if (err == XC_OK && xc_cache_get(req, "none", &value, &len) !=
	    XC_ERR_NOT_FOUND)
		err = XC_ERR_FAILED;
	if (err == XC_OK)
		err = xc_cache_incr(req, "n", 2, 40, 0, &count);
	if (err == XC_OK)
		err = xc_cache_delete(req, "key");
	return err != XC_OK ? err : reply(req, xc_printf(req, "%lu",
	    (unsigned long)count));
}

static enum xc_err
use_network(struct xc_request *req)
{
	static const char *const headers[] = { "Accept: */*" };
	const struct xc_http_ask ask = { .method = "GET",
		.url = "https://example.org/", .headers = headers,
		.n_headers = 1, .timeout_ms = 5, .reply_max = 6 };
	struct json_object *data = json_object_new_int(7);
	struct xc_http_got got;
	enum xc_err err;

	err = req->host->event->emit(req->host->event_ctx, req->plugin,
	    "test.seen", data);
	json_object_put(data);
	if (err == XC_OK)
		err = req->host->http->ask(req->host->http_ctx, &ask, &got);
	if (err != XC_OK)
		return err;
	err = reply(req, xc_printf(req, "%d %s %s", got.status,
	    got.headers[0], got.body));
	free(got.memory);
	return err;
}

/* Of a document and of the request's file, more than one call brings. */
static enum xc_err
use_files(struct xc_request *req)
{
	const struct xc_host *host = req->host;
	struct xc_site_doc doc;
	char *bytes = xc_alloc(req, 200000);
	size_t got[3] = { 0 };
	enum xc_err err;

	if (bytes == NULL)
		return XC_ERR_NOMEM;
	err = host->site->openapi(host->site_ctx, XC_OPENAPI_3_0, &doc);
	if (err == XC_OK)
		err = host->site->read(host->site_ctx, XC_OPENAPI_3_0, 5,
		    bytes, 200000, &got[0]);
	if (err == XC_OK)
		err = host->part->read(host->part_ctx, req, 9, bytes, 7,
		    &got[1]);
	if (err == XC_OK)
		err = host->part->read(host->part_ctx, req, 9, bytes + 7,
		    190000, &got[2]);
	if (err != XC_OK)
		return err;
	return reply(req, xc_printf(req, "%lu %s %lu %lu %lu %.8s",
	    (unsigned long)doc.size, doc.etag, (unsigned long)got[0],
	    (unsigned long)got[1], (unsigned long)got[2], bytes));
}

static enum xc_err
use_desk(struct xc_request *req)
{
	struct json_object *args = json_object_new_object();
	struct json_object *result;
	enum xc_err err;

	json_object_object_add(args, "a", json_object_new_int(1));
	err = xc_desk_call(req, "auth.me", args, &result);
	if (err != XC_OK || json_object_object_length(result) != 1)
		return XC_ERR_FAILED;
	return xc_desk_call(req, "auth.logout", NULL, &result);
}

static enum xc_err
stream(struct xc_request *req)
{
	char *piece = xc_alloc(req, PIECE);
	enum xc_err err;

	if (piece == NULL)
		return XC_ERR_NOMEM;
	memset(piece, 's', PIECE);
	err = xc_reply_begin(req, 201, "text/plain");
	for (int i = 0; i < PIECES && err == XC_OK; i++)
		err = xc_reply_write(req, piece, PIECE);
	return err;
}

static void
log_late(void *data)
{
	xc_log(data, XC_LOG_WARNING, "deferred");
}

static enum xc_err
defer(struct xc_request *req)
{
	xc_log(req, XC_LOG_INFO, "hello %d", 7);
	xc_log(req, XC_LOG_DEBUG, "not to be seen");
	(void)xc_defer(req, log_late, req);
	return xc_reply_empty(req, 204);
}

static void *
log_aside(void *plugin)
{
	xc_log_plugin(plugin, XC_LOG_ERROR, "from a thread");
	return NULL;
}

static enum xc_err
start_thread(struct xc_request *req)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, log_aside,
	    xc_request_plugin(req)) != 0)
		return XC_ERR_UNAVAILABLE;
	pthread_join(thread, NULL);
	return reply(req, "joined");
}

static enum xc_err
is_missing(struct xc_request *req)
{
	(void)req;
	return XC_ERR_NOT_FOUND;
}

static enum xc_err
says_nothing(struct xc_request *req)
{
	(void)req;
	return XC_OK;
}

static enum xc_err
says_a_number(struct xc_request *req)
{
	(void)req;
	return (enum xc_err)4711;
}

static enum xc_err
replies_much(struct xc_request *req)
{
	void *much = xc_alloc(req, (size_t)16 << 20);

	if (much == NULL)
		return XC_ERR_NOMEM;
	memset(much, 'm', (size_t)16 << 20);
	return xc_reply_text(req, 200, "text/plain", much, (size_t)16 << 20);
}

static enum xc_err
crash(struct xc_request *req)
{
	(void)req;
	*(volatile char *)nowhere = 1;
	return XC_OK;
}

static int __attribute__((noinline))
sink(volatile char *above)
{
	volatile char deep[4096];

	deep[0] = *above;
	return deep[0] == 2 ? 0 : sink(deep) + deep[0];
}

static enum xc_err
overflow(struct xc_request *req)
{
	volatile char first = 1;

	(void)req;
	return (enum xc_err)sink(&first);
}

static enum xc_err
give_up(struct xc_request *req)
{
	(void)req;
	abort();
}

static enum xc_err
leave(struct xc_request *req)
{
	(void)req;
	exit(3);
}

/* What no plugin may. */
static enum xc_err
make_socket(struct xc_request *req)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return reply(req, fd == -1 ? "no" : "yes");
}

static enum xc_err
start(struct xc_plugin *plugin)
{
	xc_log_plugin(plugin, XC_LOG_NOTICE, "starting");
	if (xc_config_bool(plugin, "start_fails", false))
		return XC_ERR_NOT_FOUND;
	if (xc_config_bool(plugin, "start_crashes", false))
		abort();
	return XC_OK;
}

static enum xc_err
warm(struct xc_plugin *plugin)
{
	if (xc_config_bool(plugin, "warm_fails", false))
		return XC_ERR_BUSY;
	return XC_OK;
}

static void *
stay(void *data)
{
	(void)data;
	for (;;)
		(void)pause();
	return NULL;
}

static void
stop(struct xc_plugin *plugin)
{
	pthread_t thread;
	pthread_key_t key;

	xc_log_plugin(plugin, XC_LOG_NOTICE, "stopping");
	if (xc_config_bool(plugin, "leaves_thread", false))
		(void)pthread_create(&thread, NULL, stay, NULL);
	if (xc_config_bool(plugin, "leaves_key", false))
		(void)pthread_key_create(&key, NULL);
}

XC_PLUGIN(
	.start = start,
	.warm = warm,
	.stop = stop,
	.operations = XC_OPERATIONS(
		{ "echo", echo },
		{ "use_db", use_db },
		{ "use_cache", use_cache },
		{ "use_network", use_network },
		{ "stream", stream },
		{ "defer", defer },
		{ "start_thread", start_thread },
		{ "is_missing", is_missing },
		{ "says_nothing", says_nothing },
		{ "says_a_number", says_a_number },
		{ "replies_much", replies_much },
		{ "crash", crash },
		{ "overflow", overflow },
		{ "give_up", give_up },
		{ "leave", leave },
		{ "make_socket", make_socket },
		{ "use_files", use_files },
		{ "use_desk", use_desk },
		{ "use_each", use_each }
	)
);

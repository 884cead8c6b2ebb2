/* SPDX-License-Identifier: MIT */
/*
 * A plugin whose job is to misbehave, so that those who host it can be
 * tested.  The setting "fault" says what goes wrong while it is loaded; what
 * a constructor does is chosen when it is built, because a constructor has no
 * settings.  See README.md.
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#define CONSTRUCTOR_CRASHES 1
#define CONSTRUCTOR_EXITS 2
#define CONSTRUCTOR_HANGS 3

static unsigned long count;	/* of this copy of the code */

static void
wait_ms(long ms)
{
	struct timespec pause = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&pause, &pause) != 0)
		continue;
}

static void
hang(void)
{
	for (;;)
		pause();
}

static void
crash(void)
{
	raise(SIGSEGV);
}

#ifdef CONSTRUCTOR
static void __attribute__((constructor))
construct(void)
{
	if (CONSTRUCTOR == CONSTRUCTOR_CRASHES)
		crash();
	if (CONSTRUCTOR == CONSTRUCTOR_EXITS)
		exit(0);
	if (CONSTRUCTOR == CONSTRUCTOR_HANGS)
		hang();
}
#endif

static void *
idle(void *arg)
{
	(void)arg;
	hang();
	return NULL;
}

static enum xc_err
leave_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, idle, NULL) != 0)
		return XC_ERR_FAILED;
	pthread_detach(thread);
	return XC_OK;
}

/* A thread that stop() joins: no fault at all. */
static pthread_t worker;
static bool has_worker;

static enum xc_err
make_worker(void)
{
	has_worker = pthread_create(&worker, NULL, idle, NULL) == 0;
	return has_worker ? XC_OK : XC_ERR_FAILED;
}

static void
join_worker(void)
{
	if (!has_worker)
		return;
	pthread_cancel(worker);
	pthread_join(worker, NULL);
	has_worker = false;
}

static void
forget(void *value)
{
	(void)value;
}

static enum xc_err
leak_key(void)
{
	pthread_key_t key;

	return pthread_key_create(&key, forget) == 0 ? XC_OK : XC_ERR_FAILED;
}

static bool
is_fault(const struct xc_plugin *plugin, const char *name)
{
	return strcmp(xc_config_string(plugin, "fault", "none"), name) == 0;
}

static enum xc_err
start(struct xc_plugin *plugin)
{
	xc_log_plugin(plugin, XC_LOG_DEBUG, "start of %s %s",
	    xc_plugin_name(plugin), xc_plugin_version(plugin));
	if (is_fault(plugin, "start-chatters")) {
		fprintf(stderr, "about to fail\n");
		return XC_ERR_UNAVAILABLE;
	}
	if (is_fault(plugin, "start-fails"))
		return XC_ERR_UNAVAILABLE;
	if (is_fault(plugin, "start-hangs"))
		hang();
	if (is_fault(plugin, "start-exits"))
		exit(3);
	if (is_fault(plugin, "start-exits-0"))
		exit(0);
	if (is_fault(plugin, "start-crashes"))
		crash();
	if (is_fault(plugin, "thread"))
		return leave_thread();
	if (is_fault(plugin, "worker"))
		return make_worker();
	if (is_fault(plugin, "key"))
		return leak_key();
	return XC_OK;
}

static enum xc_err
warm(struct xc_plugin *plugin)
{
	if (is_fault(plugin, "warm-fails"))
		return XC_ERR_TIMEOUT;
	if (is_fault(plugin, "warm-crashes"))
		crash();
	return XC_OK;
}

static void
stop(struct xc_plugin *plugin)
{
	join_worker();
	if (is_fault(plugin, "stop-crashes"))
		crash();
	if (is_fault(plugin, "stop-hangs"))
		hang();
}

static long
query_number(struct xc_request *req, const char *name, long fallback)
{
	const char *text = xc_request_query(req, name);

	return text != NULL ? strtol(text, NULL, 10) : fallback;
}

static enum xc_err
boom(struct xc_request *req)
{
	(void)req;
	crash();
	return XC_OK;
}

static enum xc_err
exit_now(struct xc_request *req)
{
	exit((int)query_number(req, "code", 0));
}

static enum xc_err
spin(struct xc_request *req)
{
	volatile unsigned long turns = 0;

	(void)req;
	/* Some hundred years. */
	while (turns < ULONG_MAX)
		turns++;
	return XC_OK;
}

static enum xc_err
slow(struct xc_request *req)
{
	wait_ms(query_number(req, "ms", 20));
	return xc_reply_text(req, 200, "text/plain", "slow\n", 5);
}

static enum xc_err
leak(struct xc_request *req)
{
	size_t bytes = (size_t)query_number(req, "bytes", 4096);
	char *lost = malloc(bytes);

	if (lost == NULL)
		return XC_ERR_NOMEM;
	memset(lost, 1, bytes);
	__asm__ volatile("" : : "r"(lost) : "memory");
	return xc_reply_empty(req, 204);
}

/* A body in which each place tells its own offset. */
static void
fill_pattern(char *data, size_t len, size_t off)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)('a' + (off + i) % 26);
}

static enum xc_err
big(struct xc_request *req)
{
	size_t bytes = (size_t)query_number(req, "bytes", 1 << 20);
	char *data = xc_alloc(req, bytes);

	if (data == NULL)
		return XC_ERR_NOMEM;
	fill_pattern(data, bytes, 0);
	return xc_reply_text(req, 200, "application/octet-stream", data,
	    bytes);
}

/* ?chunks=, ?bytes= of each, ?ms= between them, ?fail=1 in the end. */
static enum xc_err
stream(struct xc_request *req)
{
	size_t chunks = (size_t)query_number(req, "chunks", 10);
	size_t bytes = (size_t)query_number(req, "bytes", 1000);
	char *data = xc_alloc(req, bytes);
	enum xc_err err;

	if (data == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_begin(req, 200, "application/octet-stream");
	for (size_t i = 0; err == XC_OK && i < chunks; i++) {
		wait_ms(query_number(req, "ms", 0));
		fill_pattern(data, bytes, i * bytes);
		err = xc_reply_write(req, data, bytes);
	}
	if (err == XC_OK && query_number(req, "fail", 0) != 0)
		return XC_ERR_FAILED;
	return err;
}

static enum xc_err
write_stderr(struct xc_request *req)
{
	fprintf(stderr, "misbehave writes to stderr\n");
	xc_log(req, XC_LOG_WARNING, "a line\nand \x1b[31manother\x1b[0m");
	return xc_reply_empty(req, 204);
}

static enum xc_err
count_requests(struct xc_request *req)
{
	struct xc_plugin *plugin = xc_request_plugin(req);
	struct json_object *obj = json_object_new_object();

	if (obj == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(obj, "count",
	    json_object_new_int64((int64_t)++count));
	json_object_object_add(obj, "pid", json_object_new_int(getpid()));
	json_object_object_add(obj, "version",
	    json_object_new_string(xc_plugin_version(plugin)));
	json_object_object_add(obj, "label", json_object_new_string(
	    xc_config_string(plugin, "label", "")));
	return xc_reply_json(req, 200, obj);
}

/* Answers with that status at once, whatever the body is. */
static enum xc_err
answer_status(struct xc_request *req)
{
	long status = strtol(xc_request_param(req, "code"), NULL, 10);

	if (status < 200 || status > 599)
		return XC_ERR_INVALID;
	if (status == 204 || status == 304)
		return xc_reply_empty(req, (int)status);
	if (status >= 400)
		return xc_reply_problem(req, (int)status, "as you asked");
	return xc_reply_text(req, (int)status, "text/plain", "done\n", 5);
}

/* Returns that code without having replied. */
static enum xc_err
return_error(struct xc_request *req)
{
	return (enum xc_err)query_number(req, "err", XC_ERR_FAILED);
}

static enum xc_err
reply_nothing(struct xc_request *req)
{
	(void)req;
	return XC_OK;
}

static enum xc_err
reply_twice(struct xc_request *req)
{
	xc_reply_text(req, 200, "text/plain", "first\n", 6);
	return xc_reply_text(req, 500, "text/plain", "second\n", 7);
}

static void
add_text(struct json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key, json_object_new_string(text));
}

static struct json_object *
list_pairs(struct xc_request *req, bool (*at)(const struct xc_request *req,
    size_t n, const char **name_r, const char **value_r))
{
	struct json_object *list = json_object_new_array();
	const char *name, *value;

	for (size_t i = 0; at(req, i, &name, &value); i++) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(pair, json_object_new_string(name));
		json_object_array_add(pair, json_object_new_string(value));
		json_object_array_add(list, pair);
	}
	return list;
}

/* Tells all that the request says, to compare web servers. */
static enum xc_err
echo(struct xc_request *req)
{
	struct json_object *obj = json_object_new_object();
	const char *part = xc_request_param(req, "part");
	const char *body;
	size_t len;

	if (obj == NULL)
		return XC_ERR_NOMEM;
	body = xc_request_body(req, &len);
	add_text(obj, "method", xc_request_method_name(req));
	add_text(obj, "path", xc_request_path(req));
	add_text(obj, "prefix", xc_request_prefix(req));
	add_text(obj, "rest", xc_request_rest(req));
	add_text(obj, "part", part != NULL ? part : "");
	add_text(obj, "query_string", xc_request_query_string(req));
	add_text(obj, "scheme", xc_request_scheme(req));
	add_text(obj, "host", xc_request_host(req));
	add_text(obj, "remote", xc_request_remote(req));
	add_text(obj, "id", xc_request_id(req));
	json_object_object_add(obj, "query",
	    list_pairs(req, xc_request_query_at));
	json_object_object_add(obj, "headers",
	    list_pairs(req, xc_request_header_at));
	json_object_object_add(obj, "body_length",
	    json_object_new_int64((int64_t)len));
	json_object_object_add(obj, "body", json_object_new_string_len(body,
	    len < 65536 ? (int)len : 65536));
	return xc_reply_json(req, 200, obj);
}

static enum xc_err
echo_json(struct xc_request *req)
{
	struct json_object *obj;

	if (xc_request_json(req, &obj) != XC_OK)
		return XC_OK;
	return xc_reply_json(req, 200, json_object_get(obj));
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
		{ "boom", boom },
		{ "exit_now", exit_now },
		{ "spin", spin },
		{ "slow", slow },
		{ "leak", leak },
		{ "big", big },
		{ "stream", stream },
		{ "write_stderr", write_stderr },
		{ "count_requests", count_requests },
		{ "answer_status", answer_status },
		{ "answer_status_post", answer_status },
		{ "return_error", return_error },
		{ "reply_nothing", reply_nothing },
		{ "reply_twice", reply_twice },
		{ "echo", echo },
		{ "echo_post", echo },
		{ "echo_put", echo },
		{ "echo_part", echo },
		{ "echo_json", echo_json }
#ifdef EXTRA_HANDLER
		, { "nobody_asked_for_this", echo }
#endif
	),
	.start = start,
	.warm = warm,
	.stop = stop
);

/* SPDX-License-Identifier: MIT */
/* A loader whose one plugin is built in: see pool.h. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>
#include <xcore/xcore.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "plugin/loader.h"
#include "tests/fastcgi/pool.h"

static long
number(struct xc_request *req, const char *name)
{
	const char *text = xc_request_param(req, name);

	atomic_fetch_add(&pool_counts->runs, 1);
	return text ? strtol(text, NULL, 10) : 0;
}

static enum xc_err
hello(struct xc_request *req)
{
	atomic_fetch_add(&pool_counts->runs, 1);
	return xc_reply_text(req, 200, "text/plain", "hello", 5);
}

static enum xc_err
evil(struct xc_request *req)
{
	atomic_fetch_add(&pool_counts->evil, 1);
	return xc_reply_text(req, 200, "text/plain", "evil", 4);
}

static enum xc_err
status(struct xc_request *req)
{
	return xc_reply_problem(req, (int)number(req, "n"), NULL);
}

static enum xc_err
echo(struct xc_request *req)
{
	size_t len;
	const void *body = xc_request_body(req, &len);

	atomic_fetch_add(&pool_counts->runs, 1);
	return xc_reply_text(req, 200, "application/octet-stream", body, len);
}

static enum xc_err
slow(struct xc_request *req)
{
	long ms = number(req, "ms");
	struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
	return xc_reply_text(req, 200, "text/plain", "slept", 5);
}

static enum xc_err
big(struct xc_request *req)
{
	size_t len = (size_t)number(req, "bytes");
	char *text = xc_alloc(req, len + 1);
	size_t i;

	if (!text)
		return XC_ERR_NOMEM;
	for (i = 0; i < len; i++)
		text[i] = (char)('a' + i % 26);
	return xc_reply_text(req, 200, "text/plain", text, len);
}

static enum xc_err
stream(struct xc_request *req)
{
	long n = number(req, "n");
	char chunk[1000];
	enum xc_err err = xc_reply_begin(req, 200, "text/plain");

	memset(chunk, 's', sizeof(chunk));
	while (err == XC_OK && n-- > 0)
		err = xc_reply_write(req, chunk, sizeof(chunk));
	return err;
}

static enum xc_err
params(struct xc_request *req)
{
	struct json_object *obj = json_object_new_object();
	const char *name, *value;
	size_t i;

	atomic_fetch_add(&pool_counts->runs, 1);
	for (i = 0; xc_request_header_at(req, i, &name, &value); i++)
		json_object_object_add(obj, name,
		    json_object_new_string(value));
	json_object_object_add(obj, "query",
	    json_object_new_string(xc_request_query_string(req)));
	json_object_object_add(obj, "path",
	    json_object_new_string(xc_request_path(req)));
	return xc_reply_json(req, 200, obj);
}

static enum xc_err
crash(struct xc_request *req)
{
	(void)req;
	atomic_fetch_add(&pool_counts->runs, 1);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
	return XC_OK;
}

static volatile uintptr_t bad_place = 0x10;

static int
overflow(volatile int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	if (depth < 0)
		return 0;
	return overflow(depth + 1) + room[0];
}

static void *
fault_elsewhere(void *arg)
{
	(void)arg;
	*(volatile int *)bad_place = 1;
	return NULL;
}

static void
corrupt_heap(void)
{
	volatile size_t *volatile piece = malloc(64);
	/* Else what is overwritten may be the rest of the heap, whose size
	 * the check goes by. */
	void *volatile behind = malloc(4096);

	(void)behind;
	/* The sizes of this chunk and of the next one. */
	for (int i = -1; i < 16; i++)
		piece[i] = 0x4141414141414141;
	free((void *)(uintptr_t)piece);
	free(malloc(64));
	abort();
}

static void
call_nothing(void)
{
	void (*volatile function)(void);
	uintptr_t none = bad_place - 0x10;

	memcpy((void *)(uintptr_t)&function, &none, sizeof(none));
	function();
}

/* In a child, which nobody asked. */
static enum xc_err
fault_in_child(struct xc_request *req)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		*(volatile int *)bad_place = 1;
	if (pid == -1 || waitpid(pid, &status, 0) != pid ||
	    status == 0)
		return XC_ERR_FAILED;
	return xc_reply_text(req, 200, "text/plain", "fine", 4);
}

/* A sanitizer would look ahead, and exit. */
static int __attribute__((noinline, no_sanitize("undefined")))
divide(volatile int many, volatile int by)
{
	return many / by;
}

static enum xc_err
fault(struct xc_request *req)
{
	const char *how = xc_request_param(req, "how");
	pthread_t thread;

	atomic_fetch_add(&pool_counts->runs, 1);
	if (strcmp(how, "stream") == 0) {
		(void)xc_reply_begin(req, 200, "text/plain");
		(void)xc_reply_write(req, "some", 4);
	} else if (strcmp(how, "abort") == 0) {
		abort();
	} else if (strcmp(how, "call") == 0) {
		call_nothing();
	} else if (strcmp(how, "overflow") == 0) {
		return (enum xc_err)overflow(0);
	} else if (strcmp(how, "divide") == 0) {
		return (enum xc_err)divide(1000, (int)(bad_place - 0x10));
	} else if (strcmp(how, "corrupt") == 0) {
		corrupt_heap();
	} else if (strcmp(how, "child") == 0) {
		return fault_in_child(req);
	} else if (strcmp(how, "thread") == 0) {
		(void)pthread_create(&thread, NULL, fault_elsewhere, NULL);
		(void)pthread_join(thread, NULL);
	}
	*(volatile int *)bad_place = 1;
	return XC_OK;
}

static enum xc_err
spin(struct xc_request *req)
{
	long ms = number(req, "ms");
	struct timespec now;
	clock_t end;
	sigset_t all;

	sigfillset(&all);
	if (strcmp(xc_request_query_string(req), "block") == 0)
		(void)sigprocmask(SIG_BLOCK, &all, NULL);
	end = clock() + ms * (CLOCKS_PER_SEC / 1000);
	while (clock() < end)
		clock_gettime(CLOCK_MONOTONIC, &now);
	return xc_reply_text(req, 200, "text/plain", "spun", 4);
}

static const struct xc_route routes[] = {
	{ "GET", "/hello", "hello" },
	{ "GET", "/evil", "evil" },
	{ "GET", "/status/{n}", "status" },
	{ "POST", "/status/{n}", "status_post" },
	{ "POST", "/echo", "echo" },
	{ "GET", "/slow/{ms}", "slow" },
	{ "GET", "/big/{bytes}", "big" },
	{ "GET", "/stream/{n}", "stream" },
	{ "GET", "/params", "params" },
	{ "GET", "/crash", "crash" },
	{ "GET", "/fault/{how}", "fault" },
	{ "POST", "/fault/{how}", "fault_post" },
	{ "GET", "/spin/{ms}", "spin" },
};
static xc_handler *const handlers[] = { hello, evil, status, status, echo,
	slow, big, stream, params, crash, fault, fault, spin };
#define N_ROUTES (sizeof(routes) / sizeof(*routes))

static const char *const segments[3][2] = {
	{ "app", "broken" }, { "app", "off" }, { "app", "t" } };

struct xc_loader {
	struct xc_plugin plugin;
	char strings[5][16];
	struct xc_routes *routes;
	struct xc_loaded rows[3];
	struct xc_loaded *list[3];
	struct xc_table table;
};

static void
set_row(struct xc_loader *loader, size_t i, const char *name,
    const char *prefix, enum xc_serving state)
{
	struct xc_loaded *row = &loader->rows[i];

	row->name = name;
	row->version = "1.0.0";
	row->hash = "";
	row->prefix = prefix;
	row->segments = segments[i];
	row->n_segments = 2;
	row->state = state;
	loader->list[i] = row;
}

static void
set_plugin(struct xc_loader *loader, const struct xc_host *host)
{
	static const char *const texts[5] = { "t", "1.0.0", "/app/t",
		"test_t", "plugin.t" };
	struct xc_plugin *plugin = &loader->plugin;
	size_t i;

	for (i = 0; i < 5; i++)
		strcpy(loader->strings[i], texts[i]);
	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = loader->strings[0];
	plugin->version = loader->strings[1];
	plugin->prefix = loader->strings[2];
	plugin->schema = loader->strings[3];
	plugin->logger = loader->strings[4];
	plugin->host = host;
}

enum xc_err
xc_loader_create(const struct xc_host *host, struct xc_loader **loader_r)
{
	struct xc_loader *loader = calloc(1, sizeof(*loader));
	enum xc_err err;

	*loader_r = NULL;
	if (!loader)
		return XC_ERR_NOMEM;
	err = xc_routes_compile(routes, N_ROUTES, &loader->routes, NULL);
	if (err != XC_OK) {
		free(loader);
		return err;
	}
	set_plugin(loader, host);
	set_row(loader, 0, "broken", "/app/broken", XC_SERVING_FAILED);
	set_row(loader, 1, "off", "/app/off", XC_SERVING_DISABLED);
	set_row(loader, 2, "t", "/app/t", XC_SERVING);
	loader->rows[2].plugin = &loader->plugin;
	loader->rows[2].routes = loader->routes;
	loader->rows[2].handlers = handlers;
	loader->table.rows = loader->list;
	loader->table.n = 3;
	*loader_r = loader;
	return XC_OK;
}

void
xc_loader_free(struct xc_loader **loader)
{
	xc_routes_free(&(*loader)->routes);
	free(*loader);
	*loader = NULL;
}

void
xc_loader_set_runner(struct xc_loader *loader,
    const struct xc_runner_ops *ops, void *ctx)
{
	(void)loader;
	(void)ops;
	(void)ctx;
}

const struct xc_table *
xc_loader_table(const struct xc_loader *loader)
{
	return &loader->table;
}

enum xc_err
xc_loader_apply(struct xc_loader *loader, const char *snapshot,
    void (*before)(void *ctx, const char *what), void *ctx,
    struct json_object **report_r, struct xc_errbuf *errbuf)
{
	(void)snapshot;
	(void)errbuf;
	if (before)
		before(ctx, "t 1.0.0");
	loader->table.generation++;
	loader->table.sequence++;
	*report_r = NULL;
	return XC_OK;
}

bool
xc_loader_wants_recycle(const struct xc_loader *loader,
    const char **reason_r)
{
	(void)loader;
	*reason_r = NULL;
	return false;
}

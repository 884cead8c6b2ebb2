/* SPDX-License-Identifier: MIT */
/* A loader whose one plugin is built in: see pool.h. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
};
static xc_handler *const handlers[] = { hello, evil, status, status, echo,
	slow, big, stream, params, crash };
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

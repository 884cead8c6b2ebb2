/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "test-host.h"

struct test_log test_log;
struct xc_host test_host;
struct xc_plugin test_plugin;

static char plugin_name[] = "todo";
static char plugin_version[] = "1.2.3";
static char plugin_prefix[] = "/app/todo";
static char plugin_schema[] = "xcore_todo";
static char plugin_logger[] = "plugin.todo";

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	const struct test_log *log = ctx;

	(void)name;
	return level <= log->up_to;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	struct test_log *log = ctx;

	log->n++;
	log->level = level;
	snprintf(log->name, sizeof(log->name), "%s", name);
	snprintf(log->id, sizeof(log->id), "%s",
	    request_id != NULL ? request_id : "-");
	snprintf(log->text, sizeof(log->text), "%s", text);
}

static const struct xc_log_ops log_ops = {
	.enabled = log_enabled,
	.write = log_write,
};

void
test_begin(struct xc_request *req)
{
	memset(&test_log, 0, sizeof(test_log));
	test_log.up_to = XC_LOG_DEBUG;
	test_host = (struct xc_host){
		.log = &log_ops,
		.log_ctx = &test_log,
	};
	test_plugin = (struct xc_plugin){
		.magic = XC_PLUGIN_HANDLE_MAGIC,
		.name = plugin_name,
		.version = plugin_version,
		.prefix = plugin_prefix,
		.schema = plugin_schema,
		.logger = plugin_logger,
		.may_database = true,
		.may_cache = true,
		.may_openapi = true,
		.host = &test_host,
	};
	assert_int_equal(xc_request_init(req, &test_host, NULL), XC_OK);
}

void
test_end(struct xc_request *req)
{
	xc_request_free(req);
}

void
test_get(struct xc_request *req, const char *uri)
{
	char method[] = "REQUEST_METHOD=GET";
	char id[] = "REQUEST_ID=test-request-1";
	char param[1024];
	char *envp[] = { method, id, param, NULL };
	struct xc_errbuf errbuf;

	snprintf(param, sizeof(param), "REQUEST_URI=%s", uri);
	assert_int_equal(xc_request_parse(req, envp, NULL, 0, &errbuf), 0);
	assert_int_equal(xc_request_bind(req, &test_plugin, 2, "get_item",
	    NULL, 0), XC_OK);
}

/* SPDX-License-Identifier: MIT */
/*
 * Loads a plugin, starts, warms and stops it, in a process of its own.  It is
 * run by xc_trial_run(), which reads what it says and ends it if it hangs.
 *
 *	xcore-trial FOLDER	(the configuration as JSON on stdin)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "contract/routes.h"
#include "lib/host.h"
#include "lib/plugin-private.h"
#include "plugin/file.h"
#include "plugin/loader-object.h"
#include "plugin/loader-traces.h"
#include "plugin/manifest.h"
#include "plugin/trial.h"

#define DOCUMENT_MAX (64u << 20)
#define CONFIG_MAX (1u << 20)

struct trial {
	const char *dir;
	struct xc_manifest *manifest;
	struct json_object *openapi;
	struct xc_plugin plugin;
	struct xc_object object;
	char warning[300];
};

static void
say(struct json_object *message)
{
	const char *text = json_object_to_json_string_ext(message,
	    JSON_C_TO_STRING_PLAIN);
	size_t len = text != NULL ? strlen(text) : 0;
	char *line = malloc(len + 1);

	if (line != NULL) {
		memcpy(line, text != NULL ? text : "", len);
		line[len] = '\n';
		/* A reader that is gone needs no answer. */
		if (write(XC_TRIAL_RESULT_FD, line, len + 1) == -1)
			_exit(1);
	}
	free(line);
	json_object_put(message);
}

static void
say_stage(const char *stage)
{
	struct json_object *message = json_object_new_object();

	json_object_object_add(message, "stage",
	    json_object_new_string(stage));
	say(message);
}

static void __attribute__((noreturn))
refuse(const char *reason)
{
	struct json_object *message = json_object_new_object();

	json_object_object_add(message, "ok", json_object_new_boolean(0));
	json_object_object_add(message, "reason",
	    json_object_new_string(reason));
	say(message);
	/* What the plugin left to be run at the exit is not our business. */
	_exit(1);
}

static void __attribute__((noreturn))
accept_plugin(const char *warning)
{
	struct json_object *message = json_object_new_object();

	json_object_object_add(message, "ok", json_object_new_boolean(1));
	if (warning[0] != '\0')
		json_object_object_add(message, "warning",
		    json_object_new_string(warning));
	say(message);
	_exit(0);
}

static bool
set_limit(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		return false;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most)
		most = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = most;
	return setrlimit(resource, &limit) == 0;
}

static void
confine(void)
{
	/* Its parent's end must be its own; nothing may be written. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    !set_limit(RLIMIT_CORE, 0) || !set_limit(RLIMIT_FSIZE, 0) ||
	    !set_limit(RLIMIT_NOFILE, 256))
		refuse("the trial cannot confine itself");
}

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	return level <= XC_LOG_INFO;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	(void)ctx;
	(void)level;
	(void)request_id;
	fprintf(stderr, "%s: %s\n", name, text);
}

static const struct xc_log_ops log_ops = { .enabled = log_enabled,
	.write = log_write };
static const struct xc_host host = { .log = &log_ops };

static unsigned char *
read_document(const char *dir, const char *name, size_t *len_r)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct xc_errbuf why = { "" };
	unsigned char *data;

	if (fd == -1)
		refuse(strerror(errno));
	if (xc_file_read_at(fd, name, DOCUMENT_MAX, &data, len_r, &why) !=
	    XC_OK)
		refuse(why.text);
	close(fd);
	return data;
}

static void
read_documents(struct trial *trial)
{
	struct xc_errbuf why = { "" };
	unsigned char *data;
	char where[200];
	size_t len;

	data = read_document(trial->dir, "plugin.json", &len);
	if (xc_manifest_parse((const char *)data, len, &trial->manifest,
	    &why) != XC_OK)
		refuse(why.text);
	free(data);
	data = read_document(trial->dir, "openapi.json", &len);
	if (xc_json_parse((const char *)data, len, &trial->openapi, where,
	    sizeof(where)) != XC_OK)
		refuse("openapi.json is not JSON");
	free(data);
}

/* All of stdin; NULL settings if it is empty. */
static struct json_object *
read_settings(void)
{
	char *text = malloc(CONFIG_MAX);
	struct json_object *settings = NULL;
	size_t len = 0;
	ssize_t n = 1;

	while (text != NULL && n > 0 && len < CONFIG_MAX) {
		n = read(STDIN_FILENO, text + len, CONFIG_MAX - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (text == NULL || n < 0 || len == CONFIG_MAX)
		refuse("the configuration cannot be read");
	if (len > 0 && xc_json_parse(text, len, &settings, NULL, 0) != XC_OK)
		refuse("the configuration is not JSON");
	free(text);
	return settings;
}

static char *
copy_text(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		refuse("out of memory");
	return copy;
}

static void
fill_plugin(struct trial *trial)
{
	struct json_object *settings = read_settings();
	struct xc_plugin *plugin = &trial->plugin;
	struct xc_errbuf why = { "" };

	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = copy_text(trial->manifest->name);
	plugin->version = copy_text(trial->manifest->version);
	plugin->prefix = copy_text(trial->manifest->prefix);
	plugin->schema = copy_text("");
	if (asprintf(&plugin->logger, "plugin.%s", plugin->name) == -1)
		refuse("out of memory");
	plugin->may_database = trial->manifest->may_database;
	plugin->may_cache = trial->manifest->may_cache;
	plugin->host = &host;
	if (xc_manifest_config(trial->manifest, settings, &plugin->config,
	    &why) != XC_OK)
		refuse(why.text);
	json_object_put(settings);
}

static void
load(struct trial *trial)
{
	struct xc_errbuf why = { "" };
	char *path;

	if (asprintf(&path, "%s/%s.so", trial->dir, trial->plugin.name) == -1)
		refuse("out of memory");
	say_stage("load");
	if (xc_object_open(path, NULL, &trial->object, &why) != XC_OK)
		refuse(why.text);
	free(path);
}

static void
check_handlers(const struct trial *trial, const struct xc_route *routes,
    size_t n)
{
	char text[400];

	for (size_t i = 0; i < n; i++) {
		if (xc_object_handler(&trial->object, routes[i].operation) !=
		    NULL)
			continue;
		snprintf(text, sizeof(text), "operation \"%s\" (%s %.100s) "
		    "has no handler; add it to XC_OPERATIONS",
		    routes[i].operation, routes[i].method, routes[i].path);
		refuse(text);
	}
}

static void
check_operations(const struct trial *trial, const struct xc_route *routes,
    size_t n)
{
	const struct xc_operation *row = trial->object.table->operations;
	char text[300];

	for (; row != NULL && row->name != NULL; row++) {
		size_t i = 0;

		while (i < n && strcmp(routes[i].operation, row->name) != 0)
			i++;
		if (i < n)
			continue;
		snprintf(text, sizeof(text), "handler \"%.100s\" has no "
		    "operation in openapi.json; add it there or take it out "
		    "of XC_OPERATIONS", row->name);
		refuse(text);
	}
}

static void
check_contract(const struct trial *trial)
{
	struct xc_errbuf why = { "" };
	struct xc_route *routes;
	size_t n;

	if (xc_routes_read(trial->openapi, &routes, &n, &why) != XC_OK)
		refuse(why.text);
	check_handlers(trial, routes, n);
	check_operations(trial, routes, n);
	free(routes);
}

static void
run_step(struct trial *trial, const char *stage,
    enum xc_err (*step)(struct xc_plugin *plugin))
{
	enum xc_err err;
	char text[100];

	if (step == NULL)
		return;
	say_stage(stage);
	err = step(&trial->plugin);
	if (err == XC_OK)
		return;
	snprintf(text, sizeof(text), "%s returned \"%s\"", stage,
	    xc_strerror(err));
	refuse(text);
}

/* Stops it and sees what stays; a worker would have to be replaced. */
static void
stop(struct trial *trial, const struct xc_traces *before)
{
	struct xc_traces left = { 0 };

	if (trial->object.table->stop != NULL) {
		say_stage("stop()");
		trial->object.table->stop(&trial->plugin);
	}
	/* A thread that was joined stands in /proc for a moment more. */
	for (int tries = 0; tries < 100; tries++) {
		xc_traces_take(&left);
		xc_traces_subtract(&left, before);
		if (left.n_threads == 0)
			break;
		usleep(1000);
	}
	if (left.n_threads == 0 && xc_traces_keys(&left) == 0) {
		say_stage("unloading");
		if (!xc_object_close(&trial->object))
			snprintf(trial->warning, sizeof(trial->warning),
			    "it stays mapped after dlclose(), so workers are "
			    "replaced when it is updated");
		return;
	}
	snprintf(trial->warning, sizeof(trial->warning), "it leaves %zu "
	    "threads and %zu pthread keys behind after stop(), so workers "
	    "are replaced when it is updated", left.n_threads,
	    xc_traces_keys(&left));
}

int
main(int argc, char **argv)
{
	struct trial trial = { 0 };
	struct xc_traces before = { 0 };
	char *dir;

	if (argc != 2 || argv[1][0] == '-' ||
	    fcntl(XC_TRIAL_RESULT_FD, F_GETFD) == -1) {
		fprintf(stderr, "usage: xcore-trial FOLDER, run by "
		    "xcore-install(1) with a result descriptor\n");
		return 2;
	}
	dir = realpath(argv[1], NULL);
	if (dir == NULL)
		refuse(strerror(errno));
	trial.dir = dir;
	confine();
	read_documents(&trial);
	fill_plugin(&trial);
	xc_traces_take(&before);
	load(&trial);
	check_contract(&trial);
	run_step(&trial, "start()", trial.object.table->start);
	run_step(&trial, "warm()", trial.object.table->warm);
	stop(&trial, &before);
	accept_plugin(trial.warning);
}

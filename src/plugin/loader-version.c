/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "assets.h"
#include "loader-version.h"
#include "manifest.h"
#include "prefix.h"

/* A thread that was joined stands in /proc for a moment more. */
#define DYING_MS 200

static enum xc_err
fail_nomem(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

enum xc_err
xc_version_key(struct json_object *json, char key_r[XC_DIGEST_SIZE])
{
	struct xc_digest digest;
	struct lh_entry *entry;

	xc_digest_begin(&digest);
	lh_foreach(json_object_get_object(json), entry) {
		const char *name = lh_entry_k(entry);
		const char *text;
		size_t len;

		if (strcmp(name, "state") == 0 || strcmp(name, "reason") == 0)
			continue;
		text = json_object_to_json_string_length(lh_entry_v(entry),
		    JSON_C_TO_STRING_PLAIN, &len);
		xc_digest_add(&digest, name, strlen(name) + 1);
		xc_digest_add(&digest, text, text != NULL ? len : 0);
		xc_digest_add(&digest, "", 1);
	}
	return xc_digest_end(&digest, key_r);
}

bool
xc_version_row_ok(struct json_object *json)
{
	const char *name = xc_json_string(json, "name");
	const char *prefixes[XC_PREFIXES_MAX];

	return name != NULL && xc_plugin_name_ok(name) &&
	    xc_row_prefixes(json, prefixes) > 0 &&
	    xc_json_string(json, "version") != NULL &&
	    xc_json_string(json, "hash") != NULL &&
	    xc_json_string(json, "state") != NULL;
}

static bool
is_core(struct json_object *json)
{
	bool core = false;

	return xc_json_bool(json, "core", &core) && core;
}

static enum xc_err
fill_row(struct xc_version *version, struct json_object *json,
    enum xc_serving state, const char *reason)
{
	struct xc_loaded *row = &version->row;

	version->name = strdup(xc_json_string(json, "name"));
	version->version = strdup(xc_json_string(json, "version"));
	version->hash = strdup(xc_json_string(json, "hash"));
	version->reason = strdup(reason != NULL ? reason : "");
	if (xc_version_take_prefixes(version, json) != XC_OK)
		return XC_ERR_NOMEM;
	version->prefix = strdup(row->n_several == 0 ? row->prefix : "");
	if (version->name == NULL || version->version == NULL ||
	    version->hash == NULL || version->prefix == NULL ||
	    version->reason == NULL ||
	    asprintf(&version->what, "%s %s", version->name,
	    version->version) == -1)
		return XC_ERR_NOMEM;
	row->core = is_core(json);
	row->name = version->name;
	row->version = version->version;
	row->hash = version->hash;
	row->reason = version->reason;
	row->state = state;
	return xc_version_key(json, version->key);
}

enum xc_err
xc_version_create(struct json_object *json, enum xc_serving state,
    const char *reason, struct xc_version **version_r,
    struct xc_errbuf *errbuf)
{
	struct xc_version *version;
	enum xc_err err;

	*version_r = NULL;
	if (!xc_version_row_ok(json))
		return xc_fail(errbuf, XC_ERR_INVALID, "a plugin without "
		    "name, version, hash, prefix or state");
	version = calloc(1, sizeof(*version));
	if (version == NULL)
		return fail_nomem(errbuf);
	version->object.copy = -1;
	err = fill_row(version, json, state, reason);
	/* Of a row whose steps cannot be read none is known. */
	if (err == XC_OK && xc_version_take_steps(version, json, NULL) ==
	    XC_ERR_NOMEM)
		err = XC_ERR_NOMEM;
	if (err != XC_OK) {
		xc_version_free(&version);
		return fail_nomem(errbuf);
	}
	*version_r = version;
	return XC_OK;
}

static enum xc_err
fill_plugin(struct xc_version *version, struct json_object *json,
    const struct xc_version_home *home, struct xc_errbuf *errbuf)
{
	struct xc_plugin *plugin = &version->plugin;
	const char *schema = xc_json_string(json, "schema");

	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = version->name;
	plugin->version = version->version;
	plugin->prefix = version->prefix;
	plugin->schema = strdup(schema != NULL ? schema : "");
	if (asprintf(&plugin->logger, "plugin.%s", version->name) == -1)
		plugin->logger = NULL;
	plugin->config = json_object_get(xc_json_member(json, "config"));
	plugin->host = home->host;
	version->home = home;
	if (plugin->schema == NULL || plugin->logger == NULL)
		return fail_nomem(errbuf);
	return xc_version_take_terms(version, json, errbuf);
}

static enum xc_err
find_handler(const struct xc_version *version, const char *name,
    xc_handler **handler_r, struct xc_errbuf *errbuf)
{
	*handler_r = xc_object_handler(&version->object, name);
	if (*handler_r == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "operation \"%s\" has "
		    "no handler; add it to XC_OPERATIONS", name);
	return XC_OK;
}

static enum xc_err
find_handlers(struct xc_version *version, struct xc_errbuf *errbuf)
{
	size_t n = xc_routes_count(version->routes);
	enum xc_err err = XC_OK;

	version->handlers = calloc(n + 1, sizeof(*version->handlers));
	if (version->handlers == NULL)
		return fail_nomem(errbuf);
	for (size_t i = 0; err == XC_OK && i < n; i++)
		err = find_handler(version,
		    xc_routes_operation(version->routes, i),
		    &version->handlers[i], errbuf);
	for (size_t i = 0; err == XC_OK && i < version->row.n_events; i++)
		err = find_handler(version,
		    version->events[i].operation_name,
		    &version->events[i].handler, errbuf);
	for (size_t i = 0; err == XC_OK && i < version->row.n_steps; i++)
		err = find_handler(version, version->steps[i].operation_name,
		    &version->steps[i].handler, errbuf);
	return err;
}

enum xc_err
xc_version_object_path(struct json_object *json, char *path_r, size_t size,
    struct xc_errbuf *errbuf)
{
	const char *so = xc_json_string(json, "so");
	const char *dir = xc_json_string(json, "dir");
	int n;

	if (so == NULL || !xc_digest_ok(xc_json_string(json, "so_hash")))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the snapshot lacks \"so\" or \"so_hash\"");
	if (so[0] == '/')
		n = snprintf(path_r, size, "%s", so);
	else
		n = snprintf(path_r, size, "%s/%s", dir != NULL ? dir : "",
		    so);
	return n >= 0 && (size_t)n < size ? XC_OK : xc_fail(errbuf,
	    XC_ERR_INVALID, "the path of its shared object is too long");
}

static enum xc_err
open_object(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	char path[4096];
	enum xc_err err = xc_version_object_path(json, path, sizeof(path),
	    errbuf);

	if (err != XC_OK)
		return err;
	return xc_object_open(path, xc_json_string(json, "so_hash"),
	    &version->object, errbuf);
}

/* Runs what the plugin wants run before it serves. */
static enum xc_err
start(struct xc_version *version, struct xc_errbuf *errbuf)
{
	const struct xc_plugin_object *table = version->object.table;
	enum xc_err err = XC_OK;

	if (table->start != NULL)
		err = table->start(&version->plugin);
	if (err != XC_OK)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "its start() returned \"%s\"", xc_strerror(err));
	version->row.state = XC_SERVING;
	if (table->warm != NULL)
		err = table->warm(&version->plugin);
	if (err != XC_OK)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "its warm() returned \"%s\"", xc_strerror(err));
	return XC_OK;
}

static enum xc_err
load_here(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct xc_traces before = { 0 };
	enum xc_err err;

	xc_traces_take(&before);
	err = open_object(version, json, errbuf);
	if (err == XC_OK)
		err = find_handlers(version, errbuf);
	if (err == XC_OK)
		err = start(version, errbuf);
	xc_traces_take(&version->own);
	xc_traces_subtract(&version->own, &before);
	xc_traces_free(&before);
	if (err == XC_OK)
		version->row.handlers = version->handlers;
	return err;
}

static enum xc_err
read_assets(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	const char *dir = xc_json_string(json, "dir");
	enum xc_err err = XC_OK;

	if (dir != NULL)
		err = xc_assets_read(dir, version->hash, &version->assets,
		    errbuf);
	version->row.assets = version->assets;
	return err;
}

enum xc_err
xc_version_load(struct xc_version *version, struct json_object *json,
    const struct xc_version_home *home, struct xc_errbuf *errbuf)
{
	enum xc_err err = fill_plugin(version, json, home, errbuf);

	if (err == XC_OK)
		err = xc_version_take_contract(version, json, errbuf);
	if (err == XC_OK)
		err = read_assets(version, json, errbuf);
	if (err != XC_OK)
		return err;
	version->row.plugin = &version->plugin;
	version->row.routes = version->routes;
	version->row.contract = version->contract;
	if (version->plugin.isolation == XC_ISOLATION_INPROCESS)
		err = load_here(version, json, errbuf);
	else
		err = xc_version_open_runner(version, json, errbuf);
	return err;
}

static void
wait_ms(long ms)
{
	struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

/* Threads that nobody else has; *left_r is the caller's to free. */
static void
take_leftover(const struct xc_version *version,
    const struct xc_traces *others, struct xc_traces *left_r)
{
	struct xc_traces keys = { 0 };

	xc_traces_take(left_r);
	memcpy(keys.keys, left_r->keys, sizeof(keys.keys));
	xc_traces_subtract(left_r, others);
	/* Of keys only those that it began with: others may be made by the
	 * host at any time, and are never unmade. */
	memcpy(left_r->keys, version->own.keys, sizeof(keys.keys));
	for (size_t i = 0; i < sizeof(keys.keys); i++)
		left_r->keys[i] &= keys.keys[i];
}

static bool
nothing_left(const struct xc_version *version,
    const struct xc_traces *others, struct xc_errbuf *why)
{
	struct xc_traces left = { 0 };
	size_t threads, keys;
	bool unknown;

	take_leftover(version, others, &left);
	for (int ms = 0; left.n_threads > 0 && ms < DYING_MS; ms++) {
		wait_ms(1);
		take_leftover(version, others, &left);
	}
	threads = left.n_threads;
	keys = xc_traces_keys(&left);
	unknown = left.unknown || others->unknown;
	xc_traces_free(&left);
	if (threads == 0 && keys == 0 && !unknown)
		return true;
	if (unknown)
		xc_fail(why, XC_ERR_STATE, "%s: /proc/self/task cannot be "
		    "read, so its threads are not known", version->what);
	else
		xc_fail(why, XC_ERR_STATE, "%s left %zu thread%s and %zu "
		    "pthread key%s behind after stop()", version->what,
		    threads, threads == 1 ? "" : "s", keys,
		    keys == 1 ? "" : "s");
	return false;
}

bool
xc_version_stop(struct xc_version *version, const struct xc_traces *others,
    struct xc_errbuf *why)
{
	if (version->row.runner != NULL)
		version->home->runner->close(version->home->runner_ctx,
		    &version->row.runner);
	if (version->object.handle == NULL)
		return true;
	if (version->row.state == XC_SERVING &&
	    version->object.table->stop != NULL)
		version->object.table->stop(&version->plugin);
	version->row.state = XC_SERVING_DISABLED;
	if (!nothing_left(version, others, why))
		return false;
	if (xc_object_close(&version->object))
		return true;
	xc_fail(why, XC_ERR_STATE, "%s stays mapped after dlclose() (linked "
	    "with -z nodelete, or C++ with unique symbols)", version->what);
	return false;
}

void
xc_version_free(struct xc_version **version)
{
	struct xc_version *old = *version;

	*version = NULL;
	if (old == NULL)
		return;
	xc_version_free_terms(old);
	xc_version_free_steps(old);
	xc_version_free_contract(old);
	xc_assets_free(&old->assets);
	xc_traces_free(&old->own);
	json_object_put(old->plugin.config);
	/* A copy's descriptor stays open with the mapping, see copy_to_memory()
	 * in loader-object.c. */
	free(old->object.path);
	free(old->plugin.schema);
	free(old->plugin.logger);
	free(old->handlers);
	xc_version_free_prefixes(old);
	free(old->what);
	free(old->reason);
	free(old->prefix);
	free(old->hash);
	free(old->version);
	free(old->name);
	free(old);
}

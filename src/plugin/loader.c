/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/host.h"
#include "loader-private.h"
#include "snapshot.h"

/* A worker whose pthread keys are nearly used up is replaced in time. */
#define KEYS_MANY 768

void
xc_loader_log(const struct xc_loader *loader, enum xc_log_level level,
    const char *format, ...)
{
	const struct xc_host *host = loader->home.host;
	char text[1400];
	va_list ap;

	if (host == NULL || host->log == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	host->log->write(host->log_ctx, "xcore.loader", level, NULL, text);
}

static struct xc_table *
empty_table(size_t room)
{
	struct xc_table *table = calloc(1, sizeof(*table));
	struct xc_loaded **rows = calloc(room + 1, sizeof(*rows));

	if (table == NULL || rows == NULL) {
		free(table);
		free(rows);
		return NULL;
	}
	table->rows = rows;
	return table;
}

static void
free_table(struct xc_table *table)
{
	if (table == NULL)
		return;
	/* Made as arrays that can be written. */
	free((void *)(uintptr_t)table->rows);
	free((void *)(uintptr_t)table->steps);
	free(table);
}

enum xc_err
xc_loader_create(const struct xc_host *host, struct xc_loader **loader_r)
{
	struct xc_loader *loader = calloc(1, sizeof(*loader));

	*loader_r = NULL;
	if (loader == NULL)
		return XC_ERR_NOMEM;
	loader->home.host = host;
	loader->table = empty_table(0);
	if (loader->table == NULL) {
		free(loader);
		return XC_ERR_NOMEM;
	}
	xc_traces_take(&loader->own);
	*loader_r = loader;
	return XC_OK;
}

void
xc_loader_set_runner(struct xc_loader *loader,
    const struct xc_runner_ops *ops, void *ctx)
{
	loader->home.runner = ops;
	loader->home.runner_ctx = ctx;
}

const struct xc_table *
xc_loader_table(const struct xc_loader *loader)
{
	return loader->table;
}

bool
xc_loader_wants_recycle(const struct xc_loader *loader,
    const char **reason_r)
{
	*reason_r = loader->recycle;
	return loader->recycle[0] != '\0';
}

static void
want_recycle(struct xc_loader *loader, const char *reason)
{
	xc_loader_log(loader, XC_LOG_WARNING, "%s; this process is to be replaced",
	    reason);
	if (loader->recycle[0] == '\0')
		snprintf(loader->recycle, sizeof(loader->recycle), "%s",
		    reason);
}

static void
link_mapped(struct xc_loader *loader, struct xc_version *version)
{
	version->next = loader->mapped;
	version->link = &loader->mapped;
	if (loader->mapped != NULL)
		loader->mapped->link = &version->next;
	loader->mapped = version;
}

static void
unlink_mapped(struct xc_version *version)
{
	if (version->link == NULL)
		return;
	*version->link = version->next;
	if (version->next != NULL)
		version->next->link = version->link;
	version->link = NULL;
}

/* The threads of the process and of all plugins but one. */
static void
take_others(const struct xc_loader *loader, const struct xc_version *but,
    struct xc_traces *others_r)
{
	memset(others_r, 0, sizeof(*others_r));
	xc_traces_add_threads(others_r, &loader->own);
	for (const struct xc_version *version = loader->mapped;
	    version != NULL; version = version->next) {
		if (version != but)
			xc_traces_add_threads(others_r, &version->own);
	}
}

/*
 * Stops and unmaps a version.  One whose code cannot go is kept with all
 * that it may look at; its threads of now count as its own, so that nobody
 * else is blamed for them.
 */
void
xc_loader_discard(struct xc_loader *loader, struct xc_version *version)
{
	struct xc_errbuf why = { "" };
	struct xc_traces others;
	bool gone;

	take_others(loader, version, &others);
	gone = xc_version_stop(version, &others, &why);
	if (!gone) {
		xc_traces_take(&version->own);
		xc_traces_subtract(&version->own, &others);
		want_recycle(loader, why.text);
	}
	xc_traces_free(&others);
	if (!gone)
		return;
	unlink_mapped(version);
	xc_version_free(&version);
}

/* Frees a version that was stopped and not unmapped, at the very end. */
static void
free_stuck(struct xc_version *version)
{
	unlink_mapped(version);
	/* One that still runs may look at its row: it stays. */
	if (version->own.n_threads == 0)
		xc_version_free(&version);
}

void
xc_loader_free(struct xc_loader **loader)
{
	struct xc_loader *old = *loader;

	*loader = NULL;
	if (old == NULL)
		return;
	while (old->table->n > 0)
		xc_loader_discard(old, xc_version_of(old->table->rows[--old->table->n]));
	free_table(old->table);
	while (old->mapped != NULL)
		free_stuck(old->mapped);
	xc_traces_free(&old->own);
	free(old);
}

struct xc_version *
xc_loader_serving(const struct xc_loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->table->n; i++) {
		struct xc_loaded *row = loader->table->rows[i];

		if (row->state == XC_SERVING && strcmp(row->name, name) == 0)
			return xc_version_of(row);
	}
	return NULL;
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* Says what became of a row of the snapshot.  serves: what serves under its
 * name, in the place of one that failed too; NULL if nothing does. */
static void
report_row(struct xc_change *change, struct json_object *json,
    const char *state, const char *reason, const struct xc_version *serves)
{
	struct json_object *row = json_object_new_object();
	bool failed = strcmp(state, "failed") == 0;

	if (row == NULL)
		return;
	add_text(row, "name", xc_json_string(json, "name"));
	add_text(row, "version", xc_json_string(json, "version"));
	add_text(row, "state", state);
	add_text(row, "reason", reason);
	if (serves != NULL)
		add_text(row, "isolation",
		    xc_isolation_name(serves->plugin.isolation));
	if (serves != NULL && failed)
		add_text(row, "serving", serves->version);
	json_object_array_add(change->report, row);
}

static void
put_row(struct xc_change *change, struct xc_version *version)
{
	version->mark = change->loader->mark;
	change->rows[change->n++] = &version->row;
}

static enum xc_err
load_new(struct xc_change *change, struct json_object *json,
    struct xc_version **version_r, struct xc_errbuf *why)
{
	struct xc_version *version;
	enum xc_err err = xc_version_create(json, XC_SERVING_FAILED, "",
	    &version, why);

	*version_r = NULL;
	if (err != XC_OK)
		return err;
	if (change->before != NULL)
		change->before(change->ctx, version->what);
	link_mapped(change->loader, version);
	err = xc_version_load(version, json, &change->loader->home, why);
	if (err != XC_OK) {
		xc_loader_discard(change->loader, version);
		return err;
	}
	*version_r = version;
	return XC_OK;
}

/* The new version does not serve: the one before goes on, or nothing does. */
enum xc_err
xc_change_fall_back(struct xc_change *change, struct json_object *json,
    struct xc_version *old, const char *reason)
{
	struct xc_version *version = old;
	enum xc_err err;

	change->failed = true;
	if (old == NULL) {
		err = xc_version_create(json, XC_SERVING_FAILED, reason,
		    &version, NULL);
		if (err != XC_OK)
			return err;
	}
	put_row(change, version);
	report_row(change, json, "failed", reason, old);
	xc_loader_log(change->loader, XC_LOG_ERROR, "%s %s is not served: %s%s%s%s",
	    xc_json_string(json, "name"), xc_json_string(json, "version"),
	    reason, old != NULL ? "; " : "", old != NULL ? old->version : "",
	    old != NULL ? " goes on serving" : "");
	return XC_OK;
}

static enum xc_err
take_enabled(struct xc_change *change, struct json_object *json)
{
	struct xc_version *old = xc_loader_serving(change->loader,
	    xc_json_string(json, "name"));
	struct xc_version *version;
	struct xc_errbuf why = { "" };
	char key[XC_DIGEST_SIZE];
	enum xc_err err = xc_version_key(json, key);

	if (err != XC_OK)
		return err;
	if (old != NULL && strcmp(old->key, key) == 0) {
		put_row(change, old);
		report_row(change, json, "serving", "", old);
		return XC_OK;
	}
	err = load_new(change, json, &version, &why);
	if (err != XC_OK)
		return xc_change_fall_back(change, json, old, why.text);
	put_row(change, version);
	report_row(change, json, "serving", "", version);
	xc_loader_log(change->loader, XC_LOG_INFO, "%s is loaded", version->what);
	return XC_OK;
}

/* A plugin that the snapshot itself says not to serve. */
static enum xc_err
take_silent(struct xc_change *change, struct json_object *json, bool disabled)
{
	const char *reason = xc_json_string(json, "reason");
	struct xc_version *version;
	enum xc_err err;

	err = xc_version_create(json,
	    disabled ? XC_SERVING_DISABLED : XC_SERVING_FAILED,
	    reason != NULL ? reason : "", &version, NULL);
	if (err != XC_OK)
		return err;
	put_row(change, version);
	report_row(change, json, disabled ? "disabled" : "failed",
	    version->reason, NULL);
	return XC_OK;
}

static enum xc_err
take_row(struct xc_change *change, struct json_object *json)
{
	const char *state = xc_json_string(json, "state");

	if (strcmp(state, "enabled") == 0)
		return take_enabled(change, json);
	return take_silent(change, json, strcmp(state, "disabled") == 0);
}

/* Discards what the old table has and the new one has not. */
static void
discard_old(struct xc_change *change, struct xc_table *old)
{
	struct xc_loader *loader = change->loader;

	for (size_t i = 0; i < old->n; i++) {
		struct xc_version *version = xc_version_of(old->rows[i]);

		if (version->mark == loader->mark)
			continue;
		if (change->before != NULL && version->object.handle != NULL)
			change->before(change->ctx, version->what);
		xc_loader_discard(loader, version);
	}
	free_table(old);
}

/* Memory ran out on the way: what is new goes, what was goes on. */
static void
undo(struct xc_change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		struct xc_version *version = xc_version_of(change->rows[i]);

		if (!version->in_table)
			xc_loader_discard(change->loader, version);
	}
}

static void
switch_over(struct xc_change *change, struct xc_table *table,
    struct json_object *snapshot)
{
	struct xc_table *old = change->loader->table;
	struct xc_traces now = { 0 };
	int64_t number = 0;

	if (xc_json_int(snapshot, "generation", &number))
		table->generation = (uint64_t)number;
	if (xc_json_int(snapshot, "sequence", &number))
		table->sequence = (uint64_t)number;
	table->n = change->n;
	for (size_t i = 0; i < table->n; i++)
		xc_version_of(table->rows[i])->in_table = true;
	change->loader->table = table;
	discard_old(change, old);

	xc_traces_take(&now);
	if (xc_traces_keys(&now) > KEYS_MANY)
		want_recycle(change->loader,
		    "pthread keys are nearly used up");
	xc_traces_free(&now);
}

static enum xc_err
take_rows(struct xc_change *change)
{
	size_t n = json_object_array_length(change->plugins);
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < n; i++)
		err = take_row(change,
		    json_object_array_get_idx(change->plugins, i));
	return err;
}

/* All that the snapshot has, as far as it can be served at one time. */
static enum xc_err
make_table(struct xc_change *change, struct xc_table *table)
{
	const struct xc_loaded *closer;
	struct xc_table_step *steps = NULL;
	enum xc_err err = take_rows(change);

	if (err == XC_OK)
		err = xc_change_settle(change);
	if (err != XC_OK)
		return err;
	err = xc_loaded_arrange(change->rows, change->n, &steps,
	    &table->n_steps, &closer, NULL);
	table->steps = steps;
	return err;
}

/* The report's frame; the rows are added as they come. */
static struct json_object *
new_report(struct xc_change *change, struct json_object *snapshot)
{
	struct json_object *report = json_object_new_object();
	int64_t number = 0;

	change->report = json_object_new_array();
	if (report == NULL || change->report == NULL) {
		json_object_put(report);
		json_object_put(change->report);
		return NULL;
	}
	xc_json_int(snapshot, "generation", &number);
	json_object_object_add(report, "generation",
	    json_object_new_int64(number));
	number = 0;
	xc_json_int(snapshot, "sequence", &number);
	json_object_object_add(report, "sequence",
	    json_object_new_int64(number));
	json_object_object_add(report, "plugins", change->report);
	return report;
}

static enum xc_err
apply(struct xc_change *change, struct json_object *snapshot,
    struct json_object **report_r, struct xc_errbuf *errbuf)
{
	size_t n = json_object_array_length(change->plugins);
	struct xc_table *table = empty_table(n);

	*report_r = table != NULL ? new_report(change, snapshot) : NULL;
	if (*report_r == NULL) {
		free_table(table);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	change->loader->mark++;
	change->rows = (struct xc_loaded **)(uintptr_t)table->rows;
	if (make_table(change, table) != XC_OK) {
		undo(change);
		free_table(table);
		json_object_put(*report_r);
		*report_r = NULL;
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	switch_over(change, table, snapshot);
	return change->failed ? xc_fail(errbuf, XC_ERR_FAILED,
	    "some plugins are not served as the snapshot says") : XC_OK;
}

enum xc_err
xc_loader_apply(struct xc_loader *loader, const char *snapshot,
    xc_before *before, void *ctx, struct json_object **report_r,
    struct xc_errbuf *errbuf)
{
	struct xc_change change = { .loader = loader, .before = before,
		.ctx = ctx };
	struct json_object *json;
	enum xc_err err;

	*report_r = NULL;
	err = xc_snapshot_read(snapshot, &json, errbuf);
	if (err != XC_OK)
		return err;
	change.plugins = xc_json_member(json, "plugins");
	if (!json_object_is_type(change.plugins, json_type_array))
		err = xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: has no array \"plugins\"", snapshot);
	else
		err = xc_version_check_rows(change.plugins, errbuf);
	if (err == XC_OK)
		err = apply(&change, json, report_r, errbuf);
	json_object_put(json);
	return err;
}

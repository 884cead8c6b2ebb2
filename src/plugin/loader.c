/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/host.h"
#include "loader-version.h"
#include "snapshot.h"

/* A worker whose pthread keys are nearly used up is replaced in time. */
#define KEYS_MANY 768

struct xc_loader {
	struct xc_version_home home;
	struct xc_table *table;
	struct xc_traces own;		/* threads of the process itself */
	struct xc_version *mapped;	/* all whose code is mapped */
	uint64_t mark;
	char recycle[256];		/* why the process should go; "" */
};

/* A change over to a snapshot. */
struct change {
	struct xc_loader *loader;
	struct json_object *plugins;	/* the snapshot's rows */
	struct json_object *report;	/* rows of what became of them */
	struct xc_loaded **rows;	/* of the table to be */
	size_t n;
	bool failed;			/* some are not as the snapshot says */
	xc_before *before;
	void *ctx;
};

static void log_line(const struct xc_loader *loader, enum xc_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
log_line(const struct xc_loader *loader, enum xc_log_level level,
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

/* The first member of a version is its row. */
static struct xc_version *
version_of(struct xc_loaded *row)
{
	return (struct xc_version *)(void *)row;
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
	/* Made by empty_table() as an array that can be written. */
	free((void *)(uintptr_t)table->rows);
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
	log_line(loader, XC_LOG_WARNING, "%s; this process is to be replaced",
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
static void
discard(struct xc_loader *loader, struct xc_version *version)
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
		discard(old, version_of(old->table->rows[--old->table->n]));
	free_table(old->table);
	while (old->mapped != NULL)
		free_stuck(old->mapped);
	xc_traces_free(&old->own);
	free(old);
}

/* What serves under that name now; NULL if nothing does. */
static struct xc_version *
serving(const struct xc_loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->table->n; i++) {
		struct xc_loaded *row = loader->table->rows[i];

		if (row->state == XC_SERVING && strcmp(row->name, name) == 0)
			return version_of(row);
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
report_row(struct change *change, struct json_object *json,
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
put_row(struct change *change, struct xc_version *version)
{
	version->mark = change->loader->mark;
	change->rows[change->n++] = &version->row;
}

static enum xc_err
load_new(struct change *change, struct json_object *json,
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
		discard(change->loader, version);
		return err;
	}
	*version_r = version;
	return XC_OK;
}

/* The new version does not serve: the one before goes on, or nothing does. */
static enum xc_err
fall_back(struct change *change, struct json_object *json,
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
	log_line(change->loader, XC_LOG_ERROR, "%s %s is not served: %s%s%s%s",
	    xc_json_string(json, "name"), xc_json_string(json, "version"),
	    reason, old != NULL ? "; " : "", old != NULL ? old->version : "",
	    old != NULL ? " goes on serving" : "");
	return XC_OK;
}

static enum xc_err
take_enabled(struct change *change, struct json_object *json)
{
	struct xc_version *old = serving(change->loader,
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
		return fall_back(change, json, old, why.text);
	put_row(change, version);
	report_row(change, json, "serving", "", version);
	log_line(change->loader, XC_LOG_INFO, "%s is loaded", version->what);
	return XC_OK;
}

/* A plugin that the snapshot itself says not to serve. */
static enum xc_err
take_silent(struct change *change, struct json_object *json, bool disabled)
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
take_row(struct change *change, struct json_object *json)
{
	const char *state = xc_json_string(json, "state");

	if (strcmp(state, "enabled") == 0)
		return take_enabled(change, json);
	return take_silent(change, json, strcmp(state, "disabled") == 0);
}

/* Of two with one prefix the serving one comes first, and of two that serve
 * that which did before. */
static int
compare_rank(struct xc_loaded *a, struct xc_loaded *b)
{
	int order = (int)a->state - (int)b->state;

	if (order == 0)
		order = (int)version_of(b)->in_table -
		    (int)version_of(a)->in_table;
	return order != 0 ? order : strcmp(a->name, b->name);
}

static int
compare_prefix(const void *left, const void *right)
{
	struct xc_loaded *const *a = left, *const *b = right;
	int order = strcmp((*a)->prefix, (*b)->prefix);

	return order != 0 ? order : compare_rank(*a, *b);
}

/* Takes back a row: a version of the old table is discarded with that. */
static void
drop(struct change *change, struct xc_version *version)
{
	if (version->in_table)
		version->mark = change->loader->mark - 1;
	else
		discard(change->loader, version);
}

/* What was reported of a version that is dropped does not hold any more. */
static void
report_dropped(struct change *change, const char *name, const char *reason)
{
	for (size_t i = 0; i < json_object_array_length(change->report); i++) {
		struct json_object *row = json_object_array_get_idx(
		    change->report, i);

		if (strcmp(xc_json_string(row, "name"), name) != 0)
			continue;
		add_text(row, "state", "failed");
		add_text(row, "reason", reason);
		json_object_object_del(row, "serving");
		json_object_object_del(row, "isolation");
	}
}

/* Two plugins have one prefix, and the other keeps it. */
static void
drop_second(struct change *change, struct xc_version *version,
    const struct xc_loaded *keeper, const char *prefix)
{
	char reason[512];

	snprintf(reason, sizeof(reason), "%s has its prefix %s",
	    keeper->name, prefix);
	log_line(change->loader, XC_LOG_ERROR, "%s is not served: %s",
	    version->what, reason);
	report_dropped(change, version->name, reason);
	change->failed = true;
	drop(change, version);
}

static void
drop_row(struct change *change, const struct xc_loaded *row,
    const struct xc_loaded *keeper, const char *prefix)
{
	size_t at = 0;

	while (change->rows[at] != row)
		at++;
	drop_second(change, version_of(change->rows[at]), keeper, prefix);
	change->n--;
	memmove(&change->rows[at], &change->rows[at + 1],
	    (change->n - at) * sizeof(*change->rows));
}

/* One with several prefixes need not stand beside those that share one.
 * True: a row was dropped, and there may be more. */
static bool
settle_several(struct change *change, struct xc_loaded *row)
{
	for (size_t i = 0; row->n_several > 0 && i < change->n; i++) {
		struct xc_loaded *other = change->rows[i];
		const char *prefix = other == row ? NULL :
		    xc_loaded_shares(row, other);

		if (prefix == NULL)
			continue;
		if (compare_rank(row, other) < 0)
			drop_row(change, other, row, prefix);
		else
			drop_row(change, row, other, prefix);
		return true;
	}
	return false;
}

static void
settle_neighbours(struct change *change)
{
	size_t kept = 0;

	for (size_t i = 0; i < change->n; i++) {
		struct xc_loaded *row = change->rows[i];

		if (kept > 0 && strcmp(change->rows[kept - 1]->prefix,
		    row->prefix) == 0) {
			drop_second(change, version_of(row),
			    change->rows[kept - 1], row->prefix);
			continue;
		}
		change->rows[kept++] = row;
	}
	change->n = kept;
}

/*
 * Sorts by prefix.  Two with the same can be there only if an older version
 * goes on under a prefix that another plugin has now: the first one, that
 * which serves, keeps it.
 */
static void
sort_rows(struct change *change)
{
	if (change->n > 1)
		qsort(change->rows, change->n, sizeof(*change->rows),
		    compare_prefix);
	settle_neighbours(change);
	for (size_t i = 0; i < change->n;)
		i = settle_several(change, change->rows[i]) ? 0 : i + 1;
}

/* Discards what the old table has and the new one has not. */
static void
discard_old(struct change *change, struct xc_table *old)
{
	struct xc_loader *loader = change->loader;

	for (size_t i = 0; i < old->n; i++) {
		struct xc_version *version = version_of(old->rows[i]);

		if (version->mark == loader->mark)
			continue;
		if (change->before != NULL && version->object.handle != NULL)
			change->before(change->ctx, version->what);
		discard(loader, version);
	}
	free_table(old);
}

/* Memory ran out on the way: what is new goes, what was goes on. */
static void
undo(struct change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		struct xc_version *version = version_of(change->rows[i]);

		if (!version->in_table)
			discard(change->loader, version);
	}
}

static void
switch_over(struct change *change, struct xc_table *table,
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
		version_of(table->rows[i])->in_table = true;
	change->loader->table = table;
	discard_old(change, old);

	xc_traces_take(&now);
	if (xc_traces_keys(&now) > KEYS_MANY)
		want_recycle(change->loader,
		    "pthread keys are nearly used up");
	xc_traces_free(&now);
}

static enum xc_err
take_rows(struct change *change)
{
	size_t n = json_object_array_length(change->plugins);
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < n; i++)
		err = take_row(change,
		    json_object_array_get_idx(change->plugins, i));
	return err;
}

/* The report's frame; the rows are added as they come. */
static struct json_object *
new_report(struct change *change, struct json_object *snapshot)
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
apply(struct change *change, struct json_object *snapshot,
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
	if (take_rows(change) != XC_OK) {
		undo(change);
		free_table(table);
		json_object_put(*report_r);
		*report_r = NULL;
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	sort_rows(change);
	switch_over(change, table, snapshot);
	return change->failed ? xc_fail(errbuf, XC_ERR_FAILED,
	    "some plugins are not served as the snapshot says") : XC_OK;
}

enum xc_err
xc_loader_apply(struct xc_loader *loader, const char *snapshot,
    xc_before *before, void *ctx, struct json_object **report_r,
    struct xc_errbuf *errbuf)
{
	struct change change = { .loader = loader, .before = before,
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

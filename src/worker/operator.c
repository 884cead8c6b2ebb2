/* SPDX-License-Identifier: MIT */
/*
 * The operations "plugin.*".  What is installed is read in the registry; what
 * is done with it, the manager does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "manager/control.h"
#include "services/admin/audit.h"
#include "worker/desk.h"

#define READ "admin:plugin:read"
#define WRITE "admin:plugin:write"
#define STATUS_MS 2000
#define ACT_MS 75000		/* the manager ends it before */
#define PER_PAGE 20
#define PER_PAGE_MAX 100
#define PAGE_MAX 1000000
#define Q_MAX 100
#define NAME_LEN_MAX 32

/* ---- help ---------------------------------------------------------------- */

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static const char *
text_of(const struct json_object *object, const char *key)
{
	const char *text = xc_json_string(object, key);

	return text != NULL ? text : "";
}

struct json_object *
xc_staff_ask_manager(const struct xc_staff *staff,
    struct json_object *request, int timeout_ms, int *code_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *answer = NULL, *data = NULL;
	int64_t code = 0;
	bool ok = false;
	enum xc_err err;

	*code_r = 0;
	err = xc_control_call(staff->settings->server.control, request,
	    timeout_ms, &answer, errbuf);
	json_object_put(request);
	if (err != XC_OK)
		return NULL;
	(void)xc_json_bool(answer, "ok", &ok);
	if (ok) {
		data = json_object_get(xc_json_member(answer, "data"));
		if (data == NULL)
			data = json_object_new_object();
	} else {
		(void)xc_json_int(answer, "code", &code);
		(void)xc_fail(errbuf, XC_ERR_FAILED, "%s",
		    text_of(answer, "error"));
		*code_r = code > 0 ? (int)code : 1;
	}
	json_object_put(answer);
	return data;
}

enum xc_err
xc_staff_plugin(struct json_object *args, const char **name_r,
    struct xc_refusal *refusal_r)
{
	const char *name = xc_json_string(args, "name");

	*name_r = name;
	if (name != NULL && *name >= 'a' && *name <= 'z' &&
	    strlen(name) <= NAME_LEN_MAX && strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name))
		return XC_OK;
	return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404, "not_installed",
	    "There is no such plugin.");
}

static enum xc_err
read_rows(struct xc_staff *staff, const char *sql,
    const struct xc_value *args, size_t n_args, struct json_object **rows_r)
{
	*rows_r = NULL;
	if (staff->store == NULL)
		return XC_ERR_UNAVAILABLE;
	return xc_store_rows(staff->store, rows_r, sql, args, n_args);
}

/* ---- one plugin as it is shown ------------------------------------------- */

#define COLUMNS								\
	"SELECT p.name, p.state, p.isolation, p.changed_by,"		\
	" DATE_FORMAT(p.changed_at, '%Y-%m-%dT%H:%i:%s.000Z')"		\
	" AS changed_at, p.limits, p.accepted_permissions, k.version,"	\
	" k.manifest, k.quarantine_reason, q.version AS"		\
	" previous_version FROM xc_plugin p"				\
	" LEFT JOIN xc_package k ON k.id = p.package_id"		\
	" LEFT JOIN xc_package q ON q.id = p.previous_package_id"

/* A member of the manifest, a new reference, or else. */
static struct json_object *
member_or(const struct json_object *manifest, const char *key,
    struct json_object *otherwise)
{
	struct json_object *value = xc_json_member(manifest, key);

	if (value == NULL)
		return otherwise;
	json_object_put(otherwise);
	return json_object_get(value);
}

static struct json_object *
prefixes_of(const struct json_object *manifest, const char *name)
{
	struct json_object *value = xc_json_member(manifest, "prefix");
	struct json_object *list;
	char made[64];

	if (json_object_is_type(value, json_type_array))
		return json_object_get(value);
	list = json_object_new_array();
	snprintf(made, sizeof(made), "/app/%.32s", name);
	json_object_array_add(list, value != NULL ? json_object_get(value) :
	    json_object_new_string(made));
	return list;
}

/* What the workers of this host make of it; NULL. */
static struct json_object *
served(const struct json_object *status, const char *name)
{
	struct json_object *list = xc_json_member(status, "plugins"), *row;
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		if (strcmp(text_of(row, "name"), name) == 0)
			return row;
	}
	return NULL;
}

static const char *
reason_of(const struct json_object *row, const struct json_object *here)
{
	const char *reason = text_of(here, "reason");

	return reason[0] != '\0' ? reason : text_of(row, "quarantine_reason");
}

static struct json_object *
item_of(const struct json_object *row, const struct json_object *manifest,
    const struct json_object *status)
{
	const char *name = text_of(row, "name");
	const struct json_object *here = served(status, name);
	struct json_object *item = json_object_new_object();
	const char *serving = strcmp(text_of(here, "state"), "serving") == 0 ?
	    text_of(here, "version") : text_of(here, "serving");

	add_text(item, "name", name);
	add_text(item, "version", text_of(row, "version"));
	add_text(item, "description", text_of(manifest, "description"));
	json_object_object_add(item, "core", member_or(manifest, "core",
	    json_object_new_boolean(false)));
	add_text(item, "state", text_of(row, "state"));
	add_text(item, "isolation", text_of(here, "isolation")[0] != '\0' ?
	    text_of(here, "isolation") : text_of(row, "isolation"));
	json_object_object_add(item, "prefixes", prefixes_of(manifest, name));
	add_text(item, "changed_at", text_of(row, "changed_at"));
	add_text(item, "changed_by", text_of(row, "changed_by"));
	add_text(item, "serving", serving);
	add_text(item, "reason", reason_of(row, here));
	return item;
}

static struct json_object *
parse(const char *text)
{
	struct json_object *value = NULL;

	(void)xc_json_parse(text, strlen(text), &value, NULL, 0);
	return value;
}

/* What the manager cannot say is left out. */
static struct json_object *
status_of(const struct xc_staff *staff)
{
	struct json_object *request = json_object_new_object();
	struct xc_errbuf errbuf;
	int code;

	add_text(request, "command", "status");
	return xc_staff_ask_manager(staff, request, STATUS_MS, &code,
	    &errbuf);
}

/* ---- plugin.list ---------------------------------------------------------- */

static const char *const sorts[] = { "name", "version", "state",
	"changed_at" };

struct query {
	int64_t page;
	int64_t per_page;
	const char *q;
	const char *sort;	/* one of sorts */
	bool down;
};

static enum xc_err
take_number(struct json_object *args, const char *key, int64_t max,
    int64_t *value_r, struct xc_refusal *refusal_r)
{
	char pointer[16];

	if (xc_json_member(args, key) == NULL)
		return XC_OK;
	if (xc_json_int(args, key, value_r) && *value_r >= 1 &&
	    *value_r <= max)
		return XC_OK;
	snprintf(pointer, sizeof(pointer), "/%s", key);
	return xc_refuse_at(refusal_r, pointer, "range",
	    "must be a number from 1 to %lld", (long long)max);
}

static enum xc_err
take_query(struct json_object *args, struct query *query,
    struct xc_refusal *refusal_r)
{
	const char *sort = text_of(args, "sort");
	enum xc_err err;

	*query = (struct query){ .page = 1, .per_page = PER_PAGE,
		.q = text_of(args, "q"), .down = *sort == '-' };
	err = take_number(args, "page", PAGE_MAX, &query->page, refusal_r);
	if (err == XC_OK)
		err = take_number(args, "per_page", PER_PAGE_MAX,
		    &query->per_page, refusal_r);
	if (err != XC_OK)
		return err;
	if (strlen(query->q) > Q_MAX)
		return xc_refuse_at(refusal_r, "/q", "maxLength",
		    "must have at most %d characters", Q_MAX);
	sort += query->down;
	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		if (*sort == '\0' || strcmp(sorts[i], sort) == 0) {
			query->sort = sorts[i];
			return XC_OK;
		}
	return xc_refuse_at(refusal_r, "/sort", "enum", "must be name, "
	    "version, state or changed_at, with \"-\" before it to begin "
	    "with the last");
}

static bool
is_found(const struct json_object *item, const char *q)
{
	return *q == '\0' || strcasestr(text_of(item, "name"), q) != NULL ||
	    strcasestr(text_of(item, "description"), q) != NULL;
}

/* Those that are asked for, all of them. */
static struct json_object *
find_items(struct json_object *rows, const struct json_object *status,
    const struct query *query)
{
	struct json_object *items = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *manifest = parse(text_of(row,
		    "manifest"));
		struct json_object *item = item_of(row, manifest, status);

		json_object_put(manifest);
		if (is_found(item, query->q))
			json_object_array_add(items, item);
		else
			json_object_put(item);
	}
	return items;
}

/* json-c sorts without a word of ours to it. */
static const struct query *sorting;

static int
compare(const void *left, const void *right)
{
	struct json_object *const *a = left, *const *b = right;
	int order = strcmp(text_of(*a, sorting->sort),
	    text_of(*b, sorting->sort));

	if (sorting->down)
		order = -order;
	return order != 0 ? order :
	    strcmp(text_of(*a, "name"), text_of(*b, "name"));
}

static struct json_object *
page_of(struct json_object *items, const struct query *query)
{
	int64_t total = (int64_t)json_object_array_length(items);
	int64_t from = (query->page - 1) * query->per_page;
	struct json_object *page = json_object_new_array();
	struct json_object *result = json_object_new_object();
	struct json_object *numbers = json_object_new_object();

	for (int64_t i = from; i < total && i < from + query->per_page; i++)
		json_object_array_add(page, json_object_get(
		    json_object_array_get_idx(items, (size_t)i)));
	json_object_object_add(numbers, "page",
	    json_object_new_int64(query->page));
	json_object_object_add(numbers, "per_page",
	    json_object_new_int64(query->per_page));
	json_object_object_add(numbers, "total",
	    json_object_new_int64(total));
	json_object_object_add(numbers, "pages", json_object_new_int64(
	    (total + query->per_page - 1) / query->per_page));
	json_object_object_add(result, "items", page);
	json_object_object_add(result, "pagination", numbers);
	return result;
}

static enum xc_err
list(void *service, const struct xc_caller *caller, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	struct json_object *rows, *status, *items;
	struct query query;
	enum xc_err err = take_query(args, &query, refusal_r);

	(void)caller;
	if (err == XC_OK)
		err = read_rows(service, COLUMNS " ORDER BY p.name",
		    XC_NO_ARGS, &rows);
	if (err != XC_OK)
		return err;
	status = status_of(service);
	items = find_items(rows, status, &query);
	sorting = &query;
	json_object_array_sort(items, compare);
	*result_r = page_of(items, &query);
	json_object_put(items);
	json_object_put(status);
	json_object_put(rows);
	return XC_OK;
}

/* ---- plugin.info ---------------------------------------------------------- */

static enum xc_err
find_row(struct xc_staff *staff, const char *name,
    struct json_object **rows_r, struct xc_refusal *refusal_r)
{
	enum xc_err err = read_rows(staff, COLUMNS " WHERE p.name = ?",
	    XC_ARGS(xc_text(name)), rows_r);

	if (err != XC_OK || json_object_array_length(*rows_r) == 1)
		return err;
	json_object_put(*rows_r);
	*rows_r = NULL;
	return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404, "not_installed",
	    "There is no such plugin.");
}

/* JSON that lies in a column; an empty list if it is none. */
static struct json_object *
column_json(const struct json_object *row, const char *key)
{
	struct json_object *value = parse(text_of(row, key));

	return value != NULL ? value : json_object_new_array();
}

static enum xc_err
add_lists(struct xc_staff *staff, const char *name, struct json_object *item)
{
	struct json_object *versions = NULL, *history = NULL, *hosts = NULL;
	enum xc_err err;

	err = read_rows(staff, "SELECT version, DATE_FORMAT(created_at,"
	    " '%Y-%m-%dT%H:%i:%s.000Z') AS created_at, created_by"
	    " FROM xc_package WHERE name = ? ORDER BY id DESC LIMIT 20",
	    XC_ARGS(xc_text(name)), &versions);
	if (err == XC_OK)
		err = read_rows(staff, "SELECT action, version, detail,"
		    " generation, DATE_FORMAT(changed_at,"
		    " '%Y-%m-%dT%H:%i:%s.000Z') AS changed_at, changed_by"
		    " FROM xc_plugin_history WHERE name = ?"
		    " ORDER BY id DESC LIMIT 20", XC_ARGS(xc_text(name)),
		    &history);
	if (err == XC_OK)
		err = read_rows(staff, "SELECT name, desired, applied,"
		    " workers, pending, DATE_FORMAT(heartbeat,"
		    " '%Y-%m-%dT%H:%i:%s.000Z') AS heartbeat FROM xc_host"
		    " ORDER BY name LIMIT 100", XC_NO_ARGS, &hosts);
	if (err != XC_OK) {
		json_object_put(versions);
		json_object_put(history);
		return err;
	}
	json_object_object_add(item, "versions", versions);
	json_object_object_add(item, "history", history);
	json_object_object_add(item, "hosts", hosts);
	return XC_OK;
}

static enum xc_err
info(void *service, const struct xc_caller *caller, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	struct json_object *rows = NULL, *row, *manifest, *status;
	const char *name;
	enum xc_err err = xc_staff_plugin(args, &name, refusal_r);

	(void)caller;
	if (err == XC_OK)
		err = find_row(service, name, &rows, refusal_r);
	if (err != XC_OK)
		return err;
	row = json_object_array_get_idx(rows, 0);
	manifest = parse(text_of(row, "manifest"));
	status = status_of(service);
	*result_r = item_of(row, manifest, status);
	add_text(*result_r, "previous_version",
	    text_of(row, "previous_version"));
	json_object_object_add(*result_r, "permissions",
	    column_json(row, "accepted_permissions"));
	err = add_lists(service, name, *result_r);
	json_object_put(status);
	json_object_put(manifest);
	json_object_put(rows);
	return err;
}

/* ---- plugin.act ----------------------------------------------------------- */

static const char *const verbs[] = { "reload", "enable", "disable",
	"rollback" };

/* Without these nobody could enable anything again over HTTP. */
static const char *const needed[] = { "auth", "admin" };

static bool
is_among(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

struct act {
	struct xc_staff *staff;
	const struct xc_caller *caller;
	const char *name;
	const char *verb;
	struct json_object *before;
	struct json_object *after;
	char action[32];
};

static enum xc_err
write_audit(struct xc_store *store, void *ctx)
{
	const struct act *act = ctx;
	char target[64];
	const struct xc_audit_entry entry = { .action = act->action,
		.target = target, .before = act->before,
		.after = act->after };

	snprintf(target, sizeof(target), "plugin:%s", act->name);
	return xc_audit_add(store, act->staff->ring, act->caller, &entry);
}

/* Before it is done: so nothing is done that the log does not have. */
static enum xc_err
note_begin(struct act *act, const struct json_object *row)
{
	enum xc_err err;

	act->before = json_object_new_object();
	add_text(act->before, "state", text_of(row, "state"));
	add_text(act->before, "version", text_of(row, "version"));
	snprintf(act->action, sizeof(act->action), "plugin.%s", act->verb);
	err = xc_store_transaction(act->staff->store, write_audit, act);
	json_object_put(act->before);
	act->before = NULL;
	return err;
}

/* That it failed is a row of its own. */
static void
note_failure(struct act *act, const char *reason)
{
	act->after = json_object_new_object();
	add_text(act->after, "failed", reason);
	(void)xc_store_transaction(act->staff->store, write_audit, act);
	json_object_put(act->after);
	act->after = NULL;
}

/* What stands at a place of the server becomes "(a file)": a client need not
 * know where. */
static void
hide_place(char *text, const char *place)
{
	size_t len = strlen(place);
	char *at, *end;

	if (len < 2)
		return;
	while ((at = strstr(text, place)) != NULL) {
		end = at + len + strcspn(at + len, " ,;:\"'()\n");
		if (end - at < 8) {
			memset(at, '?', (size_t)(end - at));
			continue;
		}
		memcpy(at, "(a file)", 8);
		memmove(at + 8, end, strlen(end) + 1);
	}
}

static void
hide_places(const struct xc_settings *settings, char *text)
{
	const char *const places[] = { settings->server.state_dir,
		settings->server.run_dir, settings->server.libexec_dir,
		"/tmp/", "/usr/", "/etc/", "/var/", "/run/", "/home/",
		"/proc/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] != NULL)
			hide_place(text, places[i]);
}

/* The exit codes of xcore-install(1). */
static enum xc_err
refuse_act(struct act *act, int code, struct xc_errbuf *why,
    struct xc_refusal *refusal_r)
{
	hide_places(act->staff->settings, why->text);
	note_failure(act, why->text);
	switch (code) {
	case 3:
		if (strcmp(act->verb, "rollback") == 0)
			return xc_refuse(refusal_r, XC_ERR_STATE, 409,
			    "no_previous", "There is no version of it before "
			    "this one.");
		return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404,
		    "not_installed", "%s", why->text);
	case 4:
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "conflict",
		    "%s", why->text);
	case 5:
	case 6:
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "refused",
		    "%s", why->text);
	case 0:
		return xc_refuse(refusal_r, XC_ERR_UNAVAILABLE, 503,
		    "no_manager", "The manager does not answer; the log has "
		    "more.");
	default:
		return xc_refuse(refusal_r, XC_ERR_FAILED, 500, "failed",
		    "It was not done; the log has more.");
	}
}

static struct json_object *
outcome_of(const struct act *act, struct json_object *data)
{
	struct json_object *list = xc_json_member(data, "plugins");
	struct json_object *row = json_object_is_type(list, json_type_array) ?
	    json_object_array_get_idx(list, 0) : NULL;
	struct json_object *result = json_object_new_object();
	static const char *const keys[] = { "version", "generation",
		"changed", "message" };

	add_text(result, "name", act->name);
	add_text(result, "verb", act->verb);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_object_add(result, keys[i],
		    json_object_get(xc_json_member(row, keys[i])));
	return result;
}

static enum xc_err
do_act(struct act *act, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct json_object *request = json_object_new_object(), *data;
	struct xc_errbuf why = { "" };
	int code;

	add_text(request, "command", "act");
	add_text(request, "verb", act->verb);
	add_text(request, "plugin", act->name);
	add_text(request, "actor", act->caller->name);
	data = xc_staff_ask_manager(act->staff, request, ACT_MS, &code, &why);
	if (data == NULL)
		return refuse_act(act, code, &why, refusal_r);
	*result_r = outcome_of(act, data);
	json_object_put(data);
	return XC_OK;
}

static enum xc_err
take_act(struct act *act, struct json_object *args,
    struct xc_refusal *refusal_r)
{
	enum xc_err err = xc_staff_plugin(args, &act->name, refusal_r);

	if (err != XC_OK)
		return err;
	act->verb = text_of(args, "verb");
	if (!is_among(verbs, sizeof(verbs) / sizeof(verbs[0]), act->verb))
		return xc_refuse_at(refusal_r, "/verb", "enum", "must be "
		    "reload, enable, disable or rollback");
	if (strcmp(act->verb, "disable") == 0 &&
	    is_among(needed, sizeof(needed) / sizeof(needed[0]), act->name))
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "needed",
		    "Without the plugin %s nobody could undo this here: use "
		    "\"xcore-install disable %s\" on the server.", act->name,
		    act->name);
	return XC_OK;
}

static enum xc_err
act(void *service, const struct xc_caller *caller, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	struct act act = { .staff = service, .caller = caller };
	struct json_object *rows = NULL;
	enum xc_err err = take_act(&act, args, refusal_r);

	if (err == XC_OK)
		err = find_row(service, act.name, &rows, refusal_r);
	if (err == XC_OK)
		err = note_begin(&act, json_object_array_get_idx(rows, 0));
	json_object_put(rows);
	return err == XC_OK ? do_act(&act, result_r, refusal_r) : err;
}

const struct xc_desk_row xc_operator_rows[] = {
	{ "plugin.list", "plugins", READ, list },
	{ "plugin.info", "plugins", READ, info },
	{ "plugin.act", "plugins", WRITE, act },
	{ "plugin.logs", "plugins", READ, xc_operator_logs },
	{ "plugin.stats", "plugins", READ, xc_operator_stats },
	{ NULL, NULL, NULL, NULL },
};

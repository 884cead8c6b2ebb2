/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/digest.h"
#include "plugin/registry-private.h"

/* The server's numbers for what is not there: schema, table, column. */
#define ER_BAD_DB_ERROR 1049
#define ER_NO_SUCH_TABLE 1146
#define ER_BAD_FIELD_ERROR 1054

enum xc_err
xc_registry_new(const struct xc_settings *settings,
    struct xc_registry **registry_r, struct xc_errbuf *errbuf)
{
	struct xc_registry *registry;
	enum xc_err err;

	*registry_r = NULL;
	registry = calloc(1, sizeof(*registry));
	if (registry == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	registry->settings = settings;
	err = xc_connection_new(&settings->database, XC_ACCOUNT_CORE,
	    &registry->connection, errbuf);
	if (err != XC_OK) {
		free(registry);
		return err;
	}
	*registry_r = registry;
	return XC_OK;
}

void
xc_registry_free(struct xc_registry **registry)
{
	if (*registry == NULL)
		return;
	xc_connection_free(&(*registry)->connection);
	free(*registry);
	*registry = NULL;
}

struct xc_connection *
xc_registry_connection(struct xc_registry *registry)
{
	return registry->connection;
}

const char *
xc_registry_schema(const struct xc_registry *registry)
{
	return registry->settings->database.name;
}

enum xc_err
xc_registry_fail(struct xc_registry *registry, enum xc_err err,
    const char *what, struct xc_errbuf *errbuf)
{
	unsigned number = xc_connection_error(registry->connection)->number;

	if (err == XC_ERR_INVALID &&
	    (number == ER_BAD_DB_ERROR || number == ER_NO_SUCH_TABLE))
		return xc_fail(errbuf, XC_ERR_STATE,
		    "%s: the schema %s has no registry: make it with "
		    "\"xcorectl migrate up\"", what,
		    xc_registry_schema(registry));
	if (err == XC_ERR_INVALID && number == ER_BAD_FIELD_ERROR)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "%s: the registry in the schema %s is of an older xcore: "
		    "bring it up to date with \"xcorectl migrate up\"", what,
		    xc_registry_schema(registry));
	return xc_connection_fail(registry->connection, errbuf, err, what);
}

enum xc_err
xc_registry_exec(struct xc_registry *registry, const char *what,
    const char *sql, const struct xc_value *args, size_t n_args,
    struct xc_db_result *result_r, struct xc_errbuf *errbuf)
{
	struct xc_statement statement = {
		.schema = xc_registry_schema(registry), .sql = sql,
		.args = args, .n_args = n_args
	};
	enum xc_err err;

	err = xc_connection_exec(registry->connection, &statement, result_r);
	if (err != XC_OK)
		return xc_registry_fail(registry, err, what, errbuf);
	return XC_OK;
}

enum xc_err
xc_registry_rows(struct xc_registry *registry, const char *what,
    const char *sql, const struct xc_value *args, size_t n_args,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	struct xc_statement statement = {
		.schema = xc_registry_schema(registry), .sql = sql,
		.args = args, .n_args = n_args
	};
	enum xc_err err;

	*rows_r = NULL;
	err = xc_connection_rows(registry->connection, &statement, 0, rows_r);
	if (err != XC_OK)
		return xc_registry_fail(registry, err, what, errbuf);
	return XC_OK;
}

enum xc_err
xc_registry_token(char token_r[static XC_REGISTRY_TOKEN],
    struct xc_errbuf *errbuf)
{
	unsigned char bytes[XC_REGISTRY_TOKEN / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return xc_fail(errbuf, XC_ERR_IO,
		    "the kernel gives no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token_r + i * 2, 3, "%02x", bytes[i]);
	return XC_OK;
}

uint64_t
xc_registry_number(const struct json_object *row, const char *key)
{
	int64_t number = 0;

	(void)xc_json_int(row, key, &number);
	return (uint64_t)number;
}

const char *
xc_registry_text(const struct json_object *row, const char *key)
{
	const char *text = xc_json_string(row, key);

	return text != NULL ? text : "";
}

/* Names of users hold none but these. */
static bool
is_user_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 63 && strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* The manager names the user of the site for whom it runs a program.  The
 * account that ran it is told besides, so that nobody passes for another. */
const char *
xc_registry_actor(void)
{
	static char actor[192];
	const char *on_behalf = getenv("XCORE_ON_BEHALF_OF");
	char host[64] = "", account[64];
	const struct passwd *user;

	if (actor[0] != '\0')
		return actor;
	user = getpwuid(getuid());
	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "localhost");
	snprintf(account, sizeof(account), "%ld", (long)getuid());
	if (user != NULL)
		snprintf(account, sizeof(account), "%.60s", user->pw_name);
	if (on_behalf != NULL && is_user_name(on_behalf))
		snprintf(actor, sizeof(actor), "%s by %.28s@%.32s", on_behalf,
		    account, host);
	else
		snprintf(actor, sizeof(actor), "%s@%s", account, host);
	actor[127] = '\0';	/* what a column takes */
	return actor;
}

enum xc_err
xc_registry_generation(struct xc_registry *registry, uint64_t *generation_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(registry, "reading the generation",
	    "SELECT generation FROM xc_generation WHERE id = 1", XC_NO_ARGS,
	    &rows, errbuf);
	if (err != XC_OK)
		return err;
	*generation_r = xc_registry_number(json_object_array_get_idx(rows, 0),
	    "generation");
	json_object_put(rows);
	if (*generation_r == 0)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "the table xc_generation has lost its row: put it back "
		    "with \"INSERT INTO xc_generation VALUES (1, %u, "
		    "UTC_TIMESTAMP(3))\"", 1000000u);
	return XC_OK;
}

static enum xc_err
damaged(struct xc_registry_plugin *plugin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum xc_err
damaged(struct xc_registry_plugin *plugin, const char *format, ...)
{
	va_list args;

	plugin->state = XC_REGISTRY_DAMAGED;
	va_start(args, format);
	vsnprintf(plugin->reason, sizeof(plugin->reason), format, args);
	va_end(args);
	return XC_ERR_INVALID;
}

static enum xc_err
read_state(const struct json_object *row, struct xc_registry_plugin *plugin)
{
	const char *state = xc_registry_text(row, "state");

	if (strcmp(state, "enabled") == 0)
		plugin->state = XC_REGISTRY_ENABLED;
	else if (strcmp(state, "disabled") == 0)
		plugin->state = XC_REGISTRY_DISABLED;
	else if (strcmp(state, "quarantined") == 0)
		plugin->state = XC_REGISTRY_QUARANTINED;
	else
		return damaged(plugin, "its row in xc_plugin has the state "
		    "\"%.16s\", which is neither enabled, disabled nor "
		    "quarantined", state);
	return XC_OK;
}

static enum xc_err
read_manifest(const struct json_object *row,
    struct xc_registry_plugin *plugin)
{
	const char *text = xc_registry_text(row, "manifest");
	struct xc_errbuf errbuf = { "" };

	if (xc_manifest_parse(text, strlen(text), &plugin->manifest,
	    &errbuf) != XC_OK) {
		plugin->manifest = NULL;
		return damaged(plugin, "its manifest in xc_package is "
		    "damaged: %.150s", errbuf.text);
	}
	if (strcmp(plugin->manifest->name, plugin->name) == 0 &&
	    strcmp(plugin->manifest->version, plugin->version) == 0)
		return XC_OK;
	damaged(plugin, "its row in xc_package and its manifest disagree: "
	    "%.32s %.40s and %.32s %.40s", plugin->name, plugin->version,
	    plugin->manifest->name, plugin->manifest->version);
	xc_manifest_free(&plugin->manifest);
	return XC_ERR_INVALID;
}

/* A column of JSON, parsed in its place; NULL if it is none of that type. */
static struct json_object *
parse_column(struct json_object *row, const char *key, enum json_type type)
{
	const char *text = xc_registry_text(row, key);
	struct json_object *value = NULL;

	if (text[0] == '\0' || xc_json_parse(text, strlen(text), &value, NULL,
	    0) != XC_OK || !json_object_is_type(value, type)) {
		json_object_put(value);
		value = NULL;
	}
	json_object_object_add(row, key, value);
	return value;
}

static void
read_terms(struct json_object *row, struct xc_registry_plugin *plugin)
{
	plugin->isolation = xc_registry_text(row, "isolation");
	plugin->limits = parse_column(row, "limits", json_type_object);
	plugin->accepted = parse_column(row, "accepted_permissions",
	    json_type_array);
	plugin->accepted_inprocess = strcmp(xc_registry_text(row,
	    "accepted_isolation"), "inprocess") == 0;
	plugin->quarantined = (struct xc_quarantined){
		xc_registry_text(row, "quarantined_at"),
		xc_registry_text(row, "quarantined_by"),
		xc_registry_text(row, "quarantine_reason") };
	plugin->previous_quarantined = (struct xc_quarantined){
		xc_registry_text(row, "previous_quarantined_at"),
		xc_registry_text(row, "previous_quarantined_by"),
		xc_registry_text(row, "previous_quarantine_reason") };
}

/* What is wrong with a row goes to its reason. */
static void
read_plugin(struct json_object *row, struct xc_registry_plugin *plugin)
{
	const char *owner = xc_registry_text(row, "package_name");

	plugin->name = xc_registry_text(row, "name");
	plugin->version = xc_registry_text(row, "version");
	plugin->hash = xc_registry_text(row, "hash");
	plugin->previous_version = xc_registry_text(row, "previous_version");
	plugin->previous_hash = xc_registry_text(row, "previous_hash");
	plugin->changed_at = xc_registry_text(row, "changed_at");
	plugin->changed_by = xc_registry_text(row, "changed_by");
	plugin->package_id = xc_registry_number(row, "package_id");
	plugin->previous_id = xc_registry_number(row, "previous_package_id");
	plugin->revision = xc_registry_number(row, "revision");
	plugin->size = xc_registry_number(row, "size");
	read_terms(row, plugin);
	if (!xc_plugin_name_ok(plugin->name))
		damaged(plugin, "its row in xc_plugin has a name that no "
		    "plugin can have");
	else if (xc_json_member(row, "found") == NULL)
		damaged(plugin, "its row in xc_plugin points at package %llu, "
		    "which is not there", (unsigned long long)
		    plugin->package_id);
	else if (strcmp(owner, plugin->name) != 0)
		damaged(plugin, "its row in xc_plugin points at package %llu, "
		    "which is of %.32s", (unsigned long long)
		    plugin->package_id, owner);
	else if (!xc_digest_ok(plugin->hash))
		damaged(plugin, "its row in xc_package has no proper hash");
	else if (read_manifest(row, plugin) == XC_OK)
		(void)read_state(row, plugin);
}

static enum xc_err
make_view(struct json_object *rows, uint64_t generation,
    struct xc_registry_view **view_r, struct xc_errbuf *errbuf)
{
	struct xc_registry_view *view = calloc(1, sizeof(*view));
	size_t n = json_object_array_length(rows);

	if (view != NULL)
		view->plugins = calloc(n + 1, sizeof(*view->plugins));
	if (view == NULL || view->plugins == NULL) {
		free(view);
		json_object_put(rows);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	view->generation = generation;
	view->rows = rows;
	view->n = n;
	for (size_t i = 0; i < n; i++)
		read_plugin(json_object_array_get_idx(rows, i),
		    &view->plugins[i]);
	*view_r = view;
	return XC_OK;
}

static enum xc_err
read_rows(struct xc_registry *registry, uint64_t *generation_r,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_registry_generation(registry, generation_r, errbuf);
	if (err != XC_OK)
		return err;
	return xc_registry_rows(registry, "reading the plugins",
	    "SELECT p.name, p.state, p.package_id, p.previous_package_id,"
	    " p.revision, p.changed_by, DATE_FORMAT(p.changed_at,"
	    " '%Y-%m-%dT%H:%i:%sZ') AS changed_at, p.isolation, p.limits,"
	    " p.accepted_isolation, p.accepted_permissions, k.id AS found,"
	    " k.name AS package_name, k.version, k.hash, k.manifest, k.size,"
	    " DATE_FORMAT(k.quarantined_at, '%Y-%m-%dT%H:%i:%sZ')"
	    " AS quarantined_at, k.quarantined_by, k.quarantine_reason,"
	    " q.version AS previous_version, q.hash AS previous_hash,"
	    " DATE_FORMAT(q.quarantined_at, '%Y-%m-%dT%H:%i:%sZ')"
	    " AS previous_quarantined_at,"
	    " q.quarantined_by AS previous_quarantined_by,"
	    " q.quarantine_reason AS previous_quarantine_reason"
	    " FROM xc_plugin p"
	    " LEFT JOIN xc_package k ON k.id = p.package_id"
	    " LEFT JOIN xc_package q ON q.id = p.previous_package_id"
	    " ORDER BY p.name", XC_NO_ARGS, rows_r, errbuf);
}

/*
 * On Galera a node may lag behind the one where the change was made; this
 * makes the next reads wait for it.  A server without clustering may not
 * know the variable, and needs nothing.
 */
static void
wait_for_cluster(struct xc_registry *registry, bool on)
{
	const char *sql = on ? "SET SESSION wsrep_sync_wait = 1" :
	    "SET SESSION wsrep_sync_wait = 0";

	(void)xc_connection_query(registry->connection, NULL, sql,
	    strlen(sql));
}

enum xc_err
xc_registry_read(struct xc_registry *registry,
    struct xc_registry_view **view_r, struct xc_errbuf *errbuf)
{
	struct json_object *rows = NULL;
	uint64_t generation;
	enum xc_err err;

	*view_r = NULL;
	wait_for_cluster(registry, true);
	err = xc_connection_begin(registry->connection);
	if (err != XC_OK)
		return xc_registry_fail(registry, err, "reading the registry",
		    errbuf);
	err = read_rows(registry, &generation, &rows, errbuf);
	xc_connection_rollback(registry->connection);
	wait_for_cluster(registry, false);
	if (err != XC_OK)
		return err;
	return make_view(rows, generation, view_r, errbuf);
}

void
xc_registry_view_free(struct xc_registry_view **view)
{
	if (*view == NULL)
		return;
	for (size_t i = 0; i < (*view)->n; i++)
		xc_manifest_free(&(*view)->plugins[i].manifest);
	json_object_put((*view)->rows);
	free((*view)->plugins);
	free(*view);
	*view = NULL;
}

const struct xc_registry_plugin *
xc_registry_find(const struct xc_registry_view *view, const char *name)
{
	for (size_t i = 0; i < view->n; i++) {
		if (strcmp(view->plugins[i].name, name) == 0)
			return &view->plugins[i];
	}
	return NULL;
}

enum xc_err
xc_registry_packages(struct xc_registry *registry, const char *name,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	return xc_registry_rows(registry, "reading the packages",
	    "SELECT id, name, version, hash, size, created_by,"
	    " DATE_FORMAT(quarantined_at, '%Y-%m-%dT%H:%i:%sZ')"
	    " AS quarantined_at, quarantined_by, quarantine_reason,"
	    " DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%sZ') AS created_at"
	    " FROM xc_package WHERE ? IS NULL OR name = ?"
	    " ORDER BY name, xc_package.created_at DESC, id DESC",
	    XC_ARGS(xc_text(name), xc_text(name)), rows_r, errbuf);
}

enum xc_err
xc_registry_history(struct xc_registry *registry, const char *name,
    unsigned limit, struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	return xc_registry_rows(registry, "reading the history",
	    "SELECT action, version, hash, detail, generation, changed_by,"
	    " DATE_FORMAT(changed_at, '%Y-%m-%dT%H:%i:%sZ') AS changed_at"
	    " FROM xc_plugin_history WHERE name = ?"
	    " ORDER BY xc_plugin_history.generation DESC LIMIT ?",
	    XC_ARGS(xc_text(name), xc_int(limit)), rows_r, errbuf);
}

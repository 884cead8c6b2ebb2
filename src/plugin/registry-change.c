/* SPDX-License-Identifier: MIT */
/* Changes: each is one transaction with the bump of the generation. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "lib/text.h"
#include "plugin/fault.h"
#include "plugin/registry-private.h"

/* A transaction that met another one is tried again so many times. */
#define CHANGE_TRIES 6

static const char *const action_names[] = {
	[XC_REGISTRY_INSTALL] = "install",
	[XC_REGISTRY_ENABLE] = "enable",
	[XC_REGISTRY_DISABLE] = "disable",
	[XC_REGISTRY_ROLLBACK] = "rollback",
	[XC_REGISTRY_REMOVE] = "remove",
	[XC_REGISTRY_QUARANTINE] = "quarantine",
	[XC_REGISTRY_DEMOTE] = "demote",
	[XC_REGISTRY_RELOAD] = "reload",
	[XC_REGISTRY_SETTLE] = "settle"
};

/* First of all, so that of two changes one waits here for the other. */
static enum xc_err
bump(struct xc_registry *registry, uint64_t seen, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_registry_exec(registry, "raising the generation",
	    "UPDATE xc_generation SET generation = generation + 1,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE id = 1 AND generation = ?",
	    XC_ARGS(xc_int((int64_t)seen)), &result, errbuf);
	if (err != XC_OK)
		return err;
	if (result.affected == 0)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "the registry was changed meanwhile");
	return XC_OK;
}

static enum xc_err
not_installed(const char *name, struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOT_FOUND,
	    "%s is not installed (\"xcore-install list\" shows what is)",
	    name);
}

/* Runs an UPDATE or DELETE of one plugin's row. */
static enum xc_err
change_row(struct xc_registry *registry, const char *name, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_registry_exec(registry, "changing the plugin", sql, args,
	    n_args, &result, errbuf);
	if (err == XC_OK && result.affected == 0)
		return not_installed(name, errbuf);
	return err;
}

static enum xc_err
apply_install(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	uint64_t id = change->package_id;
	enum xc_err err = XC_OK;

	if (change->package != NULL)
		err = xc_registry_store_package(registry, change->package,
		    &id, errbuf);
	if (err != XC_OK)
		return err;
	/* Assignments go from left to right: previous sees the old id. */
	return xc_registry_exec(registry, "installing the plugin",
	    "INSERT INTO xc_plugin (name, package_id, state, changed_at,"
	    " changed_by) VALUES (?, ?, 'enabled', UTC_TIMESTAMP(3), ?)"
	    " ON DUPLICATE KEY UPDATE previous_package_id ="
	    " IF(? OR package_id = VALUES(package_id), previous_package_id,"
	    " package_id), package_id = VALUES(package_id),"
	    " state = IF(? AND state = 'disabled', state, 'enabled'),"
	    " revision = revision + 1,"
	    " changed_at = VALUES(changed_at),"
	    " changed_by = VALUES(changed_by)",
	    XC_ARGS(xc_text(change->name), xc_int((int64_t)id),
	    xc_text(xc_registry_actor()), xc_int(change->mend),
	    xc_int(change->keep_state)), NULL, errbuf);
}

static enum xc_err
apply_state(struct xc_registry *registry, const char *name,
    const char *state, struct xc_errbuf *errbuf)
{
	return change_row(registry, name,
	    "UPDATE xc_plugin SET state = ?, revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3), changed_by = ? WHERE name = ?",
	    XC_ARGS(xc_text(state), xc_text(xc_registry_actor()),
	    xc_text(name)), errbuf);
}

/* The revision is part of what workers compare. */
static enum xc_err
apply_reload(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	return change_row(registry, name,
	    "UPDATE xc_plugin SET revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3), changed_by = ? WHERE name = ?",
	    XC_ARGS(xc_text(xc_registry_actor()), xc_text(name)), errbuf);
}

static enum xc_err
apply_rollback(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	/* By the id that was validated, which must still be the previous. */
	return change_row(registry, change->name,
	    "UPDATE xc_plugin SET previous_package_id = package_id,"
	    " package_id = ?, revision = revision + 1,"
	    " changed_at = UTC_TIMESTAMP(3), changed_by = ?"
	    " WHERE name = ? AND previous_package_id = ?",
	    XC_ARGS(xc_int((int64_t)change->package_id),
	    xc_text(xc_registry_actor()), xc_text(change->name),
	    xc_int((int64_t)change->package_id)), errbuf);
}

static enum xc_err
apply_settle(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	return change_row(registry, change->name,
	    "UPDATE xc_plugin SET previous_package_id = NULL"
	    " WHERE name = ? AND previous_package_id = ?",
	    XC_ARGS(xc_text(change->name),
	    xc_int((int64_t)change->package_id)), errbuf);
}

static enum xc_err
apply(struct xc_registry *registry, const struct xc_registry_change *change,
    struct xc_errbuf *errbuf)
{
	switch (change->action) {
	case XC_REGISTRY_INSTALL:
		return apply_install(registry, change, errbuf);
	case XC_REGISTRY_ENABLE:
		return apply_state(registry, change->name, "enabled", errbuf);
	case XC_REGISTRY_DISABLE:
		return apply_state(registry, change->name, "disabled",
		    errbuf);
	case XC_REGISTRY_ROLLBACK:
		return apply_rollback(registry, change, errbuf);
	case XC_REGISTRY_RELOAD:
		return apply_reload(registry, change->name, errbuf);
	case XC_REGISTRY_SETTLE:
		return apply_settle(registry, change, errbuf);
	case XC_REGISTRY_REMOVE:
		return XC_OK;	/* after its history was written */
	case XC_REGISTRY_QUARANTINE:
		return xc_registry_quarantine(registry, change, errbuf);
	case XC_REGISTRY_DEMOTE:
		return xc_registry_demote(registry, change, errbuf);
	}
	return XC_ERR_INVALID;
}

static enum xc_err
apply_remove(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	if (change->action != XC_REGISTRY_REMOVE)
		return XC_OK;
	return change_row(registry, change->name,
	    "DELETE FROM xc_plugin WHERE name = ?",
	    XC_ARGS(xc_text(change->name)), errbuf);
}

/* The version is that of the row as it is now. */
static enum xc_err
remember(struct xc_registry *registry,
    const struct xc_registry_change *change, const char *token,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf detail;

	xc_fail(&detail, XC_OK, "%s",
	    change->detail != NULL ? change->detail : "");
	xc_utf8_tidy(detail.text);
	return xc_registry_exec(registry, "writing the history",
	    "INSERT INTO xc_plugin_history (name, action, version, hash,"
	    " detail, generation, token, changed_at, changed_by)"
	    " SELECT p.name, ?, COALESCE(k.version, ''),"
	    " COALESCE(k.hash, ''), ?, g.generation, ?, UTC_TIMESTAMP(3), ?"
	    " FROM xc_plugin p JOIN xc_generation g ON g.id = 1"
	    " LEFT JOIN xc_package k ON k.id = p.package_id"
	    " WHERE p.name = ?", XC_ARGS(
	    xc_text(action_names[change->action]),
	    xc_text(detail.text),
	    xc_text(token), xc_text(xc_registry_actor()),
	    xc_text(change->name)), NULL, errbuf);
}

static enum xc_err
run_steps(struct xc_registry *registry,
    const struct xc_registry_change *change, const char *token,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = bump(registry, change->generation, errbuf);
	xc_fault("bumped");
	if (err == XC_OK && change->lease != NULL)
		err = xc_lease_hold(change->lease, errbuf);
	if (err == XC_OK)
		err = apply(registry, change, errbuf);
	if (err == XC_OK)
		err = xc_registry_put_terms(registry, change->name,
		    &change->terms, errbuf);
	if (err == XC_OK)
		err = xc_registry_lift(registry, change, errbuf);
	if (err == XC_OK)
		err = xc_registry_put_actions(registry, change, errbuf);
	if (err == XC_OK)
		err = remember(registry, change, token, errbuf);
	if (err == XC_OK)
		err = apply_remove(registry, change, errbuf);
	xc_fault("before-commit");
	return err;
}

static enum xc_err
transact(struct xc_registry *registry,
    const struct xc_registry_change *change, const char *token,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_connection_begin(registry->connection);

	if (err != XC_OK)
		return xc_registry_fail(registry, err, "changing the registry",
		    errbuf);
	err = run_steps(registry, change, token, errbuf);
	if (err != XC_OK) {
		xc_connection_rollback(registry->connection);
		return err;
	}
	err = xc_connection_commit(registry->connection);
	if (err != XC_OK)
		return xc_registry_fail(registry, err, "changing the registry",
		    errbuf);
	return XC_OK;
}

/* After a commit whose answer was lost: the history tells. */
static enum xc_err
was_done(struct xc_registry *registry, const char *token, bool *done_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(registry, "asking whether it was done",
	    "SELECT id FROM xc_plugin_history WHERE token = ?",
	    XC_ARGS(xc_text(token)), &rows, errbuf);
	if (err != XC_OK)
		return xc_fail_prefix(errbuf, XC_ERR_UNCERTAIN,
		    "the connection was lost during the commit; look with "
		    "\"xcore-install status\"");
	*done_r = json_object_array_length(rows) > 0;
	json_object_put(rows);
	return XC_OK;
}

static void
pause_before(unsigned try)
{
	struct timespec pause = { .tv_nsec = 20000000L * (try + 1) };

	nanosleep(&pause, NULL);
}

enum xc_err
xc_registry_change(struct xc_registry *registry,
    const struct xc_registry_change *change, uint64_t *generation_r,
    struct xc_errbuf *errbuf)
{
	char token[XC_REGISTRY_TOKEN];
	bool done = false, unsure = false;
	enum xc_err err = xc_registry_token(token, errbuf);

	if (err != XC_OK)
		return err;
	for (unsigned try = 0; try < CHANGE_TRIES; try++) {
		err = transact(registry, change, token, errbuf);
		/* A commit that was still under way when we asked is what
		 * the next try finds: the registry moved by ourselves. */
		if (err == XC_ERR_UNCERTAIN ||
		    (err == XC_ERR_STATE && unsure)) {
			unsure = err == XC_ERR_UNCERTAIN;
			err = was_done(registry, token, &done, errbuf);
			if (err != XC_OK)
				return err;
			err = done ? XC_OK : XC_ERR_BUSY;
		}
		if (err != XC_ERR_BUSY)
			break;
		pause_before(try);
	}
	if (err == XC_OK)
		*generation_r = change->generation + 1;
	/* A generation that moved is for the caller to look at again. */
	return err == XC_ERR_STATE ? XC_ERR_BUSY : err;
}

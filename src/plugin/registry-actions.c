/* SPDX-License-Identifier: MIT */
/*
 * What users can be allowed with the plugins that are installed: the rows of
 * xc_permission follow the manifest of the version that serves, in the
 * transaction of the change.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/registry-private.h"

/* "todo:item:write"; the name of a plugin and of an action fit. */
#define PERMISSION_SIZE 129

static enum xc_err
set_gone(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "changing the permissions",
	    "UPDATE xc_permission SET gone = 1 WHERE plugin = ?",
	    XC_ARGS(xc_text(name)), NULL, errbuf);
}

static enum xc_err
put_action(struct xc_registry *registry, const char *name,
    const struct xc_action *action, struct xc_errbuf *errbuf)
{
	char permission[PERMISSION_SIZE];

	snprintf(permission, sizeof(permission), "%s:%s", name, action->name);
	return xc_registry_exec(registry, "writing the permissions",
	    "INSERT INTO xc_permission (name, plugin, description, everyone,"
	    " gone) VALUES (?, ?, ?, ?, 0) ON DUPLICATE KEY UPDATE"
	    " plugin = VALUES(plugin), description = VALUES(description),"
	    " everyone = VALUES(everyone), gone = 0",
	    XC_ARGS(xc_text(permission), xc_text(name),
	    xc_text(action->description), xc_int(action->everyone)), NULL,
	    errbuf);
}

/* Workers remember what users may by this number. */
static enum xc_err
bump_grants(struct xc_registry *registry, struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "changing the permissions",
	    "UPDATE xc_grants SET revision = revision + 1 WHERE id = 1",
	    XC_NO_ARGS, NULL, errbuf);
}

/* The manifest of the version that the row points to by now.  A damaged one
 * gives *manifest_r NULL: it serves nobody. */
static enum xc_err
read_manifest(struct xc_registry *registry, const char *name,
    struct xc_manifest **manifest_r, struct xc_errbuf *errbuf)
{
	struct xc_errbuf why;
	struct json_object *rows;
	const char *text;
	enum xc_err err;

	*manifest_r = NULL;
	err = xc_registry_rows(registry, "reading the manifest",
	    "SELECT k.manifest FROM xc_plugin p JOIN xc_package k"
	    " ON k.id = p.package_id WHERE p.name = ?",
	    XC_ARGS(xc_text(name)), &rows, errbuf);
	if (err != XC_OK)
		return err;
	text = xc_registry_text(json_object_array_get_idx(rows, 0),
	    "manifest");
	err = xc_manifest_parse(text, strlen(text), manifest_r, &why);
	json_object_put(rows);
	return err == XC_ERR_NOMEM ? xc_fail(errbuf, err, "out of memory") :
	    XC_OK;
}

static enum xc_err
put_actions(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	struct xc_manifest *manifest;
	enum xc_err err = read_manifest(registry, name, &manifest, errbuf);

	if (err == XC_OK)
		err = set_gone(registry, name, errbuf);
	for (size_t i = 0; err == XC_OK && manifest != NULL &&
	    i < manifest->n_actions; i++)
		err = put_action(registry, name, &manifest->actions[i],
		    errbuf);
	xc_manifest_free(&manifest);
	return err == XC_OK ? bump_grants(registry, errbuf) : err;
}

enum xc_err
xc_registry_put_actions(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	switch (change->action) {
	case XC_REGISTRY_INSTALL:
	case XC_REGISTRY_ROLLBACK:
	case XC_REGISTRY_QUARANTINE:
		return put_actions(registry, change->name, errbuf);
	case XC_REGISTRY_REMOVE:
		err = set_gone(registry, change->name, errbuf);
		return err == XC_OK ? bump_grants(registry, errbuf) : err;
	case XC_REGISTRY_ENABLE:
	case XC_REGISTRY_DISABLE:
	case XC_REGISTRY_DEMOTE:
	case XC_REGISTRY_RELOAD:
	case XC_REGISTRY_SETTLE:
		break;
	}
	return XC_OK;
}

/* All permissions of a plugin stand between "todo:" and "todo;", which comes
 * behind it. */
static enum xc_err
forget(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	char first[64], end[64];
	enum xc_err err;

	snprintf(first, sizeof(first), "%.32s:", name);
	snprintf(end, sizeof(end), "%.32s;", name);
	err = xc_registry_exec(registry, "changing the roles",
	    "UPDATE xc_role SET revision = revision + 1, changed_at ="
	    " UTC_TIMESTAMP(3) WHERE id IN (SELECT role_id FROM"
	    " xc_role_permission WHERE permission >= ? AND permission < ?)",
	    XC_ARGS(xc_text(first), xc_text(end)), NULL, errbuf);
	if (err == XC_OK)
		err = xc_registry_exec(registry, "changing the roles",
		    "DELETE FROM xc_role_permission WHERE permission >= ?"
		    " AND permission < ?", XC_ARGS(xc_text(first),
		    xc_text(end)), NULL, errbuf);
	if (err == XC_OK)
		err = xc_registry_exec(registry, "forgetting the permissions",
		    "DELETE FROM xc_permission WHERE plugin = ?",
		    XC_ARGS(xc_text(name)), NULL, errbuf);
	return err == XC_OK ? bump_grants(registry, errbuf) : err;
}

enum xc_err
xc_registry_forget_actions(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_connection_begin(registry->connection);

	if (err == XC_OK)
		err = forget(registry, name, errbuf);
	else
		return xc_registry_fail(registry, err,
		    "forgetting the permissions", errbuf);
	if (err != XC_OK) {
		xc_connection_rollback(registry->connection);
		return err;
	}
	err = xc_connection_commit(registry->connection);
	if (err != XC_OK)
		return xc_registry_fail(registry, err,
		    "forgetting the permissions", errbuf);
	return XC_OK;
}

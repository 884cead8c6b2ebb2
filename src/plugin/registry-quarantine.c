/* SPDX-License-Identifier: MIT */
/* What is decided of a plugin: its terms, and that a version is taken off. */
#include <string.h>

#include "lib/text.h"
#include "plugin/registry-private.h"

static enum xc_err
put_column(struct xc_registry *registry, const char *sql, const char *name,
    const char *value, struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "changing the plugin", sql,
	    XC_ARGS(xc_text(value), xc_text(name)), NULL, errbuf);
}

enum xc_err
xc_registry_put_terms(struct xc_registry *registry, const char *name,
    const struct xc_registry_terms *terms, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	if (terms->isolation != NULL)
		err = put_column(registry, "UPDATE xc_plugin SET isolation ="
		    " NULLIF(?, '') WHERE name = ?", name, terms->isolation,
		    errbuf);
	if (err == XC_OK && terms->limits != NULL)
		err = put_column(registry, "UPDATE xc_plugin SET limits ="
		    " NULLIF(?, '') WHERE name = ?", name, terms->limits,
		    errbuf);
	if (err == XC_OK && terms->accepted != NULL)
		err = put_column(registry, "UPDATE xc_plugin SET"
		    " accepted_permissions = ? WHERE name = ?", name,
		    terms->accepted, errbuf);
	if (err == XC_OK && terms->accept_inprocess)
		err = put_column(registry, "UPDATE xc_plugin SET"
		    " accepted_isolation = ? WHERE name = ?", name,
		    "inprocess", errbuf);
	return err;
}

/* The registry moved between the look and the change. */
static enum xc_err
changed_meanwhile(const char *name, struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_STATE, "%s was changed meanwhile",
	    name);
}

static enum xc_err
mark(struct xc_registry *registry, const struct xc_registry_change *change,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf reason;

	xc_fail(&reason, XC_OK, "%.400s",
	    change->reason != NULL ? change->reason : "");
	reason.text[xc_utf8_span(reason.text, strlen(reason.text))] = '\0';
	return xc_registry_exec(registry, "marking the version",
	    "UPDATE xc_package SET quarantined_at = UTC_TIMESTAMP(3),"
	    " quarantined_by = ?, quarantine_reason = ? WHERE id = ?",
	    XC_ARGS(xc_text(xc_registry_actor()), xc_text(reason.text),
	    xc_int((int64_t)change->package_id)), NULL, errbuf);
}

enum xc_err
xc_registry_quarantine(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err = mark(registry, change, errbuf);

	if (err != XC_OK)
		return err;
	if (change->instead_id != 0)
		err = xc_registry_exec(registry, "going back",
		    "UPDATE xc_plugin SET previous_package_id = package_id,"
		    " package_id = ?, revision = revision + 1,"
		    " changed_at = UTC_TIMESTAMP(3), changed_by = ?"
		    " WHERE name = ? AND package_id = ? AND"
		    " previous_package_id = ? AND state = 'enabled'",
		    XC_ARGS(xc_int((int64_t)change->instead_id),
		    xc_text(xc_registry_actor()), xc_text(change->name),
		    xc_int((int64_t)change->package_id),
		    xc_int((int64_t)change->instead_id)), &result, errbuf);
	else
		err = xc_registry_exec(registry, "taking the plugin off",
		    "UPDATE xc_plugin SET state = 'quarantined',"
		    " revision = revision + 1,"
		    " changed_at = UTC_TIMESTAMP(3), changed_by = ?"
		    " WHERE name = ? AND package_id = ? AND"
		    " state = 'enabled'",
		    XC_ARGS(xc_text(xc_registry_actor()),
		    xc_text(change->name),
		    xc_int((int64_t)change->package_id)), &result, errbuf);
	if (err == XC_OK && result.affected == 0)
		return changed_meanwhile(change->name, errbuf);
	return err;
}

enum xc_err
xc_registry_demote(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_registry_exec(registry, "moving the plugin to a sandbox",
	    "UPDATE xc_plugin SET isolation = 'pool',"
	    " revision = revision + 1, changed_at = UTC_TIMESTAMP(3),"
	    " changed_by = ? WHERE name = ? AND package_id = ? AND"
	    " state = 'enabled'", XC_ARGS(xc_text(xc_registry_actor()),
	    xc_text(change->name), xc_int((int64_t)change->package_id)),
	    &result, errbuf);
	if (err == XC_OK && result.affected == 0)
		return changed_meanwhile(change->name, errbuf);
	return err;
}

/* Whoever brings a version back knows what it did. */
enum xc_err
xc_registry_lift(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf)
{
	bool enables = change->action == XC_REGISTRY_ENABLE;

	if (!enables && change->action != XC_REGISTRY_INSTALL &&
	    change->action != XC_REGISTRY_ROLLBACK)
		return XC_OK;
	return xc_registry_exec(registry, "lifting the quarantine",
	    "UPDATE xc_package k JOIN xc_plugin p ON k.id = p.package_id OR"
	    " (? AND k.id = p.previous_package_id)"
	    " SET k.quarantined_at = NULL, k.quarantined_by = NULL,"
	    " k.quarantine_reason = NULL"
	    " WHERE p.name = ? AND k.quarantined_at IS NOT NULL",
	    XC_ARGS(xc_int(enables), xc_text(change->name)), NULL, errbuf);
}

/* SPDX-License-Identifier: MIT */
/* One act of an administrator: all of it, with its row in the log, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "admin-private.h"
#include "lib/grants.h"

/*
 * Those who may do everything: active users with a role that gives *:*:*, or
 * that includes such a role.
 */
static const char any_admin[] =
    "WITH RECURSIVE r (id) AS (SELECT role_id FROM xc_role_permission"
    " WHERE permission = '*:*:*' UNION SELECT i.role_id FROM"
    " xc_role_include i JOIN r ON i.included_id = r.id)"
    " SELECT 1 FROM r JOIN xc_user_role ur ON ur.role_id = r.id"
    " JOIN xc_user u ON u.id = ur.user_id AND u.state = 'active' LIMIT 1";

static enum xc_err
has_admin(struct xc_store *store, bool *has_r)
{
	int64_t one;
	enum xc_err err = xc_store_number(store, &one, any_admin, XC_NO_ARGS);

	*has_r = err == XC_OK;
	return err == XC_ERR_NOT_FOUND ? XC_OK : err;
}

/* Of two acts one waits here for the other, so that what it sees of users and
 * roles holds until it ends. */
static enum xc_err
take_turn(struct xc_store *store)
{
	int64_t revision;

	return xc_store_number(store, &revision,
	    "SELECT revision FROM xc_grants WHERE id = 1 FOR UPDATE",
	    XC_NO_ARGS);
}

enum xc_err
xc_change_grants(struct xc_store *store)
{
	return xc_store_exec(store, NULL,
	    "UPDATE xc_grants SET revision = revision + 1 WHERE id = 1",
	    XC_NO_ARGS);
}

static enum xc_err
reach(const struct xc_change *change, const char *grants)
{
	const struct xc_caller *caller = change->caller;
	char one[129];

	while (*grants != '\0') {
		size_t len = strcspn(grants, " ");

		if (len >= sizeof(one))
			return XC_ERR_FAILED;
		memcpy(one, grants, len);
		one[len] = '\0';
		if (!xc_grants_have(caller->grants, one))
			return xc_refuse(change->refusal_r, XC_ERR_DENIED,
			    403, "beyond", "this takes the permission %s, "
			    "which you do not have yourself", one);
		grants += len;
		grants += strspn(grants, " ");
	}
	return XC_OK;
}

/* Another who may less could else take over what he can change: the password
 * of one, a role of the other. */
enum xc_err
xc_change_reach(struct xc_store *store, const struct xc_change *change,
    xc_grants_fn *grants_of)
{
	const struct xc_caller *caller = change->caller;
	char *grants;
	enum xc_err err;

	if (caller->root || xc_grants_have(caller->grants, "*:*:*"))
		return XC_OK;
	err = grants_of(store, change->id, &grants);
	if (err != XC_OK)
		return err;
	err = reach(change, grants);
	free(grants);
	return err;
}

void
xc_change_target(struct xc_change *change, const char *kind, const char *name)
{
	snprintf(change->target, sizeof(change->target), "%s:%lld %s", kind,
	    (long long)change->id, name);
}

enum xc_err
xc_change_log(struct json_object *object, const char *const *names,
    struct json_object **log_r)
{
	struct json_object *value;

	*log_r = json_object_new_object();
	if (*log_r == NULL)
		return XC_ERR_NOMEM;
	for (; *names != NULL; names++)
		if (json_object_object_get_ex(object, *names, &value))
			json_object_object_add(*log_r, *names,
			    json_object_get(value));
	return XC_OK;
}

enum xc_err
xc_change_rows(struct xc_store *store, const char *const *statements,
    int64_t id)
{
	enum xc_err err = XC_OK;

	for (; err == XC_OK && *statements != NULL; statements++)
		err = xc_store_exec(store, NULL, *statements,
		    XC_ARGS(xc_int(id)));
	return err;
}

static void
forget_try(struct xc_change *change)
{
	json_object_put(change->before);
	json_object_put(change->after);
	json_object_put(change->result);
	change->before = change->after = change->result = NULL;
	memset(change->refusal_r, 0, sizeof(*change->refusal_r));
}

static enum xc_err
act(struct xc_store *store, struct xc_change *change)
{
	bool before = false, after = false;
	enum xc_err err = XC_OK;

	if (change->alone)
		return change->body(store, change);
	err = take_turn(store);
	if (err == XC_OK)
		err = has_admin(store, &before);
	if (err == XC_OK)
		err = change->body(store, change);
	if (err == XC_OK && before)
		err = has_admin(store, &after);
	if (err == XC_OK && before && !after)
		return xc_refuse(change->refusal_r, XC_ERR_STATE, 409,
		    "last_admin", "nobody would be left who may do "
		    "everything; give that to another user first");
	return err;
}

static enum xc_err
try_change(struct xc_store *store, void *ctx)
{
	struct xc_change *change = ctx;
	struct xc_audit_entry entry;
	enum xc_err err;

	forget_try(change);
	err = act(store, change);
	if (err != XC_OK)
		return err;
	entry = (struct xc_audit_entry){ .action = change->action,
		.target = change->target, .before = change->before,
		.after = change->after };
	return xc_audit_add(store, change->admin->identity.ring,
	    change->caller, &entry);
}

enum xc_err
xc_change_run(struct xc_change *change, struct json_object **result_r)
{
	enum xc_err err = xc_store_transaction(
	    change->admin->identity.store, try_change, change);

	*result_r = NULL;
	if (err == XC_OK) {
		*result_r = change->result;
		change->result = NULL;
	} else {
		json_object_put(change->result);
		change->result = NULL;
	}
	json_object_put(change->before);
	json_object_put(change->after);
	change->before = change->after = NULL;
	return err;
}

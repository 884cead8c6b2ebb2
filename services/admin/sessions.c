/* SPDX-License-Identifier: MIT */
/* The sessions of users, for administrators. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "admin-private.h"

#define ID_LEN 32

static const struct xc_sort sorts[] = {
	{ "created_at", "s.created_at", "s.created_at", NULL, false },
	{ "seen_at", "s.seen_at", "s.seen_at", NULL, false },
	{ "expires_at", "s.expires_at", "s.expires_at", NULL, false },
	{ NULL, NULL, NULL, NULL, false }
};

enum xc_err
xc_op_user_sessions(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_admin *admin = service;
	struct xc_list list = {
		.columns = "LOWER(HEX(s.id)) AS id, s.kind, "
		    XC_TIME("s.created_at") " AS created_at, "
		    XC_TIME("s.seen_at") " AS seen_at, "
		    XC_TIME("s.expires_at") " AS expires_at, "
		    XC_TIME("s.otp_at") " AS otp_at, s.address, s.agent",
		.join = "JOIN xc_session s ON s.id = x.id",
		.from = "xc_session s", .id = "s.id", .sorts = sorts,
		.total = -1 };
	struct xc_value value;
	enum xc_err err;
	int64_t id;

	(void)caller;
	err = xc_args_id(args, &id, refusal_r);
	if (err == XC_OK)
		err = xc_store_number(admin->identity.store, &id,
		    "SELECT id FROM xc_user WHERE id = ?",
		    XC_ARGS(xc_int(id)));
	if (err == XC_ERR_NOT_FOUND)
		return xc_no_user(refusal_r);
	if (err != XC_OK)
		return err;
	value = xc_int(id);
	xc_list_where(&list, "s.user_id = ?", &value, 1);
	xc_list_where(&list, "s.expires_at > UTC_TIMESTAMP(3)", NULL, 0);
	err = xc_list_search(&list, args,
	    "(s.address LIKE ? OR LOWER(s.agent) LIKE ?)", 2, refusal_r);
	return err == XC_OK ? xc_list_run(admin, &list, args, result_r,
	    refusal_r) : err;
}

/* One of them; nothing is done if it is another user's. */
static enum xc_err
end_one(struct xc_store *store, int64_t user_id, const char *session,
    uint64_t *n_r)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(store, &result,
	    "DELETE FROM xc_session WHERE id = UNHEX(?) AND user_id = ?",
	    XC_ARGS(xc_text(session), xc_int(user_id)));
	*n_r = result.affected;
	if (err != XC_OK || *n_r == 0)
		return err;
	return xc_store_exec(store, NULL,
	    "DELETE FROM xc_refresh WHERE session_id = UNHEX(?)",
	    XC_ARGS(xc_text(session)));
}

static enum xc_err
end_sessions(struct xc_store *store, struct xc_change *change)
{
	const char *session = change->data;
	struct xc_user_row row;
	uint64_t n = 0;
	enum xc_err err;

	err = xc_user_read(store, change->id, true, &row);
	if (err == XC_ERR_NOT_FOUND)
		return xc_no_user(change->refusal_r);
	if (err == XC_OK)
		err = xc_change_reach(store, change, xc_user_grants);
	if (err == XC_OK)
		err = session != NULL ? end_one(store, change->id, session,
		    &n) : xc_sessions_end(store, change->id, NULL, &n);
	if (err != XC_OK)
		return err;
	if (session != NULL && n == 0)
		return xc_refuse(change->refusal_r, XC_ERR_NOT_FOUND, 404,
		    "no_session", "the user has no such session");
	xc_change_target(change, "user", row.name);
	change->result = json_object_new_object();
	if (change->result == NULL)
		return XC_ERR_NOMEM;
	json_object_object_add(change->result, "ended",
	    json_object_new_int64((int64_t)n));
	change->after = json_object_get(change->result);
	return XC_OK;
}

enum xc_err
xc_op_user_sessions_end(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_change change = { .admin = service, .caller = caller,
		.args = args, .refusal_r = refusal_r,
		.action = "user.sessions_end", .body = end_sessions };
	const char *session = xc_json_string(args, "session");
	enum xc_err err = xc_args_id(args, &change.id, refusal_r);

	if (err == XC_OK && xc_json_member(args, "session") != NULL &&
	    (session == NULL || strlen(session) != ID_LEN ||
	    strspn(session, "0123456789abcdef") != ID_LEN))
		err = xc_refuse_at(refusal_r, "/session", "session",
		    "must be 32 hex digits");
	if (err != XC_OK)
		return err;
	change.data = (void *)(uintptr_t)session;
	return xc_change_run(&change, result_r);
}

/* SPDX-License-Identifier: MIT */
/*
 * Users, roles and permissions, and the log of who changed them.
 *
 * All calls need the permission "admin" in plugin.json, and who sends the
 * request the grant that is named with each: a plugin can do no more than its
 * user may.  They return XC_OK and *result_r, which belongs to the request; or
 * an error, and a problem+json reply stands already: the handler returns the
 * error.  result_r may be NULL.
 *
 * Those that change something write it to the audit log.  Where an object of
 * changes is taken, its reference is, and a password in it is overwritten;
 * "revision" in it, or the argument of
 * that name (NULL: any; its reference is taken), is a number or an array of
 * them: 412 unless it is at one of those.
 */
#ifndef XCORE_ADMIN_H
#define XCORE_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/*
 * Which page of a list; zero or NULL is what is usual.  *result_r is {items,
 * pagination: {page, per_page, total, pages}}.  Of a list of more than 20,000
 * the total may be some seconds old.
 */
struct xc_admin_page {
	int64_t page;		/* from 1 */
	int64_t per_page;	/* 1 to 100 */
	const char *q;		/* what it begins with */
	const char *sort;	/* "name", or "-name" from the last one on */
	const char *role;	/* of users */
	const char *state;	/* of users: "active", "locked" */
	const char *actor;	/* of the log: "user:42 ana" */
	const char *action;	/* of the log: "user.create" */
};

/* admin:user:read.  q is of the name or the e-mail address; sort: id,
 * created_at, name, email, last_login_at. */
enum xc_err xc_admin_users(struct xc_request *req,
    const struct xc_admin_page *page, struct json_object **result_r);
enum xc_err xc_admin_user(struct xc_request *req, int64_t id,
    struct json_object **result_r);
/* q is of the address or the agent; sort: created_at, seen_at, expires_at. */
enum xc_err xc_admin_user_sessions(struct xc_request *req, int64_t id,
    const struct xc_admin_page *page, struct json_object **result_r);

/* Why a user may do something, or that he may not: {permission, allowed,
 * state, because: [{role, via, permission}]}. */
enum xc_err xc_admin_explain(struct xc_request *req, int64_t id,
    const char *permission, struct json_object **result_r);

/* admin:user:write.  user: name, email, display, password, roles. */
enum xc_err xc_admin_user_add(struct xc_request *req,
    struct json_object *user, struct json_object **result_r);
/* changes: name, email, display. */
enum xc_err xc_admin_user_set(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r);
enum xc_err xc_admin_user_remove(struct xc_request *req, int64_t id,
    struct json_object *revision);
/* changes: roles, an array of names, in place of those that the user has. */
enum xc_err xc_admin_user_roles(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r);
/* A locked user's sessions end, and nothing logs in. */
enum xc_err xc_admin_user_lock(struct xc_request *req, int64_t id,
    bool locked, const char *reason, struct json_object **result_r);
/* changes: password, revision. */
enum xc_err xc_admin_user_password(struct xc_request *req, int64_t id,
    struct json_object *changes);
enum xc_err xc_admin_user_otp_reset(struct xc_request *req, int64_t id);
/* One session, or with NULL all of them; *result_r is {ended}. */
enum xc_err xc_admin_user_sessions_end(struct xc_request *req, int64_t id,
    const char *session, struct json_object **result_r);

/* admin:role:read.  q is of the name; sort: name, id, created_at. */
enum xc_err xc_admin_roles(struct xc_request *req,
    const struct xc_admin_page *page, struct json_object **result_r);
enum xc_err xc_admin_role(struct xc_request *req, int64_t id,
    struct json_object **result_r);
/* sort: name, plugin. */
enum xc_err xc_admin_permissions(struct xc_request *req,
    const struct xc_admin_page *page, struct json_object **result_r);

/* admin:role:write.  role: name, description, permissions, includes. */
enum xc_err xc_admin_role_add(struct xc_request *req,
    struct json_object *role, struct json_object **result_r);
/* changes: description, permissions, includes. */
enum xc_err xc_admin_role_set(struct xc_request *req, int64_t id,
    struct json_object *changes, struct json_object **result_r);
enum xc_err xc_admin_role_remove(struct xc_request *req, int64_t id,
    struct json_object *revision);

/* admin:audit:read.  Newest first; q is of the target: "user:42"; sort: seq,
 * at. */
enum xc_err xc_admin_audit(struct xc_request *req,
    const struct xc_admin_page *page, struct json_object **result_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef ADMIN_H
#define ADMIN_H

#include <stdint.h>

#include <xcore/xcore.h>

/* A reply that no cache may keep; the reference of result is left. */
enum xc_err reply_private(struct xc_request *req, int status,
    struct json_object *result);
/* ... with its revision as the ETag. */
enum xc_err reply_entity(struct xc_request *req, struct json_object *entity);
/* ... that was made, with its path. */
enum xc_err reply_made(struct xc_request *req, const char *folder,
    struct json_object *entity);
/* 204. */
enum xc_err reply_done(struct xc_request *req);

/* What the client has asked of a list. */
struct xc_admin_page list_page(struct xc_request *req);
/* The body, an object of one's own, with the revisions of If-Match. */
enum xc_err read_changes(struct xc_request *req,
    struct json_object **changes_r);

/* users.c */
xc_handler list_users, show_user, add_user, change_user, remove_user,
    set_user_roles, lock_user, unlock_user, set_user_password, reset_user_otp,
    list_user_sessions, end_user_sessions, end_user_session, explain;

/* roles.c */
xc_handler list_roles, show_role, add_role, change_role, remove_role,
    list_permissions, list_audit;

#endif

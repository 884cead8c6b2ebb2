/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "admin-private.h"

#define USER_READ "admin:user:read"
#define USER_WRITE "admin:user:write"
#define ROLE_READ "admin:role:read"
#define ROLE_WRITE "admin:role:write"
#define AUDIT_READ "admin:audit:read"

const struct xc_desk_row xc_admin_rows[] = {
	{ "user.register", "account", NULL, xc_op_register },
	{ "user.profile", "account", "", xc_op_profile },
	{ "user.profile_set", "account", "", xc_op_profile_set },
	{ "user.password", "account", "", xc_op_password },
	{ "admin.users", "admin", USER_READ, xc_op_users },
	{ "admin.user", "admin", USER_READ, xc_op_user },
	{ "admin.user_add", "admin", USER_WRITE, xc_op_user_add },
	{ "admin.user_remove", "admin", USER_WRITE, xc_op_user_remove },
	{ "admin.user_set", "admin", USER_WRITE, xc_op_user_set },
	{ "admin.user_roles", "admin", USER_WRITE, xc_op_user_roles },
	{ "admin.user_lock", "admin", USER_WRITE, xc_op_user_lock },
	{ "admin.user_password", "admin", USER_WRITE, xc_op_user_password },
	{ "admin.user_otp_reset", "admin", USER_WRITE,
	    xc_op_user_otp_reset },
	{ "admin.user_sessions", "admin", USER_READ, xc_op_user_sessions },
	{ "admin.user_sessions_end", "admin", USER_WRITE,
	    xc_op_user_sessions_end },
	{ "admin.roles", "admin", ROLE_READ, xc_op_roles },
	{ "admin.role", "admin", ROLE_READ, xc_op_role },
	{ "admin.role_add", "admin", ROLE_WRITE, xc_op_role_add },
	{ "admin.role_set", "admin", ROLE_WRITE, xc_op_role_set },
	{ "admin.role_remove", "admin", ROLE_WRITE, xc_op_role_remove },
	{ "admin.permissions", "admin", ROLE_READ, xc_op_permissions },
	{ "admin.explain", "admin", USER_READ, xc_op_explain },
	{ "admin.audit", "admin", AUDIT_READ, xc_op_audit },
	{ NULL, NULL, NULL, NULL }
};

enum xc_err
xc_admin_new(const struct xc_identity *identity, struct xc_otp *otp,
    struct xc_admin **admin_r, struct xc_errbuf *errbuf)
{
	*admin_r = calloc(1, sizeof(**admin_r));
	if (*admin_r == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	(*admin_r)->identity = *identity;
	(*admin_r)->otp = otp;
	return XC_OK;
}

void
xc_admin_free(struct xc_admin **admin)
{
	free(*admin);
	*admin = NULL;
}

/* SPDX-License-Identifier: MIT */
/* What roles.c and roles-change.c share. */
#ifndef XC_ROLES_PRIVATE_H
#define XC_ROLES_PRIVATE_H

#include "services/admin/admin-private.h"

/* The role as clients see it, a new reference; XC_ERR_NOT_FOUND. */
enum xc_err xc_role_json(struct xc_store *store, int64_t id,
    struct json_object **role_r);
/* 404. */
enum xc_err xc_no_role(struct xc_refusal *refusal_r);

#endif

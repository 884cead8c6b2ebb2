/* SPDX-License-Identifier: MIT */
/*
 * Users, roles and permissions, and the log of who changed them.
 */
#ifndef XC_ADMIN_SERVICE_H
#define XC_ADMIN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/auth/auth.h"
#include "services/desk/desk.h"

struct json_object;
struct xc_admin;
struct xc_otp;

/* otp may be NULL. */
enum xc_err xc_admin_new(const struct xc_identity *identity,
    struct xc_otp *otp, struct xc_admin **admin_r, struct xc_errbuf *errbuf);
void xc_admin_free(struct xc_admin **admin);

/* The operations "admin.*" and "user.*". */
extern const struct xc_desk_row xc_admin_rows[];

/*
 * What a user may, as struct xc_auth_verdict has it, by the user's roles, the
 * roles that those include, and the permissions that everyone has.  *grants_r
 * is malloc'ed, sorted, without doubles.
 */
enum xc_err xc_user_grants(struct xc_store *store, int64_t user_id,
    char **grants_r);

#endif

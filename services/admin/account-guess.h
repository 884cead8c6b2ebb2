/* SPDX-License-Identifier: MIT */
/* A password that one who is logged in gives once more. */
#ifndef XC_ACCOUNT_GUESS_H
#define XC_ACCOUNT_GUESS_H

#include "services/admin/admin.h"

/*
 * Whether it is the user's: XC_OK; XC_ERR_DENIED with 403; XC_ERR_BUSY with
 * 429 after too many that were wrong, so that who has taken over a session
 * cannot guess on.
 */
enum xc_err xc_password_prove(struct xc_admin *admin, int64_t user_id,
    const char *phc, const char *password, size_t len,
    struct xc_refusal *refusal_r);

#endif

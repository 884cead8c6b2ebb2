/* SPDX-License-Identifier: MIT */
/*
 * Second factors: TOTP (RFC 6238) by liboath, recovery codes, codes by mail.
 */
#ifndef XC_OTP_SERVICE_H
#define XC_OTP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/auth/auth.h"
#include "services/desk/desk.h"

struct xc_otp;

enum xc_err xc_otp_new(const struct xc_identity *identity,
    struct xc_otp **otp_r, struct xc_errbuf *errbuf);
void xc_otp_free(struct xc_otp **otp);

/* The operations "otp.*". */
extern const struct xc_desk_row xc_otp_rows[];

/* Whether the user has a confirmed second factor. */
enum xc_err xc_otp_enrolled(struct xc_otp *otp, int64_t user_id,
    bool *enrolled_r);

/*
 * Takes a code: six digits of the app, a recovery code, or one that was mailed
 * for that purpose ("login", "step-up").  XC_OK: right, and used up.
 * XC_ERR_DENIED: wrong, or used before; XC_ERR_BUSY: too many were wrong
 * (retry_s in refusal_r); XC_ERR_STATE: no second factor is there.  Each wrong
 * one is counted in the database, over all hosts.
 */
enum xc_err xc_otp_take(struct xc_otp *otp, int64_t user_id,
    const char *purpose, const char *code, struct xc_refusal *refusal_r);

/* Forgets all of a user's second factors, in the transaction that is open in
 * the store. */
enum xc_err xc_otp_forget(struct xc_store *store, int64_t user_id);

#endif

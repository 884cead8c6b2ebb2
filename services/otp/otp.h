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

/* XC_ERR_NOMEM, XC_ERR_FAILED: else *otp_r is NULL.  Mail that cannot be set
 * up is logged, and there is none then. */
enum xc_err xc_otp_new(const struct xc_identity *identity,
    struct xc_otp **otp_r, struct xc_errbuf *errbuf);
void xc_otp_free(struct xc_otp **otp);

/* The operations "otp.*". */
extern const struct xc_desk_row xc_otp_rows[];

/* Whether the user has a confirmed second factor. */
enum xc_err xc_otp_enrolled(struct xc_otp *otp, int64_t user_id,
    bool *enrolled_r);

/*
 * The ways in which the user can show one when logging in, a new reference to
 * ["app", "recovery", "mail"] or less of it; [] for one who has no confirmed
 * second factor.
 */
enum xc_err xc_otp_methods(struct xc_otp *otp, int64_t user_id,
    struct json_object **methods_r);

/*
 * Takes a code: six digits of the app, a recovery code, or the eight digits
 * that were mailed for that purpose ("login", "step-up").  XC_OK: right, and
 * used up.  XC_ERR_DENIED: wrong, or used before; XC_ERR_BUSY: too many were
 * wrong (retry_s in refusal_r); XC_ERR_STATE: no second factor is there.
 *
 * Each try is counted in the database before it is looked at, over all hosts,
 * by purpose: who guesses at logins does not lock the owner's sessions out of
 * their step-up.  Recovery codes, which nobody guesses, are still taken while
 * the others must wait.  Not for use within a transaction.
 */
enum xc_err xc_otp_take(struct xc_otp *otp, int64_t user_id,
    const char *purpose, const char *code, struct xc_refusal *refusal_r);

/* Whether a code that was taken at a login is as good as one that an operation
 * asks for: one that was mailed to somebody who has an app is not, as that
 * would not be taken there either. */
bool xc_otp_steps_up(const char *code);

/*
 * Mails a code for that purpose to the user's address; an earlier one no
 * longer counts.  XC_ERR_STATE: there is no mail, or no address; XC_ERR_BUSY:
 * too many were mailed (retry_s); XC_ERR_UNAVAILABLE, XC_ERR_TIMEOUT: the mail
 * server does not take it.  Takes mail.timeout_ms at most; XC_ERR_STATE also
 * within a transaction.
 */
enum xc_err xc_otp_send(struct xc_otp *otp, int64_t user_id,
    const char *purpose, struct xc_refusal *refusal_r);

/* Forgets all of a user's second factors, in the transaction that is open in
 * the store. */
enum xc_err xc_otp_forget(struct xc_store *store, int64_t user_id);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The second factor of the user who sends the request: an authenticator app,
 * recovery codes, codes by mail.  These need the permission "otp" in
 * plugin.json, and a user who has logged in.
 *
 * On an error a reply stands that says why, for example 422 with the code
 * "otp_wrong", or 429 with Retry-After after too many wrong ones; a handler
 * returns the error as it is.  What is got belongs to the request.
 *
 * An operation asks for a second factor by "x-xcore-step-up" in its
 * openapi.json; xc_otp_verify() is what fulfils it.
 */
#ifndef XCORE_OTP_H
#define XCORE_OTP_H

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/*
 * Begins with an app: {secret, uri, qr_svg}, a secret that is shown once.  It
 * does not count until a code of it was confirmed; one that was not is
 * replaced.  Refused with 401 if the login is older than 15 minutes, with 409
 * if there is a second factor already.
 */
enum xc_err xc_otp_setup(struct xc_request *req,
    struct json_object **result_r);

/* From here on it counts: {recovery_codes}, shown once. */
enum xc_err xc_otp_confirm(struct xc_request *req, const char *code,
    struct json_object **result_r);

/* The session has shown a second factor now. */
enum xc_err xc_otp_verify(struct xc_request *req, const char *code);

/* Ends the second factor; needs a code of it. */
enum xc_err xc_otp_disable(struct xc_request *req, const char *code);

/* New recovery codes in place of all earlier ones; needs a code:
 * {recovery_codes}. */
enum xc_err xc_otp_recovery(struct xc_request *req, const char *code,
    struct json_object **result_r);

/* Mails a code for xc_otp_verify() to one who has no app.  Takes as long as
 * the mail server does, mail.timeout_ms at most. */
enum xc_err xc_otp_mail(struct xc_request *req);

/* {enrolled, pending, recovery_left, mail}. */
enum xc_err xc_otp_status(struct xc_request *req,
    struct json_object **result_r);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * The account of who sends the request, and new ones.
 *
 * All calls need the permission "account" in plugin.json; all but the first
 * are for who is logged in.  They return XC_OK and *result_r, which belongs to
 * the request; or an error, and a problem+json reply stands already: the
 * handler returns the error.  result_r may be NULL.
 */
#ifndef XCORE_ACCOUNT_H
#define XCORE_ACCOUNT_H

#include <stddef.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/* Texts are NUL-terminated, and NULL where there is none. */
struct xc_account_new {
	const char *name;
	const char *email;
	const char *display;
	const char *password;	/* may hold NULs */
	size_t password_len;
};

/*
 * Makes an account with the role "user" and no other, if auth.registration
 * lets strangers.  *result_r is the account, as below.  409: the name or the
 * address is taken, without saying which.
 */
enum xc_err xc_account_register(struct xc_request *req,
    const struct xc_account_new *account, struct json_object **result_r);

/* {id, name, email, display, roles, password, otp, created_at, changed_at,
 * revision}. */
enum xc_err xc_account_profile(struct xc_request *req,
    struct json_object **result_r);

/*
 * Sets what changes, an object, names: "email" (null for none; then "password"
 * is the user's, once more), "display".  "revision" in it is a number, or an
 * array of them, of which the account must be at one: 412 if not.  Takes the
 * caller's reference.  *result_r is the account as it is now.
 */
enum xc_err xc_account_profile_set(struct xc_request *req,
    struct json_object *changes, struct json_object **result_r);

/* A password; it may hold NULs. */
struct xc_account_secret {
	const char *text;
	size_t len;
};

/* Sets the password of who knows the one before; the user's other sessions
 * end.  403: it is another; 429: too many were wrong. */
enum xc_err xc_account_set_password(struct xc_request *req,
    const struct xc_account_secret *before,
    const struct xc_account_secret *after);

#ifdef __cplusplus
}
#endif
#endif

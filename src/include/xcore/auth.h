/* SPDX-License-Identifier: MIT */
/*
 * Who sends the request, and logins.
 *
 * An operation's "security" in openapi.json is enforced before its handler
 * runs: 401 without valid credentials, 403 for who may not, 503 if nobody can
 * tell.  A handler only asks who it was; that costs nothing.
 *
 * The calls that log in, refresh, and so on, need the permission "auth" in
 * plugin.json.  They return XC_OK and *result_r, which belongs to the request;
 * or an error, and a problem+json reply stands already: the handler returns
 * the error.  result_r may be NULL.
 */
#ifndef XCORE_AUTH_H
#define XCORE_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/*
 * The id of the user who sends it, as the authentication has found; NULL for a
 * request that nobody has vouched for (the operation has no "security", or
 * leaves it to the client).  NUL-terminated, belongs to the request.
 */
const char *xc_auth_subject(const struct xc_request *req);

/* The user's name, and the session's id, 32 hex digits; NULL as above, and
 * where the authentication knows none. */
const char *xc_auth_name(const struct xc_request *req);
const char *xc_auth_session(const struct xc_request *req);

/*
 * Whether the user may do what a permission names ("todo:item:write").  false
 * for nobody.  What the operation's "security" asks for need not be asked
 * again; this is for what depends on more, for example whose item it is.
 */
bool xc_auth_may(const struct xc_request *req, const char *permission);

struct xc_auth_login {
	const char *username;	/* or the e-mail address; NUL-terminated */
	const char *password;	/* may hold NULs */
	size_t password_len;
	const char *otp;	/* a code of the second factor, or NULL */
	bool cookie;		/* begin a browser's session */
};

/*
 * Begins a session.  *result_r is {access_token, token_type, expires_in,
 * refresh_token, refresh_expires_in}; with cookie {cookie, csrf_token,
 * expires_in}, where cookie is the value for Set-Cookie; if a second factor
 * is still to be shown {otp_required, ticket, methods, expires_in}.
 */
enum xc_err xc_auth_login(struct xc_request *req,
    const struct xc_auth_login *login, struct json_object **result_r);

/* ... with the ticket, and a code of the second factor. */
enum xc_err xc_auth_otp(struct xc_request *req, const char *ticket,
    const char *code, bool cookie, struct json_object **result_r);

/* Mails a code to whom the ticket is for. */
enum xc_err xc_auth_mail_code(struct xc_request *req, const char *ticket);

/* New tokens for a refresh token, which is used up then. */
enum xc_err xc_auth_refresh(struct xc_request *req, const char *token,
    struct json_object **result_r);

/* Ends the session of the request, or all of the user's.  *result_r may have
 * {cookie}, the value for Set-Cookie that has the browser forget it. */
enum xc_err xc_auth_logout(struct xc_request *req, bool all,
    struct json_object **result_r);

/* {id, name, email, display, roles, permissions, session, otp} of who sends
 * the request. */
enum xc_err xc_auth_me(struct xc_request *req,
    struct json_object **result_r);

/* Which of the user's sessions; zero for all, the newest first. */
struct xc_auth_page {
	int64_t page;		/* from 1; 0: the first */
	int64_t per_page;	/* 1 to 100; 0: 20 */
	const char *q;		/* what the address or the agent begins with */
	const char *sort;	/* created_at, seen_at, expires_at; with "-"
				 * from the last one on */
};

/* A page of the user's sessions, {items, pagination}; and an end to one of
 * them. */
enum xc_err xc_auth_sessions(struct xc_request *req,
    const struct xc_auth_page *page, struct json_object **result_r);
enum xc_err xc_auth_session_end(struct xc_request *req, const char *id);

/* {csrf_token} of the browser's session that the request is of. */
enum xc_err xc_auth_csrf(struct xc_request *req,
    struct json_object **result_r);

/* The keys that access tokens are verified with, as a JWK set (RFC 7517). */
enum xc_err xc_auth_jwks(struct xc_request *req,
    struct json_object **result_r);

#ifdef __cplusplus
}
#endif
#endif

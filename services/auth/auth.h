/* SPDX-License-Identifier: MIT */
/*
 * Authentication: logins, sessions, and who sends a request.
 *
 * A session is a row of xc_session.  An access token names it, and each check
 * looks the row up (one SELECT by primary key), so that logout, a lock or a
 * changed role hold at once, on every worker and host, and nothing that a
 * cache forgets brings a token back.  Without the database nobody is let in.
 */
#ifndef XC_AUTH_SERVICE_H
#define XC_AUTH_SERVICE_H

#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "lib/grants.h"
#include "lib/host.h"
#include "lib/session.h"
#include "services/database/store.h"
#include "services/desk/desk.h"
#include "services/security/keyring.h"
#include "services/security/password.h"

#define XC_COOKIE_NAME XC_SESSION_COOKIE

/* What services that know users are made with; all is borrowed. */
struct xc_identity {
	const struct xc_settings *settings;
	struct xc_store *store;
	struct xc_keyring *ring;	/* NULL: there is none yet: what needs
					 * it gives XC_ERR_UNAVAILABLE */
	struct xc_hasher *hasher;
};

struct xc_auth;
struct xc_otp;

/*
 * otp may be NULL: no second factors.  identity is copied; what it points to
 * must outlive what is made.
 */
enum xc_err xc_auth_new(const struct xc_identity *identity,
    struct xc_otp *otp, struct xc_auth **auth_r, struct xc_errbuf *errbuf);
void xc_auth_free(struct xc_auth **auth);

/* The ring has changed.  On an error it has no key for tokens: until this is
 * called again with one, nobody can log in, and all checks give
 * XC_ERR_UNAVAILABLE. */
enum xc_err xc_auth_keys(struct xc_auth *auth, struct xc_errbuf *errbuf);

/* host.auth with this as its ctx: a bearer token, or the cookie with the
 * protection against cross-site requests for all but GET and HEAD. */
extern const struct xc_auth_ops xc_auth_service_ops;

/* The operations "auth.*"; service is the struct xc_auth. */
extern const struct xc_desk_row xc_auth_rows[];

/* For the other services.  Ends a user's sessions but one ("" or NULL: all),
 * and forgets the browsers that have logged in before, in the transaction that
 * is open in the store, if one is. */
enum xc_err xc_sessions_end(struct xc_store *store, int64_t user_id,
    const char *but, uint64_t *n_r);

/* For tests: an authentication that believes this (it is the ctx), and one
 * that fails each check with the enum xc_err that ctx points to. */
struct xc_auth_fake {
	const char *subject;	/* NULL: nobody has logged in */
	const char *name;	/* ... may be NULL, and so on */
	const char *session;
	const char *grants;
	bool stepped_up;	/* a second factor was shown just now */
	size_t asked;		/* how often it was asked */
};

extern const struct xc_auth_ops xc_auth_fake_ops;
extern const struct xc_auth_ops xc_auth_failing_ops;

#endif

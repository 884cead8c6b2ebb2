/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef XC_AUTH_PRIVATE_H
#define XC_AUTH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loggers/logger.h"
#include "services/auth/auth.h"
#include "services/auth/jwt.h"
#include "services/otp/otp.h"
#include "services/security/token.h"

struct json_object;

#define XC_SESSION_ID_LEN 16
#define XC_SESSION_TEXT_SIZE 33	/* of an id as hex digits */
#define XC_SESSIONS_MAX 50	/* of a user; the oldest end first */
#define XC_NAME_SIZE 72

struct xc_auth_memory;

struct xc_auth {
	struct xc_identity of;
	struct xc_otp *otp;	/* may be NULL */
	struct xc_jwt *jwt;	/* NULL: there is no key ring */
	struct xc_auth_memory *memory;
	int64_t purge_s;	/* when next, by the monotonic clock */
	int64_t told_s;		/* when the log was told what is missing */
};

extern struct xc_logger xc_auth_logger;

/* Seconds of a clock that is never set back. */
int64_t xc_auth_clock(void);

/* For want of a key ring: XC_ERR_UNAVAILABLE, and a line in the log, once a
 * minute at most. */
enum xc_err xc_auth_no_ring(struct xc_auth *auth);

/* Deletes some rows that have expired, now and then. */
void xc_auth_purge(struct xc_auth *auth);

/*
 * HMAC of a secret text by the "hash" key, n-th as xc_keyring_hmac_nth().
 * use says what the secret is ("refresh"), so that none is taken for another.
 * XC_ERR_UNAVAILABLE without a ring; XC_ERR_NOT_FOUND past the last key.
 */
enum xc_err xc_auth_hmac(struct xc_auth *auth, size_t n, const char *use,
    const char *secret, unsigned char digest_r[XC_DIGEST_LEN]);

#define XC_AUTH_KEYS_MAX 8	/* keys that are tried for one secret */

/* An argument that is text without NUL; NULL. */
const char *xc_auth_text(struct json_object *args, const char *key);

/* Adds a member; obj NULL or value NULL, or no memory: false, and value is
 * put. */
bool xc_auth_put(struct json_object *obj, const char *key,
    struct json_object *value);

/* A DATETIME(3) as RFC 3339 has it: "2026-11-23T09:33:46.000Z"; NULL for no
 * memory. */
struct json_object *xc_auth_time(const char *text);

/* --- names (name.c) ------------------------------------------------------ */

enum xc_name_kind { XC_NAME_NONE, XC_NAME_USER, XC_NAME_EMAIL };

/* What a name or an e-mail address is found by, in key_r; XC_NAME_NONE: no
 * user can have it, and key_r is "". */
enum xc_name_kind xc_name_key(const char *name, char *key_r, size_t size);

/* --- failures that are counted (throttle.c) ------------------------------ */

/* A login that is tried: for whom, from where. */
struct xc_attempt {
	int64_t user_id;	/* 0: there is none of that name */
	const char *name;	/* as it was said */
	const char *address;
	const char *device;	/* of struct xc_device; NULL: not known */
	/* from xc_login_enter() on */
	bool known;		/* the address has logged in well before */
};

/*
 * Counts it as a failure at once, so that many at a time are no more tries
 * than one after the other.  XC_ERR_BUSY: too many have failed; nothing was
 * counted, and *retry_s_r says when to come again.
 */
enum xc_err xc_login_enter(struct xc_auth *auth,
    struct xc_attempt *attempt, uint32_t *retry_s_r);

/* It was none: takes back what was counted, and remembers the address. */
void xc_login_pass(struct xc_auth *auth, const struct xc_attempt *attempt);

/* It was neither: takes back what was counted. */
void xc_login_undo(struct xc_auth *auth,
    const struct xc_attempt *attempt);

/* --- sessions (session.c) -------------------------------------- */

struct xc_session_new {
	int64_t user_id;
	bool cookie;
	bool otp;		/* a second factor was shown */
	/* What the login was judged by: no session begins if it is not so any
	 * more; NULL: by something else. */
	const char *phc;
	const char *new_phc;	/* to stand in its place; NULL */
	const struct xc_caller *caller;
};

/*
 * Begins a session; *result_r is what the client is told.  XC_ERR_DENIED: the
 * user is gone or locked, or has another password by now.
 */
enum xc_err xc_session_begin(struct xc_auth *auth,
    const struct xc_session_new *session, struct json_object **result_r);

/* Ends one; *found_r (may be NULL) says whether there was one.  user_id 0:
 * whosever it is. */
enum xc_err xc_session_end(struct xc_store *store, int64_t user_id,
    const unsigned char id[XC_SESSION_ID_LEN], bool *found_r);

/* {access_token, token_type, expires_in}; XC_ERR_UNAVAILABLE. */
enum xc_err xc_access_make(struct xc_auth *auth, int64_t user_id,
    const char *session, struct json_object **result_r);

/* --- cookies (cookie.c) -------------------------------------------------- */

struct xc_cookie {
	char session[XC_SESSION_TEXT_SIZE];
	char secret[XC_TOKEN_SIZE];
};

/*
 * The value of a cookie in a Cookie header (NULL: there is none), which ends
 * at *len_r.  XC_ERR_NOT_FOUND: it has none; XC_ERR_INVALID: several.
 */
enum xc_err xc_cookie_find(const char *header, const char *name,
    const char **value_r, size_t *len_r);

/*
 * Reads ours out of a Cookie header.  XC_ERR_NOT_FOUND: it has none;
 * XC_ERR_INVALID: it is malformed, or there are several.
 */
enum xc_err xc_cookie_read(const char *header, struct xc_cookie *cookie_r);

/* Values for Set-Cookie. */
void xc_cookie_write(const struct xc_cookie *cookie, int64_t max_age_s,
    char *value_r, size_t size);
const char *xc_cookie_gone(void);

/*
 * Whether a request may change something by a cookie: its method changes
 * nothing, or it brings the token csrf, and what the browser says of its
 * origin is this site.  NULL, or a sentence for the client.
 */
const char *xc_cookie_fault(const struct xc_request *req,
    const unsigned char csrf[XC_DIGEST_LEN]);

/* Whether another site's page has made a request, as the browser says: NULL,
 * or a sentence for the client. */
const char *xc_cookie_foreign(const struct xc_request *req);

/* Whether a request may begin a session by a cookie: a page of another site
 * that logs its reader in here has the reader work as somebody else.
 * XC_ERR_DENIED: a refusal stands. */
enum xc_err xc_login_allow(const struct xc_caller *caller,
    struct xc_refusal *refusal_r);

/* --- browsers that have logged in before (device.c) ----------------------- */

#define XC_DEVICE_NONCE_SIZE 23	/* 16 bytes as base64url */

struct xc_device {
	int64_t user_id;
	int64_t expires_at;	/* seconds since 1970 */
	char nonce[XC_DEVICE_NONCE_SIZE];
	unsigned char digest[XC_DIGEST_LEN];
};

/* What a Cookie header (NULL: there is none) says; nothing of it is proven.
 * XC_ERR_NOT_FOUND, XC_ERR_INVALID as xc_cookie_read(). */
enum xc_err xc_device_read(const char *header, struct xc_device *device_r);

/* Whether it is one of ours for that user, whose devices are of that
 * revision, and has not expired. */
bool xc_device_is_of(struct xc_auth *auth, const struct xc_device *device,
    int64_t user_id, int64_t revision);

/* Makes one for a user: a value for Set-Cookie, which needs 256 bytes at
 * most. */
enum xc_err xc_device_make(struct xc_auth *auth, int64_t user_id,
    char *value_r, size_t size);

/* --- what a user may, remembered (memory.c) ------------------------------ */

enum xc_err xc_auth_memory_new(struct xc_auth_memory **memory_r);
void xc_auth_memory_free(struct xc_auth_memory **memory);

/* Which state of the tables grants were made from. */
struct xc_grants_key {
	int64_t user_id;
	int64_t user_revision;
	int64_t revision;
};

/* From memory or by xc_user_grants(); lives until the next call. */
enum xc_err xc_auth_grants(struct xc_auth *auth,
    const struct xc_grants_key *key, const char **grants_r);

/* --- operations of the desk ---------------------------------------------- */

xc_desk_fn xc_auth_do_login, xc_auth_do_otp, xc_auth_do_mail_code,
    xc_auth_do_refresh, xc_auth_do_logout, xc_auth_do_me,
    xc_auth_do_sessions, xc_auth_do_session_end, xc_auth_do_csrf,
    xc_auth_do_jwks;

/* A ticket for who has a second factor and did not show it yet. */
enum xc_err xc_ticket_make(struct xc_auth *auth, int64_t user_id,
    struct json_object **result_r);

/* The log's line of a login; a name that nobody has is left out: it may be a
 * password in the wrong field. */
void xc_auth_note(const struct xc_caller *caller, int64_t user_id,
    const char *what);

#endif

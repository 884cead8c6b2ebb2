/* SPDX-License-Identifier: MIT */
/* Sessions: how they begin and end. */
#include "auth-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include "lib/text.h"

#define ADDRESS_MAX 64
#define AGENT_MAX 255
#define ENDED_AT_ONCE 16

/* A session that is about to be written. */
struct making {
	const struct xc_session_new *session;
	const struct xc_auth_settings *settings;
	unsigned char id[XC_SESSION_ID_LEN];
	unsigned char digest[XC_DIGEST_LEN];	/* of cookie or refresh token */
	unsigned char csrf[XC_DIGEST_LEN];
	struct xc_cookie cookie;	/* its session is set in each case */
	char device[256];		/* the other cookie, as it is set */
	char refresh[XC_TOKEN_SIZE];
	char address[ADDRESS_MAX + 1];
	char agent[AGENT_MAX + 1];
};

/* --- the user, held until the session is written -------------------------- */

struct held {
	bool active;
	char phc[XC_PHC_SIZE];
};

static enum xc_err
read_held(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct held *held = ctx;

	(void)n_cells;
	held->active = strcmp(cells[0].data, "active") == 0;
	snprintf(held->phc, sizeof(held->phc), "%s", cells[1].data);
	return XC_OK;
}

/* A lock, a new password or a deletion that comes between is seen. */
static enum xc_err
hold_user(struct xc_store *store, const struct xc_session_new *session)
{
	struct held held;
	enum xc_err err;

	err = xc_store_one(store, read_held, &held, "SELECT state, password "
	    "FROM xc_user WHERE id = ? FOR UPDATE",
	    XC_ARGS(xc_int(session->user_id)));
	if (err == XC_ERR_NOT_FOUND)
		return XC_ERR_DENIED;
	if (err == XC_OK && (!held.active || (session->phc != NULL &&
	    strcmp(session->phc, held.phc) != 0)))
		err = XC_ERR_DENIED;
	xc_wipe(&held, sizeof(held));
	if (err != XC_OK)
		return err;
	return xc_store_exec(store, NULL, "UPDATE xc_user SET last_login_at = "
	    "UTC_TIMESTAMP(3), password = COALESCE(?, password) WHERE id = ?",
	    XC_ARGS(xc_text(session->new_phc), xc_int(session->user_id)));
}

/* --- sessions that are too many ------------------------------------------- */

struct oldest {
	size_t n;
	unsigned char ids[ENDED_AT_ONCE][XC_SESSION_ID_LEN];
};

static enum xc_err
read_oldest(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct oldest *oldest = ctx;

	(void)n_cells;
	if (oldest->n < ENDED_AT_ONCE && cells[0].len == XC_SESSION_ID_LEN)
		memcpy(oldest->ids[oldest->n++], cells[0].data,
		    XC_SESSION_ID_LEN);
	return XC_OK;
}

static enum xc_err
end_oldest(struct xc_store *store, int64_t user_id)
{
	struct oldest oldest = { .n = 0 };
	enum xc_err err;
	size_t i;

	err = xc_store_each(store, read_oldest, &oldest, "SELECT id FROM "
	    "xc_session WHERE user_id = ? ORDER BY created_at DESC, id "
	    "LIMIT ? OFFSET ?", XC_ARGS(xc_int(user_id),
	    xc_int(ENDED_AT_ONCE), xc_int(XC_SESSIONS_MAX - 1)));
	for (i = 0; i < oldest.n && err == XC_OK; i++)
		err = xc_session_end(store, user_id, oldest.ids[i], NULL);
	return err;
}

/* --- beginning ------------------------------------------------------------ */

static enum xc_err
insert_session(struct xc_store *store, const struct making *making)
{
	const struct xc_session_new *session = making->session;
	bool cookie = session->cookie;

	return xc_store_exec(store, NULL, "INSERT INTO xc_session (id, "
	    "user_id, kind, secret, csrf, created_at, seen_at, expires_at, "
	    "otp_at, address, agent) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3), "
	    "UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? SECOND, "
	    "IF(?, UTC_TIMESTAMP(3), NULL), ?, ?)",
	    XC_ARGS(xc_blob(making->id, sizeof(making->id)),
	    xc_int(session->user_id), xc_text(cookie ? "cookie" : "token"),
	    cookie ? xc_blob(making->digest, XC_DIGEST_LEN) : xc_null(),
	    cookie ? xc_blob(making->csrf, XC_DIGEST_LEN) : xc_null(),
	    xc_int(cookie ? making->settings->cookie_s :
	    making->settings->session_s), xc_int(session->otp),
	    xc_text(making->address), xc_text(making->agent)));
}

static enum xc_err
insert_refresh(struct xc_store *store, const struct making *making)
{
	return xc_store_exec(store, NULL, "INSERT INTO xc_refresh (hash, "
	    "session_id, issued_at, expires_at) SELECT ?, id, "
	    "UTC_TIMESTAMP(3), LEAST(expires_at, UTC_TIMESTAMP(3) + INTERVAL "
	    "? SECOND) FROM xc_session WHERE id = ?",
	    XC_ARGS(xc_blob(making->digest, XC_DIGEST_LEN),
	    xc_int(making->settings->refresh_s),
	    xc_blob(making->id, sizeof(making->id))));
}

static enum xc_err
write_session(struct xc_store *store, void *ctx)
{
	const struct making *making = ctx;
	enum xc_err err = hold_user(store, making->session);

	if (err == XC_OK)
		err = end_oldest(store, making->session->user_id);
	if (err == XC_OK)
		err = insert_session(store, making);
	if (err == XC_OK && !making->session->cookie)
		err = insert_refresh(store, making);
	return err;
}

/* What a client says of itself, fit to be kept and shown. */
static void
keep(char *to, size_t size, const char *from)
{
	size_t i;

	snprintf(to, size, "%s", from != NULL ? from : "");
	xc_utf8_cut(to, strlen(to));
	xc_utf8_tidy(to);
	for (i = 0; to[i] != '\0'; i++)
		if ((unsigned char)to[i] < ' ' || to[i] == 0x7f)
			to[i] = '?';
}

static enum xc_err
draw(struct xc_auth *auth, struct making *making)
{
	char both[XC_SESSION_TEXT_SIZE + XC_TOKEN_SIZE];
	enum xc_err err;

	err = xc_random(making->id, sizeof(making->id));
	if (err != XC_OK)
		return err;
	xc_hex_write(making->id, sizeof(making->id), making->cookie.session);
	if (!making->session->cookie) {
		err = xc_token_make(making->refresh);
		return err == XC_OK ? xc_auth_hmac(auth, 0, "refresh",
		    making->refresh, making->digest) : err;
	}
	err = xc_token_make(making->cookie.secret);
	if (err == XC_OK)
		err = xc_random(making->csrf, sizeof(making->csrf));
	snprintf(both, sizeof(both), "%s.%s", making->cookie.session,
	    making->cookie.secret);
	if (err == XC_OK)
		err = xc_auth_hmac(auth, 0, "cookie", both, making->digest);
	xc_wipe(both, sizeof(both));
	return err;
}

/* --- what the client is told ---------------------------------------------- */

static enum xc_err
tell_cookie(const struct making *making, struct json_object **result_r)
{
	struct json_object *result = json_object_new_object();
	int64_t life_s = making->settings->cookie_s;
	char text[XC_TOKEN_SIZE];
	char cookie[256];

	xc_cookie_write(&making->cookie, life_s, cookie, sizeof(cookie));
	if (xc_base64url(making->csrf, sizeof(making->csrf), text,
	    sizeof(text)) == XC_OK &&
	    xc_auth_put(result, "cookie", json_object_new_string(cookie)) &&
	    xc_auth_put(result, "device_cookie",
	    json_object_new_string(making->device)) &&
	    xc_auth_put(result, "csrf_token", json_object_new_string(text)) &&
	    xc_auth_put(result, "expires_in", json_object_new_int64(life_s)))
		*result_r = result;
	else
		json_object_put(result);
	xc_wipe(cookie, sizeof(cookie));
	return *result_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
tell_tokens(struct xc_auth *auth, const struct making *making,
    struct json_object **result_r)
{
	struct json_object *result = NULL;
	int64_t life_s = making->settings->refresh_s;
	enum xc_err err;

	if (life_s > making->settings->session_s)
		life_s = making->settings->session_s;
	err = xc_access_make(auth, making->session->user_id,
	    making->cookie.session, &result);
	if (err != XC_OK)
		return err;
	if (xc_auth_put(result, "refresh_token",
	    json_object_new_string(making->refresh)) &&
	    xc_auth_put(result, "refresh_expires_in",
	    json_object_new_int64(life_s))) {
		*result_r = result;
		return XC_OK;
	}
	json_object_put(result);
	return XC_ERR_NOMEM;
}

enum xc_err
xc_session_begin(struct xc_auth *auth, const struct xc_session_new *session,
    struct json_object **result_r)
{
	struct making making = { .session = session,
		.settings = &auth->of.settings->auth };
	struct json_object *result = NULL;
	enum xc_err err;

	*result_r = NULL;
	keep(making.address, sizeof(making.address), session->caller->address);
	keep(making.agent, sizeof(making.agent), session->caller->agent);
	err = draw(auth, &making);
	if (err == XC_OK && session->cookie)
		err = xc_device_make(auth, session->user_id, making.device,
		    sizeof(making.device));
	/* First what may fail: a session that nobody is told of is a row that
	 * stands around. */
	if (err == XC_OK)
		err = session->cookie ? tell_cookie(&making, &result)
		    : tell_tokens(auth, &making, &result);
	if (err == XC_OK)
		err = xc_store_transaction(auth->of.store, write_session,
		    &making);
	if (err == XC_OK)
		*result_r = result;
	else
		json_object_put(result);
	xc_wipe(&making, sizeof(making));
	return err;
}

enum xc_err
xc_access_make(struct xc_auth *auth, int64_t user_id, const char *session,
    struct json_object **result_r)
{
	int64_t life_s = auth->of.settings->auth.access_s;
	struct xc_claims claims = { .user_id = user_id,
		.issued_at = time(NULL) };
	struct json_object *result = NULL;
	unsigned char id[XC_SESSION_ID_LEN];
	char *token = NULL;
	enum xc_err err;

	*result_r = NULL;
	if (auth->jwt == NULL)
		return xc_auth_no_ring(auth);
	claims.not_before = claims.issued_at;
	claims.expires_at = claims.issued_at + life_s;
	snprintf(claims.session, sizeof(claims.session), "%s", session);
	err = xc_random(id, sizeof(id));
	if (err != XC_OK)
		return err;
	xc_hex_write(id, sizeof(id), claims.id);
	err = xc_jwt_make(auth->jwt, &claims, &token);
	if (err != XC_OK)
		return err;
	result = json_object_new_object();
	if (xc_auth_put(result, "access_token",
	    json_object_new_string(token)) &&
	    xc_auth_put(result, "token_type",
	    json_object_new_string("Bearer")) &&
	    xc_auth_put(result, "expires_in", json_object_new_int64(life_s))) {
		*result_r = result;
	} else {
		json_object_put(result);
		err = XC_ERR_NOMEM;
	}
	xc_wipe(token, strlen(token));
	free(token);
	return err;
}

/* --- ending --------------------------------------------------------------- */

enum xc_err
xc_session_end(struct xc_store *store, int64_t user_id,
    const unsigned char id[XC_SESSION_ID_LEN], bool *found_r)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(store, &result, "DELETE FROM xc_session WHERE "
	    "id = ? AND (? = 0 OR user_id = ?)",
	    XC_ARGS(xc_blob(id, XC_SESSION_ID_LEN), xc_int(user_id),
	    xc_int(user_id)));
	if (found_r != NULL)
		*found_r = err == XC_OK && result.affected > 0;
	/* Tokens without their session are worth nothing; should the next
	 * statement fail they are purged when they expire. */
	if (err == XC_OK && result.affected > 0)
		err = xc_store_exec(store, NULL, "DELETE FROM xc_refresh "
		    "WHERE session_id = ?",
		    XC_ARGS(xc_blob(id, XC_SESSION_ID_LEN)));
	return err;
}

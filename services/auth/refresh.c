/* SPDX-License-Identifier: MIT */
/*
 * Refresh tokens: opaque, kept as an HMAC, good for one use.  One that is shown
 * a second time has been stolen, from the client or by it, and ends its session
 * with all tokens of it.
 */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include "services/admin/audit.h"

struct row {
	unsigned char session[XC_SESSION_ID_LEN];
	int64_t user_id;
	char name[XC_NAME_SIZE];
	bool used;
	bool over;		/* it, its session, or its user's time */
};

struct turning {
	struct xc_auth *auth;
	const struct xc_caller *caller;
	unsigned char old[XC_DIGEST_LEN];
	unsigned char new[XC_DIGEST_LEN];
	const char *refresh;	/* the new one, as the client gets it */
	struct row row;
	bool reused;
	int64_t life_s;		/* of the new one */
	struct json_object *result;
};

static enum xc_err
read_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct row *row = ctx;

	(void)n_cells;
	if (cells[0].len != sizeof(row->session))
		return XC_ERR_FAILED;
	memcpy(row->session, cells[0].data, sizeof(row->session));
	row->user_id = cells[1].integer;
	snprintf(row->name, sizeof(row->name), "%s", cells[2].data);
	row->used = cells[3].integer != 0;
	row->over = cells[4].integer != 0;
	return XC_OK;
}

/* Its session's row is held, so that no logout falls in between. */
static enum xc_err
find_row(struct xc_store *store, struct turning *turning)
{
	return xc_store_one(store, read_row, &turning->row,
	    "SELECT r.session_id, s.user_id, u.name, r.used_at IS NOT NULL, "
	    "r.expires_at <= UTC_TIMESTAMP(3) OR s.expires_at <= "
	    "UTC_TIMESTAMP(3) OR u.state <> 'active' OR s.kind <> 'token' "
	    "FROM xc_refresh r JOIN xc_session s ON s.id = r.session_id "
	    "JOIN xc_user u ON u.id = s.user_id WHERE r.hash = ? FOR UPDATE",
	    XC_ARGS(xc_blob(turning->old, sizeof(turning->old))));
}

static enum xc_err
end_family(struct xc_store *store, struct turning *turning)
{
	char target[128];
	const struct xc_audit_entry entry = { .action = "auth.refresh_reuse",
		.target = target };
	enum xc_err err;

	turning->reused = true;
	snprintf(target, sizeof(target), "user:%lld %s",
	    (long long)turning->row.user_id, turning->row.name);
	err = xc_session_end(store, 0, turning->row.session, NULL);
	if (err == XC_OK)
		err = xc_audit_add(store, turning->auth->of.ring,
		    turning->caller, &entry);
	return err;
}

struct life {
	int64_t s;
};

static enum xc_err
read_life(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct life *life = ctx;

	(void)n_cells;
	life->s = cells[0].integer;
	return XC_OK;
}

static enum xc_err
replace(struct xc_store *store, struct turning *turning)
{
	struct life life = { .s = 0 };
	enum xc_err err;

	err = xc_store_exec(store, NULL, "INSERT INTO xc_refresh (hash, "
	    "session_id, issued_at, expires_at) SELECT ?, id, "
	    "UTC_TIMESTAMP(3), LEAST(expires_at, UTC_TIMESTAMP(3) + INTERVAL "
	    "? SECOND) FROM xc_session WHERE id = ?",
	    XC_ARGS(xc_blob(turning->new, XC_DIGEST_LEN),
	    xc_int(turning->auth->of.settings->auth.refresh_s),
	    xc_blob(turning->row.session, XC_SESSION_ID_LEN)));
	if (err == XC_OK)
		err = xc_store_one(store, read_life, &life, "SELECT "
		    "TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires_at) FROM "
		    "xc_refresh WHERE hash = ?",
		    XC_ARGS(xc_blob(turning->new, XC_DIGEST_LEN)));
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "UPDATE xc_session SET "
		    "seen_at = UTC_TIMESTAMP(3) WHERE id = ?",
		    XC_ARGS(xc_blob(turning->row.session,
		    XC_SESSION_ID_LEN)));
	turning->life_s = life.s;
	return err;
}

static enum xc_err
tell(struct turning *turning)
{
	char session[XC_SESSION_TEXT_SIZE];
	enum xc_err err;

	json_object_put(turning->result);
	turning->result = NULL;
	xc_hex_write(turning->row.session, XC_SESSION_ID_LEN, session);
	err = xc_access_make(turning->auth, turning->row.user_id, session,
	    &turning->result);
	if (err != XC_OK)
		return err;
	return xc_auth_put(turning->result, "refresh_token",
	    json_object_new_string(turning->refresh)) &&
	    xc_auth_put(turning->result, "refresh_expires_in",
	    json_object_new_int64(turning->life_s)) ? XC_OK : XC_ERR_NOMEM;
}

/* Whoever is logged in cannot use what belongs to another session. */
static bool
is_strange(const struct turning *turning)
{
	char text[XC_SESSION_TEXT_SIZE];

	if (turning->caller->session[0] == '\0')
		return false;
	xc_hex_write(turning->row.session, XC_SESSION_ID_LEN, text);
	return strcmp(turning->caller->session, text) != 0;
}

static enum xc_err
turn(struct xc_store *store, void *ctx)
{
	struct turning *turning = ctx;
	struct xc_db_result result;
	enum xc_err err;

	turning->reused = false;
	err = find_row(store, turning);
	if (err != XC_OK)
		return err;
	if (is_strange(turning))
		return XC_ERR_DENIED;
	if (turning->row.used)
		return end_family(store, turning);
	if (turning->row.over)
		return XC_ERR_NOT_FOUND;
	err = xc_store_exec(store, &result, "UPDATE xc_refresh SET used_at = "
	    "UTC_TIMESTAMP(3) WHERE hash = ? AND used_at IS NULL",
	    XC_ARGS(xc_blob(turning->old, XC_DIGEST_LEN)));
	if (err == XC_OK && result.affected == 0)
		return end_family(store, turning);
	if (err == XC_OK)
		err = replace(store, turning);
	/* In here: one that is used up while its client gets nothing for it
	 * ends the session when it is shown again. */
	return err == XC_OK ? tell(turning) : err;
}

/* By each key of the ring that it may have been hashed with. */
static enum xc_err
turn_any(struct turning *turning, const char *token)
{
	enum xc_err err = XC_ERR_NOT_FOUND;
	size_t n;

	for (n = 0; n < XC_AUTH_KEYS_MAX; n++) {
		err = xc_auth_hmac(turning->auth, n, "refresh", token,
		    turning->old);
		if (err != XC_OK)
			return err;
		err = xc_store_transaction(turning->auth->of.store, turn,
		    turning);
		if (err != XC_ERR_NOT_FOUND)
			return err;
	}
	return err;
}

/* The same words whatever was wrong. */
static enum xc_err
refuse(struct xc_refusal *refusal_r)
{
	(void)xc_refuse(refusal_r, XC_ERR_DENIED, 401, "invalid_refresh_token",
	    "The refresh token is not valid, or not any more; log in again.");
	snprintf(refusal_r->challenge, sizeof(refusal_r->challenge),
	    "Bearer error=\"invalid_token\"");
	return XC_ERR_DENIED;
}

/* The result of an attempt that failed, for the client. */
static enum xc_err
explain(const struct turning *turning, enum xc_err err,
    struct xc_refusal *refusal_r)
{
	if (turning->reused)
		xc_logf(&xc_auth_logger, XC_LOG_WARNING, "a refresh token of "
		    "user %lld was shown a second time, from %.64s: its "
		    "session is ended; request %.64s",
		    (long long)turning->row.user_id, turning->caller->address,
		    turning->caller->request_id);
	if (turning->reused || err == XC_ERR_NOT_FOUND || err == XC_ERR_DENIED)
		return refuse(refusal_r);
	return err;
}

enum xc_err
xc_auth_do_refresh(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	char refresh[XC_TOKEN_SIZE];
	struct turning turning = { .auth = service, .caller = caller,
		.refresh = refresh };
	const char *token = xc_auth_text(args, "refresh_token");
	enum xc_err err;

	xc_auth_purge(service);
	if (token == NULL || !xc_token_ok(token))
		return refuse(refusal_r);
	if (turning.auth->jwt == NULL)
		return xc_auth_no_ring(turning.auth);
	err = xc_token_make(refresh);
	if (err == XC_OK)
		err = xc_auth_hmac(service, 0, "refresh", refresh,
		    turning.new);
	if (err == XC_OK)
		err = turn_any(&turning, token);
	if (err == XC_OK && !turning.reused) {
		*result_r = turning.result;
	} else {
		json_object_put(turning.result);
		err = explain(&turning, err, refusal_r);
	}
	xc_wipe(refresh, sizeof(refresh));
	return err;
}

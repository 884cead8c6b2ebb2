/* SPDX-License-Identifier: MIT */
/*
 * Who sends a request.  A token or a cookie only names a session; the row of
 * the session, read anew for each request, says whether it stands.
 */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <xcore/request.h>

#define SEEN_EVERY_S 60

/* A session's row, with its user's. */
struct row {
	int64_t user_id;
	char name[XC_NAME_SIZE];
	bool stands;
	bool cookie;
	unsigned char secret[XC_DIGEST_LEN];	/* zeros: none */
	unsigned char csrf[XC_DIGEST_LEN];
	int64_t otp_age_s;	/* -1: none was shown */
	int64_t seen_age_s;
	struct xc_grants_key key;
};

/* One check: of one or more schemes, all of which must name one session's
 * user. */
struct checking {
	struct xc_auth *auth;
	struct xc_request *req;
	const struct xc_auth_need *need;
	struct xc_auth_verdict *verdict;
	unsigned char id[XC_SESSION_ID_LEN];
	struct row row;
	bool by_token;
};

/* --- what is said of it --------------------------------------------------- */

/* No credentials at all: the contract has the words for it. */
static enum xc_err
none(void)
{
	return XC_ERR_INVALID;
}

static enum xc_err
invalid_token(struct checking *checking, const char *detail)
{
	struct xc_auth_verdict *verdict = checking->verdict;

	snprintf(verdict->detail, sizeof(verdict->detail), "%s", detail);
	if (checking->by_token)
		snprintf(verdict->challenge, sizeof(verdict->challenge),
		    "Bearer error=\"invalid_token\", error_description="
		    "\"%.100s\"", detail);
	return XC_ERR_INVALID;
}

static enum xc_err
lacks(struct checking *checking, const char *permission)
{
	struct xc_auth_verdict *verdict = checking->verdict;

	snprintf(verdict->detail, sizeof(verdict->detail),
	    "This needs the permission %.128s.", permission);
	snprintf(verdict->challenge, sizeof(verdict->challenge),
	    "Bearer error=\"insufficient_scope\", scope=\"%.128s\"",
	    permission);
	return XC_ERR_DENIED;
}

/* RFC 9470, section 3. */
static enum xc_err
wants_factor(struct checking *checking)
{
	struct xc_auth_verdict *verdict = checking->verdict;

	snprintf(verdict->detail, sizeof(verdict->detail), "A second factor "
	    "must have been shown within the last %u seconds.",
	    checking->need->step_up_s);
	snprintf(verdict->challenge, sizeof(verdict->challenge),
	    "Bearer error=\"insufficient_user_authentication\", "
	    "error_description=\"Show a second factor\", max_age=\"%u\"",
	    checking->need->step_up_s);
	return XC_ERR_INVALID;
}

/* --- the session's row ---------------------------------------------------- */

static void
take_digest(unsigned char digest_r[XC_DIGEST_LEN], const struct xc_cell *cell)
{
	if (cell->len == XC_DIGEST_LEN)
		memcpy(digest_r, cell->data, XC_DIGEST_LEN);
	else
		memset(digest_r, 0, XC_DIGEST_LEN);
}

static enum xc_err
read_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct row *row = ctx;

	(void)n_cells;
	row->user_id = row->key.user_id = cells[0].integer;
	snprintf(row->name, sizeof(row->name), "%s", cells[1].data);
	row->stands = strcmp(cells[2].data, "active") == 0 &&
	    cells[3].integer != 0;
	row->cookie = strcmp(cells[4].data, "cookie") == 0;
	take_digest(row->secret, &cells[5]);
	take_digest(row->csrf, &cells[6]);
	row->otp_age_s = cells[7].type == XC_CELL_NULL ? -1
	    : cells[7].integer < 0 ? 0 : cells[7].integer;
	row->seen_age_s = cells[8].integer;
	row->key.user_revision = cells[9].integer;
	row->key.revision = cells[10].integer;
	return XC_OK;
}

static enum xc_err
find_row(struct checking *checking)
{
	return xc_store_one(checking->auth->of.store, read_row,
	    &checking->row, "SELECT s.user_id, u.name, u.state, "
	    "s.expires_at > UTC_TIMESTAMP(3), s.kind, s.secret, s.csrf, "
	    "TIMESTAMPDIFF(SECOND, s.otp_at, UTC_TIMESTAMP(3)), "
	    "TIMESTAMPDIFF(SECOND, s.seen_at, UTC_TIMESTAMP(3)), "
	    "u.grants_revision, g.revision FROM xc_session s "
	    "JOIN xc_user u ON u.id = s.user_id "
	    "JOIN xc_grants g ON g.id = 1 WHERE s.id = ?",
	    XC_ARGS(xc_blob(checking->id, XC_SESSION_ID_LEN)));
}

/* Without the database nobody is let in. */
static enum xc_err
look(struct checking *checking)
{
	enum xc_err err = find_row(checking);

	if (err == XC_ERR_NOT_FOUND || (err == XC_OK && !checking->row.stands))
		return invalid_token(checking, "The session has ended");
	return err == XC_OK ? XC_OK : XC_ERR_UNAVAILABLE;
}

/* --- a bearer's token ----------------------------------------------------- */

/* What stands behind "Bearer" (RFC 6750, section 2.1; the scheme in any case
 * of letters, RFC 9110, 11.1); NULL for another scheme.  Of two headers joined
 * the token has a comma in it, which none of ours has. */
static const char *
bearer_of(const char *header)
{
	if (header == NULL || strncasecmp(header, "Bearer", 6) != 0 ||
	    (header[6] != ' ' && header[6] != '\0'))
		return NULL;
	header += 6;
	return header + strspn(header, " ");
}

/* A word of the verifier's in a sentence. */
static const char *
sentence_of(const char *why)
{
	if (why != NULL && strcmp(why, "expired") == 0)
		return "The token has expired";
	return "The token is not valid";
}

static enum xc_err
take_bearer(struct checking *checking)
{
	struct xc_auth *auth = checking->auth;
	const char *token = bearer_of(xc_request_header(checking->req,
	    "Authorization"));
	struct xc_claims claims;
	const char *why = "";
	enum xc_err err;

	if (token == NULL)
		return none();
	if (auth->jwt == NULL)
		return xc_auth_no_ring(auth);
	checking->by_token = true;
	err = xc_jwt_check(auth->jwt, token, strlen(token), time(NULL),
	    &claims, &why);
	if (err == XC_ERR_INVALID) {
		xc_logf(&xc_auth_logger, XC_LOG_INFO, "a token was refused "
		    "(%s); request %.64s", why,
		    xc_request_id(checking->req));
		return invalid_token(checking, sentence_of(why));
	}
	if (err != XC_OK || xc_hex_read(claims.session, checking->id,
	    sizeof(checking->id)) != XC_OK)
		return XC_ERR_UNAVAILABLE;
	err = look(checking);
	if (err != XC_OK)
		return err;
	if (checking->row.cookie || checking->row.user_id != claims.user_id)
		return invalid_token(checking, "The session has ended");
	return XC_OK;
}

/* --- a browser's cookie --------------------------------------------------- */

/* By each key that it may have been hashed with. */
static enum xc_err
check_secret(struct checking *checking, const struct xc_cookie *cookie)
{
	char both[XC_SESSION_TEXT_SIZE + XC_TOKEN_SIZE];
	unsigned char digest[XC_DIGEST_LEN];
	enum xc_err err = XC_OK;
	size_t n;

	snprintf(both, sizeof(both), "%s.%s", cookie->session,
	    cookie->secret);
	for (n = 0; n < XC_AUTH_KEYS_MAX && err == XC_OK; n++) {
		err = xc_auth_hmac(checking->auth, n, "cookie", both, digest);
		if (err == XC_OK && xc_same(digest, checking->row.secret,
		    sizeof(digest)))
			break;
	}
	xc_wipe(both, sizeof(both));
	if (err == XC_ERR_NOT_FOUND || n == XC_AUTH_KEYS_MAX)
		return invalid_token(checking, "The session has ended");
	return err == XC_OK ? XC_OK : XC_ERR_UNAVAILABLE;
}

static enum xc_err
take_cookie(struct checking *checking)
{
	int64_t idle_s = checking->auth->of.settings->auth.cookie_idle_s;
	const struct row *row = &checking->row;
	struct xc_cookie cookie;
	const char *fault;
	enum xc_err err;

	err = xc_cookie_read(xc_request_header(checking->req, "Cookie"),
	    &cookie);
	if (err == XC_ERR_NOT_FOUND)
		return none();
	checking->by_token = false;
	if (err != XC_OK || xc_hex_read(cookie.session, checking->id,
	    sizeof(checking->id)) != XC_OK)
		return invalid_token(checking, "The cookie is not valid");
	err = look(checking);
	if (err == XC_OK)
		err = !row->cookie ? invalid_token(checking,
		    "The session has ended") : check_secret(checking, &cookie);
	xc_wipe(&cookie, sizeof(cookie));
	if (err != XC_OK)
		return err;
	if (row->seen_age_s > idle_s)
		return invalid_token(checking,
		    "The session has ended, it was idle for too long");
	fault = xc_cookie_fault(checking->req, row->csrf);
	if (fault == NULL)
		return XC_OK;
	snprintf(checking->verdict->detail, sizeof(checking->verdict->detail),
	    "%s", fault);
	return XC_ERR_DENIED;
}

/* --- all together --------------------------------------------------------- */

static enum xc_err
take_scheme(struct checking *checking, const struct xc_auth_scheme *scheme)
{
	switch (scheme->kind) {
	case XC_AUTH_HTTP:
		return strcmp(scheme->scheme, "bearer") == 0
		    ? take_bearer(checking) : none();
	case XC_AUTH_OAUTH2:
	case XC_AUTH_OPENID:
		return take_bearer(checking);
	case XC_AUTH_API_KEY:
		return strcmp(scheme->in, "cookie") == 0 &&
		    strcmp(scheme->param, XC_COOKIE_NAME) == 0
		    ? take_cookie(checking) : none();
	default:
		return none();
	}
}

/* Two that are asked for at once must be of one user. */
static enum xc_err
take_all(struct checking *checking)
{
	int64_t user_id = 0;
	enum xc_err err = checking->need->n > 0 ? XC_OK : none();

	for (size_t i = 0; i < checking->need->n && err == XC_OK; i++) {
		err = take_scheme(checking, &checking->need->schemes[i]);
		if (err == XC_OK && user_id != 0 &&
		    checking->row.user_id != user_id)
			err = invalid_token(checking,
			    "The token and the cookie are of two users");
		user_id = checking->row.user_id;
	}
	return err;
}

static enum xc_err
check_grants(struct checking *checking)
{
	const struct xc_auth_need *need = checking->need;
	const struct xc_auth_scheme *scheme;
	enum xc_err err;

	err = xc_auth_grants(checking->auth, &checking->row.key,
	    &checking->verdict->grants);
	if (err != XC_OK)
		return XC_ERR_UNAVAILABLE;
	for (size_t i = 0; i < need->n; i++) {
		scheme = &need->schemes[i];
		for (size_t j = 0; j < scheme->n_scopes; j++)
			if (!xc_grants_have(checking->verdict->grants,
			    scheme->scopes[j]))
				return lacks(checking, scheme->scopes[j]);
	}
	if (need->step_up_s > 0 && (checking->row.otp_age_s < 0 ||
	    checking->row.otp_age_s > need->step_up_s))
		return wants_factor(checking);
	return XC_OK;
}

/* Once a minute at most.  That it cannot be written keeps nobody out. */
static void
note_seen(struct checking *checking)
{
	int64_t every_s = SEEN_EVERY_S;
	int64_t idle_s = checking->auth->of.settings->auth.cookie_idle_s;

	if (checking->row.cookie && idle_s / 2 < every_s)
		every_s = idle_s / 2;
	if (checking->row.seen_age_s < every_s)
		return;
	(void)xc_store_exec(checking->auth->of.store, NULL, "UPDATE "
	    "xc_session SET seen_at = UTC_TIMESTAMP(3) WHERE id = ?",
	    XC_ARGS(xc_blob(checking->id, XC_SESSION_ID_LEN)));
}

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict_r)
{
	struct checking checking = { .auth = ctx, .req = req, .need = need,
		.verdict = verdict_r };
	enum xc_err err;

	memset(verdict_r, 0, sizeof(*verdict_r));
	err = take_all(&checking);
	if (err == XC_OK)
		err = check_grants(&checking);
	if (err != XC_OK)
		return err;
	note_seen(&checking);
	snprintf(verdict_r->subject, sizeof(verdict_r->subject), "%lld",
	    (long long)checking.row.user_id);
	snprintf(verdict_r->name, sizeof(verdict_r->name), "%s",
	    checking.row.name);
	xc_hex_write(checking.id, sizeof(checking.id), verdict_r->session);
	return XC_OK;
}

const struct xc_auth_ops xc_auth_service_ops = { .check = check };

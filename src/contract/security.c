/* SPDX-License-Identifier: MIT */
/*
 * "security" of an operation, before its handler: the host's authentication
 * is asked for one way after the other.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <xcore/reply.h>

#include "lib/text.h"

#include "contract-private.h"

#define CHALLENGE_MAX (sizeof(((struct xc_auth_verdict *)0)->challenge))
#define DETAIL_MAX (sizeof(((struct xc_auth_verdict *)0)->detail))
#define CHALLENGES_MAX 8

/* What the ways that were tried came to. */
struct outcome {
	bool unknown;		/* nobody could tell */
	bool denied;
	char detail[DETAIL_MAX];	/* of the first that was denied */
	char lacks[CHALLENGE_MAX];	/* ... its challenge; "" */
	char why[DETAIL_MAX];	/* of the first without credentials */
	char challenges[CHALLENGES_MAX][CHALLENGE_MAX];
	size_t n_challenges;
};

/* --- whether there are credentials at all -------------------------------- */

/* Whether the Cookie header has a cookie of that name. */
static bool
has_cookie(const struct xc_request *req, const char *name)
{
	const char *at = xc_request_header(req, "cookie");
	size_t len = strlen(name);

	while (at != NULL && *at != '\0') {
		at += strspn(at, "; \t");
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return true;
		at += strcspn(at, ";");
	}
	return false;
}

static bool
is_offered(const struct xc_request *req, const struct xc_auth_scheme *scheme)
{
	switch (scheme->kind) {
	case XC_AUTH_API_KEY:
		if (strcmp(scheme->in, "header") == 0)
			return xc_request_header(req, scheme->param) != NULL;
		if (strcmp(scheme->in, "query") == 0)
			return xc_request_query(req, scheme->param) != NULL;
		return has_cookie(req, scheme->param);
	case XC_AUTH_TLS:
		return true;	/* only the authentication can tell */
	default:
		return xc_request_header(req, "authorization") != NULL;
	}
}

/* Whether all that a way asks for may be there. */
static bool
may_hold(const struct xc_request *req, const struct xc_auth_need *need)
{
	size_t i;

	for (i = 0; i < need->n; i++)
		if (!is_offered(req, &need->schemes[i]))
			return false;
	return true;
}

/* --- challenges ---------------------------------------------------------- */

static void
add_challenge(struct outcome *outcome, const char *text)
{
	size_t i;

	for (i = 0; i < outcome->n_challenges; i++)
		if (strcasecmp(outcome->challenges[i], text) == 0)
			return;
	if (i < CHALLENGES_MAX)
		snprintf(outcome->challenges[outcome->n_challenges++],
		    CHALLENGE_MAX, "%s", text);
}

/* The challenge of a scheme (RFC 9110, section 11.6.1); "" for one that is
 * not sent in Authorization. */
static void
challenge_of(const struct xc_auth_scheme *scheme, char *buf, size_t size)
{
	buf[0] = '\0';
	if (scheme->kind == XC_AUTH_OAUTH2 || scheme->kind == XC_AUTH_OPENID) {
		snprintf(buf, size, "Bearer");
	} else if (scheme->kind == XC_AUTH_HTTP) {
		snprintf(buf, size, "%s", scheme->scheme);
		buf[0] = (char)toupper((unsigned char)buf[0]);
		/* RFC 7617: a realm must be there. */
		if (strcmp(scheme->scheme, "basic") == 0)
			snprintf(buf, size,
			    "Basic realm=\"xcore\", charset=\"UTF-8\"");
	}
}

static void
add_challenges(struct outcome *outcome, const struct xc_auth_need *need)
{
	char text[CHALLENGE_MAX];
	size_t i;

	for (i = 0; i < need->n; i++) {
		challenge_of(&need->schemes[i], text, sizeof(text));
		if (text[0] != '\0')
			add_challenge(outcome, text);
	}
}

/* --- asking -------------------------------------------------------------- */

/* What the authentication has written may be sent only if it can do no harm
 * there. */
static void
tidy(struct xc_auth_verdict *verdict)
{
	verdict->subject[sizeof(verdict->subject) - 1] = '\0';
	verdict->name[sizeof(verdict->name) - 1] = '\0';
	verdict->session[sizeof(verdict->session) - 1] = '\0';
	verdict->challenge[sizeof(verdict->challenge) - 1] = '\0';
	verdict->detail[sizeof(verdict->detail) - 1] = '\0';
	if (!xc_is_plain(verdict->challenge, strlen(verdict->challenge),
	    false))
		verdict->challenge[0] = '\0';
	xc_utf8_tidy(verdict->subject);
	xc_utf8_tidy(verdict->name);
	xc_utf8_tidy(verdict->session);
	xc_utf8_tidy(verdict->detail);
}

static void
keep_text(char *to, size_t size, const char *from)
{
	if (to[0] == '\0')
		snprintf(to, size, "%s", from);
}

static void
note(struct outcome *outcome, const struct xc_auth_need *need, enum xc_err err,
    const struct xc_auth_verdict *verdict)
{
	if (err == XC_ERR_DENIED) {
		outcome->denied = true;
		keep_text(outcome->detail, sizeof(outcome->detail),
		    verdict->detail);
		keep_text(outcome->lacks, sizeof(outcome->lacks),
		    verdict->challenge);
	} else if (err != XC_ERR_INVALID) {
		outcome->unknown = true;
	} else {
		keep_text(outcome->why, sizeof(outcome->why),
		    verdict->detail);
		if (verdict->challenge[0] != '\0')
			add_challenge(outcome, verdict->challenge);
		else
			add_challenges(outcome, need);
	}
}

static enum xc_err
keep_who(const struct taking *taking, const struct xc_auth_verdict *verdict)
{
	const struct xc_request_who who = { .subject = verdict->subject,
		.name = verdict->name, .session = verdict->session,
		.grants = verdict->grants };

	return xc_request_set_who(taking->req, &who);
}

/* Asks for one way; XC_OK if it holds, and then the request knows who
 * sends it. */
static enum xc_err
ask(const struct taking *taking, const struct xc_auth_need *need,
    struct outcome *outcome)
{
	const struct xc_host *host = taking->req->host;
	struct xc_auth_verdict verdict = { .subject = "" };
	enum xc_err err = XC_ERR_UNAVAILABLE;

	if (host->auth != NULL && host->auth->check != NULL)
		err = host->auth->check(host->auth_ctx, taking->req, need,
		    &verdict);
	tidy(&verdict);
	if (err == XC_OK && verdict.subject[0] != '\0')
		err = keep_who(taking, &verdict);
	if (err != XC_OK)
		note(outcome, need, err, &verdict);
	return err;
}

/* True if one way holds. */
static bool
ask_all(const struct taking *taking, struct outcome *outcome)
{
	struct rows rows = taking->operation->needs;
	const struct xc_auth_need *need;
	uint32_t i;

	for (i = 0; i < rows.n; i++) {
		need = &taking->contract->needs[rows.first + i];
		/* Who may come without a name is not asked for one. */
		if (taking->operation->anonymous &&
		    !may_hold(taking->req, need))
			continue;
		if (ask(taking, need, outcome) == XC_OK)
			return true;
	}
	return false;
}

/* --- answers ------------------------------------------------------------- */

static bool
refuse_unknown(const struct taking *taking)
{
	(void)xc_reply_header(taking->req, "Retry-After", "10");
	if (taking->req->host->auth == NULL)
		return xc_contract_refuse(taking, 503, "This needs credentials,"
		    " and this site has no authentication.");
	return xc_contract_refuse(taking, 503, "Nobody can tell now who may "
	    "do this; try again soon.");
}

/* RFC 9110, section 15.5.2, asks for one challenge at least.  Where keys and
 * cookies are all that is taken there is no registered scheme to name. */
static bool
refuse_unnamed(const struct taking *taking, const struct outcome *outcome)
{
	size_t i;

	for (i = 0; i < outcome->n_challenges; i++)
		(void)xc_reply_header(taking->req, "WWW-Authenticate",
		    outcome->challenges[i]);
	if (outcome->n_challenges == 0)
		(void)xc_reply_header(taking->req, "WWW-Authenticate",
		    "APIKey");
	return xc_contract_refuse(taking, 401, "%s", outcome->why[0] != '\0'
	    ? outcome->why : "This needs credentials that are valid.");
}

/* RFC 6750, section 3: what credentials that do not suffice lack. */
static bool
refuse_denied(const struct taking *taking, const struct outcome *outcome)
{
	if (outcome->lacks[0] != '\0')
		(void)xc_reply_header(taking->req, "WWW-Authenticate",
		    outcome->lacks);
	return xc_contract_refuse(taking, 403, "%s",
	    outcome->detail[0] != '\0' ? outcome->detail
	    : "These credentials do not allow it.");
}

bool
xc_contract_ask(const struct taking *taking)
{
	struct outcome outcome = { .n_challenges = 0 };

	if (ask_all(taking, &outcome))
		return true;
	if (taking->operation->anonymous)
		return outcome.unknown ? refuse_unknown(taking) : true;
	if (outcome.denied)
		return refuse_denied(taking, &outcome);
	if (outcome.unknown)
		return refuse_unknown(taking);
	return refuse_unnamed(taking, &outcome);
}

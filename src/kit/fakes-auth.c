/* SPDX-License-Identifier: MIT */
/* Who sends the request of a test, as its member "auth" says. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "kit/fakes-private.h"
#include "lib/grants.h"

static bool
has_scope(const struct xc_fakes *fakes, const char *wanted)
{
	struct json_object *scopes = xc_json_member(fakes->auth, "scopes");
	size_t n = scopes != NULL ? json_object_array_length(scopes) : 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(
		    scopes, i)), wanted) == 0)
			return true;
	}
	return xc_grants_have(fakes->grants, wanted);
}

/* The first scope that is needed and not there; NULL. */
static const char *
missing_scope(const struct xc_fakes *fakes, const struct xc_auth_need *need)
{
	for (size_t i = 0; i < need->n; i++) {
		const struct xc_auth_scheme *scheme = &need->schemes[i];

		for (size_t j = 0; j < scheme->n_scopes; j++) {
			if (!has_scope(fakes, scheme->scopes[j]))
				return scheme->scopes[j];
		}
	}
	return NULL;
}

static const char *
text_or(const struct json_object *object, const char *key,
    const char *otherwise)
{
	const char *text = xc_json_string(object, key);

	return text != NULL ? text : otherwise;
}

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict_r)
{
	const struct xc_fakes *fakes = ctx;
	const char *subject = xc_json_string(fakes->auth, "subject");
	const char *error = xc_json_string(fakes->auth, "error");
	enum xc_err err = XC_ERR_INVALID;
	const char *missing;

	(void)req;
	if (error != NULL) {
		(void)xc_fakes_error(error, &err);
		return err;
	}
	if (subject == NULL)
		return XC_ERR_INVALID;
	missing = missing_scope(fakes, need);
	if (missing != NULL) {
		snprintf(verdict_r->detail, sizeof(verdict_r->detail),
		    "\"%.64s\" is needed.", missing);
		return XC_ERR_DENIED;
	}
	snprintf(verdict_r->subject, sizeof(verdict_r->subject), "%s",
	    subject);
	snprintf(verdict_r->name, sizeof(verdict_r->name), "%s",
	    text_or(fakes->auth, "name", ""));
	snprintf(verdict_r->session, sizeof(verdict_r->session), "%s",
	    text_or(fakes->auth, "session", ""));
	verdict_r->grants = fakes->grants;
	return XC_OK;
}

const struct xc_auth_ops xc_fakes_auth_ops = { .check = check };

/* With a blank between. */
static void
keep_grants(struct xc_fakes *fakes, struct json_object *list)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	size_t len = 0;

	fakes->grants[0] = '\0';
	for (size_t i = 0; i < n && len < sizeof(fakes->grants); i++)
		len += (size_t)snprintf(fakes->grants + len,
		    sizeof(fakes->grants) - len, "%s%s", i > 0 ? " " : "",
		    json_object_get_string(json_object_array_get_idx(list,
		    i)));
}

enum xc_err
xc_fakes_auth_open(struct xc_fakes *fakes, struct json_object *auth,
    struct xc_errbuf *errbuf)
{
	const char *error = xc_json_string(auth, "error");
	enum xc_err err;

	fakes->auth = auth;
	keep_grants(fakes, xc_json_member(auth, "grants"));
	if (error != NULL && !xc_fakes_error(error, &err))
		return xc_fail(errbuf, XC_ERR_INVALID, "/auth/error: there "
		    "is no error \"%.40s\"", error);
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
/* The cookie of a browser's session, and what keeps other sites from using
 * it, or from beginning one. */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <xcore/request.h>

static bool
is_cookie(const char *at, size_t len, struct xc_cookie *cookie_r)
{
	unsigned char id[XC_SESSION_ID_LEN];
	const size_t id_len = XC_SESSION_TEXT_SIZE - 1;

	if (len != id_len + 1 + XC_TOKEN_SIZE - 1 || at[id_len] != '.')
		return false;
	memcpy(cookie_r->session, at, id_len);
	cookie_r->session[id_len] = '\0';
	memcpy(cookie_r->secret, at + id_len + 1, XC_TOKEN_SIZE - 1);
	cookie_r->secret[XC_TOKEN_SIZE - 1] = '\0';
	return xc_hex_read(cookie_r->session, id, sizeof(id)) == XC_OK &&
	    xc_token_ok(cookie_r->secret);
}

enum xc_err
xc_cookie_find(const char *header, const char *name, const char **value_r,
    size_t *len_r)
{
	const size_t name_len = strlen(name);
	const char *at = header;
	size_t found = 0;
	size_t len;

	*value_r = NULL;
	while (at != NULL && *at != '\0') {
		at += strspn(at, "; \t");
		len = strcspn(at, ";");
		if (len > name_len && at[name_len] == '=' &&
		    strncmp(at, name, name_len) == 0) {
			*value_r = at + name_len + 1;
			*len_r = len - name_len - 1;
			found++;
		}
		at += len;
	}
	if (found == 0)
		return XC_ERR_NOT_FOUND;
	/* Of several, one may have been put there by somebody else. */
	return found == 1 ? XC_OK : XC_ERR_INVALID;
}

enum xc_err
xc_cookie_read(const char *header, struct xc_cookie *cookie_r)
{
	const char *value;
	size_t len;
	enum xc_err err = xc_cookie_find(header, XC_COOKIE_NAME, &value, &len);

	memset(cookie_r, 0, sizeof(*cookie_r));
	if (err == XC_OK && !is_cookie(value, len, cookie_r))
		err = XC_ERR_INVALID;
	return err;
}

void
xc_cookie_write(const struct xc_cookie *cookie, int64_t max_age_s,
    char *value_r, size_t size)
{
	snprintf(value_r, size, XC_COOKIE_NAME "=%s.%s; Path=/; Secure; "
	    "HttpOnly; SameSite=Strict; Max-Age=%lld", cookie->session,
	    cookie->secret, (long long)max_age_s);
}

const char *
xc_cookie_gone(void)
{
	return XC_COOKIE_NAME "=; Path=/; Secure; HttpOnly; SameSite=Strict; "
	    "Max-Age=0";
}

/* Whether an origin ("https://example.org:8443") is the request's own.  One
 * that came over https may not be asked for by a page that did not. */
static bool
is_own(const struct xc_request *req, const char *origin)
{
	const char *host = xc_request_host(req);
	bool https = strncmp(origin, "https://", 8) == 0;

	if (!https && strncmp(origin, "http://", 7) != 0)
		return false;
	if (!https && strcmp(xc_request_scheme(req), "https") == 0)
		return false;
	origin += https ? 8 : 7;
	return *host != '\0' && strcasecmp(origin, host) == 0;
}

static bool
has_token(const struct xc_request *req,
    const unsigned char csrf[XC_DIGEST_LEN])
{
	const char *token = xc_request_header(req, "X-CSRF-Token");
	unsigned char given[XC_DIGEST_LEN];
	size_t len = 0;

	return token != NULL && xc_base64url_read(token, strlen(token),
	    given, sizeof(given), &len) == XC_OK && len == sizeof(given) &&
	    xc_same(given, csrf, sizeof(given));
}

const char *
xc_cookie_foreign(const struct xc_request *req)
{
	const char *site = xc_request_header(req, "Sec-Fetch-Site");
	const char *origin = xc_request_header(req, "Origin");

	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0)
		return "The request comes from another site.";
	if (origin != NULL && !is_own(req, origin))
		return "The request comes from another origin.";
	return NULL;
}

const char *
xc_cookie_fault(const struct xc_request *req,
    const unsigned char csrf[XC_DIGEST_LEN])
{
	const char *fault;

	switch (xc_request_method(req)) {
	case XC_GET:
	case XC_HEAD:
	case XC_OPTIONS:
		return NULL;
	default:
		break;
	}
	fault = xc_cookie_foreign(req);
	if (fault != NULL)
		return fault;
	if (!has_token(req, csrf))
		return "The header X-CSRF-Token must be the session's token; "
		    "GET /auth/csrf tells it.";
	return NULL;
}

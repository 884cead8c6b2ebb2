/* SPDX-License-Identifier: MIT */
#include "auth-private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#define PURGE_EVERY_S 60
#define PURGE_ROWS 500
#define TEXT_OF(number) #number
#define LIMIT(number) " LIMIT " TEXT_OF(number)
#define TELL_EVERY_S 60

struct xc_logger xc_auth_logger = XC_LOGGER("xcore.auth");

const struct xc_desk_row xc_auth_rows[] = {
	{ "auth.login", "auth", NULL, xc_auth_do_login },
	{ "auth.otp", "auth", NULL, xc_auth_do_otp },
	{ "auth.mail_code", "auth", NULL, xc_auth_do_mail_code },
	{ "auth.refresh", "auth", NULL, xc_auth_do_refresh },
	{ "auth.jwks", "auth", NULL, xc_auth_do_jwks },
	{ "auth.logout", "auth", "", xc_auth_do_logout },
	{ "auth.me", "auth", "", xc_auth_do_me },
	{ "auth.sessions", "auth", "", xc_auth_do_sessions },
	{ "auth.session_end", "auth", "", xc_auth_do_session_end },
	{ "auth.csrf", "auth", "", xc_auth_do_csrf },
	{ NULL, NULL, NULL, NULL }
};

enum xc_err
xc_auth_new(const struct xc_identity *identity, struct xc_otp *otp,
    struct xc_auth **auth_r, struct xc_errbuf *errbuf)
{
	struct xc_auth *auth = calloc(1, sizeof(*auth));
	enum xc_err err = XC_ERR_NOMEM;

	*auth_r = NULL;
	if (auth != NULL) {
		auth->of = *identity;
		auth->otp = otp;
		auth->purge_s = xc_auth_clock() + PURGE_EVERY_S;
		auth->told_s = xc_auth_clock() - TELL_EVERY_S;
		err = xc_auth_memory_new(&auth->memory);
	}
	if (err != XC_OK) {
		xc_auth_free(&auth);
		return xc_fail(errbuf, err, "out of memory");
	}
	err = xc_auth_keys(auth, errbuf);
	if (err != XC_OK)
		xc_auth_free(&auth);
	*auth_r = auth;
	return err;
}

void
xc_auth_free(struct xc_auth **auth)
{
	if (*auth == NULL)
		return;
	xc_jwt_free(&(*auth)->jwt);
	xc_auth_memory_free(&(*auth)->memory);
	free(*auth);
	*auth = NULL;
}

enum xc_err
xc_auth_keys(struct xc_auth *auth, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (auth->of.ring == NULL) {
		xc_jwt_free(&auth->jwt);
		return XC_OK;
	}
	if (auth->jwt != NULL) {
		/* Without keys nobody can tell whether a token is good. */
		err = xc_jwt_keys(auth->jwt, errbuf);
		if (err != XC_OK)
			xc_jwt_free(&auth->jwt);
		return err;
	}
	return xc_jwt_new(&auth->of.settings->auth, auth->of.ring,
	    &auth->jwt, errbuf);
}

int64_t
xc_auth_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

enum xc_err
xc_auth_no_ring(struct xc_auth *auth)
{
	int64_t now = xc_auth_clock();

	if (now - auth->told_s >= TELL_EVERY_S) {
		auth->told_s = now;
		xc_logf(&xc_auth_logger, XC_LOG_ERROR, "nobody can log in, and "
		    "no token can be checked: there is no key ring; make one "
		    "with: xcorectl keys init");
	}
	return XC_ERR_UNAVAILABLE;
}

void
xc_auth_purge(struct xc_auth *auth)
{
	static const char *const statements[] = {
		"DELETE FROM xc_throttle WHERE expires_at <= "
		    "UTC_TIMESTAMP(3)" LIMIT(PURGE_ROWS),
		"DELETE FROM xc_login WHERE expires_at <= "
		    "UTC_TIMESTAMP(3)" LIMIT(PURGE_ROWS),
		"DELETE FROM xc_refresh WHERE expires_at <= "
		    "UTC_TIMESTAMP(3)" LIMIT(PURGE_ROWS),
		"DELETE FROM xc_session WHERE expires_at <= "
		    "UTC_TIMESTAMP(3)" LIMIT(PURGE_ROWS),
	};
	int64_t now = xc_auth_clock();
	struct xc_db_result result;

	if (now < auth->purge_s)
		return;
	auth->purge_s = now + PURGE_EVERY_S;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]);
	    i++) {
		if (xc_store_exec(auth->of.store, &result, statements[i],
		    XC_NO_ARGS) != XC_OK)
			return;
		/* Under attack there are more, and more are to come. */
		if (result.affected >= PURGE_ROWS)
			auth->purge_s = now + 1;
	}
}

enum xc_err
xc_auth_hmac(struct xc_auth *auth, size_t n, const char *use,
    const char *secret, unsigned char digest_r[XC_DIGEST_LEN])
{
	char text[64 + 2 * XC_TOKEN_SIZE];
	size_t use_len = strlen(use) + 1;
	size_t len = strlen(secret);
	enum xc_err err;

	if (auth->of.ring == NULL)
		return xc_auth_no_ring(auth);
	if (use_len + len > sizeof(text))
		return XC_ERR_INVALID;
	/* With the NUL between: no two pairs make the same text. */
	memcpy(text, use, use_len);
	memcpy(text + use_len, secret, len);
	err = xc_keyring_hmac_nth(auth->of.ring, "hash", n, text,
	    use_len + len, digest_r);
	xc_wipe(text, sizeof(text));
	return n == 0 && err == XC_ERR_NOT_FOUND ? XC_ERR_UNAVAILABLE : err;
}

const char *
xc_auth_text(struct json_object *args, const char *key)
{
	struct json_object *value = NULL;
	const char *text;

	if (!json_object_object_get_ex(args, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value)
	    ? text : NULL;
}

bool
xc_auth_put(struct json_object *obj, const char *key,
    struct json_object *value)
{
	if (obj != NULL && value != NULL &&
	    json_object_object_add(obj, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

struct json_object *
xc_auth_time(const char *text)
{
	char copy[32];
	size_t len = strlen(text);

	if (len + 2 > sizeof(copy))
		return json_object_new_string("");
	memcpy(copy, text, len);
	if (len > 10 && copy[10] == ' ')
		copy[10] = 'T';
	copy[len] = 'Z';
	copy[len + 1] = '\0';
	return json_object_new_string(copy);
}

void
xc_auth_note(const struct xc_caller *caller, int64_t user_id,
    const char *what)
{
	if (user_id == 0)
		xc_logf(&xc_auth_logger, XC_LOG_NOTICE, "login from %.64s: "
		    "%s, for a name that nobody has; request %.64s",
		    caller->address, what, caller->request_id);
	else
		xc_logf(&xc_auth_logger, XC_LOG_NOTICE, "login from %.64s: "
		    "%s, user %lld; request %.64s", caller->address, what,
		    (long long)user_id, caller->request_id);
}

/* SPDX-License-Identifier: MIT */
/* Who sends a request, against a real server; see
 * tests/services/run-identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/test-host.h"
#include "support.h"

static const char *const reads[] = { "todo:item:read" };
static const struct xc_auth_scheme bearer = { .name = "bearer",
	.kind = XC_AUTH_HTTP, .scheme = "bearer", .in = "", .param = "" };
static const struct xc_auth_scheme reader = { .name = "bearer",
	.kind = XC_AUTH_HTTP, .scheme = "bearer", .in = "", .param = "",
	.scopes = reads, .n_scopes = 1 };
static const struct xc_auth_scheme session = { .name = "session",
	.kind = XC_AUTH_API_KEY, .scheme = "", .in = "cookie",
	.param = XC_COOKIE_NAME };
static const struct xc_auth_scheme others[] = {
	{ .kind = XC_AUTH_HTTP, .scheme = "basic", .in = "", .param = "" },
	{ .kind = XC_AUTH_API_KEY, .scheme = "", .in = "header",
	    .param = "X-Key" },
	{ .kind = XC_AUTH_API_KEY, .scheme = "", .in = "cookie",
	    .param = "sid" },
	{ .kind = XC_AUTH_TLS, .scheme = "", .in = "", .param = "" },
};
static const struct xc_auth_need by_bearer = { .schemes = &bearer, .n = 1 };
static const struct xc_auth_need by_cookie = { .schemes = &session, .n = 1 };

static struct xc_auth_verdict verdict;

/* Parameters of a request, over those of a GET. */
struct sent {
	const char *method;	/* NULL: GET */
	const char *authorization;
	const char *cookie;
	const char *csrf;
	const char *site;
	const char *origin;
};

static enum xc_err
check(const struct sent *sent, const struct xc_auth_need *need)
{
	const struct {
		const char *name;
		const char *value;
	} params[] = {
		{ "REQUEST_METHOD", sent->method ? sent->method : "GET" },
		{ "REQUEST_URI", "/app/todo" },
		{ "REQUEST_SCHEME", "https" },
		{ "HTTP_HOST", "example.org" },
		{ "HTTP_AUTHORIZATION", sent->authorization },
		{ "HTTP_COOKIE", sent->cookie },
		{ "HTTP_X_CSRF_TOKEN", sent->csrf },
		{ "HTTP_SEC_FETCH_SITE", sent->site },
		{ "HTTP_ORIGIN", sent->origin },
	};
	char *env[16];
	struct xc_request req;
	size_t n = 0;
	enum xc_err err;

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (params[i].value != NULL)
			env[n++] = param(params[i].name, params[i].value);
	env[n] = NULL;
	test_begin(&req);
	assert_int_equal(xc_request_parse(&req, env, NULL, 0, NULL), 0);
	err = xc_auth_service_ops.check(auth, &req, need, &verdict);
	test_end(&req);
	while (n > 0)
		free(env[--n]);
	return err;
}

static enum xc_err
check_token(const char *token)
{
	struct sent sent = { .authorization = token };

	return check(&sent, &by_bearer);
}

/* Logs ana in, makes her the caller, and gives what she sends. */
static int64_t
enter(char *authorization_r, size_t size)
{
	char token[XC_JWT_MAX];
	int64_t id = number("SELECT id FROM xc_user WHERE name = 'ana'");

	if (id < 0)
		id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("access_token", token, sizeof(token));
	snprintf(authorization_r, size, "Bearer %s", token);
	become(id);
	return id;
}

static void
grant(const char *role, const char *permission)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "INSERT IGNORE INTO xc_role_permission "
	    "(role_id, permission) SELECT id, '%s' FROM xc_role WHERE name = "
	    "'%s'", permission, role);
	must(sql);
	snprintf(sql, sizeof(sql), "INSERT IGNORE INTO xc_user_role (user_id, "
	    "role_id) SELECT u.id, r.id FROM xc_user u, xc_role r WHERE "
	    "u.name = 'ana' AND r.name = '%s'", role);
	must(sql);
	must("UPDATE xc_grants SET revision = revision + 1");
}

static void
assert_invalid(enum xc_err err, const char *detail)
{
	char challenge[256];

	assert_int_equal(err, XC_ERR_INVALID);
	assert_string_equal(verdict.detail, detail);
	snprintf(challenge, sizeof(challenge), "Bearer error=\"invalid_token\""
	    ", error_description=\"%s\"", detail);
	assert_string_equal(verdict.challenge, challenge);
	assert_string_equal(verdict.subject, "");
}

static void
test_token(void **state)
{
	char token[XC_JWT_MAX], text[32], other[XC_JWT_MAX + 16];
	int64_t id;

	(void)state;
	id = enter(token, sizeof(token));
	assert_int_equal(check_token(token), XC_OK);
	snprintf(text, sizeof(text), "%lld", (long long)id);
	assert_string_equal(verdict.subject, text);
	assert_string_equal(verdict.name, "ana");
	assert_string_equal(verdict.session, caller.session);
	/* The scheme in any case, and more blanks (RFC 9110, 11.4). */
	snprintf(other, sizeof(other), "bEARER  %s", token + 7);
	assert_int_equal(check_token(other), XC_OK);
	/* No credentials at all are no wrong ones. */
	assert_int_equal(check_token(NULL), XC_ERR_INVALID);
	assert_string_equal(verdict.challenge, "");
	assert_int_equal(check_token("Basic YW5hOng="), XC_ERR_INVALID);
	assert_string_equal(verdict.challenge, "");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct xc_auth_need need = { .schemes = &others[i], .n = 1 };
		struct sent sent = { .authorization = token,
			.cookie = "sid=1" };

		assert_int_equal(check(&sent, &need), XC_ERR_INVALID);
	}
}

/* Two headers, joined by a comma, and what is no token at all. */
static void
test_token_malformed(void **state)
{
	char token[XC_JWT_MAX], text[2 * XC_JWT_MAX + 64];
	static const char *const texts[] = { "Bearer", "Bearer ", "Bearer a",
		"Bearer a.b.c", "Bearer ,", "Bearer ../../etc/passwd",
		"Bearer ' OR 1=1 --", "Bearer \"", "Bearer e30.e30.",
		"Bearer eyJhbGciOiJub25lIn0.e30." };

	(void)state;
	(void)enter(token, sizeof(token));
	snprintf(text, sizeof(text), "%s, %s", token, token);
	assert_invalid(check_token(text), "The token is not valid");
	snprintf(text, sizeof(text), "%s x", token);
	assert_invalid(check_token(text), "The token is not valid");
	snprintf(text, sizeof(text), "%s=", token);
	assert_invalid(check_token(text), "The token is not valid");
	snprintf(text, sizeof(text), "%s", token);
	text[strlen(text) - 1] = '\0';
	assert_invalid(check_token(text), "The token is not valid");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_invalid(check_token(texts[i]),
		    "The token is not valid");
}

/* Each takes effect with the next request, whatever was checked before. */
static void
test_ended(void **state)
{
	static const char *const ends[] = {
		"DELETE FROM xc_session",
		"UPDATE xc_session SET expires_at = UTC_TIMESTAMP(3)",
		"UPDATE xc_user SET state = 'locked'",
		"UPDATE xc_session SET kind = 'cookie'",
		"UPDATE xc_session SET user_id = user_id + 1",
		"DELETE FROM xc_user",
	};
	char token[XC_JWT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)enter(token, sizeof(token));
		assert_int_equal(check_token(token), XC_OK);
		must(ends[i]);
		assert_invalid(check_token(token), "The session has ended");
		must("UPDATE xc_user SET state = 'active'");
		must("DELETE FROM xc_session");
	}
	(void)enter(token, sizeof(token));
	assert_int_equal(ask("auth.logout", "{}"), XC_OK);
	assert_invalid(check_token(token), "The session has ended");
}

/* A user who was deleted, and another who has the session's number by a
 * mistake in the tables: the token names both. */
static void
test_user_of_token(void **state)
{
	char token[XC_JWT_MAX];
	int64_t bob;
	char sql[128];

	(void)state;
	bob = make_user("bob", NULL, PASSWORD);
	(void)enter(token, sizeof(token));
	snprintf(sql, sizeof(sql), "UPDATE xc_session SET user_id = %lld",
	    (long long)bob);
	must(sql);
	assert_invalid(check_token(token), "The session has ended");
}

static void
test_expired(void **state)
{
	char token[XC_JWT_MAX];

	(void)state;
	settings.auth.access_s = -600;
	assert_int_equal(make_user("ana", NULL, PASSWORD) > 0, true);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	snprintf(token, sizeof(token), "Bearer %s",
	    xc_json_string(result, "access_token"));
	assert_invalid(check_token(token), "The token has expired");
}

/* The key ring of another site. */
static void
test_foreign(void **state)
{
	struct xc_keyring *ring = NULL;
	struct xc_auth *foreign = NULL, *own = auth;
	struct xc_identity there = identity;
	struct xc_errbuf errbuf;
	char token[XC_JWT_MAX];

	(void)state;
	(void)enter(token, sizeof(token));
	assert_int_equal(xc_keyring_fake(&ring, &errbuf), XC_OK);
	there.ring = ring;
	assert_int_equal(xc_auth_new(&there, NULL, &foreign, &errbuf), XC_OK);
	auth = foreign;
	assert_invalid(check_token(token), "The token is not valid");
	auth = own;
	assert_int_equal(check_token(token), XC_OK);
	xc_auth_free(&foreign);
	xc_keyring_free(&ring);
}

static void
test_scopes(void **state)
{
	struct xc_auth_need need = { .schemes = &reader, .n = 1 };
	char token[XC_JWT_MAX];
	struct sent sent = { .authorization = token };

	(void)state;
	must("DELETE FROM xc_role_permission WHERE permission LIKE 'todo%'");
	(void)enter(token, sizeof(token));
	assert_int_equal(check(&sent, &need), XC_ERR_DENIED);
	assert_string_equal(verdict.challenge, "Bearer error="
	    "\"insufficient_scope\", scope=\"todo:item:read\"");
	grant("user", "todo:item:write");
	assert_int_equal(check(&sent, &need), XC_ERR_DENIED);
	grant("user", "todo:*:read");
	assert_int_equal(check(&sent, &need), XC_OK);
	assert_true(xc_grants_have(verdict.grants, "todo:item:write"));
	/* The user's own roles have a revision of their own. */
	must("DELETE FROM xc_user_role");
	assert_int_equal(check(&sent, &need), XC_OK);
	must("UPDATE xc_user SET grants_revision = grants_revision + 1");
	assert_int_equal(check(&sent, &need), XC_ERR_DENIED);
	grant("admin", "*:*:*");
	assert_int_equal(check(&sent, &need), XC_OK);
	must("DELETE FROM xc_role_permission WHERE permission LIKE 'todo%'");
}

static void
test_step_up(void **state)
{
	struct xc_auth_need need = { .schemes = &bearer, .n = 1,
		.step_up_s = 300 };
	char token[XC_JWT_MAX];
	struct sent sent = { .authorization = token };

	(void)state;
	(void)enter(token, sizeof(token));
	assert_int_equal(check(&sent, &need), XC_ERR_INVALID);
	assert_string_equal(verdict.challenge, "Bearer error="
	    "\"insufficient_user_authentication\", error_description="
	    "\"Show a second factor\", max_age=\"300\"");
	must("UPDATE xc_session SET otp_at = UTC_TIMESTAMP(3)");
	assert_int_equal(check(&sent, &need), XC_OK);
	must("UPDATE xc_session SET otp_at = UTC_TIMESTAMP(3) - INTERVAL 301 "
	    "SECOND");
	assert_int_equal(check(&sent, &need), XC_ERR_INVALID);
	assert_int_equal(check_token(token), XC_OK);
}

static void
test_seen(void **state)
{
	char token[XC_JWT_MAX];

	(void)state;
	(void)enter(token, sizeof(token));
	must("UPDATE xc_session SET seen_at = UTC_TIMESTAMP(3) - INTERVAL 30 "
	    "SECOND, created_at = seen_at");
	assert_int_equal(check_token(token), XC_OK);
	assert_int_equal(number("SELECT seen_at = created_at FROM "
	    "xc_session"), 1);
	must("UPDATE xc_session SET seen_at = UTC_TIMESTAMP(3) - INTERVAL 61 "
	    "SECOND, created_at = seen_at");
	assert_int_equal(check_token(token), XC_OK);
	assert_int_equal(number("SELECT seen_at = created_at FROM "
	    "xc_session"), 0);
}

/* --- browsers ------------------------------------------------------------- */

struct browser {
	char cookie[256];
	char csrf[XC_TOKEN_SIZE];
};

static void
open_browser(struct browser *browser)
{
	if (number("SELECT id FROM xc_user WHERE name = 'ana'") < 0)
		(void)make_user("ana", NULL, PASSWORD);
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'cookie': true}"), XC_OK);
	assert_null(xc_json_member(result, "access_token"));
	keep_text("csrf_token", browser->csrf, sizeof(browser->csrf));
	keep_text("cookie", browser->cookie, sizeof(browser->cookie));
	assert_non_null(strstr(browser->cookie, "; Path=/; Secure; HttpOnly; "
	    "SameSite=Strict; Max-Age=43200"));
	*strchr(browser->cookie, ';') = '\0';
}

static void
test_cookie(void **state)
{
	struct browser browser;
	struct sent sent = { .cookie = browser.cookie };
	char text[1024];

	(void)state;
	open_browser(&browser);
	assert_int_equal(check(&sent, &by_cookie), XC_OK);
	assert_string_equal(verdict.name, "ana");
	assert_int_equal(check(&sent, &by_bearer), XC_ERR_INVALID);
	/* Among others, wherever it stands. */
	snprintf(text, sizeof(text), "a=b; %s; x__Host-xcore-session=c",
	    browser.cookie);
	sent.cookie = text;
	assert_int_equal(check(&sent, &by_cookie), XC_OK);
	/* Two of it: one may have been put there. */
	snprintf(text, sizeof(text), "%s; %s", browser.cookie,
	    browser.cookie);
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
	assert_string_equal(verdict.detail, "The cookie is not valid");
	snprintf(text, sizeof(text), "%s", browser.cookie);
	text[strlen(text) - 2] = text[strlen(text) - 2] == 'A' ? 'B' : 'A';
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
	assert_string_equal(verdict.detail, "The session has ended");
	text[strlen(text) - 1] = '\0';
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
	sent.cookie = XC_COOKIE_NAME "=";
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
}

/* The secret of one session with the id of another. */
static void
test_cookie_mixed(void **state)
{
	struct browser a, b;
	struct sent sent = { .cookie = a.cookie };
	char token[XC_JWT_MAX];
	size_t len = sizeof(XC_COOKIE_NAME) + 32;

	(void)state;
	open_browser(&a);
	open_browser(&b);
	memcpy(a.cookie + len, b.cookie + len, XC_TOKEN_SIZE);
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
	/* A token's session has no secret that could be guessed. */
	(void)enter(token, sizeof(token));
	snprintf(a.cookie, sizeof(a.cookie), XC_COOKIE_NAME "=%s.%s",
	    caller.session, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
}

static void
test_cookie_idle(void **state)
{
	struct browser browser;
	struct sent sent = { .cookie = browser.cookie };

	(void)state;
	open_browser(&browser);
	must("UPDATE xc_session SET seen_at = seen_at - INTERVAL 1790 SECOND");
	assert_int_equal(check(&sent, &by_cookie), XC_OK);
	must("UPDATE xc_session SET seen_at = seen_at - INTERVAL 1790 SECOND");
	assert_int_equal(check(&sent, &by_cookie), XC_OK);
	must("UPDATE xc_session SET seen_at = seen_at - INTERVAL 1802 SECOND");
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_INVALID);
}

#define TOKEN "*"		/* the session's own */

static const struct {
	const char *method;
	const char *csrf;
	const char *site;
	const char *origin;
	bool ok;
} crossings[] = {
	{ "GET", NULL, "cross-site", "https://evil.example", true },
	{ "HEAD", NULL, NULL, NULL, true },
	{ "OPTIONS", NULL, "cross-site", NULL, true },
	{ "POST", NULL, NULL, NULL, false },
	{ "POST", "", NULL, NULL, false },
	{ "POST", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL, NULL,
	    false },
	{ "POST", TOKEN, NULL, NULL, true },
	{ "PUT", TOKEN, "same-origin", "https://example.org", true },
	{ "DELETE", TOKEN, "none", NULL, true },
	{ "PATCH", TOKEN, "same-site", NULL, false },
	{ "POST", TOKEN, "cross-site", NULL, false },
	{ "POST", TOKEN, "cross-site", "https://example.org", false },
	{ "POST", TOKEN, "", NULL, false },
	{ "POST", TOKEN, "same-origin, cross-site", NULL, false },
	{ "POST", TOKEN, NULL, "https://EXAMPLE.org", true },
	{ "POST", TOKEN, NULL, "https://evil.example", false },
	{ "POST", TOKEN, NULL, "https://example.org.evil.example", false },
	{ "POST", TOKEN, NULL, "https://example.org:8443", false },
	{ "POST", TOKEN, NULL, "https://evil.example/example.org", false },
	{ "POST", TOKEN, NULL, "http://example.org", false },
	{ "POST", TOKEN, NULL, "null", false },
	{ "POST", TOKEN, NULL, "", false },
	{ "POST", TOKEN, NULL, "example.org", false },
	{ "PROPFIND", NULL, NULL, NULL, false },
};

static void
test_crossing(void **state)
{
	struct browser browser, other;

	(void)state;
	open_browser(&other);
	open_browser(&browser);
	for (size_t i = 0; i < sizeof(crossings) / sizeof(crossings[0]);
	    i++) {
		struct sent sent = { .method = crossings[i].method,
			.cookie = browser.cookie, .site = crossings[i].site,
			.csrf = crossings[i].csrf,
			.origin = crossings[i].origin };
		enum xc_err err;

		if (sent.csrf != NULL && strcmp(sent.csrf, TOKEN) == 0)
			sent.csrf = browser.csrf;
		err = check(&sent, &by_cookie);
		if (err != (crossings[i].ok ? XC_OK : XC_ERR_DENIED))
			fail_msg("case %zu: %s", i, xc_strerror(err));
		/* Another's session's token is not one. */
		sent.csrf = other.csrf;
		if (crossings[i].csrf != NULL)
			assert_int_equal(check(&sent, &by_cookie),
			    XC_ERR_DENIED);
	}
}

static void
test_csrf(void **state)
{
	struct browser browser;
	char text[XC_TOKEN_SIZE], token[XC_JWT_MAX];

	(void)state;
	open_browser(&browser);
	caller.user_id = number("SELECT id FROM xc_user");
	caller.session = browser.cookie + sizeof(XC_COOKIE_NAME);
	browser.cookie[sizeof(XC_COOKIE_NAME) + 32] = '\0';
	assert_int_equal(ask("auth.csrf", "{}"), XC_OK);
	keep_text("csrf_token", text, sizeof(text));
	assert_string_equal(text, browser.csrf);
	/* To leave is to forget the cookie. */
	assert_int_equal(ask("auth.logout", "{}"), XC_OK);
	assert_string_equal(xc_json_string(result, "cookie"),
	    XC_COOKIE_NAME "=; Path=/; Secure; HttpOnly; SameSite=Strict; "
	    "Max-Age=0");
	(void)enter(token, sizeof(token));
	assert_int_equal(ask("auth.csrf", "{}"), XC_ERR_STATE);
	assert_int_equal(refusal.status, 409);
}

/* Both at once have to be of one user. */
static void
test_both(void **state)
{
	const struct xc_auth_scheme both[] = { bearer, session };
	const struct xc_auth_need need = { .schemes = both, .n = 2 };
	struct browser browser;
	char token[XC_JWT_MAX];
	struct sent sent = { .authorization = token,
		.cookie = browser.cookie };

	(void)state;
	open_browser(&browser);
	(void)enter(token, sizeof(token));
	assert_int_equal(check(&sent, &need), XC_OK);
	sent.cookie = NULL;
	assert_int_equal(check(&sent, &need), XC_ERR_INVALID);
	sent.cookie = browser.cookie;
	(void)make_user("bob", NULL, PASSWORD);
	assert_int_equal(log_in("bob", PASSWORD, HOME), XC_OK);
	snprintf(token, sizeof(token), "Bearer %s", xc_json_string(result,
	    "access_token"));
	assert_int_equal(check(&sent, &need), XC_ERR_INVALID);
}

/* --- without what is needed ----------------------------------------------- */

static void
test_nobody_knows(void **state)
{
	struct xc_keyring *ring = identity.ring;
	struct xc_store *away = NULL;
	struct xc_errbuf errbuf;
	struct browser browser;
	struct sent sent = { .cookie = browser.cookie };
	char token[XC_JWT_MAX];

	(void)state;
	open_browser(&browser);
	(void)enter(token, sizeof(token));
	auth->of.ring = NULL;
	assert_int_equal(xc_auth_keys(auth, &errbuf), XC_OK);
	assert_int_equal(check_token(token), XC_ERR_UNAVAILABLE);
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_UNAVAILABLE);
	auth->of.ring = ring;
	assert_int_equal(xc_auth_keys(auth, &errbuf), XC_OK);
	assert_int_equal(check_token(token), XC_OK);
	settings.database.socket = "/nonexistent/db.sock";
	assert_int_equal(xc_store_new(&settings.database, XC_ACCOUNT_CORE,
	    &away, &errbuf), XC_OK);
	auth->of.store = away;
	assert_int_equal(check_token(token), XC_ERR_UNAVAILABLE);
	assert_int_equal(check(&sent, &by_cookie), XC_ERR_UNAVAILABLE);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_ERR_UNAVAILABLE);
	auth->of.store = store;
	xc_store_free(&away);
}

static void
test_doubles(void **state)
{
	struct xc_auth_fake fake = { .subject = "7", .name = "ana",
		.grants = "todo:item:read" };
	const struct xc_auth_need need = { .schemes = &reader, .n = 1,
		.step_up_s = 60 };
	enum xc_err err = XC_ERR_TIMEOUT;
	struct xc_request req;

	(void)state;
	test_begin(&req);
	assert_int_equal(xc_auth_fake_ops.check(&fake, &req, &by_bearer,
	    &verdict), XC_OK);
	assert_string_equal(verdict.subject, "7");
	assert_int_equal(xc_auth_fake_ops.check(&fake, &req, &need, &verdict),
	    XC_ERR_INVALID);
	fake.stepped_up = true;
	assert_int_equal(xc_auth_fake_ops.check(&fake, &req, &need, &verdict),
	    XC_OK);
	fake.grants = NULL;
	assert_int_equal(xc_auth_fake_ops.check(&fake, &req, &need, &verdict),
	    XC_ERR_DENIED);
	fake.subject = NULL;
	assert_int_equal(xc_auth_fake_ops.check(&fake, &req, &need, &verdict),
	    XC_ERR_INVALID);
	assert_int_equal(fake.asked, 5);
	assert_int_equal(xc_auth_failing_ops.check(&err, &req, &need,
	    &verdict), XC_ERR_TIMEOUT);
	test_end(&req);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_token), TEST(test_token_malformed),
		TEST(test_ended), TEST(test_user_of_token),
		TEST(test_expired), TEST(test_foreign), TEST(test_scopes),
		TEST(test_step_up), TEST(test_seen), TEST(test_cookie),
		TEST(test_cookie_mixed), TEST(test_cookie_idle),
		TEST(test_crossing), TEST(test_csrf), TEST(test_both),
		TEST(test_nobody_knows), TEST(test_doubles),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

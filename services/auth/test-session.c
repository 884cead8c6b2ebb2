/* SPDX-License-Identifier: MIT */
/* Sessions and refresh tokens against a real server; see
 * tests/services/run-identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "services/auth/jwt-private.h"
#include "support.h"

static int64_t ana;

/* Ana is logged in, and the caller; gives her refresh token. */
static void
enter(char token_r[XC_TOKEN_SIZE])
{
	if (number("SELECT COUNT(*) FROM xc_user WHERE name = 'ana'") == 0)
		ana = make_user("ana", "ana@example.org", PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("refresh_token", token_r, XC_TOKEN_SIZE);
	become(ana);
}

static void
leave(void)
{
	caller.user_id = 0;
	caller.session = "";
}

static enum xc_err
refresh(const char *token)
{
	char args[256];

	snprintf(args, sizeof(args), "{'refresh_token': '%s'}", token);
	return ask("auth.refresh", args);
}

static void
assert_refused(const char *token)
{
	assert_int_equal(refresh(token), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 401);
	assert_string_equal(refusal.code, "invalid_refresh_token");
	assert_string_equal(refusal.challenge,
	    "Bearer error=\"invalid_token\"");
}

static void
test_refresh(void **state)
{
	char first[XC_TOKEN_SIZE], second[XC_TOKEN_SIZE];
	char session[XC_SESSION_TEXT_SIZE];

	(void)state;
	enter(first);
	snprintf(session, sizeof(session), "%s", caller.session);
	leave();
	assert_int_equal(refresh(first), XC_OK);
	keep_text("refresh_token", second, sizeof(second));
	assert_string_not_equal(first, second);
	become(ana);
	assert_string_equal(caller.session, session);
	/* With the session's own access token besides. */
	assert_int_equal(refresh(second), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh WHERE "
	    "used_at IS NULL"), 1);
}

/* A token that is shown twice: whoever has the newest one loses it too. */
static void
test_reuse(void **state)
{
	char first[XC_TOKEN_SIZE], second[XC_TOKEN_SIZE];
	char other[XC_TOKEN_SIZE];

	(void)state;
	enter(other);
	enter(first);
	leave();
	assert_int_equal(refresh(first), XC_OK);
	keep_text("refresh_token", second, sizeof(second));
	assert_refused(first);
	assert_refused(second);
	/* The other session of the same user is another family. */
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit WHERE action = "
	    "'auth.refresh_reuse' AND target LIKE 'user:% ana' AND address = '"
	    HOME "'"), 1);
	assert_int_equal(refresh(other), XC_OK);
}

/* A refresh token of another user, or session, than that of the request. */
static void
test_refresh_strange(void **state)
{
	char mine[XC_TOKEN_SIZE], bobs[XC_TOKEN_SIZE];
	int64_t bob;

	(void)state;
	bob = make_user("bob", NULL, PASSWORD);
	assert_int_equal(log_in("bob", PASSWORD, HOME), XC_OK);
	keep_text("refresh_token", bobs, sizeof(bobs));
	ana = make_user("ana", NULL, PASSWORD);
	enter(mine);
	assert_refused(bobs);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 2);
	/* It was not used up by that. */
	leave();
	assert_int_equal(refresh(bobs), XC_OK);
	become(bob);
	assert_refused(mine);
}

static void
test_refresh_over(void **state)
{
	static const char *const ends[] = {
		"UPDATE xc_refresh SET expires_at = UTC_TIMESTAMP(3)",
		"UPDATE xc_session SET expires_at = UTC_TIMESTAMP(3)",
		"UPDATE xc_user SET state = 'locked'",
		"DELETE FROM xc_session", "DELETE FROM xc_user" };
	static const char *const tokens[] = { "", "x",
		"Zk3v0nq8yJ4mX1bT7cR9sL2wP5dH6gK0aE8uVfYiQxM",
		"Zk3v0nq8yJ4mX1bT7cR9sL2wP5dH6gK0aE8uVfYiQx=",
		"../../../../../../../../../../../etc/passwd" };
	char token[XC_TOKEN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		enter(token);
		leave();
		must(ends[i]);
		assert_refused(token);
		must("UPDATE xc_user SET state = 'active'");
		must("DELETE FROM xc_session");
	}
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_refused(tokens[i]);
	assert_int_equal(ask("auth.refresh", "{'refresh_token': 7}"),
	    XC_ERR_DENIED);
}

/* The token of a cookie's session, or the other way round, is none. */
/* One for which there is no answer is good afterwards. */
static void
test_refresh_unsigned(void **state)
{
	char token[XC_TOKEN_SIZE], other[XC_TOKEN_SIZE];
	size_t n = auth->jwt->n;

	(void)state;
	enter(token);
	leave();
	auth->jwt->n = 0;
	assert_int_equal(refresh(token), XC_ERR_UNAVAILABLE);
	auth->jwt->n = n;
	assert_int_equal(refresh(token), XC_OK);
	keep_text("refresh_token", other, sizeof(other));
	assert_int_equal(refresh(other), XC_OK);
}

static void
test_refresh_of_cookie(void **state)
{
	struct xc_cookie cookie;
	char text[256];

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'cookie': true}"), XC_OK);
	keep_text("cookie", text, sizeof(text));
	*strchr(text, ';') = '\0';
	assert_int_equal(xc_cookie_read(text, &cookie), XC_OK);
	assert_refused(cookie.secret);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"), 0);
}

static void
test_logout(void **state)
{
	char first[XC_TOKEN_SIZE], second[XC_TOKEN_SIZE];

	(void)state;
	enter(first);
	enter(second);
	assert_int_equal(ask("auth.logout", "{}"), XC_OK);
	assert_null(xc_json_member(result, "cookie"));
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"), 1);
	/* Once more does no harm, and ends no other. */
	assert_int_equal(ask("auth.logout", "{}"), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	leave();
	assert_refused(second);
	assert_int_equal(refresh(first), XC_OK);
	become(ana);
	assert_int_equal(ask("auth.logout", "{'all': true}"), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"), 0);
	leave();
	assert_int_equal(ask("auth.logout", "{}"), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 401);
}

static void
test_end_but_one(void **state)
{
	char token[XC_TOKEN_SIZE];
	uint64_t n = 0;
	int64_t bob;

	(void)state;
	bob = make_user("bob", NULL, PASSWORD);
	assert_int_equal(log_in("bob", PASSWORD, HOME), XC_OK);
	enter(token);
	enter(token);
	enter(token);
	assert_int_equal(xc_sessions_end(store, ana, caller.session, &n),
	    XC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(refresh(token), XC_OK);
	assert_int_equal(xc_sessions_end(store, ana, "not hex", &n),
	    XC_ERR_INVALID);
	assert_int_equal(xc_sessions_end(store, ana, "", &n), XC_OK);
	assert_int_equal(n, 1);
	assert_int_equal(xc_sessions_end(store, bob, NULL, NULL), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
}

/* How many of two sessions a client finds, and which stands first. */
static const struct {
	const char *args;
	size_t n;
	bool oldest_first;
} finds[] = {
	{ "{}", 2, false },
	{ "{'q': ''}", 2, false },
	{ "{'q': '192.0.2.'}", 2, false },
	{ "{'sort': 'created_at'}", 2, true },
	{ "{'sort': '-created_at'}", 2, false },
	{ "{'sort': 'expires_at', 'q': '192'}", 2, true },
	{ "{'sort': 'seen_at'}", 2, true },
	{ "{'sort': '-seen_at'}", 2, false },
	{ "{'q': 'X??SET-cookie'}", 1, false },
	{ "{'q': '198.51'}", 0, false },
	{ "{'q': '%'}", 0, false },
	{ "{'q': '_'}", 0, false },
	{ "{'q': '192.0.2.7x'}", 0, false },
};

static void
test_list(void **state)
{
	char token[XC_TOKEN_SIZE], id[XC_SESSION_TEXT_SIZE], args[128];
	struct json_object *items, *item;
	int64_t total = 0;
	bool current = false;
	int64_t bob;

	(void)state;
	enter(token);
	snprintf(id, sizeof(id), "%s", caller.session);
	must("UPDATE xc_session SET created_at = created_at - INTERVAL 1 "
	    "HOUR, seen_at = seen_at - INTERVAL 1 HOUR, expires_at = "
	    "expires_at - INTERVAL 1 MINUTE");
	/* What a client says of itself goes into no header and no log. */
	caller.agent = "x\r\nSet-Cookie: a=b\r\n\x1b[2J \xff\xfe <script>";
	enter(token);
	assert_int_equal(ask("auth.sessions", "{'per_page': 1}"), XC_OK);
	items = xc_json_member(result, "items");
	assert_int_equal(json_object_array_length(items), 1);
	item = json_object_array_get_idx(items, 0);
	assert_string_equal(xc_json_string(item, "agent"),
	    "x??Set-Cookie: a=b???[2J ?? <script>");
	assert_string_equal(xc_json_string(item, "address"), HOME);
	assert_string_equal(xc_json_string(item, "id"), caller.session);
	assert_true(xc_json_bool(item, "current", &current) && current);
	assert_int_equal(strlen(xc_json_string(item, "created_at")), 24);
	assert_true(xc_json_int(xc_json_member(result, "pagination"), "total",
	    &total));
	assert_int_equal(total, 2);
	assert_int_equal(ask("auth.sessions", "{'page': -5, 'per_page': "
	    "99999999999}"), XC_OK);
	assert_int_equal(json_object_array_length(xc_json_member(result,
	    "items")), 2);
	assert_int_equal(ask("auth.sessions", "{'page': 9223372036854775807, "
	    "'per_page': 9223372036854775807}"), XC_OK);
	assert_int_equal(json_object_array_length(xc_json_member(result,
	    "items")), 0);
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		assert_int_equal(ask("auth.sessions", finds[i].args), XC_OK);
		items = xc_json_member(result, "items");
		assert_int_equal(json_object_array_length(items),
		    finds[i].n);
		if (finds[i].n > 1)
			assert_int_equal(strcmp(id, xc_json_string(
			    json_object_array_get_idx(items, 0), "id")) == 0,
			    finds[i].oldest_first);
	}
	assert_int_equal(ask("auth.sessions", "{'sort': 'secret'}"),
	    XC_ERR_INVALID);
	assert_int_equal(ask("auth.sessions", "{'sort': '-'}"),
	    XC_ERR_INVALID);
	/* Nobody else sees or ends them. */
	snprintf(args, sizeof(args), "{'id': '%s'}", id);
	bob = make_user("bob", NULL, PASSWORD);
	assert_int_equal(log_in("bob", PASSWORD, HOME), XC_OK);
	become(bob);
	assert_int_equal(ask("auth.session_end", args), XC_ERR_NOT_FOUND);
	assert_int_equal(ask("auth.session_end", "{'id': 'x'}"),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(ask("auth.sessions", "{}"), XC_OK);
	assert_int_equal(json_object_array_length(xc_json_member(result,
	    "items")), 1);
	enter(token);
	assert_int_equal(ask("auth.session_end", args), XC_OK);
	assert_int_equal(ask("auth.session_end", args), XC_ERR_NOT_FOUND);
}

static void
test_me(void **state)
{
	char token[XC_TOKEN_SIZE];
	int64_t id = 0;
	bool otp = true;

	(void)state;
	enter(token);
	caller.grants = "todo:item:read admin:*:*";
	must("INSERT INTO xc_user_role (user_id, role_id) SELECT u.id, r.id "
	    "FROM xc_user u, xc_role r WHERE r.name IN ('user', 'admin')");
	assert_int_equal(ask("auth.me", "{}"), XC_OK);
	assert_true(xc_json_int(result, "id", &id));
	assert_int_equal(id, ana);
	assert_string_equal(xc_json_string(result, "email"),
	    "ana@example.org");
	assert_string_equal(json_object_to_json_string_ext(xc_json_member(
	    result, "roles"), JSON_C_TO_STRING_PLAIN), "[\"admin\",\"user\"]");
	assert_string_equal(json_object_to_json_string_ext(xc_json_member(
	    result, "permissions"), JSON_C_TO_STRING_PLAIN),
	    "[\"todo:item:read\",\"admin:*:*\"]");
	assert_string_equal(xc_json_string(xc_json_member(result, "session"),
	    "id"), caller.session);
	assert_true(xc_json_bool(result, "otp", &otp) && !otp);
	assert_null(strstr(json_object_to_json_string(result), "argon2"));
}

static void
test_bounded(void **state)
{
	char first[XC_TOKEN_SIZE], token[XC_TOKEN_SIZE];
	int i;

	(void)state;
	enter(first);
	must("UPDATE xc_session SET created_at = created_at - INTERVAL 1 DAY");
	for (i = 0; i < XC_SESSIONS_MAX; i++)
		enter(token);
	leave();
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"),
	    XC_SESSIONS_MAX);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"),
	    XC_SESSIONS_MAX);
	assert_refused(first);
	assert_int_equal(refresh(token), XC_OK);
}

static void
test_purge(void **state)
{
	char token[XC_TOKEN_SIZE];

	(void)state;
	enter(token);
	must("UPDATE xc_session SET expires_at = UTC_TIMESTAMP(3)");
	must("UPDATE xc_refresh SET expires_at = UTC_TIMESTAMP(3)");
	must("UPDATE xc_throttle SET expires_at = UTC_TIMESTAMP(3)");
	xc_auth_purge(auth);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	auth->purge_s -= 3600;
	xc_auth_purge(auth);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle"), 0);
	assert_true(auth->purge_s > xc_auth_clock() + 2);
}

/* Many names that are guessed leave many rows. */
static void
test_purge_many(void **state)
{
	(void)state;
	must("INSERT INTO xc_throttle (scope, hash, failures, first_at, "
	    "expires_at) SELECT 'pair', UNHEX(SHA2(seq, 256)), 1, "
	    "UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM seq_1_to_1200");
	for (int i = 0; i < 3; i++) {
		/* The next time is near as long as there are more. */
		assert_true(auth->purge_s <= xc_auth_clock() + (i > 0 ? 1 :
		    3600));
		auth->purge_s = 0;
		xc_auth_purge(auth);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle"), 0);
	assert_true(auth->purge_s > xc_auth_clock() + 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_refresh), TEST(test_reuse),
		TEST(test_refresh_strange), TEST(test_refresh_over),
		TEST(test_refresh_of_cookie), TEST(test_refresh_unsigned),
		TEST(test_logout),
		TEST(test_end_but_one), TEST(test_list), TEST(test_me),
		TEST(test_bounded), TEST(test_purge), TEST(test_purge_many),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

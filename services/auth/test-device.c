/* SPDX-License-Identifier: MIT */
/* Browsers that have logged in before, and logins from other sites, against a
 * real server; see tests/services/run-identity. */
#include "lib/test-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/session.h"
#include "services/security/keyring-edit.h"
#include "support.h"

#define COOKIE_SIZE 256
#define AWAY "203.0.113.9"	/* where nobody has been before */

/* What a browser sends with a login; NULL: nothing. */
struct sent {
	const char *cookie;
	const char *site;
	const char *origin;
};

/* Asks with a request that has it. */
static enum xc_err
ask_by(const struct sent *sent, const char *operation,
    struct json_object *args)
{
	const struct {
		const char *name;
		const char *value;
	} params[] = {
		{ "REQUEST_METHOD", "POST" },
		{ "REQUEST_URI", "/auth/login" },
		{ "REQUEST_SCHEME", "https" },
		{ "HTTP_HOST", "example.org" },
		{ "HTTP_COOKIE", sent->cookie },
		{ "HTTP_SEC_FETCH_SITE", sent->site },
		{ "HTTP_ORIGIN", sent->origin },
	};
	struct xc_request req;
	char *env[8];
	size_t n = 0;
	enum xc_err err;

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (params[i].value != NULL)
			env[n++] = param(params[i].name, params[i].value);
	env[n] = NULL;
	test_begin(&req);
	assert_int_equal(xc_request_parse(&req, env, NULL, 0, NULL), 0);
	caller.request = &req;
	err = ask_with(operation, args);
	caller.request = NULL;
	test_end(&req);
	while (n > 0)
		free(env[--n]);
	return err;
}

static enum xc_err
log_in_by(const struct sent *sent, const char *password, const char *address)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "username",
	    json_object_new_string("ana"));
	json_object_object_add(args, "password",
	    json_object_new_string(password));
	json_object_object_add(args, "cookie", json_object_new_boolean(1));
	caller.address = address;
	return ask_by(sent, "auth.login", args);
}

/* The cookie of the last login, as a browser sends it back. */
static void
keep_device(char cookie_r[COOKIE_SIZE])
{
	keep_text("device_cookie", cookie_r, COOKIE_SIZE);
	*strchr(cookie_r, ';') = '\0';
}

/* Ana logs in at home with a browser. */
static void
open_browser(char cookie_r[COOKIE_SIZE])
{
	static const struct sent nothing;

	assert_int_equal(log_in_by(&nothing, PASSWORD, HOME), XC_OK);
	keep_device(cookie_r);
}

static enum xc_err
show(const char *cookie, const char *password, const char *address)
{
	const struct sent sent = { .cookie = cookie };

	return log_in_by(&sent, password, address);
}

/* Guesses at the account from 12 addresses, until all have to wait. */
static void
attack(void)
{
	char address[32];
	enum xc_err err = XC_OK;

	for (int i = 0; i < 48 && err != XC_ERR_BUSY; i++) {
		snprintf(address, sizeof(address), "198.51.100.%d", i % 12);
		err = log_in("ana", "wrong", address);
	}
	assert_int_equal(err, XC_ERR_BUSY);
	must("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3) + INTERVAL "
	    "300 SECOND WHERE scope = 'account'");
}

static void
test_attack(void **state)
{
	char cookie[COOKIE_SIZE], next[COOKIE_SIZE], address[32];

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	open_browser(cookie);
	attack();
	n_hashes = 0;
	assert_int_equal(show(NULL, PASSWORD, AWAY), XC_ERR_BUSY);
	assert_int_equal(refusal.status, 429);
	assert_int_equal(n_hashes, 0);
	assert_int_equal(show(cookie, PASSWORD, "203.0.113.10"), XC_OK);
	keep_device(next);
	assert_string_not_equal(cookie, next);
	/* Again and again, and also by tokens. */
	for (int i = 11; i < 20; i++) {
		snprintf(address, sizeof(address), "203.0.113.%d", i);
		assert_int_equal(show(i % 2 == 0 ? cookie : next, PASSWORD,
		    address), XC_OK);
	}
	/* Those who guess are not let in by that. */
	assert_int_equal(show(NULL, PASSWORD, AWAY), XC_ERR_BUSY);
	assert_int_equal(log_in("ana", "wrong", "198.51.100.1"),
	    XC_ERR_BUSY);
}

/* Also who guesses from the very address keeps the owner waiting only by what
 * an address may do in all. */
static void
test_same_address(void **state)
{
	char cookie[COOKIE_SIZE];
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	open_browser(cookie);
	for (i = 0; i < 5; i++)
		assert_int_equal(log_in("ana", "wrong", AWAY), XC_ERR_DENIED);
	assert_int_equal(log_in("ana", PASSWORD, AWAY), XC_ERR_BUSY);
	assert_int_equal(show(cookie, PASSWORD, AWAY), XC_OK);
	for (i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user%d", i);
		(void)log_in(name, "wrong", AWAY);
	}
	assert_int_equal(show(cookie, PASSWORD, AWAY), XC_ERR_BUSY);
}

/* One that was stolen is good for no more tries than an address is, wherever
 * they come from, and they hold nobody else up. */
static void
test_stolen(void **state)
{
	char stolen[COOKIE_SIZE], cookie[COOKIE_SIZE], address[32];
	uint32_t last_s = 0;
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	open_browser(stolen);
	open_browser(cookie);
	for (i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "198.51.100.%d", i);
		assert_int_equal(show(stolen, "wrong", address),
		    XC_ERR_DENIED);
	}
	for (i = 0; i < 12; i++) {
		snprintf(address, sizeof(address), "198.51.100.%d", 20 + i);
		assert_int_equal(show(stolen, PASSWORD, address),
		    XC_ERR_BUSY);
		assert_true(refusal.retry_s > last_s || last_s == 300);
		last_s = refusal.retry_s;
		must("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3) "
		    "WHERE until_at IS NOT NULL");
		assert_int_equal(show(stolen, "wrong", address),
		    XC_ERR_DENIED);
	}
	assert_int_equal(last_s, 300);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle WHERE scope "
	    "IN ('account', 'pair') AND failures > 0"), 0);
	assert_int_equal(log_in("ana", PASSWORD, AWAY), XC_OK);
	assert_int_equal(show(cookie, PASSWORD, "203.0.113.10"), XC_OK);
	/* What was counted is forgotten when the password is right. */
	must("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3)");
	assert_int_equal(show(stolen, PASSWORD, AWAY), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle WHERE scope "
	    "= 'device'"), 0);
}

/* --- what is none --------------------------------------------------------- */

/* From an address that has not been seen: only a device would be let in. */
static void
assert_unknown(const char *what, const char *cookie)
{
	static int n;
	char address[32];

	snprintf(address, sizeof(address), "203.0.113.%d", 20 + n++ % 200);
	if (show(cookie, PASSWORD, address) != XC_ERR_BUSY)
		fail_msg("%s: %s", what, cookie);
}

static void
test_forged(void **state)
{
	char bobs[COOKIE_SIZE], cookie[COOKIE_SIZE], text[2 * COOKIE_SIZE];
	size_t len, i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	open_browser(bobs);
	must("UPDATE xc_user SET name = 'bob', name_key = 'bob'");
	(void)make_user("ana", NULL, PASSWORD);
	open_browser(cookie);
	attack();
	assert_unknown("another user's", bobs);
	len = strlen(cookie);
	/* Any letter changed. */
	for (i = sizeof(XC_DEVICE_COOKIE); i < len; i++) {
		memcpy(text, cookie, len + 1);
		text[i] = text[i] == '1' ? '2' : '1';
		assert_unknown("changed", text);
	}
	/* With the other's proof. */
	memcpy(text, cookie, len + 1);
	memcpy(strrchr(text, '.'), strrchr(bobs, '.'),
	    strlen(strrchr(bobs, '.')) + 1);
	assert_unknown("with another's proof", text);
	snprintf(text, sizeof(text), "%s; %s", cookie, cookie);
	assert_unknown("twice", text);
	snprintf(text, sizeof(text), "%s.", cookie);
	assert_unknown("longer", text);
	assert_unknown("empty", XC_DEVICE_COOKIE "=");
	assert_unknown("dots", XC_DEVICE_COOKIE "=...");
	assert_unknown("none", XC_DEVICE_COOKIE);
	assert_int_equal(show(cookie, PASSWORD, AWAY), XC_OK);
}

/* One made like ours, of another time, or for another use. */
static void
test_expired(void **state)
{
	struct xc_device device = { .nonce = "AAAAAAAAAAAAAAAAAAAAAA" };
	unsigned char digest[XC_DIGEST_LEN];
	int64_t id = make_user("ana", NULL, PASSWORD);
	char text[128];

	(void)state;
	device.user_id = id;
	device.expires_at = (int64_t)time(NULL) + 60;
	snprintf(text, sizeof(text), "%lld.%s.%lld.1", (long long)id,
	    device.nonce, (long long)device.expires_at);
	assert_int_equal(xc_auth_hmac(auth, 0, "device", text, digest),
	    XC_OK);
	memcpy(device.digest, digest, sizeof(digest));
	assert_true(xc_device_is_of(auth, &device, id, 1));
	assert_false(xc_device_is_of(auth, &device, id + 1, 1));
	assert_false(xc_device_is_of(auth, &device, id, 2));
	device.expires_at++;
	assert_false(xc_device_is_of(auth, &device, id, 1));
	device.expires_at = (int64_t)time(NULL) - 1;
	snprintf(text, sizeof(text), "%lld.%s.%lld.1", (long long)id,
	    device.nonce, (long long)device.expires_at);
	assert_int_equal(xc_auth_hmac(auth, 0, "device", text,
	    device.digest), XC_OK);
	assert_false(xc_device_is_of(auth, &device, id, 1));
	device.expires_at += 61;
	snprintf(text, sizeof(text), "%lld.%s.%lld.1", (long long)id,
	    device.nonce, (long long)device.expires_at);
	assert_int_equal(xc_auth_hmac(auth, 0, "cookie", text,
	    device.digest), XC_OK);
	assert_false(xc_device_is_of(auth, &device, id, 1));
}

/* What the cookie says of itself. */
static void
test_form(void **state)
{
	char cookie[COOKIE_SIZE];
	struct xc_device device;
	int64_t id = make_user("ana", NULL, PASSWORD);
	int64_t left;

	(void)state;
	open_browser(cookie);
	assert_non_null(strstr(xc_json_string(result, "device_cookie"),
	    "; Path=/; Secure; HttpOnly; SameSite=Strict; "
	    "Max-Age=15552000"));
	assert_int_equal(xc_device_read(cookie, &device), XC_OK);
	assert_int_equal(device.user_id, id);
	left = device.expires_at - (int64_t)time(NULL);
	assert_in_range(left, 15552000 - 60, 15552000);
	assert_int_equal(xc_device_read(NULL, &device), XC_ERR_NOT_FOUND);
	assert_int_equal(xc_device_read("a=b", &device), XC_ERR_NOT_FOUND);
	/* Those who have no jar for it get none. */
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_null(xc_json_member(result, "device_cookie"));
}

/* --- when it is void ------------------------------------------------------ */

static void
test_void(void **state)
{
	char cookie[COOKIE_SIZE];
	int64_t id = make_user("ana", NULL, PASSWORD);

	(void)state;
	open_browser(cookie);
	attack();
	assert_int_equal(show(cookie, PASSWORD, AWAY), XC_OK);
	/* As a new password, a lock and an administrator do. */
	assert_int_equal(xc_sessions_end(store, id, NULL, NULL), XC_OK);
	assert_unknown("all sessions ended", cookie);
	open_browser(cookie);
	assert_int_equal(show(cookie, PASSWORD, "203.0.113.11"), XC_OK);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	become(id);
	assert_int_equal(ask("auth.logout", "{'all': true}"), XC_OK);
	caller.user_id = 0;
	caller.session = "";
	assert_unknown("logged out everywhere", cookie);
	/* To leave one session is to stay known. */
	open_browser(cookie);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	become(id);
	assert_int_equal(ask("auth.logout", "{}"), XC_OK);
	caller.user_id = 0;
	caller.session = "";
	assert_int_equal(show(cookie, PASSWORD, "203.0.113.12"), XC_OK);
}

/* A key that is new voids none while the old one is there. */
static void
test_rotation(void **state)
{
	char cookie[COOKIE_SIZE];
	struct xc_device device;
	struct xc_errbuf errbuf;
	int64_t id = make_user("ana", NULL, PASSWORD);

	(void)state;
	open_browser(cookie);
	assert_int_equal(xc_keyring_add(identity.ring, "hash", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_device_read(cookie, &device), XC_OK);
	assert_true(xc_device_is_of(auth, &device, id, 1));
}

/* --- the second factor, and other sites ----------------------------------- */

/* Begins a browser's session by a ticket. */
static enum xc_err
show_code(const struct sent *sent, const char *ticket)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "ticket",
	    json_object_new_string(ticket));
	json_object_object_add(args, "code", json_object_new_string(CODE));
	json_object_object_add(args, "cookie", json_object_new_boolean(1));
	return ask_by(sent, "auth.otp", args);
}

/* The password alone makes no browser known. */
static void
test_second_factor(void **state)
{
	static const struct sent nothing;
	static const struct sent crossing = { .site = "cross-site" };
	char cookie[COOKIE_SIZE], ticket[XC_TOKEN_SIZE];

	(void)state;
	enrolled_id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in_by(&nothing, PASSWORD, HOME), XC_OK);
	assert_null(xc_json_member(result, "device_cookie"));
	keep_text("ticket", ticket, sizeof(ticket));
	assert_int_equal(show_code(&crossing, ticket), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "cross_site");
	assert_int_equal(show_code(&nothing, ticket), XC_OK);
	keep_device(cookie);
	attack();
	assert_int_equal(show(cookie, PASSWORD, AWAY), XC_OK);
}

static const struct {
	const char *site;
	const char *origin;
	bool ok;
} crossings[] = {
	{ NULL, NULL, true },
	{ "same-origin", "https://example.org", true },
	{ "none", NULL, true },
	{ NULL, "https://EXAMPLE.org", true },
	{ "same-site", NULL, false },
	{ "cross-site", NULL, false },
	{ "cross-site", "https://example.org", false },
	{ "", NULL, false },
	{ NULL, "https://evil.example", false },
	{ NULL, "http://example.org", false },
	{ NULL, "https://example.org:8443", false },
	{ NULL, "null", false },
};

static void
test_crossing(void **state)
{
	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	for (size_t i = 0; i < sizeof(crossings) / sizeof(crossings[0]);
	    i++) {
		const struct sent sent = { .site = crossings[i].site,
			.origin = crossings[i].origin };
		enum xc_err err;

		n_hashes = 0;
		err = log_in_by(&sent, PASSWORD, HOME);
		if (err != (crossings[i].ok ? XC_OK : XC_ERR_DENIED))
			fail_msg("case %zu: %s", i, xc_strerror(err));
		if (crossings[i].ok)
			continue;
		assert_int_equal(refusal.status, 403);
		assert_string_equal(refusal.code, "cross_site");
		assert_int_equal(n_hashes, 0);
	}
	/* It is no failure of the account's. */
	assert_int_equal(number("SELECT COALESCE(SUM(failures), 0) FROM "
	    "xc_throttle"), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_attack), TEST(test_same_address),
		TEST(test_stolen), TEST(test_forged), TEST(test_expired),
		TEST(test_form), TEST(test_void), TEST(test_rotation),
		TEST(test_second_factor), TEST(test_crossing),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Logins against a real server; see tests/services/run-identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "support.h"

static void
test_names(void **state)
{
	static const char *const names[] = { "ana", "ANA", "Ana",
		"ana@example.org", "Ana@Example.ORG" };
	int64_t id = make_user("ana", "ana@example.org", PASSWORD);
	char token[XC_TOKEN_SIZE], last[XC_TOKEN_SIZE] = "";
	char sql[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(log_in(names[i], PASSWORD, HOME), XC_OK);
		keep_text("refresh_token", token, sizeof(token));
		assert_string_not_equal(token, last);
		memcpy(last, token, sizeof(last));
		become(id);
		caller.user_id = 0;
		caller.session = "";
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 5);
	assert_int_equal(number("SELECT COUNT(DISTINCT id) FROM xc_session"),
	    5);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user WHERE "
	    "last_login_at IS NOT NULL"), 1);
	/* Nothing of what opens a door stands in the tables as it is. */
	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM xc_refresh WHERE "
	    "hash = LEFT('%s', 32)", token);
	assert_int_equal(number(sql), 0);
}

/* What nobody can be told from. */
struct told {
	enum xc_err err;
	struct xc_refusal refusal;
	unsigned n_hashes;
};

static struct told
try(const char *name, const char *password, const char *address)
{
	struct told told;

	n_hashes = 0;
	told.err = log_in(name, password, address);
	told.refusal = refusal;
	told.n_hashes = n_hashes;
	return told;
}

static void
assert_told_same(const struct told *a, const struct told *b)
{
	assert_int_equal(a->err, b->err);
	assert_int_equal(a->n_hashes, b->n_hashes);
	assert_memory_equal(&a->refusal, &b->refusal, sizeof(a->refusal));
}

/* Wrong names, wrong passwords, and users who may not come in. */
static void
test_same_words(void **state)
{
	static const struct {
		const char *name;
		const char *password;
	} tries[] = {
		{ "nobody", PASSWORD }, { "nobody@example.org", PASSWORD },
		{ "locked", PASSWORD }, { "locked", "wrong" },
		{ "empty", "" }, { "empty", PASSWORD },
		{ "broken", PASSWORD }, { "", PASSWORD },
		{ "\xd0\xb0na", PASSWORD }, { "ana", "" },
		{ "ana ", PASSWORD }, { "%", PASSWORD },
	};
	struct told wrong, told;
	char address[32];

	(void)state;
	(void)make_user("ana", "ana@example.org", PASSWORD);
	(void)make_user("locked", NULL, PASSWORD);
	(void)make_user("empty", NULL, NULL);
	(void)make_user("broken", NULL, NULL);
	must("UPDATE xc_user SET state = 'locked' WHERE name = 'locked'");
	must("UPDATE xc_user SET password = '$argon2id$no' WHERE name = "
	    "'broken'");
	wrong = try("ana", "wrong", HOME);
	assert_int_equal(wrong.err, XC_ERR_DENIED);
	assert_int_equal(wrong.refusal.status, 401);
	assert_string_equal(wrong.refusal.code, "bad_credentials");
	assert_int_equal(wrong.n_hashes, 1);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		snprintf(address, sizeof(address), "198.51.100.%zu", i);
		told = try(tries[i].name, tries[i].password, address);
		/* That the row is broken costs one hash more; nobody but the
		 * operator can make one. */
		if (strcmp(tries[i].name, "broken") == 0)
			told.n_hashes = 1;
		assert_told_same(&told, &wrong);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
}

/* Those that may be had, and what is near them. */
static void
test_passwords(void **state)
{
	static char long_one[1025], longer[1026], longest[10u << 20];
	static const struct {
		const char *right;
		size_t len;
	} rights[] = {
		{ "x", 1 }, { "a\0b", 3 }, { "a\0c", 3 }, { long_one, 72 },
		{ long_one, 1024 }, { "pa\xcc\x8ass", 6 },
		{ "\xf0\x9f\x98\x80\xe2\x80\xae\xef\xbf\xbf", 10 },
	};
	char phc[XC_PHC_SIZE], address[32];

	(void)state;
	memset(long_one, 'p', 1024);
	memset(longer, 'p', 1025);
	memset(longest, 'p', sizeof(longest) - 1);
	(void)make_user("ana", NULL, PASSWORD);
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		struct json_object *args = json_object_new_object();

		assert_int_equal(xc_password_hash(identity.hasher,
		    rights[i].right, rights[i].len, phc), XC_OK);
		assert_int_equal(xc_store_exec(store, NULL, "UPDATE xc_user "
		    "SET password = ?", XC_ARGS(xc_text(phc))), XC_OK);
		json_object_object_add(args, "username",
		    json_object_new_string("ana"));
		json_object_object_add(args, "password",
		    json_object_new_string_len(rights[i].right,
		    (int)rights[i].len));
		snprintf(address, sizeof(address), "198.51.100.%zu", i);
		caller.address = address;
		assert_int_equal(ask_with("auth.login", args), XC_OK);
		/* A part of it, or more than it, is not it. */
		assert_int_equal(log_in("ana", "", address), XC_ERR_DENIED);
		assert_int_equal(log_in("ana", longer, address),
		    XC_ERR_DENIED);
		if (memchr(rights[i].right, '\0', rights[i].len) != NULL)
			assert_int_equal(log_in("ana", rights[i].right,
			    address), XC_ERR_DENIED);
		must("DELETE FROM xc_throttle");
	}
	n_hashes = 0;
	assert_int_equal(log_in("ana", longest, HOME), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "bad_credentials");
	assert_int_equal(n_hashes, 1);
}

/* Nothing that is said reaches the database as a part of a statement. */
static void
test_sql(void **state)
{
	static const char *const texts[] = {
		"ana' OR '1'='1", "'; DROP TABLE xc_user; --", "ana\\",
		"\" OR \"\"=\"", "%", "_na", "ana'/*", "1 OR 1=1",
		"\xbf\x27 OR 1=1 --", "ana\n\r\t\x1b[31m" };
	static const char *const places[][2] = {
		{ "auth.login", "username" }, { "auth.login", "password" },
		{ "auth.login", "otp" }, { "auth.otp", "ticket" },
		{ "auth.otp", "code" }, { "auth.mail_code", "ticket" },
		{ "auth.refresh", "refresh_token" },
		{ "auth.session_end", "id" } };
	int64_t id = make_user("ana", NULL, PASSWORD);

	(void)state;
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	become(id);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t j = 0; j < sizeof(places) / sizeof(places[0]);
		    j++) {
			struct json_object *args = json_object_new_object();
			enum xc_err err;

			json_object_object_add(args, "username",
			    json_object_new_string("bob"));
			json_object_object_add(args, "password",
			    json_object_new_string("wrong"));
			json_object_object_add(args, places[j][1],
			    json_object_new_string(texts[i]));
			caller.agent = caller.request_id = texts[i];
			err = ask_with(places[j][0], args);
			assert_true(err == XC_ERR_DENIED ||
			    err == XC_ERR_NOT_FOUND || err == XC_ERR_BUSY);
			must("DELETE FROM xc_throttle");
		}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
}

static void
test_lookalikes(void **state)
{
	static const char *const names[] = {
		"\xd0\xb0na",		/* Cyrillic a */
		"\xef\xbd\x81na",	/* full width a */
		"ana\xe2\x80\x8b",	/* zero width space */
		"an\xc3\xa0", "ana ", " ana", "ana\t", "ana.", "ana\x7f",
		"ana@example.org ", "ana@exampl\xd0\xb5.org",
		"ana@\xe2\x93\x94xample.org" };

	(void)state;
	(void)make_user("ana", "ana@example.org", PASSWORD);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(log_in(names[i], PASSWORD, HOME),
		    XC_ERR_DENIED);
		must("DELETE FROM xc_throttle");
	}
}

/* Has what was to be waited for be over. */
static void
wait_over(void)
{
	must("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3) WHERE "
	    "until_at IS NOT NULL");
}

static void
test_waiting(void **state)
{
	uint32_t last_s = 0;
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	for (i = 0; i < 5; i++)
		assert_int_equal(log_in("ana", "wrong", HOME), XC_ERR_DENIED);
	n_hashes = 0;
	/* Also with the right one, which is not even looked at. */
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_ERR_BUSY);
	assert_int_equal(refusal.status, 429);
	assert_int_equal(refusal.retry_s, 1);
	assert_int_equal(n_hashes, 0);
	for (i = 0; i < 12; i++) {
		wait_over();
		assert_int_equal(log_in("ana", "wrong", HOME), XC_ERR_DENIED);
		assert_int_equal(log_in("ana", "wrong", HOME), XC_ERR_BUSY);
		assert_true(refusal.retry_s > last_s || last_s == 300);
		last_s = refusal.retry_s;
	}
	assert_int_equal(last_s, 300);
	/* Another name at the same place, and the same name elsewhere. */
	assert_int_equal(log_in("bob", "wrong", HOME), XC_ERR_DENIED);
	assert_int_equal(log_in("ana", PASSWORD, "192.0.2.8"), XC_OK);
	wait_over();
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle WHERE "
	    "scope = 'pair' AND failures > 1"), 0);
}

/* A user's name and address lead to the same count, and so do names that
 * nobody has. */
static void
test_waiting_same(void **state)
{
	static const char *const names[] = { "ana", "ana@example.org", "ANA",
		"Ana@example.org", "ana" };
	int i;

	(void)state;
	(void)make_user("ana", "ana@example.org", PASSWORD);
	for (i = 0; i < 5; i++)
		assert_int_equal(log_in(names[i], "wrong", HOME),
		    XC_ERR_DENIED);
	assert_int_equal(log_in("ana", "wrong", HOME), XC_ERR_BUSY);
	for (i = 0; i < 5; i++)
		assert_int_equal(log_in("nobody", "wrong", HOME),
		    XC_ERR_DENIED);
	assert_int_equal(log_in("nobody", "wrong", HOME), XC_ERR_BUSY);
}

/* Many addresses at one account: whoever has logged in to it before still
 * does. */
static void
test_many_addresses(void **state)
{
	char address[32];
	enum xc_err err = XC_OK;
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	for (i = 0; i < 40 && err != XC_ERR_BUSY; i++) {
		snprintf(address, sizeof(address), "198.51.100.%d", i);
		err = log_in("ana", "wrong", address);
	}
	assert_int_equal(err, XC_ERR_BUSY);
	assert_int_equal(i, 21);
	assert_int_equal(log_in("ana", PASSWORD, "203.0.113.9"), XC_ERR_BUSY);
	assert_in_range(refusal.retry_s, 1, 300);
	for (i = 0; i < 3; i++)
		assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	/* A stranger's delay ends too. */
	wait_over();
	assert_int_equal(log_in("ana", PASSWORD, "203.0.113.9"), XC_OK);
}

/* One address at many accounts. */
static void
test_many_accounts(void **state)
{
	char name[32];
	enum xc_err err = XC_OK;
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	for (i = 0; i < 80 && err != XC_ERR_BUSY; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		err = log_in(name, "wrong", "198.51.100.1");
	}
	assert_int_equal(err, XC_ERR_BUSY);
	assert_int_equal(i, 51);
	assert_int_equal(log_in("ana", PASSWORD, "198.51.100.1"),
	    XC_ERR_BUSY);
	assert_int_equal(log_in("ana", PASSWORD, "198.51.100.2"), XC_OK);
}

/* Who has an address of IPv6 has 2^64 of them. */
static void
test_network(void **state)
{
	char address[64];
	int i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	for (i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "2001:db8:1:2::%x", i);
		assert_int_equal(log_in("ana", "wrong", address),
		    XC_ERR_DENIED);
	}
	assert_int_equal(log_in("ana", "wrong", "2001:db8:1:2:ffff::9"),
	    XC_ERR_BUSY);
	assert_int_equal(log_in("ana", "wrong", "2001:db8:1:3::1"),
	    XC_ERR_DENIED);
	for (i = 0; i < 5; i++)
		assert_int_equal(log_in("ana", "wrong", i % 2 == 0 ?
		    "192.0.2.9" : "::ffff:192.0.2.9"), XC_ERR_DENIED);
	assert_int_equal(log_in("ana", "wrong", "192.0.2.9"), XC_ERR_BUSY);
}

/* The tries of a process of its own; gives how many were looked at. */
static int
try_apart(void)
{
	int looked_at = 0;
	int i;

	/* A child never uses its parent's connection. */
	if (xc_store_new(&settings.database, XC_ACCOUNT_CORE,
	    &auth->of.store, NULL) != XC_OK)
		return 100;
	for (i = 0; i < 5; i++) {
		enum xc_err err = log_in("ana", "wrong", HOME);

		if (err == XC_ERR_DENIED)
			looked_at++;
		else if (err != XC_ERR_BUSY)
			return 100;
	}
	return looked_at;
}

/* Many at once are no more tries than one after the other. */
static void
test_at_once(void **state)
{
	int looked_at = 0;
	int status, i;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	for (i = 0; i < 8; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(try_apart());
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) < 100);
		looked_at += WEXITSTATUS(status);
	}
	/* One more for each second that a slow machine takes. */
	assert_in_range(looked_at, 5, 12);
}

static void
test_rehash(void **state)
{
	struct xc_errbuf errbuf;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	xc_hasher_free(&identity.hasher);
	settings.security.argon2_passes = 2;
	assert_int_equal(xc_hasher_new(&settings.security, -1,
	    &identity.hasher, &errbuf), XC_OK);
	auth->of.hasher = identity.hasher;
	n_hashes = 0;
	assert_int_equal(log_in("ana", "wrong", HOME), XC_ERR_DENIED);
	assert_int_equal(n_hashes, 1);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_int_equal(n_hashes, 3);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user WHERE password "
	    "LIKE '%t=2%'"), 1);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_int_equal(n_hashes, 4);
}

/* --- the second factor ---------------------------------------------------- */

static enum xc_err
show(const char *ticket, const char *code)
{
	char args[256];

	snprintf(args, sizeof(args), "{'ticket': '%s', 'code': '%s'}", ticket,
	    code);
	return ask("auth.otp", args);
}

static void
test_ticket(void **state)
{
	char ticket[XC_TOKEN_SIZE];
	bool flag = false;

	(void)state;
	enrolled_id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_true(xc_json_bool(result, "otp_required", &flag) && flag);
	assert_null(xc_json_member(result, "access_token"));
	keep_text("ticket", ticket, sizeof(ticket));
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
	assert_int_equal(show(ticket, "000000"), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "bad_code");
	assert_int_equal(show(ticket, CODE), XC_OK);
	become(enrolled_id);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session WHERE otp_at "
	    "IS NOT NULL"), 1);
	/* Once. */
	assert_int_equal(show(ticket, CODE), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "invalid_ticket");
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
}

/* Whoever reads the mail gets in, and not to what asks for the app. */
static void
test_ticket_mailed(void **state)
{
	char ticket[XC_TOKEN_SIZE];

	(void)state;
	enrolled_id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("ticket", ticket, sizeof(ticket));
	assert_int_equal(show(ticket, MAILED_CODE), XC_OK);
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'otp': '" MAILED_CODE "'}"), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 2);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session WHERE otp_at "
	    "IS NOT NULL"), 0);
}

static void
test_ticket_worn(void **state)
{
	char ticket[XC_TOKEN_SIZE], args[128];
	int i;

	(void)state;
	enrolled_id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("ticket", ticket, sizeof(ticket));
	for (i = 0; i < 5; i++) {
		assert_int_equal(show(ticket, "000000"), XC_ERR_DENIED);
		assert_string_equal(refusal.code, "bad_code");
	}
	assert_int_equal(show(ticket, CODE), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "invalid_ticket");
	/* Too late. */
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("ticket", ticket, sizeof(ticket));
	snprintf(args, sizeof(args), "{'ticket': '%s'}", ticket);
	assert_int_equal(ask("auth.mail_code", args), XC_OK);
	assert_int_equal(n_mailed, 1);
	must("UPDATE xc_login SET expires_at = UTC_TIMESTAMP(3)");
	assert_int_equal(show(ticket, CODE), XC_ERR_DENIED);
	assert_int_equal(ask("auth.mail_code", args), XC_ERR_DENIED);
	assert_int_equal(n_mailed, 1);
	/* Locked since, and with a new password since. */
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("ticket", ticket, sizeof(ticket));
	must("UPDATE xc_user SET state = 'locked'");
	assert_int_equal(show(ticket, CODE), XC_ERR_DENIED);
	must("UPDATE xc_user SET state = 'active'");
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	keep_text("ticket", ticket, sizeof(ticket));
	assert_int_equal(xc_sessions_end(store, enrolled_id, NULL, NULL),
	    XC_OK);
	assert_int_equal(show(ticket, CODE), XC_ERR_DENIED);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
}

static void
test_code_at_once(void **state)
{
	(void)state;
	enrolled_id = make_user("ana", NULL, PASSWORD);
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'otp': '" CODE "', 'cookie': true}"), XC_OK);
	assert_non_null(xc_json_member(result, "cookie"));
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'otp': '1'}"), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "bad_code");
	/* The code counts for nothing with a wrong password. */
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': "
	    "'wrong', 'otp': '" CODE "'}"), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "bad_credentials");
}

/* --- without what is needed ----------------------------------------------- */

static void
test_no_ring(void **state)
{
	struct xc_keyring *ring = identity.ring;
	struct xc_errbuf errbuf;

	(void)state;
	(void)make_user("ana", NULL, PASSWORD);
	auth->of.ring = NULL;
	assert_int_equal(xc_auth_keys(auth, &errbuf), XC_OK);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_ERR_UNAVAILABLE);
	assert_int_equal(ask("auth.jwks", "{}"), XC_ERR_UNAVAILABLE);
	auth->of.ring = ring;
	assert_int_equal(xc_auth_keys(auth, &errbuf), XC_OK);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	assert_int_equal(ask("auth.jwks", "{}"), XC_OK);
	assert_non_null(xc_json_member(result, "keys"));
}

static void
test_malformed(void **state)
{
	static const char *const args[] = { "{}", "{'username': 'ana'}",
		"{'username': 1, 'password': 'x'}",
		"{'username': 'ana', 'password': ['x']}",
		"{'username': null, 'password': null}" };

	(void)state;
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		assert_int_equal(ask("auth.login", args[i]), XC_ERR_INVALID);
		assert_int_equal(refusal.status, 422);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_names), TEST(test_same_words),
		TEST(test_passwords), TEST(test_sql), TEST(test_lookalikes),
		TEST(test_waiting), TEST(test_waiting_same),
		TEST(test_many_addresses), TEST(test_many_accounts),
		TEST(test_network), TEST(test_at_once), TEST(test_rehash),
		TEST(test_ticket), TEST(test_ticket_mailed),
		TEST(test_ticket_worn),
		TEST(test_code_at_once), TEST(test_no_ring),
		TEST(test_malformed),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

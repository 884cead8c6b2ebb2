/* SPDX-License-Identifier: MIT */
/* Second factors against a real database: tests/services/otp.sh runs it, with
 * the core's tables in a schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json_object.h>

#include <xcore/json.h>

#include <liboath/oath.h>

#include "otp-private.h"
#include "services/security/keyring-edit.h"

#define USER 42
#define SESSION "000102030405060708090a0b0c0d0e0f"
#define AT 1795428000

static struct xc_settings settings;
static struct xc_store *store;
static struct xc_keyring *ring;
static struct xc_otp *otp;
static struct xc_refusal refusal;
static struct xc_caller caller;
static int64_t clock_at;

static int64_t
now(void)
{
	return clock_at;
}

static void
sql(const char *text)
{
	if (xc_store_exec(store, NULL, text, XC_NO_ARGS) != XC_OK)
		fail_msg("%s: %s", text, xc_connection_error(
		    xc_store_connection(store))->message);
}

static int64_t
number(const char *text)
{
	int64_t value = -1;

	if (xc_store_number(store, &value, text, XC_NO_ARGS) != XC_OK)
		fail_msg("%s", text);
	return value;
}

static void
open_store(void)
{
	struct xc_database_settings database = {
		.socket = getenv("XCORE_TEST_DB_SOCKET"),
		.host = "", .name = "xcore_test", .port = 3306,
		.user = getenv("XCORE_TEST_DB_USER"), .password_file = "",
		.plugin_user = "", .plugin_password_file = "",
		.plugin_schema_prefix = "xcore_", .tls_ca = "",
		.connect_timeout_ms = 5000, .read_timeout_ms = 5000,
		.write_timeout_ms = 5000,
	};
	struct xc_errbuf errbuf;

	if (xc_store_new(&database, XC_ACCOUNT_CORE, &store, &errbuf) !=
	    XC_OK)
		fail_msg("%s", errbuf.text);
}

static void
open_otp(void)
{
	const struct xc_identity identity = { .settings = &settings,
		.store = store, .ring = ring };
	struct xc_errbuf errbuf = { .text = "" };

	if (xc_otp_new(&identity, &otp, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	assert_int_equal(xc_mail_fake(&otp->mail), XC_OK);
	otp->now = now;
	clock_at = AT;
	memset(&refusal, 0, sizeof(refusal));
}

static int
begin(void **state)
{
	(void)state;
	settings.otp = (struct xc_otp_settings){ .issuer = "A & B",
		.window = 1, .failures = 5, .lock_s = 600, .mail_s = 600,
		.mails_per_hour = 3 };
	settings.mail = (struct xc_mail_settings){ .server = "" };
	caller = (struct xc_caller){ .user_id = USER, .name = "ana",
		.session = SESSION, .grants = "", .address = "192.0.2.1",
		.agent = "", .request_id = "" };
	open_store();
	assert_int_equal(xc_keyring_fake(&ring, NULL), XC_OK);
	open_otp();
	sql("DELETE FROM xc_user");
	sql("DELETE FROM xc_otp");
	sql("DELETE FROM xc_otp_recovery");
	sql("DELETE FROM xc_otp_mail");
	sql("DELETE FROM xc_throttle");
	sql("DELETE FROM xc_session");
	sql("INSERT INTO xc_user (id, name, name_key, email, email_key, "
	    "created_at, created_by, changed_at) VALUES (42, 'ana', 'ana', "
	    "'ana@example.org', 'ana@example.org', NOW(), 'test', NOW())");
	sql("INSERT INTO xc_session (id, user_id, kind, created_at, seen_at, "
	    "expires_at, address, agent) VALUES (UNHEX('" SESSION "'), 42, "
	    "'token', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + "
	    "INTERVAL 1 DAY, '', '')");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	xc_otp_free(&otp);
	xc_keyring_free(&ring);
	xc_store_free(&store);
	return 0;
}

/* --- asking -------------------------------------------------------------- */

static enum xc_err
ask(const char *operation, const char *code, struct json_object **result_r)
{
	struct xc_desk desk = { .n = 0 };
	struct json_object *args = json_object_new_object();
	struct json_object *result = NULL;
	enum xc_err err;

	if (code != NULL)
		json_object_object_add(args, "code",
		    json_object_new_string(code));
	assert_int_equal(xc_desk_add(&desk, xc_otp_rows, otp), XC_OK);
	err = xc_desk_ask(&desk, &caller, operation, args, &result, &refusal);
	json_object_put(args);
	if (result_r != NULL)
		*result_r = result;
	else
		json_object_put(result);
	return err;
}

/* The code of an app whose clock is off by so many steps. */
static const char *
code_of(const char *secret, int off)
{
	static char code[16];
	char *key;
	size_t len;

	assert_int_equal(oath_base32_decode(secret, strlen(secret), &key,
	    &len), OATH_OK);
	assert_int_equal(len, XC_TOTP_SECRET_LEN);
	assert_int_equal(oath_totp_generate(key, len, clock_at + off * 30,
	    30, 0, 6, code), OATH_OK);
	free(key);
	return code;
}

static char secret[XC_TOTP_SECRET_TEXT];
static char recovery[XC_RECOVERY_CODES][XC_CODE_SIZE];

static void
set_up(void)
{
	struct json_object *result;

	assert_int_equal(ask("otp.setup", NULL, &result), XC_OK);
	snprintf(secret, sizeof(secret), "%s", xc_json_string(result,
	    "secret"));
	json_object_put(result);
}

static void
keep_recovery(struct json_object *result)
{
	struct json_object *list = xc_json_member(result, "recovery_codes");

	assert_int_equal(json_object_array_length(list), XC_RECOVERY_CODES);
	for (size_t i = 0; i < XC_RECOVERY_CODES; i++)
		snprintf(recovery[i], XC_CODE_SIZE, "%s",
		    json_object_get_string(json_object_array_get_idx(list,
		    i)));
	json_object_put(result);
}

static void
enrol(void)
{
	struct json_object *result;

	set_up();
	assert_int_equal(ask("otp.confirm", code_of(secret, 0), &result),
	    XC_OK);
	keep_recovery(result);
	clock_at += 90;
}

static enum xc_err
take(const char *code)
{
	memset(&refusal, 0, sizeof(refusal));
	return xc_otp_take(otp, USER, "login", code, &refusal);
}

/* A code of the app that is none of now. */
static const char *
wrong_code(void)
{
	static char code[8];

	for (unsigned i = 0; i < 10; i++) {
		bool right = false;

		snprintf(code, sizeof(code), "%06u", i);
		for (int off = -3; off <= 3; off++)
			right |= strcmp(code, code_of(secret, off)) == 0;
		if (!right)
			break;
	}
	return code;
}

/* --- tests --------------------------------------------------------------- */

static void
test_enrolment(void **state)
{
	struct json_object *result;
	char first[XC_TOTP_SECRET_TEXT];
	bool enrolled = true;

	(void)state;
	assert_int_equal(take("123456"), XC_ERR_STATE);
	assert_string_equal(refusal.code, "otp_none");
	assert_int_equal(ask("otp.confirm", "123456", NULL), XC_ERR_STATE);
	assert_int_equal(ask("otp.setup", NULL, &result), XC_OK);
	assert_non_null(strstr(xc_json_string(result, "uri"),
	    "otpauth://totp/A%20%26%20B:ana?secret="));
	assert_non_null(strstr(xc_json_string(result, "qr_svg"), "A &#38; B"));
	snprintf(first, sizeof(first), "%s", xc_json_string(result, "secret"));
	json_object_put(result);
	/* It does not count yet. */
	assert_int_equal(xc_otp_enrolled(otp, USER, &enrolled), XC_OK);
	assert_false(enrolled);
	assert_int_equal(take(code_of(first, 0)), XC_ERR_STATE);
	/* Another in its place, of which alone a code is right. */
	set_up();
	assert_string_not_equal(first, secret);
	assert_int_equal(ask("otp.confirm", code_of(first, 0), NULL),
	    XC_ERR_INVALID);
	assert_string_equal(refusal.pointer, "/code");
	assert_int_equal(ask("otp.confirm", NULL, NULL), XC_ERR_INVALID);
	assert_int_equal(ask("otp.confirm", code_of(secret, 1), &result),
	    XC_OK);
	keep_recovery(result);
	assert_int_equal(xc_otp_enrolled(otp, USER, &enrolled), XC_OK);
	assert_true(enrolled);
	assert_int_equal(number("SELECT otp_at IS NOT NULL FROM xc_session"),
	    1);
	/* The one in force is not replaced, but for its seal. */
	assert_int_equal(ask("otp.setup", NULL, NULL), XC_ERR_EXISTS);
	assert_string_equal(refusal.code, "otp_exists");
	assert_int_equal(ask("otp.confirm", code_of(secret, 0), NULL),
	    XC_ERR_STATE);
	/* The code that confirmed it is used up, and so are those before. */
	assert_int_equal(take(code_of(secret, 1)), XC_ERR_DENIED);
	assert_int_equal(take(code_of(secret, 0)), XC_ERR_DENIED);
	/* Neither the secret nor a code lies in the tables. */
	assert_int_equal(number("SELECT COUNT(*) FROM xc_otp WHERE "
	    "LENGTH(secret) > 20 AND confirmed_at IS NOT NULL"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_otp_recovery WHERE "
	    "LENGTH(hash) = 32 AND used_at IS NULL"), 10);
}

/* Whoever logs in has his secret sealed by the key of today. */
static void
test_key_change(void **state)
{
	static const char *const what[] = { "seal", "hash" };
	int64_t before;

	(void)state;
	enrol();
	before = number("SELECT CRC32(secret) FROM xc_otp");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(xc_keyring_add(ring, what[i], XC_KEY_SECRET,
		    XC_KEY_ACTIVE, NULL, NULL), XC_OK);
	assert_int_equal(take(code_of(secret, 0)), XC_OK);
	assert_int_not_equal(number("SELECT CRC32(secret) FROM xc_otp"),
	    before);
	assert_int_equal(take(recovery[0]), XC_OK);
	assert_int_equal(take(recovery[0]), XC_ERR_DENIED);
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring, "seal",
	    1)->id, NULL), XC_OK);
	assert_int_equal(take(code_of(secret, 1)), XC_OK);
	/* What the key of a code was retired with is gone. */
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring, "hash",
	    1)->id, NULL), XC_OK);
	assert_int_equal(take(recovery[1]), XC_ERR_DENIED);
}

static void
test_old_login(void **state)
{
	(void)state;
	sql("UPDATE xc_session SET created_at = UTC_TIMESTAMP(3) - "
	    "INTERVAL 901 SECOND");
	assert_int_equal(ask("otp.setup", NULL, NULL), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 401);
	assert_non_null(strstr(refusal.challenge, "max_age=900"));
	caller.session = "";
	assert_int_equal(ask("otp.setup", NULL, NULL), XC_ERR_DENIED);
	caller.user_id = 0;
	assert_int_equal(ask("otp.setup", NULL, NULL), XC_ERR_DENIED);
	caller.root = true;
	assert_int_equal(ask("otp.status", NULL, NULL), XC_ERR_DENIED);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_otp"), 0);
}

static void
test_replay(void **state)
{
	char code[16];

	(void)state;
	enrol();
	snprintf(code, sizeof(code), "%s", code_of(secret, 0));
	assert_int_equal(take(code), XC_OK);
	assert_int_equal(take(code), XC_ERR_DENIED);
	assert_string_equal(refusal.code, "otp_wrong");
	assert_int_equal(refusal.status, 422);
	/* Also one of another purpose, and by an older code. */
	assert_int_equal(ask("otp.verify", code, NULL), XC_ERR_INVALID);
	assert_int_equal(take(code_of(secret, -1)), XC_ERR_DENIED);
	/* The next step is good, and a clock that is ahead by one. */
	assert_int_equal(take(code_of(secret, 1)), XC_OK);
	clock_at += 30;
	assert_int_equal(take(code_of(secret, 0)), XC_ERR_DENIED);
	assert_int_equal(take(code_of(secret, 1)), XC_OK);
	clock_at += 90;
	/* ... or behind. */
	assert_int_equal(take(code_of(secret, -1)), XC_OK);
	clock_at += 90;
	assert_int_equal(take(code_of(secret, -2)), XC_ERR_DENIED);
	assert_int_equal(take(code_of(secret, 2)), XC_ERR_DENIED);
	/* A clock that went back takes nothing twice. */
	clock_at -= 90;
	assert_int_equal(take(code_of(secret, -1)), XC_ERR_DENIED);
}

#define CHILDREN 8

/* Each on a connection of its own, as other workers and hosts are. */
static int
count_winners(const char *code, int *busy_r)
{
	int gate[2], won = 0, status;
	pid_t pids[CHILDREN];
	char c;

	*busy_r = 0;
	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			enum xc_err err;

			close(gate[1]);
			xc_store_free(&store);
			open_store();
			otp->identity.store = store;
			(void)number("SELECT 1");
			assert_int_equal(read(gate[0], &c, 1), 0);
			err = take(code);
			xc_store_free(&store);
			_exit(err == XC_OK ? 0 : err == XC_ERR_BUSY ? 2
			    : err == XC_ERR_DENIED ? 1 : 3);
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < CHILDREN; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) <= 2);
		won += WEXITSTATUS(status) == 0;
		*busy_r += WEXITSTATUS(status) == 2;
	}
	return won;
}

static void
test_at_once(void **state)
{
	int busy;

	(void)state;
	settings.otp.failures = 20;
	enrol();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(count_winners(code_of(secret, 0), &busy), 1);
		assert_int_equal(count_winners(recovery[i], &busy), 1);
		clock_at += 30;
	}
	/* As many guesses as are allowed are looked at, not one more. */
	sql("DELETE FROM xc_throttle");
	settings.otp.failures = 5;
	assert_int_equal(count_winners(wrong_code(), &busy), 0);
	assert_int_equal(busy, CHILDREN - 5);
}

static void
test_guessing(void **state)
{
	char wrong[8];

	(void)state;
	enrol();
	snprintf(wrong, sizeof(wrong), "%s", wrong_code());
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(wrong), XC_ERR_DENIED);
	/* Now the right one waits too, and is not used up. */
	assert_int_equal(take(code_of(secret, 0)), XC_ERR_BUSY);
	assert_int_equal(refusal.status, 429);
	assert_true(refusal.retry_s > 590 && refusal.retry_s <= 600);
	assert_int_equal(take(wrong), XC_ERR_BUSY);
	assert_true(refusal.retry_s <= 600);
	/* It does not lock out the sessions that stand, nor one who has a
	 * recovery code. */
	assert_int_equal(ask("otp.verify", code_of(secret, 0), NULL), XC_OK);
	assert_int_equal(take(recovery[0]), XC_OK);
	/* That one was right: it counts from the beginning again. */
	clock_at += 60;
	assert_int_equal(take(code_of(secret, 0)), XC_OK);
	/* Each wrong one after the time doubles it, up to 16 times. */
	clock_at += 60;
	snprintf(wrong, sizeof(wrong), "%s", wrong_code());
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(wrong), XC_ERR_DENIED);
	for (unsigned i = 1; i < 8; i++) {
		unsigned most = 600u << (i < 4 ? i : 4);

		sql("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3)");
		assert_int_equal(take(wrong), XC_ERR_DENIED);
		assert_int_equal(take(wrong), XC_ERR_BUSY);
		assert_true(refusal.retry_s > most - 10 &&
		    refusal.retry_s <= most);
	}
	/* After a day nobody remembers. */
	sql("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3), "
	    "expires_at = UTC_TIMESTAMP(3)");
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(wrong), XC_ERR_DENIED);
	assert_int_equal(take(wrong), XC_ERR_BUSY);
	assert_true(refusal.retry_s <= 600);
}

static void
test_recovery(void **state)
{
	struct json_object *result;
	char old[XC_CODE_SIZE];

	(void)state;
	enrol();
	snprintf(old, sizeof(old), "%s", recovery[1]);
	assert_int_equal(take(recovery[0]), XC_OK);
	assert_int_equal(take(recovery[0]), XC_ERR_DENIED);
	assert_int_equal(ask("otp.status", NULL, &result), XC_OK);
	assert_int_equal(json_object_get_int(xc_json_member(result,
	    "recovery_left")), 9);
	json_object_put(result);
	assert_int_equal(ask("otp.recovery", wrong_code(), NULL),
	    XC_ERR_INVALID);
	assert_int_equal(ask("otp.recovery", recovery[2], &result), XC_OK);
	keep_recovery(result);
	assert_int_equal(take(old), XC_ERR_DENIED);
	assert_int_equal(take(recovery[9]), XC_OK);
	/* Of another user. */
	assert_int_equal(xc_otp_take(otp, 43, "login", recovery[8], &refusal),
	    XC_ERR_STATE);
}

static void
test_disable(void **state)
{
	bool enrolled;

	(void)state;
	enrol();
	assert_int_equal(ask("otp.disable", NULL, NULL), XC_ERR_INVALID);
	assert_int_equal(ask("otp.disable", wrong_code(), NULL),
	    XC_ERR_INVALID);
	assert_int_equal(ask("otp.disable", code_of(secret, 0), NULL), XC_OK);
	assert_int_equal(xc_otp_enrolled(otp, USER, &enrolled), XC_OK);
	assert_false(enrolled);
	assert_int_equal(number("SELECT (SELECT COUNT(*) FROM xc_otp) + "
	    "(SELECT COUNT(*) FROM xc_otp_recovery)"), 0);
	assert_int_equal(ask("otp.recovery", "123456", NULL), XC_ERR_STATE);
	set_up();
}

/* What was sealed for one user opens for no other. */
static void
test_moved_secret(void **state)
{
	(void)state;
	enrol();
	sql("UPDATE xc_otp SET user_id = 43");
	assert_int_equal(xc_otp_take(otp, 43, "login", code_of(secret, 0),
	    &refusal), XC_ERR_UNAVAILABLE);
	otp->identity.ring = NULL;
	assert_int_equal(xc_otp_take(otp, 43, "login", "123456", &refusal),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(refusal.status, 503);
}

/* --- mail ---------------------------------------------------------------- */

static const char *
mailed(size_t n)
{
	static char code[16];
	const struct xc_letter *letter = xc_mail_fake_letter(&otp->mail, n);

	assert_non_null(letter);
	assert_string_equal(letter->to, "ana@example.org");
	snprintf(code, 9, "%s", letter->text);
	assert_int_equal(strspn(code, "0123456789"), 8);
	return code;
}

static enum xc_err
verify(const char *code)
{
	return ask("otp.verify", code, NULL);
}

static void
test_mail(void **state)
{
	char first[16];

	(void)state;
	assert_int_equal(verify("12345678"), XC_ERR_STATE);
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_OK);
	snprintf(first, sizeof(first), "%s", mailed(0));
	/* It is for what it was asked for. */
	assert_int_equal(take(first), XC_ERR_STATE);
	/* The last one alone is good, and once. */
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_OK);
	assert_int_equal(verify(first), XC_ERR_INVALID);
	assert_int_equal(verify(mailed(1)), XC_OK);
	assert_int_equal(verify(mailed(1)), XC_ERR_STATE);
	/* In time. */
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_OK);
	sql("UPDATE xc_otp_mail SET expires_at = UTC_TIMESTAMP(3)");
	assert_int_equal(verify(mailed(2)), XC_ERR_INVALID);
	/* As many as an hour allows. */
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_ERR_BUSY);
	assert_int_equal(refusal.status, 429);
	assert_true(refusal.retry_s > 3500 && refusal.retry_s <= 3600);
	sql("UPDATE xc_throttle SET expires_at = UTC_TIMESTAMP(3) "
	    "WHERE scope = 'otp-mails'");
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_OK);
}

/* Five tries of one code, even where the account may try more. */
static void
test_mail_tries(void **state)
{
	char wrong[16];

	(void)state;
	settings.otp.failures = 20;
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_OK);
	snprintf(wrong, sizeof(wrong), "%s", mailed(0));
	wrong[7] = wrong[7] == '0' ? '1' : '0';
	for (int i = 0; i < 5; i++)
		assert_int_equal(verify(wrong), XC_ERR_INVALID);
	assert_int_equal(verify(mailed(0)), XC_ERR_INVALID);
}

static void
test_mail_login(void **state)
{
	struct json_object *methods;

	(void)state;
	enrol();
	assert_int_equal(xc_otp_methods(otp, USER, &methods), XC_OK);
	assert_string_equal(json_object_to_json_string_ext(methods,
	    JSON_C_TO_STRING_PLAIN), "[\"app\",\"recovery\",\"mail\"]");
	json_object_put(methods);
	assert_int_equal(xc_otp_send(otp, USER, "login", &refusal), XC_OK);
	assert_int_equal(verify(mailed(0)), XC_ERR_INVALID);
	assert_int_equal(take(mailed(0)), XC_OK);
	assert_int_equal(take(mailed(0)), XC_ERR_DENIED);
	/* Who has an app shows it. */
	assert_false(xc_otp_steps_up(mailed(0)));
	assert_true(xc_otp_steps_up("123 456"));
	assert_true(xc_otp_steps_up("abcd-efgh-jkmn"));
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_ERR_STATE);
	assert_string_equal(refusal.code, "otp_app");
	assert_int_equal(xc_otp_send(otp, USER, "other", &refusal),
	    XC_ERR_INVALID);
	sql("UPDATE xc_user SET email = NULL, email_key = NULL");
	assert_int_equal(xc_otp_send(otp, USER, "login", &refusal),
	    XC_ERR_STATE);
	assert_string_equal(refusal.code, "no_address");
	assert_int_equal(xc_otp_methods(otp, USER, &methods), XC_OK);
	assert_int_equal(json_object_array_length(methods), 2);
	json_object_put(methods);
}

/* A letter that did not go counts for nothing. */
static void
test_mail_fails(void **state)
{
	static const enum xc_err errors[] = { XC_ERR_UNAVAILABLE,
		XC_ERR_TIMEOUT, XC_ERR_NOMEM, XC_ERR_UNAVAILABLE };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		xc_mail_close(&otp->mail);
		assert_int_equal(xc_mail_failing(errors[i], &otp->mail),
		    XC_OK);
		assert_int_equal(ask("otp.mail", NULL, NULL), errors[i] ==
		    XC_ERR_TIMEOUT ? XC_ERR_TIMEOUT : XC_ERR_UNAVAILABLE);
		assert_int_equal(refusal.status, 503);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_otp_mail"), 0);
	assert_int_equal(number("SELECT failures FROM xc_throttle"), 0);
	/* An address that would end its line reaches no server. */
	xc_mail_close(&otp->mail);
	assert_int_equal(xc_mail_fake(&otp->mail), XC_OK);
	sql("UPDATE xc_user SET email = 'a@b.c\r\nRCPT TO:<x@y.z>'");
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_ERR_UNAVAILABLE);
	assert_null(xc_mail_fake_letter(&otp->mail, 0));
	xc_mail_close(&otp->mail);
	assert_int_equal(ask("otp.mail", NULL, NULL), XC_ERR_STATE);
	assert_string_equal(refusal.code, "no_mail");
}

/* A server that is slow must not hold what others wait for. */
static enum xc_err
send_within(struct xc_store *in, void *ctx)
{
	(void)in;
	(void)ctx;
	return xc_otp_send(otp, USER, "login", &refusal);
}

static void
test_mail_transaction(void **state)
{
	(void)state;
	assert_int_equal(xc_store_transaction(store, send_within, NULL),
	    XC_ERR_STATE);
	assert_null(xc_mail_fake_letter(&otp->mail, 0));
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_enrolment), T(test_key_change), T(test_old_login), T(test_replay),
		T(test_at_once), T(test_guessing), T(test_recovery),
		T(test_disable), T(test_moved_secret), T(test_mail),
		T(test_mail_tries), T(test_mail_login), T(test_mail_fails),
		T(test_mail_transaction),
	};

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What users do to their own account. */
#include "support.h"

#define PASSWORD "correct horse battery"

static const char *const mass[] = { "'role':'admin'", "'roles':['admin']",
	"'state':'active'", "'id':1", "'revision':9", "'grants_revision':9",
	"'name_key':'x'", "'password_at':'x'", "'root':true",
	"'__proto__':{'roles':['admin']}" };

static struct xc_caller nobody = { .name = "", .session = "", .grants = "",
	.address = "192.0.2.1", .agent = "", .request_id = "r-3" };

static void
test_register(void **state)
{
	int64_t id;

	(void)state;
	assert_int_equal(ask(&nobody, "user.register", "{'name':'Ana','email':"
	    "'ana@example.org','password':'" PASSWORD "'}"), XC_OK);
	id = got_id();
	assert_string_equal(got("/roles"), "[\"user\"]");
	assert_string_equal(got("/name"), "\"ana\"");
	assert_string_equal(got("/locked_reason"), "(nothing)");
	for (size_t i = 0; i < sizeof(mass) / sizeof(mass[0]); i++) {
		assert_int_equal(refused(&nobody, "user.register",
		    "{'name':'eve','password':'" PASSWORD "',%s}", mass[i]),
		    422);
		assert_string_equal(refusal.code, "unknown_member");
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user_role WHERE "
	    "role_id = 1"), 0);
	assert_int_equal(refused(&nobody, "user.register",
	    "{'name':'ben'}"), 422);
	assert_int_equal(refused(&nobody, "user.register",
	    "{'name':'ben','password':''}"), 422);
	assert_int_equal(refused(&nobody, "user.register",
	    "{'name':'ANA','password':'" PASSWORD "'}"), 409);
	assert_int_equal(refused(&nobody, "user.register",
	    "{'name':'root','password':'" PASSWORD "'}"), 409);
	assert_string_equal(refusal.code, "taken");
	settings.auth.registration = false;
	assert_int_equal(refused(&nobody, "user.register",
	    "{'name':'cleo','password':'" PASSWORD "'}"), 403);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit WHERE action ="
	    " 'user.register' AND actor = 'nobody' AND target = "
	    "'user:%lld ana'", (long long)id), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit WHERE "
	    "state_after LIKE '%%argon2%%' OR state_after LIKE '%%battery%%'"),
	    0);
}

/* Of 0, 1, 72 and 1,024 bytes, one more, and 10 MB. */
static void
test_password_lengths(void **state)
{
	static const struct {
		size_t len;
		bool good;
	} lengths[] = { { 0, false }, { 1, false }, { 72, true },
		{ 1024, true }, { 1025, false }, { 10u << 20, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct json_object *args = json_object_new_object();
		char *text = malloc(lengths[i].len + 1), name[16];
		enum xc_err err;

		for (size_t k = 0; k < lengths[i].len; k++)
			text[k] = (char)('a' + (k * 7 + k / 26) % 26);
		snprintf(name, sizeof(name), "u%zu", i);
		json_object_object_add(args, "name",
		    json_object_new_string(name));
		json_object_object_add(args, "password",
		    json_object_new_string_len(text, (int)lengths[i].len));
		memset(&refusal, 0, sizeof(refusal));
		err = xc_desk_ask(&desk, &nobody, "user.register", args,
		    &result, &refusal);
		assert_int_equal(err == XC_OK, lengths[i].good);
		if (err != XC_OK)
			assert_string_equal(refusal.pointer, "/password");
		json_object_put(args);
		json_object_put(result);
		result = NULL;
		free(text);
	}
}

static struct xc_caller
registered(void)
{
	assert_int_equal(ask(&nobody, "user.register", "{'name':'ana',"
	    "'email':'ana@example.org','password':'" PASSWORD "'}"), XC_OK);
	return as_user(got_id());
}

static void
test_profile(void **state)
{
	struct xc_caller ana = registered();

	(void)state;
	assert_int_equal(ask(&ana, "user.profile", "{}"), XC_OK);
	assert_string_equal(got("/email"), "\"ana@example.org\"");
	assert_string_equal(got("/state"), "(nothing)");
	assert_int_equal(ask(&ana, "user.profile_set",
	    "{'display':'Ana','revision':[1]}"), XC_OK);
	assert_string_equal(got("/display"), "\"Ana\"");
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'display':'B','revision':1}"), 412);
	/* The same address needs no proof, in another case of letters. */
	assert_int_equal(ask(&ana, "user.profile_set",
	    "{'email':'Ana@example.org'}"), XC_OK);
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'email':'new@example.org'}"), 422);
	assert_string_equal(refusal.pointer, "/password");
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'email':'new@example.org','password':'wrong one'}"), 403);
	assert_int_equal(ask(&ana, "user.profile_set",
	    "{'email':'new@example.org','password':'" PASSWORD "'}"), XC_OK);
	assert_string_equal(got("/email"), "\"new@example.org\"");
	assert_int_equal(refused(&ana, "user.profile_set", "{'roles':[]}"),
	    422);
	assert_int_equal(refused(&ana, "user.profile_set", "{'name':'x'}"),
	    422);
	make_user("ben", "[]");
	must("UPDATE xc_user SET email = 'b@x.org', email_key = 'b@x.org' "
	    "WHERE name = 'ben'");
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'email':'B@X.org','password':'" PASSWORD "'}"), 409);
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'display':'a\\r\\nX: y'}"), 422);
	assert_int_equal(ask(&nobody, "user.profile", "{}"), XC_ERR_DENIED);
	ask(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ana.user_id);
	assert_int_equal(refused(&ana, "user.profile", "{}"), 401);
}

static void
add_session(int64_t id, const char *hex)
{
	must("INSERT INTO xc_session (id, user_id, kind, created_at, seen_at, "
	    "expires_at, address, agent) VALUES (UNHEX('%s'), %lld, 'token', "
	    "UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL "
	    "1 HOUR, '', '')", hex, (long long)id);
}

static void
test_password(void **state)
{
	static const char mine[] = "00112233445566778899aabbccddeeff";
	struct xc_caller ana = registered();

	(void)state;
	ana.session = mine;
	add_session(ana.user_id, mine);
	add_session(ana.user_id, "ffffffffffffffffffffffffffffffff");
	assert_int_equal(refused(&ana, "user.password",
	    "{'old':'wrong one','new':'staple horse battery'}"), 403);
	assert_string_equal(refusal.code, "wrong_password");
	assert_int_equal(refused(&ana, "user.password",
	    "{'old':'" PASSWORD "','new':'x'}"), 422);
	assert_string_equal(refusal.pointer, "/new");
	assert_int_equal(refused(&ana, "user.password",
	    "{'old':'" PASSWORD "'}"), 422);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 2);
	assert_int_equal(ask(&ana, "user.password", "{'old':'" PASSWORD "',"
	    "'new':'staple horse battery'}"), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session WHERE id = "
	    "UNHEX('%s')", mine), 1);
	assert_int_equal(refused(&ana, "user.password", "{'old':'" PASSWORD
	    "','new':'another horse battery'}"), 403);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit WHERE "
	    "state_after LIKE '%%staple%%' OR state_after LIKE '%%argon%%'"),
	    0);
}

/* After so many that were wrong the right one waits too. */
static void
test_guessing(void **state)
{
	struct xc_caller ana = registered();
	int status = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(refused(&ana, "user.password",
		    "{'old':'wrong %d','new':'staple horse battery'}", i),
		    403);
	status = refused(&ana, "user.password",
	    "{'old':'" PASSWORD "','new':'staple horse battery'}");
	assert_int_equal(status, 429);
	assert_true(refusal.retry_s >= 1 && refusal.retry_s <= 60);
	/* By the other door too. */
	assert_int_equal(refused(&ana, "user.profile_set",
	    "{'email':'n@example.org','password':'" PASSWORD "'}"), 429);
	must("UPDATE xc_throttle SET until_at = UTC_TIMESTAMP(3) - INTERVAL 5 "
	    "SECOND");
	assert_int_equal(ask(&ana, "user.password", "{'old':'" PASSWORD "',"
	    "'new':'staple horse battery'}"), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_throttle"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_register, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_password_lengths, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_profile, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_password, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_guessing, set_up,
		    tear_down),
	};

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL) {
		fputs("test-account: run it by tests/services/identity.sh\n",
		    stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

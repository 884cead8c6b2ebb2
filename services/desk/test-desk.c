/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "lib/grants.h"
#include "services/desk/desk.h"

static int n_asked;

static enum xc_err
say_who(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	(void)refusal_r;
	assert_ptr_equal(service, &n_asked);
	assert_true(json_object_is_type(args, json_type_object));
	n_asked++;
	*result_r = json_object_new_string(caller->name);
	return XC_OK;
}

static enum xc_err
refuse(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	(void)service;
	(void)caller;
	(void)args;
	*result_r = json_object_new_object();
	return xc_refuse(refusal_r, XC_ERR_STATE, 409, "last_admin",
	    "%s is the last.", "ana");
}

static const struct xc_desk_row rows[] = {
	{ "test.open", NULL, NULL, say_who },
	{ "test.self", "auth", "", say_who },
	{ "test.read", "admin", "admin:user:read", say_who },
	{ NULL, NULL, NULL, NULL },
};

static const struct xc_desk_row more[] = {
	{ "test.refuse", NULL, NULL, refuse },
	{ NULL, NULL, NULL, NULL },
};

static const struct xc_caller nobody = { .name = "", .session = "",
	.grants = "", .address = "", .agent = "", .request_id = "" };

static enum xc_err
ask(const struct xc_caller *caller, const char *operation,
    struct xc_refusal *refusal_r)
{
	struct xc_desk desk = { .n = 0 };
	struct json_object *args = json_object_new_object();
	struct json_object *result = NULL;
	enum xc_err err;

	assert_int_equal(xc_desk_add(&desk, rows, &n_asked), XC_OK);
	assert_int_equal(xc_desk_add(&desk, more, NULL), XC_OK);
	err = xc_desk_ask(&desk, caller, operation, args, &result, refusal_r);
	if (err != XC_OK)
		assert_null(result);
	json_object_put(result);
	json_object_put(args);
	return err;
}

static void
test_who_may(void **state)
{
	struct xc_caller caller = nobody;
	struct xc_refusal refusal;

	(void)state;
	n_asked = 0;
	assert_int_equal(ask(&caller, "test.open", &refusal), XC_OK);
	assert_int_equal(ask(&caller, "test.self", &refusal), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 401);
	assert_string_equal(refusal.challenge, "Bearer");
	assert_int_equal(ask(&caller, "test.read", &refusal), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 401);
	caller.user_id = 7;
	caller.grants = "todo:*:*";
	assert_int_equal(ask(&caller, "test.self", &refusal), XC_OK);
	assert_int_equal(refusal.status, 0);
	assert_int_equal(ask(&caller, "test.read", &refusal), XC_ERR_DENIED);
	assert_int_equal(refusal.status, 403);
	assert_string_equal(refusal.detail,
	    "This needs the permission admin:user:read.");
	caller.grants = "todo:*:* admin:*:read";
	assert_int_equal(ask(&caller, "test.read", &refusal), XC_OK);
	caller = nobody;
	caller.root = true;
	assert_int_equal(ask(&caller, "test.read", &refusal), XC_OK);
	assert_int_equal(n_asked, 4);
}

static void
test_refusals(void **state)
{
	struct xc_refusal refusal;
	char text[600];

	(void)state;
	assert_int_equal(ask(&nobody, "test.refuse", &refusal), XC_ERR_STATE);
	assert_int_equal(refusal.status, 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_string_equal(refusal.detail, "ana is the last.");
	assert_int_equal(ask(&nobody, "test.none", &refusal),
	    XC_ERR_UNSUPPORTED);
	assert_int_equal(refusal.status, 0);
	assert_int_equal(xc_refuse_at(&refusal, "/password", "too_short",
	    NULL), XC_ERR_INVALID);
	assert_int_equal(refusal.status, 422);
	assert_string_equal(refusal.pointer, "/password");
	assert_string_equal(refusal.detail, "");
	/* Cut behind a whole character. */
	for (size_t i = 0; i < 298; i++)
		memcpy(text + 1 + 2 * i, "\xc3\xa4", 3);
	text[0] = 'a';
	(void)xc_refuse(&refusal, XC_ERR_FAILED, 0, NULL, "%s", text);
	assert_int_equal(strlen(refusal.detail), 255);
	text[0] = '\xc3';
	(void)xc_refuse(&refusal, XC_ERR_FAILED, 0, NULL, "a%s", text + 1);
	assert_int_equal(strlen(refusal.detail), 255);
}

static void
test_full(void **state)
{
	struct xc_desk desk = { .n = 0 };

	(void)state;
	for (unsigned i = 0; i < XC_DESK_TABLES_MAX; i++)
		assert_int_equal(xc_desk_add(&desk, rows, NULL), XC_OK);
	assert_int_equal(xc_desk_add(&desk, rows, NULL), XC_ERR_TOO_LARGE);
	assert_string_equal(xc_desk_find(&desk, "test.self")->permission,
	    "auth");
	assert_null(xc_desk_find(&desk, "test"));
	assert_null(xc_desk_find(&desk, ""));
}

static const struct {
	const char *grants;
	const char *permission;
	bool have;
} grants[] = {
	{ NULL, "a:b:c", false },
	{ "", "a:b:c", false },
	{ "a:b:c", "a:b:c", true },
	{ "  x:y:z  a:b:c ", "a:b:c", true },
	{ "a:b:*", "a:b:c", true },
	{ "*:*:*", "a:b:c", true },
	{ "*:b:*", "a:b:c", true },
	{ "*:x:*", "a:b:c", false },
	{ "*", "a:b:c", false },
	{ "a:*", "a:b:c", false },
	{ "a:b:c:*", "a:b:c", false },
	{ "a:b:c", "a:b", false },
	{ "a:b:c", "a:b:cd", false },
	{ "a:b:cd", "a:b:c", false },
	{ "a:b:c", "a:b:*", false },
	{ "a::c", "a::c", false },
	{ "a:b:c", "", false },
	{ "*:*:*", "", false },
	{ "*:*:*", "a:b:", false },
	{ "a:b:c x:y:z", "a:b:c x:y:z", false },
	{ "a:b:**", "a:b:c", false },
};

static void
test_grants(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++)
		if (xc_grants_have(grants[i].grants, grants[i].permission) !=
		    grants[i].have)
			fail_msg("\"%s\" and %s", grants[i].grants,
			    grants[i].permission);
}

static struct json_object *
object(const char *text)
{
	struct json_object *value = json_tokener_parse(text);

	assert_non_null(value);
	return value;
}

static void
test_fake(void **state)
{
	static const struct xc_desk_step steps[] = {
		{ .operation = "auth.me", .args = "{}",
		    .result = "{\"id\":7}" },
		{ .operation = "auth.logout", .err = XC_ERR_STATE,
		    .refusal = { .status = 409, .code = "x" } },
	};
	struct xc_desk_fake fake = { .steps = steps, .n = 2 };
	const struct xc_desk_ops *ops = &xc_desk_fake_ops;
	struct json_object *args = object("{}");
	struct xc_refusal refusal;
	struct json_object *result;

	(void)state;
	assert_int_equal(ops->ask(&fake, NULL, "auth.me", args, &result,
	    &refusal), XC_OK);
	assert_string_equal(json_object_to_json_string_ext(result,
	    JSON_C_TO_STRING_PLAIN), "{\"id\":7}");
	json_object_put(result);
	assert_int_equal(ops->ask(&fake, NULL, "auth.logout", args, &result,
	    &refusal), XC_ERR_STATE);
	assert_string_equal(refusal.code, "x");
	assert_int_equal(fake.at, 2);
	assert_string_equal(fake.why, "");
	assert_int_equal(ops->ask(&fake, NULL, "auth.me", args, &result,
	    &refusal), XC_ERR_FAILED);
	assert_null(result);
	assert_string_equal(fake.why,
	    "the desk was asked for auth.me, behind the last step");
	assert_string_equal(ops->permission(&fake, "user.profile"),
	    "account");
	assert_null(ops->permission(&fake, "users.profile"));
	assert_string_equal(ops->permission(&fake, "security.verify"),
	    "passwords");
	assert_null(ops->permission(&fake, "security.sign"));
	json_object_put(args);
}

static void
test_fake_asked_wrongly(void **state)
{
	static const struct xc_desk_step steps[] = {
		{ .operation = "auth.me", .args = "{\"a\":1}" },
	};
	struct xc_desk_fake fake = { .steps = steps, .n = 1 };
	struct json_object *args = object("{\"a\":2}");
	struct xc_refusal refusal;
	struct json_object *result;

	(void)state;
	assert_int_equal(xc_desk_fake_ops.ask(&fake, NULL, "auth.me", args,
	    &result, &refusal), XC_ERR_FAILED);
	assert_string_equal(fake.why, "step 1 of the desk is auth.me "
	    "{\"a\":1}; it was asked for auth.me {\"a\":2}");
	assert_int_equal(fake.at, 0);
	json_object_put(args);
}

static void
test_failing(void **state)
{
	enum xc_err err = XC_ERR_UNAVAILABLE;
	struct json_object *result = (void *)&err;
	struct xc_refusal refusal = { .status = 1 };

	(void)state;
	assert_int_equal(xc_desk_failing_ops.ask(&err, NULL, "auth.me", NULL,
	    &result, &refusal), XC_ERR_UNAVAILABLE);
	assert_null(result);
	assert_int_equal(refusal.status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_fake_asked_wrongly),
		cmocka_unit_test(test_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <xcore/reply.h>

#include "desk.h"
#include "permit.h"
#include "reply-private.h"
#include "test-host.h"

static enum xc_err result_err;
static const char *result_text;
static struct xc_refusal refusal;
static char seen[256];
static unsigned n_denied;

static enum xc_err
desk_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	(void)ctx;
	assert_non_null(req->plugin);
	snprintf(seen, sizeof(seen), "%s %s", operation,
	    json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN));
	*result_r = NULL;
	if (result_err == XC_OK && result_text != NULL)
		*result_r = json_tokener_parse(result_text);
	*refusal_r = refusal;
	return result_err;
}

static const char *
desk_permission(void *ctx, const char *operation)
{
	(void)ctx;
	return strncmp(operation, "admin.", 6) == 0 ? "admin" : NULL;
}

static const struct xc_desk_ops ops = {
	.ask = desk_ask,
	.permission = desk_permission,
};

static void
count_denied(void *ctx, struct xc_plugin *plugin, const char *what)
{
	(void)ctx;
	assert_ptr_equal(plugin, &test_plugin);
	assert_string_equal(what, "admin");
	n_denied++;
}

static void
begin(struct xc_request *req)
{
	result_err = XC_OK;
	result_text = NULL;
	memset(&refusal, 0, sizeof(refusal));
	seen[0] = '\0';
	n_denied = 0;
	test_begin(req);
	test_host.desk = &ops;
	test_host.denied = count_denied;
	test_get(req, "/app/todo");
}

static const char *
text_of(const struct xc_request *req, struct xc_span span)
{
	return xc_block_text(&req->out, span);
}

static void
test_result(void **state)
{
	struct json_object *args = json_object_new_object();
	struct json_object *result;
	struct xc_request req;

	(void)state;
	begin(&req);
	result_text = "{\"id\":7}";
	json_object_object_add(args, "a", json_object_new_int(1));
	assert_int_equal(xc_desk_call(&req, "auth.me", args, &result), XC_OK);
	assert_string_equal(seen, "auth.me {\"a\":1}");
	assert_string_equal(json_object_to_json_string_ext(result,
	    JSON_C_TO_STRING_PLAIN), "{\"id\":7}");
	assert_false(xc_reply_done(&req));
	result_text = NULL;
	assert_int_equal(xc_desk_call(&req, "auth.me", NULL, &result), XC_OK);
	assert_string_equal(seen, "auth.me {}");
	assert_null(result);
	test_end(&req);
}

/* What of a refusal stands in the reply. */
static const struct {
	enum xc_err err;
	struct xc_refusal refusal;
	int status;
	const char *head;
	const char *body;
} refusals[] = {
	{ .err = XC_ERR_STATE, .refusal = { .status = 409,
	    .code = "last_admin", .detail = "The last \"one\"." },
	    .status = 409, .head = "",
	    .body = "\"title\":\"Conflict\",\"status\":409,\"detail\":\"The "
	    "last \\\"one\\\".\",\"code\":\"last_admin\",\"instance\":" },
	{ .err = XC_ERR_INVALID, .refusal = { .pointer = "/password",
	    .code = "too_short", .detail = "Too short." },
	    .status = 422, .head = "",
	    .body = "\"detail\":\"Too short.\",\"code\":\"too_short\","
	    "\"errors\":[{\"in\":\"body\",\"pointer\":\"/password\",\"code\":"
	    "\"too_short\",\"detail\":\"Too short.\"}],\"instance\"" },
	{ .err = XC_ERR_DENIED, .refusal = { .status = 401,
	    .challenge = "Bearer error=\"invalid_token\"" },
	    .status = 401,
	    .head = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n",
	    .body = "\"detail\":\"This is not allowed.\",\"instance\"" },
	{ .err = XC_ERR_DENIED, .refusal = { .status = 401 },
	    .status = 401, .head = "WWW-Authenticate: Bearer\r\n",
	    .body = "\"status\":401" },
	{ .err = XC_ERR_BUSY, .refusal = { .status = 429, .retry_s = 30 },
	    .status = 429, .head = "Retry-After: 30\r\n",
	    .body = "\"title\":\"Too Many Requests\"" },
	{ .err = XC_ERR_UNAVAILABLE, .status = 503,
	    .head = "Retry-After: 1\r\n", .body = "\"status\":503" },
	{ .err = XC_ERR_NOT_FOUND, .refusal = { .status = 200 },
	    .status = 404, .head = "",
	    .body = "\"detail\":\"There is no such thing.\"" },
	/* A challenge that is no header is left out. */
	{ .err = XC_ERR_DENIED, .refusal = { .status = 401,
	    .challenge = "Bearer\r\nX: y" }, .status = 401, .head = "",
	    .body = "\"status\":401" },
};

static void
test_refusals(void **state)
{
	const struct xc_reply_head *head;
	struct json_object *result;
	struct xc_request req;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		begin(&req);
		result_err = refusals[i].err;
		refusal = refusals[i].refusal;
		result = (void *)&req;
		/* Meant for another reply. */
		(void)xc_reply_header(&req, "ETag", "\"1\"");
		assert_int_equal(xc_desk_call(&req, "auth.me", NULL,
		    &result), result_err);
		assert_null(result);
		head = xc_request_reply(&req);
		assert_int_equal(head->status, refusals[i].status);
		assert_string_equal(text_of(&req, head->content_type),
		    "application/problem+json");
		assert_string_equal(text_of(&req, head->head),
		    refusals[i].head);
		if (strstr(text_of(&req, head->body), refusals[i].body) ==
		    NULL)
			fail_msg("%s", text_of(&req, head->body));
		test_end(&req);
	}
}

static void
test_not_there(void **state)
{
	struct json_object *result;
	struct xc_request req;

	(void)state;
	begin(&req);
	test_host.desk = NULL;
	assert_int_equal(xc_desk_call(&req, "auth.me", NULL, &result),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_request_reply(&req)->status, 503);
	/* A second one finds a reply. */
	assert_int_equal(xc_desk_call(&req, "auth.me", NULL, &result),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_request_reply(&req)->status, 503);
	test_end(&req);
}

static void
test_permission(void **state)
{
	char admin[] = "admin", cache[] = "cache";
	char *words[] = { cache, admin, NULL };
	struct json_object *result;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_desk_call(&req, "admin.users", NULL, &result),
	    XC_ERR_DENIED);
	assert_int_equal(xc_request_reply(&req)->status, 403);
	assert_string_equal(seen, "");
	assert_int_equal(n_denied, 1);
	assert_non_null(strstr(test_log.text, "add \"admin\" to"));
	xc_request_reset(&req);
	test_get(&req, "/app/todo");
	test_plugin.words = words;
	assert_int_equal(xc_desk_call(&req, "admin.users", NULL, &result),
	    XC_OK);
	test_plugin.words = NULL;
	test_plugin.host_judges = true;
	assert_int_equal(xc_desk_call(&req, "admin.users", NULL, &result),
	    XC_OK);
	assert_int_equal(n_denied, 1);
	test_end(&req);
}

static void
test_words(void **state)
{
	struct json_object *list = json_tokener_parse("[\"cache\", "
	    "\"http:a\", \"admin\", \"event:b\"]");
	struct xc_plugin plugin = { .words = NULL };

	(void)state;
	assert_false(xc_may(&plugin, "admin"));
	assert_int_equal(xc_permit_words(list, &plugin.words), XC_OK);
	assert_string_equal(plugin.words[0], "cache");
	assert_string_equal(plugin.words[1], "admin");
	assert_null(plugin.words[2]);
	assert_true(xc_may(&plugin, "admin"));
	assert_false(xc_may(&plugin, "http:a"));
	assert_false(xc_may(&plugin, ""));
	xc_permit_words_free(&plugin.words);
	assert_null(plugin.words);
	plugin.may_all = true;
	assert_true(xc_may(&plugin, "admin"));
	assert_int_equal(xc_permit_words(NULL, &plugin.words), XC_OK);
	assert_null(plugin.words);
	json_object_put(list);
}

/* What is left of passwords when the desk has answered. */
static void
test_passwords(void **state)
{
	static const char *const names[] = { "password", "old", "new" };
	static const char blank[7];
	struct json_object *args = json_object_new_object();
	struct json_object *values[3], *result;
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	json_object_object_add(args, "username",
	    json_object_new_string("ana"));
	for (i = 0; i < 3; i++) {
		values[i] = json_object_new_string("secret");
		json_object_object_add(args, names[i],
		    json_object_get(values[i]));
	}
	assert_int_equal(xc_desk_call(&req, "auth.login", args, &result),
	    XC_OK);
	assert_non_null(strstr(seen, "\"password\":\"secret\""));
	assert_true(req.secret);
	req.secret = false;
	for (i = 0; i < 3; i++) {
		assert_int_equal(json_object_get_string_len(values[i]), 6);
		assert_memory_equal(json_object_get_string(values[i]), blank,
		    sizeof(blank));
		json_object_put(values[i]);
	}
	/* What is no text stays as it is. */
	args = json_object_new_object();
	json_object_object_add(args, "old", json_object_new_int(7));
	assert_int_equal(xc_desk_call(&req, "auth.login",
	    json_object_get(args), &result), XC_OK);
	assert_int_equal(json_object_get_int(json_object_object_get(args,
	    "old")), 7);
	assert_false(req.secret);
	json_object_put(args);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

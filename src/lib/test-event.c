/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/event.h>

#include "check.h"
#include "test-host.h"

static unsigned n_calls;
static enum xc_err result;
static char seen[256];

static enum xc_err
fake_emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	(void)ctx;
	n_calls++;
	snprintf(seen, sizeof(seen), "%s %s %s", from->name, name,
	    json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN));
	return result;
}

static const struct xc_event_ops ops = { .emit = fake_emit };

static void
begin(struct xc_request *req)
{
	n_calls = 0;
	result = XC_OK;
	seen[0] = '\0';
	test_begin(req);
	test_host.event = &ops;
	test_get(req, "/app/todo");
}

static void
test_emit(void **state)
{
	char name[] = "mail.sent";
	char *emits[] = { name, NULL };
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_event_emit(&req, "todo.created",
	    json_tokener_parse("{\"id\":7}")), XC_OK);
	assert_string_equal(seen, "todo todo.created {\"id\":7}");
	assert_int_equal(xc_event_emit(&req, "todo.empty", NULL), XC_OK);
	assert_string_equal(seen, "todo todo.empty null");
	assert_int_equal(xc_event_emit(&req, "mail.sent", NULL),
	    XC_ERR_DENIED);
	assert_non_null(strstr(test_log.text, "event:mail.sent"));
	assert_int_equal(n_calls, 2);
	test_plugin.emits = emits;
	assert_int_equal(xc_event_emit(&req, "mail.sent", NULL), XC_OK);
	assert_int_equal(xc_event_emit(&req, "mail.sent.", NULL),
	    XC_ERR_DENIED);
	result = XC_ERR_BUSY;
	assert_int_equal(xc_event_emit(&req, "mail.sent", NULL),
	    XC_ERR_BUSY);
	test_host.event = NULL;
	assert_int_equal(xc_event_emit(&req, "mail.sent", NULL),
	    XC_ERR_UNAVAILABLE);
	test_end(&req);
}

static void
test_bad(void **state)
{
	static const char *const bad[] = { NULL, "", "todo.A", "todo x",
		"todo.\xc3\xa4", "todo/x",
		"todo.0123456789012345678901234567890123456789012345678901"
		"23456789" };
	static char text[XC_EVENT_DATA_MAX];
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xc_event_emit(&req, bad[i],
		    json_object_new_object()), XC_ERR_INVALID);
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(xc_event_emit(&req, "todo.x",
	    json_object_new_string(text)), XC_ERR_TOO_LARGE);
	assert_int_equal(n_calls, 0);
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(xc_event_emit(&req, "todo.x",
	    json_object_new_string(text)), XC_OK);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("xc_event", tests, NULL, NULL);
}

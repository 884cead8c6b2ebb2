/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <xcore/config.h>
#include <xcore/json.h>
#include <xcore/log.h>
#include <xcore/plugin.h>

#include "test-host.h"

static void
test_getters(void **state)
{
	struct xc_request req;
	int number;

	(void)state;
	test_begin(&req);
	assert_string_equal(xc_plugin_name(&test_plugin), "todo");
	assert_string_equal(xc_plugin_version(&test_plugin), "1.2.3");
	assert_string_equal(xc_plugin_prefix(&test_plugin), "/app/todo");
	assert_null(xc_plugin_data(&test_plugin));
	xc_plugin_set_data(&test_plugin, &number);
	assert_ptr_equal(xc_plugin_data(&test_plugin), &number);
	test_end(&req);
}

static void
test_config(void **state)
{
	static const char text[] =
	    "{\"title\":\"List\",\"most\":7,\"open\":true}";
	struct json_object *config;
	struct xc_request req;

	(void)state;
	test_begin(&req);
	assert_null(xc_config(&test_plugin));
	assert_null(xc_config_string(&test_plugin, "title", NULL));
	assert_int_equal(xc_config_int(&test_plugin, "most", 3), 3);
	assert_int_equal(xc_json_parse(text, sizeof(text) - 1, &config, NULL,
	    0), XC_OK);
	test_plugin.config = config;
	assert_ptr_equal(xc_config(&test_plugin), config);
	assert_string_equal(xc_config_string(&test_plugin, "title", "x"),
	    "List");
	assert_string_equal(xc_config_string(&test_plugin, "most", "x"), "x");
	assert_int_equal(xc_config_int(&test_plugin, "most", 3), 7);
	assert_int_equal(xc_config_int(&test_plugin, "title", 3), 3);
	assert_true(xc_config_bool(&test_plugin, "open", false));
	assert_true(xc_config_bool(&test_plugin, "none", true));
	assert_false(xc_config_bool(&test_plugin, "most", false));
	json_object_put(config);
	test_end(&req);
}

static void
test_log_names(void **state)
{
	struct xc_request req;

	(void)state;
	test_begin(&req);
	xc_log(&req, XC_LOG_INFO, "before %d", 1);
	assert_string_equal(test_log.name, "xcore.worker");
	test_get(&req, "/app/todo");
	xc_log(&req, XC_LOG_INFO, "in %s", "it");
	assert_string_equal(test_log.name, "plugin.todo");
	assert_string_equal(test_log.id, "test-request-1");
	assert_string_equal(test_log.text, "in it");
	xc_log_plugin(&test_plugin, XC_LOG_ERROR, "out");
	assert_string_equal(test_log.id, "-");
	assert_int_equal(test_log.n, 3);
	test_end(&req);
}

static void
test_log_levels(void **state)
{
	struct xc_request req;

	(void)state;
	test_begin(&req);
	test_log.up_to = XC_LOG_NOTICE;
	assert_true(xc_log_enabled(&test_plugin, XC_LOG_NOTICE));
	assert_false(xc_log_enabled(&test_plugin, XC_LOG_INFO));
	assert_false(xc_log_enabled(&test_plugin, XC_LOG__MAX));
	xc_log(&req, XC_LOG_INFO, "no");
	xc_log(&req, (enum xc_log_level)-1, "no");
	assert_int_equal(test_log.n, 0);
	xc_log(&req, XC_LOG_WARNING, "%0*d", 9000, 1);
	assert_int_equal(strlen(test_log.text), 4000);
	test_host.log = NULL;
	xc_log(&req, XC_LOG_ERROR, "no");
	assert_int_equal(test_log.n, 1);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_log_names),
		cmocka_unit_test(test_log_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

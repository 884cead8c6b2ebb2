/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/manifest.h"

#define HEAD "{\"name\":\"todo\",\"version\":\"1.2.0\",\"author\":\"A\"," \
	"\"description\":\"D\",\"license\":\"MIT\""

static enum xc_err
parse(const char *text, struct xc_manifest **manifest, struct xc_errbuf *why)
{
	why->text[0] = '\0';
	return xc_manifest_parse(text, strlen(text), manifest, why);
}

static void
test_least(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD "}", &manifest, &why), XC_OK);
	assert_string_equal(manifest->name, "todo");
	assert_string_equal(manifest->version, "1.2.0");
	assert_string_equal(manifest->prefix, "/app/todo");
	assert_string_equal(manifest->isolation, "inprocess");
	assert_int_equal(manifest->n_requires, 0);
	assert_null(manifest->requires_xcore);
	assert_null(manifest->config);
	assert_false(manifest->core || manifest->may_database ||
	    manifest->may_cache);
	xc_manifest_free(&manifest);
	assert_null(manifest);
	xc_manifest_free(&manifest);
}

static void
test_full(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD ",\"prefix\":\"/app/shop/todo.v1\","
	    "\"homepage\":\"https://example.org/\",\"tags\":[\"a\"],"
	    "\"requires\":{\"xcore\":\">=0.1\",\"plugins\":{\"auth\":\"^1\","
	    "\"mail\":\"1.x || 2.x\"}},\"isolation\":\"pool\","
	    "\"limits\":{\"cpu_ms\":100},\"permissions\":[\"database\","
	    "\"cache\"],\"tasks\":[],\"middleware\":[],"
	    "\"events\":[],\"core\":false,\"x-mine\":7}", &manifest, &why),
	    XC_OK);
	assert_string_equal(manifest->prefix, "/app/shop/todo.v1");
	assert_string_equal(manifest->isolation, "pool");
	assert_string_equal(manifest->requires_xcore, ">=0.1");
	assert_int_equal(manifest->n_requires, 2);
	assert_string_equal(manifest->requires[0].name, "auth");
	assert_string_equal(manifest->requires[1].range, "1.x || 2.x");
	assert_true(manifest->may_database && manifest->may_cache);
	xc_manifest_free(&manifest);
}

static void
test_core(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD ",\"prefix\":\"/auth\",\"core\":true}",
	    &manifest, &why), XC_OK);
	assert_true(manifest->core);
	xc_manifest_free(&manifest);
	assert_int_equal(parse(HEAD ",\"prefix\":\"/auth\"}", &manifest,
	    &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "xcore's own"));
	assert_int_equal(parse(HEAD ",\"prefix\":\"/x\",\"core\":true}",
	    &manifest, &why), XC_ERR_INVALID);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{ "", "not JSON" },
		{ "nonsense", "not JSON" },
		{ HEAD, "not JSON" },
		{ HEAD ",\"name\":\"b\"}", "not JSON" },
		{ "[]", "must be a JSON object" },
		{ "{}", "/name: is missing" },
		{ "{}", "/license: is missing" },
		{ HEAD ",\"nmae\":1}", "unknown member \"nmae\"" },
		{ HEAD ",\"a\\u001b[2J\\u009b\":1}",
		    "unknown member \"a\\x1b[2J\\xc2\\x9b\"" },
		{ HEAD ",\"prefix\":\"/todo\"}", "\"/app/\"" },
		{ HEAD ",\"prefix\":\"app/todo\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"/app/todo/\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"/app//todo\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"/app/..\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"/app/a b\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"/app/a%2fb\"}", "/prefix" },
		{ HEAD ",\"prefix\":\"\"}", "/prefix" },
		{ HEAD ",\"prefix\":7}", "/prefix: must be a string" },
		{ HEAD ",\"prefix\":\"/application\"}", "/prefix" },
		{ HEAD ",\"isolation\":\"jail\"}", "/isolation" },
		{ HEAD ",\"permissions\":[\"root\"]}", "/permissions/0" },
		{ HEAD ",\"permissions\":\"database\"}", "/permissions" },
		{ HEAD ",\"permissions\":[\"http:example.org\"]}", "/permissions/0" },
		{ HEAD ",\"requires\":[]}", "/requires" },
		{ HEAD ",\"requires\":{\"plugin\":{}}}", "/requires" },
		{ HEAD ",\"requires\":{\"xcore\":\"newest\"}}",
		    "/requires/xcore" },
		{ HEAD ",\"requires\":{\"plugins\":[\"a\"]}}",
		    "/requires/plugins" },
		{ HEAD ",\"requires\":{\"plugins\":{\"A\":\"1\"}}}",
		    "/requires/plugins" },
		{ HEAD ",\"requires\":{\"plugins\":{\"a\":\"=>1\"}}}",
		    "/requires/plugins/a" },
		{ HEAD ",\"requires\":{\"plugins\":{\"todo\":\"1\"}}}",
		    "itself" },
		{ HEAD ",\"limits\":{\"cpu\":1}}", "/limits" },
		{ HEAD ",\"limits\":{\"cpu_ms\":0}}", "/limits/cpu_ms" },
		{ HEAD ",\"tags\":[1]}", "/tags/0" },
		{ HEAD ",\"tasks\":{}}", "/tasks" },
		{ HEAD ",\"core\":1}", "/core" },
		{ HEAD ",\"homepage\":\"javascript:1\"}", "/homepage" },
		{ HEAD ",\"config\":[]}", "/config" },
		{ HEAD ",\"config\":{\"type\":\"object\",\"properties\":"
		    "{\"n\":{\"type\":\"integer\",\"default\":\"x\"}}}}",
		    "/config" },
		{ HEAD ",\"config\":{\"oneOf\":[]}}", "oneOf" },
		{ "{\"name\":\"Todo\",\"version\":\"1.2.0\",\"author\":\"A\","
		    "\"description\":\"D\",\"license\":\"MIT\"}", "/name" },
		{ "{\"name\":\"todo\",\"version\":\"1.2\",\"author\":\"A\","
		    "\"description\":\"D\",\"license\":\"MIT\"}",
		    "/version: \"1.2\" is not a semantic version" },
		{ "{\"name\":\"todo\",\"version\":\"1.2.0\","
		    "\"author\":\"A\\n\",\"description\":\"D\","
		    "\"license\":\"MIT\"}", "/author: holds a control" },
		{ "{\"name\":\"todo\",\"version\":\"1.2.0\",\"author\":\"A\","
		    "\"description\":\"\",\"license\":\"MIT;\"}",
		    "/license: must be an SPDX" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct xc_manifest *manifest;
		struct xc_errbuf why;

		if (parse(bad[i].text, &manifest, &why) != XC_ERR_INVALID)
			fail_msg("%s is taken", bad[i].text);
		assert_null(manifest);
		if (strstr(why.text, bad[i].says) == NULL ||
		    strncmp(why.text, "plugin.json: /", 14) != 0)
			fail_msg("%s: %s", bad[i].text, why.text);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(xc_plugin_name_ok("a"));
	assert_true(xc_plugin_name_ok("todo-list_2"));
	assert_true(xc_plugin_name_ok("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(xc_plugin_name_ok("abcdefghijklmnopqrstuvwxyz0123456"));
	assert_false(xc_plugin_name_ok(""));
	assert_false(xc_plugin_name_ok("2do"));
	assert_false(xc_plugin_name_ok("../x"));
	assert_false(xc_plugin_name_ok("To"));
}

#define CONFIG HEAD ",\"config\":{\"type\":\"object\",\"required\":" \
	"[\"key\"],\"properties\":{" \
	"\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9," \
	"\"default\":5}," \
	"\"key\":{\"type\":\"string\",\"minLength\":2}," \
	"\"mode\":{\"enum\":[\"a\",\"b\"],\"default\":\"a\"}," \
	"\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}," \
	"\"deep\":{\"type\":\"object\",\"properties\":{" \
	"\"on\":{\"type\":[\"boolean\",\"null\"],\"default\":true}}}}}}"

static enum xc_err
configure(const char *settings, struct json_object **config,
    struct xc_errbuf *why)
{
	struct json_object *json = json_tokener_parse(settings);
	struct xc_manifest *manifest;
	enum xc_err err;

	assert_int_equal(parse(CONFIG, &manifest, why), XC_OK);
	err = xc_manifest_config(manifest, json, config, why);
	xc_manifest_free(&manifest);
	json_object_put(json);
	return err;
}

static void
test_config(void **state)
{
	struct json_object *config;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(configure("{\"key\":\"xy\",\"n\":7}", &config, &why),
	    XC_OK);
	assert_string_equal(json_object_to_json_string_ext(config,
	    JSON_C_TO_STRING_PLAIN),
	    "{\"n\":7,\"key\":\"xy\",\"mode\":\"a\",\"deep\":{\"on\":true}}");
	json_object_put(config);
	/* What came out goes in again. */
	assert_int_equal(configure("{\"n\":7,\"key\":\"xy\",\"mode\":\"a\","
	    "\"list\":[1,2],\"deep\":{\"on\":false}}", &config, &why), XC_OK);
	json_object_put(config);
}

static void
test_bad_config(void **state)
{
	static const struct {
		const char *settings;
		const char *says;
	} bad[] = {
		{ "null", "/key: must be set" },
		{ "{}", "/key: must be set" },
		{ "[]", "must be an object" },
		{ "{\"key\":7}", "/key: must be of type string" },
		{ "{\"key\":\"x\"}", "/key: must be at least 2" },
		{ "{\"key\":\"xy\",\"n\":0}", "/n: must be at least 1" },
		{ "{\"key\":\"xy\",\"n\":10}", "/n: must be at most 9" },
		{ "{\"key\":\"xy\",\"n\":5.5}", "/n: must be of type" },
		{ "{\"key\":\"xy\",\"mode\":\"c\"}", "/mode: must be one of" },
		{ "{\"key\":\"xy\",\"kye\":1}", "/kye: the plugin has no" },
		{ "{\"key\":\"xy\",\"list\":[1,\"2\"]}", "/list/1: must be" },
		{ "{\"key\":\"xy\",\"deep\":{\"off\":1}}", "/deep/off" },
		{ "{\"key\":\"xy\",\"deep\":{\"on\":1}}",
		    "/deep/on: is of none" },
		{ "{\"key\":\"xy\",\"deep\":[]}", "/deep: must be of type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_object *config;
		struct xc_errbuf why;

		if (configure(bad[i].settings, &config, &why) !=
		    XC_ERR_INVALID)
			fail_msg("%s is taken", bad[i].settings);
		assert_null(config);
		if (strstr(why.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].settings, why.text);
	}
}

static void
test_no_config(void **state)
{
	struct json_object *settings = json_tokener_parse("{\"a\":1}");
	struct xc_manifest *manifest;
	struct json_object *config;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD "}", &manifest, &why), XC_OK);
	assert_int_equal(xc_manifest_config(manifest, NULL, &config, &why),
	    XC_OK);
	assert_null(config);
	assert_int_equal(xc_manifest_config(manifest, settings, &config,
	    &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "has no settings"));
	json_object_put(settings);
	xc_manifest_free(&manifest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_no_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

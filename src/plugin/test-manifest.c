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

#include "plugin/limit.h"
#include "plugin/manifest.h"
#include "plugin/permission.h"
#include "plugin/prefix.h"
#include "sandbox/layers.h"

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
	assert_null(manifest->isolation);
	assert_int_equal(manifest->limits.cpu_ms, 0);
	assert_int_equal(manifest->limits.reply_kb, 0);
	assert_int_equal(manifest->require, 0);
	assert_int_equal(manifest->n_permissions, 0);
	assert_int_equal(manifest->n_events, 0);
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
test_sandbox(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD ",\"isolation\":\"request\","
	    "\"limits\":{\"cpu_ms\":100,\"memory_mb\":64,\"timeout_ms\":500,"
	    "\"rate\":0,\"files\":4096,\"threads\":1,\"reply_kb\":1048576},"
	    "\"require\":[\"landlock\",\"cgroup.memory\"],"
	    "\"permissions\":[\"cache\",\"http:a-1.example.org:8443\","
	    "\"http:*\",\"http:127.0.0.1\",\"http:[::1]:80\","
	    "\"event:shop.order_paid\"],"
	    "\"events\":{\"shop.order_paid\":\"on_paid\",\"a\":\"b\"}}",
	    &manifest, &why), XC_OK);
	assert_string_equal(manifest->isolation, "request");
	assert_int_equal(manifest->limits.cpu_ms, 100);
	assert_int_equal(manifest->limits.memory_mb, 64);
	assert_int_equal(manifest->limits.timeout_ms, 500);
	assert_int_equal(manifest->limits.rate, 0);
	assert_int_equal(manifest->limits.files, 4096);
	assert_int_equal(manifest->limits.threads, 1);
	assert_int_equal(manifest->limits.reply_kb, 1048576);
	assert_int_equal(manifest->require,
	    XC_LAYER_BIT(XC_LAYER_LANDLOCK) |
	    XC_LAYER_BIT(XC_LAYER_CGROUP_MEMORY));
	assert_false(manifest->may_database);
	assert_true(manifest->may_cache);
	assert_int_equal(manifest->n_permissions, 6);
	assert_string_equal(manifest->permissions[4], "http:[::1]:80");
	assert_int_equal(manifest->n_events, 2);
	assert_string_equal(manifest->events[0].event, "shop.order_paid");
	assert_string_equal(manifest->events[0].operation, "on_paid");
	xc_manifest_free(&manifest);
}

static void
test_actions(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"item:read\","
	    "\"description\":\"Read\",\"everyone\":true},"
	    "{\"name\":\"item:write\",\"description\":\"Write\"}]}",
	    &manifest, &why), XC_OK);
	assert_int_equal(manifest->n_actions, 2);
	assert_string_equal(manifest->actions[0].name, "item:read");
	assert_string_equal(manifest->actions[0].description, "Read");
	assert_true(manifest->actions[0].everyone);
	assert_string_equal(manifest->actions[1].name, "item:write");
	assert_false(manifest->actions[1].everyone);
	xc_manifest_free(&manifest);
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"item\","
	    "\"description\":\"Read\"}]}", &manifest, &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "/actions/0/name: is no name"));
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"*:*\","
	    "\"description\":\"All\"}]}", &manifest, &why), XC_ERR_INVALID);
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"a:b\"}]}",
	    &manifest, &why), XC_ERR_INVALID);
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"a:b\","
	    "\"description\":\"x\\ny\"}]}", &manifest, &why),
	    XC_ERR_INVALID);
	assert_int_equal(parse(HEAD ",\"actions\":[{\"name\":\"a:b\","
	    "\"description\":\"x\"},{\"name\":\"a:b\","
	    "\"description\":\"y\"}]}", &manifest, &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "/actions/1/name: \"a:b\" stands "
	    "there twice"));
}

static void
test_limits_laid(void **state)
{
	struct xc_limits limits = { .cpu_ms = 10, .rate = 5, .files = 3 };
	struct json_object *object = json_tokener_parse("{\"cpu_ms\":70,"
	    "\"rate\":0,\"files\":0,\"threads\":100000,\"x\":1,"
	    "\"memory_mb\":\"9\"}");

	(void)state;
	xc_limits_lay(&limits, object);
	json_object_put(object);
	assert_int_equal(limits.cpu_ms, 70);
	assert_int_equal(limits.rate, 0);
	assert_int_equal(limits.files, 3);
	assert_int_equal(limits.threads, 0);
	assert_int_equal(limits.memory_mb, 0);
	xc_limits_lay(&limits, NULL);
	object = xc_limits_json(&limits);
	assert_string_equal(json_object_to_json_string_ext(object,
	    JSON_C_TO_STRING_PLAIN), "{\"cpu_ms\":70,\"timeout_ms\":0,"
	    "\"memory_mb\":0,\"rate\":0,\"files\":3,\"threads\":0,"
	    "\"reply_kb\":0}");
	json_object_put(object);
	assert_true(xc_limit_may_be_none("rate"));
	assert_false(xc_limit_may_be_none("cpu_ms"));
	assert_false(xc_limit_may_be_none("x"));
}

static void
test_words(void **state)
{
	char words[128];

	(void)state;
	xc_permission_words("http:example.org:81", words, sizeof(words));
	assert_string_equal(words, "send requests to example.org:81");
	xc_permission_words("http:*", words, sizeof(words));
	assert_string_equal(words, "send requests to all public hosts");
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
test_several_prefixes(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;
	const struct xc_route good[] = { { "GET", "/docs", "a" },
		{ "GET", "/docs/{page}", "b" }, { "GET", "/openapi.json", "c" } };
	const struct xc_route bad[] = { { "GET", "/docs", "a" },
		{ "GET", "/docset", "b" } };

	(void)state;
	assert_int_equal(parse(HEAD ",\"core\":true,\"prefix\":[\"/docs\","
	    "\"/redoc\",\"/openapi.json\"]}", &manifest, &why), XC_OK);
	assert_string_equal(manifest->prefix, "/docs");
	assert_int_equal(manifest->n_prefixes, 3);
	assert_string_equal(manifest->prefixes[2], "/openapi.json");
	assert_int_equal(xc_prefix_check_routes(manifest, good, 3, &why),
	    XC_OK);
	assert_int_equal(xc_prefix_check_routes(manifest, bad, 2, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "\"/docset\" lies below none"));
	xc_manifest_free(&manifest);
	assert_int_equal(parse(HEAD "}", &manifest, &why), XC_OK);
	assert_int_equal(manifest->n_prefixes, 1);
	assert_string_equal(manifest->prefixes[0], "/app/todo");
	assert_int_equal(xc_prefix_check_routes(manifest, bad, 2, &why),
	    XC_OK);
	xc_manifest_free(&manifest);
}

static const struct {
	const char *text;
	const char *says;
} refused[] = {
	{ "", "not JSON" },
	{ "nonsense", "not JSON" },
	{ HEAD, "not JSON" },
	{ HEAD ",\"name\":\"b\"}", "not JSON" },
	{ "[]", "must be a JSON object" },
	{ "{}", "/name: is missing" },
	{ "{}", "/license: is missing" },
	{ HEAD ",\"nmae\":1}",
	    "/nmae: there is no such member; xcore-plugin(7)" },
	{ HEAD ",\"a\\u001b[2J\\u009b\":1}",
	    "/a\\x1b[2J\\xc2\\x9b: there is no such member" },
	{ HEAD ",\"prefix\":\"/todo\"}", "\"/app/\"" },
	{ HEAD ",\"prefix\":\"app/todo\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"/app/todo/\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"/app//todo\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"/app/..\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"/app/a b\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"/app/a%2fb\"}", "/prefix" },
	{ HEAD ",\"prefix\":\"\"}", "/prefix" },
	{ HEAD ",\"prefix\":7}", "/prefix: must be a string" },
	{ HEAD ",\"prefix\":[\"/app/a\",\"/app/b\"]}",
	    "write one string" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/docs\"]}",
	    "has 1 items, 2 are the least" },
	{ HEAD ",\"core\":true,\"prefix\":[]}", "/prefix" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/docs\",7]}",
	    "/prefix/1: is a number, not a string" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/docs\",\"/x\"]}",
	    "/prefix: \"/x\" must begin" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/docs\",\"/app/\"]}",
	    "/prefix/1" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/app/a/b\",\"/app/a\"]}",
	    "/prefix/1: \"/app/a\" overlaps with \"/app/a/b\"" },
	{ HEAD ",\"core\":true,\"prefix\":[\"/app/1\",\"/app/2\","
	    "\"/app/3\",\"/app/4\",\"/app/5\",\"/app/6\",\"/app/7\","
	    "\"/app/8\",\"/app/9\"]}", "has 9 items, 8 are the most" },
	{ HEAD ",\"prefix\":\"/application\"}", "/prefix" },
	{ HEAD ",\"isolation\":\"jail\"}", "/isolation" },
	{ HEAD ",\"permissions\":[\"root\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":\"database\"}", "/permissions" },
	{ HEAD ",\"isolation\":1}",
	    "/isolation: is 1, not one of \"inprocess\"" },
	{ HEAD ",\"permissions\":[\"databse\"]}",
	    "did you mean \"database\"?" },
	{ HEAD ",\"permissions\":[\"http:\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:Example.org\"]}",
	    "small letters" },
	{ HEAD ",\"permissions\":[\"http:*.example.org\"]}",
	    "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a/b\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a:0\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a:65536\"]}",
	    "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a:\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:-a.b\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a..b\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:a.\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:[::g]\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:[::1\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"http:[::1]x\"]}",
	    "/permissions/0" },
	{ HEAD ",\"permissions\":[\"event:\"]}", "name of an event" },
	{ HEAD ",\"permissions\":[\"event:a..b\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"event:A\"]}", "/permissions/0" },
	{ HEAD ",\"permissions\":[\"cache\",1]}", "/permissions/1" },
	{ HEAD ",\"require\":\"landlock\"}",
	    "/require: is a string, not an array" },
	{ HEAD ",\"require\":[1]}", "/require/0" },
	{ HEAD ",\"require\":[\"seccomp\",\"lanlock\"]}",
	    "/require/1: is no layer of a sandbox; xcore-sandbox(7) "
	    "lists them; did you mean \"landlock\"?" },
	{ HEAD ",\"require\":[\"walls\"]}", "xcore-sandbox(7)" },
	{ HEAD ",\"events\":[\"a\"]}", "/events: must be an object" },
	{ HEAD ",\"events\":{\"A b\":\"x\"}}", "no name of an event" },
	{ HEAD ",\"events\":{\"a.b\":1}}", "/events/a.b: must be" },
	{ HEAD ",\"events\":{\"a.b\":\"\"}}", "/events/a.b" },
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
	{ HEAD ",\"limits\":{\"cpu\":1}}",
	    "/limits/cpu: there is no such member" },
	{ HEAD ",\"limits\":{\"cpu_m\":1}}",
	    "did you mean \"cpu_ms\"?" },
	{ HEAD ",\"limits\":[]}",
	    "/limits: is an array, not an object" },
	{ HEAD ",\"limits\":{\"cpu_ms\":-1}}", "/limits/cpu_ms" },
	{ HEAD ",\"limits\":{\"cpu_ms\":\"5\"}}", "/limits/cpu_ms" },
	{ HEAD ",\"limits\":{\"cpu_ms\":1.5}}", "/limits/cpu_ms" },
	{ HEAD ",\"limits\":{\"cpu_ms\":3600001}}",
	    "/limits/cpu_ms: is 3600001, 3600000 is the most" },
	{ HEAD ",\"limits\":{\"timeout_ms\":3600001}}",
	    "/limits/timeout_ms" },
	{ HEAD ",\"limits\":{\"memory_mb\":65537}}",
	    "/limits/memory_mb" },
	{ HEAD ",\"limits\":{\"rate\":1000001}}", "/limits/rate" },
	{ HEAD ",\"limits\":{\"files\":4097}}", "/limits/files" },
	{ HEAD ",\"limits\":{\"threads\":257}}", "/limits/threads" },
	{ HEAD ",\"limits\":{\"reply_kb\":1048577}}",
	    "/limits/reply_kb" },
	{ HEAD ",\"tags\":[1]}", "/tags/0" },
	{ HEAD ",\"tasks\":{}}", "/tasks" },
	{ HEAD ",\"core\":1}", "/core" },
	{ HEAD ",\"homepage\":\"javascript:1\"}", "/homepage" },
	{ HEAD ",\"config\":[]}", "/config" },
	{ HEAD ",\"config\":{\"type\":\"object\",\"properties\":"
	    "{\"n\":{\"type\":\"integer\",\"default\":\"x\"}}}}",
	    "/config" },
	{ HEAD ",\"config\":{\"oneOf\":[]}}", "/config/oneOf" },
	{ HEAD ",\"config\":{\"type\":\"string\"}}",
	    "/config/type: must be \"object\"" },
	{ HEAD ",\"config\":{\"properties\":{\"a\":{\"minimum\":"
	    "\"1\"}}}}", "/config/properties/a/minimum" },
	{ HEAD ",\"config\":{\"properties\":{\"a\":{\"pattern\":"
	    "\"(\"}}}}", "/config/properties/a/pattern: " },
	{ HEAD ",\"config\":{\"$ref\":\"#/$defs/a\"}}",
	    "/config/$ref: " },
	{ HEAD ",\"config\":{\"$ref\":\"#\"}}", "/config" },
	{ HEAD ",\"config\":{\"$defs\":{\"a\":{\"enum\":[1],"
	    "\"default\":2}}}}", "/config/$defs/a/default: is 2" },
	{ HEAD ",\"$schema\":7}", "/$schema: is a number" },
	{ HEAD ",\"author\":null}", "not JSON" },
	{ HEAD ",\"limits\":null,\"core\":null}", "/core: is null" },
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

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct xc_manifest *manifest;
		struct xc_errbuf why;

		if (parse(refused[i].text, &manifest, &why) != XC_ERR_INVALID)
			fail_msg("%s is taken", refused[i].text);
		assert_null(manifest);
		if (strstr(why.text, refused[i].says) == NULL ||
		    strncmp(why.text, "plugin.json: /", 14) != 0)
			fail_msg("%s: %s", refused[i].text, why.text);
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
		{ "{\"kye\":1,\"n\":0}", "/n: is 0, 1 is the least; setting " },
		{ "{\"kye\":1,\"n\":0}", "/kye: the plugin has no" },
		{ "{\"key\":7}", "/key: is a number, not a string" },
		{ "{\"key\":\"x\"}",
		    "/key: is 1 characters long, 2 are the least" },
		{ "{\"key\":\"xy\",\"n\":0}", "/n: is 0, 1 is the least" },
		{ "{\"key\":\"xy\",\"n\":10}", "/n: is 10, 9 is the most" },
		{ "{\"key\":\"xy\",\"n\":5.5}",
		    "/n: is a number with a fraction" },
		{ "{\"key\":\"xy\",\"mode\":\"c\"}",
		    "/mode: is \"c\", not one of \"a\", \"b\"" },
		{ "{\"key\":\"xy\",\"kye\":1}", "/kye: the plugin has no" },
		{ "{\"key\":\"xy\",\"list\":[1,\"2\"]}",
		    "/list/1: is a string, not an integer" },
		{ "{\"key\":\"xy\",\"deep\":{\"off\":1}}", "/deep/off" },
		{ "{\"key\":\"xy\",\"deep\":{\"on\":1}}",
		    "/deep/on: is a number, not a boolean or null" },
		{ "{\"key\":\"xy\",\"deep\":[]}",
		    "/deep: is an array, not an object" },
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

/* Keywords of all kinds; what is filled in, and what is left as it is. */
static void
test_full_config(void **state)
{
	static const char text[] = HEAD ",\"$schema\":\"x\",\"config\":{"
	    "\"$ref\":\"#/$defs/base\",\"properties\":{\"url\":{\"type\":"
	    "\"string\",\"format\":\"uri\",\"pattern\":\"^https:\","
	    "\"default\":\"https://example.org/\"},\"tree\":{\"$ref\":"
	    "\"#/$defs/tree\"},\"token\":{\"$ref\":\"#/$defs/token\"}},"
	    "\"dependentRequired\":{\"user\":[\"token\"]},\"$defs\":{"
	    "\"token\":{\"secret\":true,\"type\":\"string\",\"minLength\":"
	    "8},\"tree\":{\"properties\":{\"next\":{\"$ref\":"
	    "\"#/$defs/tree\"},\"n\":{\"default\":1}}},\"base\":{\"allOf\":["
	    "{\"properties\":{\"retry\":{\"type\":\"integer\",\"default\":3},"
	    "\"user\":{\"type\":\"string\"}}}]}}}}";
	static const struct {
		const char *settings;
		const char *want;	/* or what is said */
		enum xc_err err;
	} cases[] = {
		{ "{}", "{\"url\":\"https://example.org/\",\"tree\":{\"n\":1},"
		    "\"retry\":3}", XC_OK },
		{ "{\"tree\":{\"next\":{\"n\":7}},\"retry\":null}",
		    "{\"url\":\"https://example.org/\",\"tree\":{\"next\":"
		    "{\"n\":7},\"n\":1},\"retry\":3}", XC_OK },
		{ "{\"url\":\"http://a\"}", "/url: is \"http://a\", which does "
		    "not match", XC_ERR_INVALID },
		{ "{\"url\":\"https:// \"}", "which is no uri",
		    XC_ERR_INVALID },
		{ "{\"user\":\"a\"}", "must have the member \"token\"",
		    XC_ERR_INVALID },
		{ "{\"token\":\"hush\"}", "setting /token: is a secret that "
		    "does not hold to \"minLength\"", XC_ERR_INVALID },
		{ "{\"tokn\":\"hush\"}", "/tokn: the plugin has no such",
		    XC_ERR_INVALID },
	};
	struct xc_manifest *manifest;
	struct json_object *config;
	struct xc_errbuf why;

	(void)state;
	if (parse(text, &manifest, &why) != XC_OK)
		fail_msg("%s", why.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *settings = json_tokener_parse(
		    cases[i].settings);
		enum xc_err err = xc_manifest_config(manifest, settings,
		    &config, &why);
		const char *got = err == XC_OK ?
		    json_object_to_json_string_ext(config,
		    JSON_C_TO_STRING_PLAIN |
		    JSON_C_TO_STRING_NOSLASHESCAPE) : why.text;

		if (err != cases[i].err || (err == XC_OK ?
		    strcmp(got, cases[i].want) != 0 :
		    strstr(got, cases[i].want) == NULL) ||
		    strstr(got, "hush") != NULL)
			fail_msg("%s: %s", cases[i].settings, got);
		json_object_put(config);
		json_object_put(settings);
	}
	xc_manifest_free(&manifest);
}

/* What plugin.schema.json lists is what the code knows. */
static void
test_lists(void **state)
{
	static const char *const limits[] = { "cpu_ms", "timeout_ms",
		"memory_mb", "rate", "files", "threads", "reply_kb" };
	struct xc_manifest *manifest;
	struct xc_limits ignored;
	struct xc_errbuf why;
	char text[512];

	(void)state;
	for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
		snprintf(text, sizeof(text), HEAD ",\"require\":[\"%s\"]}",
		    xc_layer_name((enum xc_layer)i));
		if (parse(text, &manifest, &why) != XC_OK)
			fail_msg("%s", why.text);
		xc_manifest_free(&manifest);
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int64_t max = 1;

		while (xc_limit_set(&ignored, limits[i], max * 2, NULL) ==
		    XC_OK)
			max *= 2;
		for (int64_t step = max; step > 0; step /= 2)
			if (xc_limit_set(&ignored, limits[i], max + step,
			    NULL) == XC_OK)
				max += step;
		snprintf(text, sizeof(text), HEAD ",\"limits\":{\"%s\":%lld}}",
		    limits[i], (long long)max);
		if (parse(text, &manifest, &why) != XC_OK)
			fail_msg("%s", why.text);
		xc_manifest_free(&manifest);
		snprintf(text, sizeof(text), HEAD ",\"limits\":{\"%s\":%lld}}",
		    limits[i], (long long)max + 1);
		assert_int_equal(parse(text, &manifest, &why),
		    XC_ERR_INVALID);
		assert_non_null(strstr(why.text, "is the most"));
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
		cmocka_unit_test(test_sandbox),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_limits_laid),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_several_prefixes),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_full_config),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/json.h>

#include "lib/test-host.h"

#include "plan.h"

static struct xc_plan plan;
static struct xc_errbuf errbuf;

static void
begin(const char *text)
{
	struct json_object *root;
	char where[128];

	if (xc_json_parse(text, strlen(text), &root, where, sizeof(where)) !=
	    XC_OK)
		fail_msg("%s: %s", text, where);
	errbuf.text[0] = '\0';
	xc_plan_begin(&plan, root, &errbuf);
}

static void
end(void)
{
	json_object_put(plan.root);
	xc_plan_end(&plan);
}

/* The node that a reference names, which must be there. */
static struct xc_plan_node
at(const char *ref)
{
	struct xc_plan_node node;

	assert_true(xc_plan_resolve(&plan, ref, &node));
	return node;
}

static void
test_nodes(void **state)
{
	struct xc_plan_node node;
	struct xc_plan_node list;

	(void)state;
	begin("{\"a/b~c\":{\"l\":[7,{\"x\":null}]}}");
	xc_plan_root(&plan, &node);
	assert_string_equal(node.pointer, "");
	xc_plan_member(&node, "a/b~c", &node);
	assert_string_equal(node.pointer, "/a~1b~0c");
	xc_plan_member(&node, "l", &list);
	xc_plan_item(&list, 0, &node);
	assert_string_equal(node.pointer, "/a~1b~0c/l/0");
	assert_int_equal(json_object_get_int(node.json), 7);
	xc_plan_item(&list, 2, &node);
	assert_null(node.json);
	assert_string_equal(node.pointer, "/a~1b~0c/l/2");
	xc_plan_item(&list, 1, &node);
	xc_plan_member(&node, "x", &node);
	assert_null(node.json);
	xc_plan_member(&node, "y", &node);
	assert_null(node.json);
	assert_string_equal(node.pointer, "/a~1b~0c/l/1/x/y");
	end();
}

static void
test_resolve(void **state)
{
	static const char *const bad[] = { "#/a/x", "#/l/01", "#/l/2",
		"#/l/-", "#/l/99999999999", "#/%", "#/%4", "#/%zz", "#/%00",
		"#none", "other.json#/a", "a#/b" };
	struct xc_plan_node node;
	char ref[3000];
	size_t i;

	(void)state;
	begin("{\"a\":{\"b%c\":1,\"~\":2,\"\":3},\"l\":[4,{\"$anchor\":\"x\","
	    "\"$id\":\"https://example.org/x\",\"v\":5}]}");
	assert_string_equal(at("#").pointer, "");
	assert_string_equal(at("").pointer, "");
	assert_string_equal(at("#/a/b%25c").pointer, "/a/b%c");
	assert_string_equal(at("#/%61/~0").pointer, "/a/~0");
	assert_string_equal(at("#/a/~0").pointer, "/a/~0");
	assert_string_equal(at("#/l/0").pointer, "/l/0");
	assert_string_equal(at("#x").pointer, "/l/1");
	assert_string_equal(at("https://example.org/x#/v").pointer, "/l/1/v");
	assert_string_equal(at(XC_PLAN_URI "#/l/0").pointer, "/l/0");
	assert_int_equal(json_object_get_int(at("#/a/").json), 3);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (xc_plan_resolve(&plan, bad[i], &node))
			fail_msg("%s leads to %s", bad[i], node.pointer);
	memset(ref, 'x', sizeof(ref) - 1);
	ref[sizeof(ref) - 1] = '\0';
	assert_false(xc_plan_resolve(&plan, ref, &node));
	ref[0] = '#';
	assert_false(xc_plan_resolve(&plan, ref, &node));
	end();
}

static void
test_follow(void **state)
{
	struct xc_plan_node node;

	(void)state;
	begin("{\"a\":{\"$ref\":\"#/b\"},\"b\":{\"$ref\":\"#/c~1d\"},"
	    "\"c/d\":{\"v\":1},\"x\":{\"$ref\":\"#/y\"},"
	    "\"y\":{\"$ref\":\"#/x\"},\"f\":{\"$ref\":\"#/nowhere\"},"
	    "\"g\":{\"$ref\":\"other.json#/a\"},\"h\":{\"$ref\":7}}");
	node = at("#/a");
	assert_int_equal(xc_plan_follow(&plan, &node), XC_OK);
	assert_string_equal(node.pointer, "/c~1d");
	node = at("#/x");
	assert_int_equal(xc_plan_follow(&plan, &node), XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "circle"));
	node = at("#/f");
	assert_int_equal(xc_plan_follow(&plan, &node), XC_ERR_INVALID);
	assert_string_equal(errbuf.text, "openapi.json: /f/$ref: there is "
	    "nothing at #/nowhere; put it there or mend the reference");
	node = at("#/g");
	assert_int_equal(xc_plan_follow(&plan, &node), XC_ERR_INVALID);
	node = at("#/h");
	assert_int_equal(xc_plan_follow(&plan, &node), XC_ERR_INVALID);
	end();
}

static void
test_schema(void **state)
{
	struct xc_plan_node node;
	uint32_t entry;
	char name[40];
	unsigned round;
	unsigned i;

	(void)state;
	begin("{\"a\":{}}");
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 1000; i++) {
			node = at("#/a");
			snprintf(name, sizeof(name), "%u%%", i);
			xc_plan_member(&node, name, &node);
			assert_int_equal(xc_plan_schema(&plan, &node, &entry),
			    XC_OK);
			assert_int_equal(entry, i);
		}
	}
	assert_int_equal(plan.n_refs, 1000);
	assert_string_equal(plan.refs[7], "file:///openapi.json#/a/7%25");
	for (i = 0; i < 100; i++)
		xc_plan_member(&node, "0123456789/", &node);
	assert_int_equal(strlen(node.pointer), XC_PLAN_POINTER - 1);
	assert_int_equal(xc_plan_schema(&plan, &node, &entry),
	    XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "too deep"));
	end();
}

static void
test_fail(void **state)
{
	struct xc_plan_node node;

	(void)state;
	begin("{\"a\\nb\":1}");
	xc_plan_root(&plan, &node);
	assert_int_equal(xc_plan_fail(&plan, &node, "is %d", 7),
	    XC_ERR_INVALID);
	assert_string_equal(errbuf.text, "openapi.json: is 7");
	xc_plan_member(&node, "a\nb", &node);
	assert_int_equal(xc_plan_fail(&plan, &node, "no"), XC_ERR_INVALID);
	assert_string_equal(errbuf.text, "openapi.json: /a?b: no");
	end();
}

static unsigned
kinds(const char *schema)
{
	char text[1024];
	struct xc_plan_node node;
	unsigned found;

	snprintf(text, sizeof(text), "{\"s\":%s,\"int\":{\"type\":\"integer\","
	    "\"$anchor\":\"I\"},\"loop\":{\"allOf\":[{\"$ref\":\"#/loop\"},"
	    "{\"type\":\"string\"}]},\"wide\":{\"anyOf\":["
	    "{\"$ref\":\"#/wide\"},{\"$ref\":\"#/wide\"},"
	    "{\"$ref\":\"#/wide\"}]}}", schema);
	begin(text);
	node = at("#/s");
	found = xc_plan_kinds(&plan, &node);
	end();
	return found;
}

static void
test_kinds(void **state)
{
	static const unsigned number = XC_KIND_INT | XC_KIND_NUMBER;

	(void)state;
	assert_int_equal(kinds("{}"), XC_KIND_ANY);
	assert_int_equal(kinds("true"), XC_KIND_ANY);
	assert_int_equal(kinds("false"), 0);
	assert_int_equal(kinds("{\"type\":\"integer\"}"), XC_KIND_INT);
	assert_int_equal(kinds("{\"type\":\"number\"}"), number);
	assert_int_equal(kinds("{\"type\":[\"string\",\"null\"]}"),
	    XC_KIND_TEXT | XC_KIND_NULL);
	assert_int_equal(kinds("{\"type\":\"strnig\"}"), 0);
	assert_int_equal(kinds("{\"const\":null}"), XC_KIND_NULL);
	assert_int_equal(kinds("{\"const\":1.0}"), number);
	assert_int_equal(kinds("{\"enum\":[\"a\",true,[],{}]}"),
	    XC_KIND_TEXT | XC_KIND_BOOL | XC_KIND_ARRAY | XC_KIND_OBJECT);
	assert_int_equal(kinds("{\"enum\":[1,\"a\"],\"type\":\"integer\"}"),
	    XC_KIND_INT);
	assert_int_equal(kinds("{\"$ref\":\"#/int\"}"), XC_KIND_INT);
	assert_int_equal(kinds("{\"$ref\":\"#I\"}"), XC_KIND_INT);
	assert_int_equal(kinds("{\"$ref\":\"elsewhere\"}"), XC_KIND_ANY);
	assert_int_equal(kinds("{\"oneOf\":[{\"$ref\":\"#/int\"},"
	    "{\"type\":\"null\"}]}"), XC_KIND_INT | XC_KIND_NULL);
	assert_int_equal(kinds("{\"anyOf\":[{\"type\":\"array\"},true]}"),
	    XC_KIND_ANY);
	assert_int_equal(kinds("{\"allOf\":[{\"type\":[\"integer\","
	    "\"string\"]},{\"type\":[\"string\",\"null\"]}]}"),
	    XC_KIND_TEXT);
	assert_int_equal(kinds("{\"$ref\":\"#/loop\"}"), XC_KIND_TEXT);
	assert_int_equal(kinds("{\"$ref\":\"#/wide\"}"), XC_KIND_ANY);
}

static void
test_parts(void **state)
{
	struct xc_plan_node schema;
	struct xc_plan_node node;

	(void)state;
	begin("{\"s\":{\"allOf\":[{\"$ref\":\"#/t\"},{\"additionalProperties\""
	    ":{\"type\":\"integer\"}}],\"default\":null},\"t\":{\"properties\""
	    ":{\"a\":{\"default\":5}},\"items\":{\"type\":\"null\"}},"
	    "\"u\":{\"oneOf\":[{\"$ref\":\"#/t\"}],\"prefixItems\":[true]},"
	    "\"d\":{\"$ref\":\"#/t/properties/a\"}}");
	schema = at("#/s");
	xc_plan_property(&plan, &schema, "a", &node);
	assert_string_equal(node.pointer, "/t/properties/a");
	xc_plan_property(&plan, &schema, "b", &node);
	assert_string_equal(node.pointer, "/s/allOf/1/additionalProperties");
	xc_plan_items(&plan, &schema, &node);
	assert_string_equal(node.pointer, "/t/items");
	xc_plan_prefix(&plan, &schema, 0, &node);
	assert_null(node.json);
	assert_true(xc_plan_default(&plan, &schema, &node));
	assert_null(node.json);
	assert_string_equal(node.pointer, "/s/default");
	schema = at("#/u");
	xc_plan_items(&plan, &schema, &node);
	assert_string_equal(node.pointer, "/t/items");
	xc_plan_prefix(&plan, &schema, 0, &node);
	assert_string_equal(node.pointer, "/u/prefixItems/0");
	xc_plan_prefix(&plan, &schema, 1, &node);
	assert_null(node.json);
	assert_false(xc_plan_default(&plan, &schema, &node));
	schema = at("#/d");
	assert_true(xc_plan_default(&plan, &schema, &node));
	assert_int_equal(json_object_get_int(node.json), 5);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What is made of tests/types/shop, compiled and used. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/tape-make.h"
#include "lib/test-host.h"
#include "shop-types.h"
#include "types/name.h"
#include "types/types.h"

static struct xc_request req;

static int
set_up(void **state)
{
	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo/orders/7");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_end(&req);
	return 0;
}

static struct xc_request_head *
head(void)
{
	return (void *)req.in.base;
}

static struct xc_data
body(const char *text)
{
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_tape tape;

	assert_int_equal(xc_request_set_body(&req, text, strlen(text)),
	    XC_OK);
	assert_int_equal(xc_tape_scan_in(&req.in, head()->body, NULL, &ref,
	    &tape, &error), XC_OK);
	head()->data = ref;
	return xc_body(&req);
}

static void
arguments(const char *text)
{
	struct xc_block source = { 0 };
	struct xc_tape_make make = { 0 };
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_tape tape;
	uint32_t off;

	assert_int_equal(xc_tape_scan(text, strlen(text), NULL, &source,
	    &off, &tape, &error), XC_OK);
	xc_tape_make_begin(&make, 0);
	xc_tape_make_copy(&make, &req.in, &tape, 0);
	assert_int_equal(xc_tape_make_end(&make, &req.in, &ref), XC_OK);
	head()->args = ref;
	xc_tape_make_free(&make);
	xc_block_free(&source);
}

/* The least that an order has, with a hole for more. */
#define LEAST "\"number\":-5,\"price\":2.5,\"open\":true,\"text\":\"t\","	\
	"\"state\":\"on hold\",\"who\":{\"name\":\"Ann\",\"age\":40},"		\
	"\"lines\":[],\"note\":null,\"gone\":null,\"tree\":{\"value\":1},"	\
	"\"any\":\"x\",\"odd name\":3"

/* What is read and written again is the same. */
static void
assert_returns(const char *text)
{
	struct json_object *whole;
	struct json_object *again;
	struct shop_order order;

	assert_int_equal(shop_order_read(&req, body(text), &order), XC_OK);
	again = shop_order_json(&order);
	assert_int_equal(xc_json_parse(text, strlen(text), &whole, NULL, 0),
	    XC_OK);
	if (!json_object_equal(whole, again))
		fail_msg("%s became %s", text,
		    json_object_to_json_string(again));
	json_object_put(whole);
	json_object_put(again);
}

static void
test_returns(void **state)
{
	(void)state;
	assert_returns("{" LEAST "}");
	assert_returns("{" LEAST ",\"count\":1,\"rate\":1e3,\"sure\":false,"
	    "\"word\":\"w\",\"mode\":\"fast\",\"ints\":[1,-2],"
	    "\"reals\":[1.5,2.5],\"bools\":[true,false],\"modes\":[\"y\"],"
	    "\"second\":{\"name\":\"B\",\"age\":1},"
	    "\"free\":{\"a\":[1,null]},\"maybe\":\"\"}");
	assert_returns("{" LEAST ",\"ints\":[],\"second\":null}");
	assert_returns("{\"number\":9223372036854775807,\"price\":7.5,"
	    "\"open\":false,\"text\":\"\",\"state\":\"\","
	    "\"who\":{\"name\":\"\\u00e4\",\"age\":-1},"
	    "\"lines\":[{\"n\":1},{\"n\":2,\"what\":\"x\"}],"
	    "\"note\":\"n\",\"gone\":0,\"any\":{\"x\":null},\"odd name\":0,"
	    "\"tree\":{\"value\":1,\"left\":{\"value\":2,\"left\":"
	    "{\"value\":3}},\"children\":[{\"value\":4,\"children\":[]},"
	    "{\"value\":5}]}}");
}

static void
test_members(void **state)
{
	struct shop_order order;

	(void)state;
	assert_int_equal(shop_order_read(&req, body("{" LEAST "}"), &order),
	    XC_OK);
	assert_int_equal(order.number, -5);
	assert_int_equal(order.state, SHOP_ORDER_STATE_ON_HOLD);
	assert_string_equal(shop_order_state_text(order.state), "on hold");
	assert_string_equal(order.who.name, "Ann");
	assert_int_equal(order.who.age, 40);
	assert_int_equal(order.n_lines, 0);
	assert_null(order.note);
	assert_true(order.null_gone);
	assert_int_equal(order.odd_name, 3);
	/* The defaults of what was not sent. */
	assert_false(order.has_count || order.has_rate || order.has_sure ||
	    order.has_word || order.has_mode || order.has_ints ||
	    order.has_second || order.has_free || order.has_maybe);
	assert_int_equal(order.count, 7);
	assert_true(order.rate == 0.5);
	assert_true(order.sure);
	assert_string_equal(order.word, "a\"b\xc3\xa4");
	assert_int_equal(order.mode, SHOP_ORDER_MODE_SLOW);
	assert_null(order.maybe);
	assert_false(order.tree.has_left);
}

/* The contract would not have let these by. */
static void
test_refuses(void **state)
{
	static const char *const texts[] = { "[]", "{}", "null", "7",
		"{\"value\":\"1\"}", "{\"value\":1.5}", "{\"value\":null}",
		"{\"value\":1,\"left\":{}}", "{\"value\":1,\"left\":null}",
		"{\"value\":1,\"children\":{}}",
		"{\"value\":1,\"children\":[1]}",
		"{\"value\":9223372036854775808}" };
	struct shop_tree tree;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(shop_tree_read(&req, body(texts[i]), &tree),
		    XC_ERR_INVALID);
}

/* What no double can hold is refused, and is not 0; what one can hold is
 * written as it came. */
static void
test_reals(void **state)
{
	static const struct {
		const char *price;
		const char *text;	/* as it is written; NULL: refused */
	} rows[] = {
		{ "1e400", NULL }, { "-1e400", NULL }, { "0", "0" },
		{ "1.10", "1.1" }, { "19.99", "19.99" }, { "1e22", "1e+22" },
		{ "0.30000000000000004", "0.30000000000000004" },
	};
	struct json_object *obj;
	char text[40];
	double price;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "[%s]", rows[i].price);
		assert_int_equal(shop_types_real(xc_data_item(body(text), 0),
		    &price), rows[i].text != NULL ? XC_OK
		    : XC_ERR_INVALID);
		if (rows[i].text == NULL)
			continue;
		obj = shop_types_new_real(price);
		assert_string_equal(json_object_to_json_string(obj),
		    rows[i].text);
		json_object_put(obj);
	}
}

static void
test_memory(void **state)
{
	const struct xc_request_limits limits = { .arena_max = 16 };
	struct shop_tree tree;

	(void)state;
	xc_request_limit(&req, &limits);
	assert_int_equal(shop_tree_read(&req, body("{\"value\":1,"
	    "\"children\":[{\"value\":2}]}"), &tree), XC_ERR_NOMEM);
	assert_int_equal(tree.n_children, 0);
	assert_int_equal(shop_tree_read(&req, body("{\"value\":1,"
	    "\"left\":{\"value\":2}}"), &tree), XC_ERR_NOMEM);
}

static void
test_params(void **state)
{
	struct shop_place_order_params params;

	(void)state;
	arguments("{\"path\":{\"id\":7},\"query\":{\"lang\":\"en\"}}");
	assert_int_equal(shop_place_order_params(&req, &params), XC_OK);
	assert_int_equal(params.id, 7);
	assert_string_equal(params.lang, "en");
	assert_false(params.has_id_2 || params.has_x_trace ||
	    params.has_tag || params.has_sort || params.has_filter ||
	    params.has_any);
	arguments("{\"path\":{\"id\":7},\"query\":{\"lang\":\"de\","
	    "\"id\":\"x\",\"tag\":[\"a\",\"b\"],\"sort\":\"down\","
	    "\"filter\":{\"price\":2},\"any\":[1]},"
	    "\"header\":{\"X-Trace\":true}}");
	assert_int_equal(shop_place_order_params(&req, &params), XC_OK);
	assert_string_equal(params.id_2, "x");
	assert_true(params.x_trace);
	assert_int_equal(params.n_tag, 2);
	assert_string_equal(params.tag[1], "b");
	assert_int_equal(params.sort, SHOP_PLACE_ORDER_PARAMS_SORT_DOWN);
	assert_true(params.filter.price == 2.0);
	assert_int_equal(xc_data_count(params.any), 1);
	arguments("{\"path\":{\"id\":\"x\"}}");
	assert_int_equal(shop_place_order_params(&req, &params),
	    XC_ERR_INVALID);
}

static void
test_replies(void **state)
{
	const struct shop_place_order_reply reply = { .placed = true };
	struct json_object *obj = shop_place_order_reply_json(&reply);

	(void)state;
	assert_string_equal(json_object_to_json_string_ext(obj,
	    JSON_C_TO_STRING_PLAIN), "{\"placed\":true}");
	json_object_put(obj);
}

static void
test_names(void **state)
{
	static const char *const cases[][3] = {
		{ "NewItem", "new_item", "new_item" },
		{ "new-item", "new_item", "new_item" },
		{ "HTTPServer2Go", "http_server2_go", "http_server2_go" },
		{ "createdAt", "created_at", "created_at" },
		{ "__a__b__", "a_b", "a_b" }, { "", "x", "x" },
		{ "\xc3\xa4", "x", "x" }, { "2nd", "2nd", "n2nd" },
		{ "int", "int", "int_" }, { "errno", "errno", "errno_" },
		{ "Xor", "xor", "xor_" }, { "alignas", "alignas",
		    "alignas_" }, { "xor_eq", "xor_eq", "xor_eq_" },
	};
	char buf[XC_NAME_MAX];
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(xc_name_words(cases[i][0], buf),
		    cases[i][1]);
		assert_string_equal(xc_name_member(buf), cases[i][2]);
	}
	assert_string_equal(xc_name_capitals("aB", buf), "A_B");
	text = malloc(1001);
	assert_non_null(text);
	memset(text, '7', 1000);
	text[1000] = '\0';
	assert_int_equal(strlen(xc_name_member(xc_name_words(text, buf))),
	    XC_NAME_MAX - 2);
	free(text);
	assert_string_equal(xc_name_prefix("my-notes", buf), "my_notes");
	assert_string_equal(xc_name_prefix("int", buf), "int_");
	assert_string_equal(xc_name_prefix("xc", buf), "my_xc");
	assert_string_equal(xc_name_prefix("json-api", buf), "my_json_api");
	assert_true(xc_name_is_foreign("xc_request"));
	assert_true(xc_name_is_foreign("json_object"));
	assert_true(xc_name_is_foreign("file_handle"));
	assert_false(xc_name_is_foreign("file_handles"));
}

static void
test_no_document(void **state)
{
	struct json_object *list = json_object_new_array();
	struct xc_errbuf errbuf;
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(xc_types_write("todo", list, false, &text, &len, &errbuf),
	    XC_ERR_INVALID);
	assert_null(text);
	json_object_put(list);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_returns),
		TEST(test_members),
		TEST(test_refuses),
		TEST(test_reals),
		TEST(test_memory),
		TEST(test_params),
		TEST(test_replies),
		TEST(test_names),
		TEST(test_no_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

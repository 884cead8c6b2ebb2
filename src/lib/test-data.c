/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/data.h>
#include <xcore/json.h>

#include "tape-make.h"
#include "test-host.h"

static struct xc_request_head *
head_of(struct xc_request *req)
{
	return (void *)req->in.base;
}

static void
put_body(struct xc_request *req, const char *text)
{
	struct xc_tape_error error;
	struct xc_tape_ref ref;
	struct xc_tape tape;

	assert_int_equal(xc_request_set_body(req, text, strlen(text)),
	    XC_OK);
	assert_int_equal(xc_tape_scan_in(&req->in, head_of(req)->body, NULL,
	    &ref, &tape, &error), XC_OK);
	head_of(req)->data = ref;
}

/* The parameters as the contract makes them, said as JSON. */
static void
put_args(struct xc_request *req, const char *text)
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
	xc_tape_make_copy(&make, &req->in, &tape, 0);
	assert_int_equal(xc_tape_make_end(&make, &req->in, &ref), XC_OK);
	head_of(req)->args = ref;
	xc_tape_make_free(&make);
	xc_block_free(&source);
}

static void
begin(struct xc_request *req)
{
	test_begin(req);
	test_get(req, "/app/todo/items/7");
}

static void
test_nothing(void **state)
{
	struct xc_request req;
	struct json_object *obj;
	size_t len = 1;

	(void)state;
	begin(&req);
	assert_false(xc_param_has(&req, "id"));
	assert_int_equal(xc_param_int(&req, "id"), 0);
	assert_true(xc_param_real(&req, "id") == 0.0);
	assert_false(xc_param_bool(&req, "id"));
	assert_null(xc_param_text(&req, "id"));
	assert_int_equal(xc_data_type(xc_body(&req)), XC_DATA_NONE);
	assert_int_equal(xc_data_count(xc_body(&req)), 0);
	assert_int_equal(xc_data_type(xc_data_first(xc_body(&req))),
	    XC_DATA_NONE);
	assert_int_equal(xc_data_type(xc_data_next(xc_body(&req))),
	    XC_DATA_NONE);
	assert_int_equal(xc_data_type(xc_data_member(xc_data_item(
	    xc_body(&req), 0), "a")), XC_DATA_NONE);
	assert_null(xc_data_key(xc_body(&req)));
	assert_null(xc_data_bytes(xc_body(&req), &len));
	assert_int_equal(len, 0);
	assert_string_equal(xc_data_text(xc_body(&req), "x"), "x");
	assert_int_equal(xc_data_json(xc_body(&req), &obj),
	    XC_ERR_NOT_FOUND);
	assert_null(obj);
	test_end(&req);
}

static void
test_params(void **state)
{
	static const char args[] = "{\"path\":{\"id\":7,\"name\":\"a/b\"},"
	    "\"query\":{\"id\":8,\"on\":true,\"rate\":1.5,\"of:f\":0,"
	    "\"tags\":[\"x\",\"y\"],\"sixteen letters!\":"
	    "\"sixteen letters!\",\"none\":null},"
	    "\"cookie\":{\"id\":\"c\",\"theme\":\"dark\"}}";
	struct xc_request req;
	struct xc_data one;

	(void)state;
	begin(&req);
	put_args(&req, args);
	assert_int_equal(xc_param_int(&req, "id"), 7);
	assert_int_equal(xc_param_int(&req, "path:id"), 7);
	assert_int_equal(xc_param_int(&req, "query:id"), 8);
	assert_string_equal(xc_param_text(&req, "cookie:id"), "c");
	assert_false(xc_param_has(&req, "header:id"));
	assert_false(xc_param_has(&req, "query:name"));
	assert_false(xc_param_has(&req, "other:name"));
	assert_true(xc_param_has(&req, "of:f"));
	assert_string_equal(xc_param_text(&req, "name"), "a/b");
	assert_string_equal(xc_param_text(&req, "theme"), "dark");
	assert_true(xc_param_bool(&req, "on"));
	assert_true(xc_param_real(&req, "rate") == 1.5);
	assert_true(xc_param_real(&req, "id") == 7.0);
	assert_int_equal(xc_param_int(&req, "rate"), 0);
	assert_null(xc_param_text(&req, "id"));
	assert_true(xc_param_has(&req, "none"));
	assert_int_equal(xc_data_type(xc_param(&req, "none")), XC_DATA_NULL);
	one = xc_param(&req, "tags");
	assert_int_equal(xc_data_count(one), 2);
	assert_string_equal(xc_data_text(xc_data_item(one, 1), NULL), "y");
	assert_null(xc_data_text(xc_data_item(one, 2), NULL));
	/* What was made for this request needs no copy. */
	one = xc_param(&req, "sixteen letters!");
	assert_string_equal(xc_data_text(one, NULL), "sixteen letters!");
	assert_true(xc_data_text(one, NULL) == xc_data_text(one, NULL));
	test_end(&req);
}

static void
check_types(struct xc_request *req)
{
	static const struct {
		const char *name;
		enum xc_data_type type;
		const char *bytes;
	} cases[] = {
		{ "i", XC_DATA_INT, "-42" },
		{ "whole", XC_DATA_INT, "1.0" },
		{ "big", XC_DATA_REAL, "9223372036854775808" },
		{ "r", XC_DATA_REAL, "2.50" },
		{ "t", XC_DATA_TEXT, "plain" },
		{ "e", XC_DATA_TEXT, "\xc3\xa4\n" },
		{ "16", XC_DATA_TEXT, "0123456789abcd\n\n" },
		{ "b", XC_DATA_BOOL, NULL },
		{ "n", XC_DATA_NULL, NULL },
		{ "a", XC_DATA_ARRAY, NULL },
		{ "o", XC_DATA_OBJECT, NULL },
		{ "x", XC_DATA_NONE, NULL },
	};
	struct xc_data one;
	const char *bytes;
	size_t len;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		one = xc_data_member(xc_body(req), cases[i].name);
		assert_int_equal(xc_data_type(one), cases[i].type);
		bytes = xc_data_bytes(one, &len);
		if (cases[i].bytes == NULL) {
			assert_null(bytes);
			continue;
		}
		assert_int_equal(len, strlen(cases[i].bytes));
		assert_memory_equal(bytes, cases[i].bytes, len);
		bytes = xc_data_text(one, "no text");
		assert_string_equal(bytes, cases[i].type == XC_DATA_TEXT
		    ? cases[i].bytes : "no text");
	}
}

static void
test_body(void **state)
{
	struct xc_request req;
	struct xc_data body;

	(void)state;
	begin(&req);
	put_body(&req, "{\"i\":-42,\"whole\":1.0,\"r\":2.50,\"t\":\"plain\","
	    "\"big\":9223372036854775808,\"e\":\"\\u00e4\\n\",\"b\":true,"
	    "\"16\":\"0123456789abcd\\n\\n\",\"n\":null,\"a\":[],\"o\":{}}");
	check_types(&req);
	body = xc_body(&req);
	assert_int_equal(xc_data_count(body), 11);
	assert_int_equal(xc_data_int(xc_data_member(body, "whole"), 9), 1);
	assert_int_equal(xc_data_int(xc_data_member(body, "big"), 9), 9);
	assert_true(xc_data_real(xc_data_member(body, "big"), 0) ==
	    9223372036854775808.0);
	assert_true(xc_data_bool(xc_data_member(body, "b"), false));
	assert_true(xc_data_bool(xc_data_member(body, "n"), true));
	assert_int_equal(xc_data_count(xc_data_member(body, "t")), 0);
	assert_int_equal(xc_data_type(xc_data_member(xc_data_member(body,
	    "t"), "x")), XC_DATA_NONE);
	/* The body itself stays as it was sent. */
	assert_non_null(strstr(xc_request_body(&req, NULL),
	    "\"t\":\"plain\","));
	test_end(&req);
}

static void
test_walks(void **state)
{
	struct xc_request req;
	struct xc_data one;
	char said[200] = "";
	size_t len = 0;

	(void)state;
	begin(&req);
	put_body(&req, "{\"a\":[1,[2,\"\\u00e4bcdefghijklmnopqrst\"],{}],"
	    "\"sixteen letters!\":{\"x\":1},\"\\u00e4\":[]}");
	for (one = xc_data_first(xc_body(&req));
	    xc_data_type(one) != XC_DATA_NONE; one = xc_data_next(one))
		len += (size_t)sprintf(said + len, "%s=%d ",
		    xc_data_key(one), (int)xc_data_type(one));
	assert_string_equal(said, "a=6 sixteen letters!=7 \xc3\xa4=6 ");
	len = 0;
	for (one = xc_data_first(xc_data_member(xc_body(&req), "a"));
	    xc_data_type(one) != XC_DATA_NONE; one = xc_data_next(one)) {
		assert_null(xc_data_key(one));
		len += (size_t)sprintf(said + len, "%d ",
		    (int)xc_data_type(one));
	}
	assert_string_equal(said, "3 6 7 ");
	/* An item that was asked for is no walk. */
	one = xc_data_item(xc_data_member(xc_body(&req), "a"), 0);
	assert_int_equal(xc_data_type(one), XC_DATA_INT);
	assert_int_equal(xc_data_type(xc_data_next(one)), XC_DATA_NONE);
	test_end(&req);
}

static void
test_json(void **state)
{
	struct json_object *obj;
	struct xc_request req;

	(void)state;
	begin(&req);
	put_body(&req, "{\"a\":[1,2.50,null,true],\"n\":null,\"h\":1e400}");
	put_args(&req, "{\"query\":{\"tags\":[\"x\",7]}}");
	assert_int_equal(xc_data_json(xc_data_member(xc_body(&req), "a"),
	    &obj), XC_OK);
	assert_string_equal(json_object_to_json_string_ext(obj,
	    JSON_C_TO_STRING_PLAIN), "[1,2.50,null,true]");
	assert_int_equal(xc_data_json(xc_data_member(xc_body(&req), "n"),
	    &obj), XC_OK);
	assert_null(obj);
	assert_int_equal(xc_data_json(xc_param(&req, "tags"), &obj), XC_OK);
	assert_string_equal(json_object_to_json_string_ext(obj,
	    JSON_C_TO_STRING_PLAIN), "[\"x\",7]");
	assert_int_equal(xc_data_json(xc_data_member(xc_body(&req), "h"),
	    &obj), XC_ERR_INVALID);
	assert_true(xc_data_real(xc_data_member(xc_body(&req), "h"), 0.0) >
	    1e308);
	assert_true(xc_data_real(xc_data_item(xc_body(&req), 0), 3.0) < 4.0);
	test_end(&req);
}

/* A body that is one value; a form's, which has no text of its own. */
static void
test_roots(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	put_body(&req, " 7 ");
	assert_int_equal(xc_data_int(xc_body(&req), 0), 7);
	assert_int_equal(xc_data_type(xc_data_member(xc_body(&req), "a")),
	    XC_DATA_NONE);
	assert_int_equal(xc_data_type(xc_data_item(xc_body(&req), 0)),
	    XC_DATA_NONE);
	put_body(&req, "\"\"");
	assert_string_equal(xc_data_text(xc_body(&req), NULL), "");
	put_args(&req, "{\"title\":\"x\"}");
	head_of(&req)->data = head_of(&req)->args;
	assert_string_equal(xc_data_text(xc_data_member(xc_body(&req),
	    "title"), NULL), "x");
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

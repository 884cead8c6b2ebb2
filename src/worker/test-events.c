/* SPDX-License-Identifier: MIT */
/* The queue of events. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "lib/check.h"
#include "worker/events.h"

static struct xc_events events;
static struct xc_errbuf why;

static int
set_up(void **state)
{
	(void)state;
	xc_events_init(&events);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	xc_events_free(&events);
	assert_int_equal(events.n, 0);
	assert_int_equal(events.bytes, 0);
	return 0;
}

static enum xc_err
put(const char *name, struct json_object *data)
{
	enum xc_err err = xc_events_put(&events, "todo", name, "request-1",
	    data, &why);

	json_object_put(data);
	return err;
}

static void
expect(const char *name, const char *body)
{
	struct xc_event *event = xc_events_take(&events);

	assert_non_null(event);
	assert_string_equal(event->name, name);
	assert_string_equal(event->request_id, "request-1");
	assert_string_equal(event->body, body);
	assert_int_equal(event->len, strlen(body));
	assert_int_equal(event->depth, 1);
	free(event);
}

static void
test_order(void **state)
{
	(void)state;
	assert_null(xc_events_take(&events));
	assert_int_equal(put("todo.a", json_tokener_parse("{\"id\":7}")),
	    XC_OK);
	assert_int_equal(put("todo.b", NULL), XC_OK);
	expect("todo.a",
	    "{\"event\":\"todo.a\",\"from\":\"todo\",\"data\":{\"id\":7}}");
	assert_int_equal(put("todo.c", json_object_new_string("a/\"")),
	    XC_OK);
	expect("todo.b",
	    "{\"event\":\"todo.b\",\"from\":\"todo\",\"data\":null}");
	expect("todo.c",
	    "{\"event\":\"todo.c\",\"from\":\"todo\",\"data\":\"a/\\\"\"}");
	assert_null(xc_events_take(&events));
}

static struct json_object *
deep(unsigned levels)
{
	struct json_object *inner = NULL, *outer;

	for (; levels > 0; levels--) {
		outer = json_object_new_array();
		json_object_array_add(outer, inner);
		inner = outer;
	}
	return inner;
}

static void
test_bad_data(void **state)
{
	static char text[XC_EVENT_DATA_MAX + 300];

	(void)state;
	assert_int_equal(put("todo.a", json_object_new_double(NAN)),
	    XC_ERR_INVALID);
	assert_int_equal(put("todo.a", json_object_new_double(INFINITY)),
	    XC_ERR_INVALID);
	assert_int_equal(put("todo.a", json_object_new_string("\xff")),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "no valid JSON"));
	assert_int_equal(put("todo.a", json_object_new_string_len("a\0b",
	    3)), XC_ERR_INVALID);
	assert_int_equal(put("todo.a", deep(40)), XC_ERR_INVALID);
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(put("todo.a", json_object_new_string(text)),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(events.n, 0);
	assert_int_equal(put("todo.a", deep(31)), XC_OK);
}

static void
test_full(void **state)
{
	static char text[65000];
	unsigned i;

	(void)state;
	for (i = 0; i < XC_EVENTS_MAX; i++)
		assert_int_equal(put("todo.a", NULL), XC_OK);
	assert_int_equal(put("todo.a", NULL), XC_ERR_BUSY);
	xc_events_free(&events);
	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < 16; i++)
		assert_int_equal(put("todo.a", json_object_new_string(text)),
		    XC_OK);
	assert_int_equal(put("todo.a", json_object_new_string(text)),
	    XC_ERR_BUSY);
	free(xc_events_take(&events));
	assert_int_equal(put("todo.a", json_object_new_string(text)),
	    XC_OK);
}

/* What a handler that fails has put in is taken back, the rest is not. */
static void
test_take_back(void **state)
{
	(void)state;
	xc_events_begin(&events);
	xc_events_take_back(&events);
	assert_int_equal(put("todo.a", NULL), XC_OK);
	xc_events_begin(&events);
	assert_int_equal(put("todo.b", NULL), XC_OK);
	assert_int_equal(put("todo.c", NULL), XC_OK);
	xc_events_take_back(&events);
	assert_int_equal(events.n, 1);
	assert_int_equal(put("todo.d", NULL), XC_OK);
	/* The mark stood behind the one that is taken. */
	free(xc_events_take(&events));
	assert_int_equal(events.n, 1);
	xc_events_take_back(&events);
	assert_int_equal(events.n, 0);
	assert_int_equal(put("todo.e", NULL), XC_OK);
	assert_int_equal(events.n, 1);
}

static void
test_chain(void **state)
{
	struct xc_event *event;

	(void)state;
	assert_int_equal(put("todo.a", NULL), XC_OK);
	for (unsigned i = 1; i <= XC_EVENTS_DEPTH_MAX; i++) {
		event = xc_events_take(&events);
		assert_int_equal(event->depth, i);
		events.depth = event->depth;
		free(event);
		assert_int_equal(put("todo.a", NULL),
		    i < XC_EVENTS_DEPTH_MAX ? XC_OK : XC_ERR_BUSY);
	}
	assert_non_null(strstr(why.text, "5th in a chain"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_bad_data),
		TEST(test_full),
		TEST(test_take_back),
		TEST(test_chain),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* When the follower is told that a version failed too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/manager-private.h"

static struct xc_manager m;
static struct xc_scoreboard board;
static struct xc_settings settings;
static int follower;

static int
setup(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		return -1;
	memset(&m, 0, sizeof(m));
	m.settings = &settings;
	m.pool.board = &board;
	m.link.watch.fd = pair[0];
	follower = pair[1];
	settings.quarantine.faults = 3;
	settings.quarantine.window_s = 60;
	m.link.plugins = json_tokener_parse("[{\"name\":\"todo\","
	    "\"version\":\"1.2.0\",\"hash\":\"aa\",\"state\":\"enabled\"},"
	    "{\"name\":\"off\",\"version\":\"1.0.0\",\"hash\":\"bb\","
	    "\"state\":\"disabled\"}]");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	xc_quarantine_forget(&m);
	json_object_put(m.link.plugins);
	close(m.link.watch.fd);
	close(follower);
	return 0;
}

/* What the follower was told, "event name hash", "" for nothing; static. */
static const char *
told(void)
{
	static char text[256];
	struct json_object *event, *value;
	char line[1024];
	ssize_t n = recv(follower, line, sizeof(line) - 1, MSG_DONTWAIT);
	static const char *const keys[] = { "event", "name", "hash" };

	text[0] = '\0';
	if (n <= 0)
		return text;
	line[n] = '\0';
	event = json_tokener_parse(line);
	for (size_t i = 0; i < 3; i++) {
		assert_true(json_object_object_get_ex(event, keys[i],
		    &value));
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%s", i > 0 ? " " : "", json_object_get_string(value));
	}
	json_object_put(event);
	return text;
}

static void
fault(const char *plugin, enum xc_breach breach, int times)
{
	for (int i = 0; i < times; i++)
		xc_quarantine_fault(&m, plugin, breach, "why");
}

static void
so_many_are_enough(void **state)
{
	(void)state;
	fault("todo 1.2.0", XC_BREACH_CRASH, 2);
	assert_string_equal(told(), "");
	fault("todo 1.2.0", XC_BREACH_CPU, 1);
	assert_string_equal(told(), "quarantine todo aa");
}

static void
others_do_not_count(void **state)
{
	(void)state;
	fault("todo 1.2.0", XC_BREACH_RATE, 9);
	fault("todo 1.2.0", XC_BREACH_DENIED, 9);
	fault("todo 1.2.0", XC_BREACH_NONE, 9);
	fault("todo 1.1.0", XC_BREACH_CRASH, 9);
	fault("off 1.0.0", XC_BREACH_CRASH, 9);
	fault("", XC_BREACH_CRASH, 9);
	assert_string_equal(told(), "");
	settings.quarantine.faults = 0;
	fault("todo 1.2.0", XC_BREACH_CRASH, 9);
	assert_string_equal(told(), "");
}

static void
old_ones_do_not_count(void **state)
{
	struct xc_quarantine_entry *entry = &m.quarantine.entries[0];

	(void)state;
	fault("todo 1.2.0", XC_BREACH_CRASH, 2);
	for (uint32_t i = 0; i < entry->size; i++)
		entry->times[i] -= 61000;
	fault("todo 1.2.0", XC_BREACH_CRASH, 2);
	assert_string_equal(told(), "");
	fault("todo 1.2.0", XC_BREACH_CRASH, 1);
	assert_string_equal(told(), "quarantine todo aa");
}

/* Workers that have it still may end one after the other. */
static void
what_is_under_way_is_told_once(void **state)
{
	struct xc_quarantine_entry *entry = &m.quarantine.entries[0];

	(void)state;
	fault("todo 1.2.0", XC_BREACH_CRASH, 3);
	assert_string_equal(told(), "quarantine todo aa");
	fault("todo 1.2.0", XC_BREACH_CRASH, 9);
	assert_string_equal(told(), "");
	/* In force by now, and still it fails. */
	atomic_fetch_add(&board.sequence, 1);
	fault("todo 1.2.0", XC_BREACH_CRASH, 3);
	assert_string_equal(told(), "quarantine todo aa");
	/* Nothing came of it. */
	entry->told_ms -= 11000;
	fault("todo 1.2.0", XC_BREACH_CRASH, 3);
	assert_string_equal(told(), "quarantine todo aa");
}

static void
a_host_without_sandboxes_acts_alone(void **state)
{
	(void)state;
	fault("todo 1.2.0", XC_BREACH_START, 3);
	assert_string_equal(told(), "reject todo aa");
}

static void
other_files_begin_anew(void **state)
{
	struct json_object *plugin;

	(void)state;
	fault("todo 1.2.0", XC_BREACH_CRASH, 2);
	plugin = json_object_array_get_idx(m.link.plugins, 0);
	json_object_object_add(plugin, "hash", json_object_new_string("cc"));
	fault("todo 1.2.0", XC_BREACH_CRASH, 2);
	assert_string_equal(told(), "");
	fault("todo 1.2.0", XC_BREACH_CRASH, 1);
	assert_string_equal(told(), "quarantine todo cc");
}

static void
the_table_is_bounded(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 3 * XC_QUARANTINE_ENTRIES; i++) {
		struct json_object *plugin = json_object_new_object();

		snprintf(name, sizeof(name), "p%d", i);
		json_object_object_add(plugin, "name",
		    json_object_new_string(name));
		json_object_object_add(plugin, "version",
		    json_object_new_string("1.0.0"));
		json_object_object_add(plugin, "hash",
		    json_object_new_string(name));
		json_object_object_add(plugin, "state",
		    json_object_new_string("enabled"));
		json_object_array_add(m.link.plugins, plugin);
		snprintf(name, sizeof(name), "p%d 1.0.0", i);
		fault(name, XC_BREACH_CRASH, 2);
	}
	assert_string_equal(told(), "");
	fault("todo 1.2.0", XC_BREACH_CRASH, 3);
	assert_string_equal(told(), "quarantine todo aa");
}

static void
report(const char *text)
{
	struct json_object *object = json_tokener_parse(text);

	xc_quarantine_report(&m, object);
	json_object_put(object);
}

static void
reports_are_read_with_care(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		report("{\"event\":\"fault\"}");
		report("{\"event\":\"fault\",\"plugin\":1,\"version\":[],"
		    "\"breach\":{}}");
		report("{\"event\":\"fault\",\"plugin\":\"todo\","
		    "\"version\":\"1.2.0\",\"breach\":\"wurst\"}");
		report("{\"event\":\"fault\",\"plugin\":\"todo\","
		    "\"version\":\"1.2.0\",\"breach\":\"rate\"}");
	}
	assert_string_equal(told(), "");
	for (int i = 0; i < 3; i++)
		report("{\"event\":\"fault\",\"plugin\":\"todo\","
		    "\"version\":\"1.2.0\",\"breach\":\"timeout\","
		    "\"operation\":\"list\",\"detail\":\"500 ms\"}");
	assert_string_equal(told(), "quarantine todo aa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(so_many_are_enough),
		T(others_do_not_count),
		T(old_ones_do_not_count),
		T(what_is_under_way_is_told_once),
		T(a_host_without_sandboxes_acts_alone),
		T(other_files_begin_anew),
		T(the_table_is_bounded),
		T(reports_are_read_with_care),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

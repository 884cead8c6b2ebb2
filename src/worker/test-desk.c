/* SPDX-License-Identifier: MIT */
/*
 * What the worker adds to the desk, without a database and without a manager:
 * who may see what, the log's end, figures.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "services/cache/cache.h"
#include "worker/desk.h"

static struct xc_settings settings;
static struct xc_scoreboard *board;
static struct xc_cache cache;
static struct xc_staff staff;
static struct xc_desk desk;
static char log_path[64];
static struct xc_caller ana;

static int
set_up(void **state)
{
	struct xc_errbuf errbuf;
	int fd;

	(void)state;
	assert_int_equal(xc_scoreboard_create(2, &fd, &board, &errbuf),
	    XC_OK);
	close(fd);
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
	strcpy(log_path, "/tmp/xcore-log.XXXXXX");
	fd = mkstemp(log_path);
	assert_int_not_equal(fd, -1);
	close(fd);
	settings = (struct xc_settings){ .server.control = "/nowhere/at/all",
		.log.sink = "file", .log.file = log_path,
		.cache.servers = json_tokener_parse("[\"a\"]") };
	staff = (struct xc_staff){ .settings = &settings, .board = board,
		.cache = &cache };
	memset(&desk, 0, sizeof(desk));
	assert_int_equal(xc_desk_add(&desk, xc_operator_rows, &staff), XC_OK);
	assert_int_equal(xc_desk_add(&desk, xc_health_rows, &staff), XC_OK);
	ana = (struct xc_caller){ .user_id = 7, .name = "ana", .session = "",
		.grants = "admin:*:* manager:*:*", .address = "", .agent = "",
		.request_id = "" };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	json_object_put(staff.health.report);
	json_object_put(settings.cache.servers);
	xc_cache_close(&cache);
	xc_scoreboard_detach(&board);
	unlink(log_path);
	return 0;
}

/* The result as text, or of a refusal its status and code. */
static const char *
ask(const char *operation, const char *args_text)
{
	static char text[32768];
	struct json_object *args = json_tokener_parse(args_text);
	struct json_object *result = NULL;
	struct xc_refusal refusal;
	enum xc_err err;

	err = xc_desk_ask(&desk, &ana, operation, args, &result, &refusal);
	if (err == XC_OK)
		snprintf(text, sizeof(text), "%s",
		    json_object_to_json_string_ext(result,
		    JSON_C_TO_STRING_PLAIN));
	else
		snprintf(text, sizeof(text), "%d %d %s %s", (int)err,
		    refusal.status, refusal.code, refusal.pointer);
	json_object_put(result);
	json_object_put(args);
	return text;
}

static void
write_log(const char *text)
{
	int fd = open(log_path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#define HEALTH_DOWN							\
	"{\"status\":\"degraded\",\"down\":[\"database\",\"keys\","	\
	"\"workers\",\"manager\"]"

static void
test_health(void **state)
{
	const char *text;

	(void)state;
	ana.grants = "todo:*:*";
	assert_string_equal(ask("site.health", "{}"), HEALTH_DOWN "}");
	ana.grants = "manager:health:read";
	text = ask("site.health", "{}");
	assert_memory_equal(text, HEALTH_DOWN ",\"parts\":[{\"name\":"
	    "\"database\",\"state\":\"down\",", 100);
	/* What was found out is not looked at again in the same second. */
	atomic_store(&board->workers[0].state, XC_WORKER_IDLE);
	assert_non_null(strstr(ask("site.health", "{}"), "\"workers\","));
	staff.health.until_ms = 0;
	assert_null(strstr(ask("site.health", "{}"), "\"workers\",\"man"));
	assert_non_null(strstr(ask("site.health", "{}"),
	    "{\"name\":\"cache\",\"state\":\"up\",\"detail\":\"\"}"));
	assert_null(strstr(ask("site.health", "{}"), "/nowhere"));
}

static void
test_health_of_a_cache(void **state)
{
	struct xc_cache failing;

	(void)state;
	assert_int_equal(xc_cache_failing(XC_ERR_UNAVAILABLE, 0, &failing),
	    XC_OK);
	staff.cache = &failing;
	assert_non_null(strstr(ask("site.health", "{}"),
	    "{\"name\":\"cache\",\"state\":\"down\""));
	xc_cache_close(&failing);
	json_object_put(settings.cache.servers);
	settings.cache.servers = json_object_new_array();
	staff.health.until_ms = 0;
	assert_non_null(strstr(ask("site.health", "{}"),
	    "{\"name\":\"cache\",\"state\":\"off\""));
}

static const char lines_text[] =
    "2026-11-23T10:00:00.001Z INFO plugin.todo[12] first request_id=ab1\n"
    "2026-11-23T10:00:00.002Z ERROR plugin.todos[12] of another\n"
    "2026-11-23T10:00:00.003Z WARNING plugin.todo[12] two words\n"
    "{\"time\":\"2026-11-23T10:00:00.004Z\",\"level\":\"notice\","
    "\"logger\":\"plugin.todo\",\"pid\":12,\"request_id\":\"cd2\","
    "\"message\":\"as \\\"JSON\\\"\"}\n"
    "{\"time\":\"2026-11-23T10:00:00.005Z\",\"level\":\"notice\","
    "\"logger\":\"xcore.worker\",\"pid\":12,"
    "\"message\":\"\\\"logger\\\":\\\"plugin.todo\\\"\"}\n"
    "2026-11-23T10:00:00.006Z INFO xcore.worker[1] plugin.todo[12] no\n"
    "no record plugin.todo[12] at all\n"
    "\n"
    "2026-11-23T10:00:00.007Z INFO plugin.todo[12] not ended";

static void
test_logs(void **state)
{
	(void)state;
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "{\"kept\":true,\"items\":[]}");
	write_log(lines_text);
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "{\"kept\":true,\"items\":["
	    "{\"time\":\"2026-11-23T10:00:00.001Z\",\"level\":\"info\","
	    "\"text\":\"first\",\"request_id\":\"ab1\"},"
	    "{\"time\":\"2026-11-23T10:00:00.003Z\",\"level\":\"warning\","
	    "\"text\":\"two words\",\"request_id\":null},"
	    "{\"time\":\"2026-11-23T10:00:00.004Z\",\"level\":\"notice\","
	    "\"text\":\"as \\\"JSON\\\"\",\"request_id\":\"cd2\"},"
	    "{\"time\":\"2026-11-23T10:00:00.007Z\",\"level\":\"info\","
	    "\"text\":\"not ended\",\"request_id\":null}]}");
	assert_non_null(strstr(ask("plugin.logs",
	    "{\"name\":\"todo\",\"lines\":1}"), "[{\"time\":"
	    "\"2026-11-23T10:00:00.007Z\""));
	assert_string_equal(ask("plugin.logs",
	    "{\"name\":\"todo\",\"lines\":501}"), "1 422 range /lines");
	assert_string_equal(ask("plugin.logs",
	    "{\"name\":\"todo\",\"lines\":-1}"), "1 422 range /lines");
	settings.log.sink = "syslog";
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "{\"kept\":false,\"items\":[]}");
}

/* Only the end of a long file is looked at, from its first whole line on. */
static void
test_long_log(void **state)
{
	char *filler = malloc(4u << 20);

	(void)state;
	assert_non_null(filler);
	write_log("2026-11-23T10:00:00.001Z INFO plugin.todo[12] far away\n");
	memset(filler, 'x', (4u << 20) - 1);
	filler[(4u << 20) - 1] = '\0';
	write_log(filler);
	write_log("\n2026-11-23T10:00:00.002Z INFO plugin.todo[12] here\n");
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "{\"kept\":true,\"items\":[{\"time\":"
	    "\"2026-11-23T10:00:00.002Z\",\"level\":\"info\",\"text\":"
	    "\"here\",\"request_id\":null}]}");
	free(filler);
}

static void
test_stats(void **state)
{
	struct xc_plugin_row *row = xc_scoreboard_plugin(board, "todo");
	const char *text;

	(void)state;
	text = ask("plugin.stats", "{\"name\":\"other\"}");
	assert_non_null(strstr(text, "\"requests\":0,\"errors\":0"));
	assert_non_null(strstr(text, "\"p50_ms\":null"));
	for (int i = 0; i < 98; i++)
		xc_scoreboard_took(row, 1500, false);
	xc_scoreboard_took(row, 40000, true);
	xc_scoreboard_took(row, 20000000, true);
	atomic_store(&row->requests, 100);
	atomic_store(&row->breaches[XC_BREACH_CRASH], 2);
	text = ask("plugin.stats", "{\"name\":\"todo\"}");
	assert_memory_equal(text, "{\"name\":\"todo\",\"requests\":100,"
	    "\"errors\":2,\"restarts\":0,\"faults\":{\"crash\":2},"
	    "\"latency\":{\"count\":100,", 90);
	assert_non_null(strstr(text, "\"p50_ms\":2,\"p95_ms\":2,"
	    "\"p99_ms\":50,"));
	assert_non_null(strstr(text, "{\"le_ms\":null,\"count\":1}"));
	assert_non_null(strstr(text, "\"steps\":[],\"sandboxes\":[]"));
}

static void
test_steps(void **state)
{
	struct xc_step_row *row = xc_scoreboard_step(board, "todo:check");

	(void)state;
	assert_non_null(xc_scoreboard_step(board, "todo2:check"));
	atomic_store(&row->runs, 128);
	atomic_store(&row->stopped, 3);
	atomic_store(&row->failed, 1);
	atomic_store(&row->samples, 2);
	atomic_store(&row->ns, 3000);
	assert_non_null(strstr(ask("plugin.stats", "{\"name\":\"todo\"}"),
	    "\"steps\":[{\"operation\":\"check\",\"runs\":128,\"refused\":3,"
	    "\"failed\":1,\"mean_us\":1.5}],"));
	assert_non_null(strstr(ask("plugin.stats", "{\"name\":\"tod\"}"),
	    "\"steps\":[],"));
}

static const struct {
	const char *operation;
	const char *args;
	const char *answer;
} refused[] = {
	{ "plugin.info", "{}", "2 404 not_installed " },
	{ "plugin.info", "{\"name\":\"../etc\"}", "2 404 not_installed " },
	{ "plugin.info", "{\"name\":\"--purge\"}", "2 404 not_installed " },
	{ "plugin.info", "{\"name\":7}", "2 404 not_installed " },
	{ "plugin.act", "{\"name\":\"todo\"}", "1 422 enum /verb" },
	{ "plugin.act", "{\"name\":\"todo\",\"verb\":\"remove\"}",
	    "1 422 enum /verb" },
	{ "plugin.act", "{\"name\":\"admin\",\"verb\":\"disable\"}",
	    "12 409 needed " },
	{ "plugin.act", "{\"name\":\"auth\",\"verb\":\"disable\"}",
	    "12 409 needed " },
	{ "plugin.list", "{\"page\":0}", "1 422 range /page" },
	{ "plugin.list", "{\"page\":\"1\"}", "1 422 range /page" },
	{ "plugin.list", "{\"page\":99999999999}", "1 422 range /page" },
	{ "plugin.list", "{\"per_page\":101}", "1 422 range /per_page" },
	{ "plugin.list", "{\"sort\":\"hash\"}", "1 422 enum /sort" },
	/* There is no database here. */
	{ "plugin.list", "{\"sort\":\"-name\"}", "7 0  " },
	{ "plugin.act", "{\"name\":\"todo\",\"verb\":\"reload\"}", "7 0  " },
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(ask(refused[i].operation, refused[i].args),
		    refused[i].answer) != 0)
			fail_msg("%s %s: %s", refused[i].operation,
			    refused[i].args, ask(refused[i].operation,
			    refused[i].args));
}

static void
test_who_may(void **state)
{
	(void)state;
	ana.grants = "admin:plugin:read";
	assert_string_equal(ask("plugin.act",
	    "{\"name\":\"todo\",\"verb\":\"reload\"}"),
	    "4 403 not_allowed ");
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "{\"kept\":true,\"items\":[]}");
	ana.grants = "admin:plugin:write";
	assert_string_equal(ask("plugin.logs", "{\"name\":\"todo\"}"),
	    "4 403 not_allowed ");
	ana.user_id = 0;
	assert_string_equal(ask("plugin.stats", "{\"name\":\"todo\"}"),
	    "4 401 login_required ");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_health),
		TEST(test_health_of_a_cache),
		TEST(test_logs),
		TEST(test_long_log),
		TEST(test_stats),
		TEST(test_steps),
		TEST(test_refused),
		TEST(test_who_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

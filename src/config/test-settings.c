/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "lib/limits.h"
#include "settings-private.h"

static char folder[64];
static char file[96];

static const char *
path_of(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *out = fopen(path_of(name), "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int
set_up(void **state)
{
	(void)state;
	unsetenv("XCORE_CONFIG_FILE");
	snprintf(folder, sizeof(folder), "/tmp/xcore-settings.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/xcore.json", folder);
	assert_int_equal(mkdir(path_of("conf.d"), 0700), 0);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "xcore.json", "secret",
		"conf.d/10-a.json", "conf.d/9-b.json", "conf.d/x.txt",
		"conf.d/.hidden.json", "log" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("secret"));
	rmdir(path_of("conf.d"));
	rmdir(folder);
	return 0;
}

static struct xc_settings *
load(const char *text)
{
	struct xc_errbuf errbuf = { "" };
	struct xc_settings *settings;

	write_file("xcore.json", text);
	if (xc_settings_load(file, &settings, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	return settings;
}

/* The complaint about a text without the folder's name; static. */
static const char *
refused(const char *text)
{
	static struct xc_errbuf errbuf;
	struct xc_settings *settings;
	const char *name;

	errbuf.text[0] = '\0';
	write_file("xcore.json", text);
	assert_int_not_equal(xc_settings_load(file, &settings, &errbuf),
	    XC_OK);
	assert_null(settings);
	name = strstr(errbuf.text, folder);
	return name == errbuf.text ? name + strlen(folder) + 1 : errbuf.text;
}

static void
test_defaults(void **state)
{
	struct xc_settings *s = load("{}");

	(void)state;
	assert_int_equal(s->server.workers, 0);
	assert_false(s->server.development);
	assert_non_null(strstr(s->server.control, "/control.sock"));
	assert_string_equal(s->server.pid_file, "");
	assert_int_equal(s->fastcgi.params_max, 65536);
	assert_int_equal(s->fastcgi.body_max, 1048576);
	assert_int_equal(s->fastcgi.body_memory, 262144);
	assert_string_equal(strrchr(s->fastcgi.body_dir, '/'), "/tmp");
	assert_int_equal(s->reload.poll_ms, 1000);
	assert_int_equal(json_object_array_length(s->reload.watch), 0);
	assert_string_equal(s->database.plugin_schema_prefix, "xcore_");
	assert_int_equal(json_object_array_length(s->cache.servers), 0);
	assert_int_equal(s->cache.timeout_ms, 100);
	assert_string_equal(s->log.level, "notice");
	assert_null(s->plugins);
	assert_string_equal(s->file, file);
	xc_settings_free(&s);
	assert_null(s);
	xc_settings_free(&s);
}

static void
test_values(void **state)
{
	struct xc_settings *s = load("# a comment\n{ // another\n"
	    "\"server\": {\"workers\": 4, /* \"x\": */ \"development\": true,\n"
	    "\"state_dir\": \"st\", \"run_dir\": \"/run/x\",},\n"
	    "\"reload\": {\"watch\": [\"./a\", \"/b\"]},\n"
	    "\"log\": {\"levels\": {\"plugin.todo\": \"debug\"}},\n"
	    "\"cache\": {\"servers\": [\"/m.sock\", \"h:11211\"]},\n"
	    "\"plugins\": {\"todo\": {\"a\": [1, {\"b\": \"// no\"}]}},\n}\n");
	struct json_object *todo;
	char want[160];

	(void)state;
	assert_int_equal(s->server.workers, 4);
	assert_true(s->server.development);
	assert_string_equal(s->server.state_dir, path_of("st"));
	assert_string_equal(s->fastcgi.body_dir, path_of("st/tmp"));
	assert_string_equal(s->server.control, "/run/x/control.sock");
	snprintf(want, sizeof(want), "[\"%s/a\",\"/b\"]", folder);
	assert_string_equal(json_object_to_json_string_ext(s->reload.watch,
	    JSON_C_TO_STRING_NOSLASHESCAPE), want);
	assert_true(json_object_object_get_ex(s->plugins, "todo", &todo));
	assert_string_equal(json_object_to_json_string_ext(todo,
	    JSON_C_TO_STRING_NOSLASHESCAPE), "{\"a\":[1,{\"b\":\"// no\"}]}");
	xc_settings_free(&s);
}

static void
test_unknown(void **state)
{
	(void)state;
	assert_string_equal(refused("{\n\t\"server\": {\n\t\t\"worker\": 1}}"),
	    "xcore.json:3:3: server.worker: unknown key; did you mean "
	    "\"server.workers\"?");
	assert_string_equal(refused("{\"servr\": {}}"),
	    "xcore.json:1:2: servr: unknown section; did you mean "
	    "\"server\"?");
	assert_string_equal(refused("{\"server\": {\"level\": \"debug\"}}"),
	    "xcore.json:1:13: server.level: unknown key; did you mean "
	    "\"log.level\"?");
	assert_string_equal(refused("{\"server\": {\"zzzzzzzzzz\": 1}}"),
	    "xcore.json:1:13: server.zzzzzzzzzz: unknown key; see "
	    "xcore.json(5)");
	assert_string_equal(refused("{\"qqqqqqqqq\": {}}"),
	    "xcore.json:1:2: qqqqqqqqq: unknown section; see xcore.json(5)");
	assert_string_equal(refused("{\"plugins\": {\"Todo\": {}}}"),
	    "xcore.json:1:14: plugins.Todo: a plugin's name has 1 to 32 of "
	    "a-z, 0-9, '-', '_' and begins with a letter");
}

static void
test_types(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "{\"server\": 1}", ":1:2: server: an object expected" },
		{ "{\"server\": {\"workers\": \"4\"}}",
		    ":1:13: server.workers: a whole number expected" },
		{ "{\"server\": {\"workers\": 4.5}}",
		    "server.workers: a whole number expected" },
		{ "{\"server\": {\"workers\": null}}",
		    "server.workers: a whole number expected" },
		{ "{\"server\": {\"workers\": -1}}",
		    "server.workers: -1 is out of range; from 0 to 1024" },
		{ "{\"server\": {\"workers\": 99999999999999999999}}",
		    "server.workers: 9223372036854775807 is out of range" },
		{ "{\"server\": {\"development\": 1}}",
		    "server.development: true or false expected" },
		{ "{\"server\": {\"run_dir\": true}}",
		    "server.run_dir: a string expected" },
		{ "{\"server\": {\"run_dir\": \"a\\u0000b\"}}",
		    "server.run_dir: a string expected" },
		{ "{\"server\": {\"run_dir\": \"\"}}",
		    "server.run_dir: a folder is needed" },
		{ "{\"cache\": {\"servers\": \"a:1\"}}",
		    "cache.servers: a list of strings expected" },
		{ "{\"cache\": {\"servers\": [\"a:1\", 2]}}",
		    "cache.servers: item 2 of the list is no string" },
		{ "{\"cache\": {\"servers\": [\"a\"]}}",
		    "cache.servers: each is a socket's absolute path or" },
		{ "{\"cache\": {\"servers\": [\"a:99999\"]}}",
		    "cache.servers: each is a socket's absolute path or" },
		{ "{\"cache\": {\"prefix\": \"a b\"}}",
		    "cache.prefix: 1 to 32 of" },
		{ "{\"log\": {\"level\": \"loud\"}}",
		    "log.level: \"loud\" is not one of error|warning" },
		{ "{\"log\": {\"sink\": \"file\"}}",
		    "log.file: needed when log.sink is \"file\"" },
		{ "{\"log\": {\"levels\": {\"a\": \"loud\"}}}",
		    "log.levels: the level of \"a\" is not one of" },
		{ "{\"log\": {\"levels\": {\"A\": \"debug\"}}}",
		    "log.levels: \"A\" is no name of a logger" },
		{ "{\"database\": {\"name\": \"x;y\"}}",
		    "database.name: a schema's name has" },
		{ "{\"plugins\": {\"todo\": 1}}",
		    "plugins.todo: an object expected" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(refused(bad[i].text), bad[i].want) == NULL)
			fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].text,
			    refused(bad[i].text), bad[i].want);
}

static void
test_not_json(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "xcore.json:1:1: '{' expected" },
		{ "[]", ":1:1: '{' expected" },
		{ "{", ":1:2: a name in double quotes expected" },
		{ "{'server': {}}", ":1:2: a name in double quotes expected" },
		{ "{\"server\" {}}", ":1:11: ':' expected" },
		{ "{\"server\": {}", ":1:14: ',' or '}' expected" },
		{ "{\"server\": {}} x", ":1:16: something stands behind" },
		{ "{\"server\": {\"workers\": 01}}", ":1:24: neither a" },
		{ "{\"server\": {\"workers\": NaN}}", ":1:24: a value" },
		{ "{\"server\": {\"workers\": }}", ":1:24: a value" },
		{ "{\"server\": {\"workers\": 1 \"x\": 2}}", ":1:26: ','" },
		{ "{\"server\": {\"workers\": [1,]}}", ":1:27: a value" },
		{ "{\n/* x", ":2:1: this comment has no end" },
		{ "{\n\"a", ":2:1: this string has no end" },
		{ "{\"server\": {\"run_dir\": \"a\n\"}}", "end of the line" },
		{ "{\"server\": {\"run_dir\": \"\\q\"}}", ":1:26: " },
		{ "{\"server\": {\"run_dir\": \"\xff\"}}", ":1:25: " },
		{ "{\"server\": {\"workers\": 1, \"workers\": 2}}",
		    ":1:27: this name stands here twice" },
		{ "{\"log\": {}, \"log\": {}}", ":1:13: this name stands" },
		{ "{\"plugins\": {\"a\": {\"x\": 1, \"x\": 2}}}",
		    ":1:28: this name stands here twice" },
		{ "{\"a\\u0000b\": {}}", ":1:2: a name cannot have a NUL" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(refused(bad[i].text), bad[i].want) == NULL)
			fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].text,
			    refused(bad[i].text), bad[i].want);
}

static void
test_deep(void **state)
{
	char text[4096] = "{\"plugins\":{\"a\":{\"b\":";

	(void)state;
	memset(text + strlen(text), '[', 1000);
	assert_non_null(strstr(refused(text), "too deep"));
}

static void
test_files(void **state)
{
	struct xc_errbuf errbuf = { "" };
	struct xc_settings *settings;

	(void)state;
	assert_int_equal(xc_settings_load(path_of("none.json"), &settings,
	    &errbuf), XC_ERR_NOT_FOUND);
	assert_non_null(strstr(errbuf.text, "none.json: no such file"));
	assert_int_equal(xc_settings_load(folder, &settings, &errbuf),
	    XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "not a regular file"));
	write_file("xcore.json", "{}");
	assert_int_equal(chmod(file, 0), 0);
	if (geteuid() != 0) {	/* root reads all */
		assert_int_equal(xc_settings_load(file, &settings, &errbuf),
		    XC_ERR_DENIED);
		assert_non_null(strstr(errbuf.text, "Permission denied"));
	}
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(setenv("XCORE_CONFIG_FILE", file, 1), 0);
	assert_int_equal(xc_settings_load(NULL, &settings, &errbuf), XC_OK);
	assert_string_equal(settings->file, file);
	xc_settings_free(&settings);
	unsetenv("XCORE_CONFIG_FILE");
}

static void
test_parts(void **state)
{
	struct xc_settings *s;

	(void)state;
	write_file("conf.d/10-a.json", "{\"server\":{\"workers\":10,"
	    "\"drain_ms\":10}}");
	write_file("conf.d/9-b.json", "{\"server\":{\"workers\":9}}");
	write_file("conf.d/x.txt", "not read");
	write_file("conf.d/.hidden.json", "not read");
	s = load("{\"server\":{\"workers\":1,\"drain_ms\":1,"
	    "\"requests_max\":1}}");
	/* By bytes, not by numbers. */
	assert_int_equal(s->server.workers, 9);
	assert_int_equal(s->server.drain_ms, 10);
	assert_int_equal(s->server.requests_max, 1);
	xc_settings_free(&s);
	write_file("conf.d/9-b.json", "{\"server\":{\"wrokers\":9}}");
	assert_string_equal(refused("{}"), "conf.d/9-b.json:1:12: "
	    "server.wrokers: unknown key; did you mean \"server.workers\"?");
}

/* Sets one variable for the loading of an empty file. */
static const char *
env_refused(const char *name, const char *value)
{
	const char *text;

	assert_int_equal(setenv(name, value, 1), 0);
	text = refused("{}");
	assert_int_equal(unsetenv(name), 0);
	return text;
}

static void
test_environment(void **state)
{
	static const char *const names[] = { "XCORE__SERVER__WORKERS",
		"XCORE__CACHE__SERVERS", "XCORE__LOG__LEVELS",
		"XCORE__SERVER__STATE_DIR", "XCORE__PLUGINS__TODO",
		"XCORE__RELOAD__WATCH", "XCORE__SERVER__DEVELOPMENT" };
	static const char *const values[] = { "7", "/a.sock,h:1",
		"plugin.todo=debug,xcore=error", "state", "{\"a\":1}",
		"[\"x\"]", "1" };
	struct xc_settings *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(setenv(names[i], values[i], 1), 0);
	s = load("{\"server\":{\"workers\":1}}");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	assert_int_equal(s->server.workers, 7);
	assert_true(s->server.development);
	assert_string_equal(s->server.state_dir, path_of("state"));
	assert_int_equal(json_object_array_length(s->cache.servers), 2);
	assert_string_equal(json_object_to_json_string(s->log.levels),
	    "{ \"plugin.todo\": \"debug\", \"xcore\": \"error\" }");
	assert_string_equal(json_object_to_json_string(s->plugins),
	    "{ \"todo\": { \"a\": 1 } }");
	assert_string_equal(json_object_get_string(
	    json_object_array_get_idx(s->reload.watch, 0)), path_of("x"));
	xc_settings_free(&s);
}

static void
test_bad_environment(void **state)
{
	(void)state;
	assert_string_equal(env_refused("XCORE__SERVER__WORKERS", "many"),
	    "XCORE__SERVER__WORKERS: server.workers: \"many\" is no whole "
	    "number");
	assert_non_null(strstr(env_refused("XCORE__SERVER__WORKERS", " 4"),
	    "no whole number"));
	assert_non_null(strstr(env_refused("XCORE__SERVER__WORKERS", "9999"),
	    "out of range"));
	assert_string_equal(env_refused("XCORE__SERVER__WORKER", "1"),
	    "XCORE__SERVER__WORKER: unknown key; did you mean "
	    "XCORE__SERVER__WORKERS?");
	assert_string_equal(env_refused("XCORE__SERVER", "1"),
	    "XCORE__SERVER: XCORE__SECTION__KEY expected");
	assert_non_null(strstr(env_refused("XCORE__SERVER__DEVELOPMENT",
	    "yes"), "neither true nor false"));
	assert_non_null(strstr(env_refused("XCORE__CACHE__SERVERS", "a:1,,"),
	    "an empty item"));
	assert_non_null(strstr(env_refused("XCORE__CACHE__SERVERS", "[1"),
	    "this is no JSON"));
	assert_non_null(strstr(env_refused("XCORE__LOG__LEVELS", "debug"),
	    "not like NAME=LEVEL"));
	assert_non_null(strstr(env_refused("XCORE__PLUGINS__TODO", "x"),
	    "a JSON object expected"));
	assert_non_null(strstr(env_refused("XCORE__PLUGINS__TODO", "[]"),
	    "an object expected"));
}

static void
test_dump(void **state)
{
	struct xc_settings *s = load("{\"server\":{\"workers\":4},"
	    "\"plugins\":{\"todo\":{\"a\":1}}}");
	struct json_object *json, *value;
	char *text = NULL, want[160];
	size_t len;
	FILE *out;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	xc_settings_dump(s, out);
	fclose(out);
	snprintf(want, sizeof(want), "server.workers = 4   # %s\n", file);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "cache.timeout_ms = 100   # default\n"));
	assert_non_null(strstr(text, "plugins.todo = {\"a\":1}\n"));
	free(text);
	json = xc_settings_json(s);
	assert_non_null(json);
	assert_true(json_object_object_get_ex(json, "server", &value));
	assert_true(json_object_object_get_ex(value, "workers", &value));
	snprintf(want, sizeof(want), "{\"value\":4,\"from\":\"%s\"}", file);
	assert_string_equal(json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_NOSLASHESCAPE), want);
	json_object_put(json);
	xc_settings_free(&s);
}

static void
test_log(void **state)
{
	struct xc_logger logger = XC_LOGGER("plugin.todo");
	struct xc_errbuf errbuf = { "" };
	struct xc_settings *s = load("{\"log\":{\"sink\":\"file\","
	    "\"file\":\"log\",\"level\":\"error\","
	    "\"levels\":{\"plugin.todo\":\"debug\"}}}");

	(void)state;
	assert_int_equal(xc_settings_open_log(s, &errbuf), XC_OK);
	assert_true(xc_logger_enabled(&logger, XC_LOG_DEBUG));
	assert_false(xc_log_host_ops.enabled(NULL, "plugin.x",
	    XC_LOG_WARNING));
	xc_log_close();
	assert_int_equal(access(path_of("log"), F_OK), 0);
	xc_settings_free(&s);
}

static enum xc_err
secret(const char *path, const char *want)
{
	struct xc_errbuf errbuf = { "" };
	char *text = NULL;
	enum xc_err err;

	err = xc_secret_read(path, &text, &errbuf);
	if (err == XC_OK) {
		assert_string_equal(text, want);
	} else {
		assert_null(text);
		assert_non_null(strstr(errbuf.text, path));
	}
	xc_secret_free(&text);
	assert_null(text);
	return err;
}

static void
test_secret(void **state)
{
	char path[160], text[4200];

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("secret"));
	assert_int_equal(secret("", ""), XC_OK);
	assert_int_equal(secret(path, ""), XC_ERR_NOT_FOUND);
	write_file("secret", "open sesame\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(secret(path, ""), XC_ERR_DENIED);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(secret(path, "open sesame"), XC_OK);
	write_file("secret", " two\nlines\n\n");
	assert_int_equal(secret(path, " two\nlines\n"), XC_OK);
	write_file("secret", "\n");
	assert_int_equal(secret(path, ""), XC_ERR_INVALID);
	memset(text, 'x', sizeof(text));
	text[4096] = '\0';
	write_file("secret", text);
	assert_int_equal(secret(path, text), XC_OK);
	text[4096] = 'x';
	text[4097] = '\0';
	write_file("secret", text);
	assert_int_equal(secret(path, ""), XC_ERR_TOO_LARGE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(secret(path, ""), XC_ERR_INVALID);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(secret(path, ""), XC_ERR_INVALID);
	if (geteuid() == 0) {
		assert_int_equal(rmdir(path), 0);
		write_file("secret", "x");
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(chown(path, 12345, 0), 0);
		/* The server's own, read by root's tools. */
		assert_int_equal(secret(path, "x"), XC_OK);
		assert_int_equal(seteuid(12346), 0);
		assert_int_equal(secret(path, ""), XC_ERR_DENIED);
		assert_int_equal(seteuid(0), 0);
	}
}

static char *
source_file(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512], *text;
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", top == NULL ? "." : top, name);
	in = fopen(path, "r");
	if (in == NULL)
		fail_msg("%s cannot be read", path);
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, in);
	assert_true(n > 0);
	fclose(in);
	return text;
}

static void
test_limits(void **state)
{
	struct xc_settings *s = load("{\"limits\": {\"cpu_ms\": 200,"
	    " \"rate\": 50}, \"sandbox\": {\"isolation\": \"request\"}}");
	struct xc_limits limits;

	(void)state;
	xc_settings_limits(s, &limits);
	assert_int_equal(limits.cpu_ms, 200);
	assert_int_equal(limits.timeout_ms, 30000);
	assert_int_equal(limits.memory_mb, 128);
	assert_int_equal(limits.rate, 50);
	assert_int_equal(limits.files, 32);
	assert_int_equal(limits.threads, 8);
	assert_int_equal(limits.reply_kb, 8192);
	assert_string_equal(s->sandbox.isolation, "request");
	assert_int_equal(s->quarantine.faults, 5);
	assert_false(s->quarantine.demote);
	xc_settings_free(&s);
	assert_string_equal(refused("{\"limits\": {\"cpu_m\": 1}}"),
	    "xcore.json:1:13: limits.cpu_m: unknown key; did you mean "
	    "\"limits.cpu_ms\"?");
	assert_non_null(strstr(refused("{\"sandbox\": {\"isolation\":"
	    " \"jail\"}}"), "sandbox.isolation"));
	assert_non_null(strstr(refused("{\"quarantine\": {\"faults\":"
	    " -1}}"), "quarantine.faults"));
}

/* The manual and the sample name each key; the sample takes all defaults. */
static void
test_documented(void **state)
{
	char *manual = source_file("doc/xcore.json.5");
	char *sample = source_file("src/config/xcore.json");
	struct xc_settings *s = load(sample);
	size_t i;

	(void)state;
	for (i = 0; i < xc_settings_table_len; i++) {
		const struct xc_setting *row = &xc_settings_table[i];
		char want[128];

		snprintf(want, sizeof(want), ".It Ic %s.%s\n", row->section,
		    row->key);
		if (strstr(manual, want) == NULL)
			fail_msg("xcore.json(5) lacks %s.%s", row->section,
			    row->key);
		snprintf(want, sizeof(want), "// \"%s\": ", row->key);
		if (strstr(sample, want) == NULL)
			fail_msg("xcore.json lacks %s.%s", row->section,
			    row->key);
		assert_null(s->origins[i].from);
	}
	xc_settings_free(&s);
	free(sample);
	free(manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_defaults),
		T(test_values),
		T(test_unknown),
		T(test_types),
		T(test_not_json),
		T(test_deep),
		T(test_files),
		T(test_parts),
		T(test_environment),
		T(test_bad_environment),
		T(test_dump),
		T(test_log),
		T(test_secret),
		T(test_limits),
		T(test_documented),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

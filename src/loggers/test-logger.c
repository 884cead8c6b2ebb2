/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "logger.h"
#include "record.h"
#include "rules.h"

static char folder[64];
static char file[96];

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/xcore-log.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/log", folder);
	return 0;
}

static void
remove_in(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static int
tear_down(void **state)
{
	(void)state;
	xc_log_close();
	remove_in("log");
	remove_in("log.1");
	remove_in("stderr");
	rmdir(folder);
	return 0;
}

static void
open_log(enum xc_log_format format)
{
	struct xc_log_settings settings = { .sink = XC_LOG_FILE,
		.format = format, .file = file, .level = XC_LOG_NOTICE };
	struct xc_errbuf errbuf = { "" };

	if (xc_log_open(&settings, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
}

/* The whole of a file; static. */
static const char *
content(const char *path)
{
	static char text[65536];
	FILE *in = fopen(path, "r");
	size_t n;

	assert_non_null(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	return text;
}

static size_t
text_of(const char *name, const char *id, const char *text, char *out)
{
	struct xc_record record = {
		.time = { .tv_sec = 1795392000, .tv_nsec = 123456789 },
		.level = XC_LOG_NOTICE, .name = name, .pid = 42,
		.request_id = id, .text = text,
	};
	size_t n = xc_record_text(&record, false, out);

	out[n] = '\0';
	return n;
}

static size_t
json_of(const char *id, const char *text, char *out)
{
	struct xc_record record = {
		.time = { .tv_sec = 1795392000, .tv_nsec = 123456789 },
		.level = XC_LOG_ERROR, .name = "xcore.worker", .pid = 42,
		.request_id = id, .text = text,
	};
	size_t n = xc_record_json(&record, out);

	out[n] = '\0';
	return n;
}

static void
test_text(void **state)
{
	char line[XC_RECORD_SIZE + 1];

	(void)state;
	text_of("xcore.worker", NULL, "started", line);
	assert_string_equal(line, "2026-11-23T00:00:00.123Z NOTICE "
	    "xcore.worker[42] started\n");
	text_of("plugin.todo", "abc", "a \"b\" \xc3\xbc", line);
	assert_string_equal(line, "2026-11-23T00:00:00.123Z NOTICE "
	    "plugin.todo[42] a \"b\" \xc3\xbc request_id=abc\n");
	text_of("x", "i\nd", "a\nb\r\tc\\ \x1b[31m \x7f \xc2\x9b \xff "
	    "\xed\xa0\x80 \xc0\x80 \xf4\x90\x80\x80", line);
	assert_string_equal(line, "2026-11-23T00:00:00.123Z NOTICE x[42] "
	    "a\\nb\\r\\tc\\\\ \\x1b[31m \\x7f \\xc2\\x9b \\xff "
	    "\\xed\\xa0\\x80 \\xc0\\x80 \\xf4\\x90\\x80\\x80 "
	    "request_id=i\\nd\n");
}

static void
test_json(void **state)
{
	char line[XC_RECORD_SIZE + 1];

	(void)state;
	json_of(NULL, "a", line);
	assert_string_equal(line, "{\"time\":\"2026-11-23T00:00:00.123Z\","
	    "\"level\":\"error\",\"logger\":\"xcore.worker\",\"pid\":42,"
	    "\"message\":\"a\"}\n");
	json_of("r1", "\"}\n{\"\x01\xff\\\xc3\xbc", line);
	assert_non_null(strstr(line, "\"request_id\":\"r1\",\"message\":"
	    "\"\\\"}\\n{\\\"\\u0001\\ufffd\\\\\xc3\xbc\"}\n"));
}

/* Which trace a request is a part of stands on its records alone, in JSON. */
static void
test_trace(void **state)
{
	struct xc_logger logger = XC_LOGGER("xcore.x");
	const char *text;

	(void)state;
	open_log(XC_LOG_JSON);
	xc_log_trace("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	xc_logf_request(&logger, XC_LOG_NOTICE, "r1", "one");
	xc_logf(&logger, XC_LOG_NOTICE, "two");
	xc_log_trace(NULL);
	xc_logf_request(&logger, XC_LOG_NOTICE, "r2", "three");
	text = content(file);
	assert_non_null(strstr(text, "\"request_id\":\"r1\",\"trace_id\":"
	    "\"0af7651916cd43dd8448eb211c80319c\",\"message\":\"one\"}"));
	assert_non_null(strstr(text, ",\"message\":\"two\"}"));
	assert_null(strstr(strstr(text, "one"), "trace_id"));
	open_log(XC_LOG_TEXT);
	xc_log_trace("0af7651916cd43dd8448eb211c80319c");
	xc_logf_request(&logger, XC_LOG_NOTICE, "r4", "four");
	xc_log_trace(NULL);
	assert_non_null(strstr(content(file), "four request_id=r4\n"));
}

/* Whatever is cut: it stays one line of at most XC_RECORD_SIZE bytes, made
 * of whole characters and whole escapes. */
static void
test_cut(void **state)
{
	static const char *const pieces[] = { "x", "\n", "\xc3\xbc", "\xff",
		"\xf0\x9f\x98\x80", "\"" };
	char line[XC_RECORD_SIZE + 1], text[XC_RECORD_SIZE * 2];
	size_t i, n, len;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		text[0] = '\0';
		len = strlen(pieces[i]);
		for (n = 0; n + len < sizeof(text) - 1; n += len)
			memcpy(text + n, pieces[i], len + 1);
		n = text_of("name", "id", text, line);
		assert_true(n <= XC_RECORD_SIZE && n > XC_RECORD_SIZE - 20);
		assert_string_equal(line + n - 18, "... request_id=id\n");
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
		n = json_of(NULL, text, line);
		assert_true(n <= XC_RECORD_SIZE && n > XC_RECORD_SIZE - 20);
		assert_string_equal(line + n - 6, "...\"}\n");
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
	}
	memset(text, 'i', 1000);
	text[1000] = '\0';
	n = text_of(text, text, "message", line);
	assert_true(n < 600);
	assert_non_null(strstr(line, "message"));
}

static void
test_levels(void **state)
{
	struct xc_logger worker = XC_LOGGER("xcore.worker");
	struct xc_logger other = XC_LOGGER("xcore.workers");
	char name[XC_RULE_NAME_SIZE + 1];
	enum xc_log_level level;
	int i;

	(void)state;
	open_log(XC_LOG_TEXT);
	assert_true(xc_logger_enabled(&worker, XC_LOG_NOTICE));
	assert_false(xc_logger_enabled(&worker, XC_LOG_INFO));
	assert_int_equal(xc_log_set_level("xcore", XC_LOG_ERROR), XC_OK);
	assert_int_equal(xc_log_set_level("xcore.worker", XC_LOG_DEBUG),
	    XC_OK);
	assert_true(xc_logger_enabled(&worker, XC_LOG_DEBUG));
	assert_false(xc_logger_enabled(&other, XC_LOG_WARNING));
	assert_true(xc_log_host_ops.enabled(NULL, "xcore.worker.sub",
	    XC_LOG_DEBUG));
	assert_false(xc_log_host_ops.enabled(NULL, "plugin.x", XC_LOG_INFO));
	assert_int_equal(xc_log_set_level("", XC_LOG_INFO), XC_OK);
	assert_true(xc_log_host_ops.enabled(NULL, "plugin.x", XC_LOG_INFO));
	assert_int_equal(xc_log_unset_level(""), XC_OK);
	assert_int_equal(xc_log_unset_level(""), XC_ERR_NOT_FOUND);
	assert_int_equal(xc_log_unset_level("xcore.worker"), XC_OK);
	assert_int_equal(xc_log_unset_level("xcore.worker"),
	    XC_ERR_NOT_FOUND);
	assert_false(xc_logger_enabled(&worker, XC_LOG_WARNING));
	assert_int_equal(xc_log_set_level("Xcore", XC_LOG_DEBUG),
	    XC_ERR_INVALID);
	assert_int_equal(xc_log_set_level("a..b", XC_LOG_DEBUG),
	    XC_ERR_INVALID);
	assert_int_equal(xc_log_set_level("a.", XC_LOG_DEBUG),
	    XC_ERR_INVALID);
	memset(name, 'a', sizeof(name));
	name[XC_RULE_NAME_SIZE] = '\0';
	assert_int_equal(xc_log_set_level(name, XC_LOG_DEBUG),
	    XC_ERR_INVALID);
	for (i = 1; i < XC_RULES_MAX; i++) {
		snprintf(name, sizeof(name), "plugin.p%d", i);
		assert_int_equal(xc_log_set_level(name, XC_LOG_INFO), XC_OK);
	}
	assert_int_equal(xc_log_set_level("plugin.more", XC_LOG_INFO),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_log_set_level("plugin.p1", XC_LOG_DEBUG), XC_OK);
	assert_true(xc_log_level_parse("warning", &level));
	assert_int_equal(level, XC_LOG_WARNING);
	assert_false(xc_log_level_parse("warn", &level));
}

static void
count_rule(void *ctx, const char *name, enum xc_log_level level)
{
	assert_true(*name == '\0' || level == XC_LOG_DEBUG);
	++*(int *)ctx;
}

/* A level set by one process is seen by all. */
static void
test_levels_shared(void **state)
{
	struct xc_logger logger = XC_LOGGER("plugin.todo");
	int pipes[2], status, rules = 0;
	char byte = 0;
	pid_t pid;

	(void)state;
	open_log(XC_LOG_TEXT);
	assert_false(xc_logger_enabled(&logger, XC_LOG_DEBUG));
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* The parent asked before the fork: what the logger knows
		 * from then must not last. */
		if (read(pipes[0], &byte, 1) != 1)
			_exit(1);
		_exit(xc_logger_enabled(&logger, XC_LOG_DEBUG) &&
		    xc_log_set_level("plugin", XC_LOG_DEBUG) == XC_OK ? 0 :
		    1);
	}
	assert_int_equal(xc_log_set_level("plugin.todo", XC_LOG_DEBUG),
	    XC_OK);
	assert_int_equal(write(pipes[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(xc_log_host_ops.enabled(NULL, "plugin.x", XC_LOG_DEBUG));
	xc_log_each_level(count_rule, &rules);
	assert_int_equal(rules, 3);
	close(pipes[0]);
	close(pipes[1]);
}

/* Readers see whole tables while another process writes them. */
static void
test_levels_race(void **state)
{
	int status, i;
	pid_t pid;

	(void)state;
	open_log(XC_LOG_TEXT);
	assert_int_equal(xc_log_set_level("plugin.todo", XC_LOG_DEBUG),
	    XC_OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (i = 0; i < 20000; i++) {
			xc_log_set_level("plugin", i % 2 == 0 ?
			    XC_LOG_ERROR : XC_LOG_INFO);
			xc_log_set_level("plugin.a", XC_LOG_ERROR);
			xc_log_unset_level("plugin.a");
		}
		_exit(0);
	}
	do {
		unsigned version;

		for (i = 0; i < 1000; i++)
			assert_int_equal(xc_rules_level("plugin.todo",
			    &version), XC_LOG_DEBUG);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
}

#define WRITERS	8
#define RECORDS	2000

static void
write_many(int who)
{
	struct xc_logger logger = XC_LOGGER("xcore.worker");
	char text[600];
	int i;

	for (i = 0; i < RECORDS; i++) {
		memset(text, 'a' + who, sizeof(text));
		text[1 + (i * 37) % 598] = '\0';
		xc_logf_request(&logger, XC_LOG_NOTICE, "id", "<%s>", text);
	}
}

/* One line by one writer, whole. */
static void
check_line(const char *line)
{
	const char *open = strchr(line, '<'), *close = strchr(line, '>');

	assert_true(line[0] == '2' && open != NULL && close != NULL);
	assert_int_equal(strspn(open + 1, (char[]){ open[1], '\0' }),
	    close - open - 1);
	assert_string_equal(close, "> request_id=id\n");
	assert_null(strchr(open + 1, '<'));
}

static void
test_many_writers(void **state)
{
	char line[XC_RECORD_SIZE + 1];
	pid_t pids[WRITERS];
	int i, status, n = 0;
	FILE *in;

	(void)state;
	open_log(XC_LOG_TEXT);
	for (i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			write_many(i);
			_exit(0);
		}
	}
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	in = fopen(file, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in) != NULL) {
		check_line(line);
		n++;
	}
	fclose(in);
	assert_int_equal(n, WRITERS * RECORDS);
}

static void
test_reopen(void **state)
{
	struct xc_logger logger = XC_LOGGER("xcore.x");
	struct xc_errbuf errbuf = { "" };
	char moved[128];
	struct stat st;

	(void)state;
	open_log(XC_LOG_TEXT);
	xc_logf(&logger, XC_LOG_NOTICE, "first");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0);
	snprintf(moved, sizeof(moved), "%s.1", file);
	assert_int_equal(rename(file, moved), 0);
	xc_logf(&logger, XC_LOG_NOTICE, "second");
	assert_int_equal(xc_log_reopen(&errbuf), XC_OK);
	xc_logf(&logger, XC_LOG_NOTICE, "third");
	assert_non_null(strstr(content(moved), "second\n"));
	assert_null(strstr(content(moved), "third"));
	assert_non_null(strstr(content(file), "third\n"));
	assert_null(strstr(content(file), "second"));
	/* What cannot be opened leaves what was. */
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(xc_log_reopen(&errbuf), XC_ERR_IO);
	assert_non_null(strstr(errbuf.text, file));
	assert_int_equal(rmdir(file), 0);
	xc_logf(&logger, XC_LOG_NOTICE, "fourth");
}

static void
test_not_writable(void **state)
{
	struct xc_log_settings settings = { .sink = XC_LOG_FILE,
		.file = "/nonexistent/folder/log", .level = XC_LOG_NOTICE };
	struct xc_errbuf errbuf = { "" };

	(void)state;
	assert_int_equal(xc_log_open(&settings, &errbuf), XC_ERR_IO);
	assert_non_null(strstr(errbuf.text, "/nonexistent/folder/log"));
	settings.file = "";
	assert_int_equal(xc_log_open(&settings, &errbuf), XC_ERR_INVALID);
}

/* Runs fn in a child with its stderr in a file; what it wrote there. */
static const char *
stderr_of(void (*fn)(void))
{
	char path[128];
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/stderr", folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fd, STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return content(path);
}

static void
write_to_full(void)
{
	struct xc_log_settings settings = { .sink = XC_LOG_FILE,
		.format = XC_LOG_TEXT, .file = "/dev/full",
		.level = XC_LOG_NOTICE };
	struct xc_logger logger = XC_LOGGER("xcore.x");
	int i;

	if (xc_log_open(&settings, NULL) != XC_OK)
		_exit(1);
	for (i = 0; i < 3; i++)
		xc_logf(&logger, XC_LOG_NOTICE, "record %d", i);
}

/* A full disk: one warning, and the records go to stderr. */
static void
test_full(void **state)
{
	const char *text, *first;

	(void)state;
	text = stderr_of(write_to_full);
	assert_non_null(strstr(text, "record 0\n"));
	assert_non_null(strstr(text, "record 2\n"));
	first = strstr(text, "could not be written to /dev/full");
	assert_non_null(first);
	assert_null(strstr(first + 1, "could not be written"));
}

static void
write_to_stuck_pipe(void)
{
	struct xc_logger logger = XC_LOGGER("xcore.x");
	struct xc_log_settings settings = { .format = XC_LOG_TEXT,
		.level = XC_LOG_NOTICE };
	int pipes[2], i;

	if (pipe(pipes) != 0)
		_exit(1);
	dup2(pipes[1], STDERR_FILENO);
	if (xc_log_open(&settings, NULL) != XC_OK)
		_exit(1);
	/* Nobody reads: this ends all the same. */
	for (i = 0; i < 5000; i++)
		xc_logf(&logger, XC_LOG_NOTICE, "%0500d", i);
}

static void
test_stuck_pipe(void **state)
{
	(void)state;
	assert_string_equal(stderr_of(write_to_stuck_pipe), "");
}

static void
test_formats(void **state)
{
	struct xc_logger logger = XC_LOGGER("xcore.x");

	(void)state;
	/* A file is no terminal: JSON. */
	open_log(XC_LOG_AUTO);
	xc_logf(&logger, XC_LOG_NOTICE, "a\n%s", "b");
	assert_true(content(file)[0] == '{');
	assert_non_null(strstr(content(file), "\"message\":\"a\\nb\"}\n"));
	xc_logf(&logger, XC_LOG_DEBUG, "hidden");
	xc_log_host_ops.write(NULL, "plugin.todo", XC_LOG_DEBUG, "i", "hid");
	assert_null(strstr(content(file), "hid"));
	xc_log_host_ops.write(NULL, "plugin.todo", XC_LOG_ERROR, "i", "%s");
	assert_non_null(strstr(content(file), "\"logger\":\"plugin.todo\""));
	assert_non_null(strstr(content(file), "\"message\":\"%s\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_text),
		T(test_json),
		T(test_trace),
		T(test_cut),
		T(test_levels),
		T(test_levels_shared),
		T(test_levels_race),
		T(test_many_writers),
		T(test_reopen),
		T(test_not_writable),
		T(test_full),
		T(test_stuck_pipe),
		T(test_formats),
	};

	return cmocka_run_group_tests_name("logger", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The verb test: the plugin's requests, in a sandbox, without a server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/settings.h"
#include "tools/xcore-install-test.h"

#define START_MS 60000

enum xc_exit
xc_tool_subject(struct xc_tool *tool, const char *folder,
    struct xc_subject **subject_r)
{
	struct json_object *settings = NULL;
	const char *name = strrchr(folder, '/');
	enum xc_err err;

	*subject_r = NULL;
	name = name != NULL && name[1] != '\0' ? name + 1 : folder;
	if (tool->config != NULL) {
		if (xc_settings_load(tool->config, &tool->settings,
		    &tool->errbuf) != XC_OK)
			return XC_EXIT_FAILED;
		settings = xc_json_member(tool->settings->plugins, name);
	}
	err = xc_subject_open(folder, settings, NULL, subject_r,
	    &tool->errbuf);
	return xc_exit_of(err);
}

/* The log of a test that failed, indented. */
static void
print_log(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		fputs("    | ", stdout);
		for (size_t i = 0; i < len; i++)
			putchar((unsigned char)text[i] < ' ' &&
			    text[i] != '\t' ? '?' : text[i]);
		putchar('\n');
		text += len + (text[len] == '\n');
	}
}

static void
print_verdict(const struct xc_tool *tool, const struct xc_case *test,
    const struct xc_verdict *verdict, const struct xc_fakes *fakes)
{
	if (tool->json)
		return;
	if (verdict->passed) {
		if (!tool->quiet)
			printf("ok      %s: %s\n", test->file, test->name);
		return;
	}
	printf("FAILED  %s: %s\n    %s\n", test->file, test->name,
	    verdict->reason);
	print_log(xc_fakes_log(fakes));
}

static struct json_object *
row_of(const struct xc_case *test, const struct xc_verdict *verdict)
{
	struct json_object *row = json_object_new_object();
	char ms[32];

	snprintf(ms, sizeof(ms), "%.3f", verdict->ms);
	json_object_object_add(row, "file",
	    json_object_new_string(test->file));
	json_object_object_add(row, "name",
	    json_object_new_string(test->name));
	json_object_object_add(row, "passed",
	    json_object_new_boolean(verdict->passed));
	json_object_object_add(row, "status",
	    json_object_new_int(verdict->status));
	json_object_object_add(row, "ms",
	    json_object_new_double_s(verdict->ms, ms));
	if (!verdict->passed)
		json_object_object_add(row, "reason",
		    json_object_new_string(verdict->reason));
	return row;
}

size_t
xc_tool_run_cases(struct xc_tool *tool, struct xc_tester *tester,
    const struct xc_cases *cases, struct json_object *rows)
{
	struct xc_verdict *verdict = calloc(1, sizeof(*verdict));
	size_t failed = 0;

	for (size_t i = 0; verdict != NULL && i < cases->n; i++) {
		xc_tester_run(tester, &cases->rows[i], verdict);
		failed += !verdict->passed;
		print_verdict(tool, &cases->rows[i], verdict,
		    xc_tester_fakes(tester));
		json_object_array_add(rows, row_of(&cases->rows[i],
		    verdict));
	}
	free(verdict);
	return verdict != NULL ? failed : cases->n;
}

static enum xc_exit
run_cases(struct xc_tool *tool, struct xc_tester *tester,
    const struct xc_cases *cases)
{
	struct json_object *rows = json_object_new_array();
	const char *name = xc_tester_subject(tester)->plugin.name;
	size_t failed;

	failed = xc_tool_run_cases(tool, tester, cases, rows);
	xc_tester_stop(tester);
	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "plugin",
	    json_object_new_string(name));
	json_object_object_add(tool->data, "passed",
	    json_object_new_int64((int64_t)(cases->n - failed)));
	json_object_object_add(tool->data, "failed",
	    json_object_new_int64((int64_t)failed));
	json_object_object_add(tool->data, "tests", rows);
	if (!tool->json)
		printf("%s: %zu passed, %zu failed\n", name,
		    cases->n - failed, failed);
	if (failed == 0)
		return XC_EXIT_DONE;
	return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_INVALID,
	    "%zu of %zu tests failed", failed, cases->n));
}

enum xc_exit
xc_tool_test(struct xc_tool *tool)
{
	const struct xc_tester_options options = { .start_ms = START_MS,
		.slow = 1 };
	const char *sources = tool->argv[tool->argc > 1 ? 1 : 0];
	struct xc_tester *tester = NULL;
	struct xc_subject *subject;
	struct xc_cases cases;
	enum xc_exit code;

	code = xc_exit_of(xc_cases_read(sources, &cases, &tool->errbuf));
	if (code != XC_EXIT_DONE)
		return code;
	code = xc_tool_subject(tool, tool->argv[0], &subject);
	if (code == XC_EXIT_DONE)
		code = xc_exit_of(xc_tester_create(subject, &options, &tester,
		    &tool->errbuf));
	if (code == XC_EXIT_DONE)
		code = xc_exit_of(xc_tester_start(tester, &tool->errbuf));
	if (code == XC_EXIT_DONE)
		code = run_cases(tool, tester, &cases);
	xc_tester_free(&tester);
	xc_cases_free(&cases);
	return code;
}

/* SPDX-License-Identifier: MIT */
/*
 * The verb profile: runs a plugin's tests while somebody watches, and tells
 * what it used beside what it asks for.
 *
 * The tests run in a child of ours, which hosts the sandboxes; we trace it,
 * and it tells us in shared memory what it is at.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "kit/tracer.h"
#include "plugin/build.h"
#include "tools/xcore-install-test.h"

#define SLOW 20			/* a traced process is so much slower */
#define START_MS 120000
#define RESULT_MAX (4u << 20)

/* What the host tells us. */
struct shared {
	volatile uint32_t phase;	/* enum xc_phase */
	uint32_t len;		/* of the text; 0: it did not come so far */
	char text[RESULT_MAX];	/* JSON */
};

/* ---- in the child that hosts -------------------------------------------- */

static struct json_object *
run_all(struct xc_tool *tool, struct xc_tester *tester,
    const struct xc_cases *cases)
{
	struct json_object *result = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	size_t failed;

	failed = xc_tool_run_cases(tool, tester, cases, rows);
	xc_tester_stop(tester);
	json_object_object_add(result, "tests", rows);
	json_object_object_add(result, "failed",
	    json_object_new_int64((int64_t)failed));
	json_object_object_add(result, "uses", json_object_get(
	    xc_fakes_uses(xc_tester_fakes(tester))));
	json_object_object_add(result, "denied", json_object_get(
	    xc_tester_denied(tester)));
	return result;
}

static struct json_object *
host_tests(struct xc_tool *tool, struct xc_subject *subject,
    const struct xc_cases *cases, struct shared *shared)
{
	const struct xc_tester_options options = { .start_ms = START_MS,
		.slow = SLOW, .trace = true, .allow_all = true,
		.phase = &shared->phase };
	struct xc_tester *tester = NULL;
	struct xc_errbuf why = { "" };
	struct json_object *result = NULL;

	if (xc_tester_create(subject, &options, &tester, &why) == XC_OK &&
	    xc_tester_start(tester, &why) == XC_OK)
		result = run_all(tool, tester, cases);
	if (result == NULL) {
		result = json_object_new_object();
		json_object_object_add(result, "reason",
		    json_object_new_string(why.text));
	}
	xc_tester_free(&tester);
	return result;
}

static void __attribute__((noreturn))
run_host(struct xc_tool *tool, struct xc_subject *subject,
    const struct xc_cases *cases, struct shared *shared)
{
	struct json_object *result;
	const char *text;
	size_t len;

	/* Until we are watched. */
	raise(SIGSTOP);
	result = host_tests(tool, subject, cases, shared);
	text = json_object_to_json_string_length(result,
	    JSON_C_TO_STRING_PLAIN, &len);
	if (text != NULL && len < sizeof(shared->text)) {
		memcpy(shared->text, text, len);
		shared->len = (uint32_t)len;
	}
	fflush(stdout);
	_exit(0);
}

/* ---- what it came to ---------------------------------------------------- */

static char *
call_name(unsigned number)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
	    (int)number);

	if (name == NULL && asprintf(&name, "%u", number) == -1)
		return NULL;
	return name;
}

static struct json_object *
calls_json(const struct xc_tracer *tracer, enum xc_traced part)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < XC_TRACER_CALLS; i++) {
		struct json_object *row;
		char *name;

		if (tracer->calls[part][i] == 0)
			continue;
		row = json_object_new_object();
		name = call_name(i);
		json_object_object_add(row, "name",
		    json_object_new_string(name != NULL ? name : "?"));
		json_object_object_add(row, "n", json_object_new_int64(
		    (int64_t)tracer->calls[part][i]));
		json_object_object_add(row, "refused", json_object_new_int64(
		    (int64_t)tracer->refused[part][i]));
		json_object_array_add(list, row);
		free(name);
	}
	return list;
}

static struct json_object *
paths_json(const struct xc_tracer *tracer, enum xc_traced part)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < tracer->n_paths; i++) {
		const struct xc_traced_path *path = &tracer->paths[i];
		struct json_object *row;

		if (path->part != part)
			continue;
		row = json_object_new_object();
		json_object_object_add(row, "path",
		    json_object_new_string(path->path));
		json_object_object_add(row, "n",
		    json_object_new_int64((int64_t)path->n));
		json_object_object_add(row, "found",
		    json_object_new_boolean(path->opened));
		if (!path->opened)
			json_object_object_add(row, "error",
			    json_object_new_string(
			    strerrorname_np(path->error)));
		json_object_array_add(list, row);
	}
	return list;
}

static struct json_object *
parts_json(const struct xc_tracer *tracer)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < XC_TRACED__MAX; i++) {
		struct json_object *row = json_object_new_object();
		enum xc_traced part = (enum xc_traced)i;

		json_object_object_add(row, "part",
		    json_object_new_string(xc_traced_name(part)));
		json_object_object_add(row, "calls",
		    calls_json(tracer, part));
		json_object_object_add(row, "paths",
		    paths_json(tracer, part));
		json_object_array_add(list, row);
	}
	return list;
}

/* Whether what was used is covered by what is asked for. */
static bool
is_used(struct json_object *uses, const char *asked)
{
	if (strcmp(asked, "http:*") != 0)
		return xc_json_member(uses, asked) != NULL;
	json_object_object_foreach(uses, name, n) {
		(void)n;
		if (strncmp(name, "http:", 5) == 0)
			return true;
	}
	return false;
}

static void
add_unasked(const struct xc_subject *subject, struct json_object *uses,
    struct json_object *list)
{
	if (uses == NULL)
		return;
	json_object_object_foreach(uses, name, n) {
		(void)n;
		if (!xc_subject_asks(subject, name))
			json_object_array_add(list,
			    json_object_new_string(name));
	}
}

static struct json_object *
permissions_json(const struct xc_subject *subject,
    struct json_object *result)
{
	const struct xc_manifest *manifest = subject->manifest;
	struct json_object *uses = xc_json_member(result, "uses");
	struct json_object *all = json_object_new_object();
	struct json_object *asked = json_object_new_array();
	struct json_object *unused = json_object_new_array();
	struct json_object *unasked = json_object_new_array();

	for (size_t i = 0; i < manifest->n_permissions; i++) {
		const char *text = manifest->permissions[i];

		json_object_array_add(asked, json_object_new_string(text));
		if (uses != NULL && !is_used(uses, text))
			json_object_array_add(unused,
			    json_object_new_string(text));
	}
	add_unasked(subject, uses, unasked);
	add_unasked(subject, xc_json_member(result, "denied"), unasked);
	json_object_object_add(all, "asked", asked);
	json_object_object_add(all, "used", json_object_get(uses));
	json_object_object_add(all, "asked_not_used", unused);
	json_object_object_add(all, "used_not_asked", unasked);
	return all;
}

/* ---- for people --------------------------------------------------------- */

static void
print_calls(struct json_object *calls, bool refused)
{
	int at = 0;

	for (size_t i = 0; i < json_object_array_length(calls); i++) {
		struct json_object *row = json_object_array_get_idx(calls, i);
		long long n = xc_tool_number(row, refused ? "refused" : "n");
		char text[80];

		if (n == 0)
			continue;
		snprintf(text, sizeof(text), "%s %lld",
		    xc_tool_text(row, "name"), n);
		if (at == 0)
			at = printf("  %-10s", refused ? "REFUSED" :
			    "calls");
		else if (at + (int)strlen(text) > 76)
			at = printf(",\n            ") - 2;
		else
			at += printf(", ");
		at += printf("%s", text);
	}
	if (at > 0)
		putchar('\n');
}

static void
print_part(struct json_object *part)
{
	struct json_object *calls = xc_json_member(part, "calls");
	struct json_object *paths = xc_json_member(part, "paths");

	if (json_object_array_length(calls) == 0)
		return;
	printf("\n%s\n", xc_tool_text(part, "part"));
	print_calls(calls, false);
	print_calls(calls, true);
	for (size_t i = 0; i < json_object_array_length(paths); i++) {
		struct json_object *row = json_object_array_get_idx(paths, i);
		const char *error = xc_tool_text(row, "error");

		printf("  %-10s%s%s%s\n", i == 0 ? "paths" : "",
		    xc_tool_text(row, "path"), error[0] != '\0' ? "  " : "",
		    error);
	}
}

static void
print_list(const char *title, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		printf("  %s: %s\n", title, json_object_get_string(
		    json_object_array_get_idx(list, i)));
}

static void
print_all(struct json_object *data)
{
	struct json_object *parts = xc_json_member(data, "parts");
	struct json_object *all = xc_json_member(data, "permissions");
	struct json_object *used = xc_json_member(all, "used");

	for (size_t i = 0; i < json_object_array_length(parts); i++)
		print_part(json_object_array_get_idx(parts, i));
	printf("\npermissions\n");
	if ((used == NULL || json_object_object_length(used) == 0) &&
	    json_object_array_length(xc_json_member(all, "asked")) == 0)
		printf("  none used, none asked for\n");
	if (used != NULL) {
		json_object_object_foreach(used, name, n)
			printf("  used: %s (%s)\n", name,
			    json_object_get_string(n));
	}
	print_list("asked but never used",
	    xc_json_member(all, "asked_not_used"));
	print_list("used but not asked",
	    xc_json_member(all, "used_not_asked"));
}

/* ---- the verb ----------------------------------------------------------- */

static void
take_output(void *ctx, const char *text, size_t len)
{
	const struct xc_tool *tool = ctx;

	if (tool->verbose)
		fwrite(text, 1, len, stderr);
}

static enum xc_exit
report(struct xc_tool *tool, const struct xc_subject *subject,
    const struct xc_tracer *tracer, struct json_object *result)
{
	const char *reason = xc_json_string(result, "reason");

	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "plugin",
	    json_object_new_string(subject->plugin.name));
	json_object_object_add(tool->data, "isolation",
	    json_object_new_string(xc_isolation_name(
	    subject->plugin.isolation)));
	json_object_object_add(tool->data, "parts", parts_json(tracer));
	json_object_object_add(tool->data, "permissions",
	    permissions_json(subject, result));
	json_object_object_add(tool->data, "tests", json_object_get(
	    xc_json_member(result, "tests")));
	if (!tool->json)
		print_all(tool->data);
	if (reason != NULL)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "%s", reason));
	if (xc_tool_number(result, "failed") != 0)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "%lld of %zu tests failed; what they would have used is "
		    "missing here", xc_tool_number(result, "failed"),
		    json_object_array_length(xc_json_member(result,
		    "tests"))));
	return XC_EXIT_DONE;
}

static enum xc_exit
watch(struct xc_tool *tool, struct xc_subject *subject,
    const struct xc_cases *cases, struct shared *shared,
    struct xc_tracer *tracer)
{
	struct json_object *result = NULL;
	enum xc_exit code;
	int status = 0;
	pid_t host;

	tracer->phase = &shared->phase;
	fflush(stdout);
	host = fork();
	if (host == 0)
		run_host(tool, subject, cases, shared);
	if (host == -1)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_IO,
		    "fork: %s", strerror(errno)));
	code = xc_exit_of(xc_tracer_follow(tracer, host, &status,
	    &tool->errbuf));
	if (code != XC_EXIT_DONE)
		return code;
	if (shared->len > 0)
		xc_json_parse(shared->text, shared->len, &result, NULL, 0);
	if (result == NULL)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_FAILED,
		    "the tests' process ended with status %#x",
		    (unsigned)status));
	code = report(tool, subject, tracer, result);
	json_object_put(result);
	return code;
}

static enum xc_exit
profile(struct xc_tool *tool, const struct xc_cases *cases)
{
	struct xc_tracer *tracer = calloc(1, sizeof(*tracer));
	struct shared *shared = mmap(NULL, sizeof(*shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct xc_subject *subject = NULL;
	enum xc_exit code;

	if (tracer == NULL || shared == MAP_FAILED)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_NOMEM,
		    "out of memory"));
	code = xc_tool_subject(tool, tool->argv[0], &subject);
	if (code == XC_EXIT_DONE)
		code = watch(tool, subject, cases, shared, tracer);
	xc_subject_free(&subject);
	xc_tracer_free(tracer);
	free(tracer);
	munmap(shared, sizeof(*shared));
	return code;
}

enum xc_exit
xc_tool_profile(struct xc_tool *tool)
{
	const char *sources = tool->argv[tool->argc > 1 ? 1 : 0];
	struct xc_cases cases;
	enum xc_exit code;

	if (tool->argc == 1 && !tool->no_make) {
		code = xc_exit_of(xc_build_run(sources, take_output, tool,
		    &tool->errbuf));
		if (code != XC_EXIT_DONE && code != XC_EXIT_NOT_FOUND)
			return code;
	}
	code = xc_exit_of(xc_cases_read(sources, &cases, &tool->errbuf));
	if (code != XC_EXIT_DONE)
		return code;
	if (cases.n == 0)
		xc_tool_warn(tool, "there are no tests in %s/tests: only "
		    "load and start are watched", sources);
	code = profile(tool, &cases);
	xc_cases_free(&cases);
	return code;
}

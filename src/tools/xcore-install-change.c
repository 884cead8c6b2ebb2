/* SPDX-License-Identifier: MIT */
/* The verbs that change what is served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tools/xcore-install.h"

/* What is done to each operand. */
typedef enum xc_exit change_fn(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf);

static void
print_outcome(const struct xc_tool *tool, const struct json_object *data)
{
	const char *version = xc_tool_text(data, "version");

	if (tool->json || tool->quiet || data == NULL)
		return;
	printf("%s%s%s %s (generation %lld)\n", xc_tool_text(data, "name"),
	    version[0] != '\0' ? " " : "", version,
	    xc_tool_text(data, "message"),
	    xc_tool_number(data, "generation"));
	fflush(stdout);
}

/* What became of an operand goes into the answer. */
static void
add_outcome(struct xc_tool *tool, struct json_object *list,
    const char *operand, enum xc_exit code, struct json_object *data,
    const struct xc_errbuf *errbuf)
{
	if (data == NULL) {
		data = json_object_new_object();
		json_object_object_add(data, "name",
		    json_object_new_string(operand));
		json_object_object_add(data, "changed",
		    json_object_new_boolean(false));
	}
	json_object_object_add(data, "code", json_object_new_int((int)code));
	if (code != XC_EXIT_DONE)
		json_object_object_add(data, "message",
		    json_object_new_string(errbuf->text));
	json_object_array_add(list, data);
	/* The first failure is said at the end. */
	if (code == XC_EXIT_DONE || tool->json ||
	    strcmp(errbuf->text, tool->errbuf.text) == 0)
		return;
	xc_tool_warn(tool, "%s", errbuf->text);
}

/* Of several operands it is said which one failed. */
static void
name_operand(const struct xc_tool *tool, const char *operand,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf text = *errbuf;

	if (tool->argc > 1 &&
	    strncmp(text.text, operand, strlen(operand)) != 0)
		xc_fail(errbuf, XC_ERR_FAILED, "%.200s: %.1000s", operand,
		    text.text);
}

/* One round over the operands that are left.  A conflict may be cured by
 * what comes later (a plugin that this one requires): those stay. */
static int
one_round(struct xc_tool *tool, change_fn *change, bool *left,
    struct json_object *list, enum xc_exit *code_r, bool last)
{
	int done = 0;

	for (int i = 0; i < tool->argc; i++) {
		struct json_object *data = NULL;
		struct xc_errbuf errbuf = { "" };
		enum xc_exit code;

		if (!left[i])
			continue;
		code = change(tool, tool->argv[i], &data, &errbuf);
		if (code == XC_EXIT_POLICY || code == XC_EXIT_INVALID)
			xc_tool_refused(tool, data, &errbuf);
		if (code == XC_EXIT_NOT_FOUND)
			xc_tool_suggest(tool, tool->argv[i], &errbuf);
		if (code != XC_EXIT_DONE)
			name_operand(tool, tool->argv[i], &errbuf);
		if (code == XC_EXIT_CONFLICT && !last) {
			json_object_put(data);
			continue;
		}
		left[i] = false;
		done++;
		if (code == XC_EXIT_DONE)
			print_outcome(tool, data);
		else if (*code_r == XC_EXIT_DONE)
			tool->errbuf = errbuf;
		if (*code_r == XC_EXIT_DONE)
			*code_r = code;
		add_outcome(tool, list, tool->argv[i], code, data, &errbuf);
	}
	return done;
}

static enum xc_exit
change_all(struct xc_tool *tool, change_fn *change)
{
	struct json_object *list = json_object_new_array();
	bool *left = calloc((size_t)tool->argc, sizeof(*left));
	enum xc_exit code = XC_EXIT_DONE;

	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "plugins", list);
	if (left == NULL)
		return XC_EXIT_FAILED;
	for (int i = 0; i < tool->argc; i++)
		left[i] = true;
	while (tool->argc > 1 &&
	    one_round(tool, change, left, list, &code, false) > 0)
		continue;
	one_round(tool, change, left, list, &code, true);
	free(left);
	return code;
}

static enum xc_exit
do_install(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install(tool->installer, operand, false, data_r, errbuf);
}

static enum xc_exit
do_update(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install(tool->installer, operand, true, data_r, errbuf);
}

static enum xc_exit
do_enable(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install_enable(tool->installer, operand, data_r, errbuf);
}

static enum xc_exit
do_disable(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install_disable(tool->installer, operand, data_r, errbuf);
}

static enum xc_exit
do_reload(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install_reload(tool->installer, operand, data_r, errbuf);
}

static enum xc_exit
do_rollback(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install_rollback(tool->installer, operand, data_r, errbuf);
}

static enum xc_exit
do_remove(struct xc_tool *tool, const char *operand,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	return xc_install_remove(tool->installer, operand, tool->purge,
	    data_r, errbuf);
}

enum xc_exit
xc_tool_install(struct xc_tool *tool)
{
	return change_all(tool, do_install);
}

enum xc_exit
xc_tool_update(struct xc_tool *tool)
{
	return change_all(tool, do_update);
}

enum xc_exit
xc_tool_enable(struct xc_tool *tool)
{
	return change_all(tool, do_enable);
}

enum xc_exit
xc_tool_disable(struct xc_tool *tool)
{
	return change_all(tool, do_disable);
}

enum xc_exit
xc_tool_reload(struct xc_tool *tool)
{
	return change_all(tool, do_reload);
}

enum xc_exit
xc_tool_rollback(struct xc_tool *tool)
{
	return change_all(tool, do_rollback);
}

enum xc_exit
xc_tool_remove(struct xc_tool *tool)
{
	return change_all(tool, do_remove);
}

enum xc_exit
xc_tool_verify(struct xc_tool *tool)
{
	const char *name = tool->argc > 0 ? tool->argv[0] : NULL;
	struct json_object *checks = NULL;
	enum xc_exit code;

	code = xc_install_verify(tool->installer, name, &tool->data,
	    &tool->errbuf);
	if (code == XC_EXIT_NOT_FOUND && name != NULL)
		xc_tool_suggest(tool, name, &tool->errbuf);
	if (tool->json || tool->data == NULL ||
	    !json_object_object_get_ex(tool->data, "checks", &checks))
		return code;
	for (size_t i = 0; i < json_object_array_length(checks); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(checks, i);

		printf("%-20s %-14s %-9s %s%s%s\n",
		    xc_tool_text(row, "name"), xc_tool_text(row, "version"),
		    xc_tool_text(row, "where"), xc_tool_text(row, "state"),
		    xc_tool_text(row, "detail")[0] != '\0' ? ": " : "",
		    xc_tool_text(row, "detail"));
	}
	return code;
}

enum xc_exit
xc_tool_gc(struct xc_tool *tool)
{
	enum xc_exit code;

	code = xc_install_gc(tool->installer, &tool->data, &tool->errbuf);
	if (code != XC_EXIT_DONE || tool->json || tool->quiet)
		return code;
	printf("%s%lld packages, %lld folders (%lld bytes), %lld trials, "
	    "%lld hosts\n", tool->dry_run ? "would remove " : "removed ",
	    xc_tool_number(tool->data, "packages"),
	    xc_tool_number(tool->data, "folders"),
	    xc_tool_number(tool->data, "bytes"),
	    xc_tool_number(tool->data, "trials"),
	    xc_tool_number(tool->data, "hosts"));
	return code;
}

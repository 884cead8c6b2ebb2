/* SPDX-License-Identifier: MIT */
/* The developer's verbs: pack, build, build --watch. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/build.h"
#include "plugin/file.h"
#include "plugin/validate.h"
#include "plugin/watch.h"
#include "tools/xcore-install.h"

/* What make said, for --json; its end if it is long. */
#define OUTPUT_MAX 65536

struct output {
	const struct xc_tool *tool;
	char *text;
	size_t len;
};

static volatile sig_atomic_t ending;

static void
on_end(int number)
{
	(void)number;
	ending = 1;
}

enum xc_err
xc_tool_write_file(const char *path, const void *data, size_t len,
    struct xc_errbuf *errbuf)
{
	char temporary[PATH_MAX];
	enum xc_err err;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the name %s is too long", path);
	if (unlink(temporary) != 0 && errno != ENOENT)
		return xc_fail(errbuf, XC_ERR_IO, "cannot replace %s: %s",
		    temporary, strerror(errno));
	err = xc_file_write_at(AT_FDCWD, temporary, 0644, data, len, errbuf);
	if (err == XC_OK && rename(temporary, path) != 0)
		err = xc_fail(errbuf, XC_ERR_IO, "cannot make %s: %s", path,
		    strerror(errno));
	if (err != XC_OK)
		unlink(temporary);
	return err;
}

static enum xc_err
pack(struct xc_tool *tool, const struct xc_package *package)
{
	const struct xc_manifest *manifest = package->manifest;
	struct xc_notes faults = { 0 };
	char path[PATH_MAX];
	void *data;
	size_t len;
	enum xc_err err;

	if (tool->output != NULL)
		snprintf(path, sizeof(path), "%s", tool->output);
	else
		snprintf(path, sizeof(path), "%s-%s.xcp", manifest->name,
		    manifest->version);
	err = xc_validate_package(package, &faults, &tool->errbuf);
	if (faults.n > 0) {
		tool->data = json_object_new_object();
		json_object_object_add(tool->data, "faults",
		    xc_notes_json(&faults));
		xc_tool_refused(tool, tool->data, &tool->errbuf);
	}
	xc_notes_free(&faults);
	if (err == XC_OK)
		err = xc_package_pack(package, &data, &len, &tool->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_tool_write_file(path, data, len, &tool->errbuf);
	free(data);
	if (err != XC_OK)
		return err;
	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "file",
	    json_object_new_string(path));
	json_object_object_add(tool->data, "hash",
	    json_object_new_string(package->hash));
	json_object_object_add(tool->data, "size",
	    json_object_new_int64((int64_t)len));
	if (!tool->json && !tool->quiet)
		printf("%s\n", path);
	return XC_OK;
}

enum xc_exit
xc_tool_pack(struct xc_tool *tool)
{
	struct xc_package *package;
	enum xc_err err;

	err = xc_package_open(tool->argv[0], &package, &tool->errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	err = pack(tool, package);
	xc_package_free(&package);
	return xc_exit_of(err);
}

static void
take_output(void *ctx, const char *text, size_t len)
{
	struct output *output = ctx;
	size_t over;

	if (!output->tool->json)
		fwrite(text, 1, len, stderr);
	if (output->text == NULL || len > OUTPUT_MAX)
		return;
	if (output->len + len > OUTPUT_MAX) {
		over = output->len + len - OUTPUT_MAX;
		memmove(output->text, output->text + over,
		    output->len - over);
		output->len -= over;
	}
	memcpy(output->text + output->len, text, len);
	output->len += len;
}

static enum xc_err
build_one(struct xc_tool *tool, const char *folder)
{
	struct output output = { .tool = tool };
	struct json_object *row, *list;
	enum xc_err err;

	if (tool->json)
		output.text = malloc(OUTPUT_MAX);
	err = xc_build_run(folder, take_output, &output, &tool->errbuf);
	if (tool->json) {
		row = json_object_new_object();
		json_object_object_add(row, "folder",
		    json_object_new_string(folder));
		json_object_object_add(row, "built",
		    json_object_new_boolean(err == XC_OK));
		json_object_object_add(row, "output",
		    json_object_new_string_len(output.text != NULL ?
		    output.text : "", (int)output.len));
		if (json_object_object_get_ex(tool->data, "builds", &list))
			json_object_array_add(list, row);
	}
	free(output.text);
	return err;
}

static enum xc_exit
build_all(struct xc_tool *tool)
{
	enum xc_err err = XC_OK;

	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "builds",
	    json_object_new_array());
	for (int i = 0; i < tool->argc && err == XC_OK; i++)
		err = build_one(tool, tool->argv[i]);
	return xc_exit_of(err);
}

static void
say(const char *folder, const char *what)
{
	printf("%s: %s\n", folder, what);
	fflush(stdout);
}

/* Builds, unless others do, and installs what came of it. */
static void
serve_folder(struct xc_tool *tool, const char *folder)
{
	struct json_object *data = NULL;
	struct xc_errbuf errbuf = { "" };
	char text[1200];
	enum xc_exit code;

	if (!tool->no_make && build_one(tool, folder) != XC_OK) {
		say(folder, tool->errbuf.text);
		return;
	}
	code = xc_install(tool->installer, folder, false, &data, &errbuf);
	if (code == XC_EXIT_DONE)
		snprintf(text, sizeof(text), "%s %s %s (generation %lld)",
		    xc_tool_text(data, "name"),
		    xc_tool_text(data, "version"),
		    xc_tool_text(data, "message"),
		    xc_tool_number(data, "generation"));
	else
		snprintf(text, sizeof(text), "not installed: %s",
		    errbuf.text);
	json_object_put(data);
	say(folder, text);
}

static void
catch_signals(sigset_t *open_r)
{
	struct sigaction action = { .sa_handler = on_end };
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, open_r);
	sigdelset(open_r, SIGTERM);
	sigdelset(open_r, SIGINT);
}

static bool
signal_waits(void)
{
	sigset_t pending;

	if (sigpending(&pending) != 0)
		return ending != 0;
	return ending || sigismember(&pending, SIGTERM) ||
	    sigismember(&pending, SIGINT);
}

static enum xc_exit
watch_all(struct xc_tool *tool, struct xc_watch *watch, const sigset_t *open)
{
	bool *changed = calloc((size_t)tool->argc, sizeof(*changed));
	enum xc_err err = XC_OK;

	if (changed == NULL)
		return xc_exit_of(xc_fail(&tool->errbuf, XC_ERR_NOMEM,
		    "out of memory"));
	for (int i = 0; i < tool->argc; i++)
		changed[i] = true;
	while (err == XC_OK) {
		for (int i = 0; i < tool->argc && !signal_waits(); i++) {
			if (changed[i])
				serve_folder(tool, tool->argv[i]);
		}
		err = xc_watch_wait(watch, open, changed, &tool->errbuf);
	}
	free(changed);
	return ending ? XC_EXIT_DONE : xc_exit_of(err);
}

/* Each save is installed and waited for, in place of the one before. */
static enum xc_exit
watch(struct xc_tool *tool)
{
	enum xc_watch_kind kind = tool->no_make ? XC_WATCH_BUILT :
	    XC_WATCH_SOURCES;
	struct xc_watch *watched;
	sigset_t open;
	enum xc_exit code;

	tool->replace = true;
	tool->allow_breaking = true;
	tool->wait = true;
	/* Whoever works on it is the one who would be asked. */
	tool->yes = true;
	code = xc_tool_open(tool);
	if (code != XC_EXIT_DONE)
		return code;
	catch_signals(&open);
	code = xc_exit_of(xc_watch_new(tool->argv, (size_t)tool->argc, kind,
	    &watched, &tool->errbuf));
	if (code != XC_EXIT_DONE)
		return code;
	code = watch_all(tool, watched, &open);
	xc_watch_free(&watched);
	return code;
}

enum xc_exit
xc_tool_build(struct xc_tool *tool)
{
	if (tool->types)
		return xc_tool_types(tool);
	return tool->watch ? watch(tool) : build_all(tool);
}

/* SPDX-License-Identifier: MIT */
/* The verb check, and how what was refused is shown. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include "contract/bundle.h"
#include "plugin/documents.h"
#include "plugin/file.h"
#include "plugin/manifest.h"
#include "plugin/validate.h"
#include "tools/xcore-install.h"

#define FILE_MAX_BYTES (16u << 20)

static struct json_object *
list_of(const struct json_object *data, const char *key)
{
	struct json_object *list = NULL;

	if (data != NULL)
		json_object_object_get_ex(data, key, &list);
	return list;
}

static void
print_lines(FILE *file, const char *before, struct json_object *list)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		fprintf(file, "%s%s\n", before, json_object_get_string(
		    json_object_array_get_idx(list, i)));
}

void
xc_tool_refused(const struct xc_tool *tool, const struct json_object *data,
    struct xc_errbuf *errbuf)
{
	struct json_object *faults = list_of(data, "faults");
	size_t n = faults != NULL ? json_object_array_length(faults) : 0;

	if (tool->json)
		return;
	print_lines(stderr, "xcore-install: breaking: ",
	    list_of(data, "breaking"));
	/* One is told by the error itself. */
	if (n < 2)
		return;
	print_lines(stderr, "xcore-install: ", faults);
	xc_fail(errbuf, XC_ERR_INVALID, "openapi.json has %zu faults", n);
}

/* ---- check -------------------------------------------------------------- */

static enum xc_err
check_whole(struct xc_tool *tool, const struct xc_documents *documents,
    struct xc_notes *faults)
{
	struct xc_bundle *whole;
	struct xc_errbuf all = { "" };
	enum xc_err err;

	err = xc_bundle_make(documents->files, documents->n, &whole, &all);
	if (err == XC_ERR_INVALID)
		xc_notes_add(faults, "%s", all.text);
	if (err == XC_OK)
		err = xc_validate_document(whole, faults, &all);
	xc_bundle_free(&whole);
	if (err != XC_OK && faults->n == 0)
		tool->errbuf = all;
	return err;
}

static enum xc_err
check_documents(struct xc_tool *tool, const char *folder,
    struct xc_notes *faults)
{
	struct xc_documents documents;
	enum xc_err err;

	err = xc_documents_read_path(folder, FILE_MAX_BYTES, &documents,
	    &tool->errbuf);
	if (err == XC_OK)
		err = check_whole(tool, &documents, faults);
	else
		xc_fail_prefix(&tool->errbuf, err, "%s", folder);
	xc_documents_free(&documents);
	return err;
}

/* A file alone; of a plugin's openapi.json the schemas beside it, too. */
static enum xc_err
check_file(struct xc_tool *tool, const char *path, struct xc_notes *faults)
{
	struct xc_bundle_file file = { .name = "openapi.json" };
	const struct xc_documents alone = { .files = &file, .n = 1 };
	const char *base = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	unsigned char *data;
	enum xc_err err;

	if (strcmp(base != NULL ? base + 1 : path, "openapi.json") == 0) {
		if (base != NULL && snprintf(folder, sizeof(folder), "%.*s",
		    (int)(base - path) + 1, path) >= (int)sizeof(folder))
			return xc_fail(&tool->errbuf, XC_ERR_INVALID,
			    "the name %s is too long", path);
		return check_documents(tool, folder, faults);
	}
	err = xc_file_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &data,
	    &file.len, &tool->errbuf);
	if (err != XC_OK)
		return err;
	file.text = (const char *)data;
	err = check_whole(tool, &alone, faults);
	free(data);
	return err;
}

/* Of a folder the manifest is read too. */
static enum xc_err
check_manifest(const char *folder, struct xc_notes *faults)
{
	struct xc_manifest *manifest = NULL;
	struct xc_errbuf why = { "" };
	char path[PATH_MAX];
	unsigned char *data;
	size_t len;
	enum xc_err err;

	snprintf(path, sizeof(path), "%s/plugin.json", folder);
	err = xc_file_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &data, &len,
	    &why);
	if (err == XC_OK) {
		err = xc_manifest_parse((const char *)data, len, &manifest,
		    &why);
		free(data);
	}
	xc_manifest_free(&manifest);
	if (err != XC_OK)
		xc_notes_add(faults, "%s", why.text);
	return err;
}

static enum xc_err
check(struct xc_tool *tool, const char *operand, struct xc_notes *faults)
{
	enum xc_err manifest = XC_OK, document;
	char path[PATH_MAX];
	struct stat st;

	if (stat(operand, &st) != 0)
		return xc_fail(&tool->errbuf, XC_ERR_NOT_FOUND,
		    "there is no %s", operand);
	if (!S_ISDIR(st.st_mode))
		return check_file(tool, operand, faults);
	if (snprintf(path, sizeof(path), "%s/plugin.json", operand) >=
	    (int)sizeof(path))
		return xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "the name %s is too long", operand);
	manifest = check_manifest(operand, faults);
	document = check_documents(tool, operand, faults);
	return document != XC_OK ? document : manifest;
}

enum xc_exit
xc_tool_check(struct xc_tool *tool)
{
	struct xc_notes faults = { 0 };
	enum xc_err err = check(tool, tool->argv[0], &faults);
	size_t n = faults.n + faults.left_out;
	struct json_object *lines = xc_notes_json(&faults);

	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "faults", lines);
	if (!tool->json) {
		print_lines(stdout, "", lines);
		fflush(stdout);		/* ahead of the error's line */
	}
	if (n > 0)
		xc_fail(&tool->errbuf, err, "%s has %zu fault%s",
		    tool->argv[0], n, n == 1 ? "" : "s");
	else if (err == XC_OK && !tool->json && !tool->quiet)
		printf("%s: nothing is wrong with it\n", tool->argv[0]);
	xc_notes_free(&faults);
	return n > 0 ? XC_EXIT_INVALID : xc_exit_of(err);
}

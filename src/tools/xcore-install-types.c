/* SPDX-License-Identifier: MIT */
/* build --types: the types of C of a plugin's openapi.json. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/bundle.h"
#include "plugin/documents.h"
#include "plugin/file.h"
#include "plugin/manifest.h"
#include "tools/xcore-install.h"
#include "types/types.h"

/* Bytes of openapi.json. */
#define SOURCE_MAX (16 * 1024 * 1024)

/* A file of a folder as JSON, which is not null. */
static enum xc_err
read_json(struct xc_tool *tool, const char *folder, const char *name,
    struct json_object **root_r)
{
	char path[PATH_MAX];
	char where[160];
	unsigned char *data;
	size_t len;
	enum xc_err err;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return xc_fail(&tool->errbuf, XC_ERR_INVALID, "%s: the name "
		    "is too long", folder);
	err = xc_file_read_at(AT_FDCWD, path, SOURCE_MAX, &data, &len,
	    &tool->errbuf);
	if (err != XC_OK)
		return err;
	err = xc_json_parse((const char *)data, len, root_r, where,
	    sizeof(where));
	free(data);
	if (err == XC_OK && *root_r == NULL)
		return xc_fail(&tool->errbuf, XC_ERR_INVALID, "%s is null",
		    path);
	return err == XC_OK ? XC_OK : xc_fail(&tool->errbuf, err, "%s: %s",
	    path, err == XC_ERR_INVALID ? where : xc_strerror(err));
}

static enum xc_err
put_types(struct xc_tool *tool, const char *name, const char *text,
    size_t len)
{
	char path[PATH_MAX];
	enum xc_err err;

	if (tool->output != NULL)
		snprintf(path, sizeof(path), "%s", tool->output);
	else
		snprintf(path, sizeof(path), "%s/%s-types.h", tool->argv[0],
		    name);
	err = xc_tool_write_file(path, text, len, &tool->errbuf);
	if (err != XC_OK)
		return err;
	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "file",
	    json_object_new_string(path));
	if (!tool->json && !tool->quiet)
		printf("%s\n", path);
	return XC_OK;
}

static enum xc_err
make_types(struct xc_tool *tool, struct json_object *manifest,
    struct json_object *openapi, bool bundled)
{
	const char *name = xc_json_string(manifest, "name");
	char *text;
	size_t len;
	enum xc_err err;

	if (name == NULL || !xc_plugin_name_ok(name))
		return xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "%s/plugin.json: \"name\" is no name for a plugin",
		    tool->argv[0]);
	err = xc_types_write(name, openapi, bundled, &text, &len,
	    &tool->errbuf);
	if (err == XC_OK)
		err = put_types(tool, name, text, len);
	free(text);
	return err;
}

/* openapi.json, with the schemas in schemas/. */
static enum xc_err
read_openapi(struct xc_tool *tool, const char *folder,
    struct json_object **root_r, bool *bundled_r)
{
	struct xc_documents documents;
	struct xc_bundle *whole = NULL;
	enum xc_err err;

	err = xc_documents_read_path(folder, SOURCE_MAX, &documents,
	    &tool->errbuf);
	if (err == XC_OK)
		err = xc_bundle_make(documents.files, documents.n, &whole,
		    &tool->errbuf);
	if (err == XC_OK)
		err = xc_bundle_json(whole, root_r, &tool->errbuf);
	*bundled_r = err == XC_OK && whole->root != NULL;
	xc_bundle_free(&whole);
	xc_documents_free(&documents);
	return err == XC_OK ? err : xc_fail_prefix(&tool->errbuf, err, "%s",
	    folder);
}

/* The header of the types that openapi.json has. */
enum xc_exit
xc_tool_types(struct xc_tool *tool)
{
	struct json_object *manifest = NULL;
	struct json_object *openapi = NULL;
	const char *folder = tool->argv[0];
	bool bundled = false;
	enum xc_err err = read_json(tool, folder, "plugin.json", &manifest);

	if (err == XC_OK)
		err = read_openapi(tool, folder, &openapi, &bundled);
	if (err == XC_OK)
		err = make_types(tool, manifest, openapi, bundled);
	json_object_put(openapi);
	json_object_put(manifest);
	return xc_exit_of(err);
}

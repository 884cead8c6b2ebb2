/* SPDX-License-Identifier: MIT */
/* The contract of a version: its openapi.json, compiled. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "contract/bundle.h"
#include "contract/contract.h"
#include "documents.h"
#include "loader-version.h"
#include "package.h"

static enum xc_err
read_route(struct json_object *operation, struct xc_route *route)
{
	route->method = xc_json_string(operation, "method");
	route->path = xc_json_string(operation, "path");
	route->operation = xc_json_string(operation, "id");
	return route->method != NULL && route->path != NULL &&
	    route->operation != NULL ? XC_OK : XC_ERR_INVALID;
}

static enum xc_err
read_documents(struct json_object *json, struct xc_documents *documents,
    struct xc_errbuf *errbuf)
{
	const char *path = xc_json_string(json, "dir");

	if (path == NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "the snapshot names no folder for its openapi.json");
	return xc_documents_read_path(path, XC_PACKAGE_SIZE_MAX, documents,
	    errbuf);
}

static enum xc_err
check_hash(const struct xc_documents *documents, const char *hash,
    struct xc_errbuf *errbuf)
{
	char found[XC_DIGEST_SIZE];
	enum xc_err err = xc_documents_hash(documents, found);

	if (err != XC_OK)
		return xc_fail(errbuf, err, "no SHA-256");
	if (strcmp(found, hash) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, documents->n > 1 ?
		    "openapi.json and its schemas are not the files that "
		    "were checked: their SHA-256 is %.12s..., not %.12s..." :
		    "openapi.json is not the file that was checked: "
		    "its SHA-256 is %.12s..., not %.12s...", found, hash);
	return XC_OK;
}

static enum xc_err
compile(struct xc_version *version, const struct xc_documents *documents,
    struct xc_errbuf *errbuf)
{
	struct xc_bundle *whole;
	enum xc_err err;

	err = xc_bundle_make(documents->files, documents->n, &whole, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_contract_compile(whole->text, whole->len,
	    &version->contract, errbuf);
	if (err == XC_OK)
		version->routes = xc_contract_routes(version->contract);
	else
		xc_bundle_name_fault(whole, errbuf);
	xc_bundle_free(&whole);
	return err;
}

/* The paths, for a plugin with several prefixes. */
static enum xc_err
check_operations(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct json_object *list = xc_json_member(json, "operations");
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
	struct xc_route route;
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < n; i++) {
		if (read_route(json_object_array_get_idx(list, i), &route) ==
		    XC_OK)
			err = xc_version_check_paths(version, &route, 1,
			    errbuf);
	}
	return err;
}

enum xc_err
xc_version_take_contract(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	const char *hash = xc_json_string(json, "openapi_hash");
	struct xc_documents documents = { .n = 0 };
	enum xc_err err;

	/* Without a document it is not known what its operations ask of a
	 * client, and so none is served. */
	err = read_documents(json, &documents, errbuf);
	if (err == XC_OK && hash != NULL)
		err = check_hash(&documents, hash, errbuf);
	if (err == XC_OK)
		err = compile(version, &documents, errbuf);
	xc_documents_free(&documents);
	return err == XC_OK ? check_operations(version, json, errbuf) : err;
}

void
xc_version_free_contract(struct xc_version *version)
{
	xc_contract_free(&version->contract);
	version->routes = NULL;
}

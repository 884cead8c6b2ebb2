/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/plugin.h>

#include "contract/contract.h"
#include "prefix.h"
#include "semver.h"
#include "validate-object.h"
#include "validate.h"

/* The check tells all that is wrong with it; the compiler has the last word,
 * since it is what workers will use. */
static enum xc_err
check_document(const struct xc_bundle *document, struct xc_notes *faults)
{
	struct xc_contract *contract = NULL;
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_document_check(document->text, document->len, faults);
	if (err != XC_OK)
		return err;
	err = xc_contract_compile(document->text, document->len, &contract,
	    &why);
	xc_contract_free(&contract);
	if (err == XC_ERR_INVALID || err == XC_ERR_TOO_LARGE)
		xc_notes_add(faults, "%s", why.text);
	return err;
}

enum xc_err
xc_validate_document(const struct xc_bundle *document,
    struct xc_notes *faults, struct xc_errbuf *errbuf)
{
	struct xc_notes own = { 0 };
	enum xc_err err;

	if (faults == NULL)
		faults = &own;
	err = check_document(document, faults);
	xc_bundle_name_notes(document, faults);
	if (faults->n > 0 && errbuf != NULL)
		xc_notes_text(faults, errbuf);
	else if (err != XC_OK)
		xc_fail(errbuf, err, "openapi.json cannot be checked: %s",
		    xc_strerror(err));
	xc_notes_free(&own);
	return err;
}

/* Of a plugin with several prefixes the paths are whole. */
static enum xc_err
check_prefixes(const struct xc_package *package, struct xc_errbuf *errbuf)
{
	struct xc_route *routes;
	enum xc_err err;
	size_t n;

	err = xc_routes_read(package->openapi, &routes, &n, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_prefix_check_routes(package->manifest, routes, n, errbuf);
	free(routes);
	return err;
}

/* A step is reached by no path. */
static enum xc_err
check_steps(const struct xc_package *package, struct xc_errbuf *errbuf)
{
	const struct xc_steps *steps = &package->manifest->steps;
	struct xc_route *routes;
	enum xc_err err;
	size_t n;

	if (steps->n == 0)
		return XC_OK;
	err = xc_routes_read(package->openapi, &routes, &n, errbuf);
	for (size_t i = 0; err == XC_OK && i < steps->n * n; i++) {
		const char *operation = steps->list[i / n].order.operation;

		if (strcmp(routes[i % n].operation, operation) == 0)
			err = xc_fail(errbuf, XC_ERR_INVALID, "plugin.json: "
			    "/middleware/%zu/operation: \"%s\" is an "
			    "operation of openapi.json; a step needs a "
			    "handler of its own", i / n, operation);
	}
	free(routes);
	return err;
}

static bool
is_filled(const struct xc_manifest *manifest, const char *member)
{
	struct json_object *value = xc_json_member(manifest->json, member);

	if (json_object_is_type(value, json_type_array))
		return json_object_array_length(value) > 0;
	return json_object_is_type(value, json_type_object) &&
	    json_object_object_length(value) > 0;
}

/*
 * What plugin.json may ask for and this host cannot give is refused: a
 * protection that is asked for and silently missing is worse than none.
 */
static enum xc_err
check_host(const struct xc_manifest *manifest, struct xc_errbuf *errbuf)
{
	if (manifest->requires_xcore != NULL &&
	    !xc_semver_in_range(PACKAGE_VERSION, manifest->requires_xcore))
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin.json: "
		    "/requires/xcore: %s is asked for, this is xcore "
		    PACKAGE_VERSION "; update xcore or take another version "
		    "of the plugin", manifest->requires_xcore);
	if (is_filled(manifest, "tasks"))
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin.json: "
		    "/tasks: this xcore cannot honour it; take it out");
	return XC_OK;
}

enum xc_err
xc_validate_package(const struct xc_package *package,
    struct xc_notes *faults, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *object, *manifest;
	struct xc_errbuf why = { "" };
	char name[40];
	enum xc_err err;

	snprintf(name, sizeof(name), "%s.so", package->manifest->name);
	object = xc_package_find(package, name);
	manifest = xc_package_find(package, "plugin.json");
	if (object == NULL || manifest == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "there is no %s or no plugin.json", name);
	err = xc_validate_object(object->data, object->len, manifest->data,
	    manifest->len, &why);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "%s %s", name, why.text);
	err = check_host(package->manifest, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_validate_document(package->contract, faults, errbuf);
	if (err == XC_OK)
		err = check_prefixes(package, errbuf);
	return err == XC_OK ? check_steps(package, errbuf) : err;
}

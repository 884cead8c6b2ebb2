/* SPDX-License-Identifier: MIT */
#include "plugin/prefix.h"

#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

bool
xc_prefix_has(const char *prefix, const char *path)
{
	size_t len = strlen(prefix);

	return strncmp(path, prefix, len) == 0 &&
	    (path[len] == '\0' || path[len] == '/');
}

bool
xc_prefix_overlap(const char *a, const char *b)
{
	return xc_prefix_has(a, b) || xc_prefix_has(b, a);
}

static bool
is_below_any(const struct xc_manifest *manifest, const char *path)
{
	for (size_t i = 0; i < manifest->n_prefixes; i++) {
		if (xc_prefix_has(manifest->prefixes[i], path))
			return true;
	}
	return false;
}

enum xc_err
xc_prefix_check_routes(const struct xc_manifest *manifest,
    const struct xc_route *routes, size_t n, struct xc_errbuf *errbuf)
{
	if (manifest->n_prefixes < 2)
		return XC_OK;
	for (size_t i = 0; i < n; i++) {
		if (!is_below_any(manifest, routes[i].path))
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "openapi.json: /paths: \"%s\" lies below none of "
			    "the prefixes of plugin.json; with several of "
			    "them paths are whole, for example \"%s\"",
			    routes[i].path, manifest->prefix);
	}
	return XC_OK;
}

static struct json_object *
member(const struct json_object *row, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(row, json_type_object))
		json_object_object_get_ex(row, key, &value);
	return value;
}

/* A string that begins with '/'; NULL. */
static const char *
prefix_of(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return text[0] == '/' ? text : NULL;
}

static size_t
list_prefixes(struct json_object *list,
    const char *prefixes_r[XC_PREFIXES_MAX])
{
	size_t n;

	if (!json_object_is_type(list, json_type_array))
		return 0;
	n = json_object_array_length(list);
	if (n > XC_PREFIXES_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		prefixes_r[i] = prefix_of(json_object_array_get_idx(list, i));
		if (prefixes_r[i] == NULL)
			return 0;
	}
	return n;
}

size_t
xc_row_prefixes(const struct json_object *row,
    const char *prefixes_r[XC_PREFIXES_MAX])
{
	struct json_object *list = member(row, "prefixes");

	if (list != NULL)
		return list_prefixes(list, prefixes_r);
	prefixes_r[0] = prefix_of(member(row, "prefix"));
	return prefixes_r[0] != NULL ? 1 : 0;
}

const char *
xc_row_overlap(const struct json_object *row, const struct json_object *other)
{
	const char *ours[XC_PREFIXES_MAX], *theirs[XC_PREFIXES_MAX];
	size_t n_ours = xc_row_prefixes(row, ours);
	size_t n_theirs = xc_row_prefixes(other, theirs);

	for (size_t i = 0; i < n_ours; i++) {
		for (size_t j = 0; j < n_theirs; j++) {
			if (xc_prefix_overlap(ours[i], theirs[j]))
				return ours[i];
		}
	}
	return NULL;
}

void
xc_row_set_prefix(struct json_object *row, const struct xc_manifest *manifest)
{
	struct json_object *list;

	json_object_object_add(row, "prefix",
	    json_object_new_string(manifest->prefix));
	if (manifest->n_prefixes < 2)
		return;
	list = json_object_new_array();
	for (size_t i = 0; i < manifest->n_prefixes; i++)
		json_object_array_add(list,
		    json_object_new_string(manifest->prefixes[i]));
	json_object_object_add(row, "prefixes", list);
}

void
xc_row_copy_prefix(struct json_object *row, const struct json_object *from)
{
	const char *prefixes[XC_PREFIXES_MAX] = { "" };
	const size_t n = xc_row_prefixes(from, prefixes);
	const struct xc_manifest manifest = {
		.prefix = n > 0 ? prefixes[0] : "",
		.prefixes = prefixes, .n_prefixes = n };

	xc_row_set_prefix(row, &manifest);
}

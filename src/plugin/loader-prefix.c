/* SPDX-License-Identifier: MIT */
/* The prefixes of a version, split into segments for the router. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "loader-version.h"
#include "prefix.h"

static size_t
count_segments(const char *prefix)
{
	size_t n = 0;

	for (; *prefix != '\0'; prefix++)
		n += *prefix == '/';
	return n;
}

/* The array and the bytes that it points to are one allocation. */
static enum xc_err
split(struct xc_loaded_prefix *prefix, const char *text)
{
	const size_t n = count_segments(text), len = strlen(text);
	const char **segments = malloc((n + 1) * sizeof(*segments) +
	    2 * (len + 1));
	char *at;

	if (segments == NULL)
		return XC_ERR_NOMEM;
	at = (char *)(segments + n + 1);
	prefix->text = memcpy(at + len + 1, text, len + 1);
	prefix->segments = segments;
	for (memcpy(at, text, len + 1); *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		segments[prefix->n_segments++] = at + 1;
	}
	segments[n] = NULL;
	return XC_OK;
}

enum xc_err
xc_version_take_prefixes(struct xc_version *version,
    const struct json_object *json)
{
	const char *texts[XC_PREFIXES_MAX];
	size_t n = xc_row_prefixes(json, texts);
	struct xc_loaded *row = &version->row;
	enum xc_err err = n > 0 ? XC_OK : XC_ERR_INVALID;

	version->prefixes = calloc(n + 1, sizeof(*version->prefixes));
	if (version->prefixes == NULL)
		return XC_ERR_NOMEM;
	for (size_t i = 0; err == XC_OK && i < n; i++)
		err = split(&version->prefixes[i], texts[i]);
	if (err != XC_OK)
		return err;
	row->prefix = version->prefixes[0].text;
	if (n == 1) {
		row->segments = version->prefixes[0].segments;
		row->n_segments = version->prefixes[0].n_segments;
	} else {
		row->several = version->prefixes;
		row->n_several = n;
	}
	return XC_OK;
}

void
xc_version_free_prefixes(struct xc_version *version)
{
	struct xc_loaded_prefix *prefix = version->prefixes;

	/* It ends with one without segments. */
	for (; prefix != NULL && prefix->segments != NULL; prefix++)
		free((void *)(uintptr_t)prefix->segments);
	free(version->prefixes);
	version->prefixes = NULL;
}

static bool
is_below_any(const struct xc_loaded *row, const char *path)
{
	for (size_t i = 0; i < row->n_several; i++) {
		if (xc_prefix_has(row->several[i].text, path))
			return true;
	}
	return false;
}

enum xc_err
xc_version_check_paths(const struct xc_version *version,
    const struct xc_route *routes, size_t n, struct xc_errbuf *errbuf)
{
	const struct xc_loaded *row = &version->row;

	for (size_t i = 0; row->n_several > 0 && i < n; i++) {
		if (!is_below_any(row, routes[i].path))
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "its path %s lies below none of its prefixes",
			    routes[i].path);
	}
	return XC_OK;
}

size_t
xc_loaded_prefixes(const struct xc_loaded *loaded,
    struct xc_loaded_prefix *single, const struct xc_loaded_prefix **list_r)
{
	*single = (struct xc_loaded_prefix){ .text = loaded->prefix,
		.segments = loaded->segments,
		.n_segments = loaded->n_segments };
	*list_r = loaded->n_several > 0 ? loaded->several : single;
	return loaded->n_several > 0 ? loaded->n_several : 1;
}

const char *
xc_loaded_shares(const struct xc_loaded *a, const struct xc_loaded *b)
{
	const struct xc_loaded_prefix *as, *bs;
	struct xc_loaded_prefix a_one, b_one;
	size_t n_a = xc_loaded_prefixes(a, &a_one, &as);
	size_t n_b = xc_loaded_prefixes(b, &b_one, &bs);

	for (size_t i = 0; i < n_a; i++) {
		for (size_t j = 0; j < n_b; j++) {
			if (strcmp(as[i].text, bs[j].text) == 0)
				return as[i].text;
		}
	}
	return NULL;
}

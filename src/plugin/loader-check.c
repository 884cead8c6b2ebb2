/* SPDX-License-Identifier: MIT */
/* The rows of a snapshot, looked at before anything is done with them. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "loader-version.h"
#include "prefix.h"

static int
compare_text(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* Sorts, and gives one that stands twice; NULL if none does. */
static const char *
find_twice(const char **texts, size_t n)
{
	if (n > 1)
		qsort(texts, n, sizeof(*texts), compare_text);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(texts[i - 1], texts[i]) == 0)
			return texts[i];
	}
	return NULL;
}

static enum xc_err
check_each(struct json_object *plugins, const char **names,
    const char **prefixes, size_t *n_prefixes_r, struct xc_errbuf *errbuf)
{
	size_t n = json_object_array_length(plugins);

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		if (!xc_version_row_ok(row))
			return xc_fail(errbuf, XC_ERR_INVALID, "the snapshot "
			    "has a plugin without name, version, hash, "
			    "prefix or state");
		names[i] = xc_json_string(row, "name");
		if (strcmp(xc_json_string(row, "state"), "enabled") == 0)
			*n_prefixes_r += xc_row_prefixes(row,
			    prefixes + *n_prefixes_r);
	}
	return XC_OK;
}

enum xc_err
xc_version_check_rows(struct json_object *plugins, struct xc_errbuf *errbuf)
{
	size_t n = json_object_array_length(plugins), n_prefixes = 0;
	const char **names = calloc(n + 1, sizeof(*names));
	const char **prefixes = calloc(n + 1,
	    XC_PREFIXES_MAX * sizeof(*prefixes));
	const char *twice = NULL;
	enum xc_err err;

	if (names == NULL || prefixes == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = check_each(plugins, names, prefixes, &n_prefixes,
		    errbuf);
	if (err == XC_OK)
		twice = find_twice(names, n);
	if (err == XC_OK && twice == NULL)
		twice = find_twice(prefixes, n_prefixes);
	if (twice != NULL)
		err = xc_fail(errbuf, XC_ERR_INVALID,
		    "%s stands twice in the snapshot", twice);
	free(names);
	free(prefixes);
	return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * An OpenAPI document, a NUL, and a path to look up.  Whatever compiles must
 * find its own templates.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <xcore/json.h>

#include "contract/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_up(const struct xc_routes *routes, const char *path, size_t len)
{
	char *text = malloc(len + 1);
	const char *segments[64];
	struct xc_route_match match;
	char allow[64];
	size_t n = 0;

	if (text == NULL)
		return;
	memcpy(text, path, len);
	text[len] = '\0';
	for (char *at = text; *at != '\0' && n < 64; at++) {
		if (*at == '/') {
			*at = '\0';
			segments[n++] = at + 1;
		}
	}
	for (int method = 0; method < XC_METHOD__MAX; method++) {
		enum xc_route_found found = xc_routes_find(routes,
		    (enum xc_method)method, segments, n, &match);

		if (found == XC_ROUTE_MATCH &&
		    match.index >= xc_routes_count(routes))
			abort();
		if (found == XC_ROUTE_METHOD)
			xc_routes_allow(match.allow, allow, sizeof(allow));
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t len = size == 0 ? 0 : strnlen(text, size);
	struct json_object *openapi;
	struct xc_errbuf why;
	struct xc_routes *routes;
	struct xc_route *rows;
	size_t n;

	if (xc_json_parse(text, len, &openapi, NULL, 0) != XC_OK)
		return 0;
	if (xc_routes_read(openapi, &rows, &n, &why) == XC_OK) {
		if (xc_routes_compile(rows, n, &routes, &why) == XC_OK) {
			for (size_t i = 0; i < n; i++)
				look_up(routes, rows[i].path,
				    strlen(rows[i].path));
			if (len < size)
				look_up(routes, text + len + 1,
				    strnlen(text + len + 1, size - len - 1));
			xc_routes_free(&routes);
		}
		free(rows);
	}
	json_object_put(openapi);
	return 0;
}

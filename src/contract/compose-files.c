/* SPDX-License-Identifier: MIT */
/*
 * Composes documents that lie in files, as a site would: for tests and for
 * linters.
 *
 *	compose-files 3.1 NAME=FILE...	each under /app/NAME
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose.h"

static struct json_object *
read_document(const char *path)
{
	struct json_object *document = NULL;
	char *text = NULL, where[200];
	size_t size = 0;
	ssize_t len;
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		perror(path);
		return NULL;
	}
	len = getdelim(&text, &size, '\0', file);
	fclose(file);
	if (len < 0 || xc_json_parse(text, (size_t)len, &document, where,
	    sizeof(where)) != XC_OK)
		fprintf(stderr, "%s: %s\n", path, len < 0 ? "empty" : where);
	free(text);
	return document;
}

static int
add_file(struct xc_compose *compose, char *word)
{
	char *equals = strchr(word, '='), prefix[64];
	struct xc_compose_plugin plugin = { .name = word,
		.version = "1.0.0", .prefix = prefix };
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	if (equals == NULL)
		return 2;
	*equals = '\0';
	snprintf(prefix, sizeof(prefix), "/app/%s", word);
	plugin.openapi = read_document(equals + 1);
	if (plugin.openapi == NULL)
		return 1;
	err = xc_compose_add(compose, &plugin, &errbuf);
	json_object_put(plugin.openapi);
	if (err != XC_OK)
		fprintf(stderr, "%s: %s\n", word, errbuf.text);
	return err == XC_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct xc_compose_site site = { .title = "xcore",
		.version = "1.0.0" };
	struct xc_compose *compose = xc_compose_begin(&site);
	enum xc_openapi version = XC_OPENAPI_3_1;
	int status = 0;
	size_t len;
	char *text;

	if (argc < 3 || compose == NULL) {
		fprintf(stderr, "usage: compose-files 3.1|3.0 NAME=FILE...\n");
		xc_compose_free(&compose);
		return 2;
	}
	if (strcmp(argv[1], "3.0") == 0)
		version = XC_OPENAPI_3_0;
	for (int i = 2; i < argc; i++)
		status |= add_file(compose, argv[i]);
	if (xc_compose_text(compose, version, &text, &len) == XC_OK) {
		/* Where the worker puts the request's host. */
		printf("{\"servers\":[{\"url\":\"http://localhost\"}],%s",
		    text + 1);
		free(text);
	}
	xc_compose_free(&compose);
	return status;
}

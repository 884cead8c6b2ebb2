/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "routes-private.h"

const struct xc_path_method xc_path_methods[XC_PATH_METHODS] = {
	{ "get", "GET" },
	{ "put", "PUT" },
	{ "post", "POST" },
	{ "delete", "DELETE" },
	{ "options", "OPTIONS" },
	{ "head", "HEAD" },
	{ "patch", "PATCH" },
};

static const char *const other_members[] = { "summary", "description",
	"servers", "parameters" };

struct reader {
	struct xc_route *rows;	/* NULL while only counting */
	char *text;
	size_t n;
	size_t bytes;
	const char *path;	/* of the item at hand */
	struct xc_errbuf *errbuf;
};

/* Copies an escaped reference token (RFC 6901) into buf, cut if need be. */
static const char *
escape(const char *token, char *buf, size_t size)
{
	size_t used = 0;

	for (; *token != '\0' && used + 3 < size; token++) {
		if (*token == '~' || *token == '/') {
			buf[used++] = '~';
			buf[used++] = *token == '~' ? '0' : '1';
		} else if ((unsigned char)*token < ' ') {
			buf[used++] = '?';
		} else {
			buf[used++] = *token;
		}
	}
	buf[used] = '\0';
	return buf;
}

static enum xc_err
refuse(const struct reader *reader, const char *member, const char *what)
{
	char path[256], name[128];

	return xc_fail(reader->errbuf, XC_ERR_INVALID,
	    "openapi.json: /paths/%s/%s: %s",
	    escape(reader->path, path, sizeof(path)),
	    escape(member, name, sizeof(name)), what);
}

static bool
identifier_ok(const char *name)
{
	if (*name >= '0' && *name <= '9')
		return false;
	if (strlen(name) == 0 || strlen(name) > 64)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

static const char *
keep(struct reader *reader, const char *text)
{
	char *copy = reader->text;
	size_t size = strlen(text) + 1;

	memcpy(copy, text, size);
	reader->text += size;
	return copy;
}

static enum xc_err
read_operation(struct reader *reader, const char *member, const char *method,
    struct json_object *operation)
{
	struct json_object *id;
	const char *name;

	if (method == NULL)
		return refuse(reader, member, "xcore does not serve TRACE; "
		    "take the operation out");
	if (!json_object_is_type(operation, json_type_object))
		return refuse(reader, member, "must be an object");
	if (!json_object_object_get_ex(operation, "operationId", &id) ||
	    !json_object_is_type(id, json_type_string))
		return refuse(reader, member, "has no operationId; give it "
		    "the name of the handler");
	name = json_object_get_string(id);
	if (strlen(name) != (size_t)json_object_get_string_len(id) ||
	    !identifier_ok(name))
		return refuse(reader, member, "operationId must be a C "
		    "identifier of at most 64 characters");
	if (reader->rows != NULL) {
		struct xc_route *row = &reader->rows[reader->n];

		row->method = method;
		row->path = keep(reader, reader->path);
		row->operation = keep(reader, name);
	}
	reader->n++;
	reader->bytes += strlen(reader->path) + 1 + strlen(name) + 1;
	return XC_OK;
}

static enum xc_err
read_member(struct reader *reader, const char *member,
    struct json_object *value)
{
	for (size_t i = 0; i < XC_PATH_METHODS; i++) {
		if (strcmp(member, xc_path_methods[i].member) == 0)
			return read_operation(reader, member,
			    xc_path_methods[i].method, value);
	}
	if (strcmp(member, "trace") == 0)
		return read_operation(reader, member, NULL, value);
	for (size_t i = 0;
	    i < sizeof(other_members) / sizeof(other_members[0]); i++) {
		if (strcmp(member, other_members[i]) == 0)
			return XC_OK;
	}
	if (strncmp(member, "x-", 2) == 0)
		return XC_OK;
	if (strcmp(member, "$ref") == 0)
		return refuse(reader, member, "a path item must stand in "
		    "place; write it out");
	return refuse(reader, member, "is not a method or a member of a path "
	    "item (OpenAPI writes methods in small letters)");
}

static enum xc_err
read_path(struct reader *reader, const char *path, struct json_object *item)
{
	struct lh_entry *entry;
	char token[256];

	reader->path = path;
	if (strncmp(path, "x-", 2) == 0)
		return XC_OK;
	if (path[0] != '/')
		return xc_fail(reader->errbuf, XC_ERR_INVALID,
		    "openapi.json: /paths/%s: a path must begin with '/'",
		    escape(path, token, sizeof(token)));
	if (!json_object_is_type(item, json_type_object))
		return xc_fail(reader->errbuf, XC_ERR_INVALID,
		    "openapi.json: /paths/%s: must be an object",
		    escape(path, token, sizeof(token)));
	lh_foreach(json_object_get_object(item), entry) {
		enum xc_err err = read_member(reader, lh_entry_k(entry),
		    lh_entry_v(entry));

		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

static enum xc_err
read_paths(struct reader *reader, struct json_object *paths)
{
	struct lh_entry *entry;

	reader->n = 0;
	lh_foreach(json_object_get_object(paths), entry) {
		enum xc_err err = read_path(reader, lh_entry_k(entry),
		    lh_entry_v(entry));

		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

static int
compare_operations(const void *left, const void *right)
{
	const struct xc_route *const *a = left, *const *b = right;

	return strcmp((*a)->operation, (*b)->operation);
}

/* Refuses an operationId that stands twice: it names one handler and one
 * entry in the site's document. */
static enum xc_err
check_unique(const struct reader *reader)
{
	const struct xc_route **sorted;
	enum xc_err err = XC_OK;

	sorted = calloc(reader->n + 1, sizeof(*sorted));
	if (sorted == NULL)
		return xc_fail(reader->errbuf, XC_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < reader->n; i++)
		sorted[i] = &reader->rows[i];
	qsort(sorted, reader->n, sizeof(*sorted), compare_operations);
	for (size_t i = 1; i < reader->n && err == XC_OK; i++) {
		if (compare_operations(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		err = xc_fail(reader->errbuf, XC_ERR_INVALID,
		    "openapi.json: operationId \"%s\" stands twice, at %s %s "
		    "and at %s %s", sorted[i]->operation,
		    sorted[i - 1]->method, sorted[i - 1]->path,
		    sorted[i]->method, sorted[i]->path);
	}
	free(sorted);
	return err;
}

enum xc_err
xc_routes_read(const struct json_object *openapi, struct xc_route **routes_r,
    size_t *n_r, struct xc_errbuf *errbuf)
{
	struct reader reader = { .errbuf = errbuf };
	struct json_object *paths;
	enum xc_err err;

	*routes_r = NULL;
	*n_r = 0;
	if (!json_object_object_get_ex(openapi, "paths", &paths) ||
	    !json_object_is_type(paths, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "openapi.json: /paths: must be there and be an object");
	err = read_paths(&reader, paths);
	if (err != XC_OK)
		return err;
	reader.rows = malloc((reader.n + 1) * sizeof(*reader.rows) +
	    reader.bytes);
	if (reader.rows == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	reader.text = (char *)(reader.rows + reader.n + 1);
	err = read_paths(&reader, paths);
	if (err == XC_OK)
		err = check_unique(&reader);
	if (err != XC_OK) {
		free(reader.rows);
		return err;
	}
	*routes_r = reader.rows;
	*n_r = reader.n;
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "kit/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "config/near.h"
#include "plugin/file.h"

#define FILE_MAX (16u << 20)

/* A member: its name, and of which types it may be (bits of 1 << type). */
struct member {
	const char *name;
	unsigned types;
};

#define TYPE(type) (1u << json_type_##type)
#define ANY (~0u)

static const struct member test_members[] = {
	{ "name", TYPE(string) }, { "method", TYPE(string) },
	{ "path", TYPE(string) }, { "query", TYPE(string) | TYPE(object) },
	{ "headers", TYPE(object) }, { "body", ANY },
	{ "form", TYPE(object) }, { "multipart", TYPE(array) },
	{ "auth", TYPE(object) },
	{ "event", TYPE(string) }, { "data", ANY }, { "from", TYPE(string) },
	{ "step", TYPE(string) }, { "reply", TYPE(int) },
	{ "database", TYPE(array) }, { "desk", TYPE(array) },
	{ "http", TYPE(array) },
	{ "expect", TYPE(object) }, { NULL, 0 }
};

static const struct member auth_members[] = {
	{ "subject", TYPE(string) }, { "scopes", TYPE(array) },
	{ "name", TYPE(string) }, { "session", TYPE(string) },
	{ "grants", TYPE(array) },
	{ "error", TYPE(string) }, { NULL, 0 }
};

static const struct member part_members[] = {
	{ "name", TYPE(string) }, { "value", TYPE(string) },
	{ "filename", TYPE(string) }, { "type", TYPE(string) }, { NULL, 0 }
};

static const struct member expect_members[] = {
	{ "status", TYPE(int) }, { "headers", TYPE(object) },
	{ "body", TYPE(string) }, { "contains", TYPE(string) },
	{ "json", ANY }, { "log", TYPE(string) }, { "events", TYPE(array) },
	{ NULL, 0 }
};

static const struct member database_members[] = {
	{ "call", TYPE(string) }, { "sql", TYPE(string) },
	{ "args", TYPE(array) }, { "rows", TYPE(array) },
	{ "affected", TYPE(int) }, { "last_id", TYPE(int) },
	{ "error", TYPE(string) }, { NULL, 0 }
};

static const struct member desk_members[] = {
	{ "call", TYPE(string) }, { "args", TYPE(object) },
	{ "result", ANY }, { "error", TYPE(string) },
	{ "status", TYPE(int) }, { "code", TYPE(string) },
	{ "pointer", TYPE(string) }, { "detail", TYPE(string) },
	{ "challenge", TYPE(string) }, { "retry_s", TYPE(int) },
	{ NULL, 0 }
};

static const struct member http_members[] = {
	{ "url", TYPE(string) }, { "method", TYPE(string) },
	{ "status", TYPE(int) }, { "headers", TYPE(object) },
	{ "body", ANY }, { "error", TYPE(string) }, { NULL, 0 }
};

static const struct member event_members[] = {
	{ "name", TYPE(string) }, { "data", ANY }, { NULL, 0 }
};

static enum xc_err
refuse_member(const char *where, const char *name,
    const struct member *members, struct xc_errbuf *errbuf)
{
	struct xc_near near;

	xc_near_init(&near, name);
	for (; members->name != NULL; members++)
		xc_near_try(&near, members->name, 0);
	return xc_fail(errbuf, XC_ERR_INVALID, "%s/%.60s: there is no such "
	    "member%s%s%s", where, name, near.word != NULL ?
	    "; did you mean \"" : "", near.word != NULL ? near.word : "",
	    near.word != NULL ? "\"?" : "");
}

static enum xc_err
check_object(struct json_object *object, const char *where,
    const struct member *members, struct xc_errbuf *errbuf)
{
	if (!json_object_is_type(object, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: must be an object", where[0] != '\0' ? where : "/");
	json_object_object_foreach(object, name, value) {
		const struct member *row = members;

		while (row->name != NULL && strcmp(row->name, name) != 0)
			row++;
		if (row->name == NULL)
			return refuse_member(where, name, members, errbuf);
		if ((row->types & (1u << json_object_get_type(value))) == 0)
			return xc_fail(errbuf, XC_ERR_INVALID, "%s/%s: is of "
			    "the wrong type", where, name);
	}
	return XC_OK;
}

static enum xc_err
check_rows(struct json_object *list, const char *where, const char *name,
    const struct member *members, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;
	char place[120];

	for (size_t i = 0; list != NULL && err == XC_OK &&
	    i < json_object_array_length(list); i++) {
		snprintf(place, sizeof(place), "%s/%s/%zu", where, name, i);
		err = check_object(json_object_array_get_idx(list, i), place,
		    members, errbuf);
	}
	return err;
}

/* All values are strings. */
static enum xc_err
check_texts(struct json_object *object, const char *where, const char *name,
    struct xc_errbuf *errbuf)
{
	if (!json_object_is_type(object, json_type_object))
		return XC_OK;
	json_object_object_foreach(object, key, value) {
		if (!json_object_is_type(value, json_type_string))
			return xc_fail(errbuf, XC_ERR_INVALID, "%s/%s/%.60s: "
			    "must be a string", where, name, key);
	}
	return XC_OK;
}

static enum xc_err
check_expect(struct json_object *expect, const char *where,
    struct xc_errbuf *errbuf)
{
	char place[80];
	enum xc_err err;

	snprintf(place, sizeof(place), "%s/expect", where);
	if (expect == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: is missing",
		    place);
	err = check_object(expect, place, expect_members, errbuf);
	if (err == XC_OK && xc_json_member(expect, "status") == NULL)
		err = xc_fail(errbuf, XC_ERR_INVALID, "%s/status: is missing",
		    place);
	if (err == XC_OK)
		err = check_texts(xc_json_member(expect, "headers"), place,
		    "headers", errbuf);
	if (err == XC_OK)
		err = check_rows(xc_json_member(expect, "events"), place,
		    "events", event_members, errbuf);
	return err;
}

/* "auth", and at most one of the ways to have a body. */
static enum xc_err
check_sender(struct json_object *test, const char *where,
    struct xc_errbuf *errbuf)
{
	static const char *const bodies[] = { "body", "form", "multipart" };
	struct json_object *auth = xc_json_member(test, "auth");
	char place[80];
	enum xc_err err = XC_OK;
	int n = 0;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		n += xc_json_member(test, bodies[i]) != NULL;
	if (n > 1)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: has more than one "
		    "of body, form and multipart", where);
	snprintf(place, sizeof(place), "%s/auth", where);
	if (auth != NULL)
		err = check_object(auth, place, auth_members, errbuf);
	return err == XC_OK ? check_rows(xc_json_member(test, "multipart"),
	    where, "multipart", part_members, errbuf) : err;
}

static enum xc_err
check_test(struct json_object *test, const char *where,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = check_object(test, where, test_members, errbuf);
	const char *path = xc_json_string(test, "path");

	if (err != XC_OK)
		return err;
	if (xc_json_string(test, "name") == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s/name: is missing",
		    where);
	if (path != NULL && path[0] != '/')
		return xc_fail(errbuf, XC_ERR_INVALID, "%s/path: must begin "
		    "with a slash; it is what follows the plugin's prefix",
		    where);
	err = check_sender(test, where, errbuf);
	if (err == XC_OK)
		err = check_texts(xc_json_member(test, "query"), where,
		    "query", errbuf);
	if (err == XC_OK)
		err = check_texts(xc_json_member(test, "headers"), where,
		    "headers", errbuf);
	if (err == XC_OK)
		err = check_rows(xc_json_member(test, "database"), where,
		    "database", database_members, errbuf);
	if (err == XC_OK)
		err = check_rows(xc_json_member(test, "desk"), where, "desk",
		    desk_members, errbuf);
	if (err == XC_OK)
		err = check_rows(xc_json_member(test, "http"), where, "http",
		    http_members, errbuf);
	return err == XC_OK ? check_expect(xc_json_member(test, "expect"),
	    where, errbuf) : err;
}

static enum xc_err
add_tests(struct xc_cases *cases, const char *file,
    struct json_object *document, struct xc_errbuf *errbuf)
{
	struct xc_case *rows;
	enum xc_err err;
	char where[40];
	size_t n;

	if (!json_object_is_type(document, json_type_array))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "it must be an array of tests");
	n = json_object_array_length(document);
	rows = realloc(cases->rows, (cases->n + n + 1) * sizeof(*rows));
	if (rows == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	cases->rows = rows;
	for (size_t i = 0; i < n; i++) {
		struct json_object *test = json_object_array_get_idx(document,
		    i);

		snprintf(where, sizeof(where), "/%zu", i);
		err = check_test(test, where, errbuf);
		if (err != XC_OK)
			return err;
		rows[cases->n++] = (struct xc_case){ .file = file,
			.name = xc_json_string(test, "name"), .json = test };
	}
	return XC_OK;
}

static enum xc_err
read_file(struct xc_cases *cases, int fd, size_t i, struct xc_errbuf *errbuf)
{
	unsigned char *data;
	char where[200];
	enum xc_err err;
	size_t len;

	err = xc_file_read_at(fd, cases->files[i], FILE_MAX, &data, &len,
	    errbuf);
	if (err != XC_OK)
		return err;
	err = xc_json_parse((const char *)data, len, &cases->documents[i],
	    where, sizeof(where));
	free(data);
	if (err != XC_OK)
		xc_fail(errbuf, err, "%s", where);
	else
		err = add_tests(cases, cases->files[i], cases->documents[i],
		    errbuf);
	return err == XC_OK ? err : xc_fail_prefix(errbuf, err, "tests/%s",
	    cases->files[i]);
}

static int
is_test(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* The names of files, sorted. */
static enum xc_err
list_files(struct xc_cases *cases, const char *path,
    struct xc_errbuf *errbuf)
{
	struct dirent **list = NULL;
	int n = scandir(path, &list, is_test, alphasort);
	bool whole = true;

	if (n < 0)
		return errno == ENOENT ? XC_OK : xc_fail(errbuf, XC_ERR_IO,
		    "%s: %s", path, strerror(errno));
	cases->files = calloc((size_t)n + 1, sizeof(*cases->files));
	cases->documents = calloc((size_t)n + 1, sizeof(*cases->documents));
	for (int i = 0; i < n; i++) {
		char *name = cases->files != NULL ?
		    strdup(list[i]->d_name) : NULL;

		if (name != NULL)
			cases->files[cases->n_files++] = name;
		whole = whole && name != NULL;
		free(list[i]);
	}
	free(list);
	return whole && cases->documents != NULL ? XC_OK :
	    xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

enum xc_err
xc_cases_read(const char *folder, struct xc_cases *cases_r,
    struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];
	enum xc_err err;
	int fd;

	memset(cases_r, 0, sizeof(*cases_r));
	snprintf(path, sizeof(path), "%s/tests", folder);
	err = list_files(cases_r, path, errbuf);
	if (err == XC_OK && cases_r->n_files > 0) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			err = xc_fail(errbuf, XC_ERR_IO, "%s: %s", path,
			    strerror(errno));
		for (size_t i = 0; err == XC_OK && i < cases_r->n_files; i++)
			err = read_file(cases_r, fd, i, errbuf);
		if (fd != -1)
			close(fd);
	}
	if (err != XC_OK)
		xc_cases_free(cases_r);
	return err;
}

void
xc_cases_free(struct xc_cases *cases)
{
	for (size_t i = 0; i < cases->n_files; i++) {
		free(cases->files[i]);
		if (cases->documents != NULL)
			json_object_put(cases->documents[i]);
	}
	free(cases->files);
	free(cases->documents);
	free(cases->rows);
	memset(cases, 0, sizeof(*cases));
}

/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "contract/routes.h"
#include "plugin/digest.h"
#include "plugin/file.h"
#include "plugin/snapshot.h"
#include "support.h"

static void __attribute__((noreturn))
die(const char *what, const char *more)
{
	fprintf(stderr, "%s: %s\n", what, more);
	abort();
}

static const char *
build_folder(void)
{
	const char *folder = getenv("top_builddir");

	return folder != NULL ? folder : ".";
}

const char *
made_plugin(const char *variant)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/tests/plugins/made/%s",
	    build_folder(), variant);
	return path;
}

const char *
trial_program(void)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/src/tools/xcore-trial",
	    build_folder());
	return path;
}

char *
new_folder(char *buf, size_t size)
{
	const char *base = getenv("TMPDIR");

	snprintf(buf, size, "%s/xcore-test-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(buf) == NULL)
		die(buf, "cannot be made");
	return buf;
}

void
remove_tree(const char *path)
{
	if (xc_file_remove_at(AT_FDCWD, path) != XC_OK)
		die(path, "cannot be removed");
}

unsigned char *
slurp(const char *path, size_t *len_r)
{
	struct xc_errbuf why = { "" };
	unsigned char *data;

	if (xc_file_read_at(AT_FDCWD, path, 64u << 20, &data, len_r, &why) !=
	    XC_OK)
		die("cannot read", why.text);
	return data;
}

void
spill(const char *path, const void *data, size_t len)
{
	struct xc_errbuf why = { "" };

	unlink(path);
	if (xc_file_write_at(AT_FDCWD, path, 0444, data, len, &why) != XC_OK)
		die("cannot write", why.text);
}

static bool
belongs(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".so") == 0 ||
	    strcmp(dot, ".json") == 0);
}

void
copy_plugin(const char *from, const char *to)
{
	struct dirent *entry;
	DIR *dir = opendir(from);

	mkdir(to, 0755);
	if (dir == NULL)
		die(from, "was not built");
	while ((entry = readdir(dir)) != NULL) {
		char source[1000], target[1000];
		unsigned char *data;
		size_t len;

		if (!belongs(entry->d_name))
			continue;
		snprintf(source, sizeof(source), "%s/%s", from,
		    entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		data = slurp(source, &len);
		spill(target, data, len);
		free(data);
	}
	closedir(dir);
}

struct json_object *
snapshot_new(int64_t generation)
{
	struct json_object *snapshot = json_object_new_object();

	json_object_object_add(snapshot, "format", json_object_new_int(1));
	json_object_object_add(snapshot, "generation",
	    json_object_new_int64(generation));
	json_object_object_add(snapshot, "sequence",
	    json_object_new_int64(generation));
	json_object_object_add(snapshot, "plugins", json_object_new_array());
	return snapshot;
}

void
row_set(struct json_object *row, const char *key, const char *text)
{
	json_object_object_add(row, key, json_object_new_string(text));
}

void
row_config(struct json_object *row, const char *config)
{
	json_object_object_add(row, "config", json_tokener_parse(config));
}

static struct json_object *
read_operations(const char *dir)
{
	struct json_object *list = json_object_new_array(), *openapi;
	struct xc_errbuf why = { "" };
	struct xc_route *routes;
	char path[1000];
	size_t n;

	snprintf(path, sizeof(path), "%s/openapi.json", dir);
	openapi = json_object_from_file(path);
	if (xc_routes_read(openapi, &routes, &n, &why) != XC_OK)
		die("routes", why.text);
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_new_object();

		row_set(row, "method", routes[i].method);
		row_set(row, "path", routes[i].path);
		row_set(row, "id", routes[i].operation);
		json_object_array_add(list, row);
	}
	free(routes);
	json_object_put(openapi);
	return list;
}

struct json_object *
snapshot_add(struct json_object *snapshot, const char *dir, const char *name,
    const char *version)
{
	struct json_object *row = json_object_new_object();
	char path[1000], prefix[100], hash[XC_DIGEST_SIZE];
	unsigned char *data;
	size_t len;

	snprintf(path, sizeof(path), "%s/misbehave.so", dir);
	snprintf(prefix, sizeof(prefix), "/app/%s", name);
	data = slurp(path, &len);
	xc_digest_hex(data, len, hash);
	free(data);
	row_set(row, "name", name);
	row_set(row, "version", version);
	row_set(row, "hash", hash);
	row_set(row, "so_hash", hash);
	row_set(row, "prefix", prefix);
	row_set(row, "dir", dir);
	row_set(row, "so", path);
	row_set(row, "state", "enabled");
	row_set(row, "schema", "xcore_test");
	json_object_object_add(row, "permissions", json_object_new_array());
	json_object_object_add(row, "operations", read_operations(dir));
	json_object_array_add(json_object_object_get(snapshot, "plugins"),
	    row);
	return row;
}

void
snapshot_write(const char *state, struct json_object *snapshot, char *path_r,
    size_t size)
{
	struct xc_errbuf why = { "" };

	if (xc_snapshot_write(state, snapshot, path_r, size, &why) != XC_OK)
		die("snapshot", why.text);
	json_object_put(snapshot);
}

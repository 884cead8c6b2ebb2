/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/documents.h"
#include "plugin/file.h"
#include "plugin/package.h"

#define FOLDER "schemas/"
#define NAME_BYTES_MAX 200
#define ENTRIES_MAX 10000

bool
xc_documents_is_schema(const char *name)
{
	size_t before = sizeof(FOLDER) - 1, len;

	if (strncmp(name, FOLDER, before) != 0 || name[before] == '.')
		return false;
	name += before;
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return name[len] == '\0' && len > 5 && len <= NAME_BYTES_MAX &&
	    strcmp(name + len - 5, ".json") == 0;
}

static enum xc_err
no_memory(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

/* Room for one more. */
static bool
grow(struct xc_documents *documents)
{
	struct xc_bundle_file *files = reallocarray(documents->files,
	    documents->n + 1, sizeof(*files));

	if (files == NULL)
		return false;
	documents->files = files;
	return true;
}

static enum xc_err
read_file(struct xc_documents *documents, int dir, const char *name,
    size_t *max, struct xc_errbuf *errbuf)
{
	unsigned char *data;
	char *copy;
	size_t len;
	enum xc_err err;

	err = xc_file_read_at(dir, name, *max, &data, &len, errbuf);
	if (err != XC_OK)
		return err;
	copy = strdup(name);
	if (copy == NULL || !grow(documents)) {
		free(copy);
		free(data);
		return no_memory(errbuf);
	}
	documents->files[documents->n++] = (struct xc_bundle_file){
		.name = copy, .text = (const char *)data, .len = len };
	*max -= len;
	return XC_OK;
}

static int
compare_names(const void *left, const void *right)
{
	const struct xc_bundle_file *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static enum xc_err
read_entries(struct xc_documents *documents, DIR *stream, int dir,
    size_t *max, struct xc_errbuf *errbuf)
{
	char name[sizeof(FOLDER) + NAME_MAX];
	struct dirent *entry;
	enum xc_err err = XC_OK;

	for (unsigned n = 0; err == XC_OK; n++) {
		errno = 0;
		entry = readdir(stream);
		if (entry == NULL)
			return errno == 0 ? XC_OK : xc_fail(errbuf,
			    XC_ERR_IO, "schemas: %s", strerror(errno));
		if (n == ENTRIES_MAX || documents->n > XC_BUNDLE_FILES_MAX)
			return xc_fail(errbuf, XC_ERR_INVALID, "schemas: "
			    "more than %d files", XC_BUNDLE_FILES_MAX - 1);
		snprintf(name, sizeof(name), FOLDER "%s", entry->d_name);
		if (xc_documents_is_schema(name))
			err = read_file(documents, dir, name, max, errbuf);
	}
	return err;
}

static enum xc_err
read_schemas(struct xc_documents *documents, int dir, size_t *max,
    struct xc_errbuf *errbuf)
{
	int fd = openat(dir, "schemas", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	enum xc_err err;
	DIR *stream;

	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? XC_OK :
		    xc_fail(errbuf, XC_ERR_IO, "schemas: %s",
		    strerror(errno));
	stream = fdopendir(fd);
	if (stream == NULL) {
		err = xc_fail(errbuf, XC_ERR_IO, "schemas: %s",
		    strerror(errno));
		close(fd);
		return err;
	}
	err = read_entries(documents, stream, dir, max, errbuf);
	closedir(stream);
	if (documents->n > 2)
		qsort(documents->files + 1, documents->n - 1,
		    sizeof(*documents->files), compare_names);
	return err;
}

enum xc_err
xc_documents_read(int dir, size_t max, struct xc_documents *documents_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	*documents_r = (struct xc_documents){ .owned = true };
	err = read_file(documents_r, dir, "openapi.json", &max, errbuf);
	return err == XC_OK ? read_schemas(documents_r, dir, &max, errbuf) :
	    err;
}

enum xc_err
xc_documents_read_path(const char *path, size_t max,
    struct xc_documents *documents_r, struct xc_errbuf *errbuf)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum xc_err err;

	*documents_r = (struct xc_documents){ .owned = true };
	if (dir == -1)
		return xc_fail(errbuf, errno == ENOENT ? XC_ERR_NOT_FOUND :
		    XC_ERR_IO, "%s: %s", path, strerror(errno));
	err = xc_documents_read(dir, max, documents_r, errbuf);
	close(dir);
	return err;
}

static enum xc_err
borrow(struct xc_documents *documents, const struct xc_package_file *file,
    struct xc_errbuf *errbuf)
{
	if (!grow(documents))
		return no_memory(errbuf);
	documents->files[documents->n++] = (struct xc_bundle_file){
		.name = file->name, .text = (const char *)file->data,
		.len = file->len };
	return XC_OK;
}

enum xc_err
xc_documents_of(const struct xc_package *package,
    struct xc_documents *documents_r, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *file = xc_package_find(package,
	    "openapi.json");
	enum xc_err err;

	*documents_r = (struct xc_documents){ .owned = false };
	if (file == NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND, "there is no "
		    "openapi.json; it says which paths the plugin serves");
	err = borrow(documents_r, file, errbuf);
	/* They are sorted already. */
	for (size_t i = 0; i < package->n_files && err == XC_OK; i++) {
		if (xc_documents_is_schema(package->files[i].name))
			err = borrow(documents_r, &package->files[i],
			    errbuf);
	}
	return err;
}

void
xc_documents_free(struct xc_documents *documents)
{
	for (size_t i = 0; documents->owned && i < documents->n; i++) {
		free((void *)(uintptr_t)documents->files[i].name);
		free((void *)(uintptr_t)documents->files[i].text);
	}
	free(documents->files);
	memset(documents, 0, sizeof(*documents));
}

/* The lengths go in too, so that no two lists of files look alike. */
static void
add(struct xc_digest *digest, const char *bytes, size_t len)
{
	char length[32];
	int n = snprintf(length, sizeof(length), "%zu:", len);

	xc_digest_add(digest, length, (size_t)n);
	xc_digest_add(digest, bytes, len);
}

enum xc_err
xc_documents_hash(const struct xc_documents *documents,
    char hash_r[XC_DIGEST_SIZE])
{
	const struct xc_bundle_file *files = documents->files;
	struct xc_digest digest;

	if (documents->n == 1)
		return xc_digest_hex(files[0].text, files[0].len, hash_r);
	xc_digest_begin(&digest);
	for (size_t i = 0; i < documents->n; i++) {
		add(&digest, files[i].name, strlen(files[i].name));
		add(&digest, files[i].text, files[i].len);
	}
	return xc_digest_end(&digest, hash_r);
}

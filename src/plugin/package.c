/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "contract/bundle.h"
#include "digest.h"
#include "documents.h"
#include "file.h"
#include "package-private.h"

/* The archive of the largest package is not larger than this. */
#define ARCHIVE_MAX (XC_PACKAGE_SIZE_MAX + (4u << 20))

bool
xc_package_folder_ok(const char *name)
{
	return strcmp(name, "sql") == 0 || strcmp(name, "schemas") == 0 ||
	    strcmp(name, "assets") == 0 ||
	    (strncmp(name, "assets/", 7) == 0 && xc_package_path_ok(name));
}

static bool
ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* NNNN_name.up.sql or NNNN_name.down.sql */
static bool
migration_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (strspn(name, "0123456789") != 4 || name[4] != '_')
		return false;
	if (ends_in(name, ".up.sql"))
		len -= strlen(".up.sql");
	else if (ends_in(name, ".down.sql"))
		len -= strlen(".down.sql");
	else
		return false;
	return len > 5 && strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") >= len;
}

/* Whose name the shared object bears is looked at when the manifest is
 * known. */
static bool
object_name_ok(const char *name)
{
	char stem[40];

	if (!ends_in(name, ".so") || strlen(name) > 35)
		return false;
	snprintf(stem, sizeof(stem), "%.*s", (int)strlen(name) - 3, name);
	return xc_plugin_name_ok(stem);
}

bool
xc_package_name_ok(const char *name)
{
	if (!xc_package_path_ok(name))
		return false;
	if (strncmp(name, "assets/", 7) == 0)
		return true;
	if (strncmp(name, "sql/", 4) == 0)
		return migration_name_ok(name + 4);
	if (strncmp(name, "schemas/", 8) == 0)
		return xc_documents_is_schema(name);
	if (strchr(name, '/') != NULL)
		return false;
	return strcmp(name, "plugin.json") == 0 ||
	    strcmp(name, "openapi.json") == 0 || object_name_ok(name) ||
	    strncmp(name, "README", 6) == 0 ||
	    strncmp(name, "LICENSE", 7) == 0;
}

enum xc_err
xc_package_draft_room(const struct xc_package_draft *draft, uint64_t len,
    struct xc_errbuf *errbuf)
{
	if (draft->n_files >= XC_PACKAGE_FILES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "more than %d files; a package may have that many",
		    XC_PACKAGE_FILES_MAX);
	if (len > XC_PACKAGE_SIZE_MAX - draft->bytes)
		return xc_fail(errbuf, XC_ERR_INVALID, "its files are more "
		    "than %u MiB together; make the assets smaller",
		    XC_PACKAGE_SIZE_MAX >> 20);
	return XC_OK;
}

static enum xc_err
grow(struct xc_package_draft *draft)
{
	size_t room = draft->room == 0 ? 16 : draft->room * 2;
	struct xc_package_file *files;

	if (draft->n_files < draft->room)
		return XC_OK;
	files = realloc(draft->files, room * sizeof(*files));
	if (files == NULL)
		return XC_ERR_NOMEM;
	draft->files = files;
	draft->room = room;
	return XC_OK;
}

enum xc_err
xc_package_draft_add(struct xc_package_draft *draft, const char *name,
    unsigned char *data, size_t len, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_package_draft_room(draft, len, errbuf);
	char *copy = NULL;

	if (err == XC_OK) {
		copy = strdup(name);
		if (copy == NULL || grow(draft) != XC_OK)
			err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	if (err != XC_OK) {
		free(copy);
		free(data);
		return err;
	}
	draft->files[draft->n_files++] = (struct xc_package_file){
		.name = copy, .data = data, .len = len };
	draft->bytes += len;
	return XC_OK;
}

void
xc_package_draft_free(struct xc_package_draft *draft)
{
	for (size_t i = 0; i < draft->n_files; i++) {
		free(draft->files[i].name);
		free(draft->files[i].data);
	}
	free(draft->files);
	memset(draft, 0, sizeof(*draft));
}

static int
compare_files(const void *left, const void *right)
{
	const struct xc_package_file *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static const struct xc_package_file *
find(const struct xc_package_file *files, size_t n, const char *name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, files[mid].name);

		if (order == 0)
			return &files[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* Refuses a name that is both a file and a folder: it could not be written. */
static enum xc_err
check_clash(const struct xc_package_draft *draft, const char *name,
    struct xc_errbuf *errbuf)
{
	char folder[XC_PACKAGE_PATH_MAX + 1];

	for (const char *slash = strchr(name, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name),
		    name);
		if (find(draft->files, draft->n_files, folder) != NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s is a file and a folder", folder);
	}
	return XC_OK;
}

static enum xc_err
check_names(const struct xc_package_draft *draft, struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < draft->n_files; i++) {
		const char *name = draft->files[i].name;
		enum xc_err err = check_clash(draft, name, errbuf);

		if (err != XC_OK)
			return err;
		if (i > 0 && strcmp(name, draft->files[i - 1].name) == 0)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s stands in it twice", name);
	}
	return XC_OK;
}

/* The lengths go in too, so that no two lists of files look alike. */
static void
add_length(struct xc_digest *digest, uint64_t len)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(len >> (56 - 8 * i));
	xc_digest_add(digest, bytes, sizeof(bytes));
}

enum xc_err
xc_package_draft_hash(struct xc_package_draft *draft, char hash_r[65],
    struct xc_errbuf *errbuf)
{
	struct xc_digest digest;
	enum xc_err err;

	if (draft->n_files > 0)
		qsort(draft->files, draft->n_files, sizeof(*draft->files),
		    compare_files);
	err = check_names(draft, errbuf);
	if (err != XC_OK)
		return err;
	xc_digest_begin(&digest);
	for (size_t i = 0; i < draft->n_files; i++) {
		const struct xc_package_file *file = &draft->files[i];

		add_length(&digest, strlen(file->name));
		xc_digest_add(&digest, file->name, strlen(file->name));
		add_length(&digest, file->len);
		xc_digest_add(&digest, file->data, file->len);
	}
	err = xc_digest_end(&digest, hash_r);
	return err == XC_OK ? err :
	    xc_fail(errbuf, err, "SHA-256 could not be computed");
}

const struct xc_package_file *
xc_package_find(const struct xc_package *package, const char *name)
{
	return find(package->files, package->n_files, name);
}

/* Exactly one shared object, and it bears the plugin's name. */
static enum xc_err
check_object(const struct xc_package *package, struct xc_errbuf *errbuf)
{
	char object[40];

	snprintf(object, sizeof(object), "%s.so", package->manifest->name);
	if (xc_package_find(package, object) == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "there is no %s; build "
		    "the plugin first (make, or xcore-install build)",
		    object);
	for (size_t i = 0; i < package->n_files; i++) {
		const char *name = package->files[i].name;

		if (strchr(name, '/') == NULL && object_name_ok(name) &&
		    strcmp(name, object) != 0)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s is not the plugin's; only %s may be there",
			    name, object);
	}
	return XC_OK;
}

static enum xc_err
bundle_contract(struct xc_package *package, struct xc_errbuf *errbuf)
{
	struct xc_documents documents;
	enum xc_err err;

	err = xc_documents_of(package, &documents, errbuf);
	if (err == XC_ERR_NOT_FOUND)
		err = XC_ERR_INVALID;
	if (err == XC_OK)
		err = xc_bundle_make(documents.files, documents.n,
		    &package->contract, errbuf);
	xc_documents_free(&documents);
	return err == XC_OK ? xc_bundle_json(package->contract,
	    &package->openapi, errbuf) : err;
}

static enum xc_err
parse_manifest(struct xc_package *package, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *file = xc_package_find(package,
	    "plugin.json");

	if (file == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "there is no plugin.json: this is not a plugin");
	return xc_manifest_parse((const char *)file->data, file->len,
	    &package->manifest, errbuf);
}

enum xc_err
xc_package_finish(struct xc_package_draft *draft,
    struct xc_package **package_r, struct xc_errbuf *errbuf)
{
	struct xc_package *package = calloc(1, sizeof(*package));
	enum xc_err err;

	*package_r = NULL;
	if (package == NULL) {
		xc_package_draft_free(draft);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	err = xc_package_draft_hash(draft, package->hash, errbuf);
	package->files = draft->files;
	package->n_files = draft->n_files;
	memset(draft, 0, sizeof(*draft));
	if (err == XC_OK)
		err = parse_manifest(package, errbuf);
	if (err == XC_OK)
		err = check_object(package, errbuf);
	if (err == XC_OK)
		err = bundle_contract(package, errbuf);
	if (err == XC_OK)
		*package_r = package;
	else
		xc_package_free(&package);
	return err;
}

void
xc_package_free(struct xc_package **package)
{
	struct xc_package *old = *package;
	struct xc_package_draft files = { 0 };

	*package = NULL;
	if (old == NULL)
		return;
	files.files = old->files;
	files.n_files = old->n_files;
	xc_package_draft_free(&files);
	xc_manifest_free(&old->manifest);
	json_object_put(old->openapi);
	xc_bundle_free(&old->contract);
	free(old);
}

enum xc_err
xc_package_read(const void *data, size_t len, struct xc_package **package_r,
    struct xc_errbuf *errbuf)
{
	struct xc_package_draft draft = { 0 };
	enum xc_err err = xc_package_read_archive(data, len, &draft, errbuf);

	*package_r = NULL;
	if (err == XC_OK)
		return xc_package_finish(&draft, package_r, errbuf);
	xc_package_draft_free(&draft);
	return err;
}

static enum xc_err
open_folder(int fd, struct xc_package **package_r, struct xc_errbuf *errbuf)
{
	struct xc_package_draft draft = { 0 };
	enum xc_err err = xc_package_read_folder(fd, false, &draft, errbuf);

	if (err == XC_OK)
		return xc_package_finish(&draft, package_r, errbuf);
	xc_package_draft_free(&draft);
	return err;
}

static enum xc_err
open_archive(int fd, struct xc_package **package_r, struct xc_errbuf *errbuf)
{
	unsigned char *data;
	size_t len;
	enum xc_err err = xc_file_read_fd(fd, ARCHIVE_MAX, &data, &len,
	    errbuf);

	if (err != XC_OK)
		return err;
	err = xc_package_read(data, len, package_r, errbuf);
	free(data);
	return err;
}

enum xc_err
xc_package_open(const char *path, struct xc_package **package_r,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf why = { "" };
	struct stat st;
	enum xc_err err;
	/* Not to be held up by a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*package_r = NULL;
	if (fd == -1)
		return xc_fail(errbuf, errno == ENOENT || errno == ENOTDIR ?
		    XC_ERR_NOT_FOUND : XC_ERR_IO, "%s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) != 0)
		err = xc_fail(&why, XC_ERR_IO, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		err = open_folder(fd, package_r, &why);
	else
		err = open_archive(fd, package_r, &why);
	close(fd);
	return err == XC_OK ? err :
	    xc_fail(errbuf, err, "%s: %s", path, why.text);
}

void
xc_package_version_id(const struct xc_package *package, char *buf,
    size_t size)
{
	snprintf(buf, size, "%s-%.8s", package->manifest->version,
	    package->hash);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "package-private.h"

/*
 * Only what is needed of libarchive is switched on: tar, and the two
 * compressions that a package may have.  A filter that would run a program
 * (libarchive warns then) is left out.
 */
static bool
set_formats(struct archive *archive)
{
	if (archive_read_support_format_tar(archive) != ARCHIVE_OK)
		return false;
	return archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
	    archive_read_support_filter_gzip(archive) == ARCHIVE_OK;
}

static enum xc_err
archive_fail(struct archive *archive, struct xc_errbuf *errbuf)
{
	const char *why = archive_error_string(archive);

	return xc_fail(errbuf, XC_ERR_INVALID, "is not a whole .xcp archive "
	    "(tar, compressed by zstd or gzip): %s",
	    why != NULL ? why : "it cannot be read");
}

/* The bytes of one entry.  Its header is not believed: a sparse entry of a
 * few bytes can name a length of terabytes. */
static enum xc_err
read_data(struct archive *archive, const struct xc_package_draft *draft,
    unsigned char **data_r, size_t *len_r, struct xc_errbuf *errbuf)
{
	size_t room = 16384, len = 0;
	unsigned char *data = malloc(room + 1);
	enum xc_err err = XC_OK;

	while (data != NULL) {
		la_ssize_t n = archive_read_data(archive, data + len,
		    room - len);

		if (n == 0)
			break;
		if (n < 0) {
			err = archive_fail(archive, errbuf);
		} else {
			len += (size_t)n;
			err = xc_package_draft_room(draft, len, errbuf);
		}
		if (err != XC_OK) {
			free(data);
			return err;
		}
		if (len == room) {
			unsigned char *more = realloc(data, room * 2 + 1);

			if (more == NULL)
				free(data);
			data = more;
			room *= 2;
		}
	}
	if (data == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	data[len] = '\0';
	*data_r = data;
	*len_r = len;
	return XC_OK;
}

/* The entry's name without "./" before and '/' behind; NULL if it has none
 * that a package may have. */
static const char *
entry_name(struct archive_entry *entry, char *buf, size_t size)
{
	const char *name = archive_entry_pathname(entry);
	size_t len;

	if (name == NULL || strlen(name) >= size)
		return NULL;
	if (strncmp(name, "./", 2) == 0)
		name += 2;
	len = strlen(name);
	memcpy(buf, name, len + 1);
	if (len > 1 && buf[len - 1] == '/')
		buf[len - 1] = '\0';
	return buf;
}

static enum xc_err
refuse(struct archive_entry *entry, const char *what,
    struct xc_errbuf *errbuf)
{
	const char *name = archive_entry_pathname(entry);
	char shown[100];
	size_t i;

	snprintf(shown, sizeof(shown), "%s", name != NULL ? name : "?");
	for (i = 0; shown[i] != '\0'; i++) {
		if (shown[i] < ' ' || shown[i] > '~')
			shown[i] = '?';
	}
	return xc_fail(errbuf, XC_ERR_INVALID, "its entry %s %s", shown, what);
}

static enum xc_err
check_kind(struct archive_entry *entry, struct xc_errbuf *errbuf)
{
	if (archive_entry_hardlink(entry) != NULL)
		return refuse(entry, "is a hard link; only regular files are "
		    "taken", errbuf);
	if (archive_entry_filetype(entry) == AE_IFLNK)
		return refuse(entry, "is a symbolic link; only regular files "
		    "are taken", errbuf);
	if (archive_entry_filetype(entry) != AE_IFREG &&
	    archive_entry_filetype(entry) != AE_IFDIR)
		return refuse(entry, "is a device or the like; only regular "
		    "files are taken", errbuf);
	if ((archive_entry_perm(entry) & 06000) != 0)
		return refuse(entry, "is setuid or setgid", errbuf);
	return XC_OK;
}

static enum xc_err
check_place(struct archive_entry *entry, const char *name,
    struct xc_errbuf *errbuf)
{
	if (name == NULL)
		return refuse(entry, "has a name that is too long or not "
		    "readable", errbuf);
	if (name[0] == '/')
		return refuse(entry, "has an absolute path", errbuf);
	if (!xc_package_path_ok(name))
		return refuse(entry, "has a path with \"..\", a segment that "
		    "begins with a dot or is empty, or characters other than "
		    "printable ASCII", errbuf);
	return XC_OK;
}

static enum xc_err
take_entry(struct archive *archive, struct archive_entry *entry,
    struct xc_package_draft *draft, struct xc_errbuf *errbuf)
{
	char buf[512];
	const char *name = entry_name(entry, buf, sizeof(buf));
	enum xc_err err = check_kind(entry, errbuf);
	bool folder = archive_entry_filetype(entry) == AE_IFDIR;
	unsigned char *data = NULL;
	size_t len = 0;

	if (err != XC_OK)
		return err;
	/* "." itself, as "tar -C folder ." writes it. */
	if (folder && name != NULL && (name[0] == '\0' ||
	    strcmp(name, ".") == 0))
		return XC_OK;
	err = check_place(entry, name, errbuf);
	if (err != XC_OK)
		return err;
	if (folder && xc_package_folder_ok(name))
		return XC_OK;
	if (folder || !xc_package_name_ok(name))
		return refuse(entry, "does not belong into a package "
		    "(plugin.json, openapi.json, <name>.so, README, LICENSE, "
		    "schemas/name.json, sql/NNNN_name.up.sql and .down.sql, "
		    "assets/)", errbuf);
	err = read_data(archive, draft, &data, &len, errbuf);
	if (err != XC_OK)
		return err;
	return xc_package_draft_add(draft, name, data, len, errbuf);
}

static enum xc_err
take_entries(struct archive *archive, struct xc_package_draft *draft,
    struct xc_errbuf *errbuf)
{
	struct archive_entry *entry;
	size_t seen = 0;
	int status;

	while ((status = archive_read_next_header(archive, &entry)) ==
	    ARCHIVE_OK) {
		enum xc_err err;

		if (++seen > 2 * XC_PACKAGE_FILES_MAX)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "more than %d entries", 2 * XC_PACKAGE_FILES_MAX);
		err = take_entry(archive, entry, draft, errbuf);
		if (err != XC_OK)
			return err;
	}
	if (status != ARCHIVE_EOF)
		return archive_fail(archive, errbuf);
	if (draft->n_files == 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "holds no file");
	return XC_OK;
}

enum xc_err
xc_package_read_archive(const void *data, size_t len,
    struct xc_package_draft *draft, struct xc_errbuf *errbuf)
{
	struct archive *archive;
	enum xc_err err;

	if (len == 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "is empty");
	archive = archive_read_new();
	if (archive == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (!set_formats(archive))
		err = xc_fail(errbuf, XC_ERR_UNSUPPORTED,
		    "libarchive was built without zstd or gzip");
	else if (archive_read_open_memory(archive, data, len) != ARCHIVE_OK)
		err = archive_fail(archive, errbuf);
	else
		err = take_entries(archive, draft, errbuf);
	archive_read_free(archive);
	return err;
}

/* Memory that the archive is written to. */
struct sink {
	unsigned char *data;
	size_t len;
	size_t room;
};

static la_ssize_t
sink_write(struct archive *archive, void *ctx, const void *data, size_t len)
{
	struct sink *sink = ctx;

	if (len > sink->room - sink->len) {
		size_t room = (sink->room + len) * 2;
		unsigned char *more = realloc(sink->data, room);

		if (more == NULL) {
			archive_set_error(archive, ARCHIVE_FATAL,
			    "out of memory");
			return -1;
		}
		sink->data = more;
		sink->room = room;
	}
	memcpy(sink->data + sink->len, data, len);
	sink->len += len;
	return (la_ssize_t)len;
}

static bool
write_file(struct archive *archive, struct archive_entry *entry,
    const struct xc_package_file *file)
{
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)file->len);
	/* Owner 0 and time 0, so that the same files give the same bytes. */
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, 0, 0);
	if (archive_write_header(archive, entry) != ARCHIVE_OK)
		return false;
	return archive_write_data(archive, file->data, file->len) ==
	    (la_ssize_t)file->len;
}

static bool
write_files(struct archive *archive, const struct xc_package *package)
{
	struct archive_entry *entry = archive_entry_new();
	bool ok = entry != NULL;

	for (size_t i = 0; ok && i < package->n_files; i++)
		ok = write_file(archive, entry, &package->files[i]);
	archive_entry_free(entry);
	return ok;
}

static bool
write_archive(struct archive *archive, const struct xc_package *package,
    struct sink *sink)
{
	return archive_write_set_format_pax_restricted(archive) ==
	    ARCHIVE_OK &&
	    archive_write_add_filter_zstd(archive) == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	    archive_write_open2(archive, sink, NULL, sink_write, NULL,
	    NULL) == ARCHIVE_OK &&
	    write_files(archive, package) &&
	    archive_write_close(archive) == ARCHIVE_OK;
}

enum xc_err
xc_package_pack(const struct xc_package *package, void **data_r,
    size_t *len_r, struct xc_errbuf *errbuf)
{
	struct archive *archive = archive_write_new();
	struct sink sink = { 0 };
	enum xc_err err = XC_OK;

	*data_r = NULL;
	*len_r = 0;
	if (archive == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (!write_archive(archive, package, &sink)) {
		const char *why = archive_error_string(archive);

		err = xc_fail(errbuf, XC_ERR_FAILED,
		    "the package cannot be packed: %s",
		    why != NULL ? why : "out of memory");
	}
	archive_write_free(archive);
	if (err != XC_OK) {
		free(sink.data);
		return err;
	}
	*data_r = sink.data;
	*len_r = sink.len;
	return XC_OK;
}

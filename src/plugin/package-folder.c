/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "package-private.h"

#define NAME_MAX_BYTES 512
#define DEPTH_MAX 16

struct walk {
	struct xc_package_draft *draft;
	struct xc_errbuf *errbuf;
	bool strict;
	unsigned depth;
	size_t seen;
};

static enum xc_err walk_folder(struct walk *walk, int dir,
    const char *prefix);

/* Whether a name that belongs into no package may be passed over: a misspelt
 * migration would never run, an asset of that name never be served, a schema
 * not be found. */
static enum xc_err
pass_over(const struct walk *walk, const char *name, const char *base)
{
	size_t len = strlen(name);

	if (walk->strict)
		return xc_fail(walk->errbuf, XC_ERR_INVALID,
		    "%s does not belong there", name);
	if (base[0] == '.')
		return XC_OK;
	if (strncmp(name, "assets/", 7) == 0)
		return xc_fail(walk->errbuf, XC_ERR_INVALID, "%s: the name of "
		    "an asset must be printable ASCII, at most 200 bytes",
		    name);
	if (strncmp(name, "schemas/", 8) == 0 && len > 5 &&
	    strcmp(name + len - 5, ".json") == 0)
		return xc_fail(walk->errbuf, XC_ERR_INVALID, "%s: the name of "
		    "a schema may have letters, digits, '.', '_' and '-'",
		    name);
	if (strncmp(name, "sql/", 4) == 0 && len > 8 &&
	    strcmp(name + len - 4, ".sql") == 0)
		return xc_fail(walk->errbuf, XC_ERR_INVALID, "%s: a migration "
		    "is named like 0001_create.up.sql or 0001_create.down.sql",
		    name);
	return XC_OK;
}

static enum xc_err
take_file(struct walk *walk, int dir, const char *base, const char *name)
{
	unsigned char *data;
	enum xc_err err;
	size_t len;

	err = xc_file_read_at(dir, base, XC_PACKAGE_SIZE_MAX, &data, &len,
	    walk->errbuf);
	if (err != XC_OK)
		return err;
	return xc_package_draft_add(walk->draft, name, data, len,
	    walk->errbuf);
}

static enum xc_err
take_folder(struct walk *walk, int dir, const char *base, const char *name)
{
	char prefix[NAME_MAX_BYTES + 1];
	enum xc_err err;
	int fd;

	if (walk->depth == DEPTH_MAX)
		return xc_fail(walk->errbuf, XC_ERR_INVALID,
		    "%s: more than %d folders deep", name, DEPTH_MAX);
	fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return xc_fail(walk->errbuf, XC_ERR_IO, "%s: %s", name,
		    strerror(errno));
	snprintf(prefix, sizeof(prefix), "%s/", name);
	walk->depth++;
	err = walk_folder(walk, fd, prefix);
	walk->depth--;
	close(fd);
	return err;
}

static enum xc_err
take_entry(struct walk *walk, int dir, const char *base, const char *prefix)
{
	char name[NAME_MAX_BYTES];
	struct stat st;

	if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, base) >=
	    sizeof(name))
		return xc_fail(walk->errbuf, XC_ERR_INVALID,
		    "%s: the name is too long", name);
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return xc_fail(walk->errbuf, XC_ERR_IO, "%s: %s", name,
		    strerror(errno));
	if (xc_package_folder_ok(name) && S_ISDIR(st.st_mode))
		return take_folder(walk, dir, base, name);
	if (S_ISREG(st.st_mode) && xc_package_name_ok(name))
		return take_file(walk, dir, base, name);
	if (!xc_package_name_ok(name) && !xc_package_folder_ok(name))
		return pass_over(walk, name, base);
	return xc_fail(walk->errbuf, XC_ERR_INVALID, "%s: must be a %s; "
	    "links and devices are not taken", name,
	    xc_package_folder_ok(name) && !xc_package_name_ok(name) ?
	    "folder" : "regular file");
}

static enum xc_err
walk_stream(struct walk *walk, DIR *stream, int dir, const char *prefix)
{
	struct dirent *entry;

	while (errno = 0, (entry = readdir(stream)) != NULL) {
		enum xc_err err;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (++walk->seen > 20 * XC_PACKAGE_FILES_MAX)
			return xc_fail(walk->errbuf, XC_ERR_INVALID,
			    "the folder has too many files");
		err = take_entry(walk, dir, entry->d_name, prefix);
		if (err != XC_OK)
			return err;
	}
	return errno == 0 ? XC_OK : xc_fail(walk->errbuf, XC_ERR_IO,
	    "%s: %s", prefix, strerror(errno));
}

static enum xc_err
walk_folder(struct walk *walk, int dir, const char *prefix)
{
	/* A stream of its own: closing it closes the descriptor. */
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy == -1 ? NULL : fdopendir(copy);
	enum xc_err err;

	if (stream == NULL) {
		int error = errno;

		if (copy != -1)
			close(copy);
		return xc_fail(walk->errbuf, XC_ERR_IO, "%s: %s", prefix,
		    strerror(error));
	}
	err = walk_stream(walk, stream, copy, prefix);
	closedir(stream);
	return err;
}

enum xc_err
xc_package_read_folder(int dir, bool strict, struct xc_package_draft *draft,
    struct xc_errbuf *errbuf)
{
	struct walk walk = { .draft = draft, .errbuf = errbuf,
		.strict = strict };

	return walk_folder(&walk, dir, "");
}

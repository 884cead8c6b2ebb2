/* SPDX-License-Identifier: MIT */
#include "plugin/assets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/package-private.h"

#define FOLDER "assets"
#define DEPTH_MAX 16
#define SEEN_MAX (20 * XC_PACKAGE_FILES_MAX)

struct xc_assets {
	struct xc_asset *files;	/* sorted by name, which each owns */
	size_t n;
	size_t room;
	char *folder;		/* the path of assets/ */
	char etag[40];
};

struct walk {
	struct xc_assets *assets;
	struct xc_errbuf *errbuf;
	unsigned depth;
	size_t seen;
};

static enum xc_err
fail_nomem(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

static enum xc_err
add_file(struct walk *walk, const char *name, uint64_t size)
{
	struct xc_assets *assets = walk->assets;
	struct xc_asset *files = assets->files;

	if (assets->n == XC_PACKAGE_FILES_MAX)
		return xc_fail(walk->errbuf, XC_ERR_TOO_LARGE, FOLDER
		    " has more than %d files", XC_PACKAGE_FILES_MAX);
	if (assets->n == assets->room) {
		assets->room = assets->room > 0 ? 2 * assets->room : 16;
		files = realloc(files, assets->room * sizeof(*files));
		if (files == NULL)
			return fail_nomem(walk->errbuf);
		assets->files = files;
	}
	files[assets->n].name = strdup(name);
	files[assets->n].size = size;
	if (files[assets->n].name == NULL)
		return fail_nomem(walk->errbuf);
	assets->n++;
	return XC_OK;
}

static enum xc_err walk_folder(struct walk *walk, int dir, const char *base,
    const char *name);

/* name is relative to assets/; what a package may not have is passed over. */
static enum xc_err
take_entry(struct walk *walk, int dir, const char *base, const char *folder)
{
	char name[XC_PACKAGE_PATH_MAX + 1];
	struct stat st;

	if ((size_t)snprintf(name, sizeof(name), "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", base) >= sizeof(name) ||
	    !xc_package_path_ok(name))
		return XC_OK;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return xc_fail(walk->errbuf, XC_ERR_IO, FOLDER "/%s: %s",
		    name, strerror(errno));
	if (S_ISDIR(st.st_mode) && walk->depth < DEPTH_MAX)
		return walk_folder(walk, dir, base, name);
	return S_ISREG(st.st_mode) ? add_file(walk, name,
	    (uint64_t)st.st_size) : XC_OK;
}

static enum xc_err
walk_stream(struct walk *walk, DIR *stream, const char *name)
{
	struct dirent *entry;
	enum xc_err err = XC_OK;

	while (err == XC_OK &&
	    (errno = 0, entry = readdir(stream)) != NULL) {
		if (++walk->seen > SEEN_MAX)
			return xc_fail(walk->errbuf, XC_ERR_TOO_LARGE,
			    FOLDER " has too many entries");
		if (entry->d_name[0] != '.')
			err = take_entry(walk, dirfd(stream), entry->d_name,
			    name);
	}
	if (err == XC_OK && errno != 0)
		err = xc_fail(walk->errbuf, XC_ERR_IO, FOLDER "/%s: %s", name,
		    strerror(errno));
	return err;
}

static enum xc_err
walk_folder(struct walk *walk, int dir, const char *base, const char *name)
{
	int fd = openat(dir, base,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd == -1 ? NULL : fdopendir(fd);
	enum xc_err err;

	/* Most plugins have none; a link in its place is none. */
	if (fd == -1 && name[0] == '\0' &&
	    (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return XC_OK;
	if (stream == NULL) {
		err = xc_fail(walk->errbuf, XC_ERR_IO, FOLDER "/%s: %s", name,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return err;
	}
	walk->depth++;
	err = walk_stream(walk, stream, name);
	walk->depth--;
	closedir(stream);
	return err;
}

static int
compare_names(const void *left, const void *right)
{
	const struct xc_asset *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static enum xc_err
fill(struct xc_assets *assets, const char *dir, const char *hash,
    struct xc_errbuf *errbuf)
{
	struct walk walk = { .assets = assets, .errbuf = errbuf };
	enum xc_err err;

	snprintf(assets->etag, sizeof(assets->etag), "\"%.32s\"", hash);
	if (asprintf(&assets->folder, "%s/" FOLDER, dir) == -1) {
		assets->folder = NULL;
		return fail_nomem(errbuf);
	}
	err = walk_folder(&walk, AT_FDCWD, assets->folder, "");
	if (err == XC_OK && assets->n > 1)
		qsort(assets->files, assets->n, sizeof(*assets->files),
		    compare_names);
	return err;
}

enum xc_err
xc_assets_read(const char *dir, const char *hash,
    struct xc_assets **assets_r, struct xc_errbuf *errbuf)
{
	struct xc_assets *assets = calloc(1, sizeof(*assets));
	enum xc_err err;

	*assets_r = NULL;
	if (assets == NULL)
		return fail_nomem(errbuf);
	err = fill(assets, dir, hash, errbuf);
	if (err != XC_OK || assets->n == 0)
		xc_assets_free(&assets);
	*assets_r = assets;
	return err;
}

void
xc_assets_free(struct xc_assets **assets)
{
	struct xc_assets *old = *assets;

	*assets = NULL;
	if (old == NULL)
		return;
	for (size_t i = 0; i < old->n; i++)
		free((void *)(uintptr_t)old->files[i].name);
	free(old->files);
	free(old->folder);
	free(old);
}

const char *
xc_assets_etag(const struct xc_assets *assets)
{
	return assets->etag;
}

const struct xc_asset *
xc_assets_find(const struct xc_assets *assets, const char *const *segments,
    size_t n)
{
	char name[XC_PACKAGE_PATH_MAX + 1];
	const struct xc_asset key = { .name = name };
	size_t used = 0;

	if (assets == NULL || n == 0 || n > DEPTH_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(segments[i]);

		/* An encoded slash parts nothing: else it would lead past an
		 * operation that has the path. */
		if (len >= sizeof(name) - used - 1 ||
		    strchr(segments[i], '/') != NULL)
			return NULL;
		if (i > 0)
			name[used++] = '/';
		memcpy(name + used, segments[i], len + 1);
		used += len;
	}
	return bsearch(&key, assets->files, assets->n,
	    sizeof(*assets->files), compare_names);
}

/* Goes down folder by folder, so that none on the way can be a link. */
static int
open_below(const char *folder, const char *name)
{
	int dir = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *slash;
	int fd, saved;

	while (dir != -1 && (slash = strchr(name, '/')) != NULL) {
		char base[XC_PACKAGE_PATH_MAX + 1];

		snprintf(base, sizeof(base), "%.*s", (int)(slash - name),
		    name);
		fd = openat(dir, base,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		saved = errno;
		close(dir);
		errno = saved;
		dir = fd;
		name = slash + 1;
	}
	if (dir == -1)
		return -1;
	fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	saved = errno;
	close(dir);
	errno = saved;
	return fd;
}

enum xc_err
xc_assets_open(const struct xc_assets *assets, const struct xc_asset *asset,
    int *fd_r, struct xc_errbuf *errbuf)
{
	struct stat st;

	*fd_r = open_below(assets->folder, asset->name);
	if (*fd_r == -1)
		return xc_fail(errbuf, errno == ENOENT ? XC_ERR_NOT_FOUND :
		    XC_ERR_IO, "%s/%s: %s", assets->folder, asset->name,
		    strerror(errno));
	if (fstat(*fd_r, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == asset->size)
		return XC_OK;
	close(*fd_r);
	*fd_r = -1;
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "%s/%s is not the file that the package has", assets->folder,
	    asset->name);
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "package-private.h"

/*
 * Folders that are being made, or are on their way out, have names that begin
 * with a dot, which no version does.
 */
#define STAGING ".new-"
#define DAMAGED ".damaged-"

static enum xc_err
fail_errno(struct xc_errbuf *errbuf, const char *what, const char *path)
{
	int error = errno;
	const char *remedy = "";

	if (error == ENOSPC || error == EDQUOT)
		remedy = "; make room and try again";
	else if (error == EACCES || error == EPERM || error == EROFS)
		remedy = "; the store must be writable for this user";
	return xc_fail(errbuf, XC_ERR_IO, "%s %s: %s%s", what, path,
	    strerror(error), remedy);
}

/* Opens a folder below another, making it if need be. */
static int
open_or_make(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) != 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum xc_err
open_plugin_folder(const char *state_dir, const char *name, int *fd_r,
    struct xc_errbuf *errbuf)
{
	int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int plugins;

	*fd_r = -1;
	if (state == -1)
		return fail_errno(errbuf, "state folder", state_dir);
	plugins = open_or_make(state, "plugins");
	close(state);
	if (plugins == -1)
		return fail_errno(errbuf, "store below", state_dir);
	*fd_r = open_or_make(plugins, name);
	close(plugins);
	return *fd_r == -1 ? fail_errno(errbuf, "folder of plugin", name) :
	    XC_OK;
}

enum xc_err
xc_store_verify(const char *dir, const char *hash, struct xc_errbuf *errbuf)
{
	struct xc_package_draft draft = { 0 };
	struct xc_errbuf why = { "" };
	char found[65] = "";
	enum xc_err err;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return xc_fail(errbuf, errno == ENOENT ? XC_ERR_NOT_FOUND :
		    errno == ENOTDIR || errno == ELOOP ? XC_ERR_INVALID :
		    XC_ERR_IO, "%s: %s", dir, strerror(errno));
	err = xc_package_read_folder(fd, true, &draft, &why);
	close(fd);
	if (err == XC_OK)
		err = xc_package_draft_hash(&draft, found, &why);
	xc_package_draft_free(&draft);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "%s: %s", dir, why.text);
	if (strcmp(found, hash) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: its files are "
		    "not those of the package: their hash is %.12s..., that "
		    "of the package %.12s...", dir, found, hash);
	return XC_OK;
}

/* Makes the folders that a file's name goes through, and opens the last. */
static int
open_parent(int dir, const char *name, const char **base_r)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (fd != -1 && (slash = strchr(name, '/')) != NULL) {
		char folder[256];
		int next;

		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name),
		    name);
		next = open_or_make(fd, folder);
		close(fd);
		fd = next;
		name = slash + 1;
	}
	*base_r = name;
	return fd;
}

static enum xc_err
put_file(int dir, const struct xc_package_file *file,
    struct xc_errbuf *errbuf)
{
	const char *base;
	enum xc_err err;
	int parent = open_parent(dir, file->name, &base);

	if (parent == -1)
		return fail_errno(errbuf, "folder of", file->name);
	err = xc_file_write_at(parent, base, 0444, file->data, file->len,
	    errbuf);
	if (err == XC_OK && fsync(parent) != 0)
		err = fail_errno(errbuf, "folder of", file->name);
	close(parent);
	return err;
}

static enum xc_err
fill(int plugin, const char *staging, const struct xc_package *package,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;
	int dir = openat(plugin, staging,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir == -1)
		return fail_errno(errbuf, "folder", staging);
	for (size_t i = 0; err == XC_OK && i < package->n_files; i++)
		err = put_file(dir, &package->files[i], errbuf);
	if (err == XC_OK && fsync(dir) != 0)
		err = fail_errno(errbuf, "folder", staging);
	close(dir);
	return err;
}

/* A name that nobody else uses at this time. */
static void
unique_name(const char *kind, char *buf, size_t size)
{
	static unsigned serial;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(buf, size, "%s%ld-%lld%09ld-%u", kind, (long)getpid(),
	    (long long)now.tv_sec, now.tv_nsec, serial++);
}

/* Moves the staged folder to its place; what stands there damaged is moved
 * aside first, never written over: it may be mapped. */
static enum xc_err
publish(int plugin, const char *staging, const char *id, bool damaged,
    struct xc_errbuf *errbuf)
{
	char aside[96];

	unique_name(DAMAGED, aside, sizeof(aside));
	if (damaged && renameat(plugin, id, plugin, aside) != 0 &&
	    errno != ENOENT)
		return fail_errno(errbuf, "damaged folder", id);
	if (renameat(plugin, staging, plugin, id) != 0) {
		/* Someone else was first, with the same content. */
		if (errno != EEXIST && errno != ENOTEMPTY)
			return fail_errno(errbuf, "folder", id);
		xc_file_remove_at(plugin, staging);
	}
	if (fsync(plugin) != 0)
		return fail_errno(errbuf, "folder", id);
	return XC_OK;
}

static enum xc_err
put_version(int plugin, const struct xc_package *package, const char *id,
    bool damaged, struct xc_errbuf *errbuf)
{
	char staging[96];
	enum xc_err err;

	unique_name(STAGING, staging, sizeof(staging));
	if (mkdirat(plugin, staging, 0755) != 0)
		return fail_errno(errbuf, "folder", staging);
	err = fill(plugin, staging, package, errbuf);
	if (err == XC_OK)
		err = publish(plugin, staging, id, damaged, errbuf);
	if (err != XC_OK)
		xc_file_remove_at(plugin, staging);
	return err;
}

enum xc_err
xc_store_put(const char *state_dir, const struct xc_package *package,
    char *dir_r, size_t size, struct xc_errbuf *errbuf)
{
	const char *name = package->manifest->name;
	struct xc_errbuf why = { "" };
	char id[96];
	bool damaged;
	enum xc_err err;
	int plugin;

	xc_package_version_id(package, id, sizeof(id));
	if ((size_t)snprintf(dir_r, size, "%s/plugins/%s/%s", state_dir, name,
	    id) >= size)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the path of the store is too long");
	err = xc_store_verify(dir_r, package->hash, &why);
	if (err == XC_OK)
		return XC_OK;
	if (err != XC_ERR_NOT_FOUND && err != XC_ERR_INVALID)
		return xc_fail(errbuf, err, "%s", why.text);
	damaged = err == XC_ERR_INVALID;
	err = open_plugin_folder(state_dir, name, &plugin, errbuf);
	if (err != XC_OK)
		return err;
	/* One that was not there may stand there whole by now. */
	err = put_version(plugin, package, id, damaged, errbuf);
	close(plugin);
	if (err != XC_OK)
		return xc_fail_prefix(errbuf, err,
		    "%s %s cannot be put into the store", name,
		    package->manifest->version);
	/* Also sees what another process put there meanwhile. */
	return xc_store_verify(dir_r, package->hash, errbuf);
}

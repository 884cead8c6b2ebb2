/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "package.h"

#define LEFTOVER_AGE_S 3600

struct sweep {
	bool (*keep)(void *ctx, const char *name, const char *version_id);
	void *ctx;
	bool dry_run;
	size_t removed;
	uint64_t bytes;
	const char *plugin;	/* the one whose folder is walked */
	struct xc_errbuf *errbuf;
};

/* Calls each(sweep, dir, name) for what is in the folder, hidden or not. */
static enum xc_err
each_entry(struct sweep *sweep, int dir,
    enum xc_err (*each)(struct sweep *sweep, int dir, const char *name))
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy == -1 ? NULL : fdopendir(copy);
	struct dirent *entry;
	enum xc_err err = XC_OK;

	if (stream == NULL) {
		if (copy != -1)
			close(copy);
		return XC_ERR_IO;
	}
	while ((entry = readdir(stream)) != NULL) {
		enum xc_err one;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		one = each(sweep, copy, entry->d_name);
		if (one != XC_OK)
			err = one;
	}
	closedir(stream);
	return err;
}

/* Calls each() inside a folder of that name. */
static enum xc_err
inside(struct sweep *sweep, int dir, const char *name,
    enum xc_err (*each)(struct sweep *sweep, int dir, const char *name))
{
	enum xc_err err;
	int fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return XC_ERR_IO;
	err = each_entry(sweep, fd, each);
	close(fd);
	return err;
}

static enum xc_err
count_bytes(struct sweep *sweep, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return XC_ERR_IO;
	if (S_ISDIR(st.st_mode))
		return inside(sweep, dir, name, count_bytes);
	sweep->bytes += (uint64_t)st.st_size;
	return XC_OK;
}

/* Whether it is a leftover that nobody can be working on any more. */
static bool
is_stale(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtime < time(NULL) - LEFTOVER_AGE_S;
}

static enum xc_err
sweep_version(struct sweep *sweep, int dir, const char *name)
{
	if (name[0] == '.' ? !is_stale(dir, name) :
	    sweep->keep(sweep->ctx, sweep->plugin, name))
		return XC_OK;
	count_bytes(sweep, dir, name);
	sweep->removed++;
	if (sweep->dry_run || xc_file_remove_at(dir, name) == XC_OK)
		return XC_OK;
	return xc_fail(sweep->errbuf, XC_ERR_IO,
	    "%s/%s cannot be removed from the store: %s", sweep->plugin, name,
	    strerror(errno));
}

static enum xc_err
sweep_plugin(struct sweep *sweep, int dir, const char *name)
{
	enum xc_err err;

	if (!xc_plugin_name_ok(name))
		return XC_OK;
	sweep->plugin = name;
	err = inside(sweep, dir, name, sweep_version);
	/* Goes only if it is empty; another process may want it right now,
	 * and makes it again then. */
	if (!sweep->dry_run)
		unlinkat(dir, name, AT_REMOVEDIR);
	return err;
}

enum xc_err
xc_store_gc(const char *state_dir,
    bool (*keep)(void *ctx, const char *name, const char *version_id),
    void *ctx, bool dry_run, size_t *removed_r, uint64_t *bytes_r,
    struct xc_errbuf *errbuf)
{
	struct sweep sweep = { .keep = keep, .ctx = ctx, .dry_run = dry_run,
		.errbuf = errbuf };
	char path[4096];
	enum xc_err err;
	int fd;

	*removed_r = 0;
	*bytes_r = 0;
	snprintf(path, sizeof(path), "%s/plugins", state_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return XC_OK;
	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", path,
		    strerror(errno));
	err = each_entry(&sweep, fd, sweep_plugin);
	close(fd);
	*removed_r = sweep.removed;
	*bytes_r = sweep.bytes;
	return err;
}

/* SPDX-License-Identifier: MIT */
/* Makes the files of a migration to be written. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/migrate.h"

#define NAME_MAX_LEN 80

static bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_LEN && name[0] != '_' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static enum xc_err
make_file(int folder, const char *name, const char *which, const char *does,
    struct xc_errbuf *errbuf)
{
	char file[128];
	int fd, n;

	snprintf(file, sizeof(file), "%s.%s.sql", name, which);
	fd = openat(folder, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0666);
	if (fd < 0)
		return xc_fail(errbuf, errno == EEXIST ? XC_ERR_EXISTS :
		    XC_ERR_IO, "cannot make %s: %s", file, strerror(errno));
	n = dprintf(fd, "-- %s: %s\n"
	    "-- Each statement ends with a semicolon and is recorded when it "
	    "is done.\n", name, does);
	if (close(fd) == 0 && n > 0)
		return XC_OK;
	unlinkat(folder, file, 0);
	return xc_fail(errbuf, XC_ERR_IO, "cannot write %s", file);
}

static enum xc_err
make_pair(int folder, const char *name, struct xc_errbuf *errbuf)
{
	char up[128];
	enum xc_err err = make_file(folder, name, "up",
	    "what the new version needs", errbuf);

	if (err != XC_OK)
		return err;
	err = make_file(folder, name, "down",
	    "undoes it, from the last statement to the first", errbuf);
	if (err == XC_OK)
		return XC_OK;
	snprintf(up, sizeof(up), "%s.up.sql", name);
	unlinkat(folder, up, 0);
	return err;
}

/* Under the folder's lock, so that two do not take one number. */
static enum xc_err
make_next(int fd, const char *folder, const char *name, char **name_r,
    struct xc_errbuf *errbuf)
{
	struct xc_migration_set *set;
	unsigned number = 1;
	enum xc_err err;

	err = xc_migration_set_read(folder, &set, errbuf);
	if (err != XC_OK)
		return err;
	if (set->n > 0)
		number = set->rows[set->n - 1].number + 1;
	xc_migration_set_free(&set);
	if (number > 9999)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s has a migration 9999: there is no next number",
		    folder);
	if (asprintf(name_r, "%04u_%s", number, name) < 0) {
		*name_r = NULL;
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	err = make_pair(fd, *name_r, errbuf);
	if (err != XC_OK) {
		free(*name_r);
		*name_r = NULL;
	}
	return err;
}

enum xc_err
xc_migration_new(const char *folder, const char *name, char **name_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;
	int fd;

	*name_r = NULL;
	if (!name_ok(name))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "\"%.80s\" is no name for a migration: use at most %d "
		    "small letters, digits and _, as in add_owner", name,
		    NAME_MAX_LEN);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return xc_fail(errbuf, XC_ERR_IO, "cannot make %s: %s",
		    folder, strerror(errno));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		err = xc_fail(errbuf, XC_ERR_IO, "cannot use %s: %s", folder,
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = make_next(fd, folder, name, name_r, errbuf);
	close(fd);
	return err;
}

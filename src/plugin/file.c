/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* Reads up to len bytes; the number read, or -1. */
static ssize_t
read_full(int fd, unsigned char *data, size_t len)
{
	size_t used = 0;

	while (used < len) {
		ssize_t n = read(fd, data + used, len - used);

		if (n == 0)
			break;
		if (n > 0)
			used += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)used;
}

enum xc_err
xc_file_read_fd(int fd, size_t max, unsigned char **data_r, size_t *len_r,
    struct xc_errbuf *errbuf)
{
	unsigned char *data;
	struct stat st;
	ssize_t n;

	*data_r = NULL;
	*len_r = 0;
	if (fstat(fd, &st) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is not a regular file");
	if ((uint64_t)st.st_size > max)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is longer than %zu bytes", max);
	/* One byte more shows whether it grows while it is read. */
	data = malloc((size_t)st.st_size + 2);
	if (data == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	n = read_full(fd, data, (size_t)st.st_size + 1);
	if (n != st.st_size) {
		int error = errno;

		free(data);
		return n == -1 ?
		    xc_fail(errbuf, XC_ERR_IO, "%s", strerror(error)) :
		    xc_fail(errbuf, XC_ERR_IO,
		    "changed while it was being read; try again");
	}
	data[n] = '\0';
	*data_r = data;
	*len_r = (size_t)n;
	return XC_OK;
}

enum xc_err
xc_file_read_at(int dir, const char *name, size_t max,
    unsigned char **data_r, size_t *len_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	int fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);

	*data_r = NULL;
	*len_r = 0;
	if (fd == -1 && errno == ELOOP)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: is a symbolic link", name);
	if (fd == -1)
		return xc_fail(errbuf,
		    errno == ENOENT ? XC_ERR_NOT_FOUND : XC_ERR_IO, "%s: %s",
		    name, strerror(errno));
	err = xc_file_read_fd(fd, max, data_r, len_r, errbuf);
	close(fd);
	return err == XC_OK ? err : xc_fail_prefix(errbuf, err, "%s", name);
}

static enum xc_err
write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return XC_ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return XC_OK;
}

enum xc_err
xc_file_write_at(int dir, const char *name, unsigned mode, const void *data,
    size_t len, struct xc_errbuf *errbuf)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = 0;

	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", name,
		    strerror(errno));
	/* The mode last, whatever the umask: a file that can be opened by
	 * others is complete. */
	if (write_all(fd, data, len) != XC_OK || fchmod(fd, mode) != 0 ||
	    fsync(fd) != 0)
		error = errno;
	/* A network file system may say only now that the disk is full. */
	if (close(fd) != 0 && error == 0 && errno != EINTR)
		error = errno;
	return error == 0 ? XC_OK :
	    xc_fail(errbuf, XC_ERR_IO, "%s: %s", name, strerror(error));
}

static enum xc_err
remove_folder(int dir, const char *name)
{
	struct dirent *entry;
	enum xc_err err = XC_OK;
	DIR *stream;
	int fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return XC_ERR_IO;
	stream = fdopendir(fd);
	if (stream == NULL) {
		close(fd);
		return XC_ERR_IO;
	}
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (xc_file_remove_at(fd, entry->d_name) != XC_OK)
			err = XC_ERR_IO;
	}
	closedir(stream);
	if (unlinkat(dir, name, AT_REMOVEDIR) != 0)
		err = XC_ERR_IO;
	return err;
}

enum xc_err
xc_file_remove_at(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return XC_OK;
	/* Linux says EISDIR, POSIX EPERM. */
	if (errno != EISDIR && errno != EPERM)
		return XC_ERR_IO;
	return remove_folder(dir, name);
}

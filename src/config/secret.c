/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"

#define SECRET_MAX 4096

static enum xc_err
check_file(int fd, const char *path, struct xc_errbuf *errbuf)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: a secret must be a regular file", path);
	/* Root reads what the server's account owns: its tools share files. */
	if (geteuid() != 0 && st.st_uid != geteuid() && st.st_uid != 0)
		return xc_fail(errbuf, XC_ERR_DENIED,
		    "%s: belongs to user %ld; a secret must be ours or "
		    "root's", path, (long)st.st_uid);
	if ((st.st_mode & 077) != 0)
		return xc_fail(errbuf, XC_ERR_DENIED,
		    "%s: others than its owner can use it (mode %04o); "
		    "chmod 600 it", path, (unsigned)(st.st_mode & 07777));
	return XC_OK;
}

static ssize_t
read_all(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static enum xc_err
read_secret(int fd, const char *path, char *data, struct xc_errbuf *errbuf)
{
	ssize_t len = read_all(fd, data, SECRET_MAX + 1);

	if (len < 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s: cannot be read: %s",
		    path, strerror(errno));
	if (len > SECRET_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "%s: longer than %d bytes", path, SECRET_MAX);
	if (len > 0 && data[len - 1] == '\n')
		len--;
	data[len] = '\0';
	if (len == 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: is empty", path);
	if (strlen(data) != (size_t)len)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: has a NUL byte in it", path);
	return XC_OK;
}

enum xc_err
xc_secret_read(const char *path, char **secret_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	char *data;
	int fd;

	*secret_r = NULL;
	data = calloc(1, SECRET_MAX + 2);
	if (data == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	*secret_r = data;
	if (*path == '\0')
		return XC_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		err = errno == ENOENT ? XC_ERR_NOT_FOUND :
		    errno == EACCES ? XC_ERR_DENIED : XC_ERR_IO;
		err = xc_fail(errbuf, err, "%s: the secret cannot be opened: "
		    "%s", path, strerror(errno));
	} else {
		err = check_file(fd, path, errbuf);
		if (err == XC_OK)
			err = read_secret(fd, path, data, errbuf);
		close(fd);
	}
	if (err != XC_OK) {
		explicit_bzero(data, SECRET_MAX + 2);
		xc_secret_free(secret_r);
	}
	return err;
}

void
xc_secret_free(char **secret)
{
	if (*secret == NULL)
		return;
	explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

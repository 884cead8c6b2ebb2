/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/lock.h"

/* The number that stands in a file; 0 if there is none. */
static pid_t
read_pid(int fd)
{
	char text[32];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static int
write_pid(int fd, pid_t pid)
{
	char text[32];
	int n;

	n = snprintf(text, sizeof(text), "%ld\n", (long)pid);
	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, (size_t)n, 0) != n)
		return -1;
	return 0;
}

enum xc_err
xc_lock_take(const char *folder, const char *what, int *fd_r,
    struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];
	int fd;

	*fd_r = -1;
	if (mkdir(folder, 0750) == -1 && errno != EEXIST)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot make %s (%s): %s", folder, what, strerror(errno));
	if (snprintf(path, sizeof(path), "%s/xcored.lock", folder) >=
	    (int)sizeof(path))
		return xc_fail(errbuf, XC_ERR_INVALID, "%s is too long",
		    what);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "cannot open %s: %s (%s "
		    "must be a folder that this user may write)", path,
		    strerror(errno), what);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		long other = (long)read_pid(fd);

		close(fd);
		return xc_fail(errbuf, XC_ERR_BUSY, "another xcored, process "
		    "%ld, runs with %s %s: stop it (xcorectl stop --wait), "
		    "or give this one folders of its own (server.run_dir and "
		    "server.state_dir)", other, what, folder);
	}
	if (write_pid(fd, getpid()) == -1) {
		int saved = errno;

		close(fd);
		return xc_fail(errbuf, XC_ERR_IO, "cannot write %s: %s", path,
		    strerror(saved));
	}
	*fd_r = fd;
	return XC_OK;
}

enum xc_err
xc_pid_file_write(const char *path, pid_t pid, struct xc_errbuf *errbuf)
{
	char next[PATH_MAX];
	int fd;

	if (path[0] == '\0')
		return XC_OK;
	if (snprintf(next, sizeof(next), "%s.%ld", path, (long)pid) >=
	    (int)sizeof(next))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "server.pid_file is too long");
	(void)unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot write server.pid_file %s: %s", next,
		    strerror(errno));
	if (write_pid(fd, pid) == -1 || rename(next, path) == -1) {
		int saved = errno;

		close(fd);
		(void)unlink(next);
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot write server.pid_file %s: %s", path,
		    strerror(saved));
	}
	close(fd);
	return XC_OK;
}

void
xc_pid_file_remove(const char *path, pid_t pid)
{
	int fd;

	if (path[0] == '\0')
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return;
	if (read_pid(fd) == pid)
		(void)unlink(path);
	close(fd);
}

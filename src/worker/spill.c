/* SPDX-License-Identifier: MIT */
#include "worker/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ	/* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

/* Not every file system makes files without a name. */
static int
open_named(const char *dir)
{
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/body.XXXXXX", dir) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && unlink(path) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_in(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return open_named(dir);
	return fd;
}

static int
fail_open(const char *dir, struct xc_errbuf *errbuf)
{
	const char *why = strerror(errno);
	bool full = errno == ENOSPC || errno == EDQUOT;

	if (errno == EMFILE || errno == ENFILE)
		xc_fail(errbuf, XC_ERR_UNAVAILABLE, "no descriptor for a "
		    "large body: %s: raise LimitNOFILE= or ulimit -n", why);
	else if (full)
		xc_fail(errbuf, XC_ERR_UNAVAILABLE, "%s: %s: make room, or "
		    "name another folder in fastcgi.body_dir", dir, why);
	else
		xc_fail(errbuf, XC_ERR_UNAVAILABLE, "no file for a large "
		    "body in %s: %s: make it a folder that xcored may write "
		    "to, or name one in fastcgi.body_dir", dir, why);
	return full ? 507 : 503;
}

int
xc_spill_open(struct xc_spill *spill, const char *dir,
    struct xc_errbuf *errbuf)
{
	spill->len = 0;
	spill->fd = open_in(dir);
	if (spill->fd < 0 && errno == ENOENT) {
		/* A sibling may be quicker. */
		(void)mkdir(dir, 0700);
		spill->fd = open_in(dir);
	}
	return spill->fd >= 0 ? 0 : fail_open(dir, errbuf);
}

static int
fail_write(struct xc_errbuf *errbuf)
{
	const char *why = strerror(errno);

	if (errno == ENOSPC || errno == EDQUOT) {
		xc_fail(errbuf, XC_ERR_IO, "a large body: %s: make room in "
		    "fastcgi.body_dir, or name another folder there", why);
		return 507;
	}
	if (errno == EFBIG) {
		xc_fail(errbuf, XC_ERR_IO, "a large body: %s: raise "
		    "LimitFSIZE= or ulimit -f above fastcgi.body_max", why);
		return 507;
	}
	xc_fail(errbuf, XC_ERR_IO, "a large body is not written to "
	    "fastcgi.body_dir: %s: see to its disk", why);
	return 500;
}

int
xc_spill_write(struct xc_spill *spill, const void *data, size_t len,
    struct xc_errbuf *errbuf)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = pwrite(spill->fd, p, len, (off_t)spill->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return fail_write(errbuf);
		}
		spill->len += (uint64_t)n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
fail_map(struct xc_errbuf *errbuf)
{
	xc_fail(errbuf, XC_ERR_IO, "a large body is not read back from "
	    "fastcgi.body_dir: %s: see to its disk, or to memory",
	    strerror(errno));
	return 500;
}

int
xc_spill_map(const struct xc_spill *spill, struct xc_source *source_r,
    struct xc_errbuf *errbuf)
{
	size_t len = (size_t)spill->len;
	void *data = mmap(NULL, len, PROT_READ, MAP_SHARED, spill->fd, 0);

	if (data == MAP_FAILED)
		return fail_map(errbuf);
	/* A disk that does not read would be a SIGBUS later on.  Kernels that
	 * do not know of it say EINVAL. */
	if (madvise(data, len, MADV_POPULATE_READ) < 0 && errno != EINVAL) {
		munmap(data, len);
		return fail_map(errbuf);
	}
	source_r->data = data;
	source_r->len = len;
	source_r->fd = spill->fd;
	return 0;
}

void
xc_spill_unmap(struct xc_source *source)
{
	if (source->fd >= 0)
		munmap((void *)(uintptr_t)source->data, source->len);
	source->data = "";
	source->len = 0;
	source->fd = -1;
}

void
xc_spill_close(struct xc_spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	spill->fd = -1;
	spill->len = 0;
}

static enum xc_err
read_part(void *ctx, struct xc_request *req, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	const struct xc_source *source = ctx;
	size_t got = 0;
	ssize_t n;

	(void)req;
	*got_r = 0;
	if (source->fd < 0 || offset > source->len)
		return XC_ERR_INVALID;
	if (len > source->len - offset)
		len = (size_t)(source->len - offset);
	while (got < len) {
		n = pread(source->fd, (char *)buf + got, len - got,
		    (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return XC_ERR_IO;
		got += (size_t)n;
	}
	*got_r = got;
	return XC_OK;
}

const struct xc_part_ops xc_spill_part_ops = { .read = read_part };

/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "lib/crash-trace.h"
#include "loader-object.h"
#include "package.h"
#include "validate-object.h"

static enum xc_err
check_file(int fd, struct xc_errbuf *errbuf)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s", strerror(errno));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "can be written by "
		    "others (mode %04o); the store must belong to xcore alone",
		    st.st_mode & 07777u);
	return XC_OK;
}

static enum xc_err
check_bytes(const unsigned char *data, size_t len, const char *so_hash,
    struct xc_errbuf *errbuf)
{
	char hash[XC_DIGEST_SIZE];

	if (so_hash == NULL)
		return xc_validate_loadable(data, len, errbuf);
	if (xc_digest_hex(data, len, hash) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (strcmp(hash, so_hash) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "was changed in the "
		    "store: its SHA-256 is %.12s... and should be %.12s...; "
		    "xcore-install verify tells more", hash, so_hash);
	return xc_validate_loadable(data, len, errbuf);
}

static enum xc_err
read_checked(const char *path, const char *so_hash, unsigned char **data_r,
    size_t *len_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	int fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "%s", errno == ELOOP ?
		    "is a symbolic link" : strerror(errno));
	err = check_file(fd, errbuf);
	if (err == XC_OK)
		err = xc_file_read_fd(fd, XC_PACKAGE_SIZE_MAX, data_r, len_r,
		    errbuf);
	close(fd);
	if (err != XC_OK)
		return err;
	err = check_bytes(*data_r, *len_r, so_hash, errbuf);
	if (err != XC_OK) {
		free(*data_r);
		*data_r = NULL;
	}
	return err;
}

/*
 * Makes a sealed copy in memory.  Its descriptor stays open as long as the
 * object is mapped: dlopen() takes a path whose number was used again for
 * the object that it knows.
 */
static enum xc_err
copy_to_memory(struct xc_object *object, const unsigned char *data,
    size_t len, struct xc_errbuf *errbuf)
{
	size_t used = 0;

	object->copy = memfd_create("xcore-plugin",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	while (object->copy != -1 && used < len) {
		ssize_t n = write(object->copy, data + used, len - used);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return xc_fail(errbuf, XC_ERR_IO,
			    "cannot be copied: %s", strerror(errno));
		used += (size_t)n;
	}
	if (object->copy == -1 || fcntl(object->copy, F_ADD_SEALS,
	    F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot be copied: %s",
		    strerror(errno));
	if (asprintf(&object->path, "/proc/self/fd/%d", object->copy) == -1) {
		object->path = NULL;
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	return XC_OK;
}

static bool
is_mapped(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);

	if (handle == NULL)
		return false;
	dlclose(handle);
	return true;
}

static enum xc_err
choose_path(struct xc_object *object, const char *path,
    const unsigned char *data, size_t len, struct xc_errbuf *errbuf)
{
	if (is_mapped(path))
		return copy_to_memory(object, data, len, errbuf);
	object->path = strdup(path);
	return object->path != NULL ? XC_OK :
	    xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

static enum xc_err
map(struct xc_object *object, struct xc_errbuf *errbuf)
{
	object->handle = dlopen(object->path, RTLD_NOW | RTLD_LOCAL);
	if (object->handle == NULL) {
		const char *why = dlerror();

		return xc_fail(errbuf, XC_ERR_INVALID,
		    "cannot be loaded: %s", why != NULL ? why : "?");
	}
	xc_trace_prepare();
	object->table = dlsym(object->handle, "xc_plugin_object");
	if (object->table == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "does not export xc_plugin_object");
	return xc_validate_head(object->table, errbuf);
}

enum xc_err
xc_object_open(const char *path, const char *so_hash,
    struct xc_object *object_r, struct xc_errbuf *errbuf)
{
	struct xc_errbuf why = { "" };
	unsigned char *data;
	enum xc_err err;
	size_t len;

	memset(object_r, 0, sizeof(*object_r));
	object_r->copy = -1;
	err = read_checked(path, so_hash, &data, &len, &why);
	if (err == XC_OK) {
		err = choose_path(object_r, path, data, len, &why);
		free(data);
	}
	if (err == XC_OK)
		err = map(object_r, &why);
	if (err == XC_OK)
		return XC_OK;
	xc_object_close(object_r);
	return xc_fail(errbuf, err, "%s: %s", path, why.text);
}

bool
xc_object_close(struct xc_object *object)
{
	bool gone = true;

	if (object->handle != NULL) {
		dlclose(object->handle);
		gone = !is_mapped(object->path);
	}
	/* The number must not be used again while its path is known. */
	if (object->copy != -1 && gone)
		close(object->copy);
	free(object->path);
	memset(object, 0, sizeof(*object));
	object->copy = -1;
	return gone;
}

xc_handler *
xc_object_handler(const struct xc_object *object, const char *operation)
{
	const struct xc_operation *row = object->table->operations;

	for (; row != NULL && row->name != NULL; row++) {
		if (strcmp(row->name, operation) == 0)
			return row->handler;
	}
	return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "keyring-edit.h"
#include "keyring-private.h"
#include "token.h"

#define FILE_MAX	(512 * 1024)
#define CREDENTIAL	"xcore-keys"

enum xc_err
xc_keyring_path(const struct xc_settings *settings, char *path_r, size_t size,
    struct xc_errbuf *errbuf)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (folder != NULL && *folder == '/') {
		n = snprintf(path_r, size, "%s/" CREDENTIAL, folder);
		if (n > 0 && (size_t)n < size && access(path_r, F_OK) == 0)
			return XC_OK;
	}
	if (*settings->auth.keys != '\0')
		n = snprintf(path_r, size, "%s", settings->auth.keys);
	else
		n = snprintf(path_r, size, "%s/keys.json",
		    settings->server.state_dir);
	if (n <= 0 || (size_t)n >= size) {
		*path_r = '\0';
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "the key ring's path is too long");
	}
	return XC_OK;
}

struct xc_keyring *
xc_keyring_make(void)
{
	return xc_secret_memory(sizeof(struct xc_keyring));
}

enum xc_err
xc_keyring_new(struct xc_keyring **ring_r)
{
	*ring_r = xc_keyring_make();
	return *ring_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

struct xc_key_room *
xc_keyring_room(struct xc_keyring *ring)
{
	return ring->n < XC_KEYS_MAX ? &ring->rooms[ring->n++] : NULL;
}

void
xc_keyring_free(struct xc_keyring **ring)
{
	size_t i;

	if (*ring == NULL)
		return;
	for (i = 0; i < (*ring)->n; i++)
		EVP_PKEY_free((*ring)->rooms[i].key.pkey);
	xc_secret_memory_free(*ring, sizeof(**ring));
	*ring = NULL;
}

static enum xc_err
check_file(int fd, const char *path, struct stat *st,
    struct xc_errbuf *errbuf)
{
	if (fstat(fd, st) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st->st_mode))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: the key ring must be a regular file", path);
	/* Root's tools read what the server's account owns. */
	if (geteuid() != 0 && st->st_uid != geteuid() && st->st_uid != 0)
		return xc_fail(errbuf, XC_ERR_DENIED, "%s: belongs to user "
		    "%ld; the key ring must be ours or root's", path,
		    (long)st->st_uid);
	if ((st->st_mode & 077) != 0)
		return xc_fail(errbuf, XC_ERR_DENIED, "%s: others than its "
		    "owner can use it (mode %04o): take the keys as known, "
		    "chmod 600 it and rotate them (xcorectl keys rotate)",
		    path, (unsigned)(st->st_mode & 07777));
	if (st->st_size > FILE_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: longer than %d bytes", path, FILE_MAX);
	return XC_OK;
}

static ssize_t
read_all(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n > 0) {
		n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return -1;
		else
			len += (size_t)n;
	}
	return (ssize_t)len;
}

static enum xc_err
read_ring(int fd, struct xc_keyring *ring, struct xc_errbuf *errbuf)
{
	size_t size = FILE_MAX + 1;
	char *text = xc_secret_memory(size);
	enum xc_err err;
	ssize_t len;

	if (text == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	len = read_all(fd, text, size);
	if (len < 0)
		err = xc_fail(errbuf, XC_ERR_IO, "%s: cannot be read: %s",
		    ring->path, strerror(errno));
	else if (len > FILE_MAX)
		err = xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: longer than %d bytes", ring->path, FILE_MAX);
	else {
		err = xc_keyring_parse(ring, text, (size_t)len, errbuf);
		if (err != XC_OK)
			err = xc_fail_prefix(errbuf, err, "%s", ring->path);
	}
	xc_secret_memory_free(text, size);
	return err;
}

static enum xc_err
open_ring(struct xc_keyring *ring, struct xc_errbuf *errbuf)
{
	int fd = open(ring->path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK);
	enum xc_err err;

	if (fd < 0 && errno == ENOENT)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "%s: there is no key ring; make one with: xcorectl keys "
		    "init", ring->path);
	if (fd < 0)
		return xc_fail(errbuf, errno == EACCES ? XC_ERR_DENIED :
		    XC_ERR_IO, "%s: the key ring cannot be opened: %s",
		    ring->path, strerror(errno));
	err = check_file(fd, ring->path, &ring->seen, errbuf);
	if (err == XC_OK)
		err = read_ring(fd, ring, errbuf);
	close(fd);
	return err;
}

enum xc_err
xc_keyring_load(const char *path, struct xc_keyring **ring_r,
    struct xc_errbuf *errbuf)
{
	struct xc_keyring *ring = xc_keyring_make();
	enum xc_err err;

	*ring_r = NULL;
	if (ring == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (strlen(path) < sizeof(ring->path)) {
		memcpy(ring->path, path, strlen(path) + 1);
		err = open_ring(ring, errbuf);
	} else
		err = xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "the key ring's path is too long");
	if (err != XC_OK)
		xc_keyring_free(&ring);
	*ring_r = ring;
	return err;
}

static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size && a->st_mode == b->st_mode &&
	    a->st_uid == b->st_uid &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The keys point into their rooms. */
static void
aim(struct xc_key_room *room)
{
	struct xc_key *key = &room->key;

	if (key->secret != NULL)
		key->secret = room->secret;
	if (key->pkey == NULL)
		return;
	key->private_pem = room->private_pem;
	key->public_pem = room->public_pem;
}

/* What is done with a key of each purpose can still be done: without the old
 * one a site would turn everybody away that it let in before. */
static enum xc_err
check_fresh(const struct xc_keyring *ring, const struct xc_keyring *fresh,
    struct xc_errbuf *errbuf)
{
	const struct xc_key *key, *other;
	size_t i;

	for (i = 0; (key = xc_keyring_at(ring, i)) != NULL; i++) {
		if (key->state != XC_KEY_ACTIVE)
			continue;
		other = xc_keyring_active(fresh, key->purpose);
		if (other == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID, "%s: has no "
			    "active %s key any more: make one with: xcorectl "
			    "keys rotate %s", ring->path, key->purpose,
			    key->purpose);
		if (other->kind != key->kind)
			return xc_fail(errbuf, XC_ERR_INVALID, "%s: the "
			    "active %s key is of another kind, which holds "
			    "when workers are started with a changed "
			    "auth.algorithm", ring->path, key->purpose);
	}
	return XC_OK;
}

enum xc_err
xc_keyring_refresh(struct xc_keyring *ring, bool *changed_r,
    struct xc_errbuf *errbuf)
{
	struct xc_keyring *fresh;
	enum xc_err err;
	struct stat st;
	size_t i;

	*changed_r = false;
	if (*ring->path == '\0')
		return XC_OK;
	if (stat(ring->path, &st) == 0 && is_unchanged(&st, &ring->seen))
		return XC_OK;
	err = xc_keyring_load(ring->path, &fresh, errbuf);
	if (err == XC_OK)
		err = check_fresh(ring, fresh, errbuf);
	if (err != XC_OK) {
		xc_keyring_free(&fresh);
		return err;
	}
	for (i = 0; i < ring->n; i++)
		EVP_PKEY_free(ring->rooms[i].key.pkey);
	memcpy(ring, fresh, sizeof(*ring));
	for (i = 0; i < ring->n; i++)
		aim(&ring->rooms[i]);
	/* The keys are the ring's now. */
	fresh->n = 0;
	xc_keyring_free(&fresh);
	*changed_r = true;
	return XC_OK;
}

const struct xc_key *
xc_keyring_at(const struct xc_keyring *ring, size_t n)
{
	return n < ring->n ? &ring->rooms[n].key : NULL;
}

const struct xc_key *
xc_keyring_active(const struct xc_keyring *ring, const char *purpose)
{
	const struct xc_key *key;
	size_t i;

	for (i = 0; (key = xc_keyring_at(ring, i)) != NULL; i++)
		if (key->state == XC_KEY_ACTIVE &&
		    strcmp(key->purpose, purpose) == 0)
			return key;
	return NULL;
}

const struct xc_key *
xc_keyring_find(const struct xc_keyring *ring, const char *purpose,
    const char *id)
{
	const struct xc_key *key;
	size_t i;

	for (i = 0; (key = xc_keyring_at(ring, i)) != NULL; i++)
		if (strcmp(key->id, id) == 0)
			return strcmp(key->purpose, purpose) == 0 ? key : NULL;
	return NULL;
}

const struct xc_key *
xc_keyring_nth(const struct xc_keyring *ring, const char *purpose, size_t n)
{
	const struct xc_key *key = xc_keyring_active(ring, purpose);
	size_t i;

	if (key != NULL && n-- == 0)
		return key;
	for (i = 0; (key = xc_keyring_at(ring, i)) != NULL; i++)
		if (key->state != XC_KEY_ACTIVE &&
		    strcmp(key->purpose, purpose) == 0 && n-- == 0)
			return key;
	return NULL;
}

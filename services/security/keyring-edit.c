/* SPDX-License-Identifier: MIT */
#include "keyring-edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "keyring-private.h"
#include "token.h"

#define RSA_BITS	3072

static enum xc_err
generate(struct xc_key_room *room)
{
	unsigned char secret[XC_SECRET_LEN];
	EVP_PKEY *pkey = NULL;
	enum xc_err err;

	switch (room->key.kind) {
	case XC_KEY_SECRET:
		err = xc_random(secret, sizeof(secret));
		if (err == XC_OK)
			err = xc_key_fill(room, secret, sizeof(secret));
		xc_wipe(secret, sizeof(secret));
		return err;
	case XC_KEY_RSA:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
		break;
	case XC_KEY_EC:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case XC_KEY_ED25519:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	if (pkey == NULL)
		return XC_ERR_FAILED;
	err = xc_key_fill_pkey(room, pkey);
	EVP_PKEY_free(pkey);
	return err;
}

static bool
has_id(const struct xc_keyring *ring, const char *id)
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		if (strcmp(ring->rooms[i].key.id, id) == 0)
			return true;
	return false;
}

/* "token-20261123-4f2a": says what it is, and when it was made. */
static enum xc_err
name_key(const struct xc_keyring *ring, struct xc_key *key)
{
	char id[sizeof(key->id)], date[16], hex[5];
	unsigned char random[2];
	time_t now = (time_t)key->made_at;
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y%m%d", &tm) == 0)
		return XC_ERR_FAILED;
	do {
		if (xc_random(random, sizeof(random)) != XC_OK)
			return XC_ERR_IO;
		xc_hex_write(random, sizeof(random), hex);
		snprintf(id, sizeof(id), "%s-%s-%s", key->purpose, date, hex);
	} while (has_id(ring, id));
	memcpy(key->id, id, sizeof(id));
	return XC_OK;
}

static struct xc_key_room *
find_state(struct xc_keyring *ring, const char *purpose,
    enum xc_key_state state)
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		if (ring->rooms[i].key.state == state &&
		    strcmp(ring->rooms[i].key.purpose, purpose) == 0)
			return &ring->rooms[i];
	return NULL;
}

static void
become(struct xc_key_room *room, enum xc_key_state state)
{
	room->key.state = state;
	room->key.since = (int64_t)time(NULL);
	/* A clock may be set back. */
	if (room->key.since < room->key.made_at)
		room->key.since = room->key.made_at;
}

/* The last room goes back. */
static void
drop_last(struct xc_keyring *ring)
{
	struct xc_key_room *room = &ring->rooms[--ring->n];

	EVP_PKEY_free(room->key.pkey);
	xc_wipe(room, sizeof(*room));
}

enum xc_err
xc_keyring_add(struct xc_keyring *ring, const char *purpose,
    enum xc_key_kind kind, enum xc_key_state state, const char **id_r,
    struct xc_errbuf *errbuf)
{
	struct xc_key_room *room, *before;
	struct xc_key *key;
	enum xc_err err;

	if (!xc_key_suits(purpose, kind))
		return xc_fail(errbuf, XC_ERR_INVALID, "there is no purpose "
		    "\"%.32s\" with keys of the kind %s", purpose,
		    xc_key_kind_word(kind));
	before = find_state(ring, purpose, state);
	if (before != NULL && state == XC_KEY_NEXT)
		return xc_fail(errbuf, XC_ERR_EXISTS, "%s is next already",
		    before->key.id);
	room = xc_keyring_room(ring);
	if (room == NULL)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "the ring is full: "
		    "retire old keys");
	key = &room->key;
	snprintf(key->purpose, sizeof(key->purpose), "%s", purpose);
	key->kind = kind;
	key->state = state;
	key->made_at = (int64_t)time(NULL);
	key->since = key->made_at;
	err = name_key(ring, key);
	if (err == XC_OK)
		err = generate(room);
	if (err != XC_OK) {
		drop_last(ring);
		return xc_fail(errbuf, err, "a key cannot be made: %s",
		    xc_strerror(err));
	}
	if (before != NULL && state == XC_KEY_ACTIVE)
		become(before, XC_KEY_OLD);
	if (id_r != NULL)
		*id_r = key->id;
	return XC_OK;
}

enum xc_err
xc_keyring_activate(struct xc_keyring *ring, const char *purpose,
    struct xc_errbuf *errbuf)
{
	struct xc_key_room *next = find_state(ring, purpose, XC_KEY_NEXT);
	struct xc_key_room *active = find_state(ring, purpose, XC_KEY_ACTIVE);

	if (next == NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND, "no key of the "
		    "purpose \"%.32s\" is next", purpose);
	if (active != NULL)
		become(active, XC_KEY_OLD);
	become(next, XC_KEY_ACTIVE);
	return XC_OK;
}

/* A room's key moves to another one. */
static void
move(struct xc_key_room *to, struct xc_key_room *from)
{
	*to = *from;
	if (to->key.secret != NULL)
		to->key.secret = to->secret;
	if (to->key.pkey == NULL)
		return;
	to->key.private_pem = to->private_pem;
	to->key.public_pem = to->public_pem;
}

enum xc_err
xc_keyring_retire(struct xc_keyring *ring, const char *id,
    struct xc_errbuf *errbuf)
{
	size_t i;

	for (i = 0; i < ring->n && strcmp(ring->rooms[i].key.id, id) != 0;)
		i++;
	if (i == ring->n)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "there is no key \"%.64s\"", id);
	if (ring->rooms[i].key.state == XC_KEY_ACTIVE)
		return xc_fail(errbuf, XC_ERR_STATE, "%s is the active key; "
		    "rotate it first", ring->rooms[i].key.id);
	EVP_PKEY_free(ring->rooms[i].key.pkey);
	for (; i + 1 < ring->n; i++)
		move(&ring->rooms[i], &ring->rooms[i + 1]);
	ring->rooms[i].key.pkey = NULL;
	drop_last(ring);
	return XC_OK;
}

const char *
xc_keyring_fault(const struct xc_keyring *ring, const char *purpose,
    const char *algorithm)
{
	const struct xc_key *key = xc_keyring_active(ring, purpose);

	if (key == NULL)
		return "has no active key; rotate it";
	if (key->kind != xc_key_kind_of(purpose, algorithm))
		return "has a key of another kind than auth.algorithm asks "
		    "for; rotate it";
	return NULL;
}

static enum xc_err
put_key(FILE *file, const struct xc_key *key, bool last)
{
	char text[XC_KEY_DER_MAX * 4 / 3 + 4], since[40] = "";
	unsigned char data[XC_KEY_DER_MAX];
	enum xc_err err;
	size_t len;

	err = xc_key_data(key, data, &len);
	if (err == XC_OK)
		err = xc_base64url(data, len, text, sizeof(text));
	if (key->since > 0)
		snprintf(since, sizeof(since), " \"since\": %lld,",
		    (long long)key->since);
	if (err == XC_OK && fprintf(file, "\t\t{ \"id\": \"%s\", "
	    "\"purpose\": \"%s\",\n\t\t  \"kind\": \"%s\", \"state\": \"%s\", "
	    "\"made_at\": %lld,%s\n\t\t  \"key\": \"%s\" }%s\n", key->id,
	    key->purpose, xc_key_kind_word(key->kind),
	    xc_key_state_word(key->state), (long long)key->made_at, since,
	    text, last ? "" : ",") < 0)
		err = XC_ERR_IO;
	xc_wipe(data, sizeof(data));
	xc_wipe(text, sizeof(text));
	return err;
}

static enum xc_err
put_ring(FILE *file, const struct xc_keyring *ring)
{
	enum xc_err err = XC_OK;
	size_t i;

	if (fputs("{\n\t\"version\": 1,\n\t\"keys\": [\n", file) < 0)
		return XC_ERR_IO;
	for (i = 0; i < ring->n && err == XC_OK; i++)
		err = put_key(file, &ring->rooms[i].key, i + 1 == ring->n);
	if (err == XC_OK && (fputs("\t]\n}\n", file) < 0 ||
	    fflush(file) != 0))
		err = XC_ERR_IO;
	return err;
}

/* Writes the open file; the buffer of stdio is ours, to be wiped. */
static enum xc_err
fill_file(int fd, const struct xc_keyring *ring)
{
	size_t size = 64 * 1024;
	char *buffer = xc_secret_memory(size);
	FILE *file = buffer != NULL ? fdopen(fd, "w") : NULL;
	enum xc_err err;

	if (file == NULL) {
		close(fd);
		xc_secret_memory_free(buffer, size);
		return XC_ERR_NOMEM;
	}
	setvbuf(file, buffer, _IOFBF, size);
	err = put_ring(file, ring);
	if (err == XC_OK && fsync(fd) != 0)
		err = XC_ERR_IO;
	if (fclose(file) != 0 && err == XC_OK)
		err = XC_ERR_IO;
	xc_secret_memory_free(buffer, size);
	return err;
}

/* The folder of a path; "." */
static enum xc_err
open_folder(const char *path, int *fd_r, struct xc_errbuf *errbuf)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		snprintf(folder, sizeof(folder), "%.*s",
		    (int)(slash == path ? 1 : slash - path), path);
	*fd_r = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_r < 0)
		return xc_fail(errbuf, errno == ENOENT ? XC_ERR_NOT_FOUND :
		    XC_ERR_IO, "%s: %s", folder, strerror(errno));
	return XC_OK;
}

/* Where a file is written. */
struct place {
	int folder;
	const char *name;
	const char *home;
	bool fresh;
};

/* The server's account must read it. */
static bool
give_to_owner(const struct place *place, int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	if ((place->fresh || fstatat(place->folder, place->name, &st,
	    AT_SYMLINK_NOFOLLOW) != 0) &&
	    (place->home == NULL || stat(place->home, &st) != 0) &&
	    fstat(place->folder, &st) != 0)
		return false;
	return fchown(fd, st.st_uid, st.st_gid) == 0;
}

/* Puts the file in its place. */
static enum xc_err
put_in_place(const struct place *place, const char *from)
{
	int rc, folder = place->folder;

	if (place->fresh)
		rc = linkat(folder, from, folder, place->name, 0);
	else
		rc = renameat(folder, from, folder, place->name);
	if (rc != 0)
		return errno == EEXIST ? XC_ERR_EXISTS : XC_ERR_IO;
	return fsync(folder) == 0 ? XC_OK : XC_ERR_IO;
}

static enum xc_err
write_in(const struct place *place, const struct xc_keyring *ring)
{
	int folder = place->folder;
	char temporary[300];
	enum xc_err err;
	int fd;

	snprintf(temporary, sizeof(temporary), ".%.200s.%ld", place->name,
	    (long)getpid());
	unlinkat(folder, temporary, 0);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EACCES ? XC_ERR_DENIED : XC_ERR_IO;
	if (fchmod(fd, 0600) != 0 || !give_to_owner(place, fd)) {
		err = XC_ERR_IO;
		close(fd);
	} else {
		err = fill_file(fd, ring);
		if (err == XC_OK)
			err = put_in_place(place, temporary);
	}
	if (err != XC_OK || place->fresh)
		unlinkat(folder, temporary, 0);
	return err;
}

enum xc_err
xc_keyring_write(const struct xc_keyring *ring, const char *path,
    const char *home, bool fresh, struct xc_errbuf *errbuf)
{
	const char *slash = strrchr(path, '/');
	struct place place = { .name = slash != NULL ? slash + 1 : path,
		.home = home, .fresh = fresh };
	enum xc_err err;

	err = open_folder(path, &place.folder, errbuf);
	if (err != XC_OK)
		return err;
	errno = 0;
	err = write_in(&place, ring);
	if (err == XC_ERR_EXISTS)
		xc_fail(errbuf, err, "%s: there is a key ring already", path);
	else if (err != XC_OK)
		xc_fail(errbuf, err, "%s: cannot be written: %s", path,
		    errno != 0 ? strerror(errno) : xc_strerror(err));
	close(place.folder);
	return err;
}

enum xc_err
xc_keyring_lock(const char *path, int *fd_r, struct xc_errbuf *errbuf)
{
	enum xc_err err = open_folder(path, fd_r, errbuf);

	if (err != XC_OK)
		return err;
	if (flock(*fd_r, LOCK_EX | LOCK_NB) == 0)
		return XC_OK;
	err = errno == EWOULDBLOCK ? XC_ERR_BUSY : XC_ERR_IO;
	xc_fail(errbuf, err, "%s: somebody else is changing the key ring",
	    path);
	close(*fd_r);
	*fd_r = -1;
	return err;
}

enum xc_err
xc_keyring_fake(struct xc_keyring **ring_r, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_keyring_new(ring_r);
	const char *const *purpose = xc_key_purposes;

	if (err != XC_OK)
		return xc_fail(errbuf, err, "out of memory");
	for (; *purpose != NULL && err == XC_OK; purpose++)
		err = xc_keyring_add(*ring_r, *purpose,
		    xc_key_kind_of(*purpose, "ES256"), XC_KEY_ACTIVE, NULL,
		    errbuf);
	if (err != XC_OK)
		xc_keyring_free(ring_r);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include "password.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <argon2.h>

#include "phc.h"
#include "places.h"
#include "token.h"

#define SALT_LEN	16
#define HASH_LEN	32

/* What a string may ask of us, if the settings do not ask for more: a row
 * that somebody has written must not take all memory or stop a worker. */
#define KB_MAX		(256u * 1024)
#define WORK_MAX	(1024u * 1024)	/* KiB times passes */
#define LANES_MAX	16

struct xc_hasher {
	int places;		/* -1: this process alone */
	unsigned places_n;
	uint32_t wait_ms;
	struct xc_phc model;	/* the parameters in force, and a hash that no
				 * password has */
};

unsigned
xc_hash_places(const struct xc_security_settings *settings)
{
	long cpus;

	if (settings->hashes_max > 0)
		return (unsigned)settings->hashes_max;
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	return cpus > 3 ? (unsigned)cpus / 2 : 1;
}

enum xc_err
xc_hasher_new(const struct xc_security_settings *settings, int places,
    struct xc_hasher **hasher_r, struct xc_errbuf *errbuf)
{
	struct xc_hasher *hasher = calloc(1, sizeof(*hasher));
	struct xc_phc *model;

	*hasher_r = NULL;
	if (hasher == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	hasher->places = places;
	hasher->places_n = xc_hash_places(settings);
	hasher->wait_ms = (uint32_t)settings->hash_wait_ms;
	model = &hasher->model;
	model->kb = (uint32_t)settings->argon2_kb;
	model->passes = (uint32_t)settings->argon2_passes;
	model->lanes = (uint32_t)settings->argon2_lanes;
	model->salt_len = SALT_LEN;
	model->hash_len = HASH_LEN;
	if (xc_random(model->salt, SALT_LEN) != XC_OK ||
	    xc_random(model->hash, HASH_LEN) != XC_OK) {
		xc_hasher_free(&hasher);
		return xc_fail(errbuf, XC_ERR_IO, "the system gives no random "
		    "bytes: %s", strerror(errno));
	}
	*hasher_r = hasher;
	return XC_OK;
}

void
xc_hasher_free(struct xc_hasher **hasher)
{
	if (*hasher == NULL)
		return;
	xc_wipe(*hasher, sizeof(**hasher));
	free(*hasher);
	*hasher = NULL;
}

int
xc_hasher_places(void)
{
	return memfd_create("xcore-hashes", MFD_CLOEXEC);
}

/* Memory of its own, left out of core dumps, in large pages where there are
 * some: the hash goes to and fro in all of it. */
static int
take_memory(uint8_t **memory_r, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*memory_r = NULL;
	if (memory == MAP_FAILED)
		return ARGON2_MEMORY_ALLOCATION_ERROR;
	madvise(memory, size, MADV_DONTDUMP);
	madvise(memory, size, MADV_HUGEPAGE);
	*memory_r = memory;
	return ARGON2_OK;
}

static void
give_memory(uint8_t *memory, size_t size)
{
	munmap(memory, size);
}

/* All lanes in this thread: it is one processor that a hash gets. */
static enum xc_err
hash_here(struct xc_phc *phc, const void *password, size_t len,
    unsigned char *hash_r)
{
	unsigned char copy[XC_PASSWORD_MAX];
	argon2_context context = {
		.out = hash_r,
		.outlen = (uint32_t)phc->hash_len,
		.pwd = copy,
		.pwdlen = (uint32_t)len,
		.salt = phc->salt,
		.saltlen = (uint32_t)phc->salt_len,
		.t_cost = phc->passes,
		.m_cost = phc->kb,
		.lanes = phc->lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13,
		.allocate_cbk = take_memory,
		.free_cbk = give_memory
	};
	int rc;

	if (len > 0)
		memcpy(copy, password, len);
	rc = argon2id_ctx(&context);
	xc_wipe(copy, sizeof(copy));
	if (rc == ARGON2_OK)
		return XC_OK;
	return rc == ARGON2_MEMORY_ALLOCATION_ERROR ? XC_ERR_NOMEM :
	    XC_ERR_INVALID;
}

/* ... when it is our turn. */
static enum xc_err
hash(const struct xc_hasher *hasher, struct xc_phc *phc, const void *password,
    size_t len, unsigned char *hash_r)
{
	unsigned place = 0;
	enum xc_err err;

	if (hasher->places < 0)
		return hash_here(phc, password, len, hash_r);
	err = xc_place_take(hasher->places, hasher->places_n,
	    hasher->wait_ms, &place);
	if (err != XC_OK)
		return err;
	err = hash_here(phc, password, len, hash_r);
	xc_place_leave(hasher->places, place);
	return err;
}

enum xc_err
xc_password_hash(struct xc_hasher *hasher, const void *password, size_t len,
    char phc_r[XC_PHC_SIZE])
{
	struct xc_phc phc = hasher->model;
	enum xc_err err;

	*phc_r = '\0';
	if (len > XC_PASSWORD_MAX)
		return XC_ERR_INVALID;
	err = xc_random(phc.salt, phc.salt_len);
	if (err == XC_OK)
		err = hash(hasher, &phc, password, len, phc.hash);
	if (err == XC_OK)
		err = xc_phc_write(&phc, phc_r, XC_PHC_SIZE);
	xc_wipe(&phc, sizeof(phc));
	return err;
}

/* Before any memory is taken for it. */
static bool
is_too_much(const struct xc_hasher *hasher, const struct xc_phc *phc)
{
	const struct xc_phc *model = &hasher->model;
	uint64_t work = (uint64_t)phc->kb * phc->passes;
	uint64_t work_max = (uint64_t)model->kb * model->passes;

	if (work_max < WORK_MAX)
		work_max = WORK_MAX;
	return phc->lanes > LANES_MAX || work > work_max ||
	    phc->kb > (model->kb > KB_MAX ? model->kb : KB_MAX);
}

enum xc_err
xc_password_verify(struct xc_hasher *hasher, const char *phc,
    const void *password, size_t len)
{
	struct xc_phc want = hasher->model;
	unsigned char found[XC_HASH_MAX];
	enum xc_err err = XC_OK;

	if (len > XC_PASSWORD_MAX)
		return XC_ERR_DENIED;
	if (phc != NULL && *phc != '\0')
		err = xc_phc_read(phc, &want);
	if (err == XC_OK && is_too_much(hasher, &want))
		err = XC_ERR_INVALID;
	if (err == XC_OK)
		err = hash(hasher, &want, password, len, found);
	if (err == XC_OK && !xc_same(found, want.hash, want.hash_len))
		err = XC_ERR_DENIED;
	xc_wipe(found, sizeof(found));
	xc_wipe(&want, sizeof(want));
	return err;
}

bool
xc_password_is_old(const struct xc_hasher *hasher, const char *phc)
{
	const struct xc_phc *model = &hasher->model;
	struct xc_phc found;
	bool old;

	if (phc == NULL || xc_phc_read(phc, &found) != XC_OK)
		return true;
	old = found.kb != model->kb || found.passes != model->passes ||
	    found.lanes != model->lanes || found.salt_len < SALT_LEN ||
	    found.hash_len < HASH_LEN;
	xc_wipe(&found, sizeof(found));
	return old;
}

/* SPDX-License-Identifier: MIT */
/* Namespaces and their generations. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "server.h"

struct xc_cache_space *
xc_cache_server_space(struct xc_cache_server *server, const char *name)
{
	struct xc_cache_space *space, **at;

	for (at = &server->spaces; (space = *at) != NULL; at = &space->next) {
		if (strcmp(space->name, name) != 0)
			continue;
		/* To the front: a worker serves few plugins at a time. */
		*at = space->next;
		space->next = server->spaces;
		server->spaces = space;
		return space;
	}
	space = calloc(1, sizeof(*space));
	if (space == NULL)
		return NULL;
	space->name = strdup(name);
	if (space->name == NULL) {
		free(space);
		return NULL;
	}
	space->next = server->spaces;
	server->spaces = space;
	return space;
}

/* The key of the generation; its length. */
static size_t
generation_key(const struct xc_cache_server *server,
    const struct xc_cache_space *space, char *key, size_t size)
{
	int n = snprintf(key, size, "%s:%s:generation", server->prefix,
	    space->name);

	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* A number that was never the generation before: a server that lost it must
 * not begin again where it once was. */
static uint64_t
new_generation(void)
{
	uint64_t generation;

	if (getrandom(&generation, sizeof(generation), 0) !=
	    (ssize_t)sizeof(generation))
		generation = (uint64_t)xc_cache_now_ms() << 20;
	return (generation >> 8) | 1;	/* leaves room to count */
}

static void
know(struct xc_cache_space *space, uint64_t generation)
{
	space->generation = generation;
	space->read_ms = xc_cache_now_ms();
}

/* Reads the generation into *generation_r; 0 if there is none. */
static enum xc_err
fetch(struct xc_cache_server *server, const char *key, size_t key_len,
    uint64_t *generation_r)
{
	memcached_return_t rc;
	uint32_t flags;
	char *value;
	size_t len;

	*generation_r = 0;
	value = memcached_get(server->st, key, key_len, &len, &flags, &rc);
	if (xc_cache_server_judge(server, rc) != XC_OK) {
		free(value);
		return XC_ERR_UNAVAILABLE;
	}
	if (value != NULL && len > 0 && len < 21) {
		char text[24];

		memcpy(text, value, len);
		text[len] = '\0';
		*generation_r = strtoull(text, NULL, 10);
	}
	free(value);
	return rc == MEMCACHED_SUCCESS || rc == MEMCACHED_NOTFOUND ? XC_OK :
	    XC_ERR_UNAVAILABLE;
}

/* Gives a namespace without a generation a new one; another process may be
 * faster, then it is that one's. */
static enum xc_err
create(struct xc_cache_server *server, struct xc_cache_space *space,
    const char *key, size_t key_len)
{
	uint64_t generation = new_generation();
	memcached_return_t rc;
	enum xc_err err;
	char text[24];
	int n;

	n = snprintf(text, sizeof(text), "%" PRIu64, generation);
	rc = memcached_add(server->st, key, key_len, text, (size_t)n, 0, 0);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTSTORED || rc == MEMCACHED_DATA_EXISTS) {
		err = fetch(server, key, key_len, &generation);
		if (err != XC_OK)
			return err;
	} else if (rc != MEMCACHED_SUCCESS && rc != MEMCACHED_STORED) {
		return XC_ERR_UNAVAILABLE;
	}
	if (generation == 0)
		return XC_ERR_UNAVAILABLE;
	know(space, generation);
	return XC_OK;
}

static enum xc_err
raise(struct xc_cache_server *server, struct xc_cache_space *space,
    const char *key, size_t key_len)
{
	memcached_return_t rc;
	uint64_t generation;
	enum xc_err err;

	rc = memcached_increment(server->st, key, key_len, 1, &generation);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTFOUND) {
		err = create(server, space, key, key_len);
	} else if (rc == MEMCACHED_SUCCESS && generation != 0) {
		know(space, generation);
	} else if (rc == MEMCACHED_CLIENT_ERROR) {
		/* Something else stands there: make it new next time. */
		rc = memcached_delete(server->st, key, key_len, 0);
		xc_cache_server_judge(server, rc);
		err = XC_ERR_UNAVAILABLE;
	} else {
		err = XC_ERR_UNAVAILABLE;
	}
	if (err == XC_OK)
		space->dirty = space->suspect = false;
	return err;
}

static enum xc_err
read_generation(struct xc_cache_server *server, struct xc_cache_space *space,
    const char *key, size_t key_len)
{
	uint64_t generation, before = space->generation;
	enum xc_err err;

	err = fetch(server, key, key_len, &generation);
	if (err != XC_OK)
		return err;
	if (generation == 0)
		err = create(server, space, key, key_len);
	else if (space->suspect && generation == before)
		return raise(server, space, key, key_len);
	else
		know(space, generation);
	if (err == XC_OK)
		space->suspect = false;
	return err;
}

enum xc_err
xc_cache_space_ready(struct xc_cache_server *server,
    struct xc_cache_space *space)
{
	bool fresh = space->generation != 0 &&
	    xc_cache_now_ms() - space->read_ms < XC_CACHE_GENERATION_MS;
	char key[MEMCACHED_MAX_KEY];
	size_t key_len;

	if (!xc_cache_server_usable(server))
		return XC_ERR_UNAVAILABLE;
	if (fresh && !space->dirty && !space->suspect)
		return XC_OK;
	key_len = generation_key(server, space, key, sizeof(key));
	if (key_len == 0)
		return XC_ERR_INVALID;
	if (space->dirty)
		return raise(server, space, key, key_len);
	return read_generation(server, space, key, key_len);
}

bool
xc_cache_server_settle(struct xc_cache_server *server)
{
	struct xc_cache_space *space;
	bool done = true;

	for (space = server->spaces; space != NULL; space = space->next) {
		if (!space->dirty && !space->suspect)
			continue;
		if (xc_cache_space_ready(server, space) != XC_OK)
			done = false;
	}
	return done;
}

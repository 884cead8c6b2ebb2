/* SPDX-License-Identifier: MIT */
/* Namespaces, groups in them, and their generations. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "server.h"

static struct xc_cache_space *
make_space(const struct xc_cache_server *server, const char *name)
{
	struct xc_cache_space *space = calloc(1, sizeof(*space));
	int n;

	if (space == NULL)
		return NULL;
	space->name = strdup(name);
	n = snprintf(space->key, sizeof(space->key), "%s:%s:generation",
	    server->prefix, name);
	if (space->name == NULL || n < 0 || (size_t)n >= sizeof(space->key)) {
		free(space->name);
		free(space);
		return NULL;
	}
	space->key_len = (size_t)n;
	return space;
}

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
	space = make_space(server, name);
	if (space == NULL)
		return NULL;
	space->next = server->spaces;
	server->spaces = space;
	return space;
}

struct xc_cache_group *
xc_cache_space_group(struct xc_cache_space *space, const unsigned char *name)
{
	struct xc_cache_group *group;

	if (space->groups == NULL)
		space->groups = calloc(XC_CACHE_GROUPS,
		    sizeof(*space->groups));
	if (space->groups == NULL)
		return NULL;
	group = &space->groups[name[0] % XC_CACHE_GROUPS];
	if (memcmp(group->name, name, XC_CACHE_GROUP) != 0) {
		memset(group, 0, sizeof(*group));
		memcpy(group->name, name, XC_CACHE_GROUP);
	}
	return group;
}

static void
space_ask(const struct xc_cache_space *space, struct xc_cache_ask *ask)
{
	memcpy(ask->key, space->key, space->key_len);
	ask->key_len = space->key_len;
	ask->is_number = true;
}

void
xc_cache_group_ask(const struct xc_cache_space *space,
    const unsigned char *name, struct xc_cache_ask *ask)
{
	static const char digits[] = "0123456789abcdef";
	char *at;

	space_ask(space, ask);
	at = ask->key + space->key_len;
	*at++ = ':';
	for (size_t i = 0; i < XC_CACHE_GROUP; i++) {
		*at++ = digits[name[i] >> 4];
		*at++ = digits[name[i] & 15];
	}
	ask->key_len = (size_t)(at - ask->key);
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
know(struct xc_cache_number *number, uint64_t generation)
{
	number->generation = generation;
	number->read_ms = xc_cache_now_ms();
}

/* Gives what has no generation a new one; another process may be faster,
 * then it is that one's. */
static enum xc_err
create(struct xc_cache_server *server, struct xc_cache_ask *ask,
    struct xc_cache_number *number)
{
	uint64_t generation = new_generation();
	memcached_return_t rc;
	enum xc_err err;
	char text[24];
	int n;

	n = snprintf(text, sizeof(text), "%" PRIu64, generation);
	rc = memcached_add(server->st, ask->key, ask->key_len, text,
	    (size_t)n, 0, 0);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTSTORED || rc == MEMCACHED_DATA_EXISTS) {
		err = xc_cache_fetch(server, ask, 1);
		if (err != XC_OK)
			return err;
		generation = ask->number;
	} else if (rc != MEMCACHED_SUCCESS && rc != MEMCACHED_STORED) {
		return XC_ERR_UNAVAILABLE;
	}
	if (generation == 0)
		return XC_ERR_UNAVAILABLE;
	know(number, generation);
	return XC_OK;
}

static enum xc_err
raise_number(struct xc_cache_server *server, struct xc_cache_ask *ask,
    struct xc_cache_number *number)
{
	memcached_return_t rc;
	uint64_t generation;
	enum xc_err err;

	if (!xc_cache_server_usable(server))
		return XC_ERR_UNAVAILABLE;
	rc = memcached_increment(server->st, ask->key, ask->key_len, 1,
	    &generation);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK)
		return err;
	if (rc == MEMCACHED_NOTFOUND)
		return create(server, ask, number);
	if (rc == MEMCACHED_SUCCESS && generation != 0) {
		know(number, generation);
		return XC_OK;
	}
	if (rc == MEMCACHED_CLIENT_ERROR) {
		/* Something else stands there: make it new next time. */
		rc = memcached_delete(server->st, ask->key, ask->key_len, 0);
		xc_cache_server_judge(server, rc);
	}
	return XC_ERR_UNAVAILABLE;
}

static enum xc_err
read_number(struct xc_cache_server *server, struct xc_cache_ask *ask,
    struct xc_cache_number *number)
{
	enum xc_err err = xc_cache_fetch(server, ask, 1);

	if (err != XC_OK)
		return err;
	if (ask->number != 0) {
		know(number, ask->number);
		return XC_OK;
	}
	err = create(server, ask, number);
	/* Something else stands there. */
	return err == XC_ERR_UNAVAILABLE && ask->found ?
	    raise_number(server, ask, number) : err;
}

enum xc_err
xc_cache_space_raise(struct xc_cache_server *server,
    struct xc_cache_space *space)
{
	struct xc_cache_ask ask;
	enum xc_err err;

	space_ask(space, &ask);
	err = raise_number(server, &ask, &space->number);
	space->dirty = err != XC_OK;
	if (err == XC_OK)
		space->suspect = false;
	return err;
}

enum xc_err
xc_cache_group_raise(struct xc_cache_server *server,
    struct xc_cache_space *space, struct xc_cache_group *group)
{
	struct xc_cache_ask ask;
	enum xc_err err;

	xc_cache_group_ask(space, group->name, &ask);
	err = raise_number(server, &ask, &group->number);
	if (err != XC_OK)
		space->dirty = true;
	return err;
}

static bool
is_fresh(const struct xc_cache_number *number, int64_t max_ms)
{
	return number->generation != 0 && (max_ms == 0 ||
	    xc_cache_now_ms() - number->read_ms < max_ms);
}

enum xc_err
xc_cache_space_ready(struct xc_cache_server *server,
    struct xc_cache_space *space, int64_t max_ms)
{
	uint64_t before = space->number.generation;
	struct xc_cache_ask ask;
	enum xc_err err;

	if (!xc_cache_server_usable(server))
		return XC_ERR_UNAVAILABLE;
	if (space->dirty)
		return xc_cache_space_raise(server, space);
	if (!space->suspect && is_fresh(&space->number, max_ms))
		return XC_OK;
	space_ask(space, &ask);
	err = read_number(server, &ask, &space->number);
	if (err != XC_OK)
		return err;
	if (space->suspect && space->number.generation == before)
		return xc_cache_space_raise(server, space);
	space->suspect = false;
	return XC_OK;
}

enum xc_err
xc_cache_group_ready(struct xc_cache_server *server,
    const struct xc_cache_space *space, struct xc_cache_group *group,
    int64_t max_ms)
{
	struct xc_cache_ask ask;

	if (is_fresh(&group->number, max_ms))
		return XC_OK;
	xc_cache_group_ask(space, group->name, &ask);
	return read_number(server, &ask, &group->number);
}

bool
xc_cache_server_settle(struct xc_cache_server *server)
{
	struct xc_cache_space *space;
	bool done = true;

	for (space = server->spaces; space != NULL; space = space->next) {
		if (!space->dirty && !space->suspect)
			continue;
		if (xc_cache_space_ready(server, space, 0) != XC_OK)
			done = false;
	}
	return done;
}

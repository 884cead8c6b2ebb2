/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loggers/logger.h"
#include "server.h"

#define TELL_EVERY_MS 10000
#define ITEM_MAX_MS 60000

static struct xc_logger logger = XC_LOGGER("xcore.cache");

int64_t
xc_cache_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum xc_err
xc_cache_server_init(struct xc_cache_server *server, const char *name,
    const struct xc_cache_settings *settings)
{
	memset(server, 0, sizeof(*server));
	server->prefix = settings->prefix;
	server->connect_ms = (unsigned)settings->connect_timeout_ms;
	server->timeout_ms = (unsigned)settings->timeout_ms;
	server->retry_ms = (unsigned)settings->retry_ms;
	server->name = strdup(name);
	return server->name == NULL ? XC_ERR_NOMEM : XC_OK;
}

/* Of the process that this one was forked from; each points to the next. */
static memcached_st *inherited;

static void
disconnect(struct xc_cache_server *server)
{
	if (server->st == NULL)
		return;
	memcached_result_free(&server->result);
	/* The library says "quit" when it closes, which in a child would end
	 * the parent's connection: there it is left open. */
	if (server->pid == getpid()) {
		memcached_free(server->st);
	} else {
		memcached_set_user_data(server->st, inherited);
		inherited = server->st;
	}
	server->st = NULL;
}

void
xc_cache_server_done(struct xc_cache_server *server)
{
	struct xc_cache_space *space;

	disconnect(server);
	while ((space = server->spaces) != NULL) {
		server->spaces = space->next;
		free(space->groups);
		free(space->name);
		free(space);
	}
	free(server->name);
	server->name = NULL;
}

static bool
add_address(memcached_st *st, const char *name)
{
	const char *colon = strrchr(name, ':');
	char host[256];

	if (*name == '/')
		return memcached_server_add_unix_socket(st, name) ==
		    MEMCACHED_SUCCESS;
	if (colon == NULL || (size_t)(colon - name) >= sizeof(host))
		return false;
	memcpy(host, name, (size_t)(colon - name));
	host[colon - name] = '\0';
	return memcached_server_add(st, host,
	    (in_port_t)strtoul(colon + 1, NULL, 10)) == MEMCACHED_SUCCESS;
}

static bool
connect_lazily(struct xc_cache_server *server)
{
	const struct {
		memcached_behavior_t flag;
		uint64_t value;
	} wanted[] = {
		{ MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, server->connect_ms },
		{ MEMCACHED_BEHAVIOR_POLL_TIMEOUT, server->timeout_ms },
		{ MEMCACHED_BEHAVIOR_TCP_NODELAY, 1 },
		{ MEMCACHED_BEHAVIOR_NO_BLOCK, 1 },
		{ MEMCACHED_BEHAVIOR_VERIFY_KEY, 1 },
		{ MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1 },
	};
	size_t i;

	if (server->st != NULL && server->pid == getpid())
		return true;
	disconnect(server);
	server->st = memcached_create(NULL);
	server->pid = getpid();
	if (server->st == NULL)
		return false;
	memcached_result_create(server->st, &server->result);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		memcached_behavior_set(server->st, wanted[i].flag,
		    wanted[i].value);
	if (add_address(server->st, server->name))
		return true;
	disconnect(server);
	return false;
}

bool
xc_cache_server_usable(struct xc_cache_server *server)
{
	if (server->closed_until_ms != 0 &&
	    xc_cache_now_ms() < server->closed_until_ms)
		return false;
	return connect_lazily(server);
}

static void
leave_alone(struct xc_cache_server *server, memcached_return_t rc)
{
	int64_t now = xc_cache_now_ms();
	struct xc_cache_space *space;

	if (server->told_ms == 0 || now - server->told_ms >= TELL_EVERY_MS) {
		server->told_ms = now;
		xc_logf(&logger, XC_LOG_WARNING, "cache server %s does not "
		    "answer: %s; doing without it", server->name,
		    memcached_strerror(NULL, rc));
	}
	for (space = server->spaces; space != NULL; space = space->next)
		space->suspect = true;
	server->closed_until_ms = now + server->retry_ms;
}

/* The library's own codes for what the server said. */
static bool
answered(memcached_return_t rc)
{
	switch (rc) {
	case MEMCACHED_SUCCESS:
	case MEMCACHED_STORED:
	case MEMCACHED_DELETED:
	case MEMCACHED_END:
	case MEMCACHED_NOTFOUND:
	case MEMCACHED_NOTSTORED:
	case MEMCACHED_DATA_EXISTS:
	case MEMCACHED_E2BIG:
	case MEMCACHED_CLIENT_ERROR:
	case MEMCACHED_SERVER_ERROR:
	case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
	case MEMCACHED_BAD_KEY_PROVIDED:
		return true;
	default:
		return false;
	}
}

enum xc_err
xc_cache_server_judge(struct xc_cache_server *server, memcached_return_t rc)
{
	if (answered(rc)) {
		if (server->closed_until_ms != 0)
			xc_logf(&logger, XC_LOG_NOTICE,
			    "cache server %s answers again", server->name);
		server->faults = 0;
		server->closed_until_ms = server->told_ms = 0;
		return XC_OK;
	}
	/* A new connection for the next call: a late answer on this one must
	 * not be taken for the next one's, and the library's own waiting
	 * must not come on top of ours. */
	disconnect(server);
	if (++server->faults >= XC_CACHE_FAULTS_MAX)
		leave_alone(server, rc);
	return XC_ERR_UNAVAILABLE;
}

static memcached_return_t
see_setting(const memcached_instance_st *instance, const char *key,
    size_t key_len, const char *value, size_t value_len, void *ctx)
{
	uint64_t *max = ctx;
	char text[24];

	(void)instance;
	if (key_len == 13 && memcmp(key, "item_size_max", 13) == 0 &&
	    value_len < sizeof(text)) {
		memcpy(text, value, value_len);
		text[value_len] = '\0';
		*max = strtoull(text, NULL, 10);
	}
	return MEMCACHED_SUCCESS;
}

enum xc_err
xc_cache_server_item_max(struct xc_cache_server *server, uint64_t *max_r)
{
	int64_t now = xc_cache_now_ms();
	memcached_return_t rc;
	enum xc_err err;
	uint64_t max = 0;

	*max_r = server->item_max;
	if (server->item_max != 0 && now - server->item_max_ms < ITEM_MAX_MS)
		return XC_OK;
	if (!xc_cache_server_usable(server))
		return XC_ERR_UNAVAILABLE;
	rc = memcached_stat_execute(server->st, "settings", see_setting,
	    &max);
	err = xc_cache_server_judge(server, rc);
	if (err != XC_OK || max == 0)
		return XC_ERR_UNAVAILABLE;
	*max_r = server->item_max = max;
	server->item_max_ms = now;
	return XC_OK;
}

void
xc_cache_server_tell_large(struct xc_cache_server *server, const char *space,
    size_t len)
{
	int64_t now = xc_cache_now_ms();
	uint64_t max;

	if (server->large_told_ms != 0 &&
	    now - server->large_told_ms < TELL_EVERY_MS)
		return;
	server->large_told_ms = now;
	if (xc_cache_server_item_max(server, &max) == XC_OK)
		xc_logf(&logger, XC_LOG_WARNING, "a value of %zu bytes of %s "
		    "is not cached: cache server %s takes %llu bytes for an "
		    "item with its key (memcached -I)", len, space,
		    server->name, (unsigned long long)max);
	else
		xc_logf(&logger, XC_LOG_WARNING, "a value of %zu bytes of %s "
		    "is not cached: too large for cache server %s", len,
		    space, server->name);
}

/* SPDX-License-Identifier: MIT */
/* The driver against real servers; see tests/services/run-cache. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "cache.h"
#include "server.h"
#include "test-servers.h"

#define N_SERVERS 3

static struct server servers[N_SERVERS];

static struct xc_cache_settings settings = {
	.prefix = "xcore", .connect_timeout_ms = 50, .timeout_ms = 100,
	.retry_ms = 200,
};
static struct xc_cache cache;

static void
use_servers(size_t n)
{
	struct xc_errbuf errbuf = { "" };
	size_t i;

	settings.servers = json_object_new_array();
	for (i = 0; i < n; i++) {
		snprintf(servers[i].path, sizeof(servers[i].path), "%s/%zu",
		    getenv("XCORE_TEST_CACHE_DIR"), i);
		start_server(&servers[i]);
		json_object_array_add(settings.servers,
		    json_object_new_string(servers[i].path));
	}
	assert_int_equal(xc_cache_open(&settings, &cache, &errbuf), XC_OK);
}

static int
set_up_one(void **state)
{
	(void)state;
	use_servers(1);
	return 0;
}

static int
set_up_many(void **state)
{
	(void)state;
	use_servers(N_SERVERS);
	return 0;
}

static int
tear_down(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < json_object_array_length(settings.servers); i++)
		kill(servers[i].pid, SIGCONT);
	xc_cache_close(&cache);
	for (i = 0; i < json_object_array_length(settings.servers); i++)
		kill_server(&servers[i]);
	json_object_put(settings.servers);
	return 0;
}

static enum xc_err
set(struct xc_cache *c, const char *key, const char *value)
{
	return c->ops->set(c->ctx, "todo", key, value, strlen(value), 60);
}

/* The value, "" for none; static. */
static const char *
get(struct xc_cache *c, const char *key)
{
	static char text[64];
	enum xc_err err;
	char *value;
	size_t len;

	err = c->ops->get(c->ctx, "todo", key, &value, &len);
	if (err != XC_OK) {
		assert_int_equal(err, XC_ERR_NOT_FOUND);
		assert_null(value);
		return "";
	}
	assert_int_equal(strlen(value), len);
	snprintf(text, sizeof(text), "%s", value);
	free(value);
	return text;
}

static void
test_values(void **state)
{
	char *value;
	size_t len;

	(void)state;
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(set(&cache, "a", "one"), XC_OK);
	assert_string_equal(get(&cache, "a"), "one");
	assert_int_equal(cache.ops->set(cache.ctx, "other", "a", "two", 3, 0),
	    XC_OK);
	assert_string_equal(get(&cache, "a"), "one");
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "z", "a\0b", 3, 0),
	    XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "todo", "z", &value, &len),
	    XC_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "a\0b\0", 4);
	free(value);
	assert_int_equal(set(&cache, "e", ""), XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "todo", "e", &value, &len),
	    XC_OK);
	assert_int_equal(len, 0);
	assert_string_equal(value, "");
	free(value);
	assert_int_equal(cache.ops->del(cache.ctx, "todo", "a"), XC_OK);
	assert_int_equal(cache.ops->del(cache.ctx, "todo", "a"), XC_OK);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(cache.ops->add(cache.ctx, "todo", "a", "x", 1, 0),
	    XC_OK);
	assert_int_equal(cache.ops->add(cache.ctx, "todo", "a", "y", 1, 0),
	    XC_ERR_EXISTS);
	assert_string_equal(get(&cache, "a"), "x");
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "a", "x", 1,
	    30 * 24 * 3600 + 1), XC_ERR_INVALID);
}

/* What stands in a key cannot become a command. */
static void
test_keys(void **state)
{
	char key[1025];

	(void)state;
	assert_int_equal(set(&cache, "x 0 0 1\r\ny\r\nset evil 0 0 1\r\nz",
	    "1"), XC_OK);
	assert_string_equal(get(&cache, "x 0 0 1\r\ny\r\nset evil 0 0 1\r\nz"),
	    "1");
	assert_string_equal(get(&cache, "evil"), "");
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_int_equal(set(&cache, key, "long"), XC_OK);
	assert_string_equal(get(&cache, key), "long");
	key[1023] = 'l';
	assert_string_equal(get(&cache, key), "");
}

static void
test_counters(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(cache.ops->incr(cache.ctx, "todo", "n", 5, 10, 60,
	    &n), XC_OK);
	assert_int_equal(n, 10);
	assert_int_equal(cache.ops->incr(cache.ctx, "todo", "n", 5, 10, 60,
	    &n), XC_OK);
	assert_int_equal(n, 15);
	assert_int_equal(cache.ops->incr(cache.ctx, "todo", "n",
	    UINT64_C(1) << 40, 0, 60, &n), XC_OK);
	assert_true(n == (UINT64_C(1) << 40) + 15);
	assert_int_equal(set(&cache, "word", "abc"), XC_OK);
	assert_int_equal(cache.ops->incr(cache.ctx, "todo", "word", 1, 0, 60,
	    &n), XC_ERR_INVALID);
}

static void
test_large(void **state)
{
	size_t len = (1u << 20) + 1;
	char *value = malloc(len), *back;

	(void)state;
	assert_non_null(value);
	memset(value, 'x', len);
	assert_int_equal(set(&cache, "a", "old"), XC_OK);
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "a", value, len,
	    60), XC_ERR_TOO_LARGE);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(set(&cache, "a", "old"), XC_OK);
	/* Just the server's own overhead too much. */
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "a", value,
	    1u << 20, 60), XC_ERR_TOO_LARGE);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "b", value, 500000,
	    60), XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "todo", "b", &back, &len),
	    XC_OK);
	assert_int_equal(len, 500000);
	assert_memory_equal(back, value, len);
	free(back);
	free(value);
}

/* Waits until the server is asked again. */
static void
wait_until_used(struct xc_cache *c)
{
	int tries;

	for (tries = 0; !xc_cache_settle(c) || set(c, "probe", "1") != XC_OK ||
	    strcmp(get(c, "probe"), "1") != 0; tries++) {
		assert_true(tries < 1000);
		usleep(10000);
	}
}

/* Two time-outs, not a thousand: this test ends in its time or not. */
static void
test_hung(void **state)
{
	int i;

	(void)state;
	assert_int_equal(set(&cache, "a", "one"), XC_OK);
	stop_server(&servers[0]);
	for (i = 0; i < 1000; i++)
		assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(kill(servers[0].pid, SIGCONT), 0);
	wait_until_used(&cache);
}

static void
test_breaker(void **state)
{
	struct xc_cache_server server;
	int i;

	(void)state;
	assert_int_equal(xc_cache_server_init(&server, servers[0].path,
	    &settings), XC_OK);
	server.retry_ms = 3600000;
	assert_true(xc_cache_server_usable(&server));
	for (i = 0; i < 5; i++) {
		/* One fault, then an answer: not set aside. */
		assert_int_equal(xc_cache_server_judge(&server,
		    MEMCACHED_TIMEOUT), XC_ERR_UNAVAILABLE);
		assert_true(xc_cache_server_usable(&server));
		assert_int_equal(xc_cache_server_judge(&server,
		    MEMCACHED_NOTFOUND), XC_OK);
	}
	for (i = 0; i < XC_CACHE_FAULTS_MAX; i++)
		xc_cache_server_judge(&server, MEMCACHED_TIMEOUT);
	assert_false(xc_cache_server_usable(&server));
	server.closed_until_ms = xc_cache_now_ms();
	assert_true(xc_cache_server_usable(&server));
	/* The one that tried it again: once more is enough. */
	xc_cache_server_judge(&server, MEMCACHED_TIMEOUT);
	assert_false(xc_cache_server_usable(&server));
	xc_cache_server_done(&server);
}

/* Another process, which sees nothing of what this one knows. */
struct peer {
	struct xc_cache cache;
};

static void
open_peer(struct peer *peer)
{
	struct xc_errbuf errbuf = { "" };

	assert_int_equal(xc_cache_open(&settings, &peer->cache, &errbuf),
	    XC_OK);
}

/* Until the peer has read the generation again. */
static void
wait_for_peer(struct peer *peer, const char *key, const char *value)
{
	int tries;

	for (tries = 0; strcmp(get(&peer->cache, key), value) != 0; tries++) {
		assert_true(tries < 1000);
		usleep(10000);
	}
}

/* The trap: a server that comes back must not serve what was changed. */
static void
test_comes_back(void **state)
{
	struct peer peer;

	(void)state;
	open_peer(&peer);
	assert_int_equal(set(&cache, "deleted", "old"), XC_OK);
	assert_int_equal(set(&cache, "changed", "old"), XC_OK);
	assert_string_equal(get(&peer.cache, "deleted"), "old");
	stop_server(&servers[0]);
	assert_int_equal(cache.ops->del(cache.ctx, "todo", "deleted"),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(set(&cache, "changed", "new"), XC_OK);
	assert_int_equal(kill(servers[0].pid, SIGCONT), 0);
	/* This process never sees the old values again. */
	assert_string_not_equal(get(&cache, "deleted"), "old");
	assert_string_not_equal(get(&cache, "changed"), "old");
	wait_until_used(&cache);
	assert_string_equal(get(&cache, "deleted"), "");
	assert_string_equal(get(&cache, "changed"), "");
	/* Nor does another one, once it has read the generation. */
	assert_int_equal(set(&cache, "mark", "1"), XC_OK);
	wait_for_peer(&peer, "mark", "1");
	assert_string_equal(get(&peer.cache, "deleted"), "");
	assert_string_equal(get(&peer.cache, "changed"), "");
	xc_cache_close(&peer.cache);
}

/* The process whose write was lost is gone: another one that saw the server
 * fail moves on for it. */
static void
test_writer_gone(void **state)
{
	struct peer peer;

	(void)state;
	open_peer(&peer);
	assert_int_equal(set(&cache, "deleted", "old"), XC_OK);
	assert_string_equal(get(&peer.cache, "deleted"), "old");
	stop_server(&servers[0]);
	assert_int_equal(cache.ops->del(cache.ctx, "todo", "deleted"),
	    XC_ERR_UNAVAILABLE);
	while (strcmp(get(&peer.cache, "deleted"), "") == 0 &&
	    xc_cache_settle(&peer.cache))
		continue;
	xc_cache_close(&cache);
	assert_int_equal(kill(servers[0].pid, SIGCONT), 0);
	wait_until_used(&peer.cache);
	assert_string_equal(get(&peer.cache, "deleted"), "");
	cache = peer.cache;
}

static void
test_restart(void **state)
{
	struct peer peer;

	(void)state;
	open_peer(&peer);
	assert_int_equal(set(&cache, "a", "old"), XC_OK);
	assert_string_equal(get(&peer.cache, "a"), "old");
	kill_server(&servers[0]);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(cache.ops->add(cache.ctx, "todo", "a", "x", 1, 0),
	    XC_ERR_UNAVAILABLE);
	start_server(&servers[0]);
	wait_until_used(&cache);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(set(&cache, "a", "new"), XC_OK);
	wait_for_peer(&peer, "a", "new");
	xc_cache_close(&peer.cache);
}

/* A generation that was evicted must not begin where it once was. */
static void
test_lost_generation(void **state)
{
	struct xc_cache_server server;
	struct xc_cache_space *space;
	uint64_t before;

	(void)state;
	assert_int_equal(xc_cache_server_init(&server, servers[0].path,
	    &settings), XC_OK);
	space = xc_cache_server_space(&server, "todo");
	assert_non_null(space);
	assert_int_equal(xc_cache_space_ready(&server, space, 1000), XC_OK);
	before = space->number.generation;
	assert_true(before != 0);
	assert_int_equal(memcached_delete(server.st, "xcore:todo:generation",
	    21, 0), MEMCACHED_SUCCESS);
	space->number.read_ms = xc_cache_now_ms() - 2 * XC_CACHE_GENERATION_MS;
	assert_int_equal(xc_cache_space_ready(&server, space, 1000), XC_OK);
	assert_true(space->number.generation != 0);
	assert_true(space->number.generation != before);
	/* Something else in its place. */
	assert_int_equal(memcached_set(server.st, "xcore:todo:generation",
	    21, "junk", 4, 0, 0), MEMCACHED_SUCCESS);
	space->dirty = true;
	assert_int_equal(xc_cache_space_ready(&server, space, 1000),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_cache_space_ready(&server, space, 1000), XC_OK);
	assert_false(space->dirty);
	xc_cache_server_done(&server);
}

static void
test_many_servers(void **state)
{
	int i, found = 0, again = 0;
	char key[16];

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		assert_int_equal(set(&cache, key, key), XC_OK);
	}
	kill_server(&servers[1]);
	for (i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		found += strcmp(get(&cache, key), key) == 0;
	}
	/* About a third is gone, the rest is served. */
	assert_in_range(found, 120, 280);
	start_server(&servers[1]);
	for (i = 0; again < 300 && i < 1000; i++) {
		int k;

		usleep(10000);
		for (k = again = 0; k < 300; k++) {
			snprintf(key, sizeof(key), "key%d", k);
			assert_int_equal(set(&cache, key, key), XC_OK);
			again += strcmp(get(&cache, key), key) == 0;
		}
	}
	assert_int_equal(again, 300);
}

#define KEYS 100

static void
set_all(struct xc_cache *c, const char *value)
{
	char key[16];

	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		assert_int_equal(set(c, key, value), XC_OK);
	}
}

static int
count_all(const char *value)
{
	char key[16];
	int n = 0;

	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		n += strcmp(get(&cache, key), value) == 0;
	}
	return n;
}

/* A server is taken off the list, and put there again. */
static void
test_back_on_the_list(void **state)
{
	struct xc_cache_settings fewer = settings;
	struct xc_cache other;

	(void)state;
	set_all(&cache, "old");
	fewer.servers = json_object_new_array();
	json_object_array_add(fewer.servers,
	    json_object_new_string(servers[0].path));
	assert_int_equal(xc_cache_open(&fewer, &other, NULL), XC_OK);
	set_all(&other, "new");
	xc_cache_close(&other);
	json_object_put(fewer.servers);
	/* The others have what they had, which nobody can tell... */
	assert_in_range(count_all("old"), 1, KEYS - 1);
	/* ... so that an operator flushes, by a process of his own. */
	assert_int_equal(xc_cache_open(&settings, &other, NULL), XC_OK);
	assert_int_equal(other.ops->flush(other.ctx, "todo", NULL), XC_OK);
	xc_cache_close(&other);
	assert_int_equal(count_all(""), KEYS);
	set_all(&cache, "newer");
	assert_int_equal(count_all("newer"), KEYS);
}

static void
test_state(void **state)
{
	struct xc_cache_figures of;

	(void)state;
	assert_int_equal(set(&cache, "a", "one"), XC_OK);
	for (int i = 0; i < 3; i++)
		assert_string_equal(get(&cache, "a"), "one");
	assert_int_equal(xc_cache_figures(&cache, 0, &of), XC_OK);
	assert_string_equal(of.server, servers[0].path);
	assert_true(of.up);
	assert_int_equal(of.version[0], '1');
	assert_int_equal(of.items, 2);	/* and the generation */
	assert_in_range(of.bytes, 1, of.bytes_max);
	assert_true(of.hits >= 3);
	assert_true(of.misses >= 1);
	assert_int_equal(of.evictions, 0);
	assert_int_equal(xc_cache_figures(&cache, 1, &of), XC_ERR_NOT_FOUND);
	kill_server(&servers[0]);
	assert_int_equal(xc_cache_figures(&cache, 0, &of), XC_OK);
	assert_string_equal(of.server, servers[0].path);
	assert_false(of.up);
	assert_int_equal(of.items, 0);
	start_server(&servers[0]);
	stop_server(&servers[0]);
	assert_int_equal(xc_cache_figures(&cache, 0, &of), XC_OK);
	assert_false(of.up);
}

static void
test_fork(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(set(&cache, "a", "one"), XC_OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool same = strcmp(get(&cache, "a"), "one") == 0;

		xc_cache_close(&cache);
		_exit(same ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(get(&cache, "a"), "one");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down)
		ONE(test_values),
		ONE(test_keys),
		ONE(test_counters),
		ONE(test_large),
		ONE(test_hung),
		ONE(test_breaker),
		ONE(test_comes_back),
		ONE(test_writer_gone),
		ONE(test_restart),
		ONE(test_lost_generation),
		ONE(test_fork),
		ONE(test_state),
		cmocka_unit_test_setup_teardown(test_back_on_the_list,
		    set_up_many, tear_down),
		cmocka_unit_test_setup_teardown(test_many_servers,
		    set_up_many, tear_down),
	};

	if (getenv("XCORE_TEST_CACHE_DIR") == NULL)
		return 77;
	return cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
}

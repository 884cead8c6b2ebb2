/* SPDX-License-Identifier: MIT */
/*
 * What several processes share through real servers: flushes, computed
 * values, many keys.  A second cache on the same servers is another process,
 * for it knows nothing of what the first one knows.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/cache.h>

#include "cache.h"
#include "lib/test-host.h"
#include "test-servers.h"

#define N_SERVERS 3
#define N_KEYS 300
#define N_CHILDREN 12

static struct server servers[N_SERVERS];
static struct xc_cache_settings settings = {
	.prefix = "xcore", .connect_timeout_ms = 1000, .timeout_ms = 1000,
	.retry_ms = 200,
};
static struct xc_cache cache, peer;

/* Of all processes. */
static struct {
	unsigned computed;
	unsigned failed;
	unsigned begun;
	bool go;
} *shared;

static void
set_up(size_t n)
{
	struct xc_errbuf errbuf = { "" };

	settings.servers = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		snprintf(servers[i].path, sizeof(servers[i].path), "%s/%zu",
		    getenv("XCORE_TEST_CACHE_DIR"), i);
		start_server(&servers[i]);
		json_object_array_add(settings.servers,
		    json_object_new_string(servers[i].path));
	}
	assert_int_equal(xc_cache_open(&settings, &cache, &errbuf), XC_OK);
	assert_int_equal(xc_cache_open(&settings, &peer, &errbuf), XC_OK);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
}

static int
set_up_one(void **state)
{
	(void)state;
	servers[0].large = false;
	set_up(1);
	return 0;
}

static int
set_up_large(void **state)
{
	(void)state;
	servers[0].large = true;
	set_up(1);
	return 0;
}

static int
set_up_many(void **state)
{
	(void)state;
	servers[0].large = false;
	set_up(N_SERVERS);
	return 0;
}

static int
tear_down(void **state)
{
	size_t n = json_object_array_length(settings.servers);

	(void)state;
	for (size_t i = 0; i < n; i++)
		kill(servers[i].pid, SIGCONT);
	xc_cache_close(&cache);
	xc_cache_close(&peer);
	for (size_t i = 0; i < n; i++)
		kill_server(&servers[i]);
	json_object_put(settings.servers);
	munmap(shared, sizeof(*shared));
	return 0;
}

static enum xc_err
set(struct xc_cache *c, const char *key, const char *value)
{
	return c->ops->set(c->ctx, "todo", key, value, strlen(value), 60);
}

static enum xc_err
del(struct xc_cache *c, const char *key)
{
	return c->ops->del(c->ctx, "todo", key);
}

static enum xc_err
flush(struct xc_cache *c, const char *group)
{
	return c->ops->flush(c->ctx, "todo", group);
}

/* The value, "" for none; static. */
static const char *
get_near(struct xc_cache *c, const char *key, uint32_t local_ms)
{
	static char text[64];
	struct xc_cache_got got;

	assert_int_equal(c->ops->get_many(c->ctx, "todo", &key, 1, local_ms,
	    &got), XC_OK);
	snprintf(text, sizeof(text), "%s",
	    got.value != NULL ? got.value : "");
	free(got.value);
	return text;
}

static const char *
get(struct xc_cache *c, const char *key)
{
	return get_near(c, key, 0);
}

/* A flush is seen by all others at once, not after a second. */
static void
test_flush(void **state)
{
	static const char *const keys[] = { "items/1", "items/2", "items",
		"other/1", "plain", "/odd" };
	const size_t n = sizeof(keys) / sizeof(keys[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(set(&cache, keys[i], keys[i]), XC_OK);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(get(&peer, keys[i]), keys[i]);
	assert_int_equal(flush(&peer, "items"), XC_OK);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(get(&cache, keys[i]),
		    i < 2 ? "" : keys[i]);
	assert_int_equal(cache.ops->set(cache.ctx, "else", "a", "b", 1, 0),
	    XC_OK);
	assert_int_equal(flush(&peer, NULL), XC_OK);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(get(&cache, keys[i]), "");
	assert_int_equal(flush(&peer, "never"), XC_OK);
}

/* What is written behind another's flush is neither lost nor left. */
static void
test_write_behind_flush(void **state)
{
	(void)state;
	assert_int_equal(set(&cache, "a/1", "one"), XC_OK);
	assert_int_equal(flush(&peer, NULL), XC_OK);
	assert_int_equal(set(&peer, "a/1", "two"), XC_OK);
	/* This one still believes in the generation of before. */
	assert_int_equal(set(&cache, "a/1", "three"), XC_OK);
	assert_string_equal(get(&peer, "a/1"), "three");
	assert_int_equal(flush(&peer, "a"), XC_OK);
	assert_int_equal(set(&peer, "a/1", "four"), XC_OK);
	assert_int_equal(del(&cache, "a/1"), XC_OK);
	assert_string_equal(get(&peer, "a/1"), "");
}

static void
test_flush_down(void **state)
{
	int tries;

	(void)state;
	assert_int_equal(set(&cache, "a/1", "old"), XC_OK);
	assert_string_equal(get(&peer, "a/1"), "old");
	stop_server(&servers[0]);
	assert_int_equal(flush(&cache, "a"), XC_ERR_UNAVAILABLE);
	assert_int_equal(kill(servers[0].pid, SIGCONT), 0);
	for (tries = 0; !xc_cache_settle(&cache); tries++) {
		assert_true(tries < 1000);
		usleep(10000);
	}
	assert_string_equal(get(&cache, "a/1"), "");
	assert_string_equal(get(&peer, "a/1"), "");
}

static void
test_counters(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(cache.ops->decr(cache.ctx, "todo", "n", 1, &n),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(cache.ops->incr(cache.ctx, "todo", "n", 1, 5, 60,
	    &n), XC_OK);
	assert_int_equal(cache.ops->decr(cache.ctx, "todo", "n", 2, &n),
	    XC_OK);
	assert_int_equal(n, 3);
	assert_int_equal(cache.ops->decr(cache.ctx, "todo", "n", 9, &n),
	    XC_OK);
	assert_int_equal(n, 0);
	assert_int_equal(cache.ops->touch(cache.ctx, "todo", "n", 9), XC_OK);
	assert_int_equal(cache.ops->touch(cache.ctx, "todo", "m", 9),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(set(&cache, "n", "x"), XC_OK);
	assert_int_equal(cache.ops->decr(cache.ctx, "todo", "n", 9, &n),
	    XC_ERR_INVALID);
}

/* Beyond 1 MiB where the server is set so, and not beyond that. */
static void
test_limit(void **state)
{
	size_t len = 1500000, got;
	char *value = malloc(3000000), *back;

	(void)state;
	assert_non_null(value);
	memset(value, 'x', 3000000);
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "a", value, len,
	    60), XC_OK);
	assert_int_equal(cache.ops->get(cache.ctx, "todo", "a", &back, &got),
	    XC_OK);
	assert_int_equal(got, len);
	free(back);
	assert_int_equal(cache.ops->set(cache.ctx, "todo", "a", value,
	    3000000, 60), XC_ERR_TOO_LARGE);
	assert_string_equal(get(&cache, "a"), "");
	assert_int_equal(cache.ops->add(cache.ctx, "todo", "a", value,
	    3000000, 60), XC_ERR_TOO_LARGE);
	free(value);
}

static struct xc_cache_put puts_of[N_KEYS];
static char keys_of[N_KEYS][24];
static const char *key_list[N_KEYS];

static void
make_keys(void)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		/* Some in groups, some not. */
		snprintf(keys_of[i], sizeof(keys_of[i]),
		    i % 3 == 0 ? "%zu" : i % 3 == 1 ? "g/%zu" : "h%zu/x", i);
		key_list[i] = keys_of[i];
		puts_of[i] = (struct xc_cache_put){ .key = keys_of[i],
			.value = i == 7 ? "a\0b" : keys_of[i],
			.len = i == 7 ? 3 : strlen(keys_of[i]),
			.ttl_s = 60 };
	}
}

static unsigned
count_found(struct xc_cache *c)
{
	static struct xc_cache_got got[N_KEYS];
	unsigned found = 0;

	assert_int_equal(c->ops->get_many(c->ctx, "todo", key_list, N_KEYS,
	    0, got), XC_OK);
	for (size_t i = 0; i < N_KEYS; i++) {
		if (got[i].err == XC_OK) {
			assert_int_equal(got[i].len, puts_of[i].len);
			assert_memory_equal(got[i].value, puts_of[i].value,
			    got[i].len);
			found++;
		}
		free(got[i].value);
	}
	return found;
}

static void
test_many(void **state)
{
	unsigned found;
	char *large = malloc(2000000);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 2000000);
	make_keys();
	assert_int_equal(count_found(&cache), 0);
	assert_int_equal(cache.ops->set_many(cache.ctx, "todo", puts_of,
	    N_KEYS), XC_OK);
	assert_int_equal(count_found(&peer), N_KEYS);
	assert_int_equal(flush(&cache, "g"), XC_OK);
	assert_int_equal(count_found(&peer), N_KEYS - N_KEYS / 3);
	/* Behind a flush that it has not seen. */
	assert_int_equal(peer.ops->set_many(peer.ctx, "todo", puts_of,
	    N_KEYS), XC_OK);
	assert_int_equal(count_found(&cache), N_KEYS);
	puts_of[5].value = large;
	puts_of[5].len = 2000000;
	assert_int_equal(cache.ops->set_many(cache.ctx, "todo", puts_of,
	    N_KEYS), XC_ERR_TOO_LARGE);
	assert_int_equal(puts_of[5].err, XC_ERR_TOO_LARGE);
	assert_int_equal(puts_of[6].err, XC_OK);
	assert_int_equal(count_found(&cache), N_KEYS - 1);
	kill_server(&servers[1]);
	found = count_found(&cache);
	assert_in_range(found, N_KEYS / 3, N_KEYS - N_KEYS / 6);
	puts_of[5].len = 3;
	assert_int_equal(cache.ops->set_many(cache.ctx, "todo", puts_of,
	    N_KEYS), XC_OK);
	start_server(&servers[1]);
	free(large);
}

static void
test_near(void **state)
{
	(void)state;
	assert_int_equal(set(&peer, "a/1", "old"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "old");
	assert_int_equal(set(&peer, "a/1", "new"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "old");
	assert_string_equal(get(&cache, "a/1"), "new");
	/* What this process does is seen by it at once. */
	assert_int_equal(set(&cache, "a/1", "mine"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "mine");
	assert_int_equal(del(&cache, "a/1"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "");
	assert_int_equal(set(&cache, "a/1", "mine"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "mine");
	assert_int_equal(flush(&cache, "a"), XC_OK);
	assert_string_equal(get_near(&cache, "a/1", 60000), "");
}

static const struct xc_cache_wish wish = { .lease_ms = 60000 };

static enum xc_cache_state
claim(struct xc_cache *c, const struct xc_cache_wish *w,
    struct xc_cache_token *token_r)
{
	struct xc_cache_claim claim;

	assert_int_equal(c->ops->claim(c->ctx, "todo", "g/k", w, &claim),
	    XC_OK);
	free(claim.value);
	*token_r = claim.token;
	return claim.state;
}

static enum xc_err
fill(struct xc_cache *c, const struct xc_cache_token *token,
    const char *value, uint32_t ttl_s)
{
	const struct xc_cache_fill f = { .value = value, .ttl_s = ttl_s,
		.len = strlen(value), .stale_s = 60 };

	return c->ops->fill(c->ctx, "todo", "g/k", token, &f);
}

/* What happened to the key while it was computed makes the value void. */
static void
test_overtaken(void **state)
{
	struct xc_cache_token token, other;

	(void)state;
	assert_int_equal(claim(&cache, &wish, &token), XC_CACHE_MINE);
	assert_int_equal(claim(&peer, &wish, &other), XC_CACHE_WAIT);
	assert_int_equal(fill(&cache, &token, "one", 60), XC_OK);
	assert_int_equal(claim(&peer, &wish, &other), XC_CACHE_FRESH);
	assert_string_equal(get(&peer, "g/k"), "one");
	for (int how = 0; how < 5; how++) {
		assert_int_equal(del(&cache, "g/k"), XC_OK);
		assert_int_equal(claim(&cache, &wish, &token),
		    XC_CACHE_MINE);
		assert_int_equal(how == 0 ? del(&peer, "g/k") :
		    how == 1 ? flush(&peer, "g") :
		    how == 2 ? flush(&peer, NULL) :
		    how == 3 ? flush(&cache, NULL) :
		    set(&peer, "g/k", "two"), XC_OK);
		assert_int_equal(fill(&cache, &token, "one", 60), XC_OK);
		assert_string_equal(get(&cache, "g/k"), how < 4 ? "" : "two");
		assert_string_equal(get(&peer, "g/k"), how < 4 ? "" : "two");
	}
}

/* Nor does a copy of it stay in the process that has flushed meanwhile. */
static void
test_near_overtaken(void **state)
{
	const struct xc_cache_fill f = { .value = "old", .len = 3,
		.ttl_s = 60, .local_ms = 60000 };
	struct xc_cache_token token;

	(void)state;
	for (int how = 0; how < 4; how++) {
		assert_int_equal(claim(&cache, &wish, &token),
		    XC_CACHE_MINE);
		if (how < 3)
			assert_int_equal(how == 0 ? flush(&cache, "g") :
			    how == 1 ? flush(&cache, NULL) :
			    del(&cache, "g/k"), XC_OK);
		assert_int_equal(cache.ops->fill(cache.ctx, "todo", "g/k",
		    &token, &f), XC_OK);
		assert_string_equal(get_near(&cache, "g/k", 60000),
		    how < 3 ? "" : "old");
	}
}

/* One that failed leaves it to the next at once; one that died, when its
 * lease is over. */
static void
test_given_up(void **state)
{
	const struct xc_cache_wish brief = { .lease_ms = 50 };
	struct xc_cache_token token, other;

	(void)state;
	assert_int_equal(claim(&cache, &wish, &token), XC_CACHE_MINE);
	assert_int_equal(cache.ops->fill(cache.ctx, "todo", "g/k", &token,
	    NULL), XC_OK);
	assert_string_equal(get(&peer, "g/k"), "");
	assert_int_equal(claim(&peer, &brief, &token), XC_CACHE_MINE);
	for (int i = 0; claim(&cache, &wish, &other) == XC_CACHE_WAIT; i++) {
		assert_true(i < 1000);
		usleep(10000);
	}
	/* The slow one is too late. */
	assert_int_equal(fill(&cache, &other, "mine", 60), XC_OK);
	assert_int_equal(fill(&peer, &token, "late", 60), XC_OK);
	assert_string_equal(get(&peer, "g/k"), "mine");
}

static void
test_stale(void **state)
{
	const struct xc_cache_wish stale = { .lease_ms = 60000,
		.stale = true };
	struct xc_cache_token token, other;

	(void)state;
	assert_int_equal(claim(&cache, &wish, &token), XC_CACHE_MINE);
	assert_int_equal(fill(&cache, &token, "one", 1), XC_OK);
	while (strcmp(get(&cache, "g/k"), "") != 0)
		usleep(10000);
	assert_int_equal(claim(&cache, &stale, &token), XC_CACHE_MINE);
	assert_int_equal(claim(&peer, &stale, &other), XC_CACHE_STALE);
	assert_int_equal(claim(&peer, &wish, &other), XC_CACHE_WAIT);
	/* One that failed: another may try. */
	assert_int_equal(cache.ops->fill(cache.ctx, "todo", "g/k", &token,
	    NULL), XC_OK);
	assert_int_equal(claim(&peer, &stale, &token), XC_CACHE_MINE);
	assert_int_equal(fill(&peer, &token, "two", 60), XC_OK);
	assert_string_equal(get(&cache, "g/k"), "two");
	/* Nothing that was deleted is served, old as it may be. */
	assert_int_equal(del(&peer, "g/k"), XC_OK);
	assert_int_equal(claim(&cache, &stale, &token), XC_CACHE_MINE);
}

static void
test_too_large(void **state)
{
	struct xc_cache_fill large = { .len = 3000000, .ttl_s = 60 };
	struct xc_cache_token token;
	struct xc_cache_claim claimed;
	char *value = malloc(large.len);

	(void)state;
	assert_non_null(value);
	memset(value, 'x', large.len);
	large.value = value;
	assert_int_equal(claim(&cache, &wish, &token), XC_CACHE_MINE);
	assert_int_equal(cache.ops->fill(cache.ctx, "todo", "g/k", &token,
	    &large), XC_ERR_TOO_LARGE);
	/* Nobody waits for what will never be there. */
	assert_int_equal(peer.ops->claim(peer.ctx, "todo", "g/k", &wish,
	    &claimed), XC_ERR_UNAVAILABLE);
	assert_int_equal(set(&peer, "g/k", "small"), XC_OK);
	assert_string_equal(get(&cache, "g/k"), "small");
	free(value);
}

/* ---- many processes ----------------------------------------------------- */

enum scene { PLAIN, DIES, DOWN, FAILS, STALE };

/* What they compute. */
static enum xc_err
make(struct xc_request *req, void *ctx, const void **value_r, size_t *len_r)
{
	enum scene scene = *(enum scene *)ctx;
	unsigned n = __atomic_add_fetch(&shared->computed, 1,
	    __ATOMIC_SEQ_CST);

	(void)req;
	if (scene == DIES && n == 1)
		raise(SIGKILL);
	usleep(200000);
	if (scene == FAILS && n == 1)
		return XC_ERR_BUSY;
	*value_r = "value";
	*len_r = 5;
	return XC_OK;
}

static int
ask(enum scene scene)
{
	const struct xc_cache_options options = { .wait_ms = 60000,
		.lease_ms = scene == DIES ? 300 : 60000,
		.stale_s = scene == STALE ? 60 : 0 };
	struct xc_request req;
	const void *value;
	enum xc_err err;
	size_t len;

	test_begin(&req);
	test_get(&req, "/app/todo");
	test_host.cache = cache.ops;
	test_host.cache_ctx = cache.ctx;
	__atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&shared->go, __ATOMIC_SEQ_CST))
		usleep(1000);
	err = xc_cache_compute(&req, "g/k", 60, &options, make, &scene,
	    &value, &len);
	if (err == XC_ERR_BUSY)
		__atomic_add_fetch(&shared->failed, 1, __ATOMIC_SEQ_CST);
	if (err != XC_OK)
		return err == XC_ERR_BUSY ? 0 : 1;
	return strcmp(value, scene == STALE && len == 3 ? "old" : "value");
}

/* All at the same moment; how many came back well. */
static unsigned
stampede(enum scene scene)
{
	pid_t pids[N_CHILDREN];
	unsigned good = 0;
	int status;

	memset(shared, 0, sizeof(*shared));
	for (int i = 0; i < N_CHILDREN; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(ask(scene));
	}
	while (__atomic_load_n(&shared->begun, __ATOMIC_SEQ_CST) <
	    N_CHILDREN)
		usleep(1000);
	__atomic_store_n(&shared->go, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < N_CHILDREN; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		good += status == 0;
	}
	return good;
}

static void
test_stampede(void **state)
{
	(void)state;
	assert_int_equal(stampede(PLAIN), N_CHILDREN);
	assert_int_equal(shared->computed, 1);
	assert_string_equal(get(&cache, "g/k"), "value");
}

static void
test_stampede_dies(void **state)
{
	(void)state;
	assert_int_equal(stampede(DIES), N_CHILDREN - 1);
	assert_int_equal(shared->computed, 2);
}

static void
test_stampede_fails(void **state)
{
	(void)state;
	assert_int_equal(stampede(FAILS), N_CHILDREN);
	assert_int_equal(shared->failed, 1);
	assert_int_equal(shared->computed, 2);
}

static void
test_stampede_down(void **state)
{
	(void)state;
	kill_server(&servers[0]);
	assert_int_equal(stampede(DOWN), N_CHILDREN);
	assert_int_equal(shared->computed, N_CHILDREN);
	start_server(&servers[0]);
	stop_server(&servers[0]);
	assert_int_equal(stampede(DOWN), N_CHILDREN);
	assert_int_equal(shared->computed, N_CHILDREN);
}

static void
test_stampede_stale(void **state)
{
	struct xc_cache_token token;

	(void)state;
	assert_int_equal(claim(&cache, &wish, &token), XC_CACHE_MINE);
	assert_int_equal(fill(&cache, &token, "old", 1), XC_OK);
	while (strcmp(get(&cache, "g/k"), "") != 0)
		usleep(10000);
	assert_int_equal(stampede(STALE), N_CHILDREN);
	assert_int_equal(shared->computed, 1);
	assert_string_equal(get(&cache, "g/k"), "value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down)
		ONE(test_flush),
		ONE(test_write_behind_flush),
		ONE(test_flush_down),
		ONE(test_counters),
		ONE(test_near),
		ONE(test_overtaken),
		ONE(test_near_overtaken),
		ONE(test_given_up),
		ONE(test_stale),
		ONE(test_too_large),
		ONE(test_stampede),
		ONE(test_stampede_dies),
		ONE(test_stampede_fails),
		ONE(test_stampede_down),
		ONE(test_stampede_stale),
		cmocka_unit_test_setup_teardown(test_limit, set_up_large,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up_many,
		    tear_down),
	};

	if (getenv("XCORE_TEST_CACHE_DIR") == NULL)
		return 77;
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}

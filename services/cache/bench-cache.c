/* SPDX-License-Identifier: MIT */
/*
 * A get through the driver against bare libmemcached, side by side, and what a
 * get costs when the server is hung or dead; on a Memcached of its own:
 *	sh tests/services/run-cache services/cache/bench-cache
 * The ways take turns in rounds of some thousand gets; the median round of
 * each is shown.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <libmemcached/memcached.h>

#include "cache.h"

#define ROUNDS 31
#define GETS 2000
#define MANY 100
#define VALUE 100		/* bytes */
#define STEADY 100000
#define FIRST 6

static struct xc_cache_settings settings = {
	.prefix = "xcore", .connect_timeout_ms = 50, .timeout_ms = 100,
	.retry_ms = 1000,
};
static struct xc_cache cache;
static memcached_st *bare;
static char path[100];
static pid_t server;

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
die(const char *what)
{
	fprintf(stderr, "bench-cache: %s\n", what);
	exit(1);
}

static bool
answers(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd == -1)
		die("no socket");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return rc == 0;
}

static void
start_server(void)
{
	server = fork();
	if (server == -1)
		die("no process");
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(getenv("XCORE_TEST_CACHE_SERVER"), "memcached", "-s",
		    path, "-m", "64", "-t", "1", "-u", "root", (char *)NULL);
		_exit(127);
	}
	while (!answers())
		usleep(5000);
}

static memcached_st *
open_bare(void)
{
	static const struct {
		memcached_behavior_t flag;
		uint64_t value;
	} wanted[] = {
		{ MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, 50 },
		{ MEMCACHED_BEHAVIOR_POLL_TIMEOUT, 100 },
		{ MEMCACHED_BEHAVIOR_NO_BLOCK, 1 },
		{ MEMCACHED_BEHAVIOR_TCP_NODELAY, 1 },
	};
	memcached_st *st = memcached_create(NULL);

	if (st == NULL)
		die("out of memory");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		memcached_behavior_set(st, wanted[i].flag, wanted[i].value);
	if (memcached_server_add_unix_socket(st, path) != MEMCACHED_SUCCESS)
		die("no server");
	return st;
}

static void
open_all(void)
{
	struct xc_errbuf errbuf = { "" };

	settings.servers = json_object_new_array();
	json_object_array_add(settings.servers, json_object_new_string(path));
	if (xc_cache_open(&settings, &cache, &errbuf) != XC_OK)
		die(errbuf.text);
	bare = open_bare();
}

/* Each does n gets; how many found something. */
typedef size_t way_fn(const char *key, size_t n);

static size_t
get_bare(const char *key, size_t n)
{
	memcached_return_t rc;
	uint32_t flags;
	size_t found = 0, len;

	for (size_t i = 0; i < n; i++) {
		char *value = memcached_get(bare, key, strlen(key), &len,
		    &flags, &rc);

		found += value != NULL;
		free(value);
	}
	return found;
}

/* As the driver asks: a generation before the key. */
static size_t
get_bare_two(const char *key, size_t n)
{
	const char *keys[] = { "number", key };
	const size_t lens[] = { strlen(keys[0]), strlen(key) };
	memcached_return_t rc;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		memcached_result_st *result;
		size_t here = 0;

		if (memcached_mget(bare, keys, lens, 2) != MEMCACHED_SUCCESS)
			continue;
		while ((result = memcached_fetch_result(bare, NULL, &rc)) !=
		    NULL) {
			here++;
			memcached_result_free(result);
		}
		found += here == 2;
	}
	return found;
}

static size_t
get(const char *key, size_t n)
{
	size_t found = 0, len;
	char *value;

	for (size_t i = 0; i < n; i++) {
		if (cache.ops->get(cache.ctx, "bench", key, &value, &len) !=
		    XC_OK)
			continue;
		found++;
		free(value);
	}
	return found;
}

static size_t
get_near(const char *key, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		struct xc_cache_got got;

		if (cache.ops->get_many(cache.ctx, "bench", &key, 1, 60000,
		    &got) == XC_OK && got.err == XC_OK)
			found++;
		free(got.value);
	}
	return found;
}

static size_t
get_many(const char *key, size_t n)
{
	static char names[MANY][16];
	const char *keys[MANY];
	struct xc_cache_got got[MANY];
	size_t found = 0;

	(void)key;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "many/%zu", i);
		keys[i] = names[i];
	}
	for (size_t at = 0; at < n; at += MANY) {
		if (cache.ops->get_many(cache.ctx, "bench", keys, MANY, 0,
		    got) != XC_OK)
			continue;
		for (size_t i = 0; i < MANY; i++) {
			found += got[i].err == XC_OK;
			free(got[i].value);
		}
	}
	return found;
}

static size_t
get_computed(const char *key, size_t n)
{
	const struct xc_cache_wish wish = { .lease_ms = 1000 };
	struct xc_cache_claim claim;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (cache.ops->claim(cache.ctx, "bench", key, &wish,
		    &claim) == XC_OK && claim.state == XC_CACHE_FRESH)
			found++;
		free(claim.value);
	}
	return found;
}

static const struct way {
	const char *name;
	way_fn *fn;
	const char *key;
} ways[] = {
	{ "bare libmemcached, one key", get_bare, "plain" },
	{ "bare libmemcached, two keys in one question", get_bare_two,
		"plain" },
	{ "get", get, "plain" },
	{ "get, in a group", get, "group/plain" },
	{ "get near, a copy in the process", get_near, "near" },
	{ "compute, there already", get_computed, "computed" },
	{ "get many, 100 at once, for each", get_many, NULL },
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static void
fill(void)
{
	const struct xc_cache_wish wish = { .lease_ms = 1000 };
	struct xc_cache_fill computed = { .len = VALUE, .ttl_s = 600 };
	struct xc_cache_claim claim;
	char value[VALUE], key[16];

	memset(value, 'v', sizeof(value));
	computed.value = value;
	if (memcached_set(bare, "plain", 5, value, VALUE, 0, 0) !=
	    MEMCACHED_SUCCESS || memcached_set(bare, "number", 6, "12345678",
	    8, 0, 0) != MEMCACHED_SUCCESS)
		die("the server does not take a value");
	for (size_t i = 0; i < N_WAYS; i++)
		if (ways[i].key != NULL)
			cache.ops->set(cache.ctx, "bench", ways[i].key, value,
			    VALUE, 600);
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "many/%d", i);
		cache.ops->set(cache.ctx, "bench", key, value, VALUE, 600);
	}
	cache.ops->del(cache.ctx, "bench", "computed");
	if (cache.ops->claim(cache.ctx, "bench", "computed", &wish, &claim) !=
	    XC_OK || claim.state != XC_CACHE_MINE ||
	    cache.ops->fill(cache.ctx, "bench", "computed", &claim.token,
	    &computed) != XC_OK)
		die("nothing can be computed");
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
bench_alive(void)
{
	static double times[N_WAYS][ROUNDS];

	fill();
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < N_WAYS; i++) {
			double start = now_us();

			if (ways[i].fn(ways[i].key, GETS) != GETS)
				die(ways[i].name);
			times[i][round] = (now_us() - start) / GETS;
		}
	}
	printf("%-46s %9s %7s\n", "", "us", "times");
	for (size_t i = 0; i < N_WAYS; i++)
		qsort(times[i], ROUNDS, sizeof(double), compare);
	for (size_t i = 0; i < N_WAYS; i++)
		printf("%-46s %9.2f %7.2f\n", ways[i].name,
		    times[i][ROUNDS / 2],
		    times[i][ROUNDS / 2] / times[0][ROUNDS / 2]);
	fflush(stdout);
}

/* The first gets one by one, then the mean and the longest of many. */
static void
bench_fault(const char *fault)
{
	double start, longest = 0, all;

	printf("%s\n  bare libmemcached:", fault);
	for (int i = 0; i < FIRST; i++) {
		start = now_us();
		(void)get_bare("plain", 1);
		printf(" %.0f", now_us() - start);
	}
	printf(" us\n  get:              ");
	fflush(stdout);
	for (int i = 0; i < FIRST; i++) {
		start = now_us();
		(void)get("plain", 1);
		printf(" %.0f", now_us() - start);
	}
	all = now_us();
	for (int i = 0; i < STEADY; i++) {
		double took;

		start = now_us();
		(void)get("plain", 1);
		took = now_us() - start;
		if (took > longest)
			longest = took;
		/* Some seconds, so that the server is tried again too. */
		if (i % 20 == 0)
			usleep(1000);
	}
	all = now_us() - all;
	printf(" us, then %.2f s of gets, the longest %.0f us\n", all / 1e6,
	    longest);
	start = now_us();
	(void)get("plain", 1000);
	printf("  while it is left alone: %.3f us\n",
	    (now_us() - start) / 1000);
	fflush(stdout);
}

int
main(void)
{
	const char *folder = getenv("XCORE_TEST_CACHE_DIR");

	if (folder == NULL) {
		fprintf(stderr, "usage: sh tests/services/run-cache "
		    "services/cache/bench-cache\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/bench", folder);
	start_server();
	open_all();
	bench_alive();
	kill(server, SIGSTOP);
	if (waitpid(server, NULL, WUNTRACED) != server)
		die("the server does not stop");
	bench_fault("hung (SIGSTOP)");
	kill(server, SIGCONT);
	for (int i = 0; get("plain", 1) == 0; i++) {
		if (i > 5000)
			die("the server does not come back");
		(void)cache.ops->set(cache.ctx, "bench", "plain", "v", 1, 60);
		usleep(1000);
	}
	printf("  back\n");
	memcached_free(bare);
	bare = open_bare();
	(void)get_bare("plain", 1);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	bench_fault("dead (SIGKILL)");
	unlink(path);
	memcached_free(bare);
	xc_cache_close(&cache);
	json_object_put(settings.servers);
	return 0;
}

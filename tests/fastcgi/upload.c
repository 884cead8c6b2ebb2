/* SPDX-License-Identifier: MIT */
/*
 * Large bodies, against real workers: whatever records they come in they
 * arrive whole, what does not fit is refused with the reason, and no worker
 * keeps anything of one that has ended.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fastcgi/client.h"
#include "tests/fastcgi/pool.h"
#include "worker/head.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#define WAIT_MS 10000
#define LARGE (5 * 1000 * 1000)

static struct pool pool;
static char dir[] = "/tmp/xcore-upload.XXXXXX";
static unsigned char large[LARGE];

static void
start(uint32_t workers)
{
	pool_init(&pool);
	pool.workers = workers;
	pool.settings.fastcgi.body_max = 64 << 20;
}

static void
fill(void)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < LARGE; i++) {
		x = x * 1664525 + 1013904223;
		large[i] = (unsigned char)(x >> 24);
	}
}

/* The files without a name that a worker holds in our folder; their bytes in
 * *size_r. */
static int
count_files(uint32_t worker, uint64_t *size_r)
{
	char path[512], target[256];
	struct dirent *entry;
	struct stat st;
	DIR *fds;
	int n = 0;
	ssize_t len;

	*size_r = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pool.pids[worker]);
	fds = opendir(path);
	while (fds && (entry = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s",
		    (int)pool.pids[worker], entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (strncmp(target, dir, strlen(dir)) != 0 ||
		    stat(path, &st) < 0)
			continue;
		n++;
		*size_r += (uint64_t)st.st_size;
	}
	if (fds)
		closedir(fds);
	return n;
}

/* Waits until the workers hold n files, of so many bytes at least. */
static bool
await_files(int n, uint64_t size)
{
	uint64_t sum = 0, one;
	int found = -1, i;
	uint32_t w;

	for (i = 0; i < WAIT_MS && (found != n || sum < size); i++) {
		if (i > 0)
			(void)poll(NULL, 0, 1);
		found = 0;
		sum = 0;
		for (w = 0; w < pool.workers; w++) {
			found += count_files(w, &one);
			sum += one;
		}
	}
	return found == n && sum >= size;
}

static bool
is_echo(struct reply reply, const void *body, size_t len)
{
	bool ok = reply.status == 200 && reply.ended && reply.extra == 0 &&
	    reply.body_len == len && memcmp(reply.body, body, len) == 0;

	reply_free(&reply);
	return ok;
}

static bool
is_well(int fd)
{
	return is_echo(ask(fd, &(struct request){ .uri = "/app/t/hello" }),
	    "hello", 5);
}

static struct request
upload(size_t len, size_t chunk)
{
	return (struct request){ .method = "POST", .uri = "/app/t/echo",
		.body = large, .body_len = len, .chunk = chunk };
}

static void
sizes(void)
{
	static const size_t chunks[] = { 1, 7, 8, 100, 4095, 8184, 32768,
		65528, 65535 };
	static const size_t lens[] = { 65535, 65536, 200000, 262143, 262144,
		262145, 262146, 300000, 327680, 327681, 1048576, LARGE };
	struct request request;
	int fd = pool_connect(&pool);
	size_t i, n;

	for (i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
		for (n = 0; n < sizeof(lens) / sizeof(*lens); n++) {
			request = upload(lens[n], chunks[i]);
			check(is_echo(ask(fd, &request), large, lens[n]),
			    "%zu bytes in records of %zu", lens[n],
			    chunks[i]);
		}
	check(is_well(fd), "sizes: the connection goes on");
	check(await_files(0, 0), "sizes: files are left");
	close(fd);
}

/* As the network may cut it. */
static void
dribbled(void)
{
	struct wire_buf buf = { .len = 0 };
	struct request request = upload(400000, 8184);
	int fd = pool_connect(&pool), round;
	size_t at, n;

	buf_request(&buf, &request);
	srandom(1);
	for (round = 0; round < 20; round++) {
		for (at = 0; at < buf.len; at += n) {
			n = 1 + (size_t)random() % (round < 2 ? 300 : 30000);
			if (n > buf.len - at)
				n = buf.len - at;
			(void)send_bytes(fd, buf.p + at, n);
		}
		check(is_echo(read_reply(fd, WAIT_MS), large, 400000),
		    "in pieces, round %d", round);
	}
	buf_free(&buf);
	close(fd);
}

/* A whole request in the body, all over it: it is never served. */
static void
smuggled(void)
{
	struct wire_buf body = { .len = 0 };
	struct request request = { .method = "POST" };
	static const char *const uris[] = { "/app/t/status/401", "/nowhere",
		"/app/t/hello" };
	static const size_t chunks[] = { 61, 8184, 65528 };
	int fd = pool_connect(&pool);
	struct reply reply;
	size_t i;

	while (body.len < 700000) {
		buf_request(&body, &(struct request){ .uri = "/app/t/evil" });
		buf_put(&body, "x", 1);
	}
	request.body = body.p;
	request.body_len = body.len;
	for (i = 0; i < 9; i++) {
		request.uri = uris[i / 3];
		request.chunk = chunks[i % 3];
		reply = ask(fd, &request);
		check(reply.status >= 400 && reply.ended && reply.extra == 0,
		    "%s: %d", request.uri, reply.status);
		reply_free(&reply);
		check(is_well(fd), "%s: what follows", request.uri);
	}
	check(atomic_load(&pool.counts->evil) == 0, "a smuggled request");
	close(fd);
	buf_free(&body);
}

/* Ends in the middle, in each way there is. */
static void
cut_off(void)
{
	struct wire_buf buf = { .len = 0 };
	struct request request = upload(LARGE, 8184);
	uint64_t runs = atomic_load(&pool.counts->runs);
	int fd, how;

	buf_request(&buf, &request);
	for (how = 0; how < 3; how++) {
		fd = pool_connect(&pool);
		/* Between two records: the last two are shorter. */
		(void)send_bytes(fd, buf.p, buf.len - 8 - (8 + LARGE % 8184) -
		    8192 * 200);
		check(await_files(1, 1000000), "%d: no file", how);
		if (how == 0) {
			(void)send_bytes(fd, "\1\2\0\1\0\0\0", 8);
			check(is_closed(fd, WAIT_MS), "aborted");
		} else if (how == 1) {
			(void)shutdown(fd, SHUT_WR);
			check(is_closed(fd, WAIT_MS), "shut down");
		}
		close(fd);
		check(await_files(0, 0), "%d: the file is left", how);
	}
	check(atomic_load(&pool.counts->runs) == runs,
	    "a handler ran on a part of a body");
	buf_free(&buf);
}

static void
expect(const char *what, const struct request *request, int status)
{
	uint64_t runs = atomic_load(&pool.counts->runs);
	int fd = pool_connect(&pool);
	struct reply reply = ask(fd, request);

	check(reply.status == status && reply.ended && reply.body &&
	    strstr(reply.body, "\"request_id\":"), "%s: %d", what,
	    reply.status);
	check(is_closed(fd, WAIT_MS), "%s: is not closed", what);
	check(atomic_load(&pool.counts->runs) == runs, "%s: a handler ran",
	    what);
	reply_free(&reply);
	close(fd);
	check(await_files(0, 0), "%s: the file is left", what);
	fd = pool_connect(&pool);
	check(is_well(fd), "%s: the next one", what);
	close(fd);
}

static void
wrong_length(void)
{
	struct request request = upload(LARGE, 8184);

	request.content_length = "4999999";
	expect("a length too small", &request, 400);
	request.content_length = "5000001";
	expect("a length too large", &request, 400);
	request.content_length = "0";
	expect("no length", &request, 400);
}

static void
too_large(void)
{
	struct request request = upload(LARGE, 8184);

	start(1);
	pool.settings.fastcgi.body_max = 1000000;
	pool_start(&pool, dir);
	expect("over the limit", &request, 413);
	request = upload(1000001, 65535);
	expect("one byte over the limit", &request, 413);
	check(pool_stop(&pool), "too large: the end");
}

/* The limit of sizes stands for a full disk: both are found while writing. */
static void
full(void)
{
	struct request request = upload(LARGE, 8184);
	int fd;

	start(1);
	pool.file_max = 1 << 20;
	pool_start(&pool, dir);
	expect("a full disk", &request, 507);
	/* Found when the last bytes are written. */
	request = upload((1 << 20) + 10, 8184);
	expect("a full disk at the end", &request, 507);
	request = upload(1 << 20, 8184);
	fd = pool_connect(&pool);
	check(is_echo(ask(fd, &request), large, 1 << 20), "what fits");
	close(fd);
	check(pool_stop(&pool), "full: the end");
}

static void
no_folder(void)
{
	struct request request = upload(300000, 8184);
	char parent[64], path[80];
	int fd;

	start(1);
	snprintf(parent, sizeof(parent), "%s/parent", dir);
	snprintf(path, sizeof(path), "%s/bodies", parent);
	pool.settings.fastcgi.body_dir = path;
	pool_start(&pool, dir);
	expect("no folder", &request, 503);
	request = upload(LARGE, 65535);
	expect("no folder, while it arrives", &request, 503);
	/* As soon as it can be made it works. */
	(void)mkdir(parent, 0700);
	fd = pool_connect(&pool);
	check(is_echo(ask(fd, &request), large, LARGE), "a folder");
	close(fd);
	check(pool_stop(&pool), "no folder: the end");
	check(rmdir(path) == 0 && rmdir(parent) == 0, "files have names");
}

/* Resident memory, in KiB. */
static long
memory_of(uint32_t worker)
{
	char path[64], line[256];
	FILE *file;
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/status",
	    (int)pool.pids[worker]);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

#define SLOW 40

/* Many at a time, each nearly complete: they cost files, not memory. */
static void
slow(void)
{
	struct wire_buf buf = { .len = 0 };
	struct request request = upload(LARGE, 8184);
	const size_t rest = 100000;
	int fds[SLOW], fd, i, n = 0;
	long before, grown;

	start(1);
	pool_start(&pool, dir);
	buf_request(&buf, &request);
	before = memory_of(0);
	for (i = 0; i < SLOW; i++) {
		fds[i] = pool_connect(&pool);
		(void)send_bytes(fds[i], buf.p, buf.len - rest);
	}
	check(await_files(SLOW, (uint64_t)SLOW * (LARGE - 2 * rest)),
	    "slow: no files");
	fd = pool_connect(&pool);
	check(is_well(fd), "beside slow uploads");
	close(fd);
	grown = memory_of(0) - before;
	printf("%d uploads of %d bytes: %ld KiB more\n", SLOW, LARGE, grown);
#ifndef SANITIZED
	check(before > 0 && grown < SLOW * 600, "slow: %ld KiB of memory", grown);
#endif
	for (i = 0; i < SLOW; i++) {
		(void)send_bytes(fds[i], buf.p + buf.len - rest, rest);
		n += is_echo(read_reply(fds[i], WAIT_MS), large, LARGE);
		close(fds[i]);
	}
	check(n == SLOW, "slow: %d answered", n);
	check(await_files(0, 0), "slow: files are left");
	check(pool_stop(&pool), "slow: the end");
	buf_free(&buf);
}

#define MANY 70
#define MANY_MAX 64		/* see FDS_SPILLS */

/* More than descriptors suffice for: those are refused, the others served. */
static void
many(void)
{
	struct wire_buf buf = { .len = 0 };
	struct request request = upload(300000, 8184);
	const size_t rest = 20000;
	int fds[MANY], i, refused = 0, served = 0;
	struct reply reply;

	start(1);
	pool.settings.fastcgi.connections_max = 100;
	pool.descriptors = 600;
	pool_start(&pool, dir);
	buf_request(&buf, &request);
	for (i = 0; i < MANY; i++) {
		fds[i] = pool_connect(&pool);
		(void)send_bytes(fds[i], buf.p, buf.len - rest);
		if (i < MANY_MAX)
			check(await_files(i + 1, 0), "many: file %d", i);
	}
	/* The last ones first: each that ends makes room for another. */
	for (i = MANY - 1; i >= 0; i--) {
		if (i < MANY_MAX)
			(void)send_bytes(fds[i], buf.p + buf.len - rest,
			    rest);
		reply = read_reply(fds[i], WAIT_MS);
		refused += reply.status == 503;
		served += reply.status == 200 && reply.body_len == 300000;
		reply_free(&reply);
		close(fds[i]);
	}
	check(refused == MANY - MANY_MAX && served == MANY_MAX,
	    "many: %d refused, %d served", refused, served);
	check(await_files(0, 0), "many: files are left");
	check(pool_stop(&pool), "many: the end");
	buf_free(&buf);
}

/* Who does not know the secret writes nothing. */
static void
unheard(void)
{
	struct wire_buf buf = { .len = 0 }, more = { .len = 0 };
	struct request request = upload(LARGE, 8184);
	struct reply reply;
	int fd;

	start(1);
	pool.secret = "s3cret";
	/* Whoever writes finds that it cannot, and says 503. */
	pool.settings.fastcgi.body_dir = "/nowhere/at/all";
	pool_start(&pool, dir);
	buf_request(&buf, &request);
	fd = pool_connect(&pool);
	(void)send_bytes(fd, buf.p, 400000);
	check(is_closed(fd, WAIT_MS), "unheard: is not closed");
	close(fd);
	buf_pair(&more, "XCORE_SECRET", "s3cret");
	request.more = &more;
	fd = pool_connect(&pool);
	reply = ask(fd, &request);
	check(reply.status == 503, "heard: %d", reply.status);
	reply_free(&reply);
	close(fd);
	check(pool_stop(&pool), "unheard: the end");
	start(1);
	pool.secret = "s3cret";
	pool_start(&pool, dir);
	fd = pool_connect(&pool);
	check(is_echo(ask(fd, &request), large, LARGE), "with the secret");
	close(fd);
	check(pool_stop(&pool), "with the secret: the end");
	buf_free(&buf);
	buf_free(&more);
}

/* Nothing is left of a worker that dies over an upload. */
static void
killed(void)
{
	struct wire_buf buf = { .len = 0 };
	struct request request = upload(LARGE, 8184);
	int fd;

	start(1);
	pool_start(&pool, dir);
	buf_request(&buf, &request);
	fd = pool_connect(&pool);
	(void)send_bytes(fd, buf.p, 1000000);
	check(await_files(1, 500000), "killed: no file");
	kill(pool.pids[0], SIGKILL);
	(void)pool_reap(&pool, 0);
	check(is_closed(fd, WAIT_MS), "killed: is not closed");
	close(fd);
	pool_respawn(&pool, 0);
	fd = pool_connect(&pool);
	check(is_echo(ask(fd, &request), large, LARGE), "its successor");
	close(fd);
	check(pool_stop(&pool), "killed: the end");
	buf_free(&buf);
}

/* All to a file, and none. */
static void
borders(void)
{
	static const int64_t memory[] = { 0, 1, 1073741824 };
	static const size_t lens[] = { 1, 2, 10, 60000, 70000, 700000 };
	struct request request;
	size_t i, n;
	int fd;

	for (i = 0; i < 3; i++) {
		start(1);
		pool.settings.fastcgi.body_memory = memory[i];
		pool_start(&pool, dir);
		fd = pool_connect(&pool);
		for (n = 0; n < sizeof(lens) / sizeof(*lens); n++) {
			request = upload(lens[n], 8184);
			check(is_echo(ask(fd, &request), large, lens[n]),
			    "body_memory %d: %zu bytes", (int)memory[i],
			    lens[n]);
		}
		check(is_well(fd), "body_memory %d", (int)memory[i]);
		close(fd);
		check(pool_stop(&pool), "borders: the end");
	}
}

int
main(void)
{
	fill();
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	start(2);
	pool_start(&pool, dir);
	sizes();
	dribbled();
	smuggled();
	cut_off();
	wrong_length();
	check(pool_stop(&pool), "the workers end well");
	too_large();
	full();
	no_folder();
	slow();
	many();
	unheard();
	killed();
	borders();
	check(rmdir(dir) == 0, "a file is left in %s", dir);
	return check_end();
}

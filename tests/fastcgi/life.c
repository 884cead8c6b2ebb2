/* SPDX-License-Identifier: MIT */
/*
 * Connections and workers over time: silence, slowness, hand-over, replies of
 * every size, stop, crash.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fastcgi/client.h"
#include "tests/fastcgi/pool.h"
#include "worker/head.h"

#define WAIT_MS 10000
#define CONNS 12

static struct pool pool;
static char dir[] = "/tmp/xcore-life.XXXXXX";

static bool
is_ok(struct reply reply)
{
	bool ok = reply.status == 200 && reply.ended && reply.extra == 0;

	reply_free(&reply);
	return ok;
}

static bool
get(int fd, const char *uri)
{
	return is_ok(ask(fd, &(struct request){ .uri = uri }));
}

static void
send_get(int fd, const char *uri)
{
	struct wire_buf buf = { .len = 0 };

	buf_request(&buf, &(struct request){ .uri = uri });
	(void)send_bytes(fd, buf.p, buf.len);
	buf_free(&buf);
}

/* Nothing has come, nor the end. */
static bool
is_silent(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

/* Sends a request and waits until its handler runs. */
static void
begin_get(int fd, const char *uri)
{
	uint64_t runs = atomic_load(&pool.counts->runs);
	int i;

	send_get(fd, uri);
	for (i = 0; i < WAIT_MS && atomic_load(&pool.counts->runs) == runs;
	    i++)
		(void)poll(NULL, 0, 1);
}

static void
start(uint32_t workers, int64_t read_ms, int64_t write_ms, int64_t idle_ms)
{
	pool_init(&pool);
	pool.workers = workers;
	pool.settings.fastcgi.read_timeout_ms = read_ms;
	pool.settings.fastcgi.write_timeout_ms = write_ms;
	pool.settings.fastcgi.idle_timeout_ms = idle_ms;
	pool_start(&pool, dir);
}

/* More of them than workers that said so much and no more: the next request
 * is served while they are still open, and then they are cut. */
static void
stalled(const char *what, size_t bytes)
{
	struct wire_buf buf = { .len = 0 };
	int fds[CONNS], fd, open_then = 0, closed = 0, i;

	start(2, 2000, 10000, 300000);
	buf_request(&buf, &(struct request){ .method = "POST",
	    .uri = "/app/t/echo", .body = "0123456789", .body_len = 10 });
	for (i = 0; i < CONNS; i++) {
		fds[i] = pool_connect(&pool);
		(void)send_bytes(fds[i], buf.p, bytes);
	}
	fd = pool_connect(&pool);
	check(get(fd, "/app/t/hello"), "%s: no answer", what);
	for (i = 0; i < CONNS; i++)
		open_then += is_silent(fds[i]);
	check(open_then == CONNS, "%s: %d open", what, open_then);
	for (i = 0; i < CONNS; i++) {
		closed += is_closed(fds[i], WAIT_MS);
		close(fds[i]);
	}
	check(closed == CONNS, "%s: %d cut", what, closed);
	check(atomic_load(&pool.counts->runs) == 1, "%s: handlers ran",
	    what);
	check(get(fd, "/app/t/hello"), "%s: the kept one is cut", what);
	close(fd);
	check(pool_stop(&pool), "%s: the end", what);
	buf_free(&buf);
}

static void
idle(void)
{
	int fd;

	start(2, 10000, 10000, 500);
	fd = pool_connect(&pool);
	check(get(fd, "/app/t/hello") && get(fd, "/app/t/hello"),
	    "a kept connection");
	check(is_closed(fd, WAIT_MS), "an idle connection is not closed");
	close(fd);
	check(pool_stop(&pool), "idle: the end");
}

/* A peer that asks for much and reads nothing. */
static void
unread(void)
{
	int fd, other;
	struct reply reply;

	start(1, 10000, 1000, 300000);
	fd = pool_connect(&pool);
	other = pool_connect(&pool);
	check(get(other, "/app/t/hello"), "before the unread reply");
	begin_get(fd, "/app/t/big/8000000");
	check(get(other, "/app/t/hello"), "after the unread reply");
	reply = read_reply(fd, WAIT_MS);
	check(reply.closed && !reply.ended, "the unread reply is not cut");
	reply_free(&reply);
	close(fd);
	fd = pool_connect(&pool);
	begin_get(fd, "/app/t/stream/8000");
	check(get(other, "/app/t/hello"), "after the unread stream");
	reply = read_reply(fd, WAIT_MS);
	check(reply.closed && !reply.ended, "the unread stream is not cut");
	reply_free(&reply);
	close(fd);
	close(other);
	check(pool_stop(&pool), "unread: the end");
}

/* Many kept connections, one of which asks for something slow: the others'
 * requests are answered while it still runs. */
static void
beside_slow(const char *uri)
{
	int fds[CONNS], slow, i, n = 0;

	for (i = 0; i < CONNS; i++) {
		fds[i] = pool_connect(&pool);
		n += get(fds[i], "/app/t/hello");
	}
	check(n == CONNS, "%s: %d of the kept ones answered", uri, n);
	slow = pool_connect(&pool);
	check(get(slow, "/app/t/hello"), "%s: before it", uri);
	begin_get(slow, uri);
	for (i = 0, n = 0; i < CONNS; i++)
		n += get(fds[i], "/app/t/hello");
	check(n == CONNS, "%s: %d answered beside it", uri, n);
	check(is_silent(slow), "%s: they waited for it", uri);
	check(is_ok(read_reply(slow, WAIT_MS)), "%s: its own reply", uri);
	for (i = 0; i < CONNS; i++)
		close(fds[i]);
	close(slow);
}

static void
slow(void)
{
	int i;

	start(2, 10000, 10000, 300000);
	/* At first nobody knows that it is slow, then it is known. */
	for (i = 0; i < 3; i++)
		beside_slow("/app/t/slow/2000");
	check(pool_stop(&pool), "slow: the end");
}

/* Requests that came in time are answered, though the only worker hears them
 * after their time-outs: on idle connections, and the rest of half ones. */
static void
unheard(void)
{
	const size_t half = 60;
	struct wire_buf buf = { .len = 0 };
	int fds[CONNS], slow, i, n = 0;

	start(1, 3000, 10000, 3000);
	buf_request(&buf, &(struct request){ .method = "POST",
	    .uri = "/app/t/echo", .body = "0123456789", .body_len = 10 });
	for (i = 0; i < CONNS; i++) {
		fds[i] = pool_connect(&pool);
		n += get(fds[i], "/app/t/hello");
		if (i % 2 == 0)
			(void)send_bytes(fds[i], buf.p, half);
	}
	slow = pool_connect(&pool);
	begin_get(slow, "/app/t/slow/4000");
	for (i = 0; i < CONNS; i++)
		(void)send_bytes(fds[i], buf.p + (i % 2 == 0 ? half : 0),
		    buf.len - (i % 2 == 0 ? half : 0));
	check(n == CONNS && is_ok(read_reply(slow, WAIT_MS)),
	    "unheard: what keeps it busy");
	for (i = 0, n = 0; i < CONNS; i++) {
		n += is_ok(read_reply(fds[i], WAIT_MS));
		close(fds[i]);
	}
	check(n == CONNS, "unheard: %d of %d answered", n, CONNS);
	close(slow);
	check(pool_stop(&pool), "unheard: the end");
	buf_free(&buf);
}

static void
check_big(int fd, size_t len)
{
	char uri[64];
	struct reply reply;
	size_t i, bad = 0;

	snprintf(uri, sizeof(uri), "/app/t/big/%zu", len);
	reply = ask(fd, &(struct request){ .uri = uri });
	for (i = 0; i < reply.body_len; i++)
		bad += reply.body[i] != (char)('a' + i % 26);
	check(reply.status == 200 && reply.body_len == len && bad == 0 &&
	    reply.extra == 0, "%s: %zu bytes, %zu wrong", uri,
	    reply.body_len, bad);
	reply_free(&reply);
}

static void
check_head(int fd, const char *uri, bool length)
{
	struct reply reply = ask(fd, &(struct request){ .method = "HEAD",
	    .uri = uri });

	check(reply.status == 200 && reply.body_len == 0 && reply.ended &&
	    !!strstr(reply.head, "Content-Length: ") == length,
	    "HEAD %s: %d, %zu bytes", uri, reply.status, reply.body_len);
	reply_free(&reply);
}

static void
sizes(void)
{
	static const size_t lens[] = { 0, 1, 7, 8, 8192, 65400, 65500, 65528,
		65529, 65535, 65536, 131056, 131057, 1000000, 8000000 };
	struct reply reply;
	size_t i;
	int fd;

	start(2, 10000, 10000, 300000);
	fd = pool_connect(&pool);
	for (i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		check_big(fd, lens[i]);
	for (i = 65300; i < 65560; i++)
		check_big(fd, i);
	check_head(fd, "/app/t/hello", true);
	check_head(fd, "/app/t/big/100000", true);
	check_head(fd, "/app/t/stream/10", false);
	reply = ask(fd, &(struct request){ .uri = "/app/t/stream/0" });
	check(reply.status == 200 && reply.body_len == 0, "an empty stream");
	reply_free(&reply);
	reply = ask(fd, &(struct request){ .uri = "/app/t/stream/3000" });
	check(reply.status == 200 && reply.body_len == 3000000,
	    "a stream: %zu", reply.body_len);
	reply_free(&reply);
	reply = ask(fd, &(struct request){ .close = true });
	check(reply.status == 200 && is_closed(fd, WAIT_MS), "one-shot");
	reply_free(&reply);
	close(fd);
	check(pool_stop(&pool), "sizes: the end");
}

/* One worker of two stops while it is busy: its request ends well, its kept
 * connections go on in the other. */
static void
stop_one(void)
{
	int fds[CONNS], busy, i, n = 0;
	uint32_t w;

	start(2, 10000, 10000, 300000);
	for (i = 0; i < CONNS; i++) {
		fds[i] = pool_connect(&pool);
		n += get(fds[i], "/app/t/hello");
	}
	check(n == CONNS, "stop: %d of the kept ones answered", n);
	busy = pool_connect(&pool);
	for (w = 0; w < 2; w++) {
		begin_get(busy, "/app/t/slow/300");
		kill(pool.pids[w], SIGTERM);
		check(is_ok(read_reply(busy, WAIT_MS)),
		    "stop: the request in flight");
		check(pool_reap(&pool, w) == 0, "stop: worker %u", w);
		for (i = 0, n = 0; i < CONNS; i++)
			n += get(fds[i], "/app/t/hello");
		check(n == CONNS, "stop: %d answered by the other", n);
		pool_respawn(&pool, w);
	}
	for (i = 0; i < CONNS; i++)
		close(fds[i]);
	close(busy);
	check(pool_stop(&pool), "stop: the end");
}

/* All stop at once: what is in flight and in the queue is answered, also
 * the next request on a kept connection. */
static void
stop_all(void)
{
	int flight[4], kept, i, n = 0;

	start(2, 10000, 10000, 300000);
	kept = pool_connect(&pool);
	check(get(kept, "/app/t/hello"), "stop all: kept");
	for (i = 0; i < 4; i++) {
		flight[i] = pool_connect(&pool);
		send_get(flight[i], "/app/t/slow/200");
	}
	kill(pool.pids[0], SIGTERM);
	kill(pool.pids[1], SIGTERM);
	send_get(kept, "/app/t/hello");
	check(is_ok(read_reply(kept, WAIT_MS)), "stop all: the kept one");
	for (i = 0; i < 4; i++) {
		n += is_ok(read_reply(flight[i], WAIT_MS));
		close(flight[i]);
	}
	check(n == 4, "stop all: %d of 4 in flight", n);
	check(is_closed(kept, WAIT_MS), "stop all: the kept one stays");
	close(kept);
	check(pool_stop(&pool), "stop all: the end");
}

static void
crash(void)
{
	int fd, n, i;
	uint32_t w, died = 2;
	pid_t pid;

	start(2, 10000, 10000, 300000);
	fd = pool_connect(&pool);
	send_get(fd, "/app/t/crash");
	check(is_closed(fd, WAIT_MS), "crash: the connection stays");
	close(fd);
	pid = waitpid(-1, NULL, 0);
	for (w = 0; w < 2; w++)
		if (pool.pids[w] == pid)
			died = w;
	check(died < 2, "crash: an unknown child ended");
	for (i = 0, n = 0; i < CONNS; i++) {
		fd = pool_connect(&pool);
		n += get(fd, "/app/t/hello");
		close(fd);
	}
	check(n == CONNS, "crash: %d answered by the other", n);
	if (died < 2) {
		check(strcmp(pool.board->workers[died].plugin,
		    "t 1.0.0") == 0 && strcmp(
		    pool.board->workers[died].operation, "crash") == 0,
		    "crash: the scoreboard says %s %s",
		    pool.board->workers[died].plugin,
		    pool.board->workers[died].operation);
		pool_respawn(&pool, died);
	}
	check(pool_stop(&pool), "crash: the end");
}

/* One client: requests of all kinds on one kept connection, which must never
 * be closed. */
static void
run_client(unsigned seed)
{
	static const char *const uris[] = { "/app/t/hello", "/app/t/hello",
		"/app/t/hello", "/app/t/hello", "/app/t/big/100000",
		"/app/t/slow/1", "/app/t/slow/4", "/app/t/stream/3" };
	int fd = pool_connect(&pool), i, bad = 0;

	srandom(seed);
	for (i = 0; i < 400 && bad == 0; i++)
		bad += !get(fd, uris[(size_t)random() % 8]);
	_exit(bad);
}

/* Workers come and go under load: no request fails. */
static void
come_and_go(void)
{
	pid_t clients[16];
	int i, bad = 0, status, rounds;
	uint32_t w;

	start(4, 10000, 10000, 300000);
	for (i = 0; i < 16; i++) {
		clients[i] = fork();
		if (clients[i] == 0)
			run_client((unsigned)i);
	}
	for (rounds = 0; rounds < 12; rounds++) {
		w = (uint32_t)rounds % 4;
		kill(pool.pids[w], SIGTERM);
		bad += pool_reap(&pool, w) != 0;
		pool_respawn(&pool, w);
	}
	check(bad == 0, "come and go: %d workers did not end well", bad);
	for (i = 0, bad = 0; i < 16; i++)
		if (waitpid(clients[i], &status, 0) < 0 || status != 0)
			bad++;
	check(bad == 0, "come and go: %d of 16 clients lost a request", bad);
	check(atomic_load(&pool.counts->runs) == 16 * 400,
	    "come and go: %llu handlers ran", (unsigned long long)
	    atomic_load(&pool.counts->runs));
	check(pool_stop(&pool), "come and go: the end");
}

/* Waits until the only worker has at least n connections, and takes no more
 * for a while. */
static void
await_full(uint32_t n)
{
	const _Atomic(uint32_t) *now = &pool.board->workers[0].connections;
	uint32_t before = 0;
	int i;

	for (i = 0; i < WAIT_MS / 50; i++) {
		(void)poll(NULL, 0, 50);
		if (atomic_load(now) >= n && atomic_load(now) == before)
			return;
		before = atomic_load(now);
	}
	check(false, "%u connections and no more", before);
}

/* No descriptor is left: the workers wait, and serve when there are. */
static void
no_descriptors(void)
{
	int fds[120], i;

	pool_init(&pool);
	pool.workers = 1;
	pool.descriptors = 48;
	pool_start(&pool, dir);
	for (i = 0; i < 120; i++)
		fds[i] = pool_connect(&pool);
	await_full(20);
	send_get(fds[119], "/app/t/hello");
	for (i = 0; i < 119; i++)
		close(fds[i]);
	check(is_ok(read_reply(fds[119], WAIT_MS)), "after EMFILE");
	close(fds[119]);
	check(pool_stop(&pool), "EMFILE: the end");
}

static void
too_many(void)
{
	int fds[30], i;

	pool_init(&pool);
	pool.workers = 1;
	pool.settings.fastcgi.connections_max = 10;
	pool_start(&pool, dir);
	for (i = 0; i < 30; i++)
		fds[i] = pool_connect(&pool);
	await_full(10);
	send_get(fds[29], "/app/t/hello");
	for (i = 0; i < 29; i++)
		close(fds[i]);
	check(is_ok(read_reply(fds[29], WAIT_MS)), "after connections_max");
	close(fds[29]);
	check(pool_stop(&pool), "connections_max: the end");
}

int
main(void)
{
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	stalled("silent", 0);
	stalled("half a header", 3);
	stalled("a head without the rest", 60);
	idle();
	unread();
	slow();
	unheard();
	sizes();
	stop_one();
	stop_all();
	crash();
	come_and_go();
	no_descriptors();
	too_many();
	(void)rmdir(dir);
	return check_end();
}

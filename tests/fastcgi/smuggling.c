/* SPDX-License-Identifier: MIT */
/*
 * A body that holds a whole FastCGI request at any offset, sent on a kept
 * connection to handlers that answer without looking at it: exactly one
 * request may be served.  --full takes every offset, else those around the
 * borders of records and buffers, and every 13th.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fastcgi/client.h"
#include "tests/fastcgi/pool.h"

#define OFFSET_MAX 8192

/* What is asked: each is answered before any of the body is looked at. */
static const struct {
	const char *uri;
	int status;
	unsigned runs;		/* handlers that run for it */
} early[] = {
	{ "/app/t/status/401", 401, 1 },
	{ "/app/t/status/404", 404, 1 },
	{ "/app/t/status/413", 413, 1 },
	{ "/app/t/status/422", 422, 1 },
	{ "/app/t/status/500", 500, 1 },
	{ "/nowhere", 404, 0 },
	{ "/app/off", 503, 0 },
	{ "/app/t/hello", 405, 0 },
};
#define N_EARLY (sizeof(early) / sizeof(*early))

static void
put_payload(struct wire_buf *body)
{
	const struct request evil = { .uri = "/app/t/evil", .id = 1 };

	buf_request(body, &evil);
}

/* One early answer, then a request that must be the next one served. */
static bool
try_offset(const struct pool *pool, int fd, size_t offset, size_t which,
    size_t chunk)
{
	struct wire_buf body = { .len = 0 };
	struct request request = { .method = "POST", .chunk = chunk };
	struct reply reply;
	uint64_t evil = atomic_load(&pool->counts->evil);
	uint64_t runs = atomic_load(&pool->counts->runs);
	bool ok;

	while (body.len < offset)
		buf_put(&body, "x", 1);
	put_payload(&body);
	while (body.len < offset + 9000)
		buf_put(&body, "y", 1);
	request.uri = early[which].uri;
	request.body = body.p;
	request.body_len = body.len;
	reply = ask(fd, &request);
	ok = reply.status == early[which].status && reply.ended &&
	    reply.extra == 0;
	reply_free(&reply);
	reply = ask(fd, &(struct request){ .uri = "/app/t/hello" });
	ok = ok && reply.status == 200 && reply.extra == 0 &&
	    reply.body_len == 5 && strcmp(reply.body, "hello") == 0;
	reply_free(&reply);
	buf_free(&body);
	return ok && atomic_load(&pool->counts->evil) == evil &&
	    atomic_load(&pool->counts->runs) == runs + early[which].runs + 1;
}

static bool
is_near_border(size_t offset)
{
	size_t at;

	for (at = 0; at <= OFFSET_MAX; at += 4096)
		if (offset + 24 >= at && offset <= at + 24)
			return true;
	return offset % 13 == 0;
}

static void
sweep(const struct pool *pool, bool full, size_t chunk)
{
	int fd = pool_connect(pool);
	size_t offset, which;
	bool ok;

	for (which = 0; which < N_EARLY; which++) {
		ok = true;
		for (offset = 0; offset <= OFFSET_MAX && ok; offset++)
			if (full || is_near_border(offset))
				ok = try_offset(pool, fd, offset, which,
				    chunk);
		check(ok, "%s, records of %zu: offset %zu", early[which].uri,
		    chunk, offset - 1);
		if (ok)
			continue;
		close(fd);
		fd = pool_connect(pool);
	}
	close(fd);
}

/* A body over the limit is answered before it has come: the connection must
 * not go on behind it. */
static void
too_large(const struct pool *pool, size_t offset)
{
	struct wire_buf body = { .len = 0 };
	struct request request = { .method = "POST",
		.uri = "/app/t/echo" };
	struct reply reply;
	uint64_t evil = atomic_load(&pool->counts->evil);
	uint64_t runs = atomic_load(&pool->counts->runs);
	int fd = pool_connect(pool);

	while (body.len < (size_t)pool->settings.fastcgi.body_max + offset)
		buf_put(&body, "x", 1);
	put_payload(&body);
	request.body = body.p;
	request.body_len = body.len;
	reply = ask(fd, &request);
	check(reply.status == 413 && is_closed(fd, 5000) &&
	    atomic_load(&pool->counts->evil) == evil &&
	    atomic_load(&pool->counts->runs) == runs,
	    "a body over the limit, offset %zu: status %d", offset,
	    reply.status);
	reply_free(&reply);
	buf_free(&body);
	close(fd);
}

/* The second request stands behind the first one's end. */
static void
pipelined(const struct pool *pool)
{
	struct wire_buf buf = { .len = 0 };
	uint64_t evil = atomic_load(&pool->counts->evil);
	int fd = pool_connect(pool);

	buf_request(&buf, &(struct request){ .uri = "/app/t/hello" });
	put_payload(&buf);
	(void)send_bytes(fd, buf.p, buf.len);
	check(is_closed(fd, 5000) &&
	    atomic_load(&pool->counts->evil) == evil, "a pipelined request");
	buf_free(&buf);
	close(fd);
}

int
main(int argc, char **argv)
{
	bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
	char dir[] = "/tmp/xcore-smuggling.XXXXXX";
	struct pool pool;
	size_t offset;

	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	pool_init(&pool);
	pool_start(&pool, dir);
	sweep(&pool, full, 8184);
	sweep(&pool, full, 65528);
	sweep(&pool, false, 61);
	for (offset = 0; offset <= 8192; offset += 512)
		too_large(&pool, offset);
	pipelined(&pool);
	check(pool_stop(&pool), "the workers end well");
	(void)rmdir(dir);
	return check_end();
}

/* SPDX-License-Identifier: MIT */
/*
 * Everything that a FastCGI peer can get wrong, against real workers: no
 * handler may run, no worker may die, and the next good request is served.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fastcgi/client.h"
#include "tests/fastcgi/pool.h"
#include "worker/head.h"

#define CLOSE_MS 5000

static struct pool pool;
static pid_t first_pids[2];

/* The workers are those of the start, and serve. */
static bool
is_well(void)
{
	int fd = pool_connect(&pool);
	struct reply reply = ask(fd, &(struct request){ .method = "GET" });
	bool ok = reply.status == 200;
	uint32_t i;

	for (i = 0; i < pool.workers; i++)
		ok = ok && pool.pids[i] == first_pids[i] &&
		    atomic_load(&pool.board->workers[i].state) !=
		    XC_WORKER_DEAD;
	reply_free(&reply);
	close(fd);
	return ok;
}

/* Sends buf; the connection must be closed without a handler being run. */
static void
expect_closed(const char *what, struct wire_buf *buf)
{
	uint64_t runs = atomic_load(&pool.counts->runs);
	int fd = pool_connect(&pool);
	bool closed;

	(void)send_bytes(fd, buf->p, buf->len);
	closed = is_closed(fd, CLOSE_MS);
	close(fd);
	check(closed, "%s: is not closed", what);
	check(atomic_load(&pool.counts->runs) == runs,
	    "%s: a handler ran", what);
	check(is_well(), "%s: the pool is not well", what);
	buf_free(buf);
}

/* Sends buf, which must be answered with a status; runs says whether a
 * handler may run, closed whether the connection ends. */
static void
expect_status(const char *what, struct wire_buf *buf, int status,
    bool closed)
{
	uint64_t runs = atomic_load(&pool.counts->runs);
	int fd = pool_connect(&pool);
	struct reply reply;

	(void)send_bytes(fd, buf->p, buf->len);
	reply = read_reply(fd, CLOSE_MS);
	check(reply.status == status && reply.ended, "%s: status %d",
	    what, reply.status);
	check(!closed || is_closed(fd, CLOSE_MS), "%s: is not closed", what);
	check(atomic_load(&pool.counts->runs) == runs,
	    "%s: a handler ran", what);
	check(strstr(reply.head ? reply.head : "", "X-Request-Id: ") &&
	    strstr(reply.body ? reply.body : "", "\"request_id\":"),
	    "%s: no request id", what);
	reply_free(&reply);
	close(fd);
	check(is_well(), "%s: the pool is not well", what);
	buf_free(buf);
}

static struct wire_buf
good_request(void)
{
	struct wire_buf buf = { .len = 0 };

	buf_request(&buf, &(struct request){ .method = "POST",
	    .uri = "/app/t/echo", .body = "0123456789", .body_len = 10 });
	return buf;
}

/* A good request with one byte changed. */
static void
expect_closed_with(const char *what, size_t at, unsigned char byte)
{
	struct wire_buf buf = good_request();

	buf.p[at] = byte;
	expect_closed(what, &buf);
}

static void
headers(void)
{
	struct wire_buf buf = { .len = 0 };

	expect_closed_with("version 0", 0, 0);
	expect_closed_with("version 2", 0, 2);
	expect_closed_with("version 2 in the second record", 16, 2);
	expect_closed_with("a first record that is no BEGIN", 1, 4);
	expect_closed_with("identity 0", 3, 0);
	expect_closed_with("the identity of another request", 19, 2);
	expect_closed_with("BEGIN of 7 bytes", 5, 7);
	expect_closed_with("BEGIN of 9 bytes", 5, 9);
	expect_closed_with("role authorizer", 9, 2);
	expect_closed_with("role filter", 9, 3);
	expect_closed_with("role 0", 9, 0);
	expect_closed_with("STDIN before PARAMS", 17, 5);
	expect_closed_with("BEGIN twice", 17, 1);
	expect_closed_with("END_REQUEST", 17, 3);
	expect_closed_with("STDOUT", 17, 6);
	expect_closed_with("DATA", 17, 8);
	expect_closed_with("UNKNOWN_TYPE", 17, 11);
	expect_closed_with("type 255", 17, 255);
	buf_put(&buf, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	expect_closed("HTTP", &buf);
	while (buf.len < 4096)
		buf_put(&buf, "\xff", 1);
	expect_closed("0xff", &buf);
}

static void
put_get_values(struct wire_buf *buf, size_t n)
{
	struct wire_buf names = { .len = 0 };
	size_t i;

	for (i = 0; i < n; i++)
		buf_pair(&names, i % 2 ? "FCGI_MAX_CONNS" : "FCGI_MPXS_CONNS",
		    "");
	buf_record(buf, 9, 0, names.p, names.len, 0);
	buf_free(&names);
}

static void
management(void)
{
	static const size_t counts[] = { 1, 4, 40, 3500 };
	struct wire_buf buf = { .len = 0 };
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		put_get_values(&buf, counts[i]);
		expect_closed("GET_VALUES", &buf);
		buf_begin(&buf, 1, 1, true);
		put_get_values(&buf, counts[i]);
		expect_closed("GET_VALUES behind BEGIN", &buf);
	}
	buf_record(&buf, 77, 0, "", 0, 0);
	expect_closed("an unknown management record", &buf);
}

/* A request whose one PARAMS record is content. */
static void
put_with_params(struct wire_buf *buf, const struct wire_buf *content)
{
	size_t at = 0, n;

	buf_begin(buf, 1, 1, true);
	for (; at < content->len; at += n) {
		n = content->len - at < 65528 ? content->len - at : 65528;
		buf_record(buf, XC_FCGI_PARAMS, 1, content->p + at, n, 0);
	}
	buf_record(buf, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	buf_record(buf, XC_FCGI_STDIN, 1, NULL, 0, 0);
}

/* One parameter besides a good request's, raw. */
static void
put_with_pair(struct wire_buf *buf, uint32_t name_len, const char *name,
    size_t name_bytes, uint32_t value_len, const char *value,
    size_t value_bytes)
{
	struct wire_buf content = { .len = 0 };

	buf_pair(&content, "REQUEST_METHOD", "GET");
	buf_pair(&content, "REQUEST_URI", "/app/t/hello");
	buf_pair_raw(&content, name_len, name, name_bytes, value_len, value,
	    value_bytes);
	put_with_params(buf, &content);
	buf_free(&content);
}

static void
lengths(void)
{
	static const uint32_t absurd[] = { 0x7fffffff, 0x7ffffffe,
		0x7fffff00, 0x40000000, 0x01000001 };
	struct wire_buf buf = { .len = 0 };
	size_t i;

	for (i = 0; i < sizeof(absurd) / sizeof(*absurd); i++) {
		put_with_pair(&buf, absurd[i], "A", 1, 1, "b", 1);
		expect_closed("a name of up to 2 GiB", &buf);
		put_with_pair(&buf, 1, "A", 1, absurd[i], "b", 1);
		expect_closed("a value of up to 2 GiB", &buf);
		put_with_pair(&buf, absurd[i], "A", 1, absurd[i], "b", 1);
		expect_closed("both", &buf);
	}
	put_with_pair(&buf, 5, "A", 1, 1, "b", 1);
	expect_closed("a name past the end", &buf);
	put_with_pair(&buf, 1, "A", 1, 2, "b", 1);
	expect_closed("a value past the end", &buf);
}

static void
names(void)
{
	struct wire_buf content = { .len = 0 }, buf = { .len = 0 };

	put_with_pair(&buf, 0, "", 0, 1, "b", 1);
	expect_closed("an empty name", &buf);
	put_with_pair(&buf, 3, "A\0B", 3, 1, "b", 1);
	expect_closed("a NUL in a name", &buf);
	put_with_pair(&buf, 1, "A", 1, 3, "b\0c", 3);
	expect_closed("a NUL in a value", &buf);
	put_with_pair(&buf, 17, "REMOTE_USER=admin", 17, 1, "x", 1);
	expect_closed("'=' in a name", &buf);
	put_with_pair(&buf, 3, "A\nB", 3, 1, "b", 1);
	expect_closed("a line break in a name", &buf);
	put_with_pair(&buf, 3, "A\x7f" "B", 3, 1, "b", 1);
	expect_closed("DEL in a name", &buf);
	put_with_pair(&buf, 11, "REQUEST_URI", 11, 12, "/app/t/hello", 12);
	expect_status("REQUEST_URI twice", &buf, 400, false);
	buf_pair(&content, "REQUEST_METHOD", "GET");
	buf_pair(&content, "REQUEST_URI", "/app/t/hello");
	buf_pair(&content, "HTTP_HOST", "good.example");
	buf_pair(&content, "HTTP_HOST", "evil.example");
	put_with_params(&buf, &content);
	buf_free(&content);
	expect_status("two hosts", &buf, 400, false);
}

static void
caps(void)
{
	struct wire_buf content = { .len = 0 }, buf = { .len = 0 };
	char *long_text = malloc(70000);
	char name[16];
	int i;

	memset(long_text, 'A', 70000);
	put_with_pair(&buf, 65000, long_text, 65000, 1, "b", 1);
	expect_status("a name of 64 KB", &buf, 431, true);
	put_with_pair(&buf, 2000, long_text, 2000, 1, "b", 1);
	expect_status("a name of 2,000 bytes", &buf, 431, true);
	put_with_pair(&buf, 6, "HTTP_X", 6, 70000, long_text, 70000);
	expect_status("a value of 70,000 bytes", &buf, 431, true);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "HTTP_X%d", i);
		buf_pair(&content, name, "y");
	}
	put_with_params(&buf, &content);
	expect_status("5,000 parameters", &buf, 431, true);
	content.len = 0;
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "HTTP_X%d", i);
		buf_pair_raw(&content, (uint32_t)strlen(name), name,
		    strlen(name), 2000, long_text, 2000);
	}
	put_with_params(&buf, &content);
	expect_status("80,000 bytes of parameters", &buf, 431, true);
	buf_free(&content);
	free(long_text);
}

static void
content_length(void)
{
	static const char *const wrong[] = { "9", "11", "100", "-5", "-10",
		"+10", " 10", "10 ", "0x0a", "1e1", "", "0",
		"99999999999999999999", "18446744073709551626", "10,10" };
	struct wire_buf buf = { .len = 0 };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		buf_request(&buf, &(struct request){ .method = "POST",
		    .uri = "/app/t/echo", .body = "0123456789",
		    .body_len = 10, .content_length = wrong[i] });
		expect_status(wrong[i], &buf, 400, true);
	}
}

static void
missing(void)
{
	struct wire_buf buf = { .len = 0 }, more = { .len = 0 };

	buf_request(&buf, &(struct request){ .bare = true });
	expect_status("no parameters at all", &buf, 400, false);
	buf_pair(&more, "REQUEST_URI", "/app/t/hello");
	buf_request(&buf, &(struct request){ .bare = true, .more = &more });
	expect_status("no REQUEST_METHOD", &buf, 400, false);
	more.len = 0;
	buf_pair(&more, "REQUEST_METHOD", "GET");
	buf_request(&buf, &(struct request){ .bare = true, .more = &more });
	expect_status("no REQUEST_URI", &buf, 400, false);
	buf_free(&more);
}

static void
aborted(void)
{
	struct wire_buf buf = { .len = 0 };

	buf_begin(&buf, 1, 1, true);
	buf_record(&buf, XC_FCGI_ABORT, 1, NULL, 0, 0);
	expect_closed("aborted behind BEGIN", &buf);
	buf = good_request();
	buf.len -= 8;	/* the empty STDIN */
	buf_record(&buf, XC_FCGI_ABORT, 1, NULL, 0, 0);
	expect_closed("aborted behind the body", &buf);
	buf_begin(&buf, 1, 1, true);
	buf_record(&buf, XC_FCGI_ABORT, 2, NULL, 0, 0);
	expect_closed("another request aborted", &buf);
	buf_record(&buf, XC_FCGI_ABORT, 1, NULL, 0, 0);
	expect_closed("aborted before BEGIN", &buf);
}

/* Cut after each byte, by close(2) and by shutdown(2). */
static void
cut(void)
{
	struct wire_buf buf = good_request();
	uint64_t runs = atomic_load(&pool.counts->runs);
	size_t n, left_open = 0;
	int fd;

	for (n = 0; n < buf.len; n++) {
		fd = pool_connect(&pool);
		(void)send_bytes(fd, buf.p, n);
		if (n % 2) {
			(void)shutdown(fd, SHUT_WR);
			left_open += !is_closed(fd, CLOSE_MS);
		}
		close(fd);
	}
	check(left_open == 0, "%zu cut requests stay open", left_open);
	check(atomic_load(&pool.counts->runs) == runs,
	    "a handler ran on a part of a request");
	check(is_well(), "cut: the pool is not well");
	buf_free(&buf);
}

/* Sent in two and in single bytes, it is a request as any. */
static void
dribbled(void)
{
	struct wire_buf buf = good_request();
	struct reply reply;
	size_t n, good = 0;
	int fd = pool_connect(&pool);

	for (n = 1; n < buf.len; n++) {
		(void)send_bytes(fd, buf.p, n);
		(void)send_bytes(fd, buf.p + n, buf.len - n);
		reply = read_reply(fd, CLOSE_MS);
		good += reply.status == 200 && reply.body_len == 10 &&
		    memcmp(reply.body, "0123456789", 10) == 0;
		reply_free(&reply);
	}
	check(good == buf.len - 1, "in two parts: %zu of %zu", good,
	    buf.len - 1);
	for (n = 0; n < buf.len; n++)
		(void)send_bytes(fd, buf.p + n, 1);
	reply = read_reply(fd, CLOSE_MS);
	check(reply.status == 200, "in single bytes: %d", reply.status);
	reply_free(&reply);
	close(fd);
	buf_free(&buf);
}

static void
padding(void)
{
	struct wire_buf buf = { .len = 0 };
	struct reply reply;
	int fd = pool_connect(&pool), i;

	buf_begin(&buf, 1, 1, true);
	for (i = 0; i < 20000; i++)
		buf_record(&buf, XC_FCGI_PARAMS, 1, "\1\0A", 3, 255);
	(void)send_bytes(fd, buf.p, buf.len);
	check(is_closed(fd, CLOSE_MS), "5 MB of padding");
	close(fd);
	buf_free(&buf);
	fd = pool_connect(&pool);
	buf_begin(&buf, 65535, 1, true);
	buf_record(&buf, XC_FCGI_PARAMS, 65535,
	    "\16\3REQUEST_METHODGET\13\14REQUEST_URI/app/t/hello", 44, 255);
	buf_record(&buf, XC_FCGI_PARAMS, 65535, NULL, 0, 0);
	buf_record(&buf, XC_FCGI_STDIN, 65535, NULL, 0, 0);
	(void)send_bytes(fd, buf.p, buf.len);
	reply = read_reply(fd, CLOSE_MS);
	check(reply.status == 200, "padding of 255: %d", reply.status);
	reply_free(&reply);
	close(fd);
	buf_free(&buf);
	buf_begin(&buf, 1, 1, true);
	buf_record(&buf, XC_FCGI_PARAMS, 1, NULL, 0, 8);
	expect_closed("an empty record with padding", &buf);
}

/* A name that comes in pieces over many records. */
static void
split_pairs(void)
{
	static const char content[] =
	    "\16\3REQUEST_METHODGET\13\14REQUEST_URI/app/t/hello";
	struct wire_buf buf = { .len = 0 };
	struct reply reply;
	int fd = pool_connect(&pool);
	size_t i;

	buf_begin(&buf, 1, 1, true);
	for (i = 0; i + 1 < sizeof(content); i++)
		buf_record(&buf, XC_FCGI_PARAMS, 1, content + i, 1,
		    (uint8_t)(i % 8));
	buf_record(&buf, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	buf_record(&buf, XC_FCGI_STDIN, 1, NULL, 0, 0);
	(void)send_bytes(fd, buf.p, buf.len);
	reply = read_reply(fd, CLOSE_MS);
	check(reply.status == 200, "one byte a record: %d", reply.status);
	reply_free(&reply);
	close(fd);
	buf_free(&buf);
}

/* A header that comes twice is joined; HTTP_PROXY and the secret stay out. */
static void
joined(void)
{
	struct wire_buf more = { .len = 0 };
	struct reply reply;
	int fd = pool_connect(&pool);

	buf_pair(&more, "HTTP_X_FORWARDED_FOR", "1.1.1.1");
	buf_pair(&more, "HTTP_COOKIE", "a=1");
	buf_pair(&more, "HTTP_PROXY", "http://evil.example/");
	buf_pair(&more, "HTTP_X_FORWARDED_FOR", "2.2.2.2");
	buf_pair(&more, "HTTP_COOKIE", "b=2");
	buf_pair(&more, "HTTP_X_FORWARDED_FOR", "3.3.3.3");
	reply = ask(fd, &(struct request){ .uri = "/app/t/params",
	    .more = &more });
	check(reply.status == 200 && reply.body &&
	    strstr(reply.body, "1.1.1.1, 2.2.2.2, 3.3.3.3") &&
	    strstr(reply.body, "a=1; b=2") &&
	    !strstr(reply.body, "evil.example"), "joined headers: %s",
	    reply.body ? reply.body : "nothing");
	reply_free(&reply);
	close(fd);
	buf_free(&more);
}

/* Random bytes and random changes of a good request. */
static void
random_bytes(void)
{
	struct wire_buf buf;
	size_t i, n;
	int fd, round;

	srandom(1);
	for (round = 0; round < 3000; round++) {
		buf = good_request();
		n = 1 + (size_t)random() % 4;
		for (i = 0; i < n; i++)
			buf.p[(size_t)random() % buf.len] =
			    (unsigned char)random();
		fd = pool_connect(&pool);
		(void)send_bytes(fd, buf.p, buf.len);
		close(fd);
		buf_free(&buf);
	}
	check(is_well(), "random changes: the pool is not well");
}

static void
with_secret(const char *dir, bool tcp)
{
	static const char *const wrong[] = { "", "wron", "wrong", "s3cre",
		"s3crett", "S3cret" };
	struct wire_buf buf = { .len = 0 }, more = { .len = 0 };
	struct reply reply;
	size_t i;
	int fd;

	pool_init(&pool);
	pool.tcp = tcp;
	pool.secret = "s3cret";
	pool_start(&pool, dir);
	buf_request(&buf, &(struct request){ .method = "GET" });
	fd = pool_connect(&pool);
	(void)send_bytes(fd, buf.p, buf.len);
	check(is_closed(fd, CLOSE_MS), "no secret");
	close(fd);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		more.len = 0;
		buf_pair(&more, "XCORE_SECRET", wrong[i]);
		fd = pool_connect(&pool);
		reply = ask(fd, &(struct request){ .more = &more });
		check(reply.status == 0 && is_closed(fd, CLOSE_MS),
		    "the secret '%s'", wrong[i]);
		reply_free(&reply);
		close(fd);
	}
	check(atomic_load(&pool.counts->runs) == 0,
	    "a handler ran without the secret");
	more.len = 0;
	buf_pair(&more, "XCORE_SECRET", "s3cret");
	fd = pool_connect(&pool);
	reply = ask(fd, &(struct request){ .more = &more });
	check(reply.status == 200, "the right secret: %d", reply.status);
	reply_free(&reply);
	reply = ask(fd, &(struct request){ .uri = "/app/t/big/3000000",
	    .more = &more });
	check(reply.status == 200 && reply.body_len == 3000000,
	    "3 MB with the secret: %zu", reply.body_len);
	reply_free(&reply);
	close(fd);
	check(pool_stop(&pool), "the workers end well");
	buf_free(&more);
	buf_free(&buf);
}

int
main(void)
{
	char dir[] = "/tmp/xcore-bad-input.XXXXXX";

	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	pool_init(&pool);
	pool_start(&pool, dir);
	first_pids[0] = pool.pids[0];
	first_pids[1] = pool.pids[1];
	headers();
	management();
	lengths();
	names();
	caps();
	content_length();
	missing();
	aborted();
	cut();
	dribbled();
	padding();
	split_pairs();
	joined();
	random_bytes();
	check(pool_stop(&pool), "the workers end well");
	with_secret(dir, false);
	with_secret(dir, true);
	(void)rmdir(dir);
	return check_end();
}

/* SPDX-License-Identifier: MIT */
#include "tests/fastcgi/client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/head.h"
#include "worker/scoreboard.h"

#define REPLY_MS 10000

static unsigned passed, failed;

void
buf_put(struct wire_buf *buf, const void *data, size_t len)
{
	if (buf->len + len > buf->cap) {
		buf->cap = 2 * (buf->len + len) + 256;
		buf->p = realloc(buf->p, buf->cap);
		if (!buf->p)
			abort();
	}
	if (len > 0)
		memcpy(buf->p + buf->len, data, len);
	buf->len += len;
}

void
buf_free(struct wire_buf *buf)
{
	free(buf->p);
	memset(buf, 0, sizeof(*buf));
}

void
buf_record(struct wire_buf *buf, uint8_t type, uint16_t id,
    const void *content, size_t len, uint8_t padding)
{
	static const unsigned char zeros[255];
	unsigned char head[8] = { 1, type, (unsigned char)(id >> 8),
		(unsigned char)id, (unsigned char)(len >> 8),
		(unsigned char)len, padding, 0 };

	buf_put(buf, head, sizeof(head));
	buf_put(buf, content, len);
	buf_put(buf, zeros, padding);
}

void
buf_begin(struct wire_buf *buf, uint16_t id, uint16_t role, bool keep)
{
	unsigned char body[8] = { (unsigned char)(role >> 8),
		(unsigned char)role, keep };

	buf_record(buf, XC_FCGI_BEGIN, id, body, sizeof(body), 0);
}

static void
put_length(struct wire_buf *buf, uint32_t len)
{
	unsigned char bytes[4] = { (unsigned char)(len >> 24 | 0x80),
		(unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len };

	if (len < 128)
		buf_put(buf, bytes + 3, 1);
	else
		buf_put(buf, bytes, 4);
}

void
buf_pair_raw(struct wire_buf *buf, uint32_t name_len, const void *name,
    size_t name_bytes, uint32_t value_len, const void *value,
    size_t value_bytes)
{
	put_length(buf, name_len);
	put_length(buf, value_len);
	buf_put(buf, name, name_bytes);
	buf_put(buf, value, value_bytes);
}

void
buf_pair(struct wire_buf *buf, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);

	buf_pair_raw(buf, (uint32_t)name_len, name, name_len,
	    (uint32_t)value_len, value, value_len);
}

static void
put_stream(struct wire_buf *buf, uint8_t type, uint16_t id,
    const unsigned char *data, size_t len, size_t chunk)
{
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = len < chunk ? len : chunk;
		buf_record(buf, type, id, data, n, (uint8_t)(-n & 7));
	}
	buf_record(buf, type, id, NULL, 0, 0);
}

static void
put_params(struct wire_buf *params, const struct request *request)
{
	char length[24];

	if (!request->bare) {
		snprintf(length, sizeof(length), "%zu", request->body_len);
		buf_pair(params, "REQUEST_METHOD",
		    request->method ? request->method : "GET");
		buf_pair(params, "REQUEST_URI",
		    request->uri ? request->uri : "/app/t/hello");
		buf_pair(params, "CONTENT_LENGTH", request->content_length
		    ? request->content_length : length);
		buf_pair(params, "SERVER_PROTOCOL", "HTTP/1.1");
		buf_pair(params, "REMOTE_ADDR", "127.0.0.1");
		buf_pair(params, "HTTP_HOST", "test.example");
	}
	if (request->more)
		buf_put(params, request->more->p, request->more->len);
}

void
buf_request(struct wire_buf *buf, const struct request *request)
{
	struct wire_buf params = { .len = 0 };
	uint16_t id = request->id ? request->id : 1;

	put_params(&params, request);
	buf_begin(buf, id, 1, !request->close);
	put_stream(buf, XC_FCGI_PARAMS, id, params.p, params.len, 65528);
	put_stream(buf, XC_FCGI_STDIN, id, request->body, request->body_len,
	    request->chunk ? request->chunk : 8184);
	buf_free(&params);
}

bool
send_bytes(int fd, const void *data, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			if (poll(&pfd, 1, REPLY_MS) != 1)
				return false;
			continue;
		}
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* What has come, and how far it is understood. */
struct parser {
	struct wire_buf raw;
	struct wire_buf out;	/* STDOUT's content */
	size_t at;
};

static void
take_records(struct parser *parser, struct reply *reply)
{
	const unsigned char *p;
	size_t len, size;

	while (!reply->ended && parser->raw.len - parser->at >= 8) {
		p = parser->raw.p + parser->at;
		len = (size_t)p[4] << 8 | p[5];
		size = 8 + len + p[6];
		if (parser->raw.len - parser->at < size)
			return;
		if (p[1] == XC_FCGI_STDOUT)
			buf_put(&parser->out, p + 8, len);
		if (p[1] == XC_FCGI_END)
			reply->ended = true;
		parser->at += size;
	}
}

static void
read_more(int fd, struct parser *parser, struct reply *reply,
    int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	unsigned char bytes[65536];
	ssize_t n;

	if (poll(&pfd, 1, timeout_ms) != 1) {
		reply->timeout = true;
		return;
	}
	n = recv(fd, bytes, sizeof(bytes), 0);
	if (n <= 0) {
		reply->closed = true;
		return;
	}
	buf_put(&parser->raw, bytes, (size_t)n);
	take_records(parser, reply);
}

static void
split_cgi(struct reply *reply, struct wire_buf *out)
{
	char *end;

	buf_put(out, "", 1);
	reply->head = (char *)out->p;
	end = strstr(reply->head, "\r\n\r\n");
	if (!end)
		return;
	end[2] = '\0';
	reply->body = end + 4;
	reply->body_len = out->len - 1 - (size_t)(reply->body - reply->head);
	if (sscanf(reply->head, "Status: %d", &reply->status) != 1)
		reply->status = 0;
}

struct reply
read_reply(int fd, int timeout_ms)
{
	struct reply reply = { .status = 0 };
	struct parser parser = { .at = 0 };

	while (!reply.ended && !reply.closed && !reply.timeout)
		read_more(fd, &parser, &reply, timeout_ms);
	reply.extra = parser.raw.len - parser.at;
	split_cgi(&reply, &parser.out);
	buf_free(&parser.raw);
	return reply;
}

void
reply_free(struct reply *reply)
{
	free(reply->head);
	memset(reply, 0, sizeof(*reply));
}

struct reply
ask(int fd, const struct request *request)
{
	struct wire_buf buf = { .len = 0 };
	struct reply reply;

	buf_request(&buf, request);
	(void)send_bytes(fd, buf.p, buf.len);
	buf_free(&buf);
	reply = read_reply(fd, REPLY_MS);
	return reply;
}

bool
is_closed(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	uint64_t end = xc_now_ms() + (uint64_t)timeout_ms;
	ssize_t n;

	for (;;) {
		if (poll(&pfd, 1, timeout_ms) == 1) {
			n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN))
				return true;
		}
		if (xc_now_ms() >= end)
			return false;
	}
}

void
check(bool ok, const char *format, ...)
{
	va_list ap;

	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
}

int
check_end(void)
{
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

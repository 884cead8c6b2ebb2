/* SPDX-License-Identifier: MIT */
#include "worker/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "lib/reply-private.h"
#include "worker/chain.h"
#include "worker/head.h"
#include "worker/scoreboard.h"

/* The most content of a record that keeps the next header aligned. */
#define CONTENT_MAX 65528
/* Of a head: our own lines one by one at most, and what else there is. */
#define HEAD_PIECES (XC_LINES_MAX + 10)
/* One sendmsg(2) for a reply of up to 8 MiB; IOV_MAX is 1024. */
#define RECORDS_MAX 160
#define PIECES_MAX (2 * RECORDS_MAX + 4 + HEAD_PIECES)
/* "Status: 200 Non-Authoritative Information" and Content-Length. */
#define STATUS_MAX 320
/* Up to here copying the pieces together costs less than the kernel's going
 * from one to the next. */
#define GATHER_MAX 8192

/* Bytes to go out, gathered from where they lie. */
struct pieces {
	struct iovec iov[PIECES_MAX];
	size_t n;
	unsigned char headers[RECORDS_MAX][XC_FCGI_HEADER];
	size_t n_headers;
};

/* What is said of a request when its reply is complete. */
struct ending {
	unsigned char stdout_end[XC_FCGI_HEADER];
	unsigned char end[XC_FCGI_HEADER];
	unsigned char body[8];
};

/* The parts that a CGI head is made of. */
struct cgi_head {
	char first[STATUS_MAX];
	char last[STATUS_MAX];
	struct iovec iov[HEAD_PIECES];
	size_t n;
	size_t len;
};

static void
put_header(unsigned char *p, enum xc_fcgi_type type, uint16_t id, size_t len)
{
	p[0] = 1;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(len >> 8);
	p[5] = (unsigned char)len;
	p[6] = 0;
	p[7] = 0;
}

static void
make_ending(struct ending *ending, uint16_t id)
{
	memset(ending, 0, sizeof(*ending));
	put_header(ending->stdout_end, XC_FCGI_STDOUT, id, 0);
	put_header(ending->end, XC_FCGI_END, id, sizeof(ending->body));
}

/* sendmsg(2) changes nothing in what it is given to read. */
static struct iovec
piece(const void *data, size_t len)
{
	union {
		const void *in;
		void *out;
	} u = { .in = data };
	struct iovec iov = { .iov_base = u.out, .iov_len = len };

	return iov;
}

/* That a client reads slowly is no fault of the handler that streams. */
static uint64_t
pause_run(struct xc_worker_row *row)
{
	return row ? atomic_exchange(&row->run_since_ms, 0) : 0;
}

static void
resume_run(struct xc_worker_row *row, uint64_t since, uint64_t waited)
{
	if (since != 0)
		atomic_store(&row->run_since_ms, since + waited);
}

static enum xc_err
wait_writable(struct xc_wire *wire)
{
	struct pollfd pfd = { .fd = wire->fd, .events = POLLOUT };
	uint64_t now = xc_now_ms(), since;
	int n, saved;

	if (wire->deadline_ms == 0)
		wire->deadline_ms = now + (uint64_t)wire->timeout_ms;
	if (now >= wire->deadline_ms)
		return XC_ERR_TIMEOUT;
	since = pause_run(wire->row);
	n = poll(&pfd, 1, (int)(wire->deadline_ms - now));
	saved = errno;
	resume_run(wire->row, since, xc_now_ms() - now);
	if (n < 0 && saved != EINTR)
		return XC_ERR_IO;
	return XC_OK;
}

/* Takes sent bytes off the front. */
static void
advance(struct iovec **iov, size_t *n, size_t sent)
{
	while (*n > 0 && sent >= (*iov)->iov_len) {
		sent -= (*iov)->iov_len;
		(*iov)++;
		(*n)--;
	}
	if (*n > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + sent;
		(*iov)->iov_len -= sent;
	}
}

static enum xc_err
send_all(struct xc_wire *wire, struct iovec *iov, size_t n)
{
	struct msghdr msg;
	ssize_t sent;

	while (n > 0 && wire->err == XC_OK) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = iov;
		msg.msg_iovlen = n;
		sent = sendmsg(wire->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0)
			advance(&iov, &n, (size_t)sent);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			wire->err = wait_writable(wire);
		else if (errno != EINTR)
			wire->err = XC_ERR_IO;
	}
	return wire->err;
}

static size_t
total(const struct pieces *pieces)
{
	size_t len = 0, i;

	for (i = 0; i < pieces->n; i++)
		len += pieces->iov[i].iov_len;
	return len;
}

static enum xc_err
send_gathered(struct xc_wire *wire, const struct pieces *pieces)
{
	char bytes[GATHER_MAX];
	struct iovec iov = { .iov_base = bytes };
	size_t i;

	for (i = 0; i < pieces->n; i++) {
		memcpy(bytes + iov.iov_len, pieces->iov[i].iov_base,
		    pieces->iov[i].iov_len);
		iov.iov_len += pieces->iov[i].iov_len;
	}
	return send_all(wire, &iov, 1);
}

static enum xc_err
flush(struct xc_wire *wire, struct pieces *pieces)
{
	enum xc_err err;

	if (wire->first)
		wire->first();
	wire->first = NULL;
	err = total(pieces) <= GATHER_MAX ? send_gathered(wire, pieces)
	    : send_all(wire, pieces->iov, pieces->n);

	pieces->n = 0;
	pieces->n_headers = 0;
	return err;
}

static void
add_piece(struct pieces *pieces, const void *data, size_t len)
{
	pieces->iov[pieces->n++] = piece(data, len);
}

/* The first record: the CGI head with as much of the data as fits. */
static size_t
add_first(struct xc_wire *wire, struct pieces *pieces,
    const struct cgi_head *head, const char *data, size_t len)
{
	unsigned char *p = pieces->headers[pieces->n_headers++];
	size_t i;

	if (len > CONTENT_MAX - head->len)
		len = CONTENT_MAX - head->len;
	put_header(p, XC_FCGI_STDOUT, wire->request_id, head->len + len);
	add_piece(pieces, p, XC_FCGI_HEADER);
	for (i = 0; i < head->n; i++)
		pieces->iov[pieces->n++] = head->iov[i];
	if (len > 0)
		add_piece(pieces, data, len);
	return len;
}

static enum xc_err
add_data(struct xc_wire *wire, struct pieces *pieces, const char *data,
    size_t len)
{
	unsigned char *p;
	size_t n;

	while (len > 0) {
		if (pieces->n_headers == RECORDS_MAX ||
		    pieces->n + 4 > PIECES_MAX) {
			if (flush(wire, pieces) != XC_OK)
				return wire->err;
		}
		n = len < CONTENT_MAX ? len : CONTENT_MAX;
		p = pieces->headers[pieces->n_headers++];
		put_header(p, XC_FCGI_STDOUT, wire->request_id, n);
		add_piece(pieces, p, XC_FCGI_HEADER);
		add_piece(pieces, data, n);
		data += n;
		len -= n;
	}
	return XC_OK;
}

static void
add_text(struct cgi_head *head, const char *text, size_t len)
{
	if (len == 0)
		return;
	head->iov[head->n++] = piece(text, len);
	head->len += len;
}

static bool
without_body(int status)
{
	return status == 204 || status == 304 || status < 200;
}

/* Appends text, as far as there is room; *at stays where there is none. */
static void
put_text(char *buf, size_t *at, const char *text, size_t len)
{
	if (len >= STATUS_MAX - *at)
		return;
	memcpy(buf + *at, text, len);
	*at += len;
}

static void
put_number(char *buf, size_t *at, uint64_t number)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	put_text(buf, at, digits + n, sizeof(digits) - n);
}

static size_t
make_first(char *buf, unsigned status)
{
	const char *text = xc_status_text((int)status);
	size_t at = 0;

	put_text(buf, &at, "Status: ", 8);
	put_number(buf, &at, status);
	put_text(buf, &at, " ", 1);
	put_text(buf, &at, text, strlen(text));
	put_text(buf, &at, "\r\n", 2);
	return at;
}

/* "Server-Timing: total;dur=1.234", in milliseconds. */
static void
put_time(char *buf, size_t *at, uint64_t began_ns)
{
	uint64_t us = (xc_now_ns() - began_ns) / 1000;
	char part[3] = { (char)('0' + us / 100 % 10),
		(char)('0' + us / 10 % 10), (char)('0' + us % 10) };

	put_text(buf, at, "Server-Timing: total;dur=", 25);
	put_number(buf, at, us / 1000);
	put_text(buf, at, ".", 1);
	put_text(buf, at, part, sizeof(part));
	put_text(buf, at, "\r\n", 2);
}

static size_t
make_last(char *buf, const struct xc_passage *passage, const char *id,
    const uint64_t *len)
{
	const char *name = passage ? passage->lines->id_name
	    : "X-Request-Id: ";
	size_t at = 0;

	if (passage && passage->says_time && passage->began_ns != 0)
		put_time(buf, &at, passage->began_ns);
	if (name[0] != '\0') {
		put_text(buf, &at, name, strlen(name));
		put_text(buf, &at, id, strlen(id));
		put_text(buf, &at, "\r\n", 2);
	}
	if (len) {
		put_text(buf, &at, "Content-Length: ", 16);
		put_number(buf, &at, *len);
		put_text(buf, &at, "\r\n", 2);
	}
	put_text(buf, &at, "\r\n", 2);
	return at;
}

static bool
is_html(const char *type, size_t len)
{
	return len >= 9 && strncasecmp(type, "text/html", 9) == 0;
}

/* Those that the handler has not said itself. */
static void
add_lines(struct cgi_head *head, const struct xc_passage *passage,
    const char *own, size_t own_len, bool html)
{
	const struct xc_lines *lines = passage->lines;
	uint32_t taken = own_len == 0 ? 0 :
	    xc_lines_taken(lines, own, own_len);
	size_t i;

	if (taken == 0) {
		add_text(head, lines->joined[passage->https][html].text,
		    lines->joined[passage->https][html].len);
		return;
	}
	for (i = 0; i < lines->n; i++)
		if (!(taken & 1u << i) && xc_line_is_for(&lines->rows[i],
		    passage->https, html))
			add_text(head, lines->rows[i].text,
			    lines->rows[i].len);
}

/* What was made for this reply; of cors a handler's own takes the place. */
static void
add_late(struct cgi_head *head, const struct xc_passage *passage,
    const char *own)
{
	size_t from = 0;

	if (passage->cors_len > 0 &&
	    strcasestr(own, "access-control-allow-origin:") != NULL)
		from = passage->cors_len;
	add_text(head, passage->late + from, passage->late_len - from);
}

/*
 * streamed: the body is not in the request.
 * A head over one record (64 KiB of header lines) is refused by the web
 * servers too; what does not fit is told as an error of ours.
 */
static enum xc_err
make_head(struct cgi_head *head, const struct xc_request *req,
    const struct xc_wire *wire, bool streamed)
{
	const struct xc_reply_head *reply = xc_request_reply(req);
	const struct xc_passage *passage = wire->passage;
	const char *type = xc_block_text(&req->out, reply->content_type);
	const char *own = xc_block_text(&req->out, reply->head);
	uint64_t len = streamed ? wire->size : reply->body.len;
	bool sized = (!streamed || wire->sized) &&
	    !without_body(reply->status);

	head->n = head->len = 0;
	add_text(head, head->first, make_first(head->first, reply->status));
	if (reply->content_type.len > 0) {
		add_text(head, "Content-Type: ", 14);
		add_text(head, type, reply->content_type.len);
		add_text(head, "\r\n", 2);
	}
	add_text(head, own, reply->head.len);
	if (passage) {
		add_lines(head, passage, own, reply->head.len,
		    is_html(type, reply->content_type.len));
		add_late(head, passage, own);
	}
	add_text(head, head->last, make_last(head->last, passage,
	    xc_request_id(req), sized ? &len : NULL));
	return head->len < CONTENT_MAX ? XC_OK : XC_ERR_TOO_LARGE;
}

static enum xc_err
fail(struct xc_wire *wire, enum xc_err err)
{
	if (wire->err == XC_OK)
		wire->err = err;
	return wire->err;
}

static enum xc_err
add_ending(struct xc_wire *wire, struct pieces *pieces,
    const struct ending *ending)
{
	if (pieces->n + 3 > PIECES_MAX && flush(wire, pieces) != XC_OK)
		return wire->err;
	add_piece(pieces, ending, sizeof(*ending));
	return flush(wire, pieces);
}

enum xc_err
xc_wire_reply(struct xc_wire *wire, struct xc_request *req)
{
	const struct xc_reply_head *reply = xc_request_reply(req);
	struct pieces pieces;
	struct ending ending;
	struct cgi_head head;
	const char *body = xc_reply_body(req);
	size_t len = reply->body.len, first;
	enum xc_err err = make_head(&head, req, wire, false);

	if (err != XC_OK)
		return fail(wire, err);
	if (wire->head_only || without_body(reply->status))
		len = 0;
	pieces.n = 0;
	pieces.n_headers = 0;
	first = add_first(wire, &pieces, &head, body, len);
	if (add_data(wire, &pieces, body + first, len - first) != XC_OK)
		return wire->err;
	make_ending(&ending, wire->request_id);
	return add_ending(wire, &pieces, &ending);
}

/* Streams len bytes, behind the head if it is still to go. */
static enum xc_err
add_stream(struct xc_wire *wire, struct pieces *pieces,
    struct cgi_head *head, struct xc_request *req, const char *data,
    size_t len)
{
	const struct xc_reply_head *reply = xc_request_reply(req);
	size_t first = 0;
	enum xc_err err;

	pieces->n = 0;
	pieces->n_headers = 0;
	if (wire->head_only || without_body(reply->status))
		len = 0;
	if (!wire->head_sent) {
		err = make_head(head, req, wire, true);
		if (err != XC_OK)
			return fail(wire, err);
		wire->head_sent = true;
		first = add_first(wire, pieces, head, data, len);
	}
	return add_data(wire, pieces, data + first, len - first);
}

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	struct xc_wire *wire = ctx;

	(void)req;
	wire->begun = true;
	return wire->err;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	struct xc_wire *wire = ctx;
	struct pieces pieces;
	struct cgi_head head;

	if (wire->err != XC_OK || len == 0)
		return wire->err;
	/* The peer has the time-out for each write: how long a stream goes
	 * on is the handler's affair. */
	wire->deadline_ms = 0;
	if (add_stream(wire, &pieces, &head, req, data, len) != XC_OK)
		return wire->err;
	return flush(wire, &pieces);
}

const struct xc_stream_ops xc_wire_stream_ops = {
	.begin = stream_begin,
	.write = stream_write,
};

enum xc_err
xc_wire_finish(struct xc_wire *wire, struct xc_request *req)
{
	struct pieces pieces;
	struct cgi_head head;
	struct ending ending;

	if (wire->err != XC_OK)
		return wire->err;
	wire->deadline_ms = 0;
	if (add_stream(wire, &pieces, &head, req, "", 0) != XC_OK)
		return wire->err;
	make_ending(&ending, wire->request_id);
	return add_ending(wire, &pieces, &ending);
}

size_t
xc_wire_frame(unsigned char *buf, size_t size, uint16_t request_id,
    const char *text, size_t len)
{
	struct ending ending;

	if (len > CONTENT_MAX ||
	    len + XC_FCGI_HEADER + sizeof(ending) > size)
		return 0;
	put_header(buf, XC_FCGI_STDOUT, request_id, len);
	memcpy(buf + XC_FCGI_HEADER, text, len);
	make_ending(&ending, request_id);
	memcpy(buf + XC_FCGI_HEADER + len, &ending, sizeof(ending));
	return XC_FCGI_HEADER + len + sizeof(ending);
}

void
xc_wire_abandon(int fd, uint16_t request_id)
{
	struct ending ending;

	make_ending(&ending, request_id);
	(void)!send(fd, &ending, sizeof(ending), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* SPDX-License-Identifier: MIT */
/* A web server's side of FastCGI, by hand: it can be as wrong as a test
 * wants. */
#ifndef XC_TESTS_CLIENT_H
#define XC_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes to send; ends the program when memory is out. */
struct wire_buf {
	unsigned char *p;
	size_t len;
	size_t cap;
};

void buf_put(struct wire_buf *buf, const void *data, size_t len);
void buf_record(struct wire_buf *buf, uint8_t type, uint16_t id,
    const void *content, size_t len, uint8_t padding);
void buf_begin(struct wire_buf *buf, uint16_t id, uint16_t role, bool keep);
void buf_pair(struct wire_buf *buf, const char *name, const char *value);
/* With lengths that the text may not have. */
void buf_pair_raw(struct wire_buf *buf, uint32_t name_len, const void *name,
    size_t name_bytes, uint32_t value_len, const void *value,
    size_t value_bytes);
void buf_free(struct wire_buf *buf);

/* One request; zero members take the defaults in brackets. */
struct request {
	const char *method;	/* ["GET"] */
	const char *uri;	/* ["/app/t/hello"] */
	const void *body;
	size_t body_len;
	const char *content_length;	/* [what body_len is] */
	const struct wire_buf *more;	/* pairs besides */
	size_t chunk;		/* content of a STDIN record [8184] */
	uint16_t id;		/* [1] */
	bool close;		/* without FCGI_KEEP_CONN */
	bool bare;		/* without any parameter of ours */
};

void buf_request(struct wire_buf *buf, const struct request *request);

/* One reply. */
struct reply {
	int status;		/* 0: none came */
	bool ended;		/* END_REQUEST came */
	bool closed;		/* the connection was closed */
	bool timeout;
	size_t extra;		/* bytes behind the end */
	char *head;		/* NUL-terminated */
	char *body;		/* the same */
	size_t body_len;
};

/* Sends all; false if the peer has gone or does not read for 10 s. */
bool send_bytes(int fd, const void *data, size_t len);

/* Reads until the end of the request, or the connection, or for timeout_ms
 * nothing more comes. */
struct reply read_reply(int fd, int timeout_ms);
void reply_free(struct reply *reply);

/* Sends a request and reads its reply. */
struct reply ask(int fd, const struct request *request);

/* Whether the peer has closed, waiting for it for up to timeout_ms. */
bool is_closed(int fd, int timeout_ms);

/* A case passes or fails; counted. */
void check(bool ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says "N passed, N failed"; the exit status. */
int check_end(void);

#endif

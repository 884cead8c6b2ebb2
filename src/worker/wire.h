/* SPDX-License-Identifier: MIT */
/*
 * The reply on its way to the web server: CGI head and body in FastCGI
 * records of our own, since libfcgi writes 8 KiB at a time and blocks.  A
 * whole reply is one sendmsg(2) whatever its size.
 */
#ifndef XC_WORKER_WIRE_H
#define XC_WORKER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/host.h"
#include "lib/request-private.h"

struct xc_passage;
struct xc_worker_row;

/* One reply.  The worker sets the first part, who streams may set the second,
 * the calls below the third. */
struct xc_wire {
	int fd;			/* a stream socket; may be non-blocking */
	uint16_t request_id;
	bool head_only;		/* the reply to HEAD */
	int timeout_ms;		/* for all of the reply to be taken */
	void (*first)(void);	/* called before the first byte goes out, or
				 * NULL; it may not return */
	struct xc_worker_row *row;	/* whose run's time stands still while
					 * the peer is waited for, or NULL */

	/* Whose lines stand on the reply; NULL: X-Request-Id alone. */
	const struct xc_passage *passage;

	/* Of a stream whose length is known before it begins. */
	bool sized;
	uint64_t size;

	bool begun;		/* streaming: the head stands */
	bool head_sent;
	enum xc_err err;	/* the first that happened; sticks */
	uint64_t deadline_ms;	/* CLOCK_MONOTONIC; 0 until it blocks */
};

/*
 * Sends the whole reply that stands in req->out and the end of the request.
 * XC_ERR_IO: the web server is gone.  XC_ERR_TIMEOUT: it does not read.
 * After either the connection can only be closed.
 */
enum xc_err xc_wire_reply(struct xc_wire *wire, struct xc_request *req);

/* Ends a streamed reply.  Errors as above, also of the writes before. */
enum xc_err xc_wire_finish(struct xc_wire *wire, struct xc_request *req);

/*
 * Makes a whole reply of a CGI head and a body that are one text: one record
 * and the end of the request.  Returns its length, or 0 if size is too
 * small.  Async-signal-safe.
 */
size_t xc_wire_frame(unsigned char *buf, size_t size, uint16_t request_id,
    const char *text, size_t len);

/*
 * Says END_REQUEST without a reply: what is done with a request that nobody
 * may answer.  Best effort, never blocks.
 */
void xc_wire_abandon(int fd, uint16_t request_id);

/* For struct xc_host; its ctx is a struct xc_wire *. */
extern const struct xc_stream_ops xc_wire_stream_ops;

#endif

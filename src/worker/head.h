/* SPDX-License-Identifier: MIT */
/*
 * The records of one FastCGI request, looked at before libfcgi reads them.
 * libfcgi 2.4.2 aborts on lengths near 2 GiB, overruns its stack on
 * FCGI_GET_VALUES, takes half a request for a whole one and reads what is
 * left of a body as new records.  So nothing reaches it but the bytes of one
 * request that is complete and plain: BEGIN, PARAMS ..., an empty PARAMS,
 * STDIN ..., an empty STDIN, all with one identity, and nothing behind.
 *
 * The body is taken out before: what libfcgi reads has none.
 *
 * Pure functions over bytes: no I/O, no allocation.
 */
#ifndef XC_WORKER_HEAD_H
#define XC_WORKER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XC_FCGI_HEADER 8	/* bytes of a record's header */
#define XC_FCGI_CONTENT_MAX 65535

enum xc_fcgi_type {
	XC_FCGI_BEGIN = 1,
	XC_FCGI_ABORT = 2,
	XC_FCGI_END = 3,
	XC_FCGI_PARAMS = 4,
	XC_FCGI_STDIN = 5,
	XC_FCGI_STDOUT = 6,
	XC_FCGI_STDERR = 7,
	XC_FCGI_DATA = 8
};

/* A parameter that declares more is no mishap but an attack. */
#define XC_HEAD_ABSURD (UINT32_C(1) << 24)

struct xc_head_limits {
	uint32_t params_max;	/* bytes of all PARAMS content */
	uint32_t body_max;	/* bytes of all STDIN content */
	uint32_t name_max;	/* bytes of one parameter's name */
	uint32_t count_max;	/* parameters */
	uint32_t raw_max;	/* bytes of all records with padding */
};

/* Limits for a params_max and body_max of the configuration. */
struct xc_head_limits xc_head_limits(int64_t params_max, int64_t body_max);

enum xc_head_result {
	XC_HEAD_MORE,		/* good so far, not complete */
	XC_HEAD_COMPLETE,
	XC_HEAD_TOO_LARGE,	/* answer with status, then close */
	XC_HEAD_ABORTED,	/* the web server gave it up: close quietly */
	XC_HEAD_BAD		/* close; reason says why */
};

/* How far the records were looked at.  Begin with zeros. */
struct xc_head {
	size_t done;		/* bytes of the whole records seen */
	size_t taken;		/* bytes that xc_head_take() has taken out */
	size_t stdin_at;	/* where in the bytes STDIN begins */
	uint32_t params_len;
	uint32_t body_len;
	uint32_t n_params;
	uint16_t request_id;
	bool keep;		/* FCGI_KEEP_CONN */
	uint8_t phase;
	uint8_t pair_at;	/* part of a name-value pair we are in */
	uint32_t pair_left;	/* bytes of that part to come */
	uint32_t name_len;
	uint32_t value_len;
	int status;		/* 413 or 431, for XC_HEAD_TOO_LARGE */
	const char *reason;	/* static; for XC_HEAD_BAD and TOO_LARGE */
};

/*
 * Goes on in buf, which holds the connection's bytes from the request's
 * first one, but for what was taken out; len never shrinks else.  After any result but
 * XC_HEAD_MORE it must not be called again.  With XC_HEAD_COMPLETE
 * head->done == len.  request_id is set with all but XC_HEAD_BAD.
 */
enum xc_head_result xc_head_scan(struct xc_head *head,
    const struct xc_head_limits *limits, const unsigned char *buf,
    size_t len);

/*
 * Pushes the content of the whole STDIN records in buf together, where it
 * stands.  Returns its first byte, and its length in *len_r.  Those records
 * are gone then: xc_head_take() or xc_head_bare() must follow.  For a head
 * whose body_len is not 0, with the bytes that were scanned.
 */
unsigned char *xc_head_body(const struct xc_head *head, unsigned char *buf,
    size_t *len_r);

/* Takes them out, so that the scan goes on behind the parameters, as if they
 * still stood there.  *len is of all bytes in buf. */
void xc_head_take(struct xc_head *head, unsigned char *buf, size_t *len);

/*
 * Makes of a request that is complete, or whose parameters are, one without
 * a body.  Returns its length.  What xc_head_body() gave stays as it is.
 */
size_t xc_head_bare(const struct xc_head *head, unsigned char *buf);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The FastCGI parameters of one request, sorted into what the request is
 * made from and the headers of its client.
 */
#ifndef XC_REQUEST_ENV_H
#define XC_REQUEST_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "block.h"
#include "errbuf.h"

#define XC_ENV_MAX 512		/* parameters of all kinds */
#define XC_ENV_HEADERS_MAX 200	/* of the client, repeats counted */
#define XC_ENV_BUCKETS 256

/* One "NAME=value"; the strings are the caller's. */
struct xc_env_row {
	const char *name;
	const char *value;	/* NUL-terminated */
	uint32_t name_len;
	uint32_t value_len;
	uint16_t chain;		/* next in the bucket; rows count from 1 */
	uint16_t next;		/* same name, sent later */
	uint16_t last;		/* same name, sent last */
	bool header;		/* is to be shown, and came first */
};

/* No member is set but by xc_env_read(). */
struct xc_env {
	uint32_t n;
	uint32_t n_headers;	/* rows with header set */
	/* Each NULL or NUL-terminated, empty ones are NULL. */
	const char *method;
	const char *uri;
	const char *id;
	const char *scheme;
	const char *https;
	const char *remote;
	const char *content_type;
	const char *content_length;
	const char *host;	/* the Host header, sent once */
	uint16_t buckets[XC_ENV_BUCKETS];
	struct xc_env_row rows[XC_ENV_MAX];
};

/*
 * Sorts the parameters, ended by NULL.  Returns 0, or 400 (one has no name
 * or value, or is there twice, or a header has a character that may not
 * stand there) or 431 (too many headers).  id is set then too if it came.
 */
int xc_env_read(struct xc_env *env, char *const *envp,
    struct xc_errbuf *errbuf);

/*
 * Appends the table of headers: those of the client, repeated ones joined,
 * and content-type and content-length (body_len, if it was sent or is not
 * 0).  Returns 0, 400 (a name that is no header's) or 500.
 */
int xc_env_headers(const struct xc_env *env, struct xc_block *block,
    size_t body_len, struct xc_pairs *pairs_r, struct xc_errbuf *errbuf);

#endif

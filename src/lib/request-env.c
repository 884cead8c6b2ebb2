/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "request-env.h"
#include "text.h"

#define PREFIX "HTTP_"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define NAME_SHOWN 40		/* bytes of a name in a sentence */

struct known {
	const char *name;
	size_t len;
	size_t offset;		/* of its member in struct xc_env */
};

#define KNOWN(n, member) { n, sizeof(n) - 1, offsetof(struct xc_env, member) }

static const struct known known[] = {
	KNOWN("REQUEST_METHOD", method),
	KNOWN("REQUEST_URI", uri),
	KNOWN("REQUEST_ID", id),
	KNOWN("REQUEST_SCHEME", scheme),
	KNOWN("HTTPS", https),
	KNOWN("REMOTE_ADDR", remote),
	KNOWN("CONTENT_TYPE", content_type),
	KNOWN("CONTENT_LENGTH", content_length),
};

#define HIDDEN(n) { n, sizeof(n) - 1 }

/*
 * Headers that do not reach a handler.  Proxy: would become HTTP_PROXY,
 * which HTTP clients obey.  Content-Type and Content-Length: one web server
 * sends them both ways, the other only without HTTP_.  The rest speak of the
 * connection to the web server (RFC 9110, section 7.6.1), not to us.
 */
static const struct {
	const char *name;	/* after HTTP_ */
	size_t len;
} hidden[] = {
	HIDDEN("PROXY"),
	HIDDEN("CONTENT_TYPE"),
	HIDDEN("CONTENT_LENGTH"),
	HIDDEN("CONNECTION"),
	HIDDEN("KEEP_ALIVE"),
	HIDDEN("PROXY_CONNECTION"),
	HIDDEN("TE"),
	HIDDEN("TRAILER"),
	HIDDEN("TRANSFER_ENCODING"),
	HIDDEN("UPGRADE"),
};

static bool
is_hidden(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (hidden[i].len == len &&
		    strncasecmp(hidden[i].name, name, len) == 0)
			return true;
	return false;
}

/*
 * A number by which names are found again, the same in both cases of
 * letters.  It need not be hard to hit: there are few parameters, and those
 * of one bucket are compared.
 */
static uint32_t
hash_name(const char *name, size_t len)
{
	uint64_t head = 0;
	uint64_t tail = 0;

	if (len >= sizeof(head)) {
		memcpy(&head, name, sizeof(head));
		memcpy(&tail, name + len - sizeof(tail), sizeof(tail));
	} else {
		memcpy(&head, name, len);
	}
	head |= UINT64_C(0x2020202020202020);
	tail |= UINT64_C(0x2020202020202020);
	head = (head ^ len) * UINT64_C(0x9e3779b97f4a7c15);
	tail = (tail ^ head >> 32) * UINT64_C(0xc2b2ae3d27d4eb4f);
	return (uint32_t)((head ^ tail) >> 40);
}

/* Splits "NAME=value"; false if there is no name or no '='. */
static bool
split(const char *param, struct xc_env_row *row)
{
	const char *equals = strchr(param, '=');

	if (equals == NULL || equals == param)
		return false;
	row->name = param;
	row->name_len = (uint32_t)(equals - param);
	row->value = equals + 1;
	row->value_len = (uint32_t)strlen(row->value);
	row->chain = 0;
	row->next = 0;
	row->last = 0;
	row->header = false;
	return true;
}

/* The row of that name which came first, or NULL. */
static struct xc_env_row *
find(struct xc_env *env, uint16_t at, const struct xc_env_row *row)
{
	struct xc_env_row *other;

	for (; at != 0; at = other->chain) {
		other = &env->rows[at - 1];
		if (other->name_len == row->name_len &&
		    strncasecmp(other->name, row->name, row->name_len) == 0)
			return other;
	}
	return NULL;
}

static bool
is_header(const struct xc_env_row *row)
{
	return row->name_len > PREFIX_LEN &&
	    memcmp(row->name, PREFIX, PREFIX_LEN) == 0;
}

static int
bad(struct xc_errbuf *errbuf, const struct xc_env_row *row, const char *what)
{
	int len = row->name_len < NAME_SHOWN ? (int)row->name_len
	    : NAME_SHOWN;

	xc_fail(errbuf, XC_ERR_INVALID, "the parameter %.*s %s", len,
	    row->name, what);
	return 400;
}

/* Hangs a repeated header behind those of its name. */
static int
add_repeat(struct xc_env *env, struct xc_env_row *first, uint16_t number,
    struct xc_errbuf *errbuf)
{
	struct xc_env_row *row = &env->rows[number - 1];

	/* Two hosts: one is looked at here, the other elsewhere. */
	if (!is_header(row) || (row->name_len == PREFIX_LEN + 4 &&
	    strncasecmp(row->name + PREFIX_LEN, "HOST", 4) == 0))
		return bad(errbuf, row, "was sent twice");
	if (first->last == 0)
		first->next = number;
	else
		env->rows[first->last - 1].next = number;
	first->last = number;
	return 0;
}

static void
add_header(struct xc_env *env, struct xc_env_row *row)
{
	const char *name = row->name + PREFIX_LEN;
	size_t len = row->name_len - PREFIX_LEN;

	if (is_hidden(name, len))
		return;
	row->header = true;
	env->n_headers++;
	if (len == 4 && memcmp(name, "HOST", 4) == 0)
		env->host = row->value;
}

static void
add_known(struct xc_env *env, const struct xc_env_row *row)
{
	const char **member;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].len != row->name_len ||
		    memcmp(known[i].name, row->name, row->name_len) != 0)
			continue;
		member = (const char **)(void *)((char *)env +
		    known[i].offset);
		*member = row->value_len > 0 ? row->value : NULL;
		return;
	}
}

static int
add(struct xc_env *env, const char *param, struct xc_errbuf *errbuf)
{
	struct xc_env_row *row = &env->rows[env->n];
	struct xc_env_row *first;
	uint16_t *bucket;

	if (!split(param, row)) {
		xc_fail(errbuf, XC_ERR_INVALID, "parameter %u has no name or "
		    "no value", env->n + 1);
		return 400;
	}
	bucket = &env->buckets[hash_name(row->name, row->name_len) %
	    XC_ENV_BUCKETS];
	env->n++;
	first = find(env, *bucket, row);
	if (first != NULL)
		return add_repeat(env, first, (uint16_t)env->n, errbuf);
	row->chain = *bucket;
	*bucket = (uint16_t)env->n;
	if (is_header(row))
		add_header(env, row);
	else
		add_known(env, row);
	return 0;
}

static int
too_many(struct xc_errbuf *errbuf)
{
	xc_fail(errbuf, XC_ERR_TOO_LARGE, "more than %d headers or %d "
	    "parameters", XC_ENV_HEADERS_MAX, XC_ENV_MAX);
	return 431;
}

int
xc_env_read(struct xc_env *env, char *const *envp, struct xc_errbuf *errbuf)
{
	uint32_t n_http = 0;
	int status;

	memset(env, 0, offsetof(struct xc_env, rows));
	for (; *envp != NULL; envp++) {
		if (env->n == XC_ENV_MAX)
			return too_many(errbuf);
		status = add(env, *envp, errbuf);
		if (status != 0)
			return status;
		n_http += is_header(&env->rows[env->n - 1]);
		if (n_http > XC_ENV_HEADERS_MAX)
			return too_many(errbuf);
	}
	return 0;
}

/* Appends the name in the form of a header's. */
static int
put_name(struct xc_block *block, const struct xc_env_row *row,
    struct xc_span *span_r, struct xc_errbuf *errbuf)
{
	const char *name = row->name + PREFIX_LEN;
	size_t len = row->name_len - PREFIX_LEN;
	char *out;
	size_t i;

	if (xc_block_append(block, name, len, span_r) != XC_OK)
		return 500;
	out = (char *)block->base + span_r->off;
	for (i = 0; i < len; i++) {
		out[i] = xc_header_char(name[i]);
		if (out[i] == '\0')
			return bad(errbuf, row, "is no header's name");
	}
	return 0;
}

/* Appends the values of a row and its repeats, joined, and a NUL. */
static int
put_value(const struct xc_env *env, struct xc_block *block,
    const struct xc_env_row *row, struct xc_span *span_r,
    struct xc_errbuf *errbuf)
{
	bool cookie = row->name_len == PREFIX_LEN + 6 &&
	    memcmp(row->name + PREFIX_LEN, "COOKIE", 6) == 0;
	uint32_t off = block->used;
	enum xc_err err = XC_OK;

	for (;;) {
		if (!xc_is_plain(row->value, row->value_len, true))
			return bad(errbuf, row, "has a control character");
		err = xc_block_put(block, row->value, row->value_len);
		if (err != XC_OK || row->next == 0)
			break;
		err = xc_block_put(block, cookie ? "; " : ", ", 2);
		if (err != XC_OK)
			break;
		row = &env->rows[row->next - 1];
	}
	if (err == XC_OK)
		err = xc_block_put(block, "", 1);
	span_r->off = off;
	span_r->len = block->used - off - 1;
	return err == XC_OK ? 0 : 500;
}

/* Appends a header that came as a parameter of its own. */
static int
put_own(struct xc_block *block, const char *name, const char *value,
    struct xc_pair *pair_r, struct xc_errbuf *errbuf)
{
	size_t len = strlen(value);

	if (!xc_is_plain(value, len, true)) {
		xc_fail(errbuf, XC_ERR_INVALID,
		    "the header %s has a control character", name);
		return 400;
	}
	if (xc_block_append(block, name, strlen(name), &pair_r->name) !=
	    XC_OK ||
	    xc_block_append(block, value, len, &pair_r->value) != XC_OK)
		return 500;
	return 0;
}

/* The table under construction. */
struct table {
	struct xc_block *block;
	struct xc_pairs pairs;
	uint32_t row;
};

static void
set_row(struct table *table, const struct xc_pair *pair)
{
	memcpy(table->block->base + table->pairs.off +
	    table->row++ * sizeof(*pair), pair, sizeof(*pair));
}

static int
put_own_headers(const struct xc_env *env, struct table *table,
    size_t body_len, bool length, struct xc_errbuf *errbuf)
{
	struct xc_pair pair;
	char number[24];
	int status;

	if (env->content_type != NULL) {
		status = put_own(table->block, "content-type",
		    env->content_type, &pair, errbuf);
		if (status != 0)
			return status;
		set_row(table, &pair);
	}
	if (!length)
		return 0;
	snprintf(number, sizeof(number), "%zu", body_len);
	status = put_own(table->block, "content-length", number, &pair,
	    errbuf);
	if (status == 0)
		set_row(table, &pair);
	return status;
}

int
xc_env_headers(const struct xc_env *env, struct xc_block *block,
    size_t body_len, struct xc_pairs *pairs_r, struct xc_errbuf *errbuf)
{
	bool length = body_len > 0 || env->content_length != NULL;
	struct table table = { .block = block };
	const struct xc_env_row *row;
	struct xc_pair pair;
	int status;

	*pairs_r = table.pairs;
	table.pairs.n = env->n_headers + (env->content_type != NULL) + length;
	if (xc_block_reserve(block, table.pairs.n * sizeof(pair),
	    &table.pairs.off) != XC_OK)
		return 500;
	for (row = env->rows; row < env->rows + env->n; row++) {
		if (!row->header)
			continue;
		status = put_name(block, row, &pair.name, errbuf);
		if (status == 0)
			status = put_value(env, block, row, &pair.value,
			    errbuf);
		if (status != 0)
			return status;
		set_row(&table, &pair);
	}
	status = put_own_headers(env, &table, body_len, length, errbuf);
	if (status == 0)
		*pairs_r = table.pairs;
	return status;
}

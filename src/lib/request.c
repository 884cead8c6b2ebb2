/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <xcore/json.h>
#include <xcore/log.h>
#include <xcore/reply.h>

#include "arena.h"
#include "host.h"
#include "plugin-private.h"
#include "request-private.h"

#define REPLY_MAX (UINT32_C(8) * 1024 * 1024)
#define REPLY_LEAST (UINT32_C(64) * 1024)	/* room for any problem */
#define ARENA_MAX (UINT32_C(64) * 1024 * 1024)
#define EXTRA_MAX (UINT32_C(16) * 1024)
#define KEEP (UINT32_C(64) * 1024)

static const struct xc_request_head *
head_of(const struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	return (const void *)req->in.base;
}

static const char *
text_of(const struct xc_request *req, struct xc_span span)
{
	return xc_block_text(&req->in, span);
}

static enum xc_err
begin_block(struct xc_block *block, size_t size)
{
	uint32_t off;

	xc_block_reset(block, KEEP);
	return xc_block_reserve(block, size, &off);
}

enum xc_err
xc_request_blank(struct xc_request *req)
{
	struct xc_request_head *head;
	enum xc_err err;

	req->plugin = NULL;
	req->segments = NULL;
	req->n_segments = 0;
	req->breach = XC_BREACH_NONE;
	req->in_transaction = false;
	req->used_db = false;
	req->behind = false;
	req->lend_name = req->lend_end = 0;
	err = begin_block(&req->in, sizeof(*head));
	if (err == XC_OK)
		err = xc_reply_blank(req);
	if (err != XC_OK)
		return err;
	head = (void *)req->in.base;
	head->magic = XC_REQUEST_BLOCK_MAGIC;
	head->version = XC_BLOCK_VERSION;
	head->method = XC_METHOD_OTHER;
	head->size = req->in.used;
	return XC_OK;
}

enum xc_err
xc_reply_blank(struct xc_request *req)
{
	struct xc_reply_head *head;
	enum xc_err err;

	xc_block_reset(&req->extra, KEEP);
	req->far_body = NULL;
	req->reply = XC_REPLY_NONE;
	err = begin_block(&req->out, sizeof(*head));
	if (err != XC_OK)
		return err;
	head = (void *)req->out.base;
	head->magic = XC_REPLY_BLOCK_MAGIC;
	head->version = XC_BLOCK_VERSION;
	head->size = req->out.used;
	return XC_OK;
}

/* Ids need to differ, not to be secret, but what differs for sure after
 * each fork is only what the kernel gives. */
static enum xc_err
seed_ids(struct xc_request *req)
{
	ssize_t n;

	do
		n = getrandom(&req->id_prefix, sizeof(req->id_prefix), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(req->id_prefix) ? XC_OK : XC_ERR_FAILED;
}

void
xc_request_limit(struct xc_request *req,
    const struct xc_request_limits *limits)
{
	uint32_t reply_max = limits->reply_max;

	if (reply_max == 0)
		reply_max = REPLY_MAX;
	req->out.limit = reply_max > REPLY_LEAST ? reply_max : REPLY_LEAST;
	xc_arena_limit(req->arena, limits->arena_max != 0 ?
	    limits->arena_max : ARENA_MAX);
}

enum xc_err
xc_request_init(struct xc_request *req, const struct xc_host *host,
    const struct xc_request_limits *limits)
{
	static const struct xc_request_limits none = { 0 };
	enum xc_err err;

	memset(req, 0, sizeof(*req));
	req->magic = XC_REQUEST_MAGIC;
	req->host = host;
	req->extra.limit = EXTRA_MAX;
	req->arena = xc_arena_create(ARENA_MAX);
	if (req->arena != NULL)
		xc_request_limit(req, limits != NULL ? limits : &none);
	err = req->arena != NULL ? seed_ids(req) : XC_ERR_NOMEM;
	/* A refusal must not fail for want of memory: have its room now. */
	if (err == XC_OK)
		err = xc_block_room(&req->out, REPLY_LEAST);
	if (err == XC_OK)
		err = xc_request_blank(req);
	if (err != XC_OK)
		xc_request_free(req);
	return err;
}

void
xc_request_free(struct xc_request *req)
{
	xc_arena_free(&req->arena);
	xc_block_free(&req->in);
	xc_block_free(&req->out);
	xc_block_free(&req->extra);
	req->magic = 0;
}

void
xc_request_end_db(struct xc_request *req)
{
	const struct xc_host *host = req->host;

	if (req->used_db && host->db != NULL && host->db->release != NULL)
		host->db->release(host->db_ctx);
	req->used_db = false;
	req->in_transaction = false;
}

static void
wipe_block(struct xc_block *block)
{
	if (block->used > 0)
		explicit_bzero(block->base, block->used);
}

static void
wipe(struct xc_request *req)
{
	xc_arena_wipe(req->arena);
	wipe_block(&req->in);
	wipe_block(&req->out);
	wipe_block(&req->extra);
}

void
xc_request_reset(struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	xc_request_end_db(req);
	req->end_us = 0;
	if (req->secret)
		wipe(req);
	req->secret = false;
	xc_arena_reset(req->arena);
	/* Shrinking cannot fail, and there is always room for the heads. */
	(void)xc_request_blank(req);
}

static bool
is_request_block(const struct xc_request_areas *areas)
{
	const struct xc_request_head *head = (const void *)areas->in;

	return areas->in_len >= sizeof(*head) &&
	    head->magic == XC_REQUEST_BLOCK_MAGIC &&
	    head->version == XC_BLOCK_VERSION;
}

/* Puts an area in a block's place. */
static void
lay_block(struct xc_block *block, unsigned char *base, uint32_t cap)
{
	xc_block_free(block);
	block->base = base;
	block->cap = cap;
	block->fixed = true;
}

enum xc_err
xc_request_adopt(struct xc_request *req, struct xc_plugin *plugin,
    const struct xc_request_areas *areas)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	if (areas->out_cap < REPLY_LEAST || !is_request_block(areas))
		return XC_ERR_INVALID;
	lay_block(&req->in, areas->in, areas->in_len);
	req->in.used = areas->in_len;
	lay_block(&req->out, areas->out, areas->out_cap);
	req->plugin = plugin;
	req->breach = XC_BREACH_NONE;
	return xc_reply_blank(req);
}

void
xc_request_part(struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	/* What was deferred may still look at the request. */
	if (req->secret)
		xc_arena_wipe(req->arena);
	req->secret = false;
	xc_arena_reset(req->arena);
	lay_block(&req->in, NULL, 0);
	lay_block(&req->out, NULL, 0);
	xc_block_reset(&req->extra, KEEP);
	req->plugin = NULL;
	req->in_transaction = false;
	req->used_db = false;
	req->end_us = 0;
}

/* Appends bytes and has a span of the head at that offset be them. */
static enum xc_err
set_span(struct xc_request *req, const void *data, size_t len, size_t member)
{
	struct xc_request_head *head;
	struct xc_span span;
	enum xc_err err = xc_block_append(&req->in, data, len, &span);

	if (err != XC_OK)
		return err;
	memcpy(req->in.base + member, &span, sizeof(span));
	head = (void *)req->in.base;
	head->size = req->in.used;
	return XC_OK;
}

enum xc_err
xc_request_set_body(struct xc_request *req, const void *body, size_t len)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	return set_span(req, body, len,
	    offsetof(struct xc_request_head, body));
}

/* The length of the grants that a request takes: whole ones. */
static size_t
grants_len(const char *grants)
{
	size_t len = strlen(grants);

	if (len <= XC_GRANTS_MAX)
		return len;
	for (len = XC_GRANTS_MAX; len > 0 && grants[len] != ' '; len--)
		continue;
	return len;
}

enum xc_err
xc_request_set_who(struct xc_request *req, const struct xc_request_who *who)
{
	const char *grants = who->grants != NULL ? who->grants : "";
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	err = set_span(req, who->name, strlen(who->name),
	    offsetof(struct xc_request_head, name));
	if (err == XC_OK)
		err = set_span(req, who->session, strlen(who->session),
		    offsetof(struct xc_request_head, session));
	if (err == XC_OK)
		err = set_span(req, grants, grants_len(grants),
		    offsetof(struct xc_request_head, grants));
	/* Last: without it none of the others counts. */
	if (err == XC_OK)
		err = set_span(req, who->subject, strlen(who->subject),
		    offsetof(struct xc_request_head, subject));
	return err;
}

static enum xc_err
set_text(struct xc_request *req, const char *text, size_t member)
{
	if (text == NULL || text[0] == '\0')
		return XC_OK;
	return set_span(req, text, strlen(text), member);
}

enum xc_err
xc_request_set_peer(struct xc_request *req,
    const struct xc_request_peer *peer)
{
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	err = set_text(req, peer->remote,
	    offsetof(struct xc_request_head, remote));
	if (err == XC_OK)
		err = set_text(req, peer->scheme,
		    offsetof(struct xc_request_head, scheme));
	if (err == XC_OK)
		err = set_text(req, peer->host,
		    offsetof(struct xc_request_head, host));
	return err;
}

enum xc_err
xc_request_set_trace(struct xc_request *req, const char *traceparent,
    const char *tracestate)
{
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	err = set_text(req, traceparent,
	    offsetof(struct xc_request_head, traceparent));
	if (err == XC_OK)
		err = set_text(req, tracestate,
		    offsetof(struct xc_request_head, tracestate));
	return err;
}

size_t
xc_request_segments(const struct xc_request *req,
    const char *const **segments_r)
{
	static const char *const none[] = { NULL };

	*segments_r = req->segments != NULL ? req->segments : none;
	return req->n_segments;
}

/* Where in the path what follows the prefix begins. */
static uint32_t
rest_offset(const struct xc_request *req, size_t prefix_segments)
{
	if (prefix_segments == req->n_segments)
		return head_of(req)->path.len;
	return (uint32_t)(req->segments[prefix_segments] - req->segments[0]);
}

static enum xc_err
bind_params(struct xc_request *req, const char *const (*params)[2], size_t n)
{
	struct xc_pairs pairs = { .n = (uint32_t)n };
	struct xc_pair pair;
	enum xc_err err;
	size_t i;

	if (n > UINT16_MAX)
		return XC_ERR_INVALID;
	err = xc_block_reserve(&req->in, n * sizeof(pair), &pairs.off);
	for (i = 0; i < n && err == XC_OK; i++) {
		err = xc_block_append(&req->in, params[i][0],
		    strlen(params[i][0]), &pair.name);
		if (err == XC_OK)
			err = xc_block_append(&req->in, params[i][1],
			    strlen(params[i][1]), &pair.value);
		if (err == XC_OK)
			memcpy(req->in.base + pairs.off + i * sizeof(pair),
			    &pair, sizeof(pair));
	}
	if (err == XC_OK)
		((struct xc_request_head *)(void *)req->in.base)->params =
		    pairs;
	return err;
}

enum xc_err
xc_request_bind(struct xc_request *req, struct xc_plugin *plugin,
    size_t prefix_segments, const char *operation,
    const char *const (*params)[2], size_t n_params)
{
	struct xc_request_head *head;
	struct xc_span prefix;
	struct xc_span name;
	uint32_t rest;
	enum xc_err err;

	if (req->n_segments == 0 || prefix_segments > req->n_segments)
		return XC_ERR_INVALID;
	rest = rest_offset(req, prefix_segments);
	err = xc_block_append(&req->in,
	    req->in.base + head_of(req)->path.off, rest, &prefix);
	if (err == XC_OK)
		err = xc_block_append(&req->in, operation, strlen(operation),
		    &name);
	if (err == XC_OK)
		err = bind_params(req, params, n_params);
	if (err != XC_OK)
		return err;
	head = (void *)req->in.base;
	head->prefix = prefix;
	head->operation = name;
	head->rest.off = head->path.off + rest;
	head->rest.len = head->path.len - rest;
	head->size = req->in.used;
	req->plugin = plugin;
	return XC_OK;
}

enum xc_method
xc_request_method(const struct xc_request *req)
{
	return (enum xc_method)head_of(req)->method;
}

const char *
xc_request_method_name(const struct xc_request *req)
{
	return text_of(req, head_of(req)->method_name);
}

const char *
xc_request_id(const struct xc_request *req)
{
	return text_of(req, head_of(req)->id);
}

const char *
xc_request_traceparent(const struct xc_request *req)
{
	return text_of(req, head_of(req)->traceparent);
}

const char *
xc_request_tracestate(const struct xc_request *req)
{
	return text_of(req, head_of(req)->tracestate);
}

const char *
xc_request_path(const struct xc_request *req)
{
	return text_of(req, head_of(req)->path);
}

const char *
xc_request_prefix(const struct xc_request *req)
{
	return text_of(req, head_of(req)->prefix);
}

const char *
xc_request_rest(const struct xc_request *req)
{
	return text_of(req, head_of(req)->rest);
}

const char *
xc_request_query_string(const struct xc_request *req)
{
	return text_of(req, head_of(req)->query_string);
}

const char *
xc_request_scheme(const struct xc_request *req)
{
	return text_of(req, head_of(req)->scheme);
}

const char *
xc_request_host(const struct xc_request *req)
{
	return text_of(req, head_of(req)->host);
}

const char *
xc_request_remote(const struct xc_request *req)
{
	return text_of(req, head_of(req)->remote);
}

/* The n-th value whose name is, counted from 0. */
static const char *
find_value(const struct xc_request *req, struct xc_pairs pairs,
    const char *name, size_t n)
{
	size_t len = strlen(name);
	struct xc_pair pair;
	uint32_t i;

	for (i = 0; xc_block_pair(&req->in, pairs, i, &pair); i++)
		if (pair.name.len == len &&
		    strcmp(text_of(req, pair.name), name) == 0 &&
		    n-- == 0)
			return text_of(req, pair.value);
	return NULL;
}

/* The n-th row's strings. */
static bool
row_at(const struct xc_request *req, struct xc_pairs pairs, size_t n,
    const char **name_r, const char **value_r)
{
	struct xc_pair pair;

	if (n >= pairs.n ||
	    !xc_block_pair(&req->in, pairs, (uint32_t)n, &pair))
		return false;
	*name_r = text_of(req, pair.name);
	*value_r = text_of(req, pair.value);
	return true;
}

const char *
xc_request_param(const struct xc_request *req, const char *name)
{
	return find_value(req, head_of(req)->params, name, 0);
}

const char *
xc_request_query(const struct xc_request *req, const char *name)
{
	return find_value(req, head_of(req)->query, name, 0);
}

const char *
xc_request_query_nth(const struct xc_request *req, const char *name, size_t n)
{
	return find_value(req, head_of(req)->query, name, n);
}

bool
xc_request_query_at(const struct xc_request *req, size_t n,
    const char **name_r, const char **value_r)
{
	return row_at(req, head_of(req)->query, n, name_r, value_r);
}

const char *
xc_request_header(const struct xc_request *req, const char *name)
{
	struct xc_pairs pairs = head_of(req)->headers;
	size_t len = strlen(name);
	struct xc_pair pair;
	uint32_t i;

	for (i = 0; xc_block_pair(&req->in, pairs, i, &pair); i++)
		if (pair.name.len == len &&
		    strcasecmp(text_of(req, pair.name), name) == 0)
			return text_of(req, pair.value);
	return NULL;
}

bool
xc_request_header_at(const struct xc_request *req, size_t n,
    const char **name_r, const char **value_r)
{
	return row_at(req, head_of(req)->headers, n, name_r, value_r);
}

const void *
xc_request_body(const struct xc_request *req, size_t *len_r)
{
	if (len_r != NULL)
		*len_r = head_of(req)->body.len;
	return text_of(req, head_of(req)->body);
}

struct xc_plugin *
xc_request_plugin(const struct xc_request *req)
{
	return req->plugin;
}

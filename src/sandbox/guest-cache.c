/* SPDX-License-Identifier: MIT */
/* The cache as a plugin in a sandbox has it. */
#include <stdlib.h>
#include <string.h>

#include "guest-private.h"

/* What tags, lengths and numbers take beside a key and a value. */
#define PUT_ROOM 64

/* A call about a key, or a group, to which its other arguments are added.
 * False if nobody listens. */
static bool
begin(struct xc_session *session, const char *key, struct xc_call_writer *w_r)
{
	if (!xc_guest_is_heard(session))
		return false;
	*w_r = xc_guest_call_begin(session);
	xc_call_put_text(w_r, key);
	return true;
}

/* A copy of what a call has brought, with the NUL behind it. */
static enum xc_err
get_value(struct xc_call_reader *r, char **value_r, size_t *len_r)
{
	const char *value = xc_call_get_bytes(r, len_r);

	if (value == NULL)
		return XC_ERR_FAILED;
	*value_r = malloc(*len_r + 1);
	if (*value_r == NULL)
		return XC_ERR_NOMEM;
	memcpy(*value_r, value, *len_r + 1);
	return XC_OK;
}

static enum xc_err
cache_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	err = xc_guest_call(ctx, XC_CALL_CACHE_GET, &w, &r);
	if (err == XC_OK)
		err = get_value(&r, value_r, len_r);
	if (err != XC_OK || xc_call_end(&r))
		return err;
	free(*value_r);
	return XC_ERR_FAILED;
}

static enum xc_err
cache_put(struct xc_session *session, enum xc_call call, const char *key,
    const struct xc_value *value, uint32_t ttl_s)
{
	struct xc_call_writer w;

	if (!begin(session, key, &w))
		return XC_ERR_STATE;
	xc_call_put_bytes(&w, value->data, value->len);
	xc_call_put_u32(&w, ttl_s);
	return xc_guest_call_plain(session, call, &w);
}

static enum xc_err
cache_set(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	struct xc_value blob = xc_blob(value, len);

	(void)space;
	return cache_put(ctx, XC_CALL_CACHE_SET, key, &blob, ttl_s);
}

static enum xc_err
cache_add(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	struct xc_value blob = xc_blob(value, len);

	(void)space;
	return cache_put(ctx, XC_CALL_CACHE_ADD, key, &blob, ttl_s);
}

static enum xc_err
cache_del(void *ctx, const char *space, const char *key)
{
	struct xc_call_writer w;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	return xc_guest_call_plain(ctx, XC_CALL_CACHE_DEL, &w);
}

/* What has a number for its answer. */
static enum xc_err
ask_number(void *ctx, enum xc_call call, struct xc_call_writer *w,
    uint64_t *value_r)
{
	struct xc_call_reader r;
	enum xc_err err = xc_guest_call(ctx, call, w, &r);

	if (err != XC_OK)
		return err;
	*value_r = xc_call_get_u64(&r);
	return xc_call_end(&r) ? XC_OK : XC_ERR_FAILED;
}

static enum xc_err
cache_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct xc_call_writer w;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	xc_call_put_u64(&w, delta);
	xc_call_put_u64(&w, initial);
	xc_call_put_u32(&w, ttl_s);
	return ask_number(ctx, XC_CALL_CACHE_INCR, &w, value_r);
}

static enum xc_err
cache_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	struct xc_call_writer w;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	xc_call_put_u64(&w, delta);
	return ask_number(ctx, XC_CALL_CACHE_DECR, &w, value_r);
}

static enum xc_err
cache_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	struct xc_call_writer w;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	xc_call_put_u32(&w, ttl_s);
	return xc_guest_call_plain(ctx, XC_CALL_CACHE_TOUCH, &w);
}

static enum xc_err
cache_flush(void *ctx, const char *space, const char *group)
{
	struct xc_call_writer w;

	(void)space;
	if (!begin(ctx, group, &w))
		return XC_ERR_STATE;
	return xc_guest_call_plain(ctx, XC_CALL_CACHE_FLUSH, &w);
}

/* Those of n that one call brings: *done_r of them, 1 at least. */
static enum xc_err
get_some(struct xc_session *session, const char *const *keys, size_t n,
    uint32_t local_ms, struct xc_cache_got *got_r, size_t *done_r)
{
	struct xc_call_writer w = xc_guest_call_begin(session);
	struct xc_call_reader r;
	enum xc_err err;
	size_t i;

	xc_call_put_u32(&w, local_ms);
	xc_call_put_u32(&w, (uint32_t)n);
	for (i = 0; i < n; i++)
		xc_call_put_text(&w, keys[i]);
	err = xc_guest_call(session, XC_CALL_CACHE_GET_MANY, &w, &r);
	for (i = 0; err == XC_OK && i < n && !xc_call_end(&r); i++) {
		got_r[i].err = (enum xc_err)xc_call_get_u32(&r);
		err = get_value(&r, &got_r[i].value, &got_r[i].len);
		if (err == XC_OK && got_r[i].err != XC_OK) {
			free(got_r[i].value);
			got_r[i].value = NULL;
		}
	}
	*done_r = i;
	return err == XC_OK && i == 0 ? XC_ERR_FAILED : err;
}

static enum xc_err
cache_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	enum xc_err err = XC_OK;
	size_t at, done;

	(void)space;
	memset(got_r, 0, n * sizeof(*got_r));
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	for (at = 0; err == XC_OK && at < n; at += done)
		err = get_some(ctx, keys + at, n - at, local_ms, got_r + at,
		    &done);
	for (at = 0; err != XC_OK && at < n; at++) {
		free(got_r[at].value);
		got_r[at] = (struct xc_cache_got){ .err = err };
	}
	return err;
}

/* How many of the values there is room for in one call; 1 at least. */
static size_t
count_fitting(const struct xc_call_writer *w, const struct xc_cache_put *puts,
    size_t n)
{
	size_t room = w->cap - w->len, i;

	for (i = 0; i < n; i++) {
		size_t need = strlen(puts[i].key) + puts[i].len + PUT_ROOM;

		if (need > room)
			break;
		room -= need;
	}
	return i > 0 ? i : 1;
}

static enum xc_err
set_some(struct xc_session *session, struct xc_cache_put *puts, size_t n,
    size_t *done_r)
{
	struct xc_call_writer w = xc_guest_call_begin(session);
	struct xc_call_reader r;
	enum xc_err err;
	size_t i;

	*done_r = n = count_fitting(&w, puts, n);
	xc_call_put_u32(&w, (uint32_t)n);
	for (i = 0; i < n; i++) {
		xc_call_put_text(&w, puts[i].key);
		xc_call_put_bytes(&w, puts[i].value, puts[i].len);
		xc_call_put_u32(&w, puts[i].ttl_s);
	}
	err = xc_guest_call(session, XC_CALL_CACHE_SET_MANY, &w, &r);
	for (i = 0; i < n; i++)
		puts[i].err = err != XC_OK ? err :
		    (enum xc_err)xc_call_get_u32(&r);
	return err != XC_OK || xc_call_end(&r) ? XC_OK : XC_ERR_FAILED;
}

static enum xc_err
cache_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	enum xc_err err = XC_OK;
	size_t at, done;

	(void)space;
	if (!xc_guest_is_heard(ctx))
		return XC_ERR_STATE;
	for (at = 0; err == XC_OK && at < n; at += done)
		err = set_some(ctx, puts + at, n - at, &done);
	for (at = 0; err == XC_OK && at < n; at++)
		err = puts[at].err;
	return err;
}

static enum xc_err
cache_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	struct xc_call_writer w;
	struct xc_call_reader r;
	uint32_t state;
	enum xc_err err;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	xc_call_put_u32(&w, wish->lease_ms);
	xc_call_put_u32(&w, wish->local_ms);
	xc_call_put_u32(&w, wish->stale);
	err = xc_guest_call(ctx, XC_CALL_CACHE_CLAIM, &w, &r);
	if (err != XC_OK)
		return err;
	state = xc_call_get_u32(&r);
	for (size_t i = 0; i < 4; i++)
		claim_r->token.words[i] = xc_call_get_u64(&r);
	if (state >= XC_CACHE__MAX)
		return XC_ERR_FAILED;
	claim_r->state = (enum xc_cache_state)state;
	if (state == XC_CACHE_FRESH || state == XC_CACHE_STALE)
		return get_value(&r, &claim_r->value, &claim_r->len);
	return XC_OK;
}

static enum xc_err
cache_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	const struct xc_cache_fill none = { 0 };
	struct xc_call_writer w;
	bool failed;

	(void)space;
	if (!begin(ctx, key, &w))
		return XC_ERR_STATE;
	/* Too large to be brought over: others need not wait for it. */
	failed = fill == NULL ||
	    fill->len + strlen(key) + 2 * PUT_ROOM > w.cap;
	if (failed)
		fill = &none;
	for (size_t i = 0; i < 4; i++)
		xc_call_put_u64(&w, token->words[i]);
	xc_call_put_u32(&w, failed);
	xc_call_put_bytes(&w, fill->value, fill->len);
	xc_call_put_u32(&w, fill->ttl_s);
	xc_call_put_u32(&w, fill->stale_s);
	xc_call_put_u32(&w, fill->local_ms);
	return xc_guest_call_plain(ctx, XC_CALL_CACHE_FILL, &w);
}

const struct xc_cache_ops xc_guest_cache_ops = {
	.get = cache_get,
	.set = cache_set,
	.add = cache_add,
	.del = cache_del,
	.incr = cache_incr,
	.decr = cache_decr,
	.touch = cache_touch,
	.flush = cache_flush,
	.get_many = cache_get_many,
	.set_many = cache_set_many,
	.claim = cache_claim,
	.fill = cache_fill,
};

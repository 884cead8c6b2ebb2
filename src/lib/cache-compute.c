/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xcore/arena.h>
#include <xcore/cache.h>
#include <xcore/log.h>

#include "check.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"

#define WAIT_MS 3000
#define WAIT_MAX_MS 60000
#define LEASE_MS 10000
#define LEASE_MAX_MS 600000
#define TTL_MAX (UINT32_C(30) * 24 * 3600)
#define POLL_MS 2		/* at first, then twice as long each time */
#define POLL_MAX_MS 50

/* A call on its way. */
struct compute {
	struct xc_request *req;
	const char *key;
	uint32_t ttl_s;
	struct xc_cache_options options;	/* the defaults filled in */
	xc_cache_fn *fn;
	void *ctx;
	struct xc_cache_claim claim;
	const void *value;
	size_t len;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum xc_err
check(struct compute *compute)
{
	struct xc_cache_options *options = &compute->options;
	struct xc_request *req = compute->req;
	struct xc_errbuf errbuf;
	enum xc_err err;

	if (options->wait_ms == 0)
		options->wait_ms = WAIT_MS;
	if (options->wait_ms == XC_CACHE_NO_WAIT)
		options->wait_ms = 0;
	if (options->lease_ms == 0)
		options->lease_ms = LEASE_MS;
	err = xc_check_key(compute->key, compute->ttl_s, &errbuf);
	if (err == XC_OK && (options->wait_ms > WAIT_MAX_MS ||
	    options->lease_ms > LEASE_MAX_MS ||
	    options->stale_s > TTL_MAX - compute->ttl_s))
		err = xc_fail(&errbuf, XC_ERR_INVALID, "a computed value "
		    "lives for 30 days with its stale_s, wait_ms is at most "
		    "%d, lease_ms at most %d", WAIT_MAX_MS, LEASE_MAX_MS);
	for (size_t i = 0; err == XC_OK && i < sizeof(options->reserved) /
	    sizeof(options->reserved[0]); i++)
		if (options->reserved[i] != 0)
			err = xc_fail(&errbuf, XC_ERR_INVALID, "what is "
			    "reserved in the options must be 0");
	if (err != XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
	return err;
}

static enum xc_err
keep(struct compute *compute, const void *value, size_t len)
{
	compute->value = xc_memdup(compute->req, value, len);
	compute->len = len;
	return compute->value != NULL ? XC_OK : XC_ERR_NOMEM;
}

/* Has the value made, for nobody else. */
static enum xc_err
run(struct compute *compute)
{
	const void *value = NULL;
	size_t len = 0;
	enum xc_err err;

	err = compute->fn(compute->req, compute->ctx, &value, &len);
	if (err != XC_OK)
		return err;
	return value != NULL || len == 0 ? keep(compute, value, len) :
	    XC_ERR_INVALID;
}

/* For all. */
static enum xc_err
run_for_all(struct compute *compute)
{
	struct xc_request *req = compute->req;
	struct xc_cache_fill fill = { .ttl_s = compute->ttl_s,
		.stale_s = compute->options.stale_s,
		.local_ms = compute->options.local_ms };
	enum xc_err err = run(compute);

	fill.value = compute->value;
	fill.len = compute->len;
	(void)req->host->cache->fill(req->host->cache_ctx, req->plugin->name,
	    compute->key, &compute->claim.token, err == XC_OK ? &fill : NULL);
	return err;
}

/* Those who wait for the same must not ask all at once. */
static void
doze(unsigned *poll_ms, unsigned *seed, int64_t left_ms)
{
	int64_t us = (int64_t)*poll_ms * 500 +
	    rand_r(seed) % ((int)*poll_ms * 1000);
	struct timespec time;

	if (us > left_ms * 1000)
		us = left_ms * 1000;
	time.tv_sec = us / 1000000;
	time.tv_nsec = us % 1000000 * 1000;
	nanosleep(&time, NULL);
	if (*poll_ms < POLL_MAX_MS)
		*poll_ms *= 2;
}

static enum xc_err
claim(struct compute *compute)
{
	const struct xc_host *host = compute->req->host;
	const struct xc_cache_wish wish = {
		.lease_ms = compute->options.lease_ms,
		.local_ms = compute->options.local_ms,
		.stale = compute->options.stale_s > 0,
	};

	memset(&compute->claim, 0, sizeof(compute->claim));
	return host->cache->claim(host->cache_ctx, compute->req->plugin->name,
	    compute->key, &wish, &compute->claim);
}

static enum xc_err
get_or_run(struct compute *compute)
{
	int64_t until = now_ms() + compute->options.wait_ms, left;
	unsigned poll_ms = POLL_MS;
	unsigned seed = (unsigned)((uintptr_t)compute ^ (uintptr_t)clock());
	enum xc_err err;

	while ((err = claim(compute)) == XC_OK) {
		switch (compute->claim.state) {
		case XC_CACHE_FRESH:
		case XC_CACHE_STALE:
			err = keep(compute, compute->claim.value,
			    compute->claim.len);
			free(compute->claim.value);
			return err;
		case XC_CACHE_MINE:
			return run_for_all(compute);
		default:
			break;
		}
		left = until - now_ms();
		if (left <= 0)
			break;
		doze(&poll_ms, &seed, left);
	}
	return run(compute);
}

/* What is read in a transaction may never have been: it is not kept. */
static enum xc_err
get_or_run_alone(struct compute *compute)
{
	enum xc_err err;

	err = xc_cache_get_near(compute->req, compute->key,
	    compute->options.local_ms, &compute->value, &compute->len);
	return err == XC_OK || err == XC_ERR_NOMEM ? err : run(compute);
}

enum xc_err
xc_cache_compute(struct xc_request *req, const char *key, uint32_t ttl_s,
    const struct xc_cache_options *options, xc_cache_fn *fn, void *ctx,
    const void **value_r, size_t *len_r)
{
	struct compute compute = { .req = req, .key = key, .ttl_s = ttl_s,
		.fn = fn, .ctx = ctx };
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	*value_r = NULL;
	*len_r = 0;
	if (options != NULL)
		compute.options = *options;
	err = check(&compute);
	if (err != XC_OK)
		return err;
	/* Without the permission, which is logged, it works and is slow. */
	if (!xc_permit(req, req->plugin != NULL && req->plugin->may_cache,
	    "cache") || req->host->cache == NULL)
		err = run(&compute);
	else if (req->in_transaction)
		err = get_or_run_alone(&compute);
	else
		err = get_or_run(&compute);
	if (err != XC_OK)
		return err;
	*value_r = compute.value;
	*len_r = compute.len;
	return XC_OK;
}

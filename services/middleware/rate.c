/* SPDX-License-Identifier: MIT */
#include "services/middleware/rate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/network.h"

/* No plugin has a name that begins so. */
#define SPACE "_rate"
#define KEY_MAX 512
#define SETS 1024
#define WAYS 4

/* Who was counted here, in two windows. */
struct cell {
	uint64_t hash;		/* 0: free */
	uint64_t window;
	uint32_t count;
	uint32_t before;	/* in the window before */
};

struct xc_rates {
	uint64_t seed;
	struct cell cells[SETS][WAYS];
};

void
xc_limit_make(const struct xc_rate_settings *settings, const char *prefix,
    struct xc_limit *limit_r)
{
	limit_r->settings = settings;
	limit_r->prefix = prefix;
	limit_r->by = strcmp(settings->by, "user") == 0 ? XC_RATE_USER :
	    strcmp(settings->by, "key") == 0 ? XC_RATE_KEY : XC_RATE_ADDRESS;
	limit_r->sliding = strcmp(settings->kind, "sliding") == 0;
}

struct xc_rates *
xc_rates_create(void)
{
	struct xc_rates *rates = calloc(1, sizeof(*rates));

	/* Where who it is lands shall not be foreseen. */
	if (rates != NULL && getrandom(&rates->seed, sizeof(rates->seed), 0) !=
	    (ssize_t)sizeof(rates->seed))
		xc_rates_free(&rates);
	return rates;
}

void
xc_rates_free(struct xc_rates **rates)
{
	free(*rates);
	*rates = NULL;
}

/* --- in this process ------------------------------------------------------ */

static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++) {
		hash = (hash ^ (unsigned char)*text) *
		    UINT64_C(0x9fb21c651e98df25);
		hash ^= hash >> 29;
	}
	return (hash ^ 0xff) * UINT64_C(0x9fb21c651e98df25);
}

/* That of who was counted, or the one that was counted least lately. */
static struct cell *
find_cell(struct xc_rates *rates, uint64_t hash)
{
	struct cell *set = rates->cells[hash % SETS], *best = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].hash == 0 || set[i].window < best->window ||
		    (set[i].window == best->window &&
		    set[i].count < best->count))
			best = &set[i];
	}
	*best = (struct cell){ .hash = hash };
	return best;
}

static void
count_here(struct xc_rates *rates, const struct xc_limit *limit,
    const char *who, uint64_t window, uint64_t counts_r[2])
{
	uint64_t hash = hash_text(rates->seed, limit->prefix);
	struct cell *cell;

	hash = hash_text(hash_text(hash, limit->settings->name), who) | 1;
	cell = find_cell(rates, hash);
	if (cell->window != window) {
		cell->before = cell->window + 1 == window ? cell->count : 0;
		cell->window = window;
		cell->count = 0;
	}
	if (cell->count < UINT32_MAX)
		cell->count++;
	counts_r[0] = cell->count;
	counts_r[1] = cell->before;
}

/* --- in Memcached --------------------------------------------------------- */

static bool
incr(const struct xc_host *host, const struct xc_limit *limit,
    const char *who, uint64_t window, uint64_t by, uint64_t *count_r)
{
	uint32_t ttl_s = (uint32_t)(2 * limit->settings->window_s + 1);
	char key[KEY_MAX];
	int n = snprintf(key, sizeof(key), "%s|%s|%" PRIu64 "|%s",
	    limit->prefix, limit->settings->name, window, who);

	return n > 0 && (size_t)n < sizeof(key) &&
	    host->cache->incr(host->cache_ctx, SPACE, key, by, by, ttl_s,
	    count_r) == XC_OK;
}

static bool
count_there(const struct xc_host *host, const struct xc_limit *limit,
    const char *who, uint64_t window, uint64_t counts_r[2])
{
	if (host->cache == NULL || host->cache->incr == NULL ||
	    !incr(host, limit, who, window, 1, &counts_r[0]))
		return false;
	counts_r[1] = 0;
	/* Over it already, whatever there was before. */
	if (!limit->sliding ||
	    counts_r[0] > (uint64_t)limit->settings->limit)
		return true;
	return incr(host, limit, who, window - 1, 0, &counts_r[1]);
}

/* --- the verdict ---------------------------------------------------------- */

/* When a sliding window will let one more through, ms from the beginning of
 * its own. */
static uint64_t
next_ms(const struct xc_limit *limit, const uint64_t counts[2],
    uint64_t window_ms)
{
	uint64_t most = (uint64_t)limit->settings->limit;

	if (!limit->sliding || counts[0] >= most || counts[1] == 0)
		return window_ms;
	/* counts[1] * (1 - t / window) + counts[0] < most */
	return window_ms - (most - counts[0]) * window_ms / counts[1];
}

static void
judge(const struct xc_limit *limit, const uint64_t counts[2],
    uint64_t into_ms, struct xc_rate_verdict *verdict)
{
	uint64_t window_ms = (uint64_t)limit->settings->window_s * 1000;
	uint64_t used = counts[0], at;

	if (limit->sliding)
		used += (counts[1] < UINT32_MAX ? counts[1] : UINT32_MAX) *
		    (window_ms - into_ms) / window_ms;
	verdict->refused = used > (uint64_t)limit->settings->limit;
	verdict->left = verdict->refused ? 0 :
	    limit->settings->limit - (int64_t)used;
	at = verdict->refused ? next_ms(limit, counts, window_ms) : window_ms;
	if (at <= into_ms)
		at = window_ms;
	verdict->reset_s = (int64_t)((at - into_ms + 999) / 1000);
	if (verdict->reset_s < 1)
		verdict->reset_s = 1;
}

void
xc_rate_count(struct xc_rates *rates, const struct xc_limit *limit,
    const struct xc_host *host, const char *who, uint64_t now_ms,
    struct xc_rate_verdict *verdict_r)
{
	uint64_t window_ms = (uint64_t)limit->settings->window_s * 1000;
	uint64_t counts[2];

	verdict_r->local = !count_there(host, limit, who, now_ms / window_ms,
	    counts);
	if (verdict_r->local)
		count_here(rates, limit, who, now_ms / window_ms, counts);
	judge(limit, counts, now_ms % window_ms, verdict_r);
}

void
xc_rate_address(const char *address, char who_r[XC_RATE_WHO])
{
	struct xc_address read;

	if (!xc_address_read(address, strlen(address), false, &read)) {
		snprintf(who_r, XC_RATE_WHO, "%.40s", address);
		return;
	}
	if (!xc_address_is_v4(&read))
		memset(read.bytes + 8, 0, 8);
	xc_address_text(&read, who_r);
}

/* --- headers -------------------------------------------------------------- */

size_t
xc_rate_lines(const struct xc_limit *limits,
    const struct xc_rate_verdict *verdicts, size_t n, char *lines_r,
    size_t size)
{
	const struct xc_rate_settings *s;
	size_t at = 0, i;

	for (i = 0; i < n && at < size; i++) {
		s = limits[i].settings;
		at += (size_t)snprintf(lines_r + at, size - at, "%s\"%s\";q=%"
		    PRId64 ";w=%" PRId64, i == 0 ? "RateLimit-Policy: " :
		    ", ", s->name, s->limit, s->window_s);
	}
	for (i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(lines_r + at, size - at, "%s\"%s\";r=%"
		    PRId64 ";t=%" PRId64, i == 0 ? "\r\nRateLimit: " : ", ",
		    limits[i].settings->name, verdicts[i].left,
		    verdicts[i].reset_s);
	if (at < size)
		at += (size_t)snprintf(lines_r + at, size - at, "\r\n");
	return at < size ? at : 0;
}

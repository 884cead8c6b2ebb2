/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "breaker.h"

#define SERVERS_MAX	8
#define TRIAL_MS	250	/* for the first ones */
#define TRIALS_EACH	4	/* then twice as long */
#define HEARD_EVERY_MS	20	/* no more is written to shared memory */

/* Zero as it is made.  Any process writes any word. */
struct xc_breaker {
	_Atomic(uint64_t) place;	/* its hash; 0: free */
	_Atomic(int64_t) heard_ms;	/* the last word of the server */
	_Atomic(int64_t) opened_ms;	/* 0: closed */
	_Atomic(int64_t) trial_ms;	/* the last trial's begin */
	_Atomic(int64_t) probe_until_ms;	/* somebody is finding out */
	_Atomic(int64_t) lookout_until_ms;
	_Atomic(uint32_t) failures;	/* since it opened */
	_Atomic(uint32_t) hangs;	/* the last one was a time-out */
} __attribute__((aligned(64)));

static struct xc_breaker own[SERVERS_MAX], *servers = own;

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Without memory each process finds out by itself. */
void
xc_breaker_share(void)
{
	void *memory;

	if (servers != own)
		return;
	memory = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED)
		servers = memory;
}

/* FNV-1a; never 0. */
static uint64_t
hash_of(const char *place)
{
	uint64_t hash = 14695981039346656037u;

	for (; *place != '\0'; place++)
		hash = (hash ^ (unsigned char)*place) * 1099511628211u;
	return hash != 0 ? hash : 1;
}

struct xc_breaker *
xc_breaker_of(const char *place)
{
	uint64_t hash = hash_of(place), found;

	for (size_t i = 0; i < SERVERS_MAX; i++) {
		found = 0;
		if (atomic_compare_exchange_strong(&servers[i].place, &found,
		    hash) || found == hash)
			return &servers[i];
	}
	return NULL;
}

bool
xc_breaker_is_open(const struct xc_breaker *b)
{
	return b != NULL && atomic_load(&b->opened_ms) != 0;
}

int64_t
xc_breaker_trial_ms(const struct xc_breaker *b, int64_t connect_ms)
{
	uint32_t failures = b == NULL ? 0 : atomic_load(&b->failures);
	int64_t ms = TRIAL_MS;

	for (; failures > TRIALS_EACH && ms < connect_ms;
	    failures -= TRIALS_EACH)
		ms *= 2;
	return ms < connect_ms ? ms : connect_ms;
}

/* When the next trial is due after the last one. */
static int64_t
pause_of(const struct xc_breaker *b)
{
	return atomic_load(&b->hangs) != 0 ? XC_BREAKER_RETRY_MS :
	    XC_BREAKER_QUICK_MS;
}

enum xc_breaker_word
xc_breaker_ask(struct xc_breaker *b, int64_t lookout_ms)
{
	int64_t now, last;

	if (b == NULL)
		return XC_BREAKER_CLOSED;
	if (lookout_ms > 0)
		atomic_store(&b->lookout_until_ms, clock_ms() + lookout_ms);
	if (atomic_load_explicit(&b->opened_ms, memory_order_relaxed) == 0)
		return XC_BREAKER_CLOSED;
	now = clock_ms();
	last = atomic_load(&b->trial_ms);
	/* To be refused takes no time: that anybody may try. */
	if (lookout_ms == 0 && atomic_load(&b->hangs) != 0 &&
	    now < atomic_load(&b->lookout_until_ms))
		return XC_BREAKER_OPEN;
	if (now - last < pause_of(b) ||
	    !atomic_compare_exchange_strong(&b->trial_ms, &last, now))
		return XC_BREAKER_OPEN;
	return XC_BREAKER_TRIAL;
}

bool
xc_breaker_doubts(struct xc_breaker *b, int64_t since_ms,
    int64_t patience_ms, int64_t probe_ms)
{
	int64_t now = clock_ms(), heard, until;

	if (b == NULL || now - since_ms < patience_ms)
		return false;
	heard = atomic_load(&b->heard_ms);
	until = atomic_load(&b->probe_until_ms);
	return now - heard >= patience_ms && now >= until &&
	    atomic_compare_exchange_strong(&b->probe_until_ms, &until,
	    now + probe_ms);
}

bool
xc_breaker_heard(struct xc_breaker *b)
{
	int64_t now;

	if (b == NULL)
		return false;
	now = clock_ms();
	if (now - atomic_load_explicit(&b->heard_ms, memory_order_relaxed) >=
	    HEARD_EVERY_MS)
		atomic_store(&b->heard_ms, now);
	if (atomic_load_explicit(&b->opened_ms, memory_order_relaxed) == 0)
		return false;
	atomic_store(&b->heard_ms, now);
	atomic_store(&b->failures, 0);
	return atomic_exchange(&b->opened_ms, 0) != 0;
}

bool
xc_breaker_failed(struct xc_breaker *b, int64_t since_ms, bool hangs)
{
	int64_t now = clock_ms(), closed = 0;

	if (b == NULL || atomic_load(&b->heard_ms) > since_ms)
		return false;
	atomic_fetch_add(&b->failures, 1);
	atomic_store(&b->hangs, hangs);
	/* The pause counts from the end of what has failed. */
	atomic_store(&b->trial_ms, now);
	return atomic_compare_exchange_strong(&b->opened_ms, &closed, now);
}

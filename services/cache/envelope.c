/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "envelope.h"

uint64_t
xc_cache_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The hosts may be of different kinds. */
static void
put_number(unsigned char *at, uint64_t number)
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		at[i] = (unsigned char)number;
}

static uint64_t
get_number(const char *at)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | (unsigned char)at[i];
	return number;
}

void
xc_cache_envelope_put(const struct xc_cache_envelope *envelope,
    unsigned char *head)
{
	head[0] = (unsigned char)envelope->kind;
	put_number(head + 1, envelope->until_ms);
	put_number(head + 9, envelope->nonce);
}

bool
xc_cache_envelope_get(const char *data, size_t len,
    struct xc_cache_envelope *envelope_r)
{
	if (len < XC_CACHE_ENVELOPE || (data[0] != XC_CACHE_VALUE &&
	    data[0] != XC_CACHE_LEASE && data[0] != XC_CACHE_NONE))
		return false;
	envelope_r->kind = (enum xc_cache_kind)data[0];
	envelope_r->until_ms = get_number(data + 1);
	envelope_r->nonce = get_number(data + 9);
	return true;
}

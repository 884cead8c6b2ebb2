/* SPDX-License-Identifier: MIT */
/*
 * What stands at a key whose value is computed: a head and the value.  Such
 * items have XC_CACHE_COMPUTED as their flags, what was set has 0.
 */
#ifndef XC_CACHE_ENVELOPE_H
#define XC_CACHE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XC_CACHE_COMPUTED UINT32_C(0x78636f6d)
#define XC_CACHE_ENVELOPE 17	/* bytes of the head */

enum xc_cache_kind {
	XC_CACHE_VALUE = 'v',	/* fresh until until_ms */
	XC_CACHE_LEASE = 'l',	/* none yet; one computes until until_ms */
	XC_CACHE_NONE = 'n'	/* too large: everyone computes */
};

struct xc_cache_envelope {
	enum xc_cache_kind kind;
	uint64_t until_ms;	/* of the wall's clock; UINT64_MAX: for ever */
	uint64_t nonce;		/* of a lease: who has it */
};

/* Of the wall's clock, which the hosts share. */
uint64_t xc_cache_wall_ms(void);

void xc_cache_envelope_put(const struct xc_cache_envelope *envelope,
    unsigned char *head);

/* Whether that is a head. */
bool xc_cache_envelope_get(const char *data, size_t len,
    struct xc_cache_envelope *envelope_r);

#endif

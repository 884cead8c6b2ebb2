/* SPDX-License-Identifier: MIT */
/* Capabilities of the calling thread. */
#ifndef XC_JAIL_CAPS_H
#define XC_JAIL_CAPS_H

#include <stdint.h>

#include <linux/capability.h>

#define XC_CAP_BIT(cap) (UINT64_C(1) << (cap))

/* Those in effect; 0 if they cannot be read. */
uint64_t xc_caps_effective(void);

/* Keeps those alone; what is not held is not gained.  0 or errno. */
int xc_caps_keep(uint64_t caps);

/*
 * For good: the account root brings no capabilities, and none are inherited.
 * The bounding set would be the same again, at forty calls.  Needs
 * CAP_SETPCAP, and who has not that has nothing to lose.
 */
void xc_caps_lock(void);

#endif

/* SPDX-License-Identifier: MIT */
/* What stands before the tokens of a tape. */
#ifndef XC_TAPE_PRIVATE_H
#define XC_TAPE_PRIVATE_H

#include "tape.h"

#define XC_TAPE_MAGIC UINT32_C(0x65706174)	/* "tape" */
#define XC_TAPE_SLOT ((uint32_t)sizeof(struct xc_token))
#define XC_TAPE_SLOTS_MAX (UINT32_MAX / XC_TAPE_SLOT - 1)

struct xc_tape_head {
	uint32_t magic;
	uint32_t n;
	uint32_t text_len;
	uint32_t reserved;
};

#endif

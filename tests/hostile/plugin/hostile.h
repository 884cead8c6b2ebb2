/* SPDX-License-Identifier: MIT */
/* What the parts of the hostile plugin share. */
#ifndef XC_HOSTILE_H
#define XC_HOSTILE_H

#include <stdint.h>

#include "doctor/attacks-private.h"

/* More rows of the same kind as those of the doctor; end without a name. */
extern const struct xc_attack xc_hostile_replies[];
extern const struct xc_attack xc_hostile_asks[];
extern const struct xc_attack xc_hostile_bells[];

#endif

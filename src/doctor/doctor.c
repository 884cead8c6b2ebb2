/* SPDX-License-Identifier: MIT */
/* The hostile plugin of xcorectl-doctor(8): it does what it is told. */
#include <xcore/xcore.h>

#include "doctor/attacks.h"

XC_PLUGIN(
	.operations = XC_OPERATIONS({ "attack", xc_attack_handle })
);

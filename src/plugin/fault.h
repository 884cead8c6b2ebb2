/* SPDX-License-Identifier: MIT */
/*
 * A step at which a test kills the installer.  Only the tests' own build
 * (-DXC_FAULTS) has it; elsewhere it is nothing.
 */
#ifndef XC_FAULT_H
#define XC_FAULT_H

#ifdef XC_FAULTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static inline void
xc_fault(const char *step)
{
	const char *wanted = getenv("XCORE_FAULT");

	if (wanted != NULL && strcmp(wanted, step) == 0)
		raise(SIGKILL);
}
#else
#define xc_fault(step) ((void)0)
#endif

#endif

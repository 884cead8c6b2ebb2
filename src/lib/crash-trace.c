/* SPDX-License-Identifier: MIT */
#include "crash-trace.h"

void
xc_trace_prepare(void)
{
}

size_t
xc_trace_write(char *buf, size_t size, const siginfo_t *info,
    const void *ucontext)
{
	(void)info;
	(void)ucontext;
	if (size > 0)
		buf[0] = '\0';
	return 0;
}

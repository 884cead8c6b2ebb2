/* SPDX-License-Identifier: MIT */
/*
 * Where a crash happened, in words that can be looked up later: object,
 * build id and offset for each frame (addr2line -e todo.so OFFSET).
 */
#ifndef XC_CRASH_TRACE_H
#define XC_CRASH_TRACE_H

#include <signal.h>
#include <stddef.h>

/*
 * Takes down which objects are mapped where, with their build ids, and loads
 * what unwinding needs.  Call it after each dlopen() and dlclose(); not from
 * a signal handler.  At most 512 objects are kept.
 */
void xc_trace_prepare(void);

/*
 * Async-signal-safe after xc_trace_prepare(): writes lines such as
 *
 *	signal SIGSEGV at 0x10, code 1
 *	#0 todo.so+0x1234 (build 3f2a...)
 *
 * for the interrupted place and up to 32 frames above it into buf, always
 * NUL-terminated, and returns the length.  The first two lines are complete
 * before the stack is unwound: if that faults again, they stand.
 */
size_t xc_trace_write(char *buf, size_t size, const siginfo_t *info,
    const void *ucontext);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef XC_DATABASE_PROCESS_H
#define XC_DATABASE_PROCESS_H

#include <sys/types.h>

/*
 * As getpid(), without a system call but for the first time in each process,
 * however that was forked.  Not for a child of vfork(), which has its parent's
 * memory.
 */
pid_t xc_process_id(void);

#endif

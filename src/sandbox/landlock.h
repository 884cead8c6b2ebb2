/* SPDX-License-Identifier: MIT */
/* Landlock by the kernel's numbers: headers of a distribution may be years
 * older than its kernel. */
#ifndef XC_LANDLOCK_H
#define XC_LANDLOCK_H

#include <stddef.h>

#include "sandbox/layers.h"

/* The kernel's ABI; 0 with *error_r if it has none. */
int xc_landlock_abi(int *error_r);

/*
 * The calling thread may read what lies beneath the paths from here on, and
 * neither write nor execute any file; paths that do not exist are passed
 * over.  Twice is allowed: what both allow remains.  no_new_privs must be
 * set.  0 or errno.
 */
int xc_landlock_restrict(int abi, const char *const *paths, size_t n);

#endif
